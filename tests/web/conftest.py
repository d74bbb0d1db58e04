"""A real browser, and a server before a fake daemon."""

import os
import shutil

import pytest
from fake_daemon import FakeDaemon
from playwright.sync_api import sync_playwright
from serving import settings, site

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="module")
def browser():  # per module: while it is open, asyncio cannot run on this thread
    if not CHROMIUM:
        pytest.fail("These tests need a browser: apt-get install chromium, or set CHROMIUM.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path / "s") as fake:
        yield fake


@pytest.fixture
def web(daemon):
    with site(settings(daemon.path)) as running:
        yield running
