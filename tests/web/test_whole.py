"""The daemon, its real model, the web server as its child, and a real browser on the page."""

import contextlib
import http.client
import json
import os
import queue
import signal
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect
from shell import Child

PATIENCE_S = 60.0
QUESTION = "What is the capital of France?"

pytestmark = [pytest.mark.engine, pytest.mark.e2e]


class Running(Child):
    """`assistant run` without devices, and with the web page on any free port."""

    def __init__(self, folder, *options):
        settings = {
            "audio.backend": "none", "speech.engine": "espeak", "web.enabled": "true",
            "web.port": 0, "llm.temperature": 0, "paths.socket": folder / "s",
            "web.rate": 1000,
        }  # fmt: skip
        given = [f"--set={key}={value}" for key, value in settings.items()]
        super().__init__(*given, *options, "run", "--json")
        self._events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._events.put(json.loads(line))

    def url(self):
        while (event := self._events.get(timeout=PATIENCE_S))["event"] != "web":
            pass
        return event["url"]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("run")) as running:
        yield running.url()


def post(url, path, body):
    address = url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_the_articles_client_gets_the_answer_piece_by_piece(url):
    status, stream = post(url, "/chat", {"prompt": QUESTION})
    assert status == 200
    data = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
    texts = [each["text"] for each in data if each["text"]]
    assert "Paris" in "".join(texts)
    assert len(texts) > 3
    usage = data[-1]["usage"]
    assert usage["reply_tokens"] >= len(texts)
    assert 0 < usage["first_token_s"] <= usage["total_s"]


def test_a_second_question_of_a_session_reads_only_what_is_new(url):
    _, first = post(url, "/chat", {"prompt": "My name is Ada.", "session": "ada"})
    _, second = post(url, "/chat", {"prompt": "What is my name?", "session": "ada"})
    usage = [json.loads(s[s.rindex("data: ") + 6 :])["usage"] for s in (first, second)]
    assert usage[1]["prompt_tokens"] > usage[0]["prompt_tokens"] + usage[0]["reply_tokens"]
    assert usage[1]["cached_tokens"] >= usage[0]["prompt_tokens"]
    assert "Ada" in second


def test_a_client_of_openais_interface(url):
    body = {
        "model": "any",
        "messages": [{"role": "user", "content": QUESTION}],
        "max_tokens": 3,
    }
    status, answer = post(url, "/v1/chat/completions", body)
    assert status == 200
    (choice,) = json.loads(answer)["choices"]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"]


def test_the_page_shows_the_answer(url, browser):
    page = browser.new_page()
    page.goto(url)
    page.locator("#prompt").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("Paris", timeout=PATIENCE_S * 1000)
    expect(page.locator("#phase")).to_have_text("asleep", timeout=PATIENCE_S * 1000)
    page.close()


def test_the_page_of_a_server_with_a_token_opens_by_its_address(tmp_path, browser):
    secret = tmp_path / "token"
    with Running(tmp_path, f"--set=web.token_file={secret}") as running:
        url = running.url()
        status, _ = post(url, "/chat", {"prompt": QUESTION})
        assert status == 401
        page = browser.new_page()
        page.goto(f"{url}#token={secret.read_text().strip()}")
        page.locator("#prompt").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("#messages")).to_contain_text("Paris", timeout=PATIENCE_S * 1000)
        assert "token" not in page.url
        page.close()


def test_a_web_server_that_dies_comes_back_and_ends_with_the_daemon(tmp_path):
    with Running(tmp_path) as running:
        assert running.url().startswith("http://127.0.0.1:")
        (first,) = children(running.process.pid)
        os.kill(first, signal.SIGKILL)
        assert running.url().startswith("http://127.0.0.1:")
        (second,) = children(running.process.pid)
        assert second != first
        running.process.terminate()
        running.process.wait(PATIENCE_S)
        assert not Path(f"/proc/{second}").exists()


def children(number):
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"--child" in path.read_bytes()
        and f"PPid:\t{number}\n" in (path.parent / "status").read_text()
    ]
