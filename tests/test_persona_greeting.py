"""A persona greets: once it is ready, and where it is woken, before it listens."""

import pytest

from assistant.config import Config, parse
from assistant.conversation import Phase, Rules, State, decide
from assistant.daemon import rules
from assistant.events import (
    Earcon,
    Heard,
    LanguageHeld,
    Listen,
    Rang,
    Say,
    Server,
    ServerChanged,
    SpeakingEnded,
    StopHeard,
    WakeDetected,
)
from assistant.persona.wearing import worn

RULES = Rules(greetings=("Welcome!",))
BOTH = Rules(languages=("en", "zh"), greetings=("Welcome!", "欢迎！"))


def run(*steps, state=State(), rules=RULES):  # noqa: B008  immutable
    commands = ()
    for event, now in steps:
        state, commands = decide(rules, state, event, now)
    return state, commands


def test_it_greets_and_then_listens():
    state, commands = run((WakeDetected("key"), 1.0))
    assert commands[-1] == Say(state.turn, 1, "Welcome!")
    assert state.phase is Phase.SPEAKING
    state, commands = run((SpeakingEnded(state.turn, 1, "Welcome!"), 2.0), state=state)
    assert commands[-2:] == (Earcon("wake"), Listen(state.turn))
    assert state.deadline == 2.0 + RULES.no_speech


def test_who_says_nothing_after_it_is_left_alone():
    state, _ = run((WakeDetected("key"), 1.0))
    state, _ = run((SpeakingEnded(state.turn, 1, "Welcome!"), 2.0), state=state)
    state, commands = run((Heard(state.turn, "", 0.0, -90.0), 5.0), state=state)
    assert state.phase is Phase.ASLEEP
    assert not any(isinstance(command, Say) for command in commands)


def test_a_stop_ends_the_greeting_and_a_second_wake_goes_past_it():
    greeting, _ = run((WakeDetected("key"), 1.0))
    state, _ = run((StopHeard(greeting.turn), 1.5), state=greeting)
    assert state.phase is Phase.ASLEEP
    state, commands = run((WakeDetected("key"), 1.5), state=greeting)
    assert state.phase is Phase.LISTENING
    assert not any(isinstance(command, Say) for command in commands)


def test_what_was_missed_is_told_instead():
    state, _ = run((Rang("Your tea was ready.", missed=True), 1.0))
    _, commands = run((WakeDetected("key"), 2.0), state=state)
    assert commands[-1].text == "Your tea was ready."


def test_where_a_server_answers_it_hears_the_question_at_once():
    state, _ = run((ServerChanged(Server.READY), 1.0))
    state, commands = run((WakeDetected("key"), 2.0), state=state)
    assert state.phase is Phase.LISTENING
    assert not any(isinstance(command, Say) for command in commands)


def test_of_two_languages_the_one_that_was_spoken_last_greets():
    _, commands = run((WakeDetected("key"), 1.0), rules=BOTH)
    assert commands[-1].text == "Welcome!"
    _, commands = run((LanguageHeld("zh"), 1.0), (WakeDetected("key"), 2.0), rules=BOTH)
    assert commands[-1].text == "欢迎！"


@pytest.mark.parametrize(
    ("language", "greetings"),
    [
        ("en", ("Welcome! I am May. How can I help you?",)),
        (
            "auto",
            ("Welcome! I am May. How can I help you?", "欢迎光临！我是小美，有什么可以帮您？"),
        ),
    ],
)
def test_the_decider_knows_the_greetings_of_the_persona(language, greetings):
    assert rules(Config()).greetings == ("",)
    shop = worn(parse({"persona": "shop", "language": language}, "test"))
    assert rules(shop).greetings == greetings
