"""Weights in two of llama.cpp's types: 32 of them share a scale and take 4 bits each.

In Q4_0 a weight is a whole number from -8 to 7 times the scale, in IQ4_NL one of 16 values that
lie closer together near zero, as weights do. llama.cpp takes the scale that hits the largest
weight; here several are tried and the one with the smallest squared error stays, which costs
nothing when the model is used. All arithmetic is elementwise or in a fixed order, so that every
machine gets the same bytes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

SIZE = 32
"""Weights in a block."""
AT_ONCE = 2048
"""Blocks that are worked on together: they stay in the processor's cache."""
CLEARLY = np.float32(1 + 2**-16)
"""How much better than another one a scale must be: by more than rounding."""
NEAR_ZERO = (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
"""The values of IQ4_NL (`kvalues_iq4nl`)."""


@dataclass(frozen=True)
class Form:
    """A type of weights."""

    values: tuple[int, ...]
    """What a weight can be, as a multiple of its block's scale."""
    reach: tuple[float, ...]
    """Where the largest weight may land when it is divided by the scale: all that is tried."""

    def nearest(self) -> NDArray[np.uint8]:
        """Return for each whole number from -128 to 127 the place of the value next to it."""
        numbers = np.arange(-128, 128)[:, None]
        places: NDArray[np.intp] = np.abs(numbers - np.array(self.values)).argmin(1)
        return places.astype(np.uint8)


Q4_0 = Form(tuple(range(-8, 8)), (-8, *(step / 8 for step in range(-67, -48, 2))))
IQ4_NL = Form(NEAR_ZERO, (-127, *(float(step) for step in range(-139, -97, 6))))
FORMS = {"Q4_0": Q4_0, "IQ4_NL": IQ4_NL}


def pack(rows: Floats, form: Form) -> Bytes:
    """Return `rows` (rows, columns) packed (rows, bytes); columns are a multiple of `SIZE`."""
    blocks = rows.reshape(-1, SIZE)
    packer = _Packer(form)
    packed = [packer.pack(blocks[at : at + AT_ONCE]) for at in range(0, len(blocks), AT_ONCE)]
    return np.concatenate(packed).reshape(len(rows), -1)


class _Packer:
    def __init__(self, form: Form) -> None:
        self._reach = [np.float32(reach) for reach in form.reach]
        self._nearest = form.nearest()
        self._values = np.array(form.values, np.float32)[self._nearest]

    def pack(self, blocks: Floats) -> Bytes:
        across = np.ascontiguousarray(blocks.T)  # (SIZE, blocks): what follows is elementwise
        scale = self._scales(across).astype(np.float16)
        places = self._nearest[self._whole(across, _inverse(scale.astype(np.float32)))]
        packed = np.empty((len(blocks), 2 + SIZE // 2), np.uint8)
        packed[:, :2] = scale[:, None].view(np.uint8)
        packed[:, 2:] = (places[: SIZE // 2] | (places[SIZE // 2 :] << np.uint8(4))).T
        return packed

    def _scales(self, blocks: Floats) -> Floats:
        """Return the best scale for each block."""
        largest = np.take_along_axis(blocks, np.abs(blocks).argmax(0)[None], 0)[0]
        inverse = _inverse(largest)
        scale: Floats = largest / self._reach[0]
        best = np.zeros_like(scale)
        products = np.empty_like(blocks)
        for reach in self._reach:
            values = self._values[self._whole(blocks, reach * inverse)]
            product = _sum(np.multiply(values, blocks, out=products))
            square = _sum(np.multiply(values, values, out=products))
            with np.errstate(divide="ignore", invalid="ignore"):
                gain = product * product / square  # what the error becomes smaller by
                fitted = product / square  # the best scale for these values
            better = gain > best * CLEARLY  # never where a block is all zeros
            np.copyto(best, gain, where=better)
            np.copyto(scale, fitted, where=better)
        return scale

    def _whole(self, blocks: Floats, inverse: Floats) -> NDArray[np.intp]:
        """Return the blocks in units of the scale, from 0 for -128 to 255 for 127."""
        scaled = blocks * inverse
        np.rint(scaled, out=scaled)
        np.clip(scaled, -128, 127, out=scaled)
        scaled += np.float32(128)
        return scaled.astype(np.intp)


def _inverse(values: Floats) -> Floats:
    with np.errstate(divide="ignore", over="ignore"):
        inverse = np.float32(1) / values
    return np.where(np.isfinite(inverse), inverse, np.float32(0))


def _sum(values: Floats) -> Floats:
    """Add up over the first axis, in an order of its own: numpy's depends on the processor."""
    height = len(values)
    while height > 1:
        height //= 2
        values = values[:height] + values[height : 2 * height]
    total: Floats = values[0]
    return total
