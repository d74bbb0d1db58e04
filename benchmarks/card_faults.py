"""How long until it hears and speaks again, after each fault of a sound card.

    python benchmarks/card_faults.py --rounds 7

The tests' virtual card is broken, and a kept microphone and loudspeaker are watched. One JSON
object a fault, in s, median and worst of all rounds: until the last of them is noticed to be gone,
and until all work again; `after_cure`, where the fault lasts a while: since its end.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from soundcard import SoundCard

from assistant.audio import engines
from assistant.config import Config

LASTS_S = 3.0
"""A server that is away or frozen is so for so long."""
CALM_S = 1.5
"""Between two rounds."""
PATIENCE_S = 60.0


class Watch:
    """When each device was lost, and when it was back; see `engines.Watcher`."""

    def __init__(self) -> None:
        self.lost: dict[str, float] = {}
        self.back: dict[str, float] = {}

    def device_lost(self, room: str, _reason: str) -> None:
        """Note the time."""
        self.lost[room] = time.monotonic()

    def device_late(self, room: str, reason: str) -> None:
        """It is the same loss."""

    def device_back(self, room: str) -> None:
        """Note the time."""
        self.back[room] = time.monotonic()

    def all_back(self, rooms: int) -> bool:
        """Whether `rooms` were lost, and are back."""
        return len(self.lost) == rooms == len(self.back)


def owners(kind: str) -> list[int]:
    """Return the processes that own a device of that kind."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for number in (task / "children").read_text().split():
            command = Path("/proc", number, "cmdline").read_text()
            if "assistant.audio.owner" in command and f'"{kind}"' in command:
                found.append(int(number))
    return found


def signalled(sign: signal.Signals, *kinds: str) -> Callable[[SoundCard], None]:
    """Return a fault that sends a signal to the owners of these kinds of devices."""

    def fault(_card: SoundCard) -> None:
        for kind in kinds:
            for owner in owners(kind):
                os.kill(owner, sign)

    return fault


def away(card: SoundCard) -> float:
    """The sound server crashes, and somebody starts it again."""
    card.kill()
    time.sleep(LASTS_S)
    card.start()
    return time.monotonic()


def restarted(card: SoundCard) -> None:
    """The sound server is started again, at once."""
    card.kill()
    card.start()


def frozen(card: SoundCard) -> float:
    """The sound server hangs, and goes on."""
    card.freeze()
    time.sleep(LASTS_S)
    card.thaw()
    return time.monotonic()


FAULTS: dict[str, tuple[Callable[[SoundCard], float | None], int]] = {
    "PortAudio hangs, microphone": (signalled(signal.SIGSTOP, "input"), 1),
    "PortAudio hangs, loudspeaker": (signalled(signal.SIGSTOP, "output"), 1),
    "PortAudio hangs, both": (signalled(signal.SIGSTOP, "input", "output"), 2),
    "PortAudio crashes, both": (signalled(signal.SIGKILL, "input", "output"), 2),
    "sound server restarted": (restarted, 2),
    f"sound server away for {LASTS_S:g} s": (away, 2),
    f"sound server frozen for {LASTS_S:g} s": (frozen, 2),
}


def measured(card: SoundCard, name: str, rounds: int) -> dict[str, object]:
    """Return the figures of one fault."""
    fault, rooms = FAULTS[name]
    noticed, working, cured = [], [], []
    watch = Watch()
    microphone, loudspeaker = engines.kept(Config(), lambda: watch)
    frames: list[float] = []
    asked: list[float] = []
    microphone.start(lambda frame: frames.append(frame.time))
    loudspeaker.start(lambda out, at: (out.fill(0), asked.append(at)))
    for _ in range(rounds):
        time.sleep(CALM_S)
        watch.lost, watch.back = {}, {}
        began = time.monotonic()
        end = fault(card)
        while not watch.all_back(rooms):
            if time.monotonic() - began > PATIENCE_S:
                raise SystemExit(f"{name}: not back: {watch.lost} {watch.back}")
            time.sleep(0.005)
        noticed.append(max(watch.lost.values()) - began)
        working.append(max(watch.back.values()) - began)
        if end:
            cured.append(max(watch.back.values()) - end)
    microphone.stop()
    loudspeaker.stop()
    told = {"noticed": noticed, "working": working, "after_cure": cured}
    return {
        "fault": name,
        **{
            key: {"median": round(statistics.median(each), 2), "worst": round(max(each), 2)}
            for key, each in told.items()
            if each
        },
    }


def main() -> None:
    """Measure all faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with SoundCard() as card, card.adopted():
        for name in FAULTS:
            print(json.dumps(measured(card, name, rounds)), flush=True)


if __name__ == "__main__":
    main()
