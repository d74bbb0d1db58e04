"""Talks over the control socket: both sides say many lines."""

import asyncio
import json
import socket

from assistant.errors import AssistantError, Busy
from assistant.serve.control import UNHEARD, ControlServer


class Echo:
    """Repeats what is said; it knows what it heard and whether it was ended."""

    def __init__(self):
        self.heard = []
        self.ended = 0

    async def talk(self, request, said):
        try:
            yield {"began": request.get("name")}
            async for line in said:
                self.heard.append(line)
                if line.get("wrong"):
                    raise AssistantError("that is wrong")
                if line.get("last"):
                    return
                yield {"echo": line}
        finally:
            self.ended += 1

    async def deaf(self, request, said):
        try:
            await asyncio.sleep(1000)
            yield {}
        finally:
            self.ended += 1

    def busy(self, request, said):
        raise Busy(3)


def talked(tmp_path, act):
    """Run ``act(client, read)`` in a thread against a server; return its result and the echo."""
    path, echo = tmp_path / "s", Echo()

    async def main():
        talks = {"talk": echo.talk, "deaf": echo.deaf, "busy": echo.busy}
        server = ControlServer(path, lambda request: {}, {}, talks)
        await server.start()

        def run():
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(str(path))
                lines = client.makefile("rb")
                return act(client, lambda: json.loads(lines.readline() or b'"over"'))

        try:
            result = await asyncio.to_thread(run)
            for _ in range(300):
                if echo.ended:
                    break
                await asyncio.sleep(0.01)
            return result
        finally:
            await server.stop()

    return asyncio.run(main()), echo


def say(client, *lines):
    client.sendall(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def test_both_sides_talk(tmp_path):
    def act(client, read):
        say(client, {"command": "talk", "name": "ada"})
        first = read()
        say(client, {"a": 1}, {"b": 2})
        return [first, read(), read()]

    found, echo = talked(tmp_path, act)
    assert found == [
        {"ok": True, "began": "ada"},
        {"ok": True, "echo": {"a": 1}},
        {"ok": True, "echo": {"b": 2}},
    ]
    assert echo.ended == 1  # the client has gone


def test_what_is_no_object_is_an_empty_line(tmp_path):
    def act(client, read):
        say(client, {"command": "talk"}, [], 3)
        client.sendall(b"\xff\xfe nonsense\n")
        return [read() for _ in range(4)]

    _, echo = talked(tmp_path, act)
    assert echo.heard == [{}, {}, {}]


def test_the_daemon_may_end_it(tmp_path):
    def act(client, read):
        say(client, {"command": "talk"}, {"last": True})
        return [read(), read()]

    (_, last), echo = talked(tmp_path, act)
    assert last == "over"
    assert echo.ended == 1


def test_an_error_in_the_middle_is_told(tmp_path):
    def act(client, read):
        say(client, {"command": "talk"}, {"wrong": True})
        return [read(), read(), read()]

    (_, refusal, over), _ = talked(tmp_path, act)
    assert refusal == {"ok": False, "error": "that is wrong", "kind": "failed"}
    assert over == "over"


def test_a_refused_talk_is_one_line(tmp_path):
    def act(client, read):
        say(client, {"command": "busy"})
        first, over = read(), read()
        return first, over

    (first, over), _ = talked(tmp_path, act)
    assert (first["kind"], first["retry_after_s"], over) == ("busy", 3, "over")


def test_one_who_talks_to_deaf_ears_has_to_wait(tmp_path):
    def act(client, read):
        say(client, {"command": "deaf"})
        client.settimeout(0.5)
        line = b"[" + b" " * 60_000 + b"]\n"
        for sent in range(4 * UNHEARD):
            try:
                client.sendall(line)
            except TimeoutError:
                return sent
        return None

    sent, echo = talked(tmp_path, act)
    assert sent is not None
    assert sent < 2 * UNHEARD
    assert echo.ended == 1
