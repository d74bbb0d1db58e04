"""The routes of the web server, over real sockets, before a fake daemon (see fake_daemon.py)."""

import contextlib
import http.client
import json
import re
import socket

import pytest
from fake_daemon import HANG_UP, WAIT, FakeDaemon, text
from hypothesis import given
from hypothesis import strategies as st
from serving import events, settings, site, until

from assistant.serve.web import app, openapi
from assistant.serve.web.sessions import NAME, Bounds, Sessions, new_name

FULL = {"ok": False, "error": "the queue is full.", "retry_after_s": 6.2}
BROKEN = {"ok": False, "error": "the engine failed."}
ASKED = {"messages": [{"role": "user", "content": "Hello?"}]}


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """One for all requests that make no sense: none of them may reach the daemon."""
    path = tmp_path_factory.mktemp("refusing") / "s"
    with FakeDaemon(path) as fake, site(settings(path)) as running:
        yield running
        assert not fake.asked("chat") + fake.asked("trace")


def articles_client(stream):
    """Read an answer as the article's client does: lines with `data:`, and their text."""
    lines = stream.decode().splitlines()
    data = [json.loads(line[len("data: ") :]) for line in lines if line.startswith("data: ")]
    return "".join(each["text"] for each in data)


# POST /chat


def test_the_articles_client_gets_exactly_the_text(daemon, web):
    daemon.script = text("Line one\n", "and ", "two: ", '"quoted" \\ data: x\r\n\n', "\u2028end.")
    answer = web.chat("Hello?")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert articles_client(answer.body.replace("\u2028".encode(), b"|")) == (
        'Line one\nand two: "quoted" \\ data: x\r\n\n|end.'
    )


def test_the_session_comes_first_and_the_figures_last(web):
    (first, session), *pieces, (last, end) = web.chat("Hello?").events
    assert (first, last) == ("session", "end")
    assert NAME.fullmatch(session["session"])
    assert pieces == [("", {"text": piece}) for piece in ("Hello", ", ", "world.")]
    assert end["finish"] == "stop"
    assert end["usage"]["reply_tokens"] == 5


def test_pieces_arrive_while_the_answer_is_still_being_made(daemon, web):
    daemon.script = [*text("first ")[:1], WAIT, *text("second")]
    with web.begun("POST", "/chat", {"prompt": "Hello?"}) as answer:
        got = b""
        while b"first" not in got:
            got += answer.read1()
        assert daemon.waiting.wait(10)
        assert b"second" not in got
        daemon.go()
        assert articles_client(got + answer.read()) == "first second"


@pytest.mark.parametrize(
    "words", ["你好，世界。", "🙂👩‍👩‍👧", "e\u0301 \u202e \x00 \x7f", "</script>", "\ud83d half"]
)
def test_any_character_arrives_as_it_was_made(daemon, web, words):
    daemon.script = text(words)
    assert web.chat("Hello?").events[1] == ("", {"text": words})


def test_a_question_in_any_script_reaches_the_daemon(daemon, web):
    web.chat("你好 🙂\n\u2028")
    assert daemon.asked("chat")[0]["messages"] == [{"role": "user", "text": "你好 🙂\n\u2028"}]


def test_a_question_that_leaves_the_device_is_told_and_local_keeps_it(daemon, web):
    out = {"ok": True, "event": "out", "to": "brain.local", "model": "large", "why": "meaning"}
    daemon.script = [out, {"ok": True, "event": "back"}, *text("Here.")]
    told = web.chat("Why?").events
    assert ("out", {"text": "", "to": "brain.local", "model": "large"}) in told
    assert ("back", {"text": ""}) in told
    assert daemon.seen[-1]["may_leave"] is True
    assert daemon.seen[-1]["known"] is True
    web.chat("Why?", local=True)
    assert daemon.seen[-1]["may_leave"] is False


def test_waiting_for_ones_turn_is_told(daemon, web):
    daemon.script = [{"ok": True, "event": "queued", "ahead": 2}, *text("Now.")]
    names = [(name, data.get("ahead")) for name, data in web.chat("Hello?").events]
    assert names == [("session", None), ("queued", 2), ("", None), ("end", None)]


def test_a_full_queue_is_429_and_says_when_to_return(daemon, web):
    daemon.script = [FULL]
    answer = web.chat("Hello?")
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.json == {"error": "the queue is full."}


def test_a_refusal_before_the_first_word_has_a_status(daemon, web):
    daemon.script = [BROKEN]
    answer = web.chat("Hello?")
    assert (answer.status, answer.json) == (400, {"error": "the engine failed."})


@pytest.mark.parametrize("end", [BROKEN, FULL, HANG_UP, b"not json\n", b"[]\n", b'{"ok": true'])
def test_a_failure_in_mid_sentence_is_an_event(daemon, web, end):
    daemon.script = [*text("So far")[:1], end]
    if isinstance(end, bytes) and not end.endswith(b"\n"):
        daemon.script.append(HANG_UP)
    *_, piece, (name, data) = web.chat("Hello?").events
    assert piece == ("", {"text": "So far"})
    assert name == "error"
    assert data["error"].endswith(".")
    assert "end" not in [name for name, _ in web.chat("Hello?").events]


@pytest.mark.parametrize("command", ["chat", "openai", "whole"])
@pytest.mark.parametrize("when", ["before the first word", "in mid sentence"])
def test_a_client_that_goes_away_stops_the_work(daemon, web, command, when):
    daemon.script = [WAIT] if when.startswith("before") else [*text("So far")[:1], WAIT]
    path, body = {
        "chat": ("/chat", {"prompt": "Hello?"}),
        "openai": ("/v1/chat/completions", {**ASKED, "stream": True}),
        "whole": ("/v1/chat/completions", ASKED),
    }[command]
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    assert daemon.waiting.wait(10)
    assert not daemon.closed.is_set()
    connection.close()
    assert daemon.closed.wait(10)
    until(lambda: "assistant_web_in_flight 0" in web.ask("GET", "/metrics").body.decode())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt": ""},
        {"prompt": " \n"},
        {"prompt": 3},
        {"prompt": None},
        {"prompt": ["x"]},
        {"prompt": "x", "session": ""},
        {"prompt": "x", "session": "a b"},
        {"prompt": "x", "session": "a" * 65},
        {"prompt": "x", "session": 7},
        {"prompt": "x", "session": "a\n"},
        {"prompt": "x", "messages": "y"},
        {"prompt": "x", "messages": [{"role": "system", "text": "y"}]},
        {"prompt": "x", "messages": [{"role": "user"}]},
        {"prompt": "x", "messages": ["y"]},
        {"prompt": "x", "messages": [], "session": "a"},
        [],
        "[" * 100_000,
        "{",
        "",
        b'{"prompt": "\xff"}',
        '{"prompt": "\\ud800"}',
        '{"prompt": "x", "n": NaN}',
        '{"n": ' + "9" * 5000 + "}",
    ],
)
def test_what_makes_no_sense_is_400(refusing, body):
    answer = refusing.ask("POST", "/chat", body)
    assert answer.status == 400
    assert answer.json["error"].endswith(".")


def test_more_than_the_daemon_takes_is_413(refusing):
    answer = refusing.chat("x" * 70_000)
    assert answer.status == 413
    assert "64 kB" in answer.json["error"]


# Conversations


def said(daemon):
    return [message["text"] for message in daemon.asked("chat")[-1]["messages"]]


def test_a_session_has_a_memory_and_others_do_not_see_it(daemon, web):
    name = web.chat("One?").events[0][1]["session"]
    web.chat("Two?", session=name)
    assert said(daemon) == ["One?", "Hello, world.", "Two?"]
    assert [m["role"] for m in daemon.asked("chat")[-1]["messages"]] == [
        "user",
        "assistant",
        "user",
    ]
    web.chat("Three?", session="mine-_9")
    assert said(daemon) == ["Three?"]
    web.chat("Four?")
    assert said(daemon) == ["Four?"]


def test_an_answer_that_was_broken_off_is_kept_as_far_as_it_came(daemon, web):
    daemon.script = [*text("As far as here")[:1], WAIT]
    with web.begun("POST", "/chat", {"prompt": "One?", "session": "a"}) as answer:
        while b"here" not in answer.read1():
            pass
    assert daemon.closed.wait(10)
    until(lambda: "assistant_web_sessions 1" in web.ask("GET", "/metrics").body.decode())
    daemon.script = text("Whole.")
    web.chat("Two?", session="a")
    assert said(daemon) == ["One?", "As far as here", "Two?"]


def test_a_question_without_an_answer_is_not_kept(daemon, web):
    daemon.script = [FULL]
    web.chat("One?", session="a")
    daemon.script = text("Whole.")
    web.chat("Two?", session="a")
    assert said(daemon) == ["Two?"]


def test_a_client_may_hold_the_conversation_itself(daemon, web):
    before = [{"role": "user", "text": "One?"}, {"role": "assistant", "text": "Yes."}]
    answer = web.chat("Two?", messages=before)
    assert daemon.asked("chat")[0]["messages"] == [*before, {"role": "user", "text": "Two?"}]
    assert [name for name, _ in answer.events] == ["", "", "", "end"]
    assert "assistant_web_sessions 0" in web.ask("GET", "/metrics").body.decode()


actions = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.text(max_size=30), st.text(max_size=30), st.floats(0, 9)
    ),
    max_size=40,
)


@given(actions)
def test_sessions_stay_within_their_bounds(steps):
    now = 0.0
    bounds = Bounds(sessions=3, messages=6, size=80, age_s=10.0)
    sessions = Sessions(lambda: now, bounds)
    used, kept = {}, {}
    for name, asked, answered, pause in steps:
        now += pause
        sessions.add(name, asked, answered)
        if now - used.get(name, now) > bounds.age_s:
            kept[name] = []
        used[name] = now
        kept.setdefault(name, []).append((asked, answered))
        assert len(sessions) <= bounds.sessions
        for each in "abcdef":
            history = sessions.history(each)
            assert len(history) <= bounds.messages
            assert sum(len(m["text"].encode(errors="replace")) for m in history) <= bounds.size
            assert [m["role"] for m in history] == ["user", "assistant"] * (len(history) // 2)
            pairs = [
                (m["text"], n["text"]) for m, n in zip(history[::2], history[1::2], strict=True)
            ]
            assert pairs == kept.get(each, [])[len(kept.get(each, [])) - len(pairs) :]
            if now - used.get(each, -99) > bounds.age_s:
                assert history == []


def test_the_session_that_was_unused_for_longest_goes_first():
    sessions = Sessions(lambda: 0.0, Bounds(sessions=2))
    for name in "abac":
        sessions.add(name, "q", "a")
    assert [len(sessions.history(name)) for name in "abc"] == [4, 0, 2]


def test_new_names_are_names_and_differ():
    names = {new_name() for _ in range(50)}
    assert len(names) == 50
    assert all(NAME.fullmatch(name) for name in names)


# The daemon comes and goes


def test_without_a_daemon_all_is_503_until_it_returns(tmp_path):
    path = tmp_path / "s"
    asks = [
        ("GET", "/healthz", None),
        ("GET", "/state", None),
        ("GET", "/trace", None),
        ("GET", "/v1/models", None),
        ("POST", "/chat", {"prompt": "Hello?"}),
        ("POST", "/v1/chat/completions", ASKED),
        ("POST", "/v1/chat/completions", {**ASKED, "stream": True}),
    ]
    with site(settings(path)) as web:
        for ask in asks:
            answer = web.ask(*ask)
            assert answer.status == 503, ask
            assert int(answer.headers["retry-after"]) > 0
            assert "assistant run" in answer.body.decode()
        assert "assistant_up 0" in web.ask("GET", "/metrics").body.decode()
        for _ in range(2):
            with FakeDaemon(path):
                assert web.ask("GET", "/healthz").json == {"ok": True}
                assert articles_client(web.chat("Hello?").body) == "Hello, world."
                assert "assistant_up 1" in web.ask("GET", "/metrics").body.decode()
            assert web.ask("GET", "/healthz").status == 503


def test_a_daemon_that_hangs_is_503(daemon, web, monkeypatch, tmp_path):
    monkeypatch.setattr("assistant.serve.web.link.CALL_TIMEOUT_S", 0.2)
    monkeypatch.setattr("assistant.serve.web.house.PATIENCE_S", 0.2)
    daemon.script = [WAIT]
    assert web.chat("Hello?").status == 503
    assert daemon.closed.wait(10)
    mute = tmp_path / "mute"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(mute))
        listening.listen()
        with site(settings(mute)) as other:
            answer = other.ask("GET", "/healthz")
            assert answer.status == 503
            assert "does not answer" in answer.json["error"]


def test_a_server_that_ends_hangs_up_on_the_daemon(daemon):
    daemon.script = [*text("So far")[:1], WAIT]
    with contextlib.ExitStack() as stack:
        with site(settings(daemon.path)) as web:
            answer = stack.enter_context(web.begun("POST", "/chat", {"prompt": "Hello?"}))
            assert daemon.waiting.wait(10)
        assert daemon.closed.wait(10)
        assert [name for name, _ in events(answer.read().decode())] == ["session", ""]


# Looking on


def test_the_state_is_told_as_it_happens(daemon, web):
    daemon.watched.append({"ok": True, "event": "state", "phase": "listening", "turn": 1})
    with web.begun("GET", "/state") as answer:
        got = b""
        while b"what is" not in got:
            got += answer.read1()
        assert events(got.decode()) == [
            ("", {"event": "state", "phase": "asleep", "turn": 0}),
            ("", {"event": "partial", "turn": 1, "text": "what is"}),
        ]
        daemon.go()
        assert b"listening" in answer.read1()


def test_a_watcher_that_leaves_is_hung_up_on(daemon, web):
    with web.begun("GET", "/state") as answer:
        answer.read1()
        assert daemon.waiting.wait(10)
    assert daemon.closed.wait(10)


def test_a_watcher_is_told_when_the_daemon_goes(daemon, web):
    daemon.watched[-1] = HANG_UP
    assert web.ask("GET", "/state").events[-1][0] == "error"


def test_a_silent_stream_has_a_heartbeat(daemon, web, monkeypatch):
    monkeypatch.setattr("assistant.serve.web.streaming.HEARTBEAT_S", 0.05)
    with web.begun("GET", "/state") as answer:
        got = b""
        while got.count(b"\n:\n") < 2:
            got += answer.read1()
    assert len(events(got.decode())) == 2


def test_the_trace_is_that_of_the_turn(daemon, web):
    for query, turn in [
        ("", "last"),
        ("?turn=last", "last"),
        ("?turn=all", "all"),
        ("?turn=7", "7"),
    ]:
        assert web.ask("GET", f"/trace{query}").json["turns"][0]["asked"] == turn


@pytest.mark.parametrize("turn", ["", "x", "-1", "1e3", "%D9%A1", "9" * 30])
def test_a_turn_that_is_none_is_400(refusing, turn):
    assert refusing.ask("GET", f"/trace?turn={turn}").status == 400


def test_metrics_count(daemon, web):
    web.chat("Hello?")
    web.ask("GET", "/nothing-of-ours")
    web.ask("POST", "/v1/chat/completions", ASKED)
    page = web.ask("GET", "/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = page.body.decode().splitlines()
    assert 'assistant_web_requests_total{route="/chat",status="200"} 1' in lines
    assert 'assistant_web_requests_total{route="other",status="404"} 1' in lines
    assert 'assistant_tokens_total{kind="reply"} 10' in lines
    assert "assistant_first_token_seconds_count 2" in lines
    assert 'assistant_first_token_seconds_bucket{le="+Inf"} 2' in lines
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+')
    assert all(line.startswith("# ") or sample.fullmatch(line) for line in lines)


def test_metrics_show_the_daemons_own_figures_but_not_what_it_does_not_know(daemon, web):
    lines = web.ask("GET", "/metrics").body.decode().splitlines()
    assert 'assistant_turns_total{outcome="answered"} 3' in lines
    assert 'assistant_failures_total{room="mind"} 1' in lines
    assert "assistant_latency_seconds 0.412" in lines
    assert "assistant_memory_bytes 612300000" in lines
    assert not any("temperature" in line for line in lines)


# OpenAI's way


def test_a_whole_completion_has_openais_shape(daemon, web):
    got = web.ask("POST", "/v1/chat/completions", {**ASKED, "model": "whatever"}).json
    assert got["object"] == "chat.completion"
    assert got["model"] == "fake-model"
    assert got["choices"][0]["message"]["content"] == "Hello, world."
    assert got["choices"][0]["finish_reason"] == "stop"
    assert got["usage"]["total_tokens"] == 26
    assert got["usage"]["prompt_tokens_details"] == {"cached_tokens": 13}


@pytest.mark.parametrize("with_usage", [False, True])
def test_a_streamed_completion_has_openais_shape(daemon, web, with_usage):
    daemon.script = text("Hel", "lo.", finish="length")
    body = {**ASKED, "stream": True, "stream_options": {"include_usage": with_usage}}
    *chunks, (_, done) = web.ask("POST", "/v1/chat/completions", body).events
    chunks = [chunk for _, chunk in chunks]
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    if with_usage:
        last = chunks.pop()
        assert (last["choices"], last["usage"]["completion_tokens"]) == ([], 5)
        assert all(chunk["usage"] is None for chunk in chunks)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == "Hello."
    finishes = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert finishes == [None] * (len(chunks) - 1) + ["length"]


def test_what_is_known_is_handed_on_and_what_is_not_is_ignored(daemon, web):
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    messages = [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": parts, "name": "x"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "user", "content": "c"},
    ]
    more = {"max_tokens": 9, "max_completion_tokens": 7, "temperature": 0, "stop": "x", "top_p": 3}
    web.ask("POST", "/v1/chat/completions", {"messages": messages, **more, "seed": "?", "n": 1})
    (asked,) = daemon.asked("chat")
    assert [(m["role"], m["text"]) for m in asked["messages"]] == [
        ("system", "Be kind."),
        ("user", "ab"),
        ("assistant", ""),
        ("user", "c"),
    ]
    assert (asked["max_tokens"], asked["temperature"], asked["stop"]) == (7, 0, ["x"])
    assert set(asked) == {"command", "client", "messages", "max_tokens", "temperature", "stop"}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": [], "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content",
        ),
        ({"model": 3}, "model"),
        ({"n": 2}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": []}, "stream_options"),
    ],
)
def test_a_wrong_type_is_400_in_openais_shape(refusing, change, param):
    answer = refusing.ask("POST", "/v1/chat/completions", {**ASKED, **change})
    assert answer.status == 400
    assert answer.json["error"]["param"] == param
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_a_full_queue_is_429_in_openais_shape(daemon, web):
    daemon.script = [FULL]
    for stream in (False, True):
        answer = web.ask("POST", "/v1/chat/completions", {**ASKED, "stream": stream})
        assert (answer.status, answer.headers["retry-after"]) == (429, "7")
        assert answer.json["error"]["type"] == "rate_limit_error"


def test_a_failure_in_a_stream_of_chunks_is_told_and_not_done(daemon, web):
    daemon.script = [*text("So far")[:1], BROKEN]
    *_, (_, last) = web.ask("POST", "/v1/chat/completions", {**ASKED, "stream": True}).events
    assert last["error"]["message"] == "the engine failed."


def test_half_an_answer_is_no_completion(daemon, web):
    daemon.script = [*text("So far")[:1], HANG_UP]
    assert web.ask("POST", "/v1/chat/completions", ASKED).status == 503


def test_the_model_is_listed(web):
    (entry,) = web.ask("GET", "/v1/models").json["data"]
    assert (entry["id"], entry["object"]) == ("fake-model", "model")


# The description


def test_the_description_has_every_route_and_nothing_else(web):
    served = {(r.path, m.lower()) for r in app.routes() for m in r.methods - {"HEAD"}}
    told = web.ask("GET", "/openapi.json").json
    assert told == json.loads(json.dumps(openapi.document()))
    assert {(path, method) for path, item in told["paths"].items() for method in item} == served
    assert told["openapi"].startswith("3.1.")


def test_every_operation_describes_its_answers():
    for path, item in openapi.document()["paths"].items():
        for operation in item.values():
            assert "200" in operation["responses"], path
            assert operation["summary"]
            for status, answer in operation["responses"].items():
                assert status.isdigit()
                assert answer["description"]
                assert answer["content"]


# The device


def test_settings_are_told_and_changed(daemon, web):
    assert web.ask("GET", "/settings").json == daemon.settings
    answer = web.ask("POST", "/settings", {"volume": 0.5, "muted": True})
    assert answer.status == 200
    assert (answer.json["volume"], answer.json["muted"]) == (0.5, True)
    assert daemon.asked("set") == [{"command": "set", "volume": 0.5, "muted": True}]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"volume": 2},
        {"volume": "loud"},
        {"volume": None},
        {"muted": 1},
        {"voice": 3},
        {"language": "ko"},
        {"command": "stop"},
        {"volume": 0.5, "command": "ask", "text": "x"},
        {"paths": {"socket": "x"}},
    ],
)
def test_settings_that_make_no_sense_never_reach_the_daemon(daemon, web, change):
    answer = web.ask("POST", "/settings", change)
    assert (answer.status, answer.json["error"][-1]) == (400, ".")
    assert daemon.seen == []


def test_what_the_daemon_refuses_is_told_in_its_words(daemon, web):
    daemon.refusal = {"ok": False, "kind": "input", "error": "no such voice."}
    answer = web.ask("POST", "/settings", {"voice": "nobody"})
    assert (answer.status, answer.json) == (400, {"error": "no such voice."})
    daemon.refusal = {"ok": False, "kind": "failed", "error": "it is busy with a turn."}
    answer = web.ask("POST", "/settings", {"voice": "en-us"})
    assert (answer.status, answer.json) == (503, {"error": "it is busy with a turn."})
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", ["/wake", "/stop"])
def test_the_device_is_woken_and_stopped(daemon, web, path):
    assert web.ask("POST", path, {}).json == {"ok": True}
    assert [asked["command"] for asked in daemon.seen] == [path[1:]]


@pytest.mark.parametrize("path", ["/settings", "/wake", "/stop"])
def test_no_other_site_can_change_wake_or_stop_it(daemon, web, path):
    body = '{"volume": 0}'
    for head, status in [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Origin": "https://evil.example"}, 403),
    ]:
        assert web.ask("POST", path, body, head).status == status
    if path != "/settings":
        assert web.ask("GET", path).status == 405
    assert daemon.seen == []
