"""Words that are never said."""

from collections.abc import Iterable

from assistant.mind.guard.stream import Verdict


class Words:
    """Judges beginnings by a list of words and phrases, whole words where they are in letters."""

    topic = "words"

    def __init__(self, phrases: Iterable[str], say: str) -> None:
        self._phrases = frozenset(phrase.lower() for phrase in phrases)
        self._beginnings = frozenset(p[:n] for p in self._phrases for n in range(1, len(p) + 1))
        self.say = say

    def judge(self, before: str, held: str, *, last: bool) -> Verdict:
        """See `assistant.mind.guard.stream.Judge`."""
        text = held.lower()
        if text[0] not in self._beginnings or _inside(before[-1:], text[0]):
            return Verdict.PASS
        for end in range(1, len(text) + 1):
            if text[:end] not in self._beginnings:
                return Verdict.PASS
            if text[:end] not in self._phrases:
                continue
            after = text[end : end + 1]
            if _latin(text[end - 1]) and not after and not last:
                return Verdict.HOLD
            if not _inside(text[end - 1], after):
                return Verdict.STOP
        return Verdict.PASS if last else Verdict.HOLD


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _inside(before: str, after: str) -> bool:
    """Whether a word goes on from one character to the next; either may be empty."""
    return bool(before and after) and _latin(before) and _latin(after)
