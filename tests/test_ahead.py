"""Answers that are begun in secret: nobody hears, sees or remembers them before their time.

The decider, the thinker, the speaker, the voice activity detector and the devices (files at
real-time pace) are the real ones. The engines of the first part are fakes, for no real one gives
known words at a known moment; where the moment matters, the test itself says what the ears heard.
The engines of the last part are real.
"""

import asyncio
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from test_daemon import SORRY, FakeVoice, Watched, nothing_is_left_running  # noqa: F401

from assistant.audio import wav
from assistant.audio.edges import speech_span
from assistant.audio.files import FileLoudspeaker, FileMicrophone
from assistant.audio.frames import RATE
from assistant.config import parse
from assistant.conversation import Phase
from assistant.daemon import Daemon
from assistant.ears.recogniser import Transcript
from assistant.events import (
    Asked,
    Heard,
    Partial,
    Settled,
    SpeechEnded,
    SpeechStarted,
    StopHeard,
    StopRequested,
    WakeDetected,
)
from assistant.mind.model import Usage
from assistant.rehearsal import Rehearsal
from assistant.wording import said

QUESTION = Path(str(resources.files("assistant") / "data" / "question-en.wav"))
PATIENCE_S = 60.0
TOLD_OF_AN_ANSWER = ("text", "reply_ended", "clause_started", "speaking_ended")


class FakeMind:
    """A language model that answers every question with four sentences of its own words."""

    name = "fake"

    def __init__(self, whole=None, fails=()):
        """`whole`: the probability that these words are a whole request; 0 for other words."""
        self.whole = whole or {}
        self.fails = list(fails)
        self.asked = []
        self.read = []
        self.ends = []
        self.usage = Usage(1, 0, 1, 0.0, 0.0)

    def count(self, text):
        return len(text.split())

    def warm(self, messages, cancelled=None, *, judged=None):
        if judged:
            self.read.append(messages[-1].text)
            judged(self.whole.get(messages[-1].text, 0.0))

    def reply(self, messages, cancelled, judged=None):
        words = messages[-1].text
        self.asked.append([message.text for message in messages[1:]])
        if judged:
            judged(self.whole.get(words, 0.0))
        if self.fails and self.fails.pop(0):
            yield "It begins. "
            raise RuntimeError("out of tokens")
        for piece in answer(words):
            if cancelled():
                self.ends.append((words, "cancelled"))
                return
            yield piece
        self.ends.append((words, "whole"))

    def questions(self):
        """What it was asked, without what it was told of the conversation before."""
        return [messages[-1] for messages in self.asked]

    def close(self):
        pass


def answer(words):
    """The pieces of the fake mind's answer, each of which tells its question and its place."""
    sentence = [*(f"{word} " for word in words.split()), "it was"]
    return [piece for n in range(4) for piece in [*sentence, f" number {n}. "]]


class FakeEars:
    """A recogniser that has its texts by heart: one for each pause, and partials between them."""

    name = "fake"
    streaming = True

    def __init__(self, *texts, partials=()):
        self.texts, self.partials = list(texts), list(partials)
        self.fed = self.pauses = 0
        self.spoken = False

    def start(self):
        self.fed = self.pauses = 0
        self.spoken = False

    def feed(self, pcm):
        if not self.spoken:
            self.spoken, self.pauses = True, self.pauses + 1
        self.fed += len(pcm)
        if self.partials and self.fed > self.partials[0][0] * RATE:
            return self.partials.pop(0)[1]
        return None

    def settle(self):
        self.spoken = False
        return self.texts[self.pauses - 1]

    def finish(self):
        return Transcript(self.settle())

    def close(self):
        pass


class Scene(Watched):
    """A daemon, all that it ever told, and the events of an ear that hears what it is told to."""

    def __init__(self, daemon, loudspeaker, mind, voice):
        super().__init__(daemon)
        self.loudspeaker, self.mind, self.voice = loudspeaker, mind, voice
        self.told = []
        daemon.observe(lambda name, data: self.told.append((name, data)))

    @property
    def turn(self):
        return self.daemon.state.turn

    async def wake(self):
        self.daemon.post(WakeDetected("test"))
        await self.wait("state", phase="listening")
        self.daemon.post(SpeechStarted(self.turn, time.monotonic()))

    async def say(self, *words):
        """Somebody speaks (on), and the recogniser thinks that these are the words until now."""
        self.daemon.post(SpeechStarted(self.turn, time.monotonic()))
        for text in words:
            self.daemon.post(Partial(self.turn, text))
        await self.handled()

    async def pause(self, words):
        """Somebody pauses; these are the words until now."""
        self.daemon.post(SpeechEnded(self.turn, time.monotonic()))
        self.daemon.post(Settled(self.turn, words))
        await self.handled()

    async def end(self, words, speech_s=1.0):
        """It was the end; these are the words."""
        self.daemon.post(Heard(self.turn, words, speech_s, -20.0))
        await self.handled()

    async def handled(self):
        """Wait until the daemon has seen all that was posted to it until now."""
        seen = asyncio.Event()
        self.daemon._soon(seen.set)
        await asyncio.wait_for(seen.wait(), PATIENCE_S)

    async def until(self, happened):
        give_up = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < give_up, self.told[-30:]
            await asyncio.sleep(0.01)

    async def secret(self, words, *, complete=True):
        """Pause, and wait until the secret answer is as far as it may get."""
        asked = len(self.mind.asked)
        await self.pause(words)
        await self.until(lambda: len(self.mind.asked) > asked)
        if complete:
            await self.until(lambda: (words, "whole") in self.mind.ends)
            if self.loudspeaker:  # the first clause is made ahead too
                await self.until(lambda: any(words in said for said in self.voice.said))
        await asyncio.sleep(0.3)  # would it sound, it would by now
        await self.handled()

    def of(self, *names, turn=None):
        turn = turn or self.turn
        return [data for name, data in self.told if name in names and data["turn"] == turn]

    def answers(self, turn=None):
        """All that was ever told of answers, in this turn."""
        return self.of(*TOLD_OF_AN_ANSWER, turn=turn)

    def dropped(self, turn=None):
        return [data["why"] for data in self.of("dropped", turn=turn)]

    def silent(self):
        return self.loudspeaker is None or not np.any(self.loudspeaker.pcm)

    async def answered(self, words, turn=None):
        """Wait for the end; the answer to `words` must have been told, whole and in order."""
        turn = turn or self.turn
        await self.wait("speaking_ended", turn=turn)
        await self.handled()
        whole = "".join(answer(words))
        assert [data["piece"] for data in self.of("text", turn=turn)] == answer(words)
        assert [data["text"] for data in self.of("reply_ended", turn=turn)] == [whole]
        assert [data["heard"] for data in self.of("speaking_ended", turn=turn)] == [whole]
        takes = {data["take"] for data in self.answers(turn)}
        assert takes == {self.daemon.trace.turn(turn).take}
        if self.loudspeaker:
            clauses = [data["text"] for data in self.of("clause_started", turn=turn)]
            assert "".join(clauses) == whole
            assert not self.silent()
        names = [n for n, d in self.told if n in TOLD_OF_AN_ANSWER and d["turn"] == turn]
        assert names[0] == "text"
        assert names[-1] == "speaking_ended"
        assert names.index("reply_ended") > max(i for i, n in enumerate(names) if n == "text")

    async def ask(self, words):
        """Type a question and wait until it is answered, as ever."""
        self.daemon.post(Asked(words))
        turn = (await self.wait("think", text=words))["turn"]
        await self.answered(words, turn)
        return turn

    async def history(self):
        return await asyncio.wait_for(self.daemon.history(), PATIENCE_S)


@pytest.fixture
def stage(monkeypatch):
    """Return a function that runs ``scenario(scene)`` with a daemon of fake engines."""

    def run(scenario, mind=None, voice=None, ears=None, microphone=None, loud=True, **sections):
        mind, voice = mind or FakeMind(), voice or FakeVoice()
        monkeypatch.setattr("assistant.mind.engines.make", lambda _: mind)
        monkeypatch.setattr("assistant.mouth.engines.make", lambda _: voice)
        monkeypatch.setattr("assistant.ears.engines.make", lambda _: ears)
        defaults = {
            "speech": {"engine": "espeak"},
            "skills": {"enabled": False},  # they would take the fakes' questions
            "guard": {"enabled": False},  # a number waits for its unit; here pieces come as made
            "wake": {"earcon": False},
            # The tests say when a turn is over, not the clock.
            "turn": {"follow_up": 0.0, "max_silence": 5.0, "min_silence": 5.0},
            "ahead": {"tokens": 512},
        }
        for name, values in sections.items():
            defaults[name] = {**defaults.get(name, {}), **values}
        config = parse(defaults, "test")

        async def main():
            loudspeaker = FileLoudspeaker(16_000) if loud else None
            daemon = Daemon(config, microphone, loudspeaker)
            scene = Scene(daemon, loudspeaker, mind, voice)
            async with daemon:
                await scenario(scene)
            return scene

        return asyncio.run(main())

    return run


# --- before the release ------------------------------------------------------------------------


@pytest.mark.parametrize("loud", [True, False])
def test_a_whole_secret_answer_is_not_heard_shown_or_remembered_until_it_is_released(stage, loud):
    async def scenario(scene):
        await scene.wake()
        await scene.secret("what is it")
        turn = scene.turn
        assert scene.answers() == []
        assert not scene.of("think", "say", "released")
        assert scene.silent()
        assert await scene.history() == []
        assert scene.daemon.state.phase is Phase.LISTENING
        await scene.end("What is it?")
        await scene.answered("what is it", turn)
        whole = "".join(answer("what is it"))
        assert await scene.history() == [("user", "what is it"), ("assistant", whole)]
        assert scene.mind.questions() == ["what is it"]
        assert scene.dropped(turn) == []

    stage(scenario, loud=loud)


@pytest.mark.parametrize("loud", [True, False])
@pytest.mark.parametrize("tokens", [1, 3, 6])
def test_a_long_secret_answer_waits_half_made_and_goes_on_when_it_is_released(stage, loud, tokens):
    async def scenario(scene):
        await scene.wake()
        await scene.pause("what is it")
        await scene.until(lambda: scene.mind.asked)
        await asyncio.sleep(0.3)
        turn = scene.turn
        assert scene.answers() == []
        assert scene.silent()
        assert scene.mind.ends == []  # it waits
        await scene.end("What is it?")
        await scene.answered("what is it", turn)
        assert scene.mind.ends == [("what is it", "whole")]

    stage(scenario, loud=loud, ahead={"tokens": tokens})


@pytest.mark.parametrize("loud", [True, False])
def test_an_answer_may_be_released_while_it_is_made(stage, loud):
    """Released at once: what is kept back and what comes later must not change places."""

    async def scenario(scene):
        for number in range(8):
            words = f"question {number}"
            await scene.wake()
            turn = scene.turn
            await scene.pause(words)
            await asyncio.sleep(0.002 * number)
            await scene.end(words)
            await scene.answered(words, turn)
            await scene.daemon.asleep()

    stage(scenario, loud=loud)


def test_the_decision_is_told_as_it_is_for_other_answers(stage):
    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.secret("what is it")
        await scene.end("What is it?")
        await scene.answered("what is it", turn)
        await scene.daemon.asleep()
        phases = [d["phase"] for n, d in scene.told if n == "state" and d["turn"] == turn]
        assert phases == ["listening", "thinking", "speaking"]
        assert [d["text"] for d in scene.of("heard", turn=turn)] == ["What is it?"]
        timeline = scene.daemon.trace.turn(turn)
        assert timeline.last("released") is not None
        assert timeline.first("think") < timeline.last("released") <= timeline.first("first_sample")

    stage(scenario)


# --- dropped -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loud", [True, False])
@pytest.mark.parametrize("tokens", [2, 512])
def test_nothing_is_ever_told_or_heard_of_a_dropped_answer(stage, loud, tokens):
    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.secret("what is", complete=tokens > 100)
        await scene.say("what is the", "what is the time")
        assert scene.dropped() == ["other words"]
        await scene.secret("what is the time", complete=tokens > 100)
        assert scene.answers() == []
        assert scene.silent()
        await scene.end("What is the time?")
        await scene.answered("what is the time", turn)
        assert [role for role, _ in await scene.history()] == ["user", "assistant"]
        assert (await scene.history())[0] == ("user", "what is the time")
        assert scene.mind.questions() == ["what is", "what is the time"]

    scene = stage(scenario, loud=loud, ahead={"tokens": tokens})
    pieces = [data["piece"] for name, data in scene.told if name == "text"]
    assert pieces == answer("what is the time")


@pytest.mark.parametrize("loud", [True, False])
def test_the_words_at_the_end_drop_the_answer_to_other_ones(stage, loud):
    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.secret("by a watch")
        await scene.end("Buy a watch!")
        assert scene.dropped(turn) == ["other words at the end"]
        await scene.answered("buy a watch", turn)
        assert scene.of("think", turn=turn) == [{"turn": turn, "text": "buy a watch"}]
        assert (await scene.history())[0] == ("user", "buy a watch")

    stage(scenario, loud=loud)


def test_an_answer_is_dropped_where_nothing_was_said_after_all(stage):
    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.secret("what is it")
        await scene.end("", speech_s=0.0)
        assert scene.dropped(turn) == ["nothing was said"]
        assert await scene.said() == SORRY.missed
        assert not scene.of("text", "reply_ended", turn=turn)
        assert await scene.history() == []

    stage(scenario)


def test_many_dropped_answers_leave_no_trace_in_what_is_told(stage):
    """More than the daemon keeps the names of; each is dropped while it is being made."""

    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        for number in range(30):
            await scene.pause(f"what is {number}")
            await asyncio.sleep(0.003 * (number % 4))
        assert scene.dropped() == ["other words"] * 29
        await scene.end("What is 29?")
        await scene.answered("what is 29", turn)

    stage(scenario, ahead={"tokens": 8, "per_turn": 100, "per_minute": 1000})


# --- partials ----------------------------------------------------------------------------------


def test_words_that_change_completely_at_the_end_are_answered_as_they_end(stage):
    mind = FakeMind(whole={"what is the time": 0.9})

    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.say("what", "what is the", "what is the time")
        await scene.until(lambda: ("what is the time", "whole") in mind.ends)  # surely whole
        await scene.handled()
        assert scene.answers() == []
        await scene.say("watch the tides")
        assert scene.dropped() == ["other words"]
        await scene.secret("buy a watch for the tides")
        await scene.end("Play some music.")
        assert scene.dropped(turn) == ["other words", "other words at the end"]
        await scene.answered("play some music", turn)
        assert [text for role, text in await scene.history() if role == "user"] == [
            "play some music"
        ]
        assert mind.questions()[-1] == "play some music"

    stage(scenario, mind)


def test_a_question_that_begins_again_is_answered_as_it_was_meant(stage):
    first, second = "what is the time", "what is the time no wait what day is it"
    mind = FakeMind(whole={first: 0.9, second: 0.9})

    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.say("what is", first)
        await scene.until(lambda: (first, "whole") in mind.ends)
        await scene.pause(first)  # the same words: the answer is kept
        assert scene.dropped() == []
        assert mind.questions() == [first]
        await scene.say(f"{first} no wait", second)
        assert scene.dropped() == ["other words"]
        await scene.until(lambda: second in mind.read)  # the mind reads along after a drop too
        await scene.pause(second)
        await scene.end(second)
        await scene.answered(second, turn)
        assert (await scene.history())[0] == ("user", second)
        assert all(messages[:-1] == [] for messages in mind.asked)  # each without the others

    stage(scenario, mind)


def test_a_second_of_silence_within_a_question_does_not_split_it(stage):
    """The real voice activity detector hears a question, a pause, and the question again."""
    pcm = wav.read(QUESTION)
    microphone = FileMicrophone([])
    ears = FakeEars("What is it?", "What is it, no wait, who is it?", partials=[(0.5, "what")])

    async def scenario(scene):
        scene.daemon.post(WakeDetected("test"))
        await scene.wait("state", phase="listening")
        turn = scene.turn
        microphone.play(np.concatenate([pcm, np.zeros(RATE, np.int16), pcm]))
        await scene.answered("what is it no wait who is it", turn)
        settled = [data["text"] for data in scene.of("settled", turn=turn)]
        assert settled == ears.texts
        assert scene.mind.questions() == ["what is it", "what is it no wait who is it"]
        assert scene.mind.read == ["what"]
        assert "other words" in scene.dropped(turn)

    # What is said after a pause is known by the settled text only: the fake has no partial of it.
    stage(scenario, ears=ears, microphone=microphone, turn={"max_silence": 4.0})


# --- failures ----------------------------------------------------------------------------------


def test_an_answer_that_fails_in_secret_is_asked_again_when_the_turn_is_over(stage, caplog):
    mind = FakeMind(fails=[True])

    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.pause("what is it")
        await scene.until(lambda: scene.dropped())
        assert scene.dropped() == ["mind failed"]
        assert scene.answers() == []
        assert scene.silent()
        await scene.end("What is it?")
        await scene.answered("what is it", turn)
        assert mind.questions() == ["what is it"] * 2
        assert not scene.of("say", turn=turn)
        assert (await scene.history())[0] == ("user", "what is it")

    stage(scenario, mind)
    assert "out of tokens" in caplog.text


def test_an_answer_that_fails_in_secret_is_asked_again_in_the_next_pause(stage):
    mind = FakeMind(fails=[True])

    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.pause("what is it")
        await scene.until(lambda: scene.dropped())
        await scene.say()
        await scene.secret("what is it")
        assert scene.answers() == []
        await scene.end("What is it?")
        await scene.answered("what is it", turn)
        assert scene.daemon.trace.turn(turn).take == 2

    stage(scenario, mind)


def test_a_voice_that_fails_in_secret_is_tried_again(stage):
    voice = FakeVoice(fails=[True])

    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.pause("what is it")
        await scene.until(lambda: scene.dropped())
        assert scene.dropped() == ["mouth failed"]
        assert scene.answers() == []
        await scene.end("What is it?")
        await scene.answered("what is it", turn)

    stage(scenario, voice=voice)


def test_what_fails_twice_is_apologised_for(stage):
    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.pause("what is it")
        await scene.until(lambda: scene.dropped())
        await scene.end("What is it?")
        assert (await scene.wait("say"))["text"] == SORRY.failed
        assert await scene.said() == SORRY.failed
        assert not scene.of("reply_ended", turn=turn)
        assert await scene.history() == []
        await scene.ask("good")

    stage(scenario, FakeMind(fails=[True, True]))


# --- stopping ----------------------------------------------------------------------------------

STOPS = {
    "a button": lambda turn: StopRequested(),
    "a stop word": lambda turn: StopHeard("stop"),
    "a stop word as the question": lambda turn: Heard(turn, "Stop.", 1.0, -20.0),
}


@pytest.mark.parametrize("loud", [True, False])
@pytest.mark.parametrize("tokens", [2, 512])
@pytest.mark.parametrize("how", STOPS)
def test_a_stop_ends_a_secret_answer_without_a_word(stage, how, tokens, loud):
    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.secret("what is it", complete=tokens > 100)
        scene.daemon.post(STOPS[how](turn))
        await scene.wait("state", phase="asleep")
        assert await scene.history() == []
        await asyncio.sleep(0.3)
        assert scene.answers(turn) == []
        assert scene.silent()
        assert scene.mind.ends == [("what is it", "whole" if tokens > 100 else "cancelled")]
        await scene.ask("good")
        assert scene.mind.asked[-1] == ["good"]

    stage(scenario, loud=loud, ahead={"tokens": tokens})


@pytest.mark.parametrize("event", [WakeDetected("test"), Asked("good")])
def test_another_turn_ends_a_secret_answer_without_a_word(stage, event):
    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.secret("what is it", complete=False)
        scene.daemon.post(event)
        await scene.handled()
        assert scene.turn == turn + 1
        if isinstance(event, WakeDetected):
            scene.daemon.post(SpeechStarted(turn + 1, time.monotonic()))
            await scene.secret("good", complete=False)
            await scene.end("good")
        await scene.answered("good", turn=turn + 1)
        assert scene.answers(turn) == []
        assert (await scene.history())[0] == ("user", "good")

    stage(scenario, ahead={"tokens": 3})


def test_the_end_of_everything_may_come_while_an_answer_is_secret(stage):
    async def scenario(scene):
        await scene.wake()
        await scene.secret("what is it", complete=False)

    scene = stage(scenario, ahead={"tokens": 3})
    assert scene.answers() == []
    assert scene.silent()


# --- limits ------------------------------------------------------------------------------------


async def pauses(scene, *words):
    for text in words:
        await scene.pause(text)


def test_secret_answers_in_a_turn_are_limited_and_the_question_is_answered_still(stage):
    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await pauses(scene, "one", "one two", "one two three", "one two three four")
        assert scene.dropped() == ["other words"] * 2 + ["too many in this turn"] * 2
        await scene.end("one two three four")
        await scene.answered("one two three four", turn)
        assert set(scene.mind.questions()) <= {"one", "one two", "one two three four"}
        assert scene.mind.questions()[-1] == "one two three four"
        await scene.daemon.asleep()
        await scene.wake()  # the next turn may have as many again
        await scene.secret("five")
        assert scene.dropped() == []

    stage(scenario, ahead={"per_turn": 2, "tokens": 512})


def test_secret_answers_in_a_minute_are_limited_over_all_turns(stage):
    async def scenario(scene):
        for number in range(2):
            await scene.wake()
            turn = scene.turn
            await scene.secret(f"question {number}")
            await scene.end(f"question {number}")
            await scene.answered(f"question {number}", turn)
            await scene.daemon.asleep()
        await scene.wake()
        turn = scene.turn
        await pauses(scene, "three", "four")
        assert scene.dropped() == ["other words", "too many in a minute"]
        await scene.end("four")
        await scene.answered("four", turn)

    stage(scenario, ahead={"per_minute": 3})


def test_a_hundred_quick_turns_interrupt_each_other_and_the_last_one_is_answered(stage):
    async def scenario(scene):
        for number in range(100):
            await scene.wake()
            await scene.pause(f"question {number}")
            if number % 3:
                await scene.end(f"question {number}")
        turn = scene.turn
        await scene.end("question 99")
        await scene.answered("question 99", turn)
        told = [data["turn"] for name, data in scene.told if name == "speaking_ended"]
        assert len(told) == len(set(told)), "a turn ended twice"
        await scene.until(lambda: scene.daemon.state.phase == "asleep")
        assert len(await scene.history()) <= 2 * 100

    stage(scenario, loud=False, ahead={"per_minute": 1000})


def test_a_machine_that_must_be_spared_gets_half_as_many(stage, monkeypatch):
    """What tells that the machine is hot is a fake: this one is not."""
    monkeypatch.setattr("assistant.power.sparing", lambda: True)

    async def scenario(scene):
        await scene.until(lambda: scene.daemon.state.sparing)
        await scene.wake()
        await pauses(scene, "one", "two", "three")
        assert scene.dropped() == ["other words"] * 2 + ["too many in this turn"]

    stage(scenario, ahead={"per_turn": 4})


def test_without_working_ahead_nothing_is_begun_before_the_end(stage):
    mind = FakeMind(whole={"what is it": 1.0})

    async def scenario(scene):
        await scene.wake()
        turn = scene.turn
        await scene.say("what", "what is it")
        await scene.pause("what is it")
        await asyncio.sleep(0.3)
        assert (mind.asked, mind.read) == ([], [])
        await scene.end("What is it?")
        await scene.answered("what is it", turn)
        assert mind.questions() == ["what is it"]

    stage(scenario, mind, ahead={"enabled": False})


# --- with real engines -------------------------------------------------------------------------

REAL = {
    "llm": {"temperature": 0.0, "max_tokens": 40, "history_tokens": 0},
    "asr": {"engine": "moonshine"},
    "speech": {"engine": "espeak"},
    "wake": {"earcon": False},
}


def rehearse(questions, **sections):
    """Speak the questions one after another into the whole assistant; return the outcomes."""
    merged = {name: {**REAL.get(name, {}), **sections.get(name, {})} for name in REAL | sections}

    async def main():
        async with Rehearsal(parse(merged, "test")) as rehearsal:
            return [await rehearsal.ask(pcm) for pcm in questions]

    return asyncio.run(main())


@pytest.mark.engine
@pytest.mark.slow
def test_working_ahead_changes_no_answer(spoken):
    questions = [wav.read(QUESTION), wav.read(spoken("How many days are there in a week?"))]
    model = {"skills": {"enabled": False}}  # which would answer the second one
    plain = rehearse(questions, ahead={"enabled": False}, **model)
    # With a long silence there is time for all of the work ahead, however busy the machine is.
    ahead = rehearse(questions, turn={"max_silence": 3.0, "min_silence": 3.0}, **model)
    # Points come and go with the quiet that a recogniser gets to hear; the words are the question.
    assert [said(outcome.heard) for outcome in ahead] == [said(outcome.heard) for outcome in plain]
    assert [outcome.reply for outcome in ahead] == [outcome.reply for outcome in plain]
    assert "Paris" in plain[0].reply
    assert all(outcome.reply for outcome in plain)
    assert [outcome.kept for outcome in ahead] == [True] * 2
    assert [outcome.kept for outcome in plain] == [False] * 2
    assert all(outcome.whole is None or 0 <= outcome.whole <= 1 for outcome in ahead)


@pytest.mark.engine
@pytest.mark.slow
def test_speech_without_a_pause_is_cut_and_answered(spoken):
    pcm = wav.read(spoken("Tell me what the capital of France is and what the people there like."))
    first, last = speech_span(pcm)
    endless = np.resize(pcm[first:last], 10 * RATE)  # it still goes on long after the cut
    talk, again = rehearse([endless, wav.read(QUESTION)], turn={"max_speech": 6.0})
    assert talk.cut
    assert "france" in talk.heard.lower()
    assert talk.reply.strip()
    length = talk.timeline.last("turn_end") - talk.timeline.first("speech_start")
    assert length >= 5.9
    assert "Paris" in again.reply
