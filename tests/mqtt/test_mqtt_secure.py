"""The example files of docs/examples/mosquitto in a real mosquitto: TLS, names and rules."""

import ssl
import subprocess
from pathlib import Path

import pytest
from mosquitto import PATIENCE_S, Client, Mosquitto, free_port
from mqtt_device import Device, settings, told
from shell import until

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "mosquitto"
USERS = {"d1": "one", "d2": "two", "fleet": "three", "homeassistant": "four"}


def openssl(folder, *arguments):
    command = ["openssl", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)


def authority(folder, name):
    """Make an authority, and a certificate of its own for this machine: `NAME.crt`."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-days", 2, "-subj", f"/CN={name} authority",
            "-keyout", f"{name}-ca.key", "-out", f"{name}-ca.crt")  # fmt: skip
    openssl(folder, "req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key",
            "-out", f"{name}.csr")  # fmt: skip
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}-ca.crt",
            "-CAkey", f"{name}-ca.key", "-CAcreateserial", "-days", 2, "-extfile", "names",
            "-out", f"{name}.crt")  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    authority(folder, "broker")
    authority(folder, "stranger")
    for user, password in USERS.items():
        (folder / "passwd").touch(mode=0o600)
        command = ["mosquitto_passwd", "-b", folder / "passwd", user, password]
        subprocess.run(command, check=True, capture_output=True)
        (folder / user).write_text(password)
        (folder / user).chmod(0o600)
    return folder


def example(folder, port):
    """Return the example's settings, with the places of this test."""
    text = (EXAMPLES / "mosquitto.conf").read_text()
    (folder / "acl").write_bytes((EXAMPLES / "acl").read_bytes())
    for there, here in (
        ("listener 8883", f"listener {port} 127.0.0.1"),
        ("/etc/mosquitto/certs/ca.crt", folder / "broker-ca.crt"),
        ("/etc/mosquitto/certs/", f"{folder}/"),
        ("/etc/mosquitto/assistant.passwd", folder / "passwd"),
        ("/etc/mosquitto/assistant.acl", folder / "acl"),
    ):
        assert there in text
        text = text.replace(there, str(here))
    return text


@pytest.fixture(scope="module")
def broker(folder):
    port = free_port()
    with Mosquitto(folder, example(folder, port), port) as running:
        yield running


@pytest.fixture
def device(folder, broker):
    """Return a function that makes a device."""

    def make(name="d1", port=broker.port, **mqtt):
        given = {
            "device": name, "username": name, "password_file": str(folder / name),
            "ca": str(folder / "broker-ca.crt"), **mqtt,
        }  # fmt: skip
        return Device(settings(port, **given))

    return make


@pytest.fixture
def client(folder, broker):
    """Return a function that makes somebody else."""
    tls = ssl.create_default_context(cafile=folder / "broker-ca.crt")

    def make(user, *topics):
        return Client(broker.port, *topics, tls=tls, user=user, password=USERS[user])

    return make


def refused(device, *words):
    with device as it:
        until(lambda: all(word in it.status()["why"] for word in words), str(words), PATIENCE_S)
        assert not it.status()["connected"]
        assert "\n" not in it.status()["why"]


def test_a_device_works_by_the_examples_rules(device, client):
    with client("fleet", "assistant/#") as fleet, device() as it:
        fleet.wait_for("assistant/d1/metrics")
        fleet.publish("assistant/d1/command/say", "Hi")
        assert told(fleet.wait_for("assistant/d1/result"))["ok"]
        for topic in ("assistant/all/command/wake", "assistant/all/config/set"):
            fleet.publish(topic, '{"volume": 0.5}' if "set" in topic else "")
            fleet.wait_for("assistant/d1/result")
        fleet.publish("assistant/d1/command/say", "")
        fleet.wait_for("assistant/d1/error")
        it.note("state", phase="speaking", turn=1, out=False)
        it.note("speaking_ended", turn=1, take=1, heard="Hi")
        fleet.wait_for("assistant/d1/turn")
        assert it.status()["refused"] == []
        assert it.status()["connected"]
    with client("homeassistant", "homeassistant/#") as home:
        assert home.wait_for("homeassistant/device/d1/config").payload


def test_a_device_may_write_below_its_own_name_only(client):
    with client("d1") as one:
        allowed = ["availability", "state", "turn", "metrics", "error", "result", "result/7"]
        for topic in [*(f"assistant/d1/{each}" for each in allowed), "assistant/d1/config/state"]:
            assert one.publish(topic, "{}") != "Not authorized", topic
        for topic in (
            "assistant/d2/state",
            "assistant/d2/command/say",
            "assistant/d1/command/say",
            "assistant/d1/config/set",
            "assistant/all/command/say",
            "assistant/group/shop/command/say",
            "homeassistant/device/d2/config",
            "elsewhere",
        ):
            assert one.publish(topic, "x") == "Not authorized", topic


def test_a_device_reads_its_own_commands_and_those_for_all_but_no_others(client):
    with client("d1", "#") as one, client("fleet") as fleet:
        for topic in ("assistant/d2/command/say", "assistant/d2/state", "assistant/d1/turn"):
            fleet.publish(topic, "not for you")
        fleet.publish("assistant/group/shop/command/wake", "yes")
        fleet.publish("assistant/all/command/wake", "yes")
        fleet.publish("assistant/d1/command/wake", "yes")
        one.wait_for("assistant/d1/command/wake")
        assert {message.topic for message in one.pending()} == {
            "assistant/group/shop/command/wake",
            "assistant/all/command/wake",
            "assistant/d1/command/wake",
        }


def test_what_the_broker_does_not_allow_is_told_and_the_rest_works(device, client, caplog):
    with client("fleet", "assistant/d1/#") as fleet, device(prefix="elsewhere") as it:
        topic = "elsewhere/device/d1/config"
        until(lambda: it.status()["refused"] == [topic], "it is told", PATIENCE_S)
        fleet.publish("assistant/d1/command/say", "Hi")
        fleet.wait_for("assistant/d1/result")
    assert caplog.text.count(f"refuses {topic}") == 1


def test_an_answer_where_the_device_may_not_write_is_told(device, client):
    with client("fleet", "assistant/d1/result/#") as fleet, device() as it:
        until(lambda: it.status()["connected"], "the connection", PATIENCE_S)
        fleet.publish("assistant/d1/command/say", "Hi", answer_on="elsewhere/7")
        until(lambda: it.status()["refused"] == ["elsewhere/7"], "it is told", PATIENCE_S)
        fleet.publish("assistant/d1/command/say", "Hi", answer_on="assistant/d1/result/7")
        fleet.wait_for("assistant/d1/result/7")


def test_a_wrong_password_is_told(device, folder):
    refused(device(password_file=str(folder / "d2")), "not authorized", "password")
    refused(device("nobody", password_file=str(folder / "d2")), "not authorized")


def test_a_broker_that_is_not_trusted_gets_nothing(device, folder):
    wrong = device(ca=str(folder / "stranger-ca.crt"))
    refused(wrong, "its certificate is not trusted", "mqtt.ca")
    refused(device(ca="", tls=True), "its certificate is not trusted")


def test_a_broker_of_another_name_gets_nothing(device):
    refused(device(host="localhost"), "its certificate is not trusted", "localhost")


def test_without_tls_it_is_told_what_may_be_missing(device):
    refused(device(ca="", tls=False), "before it was accepted", "TLS")


def test_tls_to_a_broker_that_has_none_is_told(tmp_path, device):
    with Mosquitto(tmp_path) as plain:
        refused(device(port=plain.port), "TLS")


def test_a_device_shows_its_own_certificate_where_the_broker_wants_one(folder, tmp_path):
    port = free_port()
    own = example(folder, port) + "\nrequire_certificate true\n"
    with Mosquitto(tmp_path, own, port) as broker:
        common = {
            "username": "d1",
            "password_file": str(folder / "d1"),
            "ca": str(folder / "broker-ca.crt"),
        }
        shown = {"certificate": str(folder / "broker.crt"), "key": str(folder / "broker.key")}
        with Device(settings(broker.port, **common, **shown)) as it:
            until(lambda: it.status()["connected"], "the connection", PATIENCE_S)
        refused(Device(settings(broker.port, **common)), "certificate of this device")
