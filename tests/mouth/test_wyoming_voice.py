"""A voice on another host, and the one here that takes over.

The other host is a fake (`far_host`), the voice here is espeak; the real voices of other hosts
stand in tests/far/test_far_servers.py.
"""

import time

import far_host as fake
import numpy as np
import pytest
from far_host import FarHost, nobody

from assistant.config import parse
from assistant.errors import AssistantError, BadInput
from assistant.mouth import engines
from assistant.mouth import wyoming as module
from assistant.mouth.either import EitherSynthesiser
from assistant.mouth.espeak import EspeakSynthesiser
from assistant.mouth.remembering import Remembering
from assistant.mouth.wyoming import RATE, RATES, WyomingSynthesiser
from assistant.wyoming.errors import Lost
from assistant.wyoming.pauses import Pauses

SOON_S = 0.3
TEXT = "All is well."


def never():
    return False


def tone(rate, seconds=0.5, hertz=400.0):
    return (10_000 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(
        np.int16
    )


def far(host, **settings):
    uri = host if isinstance(host, str) else host.uri
    return WyomingSynthesiser(uri, "en", timeout_s=SOON_S, **settings)


def said(voice, text=TEXT):
    blocks = [sound.pcm for sound in voice.synthesise(text, never)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


def span(pcm, rate):
    """Seconds from the first loud sample to the last."""
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 1000)
    return (loud[-1] - loud[0]) / rate


def pitch(pcm, rate):
    """The frequency of a tone in Hz."""
    spectrum = np.abs(np.fft.rfft(pcm.astype(float) * np.hanning(len(pcm))))
    return np.argmax(spectrum) * rate / len(pcm)


@pytest.mark.parametrize("rate", RATES)
def test_its_sound_keeps_pitch_and_length_at_whatever_rate_it_comes(rate):
    with FarHost(fake.says(*np.array_split(tone(rate), 7), rate=rate)) as host:
        pcm = said(far(host))
    assert len(pcm) == pytest.approx(RATE * 0.5, abs=RATE * 0.01)
    assert pitch(pcm, RATE) == pytest.approx(400, abs=4)
    steps = np.abs(np.diff(pcm.astype(int)))[RATE // 100 : -RATE // 100]
    assert steps.max() < 1.2 * 10_000 * 2 * np.pi * 400 / RATE  # no click where pieces meet


def test_of_two_channels_the_mean_is_heard():
    left, right = tone(22_050), np.zeros(11_025, np.int16)
    with FarHost(fake.says(np.stack([left, right], 1), channels=2)) as host:
        assert np.abs(said(far(host)).astype(int)).max() == pytest.approx(5000, abs=100)


@pytest.mark.parametrize(
    ("settings", "voice"),
    [
        ({}, {"language": "en"}),
        ({"voice": "joe"}, {"name": "joe"}),
        ({"voice": "libritts", "speaker": "7"}, {"name": "libritts", "speaker": "7"}),
    ],
)
def test_what_shall_speak_is_asked_for(settings, voice):
    with FarHost(fake.says(tone(22_050))) as host:
        said(far(host, **settings))
    assert host.heard[0].data == {"text": TEXT, "voice": voice}


def test_it_sounds_before_the_rest_is_made():
    with FarHost(fake.says(tone(22_050), hang=True)) as host:
        sounds = far(host).synthesise(TEXT, never)
        assert len(next(sounds).pcm) > 0
        sounds.close()


def test_a_text_without_words_is_silent_and_a_long_one_comes_in_portions():
    with FarHost(fake.says(tone(22_050, 0.2))) as host:
        assert len(said(far(host), "... !")) == 0
        assert host.connections == 0
        said(far(host), "This is a sentence. " * 60)
        assert host.connections == 3
        assert all(len(event.data["text"]) <= 401 for event in host.heard)


def test_whoever_cancels_is_not_waited_for():
    with FarHost(fake.says(tone(22_050), hang=True)) as host:
        voice = WyomingSynthesiser(host.uri, "en", timeout_s=fake.LEAVE_S)
        ends = time.monotonic() + 0.3
        sounds = list(voice.synthesise(TEXT, lambda: time.monotonic() > ends))
        assert time.monotonic() < ends + fake.LEAVE_S / 2
    assert len(sounds) > 0


WAYS = {
    "hangs at once": fake.hangs_at_once(),
    "hangs": fake.hangs_at("synthesize"),
    "cut": fake.cuts_at("synthesize"),
    "reset": fake.resets_at("synthesize"),
    "an error of its own": fake.fails_at("synthesize"),
    "no sound": fake.says(),
    "no end": fake.floods_at(
        "synthesize", "audio-chunk", bytes(100_000), rate=8000, width=2, channels=1
    ),
    "a wrong rate": fake.says(tone(22_050), rate=12),
    "a wrong width": fake.says(tone(22_050), width=4),
    "a wrong channel": fake.says(tone(22_050), channels=0),
    **{
        f"nonsense: {name}": fake.cuts_at("synthesize", data)
        for name, data in fake.NONSENSE.items()
    },
}


@pytest.mark.parametrize("behave", WAYS.values(), ids=WAYS)
def test_whatever_goes_wrong_there_is_one_error(behave):
    with FarHost(behave) as host, pytest.raises(Lost) as lost:
        said(far(host))
    assert "\n" not in str(lost.value)


@pytest.mark.parametrize("behave", WAYS.values(), ids=WAYS)
def test_whatever_goes_wrong_there_the_text_is_said_here(behave):
    here = EspeakSynthesiser()
    with FarHost(behave) as host:
        voice = EitherSynthesiser(far(host), EspeakSynthesiser, Pauses())
        assert voice.rate == RATE
        pcm = said(voice)
        voice.close()
    assert span(pcm[-RATE * 3 :], RATE) == pytest.approx(span(said(here), here.rate), abs=0.02)


@pytest.mark.parametrize("hang", [False, True])
def test_a_text_that_breaks_off_there_is_said_again_here_from_its_beginning(hang):
    with FarHost(fake.says(tone(22_050), end=False, hang=hang)) as host:
        voice = EitherSynthesiser(far(host), EspeakSynthesiser, Pauses())
        sounds = list(voice.synthesise(TEXT, never))
    here = list(EspeakSynthesiser().synthesise(TEXT, never))
    total = sum(len(sound.pcm) for sound in sounds)
    before = total - sum(len(sound.pcm) for sound in here) * RATE // 22_050
    assert before == pytest.approx(RATE * 0.5, abs=RATE * 0.01)
    assert not any(sound.words for sound in sounds)
    marks = [at for sound in sounds for at, _ in sound.lips]
    assert marks == sorted(marks)
    assert before - RATE * 0.01 <= marks[0] <= marks[-1] <= total


def test_what_is_said_here_keeps_its_marks():
    voice = EitherSynthesiser(far(nobody()), EspeakSynthesiser, Pauses())
    (sound, *_), (here, *_) = (
        voice.synthesise(TEXT, never),
        EspeakSynthesiser().synthesise(TEXT, never),
    )
    assert [chars for chars, _ in sound.words] == [chars for chars, _ in here.words]
    assert sound.words[-1][1] == here.words[-1][1] * RATE // 22_050


def test_it_is_tried_again_later(caplog):
    now = [0.0]
    with FarHost(fake.cuts_at("synthesize")) as host:
        voice = EitherSynthesiser(far(host), EspeakSynthesiser, Pauses(lambda: now[0]))
        said(voice)
        assert "The local one speaks instead." in caplog.text
        host.behave = fake.says(tone(22_050))
        assert host.connections == 1
        said(voice)
        assert host.connections == 1  # too soon
        now[0] += 1000.0
        assert len(said(voice)) == pytest.approx(RATE * 0.5, abs=RATE * 0.01)


def test_what_one_of_them_has_said_is_remembered_as_its_own():
    now = [0.0]
    with FarHost(fake.says(tone(22_050), end=False)) as host:
        either = EitherSynthesiser(far(host), EspeakSynthesiser, Pauses(lambda: now[0]))
        voice = Remembering(either)
        broken = said(voice)  # half of it there, all of it here
        here = said(voice)
        assert len(here) < len(broken)
        assert np.array_equal(said(voice), here)
        host.behave = fake.says(tone(22_050))
        now[0] += 1000.0
        there = said(voice)
        assert len(there) == pytest.approx(RATE * 0.5, abs=RATE * 0.01)
        before = host.connections
        assert np.array_equal(said(voice), there)
        assert host.connections == before


def test_where_no_voice_speaks_it_is_said_so():
    def none():
        raise BadInput("no voice here.")

    voice = EitherSynthesiser(far(nobody()), none, Pauses())
    with pytest.raises(AssistantError, match="no voice here"):
        said(voice)


# --- choosing it -----------------------------------------------------------------------------


def config(uri="tcp://brain:10200", **speech):
    return parse({"speech": {"engine": "wyoming", "uri": uri, **speech}}, "test")


def test_it_is_taken_when_it_is_named_and_the_local_one_stands_behind():
    made = engines.make(config())
    assert isinstance(made, EitherSynthesiser)
    assert (made.name, made.rate) == ("wyoming", RATE)
    assert engines.explain(config(voice="joe")).startswith(
        "wyoming at tcp://brain:10200 with joe; when that does not answer: "
    )
    assert engines.choices(config()) == [""]


@pytest.mark.parametrize("ask", [engines.make, engines.explain])
def test_an_address_that_is_none_says_what_is_allowed(ask):
    with pytest.raises(BadInput, match=r"`speech\.uri` is not set; allowed: .*`assistant find`"):
        ask(config(""))


def test_the_rates_are_those_that_can_be_changed_into_ours_cheaply():
    for rate in RATES:
        assert module.Resampler(rate, RATE)._taps.size < 300_000


@pytest.mark.parametrize("ask", [engines.make, engines.explain])
def test_a_device_that_offers_the_same_is_not_let_find_itself(ask):
    tables = {"speech": {"engine": "wyoming", "uri": "auto"}, "wyoming": {"enabled": True}}
    with pytest.raises(BadInput, match=r"`speech\.uri` is 'auto'.*would find itself"):
        ask(parse(tables, "test"))
