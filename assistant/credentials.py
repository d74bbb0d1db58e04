"""Keys and passwords: in a file of one's own, by systemd or in the environment, never in settings.

And where they may go: without encryption only to machines that are near.
"""

import ipaddress
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import BadInput

LONGEST = 4096
"""In bytes; what follows is not read."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Where a secret is looked for."""

    noun: str
    """What it is, for people: `key` or `password`."""
    setting: str
    """The setting that names its file, such as `remote.key_file`."""
    name: str
    """What systemd calls it (`LoadCredential=`)."""
    variable: str
    """The environment's variable."""

    def find(self, file: str) -> str | None:
        """Return the secret, or None where none is kept; `file` is what the setting says.

        Raises `BadInput` for a file of no use.
        """
        if file:
            return self._read(Path(file).expanduser())
        if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
            path = Path(folder) / self.name
            if path.exists():
                return self._read(path)
        return self._checked(os.environ.get(self.variable, "").strip(), f"${self.variable}")

    def _read(self, path: Path) -> str:
        try:
            with path.open(encoding="ascii") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                secret = file.read(LONGEST).strip()
        except OSError as error:
            raise BadInput(
                "{setting}: {path}: cannot be read: {strerror}.",
                setting=self.setting,
                path=path,
                strerror=error.strerror,
            ) from error
        except UnicodeDecodeError as error:
            raise BadInput(
                "{setting}: {path}: holds no {noun}; one line of plain text is.",
                setting=self.setting,
                path=path,
                noun=self.noun,
            ) from error
        if mode & 0o037:
            raise BadInput(
                "{path}: other users can read the {noun}; `chmod 600 {path}`.",
                path=path,
                noun=self.noun,
            )
        if checked := self._checked(secret, str(path)):
            return checked
        raise BadInput(
            "{setting}: {path}: is empty; put the {noun} into it.",
            setting=self.setting,
            path=path,
            noun=self.noun,
        )

    def _checked(self, secret: str, where: str) -> str | None:
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise BadInput(
                "{where}: holds no {noun}; one line of plain text without spaces is.",
                where=where,
                noun=self.noun,
            )
        return secret or None


def near(host: str) -> bool:
    """Whether a host is this machine or in its own network, by its name or number."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal"))
