"""`assistant web token`, and a running server whose token is changed."""

import http.client
import json
import os
import re
import stat
import xml.etree.ElementTree as ET

import pytest
import segno
from click.testing import CliRunner
from fake_daemon import WAIT, FakeDaemon
from serving import settings, site
from shell import Terminal, assistant, is_one_sentence

from assistant import config
from assistant.commands import service
from assistant.config import Config, Web
from assistant.serve.web import reach, token
from assistant.systemd import units

OWN = reach.own_addresses(False)
SECRET = "a-secret-of-forty-three-letters-and-no-less"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "token"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


@pytest.fixture
def ask(inside):
    """Return a function that runs `web token` with settings of `web`."""

    def run(file, *more, **settings):
        given = [f"--set=web.{key}={value}" for key, value in settings.items()]
        return inside(f"--set=web.token_file={file}", *given, "web", "token", *more)

    return run


# The address


def test_it_is_printed_alone_where_the_output_is_no_terminal(ask, file):
    run = ask(file)
    assert run.stdout.decode() == f"http://127.0.0.1:8080/#token={SECRET}\n"
    assert run.stderr == b""


def test_without_a_token_it_is_made_for_its_owner(ask, tmp_path):
    run = ask(tmp_path / "token")
    assert run.stdout.decode().partition("#token=")[2] == (tmp_path / "token").read_text()
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_where_only_this_machine_can_connect_it_says_that_none_is_needed(tmp_path):
    run = assistant("web", "token", "--qr", env={"STATE_DIRECTORY": str(tmp_path)})
    assert run.returncode == 0
    assert run.stdout.decode().split("\n")[0] == "http://127.0.0.1:8080/"
    assert "no token is needed" in run.stderr.decode()
    assert list(tmp_path.rglob("*token*")) == []


def test_for_programs_it_is_one_object(ask, file):
    said = json.loads(ask(file, "--json", host="0.0.0.0").stdout)
    assert said == {
        "needed": True,
        "urls": [f"http://{address}:8080/#token={SECRET}" for address in OWN],
        "token": SECRET,
        "file": str(file),
    }
    said = json.loads(assistant("web", "token", "--json").stdout)
    assert said == {
        "needed": False,
        "urls": ["http://127.0.0.1:8080/"],
        "token": None,
        "file": None,
    }


@pytest.mark.parametrize(
    ("web", "urls"),
    [
        ({}, ["http://127.0.0.1:8080/"]),
        ({"host": "::1", "port": 80}, ["http://[::1]:80/"]),
        ({"host": "localhost"}, ["http://localhost:8080/"]),
        ({"host": "192.0.2.7"}, ["http://192.0.2.7:8080/"]),
        ({"host": "0.0.0.0"}, [f"http://{address}:8080/" for address in OWN]),
        ({"certificate": "/c", "host": "192.0.2.7"}, ["https://192.0.2.7:8080/"]),
        ({"hosts": ["assistant.lan"]}, ["https://assistant.lan/"]),
        (
            {"hosts": ["assistant.lan"], "host": "192.0.2.7"},
            ["http://assistant.lan:8080/", "http://192.0.2.7:8080/"],
        ),
    ],
)
def test_it_is_the_one_by_which_others_reach_it(web, urls):
    assert reach.urls(Config(web=Web(**web))) == urls


def test_the_addresses_of_this_machine_are_the_kernels():
    known = {
        field
        for line in os.popen("ip -brief address 2>/dev/null || hostname -I")
        for field in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", line)
    }
    loopback = {address for address in known if address.startswith("127.")}
    assert set(OWN) == (known - loopback or {"127.0.0.1"})


def test_an_address_that_nobody_can_know_is_one_sentence(ask, file):
    assert "web.port" in is_one_sentence(ask(file, port=0))
    assert "web.host" in is_one_sentence(ask(file, host="no such host"))


def test_a_token_that_cannot_be_used_is_one_sentence(ask, file):
    file.chmod(0o644)
    assert "chmod 600" in is_one_sentence(ask(file))


# The picture


def squares(picture, border=4):
    """The matrix of a QR code as rows of what is dark, with its border."""
    return [[bool(bit) for bit in row] for row in picture.matrix_iter(border=border)]


def test_on_a_terminal_it_is_drawn_too(file):
    url = f"http://127.0.0.1:8080/#token={SECRET}"
    with Terminal(f"--set=web.token_file={file}", "web", "token") as terminal:
        code, text = terminal.end()
    assert code == 0
    lines = text.replace("\r", "").split("\n")
    assert lines[0] == url
    drawn = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines[1:] if "\x1b" in line]
    assert len(drawn) > 10
    rows = []
    for line in drawn:
        rows.append([character in " \N{LOWER HALF BLOCK}" for character in line])
        rows.append([character in " \N{UPPER HALF BLOCK}" for character in line])
    wanted = squares(segno.make(url, micro=False))
    assert rows[: len(wanted)] == wanted


def test_elsewhere_only_when_it_is_asked_for_and_never_if_not(ask, file):
    assert "\N{FULL BLOCK}" in ask(file, "--qr").stdout.decode()
    with Terminal(f"--set=web.token_file={file}", "web", "token", "--no-qr") as terminal:
        _, text = terminal.end()
    assert text.count("\n") == 1


def test_it_is_written_as_a_picture_for_its_owner_only(ask, file, tmp_path):
    picture = tmp_path / "door.svg"
    assert ask(file, "--svg", picture).returncode == 0
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert ET.parse(picture).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert SECRET not in picture.read_text()
    assert "/no/folder" in is_one_sentence(ask(file, "--svg", "/no/folder/x.svg"))


def test_without_the_package_the_address_is_shown_and_a_picture_is_one_sentence(file, tmp_path):
    (tmp_path / "segno.py").write_text("raise ModuleNotFoundError(name='segno')")
    without = {"PYTHONPATH": str(tmp_path)}
    run = assistant(f"--set=web.token_file={file}", "web", "token", env=without)
    assert run.stdout.decode() == f"http://127.0.0.1:8080/#token={SECRET}\n"
    run = assistant(f"--set=web.token_file={file}", "web", "token", "--qr", env=without)
    assert "script/setup --with web" in is_one_sentence(run)


# Another one


def test_another_token_takes_the_place_of_the_one_so_far(ask, file):
    run = ask(file, "--new")
    made = file.read_text().strip()
    assert made != SECRET
    assert run.stdout.decode() == f"http://127.0.0.1:8080/#token={made}\n"
    assert "ends" in run.stderr.decode()
    assert [path.name for path in file.parent.iterdir()] == ["token"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_where_none_is_needed_none_is_made_anew(tmp_path):
    run = assistant("web", "token", "--new", env={"STATE_DIRECTORY": str(tmp_path)})
    assert "web.host" in is_one_sentence(run)


def test_the_running_server_takes_the_new_one_and_ends_who_came_by_the_old_one(ask, file, tmp_path):
    path = tmp_path / "s"
    with FakeDaemon(path) as daemon, site(settings(path, token_file=str(file))) as web:
        daemon.watched = [{"ok": True, "event": "state", "phase": "asleep", "turn": 0}, WAIT]
        old = {"Authorization": f"Bearer {SECRET}"}
        watching = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
        watching.request("GET", "/state", headers=old)
        stream = watching.getresponse()
        assert b"asleep" in stream.read1()
        new = {"Authorization": f"Bearer {token.renew(file)}"}
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            stream.read()
        assert daemon.closed.wait(15)
        assert web.ask("GET", "/trace", headers=old).status == 401
        assert web.ask("GET", "/trace", headers=new).status == 200


def test_a_file_that_is_gone_or_broken_changes_nothing(file, caplog):
    secret = token.Secret(file)
    file.unlink()
    assert not secret.changed()
    file.write_text("short")
    file.chmod(0o600)
    assert not secret.changed()
    assert "stays as it was" in caplog.text
    assert not secret.changed()
    assert secret.text == SECRET
    made = token.renew(file)
    assert secret.changed()
    assert secret.text == made
    assert not secret.changed()


# The system service's


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A service's folder and settings elsewhere, and an installation that starts nothing."""
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "config.toml").write_text('[web]\nhost = "192.0.2.7"\n')
    monkeypatch.setattr(service, "STATE", state)
    monkeypatch.setattr(units, "STATE", state)
    monkeypatch.setattr(config, "SYSTEM_PATH", tmp_path / "config.toml")
    monkeypatch.setenv("STATE_DIRECTORY", "")  # restored after the command has set it
    return state


def test_the_services_token_is_made_when_it_is_installed_and_stays(installed, monkeypatch):
    monkeypatch.setattr(service, "_require", lambda _action, _place: None)
    monkeypatch.setattr(service, "_require_reachable", lambda _program: None)
    monkeypatch.setattr(service, "_upgrade", lambda _files, _place: None)
    run = CliRunner().invoke(service.command, ["install"], catch_exceptions=False)
    assert f"write {installed}/web-token" in run.output
    made = (installed / "web-token").read_text()
    CliRunner().invoke(service.command, ["install"], catch_exceptions=False)
    assert (installed / "web-token").read_text() == made


def test_the_services_token_is_shown_by_its_settings_and_changed_for_its_user(installed):
    from assistant.commands import web

    (installed / "web-token").write_text(SECRET)
    (installed / "web-token").chmod(0o600)
    if os.geteuid() == 0:
        os.chown(installed, 1234, 1234)
    run = CliRunner().invoke(web.command, ["token", "--service"], catch_exceptions=False)
    assert run.stdout == f"http://192.0.2.7:8080/#token={SECRET}\n"
    run = CliRunner().invoke(web.command, ["token", "--service", "--new"], catch_exceptions=False)
    made = (installed / "web-token").stat()
    assert SECRET not in run.stdout
    assert made.st_uid == installed.stat().st_uid
    assert stat.S_IMODE(made.st_mode) == 0o600
