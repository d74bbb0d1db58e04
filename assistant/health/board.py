"""Whether the machine gets enough power and is cool enough to run at its full speed.

A Raspberry Pi's firmware keeps bits for it (raspberrypi.com/documentation, `vcgencmd
get_throttled`); the same are in sysfs, where no program is needed to read them.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from assistant import power
from assistant.health.finding import Finding, judged
from assistant.messages import say

SYSFS = Path("/sys")
LOW_VOLTAGE, CAPPED, THROTTLED, HOT = 1 << 0, 1 << 1, 1 << 2, 1 << 3
"""What is so now."""
SINCE_START = 16
"""The same bits, shifted so far, for what has been so since the machine was started."""
PATIENCE_S = 2.0


def board(
    sysfs: Path = SYSFS, firmware: Callable[[], str] = lambda: _firmware()
) -> tuple[Finding, Finding]:
    """Return what was found about voltage and temperature; `firmware` asks the board itself."""
    bits = _bits(sysfs, firmware)
    return _voltage(bits, _alarm(sysfs)), _temperature(bits, power.temperature(sysfs / "class"))


def _voltage(bits: int | None, alarm: bool | None) -> Finding:
    if bits is None and alarm is None:
        return judged("voltage", say("this machine does not tell it"), [])
    bits = bits or 0
    now = bool(bits & LOW_VOLTAGE) or bool(alarm)
    before = bool(bits >> SINCE_START & LOW_VOLTAGE)
    if not now and not before:
        return judged("voltage", say("enough, since the start of the machine"), [])
    told = say("too low now") if now else say("enough now, but it was too low since the start")
    advice = say(
        "Take the board's own power supply (Raspberry Pi 4: 3 A, 5: 5 A) and a short, thick cable, "
        "and give USB devices that need much a hub with a supply of its own."
    )
    return judged("voltage", told, [advice])


def _temperature(bits: int | None, degrees: float | None) -> Finding:
    bits = bits or 0
    slow = CAPPED | THROTTLED | HOT
    told = say("unknown") if degrees is None else say("{degrees:.0f} °C", degrees=degrees)
    complaints = []
    if bits & slow or (degrees is not None and degrees >= power.HOT):
        complaints.append(say("The processor is slowed down now, or soon, because of heat."))
    elif bits >> SINCE_START & slow:
        complaints.append(say("The processor was slowed down since the start."))
    if complaints:
        complaints.append(say("Give it a heat sink or a fan, and room for air."))
    return judged("temperature", told, complaints)


def _bits(sysfs: Path, firmware: Callable[[], str]) -> int | None:
    """Return the firmware's bits; None where there are none."""
    for place in sorted(sysfs.glob("devices/platform/soc*/*firmware*/get_throttled")):
        if found := re.fullmatch(r"(?:0x)?([0-9a-f]{1,8})", _read(place)):
            return int(found[1], 16)
    found = re.search(r"throttled=0x([0-9a-f]{1,8})\b", firmware())
    return int(found[1], 16) if found else None


def _alarm(sysfs: Path) -> bool | None:
    """Return whether the kernel's voltage sensor of the board rings; None where there is none."""
    for place in sorted(sysfs.glob("class/hwmon/hwmon*")):
        if _read(place / "name") == "rpi_volt":
            return _read(place / "in0_lcrit_alarm") == "1"
    return None


def _firmware() -> str:
    if not (program := shutil.which("vcgencmd")):
        return ""
    try:
        run = subprocess.run(
            [program, "get_throttled"], capture_output=True, text=True, timeout=PATIENCE_S
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return run.stdout


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
