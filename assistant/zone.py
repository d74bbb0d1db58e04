"""The zone of the machine's clock, with its rules for summer time."""

from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

LOCALTIME = Path("/etc/localtime")


def here(path: Path = LOCALTIME) -> tzinfo:
    """Return the machine's zone; UTC where it has none, as in most containers.

    `datetime.astimezone` would give the offset of now for every day of the year.
    """
    try:
        with path.open("rb") as file:
            return ZoneInfo.from_file(file, key="localtime")
    except (OSError, ValueError):
        return UTC
