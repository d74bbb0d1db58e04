"""Makes the devices that the settings name."""

from collections.abc import Callable

from assistant.audio.frames import Loudspeaker, Microphone
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
