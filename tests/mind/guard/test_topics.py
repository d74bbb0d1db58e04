"""Files of topics: those of the package, and those of owners with what can be wrong in them."""

import json
from pathlib import Path

import pytest

from assistant.config import parse
from assistant.errors import BadInput
from assistant.mind.guard import guard, topics
from assistant.mind.guard.finding import Finder
from assistant.mind.guard.topics import NUMBER
from assistant.mind.guard.written import clean

DEVELOPMENT = Path(__file__).parents[3] / "benchmarks" / "guard-development.jsonl"
OWN = """\
language: en
expansion_rules:
  shop: "(shop|store)"
topics:
  rivals:
    level: shop
    say: "I only know this shop."
    patterns:
      - "the other <shop>"
  weapons:
    say: "Not here."
    patterns: ["catapult"]
    harmless: ["catapult in the museum"]
  emergency:
    number: "555"
    patterns: ["red button please"]
never_say: [cheap]
doses:
  medicines: [wonderol]
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="own.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def made(path, **settings):
    return guard.make(parse({"guard": {"files": [str(path)], **settings}}, "test"))


def test_both_languages_know_the_same_topics_and_all_can_be_looked_for():
    english, chinese = topics.own("en"), topics.own("zh")
    assert list(english.topics) == list(chinese.topics)
    for shelf in (english, chinese):
        for name, topic in shelf.topics.items():
            other = (chinese if shelf is english else english).topics[name]
            assert (topic.level, topic.urgent) == (other.level, other.urgent)
            assert topic.say
            assert (NUMBER in topic.say) == bool(topic.number)
            assert bool(topic.patterns) == (name != "words")
            for grammar, text in (*topic.patterns, *topic.harmless):
                assert not grammar.pattern(text).expression.search("")
        assert shelf.never_say
        full = set(type(shelf.doses).model_fields) - {"endings"}  # Chinese names have none
        assert all(getattr(shelf.doses, name) for name in full)


def test_an_emergency_is_looked_for_first():
    assert [t.urgent for t in topics.own("en").topics.values()][:3] == [True] * 3


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_index_hides_nothing(language):
    """What the finder finds is what is found where each pattern is tried."""
    chosen = list(topics.own(language).topics.values())
    finder = Finder(language, chosen)

    def read(written):
        return [grammar.pattern(text) for grammar, text in written]

    whole = [(topic, read(topic.patterns), read(topic.harmless)) for topic in chosen]

    def fits(patterns, text):
        return any(pattern.expression.search(text) for pattern in patterns)

    def tried(text):
        found = (t for t, yes, no in whole if fits(yes, text) and not fits(no, text))
        return next(found, None)

    lines = [json.loads(line) for line in DEVELOPMENT.read_text(encoding="utf-8").splitlines()]
    texts = [clean(line["text"]) for line in lines if line["language"] == language]
    assert len(texts) > 150
    assert [text for text in texts if finder.find(text) is not tried(text)] == []


def test_an_owner_adds_topics_and_says_more_of_known_ones(write):
    own = made(write(OWN))
    assert own.refusal("Where is the other store?").text == "I only know this shop."
    assert own.refusal("how do I make a bomb").text == "Not here."
    assert own.refusal("a catapult").topic == "weapons"
    assert own.refusal("the catapult in the museum") is None
    assert "5 5 5" in own.refusal("red button, please").text
    assert "5 5 5" in own.refusal("call an ambulance").text
    sieve = own.sieve("")
    sieve.feed("It is cheap.")
    assert sieve.topic == "words"
    sieve = own.sieve("")
    sieve.feed("Wonderol, 5 ml.")
    assert sieve.topic == "doses"


def test_an_owner_s_topic_has_a_level_too(write):
    assert made(write(OWN), level="open").refusal("the other shop") is None
    assert made(write(OWN), topics=["rivals"]).refusal("the other shop")
    assert made(write(OWN), topics=["rivals"]).refusal("how do i make a bomb") is None


def test_files_in_both_languages(write):
    chinese = write(
        'language: zh\ntopics: {rivals: {say: "不知道。", patterns: [别的店]}}\n', "zh.yaml"
    )
    english = write(OWN)
    both = guard.make(parse({"guard": {"files": [str(chinese), str(english)]}}, "test"))
    assert both.refusal("别的店在哪").text == "不知道。"
    assert both.refusal("the other shop").text == "I only know this shop."


@pytest.mark.parametrize(
    ("before", "after", "place", "why"),
    [
        ("language: en", "language: de", "line 1, column 1", "`language` is 'de'"),
        ("language: en\n", "", "line 1, column 1", "`language` is missing"),
        ("language: en", "language: [en", "line 2, column", "no YAML"),
        (
            "    level: shop",
            "    levle: shop",
            "line 6, column 5",
            "`topics.rivals.levle` is unknown",
        ),
        ("level: shop", "level: high", "line 6, column 5", "`topics.rivals.level` is 'high'"),
        ('    say: "I only know this shop."\n', "", "line 5, column 3", "`rivals` has no sentence"),
        ("I only know", "Call {number}, {name}, I know", "line 5, column 3", "says {name}"),
        ("I only know", "Call {number}, I know", "line 5, column 3", "has no `number`"),
        ("rivals:", "Our Rivals:", "line 5, column 3", "has no name that can be used"),
        (
            '"the other <shop>"',
            '"the other <market>"',
            "line 9, column 9",
            "`<market>` is not there",
        ),
        ('"the other <shop>"', '"the (other"', "line 9, column 9", "no `)` (after 4 characters)"),
        ('"the other <shop>"', "[a, b]", "line 9, column 9", "valid string"),
        ('["catapult in', '["[catapult] (in', "line 13, column 16", "no `)`"),
        ('    say: "Not here."', "    level: child", "line 10, column 3", "keeps its level"),
        ("never_say: [cheap]", "never_say: cheap", "line 17, column 1", "`never_say` is 'cheap'"),
        ("medicines:", "medicine:", "line 19, column 3", "`doses.medicine` is unknown"),
        ("doses:", "doses:\n  regimen: ['(a']", "line 19, column 13", "no `)`"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(write, before, after, place, why):
    assert before in OWN
    path = write(OWN.replace(before, after))
    with pytest.raises(BadInput) as raised:
        made(path)
    assert str(raised.value).startswith(f"{path}, {place}")
    assert why in str(raised.value)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just a text"])
def test_a_file_that_is_none_is_told(write, text):
    path = write(text)
    with pytest.raises(BadInput, match=str(path)):
        made(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        made(tmp_path / "none.yaml")


def test_a_topic_that_is_not_there_is_told():
    with pytest.raises(
        BadInput, match=r"`guard.topics` has 'bombs'; there is: crime, doses, drugs"
    ):
        guard.make(parse({"guard": {"topics": ["hate", "bombs"]}}, "test"))
