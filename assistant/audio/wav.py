"""Sound files: any convertible one can be read, and what is written is whole or not there.

Reading is libsndfile's work (package `soundfile`: 1.3 MB, wheels for aarch64): the standard
library's `wave` knows neither float samples nor, before Python 3.12, WAVE_FORMAT_EXTENSIBLE.
Writing takes 44 bytes of header.
"""

import contextlib
import os
import secrets
import shutil
import stat
import struct
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.errors import BadInput, EngineMissing

if TYPE_CHECKING:
    from soundfile import SoundFile  # type: ignore[import-untyped]

LONGEST_S = 3600
"""A longer recording is refused: at 16 kHz an hour takes 115 MB of memory."""
RATES = range(1_000, 768_001)
"""Sample rates in Hz that are believed."""
BLOCK = 2**20
"""Samples, all channels counted, that are decoded at a time."""
READABLE = (
    "readable are WAV (8 to 32 bit or float, any rate, any channels), FLAC, OGG and MP3; "
    "`sox IN OUT.wav` or `ffmpeg -i IN OUT.wav` converts others"
)


class TooLong(BadInput):
    """A recording is longer than allowed."""


def read(path: Path, rate: int = RATE, longest_s: int = LONGEST_S) -> Pcm:
    """Return the sound of a file as (samples,) int16 at `rate` Hz.

    Channels are averaged, float samples beyond full scale are clipped. Of a file that is cut
    short, what is there is used. Raises `BadInput` when it cannot be read, is no sound file or
    holds no sound, `TooLong` for more than `longest_s` s of it, `EngineMissing` without the package
    `soundfile`.
    """
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            found = "a folder" if stat.S_ISDIR(kind) else "not a regular file"
            raise BadInput(
                "{path}: is {found}; name a sound file ({readable}).",
                path=path,
                found=found,
                readable=READABLE,
            )
        with path.open("rb") as file:
            return _decode(path, file.fileno(), rate, longest_s)
    except OSError as error:
        raise BadInput(
            "{path}: cannot be read: {strerror}; name a sound file.",
            path=path,
            strerror=error.strerror,
        ) from error
    except ValueError as error:  # a NUL in the name
        raise BadInput(
            "{path!r}: is no name that a file can have; name another.", path=str(path)
        ) from error


def _decode(path: Path, descriptor: int, rate: int, longest_s: int) -> Pcm:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise EngineMissing(
            "{path}: the package `soundfile` or its libsndfile is missing ({error}); `pip "
            "install soundfile`, on other machines also `apt install libsndfile1`.",
            path=path,
            error=error,
        ) from error
    if os.fstat(descriptor).st_size == 0:
        raise BadInput("{path}: is empty (0 bytes); record it again.", path=path)
    try:
        with soundfile.SoundFile(descriptor, closefd=False) as sound:
            pcm = _convert(path, sound, rate, longest_s)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.strip(" .") or "unknown format"
        raise BadInput(
            "{path}: is not a sound file ({reason}); {readable}.",
            path=path,
            reason=reason,
            readable=READABLE,
        ) from error
    except TypeError as error:  # soundfile's word for a raw format, which has no header
        raise BadInput(
            "{path}: is not a sound file (no header); {readable}.", path=path, readable=READABLE
        ) from error
    if len(pcm) == 0:
        raise BadInput("{path}: holds no sound, only a header; record it again.", path=path)
    return pcm


def _convert(path: Path, sound: "SoundFile", rate: int, longest_s: int) -> Pcm:
    """Average the channels and change the rate, block by block to spare the memory."""
    import soxr  # type: ignore[import-untyped]

    if sound.samplerate not in RATES:
        raise BadInput(
            "{path}: its header, perhaps damaged, says {samplerate} samples a second; allowed: "
            "{start} to {stop}.",
            path=path,
            samplerate=sound.samplerate,
            start=RATES.start,
            stop=RATES.stop - 1,
        )
    stream = soxr.ResampleStream(sound.samplerate, rate, 1, dtype="float32")
    blocks: list[Pcm] = []
    frames = 0
    last = False
    while not last:
        block = sound.read(max(1, BLOCK // sound.channels), dtype="float32", always_2d=True)
        last = len(block) == 0
        frames += len(block)
        if frames > longest_s * sound.samplerate:
            raise TooLong(
                "{path}: is longer than {minutes} minutes; cut it, as in `sox IN OUT.wav "
                "trim 0 {seconds}`.",
                path=path,
                minutes=longest_s // 60,
                seconds=longest_s,
            )
        mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32), posinf=1.0, neginf=-1.0)
        mono = np.clip(mono, -1.0, 1.0)
        ready = mono if sound.samplerate == rate else stream.resample_chunk(mono, last=last)
        blocks.append(np.clip(np.rint(ready * 32768), -32768, 32767).astype(np.int16))
    return np.concatenate(blocks)


def write(path: Path, pcm: Pcm, rate: int) -> None:
    """Write (samples,) int16 at `rate` Hz as a WAV file; see `WavWriter` for the errors."""
    with WavWriter(path, rate) as writer:
        writer.write(pcm)


def _header(size: int, rate: int) -> bytes:
    """Return the 44 bytes before `size` bytes of mono int16 sound (RIFF, Microsoft 1991)."""
    form = b"RIFF", 36 + size, b"WAVE"
    layout = b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16
    return struct.pack("<4sI4s4sIHHIIHH4sI", *form, *layout, b"data", size)


class WavWriter:
    """Writes a mono int16 WAV file piece by piece; a context manager.

    The file is written beside its place and renamed at the end: left by an exception, nothing
    remains and what stood there before is untouched. A pipe or device (`/dev/stdout`) gets all
    at the end. Raises `BadInput` when there is no permission, no space or no folder.
    """

    def __init__(self, path: Path, rate: int) -> None:
        """`rate` in Hz."""
        self._path = path
        try:
            self._special = path.exists() and not path.is_file()
            if path.is_dir():
                raise BadInput(
                    "{path}: is a folder; name a file to write, as in {path}/out.wav.", path=path
                )
            self._target = path if self._special else path.resolve()
            folder = Path(tempfile.gettempdir()) if self._special else self._target.parent
            self._beside = folder / f".{secrets.token_hex(8)}.part"
            self._file = self._beside.open("xb")
        except OSError as error:
            raise self._refusal(error) from error
        self._rate = rate
        self._bytes = 0
        self._file.write(_header(0, rate))  # into the buffer; the true one comes at the end

    def write(self, pcm: Pcm) -> None:
        """Append (samples,) int16."""
        try:
            self._file.write(pcm.astype("<i2", copy=False).tobytes())
            self._bytes += len(pcm) * 2
        except OSError as error:
            self.discard()
            raise self._refusal(error) from error

    def close(self) -> None:
        """Finish the file and put it in its place."""
        try:
            self._file.seek(0)
            self._file.write(_header(self._bytes, self._rate))
            self._file.close()
            if self._special:
                with self._beside.open("rb") as source, self._target.open("wb") as target:
                    shutil.copyfileobj(source, target)
                self._beside.unlink()
            else:
                self._beside.replace(self._target)
        except BrokenPipeError:
            self.discard()
            raise  # the reader has enough: no error
        except OSError as error:
            self.discard()
            raise self._refusal(error) from error

    def discard(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(OSError):  # what cannot be flushed is not wanted either
            self._file.close()
        self._beside.unlink(missing_ok=True)

    def __enter__(self) -> "WavWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _refusal(self, error: OSError) -> BadInput:
        return BadInput(
            "{path}: cannot be written: {strerror}; name another place, or make room or "
            "permission there.",
            path=self._path,
            strerror=error.strerror,
        )
