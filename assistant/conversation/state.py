"""What is known of the conversation, and the settings that decisions depend on."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from assistant.conversation.endings import Ending
from assistant.events import Command, Server
from assistant.language import among


class Phase(StrEnum):
    """What the assistant is doing, as users see it."""

    ASLEEP = "asleep"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class Elsewhere(StrEnum):
    """Whether the server answers a turn."""

    NO = "no"
    SENT = "sent"
    """It is told what is said."""
    HEEDED = "heeded"
    """It has understood the question, and may have done already what was asked."""
    DECLINED = "declined"
    """It will not; the device does."""


AWAY = (Elsewhere.SENT, Elsewhere.HEEDED)


@dataclass(frozen=True, slots=True)
class Sentences:
    """What is said when something goes wrong."""

    missed: str = "I did not catch that."
    empty: str = "I have no answer to that."
    slow: str = "That takes too long, sorry."
    failed: str = "Sorry, something went wrong."
    long: str = "Sorry, let me answer what you have said so far."
    deaf: str = "Sorry, I could not hear you just now. Please say that again."
    away: str = "Sorry, I was away for a moment."


SENTENCES = {
    "en": Sentences(),
    "zh": Sentences(
        "我没听清。",
        "这个我答不上来。",
        "抱歉，这要花太长时间。",
        "抱歉，出错了。",
        "不好意思，我先回答您刚才说的。",
        "抱歉，我刚才听不见。请再说一遍。",
        "抱歉，我刚才离开了一下。",
    ),
}


@dataclass(frozen=True, slots=True)
class Over:
    """Something that sounds over the reply, of which it is not known whether it is meant for us."""

    began: float
    ended: float | None = None
    """When it paused; None while it goes on."""
    words: str = ""
    """What was recognised of it last, by `said`."""
    waits: bool = False
    """The reply waits for it; False: it is only soft."""
    until: float = 0.0
    """When that is given up on."""
    quieter_db: float = 0.0
    """By how much it is quieter than the voice that woke the assistant."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decisions depend on; seconds and dBFS, see docs/configuration.md."""

    max_silence: float = 1.2
    """What ends a turn where more was to be expected."""
    min_silence: float = 0.2
    """What ends a turn whose text is whole by all that is known."""
    whole: float = 0.5
    """Probability from which a text counts as whole."""
    open: float = 0.0005
    """Probability up to which it counts as open; between the two the silence falls evenly."""
    early: float = 0.2
    """Probability from which it is answered in secret while somebody still speaks."""
    ahead: bool = True
    """Read along, and begin to answer in secret at each pause."""
    takes_a_turn: int = 6
    takes_a_minute: int = 30
    no_speech: float = 6.0
    follow_up: float = 6.0
    question_follow_up: float = 10.0
    """As `follow_up`, after a reply that asks something."""
    addressed: float = 0.4
    """Probability from which a follow-up counts as said to the assistant; 0 answers all."""
    max_speech: float = 30.0
    grace: float = 1.2
    """Speech so soon after the end of a turn belongs to it; 0: never."""
    min_speech: float = 0.2
    min_level: float = -55.0
    patience: float = 60.0
    """The longest time without any sign of life from mind or mouth."""
    clause: float = 50.0
    """The longest time that one clause may sound, in which there is no other sign of life."""
    final_patience: float = 15.0
    """The longest time that the recogniser may take for its final text."""
    server_patience: float = 20.0
    """The longest time without any sign of the server that was asked."""
    ring: float = 180.0
    """The longest time that something rings which nobody stops."""
    barge_in: bool = True
    """Whoever speaks to the assistant interrupts it; False: only a stop word does."""
    hold: float = 0.2
    """A reply waits for what has sounded over it for so long, until it is known what it is."""
    wait: float = 6.0
    """The longest that it waits for what may go on for ever."""
    beside_db: float = 15.0
    """What is so much quieter than the voice that woke the assistant does not interrupt it."""
    leak_db: float = 20.0
    """Nor what is so much quieter than its own voice at the microphone: an echo canceller leaves
    sounds of 24 to 28 dB below at times, and whoever speaks so softly would not be understood."""
    backchannels: tuple[str, ...] = ()
    """What listeners say only to show that they listen."""
    interjections: tuple[str, ...] = ()
    """With what somebody begins who says only a word or two over the reply and means it."""
    always: bool = False
    earcon: bool = True
    out_earcon: bool = True
    """Tell by a tone that a question leaves the device."""
    stop_words: tuple[str, ...] = ("stop",)
    languages: tuple[str, ...] = ("en",)
    """What is spoken; of several the one that was spoken last, at first the first."""
    filler_after: float = 2.0
    """Without a word of the answer for so long, a few are said that fill the silence; 0: none."""
    fillers: tuple[tuple[str, ...], ...] = ()
    """Of which one is said, in each of the languages."""
    greetings: tuple[str, ...] = ()
    """What is said before it listens when it was woken, in each of them; empty: nothing."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is known of the conversation."""

    phase: Phase = Phase.ASLEEP
    turn: int = 0
    """The newest turn; every older one is dead."""
    now: float = float("-inf")
    """The latest time that was seen; it never goes back."""
    deadline: float | None = None
    """When `Tick` is wanted."""
    spoken: bool = False
    """The turn came by voice, so a follow-up may too."""
    woken: bool = False
    """The turn began with a wake word: silence deserves an answer."""
    level: float | None = None
    """How loud the one who woke it spoke, dBFS; None: nobody did yet."""
    reply: str = ""
    """What was heard of the last answer, while somebody may go on without the wake word."""
    began: float | None = None
    """When the utterance's first speech began."""
    finishing: bool = False
    """The recogniser was asked for its final text."""
    decided: float | None = None
    """When the turn was taken for over."""
    resumed: float | None = None
    """When somebody went on to speak while the final text was waited for; None: nobody does."""
    acted: bool = False
    """Something was done for it that cannot be taken back."""
    first: str = ""
    """The question of the turn before, which goes on in this one; it stands before all words."""
    joined: tuple[int, ...] = ()
    """The newest turns that went on in the next one: they are no part of the history."""
    endless: bool = False
    """It was asked in the middle of speech that had lasted too long."""
    then: str = ""
    """What is answered once a sentence that had to come first is said."""
    again: bool = False
    """After speaking, listen once more as after waking (something was not understood)."""
    ended: float | None = None
    """When the utterance's last speech ended; None while somebody speaks."""
    words: str = ""
    """What was recognised last, by `said`."""
    ending: Ending = Ending.PLAIN
    """Whether they promise more."""
    take: int = 0
    """The newest take of this turn; every older one is dead."""
    sorry: bool = False
    """It only says what went wrong."""
    worded: int = 0
    """The take of which a word has come."""
    filler_at: float | None = None
    """When a filler is said, if no word of the answer comes before; None: none will be."""
    filled: bool = False
    """One was said in this turn."""
    answering: str = ""
    """The words that a secret take answers now; empty: there is none."""
    judged: str = ""
    """The last words of which the mind has estimated whether they are a whole request."""
    complete: float = 0.0
    """The probability of that."""
    sounded: tuple[float, float] | None = None
    """When the newest pause began, and how probable it sounds that all was said."""
    begun: tuple[float, ...] = ()
    """When secret takes were begun in the last minute, in any turn."""
    sparing: bool = False
    """On battery, or hot: half as many secret takes."""
    duplex: bool = False
    """What is heard while the assistant speaks is the user's voice, so it may be interrupted."""
    sounding: str = ""
    """The newest clauses of the reply: what an echo would consist of."""
    over: Over | None = None
    """What sounds over the reply."""
    misled: int = 0
    """How often the reply of this turn has waited for nothing."""
    carried: int = 0
    """The turn over whose reply the utterance began; 0: over none."""
    unheard: bool = False
    """How much of that reply was heard is not known yet, and what is thought depends on it."""
    halted: bool = False
    """The utterance began with a stop word, which has done its work already."""
    out: bool = False
    """The question has left the device."""
    server: Server = Server.NONE
    elsewhere: Elsewhere = Elsewhere.NO
    ringing: bool = False
    """An alarm sounds."""
    due: tuple[str, ...] = ()
    """What rings, or will as soon as nobody talks: a sentence each."""
    rings_until: float | None = None
    """When what rings is given up."""
    tolls: bool = False
    """Its tones sound, not its sentence."""
    missed: tuple[str, ...] = ()
    """What rang in vain, or too late: it is told once, at the next wake."""
    tells: int = 0
    """So many of them this turn's sentence tells; they are told once it sounds."""
    language: str = ""
    """Which one of several was spoken last; empty: none yet."""
    held: str = ""
    """The one of several in which everything is answered; empty: each question in its own."""


Decision = tuple[State, tuple[Command, ...]]


def answered_in(rules: Rules, state: State, text: str = "") -> str:
    """Return the language in which `text` is answered; without one, what is said by itself."""
    return state.held or among(rules.languages, text, state.language or rules.languages[0])


def stops(rules: Rules, text: str) -> bool:
    """Whether `text` is nothing but a stop word."""
    return _bare(text) in {_bare(word) for word in rules.stop_words}


def _bare(text: str) -> str:
    """Letters and digits only, in lower case: recognisers differ in points and capitals."""
    kept = (c for c in unicodedata.normalize("NFKC", text) if c.isalnum() or c.isspace())
    return " ".join("".join(kept).casefold().split())
