"""Signs that a device may have come, or a sound system begun: cheap to look at, and for that only.

A card's files appear in /dev/snd; PulseAudio and PipeWire make their socket anew.
"""

import os
from collections.abc import Mapping
from pathlib import Path

CARDS = Path("/dev/snd")


def places(environment: Mapping[str, str]) -> list[Path]:
    """Return where it is looked, as PulseAudio and PipeWire find their sockets."""
    found = [CARDS]
    server = environment.get("PULSE_SERVER", "")
    if server.startswith("unix:"):
        found.append(Path(server.removeprefix("unix:")))
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        found += [Path(runtime, "pulse", "native"), Path(runtime, "pipewire-0")]
    return found


def signs() -> tuple[tuple[int, int] | None, ...]:
    """Return for each place its inode and time of change, in ns; None: it is not there."""
    return tuple(_sign(place) for place in places(os.environ))


def _sign(place: Path) -> tuple[int, int] | None:
    try:
        about = place.stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns
