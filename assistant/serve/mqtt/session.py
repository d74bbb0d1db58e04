"""One connection to the broker, from its beginning to its end, on the thread that runs it.

MQTT 5 at "at least once" (QoS 1). The broker keeps what comes in for a minute when the connection
breaks; what goes out and did not arrive is given back to the outbox.
"""

import logging
import select
import socket
import ssl
from collections.abc import Callable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from assistant.errors import AssistantError
from assistant.serve.mqtt.broker import Broker
from assistant.serve.mqtt.inbox import Inbox, Received
from assistant.serve.mqtt.outbox import Message, Outbox
from assistant.serve.mqtt.topics import AVAILABILITY, OFFLINE

log = logging.getLogger(__name__)

CONNECT_S = 10.0
"""For the name and the connection; TLS has as long as `mqtt.keepalive`."""
ANSWER_S = 10.0
"""Then the broker must have accepted it."""
LEAVE_S = 0.5
"""For the farewell."""
LOOK_S = 2.0
"""How often it is looked whether the broker is still there."""
EXPIRY_S = 60
"""The broker keeps commands for so long when the connection breaks."""
IN_FLIGHT = 16
"""Messages that may be on their way, in each direction."""
LARGEST = 16_384
"""Bytes of a packet that the broker may send."""
SOON_S = 10.0
"""A connection that breaks off sooner than this has a reason."""
TAKEN_OVER = 142
"""Reason code: another client came with the same id."""
NO_ACCESS = (134, 135)
"""Reason codes: bad user name or password, not authorized."""


class Lost(AssistantError):
    """The connection is over, or there was none; the sentence says why."""


class Session:
    """Used once."""

    def __init__(
        self,
        broker: Broker,
        outbox: Outbox,
        inbox: Inbox,
        listens: bool,
        receive: Callable[[Received], None],
        clock: Callable[[], float],
    ) -> None:
        """`receive` takes what comes in, if it `listens`; `clock` gives monotonic s."""
        self.refused: set[str] = set()
        """Topics that the broker does not let this device use."""
        self.accepted_at: float | None = None
        """When the broker accepted the connection; None: it has not."""
        self._broker, self._outbox, self._inbox = broker, outbox, inbox
        self._listens, self._receive, self._clock = listens, receive, clock
        self._why = ""
        self._in_flight: dict[int, Message] = {}
        self._client = self._make()

    def run(
        self, woken: socket.socket, ending: Callable[[], bool], begun: Callable[[], None]
    ) -> None:
        """Stay connected until `ending`; a byte from `woken` says that there is something to do.

        Calls `begun` when the broker has accepted the connection. Raises `Lost`.
        """
        try:
            self._open()
            opened, greeted = self._clock(), False
            while not ending():
                if self._client.socket() is None:
                    raise Lost(self._why or self._broken())
                self._turn(woken)
                if self.accepted_at is None:
                    if self._clock() - opened > ANSWER_S:
                        raise Lost(
                            "{address} does not answer as an MQTT broker.",
                            address=self._broker.address,
                        )
                    continue
                if not greeted:
                    greeted = True
                    self._greet()
                    begun()
                self._send()
            self._leave()
        finally:
            for message in reversed(self._in_flight.values()):
                self._outbox.give_back(message)
            if left := self._client.socket():
                left.close()

    # --- the beginning ------------------------------------------------------------------------

    def _make(self) -> paho.Client:
        broker = self._broker
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"assistant-{broker.topics.device}",
            protocol=paho.MQTTv5,
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(IN_FLIGHT)
        client.will_set(broker.topics.own(AVAILABILITY), OFFLINE, qos=1, retain=True)
        if broker.username:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            client.tls_set_context(broker.tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _open(self) -> None:
        broker = self._broker
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wishes.SessionExpiryInterval = EXPIRY_S
        wishes.ReceiveMaximum = IN_FLIGHT
        wishes.MaximumPacketSize = LARGEST
        try:
            self._client.connect(
                broker.host, broker.port, broker.keepalive, clean_start=False, properties=wishes
            )
        except ssl.SSLCertVerificationError as error:
            raise Lost(
                "{address}: its certificate is not trusted: {verify_message}; mqtt.ca names "
                "the authority that is.",
                address=broker.address,
                verify_message=error.verify_message,
            ) from error
        except (ssl.SSLError, ConnectionResetError) as error:
            reason = str(getattr(error, "reason", None) or "it broke off").replace("_", " ").lower()
            raise Lost(
                f"{broker.address}: TLS failed: {reason}. Is it spoken on this port?"
                if broker.tls
                else f"{broker.address} closed the connection."
            ) from error
        except socket.gaierror as error:
            raise Lost("{address}: the name is not known.", address=broker.address) from error
        except TimeoutError as error:
            raise Lost("{address} does not answer.", address=broker.address) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Lost(
                "{address} cannot be reached: {reason}.", address=broker.address, reason=reason
            ) from error

    def _greet(self) -> None:
        """Ask for what is heeded; all states are told anew, first that the device is there."""
        if self._listens:
            self._client.subscribe([(each, 1) for each in self._broker.topics.subscriptions()])
        self._outbox.renew()

    # --- while it lasts -----------------------------------------------------------------------

    def _turn(self, woken: socket.socket) -> None:
        """Wait for something to do on the network, and do it."""
        there = self._client.socket()
        assert there is not None
        pause_s = max(0.0, self._inbox.pause_until - self._clock())
        wanted = (0 if pause_s else select.POLLIN) | (
            select.POLLOUT if self._client.want_write() else 0
        )
        waiting = select.poll()
        waiting.register(woken, select.POLLIN)
        if wanted:
            waiting.register(there, wanted)
        held = not pause_s and isinstance(there, ssl.SSLSocket) and there.pending() > 0
        wait_s = 0.0 if held else min(LOOK_S, pause_s or LOOK_S)
        ready = dict(waiting.poll(wait_s * 1000))
        if woken.fileno() in ready:
            woken.recv(4096)
        events = ready.get(there.fileno(), 0)
        if held or events & ~select.POLLOUT:
            self._client.loop_read()
        if events & select.POLLOUT:
            self._client.loop_write()
        self._client.loop_misc()

    def _send(self) -> None:
        """Publish what waits, as much as may be on its way."""
        while len(self._in_flight) < IN_FLIGHT and (message := self._outbox.take()):
            if not self._publish(message):
                return

    def _publish(self, message: Message) -> bool:
        properties = None
        if message.correlation is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.CorrelationData = message.correlation
        told = self._client.publish(
            message.topic, message.payload, qos=1, retain=message.retain, properties=properties
        )
        self._in_flight[told.mid] = message
        return told.rc == paho.MQTT_ERR_SUCCESS

    # --- the end ------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Say goodbye so that the broker publishes the last will at once."""
        farewell = ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message")
        self._client.disconnect(reasoncode=farewell)
        end = self._clock() + LEAVE_S
        while (there := self._client.socket()) and self._clock() < end:
            select.select([], [there], [], 0.05)
            self._client.loop_write()

    def _broken(self) -> str:
        if self.accepted_at is None:
            return (
                f"{self._broker.address} closed the connection before it was accepted; does it ask "
                "for TLS, or for a certificate of this device?"
            )
        soon = self._clock() - self.accepted_at < SOON_S
        return f"{self._broker.address}: the connection broke off." + (self._twin() if soon else "")

    def _twin(self) -> str:
        """Ask what older brokers do not tell."""
        name = self._broker.topics.device
        return f" Does another device call itself {name}? Each needs its own mqtt.device."

    # --- what the library tells ---------------------------------------------------------------

    def _on_connect(
        self, _client: object, _data: object, flags: paho.ConnectFlags, code: ReasonCode, _: object
    ) -> None:
        if code.is_failure:
            hint = " Is the password right, and the device known there?"
            self._why = f"{self._broker.address} refuses: {str(code).lower()}."
            self._why += hint if code.value in NO_ACCESS else ""
            return
        if not flags.session_present:
            self._inbox.new_session()
        self.accepted_at = self._clock()

    def _on_disconnect(
        self,
        _client: object,
        _data: object,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        _: object,
    ) -> None:
        if not flags.is_disconnect_packet_from_server or self._why:
            return
        self._why = f"{self._broker.address} ended the connection: {str(code).lower()}."
        if code.value == TAKEN_OVER:
            self._why += self._twin()

    def _on_subscribe(
        self, _client: object, _data: object, _mid: int, codes: list[ReasonCode], _: object
    ) -> None:
        for topic, code in zip(self._broker.topics.subscriptions(), codes, strict=False):
            if code.is_failure:
                self._not_allowed(topic, code)

    def _on_publish(
        self, _client: object, _data: object, mid: int, code: ReasonCode, _: object
    ) -> None:
        message = self._in_flight.pop(mid, None)
        if message and code.is_failure:
            self._not_allowed(message.topic, code)

    def _not_allowed(self, topic: str, code: ReasonCode) -> None:
        if topic not in self.refused and len(self.refused) < IN_FLIGHT:
            self.refused.add(topic)
            log.warning("%s refuses %s: %s.", self._broker.address, topic, str(code).lower())

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        wishes = message.properties
        self._receive(
            Received(
                message.topic,
                bytes(message.payload),
                mid=message.mid if message.qos else 0,
                again=message.dup,
                retained=message.retain,
                answer_on=getattr(wishes, "ResponseTopic", ""),
                correlation=getattr(wishes, "CorrelationData", None),
            )
        )
