"""Whoever goes on right after the turn was taken for over: one question, one answer, one memory."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import SENTENCES, Phase, Rules, State, decide
from assistant.events import (
    Acted,
    Asked,
    Cancel,
    CarryOn,
    ClauseStarted,
    DuplexChanged,
    Heard,
    Judged,
    Partial,
    Pause,
    Prepare,
    Raise,
    Release,
    Remember,
    Say,
    Server,
    Settled,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Think,
    Tick,
    WakeDetected,
    Watch,
)

RULES = Rules(backchannels=("uh huh", "嗯"), stop_words=("stop", "停"), earcon=False)
OVER = 4.0
"""When the turn is taken for over."""


class Talk:
    """A question that was taken for whole at `OVER`, its secret answer released."""

    def __init__(self, first="Turn on the light", rules=RULES, duplex=False):
        self.rules, self.now, self.turn = rules, 0.0, 1
        self.state, self.done = State(), []
        self.tell(DuplexChanged(duplex))
        self.tell(WakeDetected("w"), 1.0)
        self.tell(SpeechStarted(1, 2.0), 2.1)
        self.tell(SpeechEnded(1, 3.8), 3.9)
        self.tell(Settled(1, first), 3.92)
        words = self.state.words
        self.tell(Judged(1, words, 1.0), 3.95)
        self.tell(Tick(), OVER)
        self.tell(Heard(1, first, 1.8, -20.0), OVER + 0.01)
        assert self.done == [*self.done[:1], Release(1, 1)]
        assert self.state.phase is Phase.THINKING

    def tell(self, event, now=None):
        self.now = self.now + 0.01 if now is None else now
        self.state, self.done = decide(self.rules, self.state, event, self.now)
        self.done = list(self.done)
        return self.done

    def sounds(self):
        """The answer is heard."""
        return self.tell(ClauseStarted(1, 1, "The light is on."), OVER + 0.3)

    def goes_on(self, text="in the living room", after=0.4):
        """The user says more, that long after the turn was taken for over."""
        turn = self.state.turn
        told = self.tell(SpeechStarted(turn, OVER + after), OVER + after + 0.1)
        return [*told, *self.tell(Partial(turn, text))]

    def ends(self, text):
        """The user is silent now, for long enough; return what follows."""
        turn, now = self.state.turn, self.now + 1.0
        self.tell(SpeechEnded(turn, now - 0.1), now)
        self.tell(Settled(turn, text))
        self.tell(Judged(turn, self.state.words, 1.0))
        self.tell(Tick(), now + 0.3)
        return self.tell(Heard(turn, text, 1.0, -20.0))


def test_both_halves_are_one_question_and_one_turn_of_the_history():
    talk = Talk()
    done = talk.goes_on()
    whole = "turn on the light in the living room"
    assert done == [Pause(1), CarryOn(2, 1), Cancel(1), Prepare(2, whole)]
    assert talk.state.phase is Phase.LISTENING
    assert talk.tell(SpeakingEnded(1, 1, "")) == []
    talk.ends("In the living room.")
    assert talk.state.phase is Phase.THINKING
    assert talk.state.words == whole
    assert talk.state.take == 1, "the secret answer is that of the whole question"
    talk.tell(ClauseStarted(2, 1, "It is on."))
    assert Remember(2, "It is on.") in talk.tell(SpeakingEnded(2, 1, "It is on."))


def test_a_reply_that_had_begun_is_silenced_and_forgotten_in_full_duplex():
    talk = Talk(duplex=True)
    talk.sounds()
    assert CarryOn(2, 1) in talk.goes_on(after=0.8)
    assert talk.tell(SpeakingEnded(1, 1, "The light")) == []
    assert not talk.state.unheard
    talk.ends("in the living room")
    assert talk.state.words == "turn on the light in the living room"


def test_in_half_duplex_it_listens_until_its_own_first_sound():
    talk = Talk()
    assert talk.sounds() == [Watch(1)]
    assert talk.goes_on(after=0.8) == []
    assert talk.state.phase is Phase.SPEAKING


def test_three_halves():
    talk = Talk("Tell me a story")
    talk.goes_on("of a dragon")
    talk.ends("of a dragon")
    assert talk.state.words == "tell me a story of a dragon"
    again = talk.now + 0.2
    talk.tell(SpeechStarted(2, again), again + 0.1)
    assert CarryOn(3, 2) in talk.tell(Partial(2, "who is green"))
    talk.ends("who is green")
    assert talk.state.words == "tell me a story of a dragon who is green"
    for turn in (1, 2):
        assert talk.tell(SpeakingEnded(turn, 1, "Once")) == []


def test_chinese_halves():
    talk = Talk("帮我打开")
    talk.goes_on("客厅的灯")
    talk.ends("客厅的灯。")
    assert talk.state.words == "帮我打开 客厅的灯"


@pytest.mark.parametrize(
    ("why", "rules"),
    [
        ("late", RULES),
        ("never", replace(RULES, grace=0.0)),
        ("done", RULES),
        ("typed", RULES),
        ("stop", RULES),
    ],
)
def test_what_does_not_go_on_is_a_turn_of_its_own(why, rules):
    talk = Talk(rules=rules, duplex=True)
    if why == "typed":
        talk.tell(Asked("tell me a story"))
        talk.tell(ClauseStarted(2, 1, "The light is on."), OVER + 0.3)
    else:
        talk.sounds()
    if why == "done":
        talk.tell(Acted(1, 1))
    turn = talk.state.turn
    text = "stop" if why == "stop" else "what about the kitchen and the garden then"
    done = talk.goes_on(text, after=2.0 if why == "late" else 0.9)
    done += talk.tell(Partial(turn, text), talk.now + 0.8)
    assert CarryOn(turn + 1, turn) in done
    assert talk.state.first == ""
    assert talk.state.words == text
    heard = "The light"
    assert Remember(turn, heard) in talk.tell(SpeakingEnded(turn, 1, heard))


@pytest.mark.parametrize("text", ["", "uh-huh", "嗯"])
def test_a_sound_that_is_no_word_gives_the_answer_back(text):
    talk = Talk()
    assert talk.goes_on(text) == [Pause(1)]
    talk.tell(SpeechEnded(1, talk.now), talk.now + 0.1)
    assert Raise(1) in talk.tell(Settled(1, text))
    assert talk.state.phase is Phase.THINKING


def test_a_second_half_that_was_nothing_leaves_the_first_one():
    talk = Talk()
    talk.goes_on("hm hm")
    now = talk.now + 0.3
    talk.tell(SpeechEnded(2, now), now + 0.1)
    talk.tell(Settled(2, ""))
    talk.tell(Tick(), now + 2.0)
    assert talk.tell(Heard(2, "", 0.1, -60.0))[-1] == Think(2, talk.state.take, "turn on the light")
    assert talk.state.phase is Phase.THINKING


def test_the_second_half_stops_all():
    talk = Talk()
    talk.goes_on("no wait")
    talk.ends("stop")
    assert talk.state.phase is Phase.ASLEEP


@pytest.mark.parametrize("ended", [False, True])
def test_who_goes_on_before_the_text_is_known_is_heard_from_the_beginning(ended):
    state = State()
    for event, now in (
        (WakeDetected("w"), 1.0),
        (SpeechStarted(1, 2.0), 2.1),
        (SpeechEnded(1, 3.0), 3.1),
        (Tick(), 4.3),
        (SpeechStarted(1, 4.4), 4.5),
        *(((SpeechEnded(1, 4.6), 4.7),) if ended else ()),
    ):
        state, _ = decide(RULES, state, event, now)
    state, done = decide(RULES, state, Heard(1, "Turn on the light", 1.0, -20.0), 5.5)
    assert (Pause(1) in done) is not ended
    if not ended:
        state, done = decide(RULES, state, Partial(1, "in the hall"), 5.6)
        assert CarryOn(2, 1) in done
        assert state.began == 4.4
        assert state.words == "turn on the light in the hall"


def test_a_server_is_not_asked_half_a_question():
    talk = Talk()
    talk.state = replace(talk.state, server=Server.READY)
    talk.goes_on()
    assert talk.state.elsewhere == "no"


def test_who_was_cut_off_for_talking_without_an_end_does_not_go_on():
    rules = replace(RULES, ahead=False)
    state = State(duplex=True)
    for event, now in (
        (WakeDetected("w"), 0.0),
        (SpeechStarted(1, 1.0), 1.1),
        (Tick(), 31.0),
        (Heard(1, "and so on", 30.0, -20.0), 31.1),
        (ClauseStarted(1, 1, SENTENCES["en"].long), 31.2),
    ):
        state, done = decide(rules, state, event, now)
    assert isinstance(done, tuple)
    state, done = decide(rules, state, SpeechStarted(1, 31.3), 31.4)
    assert done == (), "the sentence is said"
    state, done = decide(rules, state, SpeakingEnded(1, 1, "Sorry."), 33.0)
    assert Think(1, 2, "and so on") in done
    assert not any(isinstance(each, Say) for each in done)


@given(st.floats(-0.2, 3.0), st.floats(0.1, 2.0), st.booleans())
def test_within_the_grace_time_and_only_then(after, grace, sounds):
    talk = Talk(rules=replace(RULES, grace=grace), duplex=True)
    if sounds:
        talk.sounds()
    began = OVER + (max(after, 0.31) if sounds else after)
    talk.goes_on(after=began - OVER)
    talk.tell(Partial(1, "in the living room"), talk.now + 0.8)
    assert bool(talk.state.first) == (began - OVER <= grace)
