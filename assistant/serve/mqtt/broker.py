"""Where the broker is and how it is reached: the settings, looked at before anybody connects."""

import importlib.util
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from assistant.config import Config, Mqtt
from assistant.credentials import Credential, near
from assistant.errors import BadInput, EngineMissing
from assistant.serve.mqtt import identity
from assistant.serve.mqtt.topics import EVERYBODY, GROUP, Topics

PASSWORD = Credential("password", "mqtt.password_file", "mqtt-password", "ASSISTANT_MQTT_PASSWORD")
PLAIN_PORT, TLS_PORT = 1883, 8883
HOST = re.compile(r"[\w.:-]+")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
PATH = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
NO_NAME = (EVERYBODY, GROUP)
LETTERS = "`A-Z a-z 0-9 _ -`"


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker, and what this device is for it."""

    host: str
    port: int
    username: str
    password: str | None
    tls: ssl.SSLContext | None
    """What encrypts; None: nothing does."""
    keepalive: int
    topics: Topics

    @property
    def address(self) -> str:
        """The broker, for people."""
        return f"{self.host}:{self.port}"


def need() -> None:
    """Raise `EngineMissing` where the package is not installed that speaks to brokers."""
    if importlib.util.find_spec("paho") is None:
        raise EngineMissing(
            "mqtt.host is set, but paho-mqtt is not installed; `script/setup --with mqtt` "
            "installs it."
        )


def of(config: Config) -> Broker:
    """Return the broker that the settings name. Raises `BadInput` for what cannot be used."""
    mqtt = config.mqtt
    if not HOST.fullmatch(mqtt.host):
        raise BadInput(
            "`mqtt.host` is {host!r}; allowed: a name or an address, such as broker.local.",
            host=mqtt.host,
        )
    password = PASSWORD.find(mqtt.password_file)
    if password and not mqtt.username:
        raise BadInput("there is a password for the broker, but `mqtt.username` is empty; set it.")
    tls = context(mqtt)
    if password and not tls and not near(mqtt.host):
        raise BadInput(
            "`mqtt.host` is {host!r}: a password would go there in the clear; set mqtt.tls = true.",
            host=mqtt.host,
        )
    port = mqtt.port or (TLS_PORT if tls else PLAIN_PORT)
    topics = topics_of(config)
    return Broker(mqtt.host, port, mqtt.username, password, tls, mqtt.keepalive, topics)


def topics_of(config: Config) -> Topics:
    """Return the topics of this device. Raises `BadInput` for names that cannot stand there."""
    mqtt = config.mqtt
    for key, value in (("base", mqtt.base), ("prefix", mqtt.prefix)):
        if not PATH.fullmatch(value):
            raise BadInput(
                "`mqtt.{key}` is {value!r}; allowed: names of {letters}, with `/`.",
                key=key,
                value=value,
                letters=LETTERS,
            )
    device = mqtt.device or identity.device(config.state_dir)
    for key, value in [("device", device), *(("groups", group) for group in mqtt.groups)]:
        if not NAME.fullmatch(value) or (key == "device" and value in NO_NAME):
            raise BadInput(
                "`mqtt.{key}` has {value!r}; allowed: 1 to 64 of {letters}, and not {no_name} "
                "for a device.",
                key=key,
                value=value,
                letters=LETTERS,
                no_name=" or ".join(NO_NAME),
            )
    return Topics(mqtt.base, device, tuple(mqtt.groups))


def context(mqtt: Mqtt) -> ssl.SSLContext | None:
    """Return what encrypts, None where nothing shall. Raises `BadInput` for files of no use."""
    if not (mqtt.tls or mqtt.ca or mqtt.certificate or mqtt.key):
        return None
    if bool(mqtt.certificate) != bool(mqtt.key):
        given, missing = ("certificate", "key") if mqtt.certificate else ("key", "certificate")
        raise BadInput(
            "mqtt.{given} is set and mqtt.{missing} is not; set both, or neither.",
            given=given,
            missing=missing,
        )
    files = {name: Path(getattr(mqtt, name)).expanduser() for name in ("ca", "certificate", "key")}
    for name, path in files.items():
        if getattr(mqtt, name):
            _look(name, path)
    try:
        made = ssl.create_default_context(cafile=str(files["ca"]) if mqtt.ca else None)
    except ssl.SSLError as error:
        raise BadInput("mqtt.ca: {file} holds no certificate in PEM.", file=files["ca"]) from error
    if mqtt.certificate:
        try:
            made.load_cert_chain(files["certificate"], files["key"], lambda: "")
        except ssl.SSLError as error:
            raise BadInput(
                "mqtt.certificate: {certificate} and {key} cannot be used together; both are to "
                "be in PEM, and the key without a password.",
                certificate=files["certificate"],
                key=files["key"],
            ) from error
    return made


def _look(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise BadInput(
            "mqtt.{name}: {path} cannot be read: {strerror}.",
            name=name,
            path=path,
            strerror=error.strerror,
        ) from error
