"""Clients of the control socket that mean harm, over a real one: what they cost has a bound."""

import asyncio
import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AssistantError, BadInput
from assistant.serve import control, crowd, peers
from assistant.serve.control import LINE_LIMIT, ControlServer, call
from assistant.serve.crowd import MOST, Pace

PATIENCE_S = 60.0
BIG = "x" * 1_000_000


def handle(request):
    return {"big": BIG} if request["command"] == "big" else {}


async def numbers(request):
    while True:
        yield {"number": 1}
        await asyncio.sleep(1000)


def served(folder, talk, **options):
    """Run ``talk(path, server)`` in a thread while a server answers."""

    async def main():
        server = ControlServer(folder / "s", handle, {"count": numbers}, **options)
        await server.start()
        try:
            return await asyncio.to_thread(talk, folder / "s", server)
        finally:
            await server.stop()

    return asyncio.run(main())


def connected(path):
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(path))  # waits while the system's queue is full
    client.settimeout(PATIENCE_S)
    return client


def lives(path):
    """Whether somebody who means well is answered."""
    return call(path, {"command": "wake"}, PATIENCE_S)["ok"]


def test_a_line_without_end_is_cut_off_early(tmp_path):
    def talk(path, server):
        sent, piece = 0, b"x" * 65536
        with connected(path) as client, contextlib.suppress(ConnectionError):
            while sent < 1_000_000_000:
                sent += client.send(piece)
        return sent, lives(path)

    sent, alive = served(tmp_path, talk)
    assert sent < 64 * LINE_LIMIT  # what the system's buffers take comes on top
    assert alive


def test_of_a_thousand_connections_few_are_kept_and_a_new_one_is_heard(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))

    def talk(path, server):
        with contextlib.ExitStack() as all_of_them:
            for number in range(1000):
                client = all_of_them.enter_context(connected(path))
                with contextlib.suppress(ConnectionError):
                    client.send(b'{"comm' if number % 2 else b"")
            assert lives(path)
            return len(server._crowd._all)

    assert served(tmp_path, talk) <= MOST


def test_while_all_are_served_the_next_one_is_told_so(tmp_path):
    def talk(path, server):
        with contextlib.ExitStack() as all_of_them:
            for _ in range(MOST):
                client = all_of_them.enter_context(connected(path))
                client.sendall(b'{"command": "count"}\n')
                assert client.recv(1)  # it is being served
            with pytest.raises(AssistantError, match="too many wait"):
                lives(path)
        return True

    assert served(tmp_path, talk)


def test_one_who_never_reads_is_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr(control, "IDLE_S", 0.2)
    monkeypatch.setattr(control, "LEAVE_S", 0.2)

    async def main():
        server = ControlServer(tmp_path / "s", handle)
        await server.start()
        before = len(asyncio.all_tasks())
        clients = [await asyncio.to_thread(connected, server.path) for _ in range(5)]
        for client in clients:
            client.sendall(b'{"command": "big"}\n' * 3)
        while not server._crowd._all:
            await asyncio.sleep(0.01)
        while server._crowd._all or len(asyncio.all_tasks()) > before:  # none waits for ever
            await asyncio.sleep(0.02)
        for client in clients:
            client.close()
        assert await asyncio.to_thread(lives, server.path)
        await server.stop()

    asyncio.run(asyncio.wait_for(main(), PATIENCE_S))


def test_a_flood_of_requests_leaves_room_for_others(tmp_path):
    def talk(path, server):
        with contextlib.ExitStack() as all_of_them:
            for _ in range(20):
                client = all_of_them.enter_context(connected(path))
                client.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    client.send(b'{"command": "wake"}\n' * 5000)
            return [lives(path) for _ in range(5)]

    assert all(served(tmp_path, talk))


def test_the_end_in_the_middle_of_it_all_is_quiet(tmp_path, caplog):
    clients = []

    async def main():
        server = ControlServer(tmp_path / "s", handle, {"count": numbers})
        await server.start()
        for line in (b'{"command": "big"}\n' * 50, b'{"command": "count"}\n', b'{"comm', b""):
            for _ in range(5):
                clients.append(await asyncio.to_thread(connected, server.path))
                clients[-1].sendall(line)
        while len(server._crowd._all) < len(clients):
            await asyncio.sleep(0.01)
        await server.stop()

    asyncio.run(main())
    for client in clients:
        client.close()
    assert caplog.records == []


@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=6))
def test_after_each_request_the_loop_rests_as_long(took):
    """With a clock of its own, and sleeping that moves it."""
    now, slept = [0.0], []

    async def main():
        async def sleep(seconds):
            slept.append(seconds)
            now[0] += seconds

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(crowd.asyncio, "sleep", sleep)
            pace = Pace(lambda: now[0])

            def work(seconds):
                now[0] += seconds
                return seconds

            found = await asyncio.gather(*(pace.do(lambda s=s: work(s)) for s in took))
        assert found == took

    asyncio.run(main())
    assert slept == pytest.approx(took, abs=1e-6)


# --- who it is ---------------------------------------------------------------------------------


def test_the_system_tells_who_is_there():
    here, there = socket.socketpair(socket.AF_UNIX)
    with here, there:
        peer = peers.of(here)
    assert (peer.pid, peer.uid) == (os.getpid(), os.geteuid())
    assert set(os.getgroups()) | {os.getegid()} == peer.groups


@pytest.mark.parametrize(
    ("uid", "groups", "group", "allowed"),
    [
        (1000, {1000}, None, True),  # the same user
        (0, {0}, None, True),  # root
        (1001, {1001}, None, False),
        (1001, {1001, 50}, 50, True),
        (1001, {1001}, 50, False),
        (1001, {0}, None, False),  # root's group is not root
        (65534, {65534}, None, False),
    ],
)
def test_who_may_give_commands(uid, groups, group, allowed):
    assert peers.allowed(peers.Peer(1, uid, frozenset(groups)), group, own=1000) is allowed


def test_a_group_is_named_or_a_number():
    assert peers.number("") is None
    assert peers.number("root") == 0
    assert peers.number("4711") == 4711
    with pytest.raises(BadInput, match=r"control\.group is 'nö'"):
        peers.number("nö")


ASK = """
import os, socket, sys
os.setgroups([int(group) for group in sys.argv[2:]])
os.setgid(65534)
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as client:
    client.connect(sys.argv[1])
    try:
        client.sendall(b'{"command": "wake"}\\n')
    except BrokenPipeError:  # refused before anything was asked
        pass
    print(client.makefile("rb").readline().decode())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize(
    ("group", "groups", "mode", "answer"),
    [
        (None, [], None, "refused by the system"),
        (None, [], 0o666, "forbidden"),  # a mode that was changed by mistake
        (4711, [4711], None, "ok"),
        (4711, [4712], None, "refused by the system"),
    ],
)
def test_another_user(group, groups, mode, answer):
    def talk(path, server):
        if mode:
            path.chmod(mode)
        asked = subprocess.run(
            [sys.executable, "-IS", "-c", ASK, str(path), *map(str, groups)],
            capture_output=True,
            check=False,
        )
        if asked.returncode:
            return "refused by the system" if b"PermissionError" in asked.stderr else asked.stderr
        told = json.loads(asked.stdout)
        return "ok" if told["ok"] else told["kind"]

    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to others
        Path(folder).chmod(0o755)
        assert served(Path(folder), talk, group=group) == answer


def test_a_file_that_is_no_socket_is_left_alone(tmp_path):
    (tmp_path / "s").write_text("precious")
    with pytest.raises(BadInput, match="no socket"):
        served(tmp_path, lambda path, server: None)
    assert (tmp_path / "s").read_text() == "precious"
