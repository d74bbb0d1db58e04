"""A recogniser on another host, by the Wyoming protocol.

The sound goes there while somebody speaks. A request ends with its text; where the speech goes on
after that, the next one gets the whole utterance again, which on a local network is a matter of
milliseconds.
"""

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from assistant.audio.frames import RATE, Pcm
from assistant.ears.recogniser import Transcript
from assistant.language import AUTO
from assistant.wyoming import need
from assistant.wyoming.errors import Lost

if TYPE_CHECKING:
    from wyoming.event import Event

    from assistant.wyoming.connection import Connection

FORMAT = {"rate": RATE, "width": 2, "channels": 1}
LONGEST_S = 600.0
"""Seconds of one utterance that are kept (19 MB) and sent; later sound is not."""
LONGEST_TEXT = 20_000
"""Characters; nobody says as much in that time."""
PIECE = RATE // 2
"""Samples of one event at the most, when much is sent at once."""


class WyomingRecogniser:
    """A `Recogniser` with partials where the other host sends them; used by one thread.

    `feed`, `settle` and `finish` raise `Lost`, once it is lost for the rest of the utterance.
    """

    name = "wyoming"
    streaming = True

    def __init__(self, uri: str, language: str, *, model: str = "", timeout_s: float = 5.0) -> None:
        """`uri` is as in ``asr.uri``, `model` a name there or empty. Nothing is connected yet.

        With the language "auto" the other host is to find out which one is spoken.
        Raises `BadInput` for an address that is none, `EngineMissing` without the packages.
        """
        need("asr.uri")
        from assistant.wyoming.finding import Place

        self._place = Place(uri, "asr.uri", "asr", language)
        self._language = None if language == AUTO else language
        self._model = model or None
        self._timeout_s = timeout_s
        self._connection: Connection | None = None
        self.start()

    def start(self) -> None:
        """Forget everything and begin a new utterance."""
        self.close()
        self.sound: list[Pcm] = []
        """What was fed since."""
        self._length = 0
        self._said = self._told = ""  # what it has understood so far, and what `feed` returned
        self._text: str | None = ""  # of all that was fed, once it is known
        self._lost: Lost | None = None

    def feed(self, pcm: Pcm) -> str | None:
        """Send samples (any number, int16, mono, 16 kHz); return the partial if it changed."""
        pcm = pcm[: max(0, round(LONGEST_S * RATE) - self._length)]
        if len(pcm) == 0:
            return None
        self.sound.append(pcm)
        self._length += len(pcm)
        self._text = None
        with self._watched():
            if self._connection:
                self._send(self._connection, [pcm])
            else:
                self._connection = self._connect()
                self._begin(self._connection)
            self._look(self._connection)
        said = self._said.strip()
        if not said or said == self._told:
            return None
        self._told = said
        return said

    def settle(self) -> str:
        """Wait for the text of what was fed, as long as ``asr.timeout`` allows."""
        if self._text is None:
            from wyoming.audio import AudioStop

            with self._watched():
                assert self._connection is not None  # else nothing was fed, or it is lost
                self._look(self._connection)
                self._connection.send(AudioStop(), timeout_s=self._timeout_s)
                ends = time.monotonic() + self._timeout_s
                while self._text is None:
                    if event := self._connection.receive(ends - time.monotonic()):
                        self._text = self._taken(event)
            self.close()
        return self._text

    def finish(self) -> Transcript:
        """End the utterance and return its text."""
        return Transcript(self.settle())

    def close(self) -> None:
        """End the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _connect(self) -> "Connection":
        from assistant.wyoming.connection import Connection

        return Connection(self._place.address())

    def _begin(self, connection: "Connection") -> None:
        """Send the request, and all of the utterance so far."""
        from wyoming.asr import Transcribe
        from wyoming.audio import AudioStart

        self._said = ""
        asked = Transcribe(name=self._model, language=self._language)
        connection.send(asked, AudioStart(**FORMAT), timeout_s=self._timeout_s)
        self._send(connection, self.sound)

    def _send(self, connection: "Connection", sound: list[Pcm]) -> None:
        from wyoming.audio import AudioChunk

        pcm = np.concatenate(sound).astype("<i2", copy=False)
        for at in range(0, len(pcm), PIECE):
            chunk = AudioChunk(**FORMAT, audio=pcm[at : at + PIECE].tobytes())
            connection.send(chunk, timeout_s=self._timeout_s)

    def _look(self, connection: "Connection") -> None:
        """Take what has come while there is more to hear."""
        for event in connection.arrived():
            if self._taken(event) is not None:
                raise Lost("failed", f"{connection.address} ended before the sound did.")

    def _taken(self, event: "Event") -> str | None:
        """Take what came; return the final text if it is that."""
        from assistant.wyoming.wire import text

        match event.type:
            case "transcript-start":
                self._said = ""
            case "transcript-chunk":
                self._said += text(event)
                if len(self._said) > LONGEST_TEXT:
                    raise Lost("endless", "the other host does not stop to write.")
            case "transcript":
                return text(event).strip()
            case "transcript-stop":
                return self._said.strip()
        return None

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """What was lost stays so until the next utterance."""
        if self._lost:
            raise self._lost
        try:
            yield
        except Lost as error:
            self._lost = error
            self.close()
            self._place.lost()
            raise
