"""A recorded turn runs again through the decider, with virtual time: what would it decide now?

As long as it decides as it did then, its clock's ticks come when they came. From the first
difference on they come when it asks for them; all other events stay where they were, for what
people did, and how long the engines took, does not change.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from assistant.audio.frames import RATE, Pcm
from assistant.conversation import decide
from assistant.events import Event, Heard, SpeechStarted, Tick
from assistant.record.recording import Entry, Recording

MOST_TICKS = 1000
"""In a row, between two events; a decider that asks for more does not get on."""
BEFORE_S = 0.3
"""A recogniser wants to hear a little of what is before the first word."""
EQUAL_S = 1e-6
"""Deadlines that differ by less are the same."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the turn that runs again."""

    at: float
    """When, s from the first event on."""
    event: Event
    now: Entry | None
    """What is decided now; None: it is not asked any more."""
    then: Entry | None
    """What was decided when it was recorded; None: it was not asked then."""

    @property
    def differs(self) -> bool:
        """Whether something else was decided then, or it wanted to be asked again later or sooner.

        A tick that comes to nothing in both is no difference.
        """
        now, then = self.now or Entry(0.0, Tick()), self.then or Entry(0.0, Tick())
        if now.commands != then.commands:
            return True
        if self.now is None or self.then is None:
            return False
        if now.deadline is None or then.deadline is None:
            return now.deadline is not then.deadline
        return abs(now.deadline - then.deadline) > EQUAL_S


def replay(recording: Recording) -> tuple[Step, ...]:
    """Return every step, in order; times are those of the recording."""
    return tuple(_steps(recording))


def utterances(recording: Recording) -> list[tuple[str, Pcm]]:
    """Return each final text with the sound, (samples,) int16 16 kHz, in which it was said."""
    found: list[tuple[str, Pcm]] = []
    if recording.pcm is None:
        return found
    began: float | None = None
    for entry in recording.entries:
        match entry.event:
            case SpeechStarted(_, at) if began is None:
                began = at
            case Heard(_, text) if began is not None:
                first, last = (
                    max(0, round((at - recording.heard_at) * RATE))
                    for at in (began - BEFORE_S, entry.at)
                )
                found.append((text, recording.pcm[first:last]))
                began = None
    return found


def _steps(recording: Recording) -> Iterator[Step]:
    rules, state, same = recording.rules, recording.state, True
    start = recording.entries[0].at if recording.entries else 0.0
    for then in recording.entries:
        if not same:
            for _ in range(MOST_TICKS):
                if state.deadline is None or state.deadline > then.at:
                    break
                at = max(state.deadline, state.now)
                state, commands = decide(rules, state, Tick(), at)
                yield Step(at - start, Tick(), Entry(at, Tick(), commands, state.deadline), None)
            if isinstance(then.event, Tick):
                yield Step(then.at - start, then.event, None, then)
                continue
        state, commands = decide(rules, state, then.event, then.at)
        now = Entry(then.at, then.event, commands, state.deadline)
        step = Step(then.at - start, then.event, now, then)
        same = same and not step.differs
        yield step
