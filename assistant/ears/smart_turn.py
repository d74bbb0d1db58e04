"""Whether somebody has said all, by the sound of it: Smart Turn v3.2, a small network.

It hears what words do not tell: a voice that falls, slows down or is held. Its input are the
log-mel features of Whisper (Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak
Supervision", section 2.2), over the last 8 s of one utterance.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import RATE, Pcm
from assistant.ears.level import FULL_SCALE
from assistant.errors import BadInput, EngineMissing

SPAN = 8 * RATE
"""Samples that it looks at, the newest ones; where there are fewer, silence comes before them."""
FFT, HOP, BANDS = 400, 160, 80
"""Samples of a spectrum and from one to the next (25 and 10 ms), and mel bands: Whisper's own."""
RANGE = 8.0
"""Powers of ten below the loudest value at which the features are cut off (Whisper's own)."""

Features = NDArray[np.float32]


class SmartTurn:
    """The network; used by one thread, some 70 ms a call on one core."""

    def __init__(self, path: Path) -> None:
        """`path` is the model's file.

        Raises `EngineMissing` without onnxruntime, `BadInput` for a file that is no such network.
        """
        try:
            import onnxruntime
        except ImportError as error:
            raise EngineMissing(
                "Smart Turn needs `onnxruntime`, which cannot be loaded ({error}); `script/setup` "
                "installs it.",
                error=error,
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it is asked now and then, and memory is dear
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has an exception of its own for each cause
            raise BadInput(
                "{path}: is not a network of Smart Turn; `assistant models fetch smart-turn-v3.2` "
                "gets it again.",
                path=path,
            ) from error

    def complete(self, pcm: Pcm) -> float:
        """Return the probability that the turn in `pcm`, (samples,) int16 at 16 kHz, is over."""
        inputs = {"input_features": log_mel(pcm)[None]}
        return float(np.ravel(self._session.run(None, inputs)[0])[0])


def log_mel(pcm: Pcm) -> Features:
    """Return the features of the end of `pcm`, (samples,) int16 at 16 kHz: (80, 800)."""
    sound = np.zeros(SPAN, np.float32)
    newest = pcm[-SPAN:]
    sound[SPAN - len(newest) :] = newest / FULL_SCALE
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    padded = np.pad(sound, FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP][: SPAN // HOP]
    spectrum = np.fft.rfft(frames * np.hanning(FFT + 1)[:-1], axis=1)
    power = np.maximum(_bands() @ (np.abs(spectrum) ** 2).T, 1e-10)
    levels = np.log10(power)
    cut: Features = (np.maximum(levels, levels.max() - RANGE) / 4 + 1).astype(np.float32)
    return cut


@lru_cache(maxsize=1)
def _bands() -> NDArray[np.float64]:
    """Return the weights of the spectrum's bins in each mel band, (80, 201).

    Triangles of equal area on Slaney's mel scale ("Auditory Toolbox", 1998): linear up to 1 kHz,
    logarithmic above.
    """
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), BANDS + 2))
    bins = np.linspace(0.0, RATE / 2, FFT // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    weights: NDArray[np.float64] = triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return weights


LINEAR_TO, LINEAR_STEP, LOG_STEP = 1000.0, 200.0 / 3, np.log(6.4) / 27
"""Slaney's scale: Hz up to which it is linear, Hz a mel there, and the logarithm of a mel above."""


def _mel(hertz: float) -> float:
    return float(LINEAR_TO / LINEAR_STEP + np.log(hertz / LINEAR_TO) / LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = LINEAR_TO * np.exp(LOG_STEP * (mel - LINEAR_TO / LINEAR_STEP))
    return np.where(mel < LINEAR_TO / LINEAR_STEP, mel * LINEAR_STEP, above)
