"""Talking Chinese with the whole assistant: parts 2 to 5 of what makes a talk, on virtual devices.

Model, voice, voice activity and the sound of who speaks (espeak-ng) are real. No recogniser here
understands espeak's Chinese, so its sentences are known by heart (`by_heart.ByHeart`, a fake): the
words are right, and come when they were said.

The microphone does not hear the loudspeaker, as with a perfect echo canceller.
"""

import asyncio
import queue
import threading
import time

import numpy as np
import pytest
from by_heart import ByHeart

from assistant.audio.files import FileLoudspeaker, FileMicrophone
from assistant.audio.frames import RATE
from assistant.audio.resample import resample
from assistant.bench.conversation.talkers import trimmed
from assistant.config import parse
from assistant.daemon import Daemon
from assistant.ears import engines
from assistant.events import SayRequested, StopRequested, WakeDetected
from assistant.mouth.espeak import EspeakSynthesiser

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]

PATIENCE_S = 60
SETTINGS = {
    "language": "zh",
    "llm": {"temperature": 0.0, "max_tokens": 120},
    "speech": {"engine": "espeak", "rate": 1.6},
    "echo": {"mode": "on"},
    "turn": {"max_silence": 1.6},
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


class Room:
    """A running assistant, to which one speaks and which one hears."""

    def __init__(self, sounds):
        self.sounds, self.seen, self._told = sounds, [], queue.SimpleQueue()
        self._microphone, self.loudspeaker = FileMicrophone([]), FileLoudspeaker(RATE)
        self.daemon = Daemon(parse(SETTINGS, "test"), self._microphone, self.loudspeaker)
        self.daemon.observe(lambda name, data: self._told.put({"event": name, **data}))
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self.daemon.start())

    def stop(self):
        self._do(self.daemon.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def history(self):
        return self._do(self.daemon.history())

    def hush(self):
        """End what goes on, and forget what was said."""
        self.daemon.post(StopRequested())
        self._do(self.daemon.asleep())
        self.daemon.forget()
        while not self._told.empty():
            self._told.get()
        self.seen.clear()

    def say(self, text):
        """Speak, and return when it was said."""
        time.sleep(max(0.0, self._microphone.play(self.sounds[text]) - time.monotonic()))

    def wake_and_say(self, text):
        self.daemon.post(WakeDetected("test"))
        self.wait("state", phase="listening")
        time.sleep(0.3)
        self.say(text)

    def recite(self):
        """Let it say the text; return the turn once it is audible."""
        self.daemon.post(SayRequested(TEXT))
        turn = self.wait("clause_started")["turn"]
        time.sleep(1.0)
        return turn

    def wait(self, name, /, **wanted):
        """Return the next event of that name and content."""
        until = time.monotonic() + PATIENCE_S
        while (left := until - time.monotonic()) > 0:
            try:
                event = self._told.get(timeout=left)
            except queue.Empty:
                break
            self.seen.append(event)
            if event["event"] == name and wanted.items() <= event.items():
                return event
        raise AssertionError(f"no {name} {wanted} within {PATIENCE_S} s: {self.seen[-12:]}")

    def told(self, name):
        """Return all events of that name until now."""
        return [event for event in self.seen if event["event"] == name]

    def stages(self, turn):
        return [mark.stage for mark in self.daemon.trace.turn(turn).marks]

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


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
        it = Room(sounds)
        yield it
        it.stop()


@pytest.fixture
def room(running):
    running.hush()
    return running


def test_stop_over_a_reply_silences_it(room):
    turn = room.recite()
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
    turn = room.recite()
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
