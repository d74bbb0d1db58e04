"""The words between the rooms: what has happened (events) and what shall be done (commands).

`turn` is the id of the turn that something belongs to. Ids only grow; work for an id that is no
longer the newest one is dead and is neither heard nor shown. An answer to a turn is made in takes:
one that was begun in secret, before the turn was known to be over, may be dropped and followed by
another. Takes are numbered from 1 in each turn. All times are `time.monotonic` s.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Key(NamedTuple):
    """Names a piece of work for mind and mouth; a greater one is newer, and the older are dead."""

    turn: int
    take: int


LAST_TAKE = 1 << 30
"""Greater than any take's number: with it a key means the whole turn."""
NEVER = Key(-1, 0)
"""Older than all work."""
ALWAYS = Key(1 << 62, 0)
"""Newer than all work."""

# --- events: what has happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """All rooms are ready."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The process before this one was cut off in the middle of a turn, which is lost."""

    spoken: bool
    """It came by voice, so whoever spoke may do it once more."""
    language: str
    """In which it was."""


@dataclass(frozen=True, slots=True)
class WakeDetected:
    """Somebody wants to speak."""

    phrase: str
    """The wake word, or where the wish came from: `key`, `command`."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The voice activity detector is sure that speech has begun."""

    turn: int
    at: float
    """When the sound began."""
    level: float | None = None
    """Its loudest 20 ms until now, RMS, dBFS; None: not measured."""
    echo: float | None = None
    """The same, of all that was heard before the assistant's own voice was taken out; None: it did
    not sound."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The voice activity detector is sure that there is a pause."""

    turn: int
    at: float
    """When the sound ended."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What has been recognised so far."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What has been recognised when speech paused: all that was said until then."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The mind has read what was said and estimates whether it is a whole request."""

    turn: int
    text: str
    complete: float
    """Probability, 0 to 1, that a sentence or the message ends here."""


@dataclass(frozen=True, slots=True)
class Sounded:
    """What the end of speech sounds like, where there is something that hears that."""

    turn: int
    at: float
    """When the pause began, as `SpeechEnded` tells it, if it is one."""
    complete: float
    """Probability, 0 to 1, that the speaker has said all."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The final text of an utterance."""

    turn: int
    text: str
    speech_s: float
    """Seconds of speech in it, by the voice activity detector."""
    level: float
    """Its loudest 20 ms, RMS, dBFS."""


@dataclass(frozen=True, slots=True)
class StopHeard:
    """A stop word was said while the assistant was thinking or speaking."""

    text: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Somebody pressed stop."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """After this answer nothing but the wake word is wanted."""


@dataclass(frozen=True, slots=True)
class LanguageHeld:
    """From now on everything is answered in this language, until another one or sleep is wanted.

    Only where several are spoken.
    """

    language: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question came as text."""

    text: str


@dataclass(frozen=True, slots=True)
class SayRequested:
    """A text shall be spoken as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class SentOut:
    """The question has left the device: a larger model elsewhere answers it."""

    turn: int
    take: int


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """The larger model has not answered; the one on this device does."""

    turn: int
    take: int


@dataclass(frozen=True, slots=True)
class ReplyBegan:
    """The mind has the first words of the answer; it will soon be heard."""

    turn: int
    take: int


@dataclass(frozen=True, slots=True)
class Acted:
    """Something is being done for the question: a timer is set, a light is turned on."""

    turn: int
    take: int


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The mind has said all; the mouth may still be speaking."""

    turn: int
    take: int
    text: str


@dataclass(frozen=True, slots=True)
class ClauseStarted:
    """A clause begins to sound."""

    turn: int
    take: int
    text: str


@dataclass(frozen=True, slots=True)
class SpeakingEnded:
    """The mouth is silent: all was said, or it was stopped."""

    turn: int
    take: int
    heard: str
    """The part of the reply that was really audible, as it stands in the reply's text."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A room could not do its work."""

    turn: int
    room: str
    """`microphone`, `ears`, `mind`, `mouth` or `loudspeaker`."""
    message: str
    """One sentence for the log."""
    take: int = 0
    """The take that cannot go on; 0: it is not about one."""


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """The machine runs on battery or is hot, or no longer is."""

    sparing: bool


@dataclass(frozen=True, slots=True)
class DuplexChanged:
    """The microphone can be trusted while the assistant speaks, or no longer can."""

    usable: bool
    """What it hears then is the user's voice, not the assistant's own."""


class Server(StrEnum):
    """How it stands with the server that answers for this device, where there is one."""

    NONE = "none"
    """There is none, or it is away: the device answers by itself."""
    READY = "ready"
    PAUSED = "paused"
    """It wants the device to be deaf to its wake word."""


@dataclass(frozen=True, slots=True)
class ServerChanged:
    """The server came, went, or wants silence."""

    server: Server


@dataclass(frozen=True, slots=True)
class Understood:
    """The server has heard the whole question, or shows in another way that it works on it."""

    turn: int
    text: str
    """What it has understood; empty: it does not say."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The server does not answer the turn, or its answer broke off."""

    turn: int
    quiet: bool = False
    """Nothing shall be said instead: another device answers."""


@dataclass(frozen=True, slots=True)
class SoundOffered:
    """The server has sound that shall be heard."""

    turn: int
    """Whose answer it is; 0: nobody has asked for it."""
    ringing: bool = False
    """It is an alarm: to wake the assistant silences it."""


@dataclass(frozen=True, slots=True)
class Rang:
    """A timer, an alarm or a reminder is due."""

    text: str
    """What is said about it."""
    missed: bool = False
    """It is too late to ring; it is only told."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The deadline that the state asked for has come."""


Event = (
    Started
    | Returned
    | WakeDetected
    | SpeechStarted
    | SpeechEnded
    | Partial
    | Settled
    | Judged
    | Sounded
    | Heard
    | StopHeard
    | StopRequested
    | Dismissed
    | LanguageHeld
    | Asked
    | SayRequested
    | SentOut
    | Acted
    | LeftAlone
    | ReplyBegan
    | ReplyEnded
    | ClauseStarted
    | SpeakingEnded
    | Failed
    | PowerChanged
    | DuplexChanged
    | ServerChanged
    | Understood
    | Declined
    | SoundOffered
    | Rang
    | Tick
)

# --- commands: what shall be done --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rest:
    """Ears: hear nothing but wake words."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Ears: from now on what is said belongs to this turn."""

    turn: int


@dataclass(frozen=True, slots=True)
class Settle:
    """Ears: answer with `Settled`, and go on listening."""

    turn: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Ears: the utterance is over, answer with `Heard`."""

    turn: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Ears: hear nothing but wake words and stop words."""

    turn: int


@dataclass(frozen=True, slots=True)
class Overhear:
    """Ears: as `Watch`, and tell what is said over the reply, as while listening."""

    turn: int


@dataclass(frozen=True, slots=True)
class CarryOn:
    """Ears: what is being said over the reply of `before` is the beginning of this turn."""

    turn: int
    before: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Mind: a stop word was said over the reply; end what runs for an action."""

    text: str


@dataclass(frozen=True, slots=True)
class Duck:
    """Mouth: speak softly, for somebody else does."""

    turn: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Mouth: wait where you are, and begin nothing."""

    turn: int


@dataclass(frozen=True, slots=True)
class Raise:
    """Mouth: go on as loud as before, from where you waited."""

    turn: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Mind: read what was said so far, ahead of the question's end."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Think:
    """Mind: answer; mouth: speak the answer while it comes."""

    turn: int
    take: int
    text: str
    secret: bool = False
    """Nobody may hear, see or remember it before `Release`."""


@dataclass(frozen=True, slots=True)
class Release:
    """Mind and mouth: the secret take is the answer; say it."""

    turn: int
    take: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Mind and mouth: the secret take is dead, the turn is not."""

    turn: int
    take: int
    why: str
    """For the trace: `more speech`, `other text`, ..."""


@dataclass(frozen=True, slots=True)
class Say:
    """Mouth: speak a fixed sentence."""

    turn: int
    take: int
    text: str


@dataclass(frozen=True, slots=True)
class Fill:
    """Mouth: say this before the answer, which is slow; unless a word of it has come by now."""

    turn: int
    take: int
    text: str


@dataclass(frozen=True, slots=True)
class Send:
    """Server: what is heard from now on is a question to it, until `Finish`."""

    turn: int
    phrase: str
    """What woke the assistant; empty: nothing did, and what was just said belongs to it."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Server: the turn is not for it any more; the device answers."""

    turn: int


@dataclass(frozen=True, slots=True)
class Play:
    """Server: the sound that was offered may be heard, as this take."""

    turn: int
    take: int


@dataclass(frozen=True, slots=True)
class Remember:
    """Mind: the turn is part of the history, with the part of the reply that was heard."""

    turn: int
    heard: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """All rooms: the turn is dead."""

    turn: int


@dataclass(frozen=True, slots=True)
class Ignore:
    """Tell who watches: this was said to somebody else."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Earcon:
    """Mouth: play a short tone, one of `assistant.audio.tones.NOTES`."""

    name: str


Command = (
    Rest
    | Listen
    | Settle
    | Finish
    | Watch
    | Overhear
    | CarryOn
    | Halt
    | Duck
    | Pause
    | Raise
    | Prepare
    | Think
    | Release
    | Drop
    | Say
    | Fill
    | Send
    | Recall
    | Play
    | Remember
    | Cancel
    | Ignore
    | Earcon
)
