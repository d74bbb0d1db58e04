"""The short form of `script/soak`, and whether it would notice anything.

Its real-time part, with engines on the virtual sound card, is run by hand: docs/reliability.md.
"""

import dataclasses
import os
import subprocess
import sys

import pytest
import simulated.house
import soak
from soaking.measuring import Sample, look, verdict

from assistant.conversation import decide


def flat(count=20, memory=500.0, files=30, threads=20):
    return [Sample(float(number), memory, files, threads) for number in range(count)]


def test_what_does_not_grow_is_good():
    noisy = [
        dataclasses.replace(each, memory=each.memory * (1.0 + 0.1 * (number % 5 == 0)))
        for number, each in enumerate(flat())
    ]
    assert verdict(noisy).good
    assert verdict(flat(1)).good


@pytest.mark.parametrize("grows", [{"memory": 520.0}, {"files": 31}, {"threads": 21}], ids=str)
def test_what_grows_is_not(grows):
    samples = [*flat(10), *(dataclasses.replace(each, **grows) for each in flat(10))]
    assert not verdict(samples).good


def test_a_process_is_measured_with_its_children():
    before = look(os.getpid(), 0.0)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        while look(child.pid, 0.0).memory < 4.0:
            pass  # it is being started
        with_child = look(os.getpid(), 0.0)
        alone = look(child.pid, 0.0)
    assert alone.threads == 1
    assert with_child.memory > before.memory + 3.0
    assert with_child.threads >= before.threads + 1


def test_two_hours_pass_without_growth(capsys):
    assert soak.virtual(2, seed=1)
    hour = capsys.readouterr().out.splitlines()[2].split()
    assert hour[0] == "2"
    assert all(int(each) > 10 for each in hour[1:])


def test_a_state_that_grows_is_found(monkeypatch):
    def hoards(rules, state, event, now):
        state, commands = decide(rules, state, event, now)
        return dataclasses.replace(state, begun=(*state.begun, now)), commands

    monkeypatch.setattr(simulated.house, "decide", hoards)
    assert not soak.virtual(1, seed=1)
