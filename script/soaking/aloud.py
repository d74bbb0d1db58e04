"""The real assistant on a virtual sound card, spoken to at real time for as long as is wanted."""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soundcard import SoundCard

from assistant.serve.control import call
from soaking.measuring import Sample, look

QUESTIONS = (
    "What is the capital of France?", "How much is twelve times seven?", "What time is it?",
    "Tell me a very short story about a fox.", "Why is the sky blue?", "Spell the word window.",
)  # fmt: skip
PATIENCE_S = 120.0
WARM = 6
"""Turns until everything has been used once; they are spoken, and not measured."""
MUTTERS = 5
"""Every so many turns it is interrupted by stop."""


class Lost(Exception):
    """The assistant has ended, or does not get ready."""


class Assistant:
    """`assistant run --json`, with a state of its own."""

    def __init__(self, card: SoundCard, folder: Path, settings: list[str]) -> None:
        """`settings` are ``KEY=VALUE``."""
        self.socket = folder / "control.sock"
        own = [f"paths.socket={self.socket}", "turn.follow_up=0.0", *settings]
        self._log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "assistant",
                *(f"--set={each}" for each in own),
                "run",
                "--json",
            ],
            env={**card.env, "STATE_DIRECTORY": str(folder), "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._events.put(json.loads(line))
        self._events.put({"event": "gone"})

    def wait(self, *names: str, **wanted: object) -> dict[str, Any] | None:
        """Return the next event of one of these names and this content; None: it does not come."""
        until = time.monotonic() + PATIENCE_S
        while (left := until - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                return None
            if event["event"] == "gone":
                raise Lost("the assistant has ended")
            if event["event"] in names and wanted.items() <= event.items():
                return event
        return None

    def ask(self, command: str) -> None:
        """Tell it something over the control socket."""
        call(self.socket, {"command": command}, timeout_s=30.0)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


def recorded(folder: Path, settings: list[str]) -> list[Path]:
    """Let the assistant's own voice say the questions; return the files."""
    files = [folder / f"question-{number}.wav" for number in range(len(QUESTIONS))]
    chosen = [f"--set={each}" for each in settings]
    for file, text in zip(files, QUESTIONS, strict=True):
        subprocess.run(
            [sys.executable, "-m", "assistant", *chosen, "say", "--out", str(file), text],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return files


def talk(seconds: float, folder: Path, settings: list[str]) -> Iterator[tuple[Sample, int, int]]:
    """Speak for so long; yield what it takes, the turns so far, and how many were missed."""
    files = recorded(folder, settings)
    with SoundCard() as card:
        assistant = Assistant(card, folder, settings)
        try:
            if not assistant.wait("ready"):
                raise Lost("the assistant does not get ready")
            for number in range(WARM):
                turn(assistant, card, files[number % len(files)], interrupts=number == WARM - 1)
            began, turns, missed = time.monotonic(), 0, 0
            while (now := time.monotonic() - began) < seconds:
                interrupts = turns % MUTTERS == MUTTERS - 1
                missed += not turn(assistant, card, files[turns % len(files)], interrupts)
                turns += 1
                yield look(assistant.process.pid, now), turns, missed
        finally:
            assistant.stop()


def turn(assistant: Assistant, card: SoundCard, file: Path, interrupts: bool) -> bool:
    """Wake it, speak, and wait until it sleeps again; return whether it has answered."""
    assistant.ask("wake")
    if not assistant.wait("state", phase="listening"):
        return False
    card.speak(file)
    heard = assistant.wait("heard", "failed")
    spoke = assistant.wait("clause_started", "failed")
    if interrupts:
        assistant.ask("stop")
    rests = assistant.wait("state", phase="asleep")
    answered = heard and heard.get("text", "").strip() and spoke
    return bool(answered and spoke["event"] == "clause_started" and rests)
