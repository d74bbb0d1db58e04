from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant import zone


def test_the_machines_zone_knows_summer_time():
    berlin = zone.here(Path("/usr/share/zoneinfo/Europe/Berlin"))
    offsets = [datetime(2026, month, 1, tzinfo=berlin).utcoffset() for month in (1, 7)]
    assert offsets == [timedelta(hours=1), timedelta(hours=2)]


def test_without_a_zone_or_with_a_broken_one_it_is_utc(tmp_path):
    assert zone.here(tmp_path / "none") is UTC
    (tmp_path / "broken").write_bytes(b"x" * 100)
    assert zone.here(tmp_path / "broken") is UTC
