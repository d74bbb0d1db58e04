"""Sound as clients send it becomes sound as it is here. Pure."""

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.audio.resample import resample
from assistant.errors import BadInput
from assistant.serve.wyoming.forms import Sound


def mono(data: bytes, form: Sound) -> Pcm:
    """Return (samples,) int16 at the rate of `form`. Raises `BadInput` for half a sample."""
    if len(data) % (form.width * form.channels):
        raise BadInput("the sound ends within a sample.")
    pcm = np.frombuffer(data, "<i2").astype(np.int16)
    if form.channels == 1:
        return pcm
    both: Pcm = pcm.reshape(-1, form.channels).astype(np.int32).mean(axis=1).astype(np.int16)
    return both


class Recording:
    """One sound that is collected until its end."""

    def __init__(self, form: Sound, longest_s: float) -> None:
        """Longer than `longest_s` it must not be."""
        self.rate = form.rate
        """In Hz, of what comes."""
        self._form, self._longest_s = form, longest_s
        self._most = longest_s * form.rate
        self._pieces: list[Pcm] = []
        self._samples = 0

    def add(self, form: Sound, data: bytes) -> Pcm:
        """Take what follows; return it, (samples,) int16 at `rate` Hz. Raises `BadInput`."""
        if form != self._form:
            raise BadInput("the sound changes its format on the way.")
        pcm = mono(data, form)
        self._samples += len(pcm)
        if self._samples > self._most:
            raise BadInput("the sound is longer than {longest_s:.0f} s.", longest_s=self._longest_s)
        self._pieces.append(pcm)
        return pcm

    def whole(self) -> Pcm:
        """Return all of it, (samples,) int16, 16 kHz; may take some ms."""
        return resample(
            np.concatenate([np.zeros(0, np.int16), *self._pieces]), self._form.rate, RATE
        )
