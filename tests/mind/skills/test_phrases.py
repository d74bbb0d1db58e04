"""Phrases in the other language: those of the list, and no others."""

from importlib import resources
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import phrases, reading_zh
from assistant.mind.skills.skill import Request


def said(phrase, language, asked_in="zh"):
    request = Request("translate", "", asked_in, {"phrase": phrase, "language": language})
    answer = phrases.translate(request, SimpleNamespace())
    return answer and answer.text


@pytest.mark.parametrize(
    ("phrase", "language", "asked_in", "answer"),
    [
        ("谢谢", "en", "zh", "谢谢用英语说是：thank you。"),
        ("您好", "en", "zh", "您好用英语说是：hello。"),
        ("Thank you!", "zh", "zh", "Thank you!用中文说是：谢谢。"),
        ("where's the loo", "zh", "en", None),
        ("where is the toilet", "zh", "en", "In Chinese that is: 厕所在哪里."),
        ("谢谢", "zh", "zh", None),
        ("请 再说 一遍", "en", "zh", "请 再说 一遍用英语说是：please say it again。"),
    ],
)
def test_what_is_in_the_list_is_said(phrase, language, asked_in, answer):
    assert said(phrase, language, asked_in) == answer


@given(st.text(max_size=60))
def test_any_words_are_looked_up_without_an_error(phrase):
    assert phrases.known(phrase) or not phrases.said_in(phrase, "en")


def test_every_line_of_the_list_is_one_phrase_in_two_languages():
    text = (resources.files("assistant") / "data" / "phrases.tsv").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        english, chinese = line.split("\t")
        assert english.isascii(), line
        assert not any(c.isascii() and c.isalpha() for c in chinese), line
        assert max(map(len, (english + " / " + chinese).split(" / "))) <= phrases.MOST


def test_a_phrase_that_is_not_in_the_list_is_no_sentence():
    assert reading_zh.fits("phrase", "谢谢")
    assert not reading_zh.fits("phrase", "骰子")
