"""What is due is posted at its time, whoever sets it and from whichever thread."""

import asyncio
import os
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant import bell
from assistant.store import FILE, Ring, Store


async def heard(alarms, act, count=1):
    """Return the first events that are posted, after `act` was done on another thread."""
    posted: asyncio.Queue = asyncio.Queue()
    watching = asyncio.create_task(bell.watch(alarms, posted.put_nowait))
    await asyncio.sleep(0)
    await asyncio.to_thread(act)
    try:
        return [await asyncio.wait_for(posted.get(), 30) for _ in range(count)]
    finally:
        watching.cancel()


def test_what_is_set_while_it_watches_rings(tmp_path):
    alarms = bell.alarms(tmp_path / FILE)

    def act():
        alarms.count_down("timer", 3600, "later")
        alarms.count_down("timer", 0.05, "tea")

    (event,) = asyncio.run(heard(alarms, act))
    assert (event.text, event.missed) == ("The tea timer is done.", False)
    alarms.close()
    assert [ring.name for ring in Store(tmp_path / FILE).rings()] == ["later"]


def test_what_was_due_while_it_was_off_is_told(tmp_path):
    kept = Store(tmp_path / FILE)
    now = time.time()
    kept.keep(Ring("reminder", "call mum", seconds=60, at=now - 1, boot="another"))
    kept.keep(Ring("reminder", "吃药", "zh", seconds=60, at=now - 86400, boot="another"))
    kept.close()
    alarms = bell.alarms(tmp_path / FILE)
    missed, rang = asyncio.run(heard(alarms, lambda: None, 2))
    assert missed.missed
    assert "吃药" in missed.text
    assert rang.text == "Reminder: call mum."
    assert not rang.missed


def test_a_running_timer_is_right_after_a_start_of_the_program(tmp_path):
    alarms = bell.alarms(tmp_path / FILE)
    alarms.count_down("timer", 1000)
    alarms.close()
    left = bell.alarms(tmp_path / FILE).next_in()
    assert left == pytest.approx(1000, abs=60)


def test_without_a_file_it_is_said_that_nothing_is_remembered():
    alarms = bell.alarms(None)
    alarms.count_down("timer", 1000)
    assert not alarms.remembers
    assert len(alarms.of("timer")) == 1


def test_the_zone_knows_its_rules(monkeypatch):
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert bell.zone() == ZoneInfo("Europe/Berlin")
    for name in ("", "No/Where", "../../etc/passwd"):
        monkeypatch.setenv("TZ", name)
        assert datetime.now(bell.zone()).utcoffset() is not None
    monkeypatch.delenv("TZ")
    if Path("/etc/localtime").exists() and not os.environ.get("TZ"):
        assert isinstance(bell.zone(), ZoneInfo)


@pytest.mark.parametrize("rounds", range(6))
def test_it_ends_when_it_is_told_to_though_something_changes_just_then(tmp_path, rounds):
    """Until Python 3.12 `asyncio.wait_for` can swallow the cancellation, in one of these rounds."""

    async def ended() -> bool:
        alarms = bell.alarms(tmp_path / FILE)
        watching = asyncio.create_task(bell.watch(alarms, lambda _: None))
        await asyncio.sleep(0.05)  # it waits for a change
        alarms.on_change()
        for _ in range(rounds):
            await asyncio.sleep(0)
        watching.cancel()
        await asyncio.wait({watching}, timeout=5)
        alarms.close()
        return watching.cancelled()

    assert asyncio.run(ended())
