"""Measures what is written to the card: by the store for a turn, by the assistant in an hour.

    sudo .venv/bin/python benchmarks/sd_wear.py              the store: 24 turns, 6 s apart
    sudo .venv/bin/python benchmarks/sd_wear.py --minutes 12 the assistant: so long idle, then with
                                                             a turn a minute

The state lies on an ext4 file system of its own in an image, so that what its device was told to
write can be counted, with the file system's journal; mounting that takes root.
"""

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from small_disk import SmallDisk

from assistant import database
from assistant.archive import FILE, Archive, Turn

SIZE = "128M"
TURNS = 24
APART_S = 6.0
"""Longer than the 5 s after which ext4 and the kernel write by themselves."""
REST_S = 60.0
ASSISTANT = [sys.executable, "-m", "assistant"]


def written_by(pid):
    """Return how many bytes that process has had written, without the file system's own."""
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(io["write_bytes"])


def store(card):
    """Tell what a turn costs, by how much is waited for the disk."""
    for synchronous in ("FULL", "NORMAL", "OFF"):
        database.SYNCHRONOUS = synchronous
        archive = Archive(card.folder / synchronous / FILE)
        before, took = card.written(), []
        for _ in range(TURNS):
            began = time.perf_counter()
            archive.add(Turn(time.time(), "en", "what is the capital of france", "Paris. " * 17))
            took.append(time.perf_counter() - began)
            time.sleep(APART_S)
        a_turn = (card.written() - before) / TURNS
        archive.close()
        waits = statistics.median(took) * 1000
        print(f"{synchronous}: {a_turn:.0f} bytes a turn, {waits:.2f} ms", flush=True)


def assistant(card, minutes):
    """Tell what the whole assistant writes."""
    place = {"STATE_DIRECTORY": "state", "CACHE_DIRECTORY": "cache"}
    env = {**os.environ, **{name: str(card.folder / at) for name, at in place.items()}}
    env["RUNTIME_DIRECTORY"] = str(card.folder.parent)
    for start in ("first", "second"):
        before = card.written()
        command = [*ASSISTANT, "--set=audio.backend=none", "--set=history.keep=true", "run"]
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as child:
            while subprocess.run([*ASSISTANT, "status"], env=env, capture_output=True).returncode:
                time.sleep(2)
            print(f"{start} start: {card.written() - before} bytes", flush=True)
            if start == "second":
                phase("idle", card, child.pid, minutes, lambda: None)
                phase("a turn a minute", card, child.pid, minutes, lambda: ask(env))
            child.terminate()


def phase(name, card, pid, minutes, act):
    """Tell what is written while `act` is done once a minute."""
    process, device, began = written_by(pid), card.written(), time.monotonic()
    while time.monotonic() - began < minutes * 60:
        act()
        time.sleep(REST_S)
    hours = (time.monotonic() - began) / 3600
    device, process = card.written() - device, written_by(pid) - process
    print(
        f"{name}: {device / hours:.0f} bytes an hour by the device, "
        f"{process / hours:.0f} by the process",
        flush=True,
    )


def ask(env):
    """Ask something that a skill answers: what is written is the same, and the cores rest."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{env['RUNTIME_DIRECTORY']}/control.sock")
        client.sendall(json.dumps({"command": "ask", "text": "what time is it"}).encode() + b"\n")
        client.recv(4096)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, help="measure the whole assistant, so long each")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        contextlib.closing(SmallDisk(Path(place), SIZE)) as card,
    ):
        if args.minutes:
            assistant(card, args.minutes)
        else:
            store(card)


if __name__ == "__main__":
    main()
