"""Skills, documents and actions of the daemon, asked aloud on a virtual sound card.

Heard with Moonshine, said by Piper, and where words count read back by Whisper.
"""

import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner
from e2e.test_conversation_aloud import Daemon, card, read_back, second_recogniser

from assistant.audio.frames import RATE
from assistant.cli import command
from assistant.store import FILE, Store

__all__ = ["card", "second_recogniser"]  # fixtures

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]

GUIDE = """# Harbour Museum

## Opening hours
The museum is open from Tuesday to Sunday, from ten until six.

## Tickets
An adult ticket costs 12 pounds.
"""
ROBOT = """
[actions.tour]
en = ["[please] start the tour"]
run = ["sh", "-c", "echo drives > drives; sleep 60; echo arrived > arrived"]
wait = false
say.en = "The tour begins at the gate and goes along the water to the old tower. Please follow me."

[actions.halt]
on_stop = true
run = ["sh", "-c", "echo halted > halted"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the daemon keeps: a document, and a robot whose program writes files there."""
    folder = tmp_path_factory.mktemp("aloud")
    (folder / "visitor-guide.md").write_text(GUIDE)
    (folder / "skills").mkdir()
    (folder / "skills" / "robot.toml").write_text(
        ROBOT.replace("> ", f"> {folder}/"), encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATE_DIRECTORY", str(folder))
        added = CliRunner().invoke(command, ["knowledge", "add", str(folder / "visitor-guide.md")])
    assert added.exit_code == 0, added.output
    return folder


@pytest.fixture(scope="module")
def daemon(card, folder):
    """Nothing is left for the language model: it may say two words."""
    it = Daemon(
        card,
        folder,
        ("skills.folder", str(folder / "skills")),
        ("knowledge.enabled", "true"),
        ("llm.max_tokens", "2"),
        ("turn.follow_up", "0"),
    )
    it.wait("ready")
    yield it
    it.stop()


@pytest.fixture
def ask(card, daemon, spoken):
    """Return a function that wakes it by a command and says something; it returns what is heard."""

    def say(text):
        subprocess.run(
            [sys.executable, "-m", "assistant", f"--set=paths.socket={daemon.socket}", "wake"],
            check=True,
        )
        daemon.wait("state", phase="listening")
        time.sleep(0.3)
        card.speak(spoken(text))
        return daemon.wait("heard")["text"].lower()

    return say


def test_a_timer_that_was_set_aloud_rings(card, daemon, folder, ask, spoken, second_recogniser):
    heard = ask("Set a timer for four seconds.")
    recording = card.record()
    daemon.wait("speaking_ended")
    daemon.wait("clause_started", text="The 4-second timer is done.")
    daemon.wait("clause_started", text="The 4-second timer is done.")  # again and again
    assert "timer is done" in read_back(second_recogniser, recording), heard
    card.speak(spoken("Stop."))
    daemon.wait("stop_heard")
    daemon.wait("state", phase="asleep")
    kept = Store(folder / FILE)
    assert kept.rings() == []
    kept.close()


def test_opening_hours_are_said_from_a_document(card, daemon, ask, second_recogniser):
    recording = card.record()
    ask("When is the museum open?")
    said = daemon.wait("speaking_ended")["heard"]
    assert said.startswith("From the visitor guide: The museum is open from Tuesday to Sunday")
    time.sleep(0.5)
    aloud = read_back(second_recogniser, recording)
    assert "museum is open" in aloud
    assert "tuesday" in aloud
    daemon.wait("state", phase="asleep")


def test_a_robot_stops_while_it_still_speaks(card, daemon, folder, ask, spoken):
    (folder / "halted").unlink(missing_ok=True)  # by the "Stop" of another test
    ask("Start the tour.")
    daemon.wait("clause_started")
    time.sleep(1.0)
    assert (folder / "drives").exists()
    assert not (folder / "halted").exists()
    card.speak(spoken("Stop."))
    recording = card.record()
    daemon.wait("stop_heard")
    silent_from = len(recording.pcm) + RATE  # the sleep tone, and what was on its way
    daemon.wait("state", phase="asleep")  # decided at once, before the speaker tells what was heard
    heard = daemon.wait("speaking_ended")["heard"]
    time.sleep(2.0)
    assert "tower" not in heard
    assert np.abs(recording.stop()[silent_from:].astype(np.float64)).max() < 50
    assert (folder / "halted").read_text() == "halted\n"
    assert not (folder / "arrived").exists()
    left = subprocess.run(["pgrep", "-f", f"{folder}/arrived"], capture_output=True)
    assert left.stdout == b"", "the program that drives goes on"
