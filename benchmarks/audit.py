"""What Lighthouse, the auditor of web pages, says of the chat page and of the face.

    .venv/bin/python benchmarks/audit.py [--json]

Starts the assistant with a port of its own, without sound, and waits until it is ready. Needs
Chromium and npm, which fetches Lighthouse; a slow telephone is simulated, as Lighthouse does by
itself. Prints each page's scores, 0 to 100, and what is not as it should be.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LIGHTHOUSE = "lighthouse@12.8.2"  # the last one for Node 20 and older
CATEGORIES = "performance,accessibility,best-practices,seo"
PAGES = {"chat": "", "face": "face"}
PATIENCE_S = 60.0
TRIES = 3
WELL = 0.9


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Run the assistant without sound; yield its page's address once it can answer."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "assistant", "--set", "web.port=0"]
        command += ["--set", f"paths.socket={folder}/s", "--set", "web.enabled=true"]
        command += ["--set", "audio.backend=none", "run"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                url = next(line for line in server.stdout if "http" in line).split()[-1]
                ends = time.monotonic() + PATIENCE_S
                while not _ready(url) and time.monotonic() < ends:
                    time.sleep(0.2)
                yield url
            finally:
                server.terminate()


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}settings", timeout=5):
            return True
    except urllib.error.URLError:
        return False


def audit(url: str) -> dict[str, Any]:
    """Return Lighthouse's scores, and the audits that were not passed."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = ["npx", "--yes", LIGHTHOUSE, url, "--quiet", "--output=json"]
        command += [f"--output-path={report}", f"--only-categories={CATEGORIES}"]
        command += ["--chrome-flags=--headless=new --no-sandbox"]
        for _ in range(TRIES):  # it stumbles over a browser that is slow to start
            done = subprocess.run(command, env={**os.environ, "CHROME_PATH": chromium})
            if done.returncode == 0:
                break
        told = json.loads(report.read_text())
    audits = told["audits"].values()
    return {
        "scores": {name: round(100 * each["score"]) for name, each in told["categories"].items()},
        "not_passed": {
            each["id"]: each.get("displayValue") or each["title"]
            for each in audits
            if each["score"] is not None and each["score"] < WELL
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with served() as url:
        found = {name: audit(url + path) for name, path in PAGES.items()}
    if options.json:
        print(json.dumps(found))
        return
    for name, each in found.items():
        print(f"{name}: " + ", ".join(f"{what} {score}" for what, score in each["scores"].items()))
        for what, how in each["not_passed"].items():
            print(f"    {what}: {how}")


if __name__ == "__main__":
    main()
