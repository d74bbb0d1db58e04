"""When something that fails is left alone, and when it is tried again; with a clock of its own."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.fitness import FIRST_S, LONGEST_S, ROW, Fitness


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_three_failures_in_a_row_and_not_two():
    clock = Clock()
    fitness = Fitness(clock)
    for _ in range(10):
        fitness.failed("no")
        fitness.failed("no")
        assert not fitness.resting
        fitness.worked()
    for _ in range(ROW):
        fitness.failed("no")
    assert fitness.resting
    assert (fitness.total, fitness.why) == (20 + ROW, "no")


def test_it_is_tried_again_after_a_pause_that_doubles_while_it_fails():
    clock, pauses = Clock(), []
    fitness = Fitness(clock)
    for _ in range(ROW):
        fitness.failed("no")
    for _ in range(9):
        pauses.append(fitness.back_in_s)
        assert fitness.resting
        clock.now += fitness.back_in_s
        assert not fitness.resting
        assert fitness.poor
        fitness.failed("again")  # one try, not three
    assert pauses[:4] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S]
    assert pauses[-1] == LONGEST_S


def test_a_try_that_works_ends_it_and_who_watches_is_told():
    clock, told = Clock(), []
    fitness = Fitness(clock, lambda: told.append(fitness.poor))
    for _ in range(ROW):
        fitness.failed("no")
    clock.now += fitness.back_in_s
    fitness.worked()
    assert told == [True, False]
    assert (fitness.poor, fitness.why) == (False, "")
    for _ in range(ROW):
        fitness.failed("no")
    assert fitness.back_in_s == 2 * FIRST_S  # so soon after: it does not begin anew
    fitness.worked()
    fitness.failed("no")
    fitness.worked()
    for _ in range(ROW):
        fitness.failed("no")
    assert fitness.back_in_s == FIRST_S


def test_what_crashed_the_processes_before_is_left_alone_from_the_start():
    clock = Clock()
    for times, rests in ((0, False), (ROW - 1, False), (ROW, True), (9, True)):
        fitness = Fitness(clock)
        fitness.crashed(times, "crashed")
        assert fitness.resting is rests


@given(st.lists(st.sampled_from(["failed", "worked", "time"]), max_size=60))
def test_it_never_rests_without_a_row_and_never_for_good(steps):
    clock, row = Clock(), 0
    fitness = Fitness(clock)
    for step in steps:
        if step == "failed":
            fitness.failed("no")
            row += 1
        elif step == "worked":
            fitness.worked()
            row = 0
        else:
            clock.now += FIRST_S
        assert fitness.poor == (row >= ROW)
        assert not fitness.resting or row >= ROW
        assert fitness.back_in_s <= LONGEST_S
