"""Finding services: the search is a real one, the services are fakes (`far_host`)."""

import contextlib
import json
import socket

import far_host as fake
import pytest
from far_host import FarHost, nobody, program
from shell import assistant, is_one_sentence
from zeroconf import ServiceInfo, Zeroconf

from assistant.commands import doctor
from assistant.config import parse as parse_settings
from assistant.wyoming import finding
from assistant.wyoming.address import Address, parse
from assistant.wyoming.errors import Lost
from assistant.wyoming.finding import TYPE, Offer, Place, announced, describe, find

PATIENCE_S = 20.0
PROGRAMS = {
    "asr": [program("hears", "asr", "base", "large", languages=("en", "zh"))],
    "tts": [program("speaks", "tts", "joe", languages=("en_US",))],
    "handle": [program("thinks", "handle", "qwen", languages=())],
}


@contextlib.contextmanager
def announcing(host, name, *addresses):
    """Announce a host in the network, as its servers would."""
    network = Zeroconf()
    info = ServiceInfo(
        TYPE,
        f"{name}.{TYPE}",
        port=parse(host.uri, "uri").port,
        addresses=[socket.inet_aton(address) for address in addresses or ["127.0.0.1"]],
        server=f"{name}.local.",
    )
    try:
        network.register_service(info)
        yield
    finally:
        network.unregister_service(info)
        network.close()


def test_what_a_service_offers_is_read():
    with FarHost(fake.describes(**PROGRAMS)) as host:
        assert describe(parse(host.uri, "uri")) == [
            Offer("asr", "hears", ("base", "large"), ("en", "zh")),
            Offer("tts", "speaks", ("joe",), ("en_US",)),
            Offer("handle", "thinks", ("qwen",), ()),
        ]


@pytest.mark.parametrize(
    "behave",
    [
        fake.describes(asr=[{"name": 5}]),
        fake.describes(asr="none"),
        fake.describes(asr=[{**PROGRAMS["asr"][0], "models": [{"name": "x"}]}]),
        *(fake.cuts_at("describe", data) for data in fake.NONSENSE.values()),
    ],
)
def test_a_description_that_is_none_is_one_sentence(behave):
    with FarHost(behave) as host, pytest.raises(Lost) as lost:
        describe(parse(host.uri, "uri"))
    assert "\n" not in str(lost.value)


@pytest.mark.parametrize(
    ("languages", "english", "chinese"),
    [
        ((), True, True),
        (("en",), True, False),
        (("en_US", "de_DE"), True, False),
        (("en-gb",), True, False),
        (("zh_CN",), False, True),
        (("cmn",), False, True),
        (("eno",), False, False),
        (("zh_CN", "en_US"), True, True),
    ],
)
def test_a_language_is_known_by_its_code(languages, english, chinese):
    offer = Offer("asr", "hears", (), languages)
    assert (offer.knows("en"), offer.knows("zh")) == (english, chinese)
    assert offer.knows("auto") == (english and chinese)


def test_what_announces_itself_is_found_and_the_first_that_fits_is_taken(monkeypatch):
    monkeypatch.setattr(finding, "SEARCH_S", PATIENCE_S)
    with (
        FarHost(fake.describes(asr=PROGRAMS["asr"])) as ears,
        announcing(ears, "test-ears"),
        announcing(ears, "test-anywhere", "0.0.0.0"),
    ):
        found = {}
        for service in announced(PATIENCE_S):
            found[service.name] = service.address
            if {"test-ears", "test-anywhere"} <= found.keys():
                break
        assert found["test-ears"] == parse(ears.uri, "uri")
        with pytest.raises(Lost, match="start that server with its own address"):
            describe(found["test-anywhere"])  # it would be this device
        assert find("asr", "zh") == found["test-ears"]
        place = Place("auto", "asr.uri", "asr", "en")
        assert place.address() == found["test-ears"]
        before = ears.connections
        assert place.address() == found["test-ears"]
        assert ears.connections == before  # it is known
        place.lost()
        assert place.address() == found["test-ears"]
        assert ears.connections > before


def test_a_part_that_nobody_offers_is_not_found(monkeypatch):
    monkeypatch.setattr(finding, "SEARCH_S", 2.0)
    with (
        FarHost(fake.describes(asr=PROGRAMS["asr"])) as ears,
        announcing(ears, "test-ears"),
        pytest.raises(Lost, match="no service for tts in `en`"),
    ):
        Place("auto", "speech.uri", "tts", "en").address()


def test_a_place_that_was_named_is_not_searched_for(monkeypatch):
    monkeypatch.setattr(finding, "announced", lambda _: 1 / 0)
    place = Place("tcp://brain:10300", "asr.uri", "asr", "en")
    place.lost()
    assert place.address() == Address("brain", 10300)


# --- assistant find --------------------------------------------------------------------------


def test_find_tells_what_announces_itself():
    with FarHost(fake.describes(**PROGRAMS)) as host, announcing(host, "test-all"):
        run = assistant("find", "--seconds", "3", "--json")
    assert (run.returncode, run.stderr) == (0, b"")
    services = json.loads(run.stdout)["services"]
    (one,) = [service for service in services if service["name"] == "test-all"]
    assert one["uri"] == host.uri
    assert [offer["kind"] for offer in one["offers"]] == ["asr", "tts", "handle"]
    assert one["offers"][0]["models"] == ["base", "large"]


def test_find_shows_the_settings_for_what_a_host_offers():
    with FarHost(fake.describes(**PROGRAMS)) as host:
        told = assistant("find", host.uri).stdout.decode()
    assert f'asr.engine = "wyoming", asr.uri = "{host.uri}"' in told
    assert f'speech.engine = "wyoming", speech.uri = "{host.uri}"' in told
    assert f'remote.endpoint = "{host.uri}"' in told
    assert "hears: base, large; en, zh" in told


def test_a_host_that_does_not_announce_itself_is_asked_by_its_address(inside):
    bell = [program("\x1b[31mhears\x07", "asr", "base")]
    with FarHost(fake.describes(asr=bell)) as host:
        run = assistant("find", host.uri)
        assert run.returncode == 0
        assert "hears" in run.stdout.decode()
        assert not {b"\x1b", b"\x07"} & {bytes([byte]) for byte in run.stdout}
    assert "cannot be reached" in is_one_sentence(inside("find", nobody()), code=1)
    assert "tcp://192.168.1.20:10300" in is_one_sentence(inside("find", "brain"))


def test_nobody_found_says_what_else_can_be_done(inside):
    run = inside("find", "--seconds", "0.2")
    assert run.returncode == 0
    assert b"tcp://" in run.stdout


# --- assistant doctor ------------------------------------------------------------------------


def found_by_the_doctor(name, **tables):
    config = parse_settings({"audio": {"backend": "none"}, **tables}, "test")
    return {found.name: found for found in doctor.examine(config)}[name]


def test_the_doctor_says_which_host_is_used_and_whether_it_answers():
    with FarHost(fake.describes(**PROGRAMS)) as host:
        ears = found_by_the_doctor("recogniser", asr={"engine": "wyoming", "uri": host.uri})
        assert ears.ok
        assert f"wyoming at {host.uri}" in ears.text
        assert f"It answers now: hears at {host.uri}." in ears.text
        assert "hears when that does not answer" in ears.text
        voice = found_by_the_doctor("voice", speech={"engine": "wyoming", "uri": host.uri})
        assert voice.ok
        assert f"speaks at {host.uri}" in voice.text
        mind = found_by_the_doctor("remote model", remote={"endpoint": host.uri, "share": "all"})
        assert mind.ok
        assert "all questions but the private ones. It answers now: thinks at" in mind.text
        host.behave = fake.describes(asr=PROGRAMS["asr"])
        voice = found_by_the_doctor("voice", speech={"engine": "wyoming", "uri": host.uri})
        assert not voice.ok
        assert "offers none of that" in voice.text
    ears = found_by_the_doctor("recogniser", asr={"engine": "wyoming", "uri": host.uri})
    assert not ears.ok
    assert "cannot be reached" in ears.text
    mind = found_by_the_doctor("remote model", remote={"endpoint": host.uri})
    assert not mind.ok
    assert "gets hard questions. It does not answer now:" in mind.text


def test_the_doctor_names_a_host_that_cannot_be_one():
    ears = found_by_the_doctor("recogniser", asr={"engine": "wyoming"})
    assert not ears.ok
    assert "`asr.uri` is not set" in ears.text
    mind = found_by_the_doctor("remote model", remote={"endpoint": "server.example"})
    assert not mind.ok
    assert "`remote.endpoint` is 'server.example'" in mind.text
    other = found_by_the_doctor("remote model", remote={"endpoint": "http://brain:8000/v1"})
    assert other.ok
    assert other.text == "qwen-max at http://brain:8000/v1 gets hard questions"
