"""How smoothly the face (`/face`) moves in a headless Chromium whose page is slowed down.

    .venv/bin/python benchmarks/face.py [--seconds 10] [--throttle 1 4 6] [--size 1024x600]
                                        [--files FOLDER] [--parts]

Prints JSON, one object for each state and slowness: `fps`, `frame_ms_median`, `frame_ms_p95` (from
one frame to the next), `long_frames` (longer than 25 ms: at 60 a second one was left out), and of
the page's main thread `main_ms` (all its work, for each frame), `script_ms_p95` (what the face's
own code takes for a frame) and `layouts` (in the whole time). `--files` takes the page's files from
elsewhere, such as those from before a change. `--parts` tells from a trace, made in a time of its
own, what a frame's work is (`parts_ms`, the mean for each frame): `script`, `style`, `layout`,
`paint`, `commit` on the main thread, and `raster` outside of it.

The web server, the control socket, espeak and the player are the real ones; the states come from
here. Only the page's main thread is slowed down (`Emulation.setCPUThrottlingRate`), and without a
graphics processor Chromium draws in software, in processes and threads that are not.
"""

import argparse
import asyncio
import contextlib
import functools
import itertools
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from assistant.audio.resample import resample
from assistant.audio.silent import SilentLoudspeaker
from assistant.config import Config, Paths, Web
from assistant.events import Key
from assistant.mouth.espeak import EspeakSynthesiser
from assistant.mouth.lips import told
from assistant.mouth.playback import Player
from assistant.serve.control import ControlServer
from assistant.serve.web import server, static

TEXT = "The sky is blue because air scatters blue light more than red, in all directions. "
LONG_MS = 25.0
PARTS = {
    "FireAnimationFrame": "script",
    "UpdateLayoutTree": "style",
    "Layout": "layout",
    "PrePaint": "paint",
    "Paint": "paint",
    "Layerize": "paint",
    "Commit": "commit",
    "RasterTask": "raster",
}
"""Which events of a trace belong to which part; none of them is inside another one."""
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "cc"]

COUNT = """(() => {
  const real = window.requestAnimationFrame.bind(window);
  const found = (window.found = { on: false, stamps: [], own: [] });
  window.requestAnimationFrame = (act) => real((at) => {
    const began = performance.now();
    act(at);
    if (found.on) found.own.push(performance.now() - began);
  });
  const count = (at) => {
    if (!found.on) return;
    found.stamps.push(at);
    real(count);
  };
  window.startCounting = () => {
    Object.assign(found, { on: true, stamps: [], own: [] });
    real(count);
  };
})()"""


class Device:
    """What a daemon tells those who watch it, and a voice that speaks without end."""

    def __init__(self, path):
        self._watchers = []
        self._loop = asyncio.new_event_loop()
        self._control = ControlServer(path, self._answer, {"watch": self._watch})
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._control.start(), self._loop).result(10)
        voice = EspeakSynthesiser()
        self._loudspeaker, self._key = SilentLoudspeaker(), Key(1, 1)
        self._rate = self._loudspeaker.rate
        sounds = list(voice.synthesise(TEXT, lambda: False))
        self._sounds = [
            (
                resample(sound.pcm, voice.rate, self._rate),
                tuple((at * self._rate // voice.rate, shape) for at, shape in sound.lips),
            )
            for sound in sounds
        ]
        self._player = Player(self._rate, self._clause, lambda *_: None)
        self._player.on_ahead = lambda ahead: self.tell(
            "level", source="mouth", turn=1, now=time.monotonic(), **told(ahead, self._rate)
        )
        self._loudspeaker.start(self._player.fill)

    def _answer(self, request):
        return {"phase": "asleep", "turn": 0, "language": "en"}

    async def _watch(self, request):
        queue = asyncio.Queue()
        self._watchers.append(queue)
        yield {"event": "state", "phase": "asleep", "turn": 0}
        while True:
            yield await queue.get()

    def tell(self, event, **data):
        """Tell all that watch."""

        def put():
            for queue in self._watchers:
                queue.put_nowait({"event": event, **data})

        self._loop.call_soon_threadsafe(put)

    def speak(self, clauses):
        """Speak the text so many times, as a turn of its own: what was stopped stays silent."""
        self._key = Key(self._key.turn + 1, 1)
        for _ in range(clauses):
            self._player.begin(self._key, TEXT)
            for pcm, lips in self._sounds:
                self._player.add(self._key, pcm, (), lips)
            self._player.complete(self._key)

    def _clause(self, key, text, at):
        self.tell("clause_started", turn=key.turn, text=text)

    def hush(self):
        """Be silent."""
        self._player.stop(self._key)


@contextlib.contextmanager
def served(config, files):
    """Yield the page's address."""
    static.routes = functools.partial(static.routes, files)
    bound = server.bind("127.0.0.1", 0)
    running = server.make(config, bound)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve([bound.socket])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.port}/face"
    finally:
        running.should_exit = True
        thread.join(15)


def metrics(session):
    """The main thread's counters."""
    return {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}


def measure(page, session, seconds):
    """Return the figures of some seconds."""
    page.evaluate("window.startCounting()")
    before = metrics(session)
    page.wait_for_timeout(seconds * 1000)
    after = metrics(session)
    stamps, own = page.evaluate("(() => { found.on = false; return [found.stamps, found.own] })()")
    gaps = sorted(b - a for a, b in itertools.pairwise(stamps))
    own.sort()
    work = (after["TaskDuration"] - before["TaskDuration"]) * 1000
    return {
        "fps": round(1000 * len(gaps) / (stamps[-1] - stamps[0]), 1),
        "frame_ms_median": round(statistics.median(gaps), 2),
        "frame_ms_p95": round(gaps[int(0.95 * len(gaps))], 2),
        "long_frames": sum(gap > LONG_MS for gap in gaps),
        "frames": len(gaps),
        "main_ms": round(work / len(gaps), 2),
        "script_ms_p95": round(own[int(0.95 * len(own))], 2) if own else 0.0,
        "layouts": int(after["LayoutCount"] - before["LayoutCount"]),
    }


def parts(browser, page, seconds):
    """Return for each part of a frame its mean in ms, from a trace of some seconds."""
    page.wait_for_timeout(200)  # what was begun before ends
    browser.start_tracing(page=page, categories=TRACED)
    page.evaluate("window.startCounting()")
    page.wait_for_timeout(seconds * 1000)
    frames = page.evaluate("(() => { found.on = false; return found.stamps.length })()")
    sums = dict.fromkeys(PARTS.values(), 0.0)
    for event in json.loads(browser.stop_tracing())["traceEvents"]:
        if event["name"] in PARTS:
            sums[PARTS[event["name"]]] += event.get("dur", 0) / 1000
    return {name: round(total / frames, 2) for name, total in sums.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--throttle", type=float, nargs="+", default=[1, 4, 6])
    parser.add_argument("--size", default="1024x600")
    parser.add_argument("--files", type=Path, default=static.FOLDER)
    parser.add_argument("--parts", action="store_true")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    results = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder, "s")
        device = Device(path)
        config = Config(web=Web(port=0), paths=Paths(socket=str(path)))
        with served(config, given.files) as url:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": width, "height": height})
            page.add_init_script(COUNT)
            page.goto(url)
            page.wait_for_selector("body[data-phase=asleep]")
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            for rate in given.throttle:
                session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
                for phase in ("asleep", "speaking"):
                    device.tell("state", phase=phase, turn=1, out=False)
                    if phase == "speaking":
                        device.speak(round(given.seconds / 2) + 3)
                    page.wait_for_timeout(2000)
                    figures = measure(page, session, given.seconds)
                    if given.parts:
                        figures["parts_ms"] = parts(browser, page, given.seconds)
                    results.append({"state": phase, "throttle": rate, **figures})
                    device.hush()
            browser.close()
    print(json.dumps({"size": given.size, "seconds": given.seconds, "results": results}, indent=1))


if __name__ == "__main__":
    main()
