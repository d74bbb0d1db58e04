"""How long it is away after a crash in native code: `python benchmarks/crash.py [TIMES]`.

The daemon answers a question, dies of SIGSEGV in the middle of it, and is started again at once,
as a service manager does. Prints the s from the crash until it answers again, and until "I was
away" is heard; and the s of processor time that the start took. Devices are silent ones, the voice
is espeak.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assistant.serve.control import call

OPTIONS = ("--set=audio.backend=none", "--set=speech.engine=espeak", "--set=llm.max_tokens=400")
Process = subprocess.Popen[bytes]


def start(folder: Path) -> Process:
    """Return a daemon that begins to load."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "assistant", *OPTIONS),
            *(f"--set=paths.socket={folder / 'control.sock'}", "run", "--json"),
        ],
        env={**os.environ, "STATE_DIRECTORY": str(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def seen(process: Process, name: str) -> float:
    """Read until the event comes; return when it did, in monotonic s."""
    assert process.stdout
    for line in process.stdout:
        if json.loads(line)["event"] == name:
            return time.monotonic()
    raise SystemExit(f"the daemon ended before {name}")


def processor_s(process: Process) -> float:
    """Return the s of processor time that it has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(times: int) -> None:
    """Crash it so often."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = start(folder)
        seen(process, "ready")
        for _ in range(times):
            question = {"command": "ask", "text": "Write a long story about a fox."}
            call(folder / "control.sock", question)
            seen(process, "text")
            process.send_signal(signal.SIGSEGV)
            process.wait()
            dead, process = time.monotonic(), start(folder)
            ready, cost = seen(process, "ready") - dead, processor_s(process)
            rows.append((ready, seen(process, "clause_started") - dead, cost))
            seen(process, "speaking_ended")
        process.terminate()
        process.wait()
    for column, what in enumerate(("answers again", "is heard", "processor time")):
        figures = sorted(row[column] for row in rows)
        print(f"{what}: median {statistics.median(figures):.2f} s, most {figures[-1]:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
