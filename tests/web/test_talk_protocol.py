"""`/talk` before a stand-in for the daemon: the real server, the real control socket, real sockets.

What the daemon does there is a fake: it says what a test told it to.
"""

import asyncio
import base64
import contextlib
import json
import socket
import threading

import pytest
from serving import settings, site, until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from assistant.errors import AssistantError
from assistant.serve.control import ControlServer

STATE = {"event": "state", "phase": "asleep", "turn": 0, "out": False}
FRAME = bytes(range(64)) * 10


class Talker:
    """A daemon that talks: it keeps what it is told, and `script` is what it says first."""

    def __init__(self, path):
        self.script = [STATE]
        self.heard = []
        self.began = self.ended = 0
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    async def talk(self, request, said):
        self.began += 1
        try:
            for told in self.script:
                if isinstance(told, Exception):
                    raise told
                yield told
            async for line in said:
                self.heard.append(line)
        finally:
            self.ended += 1

    def _run(self):
        self._loop.run_until_complete(self._serve())

    async def _serve(self):
        self._over = asyncio.Event()
        server = ControlServer(self._path, lambda request: {}, {}, {"talk": self.talk})
        await server.start()
        self._started.set()
        await self._over.wait()
        await server.stop()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)

    def stop(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(10)

    def __enter__(self):
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_):
        self.stop()


@pytest.fixture
def daemon(tmp_path):
    with Talker(tmp_path / "s") as daemon:
        yield daemon


@pytest.fixture
def web(tmp_path, daemon):
    with site(settings(tmp_path / "s")) as web:
        yield web


@contextlib.contextmanager
def talking(web, **head):
    with connect(
        f"ws://127.0.0.1:{web.port}/talk", additional_headers=head, proxy=None, open_timeout=10
    ) as client:
        yield client


def read(client):
    """Return the next message; JSON as what it says."""
    message = client.recv(timeout=10)
    return json.loads(message) if isinstance(message, str) else message


def end(client):
    """Return the code and the reason of the end, and what came before it."""
    came = []
    with pytest.raises(ConnectionClosed) as closed:
        came.extend(iter(lambda: read(client), None))
    told = closed.value.rcvd
    assert told is not None, "the connection broke"
    return told.code, told.reason, came


def audio(data, rate=24_000):
    return {"event": "audio", "rate": rate, "audio": base64.b64encode(data).decode()}


def test_events_come_as_json_and_sound_as_bytes_after_its_rate(web, daemon):
    daemon.script = [
        STATE, audio(b"ab"), audio(b"cd"), {"event": "flush"}, audio(b"ef", 48_000),
    ]  # fmt: skip
    with talking(web) as client:
        assert [read(client) for _ in range(7)] == [
            STATE,
            {"event": "rate", "rate": 24_000},
            b"ab",
            b"cd",
            {"event": "flush"},
            {"event": "rate", "rate": 48_000},
            b"ef",
        ]


def test_what_the_client_says_reaches_the_daemon_in_its_order(web, daemon):
    with talking(web) as client:
        read(client)
        client.send(FRAME)
        client.send('{"wake": true}')
        client.send(FRAME * 100)
        client.send('{"stop": true}')
        until(lambda: daemon.heard[-1:] == [{"stop": True}])
    assert daemon.heard[1] == {"wake": True}
    sound = [base64.b64decode(line["audio"]) for line in daemon.heard if "audio" in line]
    assert sound[0] == FRAME
    assert b"".join(sound[1:]) == FRAME * 100
    until(lambda: daemon.ended == 1)  # the client has gone


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"x",
        FRAME + b"x",
        "",
        "nonsense",
        "[]",
        '{"wake": false}',
        '{"sleep": true}',
        "1" * 999,
    ],
)
def test_nonsense_ends_it_with_a_code_and_a_sentence(web, daemon, said):
    with talking(web) as client:
        read(client)
        client.send(said)
        code, reason, came = end(client)
    assert code == 1008
    assert reason.endswith(".")
    assert came == [{"error": reason}]
    until(lambda: daemon.ended == 1)


@pytest.mark.parametrize("said", [b"x" * 66_000, "x" * 66_000])
def test_a_message_above_64_kB_ends_it(web, daemon, said):
    with talking(web) as client:
        read(client)
        client.send(said)
        assert end(client)[0] == 1009
    until(lambda: daemon.ended == 1)


def test_a_refusal_of_the_daemon_is_the_reason(web, daemon):
    daemon.script = [AssistantError("somebody talks to it from another browser already.")]
    with talking(web) as client:
        code, reason, came = end(client)
    assert (code, reason) == (1013, "somebody talks to it from another browser already.")
    assert came == [{"error": reason}]


def test_a_long_sentence_is_cut_in_the_reason_and_whole_in_the_message(web, daemon):
    sentence = "问" * 100 + "."
    daemon.script = [STATE, AssistantError(sentence)]
    with talking(web) as client:
        _, reason, came = end(client)
    assert sentence.startswith(reason)
    assert len(reason) > 30
    assert came[-1] == {"error": sentence}


def test_without_a_daemon_it_says_so(tmp_path):
    with site(settings(tmp_path / "nobody")) as web, talking(web) as client:
        code, reason, _ = end(client)
    assert code == 1013
    assert "not running" in reason


def test_a_daemon_that_goes_ends_it_with_a_code_and_a_reason(web, daemon):
    with talking(web) as client:
        read(client)
        daemon.stop()
        code, reason, _ = end(client)
    assert code == 1013
    assert "went away" in reason


def test_a_server_that_ends_says_goodbye(tmp_path, daemon):
    with contextlib.ExitStack() as stack:
        with site(settings(tmp_path / "s")) as web:
            client = stack.enter_context(talking(web))
            read(client)
        assert end(client)[0] in (1001, 1012)
    until(lambda: daemon.ended == 1)


# --- who may talk ----------------------------------------------------------------------------


def refused(web, **head):
    with pytest.raises(InvalidStatus) as failure, talking(web, **head):
        pass
    return failure.value.response.status_code


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_may_not(web, daemon, origin):
    assert refused(web, Origin=origin) == 403
    assert daemon.began == 0


def test_the_page_of_this_server_may(web, daemon):
    with talking(web, Origin=f"http://127.0.0.1:{web.port}") as client:
        assert read(client) == STATE


def test_a_name_that_is_not_the_servers_may_not(web, daemon):
    lines = [
        "GET /talk HTTP/1.1", "Host: evil.example", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", "",
    ]  # fmt: skip
    assert web.raw("\r\n".join(lines).encode()).startswith(b"HTTP/1.1 403")
    assert daemon.began == 0


def test_where_a_token_is_needed_it_is_needed_here(tmp_path, daemon):
    secret = tmp_path / "token"
    with site(settings(tmp_path / "s", token_file=str(secret))) as web:
        assert refused(web) == 403
        assert refused(web, Cookie="assistant_token=wrong") == 403
        assert daemon.began == 0
        token = secret.read_text().strip()
        with talking(web, Cookie=f"assistant_token={token}") as client:
            assert read(client) == STATE
        with talking(web, Authorization=f"Bearer {token}") as client:
            assert read(client) == STATE


def test_no_other_path_speaks_websocket(web):
    for path in ("/", "/chat", "/talk/", "/nothing"):
        with (
            pytest.raises(InvalidStatus) as failure,
            connect(f"ws://127.0.0.1:{web.port}{path}", proxy=None),
        ):
            pass
        assert failure.value.response.status_code in (403, 404)


def test_one_that_says_nothing_is_let_go(web, daemon, monkeypatch):
    monkeypatch.setattr("assistant.serve.web.talk.IDLE_S", 0.3)
    with talking(web) as client:
        read(client)
        code, reason, _ = end(client)
    assert code == 1008
    assert "nothing came" in reason


def test_one_that_reads_nothing_is_let_go(web, daemon, monkeypatch):
    monkeypatch.setattr("assistant.serve.web.talk.SEND_S", 0.3)
    daemon.script = [STATE, *[audio(b"\1" * 48_000)] * 400]
    lines = [
        "GET /talk HTTP/1.1", f"Host: 127.0.0.1:{web.port}", "Connection: Upgrade",
        "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", "",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", web.port)) as client:
        client.sendall("\r\n".join(lines).encode())
        until(lambda: daemon.ended == 1)
