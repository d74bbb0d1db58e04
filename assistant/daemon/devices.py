"""The microphone and the loudspeaker, and what lies between them and the rooms."""

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, get_args

from assistant.config import Config
from assistant.errors import AssistantError
from assistant.events import DuplexChanged, Event, Key
from assistant.vitals import Vitals

if TYPE_CHECKING:
    from assistant.audio.echo.path import EchoPath
    from assistant.audio.frames import Frame, Loudspeaker, Microphone, Pcm
    from assistant.audio.patch import Jack, Patch, Take
    from assistant.audio.standby import Standby
    from assistant.ears.hearing import Hearing
    from assistant.mouth.playback import Player

log = logging.getLogger(__name__)

RING_VOLUME = 0.4
"""What is due rings no more softly than at this volume, whatever the volume is."""

Echo = Literal["off", "ignored", "unknown", "gone", "heard"]
"""How it stands with its own voice in the device's microphone.

`off`: it is left there; `ignored`: it is said not to matter; `unknown`: nothing has sounded yet;
`gone`: it is taken out; `heard`: it cannot be taken out.
"""


class Devices:
    """Those of one daemon; used on its loop, but for what is said otherwise."""

    def __init__(
        self,
        config: Config,
        microphone: "Microphone | None",
        loudspeaker: "Loudspeaker | None",
        *,
        vitals: Vitals,
        post: Callable[[Event], None],
        soon: Callable[..., None],
    ) -> None:
        """`post` and ``soon(act, *arguments)``, which calls `act` on the loop, are for any thread.

        Every frame is a sign of life to the `vitals`.
        """
        self.microphone, self.loudspeaker = microphone, loudspeaker
        self.player: Player | None = None
        """What plays; only once the loudspeaker is open."""
        self.hearing: Hearing | None = None
        """How well it hears; only once a real microphone is open."""
        self.muted = False
        """Whether silence is heard in place of the microphone; to be set from any thread."""
        self._config, self._vitals, self._post, self._soon = config, vitals, post, soon
        self._duplex = False  # of the device's microphone and loudspeaker
        self._patch: Patch | None = None
        self._echo: EchoPath | None = None  # where the microphone can hear the loudspeaker
        self._standby: Standby | None = None
        self._tones: dict[str, Pcm] = {}

    # --- opened and closed ----------------------------------------------------------------------

    def open_loudspeaker(
        self,
        on_clause: Callable[[Key, str, float], None],
        on_end: Callable[[Key, str, float], None],
    ) -> "Player":
        """Open it, which takes a while, and return its player; see `Player` for the reports.

        For any thread. Raises `AssistantError`.
        """
        from assistant.audio.tones import Name, bell, earcon
        from assistant.mouth.playback import Player

        assert self.loudspeaker is not None
        patch = self._between()
        self._echo = echo = self._make_echo()
        self.loudspeaker.start(echo.tapped(patch.source) if echo else patch.source)
        rate = self.loudspeaker.rate
        if echo:
            echo.play_at(rate)
        level = self._config.speech.loudness + self._config.speech.tones
        self._tones = {name: earcon(name, rate, level) for name in get_args(Name)}
        self._tones["ring"] = bell(rate, level)
        for name in self._config.speech.silent_tones:
            del self._tones[name]
        volume, duck = self._config.speech.volume, self._config.barge_in.duck
        self.player = Player(rate, on_clause, on_end, volume, duck)
        patch.player = self.player.fill
        return self.player

    async def open_microphone(
        self,
        microphone: "Microphone",
        ears: Callable[["Frame"], None],
        talking: Callable[[], bool | None],
    ) -> None:
        """Let `ears` take what it hears, on its thread. Raises `AssistantError`.

        ``talking()`` tells whether somebody talks to the assistant; None: nobody knows, for it
        speaks itself.
        """
        patch = self._between()
        patch.ears = ears
        hear, echo = patch.hear, self._echo
        self.hearing = hearing = self._make_hearing(talking) if microphone.live else None

        def listen(frame: "Frame") -> None:
            self._vitals.frame()
            if self.muted:  # silence, for what was begun must find its end
                hear(dataclasses.replace(frame, pcm=frame.pcm * 0))
                return
            if echo:  # before the gain: what it learns would be wrong after each change
                frame = echo.clean(frame)
            if hearing and (pcm := hearing.take(frame.pcm)) is not frame.pcm:
                frame = dataclasses.replace(frame, pcm=pcm)
            hear(frame)

        self._vitals.expect_frames(microphone.live)
        await asyncio.to_thread(microphone.start, listen)

    def stand_by(self, lost: Callable[[AssistantError], None]) -> None:
        """Let the loudspeaker sleep while nothing sounds, where the settings want that.

        ``lost(error)`` when it does not wake up any more.
        """
        if not self.loudspeaker or not self._config.audio.standby:
            return
        from assistant.audio.standby import Standby

        self._standby = Standby(self.loudspeaker, asyncio.get_running_loop().call_later, lost)

    def rest(self, asleep: bool) -> None:
        """The assistant is asleep, or awake."""
        if self._standby:
            (self._standby.sleeps if asleep else self._standby.awake)()

    def again(self, room: str) -> None:
        """A device has come back: what is known of its echo is void, and half a word unheard."""
        if self._echo:
            self._echo.renew()
        if room == "loudspeaker" and self.player:
            self.player.say_again()

    def ends(self) -> list[Callable[[], object]]:
        """Return what closes everything: calls for threads, side by side."""
        ends: list[Callable[[], object]] = []
        if self.microphone:
            ends.append(self.microphone.stop)
        if self.loudspeaker:
            ends.append(self._close_loudspeaker)
        if self._patch:
            ends.append(self._patch.stop)
        return ends

    # --- a browser in their place ---------------------------------------------------------------

    def plug(self, take: "Take") -> "Jack":
        """Let a browser be microphone and loudspeaker until `unplug`."""
        assert self._patch
        assert self.player
        jack = self._patch.plug(self.player.rate, take)
        self._post(DuplexChanged(True))  # browsers cancel the echo themselves
        return jack

    def unplug(self, jack: "Jack") -> None:
        """Give the devices their place back."""
        assert self._patch
        self._patch.unplug(jack)
        self._post(DuplexChanged(self._duplex))

    # --- what they do ---------------------------------------------------------------------------

    def duplex(self, usable: bool) -> None:
        """The device's microphone is of use while it speaks, or not; from any thread."""
        self._duplex = usable
        if not (self._patch and self._patch.plugged):
            self._post(DuplexChanged(usable))

    def flush(self) -> None:
        """What a browser was given and has not sounded yet shall not."""
        if self._patch:
            self._patch.flush()

    def tone(self, name: str) -> None:
        """Sound the tone of that name, unless the settings make it silent."""
        if self.player and name in self._tones:
            least = RING_VOLUME if name == "ring" else 0.0
            error = name == "error"  # a sentence follows
            self.player.tone(self._tones[name], least, before_words=error)

    @property
    def echo(self) -> Echo:
        """How it stands with its own voice; see `Echo`."""
        if self._echo is None:
            return "off"
        if self._config.echo.mode == "on":
            return "ignored"
        if self._echo.usable is None:
            return "unknown"
        return "gone" if self._echo.usable else "heard"

    # --- what lies between ----------------------------------------------------------------------

    def _between(self) -> "Patch":
        if self._patch is None:
            from assistant.audio.patch import Patch

            self._patch = Patch()
        return self._patch

    def _make_echo(self) -> "EchoPath | None":
        from assistant.audio.echo.kalman import KalmanCanceller
        from assistant.audio.echo.path import EchoPath

        mode, tail = self._config.echo.mode, self._config.echo.tail
        if mode == "off":
            return None

        def learned(usable: bool) -> None:
            if mode == "auto":
                self.duplex(usable)

        return EchoPath(KalmanCanceller(tail), tail, learned)

    def _make_hearing(self, talking: Callable[[], bool | None]) -> "Hearing":
        from assistant.ears.conditions import advice
        from assistant.ears.hearing import Hearing

        return Hearing(
            talking=talking,
            found=lambda problem: self._soon(log.warning, "hearing: %s", advice(problem)),
            automatic_gain=self._config.audio.automatic_gain,
        )

    def _close_loudspeaker(self) -> None:
        assert self.loudspeaker is not None
        if self._standby:
            self._standby.stop()
        self.loudspeaker.stop()
