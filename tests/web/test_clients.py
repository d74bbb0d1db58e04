"""Clients that exist: the `openai` package, and `llm`, a command for the terminal."""

import asyncio
import os
import subprocess
import sys
import threading

import openai
import pytest
from fake_daemon import HANG_UP, USAGE, WAIT, text
from serving import settings, site, until
from test_whole import PATIENCE_S, QUESTION, Running

SECRET = "a-secret-of-forty-three-letters-and-no-less"
ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How are you?"}]
BUSY = {"ok": False, "error": "too many wait.", "kind": "busy", "retry_after_s": 1}


def client(web, key="none is needed", **more):
    chosen = {"max_retries": 0, "timeout": 20, **more}
    return openai.OpenAI(base_url=f"http://127.0.0.1:{web.port}/v1", api_key=key, **chosen)


# The `openai` package


def test_an_answer_comes_whole(daemon, web):
    daemon.script = text("I am ", "well.", finish="length")
    answer = client(web).chat.completions.create(
        model="gpt-4o", messages=ASKED, max_tokens=50, temperature=0.5, stop=["\n"]
    )
    (choice,) = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "I am well.")
    assert choice.finish_reason == "length"
    assert answer.model == "fake-model"
    assert answer.usage.total_tokens == USAGE["prompt_tokens"] + USAGE["reply_tokens"]
    assert answer.usage.prompt_tokens_details.cached_tokens == USAGE["cached_tokens"]
    (asked,) = daemon.asked("chat")
    assert [message["text"] for message in asked["messages"]] == ["Be brief.", "How are you?"]
    assert (asked["max_tokens"], asked["temperature"], asked["stop"]) == (50, 0.5, ["\n"])


def test_an_answer_comes_as_a_stream(daemon, web):
    daemon.script = [{"ok": True, "event": "queued", "ahead": 1}, *text("I am ", "well.")]
    pieces, usage = [], None
    with client(web).chat.completions.create(
        model="x", messages=ASKED, stream=True, stream_options={"include_usage": True}
    ) as stream:
        for chunk in stream:
            pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
            usage = chunk.usage or usage
    assert pieces == ["I am ", "well."]
    assert usage.completion_tokens == USAGE["reply_tokens"]


def test_the_packages_own_helper_puts_a_stream_together(web):
    with client(web).chat.completions.stream(model="x", messages=ASKED) as stream:
        kinds = {event.type for event in stream}
        answer = stream.get_final_completion()
    assert answer.choices[0].message.content == "Hello, world."
    assert answer.choices[0].finish_reason == "stop"
    assert "content.done" in kinds


def test_its_asyncio_half_gets_a_stream(web):
    async def ask():
        url = f"http://127.0.0.1:{web.port}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0) as asker:
            stream = await asker.chat.completions.create(model="x", messages=ASKED, stream=True)
            return "".join([c.choices[0].delta.content or "" async for c in stream])

    assert asyncio.run(ask()) == "Hello, world."


def test_a_stream_that_is_closed_stops_the_work(daemon, web):
    daemon.script = [*text("I am ")[:-1], WAIT, *text("well.")]
    stream = client(web).chat.completions.create(model="x", messages=ASKED, stream=True)
    while not next(stream).choices[0].delta.content:
        pass
    stream.close()
    assert daemon.closed.wait(15)


def test_the_model_is_listed(web):
    (model,) = client(web).models.list()
    assert model.id == "fake-model"


def test_a_wrong_token_is_its_authentication_error(daemon, tmp_path):
    file = tmp_path / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    with site(settings(daemon.path, token_file=str(file))) as web:
        with pytest.raises(openai.AuthenticationError, match="assistant web token"):
            client(web).models.list()
        assert client(web, SECRET).models.list().data
    assert daemon.asked("chat") == []


def test_a_full_queue_is_its_rate_limit_error_with_the_time_to_wait(daemon, web):
    daemon.script = [BUSY]
    for stream in (False, True):
        with pytest.raises(openai.RateLimitError, match="too many wait") as caught:
            client(web).chat.completions.create(model="x", messages=ASKED, stream=stream)
        assert caught.value.response.headers["retry-after"] == "1"


def test_it_asks_again_by_itself_when_the_queue_was_full(daemon, web):
    daemon.script = [BUSY]

    def empty():
        until(lambda: daemon.asked("chat"))
        daemon.script = text("Now.")

    emptying = threading.Thread(target=empty)
    emptying.start()
    asker = client(web, max_retries=10)
    answer = asker.chat.completions.create(model="x", messages=ASKED)
    emptying.join()
    assert answer.choices[0].message.content == "Now."
    assert len(daemon.asked("chat")) > 1


def test_what_makes_no_sense_is_its_bad_request_error_with_the_field(daemon, web):
    with pytest.raises(openai.BadRequestError, match="temperature") as caught:
        client(web).chat.completions.create(model="x", messages=ASKED, temperature=9)
    assert caught.value.param == "temperature"
    assert caught.value.type == "invalid_request_error"
    picture = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}]
    with pytest.raises(openai.BadRequestError, match="only text"):
        client(web).chat.completions.create(
            model="x", messages=[{"role": "user", "content": picture}]
        )
    assert daemon.asked("chat") == []


def test_what_is_not_there_is_its_not_found_error(web):
    with pytest.raises(openai.NotFoundError):
        client(web).embeddings.create(model="x", input="x")


def test_an_assistant_that_does_not_run_is_its_server_error(tmp_path):
    with site(settings(tmp_path / "nobody")) as web:
        with pytest.raises(openai.InternalServerError, match="assistant run") as caught:
            client(web).chat.completions.create(model="x", messages=ASKED)
        assert caught.value.status_code == 503


def test_an_answer_that_breaks_off_is_an_error_and_not_an_end(daemon, web):
    daemon.script = [*text("I am ")[:-1], HANG_UP]
    stream = client(web).chat.completions.create(model="x", messages=ASKED, stream=True)
    with pytest.raises(openai.APIError, match="went away"):
        list(stream)
    with pytest.raises(openai.InternalServerError):
        client(web).chat.completions.create(model="x", messages=ASKED)


# `llm`, in the terminal


@pytest.fixture
def ask(tmp_path):
    """Return a function: run `llm` with a model of ours, in a folder of its own."""
    folder = tmp_path / "llm"
    folder.mkdir()

    def run(url, *arguments, key=SECRET):
        (folder / "extra-openai-models.yaml").write_text(
            "- model_id: assistant\n"
            "  model_name: assistant\n"
            f'  api_base: "{url}v1"\n'
            "  api_key_name: assistant\n"
        )
        environment = {**os.environ, "LLM_USER_PATH": str(folder), "LLM_LOAD_PLUGINS": ""}
        return subprocess.run(
            [sys.executable, "-m", "llm", "-m", "assistant", "--key", key, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    return run


def test_the_command_prints_the_answer_and_goes_on_with_the_conversation(daemon, web, ask):
    url = f"http://127.0.0.1:{web.port}/"
    for more in ([], ["--no-stream"]):
        first = ask(url, *more, "How are you?")
        assert (first.returncode, first.stdout.strip()) == (0, "Hello, world."), first.stderr
    ask(url, "--continue", "And now?")
    messages = daemon.asked("chat")[-1]["messages"]
    assert [message["text"] for message in messages] == [
        "How are you?",
        "Hello, world.",
        "And now?",
    ]


def test_the_command_tells_what_is_wrong(daemon, tmp_path, ask):
    file = tmp_path / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    with site(settings(daemon.path, token_file=str(file))) as web:
        url = f"http://127.0.0.1:{web.port}/"
        assert ask(url, "How are you?").stdout.strip() == "Hello, world."
        run = ask(url, "How are you?", key="wrong")
        assert run.returncode == 1
        assert "401" in run.stderr
        assert "assistant web token" in run.stderr
        daemon.script = [{"ok": False, "error": "the model is broken.", "kind": "input"}]
        run = ask(url, "How are you?")
        assert run.returncode == 1
        assert "the model is broken." in run.stderr


# The real assistant


@pytest.mark.engine
@pytest.mark.e2e
def test_both_get_an_answer_of_the_real_model(tmp_path, ask):
    with Running(tmp_path) as running:
        url = running.url()
        asker = openai.OpenAI(base_url=f"{url}v1", api_key="x", timeout=PATIENCE_S)
        stream = asker.chat.completions.create(
            model=asker.models.list().data[0].id,
            messages=[{"role": "user", "content": QUESTION}],
            stream=True,
        )
        pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
        assert "Paris" in "".join(pieces)
        assert len([piece for piece in pieces if piece]) > 3
        run = ask(url, QUESTION)
        assert "Paris" in run.stdout, run.stderr
