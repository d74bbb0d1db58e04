"""Makes docs/pictures from the real thing: a daemon on a virtual sound card, and a browser.

    .venv/bin/python benchmarks/pictures.py [page] [face] [waterfall] [hybrid] [typing] [speaking]

Without a name all are made. Questions are spoken into the card or written; the pages are taken as
they are while they are answered, `typing` and `speaking` as films (animated WebP). The larger model
of `hybrid` is a fake, tests/endpoint.py: its answer was written by hand. Needs what script/setup
--dev installs. The machine should have nothing else to do, for the waterfall above all.
"""

import argparse
import base64
import contextlib
import io
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from importlib import resources
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from endpoint import Endpoint, says  # noqa: E402  the tests' own fake
from soundcard import SoundCard  # noqa: E402  the tests' own virtual card

PICTURES = ROOT / "docs" / "pictures"
QUESTION = Path(str(resources.files("assistant"))) / "data" / "question-en.wav"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
PATIENCE_S = 60.0
WRITTEN = "How do I reverse a string in Python? One line of code."
RIGHT = "[::-1]"
"""What a right answer has; another one is not taken."""
HARD = (
    "Compare three ways to cool a small server room, with their costs over ten years, "
    "and say which one you would choose and why."
)
FAKE = (
    "**Fans and outside air** cost least, ",
    "but ask for a cool climate. ",
    "**A split air conditioner** is cheap to buy; ",
    "over ten years its power costs several times its price. ",
    "**Water cooling** costs most at first ",
    "and pays only in a room that is always full.\n\n",
    "I would choose outside air with a small air conditioner for the hot weeks: ",
    "it fails softly, and each part can be replaced alone.",
)
TURNS = 3
"""Of so many spoken turns the fastest one is the waterfall's."""
HOLD_MS = 1500
"""How long a film's last frame stays."""


class Assistant:
    """A running daemon. `url` is its page's address."""

    def __init__(self, card, folder, settings):
        settings = {
            "paths.socket": f"{folder}/s",
            "web.enabled": "true",
            "web.port": "0",
            "llm.temperature": "0",
            "speech.engine": "piper",
            **settings,
        }
        options = [f"--set={name}={value}" for name, value in settings.items()]
        command = [sys.executable, "-m", "assistant", *options, "run", "--json"]
        env = {**card.env, "STATE_DIRECTORY": str(folder)}
        self._running = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        self._events, self._news = [], threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.url = self.wait("web")["url"].rstrip("/")

    def _read(self):
        for line in self._running.stdout:
            with self._news:
                self._events.append(json.loads(line))
                self._news.notify()

    def wait(self, event):
        """Return the first such event that was not returned or passed by before."""
        deadline = time.monotonic() + PATIENCE_S
        with self._news:
            while True:
                while self._events:
                    found = self._events.pop(0)
                    if found["event"] == event:
                        return found
                if not self._news.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no event {event}")

    def post(self, path):
        """Do as the page's buttons."""
        head = {"content-type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(self.url + path, b"{}", head), timeout=10)

    def delay(self, turn):
        """From the last word of a spoken turn to its answer's first sound, in s."""
        with urllib.request.urlopen(f"{self.url}/trace?turn={turn}", timeout=10) as told:
            return json.load(told)["turns"][0]["voice_to_voice_s"]

    def close(self):
        self._running.terminate()
        self._running.wait(PATIENCE_S)


@contextlib.contextmanager
def assistant(card, settings=None):
    """Run an assistant with a state of its own."""
    with tempfile.TemporaryDirectory() as folder:
        running = Assistant(card, folder, settings or {})
        try:
            yield running
        finally:
            running.close()


@contextlib.contextmanager
def opened(browser, url, width, height, **more):
    """Open a page in a window of its own."""
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, locale="en-GB", **more)
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.goto(url)
        yield page
    finally:
        context.close()


@contextlib.contextmanager
def filmed(page, name, least_ms):
    """Film a page while the context lasts, two frames in `least_ms` at the most, to NAME.webp."""
    shots = []
    session = page.context.new_cdp_session(page)

    def take(shot):
        session.send("Page.screencastFrameAck", {"sessionId": shot["sessionId"]})
        at = shot["metadata"]["timestamp"] * 1000
        if len(shots) > 1 and at - shots[-2][0] < least_ms:
            shots.pop()  # not this one: the last of all must stay
        shots.append((at, shot["data"]))

    session.on("Page.screencastFrame", take)
    session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 2})
    yield
    session.send("Page.stopScreencast")
    images = [Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB") for _, data in shots]
    times = [at for at, _ in shots]
    lasts = [round(after - at) for at, after in itertools.pairwise(times)] + [HOLD_MS]
    images[0].save(
        PICTURES / f"{name}.webp",
        save_all=True,
        append_images=images[1:],
        duration=lasts,
        loop=0,
        quality=70,
        method=4,
    )


@contextlib.contextmanager
def frozen(browser):
    """The browser takes nothing of the processor; what it is told waits for it."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    processes = [process["id"] for process in told["processInfo"]]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def answered(chat):
    """Wait for the end of a written answer."""
    expect(chat.locator(".message.assistant .acts")).to_be_visible()


def page(browser, card):
    """Take a written question and its answer, with code."""
    with assistant(card) as running, opened(browser, running.url, 1024, 600) as chat:
        chat.locator("#prompt").fill(WRITTEN)
        chat.keyboard.press("Enter")
        answered(chat)
        expect(chat.locator("#messages pre")).to_contain_text(RIGHT)
        chat.screenshot(path=PICTURES / "page.png")


def typing(browser, card):
    """Film the same."""
    with assistant(card) as running, opened(browser, running.url, 800, 560) as chat:
        chat.wait_for_timeout(1000)
        with filmed(chat, "typing", 120):
            chat.locator("#prompt").press_sequentially(WRITTEN, delay=25)
            chat.keyboard.press("Enter")
            answered(chat)
            expect(chat.locator("#messages pre")).to_contain_text(RIGHT)
            chat.wait_for_timeout(500)


def ask_face(face, card):
    """Touch the face and speak the question; return once it is being answered."""
    expect(face.locator("body")).to_have_attribute("data-phase", "asleep")
    face.wait_for_timeout(1000)
    face.locator("#touch").click()
    expect(face.locator("body")).to_have_attribute("data-phase", "listening")
    face.wait_for_timeout(500)
    card.speak(QUESTION, wait=False)
    expect(face.locator("#caption.said")).to_contain_text("Paris")


def face(browser, card):
    """Take the face in the middle of a sentence."""
    with assistant(card) as running, opened(browser, f"{running.url}/face", 800, 480) as page:
        ask_face(page, card)
        page.wait_for_timeout(400)
        page.screenshot(path=PICTURES / "face.png")


def speaking(browser, card):
    """Film the face from the touch to the end of the answer."""
    with assistant(card) as running, opened(browser, f"{running.url}/face", 640, 384) as page:
        page.wait_for_timeout(2000)
        with filmed(page, "speaking", 100):
            ask_face(page, card)
            expect(page.locator("body")).not_to_have_attribute("data-phase", "speaking")
            page.wait_for_timeout(300)


def waterfall(browser, card):
    """Take where the time of a spoken turn went; the browser stands still during the turn."""
    best = float("inf")
    look = {"color_scheme": "dark"}
    with assistant(card) as running, opened(browser, "about:blank", 1024, 600, **look) as page:
        for _ in range(TURNS):
            page.goto(f"{running.url}/#spoken")
            page.reload()
            expect(page.locator("#phase")).to_have_text("asleep")
            page.wait_for_timeout(2000)
            with frozen(browser):
                running.post("/wake")
                running.wait("wake_detected")
                time.sleep(0.5)
                card.speak(QUESTION)
                turn = running.wait("speaking_ended")["turn"]
            delay = running.delay(turn)
            print(f"waterfall: {delay:.3f} s from the last word to the answer")
            running.post("/stop")  # it listens on
            expect(page.locator("#phase")).to_have_text("asleep")
            if delay < best:
                best = delay
                page.locator("#messages summary").last.click()
                page.screenshot(path=PICTURES / "waterfall.png")


def hybrid(browser, card):
    """Take a hard question that was sent out, to a fake."""
    with Endpoint(says(*FAKE, pause=0.1)) as there:
        settings = {"remote.endpoint": there.url, "remote.model": "fake-endpoint"}
        with (
            assistant(card, settings) as running,
            opened(browser, running.url, 1024, 600) as chat,
        ):
            chat.locator("#prompt").fill(HARD)
            chat.keyboard.press("Enter")
            answered(chat)
            expect(chat.locator("#messages")).to_contain_text("fake-endpoint")
            chat.screenshot(path=PICTURES / "hybrid.png")


ALL = {make.__name__: make for make in (page, face, waterfall, hybrid, typing, speaking)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}")
    names = parser.parse_args().names or list(ALL)
    if unknown := set(names) - set(ALL):
        parser.error(f"no such picture: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    PICTURES.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_S * 1000)
    with SoundCard() as card, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in names:
            ALL[name](browser, card)
        browser.close()


if __name__ == "__main__":
    main()
