import itertools
import threading

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.frames import RATE
from assistant.config import Config
from assistant.ears.moonshine import MoonshineRecogniser
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.mouth import espeak
from assistant.mouth.blocks import MARGIN_S, PORTION, SILENCE
from assistant.mouth.espeak import EspeakSynthesiser
from assistant.mouth.lips import SHAPES

LONG = "The quick brown fox jumps over the lazy dog. " * 2300  # 100 kB


def never():
    return False


@pytest.fixture(scope="module")
def english():
    return EspeakSynthesiser()


@pytest.fixture(scope="module")
def chinese():
    return EspeakSynthesiser(language="zh")


def sound(voice, text):
    """All samples of `text` in one piece."""
    blocks = [block.pcm for block in voice.synthesise(text, never)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


def seconds(voice, text):
    return len(sound(voice, text)) / voice.rate


def marks(voice, text):
    return [mark for block in voice.synthesise(text, never) for mark in block.words]


def test_sound_is_int16_mono_and_audible(english):
    blocks = list(english.synthesise("The weather is fine today.", never))
    assert english.rate == 22_050
    for block in blocks:
        assert block.pcm.dtype == np.int16
        assert block.pcm.ndim == 1
    pcm = np.concatenate([block.pcm for block in blocks])
    assert 1 < len(pcm) / english.rate < 3
    assert np.abs(pcm.astype(int)).max() > 5000


@pytest.mark.engine
def test_a_recogniser_understands_it(english):
    recogniser = MoonshineRecogniser(Config().models_dir / "moonshine-tiny-en", partial_every=0)
    heard = soxr.resample(sound(english, "The weather is fine today."), english.rate, RATE)
    recogniser.start()
    recogniser.feed(np.concatenate([np.zeros(4800, np.int16), heard, np.zeros(4800, np.int16)]))
    assert recogniser.finish().text == "The weather is fine today."
    recogniser.close()


@pytest.mark.parametrize("text", ["Hello there.", "pat", "  \n Hello", "5", "你好"])
def test_the_first_sample_is_nearly_audible(english, text):
    audible = np.flatnonzero(np.abs(sound(english, text).astype(int)) > SILENCE)
    assert audible[0] <= MARGIN_S * english.rate + 1


def test_a_voice_speaks_at_the_wanted_rate(english):
    text = "The quick brown fox jumps over the lazy dog."
    usual = seconds(english, text)
    assert seconds(EspeakSynthesiser(speaking_rate=2.0), text) < 0.7 * usual
    assert seconds(EspeakSynthesiser(speaking_rate=0.5), text) > 1.5 * usual
    assert seconds(english, text) == pytest.approx(usual, rel=0.02)  # nothing of theirs is left


# --- words -------------------------------------------------------------------------------------


def test_every_word_is_marked_where_it_begins(english):
    text = "One elephant dances slowly."
    assert [text[:chars] for chars, _ in marks(english, text)] == [
        "",
        "One ",
        "One elephant ",
        "One elephant dances ",
    ]
    pcm = sound(english, text)
    samples = [sample for _, sample in marks(english, text)]
    assert samples[0] < 0.01 * english.rate
    assert 0.1 * english.rate < samples[1] < samples[2] < samples[3] < 0.8 * len(pcm)


def test_marks_go_on_over_blocks_and_voices(english):
    text = "I say 你好 to you. " + "All the words of this long text are counted. " * 12
    assert len(text) > PORTION
    blocks = list(english.synthesise(text, never))
    assert len(blocks) >= 4
    starts = {text[:chars].rsplit(maxsplit=1)[-1] for chars, _ in marks(english, text) if chars}
    assert {"I", "say", "words", "counted."} <= starts
    total = 0
    for block in blocks:
        assert all(total <= sample <= total + len(block.pcm) for _, sample in block.words)
        total += len(block.pcm)


texts = st.lists(
    st.one_of(
        st.sampled_from(
            [*"abc .,!?\n你好5é<>&[]", "Hello ", "世界，", "Dr. ", "<break/>", "\0", "\ud800"]
        ),
        st.text(st.characters(exclude_categories=[]), max_size=3),
    ),
    max_size=25,
).map("".join)


@given(texts, st.sampled_from(["en", "zh"]))
@settings(max_examples=80, deadline=None)
def test_marks_ascend_within_any_text(english, chinese, text, language):
    voice = english if language == "en" else chinese
    blocks = list(voice.synthesise(text, never))
    length = sum(len(block.pcm) for block in blocks)
    found = [(0, 0), *(mark for block in blocks for mark in block.words)]
    for (chars, sample), (next_chars, next_sample) in itertools.pairwise(found):
        assert chars <= next_chars <= len(text)
        assert sample <= next_sample <= length
    assert all(len(block.pcm) for block in blocks)


# --- what a text may hold ----------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "?!", "😀", "\0", "\ud800", "。"])
def test_nothing_to_say_yields_nothing(english, chinese, text):
    assert list(english.synthesise(text, never)) == []
    assert list(chinese.synthesise(text, never)) == []


@pytest.mark.parametrize("cut", ["\0", "\ud800", "\x1b", "\ufffe"])
def test_no_character_ends_the_text(english, cut):
    with_it = seconds(english, f"the first half {cut} and the second half")
    assert with_it > 0.9 * seconds(english, "the first half and the second half")


def test_what_looks_like_ssml_is_read_and_not_obeyed(english):
    before = seconds(english, "Good morning to you.")
    text = "<voice name='de'>Hello</voice> <prosody rate='x-fast'>there"
    words = {text[:chars].rsplit(" ", 1)[-1] for chars, _ in marks(english, text)}
    assert any("name=" in word for word in words)
    assert any("rate=" in word for word in words)
    assert seconds(english, text) > 2 * seconds(english, "Hello there")
    assert seconds(english, "Good morning to you.") == pytest.approx(before, rel=0.02)


def test_what_looks_like_phonemes_is_read_and_not_obeyed(english):
    assert len(marks(english, "[[h@l'oU]]")) > 1  # obeyed, it is one word
    assert seconds(english, "[[h@l'oU]]") > 2 * seconds(english, "hello")


def test_mixed_text_is_read_by_a_voice_for_each_script(english, chinese):
    for voice in (english, chinese):
        blocks = list(voice.synthesise("hello 世界 again", never))
        assert len(blocks) == 3
        whole = sum(len(block.pcm) for block in blocks)
        assert whole > 0.8 * (len(sound(english, "hello again")) + len(sound(chinese, "世界")))


def test_chinese_is_four_syllables_and_not_letters(english, chinese):
    # a voice that cannot read it says "Chinese letter" for each, about a second
    for voice in (english, chinese):
        assert 0.5 < seconds(voice, "今天很好") < 1.8


@pytest.mark.parametrize("text", ["שלום עולם", "مرحبا", "Привет", "e\u0301te\u0301", "Ｈｅｌｌｏ"])
def test_other_scripts_are_sound_of_some_kind(english, text):
    assert seconds(english, text) > 0.1


# --- cancelling --------------------------------------------------------------------------------


def test_a_cancelled_text_of_100_kb_ends_after_the_block_in_work(english):
    cancelled = threading.Event()
    blocks = english.synthesise(LONG, cancelled.is_set)
    first = next(blocks)
    assert len(first.pcm) / english.rate < 60
    cancelled.set()
    assert list(blocks) == []


def test_nothing_is_said_when_it_was_cancelled_before(english):
    assert list(english.synthesise("Hello there.", lambda: True)) == []


def test_cancelling_stops_the_engine_within_a_portion(english):
    asked = []

    def soon():
        asked.append(None)
        return len(asked) > 3

    text = "The quick brown fox jumps over the lazy dog and does so " * 7
    assert len(text) < PORTION
    assert list(english.synthesise(text, soon)) == []
    assert len(asked) < 10  # it was asked about 25 times in 20 s of speech, had it gone on


def test_the_next_text_is_whole_after_a_cancelled_one(english):
    usual = seconds(english, "Hello there, my friend.")
    calls = itertools.count()
    list(english.synthesise("Something else was to be said here.", lambda: next(calls) > 2))
    assert seconds(english, "Hello there, my friend.") == pytest.approx(usual, rel=0.02)


# --- voices ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["en-gb", "EN-US", "de", "gmw/en-US", "German", "cmn", "zh"])
def test_voices_go_by_code_name_and_identifier(name):
    assert seconds(EspeakSynthesiser(name), "hello") > 0.2


@pytest.mark.parametrize(
    ("wanted", "near"), [("en-uss", "en-us"), ("germann", "german"), ("cmm", "cmn")]
)
def test_an_unknown_voice_is_refused_with_the_nearest_names(wanted, near):
    with pytest.raises(BadInput, match=f"no voice `{wanted}`; did you mean .*{near}") as caught:
        EspeakSynthesiser(wanted)
    assert "\n" not in str(caught.value)


def test_a_voice_like_no_other_is_refused_too():
    with pytest.raises(BadInput, match=r"no voice `@@@`; `espeak-ng --voices` shows them all"):
        EspeakSynthesiser("@@@")


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(espeak, "LIBRARIES", ("libespeak-of-nobody.so.1",))
    with pytest.raises(EngineMissing, match="apt install libespeak-ng1"):
        espeak._load.__wrapped__()


def test_a_failure_of_the_library_is_an_error_of_ours(english, monkeypatch):
    class Broken:
        """A fake: the real library fails only when it runs out of memory."""

        def __getattr__(self, name):
            return lambda *_: -1

    monkeypatch.setattr(english, "_library", Broken())
    with pytest.raises(AssistantError, match="could not speak 'Hello'"):
        list(english.synthesise("Hello", never))


def test_two_threads_do_not_disturb_each_other(english, chinese):
    alone = seconds(english, "One two three four five."), seconds(chinese, "今天很好，我们去公园。")
    together = {}

    def work(name, voice, text):
        together[name] = [seconds(voice, text) for _ in range(20)]

    threads = [
        threading.Thread(target=work, args=("en", english, "One two three four five.")),
        threading.Thread(target=work, args=("zh", chinese, "今天很好，我们去公园。")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together["en"] == pytest.approx([alone[0]] * 20, rel=0.02)
    assert together["zh"] == pytest.approx([alone[1]] * 20, rel=0.02)


def test_it_can_be_closed_and_made_again():
    EspeakSynthesiser().close()
    assert seconds(EspeakSynthesiser(), "again") > 0.2


# --- lips ---------------------------------------------------------------------------------------


def lips(voice, text):
    return [mark for block in voice.synthesise(text, never) for mark in block.lips]


def names(voice, text):
    return [SHAPES[shape] for _, shape in lips(voice, text)]


def test_the_lips_follow_the_words(english):
    assert names(english, "Mama")[:4] == ["closed", "open", "closed", "mid"]
    assert names(english, "You")[:2] == ["wide", "pout"]
    assert {"lip", "wide"} <= set(names(english, "five"))


def test_chinese_has_lips_too(chinese):
    assert {"open", "closed", "wide"} <= set(names(chinese, "妈妈你好"))


@pytest.mark.parametrize(
    "text", ["Maybe five boats go there now.", "Hello 你好 world.", LONG[:900]]
)
def test_lips_ascend_over_all_blocks_and_stay_within_the_sound(english, text):
    starts = [at for at, _ in lips(english, text)]
    assert starts == sorted(starts)
    assert 0 <= starts[0] < 0.1 * english.rate
    assert starts[-1] <= len(sound(english, text))
