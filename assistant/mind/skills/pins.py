"""The lines that boards have for switches and relays (GPIO)."""

import importlib
import time
from typing import Any, Protocol

from assistant.errors import AssistantError, EngineMissing


class Pins(Protocol):
    """Where an action switches lines."""

    def switch(self, chip: str, line: int, on: bool) -> None:
        """Switch a line and leave it so. Raises `AssistantError`."""

    def pulse(self, chip: str, line: int, on: bool, seconds: float) -> None:
        """Switch a line for `seconds`, and back. Raises `AssistantError`."""


class Gpiod:
    """The kernel's own lines, by libgpiod 2 (`pip install gpiod`, or Debian's python3-libgpiod).

    A line that was switched stays requested: a line that is let go may fall back.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], Any] = {}

    def switch(self, chip: str, line: int, on: bool) -> None:
        """Switch a line and leave it so."""
        gpiod, held = _gpiod(), self._held.get((chip, line))
        value = gpiod.line.Value.ACTIVE if on else gpiod.line.Value.INACTIVE
        try:
            if held is None:
                output = gpiod.LineSettings(
                    direction=gpiod.line.Direction.OUTPUT, output_value=value
                )
                held = gpiod.request_lines(chip, consumer="assistant", config={line: output})
                self._held[chip, line] = held
            held.set_value(line, value)
        except (OSError, ValueError) as error:
            raise AssistantError(
                "line {line} of {chip}: {error}", line=line, chip=chip, error=error
            ) from error

    def pulse(self, chip: str, line: int, on: bool, seconds: float) -> None:
        """Switch a line for `seconds`, and back."""
        try:
            self.switch(chip, line, on)
            time.sleep(seconds)
        finally:
            self.switch(chip, line, not on)


def _gpiod() -> Any:
    try:
        importlib.import_module("gpiod.line")
        return importlib.import_module("gpiod")
    except ImportError as error:
        raise EngineMissing(
            "gpiod is not installed; `pip install gpiod` (2.0 or newer) installs it."
        ) from error
