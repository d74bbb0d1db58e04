"""Nothing of the writing is read out, no word is lost, and no two words become one."""

import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.mouth.plain import plain, prose
from assistant.mouth.spoken import speakable


def said(text):
    """Spaces are tidied by `speakable` afterwards; here they do not matter."""
    line = plain(text, remark="CODE.", dot=" dot ", at=" at ")
    return re.sub(r" +(?=[.,!?:;。])", "", re.sub(" +", " ", line)).strip()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        # emphasis
        ("**Bold**, *italic* and ***both***.", "Bold, italic and both."),
        ("__Bold__, _italic_ and ~~gone~~.", "Bold, italic and gone."),
        ("snake_case and __init__", "snake case and init"),
        ("**Note:**text", "Note: text"),
        ("**One.**Two", "One. Two"),
        ("one**two**three", "one two three"),
        ("**never closed", "never closed"),
        ("这是**重点**内容", "这是重点内容"),
        (r"\*not bold\*", "not bold"),
        ("2*3 and a * b", "2 × 3 and a × b"),
        # lines
        ("# Title\n## Second\nText", "Title. Second. Text"),
        ("Title\n=====\nText", "Title. Text"),
        ("Title\n-----\nText", "Title. Text"),
        ("> quoted\n> > twice", "quoted. twice"),
        ("- a\n  - b\n+ c\n* d\n• e", "a. b. c. d. e"),
        ("- [ ] open\n- [x] done", "open. done"),
        ("1. Milk\n2) Eggs", "1, Milk. 2, Eggs"),
        ("1.苹果\n2）香蕉", "1, 苹果。 2, 香蕉"),
        ("**1. Milk** and eggs", "1, Milk and eggs"),
        ("one\n\n\ntwo\r\nthree\n", "one. two. three."),
        ("Why?\nBecause:\nso", "Why? Because: so"),
        ("标题\n内容", "标题。 内容"),
        ("---\n***\n* * *\n___", ""),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a, b. 1, 2"),
        ("a|b", "a, b"),
        # code
        ("Look:\n```python\nprint(1)\n```\nDone.", "Look: CODE. Done."),
        ("```\nnever closed\n# x", "CODE."),
        ("~~~\n```\n~~~\nafter", "CODE. after"),
        ("  ```\n  a\n  ```", "CODE."),
        ("Use `len(x)` now", "Use len(x) now"),
        # links and addresses
        ("[the docs](https://a.org/b?c=d) help", "the docs help"),
        ("[a (b)](https://a.org/c_(d)) help", "a (b) help"),
        ("![a cat](cat.png)", "a cat"),
        ("[one](u)[two](v)", "one two"),
        ('[a](b "title")', "a"),
        ("](https://a.org/cut) in two", "in two"),
        ("note[1] and [^2]", "note and"),
        ("<https://example.org/a>", "< example dot org >"),
        ("See https://www.example.org/a/b?c=1.", "See example dot org."),
        ("HTTP://LOCALHOST:8080/x now", "LOCALHOST now"),
        ("请看https://example.org/a。好", "请看 example dot org。好"),
        ("http://user:secret@a.org/x", "a dot org"),
        ("Ask jane.doe@a.co.uk, please", "Ask jane dot doe at a dot co dot uk, please"),
        ("发到me@a.org吧", "发到 me at a dot org 吧"),
        ("打开README.md文件", "打开README dot md文件"),
        ("file.tar.gz and x.unknown", "file dot tar dot gz and x.unknown"),
        ("a@b and @user", "a@b and @user"),
        # HTML
        ("<b>bold</b> and<br>break", "bold and break"),
        ("<!-- hidden -->shown", "shown"),
        ("Tom &amp; Jerry&nbsp;run", "Tom & Jerry run"),
        # signs that are seen and not said
        ("Hello 😀 world 🌍!", "Hello world!"),
        ("one😀two", "one two"),
        ("✅ Done ❌ Not", "Done Not"),
        ("soft\u00adhyphen and zero\u200bwidth", "softhyphen and zerowidth"),
        ("\u202bשלום\u202c", "שלום"),
        ("a\x00b\x07c\ud800d", "a b c d"),
        # one way to write a digit and a letter
        ("１２３ ＡＢＣ ５％", "123 ABC 5%"),
        ("١٢٣ ५", "123 5"),
        ("①Milk ②Eggs", "1 Milk 2 Eggs"),
        ("25℃ ￥5 −3", "25°C ¥5 -3"),
        ("$$x$$", "x"),
        # nothing
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_the_writing_is_taken_out(text, result):
    assert said(text) == result


EMOJI = (
    *("😀", "👍🏽", "👨‍👩‍👧", "🇬🇧", "❤️", "☀️", "✅", "⭐", "⏰", "⬆️", "➡️", "ℹ️", "🏴‍☠️", "🫠"),
    *("\ufe0f", "\u200d", "⚠️", "❓", "✨", "🀄", "🪿"),
)


@given(st.lists(st.sampled_from([*EMOJI, " ", "\n"])).map("".join), st.sampled_from(["en", "zh"]))
def test_only_emoji_is_nothing_to_say(text, language):
    assert speakable(text, language) == ""


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "...", "**", "---", "?!", "。", "()", "\x00", "\ud800"]
)
def test_only_signs_is_nothing_to_say(text):
    assert speakable(text, "en") == speakable(text, "zh") == ""


SEPARATORS = (
    *(" ", "\n", "\t", "\r\n", "\u00a0", "\u2028", "\u3000", "\n\n", "\n- ", "\n1. ", "\n# "),
    *("**", "*", "_", "__", "~~", "`", " **", "** ", "***", "\\", "|", " | ", "<br>", "</b>"),
    *("😀", " 🌍 ", "❤️", "[1]", "[^2]", "](https://a.org)", " → ", "->", "—", " -- ", " & ", "&"),
    *(", ", ". ", "! ", "; ", "/", "=", " = ", "^", "#", "{", "½", " ½ ", "¾", "①", "$", "$$"),
    *(" 5 km ", " $5", " 50% ", " 10:30 ", "\n```\nx\n```\n", " https://a.org ", " a@b.org "),
    *("\x00", "\ue000", "&nbsp;", " e.g. ", " etc. ", " Dr. ", "×", " < ", " > ", ">=", "≤"),
)
names = st.sampled_from(["apple", "bravo", "charlie", "dune", "echo", "foxtrot", "golf"])


@given(names, st.lists(st.tuples(st.sampled_from(SEPARATORS), names), max_size=6))
@settings(max_examples=400, deadline=None)
def test_no_word_is_lost_and_no_two_become_one(first, rest):
    text = first + "".join(separator + name for separator, name in rest)
    found = re.findall("apple|bravo|charlie|dune|echo|foxtrot|golf", speakable(text, "en"))
    assert found == [first, *(name for _, name in rest)]
    words = re.findall(r"[^\W\d_]+", speakable(text, "en"))
    assert [word for word in words if word in found] == found  # whole ones, nothing grown to them


# Unicode at large hardly ever hits a rule, so most pieces are what the rules are about.
PIECES = [
    *"\n\t *_`~#|<>[](){}$&^=+-–—×÷≤≥±≈.,:;!?'\"/\\@%°½²0123459。，：！？、年月日点个元万第ap",
    *("```", "](", "![", "http://", "www.", "a@b.c", "1,000", "3.14", "10:30", "2026-11-24", "&#"),
    *(
        "5 km",
        "20%",
        "$5",
        "¥",
        "1/2",
        "No. ",
        "e.g.",
        "in 1999",
        "90s",
        "+44 ",
        "<b>",
        "am",
        "km/h",
    ),
    *(
        "今天",
        "温度-5",
        "2个",
        "Dr. ",
        "٣",
        "५",
        "①",
        "\u200f",
        "שלום",
        "\x00",
        "\ud800",
        "😀",
        "e\u0301",
    ),
]
anything = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(st.characters(exclude_categories=[]), max_size=4))
).map("".join)


@given(anything, st.sampled_from(["en", "zh"]))
@settings(max_examples=500, deadline=None)
def test_any_text_becomes_one_line_without_markup(text, language):
    line = speakable(text, language)
    assert line == line.strip()
    assert not re.search(r"[\n\r\t\x00#$<>\[\]{}^~|=\\`*_]|  ", line)
    assert line == "" or any(character.isalnum() for character in line)
    line.encode()  # no half of a surrogate pair


HOSTILE = [
    *("*", "[(", "1,", "[", "](", "`", "```\n", "~", "<", "<a", "&#1", "_a", "9", "- ", "1-", "a@"),
    *(
        "a.b@",
        "a.",
        "http://",
        "| ",
        "\n ",
        " ",
        "![a](b",
        "<!--",
        "A. ",
        ":",
        "x",
        "好",
        "😀",
        "²",
    ),
    *("\ud800", "\x00", "$", "--", "1/", "😀", "²"),
]


@pytest.mark.parametrize(
    ("pattern", "language"),
    [
        *zip(HOSTILE, itertools.cycle(["en", "zh"]), strict=False),
        *[("*", "zh"), ("[(", "en"), ("1,", "zh")],
    ],
    ids=repr,
)
def test_a_hostile_text_of_100_kb_takes_no_time_that_matters(pattern, language):
    text = (pattern * 100_000)[:100_000]
    began = time.monotonic()
    speakable(text, language)
    # 5 s at the worst on two busy cores; a pattern that goes back over the text takes minutes.
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("text", "said_in"),
    [
        ("请看 https://www.example.org/some/long/address", "请看 example点org"),
        ("```python\nprint('a long line of code')\n```", "代码见文字。"),
        (
            "发到 somebody.with.a@example.org",
            "发到 somebody点with点a艾特example点org",
        ),
        ("I learned 你好 today.", "I learned 你好 today."),
        ("It costs 5 dollars in the shop.", "It costs 5 dollars in the shop."),
        ("用Python写2个函数", "用Python写两个函数"),
        ("OK, 5", "OK, 五"),
    ],
)
def test_the_words_of_a_clause_and_not_its_addresses_say_its_language(text, said_in):
    assert speakable(text, "zh") == said_in


def test_a_chinese_clause_in_an_english_talk_is_read_as_chinese():
    assert speakable("我有2只猫。", "en") == "我有两只猫。"


def test_prose_has_neither_code_nor_addresses():
    assert prose("a\n```\ncode\n```\nb http://c.org d@e.org main.py g").split() == ["a", "b", "g"]
