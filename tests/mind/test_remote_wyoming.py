"""Asking a conversation service on another host by the Wyoming protocol; the host is a fake."""

import json

import far_host as fake
import pytest
from far_host import FarHost, nobody

from assistant.config import parse
from assistant.errors import BadInput
from assistant.mind.model import Message
from assistant.mind.remote import wyoming as module
from assistant.mind.remote.errors import Fault, RemoteFailed
from assistant.mind.remote.hybrid import ledger, make
from assistant.mind.remote.wyoming import DONE, WyomingClient
from assistant.wyoming.errors import Fault as Lost

ASKED = [Message("system", "Be kind."), Message("user", "Why?")]


def never():
    return False


def config(uri, **remote):
    return parse({"remote": {"endpoint": uri, **remote}}, "test")


def asked(uri, cancelled=never, **remote):
    client = WyomingClient(config(uri, **remote).remote, "en")
    return list(client.stream(ASKED, cancelled))


def fault(behave, **remote):
    with FarHost(behave) as host, pytest.raises(RemoteFailed) as failed:
        asked(host.uri, **remote)
    assert "\n" not in str(failed.value)
    return failed.value.fault


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "SILENCE_S", 0.3)


def test_the_question_goes_out_and_the_answer_comes_in_pieces():
    with FarHost(fake.answers("Because ", "就是", " 😀.")) as host:
        assert asked(host.uri) == ["Because ", "就是", " 😀."]
    (event,) = host.heard
    assert event.data == {"text": "Why?", "language": "en"}  # no prompt of ours
    assert event.payload is None


def test_an_answer_in_one_piece_is_one():
    with FarHost(fake.answers("Because.", streamed=False)) as host:
        assert asked(host.uri) == ["Because."]


def test_what_was_done_without_a_word_is_said_and_what_was_not_understood_is_left_to_us():
    with FarHost(fake.cuts_at("transcript", b'{"type": "handled"}\n')) as host:
        assert asked(host.uri) == [DONE["en"]]
        host.behave = fake.cuts_at("transcript", b'{"type": "not-handled"}\n')
        assert asked(host.uri) == []


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        (fake.hangs_at("transcript"), Fault.SLOW),
        (fake.cuts_at("transcript"), Fault.CUT),
        (fake.resets_at("transcript"), Fault.CUT),
        (fake.fails_at("transcript"), Fault.FAILED),
        (fake.cuts_at("transcript", fake.NONSENSE["a page"]), Fault.MALFORMED),
        (fake.cuts_at("transcript", b'{"type": "handled-chunk"}\n'), Fault.MALFORMED),
        (fake.cuts_at("transcript", b'{"type": "handled-start"}\n'), Fault.CUT),
        (fake.floods_at("transcript", "handled-chunk", text="and then " * 99), Fault.ENDLESS),
    ],
)
def test_each_way_to_fail_has_its_name(behave, expected):
    assert fault(behave) is expected


def test_each_fault_of_a_connection_is_one_of_a_remote_model():
    assert {Fault(name) for name in Lost.__args__} <= set(Fault)


def test_nobody_there_is_one_sentence():
    with pytest.raises(RemoteFailed, match="cannot be reached") as failed:
        asked(nobody())
    assert failed.value.fault is Fault.UNREACHABLE


def test_what_drips_for_ever_ends_with_the_time_limit():
    def drips(link):
        link.until("transcript")
        while not link.host.ending.wait(0.05):
            link.send("ping")

    assert fault(drips, timeout=1.0) in (Fault.SLOW, Fault.ENDLESS)


def test_whoever_cancels_ends_the_connection():
    with FarHost(fake.floods_at("transcript", "handled-chunk", text=" and")) as host:
        pieces = 0

        def enough():
            nonlocal pieces
            pieces += 1
            return pieces > 3

        assert len(asked(host.uri, enough)) < 10_000
        assert host.left.wait(10)


@pytest.mark.engine
def test_the_rules_for_what_leaves_hold_for_it_too(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    with FarHost(fake.answers("Dear [name", " 1].")) as host:
        settings = config(host.uri, share="all", per_day=1, redact=["names"])
        hybrid = make(settings)
        assert hybrid is not None
        assert hybrid.host == "127.0.0.1"
        assert not hybrid.route("my password is swordfish").out
        route = hybrid.route("my name is Ann, why is the sky blue?")
        errand = hybrid.begin(route, [], "voice")
        pieces = []
        while (piece := errand.next(10.0)) is not None:
            pieces.append(piece)
        assert "".join(pieces) == "Dear Ann."
        assert "Ann" not in json.dumps([event.data for event in host.heard])
        assert hybrid.begin(route, [], "voice") is None  # the budget
    entry, *_ = ledger(settings).read()
    assert (entry["event"], entry["to"]) == ("sent", "127.0.0.1")
    assert entry["messages"][-1]["text"] == host.heard[0].data["text"]


def test_bad_settings_are_one_sentence():
    with pytest.raises(BadInput, match=r"remote\.endpoint.*tcp://192"):
        make(config("tcp://brain"))
    with pytest.raises(BadInput, match=r"`remote\.history` is 2"):
        make(config("tcp://brain:10500", history=2))
