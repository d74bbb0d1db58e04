import json
import logging

import numpy as np
import pyebur128
import pytest

from assistant.audio.tones import NOTES, bell, tone
from assistant.config import Config, parse
from assistant.errors import AssistantError
from assistant.mouth import engines
from assistant.mouth.loudness import ENOUGH_S, MOST_DB, SAMPLES, Book, Levelled, measured
from assistant.mouth.synthesiser import Sound

RATE = 16_000
LONG = {
    "en": "I am not sure about that, but the library at the corner may know more. "
    "It opens at nine, and closes when the last reader has gone home.",
    "zh": "这个我不太清楚，不过街角的图书馆也许知道得更多。"
    "它九点开门，最后一位读者回家以后才关门。",
}


def never():
    return False


def said(voice, text):
    return np.concatenate([sound.pcm for sound in voice.synthesise(text, never)])


class FakeVoice:
    """Not a voice: a tone at a level of one's choice."""

    name, rate = "fake", RATE

    def __init__(self, level, seconds=5.0):
        self.level, self.seconds, self.speed = level, seconds, 1.0
        self.closed = False

    def synthesise(self, text, cancelled):
        yield Sound(tone(1000.0, self.seconds, RATE, self.level), ((len(text), 7),), ((3, 1),))

    def close(self):
        self.closed = True


class MuteVoice(FakeVoice):
    """Not a voice: it fails."""

    def synthesise(self, text, cancelled):
        raise AssistantError("no breath")
        yield


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path / "cache" / "loudness.json")


# --- real voices -------------------------------------------------------------------------------


def settings(tmp_path, language, **speech):
    paths = {"cache": str(tmp_path), "models": str(Config().models_dir)}
    return parse({"language": language, "speech": speech, "paths": paths}, "test")


def check(voice, text):
    """A text that it was not measured by has the wished loudness, and does not clip."""
    pcm = said(voice, text)
    assert measured(pcm, voice.rate) == pytest.approx(-18.0, abs=1.5)
    state = pyebur128.R128State(1, voice.rate, pyebur128.MeasurementMode.MODE_TRUE_PEAK)
    state.add_frames(pcm, len(pcm))
    assert 20 * np.log10(pyebur128.get_true_peak(state, 0)) <= -1.0
    voice.close()


@pytest.mark.parametrize(("voice", "language"), [("", "en"), ("en-gb", "en"), ("", "zh")])
def test_voices_of_espeak_are_equally_loud_and_do_not_clip(tmp_path, voice, language):
    config = settings(tmp_path, language, engine="espeak", voice=voice)
    check(engines.make(config), LONG[language])
    assert len(json.loads((tmp_path / "loudness.json").read_text())) == 1


@pytest.mark.engine
def test_a_voice_of_piper_is_as_loud_as_one_of_espeak(tmp_path):
    config = settings(tmp_path, "en", engine="piper", voice="piper-en-joe", threads=1)
    check(engines.make(config), LONG["en"])


def test_another_loudness_is_that_of_all_voices(tmp_path):
    config = settings(tmp_path, "en", engine="espeak", loudness=-30.0)
    pcm = said(engines.make(config), LONG["en"])
    assert measured(pcm, 22_050) == pytest.approx(-30.0, abs=1.0)


@pytest.mark.parametrize("name", NOTES)
def test_tones_have_the_loudness_that_is_said(name):
    for frequency in NOTES[name]:
        long = tone(frequency, 2.0, 48_000, -24.0)
        assert measured(long, 48_000) == pytest.approx(-24.0, abs=1.0)


# --- measuring once ----------------------------------------------------------------------------


def test_the_meter_is_that_of_the_recommendation():
    # ITU-R BS.1770: a sine of 997 Hz at 0 dBFS in one channel has -3.01 LKFS.
    time = np.arange(5 * 48_000) / 48_000
    sine = (32767 * np.sin(2 * np.pi * 997 * time)).astype(np.int16)
    assert measured(sine, 48_000) == pytest.approx(-3.01, abs=0.05)
    assert measured(sine[:100], 48_000) == -np.inf


def test_an_unknown_voice_is_left_as_it_is_until_it_has_said_enough(book):
    voice = Levelled(FakeVoice(-30.0, ENOUGH_S / 2), "a", book, -20.0)
    (first, second, third) = (measured(said(voice, "text"), RATE) for _ in range(3))
    assert first == pytest.approx(-30.0, abs=0.3)
    assert second == pytest.approx(-30.0, abs=0.3)
    assert third == pytest.approx(-20.0, abs=0.3)


def test_what_was_measured_is_kept_and_not_measured_again(book):
    Levelled(FakeVoice(-30.0), "a", book, -20.0).learn("en")
    again = Levelled(MuteVoice(-30.0), "a", book, -20.0).learn("en")
    assert again.loudness == pytest.approx(-30.0, abs=0.3)
    assert Levelled(FakeVoice(-30.0), "b", book, -20.0).loudness is None


def test_marks_and_the_rest_of_a_voice_go_through(book):
    inner = FakeVoice(-25.0)
    voice = Levelled(inner, "a", book, -20.0).learn("zh")
    (sound,) = voice.synthesise("text", never)
    assert (sound.words, sound.lips) == (((4, 7),), ((3, 1),))
    voice.speed = 1.3
    assert (inner.speed, voice.speed, voice.name, voice.rate) == (1.3, 1.3, "fake", RATE)
    voice.close()
    assert inner.closed


@pytest.mark.parametrize(("level", "decibels"), [(-60.0, MOST_DB), (-5.0, -MOST_DB)])
def test_the_gain_has_limits(book, level, decibels):
    voice = Levelled(FakeVoice(level), "a", book, -30.0).learn("en")
    assert 20 * np.log10(voice.factor) == pytest.approx(decibels, abs=0.1)


def test_silence_and_a_voice_that_fails_change_nothing(book):
    for voice in (FakeVoice(-200.0), MuteVoice(-20.0)):
        levelled = Levelled(voice, "a", book, -20.0).learn("en")
        assert levelled.loudness is None
        assert levelled.factor == 1.0


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"a 1": "loud"}', '{"a 1": 3e9}', "\x00" * 90])
def test_a_damaged_book_is_written_anew(tmp_path, damage):
    path = tmp_path / "loudness.json"
    path.write_text(damage)
    voice = Levelled(FakeVoice(-30.0), "a", Book(path), -20.0)
    assert voice.loudness is None
    voice.learn("en")
    assert json.loads(path.read_text())["a 1"] == pytest.approx(-30, abs=0.3)


def test_where_nothing_can_be_written_it_is_levelled_all_the_same(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.INFO):
        voice = Levelled(FakeVoice(-30.0), "a", Book(tmp_path / "file" / "x.json"), -20.0)
        voice.learn("en")
    assert "cannot be kept there" in caplog.text
    assert voice.factor > 1


def test_the_samples_are_long_enough_for_every_voice(tmp_path):
    for language in SAMPLES:
        config = settings(tmp_path, language, engine="espeak", rate=2.0)
        assert engines.make(config).loudness is not None


def test_a_bell_keeps_its_level():
    loud, soft = bell(RATE, -12.0), bell(RATE, -18.0)
    assert np.abs(loud).max() / np.abs(soft).max() == pytest.approx(2.0, rel=0.01)
