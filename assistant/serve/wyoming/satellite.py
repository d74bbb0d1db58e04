"""This device as a satellite: a server (Home Assistant) answers what is said to it.

The wake word, the end of a question and the loudspeaker are the device's. The server is told what
is said after the wake word, and sends the sound of its answer. The decider rules over both: it says
what is sent (`Send`, `Finish`) and what may sound (`Play`), and answers itself when the server does
not.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event, Eventable
from wyoming.info import Info
from wyoming.ping import Ping
from wyoming.pipeline import PipelineStage, RunPipeline
from wyoming.snd import Played
from wyoming.wake import Detection

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.daemon import Daemon
from assistant.errors import AssistantError, BadInput
from assistant.events import (
    Declined,
    Key,
    Server,
    ServerChanged,
    SoundOffered,
    StopRequested,
    Understood,
)
from assistant.serve.wyoming import forms, info
from assistant.serve.wyoming.peer import Peer
from assistant.serve.wyoming.sound import mono
from assistant.serve.wyoming.stream import RATES, Stream, alarm
from assistant.serve.wyoming.timers import Timers
from assistant.serve.wyoming.voices import Voices

log = logging.getLogger(__name__)

IDLE_S = 60.0
"""A client that only looks is let go after so many s without a word."""
PING_S = 2.0
"""How often the server is asked whether it is there, once it has asked that itself."""
GONE_S = 7.0
"""A server that says nothing for so many s is gone, though its connection is not."""
PREROLL = round(0.5 * RATE / FRAME_SAMPLES)
"""Frames before speech is noticed that belong to it."""
STALE_S = 30.0
"""For so long the answer to a question that was given up may still come, and is not heard."""
WAITING = 8
"""Sounds that nobody has asked for and that may wait for the end of a talk."""
DUPLICATE = "duplicate_wake_up_detected"
"""The server's code for: another device heard the same."""


@dataclass(slots=True)
class _Run:
    """A question to the server."""

    turn: int
    sent: int = 0
    """Samples so far."""
    left: bool = False
    """Nobody waits for it any more."""
    understood: bool = False
    text: str = ""
    """What the server is about to say."""
    stream: Stream | None = None
    """The sound of the answer."""


class Satellite:
    """The device as the server sees it, and the server as the daemon does.

    All but `hear` is used on the loop.
    """

    def __init__(
        self,
        daemon: Callable[[], Daemon],
        tell: Callable[[str, dict[str, Any]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`daemon` gives the one that runs now, `tell` tells the observers."""
        self._daemon, self._tell, self._clock = daemon, tell, clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._peer: Peer | None = None
        self._server = Server.NONE
        self._run: _Run | None = None
        self._sending = False  # read on the microphone's thread
        self._recent: deque[Pcm] = deque(maxlen=PREROLL)
        self._incoming: Stream | None = None
        self._playing: Stream | None = None
        self._waiting: deque[Stream] = deque()
        self._stale_until = 0.0
        self._voices = Voices(lambda: daemon().config)
        self._timers = Timers(clock)
        self._due: asyncio.TimerHandle | None = None

    # --- for the daemon -------------------------------------------------------------------------

    def hear(self, frame: Frame) -> None:
        """Take what is heard; see `assistant.daemon.Outside`."""
        self._recent.append(frame.pcm)
        if self._sending and self._loop:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._stream, frame.pcm)

    def send(self, turn: int, phrase: str) -> None:
        """Begin a question; see `assistant.daemon.Outside`."""
        if self._peer is None:
            self._daemon().post(Declined(turn))
            return
        words = self._daemon().config.wake
        wake = phrase if phrase in (*words.words, *words.phrases) else None
        self._run = _Run(turn)
        self._post(
            *([Detection(name=wake)] if wake else []),
            RunPipeline(PipelineStage.ASR, PipelineStage.TTS, wake_word_name=wake),
            AudioStart(rate=RATE, width=2, channels=1, timestamp=0),
        )
        self._sending = True
        for pcm in [] if phrase else list(self._recent):
            self._stream(pcm)

    def finish(self, turn: int) -> None:
        """The question is over; see `assistant.daemon.Outside`."""
        if self._run and self._run.turn == turn:
            self._fall_silent()

    def leave(self, turn: int) -> None:
        """Nobody waits for the answer any more; see `assistant.daemon.Outside`."""
        if (run := self._run) and run.turn <= turn and not run.left:
            self._fall_silent()
            run.left = True
            if run.stream is None:
                self._stale_until = self._clock() + STALE_S
        if (playing := self._playing) and playing.key and playing.key.turn <= turn:
            self._played(playing)

    def play(self, key: Key) -> None:
        """Let sound what was offered; see `assistant.daemon.Outside`."""
        run = self._run
        if run and run.turn == key.turn and run.stream:
            stream = run.stream
        elif self._waiting:
            stream = self._waiting.popleft()
        else:  # it was called off meanwhile
            stream = Stream(RATE)
            stream.end()
        self._playing = stream
        stream.play(self._daemon().player, key)

    def note(self, name: str, data: dict[str, Any]) -> None:
        """Take an event; see `assistant.daemon.Note`."""
        match name:
            case "ready":  # perhaps another daemon than before, whose turns begin at 1
                self._run = self._playing = None
                self._daemon().post(ServerChanged(self._server))
            case "speaking_ended":
                playing = self._playing
                if playing and playing.key == Key(data["turn"], data["take"]):
                    self._played(playing)
            case "state":
                self._offer()

    # --- for the port ---------------------------------------------------------------------------

    async def serve(self, peer: Peer) -> None:
        """Talk with one client. Raises `AssistantError`, `OSError` and `TimeoutError`."""
        self._loop = asyncio.get_running_loop()
        watching = asyncio.create_task(self._watch(peer))
        try:
            while True:
                event = await peer.hear(None if peer is self._peer else IDLE_S)
                await self._take(peer, event)
        finally:
            watching.cancel()
            if peer is self._peer:
                self._gone()

    def stop(self) -> None:
        """The assistant ends."""
        if self._due:
            self._due.cancel()

    async def _take(self, peer: Peer, event: Event) -> None:
        if event.type == "describe":
            await peer.say(self._info())
        elif event.type == "run-satellite":
            self._attach(peer)
        elif peer is not self._peer:
            raise BadInput("say `run-satellite` first.")
        else:
            self._event(event)

    def _info(self) -> Info:
        daemon = self._daemon()
        return info.satellite(daemon.config, daemon.player.rate)

    def _attach(self, peer: Peer) -> None:
        """Let `peer` be the server. One that comes again takes its own place."""
        if (old := self._peer) and old is not peer:
            if old.address != peer.address:
                raise AssistantError(
                    "the server at {address} answers for this satellite.", address=old.address
                )
            old.hang_up()
            self._gone()
        self._peer = peer
        self._change(Server.READY)

    def _gone(self) -> None:
        """The server is away; the device answers by itself."""
        self._decline()
        self._peer, self._run = None, None
        if self._incoming:
            self._incoming.end()
            self._incoming = None
        self._stale_until = 0.0
        self._change(Server.NONE)

    def _change(self, server: Server) -> None:
        if server is not self._server:
            self._server = server
            address = self._peer.address if self._peer else ""
            self._tell("server", {"server": str(server), "address": address})
            self._daemon().post(ServerChanged(server))
            self._schedule()

    async def _watch(self, peer: Peer) -> None:
        """Let a server go that does not speak any more. One that paused us is not asked."""
        while True:
            await asyncio.sleep(PING_S)
            if peer is not self._peer or self._server is Server.PAUSED or not peer.pinged:
                continue
            if time.monotonic() - peer.last > GONE_S:
                log.warning("wyoming: %s does not answer any more", peer.address)
                peer.hang_up()
                return
            peer.post(Ping())

    # --- what the server says -------------------------------------------------------------------

    def _event(self, event: Event) -> None:
        match event.type:
            case "pause-satellite":
                self._decline(quiet=True)
                self._change(Server.PAUSED)
            case "voice-stopped":
                self._fall_silent()
            case "transcript":
                self._understood(forms.read(forms.Text, event).text)
            case "synthesize":
                self._about_to_say(forms.read(forms.Spoken, event))
            case "error":
                failure = forms.read(forms.Failure, event)
                log.info("wyoming: the server says: %s (%s)", failure.text, failure.code)
                self._stale_until = 0.0
                self._decline(quiet=failure.code == DUPLICATE)
            case "audio-start":
                self._begin(forms.read(forms.Sound, event))
            case "audio-chunk" if self._incoming:
                form = forms.read(forms.Sound, event)
                if form.rate != self._incoming.rate:
                    raise BadInput("the sound changes its format on the way.")
                self._incoming.add(mono(event.payload or b"", form))
            case "audio-stop" if self._incoming:
                self._incoming.end()
                self._incoming = None
            case kind if kind.startswith("timer-"):
                self._timer(event)

    def _understood(self, text: str) -> None:
        self._fall_silent()
        if (run := self._run) and not run.left:
            run.understood = True
            self._daemon().post(Understood(run.turn, text))

    def _about_to_say(self, form: forms.Spoken) -> None:
        if (run := self._run) and not run.left:
            run.text = form.text
            self._voices.named(form.voice)
            self._tell("say", {"turn": run.turn, "text": form.text})
            self._daemon().post(Understood(run.turn, ""))

    def _begin(self, form: forms.Sound) -> None:
        """Sound follows: an answer, one that nobody wants any more, or an announcement."""
        if form.rate not in RATES:
            raise BadInput(
                "sound of {rate} Hz cannot be played; allowed: {rates}.",
                rate=form.rate,
                rates=RATES,
            )
        assert self._peer
        run, stale = self._run, self._clock() < self._stale_until
        answers = run and not run.left and run.stream is None and (run.understood or not stale)
        voice = self._voices.now(self._peer.address)
        self._incoming = stream = Stream(form.rate, voice=voice, known=bool(answers))
        if run and answers:
            run.stream = stream
            stream.text = run.text
            self._daemon().post(SoundOffered(run.turn))
        elif stale:
            self._stale_until = 0.0
            stream.drop()
        elif len(self._waiting) < WAITING:
            self._waiting.append(stream)
            self._offer()
        else:
            stream.drop()

    def _decline(self, quiet: bool = False) -> None:
        """The server does not answer what was asked, or breaks off."""
        self._fall_silent()
        run, self._run = self._run, None
        if run and not run.left and not (run.stream and run.stream.ended):
            self._daemon().post(Declined(run.turn, quiet))

    # --- sound ----------------------------------------------------------------------------------

    def _stream(self, pcm: Pcm) -> None:
        """Send what is heard."""
        if self._sending and (run := self._run):
            ms = 1000 * run.sent // RATE
            run.sent += len(pcm)
            audio = pcm.astype("<i2", copy=False).tobytes()
            self._post(AudioChunk(rate=RATE, width=2, channels=1, audio=audio, timestamp=ms))

    def _fall_silent(self) -> None:
        """Send no more of what is heard."""
        if self._sending and (run := self._run):
            self._post(AudioStop(timestamp=1000 * run.sent // RATE))
        self._sending = False

    def _offer(self) -> None:
        """Ask whether what waits may be heard; the decider may have to say no."""
        if self._waiting and self._playing is None:
            ringing = self._waiting[0].timer is not None
            self._daemon().post(SoundOffered(0, ringing))

    def _played(self, stream: Stream) -> None:
        """A sound has ended, or was silenced."""
        self._playing = None
        stream.drop()
        if stream.timer is None:
            self._post(Played())
        if (run := self._run) and run.stream is stream and not run.left:
            self._run = None

    def _post(self, *said: Eventable) -> None:
        if self._peer:
            self._peer.post(*said)

    # --- timers ---------------------------------------------------------------------------------

    def _timer(self, event: Event) -> None:
        match event.type:
            case "timer-started":
                started = forms.read(forms.TimerStarted, event)
                self._timers.start(started.id, started.total_seconds, started.name or "")
            case "timer-updated":
                updated = forms.read(forms.TimerUpdated, event)
                self._timers.update(updated.id, updated.total_seconds, updated.is_active)
            case "timer-cancelled":
                self._cancel(forms.read(forms.Timer, event).id)
            case "timer-finished":
                timer = forms.read(forms.Timer, event).id
                if self._timers.finish(timer):
                    self._ring(timer)
            case _:
                return
        kind = event.type.removeprefix("timer-")
        self._tell("timer", {"kind": kind, "timers": len(self._timers)})
        self._schedule()

    def _cancel(self, timer: str) -> None:
        self._timers.cancel(timer)
        self._waiting = deque(each for each in self._waiting if each.timer != timer)
        if self._playing and self._playing.timer == timer:
            self._daemon().post(StopRequested())

    def _ring(self, timer: str) -> None:
        if len(self._waiting) < WAITING:
            daemon = self._daemon()
            level = daemon.config.speech.loudness + daemon.config.speech.tones
            self._waiting.append(alarm(timer, daemon.player.rate, level))
            self._offer()

    def _schedule(self) -> None:
        """Look again when the next timer is over."""
        if self._due:
            self._due.cancel()
            self._due = None
        wait = self._timers.wait_s(self._server is not Server.NONE)
        if wait is not None and self._loop:
            self._due = self._loop.call_later(wait, self._ring_due)

    def _ring_due(self) -> None:
        self._due = None
        for timer in self._timers.take_due(self._server is not Server.NONE):
            log.info("wyoming: a timer is over, of which the server said nothing")
            self._ring(timer)
        self._schedule()
