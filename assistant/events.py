"""The words between the rooms: what has happened (events) and what shall be done (commands).

`turn` is the id of the turn that something belongs to. Ids only grow; work for an id that is no
longer the newest one is dead and is neither heard nor shown. All times are `time.monotonic` s.
"""

from dataclasses import dataclass

# --- events: what has happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """All rooms are ready."""


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
class Asked:
    """A question came as text."""

    text: str


@dataclass(frozen=True, slots=True)
class SayRequested:
    """A text shall be spoken as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The mind has said all; the mouth may still be speaking."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class ClauseStarted:
    """A clause begins to sound."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class SpeakingEnded:
    """The mouth is silent: all was said, or it was stopped."""

    turn: int
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


@dataclass(frozen=True, slots=True)
class Tick:
    """The deadline that the state asked for has come."""


Event = (
    Started
    | WakeDetected
    | SpeechStarted
    | SpeechEnded
    | Partial
    | Heard
    | StopHeard
    | StopRequested
    | Asked
    | SayRequested
    | ReplyEnded
    | ClauseStarted
    | SpeakingEnded
    | Failed
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
class Finish:
    """Ears: the utterance is over, answer with `Heard`."""

    turn: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Ears: hear nothing but wake words and stop words."""

    turn: int


@dataclass(frozen=True, slots=True)
class Think:
    """Mind: answer; mouth: speak the answer while it comes."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """Mouth: speak a fixed sentence."""

    turn: int
    text: str


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
class Earcon:
    """Mouth: play a short tone: `wake`, `done`, `error` or `sleep`."""

    name: str


Command = Rest | Listen | Finish | Watch | Think | Say | Remember | Cancel | Earcon
