"""What is said in the scenarios, by the assistant and to it."""

from collections.abc import Callable
from dataclasses import dataclass

from assistant.audio.frames import RATE, Pcm

PASSAGE = (
    "A lighthouse is a tower with a bright lamp at its top. For hundreds of years it has told "
    "sailors where the land begins. The first ones burned wood, later ones oil, and most of them "
    "use electric light today. Each has its own rhythm of flashes, so that a captain knows which "
    "coast he sees. Keepers lived there with their families, far away from any town. They cleaned "
    "the glass, wound up the clockwork, and wrote down the weather every evening."
)
"""What it recites where its words must be known: some 25 s."""

QUESTIONS = (
    "Tell me a long story about a fox and a crow.",
    "Explain in detail how bread is made.",
    "Describe the seasons of the year, one after the other.",
    "Tell me the story of a boy who finds a map.",
    "Explain in detail how rain is made.",
    "Describe what a farmer does from morning to evening.",
)
"""Each has an answer that is long enough to be interrupted."""

STOP = "Stop!"
WAKE = "okay nabu"
INTERRUPTIONS = (
    "What is the capital of Spain?",
    "No, tell me about the moon instead.",
    "How many days does a week have?",
    "Wait, I have another question.",
)
BACKCHANNELS = ("uh-huh", "yeah", "right", "I see", "mm-hmm", "okay")
ASIDES = (
    "Anna, did you feed the cat this morning?",
    "Just put the bags on the table over there.",
)


@dataclass(frozen=True, slots=True)
class Halves:
    """A request with a pause in it."""

    first: str
    pause: float
    """In s."""
    second: str

    def said_by(self, say: Callable[[str], Pcm]) -> Pcm:
        """Return it as `say` says it, (samples,) int16 16 kHz."""
        import numpy as np

        silence = np.zeros(round(self.pause * RATE), np.int16)
        return np.concatenate((say(self.first), silence, say(self.second)))


PAUSES = (
    Halves("What is,", 0.6, "the capital of France?"),
    Halves("I would like to know,", 0.9, "who wrote Hamlet."),
    Halves("Can you tell me,", 0.7, "how far away the moon is?"),
    Halves("What is twelve times,", 0.8, "eleven?"),
    Halves("Tell me something about,", 1.0, "the river Nile."),
    Halves("How many people,", 0.5, "live in Berlin?"),
)
