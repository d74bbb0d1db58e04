"""What the loudspeaker lets one hear: tones, fillers, loudness, speed, no clicks.

The whole assistant on virtual devices; the larger model that it asks for help is a fake that never
answers. tests/e2e/test_interrupting_aloud.py hears the tones on the virtual sound card, too.
"""

import time

import endpoint
import numpy as np
import pytest
from aloud import Aloud
from scipy.signal import correlate
from tones_heard import tone_in

from assistant.bench.conversation.sound import sounding, spoken_s
from assistant.conversation import FILLERS, SENTENCES
from assistant.events import Asked, Failed, Rang, StopRequested, WakeDetected
from assistant.mouth.gain import factor
from assistant.mouth.loudness import measured

pytestmark = [pytest.mark.e2e, pytest.mark.engine, pytest.mark.slow]

OUT = 48_000
"""Hz of the loudspeaker."""
ALIKE = 0.6
"""See `tone_in`."""
CLICK = 1.0
"""See `hiss`."""
TRIES = 3
"""Where the machine stalls, the voice is made too slowly, and breaks off."""
LU = 2.0
"""Voices and tones differ by no more."""
TEXTS = {
    "en": "The lighthouse stands on a rock in the harbour, and its lamp is seen from far away.",
    "zh": "灯塔站在港口前面的岩石上，它的灯光很远也能看见。",
}


@pytest.fixture(scope="module")
def running():
    """Two voices; tones as loud as they; every question goes out, and is answered here after all.

    Whisper is loaded for nothing: what hears both languages is wanted.
    """
    with endpoint.Endpoint(endpoint.says(before=60.0)) as silent:
        settings = {
            "language": "auto",
            "llm": {"temperature": 0.0, "max_tokens": 12},
            "asr": {"engine": "whisper"},
            "speech": {"tones": 0.0, "filler_after": 0.3},
            "remote": {"endpoint": silent.url, "threshold": 0.0, "patience": 2.5},
            "turn": {"follow_up": 0.0},
        }
        it = Aloud(settings, rate=OUT)
        yield it
        it.stop()


@pytest.fixture
def room(running):
    running.hush()
    time.sleep(0.5)  # the tone
    running.loudspeaker.take()
    return running


def hiss(pcm):
    """Return the loudest of what is above 13 kHz in (samples,) int16 48 kHz: no voice has it.

    Sound that is cut off has, mostly much more than 1; voices, fades and tones have less than 0.5.
    """
    spans = np.lib.stride_tricks.sliding_window_view(pcm.astype(float), 480)[::240]
    return float(np.abs(np.fft.rfft(spans * np.hanning(480), axis=1)[:, 130:]).max() / 120)


def test_wake_and_stop_have_their_tones_and_they_are_as_loud_as_speech(room):
    for event, tone in ((WakeDetected("test"), "wake"), (StopRequested(), "cancel")):
        room.daemon.post(event)
        room.wait("earcon", name=tone)
        time.sleep(0.5)
    pcm = room.loudspeaker.take()
    for name in ("wake", "cancel"):
        alike, level = tone_in(pcm, OUT, name)
        assert alike > ALIKE, name
        assert level == pytest.approx(-18.0, abs=LU)
    assert tone_in(pcm, OUT, "offline")[0] < ALIKE


def test_who_waits_hears_a_filler_and_that_the_device_is_on_its_own(room):
    room.daemon.post(Asked("What is the capital of Italy?"))
    assert room.wait("filler")["text"] in FILLERS["en"]
    room.wait("earcon", name="offline")
    filler = room.loudspeaker.take()
    room.wait("clause_started")
    assert "Rome" in room.wait("speaking_ended")["heard"]
    assert spoken_s(filler, OUT) > 0.5
    assert tone_in(np.append(filler, room.loudspeaker.take()), OUT, "offline")[0] > ALIKE
    assert len(room.told("filler")) == 1


def test_what_goes_wrong_has_a_tone_and_a_sentence(room):
    sentence = SENTENCES["en"].failed
    room.wait("speaking_ended", turn=room.recite(sentence))
    alone = room.loudspeaker.take()
    room.daemon.post(Asked("What is the capital of Italy?"))
    room.daemon.post(Failed(room.wait("think")["turn"], "mind", "broken"))
    room.wait("clause_started", text=sentence)
    room.wait("speaking_ended")
    both = room.loudspeaker.take().astype(int)
    # They sound together; the sentence is remembered, so that its samples are the same.
    word = alone[np.flatnonzero(alone)[0] :][: OUT // 2].astype(int)
    at = int(np.argmax(correlate(both, word, "valid")))
    both[at : at + len(word)] -= word
    assert tone_in(both, OUT, "error")[0] > ALIKE


def test_what_is_due_has_a_tone(room):
    room.daemon.post(Rang("The tea is done."))
    room.wait("clause_started")
    assert tone_in(room.loudspeaker.take(), OUT, "ring")[0] > ALIKE


def test_two_voices_are_equally_loud(room):
    levels = {}
    for language, text in TEXTS.items():
        room.loudspeaker.take()
        turn = room.recite(text)
        assert room.wait("speaking_ended", turn=turn)["heard"] == text
        levels[language] = measured(room.loudspeaker.take(), OUT)
    assert levels["en"] == pytest.approx(levels["zh"], abs=LU)
    assert levels["en"] == pytest.approx(-18.0, abs=LU)


def test_volume_speed_and_a_stop_are_heard_while_it_speaks_and_nothing_clicks(room):
    for _ in range(TRIES):
        room.hush()
        room.loudspeaker.take()
        room.recite(" ".join([TEXTS["en"]] * 3))
        pieces = []
        for change in (lambda: room.daemon.set_volume(0.25), lambda: room.daemon.set_volume(1.0)):
            time.sleep(1.5)
            pieces.append(room.loudspeaker.take())
            change()
        room.daemon.set_rate(1.6)
        time.sleep(0.7)
        room.daemon.post(StopRequested())
        heard = room.wait("speaking_ended")["heard"]
        time.sleep(0.5)
        pieces.append(room.loudspeaker.take())
        room.daemon.set_rate(1.0)
        if (clicks := hiss(np.concatenate(pieces))) < CLICK:
            break
    loud, soft, rest = pieces
    assert 0 < len(heard) < 3 * len(TEXTS["en"])
    change = measured(soft[OUT // 2 :], OUT) - measured(loud, OUT)
    assert change == pytest.approx(20 * np.log10(factor(0.25)), abs=6.0)
    assert not sounding(rest[-OUT // 10 :], OUT).any()
    assert clicks < CLICK


def test_another_speed_is_heard_from_the_next_clause_on(room):
    lengths = []
    for rate in (1.0, 1.6):
        room.loudspeaker.take()
        turn = room.recite(TEXTS["en"])
        room.daemon.set_rate(rate)
        room.wait("speaking_ended", turn=turn)
        lengths.append(spoken_s(room.loudspeaker.take(), OUT))
    room.daemon.set_rate(1.0)
    assert lengths[1] < 0.9 * lengths[0]
