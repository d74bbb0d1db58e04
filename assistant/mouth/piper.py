"""Piper, the better voice: a neural network for each language, run by onnxruntime.

`piper-tts` (GPL, an extra that the user chooses) turns text into phonemes; the network is run here
and not by its `PiperVoice.synthesize`, which takes all cores, spins on them afterwards and keeps
the memory of the longest sentence for ever.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import Pcm
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.mouth.blocks import leading_silence, portions, sayable
from assistant.mouth.synthesiser import Sound

MOST_THREADS = 4
"""More threads than this make a sentence no faster, and the model wants cores too."""
PEAK = 0.8
"""Loudest sample of a sentence, of full scale: room for the overshoot of resampling."""
LONG = 160
"""Phoneme numbers (about 70 letters) from which the memory of a run is given back at once.

Measured with en_US-joe-medium: kept for ever it grows to 350 MB; always given back the process
stays at 180 MB, but each short first clause takes 16 ms longer; like this it stays below 230 MB.
"""


class PiperSynthesiser:
    """The `Synthesiser` on Piper voices; streams sentence by sentence."""

    name = "piper"

    def __init__(self, path: Path, speaking_rate: float = 1.0, threads: int = 0) -> None:
        """`path` is the .onnx of a voice, its settings lie beside it in .onnx.json.

        `threads` 0 fits the machine. Raises `BadInput` for files that are not a whole voice,
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
                f"the speech engine `piper` is not installed ({error}); "
                "`pip install 'assistant[piper]'` gets it."
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(len(os.sched_getaffinity(0)), MOST_THREADS)
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            config = PiperConfig.from_dict(settings)
            self.rate = int(config.sample_rate)
        except Exception as error:  # onnxruntime's own classes share no public base
            raise BadInput(
                f"{path}: cannot be loaded as a Piper voice: {_brief(error)}."
            ) from error
        names = {value.name for value in self._session.get_inputs()}
        if not {"input", "input_lengths", "scales"} <= names:
            raise BadInput(f"{path}: is an ONNX model, but not a Piper voice.")
        self._shrink = onnxruntime.RunOptions()
        self._shrink.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._voice = PiperVoice(session=self._session, config=config)
        self._config = config
        self._speaking_rate = speaking_rate

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield one block for each sentence; see `Synthesiser`."""
        quiet = True
        for _, portion in portions(text):
            if not sayable(portion):
                continue
            for ids in self._sentences(portion):
                if cancelled():
                    return
                pcm = self._speak(ids)
                if quiet:
                    pcm = pcm[leading_silence(pcm, self.rate) :]
                if len(pcm) and not cancelled():
                    quiet = False
                    yield Sound(pcm)

    def close(self) -> None:
        """Free the network."""
        del self._session, self._voice

    def _sentences(self, text: str) -> list[list[int]]:
        """Return the phoneme numbers of each sentence."""
        # Piper takes [[...]] for phonemes, and espeak's side of it a NUL for the end.
        text = text.replace("[[", "[ [").replace("\0", " ").encode("utf-8", "replace").decode()
        try:
            return [self._voice.phonemes_to_ids(p) for p in self._voice.phonemize(text) if p]
        except Exception as error:  # whatever settings that do not fit the code lead to
            raise AssistantError(f"piper could not read {text[:40]!r}: {_brief(error)}.") from error

    def _speak(self, ids: list[int]) -> Pcm:
        """Return the sound (samples,) int16 at `rate` of one sentence's phoneme numbers."""
        config = self._config
        length = config.length_scale / self._speaking_rate
        scales = np.array([config.noise_scale, length, config.noise_w_scale], np.float32)
        feed = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": scales,
        }
        if config.num_speakers > 1:
            feed["sid"] = np.array([config.default_speaker_id], np.int64)
        try:
            sound = self._session.run(None, feed, self._shrink if len(ids) > LONG else None)[0]
        except Exception as error:  # onnxruntime's own classes share no public base
            raise AssistantError(f"piper could not speak: {_brief(error)}.") from error
        wave: NDArray[np.float32] = sound.reshape(-1)
        return (wave * (PEAK * 32767 / max(float(np.abs(wave).max()), 1e-8))).astype(np.int16)


def _read_settings(path: Path) -> dict[str, Any]:
    """Read a voice's settings; `BadInput` for a file that is absent, broken or not understood."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror}); a Piper voice is an .onnx and "
            "the .onnx.json beside it."
        ) from error
    except ValueError as error:
        raise BadInput(f"{path}: is not JSON ({error}); fetch the voice again.") from error
    wanted = {"audio": dict, "espeak": dict, "phoneme_id_map": dict, "num_speakers": int}
    for key, kind in wanted.items():
        if not isinstance(settings, dict) or not isinstance(settings.get(key), kind):
            raise BadInput(
                f"{path}: has no proper `{key}`; it is not the settings of a Piper voice."
            )
    kind = settings.get("phoneme_type", "espeak")
    if kind not in ("espeak", "text"):
        raise BadInput(
            f"{path}: the voice needs `{kind}` phonemes, which piper-tts would download a model "
            "for; allowed: voices with `espeak` or `text` phonemes."
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
        raise BadInput(f"{path}: the voice cannot be read: {error.strerror}.") from error
    if size == 0:
        raise BadInput(f"{path}: is empty; fetch the voice again.")
    if 7 not in fields:
        raise BadInput(f"{path}: is not an ONNX model; a Piper voice is an .onnx file.")
    if -1 in fields:
        raise BadInput(f"{path}: is cut short ({size} bytes); fetch the voice again.")


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
