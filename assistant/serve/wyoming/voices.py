"""How loud a server's voices are: they shall be heard as loud as the device's own."""

from collections.abc import Callable

from assistant.config import Config
from assistant.mouth.loudness import Book, Loudness
from assistant.serve.wyoming import forms


class Voices:
    """The voice that a server speaks with; another one as soon as it names another.

    What it says unasked has no name, and is taken for the voice of its last answer.
    """

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._name = ""
        self._voice: tuple[str, float, Loudness] | None = None

    def named(self, voice: forms.Voice | None) -> None:
        """The next answer is said with this voice."""
        self._name = (voice and (voice.name or voice.language)) or ""

    def now(self, address: str) -> Loudness:
        """Return what is known of the voice of the server at `address`."""
        config = self._config()
        who, target = f"satellite {address} {self._name}".rstrip(), config.speech.loudness
        if self._voice is None or self._voice[:2] != (who, target):
            book = Book(config.cache_dir / "loudness.json")
            self._voice = who, target, Loudness(who, book, target)
        return self._voice[2]
