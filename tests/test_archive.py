"""What was said is kept where that was asked for, and really gone when it is forgotten."""

import dataclasses
import json
import logging
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shell import is_one_sentence

from assistant import database
from assistant.archive import DAY_S, FILE, MIGRATIONS, Archive, Turn
from assistant.config import parse
from assistant.errors import AssistantError, BadInput
from assistant.serve import keeping

TEA = Turn(1000.0, "en", "how long for green tea", "Two minutes.")
MIAN = Turn(2000.0, "zh", "面要煮多久", "八分钟。")
NOW = 1_800_000_000.0


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / FILE


def kept(path):
    archive = Archive(path)
    turns = list(archive.read())
    archive.close()
    return turns


def bytes_of(path):
    return b"".join(each.read_bytes() for each in path.parent.iterdir())


def test_what_is_added_is_there_again_the_oldest_first(path):
    archive = Archive(path)
    assert archive.add(TEA)
    assert archive.add(MIAN)
    archive.close()
    assert kept(path) == [TEA, MIAN]
    again = Archive(path)
    assert list(again.read(1)) == [MIAN]
    assert again.count() == (2, 1000.0, 2000.0)


def test_only_its_owner_may_read_it(path):
    archive = Archive(path)
    archive.add(TEA)
    assert all(each.stat().st_mode & 0o077 == 0 for each in path.parent.iterdir())
    assert path.parent.stat().st_mode & 0o077 == 0


@given(st.text(st.characters(codec=None), max_size=30))
@settings(max_examples=30, deadline=None)
def test_any_text_is_kept(tmp_path_factory, text):
    archive = Archive(tmp_path_factory.mktemp("archive") / FILE)
    assert archive.add(dataclasses.replace(TEA, asked=text))
    (turn,) = archive.read()
    assert turn.asked == text.encode(errors="replace").decode()


@pytest.mark.parametrize("before", [None, 1500.0])
def test_what_is_forgotten_is_in_no_file_though_another_process_keeps_them_open(path, before):
    running = Archive(path)
    running.add(TEA, MIAN)
    assert b"green tea" in bytes_of(path)
    other = Archive(path)
    assert other.forget(before) == (1 if before else 2)
    assert b"green tea" not in bytes_of(path)
    assert b"Two minutes" not in bytes_of(path)
    assert (MIAN.asked.encode() in bytes_of(path)) == bool(before)
    assert list(running.read()) == ([MIAN] if before else [])
    running.add(TEA)
    assert kept(path) == ([MIAN, TEA] if before else [TEA])


def test_who_reads_meanwhile_is_told_of_and_nothing_is_claimed(path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_S", 0.05)
    archive = Archive(path)
    archive.add(TEA)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM turns").fetchall()
    with pytest.raises(AssistantError, match="could not be cleaned"):
        archive.forget()
    reader.execute("COMMIT")
    reader.close()
    archive.forget()
    assert b"green tea" not in bytes_of(path)


def test_what_is_too_old_is_deleted_once_a_day(path):
    now = [NOW]
    archive = Archive(path, lambda: now[0])
    old, young = (dataclasses.replace(TEA, at=NOW - days * DAY_S) for days in (31, 29))
    archive.add(old, young)
    archive.retain(30)
    assert list(archive.read()) == [young]
    now[0] += DAY_S / 2
    archive.add(old)
    archive.retain(30)
    assert list(archive.read()) == [young, old]
    now[0] += DAY_S
    archive.retain(30)
    assert list(archive.read()) == []


def test_a_clock_that_was_set_back_deletes_nothing(path):
    now = [NOW]
    archive = Archive(path, lambda: now[0])
    archive.add(dataclasses.replace(TEA, at=NOW))
    now[0] = 0.0
    archive.retain(30)
    assert archive.count()[0] == 1


def test_a_full_disk_is_told_once_and_made_up_for(path, caplog):
    archive = Archive(path)
    pages = archive._file._db.execute("PRAGMA page_count").fetchone()[0]
    archive._file._db.execute(f"PRAGMA max_page_count = {pages}")
    long = dataclasses.replace(TEA, heard="x" * 5000)
    assert [archive.add(long) for _ in range(3)] == [False] * 3
    assert not archive.remembers
    assert [each.levelno for each in caplog.records].count(logging.WARNING) == 1
    archive._file._db.execute("PRAGMA max_page_count = 1000")
    assert archive.add()
    assert kept(path) == [long] * 3


def test_what_waited_for_room_is_forgotten_with_the_rest(path):
    running = Archive(path)
    running.add(MIAN)
    pages = running._file._db.execute("PRAGMA page_count").fetchone()[0]
    running._file._db.execute(f"PRAGMA max_page_count = {pages}")
    running.add(dataclasses.replace(TEA, heard="x" * 5000))
    assert not running.remembers
    Archive(path).forget()
    running._file._db.execute("PRAGMA max_page_count = 1000")
    running.add(TEA)
    assert kept(path) == [TEA]


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path, caplog):
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 100)
    archive = Archive(path)
    assert archive.add(TEA)
    assert path.with_name("history.db.damaged-1").exists()
    assert "set aside" in caplog.text


def newer(path):
    Archive(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()


def test_a_newer_file_is_refused(path):
    newer(path)
    with pytest.raises(BadInput, match="written by a newer version"):
        Archive(path)


def test_nothing_is_kept_unless_that_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert keeping.make(parse({}, "test")) is None
    assert list(tmp_path.iterdir()) == []


def test_the_keeper_writes_each_turn_that_has_ended_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    keeper = keeping.make(parse({"history": {"keep": True}}, "test"))
    keeper("heard", {"turn": 1, "text": "a secret"})
    keeper("remembered", {"turn": 1, "language": "zh", "asked": MIAN.asked, "heard": MIAN.heard})
    keeper.stop()
    (turn,) = kept(tmp_path / FILE)
    assert dataclasses.replace(turn, at=MIAN.at) == MIAN
    assert b"secret" not in (tmp_path / FILE).read_bytes()
    off = keeping.make(parse({}, "test"))  # what was kept before is deleted in time
    off("remembered", {"turn": 2, "language": "en", "asked": "x", "heard": "y"})
    off.stop()
    assert len(kept(tmp_path / FILE)) == 1


@pytest.fixture
def said(inside, tmp_path, monkeypatch):
    """Return a function that runs a command, which must succeed, and gives what it says."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))

    def run(*arguments):
        done = inside(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    return run


def test_the_command_shows_exports_and_forgets(path, said, inside, tmp_path):
    assert said("history") == "Nothing that is said is kept: history.keep is false.\n"
    assert said("history", "list") == "Nothing is kept.\n"
    assert not path.exists()
    archive = Archive(path)
    archive.add(TEA, MIAN, dataclasses.replace(TEA, at=NOW, asked="bell \x07"))
    archive.close()
    assert "for 7 days" in said("--set=history.keep=true", "--set=history.days=7", "history")
    listed = said("history", "list", "--last", "1")
    assert "> bell  \n  Two minutes." in listed
    exported = [json.loads(line) for line in said("history", "export").splitlines()]
    assert [each["asked"] for each in exported[:2]] == [TEA.asked, MIAN.asked]
    said("history", "export", str(tmp_path / "said.jsonl"))
    assert (tmp_path / "said.jsonl").read_text().count("\n") == 3
    assert said("history", "forget", "--before", "2000-01-01", "--yes").startswith("forgotten: 2")
    assert len(kept(path)) == 1
    is_one_sentence(inside("history", "forget", "--before", "soon"))
    refused = inside("history", "forget", stdin="n\n")
    assert refused.returncode == 130
    assert len(kept(path)) == 1


def test_the_command_refuses_a_newer_file_in_one_sentence(path, inside, tmp_path):
    newer(path)
    state = {"STATE_DIRECTORY": str(tmp_path / "state")}
    assert "schema" in is_one_sentence(inside("history", "list", env=state))
