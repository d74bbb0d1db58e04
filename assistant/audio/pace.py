"""How many samples of a device make a frame; without numpy, for the process that owns a device."""

from dataclasses import dataclass

RATE = 16_000
"""Sample rate in Hz of everything that is heard."""

FRAME_SAMPLES = 320
"""Samples in one microphone frame: 20 ms at `RATE`."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When the samples of a device are enough for the next frame."""

    rate: int
    """The device's, in Hz."""
    delay: int
    """Samples of the device that the conversion to `RATE` must see beyond the one it makes."""

    def frames(self, taken: int) -> int:
        """Return how many frames are complete once `taken` samples have come in all."""
        ready = -((self.delay - taken) * RATE // self.rate)  # rounded up, as it is made
        return int(max(0, ready) // FRAME_SAMPLES)


class Collector:
    """Keeps blocks until they are a frame, so that their reader is woken for that only."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._blocks: list[Block] = []
        self._taken = self._complete = 0

    def add(self, block: "Block") -> "list[Block]":
        """Take a block; return all that wait when one more frame is complete, else none."""
        self._blocks.append(block)
        self._taken += block.samples
        if (complete := self._pace.frames(self._taken)) <= self._complete:
            return []
        self._complete, blocks = complete, self._blocks
        self._blocks = []
        return blocks


@dataclass(frozen=True, slots=True)
class Block:
    """What a device gave at once."""

    content: bytes
    """Samples, int16, mono, at the device's rate."""
    at: float
    """Monotonic s at which the first of them was captured."""
    lost: bool = False
    """Whether samples before it are missing."""

    @property
    def samples(self) -> int:
        """How many they are."""
        return len(self.content) // 2
