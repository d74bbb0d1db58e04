"""What of an answer was not heard because somebody interrupted it, and going on with it.

Used by the mind's thread only. What was heard is in the history, and what was not is kept here: "go
on" says it, from the word on that was cut off, and where the model had not come to its end it
writes on from there.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass

from assistant.mind.history import History
from assistant.mind.model import Message
from assistant.wording import said

KEPT = 8
"""Answers whose fate is still open; more than a few never are."""
TURNS = 4
"""Turns after which nobody means the interrupted answer any more."""
SURE = 0.9
"""The probability that such a request is whole, as for the sentence of a skill."""

_AROUND_EN = (
    r"(?:ok|okay|please|sorry|no|so|and|now|well|alright|all\ right|yes|yeah|then|just|but)"
)
_ENGLISH = r"""
    (?:you\ (?:can|may)\ |can\ you\ |could\ you\ )?
    (?:go\ on|go\ ahead|continue|carry\ on|keep\ (?:going|talking|on)|proceed|resume)
        (?:\ (?:talking|speaking|reading|with\ (?:it|that|the\ story|your\ answer)
        |what\ you\ were\ saying|where\ you\ (?:stopped|left\ off)|from\ there))?
    |(?:what|where)\ were\ you(?:\ saying)?|you\ were\ saying
    |finish\ (?:it|that|your\ (?:sentence|answer))
    |finish\ what\ you\ were\ saying|and\ then(?:\ what)?|what\ then|what\ happened\ then
"""
_CHINESE = """
    (?:好的?|行|那|嗯|对不起|不好意思|没事|请|你|您|可以|麻烦你?|再)*
    (?:(?:继续|接着|往下)(?:说|讲|念|读|说下去|讲下去|吧|刚才的)?|[说讲]下去|然后呢|后来呢|刚才[说讲]到哪[儿里]?了?)
    (?:吧|呀|啊|呢|好吗|行吗)*
"""
_GOES_ON = re.compile(
    rf"(?:{_AROUND_EN}\ )*(?:{_ENGLISH})(?:\ (?:{_AROUND_EN}|for\ me))*|{_CHINESE}", re.VERBOSE
)
_HAN_GAP = re.compile(r"(?<=[\u4e00-\u9fff]) | (?=[\u4e00-\u9fff])")
_SENTENCE = re.compile(r"(?:[^.!?。！？\n]|[.](?=\w))+[.!?。！？\n]*[\"'”’」』)）]*\s*")


def goes_on(text: str) -> bool:
    """Return whether `text` asks to go on with what was being said, and for nothing else."""
    return _GOES_ON.fullmatch(_HAN_GAP.sub("", said(text))) is not None


def last_sentence(text: str, heard: int) -> str:
    """Return the last sentence of `text` of which something was heard, whole."""
    begun = [match for match in _SENTENCE.finditer(text) if match.start() < max(heard, 1)]
    return begun[-1].group().strip() if begun else text.strip()


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer that was interrupted."""

    question: str
    heard: str
    rest: str
    """What was made and not heard."""
    whole: bool
    """Nothing more would have been made."""

    @property
    def said(self) -> str:
        """All that was made."""
        return self.heard + self.rest


class Unheard:
    """Keeps the rest of the answer that was interrupted last."""

    def __init__(self) -> None:
        self._made: OrderedDict[int, tuple[str, bool]] = OrderedDict()
        self._cut: Cut | None = None
        self._age = 0
        self.last_said = ""
        """What was heard of the last answer; of an interrupted one its last sentence, whole."""

    def made(self, turn: int, text: str, whole: bool) -> None:
        """So much of the answer of `turn` was made; `whole`: to its own end."""
        self._made[turn] = text, whole
        self._made.move_to_end(turn)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)

    def heard(self, turn: int, question: str | None, heard: str) -> None:
        """So much of it was heard; None: what was said was no answer."""
        self._age += 1
        self.last_said = heard
        text, whole = self._made.pop(turn, ("", True))
        rest = text[len(heard) :]
        if question is None or not text.startswith(heard) or (whole and not rest.strip()):
            return
        self.last_said = last_sentence(text, len(heard.rstrip()))
        self._cut, self._age = Cut(question, heard, rest, whole), 0

    def wanted(self, text: str) -> Cut | None:
        """Return what is gone on with when somebody says `text`; None: nothing."""
        return self._cut if self._cut and self._age < TURNS and goes_on(text) else None

    def forget(self) -> None:
        """Begin a new conversation."""
        self._cut = None


def prompt(system: str, history: History, cut: Cut) -> list[Message]:
    """Return what the model is told so that it writes on where it was cut off.

    The last message is its own and open, so that only what was not in the prompt is read.
    """
    turns = history.messages()
    if turns[-2:] == [Message("user", cut.question), Message("assistant", cut.heard)]:
        del turns[-2:]
    return [
        Message("system", system),
        *turns,
        Message("user", cut.question),
        Message("assistant", cut.said),
    ]
