"""The daemon on a virtual sound card: spoken to, and heard by a second recogniser.

The daemon hears with Moonshine; what it says is read back by Whisper from the monitor of the
loudspeaker, so the two cannot agree by mistake.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from soundcard import SoundCard

from assistant.audio.edges import speech_span
from assistant.audio.frames import RATE
from assistant.config import Config
from assistant.ears.whisper import WhisperRecogniser
from assistant.store import FILE, Ring, Store

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]

HUMAN = Path("/usr/share/pocketsphinx/test/data/cards/001.wav")
PATIENCE_S = 60


class Daemon:
    """`assistant run --json` as a child process."""

    def __init__(self, card, folder, *settings, wrap=lambda argv: argv, pass_fds=()):
        """`wrap` makes another command line of the daemon's, such as one for a sandbox."""
        values = {
            "paths.socket": str(folder / "control.sock"),
            "llm.temperature": "0",
            "speech.engine": "piper",
            "turn.follow_up": "8.0",
            **dict(settings),
        }
        options = [f"--set={key}={value}" for key, value in values.items()]
        self.socket = values["paths.socket"]
        self.process = subprocess.Popen(
            wrap([sys.executable, "-m", "assistant", *options, "run", "--json"]),
            env={**card.env, "STATE_DIRECTORY": str(folder)},
            pass_fds=pass_fds,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events = queue.SimpleQueue()
        self.seen = []
        self._errors = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def _read_errors(self):
        self._errors.extend(self.process.stderr)

    def wait(self, name, /, patience=PATIENCE_S, **wanted):
        """Return the next event of that name and content."""
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0:
            try:
                event = self.events.get(timeout=left)
            except queue.Empty:
                break
            self.seen.append(event)
            if event["event"] == name and wanted.items() <= event.items():
                return event
        log = "".join(self._errors)
        raise AssertionError(f"no {name} {wanted} within {patience} s: {self.seen[-12:]} {log}")

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0
        return "".join(self._errors)


@pytest.fixture(scope="module")
def card():
    with SoundCard() as it:
        yield it


@pytest.fixture(scope="module")
def second_recogniser():
    it = WhisperRecogniser(Config().models_dir / "whisper-base", "en")
    yield it
    it.close()


@pytest.fixture
def daemon(card, tmp_path):
    it = Daemon(card, tmp_path)
    it.wait("ready")
    yield it
    it.stop()


def read_back(recogniser, recording):
    pcm = recording.stop()
    span = speech_span(pcm)
    assert span, "the loudspeaker was silent"
    recogniser.start()
    recogniser.feed(pcm[max(0, span[0] - RATE // 4) : span[1] + RATE // 4])
    return recogniser.finish().text.lower()


def test_wake_ask_hear_the_reply_and_follow_up_twice(card, daemon, spoken, second_recogniser):
    for question, follow_up in [
        ("What is the capital of France?", "Which country is that city in?"),
        ("What is the capital of Italy?", "Which country is that city in?"),
    ]:
        country, city = ("france", "paris") if "France" in question else ("italy", "rome")
        card.speak(spoken("Okay nabu."))
        daemon.wait("wake_detected")
        daemon.wait("state", phase="listening")
        time.sleep(0.4)
        recording = card.record()
        card.speak(spoken(question))
        assert country in daemon.wait("heard")["text"].lower()
        daemon.wait("speaking_ended")
        time.sleep(0.5)
        assert city in read_back(second_recogniser, recording)
        recording = card.record()
        card.speak(spoken(follow_up))  # without the wake word, and senseless without the history
        daemon.wait("heard")
        reply = daemon.wait("speaking_ended")["heard"].lower()
        time.sleep(0.5)
        assert country in reply
        assert read_back(second_recogniser, recording).strip()
        daemon.wait("state", phase="asleep")


def test_what_is_not_said_to_it_after_a_reply_ends_in_sleep(card, daemon, spoken):
    card.speak(spoken("Okay nabu."))
    daemon.wait("state", phase="listening")
    time.sleep(0.4)
    card.speak(spoken("What is the capital of France?"))
    daemon.wait("speaking_ended")
    card.speak(spoken("And now back to our studio in London."))
    daemon.wait("state", phase="asleep")
    assert "studio" in daemon.wait("ignored")["text"].lower()
    assert sum(event["event"] == "reply_ended" for event in daemon.seen) == 1


def test_silence_after_the_wake_word_ends_in_sleep(card, daemon, spoken):
    card.speak(spoken("Okay nabu."))
    daemon.wait("state", phase="listening")
    daemon.wait("state", phase="asleep", patience=20)
    assert not any(event["event"] == "heard" for event in daemon.seen)


def test_a_stop_word_silences_it(card, daemon, spoken):
    subprocess.run(
        [sys.executable, "-m", "assistant", f"--set=paths.socket={daemon.socket}", "wake"],
        check=True,
    )
    daemon.wait("state", phase="listening")
    time.sleep(0.3)
    card.speak(spoken("Tell me a long story about the sea."))
    daemon.wait("clause_started")
    time.sleep(1.0)
    recording = card.record()
    card.speak(spoken("Stop."))
    daemon.wait("stop_heard")
    silent_from = len(recording.pcm) + RATE  # the sleep tone, and what was on its way
    daemon.wait("state", phase="asleep")
    time.sleep(3)
    sound = recording.stop()[silent_from:].astype(np.float64)
    assert len(sound) > RATE
    assert np.abs(sound).max() < 50


def test_what_is_due_rings_until_it_is_stopped(card, tmp_path, spoken, second_recogniser):
    kept = Store(tmp_path / FILE)
    kept.keep(Ring("timer", "pasta", seconds=60.0, at=time.time() + 1, boot="another"))
    kept.close()
    recording = card.record()
    daemon = Daemon(card, tmp_path, ("skills.enabled", "true"))
    try:
        for _ in range(2):  # again and again
            daemon.wait("clause_started", text="The pasta timer is done.")
        assert "timer is done" in read_back(second_recogniser, recording)
        time.sleep(1.0)
        card.speak(spoken("Stop."))
        daemon.wait("stop_heard")
        daemon.wait("state", phase="asleep")
        time.sleep(1.5)  # the sleep tone, and what was on its way
        recording = card.record()
        time.sleep(4)
        assert np.abs(recording.stop().astype(np.float64)).max() < 50
    finally:
        daemon.stop()
    assert Store(tmp_path / FILE).rings() == []


def test_a_human_voice_is_heard(card, daemon):
    heard = []
    while "clubs" not in "".join(heard):
        # A machine that stalls loses sound of the virtual card: then it is said again.
        assert len(heard) < 3, heard
        subprocess.run(
            [sys.executable, "-m", "assistant", f"--set=paths.socket={daemon.socket}", "wake"],
            check=True,
        )
        daemon.wait("state", phase="listening")
        time.sleep(0.3)
        card.speak(HUMAN)
        heard.append(daemon.wait("heard")["text"].lower())
        assert daemon.wait("speaking_ended")["heard"]


def test_a_refused_device_is_one_sentence(card, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "assistant", "--set=audio.input=no such card", "run"],
        env=card.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode in (1, 2)
    assert "no such card" in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stderr.count("assistant:") == 1
