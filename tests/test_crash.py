"""The real daemon, killed in the middle of an answer: what is there again, and what is heard of it.

Everything is real (llama.cpp, the recogniser, espeak); the devices are silent ones.
"""

import json
import signal
import threading
import time

import pytest
from shell import Child, assistant, until

from assistant.conversation import SENTENCES
from assistant.serve.control import call

LIGHT = (
    "--set=audio.backend=none",
    "--set=speech.engine=espeak",
    "--set=llm.max_tokens=400",
    "--set=turn.follow_up=0.0",
    "--set=history.keep=true",
    "--set=echo.mode=off",
)
STORY = "Write a long story about a fox."


class Daemon(Child):
    """`assistant run --json` with its events as they come."""

    def __init__(self, socket, env):
        super().__init__(*LIGHT, f"--set=paths.socket={socket}", "run", "--json", env=env)
        self.socket, self.events = socket, []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line) | {"seen": time.monotonic()})

    def wait(self, name, /, **wanted):
        """Wait for such an event; return it."""

        def found():
            return [e for e in self.events if e["event"] == name and wanted.items() <= e.items()]

        until(lambda: found() or self.process.poll() is not None, f"{name} {wanted}")
        assert found(), (self.events[-5:], self.process.stderr.read())
        return found()[0]

    def ask(self, text):
        call(self.socket, {"command": "ask", "text": text})

    def killed(self, number):
        """Send a signal that ends it; return when it was dead, in monotonic s."""
        self.process.send_signal(number)
        assert self.process.wait(30) == -number
        self._reader.join(10)
        return time.monotonic()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.mark.engine
@pytest.mark.slow
def test_a_crash_in_mid_answer_loses_that_turn_and_nothing_else(tmp_path):
    socket, env = tmp_path / "control.sock", {"STATE_DIRECTORY": str(tmp_path / "state")}
    with Daemon(socket, env) as daemon:
        daemon.wait("ready")
        daemon.ask("set a timer for 2 hours")
        daemon.wait("speaking_ended")
        daemon.ask("set a timer for 9 seconds")
        until(lambda: len([e for e in daemon.events if e["event"] == "acted"]) == 2, "the timer")
        daemon.ask(STORY)
        daemon.wait("text", turn=daemon.wait("think", text=STORY)["turn"])
        dead = daemon.killed(signal.SIGSEGV)
    with Daemon(socket, env) as daemon:
        ready = daemon.wait("ready")
        print(f"ready {ready['seen'] - dead:.2f} s after the crash")
        told = daemon.wait("say", text=SENTENCES["en"].away)
        assert daemon.wait("earcon", name="error")["seen"] <= told["seen"]
        daemon.wait("rang")  # the short one, and the long one is still to come
        call(socket, {"command": "stop"})
        daemon.ask("how much time is left on my timer")
        assert "1 hour" in daemon.wait("reply_ended")["text"]
        error = daemon.process.stderr
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(30) == 0
        log = error.read().decode()
    assert "crashed in native code" in log
    kept = assistant("history", "list", "--json", env=env).stdout.decode()
    assert "set a timer for 2 hours" in kept
    assert STORY not in kept  # the turn that was lost
    assert "Segmentation fault" in log
    assert {each.name for each in tmp_path.iterdir()} == {"state"}
