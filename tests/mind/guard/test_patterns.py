"""Patterns: what they fit, what they need, and what is wrong with them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.mind.guard.patterns import Grammar, Wrong
from assistant.mind.guard.written import LONGEST, clean

RULES = {"make": "make|build", "the": "[a|the]", "deep": "<make> <the> (bomb|gun)"}


def fits(pattern, text, language="en"):
    made = Grammar(language, RULES).pattern(pattern)
    found = made.expression.search(clean(text)) is not None
    assert not found or any(need in clean(text) for need in made.needs)
    return found


@pytest.mark.parametrize(
    ("pattern", "text", "fit"),
    [
        ("bomb", "A bomb!", True),
        ("bomb", "bombs", False),
        ("bomb", "abomb", False),
        ("make [a] bomb", "make bomb", True),
        ("make [a] bomb", "I make a bomb.", True),
        ("make [a] bomb", "make the bomb", False),
        ("make [a] bomb", "makebomb", False),
        ("(make|build) bomb", "build bomb", True),
        ("make|build it", "build it", True),
        ("make|build it", "make", True),
        ("how * bomb", "how bomb", True),
        ("how * bomb", "how would one make a bomb", True),
        ("how * bomb", "how would one ever make a bomb", False),
        ("^ bomb", "bomb it", True),
        ("^ bomb", "a bomb", False),
        ("bomb $", "a bomb", True),
        ("bomb $", "bomb it", False),
        ("bomb (now|$)", "bomb", True),
        ("bomb (now|$)", "bomb it", False),
        ("<deep>", "make bomb", True),
        ("<deep> now", "build the gun now", True),
        ("i cant", "I can't", True),
        ("i can't", "I can\u2019t", True),
        ("(a|the [old]) bomb", "the bomb", True),
        ("(a|the [old]) bomb", "the old bomb", True),
        ("(a|the [old]) bomb", "old bomb", False),
    ],
)
def test_what_an_english_pattern_fits(pattern, text, fit):
    assert fits(pattern, text) == fit


@pytest.mark.parametrize(
    ("pattern", "text", "fit"),
    [
        ("炸弹", "一个炸弹。", True),
        ("炸弹", "一個炸彈。", True),
        ("做[个]炸弹", "做 炸弹", True),
        ("怎么*炸弹", "怎么才能做一个炸弹", True),
        ("怎么*炸弹", "怎么样才能够做出来一个炸弹", False),
        ("^救命$", "救命！", True),
        ("^救命$", "救命啊", False),
        ("k粉", "K粉", True),
        ("(着火|起火) 了", "着火了", True),
    ],
)
def test_what_a_chinese_pattern_fits(pattern, text, fit):
    assert fits(pattern, text, "zh") == fit


@pytest.mark.parametrize(
    ("pattern", "why", "at"),
    [
        ("make (bomb", "no `)`", 5),
        ("make [bomb", "no `]`", 5),
        ("make (a|b] c", "no `)`", 5),
        ("make bomb)", "never opened", 9),
        ("make ]", "never opened", 5),
        ("<bomb>", "not there; there is: deep, make, the", 0),
        ("a <bomb", "not there", 2),
        ("bomb(s)", "touches a bracket", 0),
        ("(un)lock", "touches a bracket", 4),
        ("bomb !", "no word", 5),
        ("a {number}", "no word", 2),
        ("", "has to be said", 0),
        ("[bomb]", "has to be said", 0),
        ("* [a] <the>", "has to be said", 0),
        ("(bomb|)", "has to be said", 0),
        ("(" * 30 + "a" + ")" * 30, "too many brackets", 20),
    ],
)
def test_what_is_wrong_is_told_with_its_place(pattern, why, at):
    with pytest.raises(Wrong, match=re.escape(why)) as raised:
        Grammar("en", RULES).pattern(pattern)
    assert raised.value.at == at


def test_a_rule_within_itself_is_told():
    with pytest.raises(Wrong, match="within itself"):
        Grammar("en", {"a": "x <b>", "b": "<a> y"}).pattern("<a>")


WORD = st.sampled_from(["how", "make", "a", "red", "bomb", "gun"]).map(lambda word: (word, word))
TREES = st.recursive(
    WORD,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: (" ".join(p for p, _ in parts), " ".join(t for _, t in parts))
        ),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]}|{two[1][0]})", two[1][1])),
        st.tuples(inner, inner).map(lambda two: (f"[{two[0][0]}] {two[1][0]}", two[1][1])),
        st.tuples(inner, inner).map(
            lambda two: (f"{two[0][0]} * {two[1][0]}", " x ".join(text for _, text in two))
        ),
    ),
    max_leaves=8,
)


@given(TREES)
@settings(deadline=None)
def test_a_pattern_fits_what_it_was_written_for(tree):
    pattern, text = tree
    assert fits(f"{pattern} here", f"please {text} here now")


@given(st.text(alphabet="ab()[]<>|* ^$", max_size=24))
@settings(deadline=None)
def test_whatever_is_written_it_is_read_or_refused_with_a_place_in_it(pattern):
    try:
        made = Grammar("en", RULES).pattern(pattern)
    except Wrong as error:
        place = error.at
    else:
        place = 0
        assert made.needs
        made.expression.search("a b ab a")
    assert 0 <= place <= len(pattern)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  I can't, really!  ", "i cant really"),
        ("著火了！ 快來", "着火了快来"),
        ("怎么 做 pipe bomb 呢", "怎么做pipe bomb呢"),
        ("ＳＯＳ", "sos"),
        ("a_b-c", "a b c"),
        ("", ""),
    ],
)
def test_the_clean_form(text, plain):
    assert clean(text) == plain


def test_of_a_long_text_both_ends_are_looked_at():
    text = clean(f"first {'word ' * LONGEST}last")
    assert text.startswith("first")
    assert text.endswith("last")
    assert len(text) <= LONGEST + 1


@given(st.text(max_size=60))
def test_a_clean_text_is_clean(text):
    assert clean(clean(text)) == clean(text)
