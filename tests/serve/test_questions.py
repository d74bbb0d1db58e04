"""Other programs' questions, answered by the daemon's real model."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import parse
from assistant.daemon import Daemon
from assistant.errors import AssistantError, BadInput, Busy
from assistant.events import Asked
from assistant.serve import questions
from assistant.serve.watching import watch

GREEDY = {"temperature": 0.0, "threads": 1, "batch_threads": 1, "max_tokens": 24, "guests": 1}
PATIENCE_S = 60.0
LONG = "Count from one to one hundred in words."


def question(text="What is the capital of France?", **more):
    return questions.read({"command": "chat", "messages": [{"role": "user", "text": text}], **more})


def live(talk):
    async def main():
        daemon = Daemon(parse({"llm": GREEDY}, "test"))
        async with daemon:
            return await asyncio.wait_for(talk(daemon), PATIENCE_S)

    return asyncio.run(main())


def asked(daemon, *arguments, written=None, **more):
    asking = question(*arguments, **more)
    return questions.answer(daemon.config, daemon.guests, asking, written=written)


@pytest.mark.engine
def test_guests_are_answered_one_after_the_other_and_too_many_are_refused():
    async def talk(daemon):
        first = asked(daemon, LONG, client="a", max_tokens=6)
        told = [await anext(first), await anext(first)]
        second = asked(daemon, client="b")
        assert await anext(second) == {"event": "queued", "ahead": 1}
        with pytest.raises(Busy):
            await anext(asked(daemon, client="c"))
        told += [event async for event in first]
        others = [event async for event in second]
        assert [e["event"] for e in told[:-1]] == ["text"] * (len(told) - 1)
        assert told[-1]["finish"] == "length"
        assert told[-1]["usage"]["reply_tokens"] == 6
        assert "Paris" in "".join(e.get("text", "") for e in others)
        end = others[-1]
        assert (end["event"], end["finish"]) == ("end", "stop")
        usage = end["usage"]
        assert 0 < usage["waited_s"] < usage["first_token_s"] < usage["total_s"]

    live(talk)


@pytest.mark.engine
def test_skills_answer_before_the_model_where_that_is_wanted():
    def sums(daemon, **more):
        return asked(daemon, "what is 17 times 3", written=daemon.written, **more)

    async def talk(daemon):
        text, end = [event async for event in sums(daemon, known=True)]
        assert "51" in text["text"]
        assert end["finish"] == "stop"
        assert "reply_tokens" not in end["usage"]
        *_, end = [event async for event in sums(daemon, max_tokens=4)]
        assert end["usage"]["reply_tokens"] > 0
        *_, end = [event async for event in asked(daemon, written=daemon.written, known=True)]
        assert end["usage"]["reply_tokens"] > 0

    live(talk)


@pytest.mark.engine
def test_a_guest_who_stops_listening_makes_room_for_the_next():
    async def talk(daemon):
        first = asked(daemon, LONG, max_tokens=400)
        await anext(first)
        await first.aclose()
        text = [e.get("text", "") async for e in asked(daemon, max_tokens=12)]
        assert "Paris" in "".join(text)

    live(talk)


@pytest.mark.engine
def test_the_voice_loop_goes_first_and_the_guest_is_finished_afterwards():
    async def talk(daemon):
        alone = "".join([e.get("text", "") async for e in asked(daemon, LONG, max_tokens=60)])
        story = asked(daemon, LONG, max_tokens=60)
        events = [await anext(story)]
        if events[0]["event"] == "queued":  # behind the last breath of the one before
            events = [await anext(story)]
        begun = events[0]["text"]
        seen = watch(daemon)
        assert (await anext(seen))["event"] == "state"
        daemon.post(Asked("What is the capital of France?"))
        async for event in seen:
            events += [] if event["event"] != "reply_ended" else [event]
            if event["event"] == "reply_ended":
                break
        await seen.aclose()
        assert "Paris" in events[-1]["text"]
        rest = [event async for event in story]
        assert begun + "".join(e.get("text", "") for e in rest) == alone

    live(talk)


def chat(**more):
    return {"command": "chat", "messages": [{"role": "user", "text": "hi"}], **more}


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"command": "chat"}, "`messages`"),
        (chat(messages=[]), "`messages`"),
        (chat(messages=[{"role": "boss", "text": "hi"}]), "messages.0.role"),
        (chat(messages=[{"role": "assistant", "text": "hi"}]), "the last message is not the user"),
        (chat(max_tokens=0), "`max_tokens`"),
        (chat(max_tokens=True), "`max_tokens`"),
        (chat(temperature=float("nan")), "`temperature`"),
        (chat(stop=[""]), "`stop.0`"),
        (chat(client=3), "`client`"),
        (chat(unknown=3), "`unknown`"),
        (chat(messages=[{"role": "user", "text": "x" * 32_001}]), "messages.0.text"),
    ],
)
def test_a_bad_question_is_one_sentence(request_, sentence):
    with pytest.raises(BadInput, match=sentence) as refusal:
        questions.read(request_)
    assert "\n" not in str(refusal.value)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_is_asked_is_read_or_refused(value):
    try:
        questions.read({"command": "chat", "messages": value})
    except AssistantError:
        return
    raise AssertionError("no such thing is a conversation")
