"""Chinese requests with free words in the middle, which have a form of their own.

A reminder is its word with when and what around it in any order; spelling is a question behind any
word; days are counted from a span; a timer's span may be told before the timer is asked for.
"""

import re
from collections.abc import Callable

from assistant.mind.skills.beside_zh import STORY
from assistant.mind.skills.reading import Exact
from assistant.mind.skills.signed_zh import Signed
from assistant.mind.skills.words_zh import words

Fits = Callable[[str, str], bool]
_REMIND = re.compile(
    "(?:一定)?(?:要|得|记得|记着|想着|到时候|到时|别忘了|麻烦|请|帮我|给我|千万)*"
    "(?:提醒(?:一下|一声|下)?(?:我们?|咱们?)?(?:一下|一声|下)?"
    "|(?:别|不要|可别)(?:让|叫)?我(?:们)?忘(?:记|掉)?了?|[让叫]我(?:记得|记着|别忘了?)"
    "|(?:叫|喊|通知|告诉)我(?:一声|一下)?(?=[去要该记做吃拿收关给开打交把倒取接])"
    "|[跟和]我(?:说|讲)(?:一声|一下)(?=[去要该记做吃拿收关给开打交把倒取接]))"
    "(?:别忘了?|不要忘了?|记得|记着)?(?:要去|要|该|得)?"
)
_TAIL = re.compile(
    "(?:吧|啊|呀|呢|哦|噢|哈|嘛|啦|呗|哟|喽|我?怕(?:我?忘了?|忘记)|(?:可)?别忘了?|谢谢你?|好吗|好不好|行吗|可以吗|麻烦了|的提醒|这件事|这事)+$"
)
_WHEN = {"time", "duration_s", "day", "repeat"}
_SPELLING = re.compile(
    "(?P<word>.+?)(?:(?:这|那)?(?:[一两俩几三四五]|2|3|4)?个?(?:汉字|字儿?|词语?儿?|成语|单词|名字)|这)?"
    "的?(?:(?:汉语)?拼音|写法|拼写)?(?:都|到底|应该|该|是|要|用)*"
    "(?:(?:怎么|咋个?|如何|怎样)去?(?:拼写|拼读|写|拼|[念读]的?拼音)(?:出来)?(?:的|来着|呢|啊|呀)*"
    "|(?<=拼音)是?(?:什么|啥|多少|怎么样?)|(?<=拼音是)(?:什么|啥))$"
)
_UNTIL = re.compile(
    "(?:离|距离?|到)(?P<name>.{1,8}?)(?:那天)?是?Y(?:那天|当天)?(?:还|只|就|大概|一共)*(?:有|剩下?|要|得|差)"
    "(?:几|多少)(?:天|周|个星期|个礼拜)[了啊呢呀吗]*$"
)
_WHICH_TODAY = re.compile("Y(?:是不是Y|是?Y还是Y|是?Y[吗么])[吗么啊呀吧]*$")
_REST_OF_YEAR = re.compile(
    "(?:离|距离?)?今年(?:结束)?还(?:剩下?|有)(?:几|多少)(?:天|周|个星期)[了啊呢呀]*$"
)
_AFTER_DAYS = re.compile(
    "(?:再过|过|从今天(?:开始)?)?D(?:以后|之后|过后|后)?的?(?:那天)?(?:又|应该)?(?:是|会是)?"
    "(?:几月几[号日]|几[号日]|星期几|礼拜几|周几|哪天|什么日子)+.?"
)
_TOLD_TIMER = re.compile(
    "(?P<told>.{1,9}D.{0,8}?)[你就]?(?:帮我|给我|替我|麻烦你?|请)(?:给|帮我|你)*"
    "(?:[计定记]着?个?时|[掐看]着?个?[表时]间?|倒计时"
    "|(?:[设定开来]个?)?(?:(?P<name>.{1,6})的)?(?:计时器?|定时器?|倒计时))(?:一下|吧|呗|啊|哈|了)*$"
)
_OTHERS = re.compile("[他她谁]")
_WHO = re.compile(
    "(?:手机|日历|系统|软件|微信|同事|老[师婆公板]|朋友|室友|邻居|医生|护士|爷爷|奶奶|我?[爸妈]).*"
    "|.*[会都总才就也老又没不别]|(?:你|都|又|还)*(?:不|别|没有?|忘了?|忘记了?|老)[再有要用]?"
)
"""Before 提醒我 these are who reminds, or that nobody does: 八点手机都会提醒我."""


def read(said: Signed, fits: Fits) -> Exact | None:
    """Return the request that the text is; None: none of these."""
    return _reminder(said, fits) or _spelling(said, fits) or _days(said) or _timer(said, fits)


def _reminder(said: Signed, fits: Fits) -> Exact | None:
    """Read when and what, in any order around the word for reminding."""
    remind, slots = _REMIND.search(said.text), said.slots()
    if remind is None or slots is None or not _WHEN & set(slots):
        return None
    before = (at for at in words("when").reached(said.text) if at <= remind.start())
    start, end = max(before), len(said.text)
    if start == remind.start():  # 提醒我明天八点交作业
        start = max(words("moment").reached(said.text, remind.end()))
        if not re.search("[DTYR]", said.text[remind.end() : start]):
            start = remind.end()
    elif remind.end() == end and not _WHO.fullmatch(said.text[start : remind.start()]):
        end = remind.start()  # 八点吃药提醒我
    else:
        return None
    message = said.text[start:end]
    if tail := _TAIL.search(message):
        message, end = message[: tail.start()], start + tail.start()
    if message and (re.search("[TYR]", message) or _OTHERS.search(message)):
        return None
    if message and not fits("message", message):
        return None
    return Exact(
        "reminder_set", {**slots, **({"message": said.said(start, end)} if message else {})}
    )


def _spelling(said: Signed, fits: Fits) -> Exact | None:
    """Read how a word is written: 这个饕餮咋写, 犹豫的豫怎么写."""
    text = said.clean.text  # a word may be the name of a place
    match = _SPELLING.match(text)
    if match is None:
        return None
    start, end = match.span("word")
    start = max((at for at in words("spelt").reached(text) if at < end), default=0)
    whole, _, last = text[start:end].rpartition("的")
    if last and last in whole:  # 犹豫的豫
        start = end - len(last)
    if text[:start].endswith("一") or not fits("word", text[start:end]):
        return None
    return Exact("spell", {"word": said.clean.said(start, end).strip()})


def _days(said: Signed) -> Exact | None:
    """Read days to a date with a name, which day it is, and the day after some: 四天后是几号."""
    text, slots = said.text, said.slots()
    named = _UNTIL.search(text)
    if named and slots and not re.search("[A-Z他她谁几什怎]", named["name"]):
        return Exact("date_today", slots)
    if _WHICH_TODAY.match(text) and (today := said.slots(0, 1)):
        return Exact("date_today", today)
    if _REST_OF_YEAR.match(text):
        return Exact("date_today", {"day": "--12-31"})
    seconds = (slots or {}).get("duration_s") if _AFTER_DAYS.fullmatch(text) else None
    if isinstance(seconds, int) and seconds and seconds % 86400 == 0:
        return Exact("date_today", {"day": f"+{seconds // 86400}"})
    return None


def _timer(said: Signed, fits: Fits) -> Exact | None:
    """Read a timer whose span is told before it is asked for: 汤要炖二十分钟帮我计时."""
    match, slots = _TOLD_TIMER.match(said.text), said.slots()
    if match is None or slots is None or STORY.search(match["told"].replace("D", "")):
        return None
    if match["name"] is None:
        return Exact("timer_set", slots)
    if not fits("name", match["name"]):
        return None
    return Exact("timer_set", {**slots, "name": said.said(*match.span("name"))})
