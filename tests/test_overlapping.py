"""Speech over the reply: what the decider makes of it, step by step."""

from dataclasses import replace

import pytest

from assistant.conversation import Phase, Rules, State, decide
from assistant.events import (
    Asked,
    Cancel,
    CarryOn,
    ClauseStarted,
    Duck,
    DuplexChanged,
    Finish,
    Halt,
    Heard,
    Listen,
    Overhear,
    Partial,
    Pause,
    Prepare,
    Raise,
    Rang,
    Remember,
    Rest,
    Send,
    Server,
    Settle,
    Settled,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Think,
    Tick,
    Watch,
)

WORDS = {
    "backchannels": ("uh huh", "ok", "嗯"),
    "interjections": ("what", "why"),
    "stop_words": ("stop", "停"),
}
RULES = Rules(**WORDS)
REPLY = "The sea is full of fish."


class Talk:
    """A conversation that has come to the reply of its first turn, at 10 s."""

    def __init__(self, rules=RULES, **known):
        self.rules, self.now = rules, 10.0
        self.state = State(duplex=True)
        self.tell(Asked("tell me of the sea"))
        self.tell(ClauseStarted(1, 1, REPLY))
        self.state = replace(self.state, spoken=True, **known)

    def tell(self, event, after=0.0):
        self.now += after
        self.state, commands = decide(self.rules, self.state, event, self.now)
        return commands

    def begin(self, level=None):
        """Somebody began to speak .15 s ago: so long the detector takes."""
        return self.tell(SpeechStarted(1, self.now, level), after=0.15)


def test_while_it_speaks_it_listens_only_where_the_microphone_is_of_use():
    assert decide(RULES, State(duplex=True), Asked("x"), 0.0)[1][0] == Overhear(1)
    assert decide(RULES, State(), Asked("x"), 0.0)[1][0] == Watch(1)
    it = Talk()
    assert it.tell(DuplexChanged(False)) == (Watch(1),)
    assert it.begin() == ()
    assert it.tell(DuplexChanged(True)) == (Overhear(1),)
    assert it.tell(DuplexChanged(True)) == ()


def test_a_cough_makes_it_soft_and_then_as_loud_as_before():
    it = Talk()
    assert it.begin() == (Duck(1),)
    assert it.tell(SpeechEnded(1, it.now), after=0.1) == (Settle(1),)
    assert it.tell(Settled(1, ""), after=0.04) == (Raise(1), Overhear(1))
    assert it.state.phase is Phase.SPEAKING
    assert it.state.deadline > it.now + RULES.patience


@pytest.mark.parametrize(
    ("level", "echo", "yields"),
    [
        (-45.0, -18.0, False),  # what is left of its own voice
        (-45.0, None, True),  # it is silent just now
        (-30.0, -18.0, True),
        (-20.0, -14.0, True),
        (None, -18.0, True),
    ],
)
def test_what_the_canceller_leaves_makes_nothing_soft_but_a_stop_word_in_it_counts(
    level, echo, yields
):
    it = Talk()
    commands = it.tell(SpeechStarted(1, it.now, level, echo))
    assert commands == ((Duck(1),) if yields else ())
    assert any(isinstance(each, Halt) for each in it.tell(Partial(1, "stop"), after=0.2))


def test_a_stop_word_is_not_taken_for_the_reply_where_that_sounds_alike():
    it = Talk(sounding="A tower with a bright lamp at its top.")
    it.begin()
    assert it.tell(Partial(1, "Stop it, stop."))[0] == Halt("Stop it, stop.")


@pytest.mark.parametrize(
    ("final", "asked"),
    [("Stop.", False), ("Sir,,", False), ("", False), ("stop, why", True), ("how about two", True)],
)
def test_a_stop_word_that_becomes_another_word_in_the_end_asks_nothing(final, asked):
    it = Talk()
    it.begin()
    it.tell(Partial(1, "Stop!"), after=0.2)
    it.tell(SpeakingEnded(1, 1, "The sea"))
    it.tell(SpeechEnded(2, it.now), after=0.2)
    commands = [*it.tell(Settled(2, final)), *it.tell(Tick(), after=2.0)]
    commands += it.tell(Heard(2, final, 0.4, -26.0))
    assert any(isinstance(each, Think) for each in commands) is asked


def test_a_stop_word_that_the_reply_says_itself_does_not_stop_it():
    it = Talk(sounding="The bus will stop at the harbour.")
    it.begin()
    assert it.tell(Partial(1, "stop")) == ()


def test_who_goes_on_is_given_silence_and_then_the_turn():
    it = Talk()
    it.begin()
    assert it.state.deadline == 10.0 + RULES.hold
    assert it.tell(Tick(), after=0.15) == (Pause(1),)
    assert it.tell(Partial(1, "what about the ships there"), after=0.1) == ()
    assert it.tell(Partial(1, "what about the ships there and fishermen"), after=0.1) == ()
    commands = it.tell(Partial(1, "what about the ships there and fishermen"), after=0.3)
    assert commands == (CarryOn(2, 1), Cancel(1))
    assert it.state.phase is Phase.LISTENING
    assert it.state.began == 10.0
    # Nothing is read before it is known what comes before it.
    assert it.tell(Partial(2, "what about ships there now")) == ()
    heard = it.tell(SpeakingEnded(1, 1, "The sea is "), after=0.02)
    assert heard == (Remember(1, "The sea is "), Prepare(2, "what about ships there now"))
    assert it.tell(Partial(2, "what about ships")) == (Prepare(2, "what about ships"),)


def test_what_begins_like_an_order_to_it_may_be_for_somebody_else():
    it = Talk()
    it.begin()
    it.tell(Tick(), after=0.15)
    whole = "just put the bags on the table over there"
    for end in (17, 20, 24, 30, 41):
        text = whole[:end]
        assert it.tell(Partial(1, text), after=0.2) == ()
    it.tell(SpeechEnded(1, it.now), after=0.3)
    assert it.tell(Settled(1, text)) == (Raise(1), Overhear(1))


@pytest.mark.parametrize(
    "text",
    ["Wait, I have another question.", "Hold on, that's not what I asked.", "等一下，我还有个问题"],
)
def test_who_begins_as_those_do_who_interrupt_is_heard(text):
    it = Talk()
    it.begin()
    it.tell(Tick(), after=0.3)
    it.tell(SpeechEnded(1, it.now + 0.7), after=0.8)
    assert it.tell(Settled(1, text))[0] == CarryOn(2, 1)


@pytest.mark.parametrize(("quieter", "commands"), [(0.0, CarryOn(2, 1)), (14.0, Raise(1))])
def test_who_is_farther_away_needs_a_sentence_that_is_clearly_for_it(quieter, commands):
    it = Talk(level=-26.0)
    it.begin(level=-26.0 - quieter)
    it.tell(Tick(), after=0.3)
    it.tell(SpeechEnded(1, it.now + 0.7), after=0.8)
    assert it.tell(Settled(1, "tell me about the moon instead"))[0] == commands


def test_a_question_of_one_word_is_answered_once_it_is_over():
    it = Talk()
    it.begin()
    it.tell(Partial(1, "why"), after=0.1)
    it.tell(SpeechEnded(1, it.now), after=0.1)
    assert it.tell(Settled(1, "Why?"), after=0.05) == (CarryOn(2, 1), Cancel(1))
    think = it.tell(SpeakingEnded(1, 1, "The sea "), after=0.02)
    assert think == (Remember(1, "The sea "), Think(2, 1, "why", secret=True))
    assert it.state.deadline < it.now + RULES.max_silence


def test_what_the_ears_say_before_they_know_of_the_new_turn_counts():
    it = Talk()
    it.begin()
    it.tell(Partial(1, "what about the ships there and fishermen"), after=0.6)
    assert it.tell(SpeechEnded(1, it.now), after=0.5) == (Settle(2),)
    assert it.tell(SpeechEnded(0, it.now)) == ()


@pytest.mark.parametrize("text", ["Uh-huh.", "OK, uh-huh.", "嗯嗯", "sea is full of", "fish", ""])
def test_listeners_and_its_own_echo_do_not_interrupt_it(text):
    it = Talk()
    it.begin()
    it.tell(Tick(), after=0.15)
    assert it.tell(Partial(1, text)) == ()
    it.tell(SpeechEnded(1, it.now), after=0.3)
    assert it.tell(Settled(1, text)) == (Raise(1), Overhear(1))


def test_a_murmur_does_not_interrupt_it_whatever_the_recogniser_makes_of_it():
    it = Talk()
    it.begin()
    assert it.tell(Partial(1, "I am a man"), after=0.2) == ()
    it.tell(SpeechEnded(1, it.now), after=0.1)
    assert it.tell(Settled(1, "and am them")) == (Raise(1), Overhear(1))


def test_what_begins_like_a_question_may_be_for_somebody_else():
    it = Talk()
    it.begin()
    it.tell(Partial(1, "anna did you feed"), after=0.8)
    assert it.state.turn == 1
    it.tell(SpeechEnded(1, it.now), after=0.5)
    assert it.tell(Settled(1, "Anna, did you feed the cat this morning?"))[0] == Raise(1)


def test_okay_is_the_answer_to_a_question():
    it = Talk()
    it.tell(ClauseStarted(1, 1, "Shall I go on?"))
    it.begin()
    it.tell(SpeechEnded(1, it.now), after=0.3)
    assert it.tell(Settled(1, "OK.")) == (CarryOn(2, 1), Cancel(1))


@pytest.mark.parametrize("text", ["stop", "Stop, stop!", "okay, stop", "停！"])
def test_a_stop_word_silences_it_before_its_end_is_known(text):
    it = Talk()
    it.begin()
    assert it.tell(Partial(1, text), after=0.2) == (Halt(text), CarryOn(2, 1), Cancel(1))
    assert it.state.halted
    it.tell(SpeakingEnded(1, 1, "The sea "))
    it.tell(SpeechEnded(2, it.now), after=0.1)
    it.tell(Tick(), after=1.0)
    commands = it.tell(Heard(2, text, 0.5, -20.0), after=0.1)
    assert Rest() in commands
    assert not any(isinstance(command, Think) for command in commands)


def test_who_says_more_than_stop_is_answered():
    it = Talk()
    it.begin()
    it.tell(Partial(1, "stop"))
    it.tell(SpeakingEnded(1, 1, "The sea "))
    it.tell(SpeechEnded(2, it.now), after=1.0)
    it.tell(Tick(), after=1.0)
    commands = it.tell(Heard(2, "stop tell me of ships", 1.0, -20.0))
    assert commands[-1] == Think(2, 1, "stop tell me of ships")


def test_a_stop_word_that_the_reply_itself_says_does_not_stop_it():
    it = Talk()
    it.tell(ClauseStarted(1, 1, "The bus will stop here."))
    it.begin()
    assert it.tell(Partial(1, "stop")) == ()


def test_where_only_stop_words_interrupt_nothing_gives_way():
    it = Talk(Rules(**WORDS, barge_in=False))
    assert it.begin() == ()
    assert it.tell(Partial(1, "what about ships")) == ()
    assert it.tell(SpeechEnded(1, it.now)) == (Settle(1),)
    assert it.tell(Settled(1, "what about ships")) == (Overhear(1),)
    it.begin()
    assert Rest() in it.tell(Partial(1, "stop"))


def test_what_is_far_away_is_looked_at_for_stop_words_only():
    it = Talk(level=-20.0)
    assert it.begin(level=-40.0) == ()
    assert it.tell(SpeechEnded(1, it.now)) == (Settle(1),)
    it.tell(Settled(1, "and now the weather"))
    assert it.begin(level=-30.0) == (Duck(1),)


def test_what_rings_is_only_stopped():
    state = State(duplex=True)
    state, commands = decide(RULES, state, Rang("The egg is done."), 1.0)
    assert Overhear(1) in commands
    state, commands = decide(RULES, state, SpeechStarted(1, 1.5), 1.6)
    assert commands == ()
    state, commands = decide(RULES, state, Partial(1, "the egg again"), 2.0)
    assert commands == ()
    state, commands = decide(RULES, state, Partial(1, "okay stop"), 2.1)
    assert commands[0] == Halt("okay stop")
    assert Rest() in commands
    assert not state.due


def test_a_reply_that_ends_while_somebody_speaks_leaves_them_the_turn():
    it = Talk()
    it.begin()
    commands = it.tell(SpeakingEnded(1, 1, REPLY), after=0.05)
    assert commands == (Remember(1, REPLY), CarryOn(2, 1), Cancel(1))
    assert (it.state.phase, it.state.began) == (Phase.LISTENING, 10.0)
    assert it.tell(Partial(2, "thank")) == (Prepare(2, "thank"),)


def test_before_the_first_word_it_does_not_begin_over_somebody():
    it = Talk()
    it.state = replace(it.state, phase=Phase.THINKING, sounding="")
    assert it.begin() == (Pause(1),)
    it.tell(SpeechEnded(1, it.now), after=0.1)
    assert it.tell(Settled(1, "")) == (Raise(1), Overhear(1))
    assert it.state.phase is Phase.THINKING


def test_an_interruption_is_a_question_for_the_server_that_answers():
    it = Talk(server=Server.READY)
    it.begin()
    commands = it.tell(Partial(1, "what about the ships there and fishermen"), after=0.6)
    assert commands[:3] == (CarryOn(2, 1), Cancel(1), Send(2, ""))


def test_a_television_that_never_pauses_is_waited_for_less_and_less():
    it = Talk(Rules(**WORDS, wait=5.0))
    for hold in (RULES.hold, RULES.hold * 2, RULES.hold * 4):
        began = it.now
        it.begin()
        assert it.state.deadline == pytest.approx(began + hold)
        assert it.tell(Tick(), after=hold) == (Pause(1),)
        it.tell(Partial(1, "in other news the president said"), after=1.0)
        assert it.tell(Tick(), after=5.0) == (Raise(1), Overhear(1))


def test_who_has_not_ended_after_a_while_is_taken_at_their_word():
    it = Talk()
    it.begin()
    it.tell(Tick(), after=0.3)
    it.tell(Partial(1, "where are my"), after=1.0)  # may be for somebody else
    assert it.state.turn == 1
    assert it.tell(Tick(), after=6.0) == (CarryOn(2, 1), Cancel(1))


def test_a_microphone_that_is_lost_meanwhile_ends_it():
    it = Talk()
    it.begin()
    assert it.tell(DuplexChanged(False)) == (Raise(1), Watch(1))


def test_ten_barge_ins_in_a_row():
    it = Talk()
    for turn in range(1, 11):
        it.begin = lambda turn=turn: it.tell(SpeechStarted(turn, it.now), after=0.15)
        it.begin()
        text = "and what about that, is it true?"
        assert it.tell(Partial(turn, text), after=0.6)[0] == CarryOn(turn + 1, turn)
        it.tell(SpeakingEnded(turn, 1, "The "))
        it.tell(SpeechEnded(turn + 1, it.now), after=0.5)
        it.tell(Settled(turn + 1, text))
        assert it.tell(Tick(), after=1.0) == (Finish(turn + 1),)
        it.tell(Heard(turn + 1, text, 1.0, -20.0))
        it.tell(ClauseStarted(turn + 1, 1, REPLY))
        assert it.state.phase is Phase.SPEAKING
    assert Listen(12) in it.tell(SpeakingEnded(11, 1, REPLY))
