"""What skills may change of the assistant itself, as the daemon hands it out."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assistant import __version__
from assistant.errors import AssistantError, BadInput
from assistant.events import Dismissed, LanguageHeld
from assistant.language import AUTO

if TYPE_CHECKING:
    from assistant.daemon import Daemon

Wish = Callable[[dict[str, Any]], None]
"""Changes settings as those of the web page, as soon as nobody talks; raises `AssistantError`."""

NO_SERVICE = {
    "en": "I can change the language only while I run as a service.",
    "zh": "只有作为服务运行时，我才能切换语言。",
}
NOT_INSTALLED = {
    "en": "The models for that language are not installed.",
    "zh": "那种语言的模型还没有安装。",
}


class Controls:
    """The `Device` of the skills; its methods are called on the mind's thread."""

    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon
        self._began = time.monotonic()

    def volume(self, level: int) -> None:
        """Speak at `level`, 0 to 100."""
        volume = min(100, max(0, level)) / 100
        self._daemon.set_volume(volume)
        self._wish({"volume": volume})

    def volume_now(self) -> int:
        """Return the level, 0 to 100."""
        return round(100 * self._daemon.volume)

    def rate(self, factor: float) -> None:
        """Speak that much faster or slower from the next clause on."""
        from assistant.mouth.speaker import FASTEST, SLOWEST

        rate = round(min(FASTEST, max(SLOWEST, self._daemon.rate * factor)), 2)
        self._daemon.set_rate(rate)
        self._wish({"rate": rate})

    def mute(self, muted: bool) -> None:
        """Be deaf, or no longer."""
        self._daemon.mute(muted)
        self._wish({"muted": muted})

    def language(self, language: str) -> None:
        """Go on in another language once this turn is over.

        Where both are spoken it is held until another one or sleep is wanted.
        """
        if self._daemon.config.language == AUTO:
            self._daemon.post(LanguageHeld(language))
            return
        if language == (now := self._daemon.config.language):
            return
        if self._daemon.wish is None:
            raise AssistantError(NO_SERVICE[now])
        try:
            self._daemon.wish({"language": language})
        except BadInput as error:
            raise AssistantError(NOT_INSTALLED[now]) from error
        self.sleep()  # there is no other turn in the old language

    def sleep(self) -> None:
        """Listen for nothing but the wake word once this answer is said."""
        self._daemon.post(Dismissed())

    def last_answer(self) -> str:
        """Return what was said last."""
        return self._daemon.last_said

    def status(self) -> Mapping[str, str]:
        """Return version, model, who helps, and since when it runs."""
        return {
            "version": __version__,
            "model": self._daemon.model_name,
            "remote": urlsplit(self._daemon.config.remote.endpoint).hostname or "",
            "up_s": str(round(time.monotonic() - self._began)),
        }

    def _wish(self, change: dict[str, Any]) -> None:
        if self._daemon.wish:
            self._daemon.wish(change)
