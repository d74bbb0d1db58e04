"""What recognisers make up, and what people say all the same; and a real one that hears noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frames import RATE
from assistant.config import Config
from assistant.ears.moonshine import MoonshineRecogniser
from assistant.ears.phantoms import Phantoms

MADE_UP = [
    ("whisper", "Thank you for watching!"),
    ("whisper", "Thanks for watching and see you next time."),
    ("whisper", "字幕由Amara.org社区提供"),
    ("whisper", "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目"),
    ("whisper", "you"),
    ("whisper", "[Music]"),
    ("whisper", "(applause)"),
    ("whisper", "哈哈哈哈哈哈"),
    ("moonshine", "You"),
    ("moonshine", "♪♪♪♪\ufffd"),
    ("moonshine", "♪ The world is the world ♪ ♪ The world is the world ♪"),
    ("moonshine", "© transcript Emily Beynon"),
    ("moonshine", "So if you're serious, you're serious, you're serious, you're serious"),
    ("moonshine", "I'm going to be with you. I'm going to be with you. I'm going to be with you."),
    ("moonshine", "la la la la la la"),
    ("vosk", "huh"),
    ("unheard of", "..."),
]
SAID = [
    ("whisper", "What is the capital of France?"),
    ("whisper", "字幕用英语怎么说？"),
    ("whisper", "作曲家是谁"),
    ("whisper", "五五五五五五"),
    ("moonshine", "no no no"),
    ("moonshine", "five five five five five five"),
    ("moonshine", "5 5 5 5 5"),
    ("moonshine", "So what time is it?"),
    ("moonshine", "Thank you."),
    ("vosk", "停停停"),
    ("unheard of", "you"),
]


@pytest.mark.parametrize(("engine", "text"), MADE_UP)
def test_what_was_made_up_is_known(engine, text):
    assert Phantoms(engine).unreal(text, 1.0)


@pytest.mark.parametrize(("engine", "text"), SAID)
def test_what_was_said_is_left(engine, text):
    assert not Phantoms(engine).unreal(text, 1.0)


@pytest.mark.parametrize("text", ["Thank you.", "谢谢。", "Bye."])
def test_what_people_say_too_is_made_up_for_speech_that_is_far_too_long(text):
    assert not Phantoms("whisper").unreal(text, 0.6)
    assert Phantoms("whisper").unreal(text, 6.0)


def test_what_another_host_writes_is_judged_as_whispers():
    assert Phantoms("wyoming").unreal("Thanks for watching!", 1.0)


@given(st.text(), st.floats(0, 60))
def test_any_text_is_judged(text, speech_s):
    unreal = Phantoms("whisper").unreal(text, speech_s)
    assert unreal or text.strip()


@pytest.mark.engine
def test_what_a_real_recogniser_writes_for_noise_and_music_is_known():
    recogniser = MoonshineRecogniser(Config().models_dir / "moonshine-tiny-en")
    phantoms, time = Phantoms(recogniser.name), np.arange(RATE) / RATE
    noise = np.random.default_rng(7).standard_normal(RATE)
    organ = sum(np.sin(2 * np.pi * f * time) for f in (130.8, 164.8, 196.0, 261.6))
    for sound in (noise, organ):
        recogniser.start()
        recogniser.feed((sound / np.abs(sound).max() * 8000).astype(np.int16))
        text = recogniser.finish().text
        assert text, "it writes nothing: the test has no matter any more"
        assert phantoms.unreal(text, 1.0), text
    recogniser.close()
