"""Talking from a real browser to the real daemon: a question by microphone, a spoken answer.

The browser's microphone is a recording, by a switch of Chromium's that is made for that.
"""

import contextlib
import os
import shutil
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright
from test_whole import PATIENCE_S, Running

pytestmark = [pytest.mark.engine, pytest.mark.e2e]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
RATE = 16_000
BEFORE_S = 3.0
"""Silence before the question: until then the page has plugged in."""
PATIENCE_MS = PATIENCE_S * 1000
PLAYS = "document.querySelector('#talk-level').value > 0.03"
SPEAKS = "document.querySelector('#device').dataset.phase === 'speaking'"


def samples(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def recording(path, *pieces):
    """Write pieces (s of silence, or the path of a sound) to a file."""
    sounds = [
        np.zeros(round(piece * RATE), np.int16) if isinstance(piece, float) else samples(piece)
        for piece in pieces
    ]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.concatenate(sounds).tobytes())
    return path


@contextlib.contextmanager
def page_that_hears(url, sound: Path | None):
    """Open the page in a browser whose microphone is a recording, or that has none."""
    switches = ["--no-sandbox"]
    if sound:
        switches += [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={sound}%noloop",
        ]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=switches)
        wrong = []
        page = browser.new_context(locale="en-GB").new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(f"{url}#spoken")
        expect(page.locator("#device")).to_have_attribute("data-phase", "asleep")
        yield page
        assert wrong == []
        browser.close()


def until(page, true):
    """Wait for an expression; Playwright's own way needs what the page's policy forbids."""
    ends = time.monotonic() + PATIENCE_S
    while not page.evaluate(true):
        assert time.monotonic() < ends, true
        page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("run"), "--set=turn.follow_up=1") as running:
        yield running.url()


def test_a_question_into_the_browser_is_answered_aloud(url, spoken, tmp_path):
    sound = recording(tmp_path / "a.wav", BEFORE_S, spoken("What is the capital of France?"), 1.0)
    with page_that_hears(url, sound) as page:
        button = page.get_by_role("button", name="Talk with your microphone")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#phase")).to_have_text("listening", timeout=PATIENCE_MS)
        until(page, f"{SPEAKS} && {PLAYS}")
        expect(page.locator("#messages")).to_contain_text("Paris", timeout=PATIENCE_MS)
        expect(page.locator(".message.user .body")).to_contain_text("capital of France")
        # It falls asleep, and the page gives the microphone back.
        expect(button).to_have_attribute("aria-pressed", "false", timeout=PATIENCE_MS)
        expect(page.locator("#talk-level")).to_be_hidden()
        expect(page.locator("#toast")).to_be_hidden()


def test_who_speaks_into_the_answer_interrupts_it_and_is_heard_from_the_first_word(
    url, spoken, tmp_path
):
    sound = recording(
        tmp_path / "b.wav",
        BEFORE_S,
        spoken("Please tell me a very long story about a dog and a cat."),
        7.0,
        spoken("What is the capital of France?"),
        1.0,
    )
    with page_that_hears(url, sound) as page:
        page.locator("#talk").click()
        until(page, f"{SPEAKS} && {PLAYS}")
        heard = page.locator(".message.user .body")
        expect(heard).to_have_count(2, timeout=PATIENCE_MS)
        expect(heard.last).to_contain_text("What is the capital of France", timeout=PATIENCE_MS)
        expect(page.locator("#messages")).to_contain_text("Paris", timeout=PATIENCE_MS)


def test_pressing_again_ends_it_and_one_talks_at_a_time(url, tmp_path):
    sound = recording(tmp_path / "c.wav", 30.0)
    with page_that_hears(url, sound) as page:
        button = page.locator("#talk")
        button.click()
        expect(page.locator("#phase")).to_have_text("listening", timeout=PATIENCE_MS)
        second = page.context.new_page()
        second.goto(url)
        second.locator("#talk").click()
        expect(second.locator("#toast-text")).to_contain_text("somebody", ignore_case=True)
        expect(second.locator("#talk")).to_have_attribute("aria-pressed", "false")
        second.close()
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
        expect(page.locator("#phase")).to_have_text("asleep")


def test_a_browser_without_a_microphone_says_so(url):
    with page_that_hears(url, None) as page:
        page.locator("#talk").click()
        expect(page.locator("#toast-text")).to_contain_text("microphone", ignore_case=True)
        expect(page.locator("#talk")).to_have_attribute("aria-pressed", "false")
        expect(page.locator("#phase")).to_have_text("asleep")


# --- the page's own parts --------------------------------------------------------------------

RESAMPLED = """
async ([rate, frequency]) => {
  const context = new OfflineAudioContext(1, rate, rate);
  await context.audioWorklet.addModule("/static/worklet.js");
  const tone = new OscillatorNode(context, { frequency });
  const node = new AudioWorkletNode(context, "microphone");
  const got = [];
  node.port.onmessage = ({ data }) => got.push(...new Int16Array(data));
  tone.connect(node).connect(context.destination);
  tone.start();
  await context.startRendering();
  await new Promise((resolve) => setTimeout(resolve, 300));
  return got;
}
"""


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_the_microphone_is_resampled_to_16_kHz(url, rate):
    with page_that_hears(url, None) as page:
        pcm = np.array(page.evaluate(RESAMPLED, [rate, 1000])) / 32768
        assert len(pcm) % 320 == 0
        assert len(pcm) >= RATE - 960
        spectrum = np.abs(np.fft.rfft(pcm[1600:14_400] * np.hanning(12_800)))
        bins = 12_800 / RATE
        assert np.argmax(spectrum) == round(1000 * bins)
        spectrum[round(980 * bins) : round(1020 * bins)] = 0
        assert np.sum(spectrum**2) < 1e-4 * np.sum((12_800 / 4) ** 2)
        if rate > RATE:  # what is above 8 kHz must not come back as something else
            high = np.array(page.evaluate(RESAMPLED, [rate, 9500])) / 32768
            assert np.sqrt(np.mean(high[1600:14_400] ** 2)) < 0.01
