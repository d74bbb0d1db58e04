"""What strangers can do to the web server, and to those who are served or speak meanwhile.

    python benchmarks/load.py [--seconds 15] [--only NAME]... [--json]
    python benchmarks/load.py --voice [--pairs 6] [--wavs DIR] [--attackers idle] [--json]

The server is the daemon's own web child with the default limits, on a free port of the loopback.
Behind it is the daemon's control socket, with `--voice` the whole assistant on virtual devices and
without it nothing but the answer to `state`. Strangers come from other addresses of 127.0.0.0/8
than the good client, which asks for the page and for `/healthz` in turn, four times a second.

    nobody          nothing, to compare with
    connections     connections that say nothing: 10,000 in `--seconds`, from one address
    slow heads      128 clients of one address whose headers drip, a line every half second
    slow heads, 64  the same from 64 addresses
    slow bodies     128 clients whose bodies drip
    large bodies    4 clients that send a GB each, announced or in chunks
    requests        8 clients of one address that ask as fast as they are answered
    probes          8 clients that try path traversal and header splitting, from 250 addresses

Printed for each: what was sent and answered, the server's highest memory and its CPU time, how the
good client fared. With `--voice` also, over pairs of the same question spoken under the load and
without, in alternating order: the median times from the last voiced sample of the question to the
first audible one of the answer, the median ratio of a pair, and between what it lies in 90 of 100
drawings of as many pairs (bootstrap). Strangers take part of the same processor there; `cpu` tells
how much, and `--attackers idle` lets them have only what nobody else wants (SCHED_IDLE). `nobody`
tells what the machine's own unrest does.
"""

import argparse
import asyncio
import contextlib
import http.client
import itertools
import json
import os
import random
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONNECTIONS = 10_000
SLOW, DRIP_S = 128, 0.5
LARGE = 1_000_000_000
CHUNK = b"x" * 65536
WARM_S = 2.0
"""A load is in full swing after so long."""
POST = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
CLOSE = b"Connection: close\r\n\r\n"
PROBES = [
    *(
        b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + CLOSE
        for path in (
            b"/../../etc/passwd",
            b"/static/../../../etc/passwd",
            b"/static/..%2f..%2f..%2fetc%2fpasswd",
            b"/static/%2e%2e/%2e%2e/etc/passwd",
            b"/static/....//....//etc/passwd",
            b"/static/..%5c..%5cetc%5cpasswd",
            b"/static/..%c0%af..%c0%afetc/passwd",
            b"//etc/passwd",
            b"/static//etc/passwd",
            b"/static/%00app.js",
            b"http://127.0.0.1/../etc/passwd",
            b"/x%0d%0aX-Injected:%20yes",
            b"/trace?turn=last%0d%0aX-Injected:%20yes",
        )
    ),
    GET + b"X-A: b\rX-Injected: yes\r\n" + CLOSE,
    GET + b"X-A: b\nX-Injected: yes\r\n" + CLOSE,
    GET + b"Origin: http://localhost\r\n X-Injected: yes\r\n" + CLOSE,
    GET + b"Host: other\r\n" + CLOSE,
    GET + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n" + CLOSE + b"0\r\n\r\n",
    POST + b"Content-Length: 2\r\nContent-Length: 20\r\n" + CLOSE + b"{}" + GET + CLOSE,
    POST + b"Transfer-Encoding: xchunked\r\n" + CLOSE + b"2\r\n{}\r\n0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A : b\r\n" + CLOSE,
    b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n" + CLOSE,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
]


# Strangers, in a process of their own


@dataclass
class Tally:
    """What one load did and what became of it."""

    answers: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    most: int = 0
    sent: int = 0
    holes: list[str] = field(default_factory=list)
    open: int = 0


Speak = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def session(tally: Tally, port: int, address: str, speak: Speak) -> bytes:
    """Connect, speak, and read until the server ends it; return what it said."""
    try:
        opening = asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        reader, writer = await opening
    except OSError as error:
        tally.answers[f"not connected: {error.strerror}"] += 1
        await asyncio.sleep(DRIP_S)
        return b""
    tally.opened += 1
    tally.open += 1
    tally.most = max(tally.most, tally.open)
    said, outcome = b"", "open at the end"
    speaking = asyncio.ensure_future(speak(writer))
    try:
        with contextlib.suppress(OSError):
            while more := await reader.read(65536):
                said = (said + more)[:65536]
        outcome = said[9:12].decode("ascii", "replace") or "ended without a word"
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        tally.answers[outcome] += 1
        tally.open -= 1
        writer.close()
    return said


async def silent(_writer: asyncio.StreamWriter) -> None:
    pass


def dripping(head: bytes, drop: bytes) -> Speak:
    """Return one that never gets to the end."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            await asyncio.sleep(DRIP_S)
            writer.write(drop)

    return speak


async def flood(tally: Tally, port: int, rate: float) -> None:
    """Open connections that say nothing."""
    began, tasks = time.monotonic(), set()
    for number in itertools.count():
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        task = asyncio.create_task(session(tally, port, "127.0.0.2", silent))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def repeat(tally: Tally, port: int, address: str, speak: Speak, pause_s: float = 0.0) -> None:
    while True:
        await session(tally, port, address, speak)
        await asyncio.sleep(pause_s)


async def large(tally: Tally, port: int, address: str, chunked: bool) -> None:
    """Send a GB, again and again."""
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % LARGE
    piece = b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK) if chunked else CHUNK

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(POST + length + b"\r\n\r\n")
        for _ in range(LARGE // len(CHUNK)):
            writer.write(piece)
            await writer.drain()
            tally.sent += len(piece)

    await repeat(tally, port, address, speak)


async def requests(tally: Tally, port: int, address: str) -> None:
    """Ask as fast as answers come, on one connection."""
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(address, 0)
            )
            tally.opened += 1
            try:
                while True:
                    writer.write(GET + b"\r\n")
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                    await reader.readexactly(int(length))
                    tally.answers[head[9:12].decode()] += 1
            finally:
                writer.close()


async def probes(tally: Tally, port: int) -> None:
    """Try all probes in turn; a hole is a 200 for what must not be there, or a header of ours."""
    while True:
        probe = random.choice(PROBES)
        address = f"127.0.1.{random.randint(1, 250)}"

        async def speak(writer: asyncio.StreamWriter, probe: bytes = probe) -> None:
            writer.write(probe)
            writer.write_eof()

        said = await session(tally, port, address, speak)
        head = said.partition(b"\r\n\r\n")[0].lower()
        if b"x-injected" in head or b"root:" in said or said.count(b"HTTP/1.1 ") > 1:
            tally.holes.append(f"{probe!r}: {said[:200]!r}")


def strangers(name: str, tally: Tally, port: int, rate: float) -> list[Awaitable[None]]:
    """Return what the clients of a load do, without end."""
    head, body = (
        dripping(GET, b"X-A: b\r\n"),
        dripping(POST + b"Content-Length: 9999\r\n\r\n", b" "),
    )
    match name:
        case "connections":
            return [flood(tally, port, rate)]
        case "slow heads":
            return [repeat(tally, port, "127.0.0.2", head, DRIP_S) for _ in range(SLOW)]
        case "slow heads, 64":
            return [repeat(tally, port, f"127.0.0.{2 + n % 64}", head, DRIP_S) for n in range(SLOW)]
        case "slow bodies":
            return [repeat(tally, port, "127.0.0.2", body, DRIP_S) for _ in range(SLOW)]
        case "large bodies":
            return [large(tally, port, f"127.0.0.{2 + n}", n % 2 == 1) for n in range(4)]
        case "requests":
            return [requests(tally, port, "127.0.0.2") for _ in range(8)]
        case "probes":
            return [probes(tally, port) for _ in range(8)]
    return []


LOADS = (
    "nobody", "connections", "slow heads", "slow heads, 64", "slow bodies", "large bodies",
    "requests", "probes",
)  # fmt: skip


def attack(name: str, port: int, rate: float, idle: bool) -> None:
    """Be the strangers until standard input ends; then tell what was done."""
    if idle:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tally = Tally()

    async def main() -> None:
        began, cpu = time.monotonic(), time.process_time()
        tasks = [asyncio.ensure_future(each) for each in strangers(name, tally, port, rate)]
        await asyncio.to_thread(sys.stdin.read)
        spent, took = time.monotonic() - began, time.process_time() - cpu
        known = dict(tally.answers.most_common(6))
        result = {
            "opened": tally.opened, "most": tally.most, "sent_mb": round(tally.sent / 1e6),
            "answers": known, "holes": tally.holes, "seconds": spent, "cpu_s": took,
        }  # fmt: skip
        print(json.dumps(result), flush=True)
        for task in tasks:
            task.cancel()
        os._exit(0)  # thousands of connections need no farewell

    asyncio.run(main())


def be_good(port: int) -> None:
    """Be the good client until standard input ends; then tell how it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waited: list[float] = []
    failed: Counter[str] = Counter()

    async def main() -> None:
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        for path in itertools.cycle(("/", "/healthz")):
            began = time.monotonic()
            asking = asyncio.create_task(asyncio.to_thread(ask, port, path))
            await asyncio.wait({asking, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                break
            outcome = asking.result()
            if outcome == "200":
                waited.append(time.monotonic() - began)
            else:
                failed[outcome] += 1
            await asyncio.wait({ended}, timeout=max(0.0, began + 0.25 - time.monotonic()))
        print(json.dumps({"waited": waited, "failed": failed}), flush=True)
        os._exit(0)

    asyncio.run(main())


def ask(port: int, path: str) -> str:
    """Return the status, or what went wrong."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        return str(answer.status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        client.close()


# The house: the server, what is behind it, and what it takes


class Server:
    """A process that is looked at from outside."""

    def __init__(self, number: int, port: int) -> None:
        self.port = port
        self._proc = Path(f"/proc/{number}")

    def cpu_s(self) -> float:
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget_peak(self) -> None:
        (self._proc / "clear_refs").write_text("5")

    def peak_mb(self) -> float:
        return self._megabytes("status", "VmHWM")

    def memory_mb(self) -> tuple[float, float]:
        """Its resident memory, and its share of it: what others use as well counts in part."""
        return self._megabytes("smaps_rollup", "Rss"), self._megabytes("smaps_rollup", "Pss")

    def _megabytes(self, file: str, name: str) -> float:
        lines = (self._proc / file).read_text().splitlines()
        line = next(each for each in lines if each.startswith(f"{name}:"))
        return round(int(line.split()[1]) * 1024 / 1e6, 1)

    def files(self) -> int:
        return len(list((self._proc / "fd").iterdir()))


@contextlib.asynccontextmanager
async def house(
    config: Any, daemon: Any = None, streams: dict[str, Any] | None = None
) -> AsyncIterator[Server]:
    """Run the web child with a daemon's socket behind it; `streams` as `ControlServer` has them."""
    from assistant.daemon import visible
    from assistant.serve.child import WebChild
    from assistant.serve.control import ControlServer

    def handle(_request: dict[str, Any]) -> dict[str, Any]:
        return visible(daemon.state) if daemon else {"phase": "asleep", "turn": 0}

    urls: asyncio.Queue[str] = asyncio.Queue()
    control = ControlServer(config.socket_path, handle, streams)
    child = WebChild(config, urls.put_nowait)
    await control.start()
    before = children()
    child.start()
    try:
        url = await asyncio.wait_for(urls.get(), 60)
        (number,) = children() - before
        yield Server(number, int(url.rstrip("/").rpartition(":")[2]))
    finally:
        await child.stop()
        await control.stop()


def children() -> set[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(number) for task in tasks for number in task.read_text().split()}


class Helper:
    """A process of this script with another task; `end` returns what it tells."""

    def __init__(self, *task: str) -> None:
        self._task = task

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, *self._task,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def end(self) -> dict[str, Any]:
        told, _ = await self._process.communicate(b"")
        return dict(json.loads(told))


@dataclass
class Report:
    """One load, over as many arms as it took."""

    load: str
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    files: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    voice: list[tuple[float, float]] = field(default_factory=list)
    """Of each pair the time to the answer's first sound, without the load and under it."""
    lost: int = 0
    """Pairs of which one question was not answered."""

    def as_json(self) -> dict[str, Any]:
        answers: Counter[str] = Counter()
        for each in self.sent:
            answers.update(each["answers"])
        total = len(self.waited) + sum(self.failed.values())
        waited = sorted(self.waited)
        strangers_s = sum(each["seconds"] for each in self.sent)
        result: dict[str, Any] = {
            "load": self.load,
            "seconds": round(self.seconds, 1),
            "opened": sum(each["opened"] for each in self.sent),
            "most_open": max((each["most"] for each in self.sent), default=0),
            "sent_mb": sum(each["sent_mb"] for each in self.sent),
            "answers": dict(answers),
            "holes": [hole for each in self.sent for hole in each["holes"]][:10],
            "strangers_cpu": round(
                sum(each["cpu_s"] for each in self.sent) / (strangers_s or 1), 2
            ),
            "server_cpu": round(self.cpu_s / (self.seconds or 1), 2),
            "server_peak_mb": self.peak_mb,
            "server_files": self.files,
            "good_served": len(waited),
            "good_asked": total,
            "good_failed": dict(self.failed),
            "good_median_ms": round(1000 * statistics.median(waited), 1) if waited else None,
            "good_worst_ms": round(1000 * waited[-1], 1) if waited else None,
        }
        if self.voice:
            result["quiet_s"], result["loaded_s"] = (
                [round(each, 3) for each in side] for side in zip(*self.voice, strict=True)
            )
            result["ratio"], result["ratio_90"] = ratio(self.voice)
        result["lost_pairs"] = self.lost
        return result


def ratio(pairs: list[tuple[float, float]]) -> tuple[float, list[float]]:
    """Return the median ratio of the pairs, and the 5th and 95th of 100 drawings of it."""
    each, draw = [loaded / quiet for quiet, loaded in pairs], random.Random(1)
    drawn = sorted(statistics.median(draw.choices(each, k=len(each))) for _ in range(2000))
    return round(statistics.median(each), 3), [round(drawn[n], 3) for n in (100, 1899)]


async def under(
    report: Report, server: Server, options: argparse.Namespace, meanwhile: Awaitable[Any]
) -> Any:
    """Await something under the load; the report gets what happened."""
    rate = CONNECTIONS / options.seconds
    name, port = report.load, str(server.port)
    attackers = Helper("--attack", name, "--port", port, "--rate", str(rate),
                       "--attackers", options.attackers)  # fmt: skip
    good = Helper("--attack", "good", "--port", port)
    await good.start()
    await attackers.start()
    began, cpu = time.monotonic(), server.cpu_s()
    server.forget_peak()
    watching = asyncio.create_task(_files(report, server))
    try:
        await asyncio.sleep(WARM_S)
        return await meanwhile
    finally:
        told, report.sent = await good.end(), [*report.sent, await attackers.end()]
        report.seconds += time.monotonic() - began
        report.cpu_s += server.cpu_s() - cpu
        report.peak_mb = max(report.peak_mb, server.peak_mb())
        watching.cancel()
        report.waited += told["waited"]
        report.failed.update(told["failed"])


async def _files(report: Report, server: Server) -> None:
    while True:
        report.files = max(report.files, server.files())
        await asyncio.sleep(0.1)


# The measurements


async def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    from assistant.config import load

    results = []
    with tempfile.TemporaryDirectory() as folder:
        given = {"web.port": 0, "web.host": "127.0.0.1", "paths.socket": f"{folder}/socket"}
        config = load(None, given)
        for name in options.only or LOADS:
            report = Report(name)
            if options.voice:
                await spoken(config, report, options)
            else:
                async with house(config) as server:
                    await under(report, server, options, asyncio.sleep(options.seconds))
            results.append(report.as_json())
            if not options.json:
                print(told(results[-1]), flush=True)
    return results


async def spoken(config: Any, report: Report, options: argparse.Namespace) -> None:
    """Speak pairs of questions, one with and one without the load."""
    from assistant.commands.bench import questions
    from assistant.rehearsal import Rehearsal

    asked = itertools.cycle(questions(options.wavs))
    async with Rehearsal(config) as rehearsal, house(config, rehearsal.daemon) as server:
        await rehearsal.ask(next(asked).pcm)  # the first one is slower
        for pair in range(options.pairs):
            question, took = next(asked), {}
            for loaded in (pair % 2 == 1, pair % 2 == 0):
                other = report if loaded else Report("nobody")
                outcome = await under(other, server, options, rehearsal.ask(question.pcm))
                if outcome.voice_to_voice_s is not None and not outcome.cut:
                    took[loaded] = outcome.voice_to_voice_s
            if len(took) == 2:
                report.voice.append((took[False], took[True]))
            else:
                report.lost += 1


HEAD = (
    f"{'load':15} {'opened':>7} {'open':>6} {'server':>16}  {'good client':>32}  "
    f"{'voice':>26}  answers"
)


def told(row: dict[str, Any]) -> str:
    """Return one line of the table."""
    server = f"{row['server_peak_mb']:.0f} MB {row['server_cpu']:.0%} CPU"
    good = f"{row['good_served']} of {row['good_asked']}"
    if row["good_median_ms"] is not None:
        good += f", {row['good_median_ms']:.0f} ms, worst {row['good_worst_ms']:.0f}"
    voice = "-"
    if "ratio" in row:
        quiet, loaded = (statistics.median(row[key]) for key in ("quiet_s", "loaded_s"))
        low, high = row["ratio_90"]
        voice = f"{quiet:.2f} {loaded:.2f} {row['ratio']:.2f} ({low:.2f}-{high:.2f})"
    answers = ", ".join(f"{count} {name}" for name, count in row["answers"].items())
    if row["sent_mb"]:
        answers += f", {row['sent_mb']} MB sent"
    if row["holes"]:
        answers += f", HOLES: {row['holes']}"
    return (
        f"{row['load']:15} {row['opened']:7} {row['most_open']:6} {server:>16}  {good:>32}  "
        f"{voice:>26}  {answers}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each load")
    parser.add_argument("--only", action="append", choices=LOADS, help="only this load; again")
    parser.add_argument("--voice", action="store_true", help="measure the voice loop as well")
    parser.add_argument("--pairs", type=int, default=6, help="questions with and without the load")
    parser.add_argument("--wavs", type=Path, help="folder of recorded questions")
    parser.add_argument("--attackers", choices=["normal", "idle"], default="normal")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--attack", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attack == "good":
        be_good(options.port)
    elif options.attack:
        attack(options.attack, options.port, options.rate, options.attackers == "idle")
    else:
        if not options.json:
            print(HEAD)
        results = asyncio.run(measure(options))
        if options.json:
            print(json.dumps(results))


if __name__ == "__main__":
    main()
