"""Piper, the better voice: a neural network for each language, run by onnxruntime.

`piper-tts` (GPL, an extra that the user chooses) turns text into phonemes; the network is run here
and not by its `PiperVoice.synthesize`, which takes all cores, spins on them afterwards and keeps
the memory of the longest sentence for ever. The network is cut in two, so that the first sound of
a sentence does not wait for the rest of it.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.mouth.blocks import leading_silence, portions, sayable
from assistant.mouth.halves import Decoder, load
from assistant.mouth.synthesiser import Sound
from assistant.mouth.words import beginnings

Wave = NDArray[np.float32]
"""Sound (samples,) as the network makes it, from -1 to 1."""

MOST_THREADS = 4
"""More threads than this make a sentence no faster, and the model wants cores too."""
FIRST_S = 0.35
"""Seconds of a sentence that are made before anything else of it."""
LONGEST_S = 2.0
"""Seconds made at a time when enough is ahead."""
SAFE = 0.5
"""Share of the time that a piece sounds in which the next one must be made."""
SPACE = " "
"""What espeak, and so Piper, puts between words."""
LONG = 160
"""Phoneme numbers (about 70 letters) from which the memory of a run is given back at once.

Measured with en_US-joe-medium: the process stays below 230 MB after, and 280 MB in, a sentence of
20 s. Given back after each sentence, each short first clause would take 16 ms longer.
"""


class PiperSynthesiser:
    """The `Synthesiser` on Piper voices; streams piece by piece."""

    name = "piper"

    def __init__(
        self,
        path: Path,
        speaking_rate: float = 1.0,
        threads: int = 0,
        cache: Path | None = None,
    ) -> None:
        """`path` is the .onnx of a voice, its settings lie beside it in .onnx.json.

        `threads` 0 fits the machine. The network is kept in the folder `cache` as it is run, which
        makes the next start shorter. Raises `BadInput` for files that are not a whole voice,
        `EngineMissing` without piper-tts.
        """
        _check_onnx(path)
        settings = _read_settings(path.with_name(path.name + ".json"))
        try:
            import onnxruntime
            from piper.config import PiperConfig
            from piper.voice import PiperVoice
        except ImportError as error:
            raise EngineMissing(
                "the speech engine `piper` is not installed ({error}); `pip install "
                "'assistant[piper]'` gets it.",
                error=error,
            ) from error
        threads = threads or min(len(os.sched_getaffinity(0)), MOST_THREADS)
        try:
            self._session, self._decoder = load(path, threads, cache)
            config = PiperConfig.from_dict(settings)
            self.rate = int(config.sample_rate)
        except Exception as error:  # onnxruntime's own classes share no public base
            raise BadInput(
                "{path}: cannot be loaded as a Piper voice: {error}.",
                path=path,
                error=_brief(error),
            ) from error
        names = {value.name for value in self._session.get_inputs()}
        if not {"input", "input_lengths", "scales"} <= names:
            raise BadInput("{path}: is an ONNX model, but not a Piper voice.", path=path)
        self._shrink = onnxruntime.RunOptions()
        self._shrink.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._voice = PiperVoice(session=self._session, config=config)
        self._config = config
        self._speaking_rate = speaking_rate
        self.speed = 1.0
        self._lengths: NDArray[np.float32] | None = None  # of the phonemes made last, in frames
        self._pace = 0.0  # seconds of work for a second of sound; 0 before the first sentence

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield a short block of each sentence and then longer ones; see `Synthesiser`."""
        samples, quiet = 0, True
        for start, portion in portions(text):
            if not sayable(portion):
                continue
            sentences = self._sentences(portion)
            for ids, begun in zip(sentences, self._begun(portion, start, sentences), strict=True):
                if cancelled():
                    return
                marks: tuple[tuple[int, int], ...] | None = None
                for wave in self._speak(ids):
                    if cancelled():
                        return
                    pcm = _pcm(wave)
                    cut = leading_silence(pcm, self.rate) if quiet else 0
                    if marks is None:  # known as soon as anything of the sentence is
                        marks = self._marks(begun, samples - cut)
                    samples += len(pcm) - cut
                    if len(pcm) > cut:
                        quiet = False
                        yield Sound(pcm[cut:], marks)
                        marks = ()
                    if cancelled():
                        return

    def close(self) -> None:
        """Free the network."""
        del self._session, self._decoder, self._voice

    def _sentences(self, text: str) -> list[list[int]]:
        """Return the phoneme numbers of each sentence."""
        # Piper takes [[...]] for phonemes, and espeak's side of it a NUL for the end.
        text = text.replace("[[", "[ [").replace("\0", " ").encode("utf-8", "replace").decode()
        try:
            return [self._voice.phonemes_to_ids(p) for p in self._voice.phonemize(text) if p]
        except Exception as error:  # whatever settings that do not fit the code lead to
            raise AssistantError(
                "piper could not read {text!r}: {error}.", text=text[:40], error=_brief(error)
            ) from error

    def _begun(
        self, text: str, start: int, sentences: list[list[int]]
    ) -> list[list[tuple[int, int]]]:
        """Return for each sentence (characters before a word, phoneme numbers before it)."""
        spaces = set(self._config.phoneme_id_map.get(SPACE, ()))
        found: list[list[tuple[int, int]]] = []  # for each sentence (its words' first, phonemes)
        for ids in sentences:
            words, first = [], 0
            for at, number in enumerate(ids):
                if number in spaces:
                    words.append((first, at - first))
                    first = at + 1
            words.append((first, len(ids) - first))
            found.append(words)
        places = iter(beginnings(text, [length for words in found for _, length in words]))
        begun = [[(next(places), first) for first, _ in words] for words in found]
        return [[(start + at, first) for at, first in words if at is not None] for words in begun]

    def _marks(self, begun: list[tuple[int, int]], samples: int) -> tuple[tuple[int, int], ...]:
        """Return when the words of the sentence that is being made begin, `samples` before it."""
        if self._decoder is None or self._lengths is None:
            return ()
        ends = np.cumsum(self._lengths.reshape(-1)) * self._decoder.hop
        at = [0, *(int(end) for end in ends)]
        return tuple((chars, max(0, samples + at[first])) for chars, first in begun)

    def _speak(self, ids: list[int]) -> Iterator[Wave]:
        """Yield the sound of one sentence's phoneme numbers, piece by piece."""
        config = self._config
        length = config.length_scale / (self._speaking_rate * self.speed)
        scales = np.array([config.noise_scale, length, config.noise_w_scale], np.float32)
        feed = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": scales,
        }
        if config.num_speakers > 1:
            feed["sid"] = np.array([config.default_speaker_id], np.int64)
        made, *more = self._run(self._session, feed, len(ids) > LONG)
        self._lengths = more[0] if more else None
        if self._decoder is None:
            yield made.reshape(-1)
        else:
            yield from self._decode(made, self._decoder, len(ids) > LONG)

    def _decode(self, latent: NDArray[np.float32], decoder: Decoder, long: bool) -> Iterator[Wave]:
        """Yield the sound of a latent (1, channels, frames): a short piece, then longer ones.

        The pieces joined are what the decoder makes of the whole, but for rounding.
        """
        hop, reach, frames = decoder.hop, decoder.reach, latent.shape[2]
        first, longest = (round(s * self.rate / hop) for s in (FIRST_S, LONGEST_S))
        size = first
        if self._pace == 0 or self._affordable(first, reach) < first:
            size = frames  # not known how fast it is, or so slow that the sound would break off
        start = 0
        while start < frames:
            # A rest that is shorter than a first piece is not worth its overlap.
            end = start + size if frames - start - size >= first else frames
            low, high = max(start - reach, 0), min(end + reach, frames)
            began = time.monotonic()
            part = np.ascontiguousarray(latent[:, :, low:high])
            feed = {decoder.latent: part}
            wave = self._run(decoder.session, feed, long and end == frames)[0].reshape(-1)
            pace = (time.monotonic() - began) * self.rate / len(wave)
            self._pace = (self._pace + pace) / 2 if self._pace else pace
            yield wave[(start - low) * hop : (end - low) * hop]
            size = min(max(self._affordable(end - start, reach), first), longest)
            start = end

    def _affordable(self, frames: int, reach: int) -> int:
        """Return how many frames can be decoded in time while `frames` of them sound."""
        return int(SAFE * frames / self._pace) - 2 * reach

    def _run(self, session: Any, feed: dict[str, Any], shrink: bool) -> list[NDArray[np.float32]]:
        """Return the outputs of a network; `shrink` gives its memory back."""
        try:
            made: list[NDArray[np.float32]]
            made = session.run(None, feed, self._shrink if shrink else None)
        except Exception as error:  # onnxruntime's own classes share no public base
            raise AssistantError("piper could not speak: {error}.", error=_brief(error)) from error
        return made


def _pcm(wave: Wave) -> Pcm:
    """Return what the network made as int16; it is never beyond full scale, but for rounding.

    Raises `AssistantError` for what is no sound.
    """
    if not np.isfinite(wave).all():
        raise AssistantError("piper made numbers that are no sound.")
    pcm: Pcm = np.rint(wave * 32767).clip(-32767, 32767).astype(np.int16)
    return pcm


def _read_settings(path: Path) -> dict[str, Any]:
    """Read a voice's settings; `BadInput` for a file that is absent, broken or not understood."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            "{path}: cannot be read ({strerror}); a Piper voice is an .onnx and the .onnx.json "
            "beside it.",
            path=path,
            strerror=error.strerror,
        ) from error
    except ValueError as error:
        raise BadInput(
            "{path}: is not JSON ({error}); fetch the voice again.", path=path, error=error
        ) from error
    wanted = {"audio": dict, "espeak": dict, "phoneme_id_map": dict, "num_speakers": int}
    for key, kind in wanted.items():
        if not isinstance(settings, dict) or not isinstance(settings.get(key), kind):
            raise BadInput(
                "{path}: has no proper `{key}`; it is not the settings of a Piper voice.",
                path=path,
                key=key,
            )
    kind = settings.get("phoneme_type", "espeak")
    if kind not in ("espeak", "text"):
        raise BadInput(
            "{path}: the voice needs `{kind}` phonemes, which piper-tts would download a model "
            "for; allowed: voices with `espeak` or `text` phonemes.",
            path=path,
            kind=kind,
        )
    return dict(settings)


def _check_onnx(path: Path) -> None:
    """Raise `BadInput` unless the file is a whole ONNX model, without reading the weights.

    ONNX is a protocol buffer without a magic number: a list of fields (key, length, bytes). They
    must end where the file ends, and field 7, the graph, must be there (onnx.proto, ModelProto).
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            fields = _fields(stream, size)
    except OSError as error:
        raise BadInput(
            "{path}: the voice cannot be read: {strerror}.", path=path, strerror=error.strerror
        ) from error
    if size == 0:
        raise BadInput("{path}: is empty; fetch the voice again.", path=path)
    if 7 not in fields:
        raise BadInput("{path}: is not an ONNX model; a Piper voice is an .onnx file.", path=path)
    if -1 in fields:
        raise BadInput(
            "{path}: is cut short ({size} bytes); fetch the voice again.", path=path, size=size
        )


def _fields(stream: BinaryIO, size: int) -> set[int]:
    """Return the numbers of the top-level fields; -1 if they do not end where the file ends."""
    found: set[int] = set()
    while stream.tell() < size:
        key = _varint(stream)
        number, kind = key >> 3, key & 7
        if not 0 < number < 100 or kind not in (0, 2):
            return found | {-1}
        found.add(number)
        value = _varint(stream)
        if kind == 2:
            stream.seek(value, os.SEEK_CUR)
    return found if stream.tell() == size else found | {-1}


def _varint(stream: BinaryIO) -> int:
    """Read a number of up to 63 bits, 7 bits a byte; 0 at the end of the file."""
    value = 0
    for shift in range(0, 63, 7):
        byte = stream.read(1)
        if not byte:
            return 0
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            break
    return value


def _brief(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200].rstrip(".") if str(error).strip() else "unknown"
