"""The record of everything that left the device, for the owner: `assistant privacy log`.

One JSON object a line, as it was sent. What cannot be written down does not go out.
"""

import datetime
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, BadInput

MOST_BYTES = 4 * 1024 * 1024
"""When the file is longer, it becomes the old one, in the place of the one before."""


class Ledger:
    """The two files of the record, `FILE` and `FILE.old`; only their owner can read them."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._old = file.with_suffix(file.suffix + ".old")

    def write(self, **entry: Any) -> None:
        """Add a line with the time. Raises `AssistantError` when it cannot be kept."""
        time = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        line = json.dumps({"time": time, **entry}, ensure_ascii=False) + "\n"
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.file.exists() and self.file.stat().st_size > MOST_BYTES:
                self.file.replace(self._old)
            number = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                data = line.encode(errors="backslashreplace")
                if os.write(number, data) != len(data):
                    raise OSError(0, "the disk is full")
            finally:
                os.close(number)
        except OSError as error:
            raise AssistantError(
                "{file}: cannot be written: {strerror}.", file=self.file, strerror=error.strerror
            ) from error

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the entries, oldest first; a damaged line is skipped. Raises `BadInput`."""
        for file in (self._old, self.file):
            try:
                text = file.read_text(encoding="utf-8", errors="replace")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise BadInput(
                    "{file}: cannot be read: {strerror}.", file=file, strerror=error.strerror
                ) from error
            for line in text.split("\n"):
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry

    def clear(self) -> None:
        """Forget everything. Raises `BadInput` when the files cannot be removed."""
        try:
            self._old.unlink(missing_ok=True)
            self.file.unlink(missing_ok=True)
        except OSError as error:
            raise BadInput(
                "{file}: cannot be removed: {strerror}.", file=self.file, strerror=error.strerror
            ) from error
