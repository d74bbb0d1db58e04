"""Makes docs/pictures from the real thing: a daemon on a virtual sound card, and a browser.

    .venv/bin/python benchmarks/pictures.py

A question is spoken into the card; the pages are taken as they are while it is answered. Needs what
script/setup --dev installs.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from soundcard import SoundCard  # noqa: E402  the tests' own virtual card

PICTURES = ROOT / "docs" / "pictures"
QUESTION = Path(str(resources.files("assistant"))) / "data" / "question-en.wav"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
PATIENCE_S = 60.0
WRITTEN = "How do I make green tea? Three short steps, please."


@contextlib.contextmanager
def daemon(card, folder):
    """Run the assistant; yield the page's address and its control command."""
    settings = {
        "paths.socket": f"{folder}/s",
        "web.enabled": "true",
        "web.port": "0",
        "llm.temperature": "0",
        "speech.engine": "piper",
    }
    command = [sys.executable, "-m", "assistant", *(f"--set={k}={v}" for k, v in settings.items())]
    env = {**card.env, "STATE_DIRECTORY": str(folder)}
    running = subprocess.Popen(
        [*command, "run", "--json"], env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        for line in running.stdout:
            event = json.loads(line)
            if event["event"] == "web":
                break
        yield event["url"], [*command, "wake"]
    finally:
        running.terminate()
        running.communicate(timeout=PATIENCE_S)


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        SoundCard() as card,
        daemon(card, folder) as (url, wake),
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def opened(path, width, height, **more):
            size = {"width": width, "height": height}
            page = browser.new_context(viewport=size, locale="en-GB", **more).new_page()
            page.set_default_timeout(PATIENCE_S * 1000)
            page.goto(url.rstrip("/") + path)
            return page

        expect.set_options(timeout=PATIENCE_S * 1000)
        chat = opened("/", 1024, 600)
        chat.locator("#prompt").fill(WRITTEN)
        chat.keyboard.press("Enter")
        expect(chat.locator(".message.assistant .acts")).to_be_visible()
        chat.screenshot(path=PICTURES / "page.png")

        face, spoken = opened("/face", 800, 480), opened("/#spoken", 1024, 600, color_scheme="dark")
        time.sleep(2.0)
        subprocess.run(wake, env=card.env, check=True)
        time.sleep(0.5)
        card.speak(QUESTION)
        expect(face.locator("body")).to_contain_text("Paris")
        time.sleep(0.4)  # in the middle of the sentence
        face.screenshot(path=PICTURES / "face.png")
        expect(spoken.locator("#messages")).to_contain_text("Paris")
        expect(spoken.locator("#phase")).to_have_text("asleep")
        spoken.locator("details").last.locator("summary").click()
        spoken.screenshot(path=PICTURES / "waterfall.png")
        browser.close()


if __name__ == "__main__":
    main()
