"""Chinese requests by their words: what is taken, and that order and fillers do not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import loose_zh, reading_zh, words_zh
from assistant.mind.skills.registry import SKILLS


def asked(text):
    clean = reading_zh.clean(text)
    found = reading_zh.loose(clean, reading_zh.spans(clean.text))
    return found and (found.intent, dict(found.slots))


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("大点声嘛我听不见", "volume_up", {}),
        ("你声音好小哦大一点", "volume_up", {}),
        ("声音轻一点后面有人睡觉", "volume_down", {}),
        ("音量开到最大路上吵", "volume_set", {"value": "100"}),
        ("夜里声音给我调到十五", "volume_set", {"value": 15}),
        ("你说话好慢啊快点说", "rate_up", {}),
        ("你说得太快了我听不懂慢一点", "rate_down", {}),
        ("你刚才说什么再说一次嘛", "repeat", {}),
        ("我在打电话先别说话", "stop", {}),
        ("你先退下吧有事再叫你", "sleep", {}),
        ("有什么指令可以用", "help", {}),
        ("現在有連上網路嗎", "status", {}),
        ("换英文来了个外国客人", "language_set", {"language": "en"}),
        ("我有个朋友在法国巴黎他那边现在几点", "time_now", {"zone": "Europe/Paris"}),
        ("請問依家係幾點", "time_now", {}),
        ("今天是不是星期六啊", "date_today", {"day": "+0"}),
        ("离我生日三月八号还有几天", "date_today", {"day": "--03-08"}),
        ("四天后是几号", "date_today", {"day": "+4"}),
        ("抽个奖一到五十随机一个数", "random", {"value": "1-50"}),
        ("我不玩了把计时器关掉吧", "timer_cancel", {}),
        ("炖肉的那个定时器不要了给我取消了吧", "timer_cancel", {"name": "炖肉"}),
        ("把定时器全都给我关了", "timer_cancel", {"all": True}),
        ("冷却还有多久计时", "timer_status", {"name": "冷却"}),
        ("汤先炖二十分钟给我计着时", "timer_set", {"duration_s": 1200}),
        ("排骨要炖一个小时帮我定个排骨的计时器", "timer_set", {"duration_s": 3600, "name": "排骨"}),
        ("明天有考试七点的闹钟", "alarm_set", {"day": "+1", "time": "07:00"}),
        ("谁洗碗抛硬币决定", "random", {"value": "coin"}),
        ("今年还剩多少天", "date_today", {"day": "--12-31"}),
        ("凌晨三点叫醒我查房", "alarm_set", {"time": "03:00"}),
        ("我睡半小时到时候叫醒我", "alarm_set", {"duration_s": 1800}),
        (
            "能不能在晚上七点的时候提醒我复习英语",
            "reminder_set",
            {"time": "19:00", "message": "复习英语"},
        ),
        ("两点下午提醒我充电", "reminder_set", {"time": "14:00", "message": "充电"}),
        ("憂鬱的鬱怎麼寫", "spell", {"word": "鬱"}),
        ("饕餮这俩字儿咋写", "spell", {"word": "饕餮"}),
    ],
)
def test_words_that_make_up_a_request_are_taken(text, intent, slots):
    found = asked(text)
    assert found
    assert found[0] == intent
    assert {name: found[1][name] for name in slots} == slots


@pytest.mark.parametrize(
    "text",
    [
        "老师叫他大声点回答问题",
        "电视声音大一点",
        "我的声音太小了吗",
        "他说话怎么这么慢",
        "别取消计时器",
        "不用帮我把声音调大",
        "我不想取消计时器",
        "我刚才设了一个十分钟的计时器",
        "我只会说中文",
        "语言模型是什么",
        "明天八点不要提醒我",
        "教室里要安静",
        "星期一之后是星期几",
        "妈妈六点叫我起床",
        "捷运末班车是几点",
        "换班时间是几点",
        "几点了都还不睡觉你这孩子快去刷牙",
        "现在有时间吗",
        "你在听什么",
        "我连上网了",
        "你可以叫我什么",
        "我说得太快了吗",
        "你喜欢说英语还是说中文",
        "我去睡觉了",
        "一到十数一遍",
        "昨天的闹钟没有响我迟到了",
        "闹钟怎么用",
        "计时器多少钱一个",
        "他八点提醒我吃药了",
        "汉语的拼音是谁发明的",
        "到了",
    ],
)
def test_what_somebody_tells_is_left_alone(text):
    assert asked(text) is None


FILLERS = st.sampled_from(["", "啊", "呗", "那个", "给我", "一下", "嘛", "现在", "请你"])


@given(
    st.sampled_from(
        [
            ("timer_cancel", ["把", "计时器", "关掉"]),
            ("timer_cancel", ["计时器", "停了", "不要了"]),
            ("timer_set", ["开始", "倒计时", "十分钟"]),
            ("timer_set", ["十分钟", "计时器", "设"]),
            ("volume_up", ["声音", "大一点", "听不清"]),
            ("rate_down", ["说话", "慢一点", "跟不上"]),
            ("language_set", ["用", "英语", "跟我聊"]),
        ]
    ),
    st.lists(FILLERS, min_size=3, max_size=3),
)
def test_fillers_between_the_words_change_nothing(request_, fillers):
    intent, parts = request_
    text = "".join(part + filler for part, filler in zip(parts, fillers, strict=True))
    clean = reading_zh.written_zh.clean(text)
    found = loose_zh.read(clean, reading_zh.spans(clean.text), reading_zh.fits)
    assert found
    assert found.intent == intent


@given(st.text("几点了计时器十分钟明天叫我声音大小再说一遍吗ab1 ,", max_size=60))
def test_any_text_is_read_without_an_error(text):
    found = asked(text)
    assert found is None or found[0] in SKILLS


def test_no_kind_is_known_by_nothing_and_each_has_a_skill():
    for kind in words_zh.kinds():
        assert not kind.is_said("")
        assert kind.intent in SKILLS


def test_words_reach_as_far_as_the_text_is_made_of_them():
    assert words_zh.words("timer", "关掉").reached("把计时器") == {0}
    assert words_zh.words("timer", "把 关掉").reached("把计时器关掉他") == {0, 1, 3, 4, 6}
