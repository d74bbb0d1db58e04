"""The daemon on a virtual sound card is interrupted: by a stop word, and by another question.

The card's loudspeaker is not heard by its microphone, as with a perfect echo canceller.
"""

import time

import numpy as np
import pytest
from soundcard import SoundCard
from test_conversation_aloud import Daemon

from assistant.audio.frames import RATE

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]


@pytest.fixture(scope="module")
def card():
    with SoundCard() as it:
        yield it


@pytest.fixture(scope="module")
def daemon(card, tmp_path_factory):
    it = Daemon(card, tmp_path_factory.mktemp("state"), ("echo.mode", "on"))
    it.wait("ready")
    yield it
    it.stop()


def speaking(card, daemon, spoken, wish):
    """Let it speak until it is in the middle of a long answer; return the turn."""
    card.speak(spoken("Okay nabu."))
    daemon.wait("state", phase="listening")
    time.sleep(0.4)
    card.speak(spoken(wish))
    turn = daemon.wait("clause_started")["turn"]
    daemon.wait("clause_started", turn=turn)
    return turn


def test_a_stop_word_silences_it_and_ends_the_talk(card, daemon, spoken):
    turn = speaking(card, daemon, spoken, "Tell me a long story about the sea.")
    recording = card.record()
    card.speak(spoken("Stop."))
    assert daemon.wait("stop_heard")["text"].lower().startswith("stop")
    heard = daemon.wait("speaking_ended", turn=turn)["heard"]
    silent_from = len(recording.pcm) + RATE  # the tone, and what was on its way
    assert len(heard.split()) > 3
    daemon.wait("state", phase="asleep")
    time.sleep(2)
    sound = recording.stop()[silent_from:].astype(np.float64)
    assert len(sound) > RATE
    assert np.abs(sound).max() < 50
    assert not any(event["event"] == "think" and event["turn"] > turn for event in daemon.seen)


def test_a_question_over_the_reply_is_heard_whole_and_answered(card, daemon, spoken):
    turn = speaking(card, daemon, spoken, "Name all months of the year and their days.")
    card.speak(spoken("What is the capital of Italy?"))
    cut = daemon.wait("speaking_ended", turn=turn)["heard"]
    asked = daemon.wait("heard", turn=turn + 1)["text"].lower()
    assert asked.startswith("what is the capital")
    assert "italy" in asked
    answer = daemon.wait("speaking_ended", turn=turn + 1)["heard"].lower()
    assert "rome" in answer
    time.sleep(0.5)
    card.speak(spoken("Go on, please."))  # with the months
    rest = daemon.wait("clause_started", turn=turn + 2)["text"]
    months = "".join(e["piece"] for e in daemon.seen if e["event"] == "text" and e["turn"] == turn)
    assert months.startswith(cut)
    assert months[len(cut) :].lstrip().startswith(rest.strip())
