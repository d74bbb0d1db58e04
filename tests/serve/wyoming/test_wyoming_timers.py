from assistant.audio.frames import RATE
from assistant.serve.wyoming.stream import ALARM_S, alarm
from assistant.serve.wyoming.timers import GRACE_S, MOST, Timers


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_the_server_says_when_a_timer_is_over_and_only_without_its_word_the_clock_does():
    timers = Timers(clock := Clock())
    timers.start("a", 10)
    clock.now += 10
    assert timers.take_due(served=True) == []
    assert timers.wait_s(served=True) == GRACE_S
    assert timers.finish("a")
    timers.start("b", 10)
    clock.now += 10 + GRACE_S
    assert timers.take_due(served=True) == ["b"]
    assert not timers.finish("b")  # it has rung
    assert timers.wait_s(served=True) is None


def test_without_a_server_it_is_over_at_once():
    timers = Timers(clock := Clock())
    timers.start("a", 10)
    assert timers.wait_s(served=False) == 10
    clock.now += 10
    assert timers.take_due(served=False) == ["a"]
    assert len(timers) == 0


def test_a_paused_timer_is_never_over_and_goes_on_with_what_was_left():
    timers = Timers(clock := Clock())
    timers.start("a", 10)
    timers.update("a", 4, active=False)
    clock.now += 1000
    assert timers.take_due(served=False) == []
    assert timers.wait_s(served=False) is None
    timers.update("a", 4, active=True)
    clock.now += 4
    assert timers.take_due(served=False) == ["a"]


def test_a_cancelled_timer_is_forgotten_and_an_unknown_one_may_be_over():
    timers = Timers(Clock())
    timers.start("a", 0)
    timers.cancel("a")
    timers.update("a", 5, active=True)
    assert len(timers) == 0
    assert timers.finish("begun before we were there")


def test_a_server_with_endless_timers_fills_nothing():
    timers = Timers(Clock())
    for number in range(10 * MOST):
        timers.start(str(number), 5)
    assert len(timers) == MOST


def test_an_alarm_has_pauses_in_which_a_stop_word_can_be_heard_and_ends():
    stream = alarm("t", RATE, -20.0)
    assert stream.ended
    once = stream._held[0]
    assert ALARM_S - len(once) / RATE <= sum(map(len, stream._held)) / RATE <= ALARM_S
    assert not once[-RATE:].any()
    assert abs(once[:RATE]).max() > 1000
