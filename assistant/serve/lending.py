"""Ears and mouth for other programs over the control socket, while nobody talks to the assistant.

The engines are those of the voice loop and stay on its threads: they are lent in small pieces (a
fifth of a second of sound to recognise, a clause to speak), and what the voice loop needs in
between it gets first. A piece that it has broken off is done again.
"""

import asyncio
import base64
import contextlib
import dataclasses
import itertools
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import AssistantError, BadInput, Busy
from assistant.language import which
from assistant.serve.requests import checked

if TYPE_CHECKING:
    from assistant.audio.frames import Pcm
    from assistant.daemon import Daemon
    from assistant.ears.recogniser import Recogniser, Transcript
    from assistant.mouth.synthesiser import Synthesiser

T = TypeVar("T")

ALIVE_S = 1.0
"""How often it is looked whether the assistant still runs, in s."""
LOOK_S = 0.05
"""How often it is looked whether somebody still talks to the assistant, in s."""
PATIENCE_S = 240.0
"""Longest time for which one waits for that."""
SILENT_S = 30.0
"""A client that sends nothing for so long is let go."""
RETRY_S = 5
"""When a refused client is told to try again."""
LONGEST_S = 600.0
"""Longest recording in s: 19 MB."""
PIECE_S = 0.2
"""A recogniser is lent for so much sound at a time."""
UTTERANCE_S = 25.0
"""Longer sound is cut in a quiet place: what some recognisers can hear at once is limited."""
QUIET_S = 0.2
"""Length of such a place."""
LONGEST_TEXT = 4096
"""Characters of a text to be spoken."""
CLAUSE = 60
"""Letters that a voice is lent for, about: some 4 s of sound."""
CHUNK = 24_000
"""Bytes of sound in a line."""


class Said(BaseModel):
    """What shall be spoken."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    command: Literal["speak"]
    text: Annotated[str, Field(max_length=LONGEST_TEXT)]
    speed: Annotated[float, Field(ge=0.25, le=4.0)] = 1.0
    rate: Annotated[int, Field(ge=8000, le=48_000)] | None = None
    """In Hz; None: as the voice makes it."""


class Interrupted(Exception):
    """The voice is needed for an answer."""


class Lending:
    """One client at a time for the ears, and one for the mouth."""

    def __init__(self, daemon: "Callable[[], Daemon]") -> None:
        """`daemon` gives the one that runs now."""
        self._daemon = daemon
        self._lent: set[str] = set()

    async def transcribe(
        self, _request: dict[str, Any], said: AsyncIterator[dict[str, Any]]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Write down what is said in ``{"audio": "..."}`` lines that end with ``{"end": true}``.

        Yields `ready` when the sound may come, a `segment` for each utterance, with its beginning
        and end in s, and last `end`.
        Raises `Busy`, `BadInput`, `AssistantError`.
        """
        import numpy as np

        from assistant.audio.frames import RATE

        with self._alone("ears"):
            daemon = self._daemon()
            _ = daemon.listener  # it is said at once if there is none
            yield {"event": "ready"}
            pcm = np.frombuffer(await _whole(said), "<i2").astype(np.int16)
            began, texts, words = time.monotonic(), [], []
            for number, (start, end) in enumerate(utterances(pcm)):
                heard = await _recognised(daemon, pcm[start:end])
                offset = start / RATE
                shifted = [
                    dataclasses.asdict(word)
                    | {"start": round(word.start + offset, 3), "end": round(word.end + offset, 3)}
                    for word in heard.words
                ]
                if heard.text:
                    texts.append(heard.text)
                    words += shifted
                    yield {
                        "event": "segment",
                        "id": number,
                        "start": round(offset, 3),
                        "end": round(end / RATE, 3),
                        "text": heard.text,
                    }
            language = which(daemon.config.language, "".join(texts))
            yield {
                "event": "end",
                "text": _joined(texts, language),
                "words": words,
                "audio_s": round(len(pcm) / RATE, 3),
                "wall_s": round(time.monotonic() - began, 3),
                "language": language,
            }

    async def speak(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the `audio` of a text, int16, mono, at `rate` Hz, clause by clause, then `end`.

        Raises `Busy`, `BadInput`, `AssistantError`.
        """
        asked = checked(Said, request, "request")
        with self._alone("mouth"):
            daemon = self._daemon()
            clauses = _clauses(asked.text, daemon)
            if not clauses:
                raise BadInput("there is nothing in the text that can be spoken.")
            for clause in clauses:
                pcm, rate = await _spoken(daemon, clause, asked)
                data = pcm.astype("<i2", copy=False).tobytes()
                for at in range(0, len(data), CHUNK):
                    audio = base64.b64encode(data[at : at + CHUNK]).decode()
                    yield {"event": "audio", "rate": rate, "audio": audio}
            yield {"event": "end"}

    async def hear(self, pcm: "Pcm") -> "Transcript":
        """Return what is said in one utterance, (samples,) int16, 16 kHz. Raises as `transcribe`.

        It must not be longer than `UTTERANCE_S`.
        """
        with self._alone("ears"):
            return await _recognised(self._daemon(), pcm)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Utterance"]:
        """Let an utterance be recognised while it is said, up to `UTTERANCE_S`. Raises as `hear`.

        Whoever has it lets go when it `disturbs`; what was begun then, or was `Taken`, is lost.
        """
        with self._alone("ears"):
            utterance = Utterance(self._daemon())
            await utterance.begin()
            yield utterance

    async def say(self, clause: str) -> "tuple[Pcm, int]":
        """Return the sound of a clause, (samples,) int16, and its rate in Hz. Raises as `speak`.

        The clause is already as it is to be said.
        """
        with self._alone("mouth"):
            return await _spoken(self._daemon(), clause, Said(command="speak", text=clause))

    @contextlib.contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        if what in self._lent:
            raise Busy(RETRY_S)
        self._lent.add(what)
        try:
            yield
        finally:
            self._lent.discard(what)


async def _free(daemon: "Daemon") -> None:
    """Wait until nobody talks to the assistant. Raises `AssistantError` after a long time."""
    until = time.monotonic() + PATIENCE_S
    while daemon.occupied:
        if time.monotonic() > until:
            raise AssistantError("somebody talks to the assistant all the time; try again later.")
        await asyncio.sleep(LOOK_S)


async def _outcome(daemon: "Daemon", lent: "Future[T]") -> T:
    """Return what came of a job on the thread of a room. Raises as the job did."""
    done = asyncio.wrap_future(lent)
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ALIVE_S):
                    return await asyncio.shield(done)
            if daemon.stopped:  # the thread has ended, perhaps before the job
                raise AssistantError("the assistant was restarted; try again.")
    finally:
        done.cancel()


# --- ears ------------------------------------------------------------------------------------


async def _whole(said: AsyncIterator[dict[str, Any]]) -> bytes:
    """Return the sound that is sent, until its end."""
    from assistant.audio.frames import RATE

    sound = bytearray()
    try:
        while True:
            async with asyncio.timeout(SILENT_S):
                line = await anext(said)
            match line:
                case {"audio": str(audio)}:
                    sound += base64.b64decode(audio, validate=True)
                case {"end": True}:
                    break
                case _:
                    raise BadInput('say {"audio": "..."}, and at its end {"end": true}.')
            if len(sound) > LONGEST_S * RATE * 2:
                raise BadInput(
                    "the recording is longer than {longest_s:.0f} minutes.",
                    longest_s=LONGEST_S / 60,
                )
    except TimeoutError:
        raise BadInput("no sound came for {silent_s:.0f} s.", silent_s=SILENT_S) from None
    except ValueError:
        raise BadInput("`audio` is not base64.") from None
    if len(sound) % 2:
        raise BadInput("the sound ends within a sample.")
    return bytes(sound)


def utterances(pcm: "Pcm") -> Iterator[tuple[int, int]]:
    """Yield where each utterance in (samples,) int16, 16 kHz, begins and ends.

    They are `UTTERANCE_S` long at the most, and joined they are the whole; cut is in the quietest
    place of the second half.
    """
    import numpy as np

    from assistant.audio.frames import RATE

    longest, window = round(UTTERANCE_S * RATE), round(QUIET_S * RATE)
    start = 0
    while len(pcm) - start > longest:
        half = pcm[start + longest // 2 : start + longest].astype(np.float64) ** 2
        sums = np.concatenate(([0.0], np.cumsum(half)))
        energy = sums[window:] - sums[:-window]
        at = len(energy) - 1 - int(np.argmin(energy[::-1]))  # the last one of the quietest
        cut = start + longest // 2 + at + window // 2
        yield start, cut
        start = cut
    if start < len(pcm):
        yield start, len(pcm)


async def _recognised(daemon: "Daemon", pcm: "Pcm") -> "Transcript":
    """Return the text of one utterance; begun anew where the recogniser was needed in between."""
    from assistant.ears.listener import Taken

    while True:
        await _free(daemon)
        with contextlib.suppress(Taken):
            return await _undisturbed(daemon, pcm)
        await asyncio.sleep(LOOK_S)


async def _undisturbed(daemon: "Daemon", pcm: "Pcm") -> "Transcript":
    """As `_recognised`; raises `Taken` where it was needed."""
    from assistant.audio.frames import RATE

    utterance = Utterance(daemon)
    await utterance.begin()
    size = round(PIECE_S * RATE)
    for at in range(0, len(pcm), size):
        await _free(daemon)
        await utterance.feed(pcm[at : at + size])
    await _free(daemon)
    return await utterance.finish()


class Utterance:
    """One utterance on the lent recogniser. Raises `Taken` where that was needed in between."""

    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon
        self._mine: int | None = None

    @property
    def disturbs(self) -> bool:
        """Whether somebody talks to the assistant, or it has ended."""
        return self._daemon.occupied or self._daemon.stopped

    async def begin(self) -> None:
        """Begin it."""

        def begin(recogniser: "Recogniser", uses: int) -> None:
            recogniser.start()
            self._mine = uses

        await self._lend(begin)

    async def feed(self, pcm: "Pcm") -> str | None:
        """Hear (samples,) int16, 16 kHz; return what is recognised so far, if that has changed."""

        def feed(recogniser: "Recogniser", uses: int) -> str | None:
            self._check(uses)
            return recogniser.feed(pcm)

        return await self._lend(feed)

    async def finish(self) -> "Transcript":
        """Return what was said."""

        def finish(recogniser: "Recogniser", uses: int) -> "Transcript":
            self._check(uses)
            return recogniser.finish()

        return await self._lend(finish)

    def _check(self, uses: int) -> None:
        from assistant.ears.listener import Taken

        if uses != self._mine:
            raise Taken

    async def _lend(self, job: "Callable[[Recogniser, int], T]") -> T:
        return await _outcome(self._daemon, self._daemon.listener.lend(job))


def _joined(texts: list[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(texts)


# --- mouth -----------------------------------------------------------------------------------


def _clauses(text: str, daemon: "Daemon") -> list[str]:
    """Return what the voice shall say, clause by clause."""
    from assistant.mouth.chunker import Chunker
    from assistant.mouth.spoken import speakable

    chunker = Chunker(daemon.config.speech.first_clause, CLAUSE)
    clauses = itertools.chain(chunker.feed(text), chunker.finish())
    spoken = (speakable(clause.text, daemon.config.language) for clause in clauses)
    return [words for words in spoken if words]


async def _spoken(daemon: "Daemon", clause: str, asked: Said) -> "tuple[Pcm, int]":
    """Return the sound of a clause and its rate; made anew where the voice was needed."""
    gone = threading.Event()
    try:
        while True:
            await _free(daemon)
            with contextlib.suppress(Interrupted):
                job = _job(clause, asked, gone.is_set)
                return await _outcome(daemon, daemon.speaker.lend(job))
            await asyncio.sleep(LOOK_S)
    finally:
        gone.set()


def _job(
    clause: str, asked: Said, gone: Callable[[], bool]
) -> "Callable[[Synthesiser, Callable[[], bool]], tuple[Pcm, int]]":
    """Return what is done on the voice's thread."""

    def job(voice: "Synthesiser", wanted: Callable[[], bool]) -> "tuple[Pcm, int]":
        import numpy as np

        from assistant.audio.resample import resample

        over = False

        def cancelled() -> bool:
            nonlocal over
            over = over or gone() or wanted()
            return over

        voice.speed = asked.speed
        try:
            sounds = [sound.pcm for sound in voice.synthesise(clause, cancelled)]
        finally:
            voice.speed = 1.0
        if over:
            raise Interrupted
        pcm = np.concatenate([np.zeros(0, np.int16), *sounds])
        rate = asked.rate or voice.rate
        return resample(pcm, voice.rate, rate), rate

    return job
