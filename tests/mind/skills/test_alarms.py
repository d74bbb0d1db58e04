"""What rings rings once, at its time, whatever the clocks and the machine do."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assistant.mind.skills.alarms import (
    BACK_S,
    LONGEST_S,
    MISSED_S,
    MOST,
    SNOOZABLE_S,
    SNOOZE_S,
    Alarms,
    Refusal,
)
from assistant.mind.skills.moments import DAYS, next_moment
from assistant.store import Ring

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 27, 12, 0, tzinfo=BERLIN)


class Memory:
    """A fake store: what is kept is lost with it."""

    remembers = True

    def __init__(self):
        self.kept, self.newest = {}, 0

    def rings(self):
        return list(self.kept.values())

    def keep(self, ring):
        if not ring.id:
            self.newest += 1
            ring = Ring(**{**{n: getattr(ring, n) for n in ring.__slots__}, "id": self.newest})
        self.kept[ring.id] = ring
        return ring

    def forget(self, *ids):
        for each in ids:
            self.kept.pop(each, None)


class House:
    """Clocks that only move when told to, and the alarms between them."""

    def __init__(self, at=FRIDAY):
        self.wall, self.zone, self.mono, self.boot = at.timestamp(), at.tzinfo, 1000.0, 1
        self.store = Memory()
        self.changes = 0
        self.start()

    def start(self):
        self.alarms = Alarms(self.store, self.now, lambda: self.mono, str(self.boot), self.changed)

    def changed(self):
        self.changes += 1

    def reboot(self, off):
        self.boot += 1
        self.mono = 5.0
        self.wall += off
        self.start()

    def now(self):
        return datetime.fromtimestamp(self.wall, self.zone)

    def go(self, seconds):
        self.wall += seconds
        self.mono += seconds

    def rung(self):
        return [(each.ring.name, round(each.late, 3)) for each in self.alarms.due()]


# --- moments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "day", "repeat", "expected"),
    [
        ("12:30", "", "", "2026-11-27T12:30:00+01:00"),
        ("12:00", "", "", "2026-11-28T12:00:00+01:00"),
        ("07:00", "", "", "2026-11-28T07:00:00+01:00"),
        ("07:00", "+0", "", None),
        ("07:00", "+2", "", "2026-11-29T07:00:00+01:00"),
        ("13:00", "fri", "", "2026-11-27T13:00:00+01:00"),
        ("11:00", "fri", "", "2026-12-04T11:00:00+01:00"),
        ("11:00", "mon", "", "2026-11-30T11:00:00+01:00"),
        ("11:00", "mon+1", "", "2026-11-30T11:00:00+01:00"),
        ("11:00", "sun+1", "", "2026-12-06T11:00:00+01:00"),
        ("11:00", "---27", "", "2026-12-27T11:00:00+01:00"),
        ("13:00", "---27", "", "2026-11-27T13:00:00+01:00"),
        ("11:00", "---31", "", "2026-12-31T11:00:00+01:00"),
        ("11:00", "+1---05", "", "2026-12-05T11:00:00+01:00"),
        ("11:00", "--11-27", "", "2027-11-27T11:00:00+01:00"),
        ("11:00", "--02-29", "", "2028-02-29T11:00:00+01:00"),
        ("11:00", "2026-11-26", "", None),
        ("11:00", "2027-06-01", "", "2027-06-01T11:00:00+02:00"),
        ("07:00", "", "daily", "2026-11-28T07:00:00+01:00"),
        ("07:00", "", "weekdays", "2026-11-30T07:00:00+01:00"),
        ("07:00", "", "weekends", "2026-11-28T07:00:00+01:00"),
        ("07:00", "", "mon,thu", "2026-11-30T07:00:00+01:00"),
        ("07:00", "", "fri", "2026-12-04T07:00:00+01:00"),
        ("02:30", "2027-03-28", "", "2027-03-28T03:30:00+02:00"),  # there is no half past two
        ("02:30", "2027-10-31", "", "2027-10-31T02:30:00+02:00"),  # there are two: the first
    ],
)
def test_moments(clock, day, repeat, expected):
    found = next_moment(clock, day, repeat, FRIDAY)
    assert (found and found.isoformat()) == expected


@pytest.mark.parametrize(
    ("clock", "day", "repeat"),
    [
        ("25:00", "", ""),
        ("7", "", "x"),
        ("07:00", "--13-01", ""),
        ("07:00", "soon", ""),
        ("07:00", "day+1", ""),
        ("07:00", "---32", ""),
    ],
)
def test_other_forms_are_errors(clock, day, repeat):
    with pytest.raises(ValueError):  # noqa: PT011 - the caller only wants to know that
        next_moment(clock, day, repeat, FRIDAY)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2035, 1, 1)),
    clock=st.times().map(lambda each: each.strftime("%H:%M")),
    days=st.sets(st.sampled_from(DAYS), min_size=1),
)
@settings(deadline=None, max_examples=50)
def test_a_repeated_moment_is_the_next_of_its_days(now, clock, days):
    now = now.replace(tzinfo=BERLIN)
    found = next_moment(clock, "", ",".join(days), now)
    assert now.timestamp() < found.timestamp() <= now.timestamp() + 8 * 86400
    assert DAYS[found.weekday()] in days
    wall = found.strftime("%H:%M")
    assert wall == clock or found.utcoffset() != (found - timedelta(hours=3)).utcoffset()
    before = found.astimezone(UTC) - timedelta(seconds=1)
    if before > now.astimezone(UTC):
        assert next_moment(clock, "", ",".join(days), before.astimezone(BERLIN)) == found


# --- countdowns ------------------------------------------------------------------------------


def test_several_timers_ring_in_their_order_and_once():
    house = House()
    house.alarms.count_down("timer", 60, "tea")
    house.alarms.count_down("timer", 30, "egg")
    assert [ring.name for ring in house.alarms.of("timer")] == ["egg", "tea"]
    assert house.alarms.next_in() == 30
    house.go(29.9)
    assert house.rung() == []
    house.go(31.1)
    assert house.alarms.next_in() == 0
    assert house.rung() == [("egg", 31.0), ("tea", 1.0)]
    assert house.rung() == []
    assert house.alarms.next_in() is None


@pytest.mark.parametrize("jump", [-400 * 86400, -3600, 3600, 86400])
def test_a_countdown_follows_no_clock_that_jumps(jump):
    house = House()
    house.alarms.count_down("timer", 60)
    house.wall += jump
    house.go(59)
    assert house.rung() == []
    house.go(1)
    assert house.rung() == [("", 0.0)]


def test_pause_resume_add():
    house = House()
    tea = house.alarms.count_down("timer", 60)
    house.go(20)
    tea = house.alarms.pause(tea)
    house.go(1000)
    assert house.rung() == []
    assert house.alarms.left(house.alarms.pause(tea)) == 40
    tea = house.alarms.extend(tea, 5)
    assert house.alarms.next_in() is None
    tea = house.alarms.resume(tea)
    assert house.alarms.resume(tea) == tea
    tea = house.alarms.extend(tea, 15)
    assert house.alarms.left(tea) == 60
    tea = house.alarms.extend(tea, -500)
    assert house.alarms.left(tea) == 1
    assert house.changes == 7


def test_what_was_cancelled_meanwhile_does_not_come_back():
    house = House()
    tea = house.alarms.count_down("timer", 60)
    house.alarms.cancel([tea])
    house.alarms.pause(tea)
    house.alarms.extend(tea, 60)
    assert house.alarms.of("timer") == []


def test_limits():
    house = House()
    assert house.alarms.refuses("timer", 0) is Refusal.ZERO
    assert house.alarms.refuses("timer", -5) is Refusal.ZERO
    assert house.alarms.refuses("timer", LONGEST_S) is None
    assert house.alarms.refuses("timer", LONGEST_S + 1) is Refusal.LONG
    for _ in range(MOST):
        house.alarms.count_down("timer", 60)
    assert house.alarms.refuses("timer", 60) is Refusal.MANY
    assert house.alarms.refuses("alarm") is None


def test_a_countdown_goes_on_over_a_start_of_the_program_and_of_the_machine():
    house = House()
    house.alarms.count_down("timer", 600)
    house.alarms.pause(house.alarms.count_down("timer", 300, "paused"))
    house.wall += 86400  # a jump: only a start of the machine makes one heed the wall's clock
    house.start()
    house.wall -= 86400
    house.go(100)
    assert house.alarms.next_in() == 500
    house.reboot(off=200)
    assert house.alarms.next_in() == 300
    house.reboot(off=310)
    assert house.rung() == [("", 10.0)]
    assert [house.alarms.left(ring) for ring in house.alarms.of("timer")] == [300]


def test_a_board_that_does_not_know_the_time_never_waits_longer_than_was_said():
    house = House()
    house.alarms.count_down("timer", 600)
    house.reboot(off=-40 * 365 * 86400)
    assert house.alarms.next_in() == 600


# --- clock times -----------------------------------------------------------------------------


def test_an_alarm_rings_once_and_a_daily_one_each_day():
    house = House()
    house.alarms.at("alarm", "07:00", "", "", "once")
    house.alarms.at("alarm", "07:00", "", "weekdays", "work")
    house.go(19 * 3600)
    assert house.rung() == [("once", 0.0)]  # it is Saturday
    house.go(2 * 86400)
    assert house.rung() == [("work", 0.0)]
    house.go(86400)
    assert house.rung() == [("work", 0.0)]


def test_summer_time_moves_no_alarm():
    house = House(datetime(2027, 3, 27, 20, 0, tzinfo=BERLIN))
    house.alarms.at("alarm", "07:00", "", "daily")
    house.go(10 * 3600 - 1)
    assert house.rung() == []
    house.go(1)
    assert house.rung() == [("", 0.0)]
    assert house.alarms.next_in() == 86400


SPRING = datetime(2027, 3, 27, 20, 0, tzinfo=BERLIN)
AUTUMN = datetime(2027, 10, 30, 20, 0, tzinfo=BERLIN)


@pytest.mark.parametrize("repeat", ["", "daily"])
@pytest.mark.parametrize(
    ("evening", "hours", "day_after"),
    [(SPRING, 6.5, 23), (AUTUMN, 6.5, 25)],  # 3:30, as 2:30 is left out; the first of two 2:30
)
def test_in_the_night_of_the_change_it_rings_once(evening, hours, day_after, repeat):
    house = House(evening)
    house.alarms.at("alarm", "02:30", "", repeat)
    house.go(hours * 3600 - 1)
    assert house.rung() == []
    house.go(1)
    assert house.rung() == [("", 0.0)]
    house.go(3600)
    assert house.rung() == []
    house.go((day_after - 1) * 3600)
    assert len(house.rung()) == bool(repeat)


@pytest.mark.parametrize("jump", [86400.0, -86400.0])
def test_when_the_clock_jumps_a_day_countdowns_stay_and_clock_times_follow(jump):
    house = House(FRIDAY - timedelta(hours=2))
    house.go(7200)
    house.alarms.count_down("timer", 600, "egg")
    house.alarms.at("alarm", "13:00", "", "", "once")
    house.alarms.at("reminder", "13:00", "", "daily", "pills")
    house.go(300)
    house.wall += jump
    assert [each.ring.name for each in house.alarms.due() if not each.missed] == []
    house.go(300)
    assert house.rung() == [("egg", 0.0)]
    house.go(3000)
    assert house.rung() == [("pills", 0.0)]
    kept = [each.name for each in house.alarms.of("alarm")]
    assert kept == ([] if jump > 0 else ["once"])


def test_an_alarm_follows_the_clock_on_the_wall():
    house = House()
    house.alarms.at("alarm", "13:00", "", "")
    house.wall += 3600 + 5
    assert house.rung() == [("", 5.0)]


def test_what_is_long_over_is_missed():
    house = House()
    house.alarms.at("alarm", "13:00", "", "", "a")
    house.alarms.at("alarm", "13:00", "", "daily", "b")
    house.reboot(off=10 * 86400)
    missed = house.alarms.due()
    assert [each.missed for each in missed] == [True, True]
    assert house.alarms.snoozable() == []
    assert house.alarms.next_in() == 3600


def test_a_clock_that_was_far_ahead_costs_no_alarm():
    house = House()
    house.wall += 365 * 86400
    house.alarms.at("alarm", "07:00", "", "daily")
    house.wall -= 365 * 86400
    assert house.rung() == []
    assert house.alarms.next_in() == 19 * 3600


def test_a_clock_that_was_ahead_costs_not_even_the_next_hour():
    house = House()
    house.alarms.at("alarm", "07:00", "", "daily")
    house.wall -= 86400 + 5 * 3600 + 1800
    assert house.rung() == []
    assert house.alarms.next_in() == 1800


def test_a_clock_that_goes_back_a_little_rings_nothing_twice():
    house = House()
    house.alarms.at("alarm", "13:00", "", "daily")
    house.go(3600)
    assert len(house.rung()) == 1
    house.wall -= 5
    assert house.rung() == []
    house.go(6)
    assert house.rung() == []


def test_a_board_that_does_not_know_the_time_rings_no_alarm():
    house = House()
    house.alarms.at("alarm", "13:00", "", "daily")
    house.reboot(off=-house.wall)
    assert house.rung() == []
    assert house.alarms.next_in() is None
    house.wall = FRIDAY.timestamp()
    assert house.rung() == []
    assert house.alarms.next_in() == 3600


def test_a_reminder_in_the_past_is_not_set():
    house = House()
    assert house.alarms.at("reminder", "11:00", "+0", "", "call") is None
    assert house.alarms.of("reminder") == []


@pytest.mark.parametrize(
    "nonsense",
    [
        Ring("cake", seconds=5),
        Ring("timer", seconds=-1.0),
        Ring("timer", seconds=math.inf),
        Ring("timer", seconds=5.0, mono=math.nan),
        Ring("alarm", clock="07:00"),
        Ring("alarm", clock="a7:00", day="2026-12-01"),
        Ring("alarm", clock="07:00", repeat="mon,xyz"),
        Ring("alarm", clock="07:00", day="2026-12-01", language="q"),
    ],
)
def test_nonsense_in_the_file_is_dropped(nonsense, caplog):
    house = House()
    house.store.keep(nonsense)
    good = house.alarms.at("alarm", "07:00", "", "")
    house.start()
    assert house.store.rings() == [good]
    assert "makes no sense" in caplog.text


# --- snooze, stopwatch -----------------------------------------------------------------------


def test_what_rang_can_be_put_off_for_a_while():
    house = House()
    house.alarms.at("alarm", "13:00", "", "daily", "up")
    house.go(3600)
    house.alarms.due()
    house.go(60)
    assert [ring.name for ring in house.alarms.snooze()] == ["up"]
    assert house.alarms.snooze() == []
    assert house.alarms.next_in() == SNOOZE_S
    house.go(SNOOZE_S)
    assert house.rung() == [("up", 0.0)]
    house.go(SNOOZABLE_S + 1)
    assert house.alarms.snooze() == []


def test_a_stopwatch_counts_only_while_it_runs():
    house = House()
    watch = house.alarms.stopwatch
    house.go(5)
    assert (watch.elapsed, watch.runs) == (0, False)
    watch.start()
    house.go(5)
    watch.start()
    house.wall += 1000
    house.go(5)
    assert (watch.elapsed, watch.runs) == (10, True)
    watch.halt()
    house.go(5)
    watch.start()
    house.go(1)
    assert watch.elapsed == 11
    watch.reset()
    assert (watch.elapsed, watch.runs) == (0, False)


# --- everything at once ----------------------------------------------------------------------


class Clocks(RuleBasedStateMachine):
    """Any order of settings, jumps, pauses and starts: nothing rings early, twice or never."""

    @initialize()
    def begin(self):
        self.house = House()
        self.running = {}  # countdown: the monotonic time of this boot at which it ends
        self.paused = {}  # countdown: s left
        self.once = {}  # alarm: when, on the wall
        self.daily = None
        self.rang_at = []

    def timer(self, data):
        return data.draw(st.sampled_from(self.house.alarms.of("timer")))

    @rule(seconds=st.integers(1, 5000))
    def set_timer(self, seconds):
        ring = self.house.alarms.count_down("timer", seconds)
        self.running[ring.id] = self.house.mono + seconds

    @precondition(lambda self: self.running or self.paused)
    @rule(data=st.data())
    def pause(self, data):
        ring = self.house.alarms.pause(self.timer(data))
        if ring.id in self.running:
            self.paused[ring.id] = self.running.pop(ring.id) - self.house.mono

    @precondition(lambda self: self.running or self.paused)
    @rule(data=st.data())
    def resume(self, data):
        ring = self.house.alarms.resume(self.timer(data))
        if ring.id in self.paused:
            self.running[ring.id] = self.house.mono + self.paused.pop(ring.id)

    @precondition(lambda self: self.running or self.paused)
    @rule(data=st.data(), seconds=st.integers(1, 5000))
    def add(self, data, seconds):
        ring = self.house.alarms.extend(self.timer(data), seconds)
        which = self.running if ring.id in self.running else self.paused
        which[ring.id] += seconds

    @precondition(lambda self: self.running or self.paused)
    @rule(data=st.data())
    def cancel(self, data):
        ring = self.timer(data)
        self.house.alarms.cancel([ring])
        self.running.pop(ring.id, None)
        self.paused.pop(ring.id, None)

    @rule(clock=st.sampled_from(["00:00", "07:00", "12:30", "23:59"]))
    def set_alarm(self, clock):
        ring = self.house.alarms.at("alarm", clock, "", "")
        assert ring.at > self.house.wall
        self.once[ring.id] = ring.at

    @precondition(lambda self: self.daily is None)
    @rule()
    def set_daily(self):
        self.daily = self.house.alarms.at("reminder", "07:00", "", "daily").id

    @rule(seconds=st.integers(0, 100_000))
    def time_passes(self, seconds):
        self.house.go(seconds)
        self.look()

    @rule(seconds=st.integers(-200_000, 200_000))
    def the_clock_jumps(self, seconds):
        self.house.wall += seconds
        if seconds < 0:
            self.rang_at.clear()
        self.look()

    @rule(seconds=st.integers(-int(BACK_S) // 2, 0))
    def the_clock_is_set_right(self, seconds):
        self.house.wall += seconds
        self.look()

    @rule()
    def the_program_starts_again(self):
        self.house.start()

    @rule(off=st.integers(0, 100_000))
    def the_machine_starts_again(self, off):
        before = {ring.id: ring for ring in self.house.alarms.of("timer")}
        self.house.reboot(off)
        for each in self.running:  # only the wall's clock can tell
            left = min(before[each].at - self.house.wall, before[each].seconds)
            self.running[each] = self.house.mono + left
        self.look()

    def look(self):
        house = self.house
        rang = house.alarms.due()
        over = {each for each, at in self.running.items() if at <= house.mono}
        over |= {each for each, at in self.once.items() if at <= house.wall}
        ids = [each.ring.id for each in rang]
        assert len(ids) == len(set(ids))
        assert set(ids) - {self.daily} == over
        for each in rang:
            assert each.late >= 0
            assert each.missed == (each.late > MISSED_S)
            self.running.pop(each.ring.id, None)
            self.once.pop(each.ring.id, None)
        if self.daily in ids:
            moment = next(each.ring.at for each in rang if each.ring.id == self.daily)
            assert moment not in self.rang_at, "it rings twice for one morning"
            self.rang_at.append(moment)

    @invariant()
    def what_is_left_is_right(self):
        alarms = self.house.alarms
        for ring in alarms.of("timer"):
            if ring.id in self.paused:
                assert alarms.left(ring) == pytest.approx(max(0, self.paused[ring.id]), abs=1e-3)
            else:
                left = self.running[ring.id] - self.house.mono
                assert alarms.left(ring) == pytest.approx(left, abs=1e-3)

    @invariant()
    def a_daily_one_comes_within_a_day(self):
        self.look()
        assert self.house.alarms.next_in() != 0
        if self.daily is not None:
            left = self.house.alarms.left(self.house.alarms.of("reminder")[0])
            assert 0 < left <= 86400 + BACK_S


TestClocks = Clocks.TestCase
TestClocks.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_what_is_read_only_later_rings_by_the_clock_of_this_start():
    house = House()
    house.reboot(off=0)
    house.store.keep(Ring("timer", seconds=60.0, at=house.wall + 30, mono=5.0, boot="before"))
    assert house.alarms.due() == []
    assert house.alarms.next_in() == pytest.approx(30)
