"""What is said in the scenarios, by the assistant and to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.audio.frames import RATE, Pcm

WAKE = "okay nabu"


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


@dataclass(frozen=True, slots=True)
class Script:
    """What is said in one language."""

    passage: str
    """What it recites where its words must be known: some 25 s."""
    questions: Sequence[str]
    """Each has an answer that is long enough to be interrupted."""
    stop: str
    interruptions: Sequence[str]
    backchannels: Sequence[str]
    asides: Sequence[str]
    pauses: Sequence[Halves]


ENGLISH = Script(
    passage=(
        "A lighthouse is a tower with a bright lamp at its top. For hundreds of years it has told "
        "sailors where the land begins. The first ones burned wood, later ones oil, and most of "
        "them use electric light today. Each has its own rhythm of flashes, so that a captain "
        "knows which coast he sees. Keepers lived there with their families, far away from any "
        "town. They cleaned the glass, wound up the clockwork, and wrote down the weather every "
        "evening."
    ),
    questions=(
        "Tell me a long story about a fox and a crow.",
        "Explain in detail how bread is made.",
        "Describe the seasons of the year, one after the other.",
        "Tell me the story of a boy who finds a map.",
        "Explain in detail how rain is made.",
        "Describe what a farmer does from morning to evening.",
    ),
    stop="Stop!",
    interruptions=(
        "What is the capital of Spain?",
        "No, tell me about the moon instead.",
        "How many days does a week have?",
        "Wait, I have another question.",
    ),
    backchannels=("uh-huh", "yeah", "right", "I see", "mm-hmm", "okay"),
    asides=(
        "Anna, did you feed the cat this morning?",
        "Just put the bags on the table over there.",
    ),
    pauses=(
        Halves("What is,", 0.6, "the capital of France?"),
        Halves("I would like to know,", 0.9, "who wrote Hamlet."),
        Halves("Can you tell me,", 0.7, "how far away the moon is?"),
        Halves("What is twelve times,", 0.8, "eleven?"),
        Halves("Tell me something about,", 1.0, "the river Nile."),
        Halves("How many people,", 0.5, "live in Berlin?"),
    ),
)
CHINESE = Script(
    passage=(
        "灯塔是一座顶上有一盏明亮的灯的塔。几百年来，它告诉水手哪里是陆地。最早的灯塔烧木柴，后来烧油，"
        "今天大多用电灯。每座灯塔闪光的节奏都不一样，船长一看就知道自己到了哪一段海岸。"
        "守塔人和家人住在里面，离城镇很远。他们擦玻璃，给钟上发条，每天晚上记下天气。"
    ),
    questions=(
        "请介绍一下怎样做面包，一步一步说。",
        "请详细介绍一年四季，一个一个地说。",
        "请讲一个狐狸和乌鸦的长故事。",
        "请一步一步地说明雨是怎么来的。",
    ),
    stop="停",
    interruptions=(
        "西班牙的首都是哪里？",
        "不对，给我讲讲月亮吧。",
        "一个星期有几天？",
        "等一下，我还有一个问题。",
    ),
    backchannels=("嗯", "嗯嗯", "对", "好的", "原来如此", "是吗"),
    asides=("小明，你今天早上喂猫了没有？", "把包放到那边的桌子上就行了。"),
    pauses=(
        Halves("我想知道，", 0.9, "谁写了红楼梦。"),
        Halves("请告诉我，", 0.7, "月亮离我们有多远？"),
        Halves("给我讲一个故事，因为，", 0.8, "我睡不着。"),
        Halves("十二乘以，", 0.8, "十一等于多少？"),
    ),
)


def of(language: str) -> Script:
    """Return what is said in `language`, "zh" or "en"; in English where it is neither."""
    return CHINESE if language == "zh" else ENGLISH
