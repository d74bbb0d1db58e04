import contextlib
import threading
from itertools import count

import numpy as np
import pytest

from assistant.cores import Cores
from assistant.errors import AssistantError, BadInput
from assistant.events import NEVER, Key
from assistant.mouth.espeak import EspeakSynthesiser
from assistant.mouth.playback import Player
from assistant.mouth.speaker import Speaker
from assistant.mouth.synthesiser import Sound
from assistant.trace import Trace

RATE = 1000
LETTER = 10
"""Samples for each letter in the fake's speech."""


class Fake:
    """A fake synthesiser: a real one cannot be told to wait, to fail or to speak for ever.

    Each letter takes `LETTER` samples, each word is a block and marked. Some words do something.
    """

    name = "fake"

    def __init__(self, rate=RATE):
        self.rate, self.speed = rate, 1.0
        self.made, self.speeds, self.closed = [], [], False
        self.waits, self.may_go_on = threading.Event(), threading.Event()

    def synthesise(self, text, cancelled):
        self.made.append(text)
        self.speeds.append(self.speed)
        if "fail" in text:
            raise AssistantError("the fake fails.")
        if "crash" in text:
            raise ValueError("a mistake in the engine")
        if "wait" in text:
            self.waits.set()
            assert self.may_go_on.wait(30)
        chars = 0
        for number in count() if "endless" in text else range(len(text.split(" "))):
            if cancelled():
                return
            word = text.split(" ")[number % len(text.split(" "))]
            samples = LETTER * (len(word) + 1) * self.rate // RATE
            yield Sound(
                np.full(samples, 1000, np.int16), ((chars, LETTER * chars * self.rate // RATE),)
            )
            chars += len(word) + 1

    def close(self):
        self.closed = True


class Mouth:
    """A speaker with the real player, which is driven by hand."""

    def __init__(self, synthesiser, rate=RATE):
        self.failures, self.clauses, self.ends, self.sound = [], [], [], []
        self.now = 0.0
        self.trace = Trace()
        self.synthesiser = synthesiser
        self.player = Player(
            rate,
            lambda key, text, at: self.clauses.append((key.turn, text)),
            lambda key, heard, at: self.ends.append((key.turn, heard)),
        )
        self.speaker = Speaker(
            lambda: synthesiser,
            language="en",
            first_clause=60,
            clause=200,
            cores=Cores(),
            trace=self.trace,
            on_failed=lambda key, error: self.failures.append((key.turn, error)),
        )
        loaded = threading.Event()
        self.speaker.load(self.player, loaded.set)
        assert loaded.wait(30)

    def settle(self):
        """Wait until all that was asked for is made."""
        done = threading.Event()
        self.speaker._worker.post(done.set)
        assert done.wait(30)

    def play(self, samples):
        out = np.full(samples, 7, np.int16)
        self.player.fill(out, self.now)
        self.now += samples / self.player.rate
        self.sound.append(out)
        return out

    def say(self, turn, text):
        self.speaker.say(Key(turn, 1), text)
        self.settle()


@pytest.fixture
def mouth():
    made = Mouth(Fake())
    yield made
    made.synthesiser.may_go_on.set()
    made.speaker.stop()


def test_a_reply_is_spoken_clause_by_clause_and_heard_whole(mouth):
    for piece in ("Hello ", "there. How", " are you? ", "Well."):
        mouth.speaker.text(Key(1, 1), piece)
    mouth.speaker.end(Key(1, 1))
    mouth.settle()
    assert mouth.synthesiser.made == ["Hello there.", "How are you?", "Well."]
    mouth.play(1000)
    assert mouth.clauses == [(1, "Hello there. "), (1, "How are you? "), (1, "Well.")]
    assert mouth.ends == [(1, "Hello there. How are you? Well.")]
    assert not mouth.failures


class Humming(Fake):
    """A fake voice that hums one tone, in pieces, as Piper's sound comes."""

    def synthesise(self, text, cancelled):
        tone = 8000 * np.sin(2 * np.pi * 300 * np.arange(self.rate) / self.rate)
        for piece in np.array_split(tone.astype(np.int16), [3000, 7001, 9999]):
            yield Sound(piece)


def test_the_pieces_of_a_voice_join_without_a_click_at_another_rate():
    mouth = Mouth(Humming(22_050), 48_000)
    mouth.say(1, "Hm.")
    heard = mouth.play(48_000)[2400:-2400].astype(float)
    mouth.speaker.stop()
    spans = np.lib.stride_tricks.sliding_window_view(heard, 480)[::240] * np.hanning(480)
    assert np.abs(np.fft.rfft(spans, axis=1)[:, 130:]).max() / 120 < 1.0


def test_a_number_is_said_in_the_language_of_its_answer(mouth):
    mouth.speaker.speak(Key(1, 1), "zh")
    mouth.say(1, "42。")
    mouth.say(2, "42.")
    assert mouth.synthesiser.made == ["四十二。", "42."]


def test_it_speaks_faster_and_slower(mouth):
    for speed in (1.25, 0.5, 1.0):
        mouth.speaker.speed = speed
        mouth.settle()
        assert (mouth.speaker.speed, mouth.synthesiser.speed) == (speed, speed)


@contextlib.contextmanager
def running(mouth):
    """A loudspeaker that asks for samples."""
    over = threading.Event()

    def ask():
        while not over.wait(0.001):
            mouth.play(1)

    thread = threading.Thread(target=ask)
    thread.start()
    yield
    over.set()
    thread.join()


THREE = "Two three four five. Six seven eight nine. Ten and eleven more."


@pytest.mark.parametrize("ended", [True, False])
def test_another_speed_holds_from_the_next_clause_on_that_has_not_begun(mouth, ended):
    mouth.speaker.text(Key(1, 1), THREE + " ")
    if ended:
        mouth.speaker.end(Key(1, 1))
    mouth.settle()
    mouth.play(20)
    with running(mouth):
        mouth.speaker.speed = 2.0
        mouth.settle()
    made = list(zip(mouth.synthesiser.made, mouth.synthesiser.speeds, strict=True))
    assert [text for text, speed in made if speed == 1.0] == [
        "Two three four five.", "Six seven eight nine.", "Ten and eleven more."
    ]  # fmt: skip
    assert [text for text, speed in made if speed == 2.0] == [
        "Six seven eight nine.", "Ten and eleven more."
    ]  # fmt: skip
    if not ended:
        mouth.play(2000)
        assert not mouth.ends
        mouth.speaker.end(Key(1, 1))
        mouth.settle()
    mouth.play(2000)
    assert "".join(text for _, text in mouth.clauses).strip() == THREE
    assert [(turn, text.strip()) for turn, text in mouth.ends] == [(1, THREE)]


def test_where_the_loudspeaker_stands_still_another_speed_holds_for_the_next_text(mouth):
    mouth.say(1, THREE)
    mouth.speaker.speed = 2.0
    mouth.settle()  # it does not wait for ever
    assert mouth.synthesiser.speeds == [1.0, 1.0, 1.0]
    mouth.play(2000)
    assert [(turn, text.strip()) for turn, text in mouth.ends] == [(1, THREE)]
    mouth.say(2, "Well.")
    assert mouth.synthesiser.speeds[-1] == 2.0


def test_of_an_answer_that_is_held_nothing_is_made_again(mouth):
    mouth.speaker.hold(Key(1, 1))
    mouth.say(1, THREE)
    with running(mouth):
        mouth.speaker.speed = 2.0
        mouth.settle()
        assert mouth.synthesiser.speeds == [1.0]
        mouth.speaker.release(Key(1, 1))
        mouth.settle()
    assert mouth.synthesiser.speeds == [1.0, 2.0, 2.0]
    mouth.play(2000)
    assert [(turn, text.strip()) for turn, text in mouth.ends] == [(1, THREE)]


def test_the_next_clause_is_made_while_one_plays(mouth):
    mouth.speaker.text(Key(1, 1), "One two three. ")
    mouth.settle()
    mouth.play(50)
    mouth.speaker.text(Key(1, 1), "Four five. ")
    mouth.settle()
    assert mouth.synthesiser.made == ["One two three.", "Four five."]
    assert mouth.clauses == [(1, "One two three. ")]
    mouth.speaker.end(Key(1, 1))
    mouth.settle()
    mouth.play(400)
    sound = np.concatenate(mouth.sound)
    length = LETTER * (len("One two three.") + 1 + len("Four five.") + 1)
    assert np.flatnonzero(sound).tolist() == list(range(length))  # without a gap


def test_one_plays_on_while_the_next_clause_is_slow(mouth):
    mouth.speaker.text(Key(1, 1), "One two three. Now wait a bit. ")
    assert mouth.synthesiser.waits.wait(30)
    assert mouth.play(100).all()
    assert mouth.play(100)[:50].all()
    assert not mouth.play(100).any()
    assert not mouth.ends
    mouth.synthesiser.may_go_on.set()
    mouth.speaker.end(Key(1, 1))
    mouth.settle()
    mouth.play(300)
    assert mouth.ends == [(1, "One two three. Now wait a bit. ")]


def test_the_first_clause_is_made_before_the_reply_is_complete(mouth):
    mouth.speaker.text(Key(1, 1), "It is so, and nobody knows why. And")
    mouth.settle()
    assert mouth.synthesiser.made == ["It is so, and nobody knows why."]
    stages = [mark.stage for mark in mouth.trace.turn(1).marks]
    assert stages == ["first_clause", "first_sound_made"]


def test_cancel_silences_and_tells_what_was_heard(mouth):
    mouth.say(1, "one two three four")
    mouth.play(100)
    mouth.speaker.cancel(Key(1, 1))
    assert not mouth.play(100)[5:].any()
    assert not mouth.play(100).any()
    assert mouth.ends == [(1, "one two ")]  # "three" had begun


def test_cancel_ends_a_synthesiser_in_the_middle_of_a_text(mouth):
    mouth.speaker.text(Key(1, 1), "endless words. ")
    while not mouth.play(50).any():
        pass
    mouth.speaker.cancel(Key(1, 1))
    mouth.settle()  # its thread is free again
    mouth.play(50)
    assert not mouth.play(50).any()


def test_nothing_of_a_cancelled_turn_is_made_any_more(mouth):
    mouth.speaker.cancel(Key(2, 1))
    mouth.say(1, "old. ")
    mouth.say(2, "dead. ")
    assert mouth.synthesiser.made == []
    assert not mouth.play(100).any()
    assert not mouth.ends
    mouth.say(3, "new. ")
    mouth.play(200)
    assert mouth.ends == [(3, "new. ")]


def test_what_waits_behind_a_slow_clause_is_dropped_by_cancel(mouth):
    mouth.speaker.text(Key(1, 1), "Please wait. And more. ")
    mouth.speaker.end(Key(1, 1))
    assert mouth.synthesiser.waits.wait(30)
    mouth.speaker.cancel(Key(1, 1))
    mouth.synthesiser.may_go_on.set()
    mouth.settle()
    assert mouth.synthesiser.made == ["Please wait."]
    assert not mouth.play(500).any()


def test_a_new_turn_replaces_an_old_one(mouth):
    mouth.say(1, "one two three four five. ")
    mouth.play(20)
    mouth.speaker.cancel(Key(1, 1))
    mouth.say(2, "six. ")
    mouth.play(20)
    mouth.play(200)
    assert mouth.ends == [(1, ""), (2, "six. ")]
    assert mouth.clauses == [(1, "one two three four five. "), (2, "six. ")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("fail", "the fake fails."), ("crash", "mouth: ValueError: a mistake in the engine")],
)
def test_a_synthesiser_that_fails_is_told_of_and_the_next_turn_works(mouth, text, sentence):
    mouth.say(1, f"It is good. Now {text}. ")
    assert [(turn, str(error)) for turn, error in mouth.failures] == [(1, sentence)]
    mouth.play(20)
    mouth.speaker.cancel(Key(1, 1))  # what the decider does with a failure
    mouth.play(200)
    mouth.play(200)
    assert mouth.ends == [(1, "")]  # the first word was not finished
    mouth.say(2, "Better. ")
    mouth.play(200)
    assert mouth.ends[-1] == (2, "Better. ")
    assert len(mouth.failures) == 1


def test_an_engine_that_cannot_be_made_is_told_of():
    failures = []
    told = threading.Event()

    def make():
        raise BadInput("no such voice.")

    speaker = Speaker(
        make,
        language="en",
        first_clause=60,
        clause=200,
        cores=Cores(),
        trace=Trace(),
        on_failed=lambda key, error: (failures.append((key, str(error))), told.set()),
    )
    loaded = threading.Event()
    speaker.load(Player(RATE, lambda *_: None, lambda *_: None), loaded.set)
    assert told.wait(30)
    assert failures == [(NEVER, "no such voice.")]
    assert not loaded.is_set()
    assert speaker.stop()


@pytest.mark.parametrize("text", ["", "😀", "...", "\n\n", "**", "😀 \n ---\n"])
def test_a_reply_that_has_nothing_to_say_ends_the_turn(mouth, text):
    mouth.say(4, text)
    assert not mouth.play(100).any()
    assert mouth.ends == [(4, text)]
    assert mouth.synthesiser.made == []


def test_a_turn_that_ends_without_any_text_ends(mouth):
    mouth.speaker.end(Key(4, 1))
    mouth.settle()
    mouth.play(100)
    assert mouth.ends == [(4, "")]


def test_what_was_heard_is_what_was_written_and_not_what_was_said(mouth):
    mouth.say(1, "**It** costs $5 now. ")
    assert mouth.synthesiser.made == ["It costs 5 dollars now."]
    mouth.play(140)  # and 5 of the fade-out, of 240: three fifths of the time and of the text
    mouth.speaker.cancel(Key(1, 1))
    mouth.play(10)
    assert mouth.ends == [(1, "**It** costs ")]


@pytest.mark.parametrize(
    ("played", "heard"),
    [
        (10, ""),
        (34, ""),
        (36, "one "),
        (74, "one "),
        (76, "one two "),
        (134, "one two "),
        (136, "one two three "),
        (184, "one two three "),
        (186, "one two three four"),
        (200, "one two three four"),
    ],
)
@pytest.mark.parametrize("rates", [(RATE, RATE), (2000, RATE), (RATE, 2000)])
def test_what_was_heard_is_exact_to_the_word(played, heard, rates):
    mouth = Mouth(Fake(rates[0]), rates[1])
    mouth.say(1, "one two three four")
    mouth.play(played * rates[1] // RATE)
    mouth.speaker.cancel(Key(1, 1))
    mouth.play(100)  # of which the 5 ms of the fade-out are heard
    assert mouth.ends == [(1, heard)]
    assert mouth.speaker.stop()


def test_space_before_a_clause_does_not_shift_its_words(mouth):
    mouth.say(1, "\n\n  one two three")
    mouth.play(45)
    mouth.speaker.cancel(Key(1, 1))
    mouth.play(10)
    assert mouth.ends == [(1, "\n\n  one ")]


def test_stop_closes_the_engine_and_ends_the_thread():
    mouth = Mouth(Fake())
    mouth.speaker.text(Key(1, 1), "endless words. ")
    while not mouth.play(50).any():
        pass
    assert mouth.speaker.stop()
    assert mouth.synthesiser.closed


def test_cancel_and_stop_before_anything_was_loaded_do_nothing():
    speaker = Speaker(
        Fake,
        language="en",
        first_clause=60,
        clause=200,
        cores=Cores(),
        trace=Trace(),
        on_failed=lambda *_: None,
    )
    speaker.cancel(Key(1, 1))
    assert speaker.stop()


def test_with_a_real_voice_the_words_heard_are_those_that_sounded():
    voice = EspeakSynthesiser()
    text = "One elephant dances slowly on the table. "
    marks = [m for block in voice.synthesise(text.strip(), lambda: False) for m in block.words]
    third = next(sample for chars, sample in marks if text[:chars] == "One elephant dances ")
    mouth = Mouth(voice, 48_000)
    mouth.say(1, text)
    mouth.play((third + 1000) * 48_000 // voice.rate)  # "slowly" has begun
    mouth.speaker.cancel(Key(1, 1))
    assert not mouth.play(480)[300:].any()
    assert mouth.ends == [(1, "One elephant dances ")]
    mouth.speaker.stop()


# --- held answers -----------------------------------------------------------------------------


def test_of_a_held_answer_only_the_first_clause_is_made(mouth):
    key = Key(1, 1)
    mouth.speaker.hold(key)
    mouth.speaker.text(key, "One is here. Two comes next. Three")
    mouth.speaker.end(key)
    mouth.settle()
    assert mouth.synthesiser.made == ["One is here."]
    assert not mouth.play(2000).any()
    mouth.speaker.release(key)
    mouth.settle()
    assert mouth.synthesiser.made == ["One is here.", "Two comes next.", "Three"]
    assert mouth.play(2000).any()
    assert mouth.ends == [(1, "One is here. Two comes next. Three")]


def test_what_is_said_after_the_release_does_not_wait(mouth):
    key = Key(1, 1)
    mouth.speaker.hold(key)
    mouth.speaker.text(key, "One is here. Two")
    mouth.speaker.release(key)
    mouth.speaker.text(key, " comes next. Three.")
    mouth.speaker.end(key)
    mouth.settle()
    mouth.play(2000)
    assert mouth.ends == [(1, "One is here. Two comes next. Three.")]


def test_when_somebody_waits_the_words_that_are_there_are_spoken(mouth):
    key = Key(1, 1)
    mouth.speaker.hold(key)
    mouth.speaker.text(key, "The planet closest")
    mouth.settle()
    assert mouth.synthesiser.made == []
    mouth.speaker.release(key)
    mouth.settle()
    assert mouth.synthesiser.made == ["The planet"]
    mouth.speaker.text(key, " to the sun is Mercury.")
    mouth.speaker.end(key)
    mouth.settle()
    for _ in range(30):
        mouth.play(100)
    assert mouth.ends == [(1, "The planet closest to the sun is Mercury.")]


def test_a_dropped_answer_leaves_nothing_to_the_next_one(mouth):
    first, second = Key(1, 1), Key(1, 2)
    mouth.speaker.hold(first)
    mouth.speaker.text(first, "One is here. Two comes next.")
    mouth.settle()
    mouth.speaker.cancel(first)
    mouth.speaker.hold(second)
    mouth.speaker.text(second, "Other words.")
    mouth.speaker.end(second)
    mouth.speaker.release(second)
    mouth.settle()
    for _ in range(30):
        mouth.play(100)
    assert mouth.synthesiser.made == ["One is here.", "Other words."]
    assert mouth.ends[-1] == (1, "Other words.")
    assert [text for _, text in mouth.clauses] == ["Other words."]


def test_an_answer_of_nothing_ends_whatever_a_dropped_one_left(mouth):
    first, second = Key(1, 1), Key(1, 2)
    mouth.speaker.hold(first)
    mouth.speaker.text(first, "One is here. Two comes next. Three")
    mouth.settle()
    mouth.speaker.cancel(first)
    mouth.speaker.end(second)
    mouth.settle()
    for _ in range(5):
        mouth.play(100)
    assert mouth.ends == [(1, ""), (1, "")]
    assert not mouth.clauses


def test_a_release_comes_before_the_first_piece_too(mouth):
    key = Key(1, 1)
    mouth.speaker.hold(key)
    mouth.speaker.release(key)
    mouth.speaker.say(key, "One is here. Two comes next.")
    mouth.settle()
    mouth.play(2000)
    assert mouth.ends == [(1, "One is here. Two comes next.")]


def test_stopping_a_secret_answer_leaves_no_sound_and_nothing_heard(mouth):
    key = Key(2, 1)
    mouth.speaker.hold(key)
    mouth.speaker.say(key, "One is here. Two comes next.")
    mouth.settle()
    mouth.speaker.cancel(Key(2, 1 << 30))
    mouth.speaker.release(key)  # too late
    mouth.settle()
    assert not np.concatenate([mouth.play(100) for _ in range(30)]).any()
    assert mouth.synthesiser.made == ["One is here."]
    assert mouth.ends == [(2, "")]


def test_a_filler_sounds_before_the_answer_and_is_nothing_of_it(mouth):
    mouth.speaker.fill(Key(1, 1), "One moment.")
    mouth.speaker.say(Key(1, 1), "Hello there.")
    mouth.settle()
    mouth.play(1000)
    assert mouth.synthesiser.made == ["One moment.", "Hello there."]
    assert mouth.clauses == [(1, ""), (1, "Hello there.")]
    assert mouth.ends == [(1, "Hello there.")]


def test_no_filler_comes_after_the_first_words_of_the_answer(mouth):
    mouth.speaker.text(Key(1, 1), "Hello")
    mouth.speaker.fill(Key(1, 1), "One moment.")
    mouth.speaker.end(Key(1, 1))
    mouth.settle()
    mouth.play(1000)
    assert mouth.synthesiser.made == ["Hello"]
    assert mouth.ends == [(1, "Hello")]


def test_a_filler_of_a_dead_turn_is_not_made(mouth):
    mouth.speaker.cancel(Key(1, 1))
    mouth.speaker.fill(Key(1, 1), "One moment.")
    mouth.settle()
    assert mouth.synthesiser.made == []
