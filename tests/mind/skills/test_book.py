"""The matcher with a small book of its own and a reader that knows digits: both are made here."""

import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import BadInput
from assistant.mind.skills import sentences
from assistant.mind.skills.book import LONGEST, Book
from assistant.mind.skills.reading import Exact, Span

DATA = """
language: en
intents:
  timer_set:
    data:
      - sentences:
          - "(set|start) [a|the] timer [for {duration:duration_s}]"
          - "[a] {name} timer for {duration:duration_s}"
  alarm_set:
    data:
      - sentences: ["wake me at {time}"]
  remind:
    data:
      - sentences: ["remind me at {time} to {message}", "<remind> to {message}"]
  loud:
    data:
      - sentences: ["volume {number:value}", "volume {percent:value}"]
      - sentences: ["full volume"]
        slots: {value: 100}
lists:
  name: {wildcard: true}
  message: {wildcard: true}
expansion_rules:
  remind: "[please] remind me"
"""


class Plain:
    """What is clean already."""

    def __init__(self, source):
        self.source, self.text = source, source.lower().rstrip(".")

    def said(self, start, end):
        return self.source[start:end]


class Reading:
    """Knows `10 minutes`, `7` and `50%`; this is a fake of a language's reader."""

    def clean(self, source):
        return Plain(source)

    def spans(self, text):
        return list(self.found(text))

    def found(self, text):
        for found in re.finditer(r"(\d+)( minutes?|%)?", text):
            value = int(found[1])
            if found[2] == "%":
                values = {"percent": value}
            elif found[2]:
                values = {"duration": 60 * value}
            else:
                values = {"number": value, "time": f"{value:02}:00"}
            yield Span(found.start(), found.end(), values)

    def fits(self, slot, words):
        return slot != "name" or "set" not in words

    def exact(self, text):
        return Exact("arithmetic", {"value": "4"}) if text == "2 plus 2" else None

    def loose(self, clean, spans):
        if "louder" in clean.text:
            return Exact("loud", {"value": len(spans)})
        return None


def book(more=None):
    made = Book("en", Reading(), sentences.parse(DATA, "test", "en"))
    if more:
        made._merge(sentences.parse(more, "more", "en"))
    return made


@pytest.fixture(scope="module")
def own():
    return book()


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("set a timer for 10 minutes", "timer_set", {"duration_s": 600}),
        ("Start the timer.", "timer_set", {}),
        ("an apple pie timer for 5 minutes", "timer_set", {"duration_s": 300}),
        ("wake me at 7", "alarm_set", {"time": "07:00"}),
        ("volume 7", "loud", {"value": 7}),
        ("volume 50%", "loud", {"value": 50}),
        ("full volume", "loud", {"value": 100}),
        ("remind me at 7 to call Mum", "remind", {"time": "07:00", "message": "call Mum"}),
        ("please remind me to go", "remind", {"message": "go"}),
        ("2 plus 2", "arithmetic", {"value": "4"}),
    ],
)
def test_a_sentence_is_found_with_its_slots(own, text, intent, slots):
    found = own.match(text)
    assert found.intent == intent
    assert {k: v for k, v in found.slots.items() if k != "name"} == slots
    assert (found.text, found.language) == (text, "en")


def test_what_a_wildcard_holds_is_given_back_as_it_was_said(own):
    found = own.match("Remind me at 7 to take the 3 pills of 50% and wait 10 minutes")
    assert found.slots["message"] == "take the 3 pills of 50% and wait 10 minutes"


def test_what_no_sentence_is_may_be_known_by_its_words(own):
    assert own.match("7 times louder or 8 times").slots == {"value": 2}
    assert not own.match("make it louder").whole
    assert own.match("full volume").intent == "loud"


def test_the_sentence_that_says_more_is_taken(own):
    assert own.match("remind me at 7 to go").slots == {"time": "07:00", "message": "go"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "set",
        "I set a timer for 10 minutes",
        "set a timer for 7",
        "volume 10 minutes",
        "wake me at 10 minutes",
        "set a timer " * LONGEST,
    ],
)
def test_what_no_sentence_is_is_not_taken(own, text):
    assert own.match(text) is None


@given(st.text(max_size=80))
def test_any_text_is_looked_at(text):
    book_of_all = test_any_text_is_looked_at.__dict__.setdefault("book", book())
    found = book_of_all.match(text)
    assert found is None or found.intent in {*book_of_all._data["intents"], "arithmetic"}


def test_it_explains_what_matched_and_what_nearly_did(own):
    taken = own.explain("wake me at 7")
    assert taken.sentence == "wake me at {time}"
    assert "{number: 7 or time: 07:00}" in taken.clean
    refused = own.explain("wake me up at 7")
    assert refused.request is None
    assert refused.near[0] == ("alarm_set", "wake me at {time}")
    assert not own.explain("the quick brown fox").near


def test_an_owners_sentences_are_added(own, tmp_path):
    path = tmp_path / "gate.yaml"
    path.write_text('intents:\n  gate:\n    data:\n      - sentences: ["open the gate"]\n')
    mine = book()
    assert mine.match("open the gate") is None
    mine.add(path)
    assert mine.match("open the gate").intent == "gate"
    assert mine.match("wake me at 7").intent == "alarm_set"
    mine.add_intent("say", ["say {words}"], ["words"])
    assert mine.match("say good night").slots == {"words": "good night"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("intents: [", "line 1, column 11.*no YAML"),
        ("just text", "no sentences"),
        ("intents:\n  x: 1\n", "intents.x.*data"),
        (
            'intents:\n  x:\n    data:\n    - sentences: ["go (home"]\n',
            "line 4, column 19.*go .home",
        ),
        (
            'intents:\n  x:\n    data:\n    - sentences: ["go {far}"]\n',
            "list `far`; there is:.*day",
        ),
        ('intents:\n  x:\n    data:\n    - sentences: ["<go>"]\n', "rule `go`; there is: none"),
        ("intents:\n  x:\n    data:\n    - sentences: [{far}]\n", "intents.x.*quotes"),
        ("intents: {}\nverbs: 1\n", "`verbs` is none of"),
        ("language: zh\nintents: {}\n", "`language` is 'zh'"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_sentence(text, said):
    with pytest.raises(BadInput, match=said) as wrong:
        sentences.parse(text, "own.yaml", "en")
    assert str(wrong.value).startswith("own.yaml")
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_packages_own_sentences_are_right(language):
    path = resources.files("assistant") / "data" / "sentences" / f"{language}.yaml"
    text = path.read_text(encoding="utf-8")
    assert sentences.parse(text, str(path), language) == sentences.own(text)


def test_the_same_text_is_looked_for_once_and_again_after_more_was_added(tmp_path):
    mine, asked = book(), []
    real = mine.explain
    mine.explain = lambda text, near: asked.append(text) or real(text, near=near)
    assert [mine.match("open the gate"), mine.match("open the gate")] == [None, None]
    assert asked == ["open the gate"]
    mine.add_intent("gate", ["open the gate"])
    assert mine.match("open the gate").intent == "gate"


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        book().add(tmp_path / "none.yaml")
