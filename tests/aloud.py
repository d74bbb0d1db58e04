"""A running assistant on virtual devices, which lose no sound however busy the machine is."""

import asyncio
import queue
import threading
import time

from assistant.audio.files import FileLoudspeaker, FileMicrophone
from assistant.audio.frames import RATE
from assistant.config import parse
from assistant.daemon import Daemon
from assistant.events import SayRequested, StopRequested, WakeDetected

PATIENCE_S = 60


class Aloud:
    """A running assistant, to which one speaks and which one hears."""

    def __init__(self, settings, sounds=None, *, rate=RATE):
        """`sounds` has what can be said, `rate` is the loudspeaker's in Hz."""
        self.sounds, self.seen, self._told = sounds or {}, [], queue.SimpleQueue()
        self._microphone, self.loudspeaker = FileMicrophone([]), FileLoudspeaker(rate)
        self.daemon = Daemon(parse(settings, "test"), self._microphone, self.loudspeaker)
        self.daemon.observe(lambda name, data: self._told.put({"event": name, **data}))
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self.daemon.start())

    def stop(self):
        self._do(self.daemon.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def history(self):
        return self._do(self.daemon.history())

    def hush(self):
        """End what goes on, and forget what was said."""
        self.daemon.post(StopRequested())
        self._do(self.daemon.asleep())
        self.daemon.forget()
        while not self._told.empty():
            self._told.get()
        self.seen.clear()

    def say(self, text):
        """Speak, and return when it was said."""
        time.sleep(max(0.0, self._microphone.play(self.sounds[text]) - time.monotonic()))

    def wake_and_say(self, text):
        self.daemon.post(WakeDetected("test"))
        self.wait("state", phase="listening")
        time.sleep(0.3)
        self.say(text)

    def recite(self, text):
        """Let it say the text; return the turn once it is audible."""
        self.daemon.post(SayRequested(text))
        return self.wait("clause_started")["turn"]

    def wait(self, name, /, **wanted):
        """Return the next event of that name and content."""
        until = time.monotonic() + PATIENCE_S
        while (left := until - time.monotonic()) > 0:
            try:
                event = self._told.get(timeout=left)
            except queue.Empty:
                break
            self.seen.append(event)
            if name == "speaking_ended" and event.get("heard") == "":
                continue  # of an answer that was dropped in secret
            if event["event"] == name and wanted.items() <= event.items():
                return event
        raise AssertionError(f"no {name} {wanted} within {PATIENCE_S} s: {self.seen[-12:]}")

    def told(self, name):
        """Return all events of that name until now."""
        return [event for event in self.seen if event["event"] == name]

    def stages(self, turn):
        return [mark.stage for mark in self.daemon.trace.turn(turn).marks]

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)
