"""Ears and mouth on real servers with real models, and a whole spoken turn through both of them."""

import asyncio
import re

import far_host as fake
import far_servers
import numpy as np
import pytest
import soxr
from far_host import FarHost, nobody

from assistant.audio import wav
from assistant.audio.frames import FRAME_SAMPLES, RATE
from assistant.config import Config, parse
from assistant.ears.wyoming import WyomingRecogniser
from assistant.mouth.wyoming import WyomingSynthesiser
from assistant.wyoming.address import parse as address
from assistant.wyoming.errors import Lost
from assistant.wyoming.finding import describe

pytestmark = pytest.mark.engine

PATIENCE_S = 30.0
QUESTION = "What is the capital of France?"


def never():
    return False


@pytest.fixture(scope="module")
def whisper(tmp_path_factory):
    with far_servers.whisper(tmp_path_factory.mktemp("whisper")) as server:
        yield server


@pytest.fixture(scope="module")
def piper(tmp_path_factory):
    with far_servers.piper(tmp_path_factory.mktemp("piper")) as server:
        yield server


@pytest.fixture(scope="module")
def question():
    from importlib import resources

    with resources.as_file(resources.files("assistant") / "data" / "question-en.wav") as path:
        return wav.read(path)


def plain(text):
    return re.sub(r"[^a-z ]", "", text.lower()).strip()


def feed(recogniser, pcm):
    for at in range(0, len(pcm), FRAME_SAMPLES):
        recogniser.feed(pcm[at : at + FRAME_SAMPLES])


def said(voice, text):
    return np.concatenate([sound.pcm for sound in voice.synthesise(text, never)])


def test_both_say_what_they_offer(whisper, piper):
    (hears,) = describe(address(whisper.uri, "uri"))
    assert hears.kind == "asr"
    assert hears.knows("en")
    assert hears.knows("zh")
    speaks = describe(address(piper.uri, "uri"))
    assert {offer.kind for offer in speaks} == {"tts"}
    assert speaks[0].knows("en")


def test_whisper_there_hears_what_is_said_here_though_it_goes_on_after_a_pause(whisper, question):
    recogniser = WyomingRecogniser(whisper.uri, "en", timeout_s=PATIENCE_S)
    half = len(question) // 2
    feed(recogniser, question[:half])
    assert recogniser.settle() != ""
    feed(recogniser, question[half:])
    assert plain(recogniser.finish().text) == plain(QUESTION)
    recogniser.close()


def test_piper_there_speaks_and_whisper_there_understands_it(whisper, piper):
    voice = WyomingSynthesiser(piper.uri, "en", timeout_s=PATIENCE_S)
    pcm = said(voice, f"I have a question. {QUESTION}")
    assert 2.0 < len(pcm) / voice.rate < 6.0
    recogniser = WyomingRecogniser(whisper.uri, "en", timeout_s=PATIENCE_S)
    feed(recogniser, np.asarray(soxr.resample(pcm, voice.rate, RATE), np.int16))
    assert plain(recogniser.finish().text) == plain(f"I have a question. {QUESTION}")


def test_a_voice_that_it_does_not_have_is_one_sentence(piper):
    voice = WyomingSynthesiser(piper.uri, "en", voice="xx_XX-nobody-low", timeout_s=PATIENCE_S)
    with pytest.raises(Lost) as lost:
        said(voice, QUESTION)
    assert "\n" not in str(lost.value)


# --- a whole turn ----------------------------------------------------------------------------


def thin(ears_at, mouth_at, **more):
    """A device that thinks here, and hears and speaks elsewhere."""
    return parse(
        {
            "llm": {"temperature": 0.0, "max_tokens": 16},
            "asr": {"engine": "wyoming", "uri": ears_at, "timeout": PATIENCE_S},
            "speech": {"engine": "wyoming", "uri": mouth_at, "timeout": PATIENCE_S},
            "turn": {"follow_up": 0.0},
            **more,
        },
        "test",
    )


@pytest.mark.slow
def test_sound_before_the_wake_word_stays_here_and_where_nobody_hears_it_is_said_aloud(
    tmp_path, question
):
    from assistant.audio.files import FileLoudspeaker, FileMicrophone
    from assistant.conversation import SENTENCES
    from assistant.daemon import Daemon
    from assistant.events import WakeDetected
    from assistant.models import Shelf

    folder = Shelf(Config().models_dir).locate("", "llm").parent
    (tmp_path / folder.name).symlink_to(folder)  # a device without any recogniser

    async def talk(host):
        settings = thin(host.uri, nobody(), paths={"models": str(tmp_path)})
        microphone, notes = FileMicrophone([]), []
        daemon = Daemon(settings, microphone, FileLoudspeaker(16_000))
        daemon.observe(lambda name, data: notes.append((name, data)))

        async def answer():
            notes.clear()
            daemon.post(WakeDetected("test"))
            await asyncio.sleep(0.3)
            microphone.play(question)
            async with asyncio.timeout(60):
                while True:
                    for name, data in notes:
                        if name == "speaking_ended" and data["heard"].strip():
                            return data["heard"].strip()
                    await asyncio.sleep(0.02)

        async with daemon:
            microphone.play(question)
            await asyncio.sleep(len(question) / RATE + 0.5)
            assert host.connections == 0
            assert await answer() == SENTENCES["en"].failed
            await daemon.asleep()
            host.behave = fake.writes(QUESTION)
            assert "Paris" in await answer()

    with FarHost(fake.cuts_at("audio-stop")) as host:
        asyncio.run(talk(host))


@pytest.mark.slow
def test_a_turn_is_heard_there_and_spoken_there_and_here_when_they_are_gone(
    question, whisper, piper, caplog
):
    from assistant.rehearsal import Rehearsal

    async def talk():
        async with Rehearsal(thin(whisper.uri, piper.uri)) as assistant:
            there = await assistant.ask(question)
            assert plain(there.heard) == plain(QUESTION)
            assert "Paris" in there.reply
            assert len(there.speech) > 0
            assert caplog.text == ""
            whisper.stop()
            piper.stop()
            here = await assistant.ask(question)
            assert plain(here.heard) == plain(QUESTION)
            assert "Paris" in here.reply
            assert len(here.speech) > 0
            assert "moonshine hears instead" in caplog.text

    asyncio.run(talk())  # the last one: the servers have ended
