"""The outbox, the pauses, the device's name and the settings: no broker."""

import ssl
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import machine as machine_module
from assistant.config import parse
from assistant.errors import BadInput, EngineMissing
from assistant.serve.figures import Figures
from assistant.serve.mqtt import broker, identity
from assistant.serve.mqtt.backoff import LONGEST_S, Backoff
from assistant.serve.mqtt.outbox import MOST_EVENTS, Message, Outbox
from assistant.trace import Trace


def state(text, topic="s"):
    return Message(topic, text.encode(), retain=True)


def drained(outbox):
    return [message.payload.decode() for message in iter(outbox.take, None)]


# --- the outbox ---------------------------------------------------------------------------------


def test_of_a_state_only_the_newest_is_published():
    outbox = Outbox()
    assert outbox.put(state("1"))
    assert outbox.put(state("2"))
    assert not outbox.put(state("2"))
    assert drained(outbox) == ["2"]
    assert not outbox.put(state("2"))
    assert drained(outbox) == []


def test_the_oldest_events_are_dropped_and_counted():
    outbox = Outbox()
    for number in range(MOST_EVENTS + 3):
        outbox.put(Message("e", b"%d" % number))
    assert (len(outbox), outbox.dropped) == (MOST_EVENTS, 3)
    assert drained(outbox)[0] == "3"


def test_what_did_not_arrive_comes_again_before_what_is_newer():
    outbox = Outbox()
    outbox.put(Message("e", b"1"))
    outbox.put(Message("e", b"2"))
    taken = outbox.take()
    outbox.give_back(taken)
    assert drained(outbox) == ["1", "2"]


def test_a_state_that_did_not_arrive_is_not_sent_after_a_newer_one():
    outbox = Outbox()
    outbox.put(state("1"))
    taken = outbox.take()
    outbox.put(state("2"))
    outbox.give_back(taken)
    assert drained(outbox) == ["2"]


def test_a_new_connection_gets_all_states_the_first_one_first():
    outbox = Outbox()
    outbox.put(state("here", "a"))
    outbox.put(state("1", "b"))
    outbox.put(Message("e", b"event"))
    drained(outbox)
    outbox.put(state("2", "b"))
    outbox.renew()
    assert drained(outbox) == ["here", "2"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 9))))
def test_after_any_outage_the_last_state_of_each_topic_is_known(changes):
    outbox, last = Outbox(), {}
    for topic, lost, value in changes:
        outbox.put(state(str(value), topic))
        last[topic] = str(value)
        if lost and (taken := outbox.take()):
            outbox.give_back(taken)
    outbox.renew()
    sent = {message.topic: message.payload.decode() for message in iter(outbox.take, None)}
    assert sent == last


# --- pauses -------------------------------------------------------------------------------------


def test_the_pauses_double_up_to_a_limit_and_a_steady_connection_begins_anew():
    backoff = Backoff(lambda low, high: high)
    assert [backoff.next(0.0) for _ in range(9)] == [1, 2, 4, 8, 16, 32, 64, 120, LONGEST_S]
    assert backoff.next(5.0) == LONGEST_S
    assert backoff.next(3600.0) == 1


def test_each_device_of_a_fleet_comes_back_at_another_moment():
    pauses = [Backoff().next(0.0) for _ in range(200)]
    assert all(0.5 <= pause <= 1.0 for pause in pauses)
    assert len({round(pause, 6) for pause in pauses}) > 100


# --- who it is ----------------------------------------------------------------------------------


def machine(tmp_path, serial="", installation=""):
    root = tmp_path / f"{serial}-{installation}"
    for place, text in (
        ("proc/device-tree/serial-number", serial and serial + "\0"),
        ("etc/machine-id", installation),
    ):
        if text:
            (root / place).parent.mkdir(parents=True)
            (root / place).write_text(text)
    return root


def test_a_device_has_the_same_name_after_a_restart_and_shows_nothing_of_the_machine(tmp_path):
    root = machine(tmp_path, "10000000abcd", "f" * 32)
    name = identity.device(tmp_path, root)
    assert name == identity.device(tmp_path, root)
    assert len(name) == 12
    assert "abcd" not in name
    assert not (tmp_path / identity.FILE).exists()


def test_two_boards_with_copies_of_one_card_have_different_names(tmp_path):
    boards = [machine(tmp_path, serial, "f" * 32) for serial in ("1", "2")]
    assert len({identity.device(tmp_path, board) for board in boards}) == 2


def test_the_id_of_an_image_that_was_never_started_is_none(tmp_path):
    assert not machine_module.machine_id(machine(tmp_path, "", "uninitialized"))


def test_without_anything_to_tell_it_by_the_device_keeps_a_name_of_its_own(tmp_path):
    nowhere = tmp_path / "nowhere"
    name = identity.device(tmp_path / "a", nowhere)
    assert name == identity.device(tmp_path / "a", nowhere)
    assert name != identity.device(tmp_path / "b", nowhere)


def test_a_name_that_cannot_be_kept_is_told(tmp_path, caplog):
    (tmp_path / "file").touch()
    identity.device(tmp_path / "file" / "folder", tmp_path / "nowhere")
    assert "mqtt.device" in caplog.text


# --- the settings -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.delenv("ASSISTANT_MQTT_PASSWORD", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A certificate and its key."""
    folder = tmp_path_factory.mktemp("pair")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", folder / "key", "-out", folder / "crt"]
    command = ["openssl", "req", "-x509", *kind, *files, "-days", "1", "-subj", "/CN=a"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def of(**mqtt):
    return broker.of(parse({"mqtt": {"host": "broker.local", "device": "d1", **mqtt}}, "test"))


def test_the_port_follows_from_tls(pair):
    assert (of().port, of().tls) == (1883, None)
    assert of(tls=True).port == 8883
    encrypted = of(ca=str(pair / "crt"))
    assert encrypted.port == 8883
    assert encrypted.tls.verify_mode == ssl.CERT_REQUIRED
    assert encrypted.tls.check_hostname
    assert of(tls=True, port=1234).port == 1234


def test_the_password_comes_from_a_file_the_credentials_or_the_environment(tmp_path, monkeypatch):
    assert of().password is None
    monkeypatch.setenv("ASSISTANT_MQTT_PASSWORD", "from-the-environment")
    assert of(username="d1").password == "from-the-environment"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "mqtt-password").write_text("from-systemd\n")
    (tmp_path / "mqtt-password").chmod(0o400)
    assert of(username="d1").password == "from-systemd"
    (tmp_path / "mine").write_text("from-the-file\n")
    (tmp_path / "mine").chmod(0o600)
    assert of(username="d1", password_file=str(tmp_path / "mine")).password == "from-the-file"


@pytest.mark.parametrize(
    ("mqtt", "word"),
    [
        ({"host": "mqtt://broker"}, "mqtt.host"),
        ({"base": "a//b"}, "mqtt.base"),
        ({"base": "a/+"}, "mqtt.base"),
        ({"prefix": "#"}, "mqtt.prefix"),
        ({"device": "all"}, "mqtt.device"),
        ({"device": "a/b"}, "mqtt.device"),
        ({"device": "x" * 65}, "mqtt.device"),
        ({"groups": ["a", ""]}, "mqtt.groups"),
        ({"ca": "/nowhere"}, "mqtt.ca: /nowhere cannot be read"),
        ({"certificate": "/nowhere"}, "mqtt.key is not"),
        ({"key": "/nowhere"}, "mqtt.certificate is not"),
        ({"password_file": "/nowhere"}, "mqtt.password_file: /nowhere"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_sentence(mqtt, word):
    with pytest.raises(BadInput) as refused:
        of(**mqtt)
    assert word in str(refused.value)
    assert "\n" not in str(refused.value)


def test_files_that_are_no_certificates_are_told(pair, tmp_path):
    (tmp_path / "nothing").write_text("nothing")
    with pytest.raises(BadInput, match=r"mqtt\.ca: .*PEM"):
        of(ca=str(tmp_path / "nothing"))
    with pytest.raises(BadInput, match=r"mqtt\.certificate: .*together"):
        of(certificate=str(pair / "crt"), key=str(tmp_path / "nothing"))


def test_a_password_does_not_go_in_the_clear_to_another_network(monkeypatch):
    monkeypatch.setenv("ASSISTANT_MQTT_PASSWORD", "secret")
    with pytest.raises(BadInput, match=r"in the clear; set mqtt\.tls"):
        of(host="broker.example.com", username="d1")
    assert of(host="broker.example.com", username="d1", tls=True).password == "secret"
    with pytest.raises(BadInput, match=r"mqtt\.username"):
        of()


def test_without_the_package_it_is_one_sentence(monkeypatch):
    from assistant.serve.mqtt.bridge import Bridge

    monkeypatch.setitem(sys.modules, "paho", None)
    with pytest.raises(EngineMissing, match="script/setup --with mqtt"):
        Bridge(parse({"mqtt": {"host": "broker.local"}}, "test"), None)


# --- figures ------------------------------------------------------------------------------------


def test_figures_count_what_became_of_the_turns_and_how_soon_they_were_answered():
    trace, ended = Trace(), []
    figures = Figures(trace.turn, lambda: 7.0, lambda *turn: ended.append(turn))

    def sounds(turn, latency):
        trace.mark(turn, "speech_end", 1.0)
        trace.mark(turn, "first_sample", 1.0 + latency)

    figures("state", {"turn": 1})
    sounds(1, 0.4)
    figures("speaking_ended", {"turn": 1, "heard": "Yes."})
    figures("state", {"turn": 2})
    figures("say", {"turn": 2})
    figures("speaking_ended", {"turn": 2, "heard": "Dinner."})
    figures("state", {"turn": 3})
    sounds(3, 0.8)
    figures("state", {"turn": 4})  # somebody interrupts it
    figures("speaking_ended", {"turn": 3, "heard": "Once"})
    figures("speaking_ended", {"turn": 4, "heard": ""})
    figures("failed", {"room": "mind"})
    figures("sent_out", {})
    told = figures.told()
    assert told["turns"] == {"answered": 1, "said": 1, "stopped": 1}
    assert ended == [(1, "answered", "Yes."), (2, "said", "Dinner."), (3, "stopped", "Once")]
    assert (told["failures"], told["sent_out"]) == ({"mind": 1}, 1)
    assert told["latency_s"] == 0.6
    assert told["uptime_s"] == 0.0
    assert 10 < told["memory_mb"] < 10_000
    assert told["available_mb"] > 10


def test_after_other_engines_were_loaded_turns_are_told_apart_anew():
    ended = []
    figures = Figures(Trace().turn, on_turn=lambda *turn: ended.append(turn[1]))
    figures("state", {"turn": 7})
    figures("say", {"turn": 1})
    figures("ready", {})
    figures("speaking_ended", {"turn": 1, "heard": "Yes."})
    assert ended == ["answered"]


def test_figures_that_cannot_be_known_are_none():
    assert Figures(Trace().turn).told()["latency_s"] is None
