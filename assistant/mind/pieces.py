"""Bytes of tokens become pieces of text: whole characters, and nothing from a stop text on."""

import codecs
from collections.abc import Sequence


class Pieces:
    """Feed it the bytes of one token after the other; it returns what may be shown already.

    A character whose bytes are spread over several tokens comes out once it is whole. Text that
    could be the beginning of a stop text is held back until it is known not to be one.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._stops = [stop for stop in stops if stop]
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._held = ""
        self.stopped = False
        """Whether a stop text came; nothing comes out after it."""

    def feed(self, data: bytes) -> str:
        """Take the bytes of a token; return the text that is certain now, often empty."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data)
        # Of several, the one that is complete first counts: so it does not matter how the text was
        # cut into tokens.
        found = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        self.stopped = bool(found)
        keep = min(found)[1] if found else len(self._held) - self._doubtful()
        text, self._held = self._held[:keep], self._held[keep:]
        return text

    def end(self) -> str:
        """Return what was held back; half a character at the end is dropped."""
        text, self._held = ("" if self.stopped else self._held), ""
        return text

    def _doubtful(self) -> int:
        """Length of the longest end of the held text that is the beginning of a stop text."""
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        for size in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-size:]) for stop in self._stops):
                return size
        return 0
