"""The one who decides: ``decide(rules, state, event, now) -> (state, commands)``.

A pure function without threads, clocks, engines or I/O. A turn goes
ASLEEP -> LISTENING -> THINKING -> SPEAKING and from there to the next LISTENING or to ASLEEP.
The caller keeps the state, executes the commands, and sends `Tick` when `State.deadline` has come.

While somebody speaks, the mind reads along (`Prepare`) and estimates whether the request is whole.
Where it may be, and at each pause, the answer is begun in secret (`Think(secret=True)`); a whole
request makes the silence that ends the turn short. When it has ended and the final words are those
that are being answered, the secret take is released; other words drop it.

Where a server answers for this device, the question goes to it (`Send`) while the own ears listen
and read along. Nothing is begun in secret then; but whenever the server declines, is gone or gives
no sign, the device answers by itself, from the words that its own ears have.
"""

from assistant.conversation.deciding import decide
from assistant.conversation.filling import FILLERS
from assistant.conversation.state import (
    SENTENCES,
    Elsewhere,
    Phase,
    Rules,
    State,
    answered_in,
    stops,
)
from assistant.conversation.turns import RING_S, needed_silence

__all__ = [
    "FILLERS",
    "RING_S",
    "SENTENCES",
    "Elsewhere",
    "Phase",
    "Rules",
    "State",
    "answered_in",
    "decide",
    "needed_silence",
    "stops",
]
