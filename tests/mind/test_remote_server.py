"""Hard questions, and all questions, to the real server of llama.cpp with a real model.

Nothing here is a fake: daemon, local model, network, and what `llama-server` runs
(benchmarks/llama_server.py). Both sides have the same model, so who answered is told by the record.
"""

import asyncio
import threading
import time

import httpx
import pytest
from llama_server import LlamaServer
from talk import PATIENCE_S, live

from assistant.config import Config, parse
from assistant.errors import BadInput
from assistant.events import Asked, Heard, WakeDetected
from assistant.mind import engines, thin
from assistant.mind.remote.either import WORDS
from assistant.mind.remote.hybrid import ledger
from assistant.models import Shelf

pytestmark = pytest.mark.engine

LATE, BROKEN = WORDS["en"].late.strip(), WORDS["en"].broken.strip()
HARD = "Ask the cloud what the capital of France is"
LONG = "Ask the cloud to count from one to one hundred in words"
GREEDY = {"temperature": 0.0, "max_tokens": 12}
QUIET = {"temperature": 0.0, "threads": 1}  # the device thinks on the same processor


@pytest.fixture(scope="module")
def model():
    return Shelf(Config().models_dir).locate("", "llm")


@pytest.fixture(scope="module")
def server(model):
    with LlamaServer(model, slots=2, **QUIET) as running:
        yield running


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.delenv("ASSISTANT_REMOTE_KEY", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def config(url, llm=GREEDY, **remote):
    settings = {"endpoint": url, "patience": 20.0, "max_tokens": 24, **remote}
    silent = {"filler_after": 0.0}  # else a slow machine says that in place of what is late
    return parse({"llm": llm, "ahead": {"tokens": 2}, "remote": settings, "speech": silent}, "test")


def record(settings, event):
    return [entry for entry in ledger(settings).read() if entry["event"] == event]


def outcomes(settings):
    """How those that were sent ended; the last of them may take a moment to be written down."""
    ends = time.monotonic() + 20
    while len(record(settings, "answered")) < len(record(settings, "sent")):
        assert time.monotonic() < ends, "an answer has no end"
        time.sleep(0.05)
    return [entry["outcome"] for entry in record(settings, "answered")]


def test_the_hard_question_is_answered_there_streamed_and_written_down(server):
    settings = config(server.url)

    async def talk(it):
        said = await it.ask(HARD)
        assert "Paris" in said
        assert len(it.pieces()) > 2
        assert "".join(it.pieces()).strip() == said
        return said

    said = live(settings, talk)
    assert outcomes(settings) == ["whole"]
    (sent,) = record(settings, "sent")
    assert sent["messages"][-1]["text"] == "what the capital of France is"
    assert record(settings, "answered")[0]["characters"] >= len(said)


def test_a_server_that_dies_in_mid_sentence_is_told_and_the_next_answer_is_made_here(model):
    with LlamaServer(model, slots=1, **QUIET) as mortal:
        settings = config(mortal.url, max_tokens=400)

        async def talk(it):
            it.daemon.post(Asked(LONG))
            await it.seen("text")
            await asyncio.to_thread(mortal.kill)
            await it.seen("speaking_ended")
            await it.daemon.asleep()
            broken = next(d["heard"] for n, d in it.told if n == "speaking_ended")
            assert broken.endswith(BROKEN)
            assert broken != BROKEN
            said = await it.ask(HARD)
            assert said
            assert BROKEN not in said

        live(settings, talk)
    assert outcomes(settings) == ["cut", "unreachable"]


def test_a_server_that_is_busy_with_others_is_not_waited_for(model):
    body = {"messages": [{"role": "user", "content": LONG}], "max_tokens": 2000, "stream": True}

    def occupy(url, leave):
        everything = {**body, "ignore_eos": True}
        url = f"{url}/chat/completions"
        with httpx.stream("POST", url, json=everything, timeout=PATIENCE_S) as answer:
            for _ in answer.iter_raw():
                if leave.is_set():
                    return

    with LlamaServer(model, slots=1, **QUIET) as busy:
        settings = config(busy.url, patience=0.5)

        async def talk(it):
            leave = threading.Event()
            other = asyncio.create_task(asyncio.to_thread(occupy, busy.url, leave))
            try:
                await asyncio.to_thread(busy.until, lambda told: told["requests_processing"] == 1)
                return await it.ask(HARD)
            finally:
                leave.set()
                await other

        said = live(settings, talk)
        assert said.startswith(LATE)
        assert "Paris" in said
        assert outcomes(settings) == ["cancelled"]


def test_a_shared_brain_answers_everything_but_what_is_private_and_stop_words(server):
    settings = config(server.url, share="all", tone=False)

    async def talk(it):
        for text in ("Good morning!", "What is the capital of France?"):
            assert await it.ask(text)
        assert it.went_out() == 2
        assert await it.ask("My password is swordfish, is it a good one?")
        it.daemon.post(WakeDetected("key"))
        await it.seen("wake_detected")
        it.daemon.post(Heard(it.daemon.state.turn, "Stop.", 0.5, -20.0))
        await it.seen("heard")
        await it.daemon.asleep()
        assert it.went_out() == 2

    live(settings, talk)
    assert outcomes(settings) == ["whole", "whole"]
    assert "swordfish" not in str(record(settings, "sent"))


def test_what_the_server_has_read_it_does_not_read_again(server):
    settings = config(server.url, share="all", history=6)

    async def talk(it):
        for text in ("My cat is called Shadow.", "It is black.", "What is my cat called?"):
            before = server.metrics()
            said = await it.ask(text)
        return said, {name: value - before[name] for name, value in server.metrics().items()}

    said, told = live(settings, talk)
    assert "Shadow" in said
    assert told["prompt_tokens_total"] < 30  # the question, and what stands around it
    assert told["prompt_tokens_cached_total"] > 100


def test_a_device_without_a_model_speaks_what_the_server_thinks_and_says_so_when_it_cannot(model):
    with LlamaServer(model, slots=1, **QUIET) as mortal:
        settings = config(mortal.url, llm={"model": "none"}, share="all")

        async def talk(it):
            assert it.daemon.model_name == "none"
            assert "Paris" in await it.ask("What is the capital of France?")
            assert await it.ask("My password is swordfish, is it good?") == thin.SENTENCES["en"]
            await asyncio.to_thread(mortal.kill)
            assert await it.ask("What is the capital of Italy?") == thin.SENTENCES["en"]

        live(settings, talk)


@pytest.mark.parametrize("remote", [{}, {"endpoint": "http://127.0.0.1:9/v1"}])
def test_a_device_without_any_brain_is_one_sentence(remote):
    for look in (engines.make, engines.explain):
        with pytest.raises(BadInput, match=r"nobody thinks.*remote\.share"):
            look(parse({"llm": {"model": "none"}, "remote": remote}, "test"))
