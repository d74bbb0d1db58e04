"""`assistant service`: the daemon as a system service."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from assistant import config
from assistant.commands import tell
from assistant.errors import AssistantError

UNIT = "assistant.service"
USER = "assistant"
STATE = Path("/var/lib/assistant")
BOOTED = Path("/run/systemd/system")  # exists while systemd is the init system, sd_booted(3)
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))  # what ProtectHome= covers


@dataclass(frozen=True)
class Staged:
    """A file that the service needs: where it lies below the root, what it holds."""

    path: Path
    text: str
    keep: bool = False  # the user's own: written once, never again, never removed


@click.group()
def command() -> None:
    """Run the assistant from boot on, as a systemd service.

    \b
    Example:
      sudo assistant service install
    """


dry_run_option = click.option("--dry-run", is_flag=True, help="Only print what would be done.")
root_option = click.option(
    "--root",
    type=click.Path(path_type=Path),
    default=Path("/"),
    metavar="DIR",
    help="Write below DIR (an image that is being made) and start nothing.",
)


@command.command()
@dry_run_option
@root_option
def install(dry_run: bool, root: Path) -> None:
    """Write the unit, make its user, start it now and at every boot.

    \b
    Example:
      sudo assistant service install
    """
    live = root == Path("/")
    program = executable()
    if live and not dry_run:
        _require("install")
        _require_reachable(program)
    for file in staged(program, _systemd_version()):
        _write(file, root, dry_run)
    if live:
        for line in (
            ["systemd-sysusers"],
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", UNIT],
            ["systemctl", "restart", UNIT],  # a running one takes up the new unit
        ):
            _run(line, dry_run)
        _make_token(dry_run)
        tell("installed; `assistant service logs` shows what it does.", err=dry_run)


@command.command()
@dry_run_option
@root_option
def uninstall(dry_run: bool, root: Path) -> None:
    """Stop it and take the unit away; settings, models, history and the user stay.

    \b
    Example:
      sudo assistant service uninstall
    """
    live = root == Path("/")
    if live and not dry_run:
        _require("uninstall")
    files = staged(executable(), _systemd_version())
    if live and _below(root, files[0].path).exists():
        _run(["systemctl", "disable", "--now", UNIT], dry_run)
    for file in files:
        path = _below(root, file.path)
        if path.exists() and not file.keep:
            tell("remove {path}", path=path)
            if not dry_run:
                path.unlink()
    if live:
        _run(["systemctl", "daemon-reload"], dry_run)
        tell("left: /etc/assistant, /var/lib/assistant and the user `assistant`.")


@command.command()
def status() -> None:
    """Show whether it runs.

    \b
    Example:
      assistant service status
    """
    _require_systemd()
    sys.exit(subprocess.run(["systemctl", "--no-pager", "--full", "status", UNIT]).returncode)


@command.command()
@click.option("--follow/--no-follow", "-f", default=False, help="Go on as it happens.")
@click.option("--lines", "-n", default=50, type=click.IntRange(1), show_default=True)
def logs(follow: bool, lines: int) -> None:
    """Show what it wrote to the journal.

    \b
    Example:
      assistant service logs -f
    """
    _require_systemd()
    argv = ["journalctl", "--no-pager", f"--unit={UNIT}", f"--lines={lines}"]
    os.execvp(argv[0], argv + (["--follow"] if follow else []))


def staged(program: Path, systemd: int) -> list[Staged]:
    """Return the files of the service, the unit first.

    `program` is the `assistant` that the unit starts, `systemd` the version that will read it.
    """
    home = any(program.is_relative_to(place) for place in HOMES)
    unit = _template("assistant.service").replace("@COMMAND@", _quoted(program))
    files = [
        Staged(
            Path("/etc/systemd/system") / UNIT,
            # A checkout in somebody's home stays usable: to be read, never to be written.
            unit.replace("@HOME_ACCESS@", "read-only" if home else "yes"),
        ),
        Staged(Path("/etc/sysusers.d/assistant.conf"), _template("assistant.sysusers")),
        Staged(config.SYSTEM_PATH, config.template(), keep=True),
    ]
    if systemd >= 254:  # the first that knows RestartSteps=
        drop_in = Path("/etc/systemd/system") / f"{UNIT}.d" / "backoff.conf"
        files.append(Staged(drop_in, _template("backoff.conf")))
    return files


def executable() -> Path:
    """Return the absolute path of the `assistant` command of this installation."""
    return Path(sys.prefix) / "bin" / "assistant"


def unreachable(path: Path) -> Path | None:
    """Return the first part of an absolute path that another user may not enter or run, or None.

    Symbolic links are followed at every step: a virtual environment points to a Python elsewhere.
    """
    for place in _steps(path):
        if not place.exists():
            return place
        if not place.stat().st_mode & stat.S_IXOTH:
            return place
    return None


def _steps(path: Path) -> Iterator[Path]:
    """Yield a path's parents and itself, outermost first, then the same of where it points."""
    yield from reversed(path.parents)
    if path.is_symlink():
        yield from _steps(path.parent.resolve() / path.readlink())
    else:
        yield path


def _require_reachable(program: Path) -> None:
    """Raise `AssistantError` when the service's user could not start the program."""
    for needed in (program, Path(sys.executable)):
        if blocked := unreachable(needed):
            raise AssistantError(
                "{blocked}: the user `{user}` may not enter it, so the service could not start "
                "{needed}; install to /opt/assistant, or allow it: chmod o+x {blocked}",
                blocked=blocked,
                user=USER,
                needed=needed,
            )


def _require(action: str) -> None:
    """Raise `AssistantError` unless this is root on a machine that runs systemd."""
    _require_systemd()
    if os.geteuid() != 0:
        raise AssistantError(
            "the service belongs to the system; run: sudo {executable} service {action}",
            executable=executable(),
            action=action,
        )


def _require_systemd() -> None:
    if not BOOTED.is_dir() or not shutil.which("systemctl"):
        raise AssistantError(
            "systemd does not run this machine; start `assistant run` from its own init instead."
        )


def _write(file: Staged, root: Path, dry_run: bool) -> None:
    """Write one file whole or not at all, readable by everybody; says what it does."""
    path = _below(root, file.path)
    if path.exists() and (file.keep or path.read_text(encoding="utf-8") == file.text):
        tell("keep {path}", path=path)
        return
    tell("write {path}", path=path)
    if dry_run:
        click.echo(file.text)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(file.text, encoding="utf-8")
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        raise AssistantError(
            "{path}: cannot be written: {strerror}.", path=path, strerror=error.strerror
        ) from error


def _make_token(dry_run: bool) -> None:
    """Make the web page's token, so that it can be shown; systemd has made the folder by now."""
    from assistant.serve.web import token

    path = STATE / config.WEB_TOKEN
    if not path.exists() and (dry_run or STATE.is_dir()):
        tell("write {path}", path=path)
        if not dry_run:
            token.load_or_make(path)


def _run(argv: list[str], dry_run: bool) -> None:
    """Run an administrator's command; raises `AssistantError` with its own words on failure."""
    click.echo(" ".join(argv))
    if dry_run:
        return
    answer = subprocess.run(argv, capture_output=True, text=True)
    if answer.returncode:
        words = " ".join(answer.stderr.split()) or f"exit code {answer.returncode}"
        raise AssistantError("`{argv}` failed: {words}", argv=" ".join(argv), words=words)


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _template(name: str) -> str:
    """Return a file of the project's systemd folder: of the checkout, else of the package."""
    package = Path(__file__).parent.parent
    places = (package.parent / "systemd", package / "_data" / "systemd")
    folder = next(place for place in places if (place / name).is_file())
    return (folder / name).read_text(encoding="utf-8")


def _quoted(path: Path) -> str:
    """Write a path for ExecStart=, where `%` begins a specifier and a space ends a word."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text


def _systemd_version() -> int:
    """Return the version of the systemd that is installed, 0 where there is none."""
    if not shutil.which("systemctl"):
        return 0
    answer = subprocess.run(["systemctl", "--version"], capture_output=True, text=True)
    found = re.match(r"systemd (\d+)", answer.stdout)
    return int(found[1]) if found else 0
