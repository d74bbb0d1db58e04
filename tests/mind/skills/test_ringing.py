"""What is said about timers, alarms and reminders, in both languages, and what is then done."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from assistant.mind.skills import telling
from assistant.mind.skills.alarms import MOST, Alarms, Rang
from assistant.mind.skills.registry import SKILLS
from assistant.mind.skills.skill import Context, Request
from assistant.store import Ring, Store

FRIDAY = datetime(2026, 11, 27, 14, 0, tzinfo=ZoneInfo("Europe/Berlin"))


class Kitchen:
    """Clocks that only move when told to, a real store, and somebody who asks."""

    def __init__(self, path):
        self.store = Store(path)
        self.wall, self.mono = FRIDAY.timestamp(), 100.0
        self.alarms = Alarms(self.store, self.now, lambda: self.mono, "boot")

    def now(self):
        return datetime.fromtimestamp(self.wall, FRIDAY.tzinfo)

    def go(self, seconds):
        self.wall += seconds
        self.mono += seconds

    def ask(self, intent, language="en", text="", **slots):
        """Return what is said, without doing it, and what does it."""
        context = Context(now=self.now, alarms=self.alarms, device=None, chance=None)
        return SKILLS[intent](Request(intent, text, language, slots), context)

    def do(self, intent, language="en", text="", **slots):
        """Return all that is said."""
        answer = self.ask(intent, language, text, **slots)
        more = answer.act() if answer.act else None
        return " ".join(filter(None, [answer.text, more]))

    def rung(self):
        return [telling.rang(each, self.now()) for each in self.alarms.due()]


@pytest.fixture
def kitchen(tmp_path):
    return Kitchen(tmp_path / "store.db")


# --- telling ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "english", "han"),
    [
        (0, "0 seconds", "零秒"),
        (1, "1 second", "一秒"),
        (120, "2 minutes", "两分钟"),
        (5400, "1 hour and 30 minutes", "一小时三十分钟"),
        (93784, "1 day, 2 hours, 3 minutes and 4 seconds", "一天两小时三分钟四秒"),
        (12.4, "12 seconds", "十二秒"),
        (720, "12 minutes", "十二分钟"),
    ],
)
def test_spans(seconds, english, han):
    assert telling.span(seconds, "en") == english
    assert telling.span(seconds, "zh") == han


def test_a_rough_span_has_two_units():
    assert telling.span(93784, "en", rough=True) == "1 day and 2 hours"


@pytest.mark.parametrize(
    ("text", "english", "han"),
    [
        ("00:00", "midnight", "凌晨零点"),
        ("00:30", "12:30 at night", "凌晨零点半"),
        ("02:05", "2:05 at night", "凌晨两点零五分"),
        ("07:00", "7 in the morning", "早上七点"),
        ("12:00", "noon", "中午十二点"),
        ("12:15", "12:15 in the afternoon", "中午十二点十五分"),
        ("15:30", "3:30 in the afternoon", "下午三点半"),
        ("20:00", "8 in the evening", "晚上八点"),
        ("23:45", "11:45 at night", "晚上十一点四十五分"),
    ],
)
def test_clock_times(text, english, han):
    assert telling.clock_of(text, "en") == english
    assert telling.clock_of(text, "zh") == han


@pytest.mark.parametrize(
    ("day", "english", "han"),
    [
        (date(2026, 11, 26), "yesterday", "昨天"),
        (date(2026, 11, 27), "today", "今天"),
        (date(2026, 11, 28), "tomorrow", "明天"),
        (date(2026, 11, 29), "on Sunday", "后天"),
        (date(2026, 12, 3), "on Thursday", "星期四"),
        (date(2026, 12, 4), "on 4 December", "十二月四号"),
        (date(2027, 6, 20), "on 20 June 2027", "2027年六月二十号"),
    ],
)
def test_days(day, english, han):
    assert telling.on_day(day, FRIDAY.date(), "en") == english
    assert telling.on_day(day, FRIDAY.date(), "zh") == han


@pytest.mark.parametrize(
    ("ring", "late", "said"),
    [
        (Ring("timer", "pasta", seconds=600), 0, "The pasta timer is done."),
        (Ring("timer", seconds=600), 0, "The 10-minute timer is done."),
        (Ring("timer", seconds=630), 0, "The 10-minute 30-second timer is done."),
        (Ring("timer", "煮面", "zh", 600), 0, "煮面的计时器到时间了。"),
        (Ring("timer", "", "zh", 600), 0, "十分钟的计时器到时间了。"),
        (Ring("alarm", clock="14:00"), 0, "Alarm. It is 2 in the afternoon."),
        (Ring("alarm", "work", clock="14:00"), 0, "Work alarm. It is 2 in the afternoon."),
        (Ring("alarm", "", "zh", clock="14:00"), 0, "闹钟。现在下午两点。"),
        (Ring("reminder", "call mum"), 0, "Reminder: call mum."),
        (Ring("reminder", "吃药", "zh"), 0, "提醒你：吃药。"),
        (Ring("reminder"), 0, "Reminder. It is 2 in the afternoon."),
        (
            Ring("timer", "pasta", seconds=600),
            180,
            "The pasta timer is done. That was 3 minutes ago.",
        ),
        (Ring("timer", "煮面", "zh", 60), 120, "煮面的计时器到时间了。这是两分钟前的。"),
        (Ring("alarm"), 7200, "I missed the alarm of today at noon."),
        (Ring("reminder", "吃药", "zh"), 86400, "错过了昨天下午两点的提醒“吃药”。"),
        (
            Ring("reminder", "call mum"),
            86400,
            "I missed the reminder to “call mum” of yesterday at 2 in the afternoon.",
        ),
    ],
)
def test_what_is_said_when_it_rings(ring, late, said):
    assert telling.rang(Rang(ring, late), FRIDAY) == said


# --- timers ----------------------------------------------------------------------------------


def test_timers_in_english(kitchen):
    assert kitchen.do("timer_status") == "No timer runs."
    assert kitchen.do("timer_set") == "A timer for how long?"
    assert kitchen.do("timer_set", duration_s=600) == "10 minutes, from now."
    said = kitchen.do("timer_set", duration_s=300, name="pasta")
    assert said == "Pasta timer, 5 minutes, from now."
    kitchen.go(60)
    said = kitchen.do("timer_status")
    assert said == "The pasta timer has 4 minutes left; the 10-minute timer has 9 minutes left."
    assert kitchen.do("timer_status", name="Pasta") == "The pasta timer has 4 minutes left."
    assert kitchen.do("timer_pause", name="pasta") == "The pasta timer is paused, 4 minutes left."
    kitchen.go(3600)
    assert kitchen.do("timer_status", name="pasta").endswith("4 minutes left, paused.")
    assert kitchen.do("timer_resume", name="pasta") == "The pasta timer goes on, 4 minutes left."
    said = kitchen.do("timer_add", duration_s=90, name="pasta")
    assert said == "The pasta timer has 5 minutes and 30 seconds now."
    assert kitchen.do("timer_cancel", name="pizza").startswith("There is none like that. There is")
    assert kitchen.do("timer_cancel", duration_s=600) == "The 10-minute timer is cancelled."
    kitchen.go(330)
    assert kitchen.rung() == ["The pasta timer is done."]


def test_a_timer_that_nobody_named_is_known_by_its_length_and_as_the_egg_timer(kitchen):
    kitchen.do("timer_set", duration_s=270)
    said = kitchen.do("timer_status", name="egg")
    assert said == "The 4-minute 30-second timer has 4 minutes and 30 seconds left."
    kitchen.do("timer_set", duration_s=5400)
    assert kitchen.do("timer_cancel", name="egg").startswith(
        "There are 2: the 4-minute 30-second timer and the 1-hour 30-minute timer."
    )
    kitchen.do("timer_set", duration_s=60, name="egg")
    assert kitchen.do("timer_cancel", name="egg") == "The egg timer is cancelled."


def test_timers_in_chinese(kitchen):
    assert kitchen.do("timer_status", "zh") == "没有计时器在走。"
    assert kitchen.do("timer_set", "zh") == "要计时多久？"
    said = kitchen.do("timer_set", "zh", duration_s=600, name="煮面")
    assert said == "煮面的计时器，十分钟，开始。"
    assert kitchen.do("timer_set", "zh", duration_s=120) == "计时器，两分钟，开始。"
    said = kitchen.do("timer_status", "zh")
    assert said == "两分钟的计时器还有两分钟；煮面的计时器还有十分钟。"
    assert kitchen.do("timer_pause", "zh", name="煮面") == "煮面的计时器暂停了，还有十分钟。"
    assert kitchen.do("timer_resume", "zh", name="煮面") == "煮面的计时器继续了，还有十分钟。"
    assert (
        kitchen.do("timer_add", "zh", duration_s=60, name="煮面")
        == "煮面的计时器现在还有十一分钟。"
    )
    said = kitchen.do("timer_cancel", "zh")
    assert said == "有2个：两分钟的计时器、十一分钟的煮面的计时器。要哪一个，还是全部？"
    assert kitchen.do("timer_cancel", "zh", all=True) == "2个计时器都取消了。"
    assert kitchen.alarms.next_in() is None


def test_what_cannot_be_is_said_kindly_before_anything_is_done(kitchen):
    for language in ("en", "zh"):
        for seconds in (0, -5, 36_000_000):
            answer = kitchen.ask("timer_set", language, duration_s=seconds)
            assert answer.text
            assert answer.act is None
    assert "24 hours" in kitchen.do("timer_set", duration_s=36_000_000)
    assert "二十四小时" in kitchen.do("timer_set", "zh", duration_s=36_000_000)
    kitchen.do("timer_set", duration_s=80_000)
    assert "24 hours" in kitchen.do("timer_add", duration_s=80_000)
    kitchen.do("timer_cancel")
    for _ in range(MOST):
        kitchen.alarms.count_down("timer", 60)
    answer = kitchen.ask("timer_set", duration_s=60)
    assert answer.text == "There are 50 already, and I can keep no more. Cancel one first."
    assert answer.act is None
    assert kitchen.do("timer_status").endswith("; and 45 more.")
    assert kitchen.do("timer_cancel", all=True) == "All 50 timers cancelled."


def test_two_timers_of_one_name(kitchen):
    kitchen.do("timer_set", duration_s=600, name="pasta")
    said = kitchen.do("timer_set", duration_s=300, name="pasta")
    assert said == "Pasta timer, 5 minutes, from now. That makes 2 timers of this name."
    said = kitchen.do("timer_cancel", name="pasta")
    assert said == (
        "There are 2: the pasta timer of 5 minutes and the pasta timer of 10 minutes. "
        "Which one, or all of them?"
    )
    assert kitchen.do("timer_cancel", duration_s=600, name="pasta")
    assert [ring.seconds for ring in kitchen.alarms.of("timer")] == [300]


def test_nothing_is_done_before_it_is_wanted(kitchen):
    answers = [kitchen.ask("timer_set", duration_s=60), kitchen.ask("alarm_set", time="20:00")]
    assert kitchen.store.rings() == []
    kitchen.do("timer_set", duration_s=60)
    answers += [kitchen.ask(f"timer_{do}") for do in ("pause", "resume", "cancel")]
    answers.append(kitchen.ask("timer_add", duration_s=60))
    assert [ring.seconds for ring in kitchen.store.rings()] == [60]
    assert all(answer.act for answer in answers)


def test_a_full_disk_is_told(kitchen):
    kitchen.store.close()
    assert kitchen.do("timer_set", duration_s=60).endswith("it is lost if the power goes.")
    assert kitchen.do("alarm_set", "zh", time="07:00").endswith("断电就会丢失。")


# --- alarms and reminders --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slots", "text", "english", "han"),
    [
        (
            {"time": "07:00"},
            "wake me at seven 叫醒我",
            "Alarm tomorrow at 7 in the morning.",
            "好的，闹钟，明天早上七点响。",
        ),
        (
            {"time": "07:00", "repeat": "weekdays", "name": "work"},
            "every weekday at seven",
            "Work alarm on weekdays at 7 in the morning.",
            "好的，work的闹钟，每个工作日早上七点响。",
        ),
        (
            {"time": "07:30", "repeat": "mon,thu"},
            "",
            "Alarm every Monday and Thursday at 7:30 in the morning.",
            "好的，闹钟，每周一、四早上七点半响。",
        ),
        (
            {"duration_s": 1200},
            "",
            "Alarm in 20 minutes.",
            "好的，闹钟，二十分钟后响。",
        ),
        (
            {"time": "05:00"},
            "an alarm for five",
            "Alarm today at 5 in the afternoon.",
            "好的，闹钟，今天下午五点响。",
        ),
        (
            {"time": "05:00", "day": "+1"},
            "an alarm for five tomorrow",
            "Alarm tomorrow at 5 in the morning.",
            "好的，闹钟，明天早上五点响。",
        ),
    ],
)
def test_alarms_are_spoken_back(kitchen, slots, text, english, han):
    assert kitchen.do("alarm_set", "en", text, **slots) == english
    assert kitchen.do("alarm_set", "zh", text, **slots) == han
    assert len(kitchen.alarms.of("alarm")) == 2


@pytest.mark.parametrize(
    ("slots", "text", "english"),
    [
        ({"time": "05:00"}, "remind me at five", "today at 5 in the afternoon"),
        ({"time": "05:00"}, "remind me at five a m", "tomorrow at 5 in the morning"),
        ({"time": "05:00"}, "Remind me at 05:00", "tomorrow at 5 in the morning"),
        ({"time": "03:00", "day": "mon"}, "monday at three", "on Monday at 3 in the afternoon"),
        ({"time": "03:00", "day": "mon"}, "周一凌晨三点", "on Monday at 3 at night"),
        ({"time": "09:00", "day": "mon"}, "monday at nine", "on Monday at 9 in the morning"),
        ({"time": "09:00"}, "at nine", "today at 9 in the evening"),
        ({"time": "17:00"}, "at five p m", "today at 5 in the afternoon"),
        ({"time": "12:00"}, "at noon", "tomorrow at noon"),
    ],
)
def test_the_half_of_the_day_that_was_meant(kitchen, slots, text, english):
    said = kitchen.do("reminder_set", "en", text, message="call mum", **slots)
    assert said == f"All right, I remind you {english}: call mum."


def test_a_reminder_comes_at_its_time(kitchen):
    assert kitchen.do("reminder_set", message="call mum") == "When shall I remind you?"
    assert kitchen.do("reminder_set", "zh", message="吃药") == "什么时候提醒你？"
    said = kitchen.do("reminder_set", "zh", time="15:00", message="吃药")
    assert said == "好的，今天下午三点提醒你：吃药。"
    kitchen.do("reminder_set", duration_s=1800, message="turn the bread")
    said = kitchen.do("reminder_status")
    assert said == (
        "Today at 2:30 in the afternoon: turn the bread; today at 3 in the afternoon: 吃药."
    )
    kitchen.go(3600)
    assert kitchen.rung() == [
        "I missed the reminder to “turn the bread” of today at 2:30 in the afternoon.",
        "提醒你：吃药。",
    ]
    assert kitchen.do("reminder_status") == "There is no reminder."


def test_a_reminder_in_the_past(kitchen):
    for slots in ({"time": "13:00", "day": "+0"}, {"time": "23:00", "day": "2026-11-26"}):
        for language, said in (
            ("en", "That time is over already."),
            ("zh", "这个时间已经过了。"),
        ):
            answer = kitchen.ask("reminder_set", language, message="x", **slots)
            assert (answer.text, answer.act) == (said, None)


def test_what_passes_before_it_is_done_is_told(kitchen):
    answer = kitchen.ask("reminder_set", time="15:00", message="x")
    kitchen.go(3601)
    assert answer.act() == "That time is over already."
    assert kitchen.store.rings() == []


@pytest.mark.parametrize(
    ("language", "said"), [("en", "That time is over already."), ("zh", "这个时间已经过了。")]
)
def test_what_is_over_is_not_set(kitchen, language, said):
    for slots in ({"day": "-1"}, {"day": "-1", "time": "15:00"}, {"day": "2026-11-26"}):
        assert kitchen.do("reminder_set", language, message="x", **slots) == said
    assert kitchen.do("reminder_set", day="+0", message="x") == "At what time?"
    assert kitchen.alarms.of("reminder") == []


def test_alarms_are_cancelled_by_their_time(kitchen):
    assert kitchen.do("alarm_status") == "No alarm is set."
    assert kitchen.do("alarm_set") == "An alarm for what time?"
    assert kitchen.do("alarm_set", "zh") == "闹钟要几点响？"
    kitchen.do("alarm_set", time="19:00")
    kitchen.do("alarm_set", time="06:30", repeat="daily")
    assert kitchen.do("alarm_status") == (
        "The alarm is today at 7 in the evening; the alarm is every day at 6:30 in the morning."
    )
    said = kitchen.do("alarm_cancel")
    assert said.startswith("There are 2: the alarm today at 7 in the evening and the alarm every")
    assert kitchen.do("alarm_cancel", time="07:00").startswith("The alarm today at 7 in the")
    assert [ring.clock for ring in kitchen.alarms.of("alarm")] == ["06:30"]
    assert kitchen.do("alarm_cancel", "zh") == "闹钟取消了。"


# --- snooze, stopwatch -----------------------------------------------------------------------


def test_snooze(kitchen):
    assert kitchen.do("snooze") == "Nothing rang lately."
    kitchen.do("alarm_set", time="15:00", name="nap")
    kitchen.go(3600)
    kitchen.rung()
    assert kitchen.do("snooze", "zh", duration_s=300) == "好的，五分钟后再响。"
    kitchen.go(300)
    assert kitchen.rung() == ["Nap alarm. It is 3:05 in the afternoon."]
    assert kitchen.do("snooze") == "All right, again in 10 minutes."


def test_the_stopwatch(kitchen):
    assert kitchen.do("stopwatch", text="start the stopwatch") == "The stopwatch runs."
    kitchen.go(65)
    said = kitchen.do("stopwatch", text="What does the stopwatch say?")
    assert said == "The stopwatch says 1 minute and 5 seconds."
    assert kitchen.do("stopwatch", "zh", text="停止秒表") == "秒表停在一分钟五秒。"
    kitchen.go(5)
    assert kitchen.do("stopwatch", "zh", text="秒表多少了") == "秒表：一分钟五秒。"
    assert kitchen.do("stopwatch", "zh", text="秒表清零") == "秒表清零了。"
    assert kitchen.do("stopwatch", "zh", text="开始秒表") == "秒表开始。"
