"""What hostile clients of the control socket cost: how long they hold up the loop, how much memory.

    python benchmarks/control_hostile.py

The socket is served beside a loop that goes round as fast as it can. The processor time of each
round is what anything else on that loop, such as a decision of the conversation, has to wait for;
other programs on the machine do not count in it. Each attack runs in a process of its own.
"""

import asyncio
import contextlib
import json
import multiprocessing
import resource
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assistant import machine
from assistant.serve.control import ControlServer
from assistant.serve.protocol import check

SECONDS = 4.0
BIG = {"turns": [{"turn": turn, "marks": [{"stage": "heard"}] * 60} for turn in range(64)]}
"""As long as the answer to `trace` gets, 100 kB."""


def connected(path: str) -> socket.socket:
    """Return a new connection."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client


def nobody(_path: str) -> None:
    """Nobody is there."""
    time.sleep(SECONDS)


def halves(path: str) -> None:
    """A thousand connections with half a message each, over and over."""
    until, kept = time.monotonic() + SECONDS, []
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            kept.append(connected(path))
            kept[-1].send(b'{"comm')
        if len(kept) == 1000:
            kept.pop(0).close()


def endless(path: str) -> None:
    """Lines without an end."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), connected(path) as client:
            while True:
                client.sendall(b"x" * 65536)


def flood(path: str, request: str = "state", clients: int = 60) -> None:
    """Many requests from many clients, whose answers nobody reads."""
    until, all_of_them = time.monotonic() + SECONDS, []
    lines = json.dumps({"command": request}).encode() + b"\n"
    for _ in range(clients):
        all_of_them.append(connected(path))
        all_of_them[-1].setblocking(False)
    while time.monotonic() < until:
        for client in all_of_them:
            with contextlib.suppress(OSError):
                client.send(lines * 1000)
            with contextlib.suppress(OSError):
                client.recv(65536)


def greedy(path: str) -> None:
    """The same with the longest answer that there is."""
    flood(path, "trace")


def deep(path: str) -> None:
    """Requests that are as hard to read as their length allows."""
    until = time.monotonic() + SECONDS
    with connected(path) as client:
        while time.monotonic() < until:
            client.sendall(b'{"command": [' + b"[]," * 21_000 + b"0]}\n")
            client.recv(4096)


async def rounds(path: Path, attack: Callable[[str], None]) -> list[float]:
    """Return the processor time of each round of the loop during an attack, s."""
    server = ControlServer(
        path, lambda request: BIG if request["command"] == "trace" else {}, check=check
    )
    await server.start()
    attacker = multiprocessing.get_context("spawn").Process(target=attack, args=(str(path),))
    attacker.start()
    took = []
    while attacker.is_alive():
        began = time.thread_time()
        await asyncio.sleep(0)
        took.append(time.thread_time() - began)
    await server.stop()
    return sorted(took)


def main() -> None:
    """Print a line for each attack."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    before = machine.resident_memory() or 0
    for attack in (nobody, halves, endless, flood, greedy, deep):
        with tempfile.TemporaryDirectory() as folder:
            took = asyncio.run(rounds(Path(folder) / "s", attack))
        grown = ((machine.resident_memory() or 0) - before) / 1e6
        p99, worst = took[int(0.999 * len(took))], took[-1]
        print(f"{attack.__name__:8} 99.9 % of rounds up to {1000 * p99:6.2f} ms, ", end="")
        print(f"the longest {1000 * worst:6.2f} ms; {grown:+5.1f} MB")


if __name__ == "__main__":
    main()
