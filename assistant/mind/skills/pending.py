"""A question of a skill's own that the next turn answers. Pure: its clock is given."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from assistant.mind.skills.skill import Lacking

ANSWERED, DECLINED, UNCLEAR = "question.answered", "question.declined", "question.unclear"
"""The intents of a turn that answers an open question."""
WAITS_S = 25.0
"""So long an answer is waited for; the question is spoken in the first seconds of it."""
LEFT = {"en": "All right, I leave it.", "zh": "好的，那就不做了。"}
_YES = {
    "en": (
        r"(?:(?:oh|um|uh|ah|well|and) )*(?:yes|yeah|yep|yup|sure|of course|certainly|absolutely|"
        r"ok|okay|right|correct|do it|do that|go ahead|please do|i am sure|i'm sure)"
        r"(?: (?:yes|yeah|sure|ok|okay|of course|please|do it|do that|do|go ahead|thanks|"
        r"thank you|i am sure|i'm sure))*"
    ),
    "zh": (
        r"[嗯啊哦]*(?:是|对|好|行|可以|没错|没问题|确定|确认|当然|同意|要|来吧|去吧|做吧)"
        r"(?:是|对|好|行|的|了|啊|吧|呀|可以|没错|没问题|确定|确认|当然|同意|谢谢)*"
    ),
}
_NO_SOUND = re.compile(r"[^\w']+")


@dataclass(frozen=True, slots=True)
class Pending:
    """An open question."""

    question: str
    until: float
    """On the clock of `Questions`."""
    then: Callable[[str], str | None] | None = None
    """What an owner has added: given what was answered; returns what is said."""
    any_words: bool = False
    """Every answer is one for `then`; else only a yes is."""
    lacks: Lacking | None = None
    """What a request of the assistant's own has to know; then there is no `then`."""
    again: bool = False
    """An answer was not understood already."""


def is_yes(text: str) -> bool:
    """Whether `text` is a yes and nothing but a yes, in English or Chinese."""
    words = _NO_SOUND.sub(" ", text.lower().replace("’", "'")).strip()
    tight = words.replace(" ", "")
    return bool(re.fullmatch(_YES["en"], words) or re.fullmatch(_YES["zh"], tight))


class Questions:
    """At most one question is open: the newest. From one thread, but for `clear`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` in s; it never goes back."""
        self._clock = clock
        self._open: Pending | None = None

    @property
    def open(self) -> Pending | None:
        """The question that waits, unless it has waited too long."""
        pending = self._open
        return pending if pending and self._clock() < pending.until else None

    def put(self, question: str, then: Callable[[str], str | None], any_words: bool) -> None:
        """Wait from now on for an answer to `question`."""
        self._open = Pending(question, self._clock() + WAITS_S, then, any_words)

    def ask(self, question: str, lacks: Lacking, *, again: bool = False) -> None:
        """Wait from now on for what a request lacks."""
        self._open = Pending(question, self._clock() + WAITS_S, lacks=lacks, again=again)

    def clear(self) -> None:
        """Wait for no answer; from any thread."""
        self._open = None

    def close(self, pending: Pending) -> bool:
        """Return whether `pending` is still open; it is not any more."""
        was = self._open is pending
        if was:
            self._open = None
        return was
