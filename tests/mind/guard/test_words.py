"""Words that a shop's machine does not say."""

import pytest

from assistant.config import parse
from assistant.mind.guard import guard
from assistant.mind.guard.stream import Sieve
from assistant.mind.guard.words import Words

WORDS = Words(["ass", "bad word", "坏话", "坏话篓子"], "No.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ass", "No."),
        ("An ass!", "An … No."),
        ("AN ASS", "AN … No."),
        ("'ass'", "' … No."),
        ("a class of assets, en masse", None),
        ("ass2", None),
        ("a bad word", "a … No."),
        ("a bad wordsmith, a bad", None),
        ("bad bad word", "bad … No."),
        ("说坏话", "说 … No."),
        ("坏坏话", "坏 … No."),
        ("坏的话", None),
        ("坏话篓子", "No."),
    ],
)
def test_whole_words_in_letters_and_any_in_characters(text, said):
    sieve = Sieve([WORDS], "en")
    assert "".join(map(sieve.feed, text)) + sieve.end() == (said or text)
    assert bool(sieve.topic) == bool(said)


@pytest.mark.parametrize(("level", "held"), [("open", False), ("shop", True), ("child", True)])
def test_the_level_says_who_minds(level, held):
    sieve = guard.make(parse({"guard": {"level": level}}, "test")).sieve("")
    sieve.feed("Oh shit.")
    assert bool(sieve.topic) == held
