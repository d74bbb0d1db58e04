"""What is kept survives a damaged file and a full disk; a newer file is refused.

That it survives a kill and a power cut is in `test_power_cut.py`.
"""

import logging
import os
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import database, store
from assistant.errors import BadInput
from assistant.store import FILE, MIGRATIONS, Ring, Store

VERSION = len(MIGRATIONS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / FILE


def warnings(caplog):
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_is_kept_is_there_again(path):
    first = Store(path)
    tea = first.keep(Ring("timer", "tea", "en", 180.0, None, at=5.0, mono=7.5, boot="b"))
    paused = first.keep(Ring("timer", "煮面", "zh", 600.0, 12.25))
    gone = first.keep(Ring("alarm", clock="07:00", day="2026-11-28"))
    tea = first.keep(Ring("timer", "green tea", "en", 120.0, id=tea.id))
    first.forget(gone.id, 99)
    assert first.remembers
    first.close()
    assert Store(path).rings() == [tea, paused]


def test_no_id_comes_twice(path):
    kept = Store(path)
    gone = kept.keep(Ring("timer", "a"))
    kept.forget(gone.id)
    assert kept.keep(Ring("timer", "b")).id > gone.id


def test_it_waits_for_the_disk_at_each_change(path):
    kept = Store(path)
    assert kept._file._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert kept._file._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@given(damage=st.binary(min_size=1, max_size=64), where=st.integers(0, 8000))
@settings(max_examples=25, deadline=None)
def test_any_damage_is_survived(tmp_path_factory, damage, where):
    path = tmp_path_factory.mktemp("store") / FILE
    with_rows(path)
    content = bytearray(path.read_bytes())
    content[where : where + len(damage)] = damage
    path.write_bytes(content)
    try:
        kept = Store(path)
    except BadInput:  # the version itself was hit
        return
    new = kept.keep(Ring("timer", "after"))
    kept.close()
    assert new in Store(path).rings()


@pytest.mark.parametrize(
    ("sound", "damaged"),
    [(b"tableringsrings", b"tablering\x80rings"), (b"id INTEGER", b"i\x80 INTEGER")],
)
def test_damage_that_is_no_text_is_survived(path, sound, damaged):
    with_rows(path)
    content = path.read_bytes()
    assert sound in content
    path.write_bytes(content.replace(sound, damaged))
    kept = Store(path)
    new = kept.keep(Ring("timer", "after"))
    kept.close()
    assert new in Store(path).rings()


def with_rows(path):
    kept = Store(path)
    for number in range(30):
        kept.keep(Ring("reminder", f"water the plants {number} " * 5))
    kept.close()


def test_a_damaged_file_is_set_aside_with_one_warning(path, caplog):
    with_rows(path)
    damaged = path.read_bytes()[:100] + os.urandom(4000)
    path.write_bytes(damaged)
    path.with_name("store.db-wal").write_bytes(b"what belongs to it")
    kept = Store(path)
    assert kept.rings() == []
    assert kept.remembers
    assert path.with_name("store.db.damaged-1").read_bytes() == damaged
    assert len(warnings(caplog)) == 1
    assert "set aside as store.db.damaged-1" in caplog.text
    kept.close()
    path.write_bytes(b"no database at all, but long enough to be taken for one " * 20)
    assert Store(path).remembers
    assert path.with_name("store.db.damaged-2").exists()


def test_a_newer_file_is_refused_and_left_as_it_is(path):
    with_rows(path)
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(BadInput, match=f"schema {VERSION + 1}, this one knows up to {VERSION}"):
        Store(path)
    assert path.read_bytes() == before
    assert list(path.parent.glob("*damaged*")) == []


def test_an_older_file_is_brought_forward_whole_or_not_at_all(path, monkeypatch):
    with_rows(path)
    steps = ("ALTER TABLE rings ADD COLUMN tone TEXT", "NONSENSE")
    monkeypatch.setattr(store, "MIGRATIONS", (*store.MIGRATIONS, steps))
    db = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="NONSENSE"):
        database.migrate(db, VERSION, store.MIGRATIONS)
    db.close()
    assert "tone" not in path.read_bytes().decode(errors="ignore")
    monkeypatch.setattr(store, "MIGRATIONS", (*store.MIGRATIONS[:-1], steps[:1]))
    assert len(Store(path).rings()) == 30
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)
    db.close()


def test_a_full_disk_is_told_once_and_made_up_for(path, caplog):
    kept = Store(path)
    pages = kept._file._db.execute("PRAGMA page_count").fetchone()[0]
    # SQLite's own "database or disk is full"
    kept._file._db.execute(f"PRAGMA max_page_count = {pages}")
    several = [kept.keep(Ring("reminder", "x" * 3000)) for _ in range(3)]
    assert not kept.remembers
    assert kept.rings() == several
    assert len(warnings(caplog)) == 1
    assert "disk is full" in caplog.text
    kept._file._db.execute("PRAGMA max_page_count = 1000")
    several.append(kept.keep(Ring("timer")))
    assert kept.remembers
    kept.close()
    assert Store(path).rings() == several


def test_a_file_where_the_folder_should_be(tmp_path, caplog):
    (tmp_path / "state").write_text("")
    kept = Store(tmp_path / "state" / FILE)
    ring = kept.keep(Ring("timer"))
    assert kept.rings() == [ring]
    assert not kept.remembers
    assert len(warnings(caplog)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path, caplog):
    (tmp_path / "state").mkdir(mode=0o500)
    kept = Store(tmp_path / "state" / FILE)
    assert kept.rings() == [kept.keep(Ring("timer"))]
    assert not kept.remembers
    assert len(warnings(caplog)) == 1


def test_another_who_holds_the_file_is_not_waited_for_for_long(path, monkeypatch, caplog):
    monkeypatch.setattr(database, "BUSY_S", 0.05)
    kept = Store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    kept.keep(Ring("timer", "a"))
    assert not kept.remembers
    other.execute("ROLLBACK")
    other.close()
    kept.keep(Ring("timer", "b"))
    assert kept.remembers
    assert [ring.name for ring in Store(path).rings()] == ["a", "b"]


def test_only_its_owner_may_read_it(path):
    Store(path)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_file_that_could_not_be_read_at_first_is_joined_with_what_was_set_meanwhile(path, caplog):
    before = Store(path)
    old = before.keep(Ring("alarm", "early", clock="07:00"))
    before.close()
    aside = path.parent.rename(path.parent.with_name("aside"))
    path.parent.write_text("")  # a file where the folder should be
    kept = Store(path)
    new = kept.keep(Ring("timer", "tea"))
    assert (kept.rings(), kept.remembers) == ([new], False)
    path.parent.unlink()
    aside.rename(path.parent)
    other = kept.keep(Ring("timer", "eggs"))
    assert kept.rings() == [old, new, other]
    assert kept.remembers
    assert len(warnings(caplog)) == 1
    kept.close()
    assert Store(path).rings() == [old, new, other]
