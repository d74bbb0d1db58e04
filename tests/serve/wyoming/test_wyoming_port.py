"""What strangers do to a port: nothing of it costs much, lasts long or disturbs the others."""

import asyncio
import contextlib
import ipaddress
import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info

from assistant.errors import AssistantError, BadInput
from assistant.serve.wyoming import gate
from assistant.serve.wyoming import peer as limits
from assistant.serve.wyoming.pace import Pace
from assistant.serve.wyoming.port import Port

PATIENCE_S = 20.0


async def describe(peer):
    """A talk that only describes itself."""
    while True:
        if (await peer.hear(PATIENCE_S)).type == "describe":
            await peer.say(Info())


def opened(talk, serve=describe, *, most=8, allowed=()):
    """Run ``talk(port)`` beside a port with that service."""

    async def main():
        port = Port("127.0.0.1", 0, serve, allowed=allowed, most=most)
        _, number = await port.start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await talk(number)
        finally:
            await port.stop()

    return asyncio.run(main())


async def works(number):
    """Whether a client gets what it wants."""
    async with AsyncTcpClient("127.0.0.1", number) as client:
        await client.write_event(Describe().event())
        return (await client.read_event()).type == "info"


async def sent(number, data):
    """Send bytes; return whether the port hung up by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    with contextlib.suppress(OSError):
        writer.write(data)
        await writer.drain()
        async with asyncio.timeout(0.5):
            while await reader.read(4096):
                pass
            return True
    writer.close()
    return reader.at_eof()


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass") + b"\n"),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["type", "data", "data_length", "payload_length", "x"]), inner
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode() + b"\n" + b"{}" * 20),
    )
)
def test_whatever_comes_ends_that_connection_at_the_most(data):
    async def main():
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        peer = limits.Peer(reader, Nobody())
        listening = asyncio.create_task(peer.listen())
        with contextlib.suppress(TimeoutError):
            while not listening.done():
                assert isinstance(await peer.hear(0.01), Event)
        await listening

    asyncio.run(main())


class Nobody:
    """A connection's other half that takes everything."""

    transport = None

    def get_extra_info(self, name):
        return ("127.0.0.1", 1)

    def is_closing(self):
        return True


def test_clients_with_nonsense_are_let_go_and_others_served():
    deep = b'{"type": "x", "data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}\n"

    async def talk(number):
        for data in (b"\n", b"x" * 100_000, b"[]\n", b"{}\n", deep, b'{"type": 5}\n'):
            assert await sent(number, data), data[:40]
        for lengths in ({"payload_length": 2**40}, {"data_length": -1}, {"data_length": "1"}):
            assert await sent(number, json.dumps({"type": "x", **lengths}).encode() + b"\n")
        half = b'{"type": "ping", "data": {"text": "\\ud800"}}\n'
        assert not await sent(number, half)
        assert await works(number)

    opened(talk)


def test_no_more_clients_than_there_is_room_for_and_not_all_of_one_address():
    async def talk(number):
        links = []
        for _ in range(6):
            links.append(await asyncio.open_connection("127.0.0.1", number))
            links[-1][1].write(b'{"type": "describe"}\n')
            assert await links[-1][0].readline()
        reader, _ = await asyncio.open_connection("127.0.0.1", number)
        assert b"too many" in await reader.read()
        links[0][1].close()
        while not await said_info(number):
            await asyncio.sleep(0.05)
        for _, writer in links:
            writer.close()

    opened(talk, most=8)


async def said_info(number):
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    writer.write(b'{"type": "describe"}\n')
    line = await reader.readline()
    writer.close()
    return b'"info"' in line


def test_only_those_who_may_come_in():
    allowed = gate.networks(["192.168.1.0/24", "10.0.0.7", "fd00::/8"])
    for address in ("192.168.1.9", "10.0.0.7", "::ffff:192.168.1.9", "127.0.0.1", "::1", "fd00::1"):
        assert gate.may_connect(allowed, address), address
    for address in ("192.168.2.9", "10.0.0.8", "fe80::1%eth0", "", "nonsense"):
        assert not gate.may_connect(allowed, address), address
    assert gate.may_connect((), "8.8.8.8")
    assert gate.networks(["192.168.1.9/24"]) == (ipaddress.ip_network("192.168.1.0/24"),)
    with pytest.raises(BadInput, match=r"wyoming\.allow names 'kitchen'"):
        gate.networks(["kitchen"])


def test_who_may_not_come_in_gets_no_answer(monkeypatch):
    monkeypatch.setattr(gate, "may_connect", lambda allowed, address: False)

    async def talk(number):
        assert await sent(number, b'{"type": "describe"}\n')

    opened(talk)


def test_a_client_that_goes_in_the_middle_ends_what_is_done_for_it():
    began, ended = [], []

    async def serve(peer):
        await peer.hear(PATIENCE_S)
        began.append(1)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    async def talk(number):
        _, writer = await asyncio.open_connection("127.0.0.1", number)
        writer.write(b'{"type": "describe"}\n')
        while not began:
            await asyncio.sleep(0.01)
        assert not ended
        writer.close()
        while not ended:
            await asyncio.sleep(0.01)

    opened(talk, serve)


def test_a_client_that_takes_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(limits, "STALLED_S", 0.3)
    ended = []

    async def serve(peer):
        try:
            while True:
                await peer.say(Event("x", {"y": "z" * 50_000}))
        except OSError:
            ended.append(1)
            raise

    monkeypatch.setattr(Event, "event", lambda self: self, raising=False)

    async def talk(number):
        with socket.create_connection(("127.0.0.1", number)):
            while not ended:
                await asyncio.sleep(0.01)

    opened(talk, serve)


def test_what_fails_is_told_in_a_sentence_before_the_end_of_the_connection():
    async def serve(peer):
        await peer.hear(PATIENCE_S)
        raise AssistantError("the voice broke.")

    async def talk(number):
        async with AsyncTcpClient("127.0.0.1", number) as client:
            await client.write_event(Describe().event())
            error = await client.read_event()
            assert (error.type, error.data) == (
                "error",
                {"text": "the voice broke.", "code": "failed"},
            )
            assert await client.read_event() is None

    opened(talk, serve)


def test_a_fault_of_ours_ends_one_connection_and_is_logged(caplog):
    async def serve(peer):
        raise RuntimeError("oh")

    async def talk(number):
        assert await sent(number, b"")

    opened(talk, serve)
    assert "RuntimeError: oh" in caplog.text


def test_who_says_plenty_has_to_wait():
    now = [0.0]
    pace = Pace(rate=100.0, burst=50.0, clock=lambda: now[0])
    assert pace.spend(50) == 0
    assert pace.spend(100) == 1.0
    now[0] += 1.0
    assert pace.spend(0) == 0
    now[0] += 100.0
    assert pace.spend(51) == pytest.approx(0.01)


def test_a_port_that_is_taken_or_an_address_that_is_not_here_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(AssistantError, match=f"127.0.0.1, port {number}: cannot"):
            asyncio.run(Port("127.0.0.1", number, describe, allowed=(), most=2).start())
    for host in ("no such host", "203.0.113.7"):
        with pytest.raises(AssistantError, match=r"wyoming\.host"):
            asyncio.run(Port(host, 0, describe, allowed=(), most=2).start())
