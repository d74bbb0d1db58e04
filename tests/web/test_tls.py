"""The web server with a certificate: what it encrypts, and what it says of bad ones."""

import http.client
import logging
import os
import re
import socket
import ssl
import subprocess
import sys

import pytest
from certificates import Pair, expired, made, openssl
from fake_daemon import FakeDaemon
from serving import events, read_all, settings, site, until
from shell import assistant, is_one_sentence

from assistant.config import Config, Web
from assistant.errors import BadInput
from assistant.serve.web import connection, reach, tls

SECRET = "a-secret-of-forty-three-letters-and-no-less"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with FakeDaemon(tmp_path_factory.mktemp("daemon") / "s") as fake:
        yield fake


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return made(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def web(daemon, pair):
    with site(settings(daemon.path, **pair.settings())) as running:
        yield running


@pytest.fixture
def trusting(pair):
    return ssl.create_default_context(cafile=pair.certificate)


def encrypted(web, context):
    return http.client.HTTPSConnection("localhost", web.port, timeout=20, context=context)


# What it does


def test_answers_and_streams_come_encrypted_by_the_given_certificate(web, trusting):
    client = encrypted(web, trusting)
    client.request("GET", "/healthz")
    assert client.getresponse().read() == b'{"ok": true}'
    # A connection goes on after an answer; the name in the certificate is checked.
    origin = {"Origin": f"https://localhost:{web.port}", "Content-Type": "application/json"}
    client.request("POST", "/chat", '{"prompt": "x"}', origin)
    stream = client.getresponse().read().decode()
    assert "".join(data["text"] for _, data in events(stream)) == "Hello, world."
    client.close()


def test_one_that_does_not_trust_it_gets_nothing(web):
    with pytest.raises(ssl.SSLCertVerificationError):
        encrypted(web, ssl.create_default_context()).request("GET", "/healthz")
    assert encrypted_answers(web)


def encrypted_answers(web):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = encrypted(web, context)
    client.request("GET", "/healthz")
    return client.getresponse().status == 200


def test_without_tls_there_is_nothing(web):
    assert b"HTTP/1" not in web.raw(WHOLE)
    assert encrypted_answers(web)


def test_a_request_in_the_same_packet_as_the_end_of_the_handshake_is_answered(web, trusting):
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    side = trusting.wrap_bio(back, there, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as client:
        while True:
            try:
                side.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.sendall(there.read())
                back.write(client.recv(65536))
        side.write(WHOLE)
        client.sendall(there.read())
        back.write(read_all(client))
    assert side.read(65536).startswith(b"HTTP/1.1 200 OK")


def test_who_says_nothing_is_ended(daemon, pair, monkeypatch):
    monkeypatch.setattr(connection, "HEADERS_S", 0.3)
    with site(settings(daemon.path, **pair.settings())) as web:
        for begun in (b"", b"\x16\x03\x01\x02\x00\x01"):
            assert web.raw(begun) == b""


def test_those_that_only_begin_count_as_connections(daemon, pair):
    with site(settings(daemon.path, connections=4, **pair.settings())) as web:
        waiting = [
            socket.create_connection(("127.0.0.1", web.port), 20, (f"127.0.0.{who}", 0))
            for who in (1, 1, 1, 2)
        ]
        with pytest.raises(OSError):  # noqa: PT011  # reset, or closed in the handshake
            encrypted_answers(web)
        waiting[0].settimeout(0)
        with pytest.raises(BlockingIOError):
            waiting[0].recv(1)
        for client in waiting:
            client.close()
        until(lambda: answers(web))


def answers(web):
    try:
        return encrypted_answers(web)
    except OSError:
        return False


def test_those_that_only_begin_do_not_hold_up_the_end(daemon, pair):
    with site(settings(daemon.path, **pair.settings())) as web:
        client = socket.create_connection(("127.0.0.1", web.port), 20)
        assert encrypted_answers(web)
    assert read_all(client) == b""
    client.close()


def test_the_address_that_it_prints_says_so(daemon, pair):
    given = [f"--set=web.{key}={value}" for key, value in pair.settings().items()]
    command = [sys.executable, "-m", "assistant", f"--set=paths.socket={daemon.path}", *given]
    process = subprocess.Popen([*command, "serve", "--port", "0"], stdout=subprocess.PIPE)
    try:
        assert re.fullmatch(rb"https://127\.0\.0\.1:\d+/\n", process.stdout.readline())
    finally:
        process.kill()
        process.communicate()
    assert reach.urls(Config(web=Web(**pair.settings()))) == ["https://127.0.0.1:8080/"]


@pytest.mark.e2e
def test_in_a_browser_the_cookie_of_the_token_is_for_encrypted_connections_only(
    daemon, pair, tmp_path, browser
):
    file = tmp_path / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    with site(settings(daemon.path, token_file=str(file), **pair.settings())) as web:
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.goto(f"https://localhost:{web.port}/#token={SECRET}")
        page.locator("#prompt").fill("x")
        page.keyboard.press("Enter")
        page.locator("#messages").get_by_text("Hello, world.").wait_for()
        (cookie,) = context.cookies()
        assert (cookie["value"], cookie["secure"]) == (SECRET, True)
        context.close()


# What it says


def refused(**given):
    with pytest.raises(BadInput) as caught:
        tls.load(Web(**{key: str(value) for key, value in given.items()}))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    return sentence


def test_none_is_no_tls():
    assert tls.load(Web()) is None


def test_only_one_of_the_two_is_refused(pair):
    assert "web.key is not" in refused(certificate=pair.certificate)
    assert "web.certificate is not" in refused(key=pair.key)


def test_files_that_cannot_be_read_are_named(pair, tmp_path):
    assert "/no/file" in refused(certificate="/no/file", key=pair.key)
    assert "/no/file" in refused(certificate=pair.certificate, key="/no/file")
    assert "Is a directory" in refused(certificate=pair.certificate, key=tmp_path)


def test_files_of_another_kind_are_named(pair, tmp_path):
    binary = tmp_path / "der"
    openssl("x509", "-in", pair.certificate, "-outform", "DER", "-out", binary)
    assert re.search(r"der .*BEGIN", refused(certificate=binary, key=pair.key))
    assert "web.certificate" in refused(certificate=pair.key, key=pair.key)
    assert "web.key" in refused(certificate=pair.certificate, key=pair.certificate)


def test_damaged_files_are_named(pair, tmp_path):
    for name in ("certificate", "key"):
        whole = getattr(pair, name)
        broken = tmp_path / name
        lines = whole.read_text().splitlines(keepends=True)
        broken.write_text("".join(lines[:2] + lines[3:]))
        assert f"web.{name}: {broken} is damaged" in refused(**{**pair.settings(), name: broken})


def test_a_key_of_another_certificate_is_refused(pair, tmp_path):
    other = made(tmp_path)
    sentence = refused(certificate=pair.certificate, key=other.key)
    assert "does not fit" in sentence
    assert str(other.key) in sentence


@pytest.mark.parametrize("command", [("pkcs8", "-topk8"), ("ec", "-aes128")])
def test_a_key_with_a_password_is_refused_without_asking_for_it(pair, tmp_path, command):
    locked = tmp_path / "locked"
    openssl(*command, "-in", pair.key, "-out", locked, "-passout", "pass:abcd")
    assert "password" in refused(certificate=pair.certificate, key=locked)


def test_one_that_has_expired_is_told_and_used(tmp_path, caplog):
    assert tls.load(Web(**expired(tmp_path).settings()))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "expired" in record.getMessage()


def test_a_good_one_is_not_talked_about(pair, caplog):
    context = tls.load(Web(**pair.settings()))
    assert caplog.records == []
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_chain_that_ends_at_another_authority_is_not_talked_about(pair, tmp_path, caplog):
    request, leaf = tmp_path / "request", tmp_path / "leaf"
    key = tmp_path / "leaf.key"
    openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=b", "-keyout", key, "-out", request
    )
    signer = ["-CA", pair.certificate, "-CAkey", pair.key, "-CAcreateserial"]
    openssl("x509", "-req", "-in", request, *signer, "-days", "30", "-out", leaf)
    assert tls.load(Web(**Pair(leaf, key).settings()))
    chain = tmp_path / "chain"
    chain.write_text(leaf.read_text() + pair.certificate.read_text())
    assert tls.load(Web(**Pair(chain, key).settings()))
    assert caplog.records == []


def test_on_the_command_line_it_is_one_sentence(pair):
    run = assistant(f"--set=web.certificate={pair.certificate}", "serve", "--port", "0")
    assert "web.key" in is_one_sentence(run)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_key_of_somebody_else_is_one_sentence(pair, tmp_path):
    key = tmp_path / "key"
    key.write_text(pair.key.read_text())
    key.chmod(0)
    assert "Permission denied" in refused(certificate=pair.certificate, key=key)
