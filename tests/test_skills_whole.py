"""Skills in the real daemon, asked in text: real model, real sentences, the real file of alarms."""

import re

import pytest
from talk import live

from assistant.config import parse
from assistant.mind.remote.hybrid import ledger
from assistant.store import FILE, Store

pytestmark = pytest.mark.engine

GREEDY = {"temperature": 0.0, "max_tokens": 12}


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


def config(language="en", **sections):
    return parse({"language": language, "llm": GREEDY, **sections}, "test")


def test_exact_things_are_answered_exactly_and_the_rest_by_the_model():
    async def talk(it):
        assert "56,088" in await it.ask("What is 123 times 456?")
        assert "never" not in await it.ask("what is one divided by zero")
        assert re.search(r"\d+:\d\d|o'clock", await it.ask("What time is it in Tokyo?"))
        assert "10 minutes" in await it.ask("Set a timer for ten minutes")
        assert "Paris" in await it.ask("What is the capital of France?")
        asked = [text for role, text in await it.daemon.history() if role == "user"]
        assert asked[0] == "What is 123 times 456?"
        told = [data for name, data in it.told if name == "remembered"]
        assert [each["asked"] for each in told] == asked
        assert {each["language"] for each in told} == {"en"}
        assert "Paris" in told[-1]["heard"]
        return it.daemon.last_said

    assert "Paris" in live(config(), talk)


def test_a_timer_outlives_the_daemon(tmp_path):
    async def begin(it):
        await it.ask("set a pasta timer for nine minutes")

    async def go_on(it):
        assert "pasta" in await it.ask("how long is left on the pasta timer")
        await it.ask("cancel the pasta timer")

    live(config(), begin)
    live(config(), go_on)
    store = Store(tmp_path / FILE)
    assert store.rings() == []
    store.close()


def test_what_is_asked_back_is_told_in_the_next_turn_and_done_once():
    async def talk(it):
        async def answers(text):
            said = await it.ask(text)
            return said, [ring.seconds for ring in it.daemon.alarms.of("timer")]

        assert await answers("Set a timer.") == ("A timer for how long?", [])
        assert "Paris" in (await answers("What is the capital of France?"))[0]
        assert await answers("Ten minutes.") == ("10 minutes, from now.", [600])
        await answers("set a five minute timer")
        assert "Which one" in (await answers("cancel the timer"))[0]
        assert await answers("the ten minute one") == ("The 10-minute timer is cancelled.", [300])
        assert await it.daemon.written("set a timer", "page") == "A timer for how long?"
        assert "not get that" not in await it.ask("Twenty minutes.")
        assert await it.daemon.written("ten minutes", "page") == "10 minutes, from now."

    live(config(), talk)


def test_in_chinese():
    async def talk(it):
        assert "56" in await it.ask("七乘八等于多少")
        assert "十分钟" in await it.ask("帮我设一个十分钟的定时器")
        assert "什么时候" in await it.ask("提醒我给妈妈打电话")
        assert "下午五点" in await it.ask("下午五点")
        assert [ring.name for ring in it.daemon.alarms.of("reminder")] == ["给妈妈打电话"]

    live(config("zh"), talk)


def test_what_a_skill_takes_never_leaves_the_device():
    settings = config(remote={"endpoint": "http://127.0.0.1:9/v1", "share": "all"})

    async def talk(it):
        await it.ask("What is 123 times 456?")
        assert it.went_out() == 0
        await it.ask("Why did the Roman empire fall?")
        assert it.went_out() == 1

    live(settings, talk)
    assert "123" not in str(ledger(settings).read())


def test_without_skills_the_model_answers():
    async def talk(it):
        assert "56,088" not in await it.ask("What is 123 times 456?")

    live(config(skills={"enabled": False}), talk)
