"""`assistant run --json` with a lamp: what it writes, and what the lamp is shown."""

import json
import re
import signal
from pathlib import Path

import pytest
from shell import Child, until

from assistant.serve.control import call

PAGE = Path(__file__).parent.parent.parent / "docs" / "lamps.md"
LAMP = """
class Kept:
    def state(self, phase):
        with open({path!r}, "a") as file:
            print(phase, file=file)
"""


def stable():
    """Return what the page promises of each event."""
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", PAGE.read_text(), re.MULTILINE)
    return {
        name: set(re.findall(r"`(\w+)`", fields))
        for names, fields in rows
        for name in re.findall(r"`(\w+)`", names)
    }


@pytest.mark.engine
def test_a_turn_is_seen_by_a_lamp_and_by_whoever_reads_the_events(tmp_path):
    shown, file, path = tmp_path / "shown", tmp_path / "kept.py", tmp_path / "s"
    file.write_text(LAMP.format(path=str(shown)))
    settings = {
        "audio.backend": "none",
        "paths.socket": path,
        "lamp.plugins": json.dumps([f"{file}:Kept"]),
    }
    given = [f"--set={key}={value}" for key, value in settings.items()]
    with Child(*given, "run", "--json", env={"STATE_DIRECTORY": str(tmp_path)}) as child:
        events = [json.loads(child.process.stdout.readline())]
        until(path.exists, "the socket")
        while events[-1]["event"] != "ready":
            events.append(json.loads(child.process.stdout.readline()))
        call(path, {"command": "ask", "text": "what is two plus two"})
        while events[-1].get("phase") != "asleep" or len(events) < 5:
            events.append(json.loads(child.process.stdout.readline()))
        child.process.send_signal(signal.SIGTERM)
        assert child.process.wait(30) == 0
    phases = shown.read_text().split()
    assert phases[-1] == "off"
    assert set(phases) <= {"asleep", "listening", "thinking", "speaking", "off"}
    told = stable()
    for event in events:
        assert told.get(event["event"], set()) <= set(event)
    assert {"ready", "state", "think", "reply_ended", "speaking_ended"} <= {
        event["event"] for event in events if event["event"] in told
    }
    assert all(isinstance(event["time"], float) for event in events)
