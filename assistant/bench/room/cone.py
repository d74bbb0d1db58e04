"""What a small loudspeaker does to sound: no bass, no highest notes, and less of what is loud."""

import numpy as np

from assistant.bench.room.acoustics import Sound

ORDER = 2
"""Of both band limits: 12 dB an octave, as a closed box falls below its resonance."""
UNEVEN = 0.1
"""Share of the square in what is driven: a cone moves out more easily than in, which makes even
harmonics; the saturation makes odd ones (W. Klippel, Loudspeaker Nonlinearities, AES 2005)."""


class Cone:
    """A stream of samples through a loudspeaker's imperfections."""

    def __init__(self, rate: int, band: tuple[float, float], drive: float) -> None:
        """`rate` and `band` in Hz.

        `drive` is how soon it saturates: a part x of full scale becomes tanh(drive x) / drive; 0
        is a perfect one.
        """
        from scipy import signal

        self._filter = signal.sosfilt
        low, high = band
        high = min(high, 0.45 * rate)
        self._sections = signal.butter(ORDER, (low, high), "bandpass", fs=rate, output="sos")
        self._state = np.zeros((len(self._sections), 2))
        self._drive = drive

    def feed(self, sound: Sound) -> Sound:
        """Return the next samples (samples,), as many as were given."""
        if self._drive:
            sound = np.tanh(self._drive * (sound + UNEVEN * sound**2)) / self._drive
        filtered, self._state = self._filter(self._sections, sound, zi=self._state)
        return np.asarray(filtered, np.float64)
