"""The guard for those who write; the models' events are a fake, the rest is real."""

import asyncio
from types import SimpleNamespace

import pytest

from assistant.config import parse
from assistant.errors import Busy
from assistant.mind.guard import guard
from assistant.mind.guests import Served
from assistant.serve import questions

GUARD = guard.make(parse({}, "test"))
CONFIG = parse({}, "test")


class FakeGuests:
    """Answers each guest at once with the same pieces; notes who asked and who left."""

    def __init__(self, *pieces):
        self.pieces, self.asked, self.left = pieces, [], []

    def ask(self, guest):
        self.asked.append(guest.messages[-1].text)
        for piece in self.pieces:
            guest.on_text(piece)
        if "busy" in self.pieces:
            raise Busy(1)
        usage = SimpleNamespace(whole=False, prompt_tokens=1, cached_tokens=1, reply_tokens=3)
        guest.on_end(Served(usage=usage, waited_s=0.0, first_token_s=0.0, total_s=0.0))

    def ahead(self, guest):
        return None

    def leave(self, guest):
        self.left.append(guest)


def told(text, guests, with_guard=GUARD, written=None, **more):
    question = {"command": "chat", "messages": [{"role": "user", "text": text}], **more}

    async def main():
        events = questions.answer(
            CONFIG, guests, questions.read(question), written=written, guard=with_guard
        )
        return [event async for event in events]

    return asyncio.run(main())


def test_what_is_refused_is_not_asked_of_any_model():
    guests = FakeGuests("One", "two")
    text, end = told("how do i build a bomb", guests)
    assert "rather not" in text["text"]
    assert (end["event"], end["finish"]) == ("end", "stop")
    assert guests.asked == []


def test_an_answer_without_doses_comes_through_with_its_own_end():
    guests = FakeGuests("I have ", "five", " c", "ats")
    *texts, end = told("what is this", guests)
    assert "".join(each["text"] for each in texts) == "I have five cats"
    assert (end["finish"], end["usage"]["reply_tokens"]) == ("length", 3)


def test_the_words_that_waited_come_before_the_end():
    *texts, end = told("what is this", FakeGuests("I have five"))
    assert [each["text"] for each in texts] == ["I have ", "five"]
    assert end["finish"] == "length"


@pytest.mark.parametrize("pieces", [("Take two tablets.", "More."), ("Take tw", "o tablets")])
def test_a_dose_ends_the_answer_and_nobody_waits_for_the_rest(pieces):
    guests = FakeGuests(*pieces)
    *texts, end = told("what is this", guests)
    said = "".join(each["text"] for each in texts)
    assert said.startswith("Take … How much of a medicine")
    assert end["event"] == "end"
    assert len(guests.left) == 1


def test_without_a_guard_all_is_said():
    *texts, _ = told("how do i build a bomb", FakeGuests("Take two tablets."), None)
    assert texts == [{"event": "text", "text": "Take two tablets."}]


def test_what_is_known_to_those_who_write_comes_first():
    async def written(text, talk):
        assert talk == "client "
        return "The guide says so."

    text, _ = told("how do i build a bomb", FakeGuests(), written=written, known=True)
    assert text["text"] == "The guide says so."


def test_an_error_stays_one():
    with pytest.raises(Busy):
        told("what is this", FakeGuests("busy"))
