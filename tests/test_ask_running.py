"""`ask --running` and `say --running`: the events of a running assistant, and the socket."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import assistant, is_one_sentence

from assistant.commands.ask import answer_to
from assistant.errors import AssistantError
from assistant.serve.control import ControlServer

Q = "What is two plus two?"
THINK = {"event": "think", "turn": 4, "text": Q}


def text(piece, turn=4):
    return {"event": "text", "turn": turn, "take": 1, "piece": piece}


ENDED = {"event": "reply_ended", "turn": 4, "take": 1, "text": "Two and two is four."}
NOISE = st.sampled_from(
    [
        {"event": "state", "phase": "speaking", "turn": 4, "out": False},
        {"event": "state", "phase": "thinking", "turn": 3, "out": False},
        {"event": "speaking_ended", "turn": 3, "take": 1, "heard": "No."},
        {"event": "earcon", "name": "wake"},
        {"event": "failed", "turn": 3, "take": 0, "room": "mind", "message": "earlier"},
        text("of somebody else", turn=3),
        {"event": "level", "source": "mouth", "levels": []},
    ]
)


@given(st.lists(st.lists(NOISE, max_size=3), min_size=5, max_size=5))
def test_the_pieces_of_the_answer_are_told_whatever_else_happens(noise):
    told = [THINK, text("Two and two"), text(" is"), text(" four."), ENDED]
    events = [each for more, event in zip(noise, told, strict=True) for each in (*more, event)]
    assert list(answer_to(Q, events)) == ["Two and two", " is", " four."]


def test_one_that_is_interrupted_ends_there():
    stopped = {"event": "speaking_ended", "turn": 4, "take": 1, "heard": "Two"}
    assert list(answer_to(Q, [THINK, text("Two"), stopped, text(" more")])) == ["Two"]
    newer = {"event": "state", "phase": "listening", "turn": 5, "out": False}
    assert list(answer_to(Q, [THINK, text("Two"), newer, text(" more")])) == ["Two"]


def test_a_failure_is_told():
    failed = {"event": "failed", "turn": 4, "take": 1, "room": "mind", "message": "no room"}
    with pytest.raises(AssistantError, match="no room"):
        list(answer_to(Q, [THINK, failed]))


class Answers:
    """An assistant behind the socket that says a fixed answer; all else is the real server."""

    def __init__(self):
        self.asked = []
        self.told = None

    def handle(self, request):
        self.asked.append(request)
        for event in (THINK, text("Four"), text("."), ENDED):
            self.told.put_nowait(event)
        return {}

    async def watch(self, request):
        yield {"event": "state", "phase": "asleep", "turn": 3, "out": False}
        while True:
            yield await self.told.get()


def answered(path, *arguments):
    answers = Answers()

    async def main():
        answers.told = asyncio.Queue()
        server = ControlServer(path, answers.handle, {"watch": answers.watch})
        await server.start()
        try:
            return await asyncio.to_thread(assistant, f"--set=paths.socket={path}", *arguments)
        finally:
            await server.stop()

    return asyncio.run(main()), answers.asked


def test_the_running_assistant_is_asked_and_its_answer_printed(tmp_path):
    plain, asked = answered(tmp_path / "s", "ask", "--running", Q)
    assert (plain.returncode, plain.stdout, plain.stderr) == (0, b"Four.\n", b"")
    assert asked == [{"command": "ask", "text": Q}]
    as_json, _ = answered(tmp_path / "t", "ask", "--running", "--json", Q)
    assert as_json.stdout == b'{"reply": "Four."}\n'


def test_the_running_assistant_says_it(tmp_path):
    ended, asked = answered(tmp_path / "s", "say", "--running", "Dinner.")
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert asked == [{"command": "say", "text": "Dinner."}]


def test_it_cannot_write_a_file_for_others(tmp_path):
    refused = assistant("say", "--running", "--out", tmp_path / "a.wav", "Dinner.")
    assert "do not go together" in is_one_sentence(refused)
