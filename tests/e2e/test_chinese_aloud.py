"""Talking Chinese with the whole assistant: parts 2 to 5 of what makes a talk, on virtual devices.

Model, voice, voice activity and the sound of who speaks (espeak-ng) are real. No recogniser here
understands espeak's Chinese, so its sentences are known by heart (`by_heart.ByHeart`, a fake): the
words are right, and come when they were said.

The microphone does not hear the loudspeaker, as with a perfect echo canceller.
"""

import time

import numpy as np
import pytest
from aloud import Aloud
from by_heart import ByHeart

from assistant.audio.frames import RATE
from assistant.audio.resample import resample
from assistant.bench.conversation.talkers import trimmed
from assistant.ears import engines
from assistant.mouth.espeak import EspeakSynthesiser

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]

SETTINGS = {
    "language": "zh",
    "llm": {"temperature": 0.0, "max_tokens": 120},
    "speech": {"engine": "espeak", "rate": 1.6},
    "echo": {"mode": "on"},
    "turn": {"max_silence": 1.6, "grace": 0.0},  # an interruption is no second half
    "wake": {"words": []},  # espeak's Chinese is taken for one now and then
}
TEXT = "灯塔站在港口前面的岩石上，一百五十年以前用花岗岩建成。它的灯光很远也能看见。"
STOP, UH_HUH, GO_ON, WHAT = "停", "嗯", "继续", "你刚才说什么"
THAT_IS_ALL, NEVER_MIND = "没事了", "算了"
RECIPE, QUESTION, FOLLOW_UP = "请介绍一下怎样做面包一步一步说", "法国的首都是哪里", "那中国的首都呢"
FIRST_HALF, SECOND_HALF = "我想知道天空为什么是蓝色的因为", "我的孩子今天问了我"
ALL = (
    STOP, UH_HUH, GO_ON, WHAT, THAT_IS_ALL, NEVER_MIND, RECIPE, QUESTION, FOLLOW_UP, FIRST_HALF,
    SECOND_HALF,
)  # fmt: skip


@pytest.fixture(scope="module")
def sounds():
    """What espeak-ng says for each text, (samples,) int16 16 kHz."""
    voice = EspeakSynthesiser("zh", "zh", 1.0)

    def say(text):
        pcm = np.concatenate([sound.pcm for sound in voice.synthesise(text, lambda: False)])
        return trimmed(resample(pcm, voice.rate, RATE))

    return {text: say(text) for text in ALL}


@pytest.fixture(scope="module")
def running(sounds):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "make", lambda config: ByHeart(sounds))
        it = Aloud(SETTINGS, sounds)
        yield it
        it.stop()


@pytest.fixture
def room(running):
    running.hush()
    return running


def test_stop_over_a_reply_silences_it(room):
    turn = room.recite(TEXT)
    time.sleep(1.0)
    room.say(STOP)
    assert room.wait("stop_heard")["text"] == STOP
    heard = room.wait("speaking_ended", turn=turn)["heard"]
    room.wait("state", phase="asleep")
    assert 0 < len(heard) < len(TEXT)
    assert TEXT.startswith(heard)
    time.sleep(0.5)  # the tone
    room.loudspeaker.take()
    time.sleep(1.0)
    assert not room.loudspeaker.take().any()


def test_a_murmur_makes_it_soft_and_loses_no_word(room):
    turn = room.recite(TEXT)
    time.sleep(1.0)
    room.say(UH_HUH)
    heard = room.wait("speaking_ended", turn=turn)["heard"]
    assert heard == TEXT
    assert "ducked" in room.stages(turn)
    assert "raised" in room.stages(turn)
    assert not room.told("heard")


def test_it_goes_on_where_it_was_interrupted_and_knows_what_it_said(room):
    room.wake_and_say(RECIPE)
    turn = room.wait("clause_started")["turn"]
    room.wait("clause_started", turn=turn)
    room.say(QUESTION)
    cut = room.wait("speaking_ended", turn=turn)["heard"]
    assert cut
    assert room.wait("heard")["text"] == QUESTION
    answer = room.wait("speaking_ended", turn=turn + 1)["heard"]
    assert "巴黎" in answer
    assert room.history()[:2] == [("user", RECIPE), ("assistant", cut)]
    room.say(WHAT)
    assert answer.rstrip("。") in room.wait("speaking_ended", turn=turn + 2)["heard"]
    room.say(GO_ON)
    rest = room.wait("clause_started", turn=turn + 3)["text"]
    recipe = "".join(each["piece"] for each in room.told("text") if each["turn"] == turn)
    assert recipe.startswith(cut)
    assert recipe[len(cut) :].lstrip().startswith(rest.strip())


def test_because_waits_for_its_reason(room):
    room.wake_and_say(FIRST_HALF)
    time.sleep(1.0)
    room.say(SECOND_HALF)
    assert room.wait("heard")["text"] == FIRST_HALF + SECOND_HALF
    decided = [stage for stage in room.stages(room.daemon.state.turn) if stage == "turn_end"]
    assert len(decided) == 1


def test_a_follow_up_needs_no_wake_word_and_a_farewell_ends_the_talk(room):
    room.wake_and_say(QUESTION)
    assert "巴黎" in room.wait("speaking_ended")["heard"]
    room.wait("state", phase="listening")
    room.say(FOLLOW_UP)
    assert room.wait("heard")["text"] == FOLLOW_UP
    assert "北京" in room.wait("speaking_ended")["heard"]
    room.wait("state", phase="listening")
    room.say(THAT_IS_ALL)
    room.wait("state", phase="asleep")
    room.wait("earcon", name="sleep")
    assert not [each for each in room.told("think") if each["text"] == THAT_IS_ALL]


def test_never_mind_takes_back_what_was_said(room):
    room.wake_and_say(QUESTION)
    room.wait("speaking_ended")
    room.wait("state", phase="listening")
    room.say(NEVER_MIND)
    room.wait("state", phase="asleep")
    room.wait("earcon", name="cancel")
    assert not [each for each in room.told("think") if each["text"] == NEVER_MIND]
