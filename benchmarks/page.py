"""How soon the web page is there, how heavy it is, and what serving it takes.

    .venv/bin/python benchmarks/page.py [--runs 9] [--questions 9] [--throttle 1 4] [--json]

The whole assistant with its model, without devices; the web server is the daemon's own child. The
browser is a headless Chromium with an empty cache for each run, whose main thread is slowed down by
`--throttle` (`Emulation.setCPUThrottlingRate`).

    paint    ms from the beginning of the navigation to the first text (first contentful paint)
    weight   kB that a browser fetches for a page, and all that there is, compressed and in full
    stream   ms from the model's first token to the first byte of it at a client, both by the
             machine's monotonic clock; the client is a process of its own
    memory   MB of the web server's process, after all that: resident, and its share of it (PSS)
"""

import argparse
import asyncio
import contextlib
import http.client
import itertools
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from typing import Any

from load import house
from playwright.async_api import Browser, async_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
PAGES = {"chat": "/", "face": "/face"}
QUESTION = "Name a colour, number {n}."
PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries()) {
    if (name === "first-contentful-paint") done(startTime);
  }
}).observe({ type: "paint", buffered: true }))"""


async def opened(browser: Browser, port: int, path: str, throttle: float) -> tuple[float, float]:
    """Open a page with nothing in the cache; return ms to its first paint, and kB fetched."""
    url = f"http://127.0.0.1:{port}"
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    await page.goto(f"{url}/healthz")  # what follows is slowed down from its beginning on
    session = await context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    fetched: list[Any] = []
    page.on("requestfinished", lambda request: fetched.append(request))
    await page.goto(url + path)
    painted = await page.evaluate(PAINTED)
    await page.wait_for_selector("[data-phase=asleep]")
    sizes = [await request.sizes() for request in fetched]
    await context.close()
    return painted, sum(size["responseBodySize"] for size in sizes) / 1000


def weight() -> dict[str, float]:
    """Return the kB of all files that there are, those of pages that one may never open as well."""
    from assistant.serve.web import static

    assets = [static.read(path) for path in static.FOLDER.iterdir()]
    return {
        "all_kb": round(sum(len(each.packed or each.data) for each in assets) / 1000, 1),
        "all_unpacked_kb": round(sum(len(each.data) for each in assets) / 1000, 1),
    }


def ask(port: int) -> None:
    """Be the client of `stream`: a question for each line of standard input, told when it came."""
    for line in sys.stdin:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(client):
            head = {"Content-Type": "application/json"}
            client.request("POST", "/chat", json.dumps({"prompt": line.strip()}), head)
            answer = client.getresponse()
            came = None
            while piece := answer.readline():
                if came is None and piece.startswith(b"data: ") and json.loads(piece[6:])["text"]:
                    came = time.monotonic()
        print(came, flush=True)


def note_first(guests: Any, told: list[float]) -> None:
    """Let `told` get the time of the first text of each answer, on the model's own thread."""
    real = guests.ask

    def ask_noted(guest: Any) -> int:
        on_text = guest.on_text

        def first(piece: str) -> None:
            told.append(time.monotonic())
            guest.on_text = on_text
            on_text(piece)

        guest.on_text = first
        return int(real(guest))

    guests.ask = ask_noted


async def stream(port: int, questions: int, told: list[float]) -> list[float]:
    """Ask; return the ms from each first token, whose time `told` got last, to the client."""
    client = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--client", str(port),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert client.stdin is not None
    assert client.stdout is not None
    waited = []
    for n in range(questions + 1):
        client.stdin.write(QUESTION.format(n=n).encode() + b"\n")
        came = float(await client.stdout.readline())
        waited.append(1000 * (came - told[-1]))
    client.stdin.close()
    await client.wait()
    return waited[1:]  # the first one makes the connection to the model


def figures(values: list[float]) -> dict[str, float]:
    """Return the middle and the worst of some."""
    return {"median": round(statistics.median(values), 1), "worst": round(max(values), 1)}


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    from assistant.config import load
    from assistant.rehearsal import Rehearsal
    from assistant.serve import questions
    from assistant.serve import settings as changes
    from assistant.serve.watching import watch

    told: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        config = load(None, {"web.port": 0, "web.rate": 1000.0, "paths.socket": f"{folder}/s"})
        async with Rehearsal(config) as rehearsal:
            daemon = rehearsal.daemon
            note_first(daemon.guests, told)

            async def settings(_request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
                yield {"event": "end", **changes.told(config, {})}

            streams = {
                "chat": lambda request: questions.answer(
                    config, daemon.guests, questions.read(request)
                ),
                "watch": lambda request: watch(daemon, bool(request.get("levels"))),
                "settings": settings,
            }
            async with house(config, daemon, streams) as server, async_playwright() as driver:
                memory = {"start": server.memory_mb()}
                browser = await driver.chromium.launch(
                    executable_path=CHROMIUM, args=["--no-sandbox"]
                )
                paints, loaded = [], {}
                for throttle, (name, path) in itertools.product(options.throttle, PAGES.items()):
                    found = [
                        await opened(browser, server.port, path, throttle)
                        for _ in range(options.runs)
                    ]
                    each = figures([painted for painted, _ in found])
                    paints.append({"page": name, "throttle": throttle, **each})
                    loaded[f"{name}_kb"] = round(max(fetched for _, fetched in found), 1)
                await browser.close()
                waited = await stream(server.port, options.questions, told)
                memory["end"] = server.memory_mb()
    return {
        "paint_ms": paints,
        "weight": loaded | weight(),
        "stream_ms": figures(waited),
        "memory_mb": {when: {"rss": rss, "pss": pss} for when, (rss, pss) in memory.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9, help="times that each page is opened")
    parser.add_argument("--questions", type=int, default=9, help="answers whose beginning is timed")
    parser.add_argument("--throttle", type=float, nargs="+", default=[1, 4])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        ask(options.client)
        return
    found = asyncio.run(measure(options))
    if options.json:
        print(json.dumps(found))
        return
    for row in found["paint_ms"]:
        print(f"{row['page']} slowed down {row['throttle']:g} times: first paint after "
              f"{row['median']} ms, at worst {row['worst']}")  # fmt: skip
    print("weight: " + ", ".join(f"{name} {kb}" for name, kb in found["weight"].items()))
    print("first token to client: {median} ms, at worst {worst}".format(**found["stream_ms"]))
    for when, each in found["memory_mb"].items():
        print(f"memory at the {when}: {each['rss']} MB, of which its share {each['pss']} MB")


if __name__ == "__main__":
    main()
