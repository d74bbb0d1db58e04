"""The listener on real detectors and a real recogniser, fed faster than real time."""

import contextlib
import queue
import time
from pathlib import Path

import numpy as np
import pytest
from ears_sounds import austen

from assistant.audio.edges import speech_span
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame
from assistant.config import Config
from assistant.conversation import Rules, stops
from assistant.ears import engines, wake
from assistant.ears.listener import Listener, Taken
from assistant.ears.moonshine import MoonshineRecogniser
from assistant.ears.vad import Vad
from assistant.errors import AssistantError, BadInput
from assistant.events import Heard, Partial, Settled, SpeechEnded, SpeechStarted, StopHeard
from assistant.trace import Trace

pytestmark = pytest.mark.engine

HUMAN = Path("/usr/share/pocketsphinx/test/data/cards/001.wav")


def human():
    return np.frombuffer(HUMAN.read_bytes()[44:], np.int16)


def frames(*pieces):
    """Cut sound into frames whose times begin at 1000 s."""
    pcm = np.concatenate(pieces)
    for number in range(len(pcm) // FRAME_SAMPLES):
        start = number * FRAME_SAMPLES
        yield Frame(pcm[start : start + FRAME_SAMPLES], 1000.0 + start / RATE)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.int16)


class Ears:
    def __init__(self, make_recogniser=None):
        config = Config()
        self.events = queue.SimpleQueue()
        self.failures = queue.SimpleQueue()
        self.seen = []
        self.trace = Trace()
        self.listener = Listener(
            lambda: (Vad(0.5, 0.1, 0.1), wake.make(config)),
            make_recogniser or (lambda: engines.make(config)),
            stops=lambda text: stops(Rules(stop_words=("ten of clubs",)), text),
            stop_words=lambda: ("ten of clubs",),
            trace=self.trace,
            emit=self.events.put,
            on_failed=lambda turn, error: self.failures.put((turn, error)),
        )
        self.listener.load(lambda: self.events.put("loaded"))
        for _ in range(2):
            self.next(str)

    def next(self, kind, timeout=30):
        until = time.monotonic() + timeout
        while True:
            event = self.events.get(timeout=max(0.01, until - time.monotonic()))
            self.seen.append(event)
            if isinstance(event, kind):
                return event

    def hear(self, *pieces):
        for frame in frames(*pieces):
            self.listener.hear(frame)

    def nothing_follows(self):
        time.sleep(0.5)
        return [self.events.get() for _ in range(self.events.qsize())] == []


@pytest.fixture(scope="module")
def ears():
    it = Ears()
    yield it
    assert it.listener.stop()


def test_an_utterance_becomes_partials_and_a_text(ears):
    ears.listener.listen(1)
    ears.hear(silence(0.5), human(), silence(0.6))
    started = ears.next(SpeechStarted)
    assert started.turn == 1
    assert started.at == pytest.approx(1000.5, abs=0.5)
    ears.next(SpeechEnded)
    ears.listener.finish(1)
    heard = ears.next(Heard)
    assert any(isinstance(event, Partial) for event in ears.seen)
    assert heard.turn == 1
    assert len(set(heard.text.lower().split()) & {"ten", "of", "clubs", "clubs."}) >= 2
    assert heard.speech_s > 0.5
    assert heard.level > -40
    assert ears.trace.turn(1).between("speech_start", "speech_end") > 0.5


class Mishears(MoonshineRecogniser):
    """A fake that writes something else than it has heard, as the real one does over an echo."""

    writes = "Turn the cups."

    def settle(self):
        super().settle()
        return self.writes


class MakesUp(Mishears):
    """A fake that writes what the real one does for music and noise."""

    writes = "♪ The world is the world ♪ ♪ The world is the world ♪"


def test_a_stop_word_over_the_reply_counts_though_something_else_was_written():
    path = Config().models_dir / "moonshine-tiny-en"
    ears = Ears(lambda: Mishears(path, partial_every=0.0))
    for turn, act, written in [
        (1, ears.listener.overhear, "ten of clubs"),
        (2, ears.listener.listen, "Turn the cups."),
    ]:
        act(turn)
        ears.hear(silence(0.5), human(), silence(0.6))
        ears.next(SpeechEnded)
        ears.listener.settle(turn)
        assert ears.next(Settled).text == written
        ears.listener.cancel(turn)
    ears.listener.overhear(3)
    ears.hear(silence(0.5), austen(870)[: 2 * RATE], silence(0.6))
    ears.next(SpeechEnded)
    ears.listener.settle(3)
    assert ears.next(Settled).text == "Turn the cups."
    assert ears.listener.stop()


def test_what_is_made_up_of_noise_was_not_said():
    path = Config().models_dir / "moonshine-tiny-en"
    ears = Ears(lambda: MakesUp(path, partial_every=0.0))
    ears.listener.listen(1)
    ears.hear(silence(0.5), human(), silence(0.6))
    ears.next(SpeechEnded)
    ears.listener.settle(1)
    assert ears.next(Settled).text == ""
    ears.hear(human(), silence(0.6))  # so that the end has a text of its own
    ears.next(SpeechEnded)
    ears.listener.finish(1)
    assert ears.next(Heard).text == ""
    assert ears.listener.stop()


def test_at_rest_speech_is_nobody_s_business(ears):
    ears.listener.rest()
    ears.hear(human(), silence(0.5))
    assert ears.nothing_follows()


def test_a_cancelled_turn_is_not_heard(ears):
    ears.listener.listen(3)
    ears.hear(silence(0.3), human(), silence(0.5))
    ears.next(SpeechEnded)
    ears.listener.cancel(3)
    ears.listener.finish(3)
    with pytest.raises(queue.Empty):
        ears.next(Heard, timeout=2)


def test_a_stop_word_during_a_reply_is_heard(ears):
    ears.listener.watch(5)
    ears.hear(silence(0.3), human(), silence(0.6))
    assert ears.next(StopHeard).text


def test_what_is_said_over_a_reply_is_told_and_goes_on_as_the_next_turn(ears):
    ears.listener.overhear(6)
    ears.hear(silence(0.4), human()[: RATE // 2])
    started = ears.next(SpeechStarted)
    assert started.turn == 6
    assert started.level > -50
    ears.listener.carry_on(7, 6)
    ears.listener.cancel(6)
    ears.hear(human()[RATE // 2 :], silence(0.4))
    ears.next(SpeechEnded)
    ears.listener.settle(7)
    settled = ears.next(Settled)
    assert settled.turn == 7
    ears.listener.finish(7)
    heard = ears.next(Heard)
    assert len(set(heard.text.lower().replace(".", "").split()) & {"ten", "of", "clubs"}) >= 2
    assert heard.speech_s > 0.5
    assert ears.trace.turn(7).first("speech_start") == pytest.approx(started.at)
    assert ears.trace.turn(6).first("over_speech_start") == pytest.approx(started.at)
    assert ears.trace.turn(6).first("speech_start") is None


def test_what_was_said_over_a_reply_and_meant_nothing_is_forgotten(ears):
    ears.listener.overhear(8)
    ears.hear(silence(0.4), human(), silence(0.4))
    ears.next(SpeechEnded)
    with pytest.raises(Taken):
        ears.listener.lend(lambda recogniser, uses: uses).result(10)
    ears.listener.settle(8)
    assert ears.next(Settled).text
    ears.listener.overhear(8)
    ears.listener.settle(8)  # nothing was said since
    ears.hear(silence(0.3), human(), silence(0.4))
    ears.next(SpeechEnded)
    ears.listener.settle(8)
    assert len(ears.next(Settled).text.split()) < 6  # once
    ears.listener.rest()
    for _ in range(100):
        with contextlib.suppress(Taken):
            assert ears.listener.lend(lambda recogniser, uses: uses).result(10)
            break
        time.sleep(0.05)
    else:
        pytest.fail("the recogniser is kept for what was nothing")


def test_who_goes_on_before_the_text_of_the_question_is_known_loses_no_word(ears):
    ears.listener.listen(9)
    ears.hear(silence(0.5), human(), silence(0.6))
    ears.next(SpeechEnded)
    ears.listener.finish(9)
    before, half = len(ears.seen), len(human()) // 2
    ears.hear(silence(0.3), human()[:half])
    ears.listener.overhear(9)
    ears.hear(human()[half:], silence(0.6))
    ears.next(SpeechEnded)
    ears.listener.settle(9)
    settled = ears.next(Settled)
    assert {type(event) for event in ears.seen[before:]} >= {Heard, SpeechStarted}
    assert set(settled.text.lower().replace(".", "").replace(",", "").split()) >= {"ten", "clubs"}


def test_a_carried_utterance_that_is_cancelled_is_over(ears):
    ears.listener.overhear(10)
    ears.hear(silence(0.4), human()[: RATE // 2])
    ears.next(SpeechStarted)
    ears.listener.carry_on(11, 10)
    ears.listener.cancel(10)
    ears.listener.cancel(11)
    ears.hear(human()[RATE // 2 :], silence(0.4))
    ears.listener.finish(11)
    with pytest.raises(queue.Empty):
        ears.next(Heard, timeout=1)


class Counting:
    """The real recogniser; what it is asked is written down."""

    def __init__(self):
        self._real = engines.make(Config())
        self.asked = []

    def __getattr__(self, name):
        def call(*arguments):
            self.asked.append(name)
            return getattr(self._real, name)(*arguments)

        return call


class Paused(Ears):
    """Has heard a turn up to a pause and settled it."""

    def __init__(self):
        made = []
        super().__init__(lambda: made.append(Counting()) or made[0])
        self.recogniser = made[0]

    def until_settled(self, turn):
        self.listener.listen(turn)
        self.hear(silence(0.4), human(), silence(0.4))
        self.next(SpeechEnded)
        self.listener.settle(turn)
        return self.next(Settled)

    def asked(self, what):
        return self.recogniser.asked.count(what)


@pytest.fixture(scope="module")
def paused():
    it = Paused()
    yield it
    assert it.listener.stop()


def words(text):
    return set(text.lower().replace(".", "").split())


def test_a_pause_is_settled_with_what_was_said_and_the_end_is_free(paused):
    settled = paused.until_settled(1)
    assert settled.turn == 1
    assert len(words(settled.text) & {"ten", "of", "clubs"}) >= 2
    assert paused.trace.turn(1).data("settled") == {"text": settled.text}
    fed, finished = paused.asked("feed"), paused.asked("finish")
    paused.hear(silence(0.4))
    paused.listener.finish(1)
    heard = paused.next(Heard)
    assert (heard.turn, heard.text) == (1, settled.text)
    assert heard.speech_s > 0.5
    assert (paused.asked("feed"), paused.asked("finish")) == (fed, finished)
    assert paused.asked("settle") == 1


def test_who_goes_on_after_a_pause_that_was_settled_is_heard_whole(paused):
    settled = paused.until_settled(2)
    started = paused.asked("start")
    paused.hear(human(), silence(0.4))
    paused.next(SpeechEnded)
    paused.listener.settle(2)
    second = paused.next(Settled)
    paused.listener.finish(2)
    heard = paused.next(Heard)
    assert heard.text == second.text
    assert len(heard.text.split()) > len(settled.text.split())
    assert paused.asked("start") == started  # one utterance


def test_who_goes_on_and_is_not_settled_again_is_finished_anew(paused):
    settled = paused.until_settled(3)
    finished = paused.asked("finish")
    paused.hear(human(), silence(0.4))
    paused.next(SpeechEnded)
    paused.listener.finish(3)
    assert len(paused.next(Heard).text.split()) > len(settled.text.split())
    assert paused.asked("finish") == finished + 1


def test_nothing_is_settled_for_another_turn_or_while_somebody_speaks(paused):
    asked = paused.asked("settle")
    paused.listener.listen(4)
    paused.hear(silence(0.4), human()[: RATE // 2])
    paused.next(SpeechStarted)
    paused.listener.settle(4)
    paused.hear(human()[RATE // 2 :], silence(0.4))
    paused.next(SpeechEnded)
    paused.listener.settle(5)
    paused.listener.settle(3)
    paused.listener.finish(4)
    paused.next(Heard)
    assert paused.asked("settle") == asked


def test_a_turn_that_was_cancelled_is_not_settled(paused):
    asked = paused.asked("settle")
    paused.listener.listen(6)
    paused.hear(silence(0.4), human(), silence(0.4))
    paused.next(SpeechEnded)
    paused.listener.cancel(6)
    paused.listener.settle(6)
    assert paused.until_settled(7).turn == 7  # what comes after the cancelled one
    assert paused.asked("settle") == asked + 1


class Broken:
    """A fake: a recogniser that fails, which no real one does on demand."""

    name, streaming = "broken", True

    def start(self):
        pass

    def feed(self, pcm):
        raise BadInput("the model is gone.")

    def close(self):
        pass


def test_a_recogniser_that_fails_is_told_with_its_turn():
    it = Ears(Broken)
    it.listener.listen(7)
    it.hear(silence(0.3), human())
    turn, error = it.failures.get(timeout=10)
    assert turn == 7
    assert isinstance(error, AssistantError)
    assert str(error) == "the model is gone."
    assert it.listener.stop()


def test_long_speech_during_a_reply_is_not_even_recognised():
    it = Ears(Broken)
    vowel = human()[slice(*speech_span(human()))][3000:9000]
    it.listener.watch(1)
    it.hear(silence(0.3), np.tile(vowel, 8), silence(0.5))
    time.sleep(0.5)
    assert it.failures.empty()
    it.hear(silence(0.3), np.tile(vowel, 2), silence(0.5))
    assert it.failures.get(timeout=10)[0] == 1  # short speech is looked at
    assert it.listener.stop()
