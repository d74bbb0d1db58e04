"""Known faults of packages, and packages that have no wheel for a Raspberry Pi.

The index is a fake: a server of this test that answers as the Python index does.
"""

import http.server
import json
import threading
from collections.abc import Iterator

import advisories
import pytest
import wheels

FAULT = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "fixed_in": ["99.1"],
    "summary": "It  forgets\nto look.",
}
WITHDRAWN = {**FAULT, "id": "PYSEC-2026-2", "withdrawn": "2026-01-01T00:00:00Z"}


class FakeIndex:
    """Answers with the object that stands for a package; remembers who asked for what."""

    def __init__(self, port: int) -> None:
        self.answers: dict[str, object] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.url = f"http://user:p%40ss@127.0.0.1:{port}/root/simple/"


@pytest.fixture
def index(monkeypatch) -> Iterator[FakeIndex]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.asked.append((self.path, self.headers["Authorization"]))
            name = self.path.split("/")[3]
            found = fake.answers.get(name)
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(found if isinstance(found, bytes) else json.dumps(found).encode())

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = FakeIndex(server.server_port)
    monkeypatch.setenv("PIP_INDEX_URL", fake.url)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()


def test_a_known_fault_is_told_and_fails(index: FakeIndex, capsys) -> None:
    index.answers = {"click": {"vulnerabilities": [FAULT, WITHDRAWN]}}
    assert advisories.main(["Click"]) == 1
    told = capsys.readouterr().out
    assert ": PYSEC-2026-1 = CVE-2026-1, mended in 99.1. It forgets to look." in told
    assert "PYSEC-2026-2" not in told
    ((path, who),) = index.asked
    assert path.startswith("/root/pypi/click/8.")
    assert who == "Basic dXNlcjpwQHNz"  # user:p@ss


def test_without_faults_it_is_right(index: FakeIndex, capsys) -> None:
    index.answers = {"click": {"vulnerabilities": []}, "rich": {"vulnerabilities": []}}
    assert advisories.main(["click", "rich"]) == 0
    assert "2 packages, 0 known faults" in capsys.readouterr().out


@pytest.mark.parametrize("answer", [None, b"<html>", {"info": {}}, [1]])
def test_an_index_that_tells_nothing_is_one_sentence(index: FakeIndex, capsys, answer) -> None:
    index.answers = {"click": answer}
    assert advisories.main(["click"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("script/advisories: the package index publishes no faults here")
    assert told.count("\n") == 1


def test_nobody_at_that_address_is_one_sentence(monkeypatch, capsys) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert advisories.main(["click"]) == 0
    assert "publishes no faults here" in capsys.readouterr().out


def test_a_name_that_is_not_pinned_is_refused(capsys) -> None:
    assert advisories.main(["leftpad"]) == 2
    assert "constraints.txt has no `leftpad`" in capsys.readouterr().err


# Wheels


WANTED = {name: f"{name}==1" for name in ("click", *wheels.SOURCES)}


def told_by(monkeypatch, without: set[str]) -> list[str]:
    """What is said under Python 3.13 when these have no wheel (a fake of the resolver)."""

    def resolve(requirements: list[str], python: str) -> str:
        missing = {each.partition("==")[0] for each in requirements} & without
        return f"no wheel of {', '.join(sorted(missing))}" if missing else ""

    monkeypatch.setattr(wheels, "resolve", resolve)
    return wheels.faults(WANTED, "3.13")


def test_what_has_a_wheel_no_more_or_has_one_again_is_told(monkeypatch) -> None:
    usual = set(wheels.SOURCES)
    assert told_by(monkeypatch, usual) == []
    assert told_by(monkeypatch, usual | {"click"}) == ["Python 3.13: no wheel of click"]
    assert told_by(monkeypatch, usual - {"srt"}) == [
        "Python 3.13: `srt` has a wheel now; take it off the list in script/wheels.py."
    ]


def test_without_an_index_wheels_are_not_checked(monkeypatch, capsys) -> None:
    def unreachable(requirements: list[str], python: str) -> str:
        raise wheels.Unreachable

    monkeypatch.setattr(wheels, "resolve", unreachable)
    assert wheels.main() == 0
    assert "were not checked" in capsys.readouterr().out
