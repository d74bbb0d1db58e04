"""When no question may go out."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from assistant.mind.remote.limits import FAILURES, LONGEST_PAUSE_S, Breaker, Budget


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_server_that_fails_three_times_is_left_alone_longer_each_time(clock):
    breaker, pauses = Breaker(clock), []
    for _ in range(8):
        while breaker.enter():
            breaker.failed()
        pauses.append(breaker.wait_s)
        clock.now += breaker.wait_s
    assert pauses == [20, 40, 80, 160, 320, 600, 600, 600]


def test_after_the_pause_only_one_tries_and_its_success_opens_the_way(clock):
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.enter()
        breaker.failed()
    assert not breaker.enter()
    clock.now += 20
    assert breaker.enter()
    assert not breaker.enter()
    breaker.left()  # it was given up: another one may try
    assert breaker.enter()
    breaker.succeeded()
    assert breaker.enter()
    assert breaker.enter()


def test_what_the_server_asks_for_is_waited_at_once(clock):
    breaker = Breaker(clock)
    assert breaker.enter()
    breaker.failed(7.0)
    assert breaker.wait_s == 7
    clock.now += 7
    assert breaker.enter()


def test_a_key_that_is_not_accepted_is_not_tried_again_soon(clock):
    breaker = Breaker(clock)
    assert breaker.enter()
    breaker.failed(for_good=True)
    assert breaker.wait_s == LONGEST_PAUSE_S


class BreakerMachine(RuleBasedStateMachine):
    """Whatever happens, the way opens again some time, and one that is out can end."""

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(self.clock)
        self.out = 0

    @rule(seconds=st.floats(0, 700))
    def wait(self, seconds):
        self.clock.now += seconds

    @rule()
    def enter(self):
        free = self.breaker.wait_s == 0
        entered = self.breaker.enter()
        assert not entered or free
        self.out += entered

    @precondition(lambda self: self.out)
    @rule(how=st.sampled_from(["left", "succeeded", "failed"]))
    def end(self, how):
        self.out -= 1
        getattr(self.breaker, how)()

    @invariant()
    def the_pause_is_bounded(self):
        assert 0 <= self.breaker.wait_s <= LONGEST_PAUSE_S

    def teardown(self):
        self.clock.now += LONGEST_PAUSE_S
        for _ in range(self.out):
            self.breaker.left()
        assert self.breaker.enter()


TestBreaker = BreakerMachine.TestCase


class Days:
    day = datetime.date(2026, 11, 26)

    def __call__(self):
        return self.day


@pytest.fixture
def days():
    return Days()


def budget(tmp_path, clock, days, minute=100, day=100, month=100):
    return Budget(minute, day, month, tmp_path / "state" / "budget.json", clock, days)


def test_each_budget_ends_and_comes_back(tmp_path, clock, days):
    it = budget(tmp_path, clock, days, minute=2, day=3, month=5)
    it.spend()
    it.spend()
    assert it.used_up() == "minute"
    clock.now += 61
    it.spend()
    assert it.used_up() == "day"
    days.day += datetime.timedelta(days=1)
    assert it.used_up() == ""
    it.spend()
    it.spend()
    clock.now += 61
    assert it.used_up() == "month"
    days.day = datetime.date(2026, 12, 1)
    assert it.used_up() == ""


def test_nothing_at_all_may_go_out_with_a_budget_of_zero(tmp_path, clock, days):
    assert budget(tmp_path, clock, days, day=0).used_up() == "day"


def test_a_restart_gives_nothing_back(tmp_path, clock, days):
    budget(tmp_path, clock, days).spend()
    assert budget(tmp_path, clock, days, day=1).used_up() == "day"


def test_a_clock_that_was_lost_gives_nothing_back(tmp_path, clock, days):
    budget(tmp_path, clock, days).spend()
    days.day -= datetime.timedelta(days=3)  # a small computer after a night without power
    it = budget(tmp_path, clock, days, day=2)
    it.spend()
    days.day += datetime.timedelta(days=3)  # now it knows the time again
    assert it.used_up() == "day"


def test_a_clock_that_was_far_ahead_does_not_lock_it_for_ever(tmp_path, clock, days):
    days.day = datetime.date(2099, 1, 1)
    budget(tmp_path, clock, days).spend()
    days.day = datetime.date(2026, 11, 26)
    assert budget(tmp_path, clock, days, day=1).used_up() == ""


@given(
    st.one_of(
        st.binary(max_size=80),
        st.dictionaries(st.sampled_from(["date", "day", "month"]), st.text() | st.integers()).map(
            lambda data: json.dumps(data).encode()
        ),
    )
)
def test_any_file_is_a_budget(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("budget")
    (folder / "state").mkdir()
    (folder / "state" / "budget.json").write_bytes(content)
    it = budget(folder, Clock(), Days())
    it.used_up()
    it.spend()
    assert json.loads((folder / "state" / "budget.json").read_text())["day"] >= 1


def test_a_disk_that_is_full_is_told(tmp_path, clock, days):
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(OSError, match=r"exists|directory"):
        budget(tmp_path, clock, days).spend()
