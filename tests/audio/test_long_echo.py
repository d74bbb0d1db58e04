"""An echo that is longer than what the canceller knows of it: found out, and told once."""

import logging

import numpy as np
import pytest
from echo_room import CHINESE, Room, speech

from assistant.audio.frames import RATE

REFLECTION_S = 0.35
"""A large hall: a wall gives the voice back so much later, nearly as loud."""


class Hall(Room):
    """That room, with a wall far away."""

    def response(self):
        near = super().response()
        far = np.zeros(round(REFLECTION_S * RATE) + len(near))
        far[: len(near)] += near
        far[-len(near) :] += 0.8 * near
        return far


@pytest.mark.parametrize(("tail", "usable"), [(0.2, False), (0.5, True)])
def test_beyond_the_tail_it_cannot_be_taken_out_and_that_is_said_once(tail, usable, caplog):
    hall = Hall()
    with caplog.at_level(logging.WARNING):
        hall.cleaned(hall.path(tail=tail), speech(CHINESE, hall.rate, 12.0))
    assert [told for _, told in hall.told][-1:] == [usable]
    warnings = [each for each in caplog.messages if "cannot be taken out" in each]
    assert len(warnings) <= 1  # also where it takes so long to learn
    assert usable or warnings
