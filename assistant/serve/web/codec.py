"""Sound files of strangers are read, and compressed ones written, in a process that ends with it.

The libraries for it take 30 MB that the web server does not need otherwise, and a file that breaks
one of them breaks nothing else.
"""

import asyncio
import contextlib
import resource
import sys
from collections.abc import AsyncGenerator
from typing import IO, Any

from assistant.errors import AssistantError
from assistant.serve.lending import CHUNK, LONGEST_S
from assistant.serve.web.answers import Problem

PROCESSOR_S = 60
"""Seconds of the processor for one file; ten minutes of sound take one or two."""
WAIT_S = 120.0
"""Longest time in s for it."""
MEMORY = 4 << 30
"""Bytes of address space: a file that wants more is refused."""
UNREADABLE, TOO_LONG = 2, 3
"""Exit codes; the sentence is on standard error."""
NAME = "/dev/stdin"
FORMATS = {"flac": ("FLAC", "audio/flac"), "mp3": ("MP3", "audio/mpeg")}
"""What can be written: libsndfile's name and the media type."""


async def decode(file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield the sound of a file as int16, little endian, mono, 16 kHz. Raises `Problem`."""
    file.seek(0)
    process = await _started("decode", stdin=file)
    async with _ending(process):
        assert process.stdout is not None
        assert process.stderr is not None
        while data := await process.stdout.read(CHUNK):
            yield data
        sentence = (await process.stderr.read()).decode(errors="replace").strip()
        code = await process.wait()
        if code == TOO_LONG:
            raise Problem(413, sentence, param="file")
        if code:
            sentence = sentence if code == UNREADABLE else "the file cannot be read."
            raise Problem(400, sentence, param="file")


async def encode(pcm: bytes, rate: int, kind: str) -> bytes:
    """Return int16 mono sound at `rate` Hz as a file of one of `FORMATS`.

    Raises `AssistantError` where libsndfile cannot.
    """
    process = await _started("encode", str(rate), FORMATS[kind][0], stdin=asyncio.subprocess.PIPE)
    async with _ending(process):
        found, why = await process.communicate(pcm)
    if process.returncode:
        raise AssistantError(why.decode(errors="replace").strip() or f"{kind} cannot be written.")
    return found


async def _started(*arguments: str, stdin: Any) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "assistant.serve.web.codec", *arguments]
    return await asyncio.create_subprocess_exec(*command, stdin=stdin, stdout=pipe, stderr=pipe)


@contextlib.asynccontextmanager
async def _ending(process: asyncio.subprocess.Process) -> AsyncGenerator[None, None]:
    """Kill it at the end, whatever it does."""
    try:
        async with asyncio.timeout(WAIT_S):
            yield
    except TimeoutError:
        raise AssistantError("the sound file took too long.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def main(arguments: list[str]) -> int:
    """Be the process; return its exit code."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if arguments[0] == "decode":
        return _decode()
    return _encode(int(arguments[1]), arguments[2])


def _decode() -> int:
    from pathlib import Path

    from assistant.audio import wav

    try:
        pcm = wav.read(Path(NAME), longest_s=round(LONGEST_S))
    except AssistantError as error:
        sys.stderr.write(str(error).replace(f"{NAME}: ", "the file "))
        return TOO_LONG if isinstance(error, wav.TooLong) else UNREADABLE
    sys.stdout.buffer.write(pcm.astype("<i2", copy=False).data)
    return 0


def _encode(rate: int, kind: str) -> int:
    import io

    import numpy as np
    import soundfile  # type: ignore[import-untyped]

    pcm, file = np.frombuffer(sys.stdin.buffer.read(), "<i2"), io.BytesIO()
    try:
        soundfile.write(file, pcm, rate, format=kind)
    except (soundfile.LibsndfileError, ValueError) as error:
        sys.stderr.write(f"the installed libsndfile cannot write {kind}: {error}")
        return UNREADABLE
    sys.stdout.buffer.write(file.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
