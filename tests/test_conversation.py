from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Phase, Rules, State, decide, stops
from assistant.events import (
    Asked,
    ClauseStarted,
    Failed,
    Finish,
    Heard,
    Listen,
    Remember,
    Rest,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    StopRequested,
    Think,
    Tick,
    WakeDetected,
)

RULES = Rules()
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
    assert state.deadline == 3.0 + RULES.silence
    state, commands = run((Tick(), 3.6), state=state)
    assert commands == (Finish(turn),)
    state, commands = run((Heard(turn, "hello", 1.0, -20.0), 3.7), state=state)
    assert Think(turn, "hello") in commands
    state, _ = run((ClauseStarted(turn, "Hi."), 4.0), state=state)
    assert state.phase is Phase.SPEAKING
    state, commands = run((SpeakingEnded(turn, "Hi."), 5.0), state=state)
    assert commands == (Remember(turn, "Hi."), Listen(turn + 1))


def test_what_was_heard_of_an_interrupted_reply_is_remembered():
    state, _ = run((Asked("tell me"), 0.0), (ClauseStarted(1, "Once"), 1.0), (StopRequested(), 2.0))
    assert state.phase is Phase.ASLEEP
    assert run((SpeakingEnded(1, "Once"), 2.1), state=state)[1] == (Remember(1, "Once"),)


def test_silence_after_wake_ends_in_sleep():
    state, commands = run((WakeDetected("key"), 0.0), (Tick(), RULES.no_speech))
    assert state.phase is Phase.ASLEEP
    assert Rest() in commands


def test_stop_words_are_compared_without_points_and_capitals():
    assert stops(Rules(stop_words=("be quiet", "停")), "Be quiet!")
    assert stops(Rules(stop_words=("停",)), "停。")
    assert not stops(RULES, "stop the music")


turns = st.integers(0, 6)
events = st.one_of(
    st.builds(WakeDetected, st.just("w")),
    st.builds(Asked, st.just("q")),
    st.just(Tick()),
    st.just(StopRequested()),
    st.builds(SpeechStarted, turns, st.floats(0, 100)),
    st.builds(SpeechEnded, turns, st.floats(0, 100)),
    st.builds(Heard, turns, st.sampled_from(["", "stop", "hello"]), st.just(1.0), st.just(-20.0)),
    st.builds(ClauseStarted, turns, st.just("c")),
    st.builds(SpeakingEnded, turns, st.just("c")),
    st.builds(Failed, turns, st.sampled_from(["ears", "mind", "mouth"]), st.just("x")),
)


@given(st.lists(st.tuples(events, st.floats(0, 1000)), max_size=40))
def test_turns_only_grow_time_only_rises_and_nothing_is_stuck(steps):
    state = State()
    for event, now in steps:
        before = state
        state, _ = decide(RULES, state, event, now)
        assert state.turn >= before.turn
        assert state.now >= before.now
        assert state.phase is Phase.ASLEEP or state.deadline is not None
    for _ in range(20):  # nobody answers any more: deadlines alone must bring it to sleep
        if state.phase is Phase.ASLEEP:
            break
        state, _ = decide(RULES, state, Tick(), max(state.deadline, state.now))
    assert state.phase is Phase.ASLEEP
