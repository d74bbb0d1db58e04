"""Hours of one conversation through the decider, with virtual time: does its state grow?

Honest for the decider only, which knows no other clock than the one that it is given; engines and
devices cannot be hurried, and are listened to in real time.
"""

import random
from collections.abc import Iterator

from simulated.house import START, House
from simulated.people import People, drawn_rules

from assistant.record import forms

HOUR = 3600.0


def pass_by(hours: int, seed: int) -> Iterator[tuple[int, House]]:
    """Let people talk to one assistant all the time; yield after each hour."""
    rng = random.Random(f"hours/{seed}")
    house = House(drawn_rules(rng), rng, haste=0.05)
    people = People(house, rng)
    house.begin(duplex=True)
    for hour in range(1, hours + 1):
        while house.clock.now < START + hour * HOUR:
            house.clock.run(house.clock.now + people.plan() + 20.0)
            house.entries.clear()  # the journal of the simulation, not the assistant's
        yield hour, house


def size(house: House) -> int:
    """Return how long the decider's state is, written down, in characters."""
    return len(str(forms.plain(house.state)))
