"""A LED that the kernel knows: a folder of /sys/class/leds.

The files are those of Linux' LED class (Documentation/leds/leds-class.rst): `brightness` from 0 to
`max_brightness`, and `trigger`, which lists what may drive the LED instead, `timer` makes it blink.
"""

from pathlib import Path

from assistant.errors import BadInput

LEDS = Path("/sys/class/leds")
SHARES = {"listening": 1.0, "thinking": 0.25, "speaking": 0.5, "poor": 0.05}
"""How bright it is, as a part of the brightest; in any other phase it is dark."""


class Led:
    """Bright while it listens, blinking (or a quarter as bright) while it thinks, half while it
    speaks, dark while it sleeps, a glow then while something fails. Of a LED that can only be on or
    off every share is on.
    """

    def __init__(self, name: str, folder: Path = LEDS) -> None:
        """Take the LED `name` of `folder`. Raises `BadInput`: not there, or not to be written."""
        self._led = folder / name
        if not (self._led / "brightness").is_file():
            there = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
            raise BadInput(
                "`lamp.led` is {name!r}; {folder} has no such LED; it has: {there}.",
                name=name,
                folder=folder,
                there=", ".join(there) or "-",
            )
        try:
            most = (self._led / "max_brightness").read_text()
            self._most = int(most)
            self._blinks = self._free()
            self._write("brightness", "0")
        except (OSError, ValueError) as error:
            raise BadInput(
                "{led}: cannot be used as a lamp: {error}; docs/lamps.md says how to allow it.",
                led=self._led,
                error=error,
            ) from error

    def state(self, phase: str) -> None:
        """Show the phase."""
        if phase == "thinking" and self._blinks:
            self._write("trigger", "timer")
            return
        if self._blinks:
            self._write("trigger", "none")
        share = SHARES.get(phase, 0.0)
        self._write("brightness", str(max(1, round(share * self._most)) if share else 0))

    def _free(self) -> bool:
        """Take it from whatever drives it; return whether the kernel can make it blink."""
        trigger = self._led / "trigger"
        if not trigger.is_file():
            return False
        known = trigger.read_text().replace("[", " ").replace("]", " ").split()
        self._write("trigger", "none")
        return "timer" in known

    def _write(self, name: str, value: str) -> None:
        (self._led / name).write_text(value)
