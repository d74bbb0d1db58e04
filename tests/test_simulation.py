"""The short form of `script/simulate`, and whether it would notice anything."""

import dataclasses
import sys

import pytest
import simulate
import simulated.house
from simulated.promises import Broken

from assistant.conversation import decide
from assistant.events import Cancel, Heard, Overhear, Rest, Tick
from assistant.record.recording import read
from assistant.record.replay import replay

SEED = 1


def test_two_hundred_conversations_with_faults_keep_every_promise():
    houses = [simulate.converse(SEED, number) for number in range(200)]
    seen = {type(each).__name__ for house in houses for entry in house.entries
            for each in (entry.event, *entry.commands)}  # fmt: skip
    assert {"CarryOn", "Halt", "Release", "Drop", "Fill", "Play", "Ignore", "Failed"} <= seen
    assert sum(house.promises.answered for house in houses) > 200
    assert sum(house.promises.rung for house in houses) > 50


def test_the_same_seed_is_the_same_conversation():
    one, other = (simulate.converse(SEED, 7).entries for _ in range(2))
    assert one == other
    assert one != simulate.converse(SEED + 1, 7).entries


def without(kind):
    """A decider that forgets a command."""

    def broken(rules, state, event, now):
        state, commands = decide(rules, state, event, now)
        return state, tuple(command for command in commands if not isinstance(command, kind))

    return broken


def sleepless(rules, state, event, now):
    """A decider that asks for the clock again at a time that has passed."""
    after, commands = decide(rules, state, event, now)
    if isinstance(event, Tick) and state.deadline is not None:
        after = dataclasses.replace(after, deadline=state.deadline)
    return after, commands


def forgetful(rules, state, event, now):
    """A decider that does not answer."""
    return (state, ()) if isinstance(event, Heard) else decide(rules, state, event, now)


def careless(rules, state, event, now):
    """A decider that loses what rang."""
    state, commands = decide(rules, state, event, now)
    return dataclasses.replace(state, missed=(), due=()), commands


def several():
    for number in range(200):
        simulate.converse(SEED, number)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (without(Rest), "asleep"),
        (without(Overhear), "stop words"),
        (without(Cancel), "voice"),
        (sleepless, "passed"),
        (forgetful, "decided on"),
        (careless, "timer"),
    ],
    ids=["Rest", "Overhear", "Cancel", "sleepless", "forgetful", "careless"],
)
def test_a_decider_that_breaks_a_promise_is_found(monkeypatch, broken, promise):
    monkeypatch.setattr(simulated.house, "decide", broken)
    with pytest.raises(Broken, match=promise):
        several()


def test_the_command_prints_the_seed_of_a_failure_and_keeps_it_for_replay(
    monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(simulated.house, "decide", careless)
    monkeypatch.setattr(sys, "argv", ["simulate", "--conversations=100", "--seed=5"])
    assert simulate.main() == 1
    told = capsys.readouterr().out
    only = told.split("script/simulate --seed 5 --only ")[1].split()[0]
    monkeypatch.undo()
    file = tmp_path / "kept.zip"
    monkeypatch.setattr(sys, "argv", ["simulate", "--seed=5", f"--only={only}", f"--keep={file}"])
    assert simulate.main() == 0
    turn = read(file)
    assert turn.entries
    assert not any(step.differs for step in replay(turn))
