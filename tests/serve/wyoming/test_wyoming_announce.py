"""Announced by multicast DNS and found by it, over the loopback interface."""

import asyncio
import socket

import pytest
from zeroconf import ServiceBrowser, Zeroconf

from assistant.config import parse
from assistant.serve.wyoming import announce
from assistant.serve.wyoming.announce import TYPE, Announcer, Offer, label
from assistant.serve.wyoming.door import Door

PATIENCE_S = 40.0


def multicast_works():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        try:
            probe.sendto(b"", ("224.0.0.251", 5353))
        except OSError:
            return False
    return True


class Looking:
    """What is found in the network."""

    def __init__(self):
        self.found, self.gone = set(), set()
        self._network = Zeroconf(interfaces=["127.0.0.1"])
        ServiceBrowser(self._network, TYPE, handlers=[self._changed])

    def _changed(self, zeroconf, service_type, name, state_change):
        (self.gone if state_change.name == "Removed" else self.found).add(name)

    def told(self, name):
        return self._network.get_service_info(TYPE, name, 5000)

    async def until(self, true):
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(0.05)

    def end(self):
        self._network.close()


def test_what_is_offered_is_found_and_no_more_at_the_end():
    assert multicast_works()

    async def main():
        looking = await asyncio.to_thread(Looking)
        offers = [
            Offer("by the door", 10600, {"offers": "services"}),
            Offer("by the door satellite", 10700, {"offers": "satellite"}),
        ]
        announcer = Announcer("127.0.0.1", "hall", offers)
        try:
            announcer.start()
            await looking.until(lambda: len(looking.found) == 2)
            told = await asyncio.to_thread(looking.told, f"by the door satellite.{TYPE}")
            assert (told.port, told.parsed_addresses()) == (10700, ["127.0.0.1"])
            assert told.properties[b"offers"] == b"satellite"
            await announcer.stop()
            await looking.until(lambda: len(looking.gone) == 2)
        finally:
            await announcer.stop()
            await asyncio.to_thread(looking.end)

    asyncio.run(main())


def test_another_address_is_told_when_the_machine_gets_one(monkeypatch):
    """Such as after a start before the network was there."""
    addresses = [[], ["127.0.0.1"]]
    monkeypatch.setattr(announce, "LOOK_S", 0.05)
    monkeypatch.setattr(
        Announcer, "_own", lambda self: addresses.pop(0) if len(addresses) > 1 else addresses[0]
    )

    async def main():
        announcer = Announcer("127.0.0.1", "hall", [Offer("late", 10600, {})])
        looking = await asyncio.to_thread(Looking)
        try:
            announcer.start()
            await looking.until(lambda: f"late.{TYPE}" in looking.found)
        finally:
            await announcer.stop()
            await asyncio.to_thread(looking.end)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hall", "hall"),
        ("box.lan", "box-lan"),
        ("", "assistant"),
        ("厨房" * 20, "厨房" * 10 + "厨"),
    ],
)
def test_any_name_of_a_device_becomes_one_that_can_be_told(name, told):
    assert label(name) == told
    assert len(label(name).encode()) <= 63


@pytest.mark.parametrize(("wanted", "told"), [("auto", 0), ("never", 0), ("always", 1)])
def test_where_only_this_machine_can_reach_it_nobody_is_told_unless_it_is_wanted(
    wanted, told, monkeypatch
):
    begun = []

    def begin(self):
        begun.append(self)

    monkeypatch.setattr(Announcer, "start", begin)

    async def main():
        settings = parse({"wyoming": {"enabled": True, "port": 0, "announce": wanted}}, "test")
        door = Door(settings, None, None, lambda name, data: None)
        await door.start()
        await door.stop()

    asyncio.run(main())
    assert len(begun) == told


def test_a_door_that_is_open_to_all_says_so_once(caplog, monkeypatch):
    async def main(allow):
        wyoming = {"enabled": True, "port": 0, "host": "0.0.0.0", "announce": "never"}
        settings = parse({"wyoming": {**wyoming, "allow": allow}}, "test")
        door = Door(settings, None, None, lambda name, data: None)
        await door.start()
        await door.stop()

    asyncio.run(main([]))
    assert caplog.text.count("wyoming.allow") == 1
    caplog.clear()
    asyncio.run(main(["192.168.1.0/24"]))
    assert caplog.text == ""


def test_a_network_that_cannot_be_told_is_a_warning_once_and_nothing_else(monkeypatch, caplog):
    monkeypatch.setattr(announce, "LOOK_S", 0.01)

    def refuse(**_):
        raise OSError("no multicast here")

    monkeypatch.setattr(announce, "AsyncZeroconf", refuse)

    async def main():
        announcer = Announcer("127.0.0.1", "hall", [Offer("hall", 10600, {})])
        announcer.start()
        await asyncio.sleep(0.1)
        await announcer.stop()

    asyncio.run(main())
    assert caplog.text.count("no multicast here") == 1
