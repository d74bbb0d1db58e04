"""Makes the devices that the settings name."""

from collections.abc import Callable
from typing import Protocol

from assistant.audio.frames import Loudspeaker, Microphone
from assistant.audio.kept import KeptLoudspeaker, KeptMicrophone
from assistant.audio.silent import SilentLoudspeaker, SilentMicrophone
from assistant.config import Config


def make(config: Config, on_lost: Callable[[str], None]) -> tuple[Microphone, Loudspeaker]:
    """Return both devices of `audio.backend`; nothing is opened before they are started.

    `on_lost(reason)` is called, from any thread, when one of them dies while it runs.
    """
    return microphone(config, on_lost), loudspeaker(config, on_lost)


def microphone(config: Config, on_lost: Callable[[str], None]) -> Microphone:
    """Return the microphone; see `make`."""
    if config.audio.backend == "none":
        return SilentMicrophone()
    from assistant.audio.portaudio import PortAudioMicrophone

    return PortAudioMicrophone(config.audio, on_lost)


def loudspeaker(config: Config, on_lost: Callable[[str], None]) -> Loudspeaker:
    """Return the loudspeaker; see `make`."""
    if config.audio.backend == "none":
        return SilentLoudspeaker()
    from assistant.audio.portaudio import PortAudioLoudspeaker

    return PortAudioLoudspeaker(config.audio, on_lost)


class Watcher(Protocol):
    """Who is told of devices that come and go, from any thread; `room` is one of them."""

    def device_lost(self, room: str, reason: str) -> None:
        """It is gone, and tried again."""

    def device_late(self, room: str, reason: str) -> None:
        """It is still not there, and a turn that needs it must end."""

    def device_back(self, room: str) -> None:
        """It works again."""


def kept(
    config: Config, watcher: Callable[[], Watcher]
) -> tuple[SilentMicrophone | KeptMicrophone, SilentLoudspeaker | KeptLoudspeaker]:
    """Return both devices; they come back when they are lost, and ``watcher()`` is told."""
    if config.audio.backend == "none":
        return SilentMicrophone(), SilentLoudspeaker()
    return (
        KeptMicrophone(
            lambda on_lost: microphone(config, on_lost),
            lambda reason: watcher().device_lost("microphone", reason),
            lambda: watcher().device_back("microphone"),
        ),
        KeptLoudspeaker(
            lambda on_lost: loudspeaker(config, on_lost),
            lambda reason: watcher().device_lost("loudspeaker", reason),
            lambda reason: watcher().device_late("loudspeaker", reason),
            lambda: watcher().device_back("loudspeaker"),
        ),
    )
