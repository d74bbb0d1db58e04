"""Questions that leave the device, and everything that keeps them from it.

The model here, the embeddings, the daemon and the network are real; the other machine is a fake
(`endpoint`).
"""

import asyncio
import json
import threading
import time

import endpoint as fake
import pytest
from endpoint import Endpoint
from talk import PATIENCE_S, live

from assistant.config import parse
from assistant.conversation import Phase
from assistant.errors import BadInput
from assistant.events import Asked, Key
from assistant.mind.remote.either import WORDS
from assistant.mind.remote.hybrid import ledger, make
from assistant.serve import questions

pytestmark = pytest.mark.engine

GREEDY = {"temperature": 0.0, "max_tokens": 16}
EASY = "What is the capital of France?"
HARD = "Ask the cloud why the roman empire fell"
ASKED = "why the roman empire fell"
LATE, BROKEN = WORDS["en"].late.strip(), WORDS["en"].broken.strip()


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.delenv("ASSISTANT_REMOTE_KEY", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def config(url, **remote):
    return parse({"llm": GREEDY, "remote": {"endpoint": url, **remote}}, "test")


def sent(settings):
    return [entry for entry in ledger(settings).read() if entry["event"] == "sent"]


def test_without_an_endpoint_there_is_no_help_and_no_thread():
    assert make(parse({}, "test")) is None

    async def talk(it):
        assert it.daemon.hybrid is None
        await it.ask("Say yes.")
        assert not any(thread.name == "remote" for thread in threading.enumerate())

    live(parse({"llm": GREEDY}, "test"), talk)


def test_only_the_hard_question_goes_out_and_everybody_can_see_it():
    with Endpoint(fake.says("Many ", "causes.")) as there:
        settings = config(there.url, model="qwen-max")

        async def talk(it):
            assert "Paris" in await it.ask(EASY)
            assert (it.went_out(), there.asked) == (0, [])
            assert await it.ask(HARD) == "Many causes."
            assert it.went_out() == 1
            states = [data["out"] for name, data in it.told if name == "state"]
            assert any(states)
            assert not states[-1]
            turn = it.daemon.state.turn
            stages = it.daemon.trace.turn(turn - 1)
            assert "sent_out" in str(stages)

        live(settings, talk)
    (body,) = there.asked
    assert body["messages"][1:] == [{"role": "user", "content": ASKED}]
    (entry,) = sent(settings)
    assert entry["messages"][-1]["text"] == ASKED
    assert (entry["to"], entry["model"], entry["source"]) == ("127.0.0.1", "qwen-max", "voice")
    *_, last = ledger(settings).read()
    assert (last["event"], last["outcome"]) == ("answered", "whole")


def test_the_owners_own_prompt_and_the_history_stay_here():
    with Endpoint(fake.says("Many causes.")) as there:
        settings = config(there.url)
        own = settings.llm.model_copy(update={"system_prompt": "Our safe's code is Falcon."})

        async def talk(it):
            await it.ask("My cat is called Shadow.")
            await it.ask(HARD)

        live(settings.model_copy(update={"llm": own}), talk)
    assert "Falcon" not in json.dumps(there.asked)
    assert "Shadow" not in json.dumps(there.asked)


def test_what_the_other_machine_is_told_of_who_it_is_stands_in_a_key_of_its_own():
    with Endpoint(fake.says("Many causes.")) as there:

        async def talk(it):
            await it.ask(HARD)

        live(config(there.url, system_prompt="You guide through the castle."), talk)
    (body,) = there.asked
    assert body["messages"][0] == {"role": "system", "content": "You guide through the castle."}


def test_as_much_history_as_is_allowed_goes_along_and_nothing_private_of_it():
    with Endpoint(fake.says("Many causes.")) as there:

        async def talk(it):
            for text in ("Say one.", "My password is swordfish.", "Say two.", HARD):
                await it.ask(text)

        live(config(there.url, history=2), talk)
    (body,) = there.asked
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert body["messages"][1]["content"] == "Say two."
    assert "swordfish" not in json.dumps(body)


def test_what_is_redacted_is_put_back_into_the_answer():
    with Endpoint(fake.says("Dear [name", " 1], many causes.")) as there:

        async def talk(it):
            assert await it.ask(f"{HARD}, my name is Ann") == "Dear Ann, many causes."

        live(config(there.url), talk)
    assert "Ann" not in json.dumps(there.asked)


@pytest.mark.parametrize(
    "behave",
    [
        fake.refuses(401),
        fake.refuses(429, retry_after="60"),
        fake.refuses(500),
        fake.sends(b"<html>log in</html>", "text/html"),
        fake.sends(b"data: nonsense\n\n"),
        fake.cut_after(),
    ],
)
def test_whatever_fails_there_is_answered_here(behave):
    with Endpoint(behave) as there:

        async def talk(it):
            said = await it.ask("Ask the cloud what the capital of France is")
            assert "Paris" in said
            assert it.went_out() == 1
            return said

        live(config(there.url), talk)


def test_nobody_there_is_answered_here():
    async def talk(it):
        assert "Paris" in await it.ask("Ask the cloud what the capital of France is")

    live(config("http://127.0.0.1:9/v1"), talk)


@pytest.mark.parametrize("behave", [fake.hangs_before(), fake.drips(), fake.says("x", before=20)])
def test_who_lets_us_wait_is_not_waited_for(behave):
    with Endpoint(behave) as there:

        async def talk(it):
            said = await it.ask("Ask the cloud what the capital of France is")
            assert said.startswith(LATE)
            assert "Paris" in said
            history = await it.daemon.history()
            assert not history[-1][1].startswith(LATE)  # the model would take it for its habit

        live(config(there.url, patience=0.4), talk)


@pytest.mark.parametrize("behave", [fake.cut_after("Half an"), fake.reset_after("Half an")])
def test_an_answer_that_breaks_off_says_so(behave):
    with Endpoint(behave) as there:

        async def talk(it):
            assert await it.ask(HARD) == f"Half an {BROKEN}"
            history = await it.daemon.history()
            assert history[-1][1] == "Half an"

        live(config(there.url), talk)


def test_a_server_that_failed_thrice_is_left_alone():
    with Endpoint(fake.refuses(500)) as there:

        async def talk(it):
            for _ in range(5):
                assert await it.ask("Ask the cloud to say yes")
            assert it.went_out() == 3

        live(config(there.url), talk)
    assert len(there.asked) == 3


def test_the_budget_ends_and_then_it_is_answered_here():
    with Endpoint(fake.says("Many causes.")) as there:

        async def talk(it):
            assert await it.ask(HARD) == "Many causes."
            assert await it.ask(HARD) not in ("", "Many causes.")

        live(config(there.url, per_day=1), talk)
    assert len(there.asked) == 1


def test_what_cannot_be_written_down_does_not_go_out(tmp_path):
    (tmp_path / "privacy.jsonl").mkdir()
    with Endpoint(fake.says("Many causes.")) as there:

        async def talk(it):
            assert await it.ask(HARD) != "Many causes."
            assert it.went_out() == 0

        live(config(there.url), talk)
    assert there.asked == []


def test_a_secret_take_stays_here_until_it_is_released():
    with Endpoint(fake.says("Many causes.")) as there:

        async def talk(it):
            thinker = it.daemon._rooms.thinker
            thinker.think(Key(7, 1), HARD, secret=True)
            await asyncio.sleep(1.0)
            thinker.cancel(Key(7, 1))
            thinker.think(Key(7, 2), HARD, secret=True)
            await asyncio.sleep(1.0)
            assert there.asked == []
            thinker.release(Key(7, 2))
            while not there.asked:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            assert len(there.asked) == 1

        live(config(there.url), talk)


def test_stop_ends_what_is_out():
    with Endpoint(fake.never_ends(0.01)) as there:

        async def talk(it):
            from assistant.events import StopRequested

            it.daemon.post(Asked(HARD))
            await it.seen("text")
            it.daemon.post(StopRequested())
            await it.daemon.asleep()
            assert await asyncio.to_thread(there.left.wait, 10)
            assert it.daemon.state.phase is Phase.ASLEEP

        live(config(there.url), talk)


def asked(daemon, text, **more):
    request = {"command": "chat", "messages": [{"role": "user", "text": text}], **more}
    return questions.answer(daemon.config, daemon.guests, questions.read(request), daemon.hybrid)


async def events(answers):
    return [event async for event in answers]


def test_the_web_page_is_helped_too_but_only_if_it_may():
    with Endpoint(fake.says("Many ", "causes.")) as there:

        async def talk(it):
            told = await events(asked(it.daemon, HARD, may_leave=True))
            assert [e["event"] for e in told] == ["out", "text", "text", "end"]
            assert told[-1]["usage"]["first_token_s"] > 0
            told = await events(asked(it.daemon, HARD))
            assert "out" not in [e["event"] for e in told]
            told = await events(asked(it.daemon, EASY, may_leave=True))
            assert "Paris" in "".join(e.get("text", "") for e in told)

        live(config(there.url), talk)
    assert len(there.asked) == 1


def test_a_web_question_that_gets_no_answer_there_gets_one_here():
    with Endpoint(fake.hangs_before()) as there:

        async def talk(it):
            began = time.monotonic()
            told = await events(
                asked(it.daemon, "ask the cloud what the capital of France is", may_leave=True)
            )
            assert [e["event"] for e in told[:2]] == ["out", "back"]
            assert "Paris" in "".join(e.get("text", "") for e in told)
            assert time.monotonic() - began < PATIENCE_S / 2

        live(config(there.url, patience=0.4), talk)


def test_bad_settings_are_one_sentence():
    with pytest.raises(BadInput, match=r"remote\.endpoint"):
        make(config("not an address"))
    with pytest.raises(BadInput, match="redact"):
        config("http://127.0.0.1:9", redact=["faces"])


def test_a_question_that_was_decided_while_it_was_spoken_is_not_decided_again(monkeypatch):
    hybrid = make(config("http://127.0.0.1:9/v1"))
    first = hybrid.route(HARD)
    monkeypatch.setattr(hybrid, "_router", None)
    assert hybrid.route(HARD) is first
    hybrid.close()
