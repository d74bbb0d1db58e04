"""Which language a text is in, and which ones a setting means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language import among, leading, mixed, of, spoken

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1)
LATIN = st.text("abcdefghijklmnopqrstuvwxyzABCXYZé '", min_size=1).filter(
    lambda text: any(each.isalpha() for each in text)
)
NOTHING = st.text("0123456789 .,:;!?%+-*/=，。！？：（）_\n")


@given(HAN, NOTHING, NOTHING)
def test_without_a_word_of_the_other_script_it_is_in_its_own(han, before, after):
    assert of(f"{before}{han}{after}", "en") == "zh"
    assert not mixed(f"{before}{han}{after}")


@given(LATIN, NOTHING, NOTHING)
def test_without_a_chinese_character_it_is_english(latin, before, after):
    assert of(f"{before}{latin}{after}", "zh") == "en"
    assert not mixed(f"{before}{latin}{after}")


@given(NOTHING, st.sampled_from(["en", "zh"]))
def test_what_has_no_letters_is_in_the_language_of_the_talk(text, otherwise):
    assert of(text, otherwise) == otherwise


@given(st.text(), HAN)
def test_more_chinese_makes_no_chinese_text_english(text, han):
    if of(text, "en") == "zh":
        assert of(text + han, "en") == "zh"


@given(st.text(), st.sampled_from(["en", "zh"]))
def test_of_several_languages_the_text_decides_and_of_one_nothing(text, only):
    assert among((only,), text, "") == only
    assert among(("en", "zh"), text, "en") == of(text, "en")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("帮我设一个 ten minutes 的闹钟", "zh"),
        ("set a 五分钟 timer", "en"),
        ("现在几点 in Tokyo", "zh"),
        ("Python 怎么安装", "zh"),
        ("OK 帮我设个闹钟", "zh"),
        ("播放 Yesterday Once More", "zh"),
        ("What does 你好世界 mean?", "en"),
        ("translate 今天天气很好 into English", "en"),
        ("How do you say 我爱你 in Chinese", "en"),
        ("那个 project 的 deadline 是 Friday 吗", "zh"),
        ("iPhone15的电池能用多久", "zh"),
        ("don't stop, 别停", "en"),
    ],
)
def test_a_mixed_text_is_in_the_language_that_frames_it(text, language):
    assert mixed(text)
    assert of(text, "en") == of(text, "zh") == language


def test_a_setting_means_one_language_or_both():
    assert [spoken(each) for each in ("en", "zh", "auto")] == [("en",), ("zh",), ("en", "zh")]
    assert [leading(each) for each in ("en", "zh", "auto")] == ["en", "zh", "en"]
