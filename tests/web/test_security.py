"""The web server against those who mean it no good, over real sockets."""

import asyncio
import contextlib
import functools
import gzip
import http.client
import re
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest
from fake_daemon import FakeDaemon, text
from hypothesis import given
from hypothesis import strategies as st
from serving import Site, read_all, settings, site, until
from shell import assistant, is_one_sentence

from assistant.config import Config, Web
from assistant.errors import BadInput
from assistant.serve.web import access, buckets, connection, gate, reach, server, static, token
from assistant.serve.web.access import Rules
from assistant.serve.web.app import Limits

SECRET = "a-secret-of-forty-three-letters-and-no-less"
CHAT = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with FakeDaemon(tmp_path_factory.mktemp("daemon") / "s") as fake:
        yield fake


@pytest.fixture(scope="module")
def web(daemon):
    with site(settings(daemon.path, body_limit=20_000)) as running:
        yield running


@pytest.fixture(scope="module")
def locked(daemon, tmp_path_factory):
    """A server that demands a token."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    with site(settings(daemon.path, token_file=str(file), hosts=["Assistant.lan"])) as running:
        yield running


# Who may ask


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "localhost:1"])
def test_names_of_this_machine_are_let_in(web, host):
    assert web.ask("GET", "/healthz", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example#localhost",
        "192.0.2.1",
        "",
        "localhost:port",
        "localhost/",
        "[::1",
        "2130706433",
    ],
)
def test_a_foreign_name_is_refused_even_for_the_page(web, host):
    for path in ("/", "/healthz", "/chat", "/v1/models"):
        assert web.ask("GET", path, headers={"Host": host}).status == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("192.0.2.9:8080", None),
        ("192.0.2.9", None),
        ("assistant.lan", None),
        ("ASSISTANT.lan:443", None),
        ("192.0.2.8", 403),
        ("lan", 403),
    ],
)
def test_the_address_that_was_connected_to_and_the_given_names_are_let_in(host, status):
    rules = Rules(access.LOOPBACK | {"assistant.lan"})
    for address in ("192.0.2.9", "::ffff:192.0.2.9"):
        headers = [(b"host", host.encode())]
        assert (access.check(rules, "/", 1, headers, address) or (None,))[0] == status


@pytest.mark.parametrize("name", [b"origin", b"authorization", b"content-type", b"content-length"])
def test_a_header_that_may_come_once_is_refused_twice(name):
    headers = [(b"host", b"localhost"), (name, b"http://localhost"), (name, b"http://localhost")]
    assert access.check(Rules(), "/", 1, headers[:2], "::1") is None
    assert access.check(Rules(), "/", 1, headers, "::1")[0] == 400


def test_no_name_and_two_names_are_refused(web):
    assert b" 403 " in web.raw(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert b" 400 " in web.raw(b"GET /healthz HTTP/1.1\r\n\r\n")
    two = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert b" 400 " in web.raw(two)


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", "http://localhost:1", "file://", "", "localhost"]
)
def test_other_sites_are_refused_and_nothing_is_asked(daemon, web, origin):
    before = len(daemon.seen)
    for method, path in [("POST", "/chat"), ("GET", "/state"), ("POST", "/v1/chat/completions")]:
        answer = web.ask(method, path, headers={"Origin": origin})
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers
    assert len(daemon.seen) == before


def test_the_own_page_is_let_in(web):
    origin = {"Origin": f"http://127.0.0.1:{web.port}"}
    assert web.ask("POST", "/chat", {"prompt": "x"}, origin).status == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"]
)
def test_what_a_form_of_another_site_can_send_is_refused(web, kind):
    for path in ("/chat", "/v1/chat/completions"):
        answer = web.ask("POST", path, '{"prompt": "x"}', {"Content-Type": kind})
        assert answer.status == 415


def test_a_preflight_allows_nobody(web):
    ask = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    assert web.ask("OPTIONS", "/chat", headers=ask).status == 403
    plain = web.ask("OPTIONS", "/chat")
    assert (plain.status, plain.headers["allow"], plain.body) == (204, "POST", b"")
    assert not [name for name in plain.headers if name.startswith("access-control")]


API = ["/state", "/metrics", "/trace", "/openapi.json", "/v1/models", "/chat", "/nothing"]


@pytest.mark.parametrize("path", API)
@pytest.mark.parametrize(
    "head",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": SECRET},
        {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": f"Bearer {SECRET[:-1]}"},
        {"Authorization": "Bearer \xff"},
        {"Cookie": f"token={SECRET}"},
        {"Cookie": f"{access.COOKIE}=wrong; x={SECRET}"},
    ],
)
def test_without_the_token_there_is_nothing(locked, path, head):
    answer = locked.ask("GET", path, headers=head)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert SECRET not in str(answer)


@pytest.mark.parametrize(
    "head",
    [
        {"Authorization": f"Bearer {SECRET}"},
        {"authorization": f"bearer {SECRET}"},
        {"Cookie": f"{access.COOKIE}={SECRET}"},
        {"Cookie": f'a=b; {access.COOKIE}="{SECRET}"; c=d'},
        {"Authorization": f"Bearer {SECRET}", "Host": "assistant.lan:443"},
    ],
)
def test_with_the_token_all_is_open(locked, head):
    assert locked.ask("GET", "/trace", headers=head).status == 200
    assert locked.ask("POST", "/chat", {"prompt": "x"}, head).status == 200


def test_health_needs_no_token_and_tells_nothing_more(locked):
    assert locked.ask("GET", "/healthz").json == {"ok": True}


def test_openais_clients_are_told_in_their_own_shape(locked):
    answer = locked.ask("POST", "/v1/chat/completions", {})
    assert answer.json["error"]["type"] == "authentication_error"


@given(st.text(max_size=80))
def test_no_other_name_passes_for_one_of_ours(name):
    if access.host_name(name) in access.LOOPBACK:
        bare = name.lower().rpartition(":")[0] if re.search(r":\d*$", name) else name.lower()
        assert {name.lower().strip("[]"), bare.strip("[]")} & access.LOOPBACK or "::" in name


@given(st.text(max_size=60), st.text(max_size=60))
def test_an_origin_is_the_same_only_when_its_name_is(origin, host):
    if access.same_origin(origin, host):
        assert origin.split("://")[1].lower() == host.lower()


@given(st.lists(st.text(alphabet='abc=; "', max_size=20), max_size=4))
def test_broken_cookies_do_not_open(cookies):
    headers = [(b"cookie", cookie.encode()) for cookie in cookies]
    assert not access.knows(headers, SECRET)


def test_a_websocket_passes_the_same_gate(daemon):
    async def attempt(host):
        sent = []

        async def send(message):
            sent.append(message["type"])

        async def inner(scope, receive, send):
            sent.append("inside")

        app = gate.Gate(inner, Rules(), buckets.Buckets(9, time.monotonic), None, 100)
        scope = {"type": "websocket", "path": "/", "raw_path": b"/", "query_string": b""}
        scope |= {"headers": [(b"host", host)], "client": ("::1", 1), "server": ("::1", 2)}
        await app(scope, None, send)
        return sent

    assert asyncio.run(attempt(b"evil.example")) == ["websocket.close"]
    assert asyncio.run(attempt(b"[::1]:2")) == ["inside"]


# How often


def test_one_that_asks_too_often_is_429_and_is_let_in_again(daemon):
    with site(settings(daemon.path, rate=1.0)) as web:
        answers = [web.ask("GET", "/healthz") for _ in range(30)]
        statuses = [answer.status for answer in answers]
        assert statuses[:5] == [200] * 5
        late = [answer for answer in answers if answer.status == 429]
        assert late
        assert all(1 <= int(answer.headers["retry-after"]) <= 2 for answer in late)
        assert all(answer.headers["connection"] == "close" for answer in late)
        assert "connection" not in answers[0].headers
        until(lambda: web.ask("GET", "/healthz").status == 200)


@given(
    st.floats(0.1, 50),
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 3)), max_size=60),
)
def test_a_bucket_never_gives_more_than_its_rate(rate, steps):
    now = 0.0
    filled = buckets.Buckets(rate, lambda: now)
    given_out = {}
    for address, pause in steps:
        now += pause
        wait_s = filled.take(address)
        assert wait_s >= 0
        if wait_s == 0:
            given_out.setdefault(address, []).append(now)
            begun = given_out[address][0]
            room = max(1.0, rate * buckets.BURST_S)
            assert len(given_out[address]) <= room + rate * (now - begun) + 1e-6
        else:
            now += wait_s + 1e-6
            assert filled.take(address) == 0
            given_out.setdefault(address, []).append(now)


def test_many_addresses_take_bounded_memory():
    filled = buckets.Buckets(1.0, lambda: 0.0, addresses=100)
    for number in range(1000):
        filled.take(str(number))
    assert len(filled) == 100


@pytest.mark.parametrize(
    ("address", "whom"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("elsewhere", "elsewhere"),
    ],
)
def test_a_network_of_ipv6_is_one_asker(address, whom):
    assert buckets.group(address) == whom


# How much


def test_a_body_that_says_it_is_too_large_is_refused_unread(web):
    answer = web.raw(CHAT + b"Content-Length: 1000000000\r\n\r\n{")
    assert b" 413 " in answer
    assert b"connection: close" in answer.lower()


def test_a_body_in_endless_chunks_is_cut_off(web):
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as client:
        client.sendall(CHAT + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        chunk = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
        with contextlib.suppress(ConnectionError, TimeoutError):
            client.settimeout(5)
            while sent < 50_000_000:
                client.sendall(chunk)
                sent += 0x1000
        assert sent < 50_000_000
        client.settimeout(20)
        answer = read_all(client)
        assert not answer or b" 413 " in answer


def test_a_chunked_body_just_over_the_limit_is_413_and_just_below_is_taken(web):
    for size, status in [(19_000, b" 200 "), (21_000, b" 413 ")]:
        body = b'{"prompt": "x"' + b" " * (size - 15) + b"}"
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        head = CHAT + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert status in web.raw(head + chunked).split(b"\r\n")[0] + b" "


def test_a_length_and_chunks_together_are_refused(web):
    chunked = b'f\r\n{"prompt": "x"}\r\n0\r\n\r\n'
    both = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 400 " in web.raw(CHAT + both + chunked)
    only = b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 200 " in web.raw(CHAT + only + chunked)


@pytest.mark.parametrize("length", [b"-1", b"+5", b"5, 6", b"five", b"9" * 400])
def test_a_length_that_is_none_is_refused(web, length):
    answer = web.raw(CHAT + b"Content-Length: " + length + b"\r\n\r\n{}")
    assert answer.split()[1] in (b"400", b"413")


def test_a_body_where_none_belongs_is_refused(web):
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n"
    answer = web.raw(head)
    assert b" 400 " in answer
    assert b"connection: close" in answer.lower()


def test_a_refused_request_hides_no_second_one_in_its_body(web):
    hidden = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /chat HTTP/1.1\r\nHost: evil.example\r\nContent-Length: %d\r\n\r\n" % len(hidden)
    answer = web.raw(head + hidden, finish=True)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b" 403 " in answer


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 60_000 + b"\r\n\r\n",
            b"431 400",
        ),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 100 + b"\r\n", b"431"),
        (b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"414"),
        (b"GET /?" + b"a" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"414"),
    ],
)
def test_long_headers_and_addresses_are_refused(web, request_, statuses):
    end = b"Connection: close\r\n\r\n"
    assert web.raw(request_[:-2] + end).split()[1] in statuses.split()


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_harms_nobody(web, data):
    assert web.raw(data, finish=True)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 505", b"")
    assert web.ask("GET", "/healthz").status == 200


@pytest.mark.parametrize("path", ["/chat", "/v1/chat/completions"])
def test_one_that_leaves_in_the_middle_of_its_body_leaves_nothing_in_the_log(daemon, path, caplog):
    head = CHAT.replace(b"/chat", path.encode()) + b"Content-Length: 100\r\n\r\n{"
    counted = f'route="{path}",status="400"'
    with site(settings(daemon.path)) as web:
        with socket.create_connection(("127.0.0.1", web.port), timeout=20) as client:
            client.sendall(head)
        until(lambda: counted in web.ask("GET", "/metrics").body.decode())
    assert caplog.records == []


# How long


def test_a_slow_body_is_ended(daemon, monkeypatch):
    monkeypatch.setattr(server, "Limits", functools.partial(Limits, body_s=0.3))
    with site(settings(daemon.path)) as web:
        answer = web.raw(CHAT + b"Content-Length: 100\r\n\r\n{")
        assert b" 408 " in answer
        assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("begun", [b"", b"GET / HT", CHAT])
def test_slow_headers_are_ended(daemon, monkeypatch, begun):
    monkeypatch.setattr(connection, "HEADERS_S", 0.3)
    with site(settings(daemon.path)) as web:
        assert web.raw(begun) == b""


def drip(client):
    for _ in range(1000):
        client.sendall(b"X")
        time.sleep(0.02)


def test_headers_that_drip_do_not_win_time(daemon, monkeypatch):
    monkeypatch.setattr(connection, "HEADERS_S", 0.5)
    with site(settings(daemon.path)) as web:
        whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with socket.create_connection(("127.0.0.1", web.port), timeout=20) as client:
            client.sendall(whole)  # the second request of a connection has the same limit
            assert b" 200 " in client.recv(65536)
            with pytest.raises(ConnectionError):
                drip(client)


def test_a_client_that_reads_nothing_is_let_go_and_the_work_stops(monkeypatch, tmp_path):
    monkeypatch.setattr(connection, "STALLED_S", 0.3)
    path = tmp_path / "s"
    with FakeDaemon(path) as daemon, site(settings(path)) as web:
        daemon.script = text(*["x" * 60_000] * 500)
        body = b'{"prompt": "x"}'
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", web.port))
            client.sendall(CHAT + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            assert daemon.closed.wait(15)


def test_more_connections_than_allowed_are_told_so_and_the_first_live_on(daemon):
    with site(settings(daemon.path, connections=4)) as web, contextlib.ExitStack() as stack:
        whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        first = [stack.enter_context(connected(web, who)) for who in (1, 1, 1, 2)]
        first[-1].sendall(b"GET")
        refused = [web.raw(b"") for _ in range(20)]
        assert all(answer.startswith(b"HTTP/1.1 503") for answer in refused)
        first[0].sendall(whole)
        assert b" 200 " in first[0].recv(65536)
        for client in first:
            client.close()
        until(lambda: web.raw(whole[:-2] + b"Connection: close\r\n\r\n")[:12] == b"HTTP/1.1 200")


def connected(web, who):
    """Connect from another address of this machine: 127.0.0.`who`."""
    return socket.create_connection(("127.0.0.1", web.port), 20, (f"127.0.0.{who}", 0))


def test_one_address_cannot_take_all_connections(daemon):
    with site(settings(daemon.path, connections=8)) as web, contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(connected(web, 2)).sendall(b"GET")
        with connected(web, 2) as one_more:
            assert read_all(one_more).startswith(b"HTTP/1.1 503")
        for _ in range(20):
            assert web.ask("GET", "/healthz").status == 200


def test_a_crowd_that_is_sent_away_takes_no_room_while_it_goes(daemon):
    with served(daemon) as (process, web), contextlib.ExitStack() as stack:
        process.send_signal(signal.SIGSTOP)  # so that all of them are taken in one moment
        for _ in range(100):
            stack.enter_context(connected(web, 2))
        good = stack.enter_context(connected(web, 1))
        good.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        process.send_signal(signal.SIGCONT)
        assert good.recv(65536)[:12] == b"HTTP/1.1 200"


def test_small_pieces_are_sent_at_once(daemon, monkeypatch):
    made = []
    real = connection.Connection.connection_made

    def connection_made(self, transport):
        made.append(transport.get_extra_info("socket"))
        real(self, transport)

    monkeypatch.setattr(connection.Connection, "connection_made", connection_made)
    with site(settings(daemon.path)) as web, connected(web, 1):
        until(lambda: made)
        assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# What answers carry


ANSWERS = [("GET", "/"), ("GET", "/healthz"), ("GET", "/no"), ("PUT", "/chat"), ("POST", "/chat")]


@pytest.mark.parametrize(("method", "path"), ANSWERS)
def test_every_answer_is_safe_to_show_and_names_no_server(web, method, path):
    head = web.ask(method, path).headers
    assert head["content-security-policy"] == gate.POLICY
    assert "unsafe" not in gate.POLICY
    assert head["x-content-type-options"] == "nosniff"
    assert head["referrer-policy"] == "no-referrer"
    assert "server" not in head
    assert "x-powered-by" not in head


def test_errors_are_json(web):
    assert web.ask("GET", "/nothing").json == {"error": "there is nothing here."}
    assert web.ask("DELETE", "/chat").headers["allow"] == "POST"
    assert web.ask("GET", "/v1/nothing").json["error"]["type"] == "invalid_request_error"
    assert web.ask("TRACE", "/healthz").status == 405


def test_head_is_like_get_without_its_body(web):
    for path in ("/healthz", "/openapi.json", "/state"):
        answer = web.ask("HEAD", path)
        assert (answer.status, answer.body) == (200, b"")
    assert web.ask("HEAD", "/chat").status == 405


def test_a_bug_is_500_without_its_traceback(daemon, monkeypatch):
    monkeypatch.setattr("assistant.serve.web.watching.json_answer", lambda _data: 1 / 0)
    with site(settings(daemon.path)) as web:
        answer = web.ask("GET", "/healthz")
        assert answer.status == 500
        assert set(answer.json) == {"error"}
        assert "ZeroDivision" not in answer.body.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/%2e%2e%2fapp.py",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "//etc/passwd",
        "/static/%00",
        "/static/",
        "/static",
        "/chat/",
        "/static/app.js%0d%0aSet-Cookie:%20x=y",
        "/%0d%0aSet-Cookie:%20x=y",
    ],
)
def test_no_path_leads_out_of_the_folder_or_into_a_header(web, path):
    answer = web.raw(
        b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode()
    )
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"set-cookie" not in answer.partition(b"\r\n\r\n")[0].lower()
    assert b"location" not in answer.partition(b"\r\n\r\n")[0].lower()


# The page's files


@pytest.fixture
def files(tmp_path, daemon, monkeypatch):
    folder = tmp_path / "static"
    (folder / "fonts").mkdir(parents=True)
    (folder / "index.html").write_text("<p>你好</p>" * 100)
    (folder / "face.html").write_text("<p>face</p>")
    (folder / "app.js").write_text("let x = 1;\n" * 100)
    (folder / "fonts" / "a.woff2").write_bytes(bytes(range(256)) * 4)
    (folder / ".secret").write_text("no")
    (tmp_path / "outside").write_text("no")
    real = static.routes
    monkeypatch.setattr(static, "routes", lambda: real(folder))
    with site(settings(daemon.path)) as running:
        yield running


def test_the_files_of_the_page_are_served_with_their_types(files):
    kinds = {
        "/": "text/html; charset=utf-8",
        "/face": "text/html; charset=utf-8",
        "/static/app.js": "text/javascript; charset=utf-8",
        "/static/fonts/a.woff2": "font/woff2",
    }
    for path, kind in kinds.items():
        answer = files.ask("GET", path)
        assert (answer.status, answer.headers["content-type"]) == (200, kind)
        assert "content-encoding" not in answer.headers
    assert files.ask("GET", "/").body.decode() == "<p>你好</p>" * 100
    assert files.ask("GET", "/static/.secret").status == 404
    assert files.ask("POST", "/", "x").status == 405


def test_files_are_compressed_for_those_who_take_it(files):
    packed = files.ask("GET", "/static/app.js", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == b"let x = 1;\n" * 100
    for header in ("br", "gzip;q=0", "gzip; q=0.0", "*;q=0", "gzipped"):
        plain = files.ask("GET", "/static/app.js", headers={"Accept-Encoding": header})
        assert "content-encoding" not in plain.headers


def test_a_file_that_the_client_has_is_not_sent_again(files):
    for encoding in ("gzip", "identity"):
        head = {"Accept-Encoding": encoding}
        tag = files.ask("GET", "/static/app.js", headers=head).headers["etag"]
        for known in (tag, f'"x", W/{tag}'):
            again = files.ask("GET", "/static/app.js", headers={**head, "If-None-Match": known})
            assert (again.status, again.body) == (304, b"")
        other = files.ask("GET", "/static/app.js", headers={**head, "If-None-Match": '"x"'})
        assert other.status == 200


# The token's file


def test_the_token_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "folder" / "token"
    secret = token.load_or_make(path)
    assert token.load_or_make(path) == secret
    assert len(secret) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token.load_or_make(tmp_path / "other") != secret


@pytest.mark.parametrize(
    "text_", ["", "short", "with a space in it", 'a";b' * 9, "\xe4" * 30, "=" * 30, "<a>" * 9]
)
def test_a_token_that_is_none_is_refused(tmp_path, text_):
    path = tmp_path / "token"
    path.write_text(text_)
    path.chmod(0o600)
    with pytest.raises(BadInput, match=re.escape(str(path))):
        token.load_or_make(path)


def test_a_token_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "token"
    path.write_text(SECRET)
    path.chmod(0o640)
    with pytest.raises(BadInput, match="chmod 600"):
        token.load_or_make(path)


def test_a_token_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"web\.token_file"):
        token.load_or_make(tmp_path / "file" / "token")


@pytest.mark.parametrize(
    ("address", "web", "needed"),
    [
        ("127.0.0.1", {}, False),
        ("127.8.9.10", {}, False),
        ("::1", {}, False),
        ("::ffff:127.0.0.1", {}, False),
        ("0.0.0.0", {}, True),
        ("::", {}, True),
        ("192.0.2.1", {}, True),
        ("127.0.0.1", {"hosts": ["assistant.lan"]}, True),
        ("127.0.0.1", {"token_file": "/x"}, True),
    ],
)
def test_all_but_this_machines_own_need_a_token(address, web, needed):
    assert reach.needs_token(Config(web=Web(**web)), address) is needed


def test_an_address_that_others_reach_makes_a_token_and_demands_it(daemon, tmp_path):
    path = tmp_path / "token"
    chosen = settings(daemon.path, host="0.0.0.0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, "web_token_path", path)
        with site(chosen) as web:
            assert web.ask("GET", "/trace").status == 401
            bearer = {"Authorization": f"Bearer {path.read_text().strip()}"}
            assert web.ask("GET", "/trace", headers=bearer).status == 200


# `assistant serve`


def serve(daemon, *more, **how):
    command = [sys.executable, "-m", "assistant", "--set", f"paths.socket={daemon.path}"]
    return subprocess.Popen(
        [*command, "serve", "--port", "0", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **how,
    )


@contextlib.contextmanager
def served(daemon, *more, **how):
    """Yield a process that serves, and what it serves."""
    process = serve(daemon, *more, **how)
    try:
        yield process, Site(int(process.stdout.readline().decode().rpartition(":")[2].strip("/\n")))
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_it_prints_its_address_serves_and_ends_when_told(daemon, sent, code):
    process = serve(daemon)
    try:
        line = process.stdout.readline().decode()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", line)
        port = int(line.rpartition(":")[2].strip("/\n"))
        stream = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        stream.request("GET", "/state")
        watched = stream.getresponse()
        assert b"asleep" in watched.read1()
        process.send_signal(sent)
        rest, errors = process.communicate(timeout=20)
        assert (process.returncode, rest, errors.strip()) == (code, b"", b"")
        watched.read()
    finally:
        process.kill()
        process.wait()


def test_as_a_child_it_ends_with_its_parent(daemon):
    with served(daemon, "--child", stdin=subprocess.PIPE) as (process, web):
        assert web.ask("GET", "/healthz").status == 200
        assert process.poll() is None
        assert process.communicate(timeout=20) == (b"", b"")  # closes its standard input
        assert process.returncode == 0


def test_a_port_in_use_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        run = assistant("serve", "--port", port)
        assert port in is_one_sentence(run, 1)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "300.1.1.1", "a" * 300])
def test_an_address_that_is_not_ours_is_one_sentence(host):
    run = assistant("serve", "--host", host, "--port", "0")
    assert run.returncode == 2
    assert "web.host" in is_one_sentence(run)


def test_without_its_packages_it_says_what_to_install():
    code = (
        "import sys; sys.modules['uvicorn'] = None;"
        "sys.argv = ['assistant', 'serve']; from assistant.cli import main; main()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert run.returncode == 2
    assert "script/setup --with web" in is_one_sentence(run)


def test_the_command_line_stays_light():
    code = (
        "import sys, assistant.cli, assistant.commands.serve;"
        "print(sorted({'starlette', 'uvicorn', 'h11'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert run.stdout.decode().strip() == "[]"
