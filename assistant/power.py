"""Whether the machine must be spared: it runs on battery, or it is hot.

Read from Linux's sysfs (Documentation/ABI/testing/sysfs-class-power and sysfs-class-thermal).
"""

from pathlib import Path

HOT = 78.0
"""Degrees Celsius; a Raspberry Pi slows down from 80 on."""
ROOT = Path("/sys/class")


def sparing(root: Path = ROOT) -> bool:
    """Return whether less work should be done ahead; where nothing can be read, not."""
    supplies = [(_read(place / "type"), place) for place in sorted(root.glob("power_supply/*"))]
    discharging = any(
        kind == "Battery" and _read(place / "status") == "Discharging" for kind, place in supplies
    )
    hottest = temperature(root)
    return discharging or (hottest is not None and hottest >= HOT)


def temperature(root: Path = ROOT) -> float | None:
    """Return the hottest sensor's degrees Celsius; None where there is none."""
    told = (_read(place) for place in root.glob("thermal/thermal_zone*/temp"))
    return max((int(text) / 1000 for text in told if text.lstrip("-").isdigit()), default=None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:  # a sensor may refuse to answer while it sleeps
        return ""
