"""What a crashed process leaves: read again whole or not at all, and told to whoever waited."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import SENTENCES, Phase, Rules, State, decide
from assistant.events import Earcon, Rang, Returned, Say, Started, WakeDetected
from assistant.trail import LATE_S, STEADY_S, Left, Trail, after, blame, events, parse, pause

DUMP = """Fatal Python error: Segmentation fault

Thread 0x00007f0a (most recent call first):
  File "/opt/assistant/ears/listener.py", line 12 in _recognise

Current thread 0x00007f0b (most recent call first):
  File "/venv/llama_cpp/llama_cpp.py", line 1 in llama_decode
  File "/opt/assistant/mind/kv.py", line 198 in _decode
  File "/usr/lib/python3.11/threading.py", line 975 in run

Extension modules: numpy
"""
lefts = st.builds(
    Left,
    began=st.floats(0, 1e6),
    at=st.floats(0, 1e6),
    phase=st.sampled_from([str(each) for each in Phase]),
    cut=st.booleans(),
    spoken=st.booleans(),
    language=st.sampled_from(["en", "zh", ""]),
    due=st.tuples(st.text()),
    missed=st.just(()),
    failed=st.booleans(),
    ends=st.integers(0, 99),
    blamed=st.dictionaries(st.sampled_from(["mind", "ears", "mouth"]), st.integers(1, 9)),
)


@given(lefts)
def test_what_is_written_is_read_again(left):
    assert parse(json.dumps(asdict(left))) == left


@given(st.text() | lefts.map(lambda left: json.dumps(asdict(left))).flatmap(
    lambda line: st.integers(0, len(line) - 1).map(lambda end: line[:end])
))  # fmt: skip
def test_what_is_damaged_is_nothing(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    "text", ["[]", "null", "7", '{"began": 1}', json.dumps({**asdict(Left()), "blamed": 3})]
)
def test_json_that_is_not_ours_is_nothing(text):
    assert parse(text) is None


def test_whoever_waited_is_told_and_what_rang_rings_again():
    left = Left(began=10, at=100, cut=True, spoken=True, language="zh", due=("Tea!",))
    assert events(left, 101) == (Returned(True, "zh"), Rang("Tea!"))
    assert events(replace(left, missed=("Eggs.",)), 101)[0] == Rang("Eggs.", missed=True)


def test_nobody_is_told_who_did_not_wait():
    left = Left(began=10, at=100, cut=True, due=("Tea!",))
    assert events(replace(left, cut=False), 101) == (Rang("Tea!"),)
    assert events(left, 100 + LATE_S + 1) == (Rang("Tea!"),)
    assert events(left, 99) == ()  # the machine was started again


@pytest.mark.parametrize(
    ("dump", "phase", "room"),
    [
        (DUMP, "asleep", "mind"),
        (DUMP.replace("/mind/kv", "/mouth/piper"), "asleep", "mouth"),
        (DUMP.replace("/mind/kv", "/selectors"), "thinking", ""),
        ("Current thread 0x1 (most recent call first):\n  <no Python frame>\n", "thinking", "mind"),
        ("Current thread 0x1 (most recent call first):\n  <no Python frame>\n", "asleep", ""),
        ("", "thinking", ""),
    ],
)
def test_the_room_that_crashed_is_found(dump, phase, room):
    assert blame(dump, phase) == room


def test_ends_in_a_row_are_counted_until_it_has_run_well():
    left = Left(began=10, at=100, ends=2, blamed={"mind": 2})
    assert after(left, DUMP, 101) == (3, {"mind": 3})
    assert after(left, "", 101) == (3, {"mind": 2})
    assert after(left, DUMP, 10 + STEADY_S) == (1, {"mind": 1})


@given(st.integers(0, 10_000))
def test_it_waits_longer_after_each_end_and_never_for_good(ends):
    assert 0 <= pause(ends) <= pause(ends + 1) <= 60
    assert pause(2) == 0


def test_a_proper_end_leaves_nothing_and_a_crash_leaves_all(tmp_path, caplog):
    state = State(phase=Phase.THINKING, turn=3, spoken=True, due=("Tea!",))
    trails = [Trail(tmp_path / "control.sock", lambda: (state, "en")) for _ in range(3)]
    assert trails[0].begin() == ()
    left = {each.name: each.read_text() for each in tmp_path.iterdir()}  # as at a crash
    assert set(left) == {"control.trail", "control.crash"}
    trails[0].end()
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "control.trail").write_text(left["control.trail"])
    (tmp_path / "control.crash").write_text(DUMP)
    assert trails[1].begin() == (Returned(True, "en"), Rang("Tea!"))
    assert (trails[1].ends, trails[1].blamed) == (1, {"mind": 1})
    assert "mind/kv.py" in caplog.text
    trails[1].end(failed=True)  # it says why, so nobody is told that it was away
    assert trails[2].begin() == (Rang("Tea!"),)
    assert trails[2].ends == 2
    trails[2].end()
    assert list(tmp_path.iterdir()) == []


def test_one_that_was_killed_is_told_of_in_the_log(tmp_path, caplog):
    Trail(tmp_path / "s", lambda: (State(), "en")).begin()
    trail = Trail(tmp_path / "s", lambda: (State(), "en"))
    assert trail.begin() == ()
    assert "ended without a word" in caplog.text
    trail.end()


def test_where_nothing_can_be_written_it_runs_all_the_same(tmp_path):
    trail = Trail(tmp_path / "no" / "folder", lambda: (State(), "en"))
    assert trail.begin() == ()
    trail.note("state", {})
    trail.end()


# --- what the decider makes of it -------------------------------------------------------------


def begun(rules):
    return decide(rules, State(), Started(), 1.0)[0]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_says_that_it_was_away_in_the_language_of_the_turn_and_listens_again(language):
    rules = Rules(languages=("en", "zh"))
    state, commands = decide(rules, begun(rules), Returned(True, language), 2.0)
    assert commands[0] == Earcon("error")
    assert commands[-1] == Say(state.turn, state.take, SENTENCES[language].away)
    assert (state.phase, state.again) == (Phase.SPEAKING, True)


def test_whoever_wrote_is_told_but_not_listened_to():
    state, _ = decide(Rules(), begun(Rules()), Returned(False, "fr"), 2.0)
    assert (state.phase, state.again) == (Phase.SPEAKING, False)


def test_whoever_speaks_already_is_not_interrupted_by_it():
    state, _ = decide(Rules(), begun(Rules()), WakeDetected("key"), 2.0)
    assert decide(Rules(), state, Returned(True, "en"), 3.0) == (replace(state, now=3.0), ())
