"""The control socket with good, broken and hostile clients, over a real Unix socket."""

import asyncio
import itertools
import json
import socket
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import AssistantError, Busy
from assistant.serve.control import LINE_LIMIT, ControlServer, alive, call


def handle(request):
    if request["command"] == "wake":
        return {"woken": True}
    if request["command"] == "break":
        raise KeyError("x")
    raise AssistantError("unknown command")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "control.sock"


def served(path, talk):
    """Run `talk` in a thread while a server answers."""

    async def main():
        server = ControlServer(path, handle)
        await server.start()
        try:
            return await asyncio.to_thread(talk)
        finally:
            await server.stop()

    return asyncio.run(main())


def send(path, data):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(path))
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            return client.makefile("rb").read()
        except (BrokenPipeError, ConnectionResetError):  # it was let go while it still wrote
            return b""


def test_a_request_is_answered(path):
    assert served(path, lambda: call(path, {"command": "wake"})) == {"ok": True, "woken": True}


def test_a_refused_request_raises_its_sentence(path):
    with pytest.raises(AssistantError, match="unknown command"):
        served(path, lambda: call(path, {"command": "fly"}))


def test_a_fault_is_answered_and_the_next_request_too(path):
    def talk():
        return send(path, b'{"command": "break"}\n{"command": "wake"}\n')

    broken, woken = map(json.loads, served(path, talk).splitlines())
    assert (broken["ok"], broken["kind"]) == (False, "failed")
    assert woken["ok"]


def test_nobody_there(path):
    with pytest.raises(AssistantError, match="assistant run"):
        call(path, {"command": "wake"})


def test_only_this_user_may_connect_and_nothing_is_left_behind(path):
    mode = served(path, lambda: (path.stat().st_mode, path.parent.stat().st_mode))
    assert stat.S_IMODE(mode[0]) == 0o600
    assert stat.S_IMODE(mode[1]) == 0o700
    assert not path.exists()


def test_a_second_daemon_is_refused_and_the_first_goes_on(path):
    async def main():
        first, second = ControlServer(path, handle), ControlServer(path, handle)
        await first.start()
        with pytest.raises(AssistantError, match="another assistant"):
            await second.start()
        assert await asyncio.to_thread(alive, path)
        await first.stop()

    asyncio.run(main())


def test_the_socket_of_a_dead_daemon_is_replaced(path):
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert served(path, lambda: call(path, {"command": "wake"}))["ok"]


def test_an_endless_line_ends_the_connection_only(path):
    def talk():
        assert send(path, b"x" * (LINE_LIMIT * 4)) == b""
        return call(path, {"command": "wake"})

    assert served(path, talk)["ok"]


def test_a_client_that_leaves_in_the_middle_harms_nobody(path):
    def talk():
        for _ in range(50):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.send(b'{"comm')
        return call(path, {"command": "wake"})

    assert served(path, talk)["ok"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.binary(max_size=60), st.just(b'{"command": 3}')), max_size=5))
def test_any_bytes_get_answers_that_are_json(tmp_path, lines):
    path = tmp_path / "s"
    data = b"".join(line.replace(b"\n", b" ") + b"\n" for line in lines)
    answers = served(path, lambda: send(path, data))
    decoded = [json.loads(answer) for answer in answers.splitlines()]
    assert len(decoded) == len(lines)
    assert not any(answer["ok"] for answer in decoded)


# --- answers of many lines -----------------------------------------------------------------------


class Counting:
    """Streams; it knows whether they were ended."""

    def __init__(self):
        self.ended = 0

    async def numbers(self, request):
        try:
            for number in range(request.get("to", 10**9)):
                yield {"number": number}
                await asyncio.sleep(0.001)
        finally:
            self.ended += 1

    async def busy(self, request):
        raise Busy(7)
        yield

    def refuses(self, request):
        raise AssistantError("not now")


def streaming(path, talk):
    counting = Counting()

    async def main():
        streams = {"count": counting.numbers, "busy": counting.busy, "refuse": counting.refuses}
        server = ControlServer(path, handle, streams)
        await server.start()
        try:
            result = await asyncio.to_thread(talk)
            for _ in range(200):
                if counting.ended:
                    break
                await asyncio.sleep(0.01)
            return result
        finally:
            await server.stop()

    return asyncio.run(main()), counting.ended


def lines(path, request, most=10):
    """Return the lines of an answer, at most `most`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(json.dumps(request).encode() + b"\n")
        return [json.loads(line) for line in itertools.islice(client.makefile("rb"), most)]


def test_a_stream_comes_line_by_line_and_the_connection_is_closed(path):
    found, ended = streaming(path, lambda: lines(path, {"command": "count", "to": 3}))
    assert found == [{"ok": True, "number": number} for number in range(3)]
    assert ended == 1


def test_a_client_that_goes_away_ends_the_stream(path):
    found, ended = streaming(path, lambda: lines(path, {"command": "count"}))
    assert len(found) == 10
    assert ended == 1


def test_a_client_that_speaks_into_the_stream_ends_it(path):
    def talk():
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(path))
            client.sendall(b'{"command": "count"}\n')
            client.recv(10)
            client.sendall(b"x")
            while client.recv(65536):
                pass
        return True

    assert streaming(path, talk) == (True, 1)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (
            "busy",
            {
                "ok": False,
                "error": "too many wait for an answer; try again in 7 seconds.",
                "kind": "busy",
                "retry_after_s": 7,
            },
        ),
        ("refuse", {"ok": False, "error": "not now", "kind": "failed"}),
    ],
)
def test_a_refused_stream_is_one_line(path, command, answer):
    found, _ = streaming(path, lambda: [lines(path, {"command": c}) for c in (command, "count")])
    assert found[0] == [answer]
    assert len(found[1]) == 10
