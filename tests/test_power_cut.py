"""Nothing that was confirmed is lost when it is killed, or when the power goes, at any moment.

The long form, of 500 moments each, is `script/powercut`.
"""

import random

import keeper
import powercut
import pytest

KILLS = 12
CUTS = 60
recorded = pytest.mark.skipif(not powercut.available(), reason="strace is not installed")


@pytest.mark.parametrize("seed", range(KILLS))
def test_it_is_killed(tmp_path, seed):
    assert keeper.killed(tmp_path, seed, random.Random(seed).uniform(0, 0.2)) == []


@recorded
def test_the_power_goes(tmp_path):
    outcome = list(keeper.cut(tmp_path / "disk", 7, 80, CUTS))
    assert len(outcome) == CUTS
    assert [each for each in outcome if each] == []


@recorded
def test_the_disk_that_forgets_finds_out_who_does_not_wait_for_it(tmp_path):
    assert any(keeper.cut(tmp_path / "disk", 7, 40, 20, "NORMAL"))
