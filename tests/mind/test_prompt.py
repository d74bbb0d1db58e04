from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.config import Config
from assistant.mind import prompt
from assistant.mind.history import History
from assistant.mind.model import Message


def test_every_language_of_the_settings_has_a_persona():
    languages = get_args(Config.model_fields["language"].annotation)
    assert len({prompt.system_prompt(language) for language in languages}) == len(languages)


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "You are a kind voice assistant."), ("zh", "你是一个亲切的语音助手")],
)
def test_the_persona_speaks_the_language(language, says):
    assert prompt.system_prompt(language).startswith(says)
    assert prompt.system_prompt(language).isascii() == (language == "en")


def test_ones_own_prompt_takes_the_place_of_the_persona():
    assert prompt.system_prompt("zh", "You are a pirate.") == "You are a pirate."


def test_the_order_is_who_it_is_what_was_said_what_is_asked():
    history = History(100, len)
    history.append("Hello", "Hi.")
    assert prompt.messages("Be kind.", history, "Who are you?") == [
        Message("system", "Be kind."),
        Message("user", "Hello"),
        Message("assistant", "Hi."),
        Message("user", "Who are you?"),
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=10))
def test_each_prompt_begins_as_the_one_before(said):
    history = History(10_000, len)
    before: list[Message] = []
    for question, answer in said:
        now = prompt.messages("Be kind.", history, question)
        assert now[: len(before)] == before
        history.append(question, answer)
        before = now
