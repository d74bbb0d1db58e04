"""Decisions where a server answers for this device: who answers, and that somebody does."""

import pytest
from test_conversation import run

from assistant.conversation import SENTENCES, Elsewhere, Phase, Rules, State, decide
from assistant.events import (
    Cancel,
    ClauseStarted,
    Declined,
    Earcon,
    Failed,
    Finish,
    Heard,
    Judged,
    Listen,
    Partial,
    Play,
    Prepare,
    Recall,
    Rest,
    Say,
    Send,
    Server,
    ServerChanged,
    Settled,
    SoundOffered,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Started,
    StopHeard,
    Think,
    Tick,
    Understood,
    WakeDetected,
    Watch,
)

RULES = Rules()
SERVED = State(server=Server.READY)


def heard(state, text="what time is it", rules=RULES):
    """Speak to it until the own ears have the text."""
    turn = state.turn
    state, _ = run(
        (SpeechStarted(turn, 2.0), 2.1), (SpeechEnded(turn, 3.0), 3.1), state=state, rules=rules
    )
    state, finish = run((Tick(), 4.0), state=state, rules=rules)
    assert finish == (Finish(turn),)
    return run((Heard(turn, text, 1.0, -20.0), 4.1), state=state, rules=rules)


def woken(rules=RULES):
    return run((WakeDetected("okay_nabu"), 1.0), state=SERVED, rules=rules)


def asked():
    """A question that has gone to the server and is over."""
    state, commands = heard(woken()[0])
    assert state.phase is Phase.THINKING
    assert not any(isinstance(command, Think) for command in commands)
    assert Watch(state.turn) in commands
    return state


def test_what_wakes_it_begins_a_question_to_the_server_which_everybody_can_see():
    state, commands = woken()
    assert commands[:1] == (Send(state.turn, "okay_nabu"),)
    assert Listen(state.turn) in commands
    assert state.out


def test_without_a_server_nothing_is_sent():
    state, commands = run((WakeDetected("okay_nabu"), 1.0))
    assert not any(isinstance(command, Send) for command in commands)
    assert not state.out


def test_the_mind_reads_along_so_that_the_end_is_known_early_but_answers_nothing_in_secret():
    state = woken()[0]
    turn = state.turn
    state, commands = run(
        (SpeechStarted(turn, 2.0), 2.1), (Partial(turn, "what time is it"), 2.5), state=state
    )
    assert commands == ()
    state, commands = run((Partial(turn, "what time is it now"), 2.6), state=state, rules=RULES)
    assert commands == (Prepare(turn, "what time is it now"),)
    state, commands = run(
        (SpeechEnded(turn, 3.0), 3.1),
        (Settled(turn, "what time is it now"), 3.1),
        (Judged(turn, "what time is it now", 1.0), 3.15),
        state=state,
        rules=RULES,
    )
    assert commands == ()
    assert state.deadline == 3.0 + RULES.min_silence


def test_the_servers_sound_is_the_answer_and_then_it_listens_on():
    state = asked()
    turn = state.turn
    state, commands = run(
        (Understood(turn, "what time is it"), 4.5), (SoundOffered(turn), 5.0), state=state
    )
    assert commands == (Watch(turn), Play(turn, state.take))
    assert state.phase is Phase.SPEAKING
    state, commands = run((SpeakingEnded(turn, state.take, "Noon."), 7.0), state=state)
    assert Listen(turn + 1) in commands
    assert state.elsewhere is Elsewhere.NO


def test_who_speaks_on_without_the_wake_word_is_sent_from_the_first_word():
    state = State(phase=Phase.LISTENING, turn=5, spoken=True, server=Server.READY)
    state, commands = run((SpeechStarted(5, 2.0), 2.1), state=state)
    assert commands == (Send(5, ""),)
    _, commands = run((SpeechStarted(5, 2.5), 2.6), state=state)
    assert commands == ()


def test_a_server_that_is_sure_of_the_end_sooner_ends_the_question():
    state = woken()[0]
    turn = state.turn
    state, commands = run(
        (SpeechStarted(turn, 2.0), 2.1), (Understood(turn, "lights on"), 2.8), state=state
    )
    assert (state.phase, state.words) == (Phase.THINKING, "lights on")
    assert Watch(turn) in commands
    assert run((Heard(turn, "light", 1.0, -20.0), 3.0), state=state)[1] == ()


def test_a_server_that_gives_no_sign_is_not_waited_for_and_the_device_answers():
    state = asked()
    assert state.deadline == 4.1 + RULES.server_patience
    state, commands = run((Tick(), 30.0), state=state)
    assert commands[0] == Recall(state.turn)
    assert commands[-1] == Think(state.turn, 2, "what time is it")


def test_a_server_that_has_understood_may_have_done_it_so_the_device_only_says_that_it_is_slow():
    state, _ = run((Understood(asked().turn, "lights on"), 5.0), state=asked())
    state, commands = run((Tick(), 60.0), state=state)
    assert Say(state.turn, 1, SENTENCES["en"].slow) in commands


def test_each_sign_of_the_server_gives_it_more_time():
    state, _ = run((Understood(asked().turn, ""), 15.0), state=asked())
    assert state.deadline == 15.0 + RULES.server_patience


def test_a_server_that_goes_while_it_thinks_leaves_the_answer_to_the_device():
    state = asked()
    state, commands = run(
        (Declined(state.turn), 5.0), (ServerChanged(Server.NONE), 5.0), state=state
    )
    assert state.phase is Phase.THINKING
    assert state.server is Server.NONE
    state, commands = run((Declined(asked().turn), 5.0), state=asked())
    assert Think(state.turn, state.take, "what time is it") in commands


def test_a_server_that_goes_while_somebody_speaks_is_not_missed():
    state = woken()[0]
    turn = state.turn
    state, commands = run((SpeechStarted(turn, 2.0), 2.1), (Declined(turn), 2.5), state=state)
    assert commands == (Recall(turn),)
    assert state.phase is Phase.LISTENING
    state, commands = heard(state, rules=Rules(ahead=False))
    assert Think(turn, state.take, "what time is it") in commands


def test_a_server_that_breaks_off_in_mid_answer_is_apologised_for():
    state = asked()
    turn = state.turn
    state, _ = run((SoundOffered(turn), 5.0), (Declined(turn), 6.0), state=state)
    assert state.turn == turn + 1
    assert state.phase is Phase.SPEAKING


def test_another_device_that_heard_the_same_answers_alone():
    state, commands = run((Declined(woken()[0].turn, quiet=True), 1.5), state=woken()[0])
    assert state.phase is Phase.ASLEEP
    assert commands == (Cancel(1), Rest())


def test_what_the_own_ears_did_not_hear_is_taken_back_from_the_server():
    state, commands = heard(woken()[0], "")
    assert Recall(state.turn) in commands
    assert Say(state.turn, state.take, SENTENCES["en"].missed) in commands
    assert run((SoundOffered(state.turn), 5.0), state=state)[1] == ()


def test_own_ears_or_an_own_mind_that_break_do_not_end_the_servers_turn():
    for room in ("ears", "mind"):
        state, commands = run((Failed(woken()[0].turn, room, "x"), 1.5), state=woken()[0])
        assert commands == ()
        assert state.phase is Phase.LISTENING


def test_ears_that_never_answer_leave_it_to_the_server():
    state = woken()[0]
    turn = state.turn
    state, _ = run((SpeechStarted(turn, 2.0), 2.1), (SpeechEnded(turn, 3.0), 3.1), state=state)
    state, _ = run((Tick(), 4.0), (Tick(), 40.0), state=state)
    assert state.phase is Phase.THINKING


def test_a_stop_word_silences_the_servers_answer_too():
    state = asked()
    state, _ = run((SoundOffered(state.turn), 5.0), state=state)
    state, commands = run((StopHeard("stop"), 6.0), state=state)
    assert Cancel(1) in commands
    assert state.phase is Phase.ASLEEP


def test_an_answer_that_comes_too_late_is_not_heard():
    state = asked()
    old = state.turn
    state, _ = run((WakeDetected("okay_nabu"), 6.0), state=state)
    assert run((SoundOffered(old), 7.0), (Understood(old, "x"), 7.0), state=state)[1] == ()


def test_an_announcement_is_heard_when_nobody_talks():
    state, commands = run((SoundOffered(0), 1.0), state=SERVED)
    assert commands == (Watch(state.turn), Play(state.turn, 1))
    state, commands = run((SpeakingEnded(state.turn, 1, ""), 3.0), state=state)
    assert commands == (Rest(),)


@pytest.mark.parametrize("begin", [WakeDetected("x"), WakeDetected("key")])
def test_no_talk_is_interrupted_by_an_announcement(begin):
    state, _ = run((begin, 1.0), state=SERVED)
    assert run((SoundOffered(0), 2.0), state=state)[1] == ()


def test_to_wake_it_silences_an_alarm_and_nothing_else():
    state, _ = run((SoundOffered(0, ringing=True), 1.0), state=SERVED)
    assert state.ringing
    state, commands = run((WakeDetected("okay_nabu"), 2.0), state=state)
    assert state.phase is Phase.ASLEEP
    assert Cancel(1) in commands
    assert not any(isinstance(command, Listen) for command in commands)


def test_a_server_that_wants_silence_gets_it():
    state, commands = run((WakeDetected("okay_nabu"), 1.0), state=State(server=Server.PAUSED))
    assert (state.phase, commands) == (Phase.ASLEEP, (Earcon("sleep"),))


def test_one_that_always_listens_is_deaf_while_the_server_wants_silence():
    rules = Rules(always=True)
    state, _ = run((Started(), 0.0), rules=rules)
    assert state.phase is Phase.LISTENING
    state, commands = run((ServerChanged(Server.PAUSED), 1.0), state=state, rules=rules)
    assert state.phase is Phase.ASLEEP
    assert commands[-1] == Rest()
    state, commands = run((ServerChanged(Server.READY), 2.0), state=state, rules=rules)
    assert state.phase is Phase.LISTENING


def test_a_long_sound_is_no_sign_of_a_dead_loudspeaker_as_long_as_it_goes_on():
    state, _ = run((SoundOffered(0), 0.0), state=SERVED)
    for now in range(20, 600, 20):
        state, commands = decide(RULES, state, ClauseStarted(state.turn, 1, ""), float(now))
        assert commands == ()
    assert state.phase is Phase.SPEAKING
    assert state.deadline > 600.0
