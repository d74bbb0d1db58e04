"""Which files make the service, and what they hold; nothing is written here."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from assistant import config
from assistant.config import RELEASES
from assistant.systemd.network import LEVELS, VARIABLE, Level

UNIT = "assistant.service"
USER = "assistant"
STATE = Path("/var/lib/assistant")
LINK = Path("/usr/local/bin/assistant")
"""Leads to the installed release, so that everybody has the command."""
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))  # what ProtectHome= covers


@dataclass(frozen=True)
class Staged:
    """A file that the service needs: where it lies below the root, what it holds."""

    path: Path
    text: str
    keep: bool = False  # the user's own: written once, never again, never removed
    link: bool = False  # a symbolic link to `text`


@dataclass(frozen=True)
class Place:
    """Whose service it is: the system's, or that of who is logged in."""

    user: bool = False

    @property
    def units(self) -> Path:
        """The folder of units that an administrator, or this user, makes."""
        if self.user:
            home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
            return Path(home) / "systemd" / "user"
        return Path("/etc/systemd/system")

    @property
    def network(self) -> Path:
        """The drop-in that opens a network."""
        return self.units / f"{UNIT}.d" / "network.conf"

    @property
    def owned(self) -> list[Path]:
        """All files that an installation may have written and may take away again."""
        files = [self.units / UNIT, self.network, self.network.with_name("backoff.conf")]
        return files if self.user else [*files, Path("/etc/sysusers.d/assistant.conf"), LINK]

    def systemctl(self, *words: str) -> list[str]:
        """Return the command line that tells the service manager to do something."""
        return ["systemctl", *(["--user"] if self.user else []), *words]


def staged(
    program: Path, systemd: int, level: Level = "none", place: Place = Place()
) -> list[Staged]:
    """Return the files of the service, the unit first.

    `program` is the `assistant` that the unit starts, `systemd` the version that will read it.
    """
    # A checkout or a Python in somebody's home stays usable: to be read, never to be written.
    needed = (program, Path(sys.executable).resolve())
    at_home = any(path.is_relative_to(each) for path in needed for each in HOMES)
    home = "read-only" if at_home else "yes"
    unit = template("assistant-user.service" if place.user else UNIT)
    unit = unit.replace("@COMMAND@", _quoted(program))
    files = [Staged(place.units / UNIT, unit.replace("@HOME_ACCESS@", home))]
    if not place.user:
        files.append(Staged(Path("/etc/sysusers.d/assistant.conf"), template("assistant.sysusers")))
        files.append(Staged(config.SYSTEM_PATH, config.template(), keep=True))
    if systemd >= 254:  # the first that knows RestartSteps=
        files.append(Staged(place.network.with_name("backoff.conf"), template("backoff.conf")))
    if level != "none":
        files.append(Staged(place.network, template(f"network-{level}.conf")))
    if not place.user and program.is_relative_to(RELEASES):
        files.append(Staged(LINK, str(program), link=True))
    return files


def installed(place: Place) -> bool:
    """Whether the service is installed."""
    return (place.units / UNIT).is_file()


def installed_level(place: Place, root: Path = Path("/")) -> Level:
    """Return the network that an installation has; `none` where there is no installation."""
    path = below(root, place.network)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(rf"^Environment={VARIABLE}=(\w+)$", text, re.MULTILINE)
    return next((level for level in LEVELS if found and level == found[1]), "none")


def executable() -> Path:
    """Return the absolute path of the `assistant` command of this installation."""
    return Path(sys.prefix) / "bin" / "assistant"


def systemd_version() -> int:
    """Return the version of the systemd that is installed, 0 where there is none."""
    if not shutil.which("systemctl"):
        return 0
    answer = subprocess.run(["systemctl", "--version"], capture_output=True, text=True)
    found = re.match(r"systemd (\d+)", answer.stdout)
    return int(found[1]) if found else 0


def below(root: Path, path: Path) -> Path:
    """Return where an absolute path lies in the system whose root is `root`."""
    return root / path.relative_to("/")


def template(name: str) -> str:
    """Return a file of the project's systemd folder: of the checkout, else of the package."""
    package = Path(__file__).parent.parent
    places = (package.parent / "systemd", package / "_data" / "systemd")
    folder = next(place for place in places if (place / name).is_file())
    return (folder / name).read_text(encoding="utf-8")


def _quoted(path: Path) -> str:
    """Write a path for ExecStart=, where `%` begins a specifier and a space ends a word."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text
