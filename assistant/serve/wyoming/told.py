"""A text that is told while it may still change. Pure."""

from itertools import takewhile


class Told:
    """What a client knows of a text: pieces that, joined since the last beginning, are the text.

    A piece is told when two guesses in a row agree on it. Where the text turns out to be another
    one all the same, it is begun anew.
    """

    def __init__(self, language: str) -> None:
        """In a `language` with spaces only whole words are told."""
        self._spaced = language != "zh"
        self._guess = self._told = ""

    def guess(self, text: str) -> str:
        """Return the piece that may be told now that the text may be `text`; mostly nothing."""
        before, self._guess = self._guess, text
        both = zip(before, text, strict=False)
        common = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], both))
        if self._spaced and not _whole(common, before, text):
            common = common[: common.rfind(" ") + 1].rstrip()
        if len(common) <= len(self._told) or not common.startswith(self._told):
            return ""
        piece, self._told = common[len(self._told) :], common
        return piece

    def end(self, text: str) -> tuple[bool, str]:
        """Return whether the text is begun anew, and the piece that makes it `text`."""
        told, self._told = self._told, text
        if text.startswith(told):
            return False, text[len(told) :]
        return True, text


def _whole(common: str, *texts: str) -> bool:
    """Whether in each of the texts a word ends where the part that they have in common does."""
    return all(text[len(common) : len(common) + 1] in ("", " ") for text in texts)
