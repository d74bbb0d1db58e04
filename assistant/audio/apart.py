"""A device in a process of its own: whatever hangs there is killed, and the assistant goes on.

PortAudio can hang for ever, in a callback, in `abort` or before a stream is open, when a card is
unplugged or a sound server does not answer. No thread can be killed; a process can. Each device has
one, so that the other one goes on, and so that the list of devices is new at each start.
"""

import contextlib
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from assistant.audio.devices import NOUN, Device, Kind
from assistant.audio.line import (
    CLOSE_S,
    QUIET_S,
    WATCH_S,
    Callback,
    Flow,
    OnLost,
    gone,
    silent,
    unsteady,
)
from assistant.audio.wire import LARGEST, Wish, unpack_blocks
from assistant.errors import DeviceError, EngineMissing
from assistant.worker import call_thread

log = logging.getLogger(__name__)

OPEN_S = 30.0
"""The process has so many s to begin and to open the device. It gives up on PortAudio itself, much
sooner; this is for one that does not even run."""
ACT_S = 2.0
"""And so many to start, pause or resume the stream."""
BUFFER = 1 << 20
"""Bytes of sound that may wait in the kernel, which gives less: about 2 s."""


class ApartLine:
    """A `Line` whose stream belongs to another process."""

    def __init__(
        self, kind: Kind, wanted: str | int, latency: float, callback: Callback, on_lost: OnLost
    ) -> None:
        """As `OwnLine`."""
        self._kind, self._callback, self._on_lost = kind, callback, on_lost
        self._wishes = {"kind": kind, "wanted": wanted, "latency": latency}
        self.label: str = NOUN[kind]
        self.rate = 0
        self.device: Device
        self._closing = threading.Event()
        self._lock = threading.Lock()  # one request at a time
        self._spawning = threading.Lock()
        self._paused = False
        self._heartbeat = 0.0
        self._control, self._far_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._sound, self._far_sound = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | None = None
        self._server = threading.Thread(target=self._serve, name=f"{NOUN[kind]} apart", daemon=True)

    def open(self) -> None:
        """See `Line`."""
        self._spawn()
        told = self._ask("open", OPEN_S)
        self.device = Device(**told["device"])
        self.rate, self.label = told["rate"], told["label"]

    def _spawn(self) -> None:
        for end in (self._sound, self._far_sound):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        ends = {"control": self._far_control.fileno(), "sound": self._far_sound.fileno()}
        command = [sys.executable, "-m", "assistant.audio.owner", json.dumps(self._wishes | ends)]
        with self._spawning:
            if self._closing.is_set():
                raise DeviceError(gone(self.label))
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    pass_fds=list(ends.values()),
                    start_new_session=True,  # Ctrl-C is for the assistant
                )
            except OSError as error:
                raise DeviceError(
                    "{label} cannot be opened: {error}.", label=self.label, error=error.strerror
                ) from error
            finally:
                self._far_control.close()
                self._far_sound.close()

    def start(self, delay: int = 0) -> None:
        """See `Line`."""
        self._ask("start", ACT_S, delay=delay)
        self._heartbeat = now = time.monotonic()
        self._flow = Flow(self.rate, now)
        self._server.start()

    def pause(self) -> None:
        """See `Line`."""
        self._paused = True
        self._ask("pause", ACT_S)

    def resume(self) -> None:
        """See `Line`."""
        self._ask("resume", ACT_S)
        self._heartbeat = now = time.monotonic()
        self._flow.begin(now)
        self._paused = False

    def _ask(self, what: str, patience: float, **more: Any) -> dict[str, Any]:
        with self._lock:
            try:
                self._control.settimeout(patience)
                self._control.send(json.dumps({"do": what, **more}).encode())
                message = self._control.recv(LARGEST)
            except TimeoutError as error:
                raise DeviceError(silent(self.label)) from error
            except OSError:
                message = b""
        if not message:
            raise DeviceError(gone(self.label))
        told: dict[str, Any] = json.loads(message)
        if "error" in told:
            raise (EngineMissing if told["missing"] else DeviceError)(told["error"])
        return told

    def close(self) -> None:
        """See `Line`."""
        with self._spawning:
            if self._closing.is_set():
                return
            self._closing.set()
        for end in (self._control, self._sound):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # whoever waits for it is woken
        if self._process:
            self._process.kill()
            try:
                self._process.wait(CLOSE_S)
            except subprocess.TimeoutExpired:  # in the kernel, which waits for the device
                log.warning("the process of %s does not end; it is left behind", self.label)
        if self._server.is_alive() and self._server is not threading.current_thread():
            self._server.join(CLOSE_S)
        for end in (self._control, self._sound, self._far_control, self._far_sound):
            end.close()

    def _serve(self) -> None:
        """Take the sound, or give it; notice when there is none. Twice, as `OwnLine`."""
        call_thread(NOUN[self._kind])
        suspicious, reason = False, gone(self.label)
        while not self._closing.is_set():
            now = time.monotonic()
            quiet = not self._paused and now - self._heartbeat > QUIET_S
            if quiet and suspicious:
                break
            if not self._paused and self._flow.wrong(now):
                reason = unsteady(self.label)
                break
            suspicious = quiet
            self._sound.settimeout(None if self._paused else WATCH_S)
            try:
                message = self._sound.recv(LARGEST)
            except TimeoutError:
                continue
            except OSError:
                break
            if not message:
                break
            self._heartbeat, suspicious = time.monotonic(), False
            self._handle(message)
        if not self._closing.is_set():
            self._on_lost(reason)

    def _handle(self, message: bytes) -> None:
        if self._kind == "input":
            for block in unpack_blocks(message):
                self._flow.came(block.samples)
                if not self._closing.is_set():
                    self._callback(block.content, block.samples, block.at, block.lost)
            return
        wish = Wish.unpack(message)
        self._flow.came(wish.samples)
        content = bytearray(2 * wish.samples)
        self._callback(content, wish.samples, wish.at, wish.lost)
        with contextlib.suppress(OSError):  # the process is gone, as the next `recv` tells
            self._sound.send(wish.grant(content), socket.MSG_DONTWAIT)
