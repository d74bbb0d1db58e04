"""What is read from a request for a tool: nothing that was not said, everything that it needs."""

import pytest

from assistant.mind.skills.registry import SKILLS
from assistant.mind.tools.grammar import grammar
from assistant.mind.tools.offer import MOST, Heard
from assistant.mind.tools.tool import Example, Param, Tool, own

TOOLS = {language: {each.name: each for each in own(language).tools} for language in ("en", "zh")}


def settled(language, text, name):
    offer = Heard(text, language).offer(TOOLS[language][name])
    return None if offer is None else dict(offer.settled)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_tool_is_a_skill_and_described(language):
    assert TOOLS["en"].keys() == TOOLS["zh"].keys() <= SKILLS.keys()
    for tool in TOOLS[language].values():
        assert tool.does
        assert tool.examples
        assert len({each.text for each in tool.examples}) == len(tool.examples)
        if any(each.free for each in tool.params):  # the model has to see where free words stand
            assert any(each.free for each in tool.examples)
            assert all(each.free in each.text for each in tool.examples)


@pytest.mark.parametrize(
    ("language", "text", "name", "slots"),
    [
        ("en", "the pie wants forty minutes you know", "timer_set", {"duration_s": 2400}),
        ("en", "the pie wants some time you know", "timer_set", None),
        ("en", "out of bed with me at a quarter to nine", "alarm_set", {"time": "08:45"}),
        ("en", "out of bed with me", "alarm_set", None),
        ("en", "for three people wake us at eight am", "alarm_set", {"time": "08:00"}),
        ("en", "eighty percent of your force", "volume_set", {"value": 80}),
        ("en", "a force of 0.5", "volume_set", None),
        ("en", "the loudest there is", "volume_set", {"value": 100}),
        ("en", "let a coin say it", "random", {"value": "coin"}),
        ("en", "say something random", "random", None),
        ("en", "some chinese words", "language_set", {"language": "zh"}),
        ("en", "well my friend so fifteen times seven you see", "arithmetic", {"value": "105"}),
        ("en", "well my friend so fifteen and you see", "arithmetic", None),
        ("en", "all of them away", "timer_cancel", {"all": True}),
        ("zh", "这个派要四十分钟呢", "timer_set", {"duration_s": 2400}),
        ("zh", "这个派要一些时间呢", "timer_set", None),
        ("zh", "早上八点把我拽起来", "alarm_set", {"time": "08:00"}),
        ("zh", "用力到八十", "volume_set", {"value": 80}),
        ("zh", "让硬币说了算", "random", {"value": "coin"}),
        ("zh", "来一个", "random", None),
        ("zh", "英语的话", "language_set", {"language": "en"}),
        ("zh", "朋友你说十五乘七嘛", "arithmetic", {"value": "105"}),
    ],
)
def test_slots_are_read_and_what_is_needed_is_needed(language, text, name, slots):
    assert settled(language, text, name) == slots


def test_of_several_times_one_has_to_be_chosen():
    offer = Heard("either six am or seven am get me up", "en").offer(TOOLS["en"]["alarm_set"])
    assert offer
    assert [each.said for each in offer.choices["when"]] == ["six am", "seven am"]
    request = Heard("either six am or seven am get me up", "en").request(
        offer, {"when": "seven am"}
    )
    assert request
    assert request.slots == {"time": "07:00"}


def test_a_message_is_as_it_was_said():
    heard = Heard("Tell me at 5 pm to water Grandma's plants, please!", "en")
    offer = heard.offer(TOOLS["en"]["reminder_set"])
    assert offer
    request = heard.request(offer, {"message": "water grandma's plants"})
    assert request
    assert request.slots == {"time": "17:00", "message": "water Grandma's plants"}
    assert not request.whole


@pytest.mark.parametrize("words", ["", "feed the cat", "what"])
def test_words_that_are_no_message_are_no_call(words):
    heard = Heard("tell me at 5 pm to say what I like", "en")
    offer = heard.offer(TOOLS["en"]["reminder_set"])
    assert offer
    assert heard.request(offer, {"message": words}) is None


def test_a_choice_that_was_not_made_is_no_call():
    heard = Heard("six am or seven am", "en")
    offer = heard.offer(TOOLS["en"]["alarm_set"])
    assert offer
    assert heard.request(offer, {}) is None


def test_only_the_beginning_of_a_long_text_is_looked_at():
    heard = Heard("at five tell me to " + "go on " * 200, "en")
    offer = heard.offer(TOOLS["en"]["reminder_set"])
    assert offer
    assert grammar([offer]).count("::=") <= MOST + 3


def test_an_example_shows_its_free_words():
    assert Example.parse("call [the bank] now") == Example("call the bank now", "the bank")
    assert Example.parse("louder") == Example("louder")


def test_a_tool_whose_words_are_all_spoken_for_is_not_offered():
    tool = Tool("note", "notes", (), (Param("when", {"time": "time"}), Param("what", free=True)))
    assert Heard("at five", "en").offer(tool)  # "at" is left
    assert Heard("17:00", "en").offer(tool) is None
