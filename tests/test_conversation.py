from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import (
    RING_S,
    SENTENCES,
    Phase,
    Rules,
    State,
    decide,
    needed_silence,
    stops,
)
from assistant.conversation.turns import think
from assistant.events import (
    Asked,
    Cancel,
    ClauseStarted,
    Dismissed,
    Drop,
    Earcon,
    Failed,
    Fill,
    Finish,
    Heard,
    Ignore,
    Judged,
    LeftAlone,
    Listen,
    Overhear,
    Partial,
    PowerChanged,
    Prepare,
    Raise,
    Rang,
    Release,
    Remember,
    ReplyBegan,
    Rest,
    Say,
    SentOut,
    Settle,
    Settled,
    Sounded,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Started,
    StopHeard,
    StopRequested,
    Think,
    Tick,
    WakeDetected,
    Watch,
)

RULES = Rules(ahead=False)
AHEAD = Rules()
BEGINNING = State()


def run(*steps, state=BEGINNING, rules=RULES):
    commands = ()
    for event, now in steps:
        state, commands = decide(rules, state, event, now)
    return state, commands


def test_a_spoken_turn_from_wake_to_follow_up():
    state, commands = run((WakeDetected("okay_nabu"), 1.0))
    turn = state.turn
    assert Listen(turn) in commands
    state, _ = run((SpeechStarted(turn, 2.0), 2.1), (SpeechEnded(turn, 3.0), 3.1), state=state)
    assert state.deadline == 3.0 + needed_silence(RULES, None)
    state, commands = run((Tick(), 3.8), state=state)
    assert commands == (Finish(turn),)
    state, commands = run((Heard(turn, "hello", 1.0, -20.0), 3.9), state=state)
    assert commands == (Earcon("done"), Overhear(turn), Think(turn, 1, "hello"))
    state, _ = run((ClauseStarted(turn, 1, "Hi."), 4.0), state=state)
    assert state.phase is Phase.SPEAKING
    state, commands = run((SpeakingEnded(turn, 1, "Hi."), 5.0), state=state)
    assert commands == (Remember(turn, "Hi."), Listen(turn + 1))


def test_what_was_heard_of_an_interrupted_reply_is_remembered():
    state, _ = run(
        (Asked("tell me"), 0.0), (ClauseStarted(1, 1, "Once"), 1.0), (StopRequested(), 2.0)
    )
    assert state.phase is Phase.ASLEEP
    assert run((SpeakingEnded(1, 1, "Once"), 2.1), state=state)[1] == (Remember(1, "Once"),)


def test_a_question_that_has_left_the_device_is_heard_and_seen_until_the_turn_ends():
    state, _ = run((Asked("why"), 0.0))
    state, commands = run((SentOut(1, 1), 0.1), state=state)
    assert (commands, state.out) == ((Earcon("out"),), True)
    state, _ = run((ClauseStarted(1, 1, "So."), 1.0), state=state)
    assert state.out
    assert not run((SpeakingEnded(1, 1, "So."), 2.0), state=state)[0].out
    silent = Rules(ahead=False, earcon=False)
    state, commands = run((Asked("why"), 0.0), (SentOut(1, 1), 0.1), rules=silent)
    assert (commands, state.out) == ((), True)
    quiet = Rules(ahead=False, out_earcon=False)
    state, commands = run((Asked("why"), 0.0), (SentOut(1, 1), 0.1), rules=quiet)
    assert (commands, state.out) == ((), True)


def test_another_takes_question_is_none_of_this_ones():
    state, commands = run((Asked("why"), 0.0), (SentOut(1, 7), 0.1))
    assert (commands, state.out) == ((), False)


def test_once_dismissed_it_listens_no_more_after_the_answer():
    state, _ = run(
        (WakeDetected("w"), 0.0),
        (SpeechStarted(1, 1.0), 1.1),
        (SpeechEnded(1, 2.0), 2.1),
        (Tick(), 3.0),
        (Heard(1, "go to sleep", 1.0, -20.0), 3.1),
        (Dismissed(), 3.2),
        (ClauseStarted(1, 1, "Okay."), 3.3),
    )
    assert state.phase is Phase.SPEAKING
    state, commands = run((SpeakingEnded(1, 1, "Okay."), 4.0), state=state)
    assert (state.phase, commands) == (Phase.ASLEEP, (Remember(1, "Okay."), Rest()))


def follow_up(reply="Hi."):
    """After a reply: somebody may go on without the wake word."""
    return run(
        (WakeDetected("w"), 0.0),
        (SpeechStarted(1, 1.0), 1.1),
        (SpeechEnded(1, 2.0), 2.1),
        (Tick(), 3.0),
        (Heard(1, "hello", 1.0, -20.0), 3.1),
        (ClauseStarted(1, 1, reply), 3.2),
        (SpeakingEnded(1, 1, reply), 4.0),
        rules=AHEAD,
    )[0]


@pytest.mark.parametrize("reply", ["How long?", "要多久？", "要我再说一遍吗"])
def test_a_question_is_given_longer_for_its_answer(reply):
    assert follow_up().deadline == 4.0 + RULES.follow_up
    assert follow_up(reply).deadline == 4.0 + RULES.question_follow_up


@pytest.mark.parametrize(
    ("text", "tone"),
    [("That's all, thanks.", "sleep"), ("没事了。", "sleep"), ("Never mind.", "cancel")],
)
def test_who_takes_leave_is_let_go_at_once(text, tone):
    state = follow_up()
    turn = state.turn
    state, commands = run(
        (SpeechStarted(turn, 5.0), 5.1),
        (SpeechEnded(turn, 6.0), 6.1),
        (Settled(turn, text), 6.2),
        state=state,
        rules=AHEAD,
    )
    assert commands == (), "no answer is begun in secret"
    state, commands = run((Heard(turn, text, 1.0, -20.0), 6.8), state=state, rules=AHEAD)
    assert commands == (Cancel(turn), Earcon(tone), Rest())


FILLING = Rules(ahead=False, filler_after=2.0, fillers=(("One moment.", "Let me think."),))


def test_a_slow_answer_is_filled_once_and_then_waited_for_as_long_as_ever():
    state, _ = run((Asked("why"), 0.0), rules=FILLING)
    assert state.deadline == 2.0
    state, commands = run((Tick(), 2.0), state=state, rules=FILLING)
    assert commands == (Fill(1, 1, "Let me think."),)
    assert state.phase is Phase.THINKING
    assert state.deadline == FILLING.patience
    state, commands = run((Tick(), FILLING.patience), state=state, rules=FILLING)
    assert commands[-3:-1] == (Earcon("error"), Watch(2))
    assert commands[-1] == Say(2, 1, "That takes too long, sorry.")


def test_a_turn_that_was_filled_is_not_filled_again_for_another_take():
    state, _ = run((Asked("why"), 0.0), (Tick(), 2.0), rules=FILLING)
    state, commands = think(FILLING, state, (), "why then")
    assert commands[-1] == Think(1, 2, "why then")
    assert state.deadline == 2.0 + FILLING.patience
    assert state.filler_at is None


def test_the_filler_that_comes_back_from_the_loudspeaker_interrupts_nothing():
    both = State(duplex=True)
    state, _ = run((Asked("why"), 0.0), (Tick(), 2.0), state=both, rules=FILLING)
    state, commands = run(
        (SpeechStarted(1, 2.1), 2.2),
        (Partial(1, "Let me think."), 2.9),
        (SpeechEnded(1, 3.0), 3.1),
        (Settled(1, "Let me think."), 3.2),
        state=state,
        rules=FILLING,
    )
    assert (state.turn, state.phase) == (1, Phase.THINKING)
    assert Raise in map(type, commands)


def test_nothing_is_said_before_an_answer_that_is_about_to_start():
    state, _ = run((Asked("why"), 0.0), (ReplyBegan(1, 1), 1.9), rules=FILLING)
    assert state.deadline == FILLING.patience
    assert run((Tick(), 2.0), state=state, rules=FILLING)[1] == ()


def test_an_answer_that_was_begun_in_secret_needs_none():
    rules = Rules(filler_after=2.0, fillers=(("One moment.",),))
    state, commands = run(
        (WakeDetected("w"), 0.0),
        (SpeechStarted(1, 1.0), 1.1),
        (SpeechEnded(1, 2.0), 2.1),
        (Settled(1, "why"), 2.2),
        (ReplyBegan(1, 1), 2.3),
        (Heard(1, "why", 1.0, -20.0), 3.1),
        rules=rules,
    )
    assert Release(1, 1) in commands
    assert Earcon("done") not in commands, "the answer itself tells that the turn is over"
    assert state.deadline == 3.1 + rules.patience


def test_it_is_filled_in_the_language_of_the_question():
    rules = Rules(ahead=False, languages=("en", "zh"), fillers=(("One moment.",), ("稍等。",)))
    _, commands = run((Asked("为什么天是蓝的"), 0.0), (Tick(), rules.filler_after), rules=rules)
    assert commands == (Fill(1, 1, "稍等。"),)


@pytest.mark.parametrize("rules", [Rules(filler_after=0.0, fillers=(("x",),)), Rules()], ids=str)
def test_without_fillers_it_waits_in_silence(rules):
    state, _ = run((Asked("why"), 0.0), rules=rules)
    assert state.deadline == rules.patience


def test_a_question_that_the_larger_model_leaves_to_the_device_is_heard():
    state, commands = run((Asked("why"), 0.0), (SentOut(1, 1), 0.1), (LeftAlone(1, 1), 2.6))
    assert commands == (Earcon("offline"),)
    assert state.out, "it has left the device all the same"
    assert run((Asked("why"), 0.0), (LeftAlone(1, 7), 0.1))[1] == ()


TELEVISION = "And now back to our studio in London."


def heard_next(text, level=-20.0, rules=AHEAD):
    """Something is heard after a reply; return the turn and the commands of its two halves."""
    state = follow_up()
    turn = state.turn
    state, early = run(
        (SpeechStarted(turn, 5.0), 5.1),
        (SpeechEnded(turn, 6.0), 6.1),
        (Settled(turn, text), 6.2),
        state=state,
        rules=rules,
    )
    late = run((Heard(turn, text, 1.0, level), 6.8), state=state, rules=rules)[1]
    return turn, early, late


def test_what_is_said_to_somebody_else_ends_in_sleep_and_not_in_an_answer():
    turn, early, late = heard_next(TELEVISION)
    assert early == (), "nothing is begun in secret"
    assert late == (Ignore(turn, TELEVISION), Cancel(turn), Earcon("sleep"), Rest())


def test_a_follow_up_is_answered_without_the_wake_word():
    turn, early, late = heard_next("And in London?")
    assert early == (Think(turn, 1, "and in london", secret=True),)
    assert late == (Watch(turn), Release(turn, 1))


def test_a_television_that_never_pauses_is_not_heard_to_its_end():
    state = follow_up()
    turn = state.turn
    begun = (SpeechStarted(turn, 5.0), 5.1)
    state, commands = run(begun, (Partial(turn, TELEVISION), 9.0), state=state, rules=AHEAD)
    assert Ignore not in map(type, commands), "it may still become a question"
    state, commands = run((Partial(turn, TELEVISION * 2), 14.0), state=state, rules=AHEAD)
    assert commands == (Ignore(turn, TELEVISION * 2), Cancel(turn), Earcon("sleep"), Rest())


def test_a_long_question_is_heard_to_its_end():
    state = follow_up()
    turn = state.turn
    long = "And could you please tell me how I get from there to the old harbour by bus and on foot"
    begun = (SpeechStarted(turn, 5.0), 5.1)
    _, commands = run(begun, (Partial(turn, long), 14.0), state=state, rules=AHEAD)
    assert commands == (Prepare(turn, long.lower()),)


def test_the_same_words_from_far_away_are_not_for_it():
    text = "Where is my blue one?"
    assert Ignore not in map(type, heard_next(text)[2])
    assert Ignore in map(type, heard_next(text, level=-45.0)[2])


def test_whoever_calls_it_is_answered_whatever_is_said():
    _, commands = run((WakeDetected("w"), 0.0), (Heard(1, TELEVISION, 1.0, -20.0), 3.1))
    assert Think in map(type, commands)


def test_the_judgement_can_be_switched_off():
    rules = Rules(addressed=0.0)
    assert Release in map(type, heard_next(TELEVISION, rules=rules)[2])


def test_who_has_just_called_and_says_good_night_gets_an_answer():
    _, commands = run((WakeDetected("w"), 0.0), (Heard(1, "Good night.", 1.0, -20.0), 3.1))
    assert Think(1, 1, "good night") in commands


def ring(*more):
    """What is due while all are asleep, and what comes after it."""
    return run((Rang("The tea is done."), 0.0), *more)


def test_what_is_due_rings_at_once_with_its_sentence_between_tones():
    state, commands = ring()
    assert (state.phase, commands) == (Phase.SPEAKING, (Watch(1), Earcon("ring")))
    state, commands = run((Tick(), RING_S), state=state)
    assert commands == (Say(1, 1, "The tea is done."),)
    state, commands = run((SpeakingEnded(1, 1, "The tea is done."), 5.0), state=state)
    assert commands == (Earcon("ring"),)
    state, commands = run((Tick(), 5.0 + RING_S), state=state)
    assert commands == (Say(1, 2, "The tea is done."),)


@pytest.mark.parametrize(
    "stop", [StopHeard("stop"), StopRequested(), WakeDetected("okay nabu")], ids=repr
)
@pytest.mark.parametrize("at", [1.0, 3.0])
def test_whoever_stops_it_has_silence(stop, at):
    state, _ = ring(*((Tick(), RING_S),) * (at > RING_S))
    state, commands = run((stop, at), state=state)
    assert commands == (Cancel(1), Earcon("cancel"), Rest())
    assert (state.phase, state.due, state.missed) == (Phase.ASLEEP, (), ())


def test_what_nobody_stops_is_told_once_at_the_next_wake():
    state, _ = ring((Tick(), RING_S))
    state, commands = run((SpeakingEnded(1, 1, "The tea is done."), RULES.ring), state=state)
    assert commands == (Cancel(1), Rest())
    state, commands = run((WakeDetected("w"), 1000.0), state=state)
    assert commands == (Watch(3), Say(3, 1, "The tea is done."))
    state, commands = run((SpeakingEnded(3, 1, "The tea is done."), 1003.0), state=state)
    assert commands[-2:] == (Earcon("wake"), Listen(4))
    state, commands = run((StopRequested(), 1004.0), (WakeDetected("w"), 1005.0), state=state)
    assert commands == (Earcon("wake"), Listen(state.turn))


MISSED = (Rang("The tea is done.", missed=True), 0.0), (WakeDetected("w"), 1.0)


@pytest.mark.parametrize(
    "end",
    [
        (Failed(1, "mouth", "broken", 1), 2.0),
        (Failed(1, "loudspeaker", "gone"), 2.0),
        (Tick(), 1.0 + RULES.patience + RULES.clause),
        (StopRequested(), 1.1),
        (WakeDetected("w"), 1.1),
        (Asked("why"), 1.1),
    ],
    ids=repr,
)
def test_what_was_missed_and_did_not_sound_is_told_at_the_next_wake(end):
    state, commands = run(*MISSED, end)
    assert state.missed == ("The tea is done.",)
    state, commands = run((StopRequested(), 200.0), (WakeDetected("w"), 201.0), state=state)
    assert isinstance(commands[-1], Say)
    assert commands[-1].text == "The tea is done."


def test_what_was_missed_and_breaks_off_in_the_middle_is_told_again():
    state, _ = run(*MISSED, (ClauseStarted(1, 1, "The"), 1.5), (Failed(1, "mouth", "b", 1), 1.6))
    assert state.missed == ("The tea is done.",)


@pytest.mark.parametrize("end", [StopRequested(), WakeDetected("w"), Asked("why")], ids=repr)
def test_who_interrupts_what_was_missed_has_heard_of_it_but_not_of_what_came_later(end):
    state, _ = run(
        *MISSED,
        (ClauseStarted(1, 1, "The tea"), 1.5),
        (Rang("The egg is done.", missed=True), 1.6),
        (end, 1.7),
    )
    assert state.missed == ("The egg is done.",)


ALWAYS = Rules(always=True)
COMES = (
    (Started(), 0.0),
    (Rang("The tea is done.", missed=True), 1.0),
    (SpeechStarted(1, 2.0), 2.1),
    (SpeechEnded(1, 3.0), 3.1),
    (Tick(), 5.0),
    (Heard(1, "what time is it", 1.0, -20.0), 5.1),
    (ClauseStarted(1, 1, "Noon."), 5.3),
    (SpeakingEnded(1, 1, "Noon."), 6.0),
)


def test_without_a_wake_word_whoever_comes_is_told_what_was_missed_after_the_answer():
    state, commands = run(*COMES, rules=ALWAYS)
    assert commands == (Remember(1, "Noon."), Watch(2), Say(2, 1, "The tea is done."))
    ended = (ClauseStarted(2, 1, "The"), 6.2), (SpeakingEnded(2, 1, "The tea is done."), 7.0)
    state, commands = run(*ended, state=state, rules=ALWAYS)
    assert (commands[-1], state.missed, state.spoken) == (Listen(3), (), True)


def test_without_a_wake_word_what_did_not_sound_is_told_after_the_next_answer():
    state, _ = run(*COMES, rules=ALWAYS)
    state, commands = run((SpeakingEnded(2, 1, ""), 7.0), state=state, rules=ALWAYS)
    assert commands[-1] == Listen(3)  # and does not try for ever
    assert state.missed == ("The tea is done.",)


def test_without_a_wake_word_who_writes_is_not_told_what_was_missed():
    state, commands = run(
        *COMES[:2],
        (Asked("hello"), 2.0),
        (ClauseStarted(2, 1, "Hi."), 2.5),
        (SpeakingEnded(2, 1, "Hi."), 3.0),
        rules=ALWAYS,
    )
    assert (commands[-1], state.missed) == (Listen(3), ("The tea is done.",))


def test_from_a_filler_on_it_does_not_listen_to_itself_but_to_stop_words():
    """The recogniser that overhears tells no stop words, and what it tells is not trusted."""
    state, commands = run(
        (WakeDetected("w"), 0.0),
        (SpeechStarted(1, 0.5), 0.6),
        (SpeechEnded(1, 1.0), 1.1),
        (Tick(), 3.0),
        (Heard(1, "why", 1.0, -20.0), 3.1),
        rules=FILLING,
    )
    assert Overhear(1) in commands
    state, commands = run((Tick(), 5.1), state=state, rules=FILLING)
    assert commands == (Watch(1), Fill(1, 1, "Let me think."))


def test_what_is_due_while_somebody_talks_waits_for_the_end_of_the_turn():
    state, commands = run(
        (WakeDetected("w"), 0.0),
        (SpeechStarted(1, 1.0), 1.1),
        (Rang("Tea."), 1.2),
        (Rang("Egg."), 1.3),
    )
    assert (state.phase, commands) == (Phase.LISTENING, ())
    state, commands = run(
        (SpeechEnded(1, 2.0), 2.1),
        (Tick(), 3.0),
        (Heard(1, "what time is it", 1.0, -20.0), 3.1),
        (ClauseStarted(1, 1, "Noon."), 3.3),
        (SpeakingEnded(1, 1, "Noon."), 4.0),
        state=state,
    )
    assert commands == (Remember(1, "Noon."), Watch(2), Earcon("ring"))
    state, commands = run((Tick(), 4.0 + RING_S), state=state)
    assert commands == (Say(2, 1, "Tea. Egg."),)


def test_a_voice_that_fails_does_not_ring_for_ever():
    state, commands = ring((Tick(), RING_S), (Failed(1, "mouth", "broken", 1), 3.0))
    assert commands == (Cancel(1), Rest())
    assert state.missed == ("The tea is done.",)


def test_who_writes_is_answered_and_then_it_rings_on():
    state, _ = ring((Asked("hello"), 1.0), (ClauseStarted(2, 1, "Hi."), 2.0))
    assert state.phase is Phase.SPEAKING
    state, commands = run((SpeakingEnded(2, 1, "Hi."), 3.0), state=state)
    assert commands[-1] == Earcon("ring")
    assert state.rings_until == RULES.ring


def test_what_is_too_late_does_not_ring():
    state, commands = run((Rang("I missed the alarm.", missed=True), 0.0))
    assert (state.phase, commands) == (Phase.ASLEEP, ())
    _, commands = run((WakeDetected("w"), 1.0), state=state)
    assert commands[-1] == Say(1, 1, "I missed the alarm.")


def test_silence_after_wake_ends_in_sleep():
    state, commands = run((WakeDetected("key"), 0.0), (Tick(), RULES.no_speech))
    assert state.phase is Phase.ASLEEP
    assert Rest() in commands


def test_stop_words_are_compared_without_points_and_capitals():
    assert stops(Rules(stop_words=("be quiet", "停")), "Be quiet!")
    assert stops(Rules(stop_words=("停",)), "停。")
    assert not stops(RULES, "stop the music")


# --- ahead of the end of the turn -------------------------------------------------------------


def speaking(*more, rules=AHEAD):
    """A turn in which somebody has spoken from 2.0 to 3.0, and what came `more`."""
    state, _ = run((WakeDetected("w"), 1.0), rules=rules)
    steps = (SpeechStarted(1, 2.0), 2.1), (SpeechEnded(1, 3.0), 3.1), *more
    return run(*steps, state=state, rules=rules)


def test_the_mind_reads_along_whenever_the_words_have_changed():
    state, _ = run((WakeDetected("w"), 1.0), (SpeechStarted(1, 2.0), 2.1), rules=AHEAD)
    state, commands = run((Partial(1, "What is"), 2.3), state=state, rules=AHEAD)
    assert commands == (Prepare(1, "what is"),)
    state, commands = run((Partial(1, "What is the cap."), 2.6), state=state, rules=AHEAD)
    assert commands == (Prepare(1, "what is the cap"),)
    state, commands = run((Partial(1, "What is the cap"), 2.9), state=state, rules=AHEAD)
    assert commands == ()


def test_a_pause_is_settled_and_answered_in_secret():
    _, commands = speaking()
    assert commands == (Settle(1),)
    state, commands = speaking((Settled(1, "What time is it?"), 3.2))
    assert commands == (Think(1, 1, "what time is it", secret=True),)
    assert state.phase is Phase.LISTENING


def test_a_whole_request_ends_after_a_short_silence_and_its_secret_answer_is_released():
    state, _ = speaking((Settled(1, "What time is it?"), 3.2))
    assert state.deadline == 3.0 + needed_silence(AHEAD, None)
    state, commands = run((Judged(1, "what time is it", 0.5), 3.22), state=state, rules=AHEAD)
    assert state.deadline == 3.0 + AHEAD.min_silence
    state, commands = run((Tick(), 3.25), state=state, rules=AHEAD)
    assert commands == (Finish(1),)
    state, commands = run((Heard(1, "What time is it.", 1.0, -20.0), 3.26), state=state)
    assert commands == (Overhear(1), Release(1, 1))
    assert state.phase is Phase.THINKING


def test_other_words_drop_the_secret_answer_and_the_patience_that_it_earned():
    state, _ = speaking((Settled(1, "What time"), 3.2), (Judged(1, "what time", 0.5), 3.21))
    state, commands = run(
        (SpeechStarted(1, 3.2), 3.24), (SpeechEnded(1, 4.0), 4.1), state=state, rules=AHEAD
    )
    assert commands == (Settle(1),)
    state, commands = run((Settled(1, "What time is it"), 4.2), state=state, rules=AHEAD)
    assert commands == (
        Drop(1, 1, "other words"),
        Think(1, 2, "what time is it", secret=True),
    )
    assert state.deadline == 4.0 + needed_silence(AHEAD, None)
    again = run((Judged(1, "what time", 0.9), 4.3), state=state, rules=AHEAD)[0]
    assert again.deadline == state.deadline, "old words were judged"


def test_words_that_are_surely_whole_are_answered_in_secret_before_the_pause():
    state, _ = run((WakeDetected("w"), 1.0), (SpeechStarted(1, 2.0), 2.1), rules=AHEAD)
    state, _ = run((Partial(1, "What time is it"), 2.9), state=state, rules=AHEAD)
    unsure, commands = run((Judged(1, "what time is it", 0.1), 2.95), state=state, rules=AHEAD)
    assert commands == ()
    state, commands = run((Judged(1, "what time is it", 0.9), 2.95), state=state, rules=AHEAD)
    assert commands == (Think(1, 1, "what time is it", secret=True),)
    for before, silence in ((unsure, needed_silence(AHEAD, 0.1)), (state, AHEAD.min_silence)):
        after, commands = run((SpeechEnded(1, 3.0), 3.1), state=before, rules=AHEAD)
        assert after.deadline == 3.0 + silence
        assert commands == (Settle(1),)
    _, commands = run((Settled(1, "What time is it?"), 3.15), state=after, rules=AHEAD)
    assert commands == ()
    _, commands = run((Partial(1, "What time is it in"), 3.15), state=state, rules=AHEAD)
    assert commands == (Drop(1, 1, "other words"), Prepare(1, "what time is it in"))


def test_the_silence_falls_from_an_open_text_to_a_whole_one():
    rules = Rules(max_silence=0.9, min_silence=0.3, open=0.01, whole=1.0)
    assert needed_silence(rules, 0.0) == needed_silence(rules, 0.01) == 0.9
    assert needed_silence(rules, 0.1) == pytest.approx(0.6)
    assert needed_silence(rules, 1.0) == 0.3


probabilities = st.floats(0.0, 1.0)


@given(probabilities, probabilities, st.floats(0.0001, 1.0), st.floats(0.0001, 1.0))
def test_a_likelier_end_never_waits_longer(one, other, opened, whole):
    rules = Rules(open=opened, whole=whole)
    less, more = sorted((one, other))
    waits = [needed_silence(rules, p) for p in (less, more)]
    hair = 1e-9  # of rounding
    assert rules.max_silence + hair >= waits[0] >= waits[1] - hair >= rules.min_silence - 2 * hair


def test_words_that_promise_more_wait_however_whole_they_look():
    state, _ = speaking((Settled(1, "My code is 12"), 3.2), (Judged(1, "my code is 12", 0.9), 3.22))
    assert state.deadline == 3.0 + AHEAD.max_silence
    state, _ = run(
        (SpeechStarted(1, 3.4), 3.5),
        (Partial(1, "My code is 12, okay?"), 3.8),
        (Judged(1, "my code is 12 okay", 0.9), 3.85),
        (SpeechEnded(1, 4.0), 4.1),
        state=state,
        rules=AHEAD,
    )
    assert state.deadline == 4.0 + AHEAD.min_silence


@pytest.mark.parametrize("early", [True, False])
def test_a_voice_that_is_held_waits_longer_in_the_pause_that_it_is_of(early):
    state, _ = run((WakeDetected("w"), 1.0), (SpeechStarted(1, 2.0), 2.1), rules=AHEAD)
    steps = [(SpeechEnded(1, 3.0), 3.1), (Settled(1, "What time is it?"), 3.12)]
    steps.insert(0 if early else 2, (Sounded(1, 3.0, 0.1), 3.08 if early else 3.13))
    steps.append((Judged(1, "what time is it", 1.0), 3.15))
    state, _ = run(*steps, state=state, rules=AHEAD)
    assert state.deadline == 3.0 + needed_silence(AHEAD, 1.0, sounds=0.1)
    assert state.deadline > 3.0 + AHEAD.min_silence
    state, _ = run(
        (SpeechStarted(1, 3.3), 3.4), (SpeechEnded(1, 3.6), 3.7), state=state, rules=AHEAD
    )
    assert state.deadline == 3.6 + AHEAD.min_silence, "another pause"


@pytest.mark.parametrize("rules", [RULES, AHEAD], ids=["plain", "ahead"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_never_stops_talking_is_told_so_and_then_answered(rules, language):
    rules = replace(rules, languages=(language,))
    state, _ = run((WakeDetected("w"), 1.0), (SpeechStarted(1, 2.0), 2.1), rules=rules)
    steps = (Partial(1, "and so"), 20.0), (Judged(1, "and so", 0.9), 20.1)
    state, _ = run(*steps, state=state, rules=rules)
    assert state.deadline == 2.0 + rules.max_speech
    state, commands = run((Tick(), 32.0), state=state, rules=rules)
    assert commands == (Finish(1),)
    text = "And so on, and on."
    state, commands = run((Heard(1, text, 30.0, -20.0), 32.2), state=state, rules=rules)
    take = state.take
    assert commands[-1] == Say(1, take, SENTENCES[language].long)
    assert state.phase is Phase.SPEAKING
    state, commands = run(
        (ClauseStarted(1, take, "Sorry."), 32.3),
        (SpeakingEnded(1, take, "Sorry."), 34.0),
        state=state,
        rules=rules,
    )
    assert commands == (Watch(1), Think(1, take + 1, "and so on and on"))
    state, commands = run((SpeakingEnded(1, take + 1, "Yes."), 36.0), state=state, rules=rules)
    assert commands[0] == Remember(1, "Yes.")


def test_who_paused_before_the_limit_is_answered_without_more_ado():
    state, _ = run((WakeDetected("w"), 1.0), (SpeechStarted(1, 2.0), 2.1))
    state, _ = run((SpeechEnded(1, 31.8), 31.9), (Tick(), 32.0), state=state)
    _, commands = run((Heard(1, "hello", 29.8, -20.0), 32.2), state=state)
    assert commands[-1] == Think(1, 1, "hello")


def test_words_that_change_at_the_very_end_are_answered_anew():
    state, _ = speaking((Settled(1, "ask"), 3.2), (Tick(), 3.8))
    _, commands = run((Heard(1, "Task.", 1.0, -20.0), 3.9), state=state, rules=AHEAD)
    assert Drop(1, 1, "other words at the end") in commands
    assert commands[-1] == Think(1, 2, "task")


def test_a_blip_without_new_words_keeps_the_secret_answer():
    state, commands = speaking(
        (Settled(1, "hello"), 3.2),
        (Judged(1, "hello", 0.5), 3.21),
        (SpeechStarted(1, 3.2), 3.22),
        (SpeechEnded(1, 3.3), 3.4),
        (Settled(1, "Hello."), 3.45),
    )
    assert commands == ()
    assert state.deadline == 3.3 + AHEAD.min_silence


def test_nothing_is_answered_in_secret_for_a_stop_word_or_for_silence():
    for text in ("Stop.", "", " ... "):
        assert not any(isinstance(c, Think) for c in speaking((Settled(1, text), 3.2))[1])


def test_secret_answers_are_limited_in_a_turn_and_in_a_minute():
    rules = Rules(takes_a_turn=2, takes_a_minute=3)
    state, _ = run((WakeDetected("w"), 0.0), (SpeechStarted(1, 0.1), 0.2), rules=rules)
    steps = [(SpeechEnded(1, 0.3), 0.4)]
    steps += [(Settled(1, f"word {n}"), 0.5 + n / 10) for n in range(3)]
    state, commands = run(*steps, state=state, rules=rules)
    assert commands == (Drop(1, 2, "other words"), Drop(1, 3, "too many in this turn"))
    state, _ = run((WakeDetected("w"), 2.0), (SpeechStarted(2, 2.1), 2.2), state=state, rules=rules)
    steps = (SpeechEnded(2, 2.3), 2.4), (Settled(2, "a"), 2.5), (Settled(2, "b"), 2.6)
    state, commands = run(*steps, state=state, rules=rules)
    assert commands[-1] == Drop(2, 2, "too many in a minute")
    state, _ = run((WakeDetected("w"), 70.0), (SpeechStarted(3, 71.0), 71.2), state=state)
    steps = (PowerChanged(True), 71.3), (SpeechEnded(3, 72.0), 72.1), (Settled(3, "a"), 72.2)
    state, commands = run(*steps, state=state, rules=rules)
    assert isinstance(commands[-1], Think), "a minute later they are allowed again"
    assert run((Settled(3, "b"), 72.3), state=state, rules=rules)[1][-1] == Drop(
        3, 2, "too many in this turn"
    ), "half as many on battery"


def test_a_mind_that_fails_in_secret_is_asked_again_when_the_turn_has_ended():
    state, commands = speaking(
        (Settled(1, "hello"), 3.2), (Failed(1, "mind", "broken", take=1), 3.3)
    )
    assert commands == (Drop(1, 1, "mind failed"),)
    _, commands = run((Tick(), 3.7), (Heard(1, "hello", 1.0, -20.0), 3.8), state=state, rules=AHEAD)
    assert commands[-1] == Think(1, 2, "hello")


def test_who_is_speaking_when_the_microphone_is_lost_is_told_and_listened_to_again():
    lost = Failed(1, "microphone", "unplugged")
    state, commands = run((WakeDetected("w"), 1), (SpeechStarted(1, 2), 2), (lost, 3))
    assert [each for each in commands if isinstance(each, Cancel)] == [Cancel(1)]
    assert commands[-1] == Say(2, 1, SENTENCES["en"].deaf)
    state, commands = run((SpeakingEnded(2, 1, SENTENCES["en"].deaf), 6), state=state)
    assert commands[-1] == Listen(3)


def test_a_lost_microphone_ends_neither_an_answer_nor_the_waiting_for_a_question():
    lost = Failed(1, "microphone", "unplugged")
    waiting, _ = run((WakeDetected("w"), 1))
    assert run((lost, 2), state=waiting) == (replace(waiting, now=2), ())
    thinking, _ = run((Asked("hello"), 1))
    assert run((lost, 2), state=thinking) == (replace(thinking, now=2), ())


turns = st.integers(0, 6)
takes = st.integers(0, 2)
texts = st.sampled_from(["", "stop", "hello", "hello there"])
events = st.one_of(
    st.builds(WakeDetected, st.just("w")),
    st.builds(Asked, st.just("q")),
    st.just(Tick()),
    st.just(StopRequested()),
    st.builds(Rang, texts, st.booleans()),
    st.just(Dismissed()),
    st.builds(SpeechStarted, turns, st.floats(0, 100)),
    st.builds(SpeechEnded, turns, st.floats(0, 100)),
    st.builds(Partial, turns, texts),
    st.builds(Settled, turns, texts),
    st.builds(Judged, turns, texts, st.floats(0, 1)),
    st.builds(PowerChanged, st.booleans()),
    st.builds(Heard, turns, texts, st.just(1.0), st.just(-20.0)),
    st.builds(ClauseStarted, turns, takes, st.just("c")),
    st.builds(SpeakingEnded, turns, takes, st.just("c")),
    st.builds(Failed, turns, st.sampled_from(["ears", "mind", "mouth"]), st.just("x")),
)


@given(st.lists(st.tuples(events, st.floats(0, 1000)), max_size=40), st.booleans())
def test_turns_only_grow_time_only_rises_and_nothing_is_stuck(steps, ahead):
    state, rules = State(), Rules(ahead=ahead)
    for event, now in steps:
        before = state
        state, _ = decide(rules, state, event, now)
        assert state.turn >= before.turn
        assert state.now >= before.now
        assert state.phase is Phase.ASLEEP or state.deadline is not None
    for _ in range(20):  # nobody answers any more: deadlines alone must bring it to sleep
        if state.phase is Phase.ASLEEP:
            break
        state, _ = decide(rules, state, Tick(), max(state.deadline, state.now))
    assert state.phase is Phase.ASLEEP
