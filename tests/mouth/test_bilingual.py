"""Two voices as one: which says what, and that the marks of its sound are right."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.config import Config, parse
from assistant.errors import EngineMissing
from assistant.language import of
from assistant.mouth import engines
from assistant.mouth.bilingual import BilingualSynthesiser, runs
from assistant.mouth.espeak import EspeakSynthesiser
from assistant.mouth.loudness import Levelled
from assistant.mouth.synthesiser import Sound


class Counting:
    """A fake voice: 100 samples for each character, at a rate of its own; marks where asked for."""

    speed = 1.0

    def __init__(self, name, rate, *, marks):
        self.name, self.rate, self.marks, self.said, self.closed = name, rate, marks, [], False

    def synthesise(self, text, cancelled):
        self.said.append((text, self.speed))
        for at in range(0, len(text), 4):
            if cancelled():
                return
            pcm = np.full(100 * len(text[at : at + 4]), 1000, np.int16)
            words = ((at, 100 * at),) if self.marks else ()
            yield Sound(pcm, words, ((100 * at, 1),) if self.marks else ())

    def close(self):
        self.closed = True


@given(st.text(), st.sampled_from(["en", "zh"]))
@example("42", "zh")
@example("3 个 apples。", "en")
def test_runs_are_the_text_and_each_is_in_one_language(text, language):
    found = runs(text, language)
    assert "".join(run for _, run, _ in found) == text
    assert [start for start, _, _ in found] == [
        sum(len(run) for _, run, _ in found[:at]) for at in range(len(found))
    ]
    for _, run, tongue in found:
        assert of(run, language) == tongue
    for (_, _, one), (_, _, other) in pairwise(found):
        assert one != other


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("我喜欢 Python。", [("我喜欢 ", "zh"), ("Python。", "en")]),
        ("Hello, 你好！ Bye.", [("Hello, ", "en"), ("你好！ ", "zh"), ("Bye.", "en")]),
        ("It's 20 degrees.", [("It's 20 degrees.", "en")]),
        ("3 个苹果", [("3 个苹果", "zh")]),
        ("第 3 课 OK", [("第 3 课 ", "zh"), ("OK", "en")]),
        ("", []),
    ],
)
def test_where_a_text_is_cut(text, said):
    assert [(run, tongue) for _, run, tongue in runs(text, "en")] == said


def test_the_second_voice_is_made_when_it_is_wanted_and_only_once():
    made = []

    def other():
        made.append(Counting("other", 16000, marks=False))
        return made[-1]

    first = Counting("first", 16000, marks=False)
    both = BilingualSynthesiser(first, "en", other)
    list(both.synthesise("Hello there.", lambda: False))
    assert not made
    both.speed = 1.5
    list(both.synthesise("你好。Hello.", lambda: False))
    list(both.synthesise("再见。", lambda: False))
    assert len(made) == 1
    assert made[0].said == [("你好。", 1.5), ("再见。", 1.5)]
    assert first.said == [("Hello there.", 1.0), ("Hello.", 1.5)]
    both.close()
    assert first.closed
    assert made[0].closed


@pytest.mark.parametrize("rate", [16000, 22050, 8000])
@pytest.mark.parametrize("marks", [(True, True), (False, True), (True, False)])
def test_marks_count_from_the_beginning_of_the_text_at_one_rate(rate, marks):
    text = "Hello 你好世界。Bye."
    both = BilingualSynthesiser(
        Counting("en", 16000, marks=marks[0]), "en", lambda: Counting("zh", rate, marks=marks[1])
    )
    sounds = list(both.synthesise(text, lambda: False))
    samples = sum(len(sound.pcm) for sound in sounds)
    zh = 500 * 16000 // rate
    assert samples == pytest.approx(600 + zh + 400, abs=60)
    words = [word for sound in sounds for word in sound.words]
    assert words == sorted(words)
    # the first character of each later run is told of where its sound begins
    assert next(at for chars, at in words if chars >= 6) == 600
    assert next(at for chars, at in words if chars >= 11) == pytest.approx(600 + zh, abs=60)
    assert all(at < samples for sound in sounds for at, _ in sound.lips)


def test_it_stops_between_voices():
    wanted = [True]
    second = Counting("zh", 16000, marks=False)
    both = BilingualSynthesiser(Counting("en", 16000, marks=False), "en", lambda: second)
    for _ in both.synthesise("Hi. 你好。", lambda: not wanted[0]):
        wanted[0] = False
    assert not second.said


def settings(**speech):
    return parse({"language": "auto", "speech": speech}, "test")


def test_espeak_speaks_both_by_itself():
    made = engines.make(settings(engine="espeak"))
    assert isinstance(made, Levelled)
    assert isinstance(made.voice, EspeakSynthesiser)
    assert engines.explain(settings(engine="espeak")) == (
        "`en`: espeak with the voice for en; `zh`: espeak with the voice for zh"
    )


@pytest.mark.engine
def test_piper_speaks_its_language_and_espeak_the_other():
    voice = engines.make(settings(engine="auto", voice="piper-en-joe", threads=1))
    assert isinstance(voice, BilingualSynthesiser)
    assert voice.name == "piper"
    made = [sum(len(sound.pcm) for sound in voice.synthesise(text, lambda: False))
            for text in ("Hello.", "你好。", "Hello. 你好。")]  # fmt: skip
    assert made[2] == pytest.approx(made[0] + made[1], rel=0.2)
    voice.close()


def test_a_voice_that_is_not_installed_for_the_second_language_is_told_of_at_the_start():
    if (Config().models_dir / "piper-zh-huayan").is_dir():
        pytest.skip("it is installed here")
    for ask in (engines.make, engines.explain):
        with pytest.raises(EngineMissing, match="piper-zh-huayan"):
            ask(settings(engine="piper", voice="piper-en-joe"))


@pytest.mark.parametrize(
    ("voice", "given"), [("en-gb", ["en-gb", ""]), ("cmn-latn-pinyin", ["", "cmn-latn-pinyin"]),
                         ("piper-zh-huayan", ["", "piper-zh-huayan"])],
)  # fmt: skip
def test_a_named_voice_is_for_the_language_that_it_speaks(voice, given):
    assert [each.speech.voice for each in engines._each(settings(voice=voice))] == given


def test_voices_of_both_languages_may_be_chosen():
    assert {"en-us", "cmn-latn-pinyin"} <= set(engines.choices(settings(engine="espeak")))
