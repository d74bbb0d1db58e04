import threading

import pytest

from assistant.mouth.mute import Mute
from assistant.mouth.speaker import Speaker


@pytest.fixture
def ends():
    return []


@pytest.fixture
def mute(ends):
    return Mute(lambda turn, heard: ends.append((turn, heard)))


def test_what_was_written_was_heard(mute, ends):
    mute.text(1, "Hello ")
    mute.text(1, "there.")
    assert ends == []
    mute.end(1)
    assert ends == [(1, "Hello there.")]


def test_a_whole_text_is_said_at_once(mute, ends):
    mute.say(2, "Good morning.")
    assert ends == [(2, "Good morning.")]


def test_a_reply_of_nothing_ends_the_turn(mute, ends):
    mute.end(1)
    assert ends == [(1, "")]


def test_cancel_tells_what_was_written_until_then(mute, ends):
    mute.text(1, "One, ")
    mute.cancel(1)
    assert ends == [(1, "One, ")]
    mute.text(1, "two.")
    mute.end(1)
    assert ends == [(1, "One, ")]


def test_cancelling_what_is_over_or_has_not_begun_tells_nothing(mute, ends):
    mute.say(1, "Done.")
    mute.cancel(1)
    mute.cancel(2)
    assert ends == [(1, "Done.")]


def test_a_dead_turn_does_not_come_back(mute, ends):
    mute.cancel(5)
    for turn in (4, 5):
        mute.say(turn, "too late")
    assert ends == []
    mute.cancel(3)  # an old cancel does not revive anything
    mute.say(5, "still too late")
    mute.say(6, "in time")
    assert ends == [(6, "in time")]


def test_turns_do_not_mix(mute, ends):
    mute.text(1, "a")
    mute.text(2, "b")
    mute.text(1, "c")
    mute.end(2)
    mute.end(1)
    assert ends == [(2, "b"), (1, "ac")]


def test_it_may_be_asked_from_within_its_own_report(ends):
    def again(turn, heard):
        ends.append((turn, heard))
        if turn == 1:
            mute.cancel(1)
            mute.say(2, "next")

    mute = Mute(again)
    mute.say(1, "first")
    assert ends == [(1, "first"), (2, "next")]


def test_however_threads_meet_every_piece_is_told_once_at_most(ends):
    for turn in range(200):
        mute = Mute(lambda turn, heard: ends.append((turn, heard)))
        cancel = threading.Thread(target=mute.cancel, args=(turn,))
        cancel.start()
        mute.text(turn, "x")
        mute.end(turn)
        cancel.join()
    turns = [turn for turn, _ in ends]
    assert len(turns) == len(set(turns))
    assert {heard for _, heard in ends} <= {"x"}


def test_it_has_the_verbs_of_a_speaker(mute):
    for verb in ("text", "end", "say", "cancel", "stop"):
        assert callable(getattr(Speaker, verb))
        assert callable(getattr(mute, verb))
    assert mute.stop()
