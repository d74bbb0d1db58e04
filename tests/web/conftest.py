"""A real browser for the tests of the page."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="module")
def browser():  # per module: while it is open, asyncio cannot run on this thread
    if not CHROMIUM:
        pytest.fail("These tests need a browser: apt-get install chromium, or set CHROMIUM.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
