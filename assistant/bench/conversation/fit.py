"""Who is understood in the room while nobody else speaks: only they can be drowned by an echo."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.bench.conversation.script import WAKE, Halves, Script
from assistant.bench.conversation.sound import words
from assistant.bench.conversation.talkers import Talker
from assistant.bench.room import Room, Setup
from assistant.config import Config
from assistant.ears.listener import LIKELY
from assistant.ears.recogniser import Recogniser, Weighing


@dataclass(frozen=True, slots=True)
class Fit:
    """Those whose stop word is understood, and so on; nobody may be."""

    stop: Sequence[Talker]
    wake: Sequence[Talker]
    pauses: Sequence[tuple[Halves, Talker, Talker]]
    """What is asked with a pause, by whom, and who wakes it."""


def understood_alone(
    script: Script,
    talkers: Sequence[Talker],
    callers: Sequence[Talker],
    config: Config,
    setup: Setup,
    seed: int = 0,
) -> Fit:
    """Try all talkers and `callers`, who say the wake word, in a silent room.

    With the engines of the settings.
    """
    from assistant.ears import engines, wake

    quiet = replace(setup, echo_db=-200.0)
    recogniser = engines.make(config)

    def stops(pcm: Pcm) -> bool:
        if words(text(recogniser, pcm)) == words(script.stop):
            return True
        if not isinstance(recogniser, Weighing):
            return False
        recogniser.start()
        recogniser.feed(pcm)
        found = recogniser.nearest(config.turn.stop_words)
        return found is not None and found[1] >= LIKELY

    def wakes(pcm: Pcm) -> bool:
        detectors = wake.make(config)
        frames = range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
        return any(
            [
                detector.feed(Frame(pcm[begin : begin + FRAME_SAMPLES], begin / RATE))
                for begin in frames
                for detector in detectors
            ]
        )

    def those(
        who: Sequence[Talker], word: str, understood: Callable[[Pcm], bool]
    ) -> Sequence[Talker]:
        return [each for each in who if understood(_in_room(quiet, seed, each.say(word)))]

    def whole(halves: Halves, who: Talker) -> bool:
        sound = _in_room(quiet, seed, halves.said_by(who.say))
        return understands(halves, text(recogniser, sound))

    called = those(callers, WAKE, wakes)
    askers = called if callers is talkers else talkers  # whoever can, wakes it themselves
    pairs = [
        (halves, askers[(first + number) % len(askers)])
        for first in range(len(askers))
        for number, halves in enumerate(script.pauses)
    ]
    asked = [
        (halves, who, who if callers is talkers else called[number % len(called)])
        for number, (halves, who) in enumerate(pair for pair in pairs if whole(*pair))
        if called
    ]
    fit = Fit(those(talkers, script.stop, stops), called, asked)
    recogniser.close()
    return fit


def understands(halves: Halves, heard: str) -> bool:
    """Whether `heard` holds half of the words of both halves at the least."""
    return all(
        2 * sum(word in words(heard) for word in words(half)) >= len(words(half))
        for half in (halves.first, halves.second)
    )


def text(recogniser: Recogniser, pcm: Pcm) -> str:
    """Return what a recogniser makes of a whole sound (samples,) int16 16 kHz."""
    recogniser.start()
    for begin in range(0, len(pcm), RATE // 10):
        recogniser.feed(pcm[begin : begin + RATE // 10])
    return recogniser.finish().text


def _in_room(setup: Setup, seed: int, pcm: Pcm) -> Pcm:
    room = Room(setup, seed)
    room.speak(pcm, RATE // 2)
    return room.hear(RATE + len(pcm) + RATE)
