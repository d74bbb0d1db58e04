"""A connection to a host that does whatever it likes: it ends in time, with one sentence."""

import contextlib
import threading
import time

import far_host as fake
import pytest
from far_host import FarHost, nobody
from hypothesis import given
from hypothesis import strategies as st
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk

from assistant.errors import BadInput
from assistant.wyoming import connection as module
from assistant.wyoming.address import AUTO, Address, check, parse
from assistant.wyoming.connection import Connection
from assistant.wyoming.errors import Lost
from assistant.wyoming.pauses import FIRST_S, LONGEST_S, Pauses

SOON_S = 0.3
AT_LAST_S = 20.0
"""Nothing here may take longer: what hangs would take `fake.LEAVE_S`."""


@pytest.fixture(autouse=True)
def in_time():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < AT_LAST_S


def asked(uri, timeout_s=SOON_S):
    connection = Connection(parse(uri, "uri"))
    try:
        connection.send(Transcript("hello"), timeout_s=timeout_s)
        return connection.receive(timeout_s)
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("behave", "fault"),
    [
        (fake.hangs_at_once(), "slow"),
        (fake.hangs_at("transcript"), "slow"),
        (fake.cuts_at("transcript"), "cut"),
        (fake.cuts_at("transcript", b'{"type": "handled", "payload_length": 9}\nhalf'), "cut"),
        (fake.resets_at("transcript"), "cut"),
        (fake.fails_at("transcript"), "failed"),
        (fake.cuts_at("transcript", fake.NONSENSE["a page"]), "malformed"),
    ],
)
def test_each_way_to_fail_has_its_name(behave, fault):
    with FarHost(behave) as host, pytest.raises(Lost) as lost:
        asked(host.uri)
    assert lost.value.fault == fault
    assert "\n" not in str(lost.value)


@pytest.mark.parametrize(
    "uri", [nobody(), "tcp://no-such-name.invalid:10300"], ids=["port", "name"]
)
def test_nobody_there_is_one_sentence(uri):
    with pytest.raises(Lost, match="cannot be reached") as lost:
        asked(uri)
    assert lost.value.fault == "unreachable"


def test_looking_up_a_name_does_not_take_for_ever(monkeypatch):
    ending = threading.Event()

    def create_connection(*_):
        ending.wait(fake.LEAVE_S)
        raise OSError("too late")

    monkeypatch.setattr(module.socket, "create_connection", create_connection)
    with pytest.raises(Lost, match=r"cannot be reached within 0\.2 s"):
        Connection(Address("slow.example", 1), 0.2)
    ending.set()


def test_who_reads_nothing_is_given_up():
    with FarHost(fake.hangs_at_once()) as host:
        connection = Connection(parse(host.uri, "uri"))
        chunk = AudioChunk(16_000, 2, 1, bytes(1_000_000))

        def send_all():
            for _ in range(100):
                connection.send(chunk, timeout_s=SOON_S)

        with pytest.raises(Lost) as lost:
            send_all()
        connection.close()
    assert lost.value.fault == "slow"


def test_who_floods_is_looked_at_and_left_in_time():
    with FarHost(fake.floods_at("transcript", "transcript-chunk", text="and then " * 100)) as host:
        connection = Connection(parse(host.uri, "uri"))
        connection.send(Transcript("hello"), timeout_s=SOON_S)
        while not connection.arrived():
            time.sleep(0.01)
        connection.close()
        assert host.left.wait(AT_LAST_S)


def test_whoever_cancels_does_not_wait():
    with FarHost(fake.hangs_at("transcript")) as host:
        connection = Connection(parse(host.uri, "uri"))
        ends = time.monotonic() + 0.2
        assert connection.receive(fake.LEAVE_S, lambda: time.monotonic() > ends) is None
        connection.close()


def test_the_last_words_before_the_end_are_heard():
    with FarHost(fake.answers("Yes.", streamed=False)) as host:
        connection = Connection(parse(host.uri, "uri"))
        connection.send(Transcript("hello"), timeout_s=SOON_S)
        events = []
        while not events:
            events = connection.arrived()
        assert [event.data["text"] for event in events] == ["Yes."]
        with pytest.raises(Lost, match="broke off"):
            connection.receive(SOON_S)
        connection.close()


@pytest.mark.parametrize("uri", ["tcp://brain:10300", "tcp://192.168.1.20:1/", "tcp://[fe80::1]:9"])
def test_an_address_reads_as_it_is_written(uri):
    assert str(parse(uri, "asr.uri")) == uri.rstrip("/")


@pytest.mark.parametrize(
    "uri",
    [
        *("", "brain", "brain:10300", "http://brain:10300", "tcp://brain", "tcp://:10300", "auto"),
        *("tcp://brain:0", "tcp://brain:99999", "tcp://a b:1", "tcp://brain:1/path", "tcp://[::1"),
        "tcp://me@brain:1",
    ],
)
def test_an_address_that_is_none_is_refused(uri):
    with pytest.raises(BadInput, match=r"`asr\.uri` is .*tcp://192\.168\.1\.20:10300") as refused:
        parse(uri, "asr.uri")
    assert "\n" not in str(refused.value)


def test_auto_is_an_address_only_where_one_may_be_found():
    assert check(AUTO, "asr.uri") is None
    with pytest.raises(BadInput, match="or `auto`"):
        check("", "asr.uri")


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(uri):
    with contextlib.suppress(BadInput):  # and nothing else
        assert parse(uri, "asr.uri").port > 0


def test_who_fails_again_and_again_is_left_alone_for_longer_each_time():
    now = [1000.0]
    pauses = Pauses(lambda: now[0])
    assert pauses.over
    waits = []
    for _ in range(8):
        pauses.failed()
        began = now[0]
        while not pauses.over:
            now[0] += 0.5
        waits.append(now[0] - began)
    assert waits[:3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    assert waits[-1] == LONGEST_S
    pauses.succeeded()
    pauses.failed()
    now[0] += FIRST_S
    assert pauses.over
