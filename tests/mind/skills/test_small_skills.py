"""The small skills: what they say in both languages, and that they act only when asked to."""

import random
import re
from importlib import import_module
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AssistantError
from assistant.mind.skills.about import help, status
from assistant.mind.skills.chance import random as draw
from assistant.mind.skills.loudness import volume_down, volume_set, volume_status, volume_up
from assistant.mind.skills.manner import HEARD, language_set, mute, repeat, sleep, stop, unmute
from assistant.mind.skills.pace import rate_down, rate_up
from assistant.mind.skills.registry import SKILLS
from assistant.mind.skills.skill import Request
from assistant.mind.skills.spelling import MOST_LETTERS, spell

LANGUAGES = ["en", "zh"]


class FakeDevice:
    """A fake: notes what was done to it."""

    def __init__(self, level=50, last="", **found):
        self.done, self.level, self.last, self.found = [], level, last, found

    def volume(self, level):
        self.done.append(("volume", level))

    def volume_now(self):
        return self.level

    def rate(self, factor):
        self.done.append(("rate", factor))

    def mute(self, muted):
        self.done.append(("mute", muted))

    def language(self, language):
        if language == "en":
            raise AssistantError("English is not installed.")
        self.done.append(("language", language))

    def sleep(self):
        self.done.append(("sleep",))

    def last_answer(self):
        return self.last

    def status(self):
        return self.found


def ask(skill, language, device=None, text="", /, seed=1, **slots):
    device = device or FakeDevice()
    context = SimpleNamespace(device=device, chance=random.Random(seed))  # all that these may use
    return skill(Request("", text, language, slots), context), device


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_was_silent_is_heard_again(language):
    answer, device = ask(unmute, language, FakeDevice(0))
    assert device.done == []
    answer.act()
    assert device.done == [("mute", False), ("volume", HEARD)]
    answer, device = ask(unmute, language, FakeDevice(30))
    answer.act()
    assert device.done == [("mute", False)]


@pytest.mark.parametrize("language", LANGUAGES)
@given(seed=st.integers(), low=st.integers(-50, 50), high=st.integers(-50, 50))
def test_a_number_is_within_its_bounds(language, seed, low, high):
    answer, _ = ask(draw, language, seed=seed, value=f"{low}-{high}")
    assert min(low, high) <= int(answer.text.rstrip(".。")) <= max(low, high)


@pytest.mark.parametrize(
    ("language", "value", "said"),
    [
        ("en", "coin", {"Heads.", "Tails."}),
        ("zh", "coin", {"正面。", "反面。"}),
        ("en", "dice", {f"A {n}." for n in range(1, 7)}),
        ("zh", "dice", {f"{n}点。" for n in range(1, 7)}),
    ],
)
def test_every_side_comes_up_and_nothing_else(language, value, said):
    assert {ask(draw, language, seed=seed, value=value)[0].text for seed in range(60)} == said


@pytest.mark.parametrize(
    ("language", "text", "dice"),
    [
        ("en", "roll two dice", 2),
        ("en", "throw a pair of six sided dice", 2),
        ("en", "Roll 5 dice", 5),
        ("zh", "掷三颗骰子", 3),
        ("zh", "扔俩骰子", 2),
    ],
)
@given(seed=st.integers())
def test_as_many_dice_as_are_said(language, text, dice, seed):
    told, total = re.split(
        "[:，]", ask(draw, language, None, text, seed=seed, value="dice")[0].text
    )
    eyes = [int(each) for each in re.findall(r"\d+", told)]
    assert len(eyes) == dice
    assert all(1 <= each <= 6 for each in eyes)
    assert int(re.search(r"\d+", total)[0]) == sum(eyes)


def test_of_many_dice_the_sum_is_told():
    assert re.fullmatch(
        r"\d+ in all\.", ask(draw, "en", None, "roll 20 dice", value="dice")[0].text
    )


def test_what_cannot_be_drawn_is_left_to_others():
    assert ask(draw, "en", value="card")[0] is None
    assert 1 <= int(ask(draw, "zh")[0].text[:-1]) <= 100


@pytest.mark.parametrize(
    ("skill", "now", "slots", "level"),
    [
        (volume_up, 50, {}, 60),
        (volume_up, 95, {}, 100),
        (volume_up, 50, {"value": "15"}, 65),
        (volume_down, 50, {}, 40),
        (volume_down, 5, {"value": "20"}, 0),
        (volume_set, 50, {"value": "30"}, 30),
        (volume_set, 50, {"value": "300"}, 100),
        (volume_set, 50, {"value": "-10"}, 40),  # "volume minus ten"
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_volume_goes_where_it_is_sent_once_the_turn_is_over(skill, now, slots, level, language):
    answer, device = ask(skill, language, FakeDevice(now), **slots)
    assert device.done == []
    assert str(level) in answer.text
    answer.act()
    assert device.done == [("volume", level)]


@pytest.mark.parametrize(("skill", "now"), [(volume_up, 100), (volume_down, 0)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_beyond_the_end_nothing_is_done(skill, now, language):
    answer, _ = ask(skill, language, FakeDevice(now))
    assert answer.text
    assert answer.act is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_loud_it_is_is_told_and_stays(language):
    answer, device = ask(volume_status, language, FakeDevice(35))
    assert "35" in answer.text
    assert answer.act is None
    assert device.done == []


@pytest.mark.parametrize("slots", [{}, {"value": "inf"}, {"value": "loud"}])
def test_a_level_that_is_none_is_asked_for(slots):
    assert ask(volume_set, "en", **slots)[0].text == "To how many percent?"


@pytest.mark.parametrize(
    ("skill", "slots", "done"),
    [
        (rate_up, {}, ("rate", 1.2)),
        (mute, {}, ("mute", True)),
        (sleep, {}, ("sleep",)),
        (language_set, {"language": "zh"}, ("language", "zh")),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_an_effect_has_it_in_act_alone(skill, slots, done, language):
    answer, device = ask(skill, language, **slots)
    assert device.done == []
    assert (answer.text or "") + (answer.act() or "")
    assert device.done == [done]


def test_slower_takes_faster_back():
    device = FakeDevice()
    for skill in (rate_up, rate_down):
        ask(skill, "en", device)[0].act()
    assert device.done[0][1] * device.done[1][1] == pytest.approx(1)


def test_a_language_that_is_not_there_is_not_promised():
    answer, device = ask(language_set, "zh", language="en")
    assert answer.text == ""
    with pytest.raises(AssistantError):
        answer.act()
    assert ask(language_set, "zh", language="fr")[0] is None
    assert device.done == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_answer_is_repeated_word_for_word(language):
    assert ask(repeat, language, FakeDevice(last="It is ten."))[0].text == "It is ten."
    assert ask(repeat, language)[0].text


def test_again_and_slower_is_said_once_the_pace_is_set():
    answer, device = ask(repeat, "zh", FakeDevice(last="十点了。"), slower=True)
    assert answer.text == ""
    assert device.done == []
    assert answer.act() == "十点了。"
    [(what, factor)] = device.done
    assert what == "rate"
    assert factor < 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_to_a_stop_no_more_is_said_than_that(language):  # silence would be told as a failure
    answer, device = ask(stop, language)
    assert answer.text == {"en": "Okay.", "zh": "好的。"}[language]
    assert (answer.act, device.done) == (None, [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_is_short_and_in_the_language(language):
    text = ask(help, language)[0].text
    assert len(text) < 250
    assert bool(re.search("[一-鿿]", text)) == (language == "zh")


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en", "which version are you", "I'm version 0.1.0."),
        ("en", "what model do you run", "I think with qwen."),
        ("en", "are you online", "I'm offline: all is done here."),
        ("en", "can you hear me", "Yes, I'm listening."),
        ("en", "how long have you been running", "I've been running for 1 day and 2 hours."),
        ("en", "are you working", "All is well."),
        ("zh", "你的版本号是多少", "我的版本是0.1.0。"),
        ("zh", "你 用 的 是 什么 模 型", "我用的模型是qwen。"),
        ("zh", "你联网了吗", "我没有联网，一切都在本机完成。"),
        ("zh", "你在听吗", "我在听。"),
        ("zh", "你开机多久了", "我已经运行了1天2小时。"),
        ("zh", "你工作正常吗", "一切正常。"),
    ],
)
def test_the_status_tells_what_was_asked(language, text, said):
    found = {"version": "0.1.0", "model": "qwen", "remote": "", "up_s": "93660"}
    assert ask(status, language, FakeDevice(**found), text)[0].text == said


def test_who_helps_is_named():
    found = {"remote": "brain.local"}
    assert "brain.local" in ask(status, "en", FakeDevice(**found), "are you online")[0].text
    assert "brain.local" in ask(status, "zh", FakeDevice(**found), "你联网了吗")[0].text


@pytest.mark.parametrize(
    ("language", "word", "said"),
    [
        ("en", "queue", "queue: Q, U, E, U, E."),
        ("zh", "queue", "queue：Q U E U E。"),
        ("en", "o'clock", "o'clock: O, apostrophe, C, L, O, C, K."),
        ("zh", "蘑菇", "蘑菇：M O 第二声，G U 第一声。"),
        ("zh", "银行", "银行：Y I N 第二声，H A N G 第二声。"),
        ("zh", "绿", "绿：L Ü 第四声。"),
        ("zh", "吗", "吗：M A 轻声。"),
        ("en", "蝴蝶", "蝴蝶: H U tone 2; D I E tone 2."),
    ],
)
def test_a_word_is_spelt(language, word, said):
    assert ask(spell, language, word=word)[0].text == said


def test_nothing_and_too_much_are_not_spelt():
    assert ask(spell, "en")[0].text == "Which word?"
    assert ask(spell, "zh", word="。。。")[0] is None
    assert ask(spell, "en", word="a" * (MOST_LETTERS + 1))[0] is None


def test_every_registered_skill_is_there():
    for intent, skill in SKILLS.items():
        late = dict(zip(skill.__code__.co_freevars, skill.__closure__, strict=True))
        module = import_module(f"assistant.mind.skills.{late['module'].cell_contents}")
        assert callable(getattr(module, late["name"].cell_contents)), intent
