"""`assistant service`: the daemon as a service of systemd."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from assistant import config
from assistant.commands import tell
from assistant.errors import AssistantError
from assistant.systemd import changing, network, units
from assistant.systemd.units import STATE, UNIT, USER, Place, Staged, executable, staged

BOOTED = Path("/run/systemd/system")  # exists while systemd is the init system, sd_booted(3)


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
user_option = click.option(
    "--user", is_flag=True, help="For who is logged in, with the sound of the desktop."
)


@command.command()
@dry_run_option
@root_option
@user_option
@click.option(
    "--network",
    "level",
    type=click.Choice(network.LEVELS),
    help="What it may reach: nothing (the default), this machine, the machines nearby, or all. "
    "Without this option it stays as it was.",
)
def install(dry_run: bool, root: Path, user: bool, level: network.Level | None) -> None:
    """Write the unit, make its user, start it now and at every boot.

    What was there before comes back where the new one does not become ready.

    \b
    Examples:
      sudo assistant service install
      sudo assistant service install --network loopback
      assistant service install --user
    """
    place, live = Place(user), root == Path("/")
    program = executable()
    level = level or units.installed_level(place, root)
    files = staged(program, units.systemd_version(), level, place)
    if dry_run:
        _tell_what_would_be(files, root, place)
        return
    if not live:
        changing.write(files, place.owned, root, tell)
        return
    _require("install", place)
    if not user:
        _require_reachable(program)
    _upgrade(files, place)
    if not user:
        _make_token()
    tell("installed; `assistant service logs` shows what it does.")
    _tell_missing_network(level, place)


@command.command()
@dry_run_option
@root_option
@user_option
@click.option("--purge", is_flag=True, help="Remove settings, models, history and the user, too.")
def uninstall(dry_run: bool, root: Path, user: bool, purge: bool) -> None:
    """Stop it and take the unit away; settings, models, history and the user stay.

    \b
    Examples:
      sudo assistant service uninstall
      sudo assistant service uninstall --purge
    """
    place, live = Place(user), root == Path("/")
    if purge and user:
        raise AssistantError(
            "--purge is for the system's service; what you keep yourself lies in "
            "~/.config/assistant and ~/.local/share/assistant."
        )
    data = [STATE, Path("/var/cache/assistant"), config.SYSTEM_PATH.parent] if purge else []
    if live and not dry_run:
        _require("uninstall", place)
    if live and units.installed(place):
        _run(place.systemctl("disable", "--now", UNIT), dry_run)
    if dry_run:
        for path in (*place.owned, *data):
            tell("remove {path}", path=path)
        return
    changing.remove(place.owned, root, tell)
    for folder in (units.below(root, path) for path in data):
        if folder.is_dir():
            tell("remove {path}", path=folder)
            shutil.rmtree(folder)
    if live:
        _run(place.systemctl("daemon-reload"), dry_run)
        if purge:
            subprocess.run(["userdel", USER], capture_output=True)
        elif not user:
            tell("left: /etc/assistant, /var/lib/assistant and the user `assistant`.")


@command.command()
@user_option
def status(user: bool) -> None:
    """Show whether it runs.

    \b
    Example:
      assistant service status
    """
    _require_systemd()
    argv = Place(user).systemctl("--no-pager", "--full", "status", UNIT)
    sys.exit(subprocess.run(argv).returncode)


@command.command()
@user_option
@click.option("--follow/--no-follow", "-f", default=False, help="Go on as it happens.")
@click.option("--lines", "-n", default=50, type=click.IntRange(1), show_default=True)
def logs(user: bool, follow: bool, lines: int) -> None:
    """Show what it wrote to the journal.

    \b
    Example:
      assistant service logs -f
    """
    _require_systemd()
    which = f"--user-unit={UNIT}" if user else f"--unit={UNIT}"
    argv = ["journalctl", "--no-pager", which, f"--lines={lines}"]
    os.execvp(argv[0], argv + (["--follow"] if follow else []))


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


def _require(action: str, place: Place) -> None:
    """Raise `AssistantError` unless this is who may do it, on a machine that runs systemd."""
    _require_systemd()
    if not place.user and os.geteuid() != 0:
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


def _tell_what_would_be(files: list[Staged], root: Path, place: Place) -> None:
    for file in files:
        tell("write {path}", path=units.below(root, file.path))
        click.echo(file.text)
    if root == Path("/"):
        for line in _before_start(place):
            click.echo(" ".join(line))
        click.echo(" ".join(place.systemctl("restart", UNIT)))


def _before_start(place: Place) -> list[list[str]]:
    lines = [] if place.user else [["systemd-sysusers"]]
    return [*lines, place.systemctl("daemon-reload"), place.systemctl("enable", UNIT)]


def _upgrade(files: list[Staged], place: Place) -> None:
    """Install, and start; or go back to what ran before and raise `AssistantError`."""
    running = subprocess.run(place.systemctl("is-active", "--quiet", UNIT)).returncode == 0
    before = changing.Before(place.owned)
    changing.write(files, place.owned, Path("/"), tell)
    for line in _before_start(place):
        _run(line)
    _run(place.systemctl("stop", UNIT))  # what it keeps is copied while nobody writes
    kept = changing.Kept(config.Config().state_dir if place.user else STATE)
    try:
        _run(place.systemctl("start", UNIT))  # returns when it is ready
    except AssistantError as error:
        if not running or before.same:
            raise AssistantError(
                "{error} It does not become ready; `assistant service logs` says why.",
                error=error,
            ) from error
        _roll_back(before, kept, place)
        raise AssistantError(
            "the new one did not become ready, so the one before runs again; "
            "`assistant service logs` says why. {error}",
            error=error,
        ) from error
    finally:
        kept.close()


def _roll_back(before: changing.Before, kept: changing.Kept, place: Place) -> None:
    _run(place.systemctl("stop", UNIT))
    before.restore()
    kept.restore()
    _run(place.systemctl("daemon-reload"))
    _run(place.systemctl("start", UNIT))


def _tell_missing_network(level: network.Level, place: Place) -> None:
    """Say what of the settings cannot work with the network that it has."""
    path = None if place.user else config.SYSTEM_PATH
    for name, needed in network.missing(config.load(path), level):
        click.echo(network.advice(name, needed, level), err=True)


def _make_token() -> None:
    """Make the web page's token, so that it can be shown; systemd has made the folder by now."""
    from assistant.serve.web import token

    path = STATE / config.WEB_TOKEN
    if not path.exists() and STATE.is_dir():
        tell("write {path}", path=path)
        token.load_or_make(path)


def _run(argv: list[str], dry_run: bool = False) -> None:
    click.echo(" ".join(argv))
    if not dry_run:
        changing.run(argv)
