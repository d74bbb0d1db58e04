"""Whisper on CTranslate2: 99 languages, one transcription at the end, no partials."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.ears.level import FULL_SCALE, dbfs
from assistant.ears.recogniser import Transcript
from assistant.errors import BadInput, EngineMissing
from assistant.language import spoken

FILES = ("model.bin", "config.json", "tokenizer.json")

LONGEST_S = 30.0
"""What the network can hear at once; later sound is not kept."""

TOKENS_PER_S = 12.0
"""More tokens than this for a second of speech is a loop. Fast Chinese has some 7 characters a
second, each one or two tokens; without a limit it can write for 25 s."""

SILENCE = -60.0
"""dBFS; sound whose loudest block is below says nothing and is not transcribed."""

NO_SPEECH, UNSURE, COMPRESSED = 0.6, -1.0, 2.4
"""Whisper's own limits: a segment is made up when it is probably no speech and the text is unsure
(mean log-probability), or when the text repeats itself (gzip compression ratio)."""

SIMPLIFIED = "以下是普通话的句子，使用简体中文。"
"""Whisper goes on in the style of the text before: simplified characters, with punctuation."""


class WhisperRecogniser:
    """A `Recogniser` without partials; used by one thread."""

    name = "whisper"
    streaming = False

    def __init__(self, path: Path, language: str, *, threads: int = 0) -> None:
        """Load the model in the folder `path`; `language` is a code such as "zh", or "auto".

        With "auto" each utterance is heard in the one of `assistant.language.LANGUAGES` that it is
        in. `threads` 0: as many as the machine has cores, at most 4. Raises `BadInput` for a broken
        model or a language that it does not know, `EngineMissing` without the package.
        """
        _check(path)
        try:
            from assistant.ears.whisper_model import Network
        except (ImportError, OSError) as error:
            raise EngineMissing(
                "Whisper needs the package `faster-whisper`, which cannot be loaded ({error}); "
                "`pip install faster-whisper` in the assistant's environment, or set "
                "`asr.engine` to another one.",
                error=error,
            ) from error
        try:
            self._model: Any = Network(
                str(path),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads or min(4, os.cpu_count() or 1),
                local_files_only=True,
            )
        except Exception as error:  # CTranslate2 raises RuntimeError, tokenizers a bare Exception
            raise BadInput(
                "{path}: Whisper cannot use this model ({error}); fetch it again.",
                path=path,
                error=_first_line(error),
            ) from error
        self._languages = spoken(language)
        self._check_languages(path)
        self.start()

    def start(self) -> None:
        """Forget everything and begin a new utterance."""
        self._parts: list[Pcm] = []
        self._length = 0

    def feed(self, pcm: Pcm) -> str | None:
        """Keep samples (any number, int16, mono, 16 kHz) of the first `LONGEST_S`; return None."""
        kept = pcm[: max(0, round(LONGEST_S * RATE) - self._length)]
        self._parts.append(kept)
        self._length += len(kept)
        return None

    def settle(self) -> str:
        """Transcribe what was fed; takes about as long for a second as for ten."""
        if self._length == 0:
            return ""
        sound = np.concatenate(self._parts)
        blocks = range(0, len(sound), RATE // 50)
        if max(dbfs(sound[at : at + RATE // 50]) for at in blocks) < SILENCE:
            return ""
        waves = (sound / FULL_SCALE).astype(np.float32)
        language, *others = self._languages
        if others:
            language = self._model.which(waves, self._languages)
        segments, _ = self._model.transcribe(
            waves,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            no_speech_threshold=None,  # judged below, together with the others
            log_prob_threshold=None,
            compression_ratio_threshold=None,
            initial_prompt=SIMPLIFIED if language == "zh" else None,
            max_new_tokens=8 + round(TOKENS_PER_S * len(sound) / RATE),
        )
        return "".join(s.text for s in segments if not _made_up(s)).strip()

    def finish(self) -> Transcript:
        """Transcribe what was fed, and forget it."""
        text = self.settle()
        self.start()
        return Transcript(text)

    def close(self) -> None:
        """Free the model."""
        self._model = None

    def _check_languages(self, path: Path) -> None:
        known = self._model.supported_languages
        if all(language in known for language in self._languages):
            return
        if len(self._languages) > 1:
            raise BadInput(
                '{path}: this Whisper model hears English only, but `language` is "auto"; '
                "`assistant models fetch whisper-base` gets one that hears both.",
                path=path,
            )
        raise BadInput(
            "{path}: this Whisper model does not know the language {language!r}; allowed: "
            "{supported_languages}.",
            path=path,
            language=self._languages[0],
            supported_languages=", ".join(known),
        )


def _made_up(segment: Any) -> bool:
    silent = segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < UNSURE
    return bool(silent or segment.compression_ratio > COMPRESSED)


def _check(path: Path) -> None:
    if not path.is_dir():
        raise BadInput(
            "{path}: no such folder (wanted: a Whisper model for CTranslate2).", path=path
        )
    for file in (path / name for name in FILES):
        if not file.is_file() or file.stat().st_size == 0:
            what = "is empty" if file.is_file() else "is missing"
            raise BadInput(
                "{file}: {what}, so the Whisper model is broken; fetch it again.",
                file=file,
                what=what,
            )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
