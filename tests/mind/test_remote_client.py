"""Asking another machine: everything that it may do instead of answering.

The other machine is a fake (`endpoint`), but for the real server of llama.cpp in
`test_remote_server`.
"""

import contextlib
import datetime
import json
import ssl
import subprocess
import time

import endpoint as fake
import pytest
from endpoint import Endpoint
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Remote
from assistant.errors import BadInput
from assistant.mind.model import Message
from assistant.mind.remote import client as client_module
from assistant.mind.remote.client import Client, check, find_key, retry_after
from assistant.mind.remote.errors import Fault, RemoteFailed
from assistant.mind.remote.stream import LONGEST_ANSWER, Answer

ASKED = [Message("system", "Be kind."), Message("user", "Why?")]


@pytest.fixture(scope="module")
def tls_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def own_certificate(tls_folder):
    """A server's certificate that nobody has signed."""
    folder = tls_folder
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def never():
    return False


def asked(url, key=None, cancelled=never, **settings):
    client = Client(Remote(endpoint=url, **settings), key)
    try:
        return list(client.stream(ASKED, cancelled))
    finally:
        client.close()


def fault(behave, **settings):
    with Endpoint(behave) as there, pytest.raises(RemoteFailed) as failed:
        asked(there.url, **settings)
    assert "\n" not in str(failed.value)
    return failed.value


def test_the_answer_comes_in_pieces_and_the_question_went_out_whole():
    with Endpoint(fake.says("Because ", "就是", " 😀.")) as there:
        assert asked(there.url, "secret-key", model="qwen-max", max_tokens=7) == [
            "Because ",
            "就是",
            " 😀.",
        ]
    (body,), (head,) = there.asked, there.headers
    assert body == {
        "model": "qwen-max",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Why?"},
        ],
        "max_tokens": 7,
        "stream": True,
    }
    assert head["authorization"] == "Bearer secret-key"


@pytest.mark.parametrize("encrypted", [False, True])
def test_who_does_not_wait_any_more_hangs_up_before_the_first_word(
    monkeypatch, encrypted, own_certificate, tls_folder
):
    monkeypatch.setattr(client_module, "SILENCE_S", 60.0)
    trusting = ssl.create_default_context(cafile=tls_folder / "cert.pem")
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    tls = own_certificate if encrypted else None
    with Endpoint(fake.says("Yes."), tls=tls) as there:
        assert asked(there.url) == ["Yes."]
    began = time.monotonic()
    with Endpoint(fake.hangs_before(), tls=tls) as there:
        assert asked(there.url, cancelled=lambda: bool(there.asked)) == []
        assert time.monotonic() - began < fake.LEAVE_S / 2


def test_nothing_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with Endpoint(fake.says("Yes.")) as there:
        assert asked(there.url) == ["Yes."]
    assert not any(name.lower() in ("authorization", "cookie") for name in there.headers[0])


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        (fake.refuses(401, "bad key"), Fault.REFUSED),
        (fake.refuses(404), Fault.REFUSED),
        (fake.refuses(429), Fault.BUSY),
        (fake.refuses(500), Fault.FAILED),
        (fake.refuses(503), Fault.FAILED),
        (fake.sends(b"<html>log in</html>", "text/html"), Fault.MALFORMED),
        (fake.sends(b"", "text/html", 302, location="http://login.example/"), Fault.MALFORMED),
        (fake.sends(b"data: {not json\n\n"), Fault.MALFORMED),
        (fake.sends(b"data: [1, 2]\n\n"), Fault.MALFORMED),
        (fake.sends(b'data: {"choices": [{"delta": {"content": 5}}]}\n\n'), Fault.MALFORMED),
        (fake.sends(b'data: {"choices": "no"}\n\n'), Fault.MALFORMED),
        (fake.sends(b'data: {"error": {"message": "overloaded"}}\n\n'), Fault.FAILED),
        (fake.sends(b"x" * 300_000), Fault.MALFORMED),
        (fake.sends(b""), Fault.CUT),
        (fake.cut_after("Half an"), Fault.CUT),
        (fake.reset_after("Half an"), Fault.CUT),
        (fake.never_ends(), Fault.ENDLESS),
    ],
)
def test_each_way_to_fail_has_its_name(behave, expected):
    assert fault(behave).fault is expected


def test_what_drips_for_ever_ends_with_the_time_limit():
    assert fault(fake.drips(), timeout=1.0).fault is Fault.ENDLESS


def test_silence_ends(monkeypatch):
    monkeypatch.setattr(client_module, "SILENCE_S", 0.3)
    assert fault(fake.hangs_before()).fault is Fault.SLOW
    assert fault(fake.hangs_after("Half")).fault is Fault.SLOW


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://no-such-name.invalid/v1"])
def test_nobody_there_is_one_sentence(url):
    with pytest.raises(RemoteFailed, match="cannot be reached") as failed:
        asked(url)
    assert failed.value.fault is Fault.UNREACHABLE


def test_a_server_that_cannot_be_trusted_gets_nothing(own_certificate):
    with Endpoint(fake.says("Yes."), tls=own_certificate) as there:
        with pytest.raises(RemoteFailed, match="certificate") as failed:
            asked(there.url, "secret-key")
        assert failed.value.fault is Fault.UNREACHABLE
        assert there.asked == []


def test_whoever_cancels_ends_the_connection():
    with Endpoint(fake.never_ends(0.01)) as there:
        pieces = 0

        def enough():
            nonlocal pieces
            pieces += 1
            return pieces > 3

        assert len(asked(there.url, cancelled=enough)) <= 4
        assert there.left.wait(10)


def test_how_long_to_wait_is_understood():
    assert fault(fake.refuses(429, retry_after="17")).retry_after_s == 17
    now = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC).timestamp()
    assert retry_after("Thu, 26 Nov 2026 12:00:30 GMT", now) == 30
    assert retry_after("Thu, 26 Nov 2026 11:00:00 GMT", now) == 0
    for nonsense in ("", "soon", "-5", "1e9", "٣"):
        assert retry_after(nonsense, now) is None


@given(st.text(max_size=40))
def test_any_retry_after_is_none_or_a_time(value):
    wait = retry_after(value, time.time())
    assert wait is None or wait >= 0


@given(st.lists(st.text(), max_size=5), st.integers(1, 40), st.sampled_from([b"\n", b"\r\n"]))
def test_the_text_does_not_depend_on_how_the_bytes_are_cut(texts, size, end):
    data = b": hello\n\n" + b"".join(fake.chunk(text) for text in texts) + fake.chunk(finish="stop")
    data = data.replace(b"\n", end)
    answer = Answer()
    heard = []
    for start in range(0, len(data), size):
        heard += answer.feed(data[start : start + size])
    assert "".join(heard) == "".join(texts)
    assert answer.ended


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_one_error(data):
    with contextlib.suppress(RemoteFailed):  # and nothing else
        assert all(isinstance(text, str) for text in Answer().feed(data))


def test_a_long_answer_is_cut_in_any_case():
    answer = Answer()
    pieces = [fake.chunk("a" * 1000)] * (LONGEST_ANSWER // 1000 + 2)
    with pytest.raises(RemoteFailed) as failed:
        [list(answer.feed(piece)) for piece in pieces]
    assert failed.value.fault is Fault.ENDLESS


def test_events_that_tell_only_the_cost_are_passed_over():
    usage = b"data: " + json.dumps({"choices": [], "usage": {"total_tokens": 3}}).encode() + b"\n\n"
    assert list(Answer().feed(fake.chunk("Yes.") + usage)) == ["Yes."]


@pytest.mark.parametrize(
    "url",
    [
        *("server.example/v1", "ftp://server.example", "https://", "https://a b", "http://[::1"),
        *("x", "https://me:word@server.example/v1", "https://server.example/v1?key=1"),
    ],
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(BadInput, match=r"remote\.endpoint"):
        check(url, None)


def test_a_key_does_not_cross_the_world_in_the_clear():
    with pytest.raises(BadInput, match="in the clear"):
        check("http://api.example.com/v1", "key")
    for near in ("127.0.0.1", "192.168.1.20", "[::1]", "brain.local", "brain"):
        check(f"http://{near}:8000/v1", "key")
    check("http://api.example.com/v1", None)


def test_the_key_is_found_in_its_file_the_credentials_or_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.delenv("ASSISTANT_REMOTE_KEY", raising=False)
    assert find_key(Remote()) is None
    monkeypatch.setenv("ASSISTANT_REMOTE_KEY", "from-the-environment")
    assert find_key(Remote()) == "from-the-environment"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert find_key(Remote()) == "from-the-environment"
    (tmp_path / "remote-key").write_text("from-systemd\n")
    (tmp_path / "remote-key").chmod(0o440)  # as systemd hands it over
    assert find_key(Remote()) == "from-systemd"
    mine = tmp_path / "mine"
    mine.write_text("from-the-file")
    mine.chmod(0o600)
    assert find_key(Remote(key_file=str(mine))) == "from-the-file"


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        (b"", 0o600, "is empty"),
        (b"two words", 0o600, "without spaces"),
        (b"\xff\xfe", 0o600, "holds no key"),
        (b"key", 0o644, "chmod 600"),
    ],
)
def test_a_key_of_no_use_is_one_sentence(tmp_path, content, mode, sentence):
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(BadInput, match=sentence):
        find_key(Remote(key_file=str(file)))
    with pytest.raises(BadInput, match="cannot be read"):
        find_key(Remote(key_file=str(tmp_path / "none")))
