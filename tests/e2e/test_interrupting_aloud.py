"""The daemon on a virtual sound card is interrupted: by a stop word, and by another question.

The card's loudspeaker is not heard by its microphone, as with a perfect echo canceller.
"""

import time
from pathlib import Path

import numpy as np
import pytest
from soundcard import SoundCard
from test_conversation_aloud import Daemon
from tones_heard import tone_in

from assistant.audio import wav
from assistant.audio.frames import RATE
from assistant.bench.conversation.talkers import trimmed
from assistant.serve.control import call

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]


TRIES = 3
"""A machine that stalls loses sound of the virtual card."""
ALIKE = 0.8
"""See `tone_in`."""
HALVES = ("Please tell me who wrote Hamlet and", "who painted the Mona Lisa.")
TEXT = "The lighthouse stands on a rock in the harbour, and its lamp is seen from far away."


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


def ask(card, daemon, spoken, text, turn):
    """Say `text` after a reply; return what was heard in the turn, in small letters."""
    time.sleep(0.5)
    card.speak(spoken(text))
    return daemon.wait("heard", turn=turn)["text"].lower()


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
    turn_now = turn + 1
    for _ in range(TRIES):
        turn_now += 1
        asked, before = ask(card, daemon, spoken, "What did you say?", turn_now), answer
        answer = daemon.wait("speaking_ended", turn=turn_now)["heard"].lower()
        if "did you say" in asked:
            break
    assert answer.rstrip(". ") in before, asked
    for _ in range(TRIES):
        turn_now += 1
        if "go on" in ask(card, daemon, spoken, "Go on, please.", turn_now):  # with the months
            break
        daemon.wait("speaking_ended", turn=turn_now)
    rest = daemon.wait("clause_started", turn=turn_now)["text"]
    months = "".join(e["piece"] for e in daemon.seen if e["event"] == "text" and e["turn"] == turn)
    assert months.startswith(cut)
    assert months[len(cut) :].lstrip().startswith(rest.strip())


def test_a_murmur_over_the_reply_does_not_end_it(card, daemon, spoken):
    call(Path(daemon.socket), {"command": "say", "text": TEXT})
    turn = daemon.wait("clause_started")["turn"]
    time.sleep(1.0)
    card.speak(spoken("Uh-huh."))
    assert daemon.wait("speaking_ended", turn=turn)["heard"].split() == TEXT.split()
    daemon.wait("state", phase="asleep")


def test_who_promises_more_is_waited_for(card, daemon, spoken, tmp_path):
    halves = [trimmed(wav.read(spoken(half))) for half in HALVES]
    pause = np.zeros(round(0.8 * RATE), np.int16)
    with wav.WavWriter(tmp_path / "halves.wav", RATE) as writer:
        writer.write(np.concatenate([halves[0], pause, halves[1]]))
    for _ in range(TRIES):
        call(Path(daemon.socket), {"command": "stop"})
        call(Path(daemon.socket), {"command": "wake"})
        daemon.wait("wake_detected")
        turn = daemon.wait("state", phase="listening")["turn"]
        time.sleep(0.3)
        card.speak(tmp_path / "halves.wav")
        heard = daemon.wait("heard", turn=turn)["text"].lower()  # a half, if it was cut in two
        if "hamlet" in heard and "lisa" in heard:
            break
    assert "hamlet" in heard
    assert "lisa" in heard


def test_wake_and_stop_have_tones(card, daemon):
    for _ in range(TRIES):
        recording = card.record()
        for command, tone in (("wake", "wake"), ("stop", "cancel")):
            call(Path(daemon.socket), {"command": command})
            daemon.wait("earcon", name=tone)
            time.sleep(0.6)
        pcm = recording.stop()
        alike = [tone_in(pcm, RATE, name)[0] for name in ("wake", "cancel")]
        if min(alike) > ALIKE:
            break
    assert min(alike) > ALIKE
