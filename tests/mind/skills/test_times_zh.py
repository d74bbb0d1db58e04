"""Spans, times of day, days and repetitions in Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unicode_rbnf import RbnfEngine

from assistant.mind.skills.times_zh import clock, day, duration, repetition

SPELLER = RbnfEngine.for_language("zh")


def spelt(number):
    return SPELLER.format_number(number).text


def value(found):
    return found and found.value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("两个小时零五分", 7500),
        ("一刻钟", 900),
        ("三刻钟", 2700),
        ("俩小时", 7200),
        ("一个半小时", 5400),
        ("两个半钟头", 9000),
        ("一小时三刻", 6300),
        ("一小时二十", 4800),
        ("一分半", 90),
        ("两分半钟", 150),
        ("半分钟", 30),
        ("1小时30分", 5400),
        ("一个小时二十分钟三十秒", 4830),
        ("一点五个小时", 5400),
        ("20min", 1200),
        ("三分之一小时", 1200),
        ("一天半", 129600),
        ("三天后", 259200),
        ("一个星期", 604800),
        ("零秒", 0),
        ("一万个小时", 36000000),
    ],
)
def test_a_span_is_read_in_seconds(text, seconds):
    assert value(duration(f"设一个{text}的定时器")) == seconds
    assert value(duration(text)) == seconds


@pytest.mark.parametrize("text", ["", "几分钟", "十几分钟", "两点半", "第三天", "百分之五", "三个"])
def test_what_is_no_span_is_none(text):
    assert duration(text) is None


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_any_span_comes_back_from_its_words(hours, minutes, seconds):
    text = f"{spelt(hours)}个小时{spelt(minutes)}分钟{spelt(seconds)}秒"
    assert value(duration(text)) == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("后天下午三点半", "15:30"),
        ("差五分七点", "06:55"),
        ("三点下午", "15:00"),
        ("六点一刻晚上", "18:15"),
        ("七点差五分", "06:55"),
        ("差一刻八点", "07:45"),
        ("差一刻一点", "00:45"),
        ("差五分零点", "23:55"),
        ("晚上十二点", "00:00"),
        ("半夜十一点", "23:00"),
        ("夜里两点", "02:00"),
        ("中午一点", "13:00"),
        ("中午十二点", "12:00"),
        ("中午十一点半", "11:30"),
        ("凌晨四点", "04:00"),
        ("零点三十分", "00:30"),
        ("二十四点", "00:00"),
        ("十五点三十", "15:30"),
        ("七点过十分", "07:10"),
        ("七点零五", "07:05"),
        ("七点二十五分", "07:25"),
        ("三点三刻", "03:45"),
        ("七点整", "07:00"),
        ("晚上大概七点", "19:00"),
        ("明晚九点四十", "21:40"),
        ("晚上7:30", "19:30"),
        ("8点pm", "20:00"),
        ("6:15am", "06:15"),
        ("正午", "12:00"),
        ("午夜", "00:00"),
    ],
)
def test_a_time_is_read_as_said(text, time):
    assert value(clock(f"{text}叫我")) == time
    assert value(clock(text)) == time


@pytest.mark.parametrize(
    "text", ["", "今晚", "明天早上", "几点", "二十五点", "七点六十分", "快点", "大一点"]
)
def test_what_names_no_hour_is_no_time(text):
    assert clock(text) is None


@given(st.integers(0, 23), st.integers(1, 59))
def test_any_time_comes_back_from_its_words(hour, minute):
    zero = "零" if minute < 10 else ""
    assert value(clock(f"{spelt(hour)}点{zero}{spelt(minute)}分")) == f"{hour:02}:{minute:02}"
    assert value(clock(f"{hour}:{minute:02}")) == f"{hour:02}:{minute:02}"


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("明天七点", "+1"),
        ("圣诞节", "--12-25"),
        ("五一劳动节", "--05-01"),
        ("离十一还有多久", "--10-01"),
        ("六一儿童节", "--06-01"),
        ("今晚八点", "+0"),
        ("大后天", "+3"),
        ("周六", "sat"),
        ("礼拜天", "sun"),
        ("下周一", "mon+1"),
        ("下个星期五", "fri+1"),
        ("六月一号", "--06-01"),
        ("12月25日", "--12-25"),
        ("2027年五月一号", "2027-05-01"),
        ("二零二七年五月一号", "2027-05-01"),
        ("五号", "---05"),
        ("下个月三号", "+1---03"),
        ("二月二十九号", "--02-29"),
        ("二月三十号", None),
        ("三十二号", None),
        ("十一点", None),
        ("二十一还有几个", None),
        ("十一节课", None),
        ("七点", None),
    ],
)
def test_a_day_is_read_in_its_form(text, when):
    assert value(day(text)) == when


@pytest.mark.parametrize(
    ("text", "often"),
    [
        ("每天七点", "daily"),
        ("每晚八点", "daily"),
        ("工作日七点", "weekdays"),
        ("周一到周五", "weekdays"),
        ("每周一三五", "mon,wed,fri"),
        ("每周二和周四七点", "tue,thu"),
        ("每个星期天", "sun"),
        ("每周末", "weekends"),
        ("周六", None),
        ("明天", None),
    ],
)
def test_a_repetition_is_told_from_a_day(text, often):
    assert value(repetition(text)) == often


@given(
    st.text("一二两三十百零半个小时分秒钟点刻差过早晚上下午天周每月号日0123456789:的", max_size=30)
)
def test_no_text_breaks_a_reader(text):
    for found in (duration(text), clock(text), day(text), repetition(text)):
        assert found is None or 0 <= found.start < found.end <= len(text)
