"""The pace at which connections are taken, on real sockets; the clock of the pace is made here."""

import asyncio
import socket

from assistant.serve.web import taking
from assistant.serve.web.buckets import BURST_S, Buckets
from assistant.serve.web.taking import Taking

ROOM = int(BURST_S)
"""So many come at once where one a second may."""


class Seen(asyncio.Protocol):
    """Notes what is taken."""

    def __init__(self, taken):
        self.taken = taken

    def connection_made(self, transport):
        self.taken.append(transport)


async def until(true):
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def run(talk, rate=1.0):
    async def main():
        now, taken = [0.0], []
        with socket.create_server(("127.0.0.1", 0)) as listening:
            pace = Buckets(rate, lambda: now[0])
            door = Taking(listening, lambda: Seen(taken), pace)
            try:
                await talk(listening.getsockname(), now, taken)
            finally:
                door.close()
                await door.wait_closed()
                for each in taken:
                    each.abort()

    asyncio.run(main())


def test_those_beyond_the_pace_wait_and_are_taken_later():
    async def talk(address, now, taken):
        clients = [socket.create_connection(address) for _ in range(ROOM + 2)]
        await until(lambda: len(taken) == ROOM)
        now[0] = 1.0
        await until(lambda: len(taken) == ROOM + 1)
        now[0] = 2.0
        await until(lambda: len(taken) == ROOM + 2)
        for client in clients:
            client.close()

    run(talk)


def test_one_that_cannot_be_taken_ends_nothing(monkeypatch):
    monkeypatch.setattr(taking, "PAUSE_S", 0.01)

    async def talk(address, now, taken):
        loop = asyncio.get_running_loop()
        real, failures = (
            loop.sock_accept,
            [OSError(24, "too many open files"), OSError(103, "gone")],
        )

        async def accept(listening):
            if failures:
                raise failures.pop()
            return await real(listening)

        monkeypatch.setattr(loop, "sock_accept", accept)
        with socket.create_connection(address), socket.create_connection(address):
            await until(lambda: len(taken) == 2)

    run(talk, rate=100.0)


def test_after_the_end_none_are_taken():
    async def main():
        taken = []
        with socket.create_server(("127.0.0.1", 0)) as listening:
            door = Taking(listening, lambda: Seen(taken), Buckets(1.0, lambda: 0.0))
            door.close()
            await door.wait_closed()
            with socket.create_connection(listening.getsockname()):
                assert listening.accept()[0].fileno() > 0  # it is still there to be taken
        assert taken == []

    asyncio.run(main())
