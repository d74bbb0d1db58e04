import threading

import pytest

from assistant.events import Key
from assistant.mouth.mute import Mute
from assistant.mouth.speaker import Speaker


@pytest.fixture
def ends():
    return []


@pytest.fixture
def mute(ends):
    return Mute(lambda key, heard: ends.append((key.turn, heard)))


def test_what_was_written_was_heard(mute, ends):
    mute.text(Key(1, 1), "Hello ")
    mute.text(Key(1, 1), "there.")
    assert ends == []
    mute.end(Key(1, 1))
    assert ends == [(1, "Hello there.")]


def test_a_whole_text_is_said_at_once(mute, ends):
    mute.say(Key(2, 1), "Good morning.")
    assert ends == [(2, "Good morning.")]


def test_a_reply_of_nothing_ends_the_turn(mute, ends):
    mute.end(Key(1, 1))
    assert ends == [(1, "")]


def test_cancel_tells_what_was_written_until_then(mute, ends):
    mute.text(Key(1, 1), "One, ")
    mute.cancel(Key(1, 1))
    assert ends == [(1, "One, ")]
    mute.text(Key(1, 1), "two.")
    mute.end(Key(1, 1))
    assert ends == [(1, "One, ")]


def test_cancelling_what_is_over_or_has_not_begun_tells_nothing(mute, ends):
    mute.say(Key(1, 1), "Done.")
    mute.cancel(Key(1, 1))
    mute.cancel(Key(2, 1))
    assert ends == [(1, "Done.")]


def test_a_dead_turn_does_not_come_back(mute, ends):
    mute.cancel(Key(5, 1))
    for turn in (4, 5):
        mute.say(Key(turn, 1), "too late")
    assert ends == []
    mute.cancel(Key(3, 1))  # an old cancel does not revive anything
    mute.say(Key(5, 1), "still too late")
    mute.say(Key(6, 1), "in time")
    assert ends == [(6, "in time")]


def test_turns_do_not_mix(mute, ends):
    mute.text(Key(1, 1), "a")
    mute.text(Key(2, 1), "b")
    mute.text(Key(1, 1), "c")
    mute.end(Key(2, 1))
    mute.end(Key(1, 1))
    assert ends == [(2, "b"), (1, "ac")]


def test_it_may_be_asked_from_within_its_own_report(ends):
    def again(key, heard):
        ends.append((key.turn, heard))
        if key.turn == 1:
            mute.cancel(Key(1, 1))
            mute.say(Key(2, 1), "next")

    mute = Mute(again)
    mute.say(Key(1, 1), "first")
    assert ends == [(1, "first"), (2, "next")]


def test_however_threads_meet_every_piece_is_told_once_at_most(ends):
    for turn in range(200):
        mute = Mute(lambda key, heard: ends.append((key.turn, heard)))
        cancel = threading.Thread(target=mute.cancel, args=(Key(turn, 1),))
        cancel.start()
        mute.text(Key(turn, 1), "x")
        mute.end(Key(turn, 1))
        cancel.join()
    turns = [turn for turn, _ in ends]
    assert len(turns) == len(set(turns))
    assert {heard for _, heard in ends} <= {"x"}


def test_it_has_the_verbs_of_a_speaker(mute):
    for verb in ("hold", "release", "text", "end", "say", "cancel", "stop"):
        assert callable(getattr(Speaker, verb))
        assert callable(getattr(mute, verb))
    assert mute.stop()


# --- held replies -----------------------------------------------------------------------------


def test_a_held_reply_is_told_when_it_is_released_and_not_before(mute, ends):
    mute.hold(Key(1, 1))
    mute.say(Key(1, 1), "secret")
    assert ends == []
    mute.release(Key(1, 1))
    assert ends == [(1, "secret")]


def test_what_is_released_before_it_is_complete_ends_when_it_is(mute, ends):
    mute.hold(Key(1, 1))
    mute.text(Key(1, 1), "One, ")
    mute.release(Key(1, 1))
    assert ends == []
    mute.text(Key(1, 1), "two.")
    mute.end(Key(1, 1))
    assert ends == [(1, "One, two.")]


def test_nothing_of_a_held_reply_that_is_dropped_was_read(mute, ends):
    mute.hold(Key(1, 1))
    mute.say(Key(1, 1), "secret")
    mute.cancel(Key(1, 1))
    mute.release(Key(1, 1))  # too late
    mute.hold(Key(1, 2))
    mute.say(Key(1, 2), "another")
    assert ends == []
    mute.release(Key(1, 2))
    assert ends == [(1, "another")]


def test_the_end_of_a_turn_ends_each_of_its_takes(mute, ends):
    mute.hold(Key(1, 1))
    mute.text(Key(1, 1), "secret")
    mute.cancel(Key(1, 1 << 30))
    assert ends == []
    mute.text(Key(2, 3), "One, ")
    mute.cancel(Key(2, 1 << 30))
    assert ends == [(2, "One, ")]
    assert not mute._written
