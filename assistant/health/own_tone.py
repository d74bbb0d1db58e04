"""Whether the loudspeaker is heard: a tone is played, and the microphone listens for it.

Only the power at the tone's own frequency counts (a single term of the Fourier transform, as
Goertzel computes it), so that talk and fans hardly matter.
"""

import queue
import time

import numpy as np

from assistant.audio.frames import RATE, Frame, Pcm
from assistant.config import Config
from assistant.errors import DeviceError
from assistant.health.finding import Finding, judged
from assistant.messages import say

HZ = 997.0
"""Of the tone: no multiple of the mains' frequency, and any loudspeaker can do it."""
QUIET_S, TONE_S, AFTER_S = 0.8, 1.0, 0.7
"""How long is listened before, during and after the tone, s."""
WINDOW = RATE // 5
"""Samples that are looked at together: a fifth of a second."""
ENOUGH_DB = 10.0
"""So far the tone must rise above what was there before."""


def own_tone(config: Config) -> Finding:
    """Play a tone and say whether it was heard; where a device is busy, it is not tried."""
    try:
        heard = _played(config)
    except DeviceError as error:
        return judged("tone", say("not tried, for {error}", error=error), [])
    rise = rises(heard)
    if rise is None:
        return judged("tone", say("not tried, for the microphone gives no sound"), [])
    told = say("the microphone heard it {rise:.0f} dB above the rest", rise=rise)
    if rise >= ENOUGH_DB:
        return judged("tone", told, [])
    return judged(
        "tone",
        say("the loudspeaker's tone was not heard by the microphone"),
        [
            say(
                "If you did not hear it either, look at the loudspeaker's volume and plug, and at "
                "`assistant devices`; a headset's microphone need not hear it."
            )
        ],
    )


def rises(pcm: Pcm, rate: int = RATE) -> float | None:
    """Return how far the tone rises above what was there before, in dB; None for too little sound.

    `pcm` is (samples,) int16, from `QUIET_S` before the tone on.
    """
    before = _powers(pcm[: round(QUIET_S * rate)], rate)
    after = _powers(pcm[round(QUIET_S * rate) :], rate)
    if not before or not after:
        return None
    return float(10 * np.log10(max(after) / max(before)))


def _powers(pcm: Pcm, rate: int) -> list[float]:
    """Return the power at the tone's frequency in each window; never less than a rounding error."""
    turn = np.exp(-2j * np.pi * HZ / rate * np.arange(WINDOW)) * np.hanning(WINDOW)
    starts = range(0, len(pcm) - WINDOW + 1, WINDOW // 2)
    return [max(1.0, float(abs(np.dot(pcm[at : at + WINDOW], turn)) ** 2)) for at in starts]


def _played(config: Config) -> Pcm:
    """Return what was heard, from the first frame on, of which the tone begins `QUIET_S` later."""
    from assistant.audio import engines
    from assistant.audio.tones import tone
    from assistant.mouth.playback import Player

    heard: queue.SimpleQueue[Frame | str] = queue.SimpleQueue()
    microphone = engines.microphone(config, heard.put)
    loudspeaker = engines.loudspeaker(config, heard.put)
    players: list[Player] = []
    frames: list[Pcm] = []
    try:
        loudspeaker.start(lambda out, at: players[0].fill(out, at) if players else out.fill(0))
        players.append(Player(loudspeaker.rate, lambda *_: None, lambda *_: None))
        microphone.start(heard.put)
        frames.append(_next(heard))
        began = time.monotonic()
        begun = False
        while (passed := time.monotonic() - began) < QUIET_S + TONE_S + AFTER_S:
            if passed >= QUIET_S and not begun:
                players[0].tone(tone(HZ, TONE_S, loudspeaker.rate))
                begun = True
            frames.append(_next(heard))
    finally:
        microphone.stop()
        loudspeaker.stop()
    return np.concatenate(frames)


def _next(heard: "queue.SimpleQueue[Frame | str]") -> Pcm:
    """Return the next frame. Raises `DeviceError`."""
    try:
        frame = heard.get(timeout=2.0)
    except queue.Empty:
        raise DeviceError("the microphone gives no sound.") from None
    if isinstance(frame, str):
        raise DeviceError(frame)
    return frame.pcm
