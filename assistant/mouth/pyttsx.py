"""pyttsx3: the system's own voice on machines that have neither espeak-ng nor Piper.

pyttsx3 gives no sound in memory, is not thread-safe, and is known to hang at its second utterance.
So each portion of text is spoken to a file by a child process that has done nothing before and is
killed when it is cancelled or takes too long. One child always waits, ready, for the next portion.

Run as a program, this module is the child: it makes the engine, reads the name of a folder from
standard input, speaks `text.txt` in it to `sound.wav` there, and ends.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.mouth.blocks import leading_silence, portions, sayable
from assistant.mouth.synthesiser import Sound

WORDS_PER_MINUTE = 175
"""Normal speaking rate; pyttsx3 counts in words per minute on every system."""
PATIENCE_S = 20.0
"""Seconds that a child may take for a portion, which it makes in .3 s or less."""
TRIES = 2
"""How often a portion is spoken until it is heard: on a busy machine a sound without a sample was
seen, probably because the driver stops espeak-ng, asynchronously, before it gives it the text."""
POLL_S = 0.01
"""Seconds between two looks at the child."""
LANGUAGES = {"en": ("en-us", "en_us", "en"), "zh": ("cmn-latn-pinyin", "zh-cn", "zh_cn", "zh")}
"""Beginnings of the language codes or voice names that are taken for a language, best first."""
_TEXT, _SOUND = "text.txt", "sound.wav"
_NO_VOICE = 3  # exit status of the child


class PyttsxSynthesiser:
    """The `Synthesiser` on pyttsx3, in child processes."""

    name = "pyttsx3"

    def __init__(
        self,
        voice: str = "",
        language: str = "en",
        speaking_rate: float = 1.0,
        patience: float = PATIENCE_S,
    ) -> None:
        """`voice` is a name or identifier of the system's voices, or empty for one of `language`.

        `patience` in s is how long one portion may take. Speaks a syllable, unheard, to find out
        whether it works and at which rate. Raises `EngineMissing` or `BadInput`.
        """
        self._words = WORDS_PER_MINUTE * speaking_rate
        self._wish = {"voice": voice, "language": language}
        self._speed = 1.0
        self._patience = patience
        self._child = self._spawn()
        try:
            sound = self._speak("a", lambda: False)
        except BadInput:
            self.close()
            raise
        except AssistantError as error:
            self.close()
            raise EngineMissing(
                "{error} On Debian `sudo apt install libespeak-ng1` gets it a voice.", error=error
            ) from error
        assert sound is not None
        self.rate = sound[1]

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield one block for each portion; see `Synthesiser`."""
        for _, portion in portions(text):
            if not sayable(portion):
                continue
            for _ in range(TRIES):
                if cancelled() or (sound := self._speak(portion, cancelled)) is None:
                    return
                pcm, rate = sound
                if rate != self.rate:
                    raise AssistantError(
                        "pyttsx3 changed its rate from {rate} to {found} Hz.",
                        rate=self.rate,
                        found=rate,
                    )
                if len(pcm := pcm[leading_silence(pcm, rate) :]):
                    yield Sound(pcm)
                    break

    def close(self) -> None:
        """Kill the child that waits."""
        _kill(self._child)

    @property
    def speed(self) -> float:
        """How fast it speaks; see `Synthesiser`."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if speed != self._speed:  # the child that waits has been told the old one
            self._speed = speed
            _kill(self._child)
            self._child = self._spawn()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        request = json.dumps({**self._wish, "words": round(self._words * self._speed)})
        command = [sys.executable, "-m", "assistant.mouth.pyttsx", request]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe)

    def _speak(self, text: str, cancelled: Callable[[], bool]) -> tuple[Pcm, int] | None:
        """Return the sound of `text` (samples,) int16 and its rate in Hz, None if cancelled."""
        child = self._child
        with tempfile.TemporaryDirectory(prefix="assistant-") as folder:
            # A NUL would end the text.
            content = text.replace("\0", " ")
            Path(folder, _TEXT).write_text(content, encoding="utf-8", errors="replace")
            try:
                finished = self._wait(child, folder, cancelled)
                problem = _problem(child) if finished else ""
            finally:
                _kill(child)
                self._child = self._spawn()
            if not finished:
                return None
            if child.returncode == _NO_VOICE:
                raise BadInput(problem)
            sound = Path(folder, _SOUND)
            if child.returncode != 0 or not sound.exists():
                raise AssistantError(
                    "pyttsx3 could not speak: {problem}.", problem=problem or "it wrote no sound"
                )
            return _read(sound)

    def _wait(
        self, child: "subprocess.Popen[bytes]", folder: str, cancelled: Callable[[], bool]
    ) -> bool:
        """Let the child speak; return False when cancelled. A child that hangs is an error."""
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has died: its exit status says why
            child.stdin.write(os.fsencode(folder) + b"\n")
            child.stdin.close()
        end = time.monotonic() + self._patience
        while child.poll() is None:
            if cancelled():
                return False
            if time.monotonic() > end:
                raise AssistantError(
                    "pyttsx3 hung: no sound within {patience:g} s; it was killed.",
                    patience=self._patience,
                )
            time.sleep(POLL_S)
        return True


def _kill(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    child.wait()
    for stream in (child.stdin, child.stderr):
        if stream:
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _problem(child: "subprocess.Popen[bytes]") -> str:
    """Return the last line that the child wrote to standard error."""
    assert child.stderr is not None
    lines = child.stderr.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].rstrip(".")[:300] if lines else ""


def _read(path: Path) -> tuple[Pcm, int]:
    """Read a sound file (WAV, on macOS AIFF under the same name): (samples,) int16 mono, Hz."""
    import soundfile  # type: ignore[import-untyped]

    try:
        sound, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise AssistantError(
            "pyttsx3 wrote a sound that cannot be read: {error}", error=error
        ) from error
    mono: NDArray[np.int16] = sound[:, 0]
    return np.ascontiguousarray(mono), int(rate)


def _child() -> int:
    """Speak one text; return the exit status."""
    request = json.loads(sys.argv[1])
    import pyttsx3  # type: ignore[import-untyped]

    engine = pyttsx3.init()
    linux = sys.platform == "linux"
    if linux:
        engine.runAndWait()  # a loop without work: from now on a setting is made at once
    voices = engine.getProperty("voices")
    if voice := _choose(voices, request["voice"], request["language"]):
        engine.setProperty("voice", voice)
    elif request["voice"]:
        sys.stderr.write(f"pyttsx3 has no voice `{request['voice']}`; it has {_names(voices)}.\n")
        return _NO_VOICE
    engine.setProperty("rate", request["words"])
    while linux and engine.getProperty("rate") != request["words"]:
        time.sleep(0.001)  # what espeak-ng has not yet done when the next loop begins is lost
    folder = os.fsdecode(sys.stdin.buffer.readline().rstrip(b"\n"))
    if folder:  # none when the parent has ended
        text = Path(folder, _TEXT).read_text(encoding="utf-8")
        finished = threading.Event()
        engine.connect("finished-utterance", lambda **_: finished.set())
        engine.save_to_file(text, str(Path(folder, _SOUND)))
        engine.runAndWait()
        if linux:
            finished.wait()  # the loop may end while espeak-ng's own thread is still at work
    return 0


def _choose(voices: list[Any], wanted: str, language: str) -> str:
    """Return the identifier of the voice with that name, or of the best one for `language`."""
    names = [(str(voice.id), _labels(voice)) for voice in voices]
    if wanted:
        return next((name for name, labels in names if wanted.lower() in labels), "")
    for code in LANGUAGES[language]:
        for name, labels in names:
            if any(label.startswith(code) for label in labels):
                return name
    return ""


def _labels(voice: Any) -> list[str]:
    """Return what a voice may be called, in small letters."""
    codes = [c.decode("ascii", "ignore") if isinstance(c, bytes) else c for c in voice.languages]
    parts = [voice.id, voice.id.replace("\\", "/").rsplit("/", 1)[-1], voice.name, *codes]
    return [str(part).lower() for part in parts if part]


def _names(voices: list[Any]) -> str:
    names = [str(voice.id) for voice in voices]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


if __name__ == "__main__":
    sys.exit(_child())
