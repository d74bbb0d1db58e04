"""Chinese requests as they are written, brought into one form in which rules can be few.

Recognisers and keyboards write spaces between words or characters, full-width digits, traditional
characters, and words that sound like those meant. All of it is set right character by character,
so that each character of the clean text knows where it came from and a message can be given back
as it was said.
"""

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

from assistant.mind.skills import sounds_zh
from assistant.mind.skills.written import Written

if TYPE_CHECKING:
    from opencc import OpenCC

HAN = "\u3400-\u9fff"
_KEPT = re.compile(r"[\w%+*/×÷=√²³°-]")
"""What stays besides letters and digits: signs of sums and units."""
_BETWEEN_DIGITS = ".,:"
_N = "一二三四五六七八九十两半几多\\d"
_SAME_SOUND = [
    (r"[定订盯丁][时石食实拾][器气期七起企](?![分个小秒点十百钟半床])", "定时器"),
    (r"[计记即及集继][时石食实拾][器气期七起企](?![分个小秒点十百钟半床])", "计时器"),
    (r"[倒到道导][计记即寄几继济][时石食实是](?!候)", "倒计时"),
    (r"[脑恼老][钟中种终](?!毒|心)|闹[中种终]", "闹钟"),
    (r"[脑恼][铃玲灵零]|闹[玲灵零]", "闹铃"),
    (r"[题提体][行型形性星]我", "提醒我"),
    (r"[题体]醒", "提醒"),
    (r"取[笑小销肖]|去消", "取消"),
    (r"[因阴引英殷][量亮]|音亮", "音量"),
    (r"[生升身深][音因](?=[大小调打轻再太])|声因", "声音"),
    (r"[雨与遇][速诉]", "语速"),
    (rf"(?<=[{_N}])[分份风][钟中种终]", "分钟"),
    (rf"(?<=[{_N}个])[小晓][时石食实]", "小时"),
    (rf"(?<=[{_N}])[点电店典][钟中种终](?![国午间])", "点钟"),
    (r"(?<=[一二三四五六七八九十两\d])[电店典](?=$|半|[一二三四五六七八九十\d]|叫|的)", "点"),
    (r"(?<=[一二两])[边变便](?=$|[吧呗啊呀好行])", "遍"),
    (r"[是石实食时](?=分钟|秒钟|点钟|点半)", "十"),
    (r"[无午舞吴](?=分钟|点钟|点半|秒钟)", "五"),
    (r"[就久酒旧](?=分钟|点钟|点半)", "九"),
    (r"[把爸巴](?=分钟|点钟|点半)", "八"),
    (r"[流留刘](?=分钟|点钟|点半)", "六"),
    (r"[期起其气](?=分钟|点钟|点半)", "七"),
    (r"[思死丝](?=分钟|点钟|点半)", "四"),
    (r"[散伞山](?=分钟|点钟|点半)", "三"),
    (r"[凉亮良](?=分钟|点钟|点半|个小时)", "两"),
    (r"[衣医以已](?=分钟|点钟|个小时)", "一"),
    (r"[等灯登][于鱼余与](?=[几多])|[灯登][于鱼余与]", "等于"),
    (r"(?<=调)[打达](?=一?点|一?些|$)", "大"),
    (r"[从虫崇]复", "重复"),
    (r"[色筛塞投头骰][子紫]", "骰子"),
    (r"[应映]币|硬[必毕比]", "硬币"),
    (r"[品频]音", "拼音"),
    (r"神么|什磨|神马|什莫|什嘛", "什么"),
    (r"[婷挺庭亭]下(?!午)", "停下"),
    (r"(?<=你在)[挺停婷]", "听"),
    (r"[联连][往忘王望]", "联网"),
    (r"在(?=[说讲念播]一[遍次回]|重[复说讲])", "再"),
    (r"(?<=[到成为][二三四五六七八九])[是时石事]$", "十"),
    (r"[就久酒](?=点(?:的|叫|整|闹))", "九"),
    (r"(?<![就都才也又还])[是时](?=点(?:的闹|叫|整))", "十"),
    (r"^[吧把爸](?=分钟)", "八"),
    (r"(?<=个小)[是事市]$", "时"),
    (rf"(?<=[{_N}])金(?=等于|是多少|是几|有多)", "斤"),
    (r"定[是市事](?=[十二三四五六七八九两半\d])", "定时"),
    (r"(?<=[于得是])多小$", "多少"),
    (r"(?<=[床来我钟器时])把$", "吧"),
    (r"(?<=[说讲念响吵])[乐勒]$", "了"),
    (r"[精净境竟]音", "静音"),
    (r"(?<=[里分毫厘])迷|(?<=多少)迷$|(?<=几)迷$|(?<=\d)迷", "米"),
    (r"[公工功]金(?=$|是|等|有)", "公斤"),
    (r"[设社射][氏时]度", "摄氏度"),
    (r"[华花滑][氏时]度", "华氏度"),
]
"""Patterns of what recognisers write, and what was meant; of the same length: places stay."""


_ALSO = {"您": "你", "妳": "你", "祢": "你", "麽": "么", "著": "着"}


def clean(source: str) -> Written:
    """Return `source` in simplified characters, half-width, lower case, without idle spaces."""
    characters, places = [], []
    for place, given in enumerate(source):
        for c in unicodedata.normalize("NFKC", given).lower():
            characters.append(_simple(c))
            places.append(place)
    kept = [i for i in range(len(characters)) if _stays(characters, i)]
    text = "".join(characters[i] if not characters[i].isspace() else " " for i in kept)
    origin = tuple(places[i] for i in kept)
    return Written(_set_right(text), source, origin)


def _stays(text: list[str], i: int) -> bool:
    c = text[i]
    if _KEPT.fullmatch(c):
        return True
    before = text[i - 1] if i else ""
    after = text[i + 1] if i + 1 < len(text) else ""
    if c in _BETWEEN_DIGITS:
        return before.isdigit() and after.isdigit()
    if c == "'":
        return before.isalnum() and after.isalnum()
    # one space between two words in Latin letters, nowhere else
    return c.isspace() and _latin(before) and _latin(next((a for a in text[i:] if a != c), ""))


def _latin(c: str) -> bool:
    return c.isascii() and c.isalnum()


def _set_right(text: str) -> str:
    for pattern, meant in _same_sound():
        text = pattern.sub(meant, text)
    return sounds_zh.meant(text)


@functools.cache
def _same_sound() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern), meant) for pattern, meant in _SAME_SOUND]


@functools.lru_cache(4096)
def _simple(c: str) -> str:
    """Return the simplified form of one character, itself where it has none of its own."""
    return _ALSO.get(c) or str(_converter().convert(c))


@functools.cache
def _converter() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")
