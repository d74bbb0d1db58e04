"""The system service: what is written, what is refused, what systemd hears."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from assistant import config
from assistant.commands import service
from assistant.errors import AssistantError
from assistant.serve import control, notify
from assistant.serve.notify import Notifier, watchdog_interval
from assistant.systemd import changing, network, units
from assistant.systemd.network import Level
from assistant.systemd.units import Place

PROGRAM = Path("/opt/assistant/.venv/bin/assistant")


def invoke(*arguments: str) -> str:
    result = CliRunner().invoke(service.command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def unit(program: Path = PROGRAM) -> str:
    return service.staged(program, 252)[0].text


# What systemd reads


@pytest.mark.parametrize("program", ["/bin/true", "/home/a b/50%/assistant"])
def test_systemd_finds_nothing_wrong_with_the_unit(program: str, tmp_path: Path) -> None:
    path = tmp_path / "assistant.service"
    path.write_text(unit(Path(program)))
    checked = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True)
    # It returns 0 on an unknown key, so its words are what counts; a program that does not exist
    # must be the only thing it finds, and it must have read the path whole.
    words = {line for line in checked.stderr.splitlines() if "assistant.service" in line}
    if program == "/bin/true":
        assert not words
    else:
        assert len(words) == 1
        assert f"{program} is not executable" in words.pop()


def test_the_check_would_see_an_unknown_key(tmp_path: Path) -> None:
    path = tmp_path / "assistant.service"
    path.write_text(unit(Path("/bin/true")).replace("WatchdogSec=", "WatchdogSecs="))
    checked = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True)
    assert "WatchdogSecs" in checked.stderr


def test_the_start_is_extended_by_the_time_that_the_unit_gives() -> None:
    assert f"TimeoutStartSec={notify.START_S:.0f}\n" in unit()


def test_the_unit_does_not_forbid_what_the_sound_library_needs() -> None:
    settings = dict(line.split("=", 1) for line in unit().splitlines() if line[:1].isupper())
    assert settings["Type"] == "notify"
    assert settings["SupplementaryGroups"] == "audio"
    assert settings["DeviceAllow"] == "char-alsa rw"
    assert "MemoryDenyWriteExecute" not in settings
    assert "PrivateDevices" not in settings


def laid_out(level: Level, folder: Path, user: bool = False) -> Path:
    """Write the unit and its drop-ins as systemd reads them; return the unit."""
    place = Place(user)
    for file in service.staged(Path("/bin/true"), 252, level, place):
        if file.path.is_relative_to(place.units):
            path = folder / file.path.relative_to(place.units)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
    return folder / "assistant.service"


def exposure(unit: Path) -> float:
    run = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", run.stdout)
    assert found, run.stdout + run.stderr
    return float(found[1])


@pytest.mark.parametrize(
    ("level", "most"), [("none", 0.8), ("loopback", 1.5), ("lan", 1.5), ("remote", 1.5)]
)
def test_little_is_exposed(level: Level, most: float, tmp_path: Path) -> None:
    unit = laid_out(level, tmp_path)
    assert exposure(unit) <= most
    checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert checked.stderr == ""


def test_an_open_unit_would_be_seen(tmp_path: Path) -> None:
    unit = laid_out("none", tmp_path)
    unit.write_text(unit.read_text().replace("SystemCallFilter=", "#"))
    assert exposure(unit) > 0.8


def test_the_unit_for_a_desktop_is_right(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    unit = laid_out("lan", tmp_path, user=True)
    command = ["systemd-analyze", "--user", "verify", unit]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert "assistant.service" not in checked.stderr
    assert "User=" not in unit.read_text()


def test_no_mark_is_left_in_any_file() -> None:
    for file in service.staged(PROGRAM, 257):
        assert not re.search("@[A-Z_]+@", file.text), file.path


def test_a_checkout_in_a_home_can_be_read(monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/home/pi/.pyenv/bin/python")
    assert "ProtectHome=read-only\n" in unit(PROGRAM)
    monkeypatch.setattr(sys, "executable", "/bin/sh")
    assert "ProtectHome=read-only\n" in unit(Path("/home/pi/assistant/.venv/bin/assistant"))
    assert "ProtectHome=yes\n" in unit(PROGRAM)


def test_back_off_only_where_systemd_knows_it() -> None:
    names = [[file.path.name for file in service.staged(PROGRAM, v)] for v in (0, 253, 254)]
    assert [("backoff.conf" in some) for some in names] == [False, False, True]


# What is written


def test_installs_into_a_root_twice_and_leaves(tmp_path: Path) -> None:
    first = invoke("install", "--root", str(tmp_path))
    written = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert f"write {tmp_path}/etc/systemd/system/assistant.service" in first
    assert {path.stat().st_mode & 0o777 for path in written} == {0o644}

    settings = tmp_path / "etc/assistant/config.toml"
    settings.write_text('language = "zh"\n')
    again = invoke("install", "--root", str(tmp_path))
    assert "write" not in again
    assert settings.read_text() == 'language = "zh"\n'

    invoke("uninstall", "--root", str(tmp_path))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [settings]
    assert "remove" not in invoke("uninstall", "--root", str(tmp_path))


def test_an_older_unit_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "etc/systemd/system/assistant.service"
    path.parent.mkdir(parents=True)
    path.write_text("[Service]\nExecStart=/old\n")
    invoke("install", "--root", str(tmp_path))
    assert "/old" not in path.read_text()
    assert str(service.executable()) in path.read_text()


def test_the_settings_it_writes_are_the_defaults(tmp_path: Path) -> None:
    invoke("install", "--root", str(tmp_path))
    assert config.load(tmp_path / "etc/assistant/config.toml") == config.Config()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    output = invoke("install", "--dry-run", "--root", str(tmp_path))
    assert f"ExecStart={service.executable()} run" in output
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_what_it_would_run() -> None:
    output = invoke("install", "--dry-run")
    assert "systemctl daemon-reload" in output
    assert "systemctl enable assistant.service" in output


def test_a_root_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("not a folder")
    with pytest.raises(AssistantError, match=r"assistant\.service: cannot be written"):
        invoke("install", "--root", str(tmp_path))


def test_a_network_is_opened_kept_and_closed(tmp_path: Path) -> None:
    drop_in = tmp_path / "etc/systemd/system/assistant.service.d/network.conf"
    invoke("install", "--network", "lan", "--root", str(tmp_path))
    assert "ASSISTANT_NETWORK=lan" in drop_in.read_text()
    invoke("install", "--root", str(tmp_path))
    assert "ASSISTANT_NETWORK=lan" in drop_in.read_text()
    invoke("install", "--network", "none", "--root", str(tmp_path))
    assert not drop_in.exists()


def test_what_the_user_put_beside_the_unit_stays(tmp_path: Path) -> None:
    own = tmp_path / "etc/systemd/system/assistant.service.d/own.conf"
    invoke("install", "--network", "lan", "--root", str(tmp_path))
    own.write_text("[Service]\nMemoryMax=3G\n")
    invoke("uninstall", "--root", str(tmp_path))
    assert [path.name for path in own.parent.iterdir()] == ["own.conf"]


def test_purge_takes_all_and_nothing_else_does(tmp_path: Path) -> None:
    invoke("install", "--root", str(tmp_path))
    model = tmp_path / "var/lib/assistant/models/llm"
    model.mkdir(parents=True)
    invoke("uninstall", "--root", str(tmp_path))
    assert model.exists()
    invoke("uninstall", "--purge", "--root", str(tmp_path))
    assert not model.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


# What comes back when the new one does not become ready


def test_files_become_what_they_were(tmp_path: Path) -> None:
    changed, new, link = (tmp_path / name for name in ("changed", "new", "link"))
    changed.write_text("old")
    link.symlink_to("/old/release")
    before = changing.Before([changed, new, link])
    assert before.same
    changed.write_text("new")
    new.write_text("new")
    link.unlink()
    assert not before.same
    before.restore()
    assert before.same
    assert (changed.read_text(), new.exists(), str(link.readlink())) == (
        "old",
        False,
        "/old/release",
    )


def test_what_was_kept_becomes_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"first form")
    (tmp_path / "models").mkdir()
    kept = changing.Kept(tmp_path)
    (tmp_path / "store.db").write_bytes(b"second form")
    (tmp_path / "store.db-wal").write_bytes(b"more")
    kept.restore()
    kept.close()
    assert {path.name for path in tmp_path.iterdir()} == {"store.db", "models"}
    assert (tmp_path / "store.db").read_bytes() == b"first form"


def test_a_command_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / units.LINK.relative_to("/")
    link.parent.mkdir(parents=True)
    link.write_text("#!/bin/sh\n")
    program = config.RELEASES / "1" / ".venv" / "bin" / "assistant"
    changing.write(units.staged(program, 252), Place().owned, tmp_path, lambda *_, **__: None)
    changing.remove(Place().owned, tmp_path, lambda *_, **__: None)
    assert link.read_text() == "#!/bin/sh\n"


# What network the settings need


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({}, "none"),
        ({"web": {"enabled": True}}, "loopback"),
        ({"web": {"enabled": True, "host": "0.0.0.0"}}, "lan"),
        ({"mqtt": {"host": "192.168.1.9"}}, "lan"),
        ({"mqtt": {"host": "localhost"}}, "loopback"),
        ({"mqtt": {"host": "broker.example.com"}}, "remote"),
        ({"remote": {"endpoint": "http://[fd00::1]:8000/v1"}}, "lan"),
        ({"remote": {"endpoint": "https://api.example.com/v1"}}, "remote"),
        ({"asr": {"engine": "wyoming"}}, "lan"),
        ({"wyoming": {"enabled": True}, "mqtt": {"host": "8.8.8.8"}}, "remote"),
    ],
)
def test_the_network_that_the_settings_need(settings: dict[str, dict], level: Level) -> None:
    chosen = config.Config.model_validate(settings)
    assert network.needed(chosen) == level
    assert network.missing(chosen, level) == []
    if level != "none":
        lower = network.LEVELS[network.LEVELS.index(level) - 1]
        assert network.missing(chosen, lower)


# What is refused


@pytest.mark.parametrize("action", ["install", "uninstall", "status", "logs"])
def test_without_systemd_there_is_one_sentence(action: str, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(service, "BOOTED", tmp_path / "absent")
    with pytest.raises(AssistantError, match="systemd does not run this machine") as caught:
        invoke(action)
    assert caught.value.exit_code == 1


def test_without_root_the_sudo_command_is_told(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(service, "BOOTED", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(AssistantError, match=r"sudo /.*/bin/assistant service install"):
        invoke("install")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are closed."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_closed_home_is_found_before_the_service_fails(open_folder: Path) -> None:
    home = open_folder / "home"
    program = home / "bin" / "assistant"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o644)
    assert service.unreachable(program) == program
    program.chmod(0o755)
    assert service.unreachable(program) is None
    home.chmod(0o700)
    assert service.unreachable(program) == home


def test_a_python_behind_a_link_is_looked_for_where_it_lies(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").write_text("")
    (closed / "python").chmod(0o755)
    link = open_folder / "python"
    link.symlink_to("closed/python")
    assert service.unreachable(link) == closed
    closed.chmod(0o755)
    assert service.unreachable(link) is None
    link.unlink()
    link.symlink_to("gone")
    assert service.unreachable(link) == open_folder / "gone"


def test_who_runs_none_speaks_to_the_service(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "own"))
    monkeypatch.setattr(control, "SERVICE", tmp_path / "service.sock")
    own = config.Config().socket_path
    with pytest.raises(AssistantError, match=r"no assistant answers at .*own/control\.sock"):
        control.call(own, {"command": "state"})
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(control.SERVICE))
        listening.listen()

        def answer() -> None:
            with listening.accept()[0] as client:
                client.recv(4096)
                client.sendall(b'{"ok": true, "phase": "asleep"}\n')

        thread = threading.Thread(target=answer)
        thread.start()
        assert control.call(own, {"command": "state"})["phase"] == "asleep"
        thread.join()
        with pytest.raises(AssistantError, match="no assistant answers"):  # another was named
            control.call(tmp_path / "named.sock", {"command": "state"})


# What systemd hears


@pytest.fixture
def manager(tmp_path: Path, monkeypatch) -> Iterator[socket.socket]:
    """The service manager's end of the notification socket."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield listening


def test_each_message_is_a_datagram_of_its_own(manager: socket.socket) -> None:
    notifier = Notifier()
    notifier.ready("listening")
    notifier.watchdog()
    notifier.status("answering")
    notifier.stopping()
    notifier.starts_later(5.0)
    heard = [manager.recv(4096) for _ in range(5)]
    assert heard == [
        b"READY=1\nSTATUS=listening",
        b"WATCHDOG=1",
        b"STATUS=answering",
        b"STOPPING=1",
        b"EXTEND_TIMEOUT_USEC=125000000",
    ]


@given(text=st.text())
def test_a_status_never_becomes_another_key(text: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0assistant-test-{os.getpid()}")  # an abstract name, as containers use
        listening.setblocking(False)
        os.environ["NOTIFY_SOCKET"] = f"@assistant-test-{os.getpid()}"
        try:
            notifier = Notifier()
        finally:
            del os.environ["NOTIFY_SOCKET"]
        notifier.status(text)
        notifier.watchdog()
        first = listening.recv(1 << 20)
    assert first == b"WATCHDOG=1" or (first.startswith(b"STATUS=") and b"\n" not in first)


def test_outside_systemd_nothing_happens(monkeypatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    notifier.ready("x")
    notifier.stopping()
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    Notifier().ready()


def test_a_manager_that_went_away_does_not_hurt(manager: socket.socket) -> None:
    notifier = Notifier()
    manager.close()
    notifier.watchdog()


@pytest.mark.parametrize(
    ("microseconds", "pid", "seconds"),
    [
        ("30000000", "self", 15.0),
        ("30000000", None, 15.0),
        ("30000000", "1", None),
        ("0", "self", None),
        ("soon", "self", None),
        (None, None, None),
    ],
)
def test_the_watchdog_is_fed_at_half_its_time(
    microseconds: str | None, pid: str | None, seconds: float | None, monkeypatch
) -> None:
    own = {
        "WATCHDOG_USEC": microseconds,
        "WATCHDOG_PID": str(os.getpid()) if pid == "self" else pid,
    }
    for name, value in own.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert watchdog_interval() == seconds


def test_loading_the_command_loads_nothing_heavy() -> None:
    code = "import sys, assistant.commands.service; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "onnxruntime", "llama_cpp"} & set(loaded.stdout.split())
