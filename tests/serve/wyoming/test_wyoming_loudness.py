"""A server's voices are heard as loud as the device's own; so is what it says unasked.

Recogniser, mind and own voice are fakes, and so is the server, see `home`; its voice is a tone.
"""

import json

import numpy as np
import pytest
from home import RATE, Server, config, fake_engines, live
from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.tts import Synthesize, SynthesizeVoice

from assistant.audio.resample import Resampler
from assistant.audio.tones import tone
from assistant.conversation import Phase
from assistant.events import Key
from assistant.mouth.limiter import CEILING
from assistant.mouth.loudness import Book, Loudness, measured
from assistant.serve.wyoming.stream import Stream, alarm

FAR_RATE = 22_050
OWN = -18.0


def voice_at(level, seconds):
    return tone(1000.0, seconds, FAR_RATE, level)


class Player:
    """A fake of the player: it keeps what it is given."""

    rate = RATE

    def __init__(self):
        self.pcm = np.zeros(0, np.int16)

    def begin(self, key, text):
        pass

    def add(self, key, pcm):
        self.pcm = np.append(self.pcm, pcm)

    def complete(self, key):
        pass

    def end(self, key):
        pass


@pytest.fixture
def far(tmp_path):
    return Loudness("far", Book(tmp_path / "loudness.json"), OWN)


def played(stream, pcm, before=0):
    """Give a stream its sound, of which some was there `before` it might be heard."""
    player = Player()
    stream.add(pcm[:before])
    stream.play(player, Key(1, 1))
    for at in range(before, len(pcm), 2048):
        stream.add(pcm[at : at + 2048])
    stream.end()
    return player.pcm


def test_a_voice_that_nobody_knows_is_left_as_it_is_and_as_loud_as_the_own_one_after_that(far):
    pcm = voice_at(-30.0, 3.0)
    first = played(Stream(FAR_RATE, voice=far), pcm)
    second = played(Stream(FAR_RATE, voice=far), pcm[:FAR_RATE])
    assert measured(first, RATE) == pytest.approx(-30.0, abs=0.5)
    assert measured(second, RATE) == pytest.approx(OWN, abs=0.5)


def test_a_server_that_is_fast_is_as_loud_at_once(far):
    pcm = voice_at(-30.0, 3.0)
    sound = played(Stream(FAR_RATE, voice=far), pcm, before=round(2.5 * FAR_RATE))
    assert measured(sound, RATE) == pytest.approx(OWN, abs=0.5)


def test_nothing_is_learned_of_a_voice_from_what_may_be_music(far):
    played(Stream(FAR_RATE, voice=far, known=False), voice_at(-30.0, 3.0))
    assert far.lufs is None


def test_what_is_made_louder_does_not_clip(far):
    played(Stream(FAR_RATE, voice=far), voice_at(-30.0, 3.0))
    loud = played(Stream(FAR_RATE, voice=far), voice_at(-8.0, 0.5))
    assert np.abs(loud.astype(int)).max() <= np.ceil(CEILING)


def test_without_a_voice_every_sample_stays_as_it_is():
    pcm, resampler = voice_at(-2.0, 0.5), Resampler(FAR_RATE, RATE)
    assert np.array_equal(
        played(Stream(FAR_RATE), pcm, before=len(pcm)),
        np.append(resampler.feed(pcm), resampler.flush()),
    )


def test_an_alarm_is_as_loud_as_tones_are_to_be():
    for level in (-18.0, -30.0):
        player = Player()
        alarm("t", RATE, level).play(player, Key(1, 1))
        notes = player.pcm[: round(0.4 * RATE)]
        rms = 20 * np.log10(np.sqrt(np.mean(np.square(notes / 32768.0))))
        assert rms == pytest.approx(level, abs=2.5)  # with their slopes and the gap between


async def said(home, server, level, seconds, name=None):
    """Let the server answer (`name`: its voice), or say something unasked; return what sounded."""
    if name:
        await home.wake()
        await home.phase(Phase.LISTENING)
        await server.say(Transcript(text="what time is it"))
        await server.say(Synthesize(text="Late.", voice=SynthesizeVoice(name=name)))
    home.loudspeaker.take()
    await server.say(AudioStart(rate=FAR_RATE, width=2, channels=1))
    data = voice_at(level, seconds).tobytes()
    for at in range(0, len(data), 4096):
        await server.say(AudioChunk(FAR_RATE, 2, 1, data[at : at + 4096]))
    await server.say(AudioStop())
    await server.wait("played")
    await home.phase(Phase.ASLEEP)
    return measured(home.loudspeaker.take(), RATE)


def test_answers_and_announcements_have_the_loudness_of_the_settings(monkeypatch):
    fake_engines(monkeypatch)

    async def talk(home):
        server = await Server.connect(home)
        await said(home, server, -26.0, 2.2, name="amy")
        assert await said(home, server, -26.0, 0.6, name="amy") == pytest.approx(OWN, abs=1.0)
        assert await said(home, server, -26.0, 0.6) == pytest.approx(OWN, abs=1.0)
        assert await said(home, server, -26.0, 0.6, name="joe") == pytest.approx(-26.0, abs=1.0)
        return json.loads((home.daemon.config.cache_dir / "loudness.json").read_text())

    kept = live(config(), talk)
    assert kept == {"satellite 127.0.0.1 amy 1": pytest.approx(-26.0, abs=0.5)}
