"""One turn in one file: a ZIP with `turn.jsonl` and, where it was heard, `ears.flac`.

The first line of `turn.jsonl` tells who made it, by which rules, and the state before; each other
one an event, when it was decided on (`time.monotonic` s), the commands that followed, and when the
decider asked to be called again. The sound is what the ears were given: mono, 16 kHz, echo and gain
dealt with already.
"""

import io
import json
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.conversation import Rules, State
from assistant.errors import BadInput
from assistant.events import Command, Event
from assistant.record import forms

FORM = 1
"""Of the file; a later one that means something else has a greater number."""
TURN, EARS = "turn.jsonl", "ears.flac"
LONGEST_S = 180
"""Longest sound that is kept, in s."""
DAMAGES = (
    zipfile.BadZipFile, zlib.error, struct.error, ValueError, LookupError, TypeError,
    AttributeError, EOFError, RuntimeError, OverflowError,
)  # fmt: skip
"""What libraries raise for content that they did not expect."""
LARGEST = 32 * 2**20
"""Bytes that a part may have when it is unpacked; 180 s of noise have 6 MB."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, and what was decided."""

    at: float
    """When, `time.monotonic` s of the machine that recorded."""
    event: Event
    commands: tuple[Command, ...] = ()
    deadline: float | None = None
    """When the decider asked to be called again, `time.monotonic` s; None: it did not."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A turn, from rest to rest."""

    rules: Rules
    state: State
    """Before the first event."""
    entries: tuple[Entry, ...]
    about: dict[str, str] = field(default_factory=dict)
    """Versions, machine and engines, for people."""
    pcm: Pcm | None = None
    """(samples,) int16, 16 kHz; None: there was no microphone."""
    heard_at: float = 0.0
    """`time.monotonic` s of its first sample."""


def write(path: Path, recording: Recording) -> None:
    """Write the file, for its owner only, whole or not at all. Raises `OSError`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(TURN, "".join(f"{line}\n" for line in _lines(recording)))
        if recording.pcm is not None and len(recording.pcm):
            file.writestr(EARS, _flac(recording.pcm), zipfile.ZIP_STORED)
    beside = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as target:
            target.write(packed.getvalue())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read(path: Path) -> Recording:
    """Read a file that `write` made; `BadInput` tells what is wrong with another one."""
    try:
        with zipfile.ZipFile(path) as file:
            lines = _part(file, TURN).decode().splitlines()
            sound = _part(file, EARS) if EARS in file.namelist() else b""
        return _recording([json.loads(line, parse_constant=_no_number) for line in lines], sound)
    except OSError as error:
        raise BadInput(
            "{path}: cannot be read: {reason}; name a file that `assistant record` has written.",
            path=path,
            reason=error.strerror or error,
        ) from error
    except DAMAGES as error:
        raise BadInput(
            "{path}: is no recording of a turn, or damaged ({reason}); name a file that "
            "`assistant record` has written.",
            path=path,
            reason=str(error).splitlines()[0] if str(error) else type(error).__name__,
        ) from error


def _recording(lines: list[Any], sound: bytes) -> Recording:
    head = lines[0]
    if head["form"] != FORM:
        raise ValueError(f"form {head['form']} of the file, known is {FORM}")
    return Recording(
        rules=forms.read(Rules, head["rules"]),
        state=forms.read(State, head["state"]),
        entries=tuple(_entry(line) for line in lines[1:]),
        about={str(key): str(value) for key, value in head["about"].items()},
        pcm=_pcm(sound) if sound else None,
        heard_at=float(head["heard_at"]),
    )


def _entry(line: Any) -> Entry:
    commands = tuple(forms.of(each, Command) for each in line.get("commands", ()))
    deadline = None if line.get("deadline") is None else float(line["deadline"])
    return Entry(float(line["at"]), forms.of(line["event"], Event), commands, deadline)


def _lines(recording: Recording) -> Iterator[str]:
    head = {
        "form": FORM,
        "about": recording.about,
        "heard_at": recording.heard_at,
        "rules": forms.whole(recording.rules),
        "state": forms.plain(recording.state),
    }
    yield json.dumps(head, ensure_ascii=False)
    for entry in recording.entries:
        line: dict[str, Any] = {"at": entry.at, "event": forms.named(entry.event)}
        if entry.commands:
            line["commands"] = [forms.named(each) for each in entry.commands]
        if entry.deadline is not None:
            line["deadline"] = entry.deadline
        yield json.dumps(line, ensure_ascii=False)


def _part(file: zipfile.ZipFile, name: str) -> bytes:
    """Unpack a part; `ValueError` for one that is too large or packed in another way."""
    part = file.getinfo(name)
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is packed in an unknown way")
    with file.open(part) as packed:
        content = packed.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{name} is larger than {LARGEST} bytes")
    return content


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no time")


def _flac(pcm: Pcm) -> bytes:
    import soundfile  # type: ignore[import-untyped]

    packed = io.BytesIO()
    soundfile.write(packed, pcm, RATE, format="FLAC", subtype="PCM_16")
    return packed.getvalue()


def _pcm(sound: bytes) -> Pcm:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(sound)) as file:
            if (file.samplerate, file.channels) != (RATE, 1):
                raise ValueError(f"{EARS} is not mono at {RATE} Hz")
            return np.asarray(file.read(LONGEST_S * RATE, dtype="int16"), np.int16)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{EARS}: {error.error_string}") from error
