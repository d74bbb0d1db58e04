"""The daemon beside its own loudspeaker: its microphone is the monitor of the virtual card.

So its own voice is there as loud as the one of whoever speaks to it, through real PortAudio with
PulseAudio's stamps. The reply is a fixed text, so that only the ears can end it.
"""

import time
from pathlib import Path

import pytest
from soundcard import SoundCard
from test_conversation_aloud import Daemon

from assistant.serve.control import call

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]

TRIES = 3
TEXT = (
    "The lighthouse stands on a rock in front of the harbour. It was built of granite a hundred "
    "and fifty years ago, and its lamp is seen from twenty miles away. Three families lived in it, "
    "with their goats and a small garden, until the lamp was turned by a motor. Today a boat "
    "brings visitors to it in summer, when the sea is calm enough."
)


@pytest.fixture(scope="module")
def card():
    with SoundCard(more="set-default-source spk.monitor\n") as it:
        yield it


@pytest.fixture(scope="module")
def daemon(card, tmp_path_factory):
    it = Daemon(card, tmp_path_factory.mktemp("state"))
    it.wait("ready")
    recite(it)
    it.wait("duplex_changed", usable=True)
    it.wait("state", phase="asleep")
    yield it
    it.stop()


def recite(daemon):
    """Let it say the text; return the turn once it is audible."""
    call(Path(daemon.socket), {"command": "say", "text": TEXT})
    return daemon.wait("clause_started")["turn"]


def heard_of(daemon, turn):
    """Return what was heard of what it said in that turn, which may have ended already."""
    for event in daemon.seen:
        if event["event"] == "speaking_ended" and event["turn"] == turn:
            return event["heard"]
    return daemon.wait("speaking_ended", turn=turn)["heard"]


def test_it_is_not_interrupted_by_its_own_voice(daemon):
    # A machine that stalls loses sound of the virtual card, and a second of the echo is heard then.
    for _ in range(TRIES):
        begun = len(daemon.seen)
        heard = heard_of(daemon, recite(daemon))
        daemon.wait("state", phase="asleep")
        if heard.split() == TEXT.split():
            break
    assert heard.split() == TEXT.split()
    assert not any(event["event"] == "heard" for event in daemon.seen[begun:])


def test_a_stop_word_over_it_is_understood(card, daemon, spoken):
    for _ in range(TRIES):
        turn = recite(daemon)
        time.sleep(1.5)
        card.speak(spoken("Stop."), sink="spk")
        heard = heard_of(daemon, turn)
        daemon.wait("state", phase="asleep")
        if any(event["event"] == "stop_heard" for event in daemon.seen):
            break
    assert any(event["event"] == "stop_heard" for event in daemon.seen)
    assert 0 < len(heard) < len(TEXT)


def test_the_wake_word_over_it_is_heard(card, daemon, spoken):
    for _ in range(TRIES):
        begun = len(daemon.seen)
        turn = recite(daemon)
        time.sleep(1.5)
        card.speak(spoken("Okay nabu."), sink="spk")
        heard = heard_of(daemon, turn)  # its first word may have ended the reply before the wake
        daemon.wait("state", phase="asleep")
        if woken := any(event["event"] == "wake_detected" for event in daemon.seen[begun:]):
            break
    assert woken
    assert 0 < len(heard) < len(TEXT)
