"""What people do, and what breaks: one conversation, drawn from a seed."""

import random
from typing import Literal

from assistant.conversation import FILLERS, Rules
from assistant.events import (
    Asked,
    DuplexChanged,
    Failed,
    PowerChanged,
    Rang,
    SayRequested,
    Server,
    SoundOffered,
    StopRequested,
    WakeDetected,
)
from simulated.house import House

SAYINGS = (
    "what time is it", "set a timer for five minutes", "tell me a story about a fox",
    "turn on the light and", "stop", "okay stop it", "uh-huh", "mm", "never mind", "that's all",
    "thank you", "yes", "no", "and then", "what", "wait a moment", "I told you that he comes",
    "现在 几点", "讲 个 故事", "停", "嗯", "算了", "没事了", "因为", "go on", "and in Paris",
)  # fmt: skip
BESIDE = ("mum where did you put my shoes", "she said that he told them about us yesterday")
MIND_TROUBLES = (
    "hangs", "fails", "empty", "breaks", "stalls", "out", "alone", "acts", "dismissed", "language",
)  # fmt: skip
EAR_TROUBLES = ("fails", "hangs", "late", "garbage")
Device = Literal["microphone", "loudspeaker"]


def drawn_rules(rng: random.Random) -> Rules:
    """Return settings as users may choose them."""
    return Rules(
        ahead=rng.random() < 0.7,
        takes_a_turn=rng.choice((1, 6)),
        follow_up=rng.choice((0.0, 6.0)),
        addressed=rng.choice((0.0, 0.4)),
        grace=rng.choice((0.0, 1.2)),
        always=rng.random() < 0.2,
        earcon=rng.random() < 0.8,
        barge_in=rng.random() < 0.8,
        filler_after=rng.choice((0.0, 2.0)),
        fillers=(FILLERS["en"], FILLERS["zh"]),
        languages=("en", "zh"),
        stop_words=("stop", "停"),
        backchannels=("uh huh", "mm", "嗯"),
        interjections=("wait", "what", "no"),
        greetings=rng.choice(((), ("Yes?", "在。"))),
        patience=rng.choice((20.0, 60.0)),
    )


class People:
    """A few minutes around the house."""

    def __init__(self, house: House, rng: random.Random) -> None:
        self.house, self.rng = house, rng
        self._rings = 0

    def plan(self) -> float:
        """Put everything that will happen on the clock; return how many s it takes."""
        rng, at = self.rng, 0.5
        for _ in range(rng.randint(2, 8)):
            at += rng.choice((0.05, 0.5, 2.0, 5.0, 15.0)) * (0.5 + rng.random())
            self.house.clock.after(at, self._act)
        for _ in range(rng.choice((0, 0, 1, 2, 4))):
            self.house.clock.after(rng.random() * (at + 10.0), self._fault)
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            self.house.clock.after(rng.random() * (at + 10.0), self._ring)
        return at

    def _act(self) -> None:
        house, rng = self.house, self.rng
        kind = rng.choices(("question", "speak", "wake", "ask", "say", "stop"), (8, 8, 2, 2, 1, 2))[
            0
        ]
        match kind:
            case "question":
                house.post(WakeDetected("w"))
                house.clock.after(0.2 + rng.random(), self._speak, rng.choice(SAYINGS))
                if rng.random() < 0.3:  # and says something in the room, once it is answered
                    house.clock.after(9.0 + rng.random() * 4, self._speak, rng.choice(BESIDE))
                if rng.random() < 0.4:  # and goes on after a pause
                    house.clock.after(2.0 + rng.random() * 4, self._speak, rng.choice(SAYINGS))
            case "speak":
                self._speak(rng.choice(SAYINGS))
            case "wake":
                house.post(WakeDetected("w"))
            case "ask":
                house.post(Asked(rng.choice(SAYINGS)))
            case "say":
                house.post(SayRequested("The washing is done."))
            case "stop":
                house.post(StopRequested())

    def _speak(self, text: str) -> None:
        if not self.house.ears.busy:
            words = text.split() * self.rng.choice((1, 1, 1, 1, 30))  # a television goes on
            self.house.ears.speak(words, self.rng.choice((-20.0, -26.0, -45.0)))

    def _ring(self) -> None:
        self._rings += 1
        self.house.post(Rang(f"Timer number {self._rings}.", self.rng.random() < 0.3))

    def _fault(self) -> None:
        house, rng, clock = self.house, self.rng, self.house.clock
        kind = rng.choice(
            ("mind", "mind", "mind", "ears", "ears", "mouth", "device", "device", "stall", "server",
             "server", "duplex", "sparing", "announce", "slow")
        )  # fmt: skip
        match kind:
            case "mind":
                house.mind.troubles.append(rng.choice(MIND_TROUBLES))
            case "ears":
                house.ears.troubles.append(rng.choice(EAR_TROUBLES))
            case "mouth":
                house.mouth.fails = True
            case "device":
                self._lose(rng.choice(("microphone", "loudspeaker")))
            case "stall":  # the machine swaps, or was suspended
                house.stalled = clock.now + rng.choice((0.3, 2.0, 20.0, 3600.0))
            case "server":
                house.server.becomes(rng.choice(tuple(Server)))
            case "duplex":
                house.post(DuplexChanged(rng.random() < 0.5))
            case "sparing":
                house.post(PowerChanged(rng.random() < 0.5))
            case "announce":
                house.post(SoundOffered(0, rng.random() < 0.5))
            case "slow":
                house.mind.slow = rng.choice((0.0, 3.0, 30.0))

    def _lose(self, device: Device) -> None:
        house, until = self.house, self.house.clock.now + self.rng.choice((1.0, 10.0, 100.0))
        if device == "microphone":
            house.ears.deaf_until = until
        else:
            house.mouth.broken_until = until
        if self.rng.random() < 0.7:  # else nobody notices
            house.clock.after(0.5, lambda: house.post(Failed(house.state.turn, device, "gone")))
