"""Whether there is room on the disk, and whether the files may be used as they must be."""

import os
from collections.abc import Iterator
from pathlib import Path

from assistant.config import Config
from assistant.health.finding import Finding, judged
from assistant.messages import say

LOW, NONE = 500_000_000, 20_000_000
"""Bytes free below which it is told, and below which nothing can be remembered."""
SOUND = Path("/dev/snd")


def disk(config: Config) -> Finding:
    """Return how much room there is where something is written."""
    complaints, told, seen, full = [], [], set(), False
    for folder in (config.state_dir, config.cache_dir, config.models_dir):
        there = _existing(folder)
        device = there.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        about = os.statvfs(there)
        free = about.f_bavail * about.f_frsize
        told.append(say("{free:.1f} GB free for {folder}", free=free / 1e9, folder=folder))
        full = full or free < NONE
        if free < LOW:
            complaints.append(
                say("There is little room: `assistant models list` tells what may go.")
            )
        if about.f_flag & os.ST_RDONLY:
            complaints.append(
                say(
                    "{folder} cannot be written: timers and history are kept in memory only.",
                    folder=folder,
                )
            )
    found = judged("disk", ", ".join(told), complaints)
    return Finding(found.name, not full, found.text, found.warning)


def permissions(config: Config, sound: Path = SOUND) -> Finding:
    """Return whether this user may do what the assistant must do, and others no more."""
    complaints = [*_unwritable(config), *_readable_by_others(config)]
    if config.audio.backend != "none" and _closed(sound):
        complaints.append(
            say(
                "This user may not use the sound devices: `sudo usermod -aG audio $USER`, then log "
                "in again."
            )
        )
    return judged("permissions", "" if complaints else say("as they should be"), complaints)


def _unwritable(config: Config) -> Iterator[str]:
    for folder in (config.state_dir, config.cache_dir):
        there = _existing(folder)
        if not os.access(there, os.W_OK | os.X_OK):
            yield say(
                "{folder}: this user may not write there, so nothing is remembered; give it the "
                "folder (`chown`).",
                folder=there,
            )


def _readable_by_others(config: Config) -> Iterator[str]:
    """Yield a sentence for each secret that all users of the machine may read."""
    named = (
        config.web_token_path,
        config.web.key,
        config.remote.key_file,
        config.mqtt.password_file,
        config.mqtt.key,
    )
    for each in named:
        path = Path(each).expanduser()
        if str(each) and path.is_file() and path.stat().st_mode & 0o007:
            yield say(
                "{path}: all users of this machine may read it: `chmod o= {path}`.", path=path
            )


def _closed(sound: Path) -> bool:
    """Whether there are sound devices and this user may use none of them."""
    devices = list(sound.glob("pcm*"))
    return bool(devices) and not any(os.access(each, os.R_OK | os.W_OK) for each in devices)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())
