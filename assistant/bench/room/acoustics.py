"""How sound gets from one place of a room to another: impulse responses by image sources."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import RATE
from assistant.errors import EngineMissing

Sound = NDArray[np.float64]
"""Samples as parts of full scale, shape (samples,), mono, `RATE` Hz unless another one is said."""

MOST_REFLECTIONS = 20
"""Image sources are followed so far; later sound is 40 dB below the first in rooms for living."""
SHAKE_M = 0.05
"""Places differ by up to so much from seed to seed, so that no result hangs on one response."""


@dataclass(frozen=True, slots=True)
class Responses:
    """The impulse responses from three places to the microphone; sample 0 is the sound's start."""

    loudspeaker: Sound
    talker: Sound
    """Who speaks to the assistant."""
    far: Sound
    """The other end of the room: a television, or people among themselves."""


def responses(
    size: tuple[float, float, float],
    rt60: float,
    loudspeaker_m: float,
    talker_m: float,
    rng: np.random.Generator,
) -> Responses:
    """Compute them for a box of `size` m with a reverberation time of `rt60` s.

    The microphone is near one wall at table height, the loudspeaker `loudspeaker_m` beside it, the
    talker `talker_m` away from it into the room. Image-source method of Allen and Berkley (1979),
    by pyroomacoustics. Raises `EngineMissing` without the extra `bench`, and `ValueError` when a
    place is outside or the reverberation time is impossible in that room.
    """
    pra = _library()
    shaken = rng.uniform(-SHAKE_M, SHAKE_M, 3)
    microphone = np.array([size[0] / 2, 0.6, 0.8]) + shaken
    beside = microphone + np.array([loudspeaker_m, 0.0, 0.0])
    direction = np.array([rng.uniform(-0.4, 0.4), 1.0, rng.uniform(0.2, 0.4)])
    mouth = microphone + talker_m * direction / np.linalg.norm(direction)
    corner = np.array([size[0] - 0.5, size[1] - 0.5, 1.1]) + shaken
    places = (beside, mouth, corner)
    absorption, order = pra.inverse_sabine(rt60, size)
    box = pra.ShoeBox(
        size, RATE, materials=pra.Material(absorption), max_order=min(order, MOST_REFLECTIONS)
    )
    box.add_microphone(microphone)
    for place in places:
        box.add_source(place)
    box.compute_rir()
    early = pra.constants.get("frac_delay_length") // 2  # half its filter, before time 0
    loudspeaker, talker, far = (np.asarray(rir[early:], np.float64) for rir in box.rir[0])
    return Responses(loudspeaker, talker, far)


def _library() -> Any:
    try:
        import pyroomacoustics
    except ImportError as error:
        raise EngineMissing(
            "the room of `assistant bench conversation` needs pyroomacoustics; "
            "`script/setup --with bench` installs it."
        ) from error
    return pyroomacoustics
