"""Vosk: streaming recognition with words, times, confidences and grammars."""

import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.ears.recogniser import Transcript, Word
from assistant.errors import BadInput, EngineMissing

UNKNOWN = "[unk]"
"""The word that stands for any other one, in the models that have it."""

RENEW_S = 60.0
"""A native recogniser keeps what it has searched: 300 MB became 690 MB in 11 min (vosk-api issue
209). After this many s of sound it is replaced at the next pause; that takes .06 s."""

SILENT = -4
"""Kaldi's log level below its errors (-2) and assertions (-3); -1 still prints warnings."""

FST_MAGIC = bytes.fromhex("d6fdb27e")
"""OpenFst's first four bytes (its kFstMagicNumber, little endian)."""

# The two layouts that Vosk knows. The native code aborts or crashes on some broken files, so
# these are looked at first.
_NESTED = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
_FLAT = ("final.mdl", "mfcc.conf")
_IVECTOR = ("final.dubm", "final.ie", "final.mat", "global_cmvn.stats", "online_cmvn.conf")


class VoskRecogniser:
    """A `Recogniser`; many of them share one model in memory."""

    name = "vosk"
    streaming = True

    def __init__(self, path: Path, *, grammar: list[str] | None = None) -> None:
        """Load the model in the folder `path`; with a `grammar` it hears only these phrases' words.

        "[unk]" for any other word is told only when the grammar asks for it. Raises
        `EngineMissing` without the package, `BadInput` for a folder that holds no sound model and
        for words of the grammar that are not in the model's vocabulary.
        """
        self._path = path.resolve()
        self._model: Any = _acquire(self._path)
        self._native: Any = None
        self.renewals = 0
        """How often a native recogniser was made."""
        try:
            self.set_grammar(grammar)
        except BaseException:
            self.close()
            raise

    def set_grammar(self, phrases: list[str] | None) -> None:
        """Begin a new utterance and hear only the words of `phrases`; None: everything."""
        if phrases is not None and any(self._path.rglob("HCLG.fst")):
            raise BadInput(
                "the Vosk model {path} has a fixed graph and takes no phrases; use a small one "
                "(with Gr.fst), such as `vosk-small-en`.",
                path=self._path,
            )
        words = {word for phrase in phrases or [] for word in phrase.split()}
        if missing := sorted(word for word in words if not self.knows(word)):
            raise BadInput(
                "the Vosk model {path} does not know {missing}; use words that it knows, "
                "written as it writes them.",
                path=self._path,
                missing=_listed(missing),
            )
        # Vosk does not read JSON's \\u escapes
        self._grammar = None if phrases is None else json.dumps(phrases, ensure_ascii=False)
        self._dropped = "" if UNKNOWN in words else UNKNOWN
        self._renew()
        self.start()

    def knows(self, word: str) -> bool:
        """Whether `word` is in the model's vocabulary."""
        return int(self._model.vosk_model_find_word(word)) >= 0

    def start(self) -> None:
        """Forget everything and begin a new utterance."""
        if self._fed >= RENEW_S * RATE:
            self._renew()
        else:
            self._native.Reset()
        self._origin = self._fed
        self._before = 0
        self._words: list[Word] = []
        self._partial = ""

    def feed(self, pcm: Pcm) -> str | None:
        """Take samples (any number, int16, mono, 16 kHz); return the partial if it changed.

        When Vosk thinks that the utterance has ended, what it has is kept and it goes on: when a
        turn ends is decided elsewhere.
        """
        if len(pcm) == 0:
            return None
        self._fed += len(pcm)
        if self._native.AcceptWaveform(np.ascontiguousarray(pcm).tobytes()):
            self._keep(self._native.Result())
            if self._fed >= RENEW_S * RATE:
                self._before += self._fed - self._origin
                self._renew()
                self._origin = 0
            text = self._text()
        else:
            text = self._text(json.loads(self._native.PartialResult())["partial"])
        if text == self._partial:
            return None
        self._partial = text
        return text

    def settle(self) -> str:
        """Return the text until now: a partial result of Vosk's is never behind the sound."""
        return self._partial

    def finish(self) -> Transcript:
        """End the utterance; `start` must be called before feeding again."""
        self._keep(self._native.FinalResult())
        return Transcript(self._text(), tuple(self._words))

    def close(self) -> None:
        """Let go of the model; the last recogniser that does frees it."""
        if self._model is not None:
            self._native = None
            self._model = None
            _release(self._path)

    def _renew(self) -> None:
        from vosk import KaldiRecognizer

        grammar = [] if self._grammar is None else [self._grammar]
        self._native = KaldiRecognizer(self._model, RATE, *grammar)
        self._native.SetWords(True)
        self._fed = 0
        self.renewals += 1

    def _keep(self, result: str) -> None:
        # times count from the native recogniser's first sample, through resets
        shift = (self._before - self._origin) / RATE
        for word in json.loads(result).get("result", []):
            start, end = max(0.0, word["start"] + shift), max(0.0, word["end"] + shift)
            if word["word"] != self._dropped:
                confidence = min(1.0, max(0.0, word["conf"]))
                self._words.append(Word(word["word"], start, end, confidence))

    def _text(self, partial: str = "") -> str:
        words = [word.text for word in self._words]
        words += [word for word in partial.split() if word != self._dropped]
        return " ".join(words)


def check(path: Path) -> None:
    """Raise `BadInput` unless `path` looks like a Vosk model with whole files."""
    if not path.is_dir():
        raise BadInput("{path}: no such folder (wanted: a Vosk model).", path=path)
    nested = (path / "am").is_dir()
    if not nested and not (path / "final.mdl").exists():
        inner = [folder for folder in path.iterdir() if (folder / "am/final.mdl").is_file()]
        hint = f"; the model is {inner[0]}" if inner else ""
        raise BadInput(
            "{path}: is no Vosk model (it has no am/final.mdl){hint}.", path=path, hint=hint
        )
    graph = path / "graph" if nested else path
    needed = [path / name for name in (_NESTED if nested else _FLAT)]
    if (graph / "HCLG.fst").exists():
        needed += [graph / "HCLG.fst"]
    else:
        needed += [graph / name for name in ("HCLr.fst", "Gr.fst", "disambig_tid.int")]
    if (ivector := path / "ivector").is_dir():
        needed += [ivector / name for name in (*_IVECTOR, "splice.conf")]
    for file in needed:
        _check_file(file)


def _check_file(file: Path) -> None:
    try:
        with file.open("rb") as stream:
            head = stream.read(1024)
    except OSError as error:
        raise _broken(file, "cannot be read" if file.exists() else "is missing") from error
    if not head:
        raise _broken(file, "is empty")
    if file.suffix == ".fst" and not head.startswith(FST_MAGIC):
        raise _broken(file, "is no OpenFst graph")
    if file.name == "final.mdl" and b"<TransitionModel>" not in head:
        raise _broken(file, "is no Kaldi acoustic model")
    if file.name == "splice.conf" and not (b"left-context" in head and b"right-context" in head):
        raise _broken(file, "does not name left-context and right-context")  # native: abort()


def _broken(file: Path, what: str) -> BadInput:
    return BadInput(
        "{file}: {what}, so the Vosk model is broken; fetch the model again.", file=file, what=what
    )


@dataclass
class _Shared:
    model: Any
    users: int = 0


_lock = threading.Lock()
_models: dict[Path, _Shared] = {}


def _acquire(path: Path) -> Any:
    """Return the native model of a folder, loaded once however many use it."""
    with _lock:
        if path not in _models:
            _models[path] = _Shared(_load(path))
        _models[path].users += 1
        return _models[path].model


def _release(path: Path) -> None:
    with _lock:
        shared = _models[path]
        shared.users -= 1
        if shared.users == 0:
            del _models[path]


def _load(path: Path) -> Any:
    check(path)
    try:
        import vosk
    except (ImportError, OSError) as error:
        raise EngineMissing(
            "Vosk cannot be loaded ({error}); `pip install vosk` in the assistant's "
            "environment, or set `asr.engine` to another one.",
            error=error,
        ) from error
    vosk.SetLogLevel(SILENT)
    with _held_back_errors():
        try:
            model = vosk.Model(str(path))
            # Some broken files are noticed only when a recogniser is made, or hears something.
            vosk.KaldiRecognizer(model, RATE).AcceptWaveform(bytes(2 * RATE))
        except Exception as error:  # the package raises nothing more special
            raise BadInput(
                "{path}: Vosk cannot use this model ({error}); a file of it is damaged: fetch "
                "it again.",
                path=path,
                error=error,
            ) from error
    return model


@contextmanager
def _held_back_errors() -> Iterator[None]:
    """Keep OpenFst's own "ERROR: ..." lines off standard error; what else goes there still does."""
    with tempfile.TemporaryFile() as held:
        real = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(real, 2)
            held.seek(0)
            for line in held:
                if not line.startswith(b"ERROR: "):
                    os.write(real, line)
            os.close(real)


def _listed(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
