"""A room that computes: what a microphone hears while a loudspeaker plays and people talk.

    loudspeaker samples -> distortion -> clock drift -> delay -> room -> +
    what people say ------------------------------------------> room -> + -> microphone samples
    noise -----------------------------------------------------------> +

It is in the package and not among the tests because `assistant bench conversation` needs it on the
user's machine; the tests use the same one. Everything is drawn from one seed: the same sound played
into the same room is heard the same, sample by sample. Needs the extra `bench`.
"""

from assistant.bench.room.devices import Devices
from assistant.bench.room.room import Room, Setup

__all__ = ["Devices", "Room", "Setup"]
