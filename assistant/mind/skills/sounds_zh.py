"""Words of requests that a recogniser wrote with other characters of the same sound.

Tones are left out, and zh, ch, sh, ing, eng are z, c, s, in, en, as in much of the south.
"""

import functools
import re
from collections.abc import Mapping
from importlib import resources

_WORDS = (
    "定时器 计时器 倒计时 定时闹钟 设闹钟 闹钟 闹铃 提醒我 提醒一下 叫醒我 叫我起床 把我叫醒 "
    "取消 删除 关掉 停止 开始计时 音量 声音大 声音小 大声点 小声点 大声一点 小声一点 大点声 "
    "小点声 调大一点 调小一点 调高 调低 语速 说快点 说慢点 快一点 慢一点 说慢一点 说快一点 "
    "慢点说 快点说 再说一遍 再说一次 再讲一遍 重复一遍 重复一下 没听清 你说什么 别说了 闭嘴 "
    "安静 停下来 英语 英文 中文 普通话 说英语 说中文 切换 拼音 怎么拼 怎么写 骰子 掷骰子 硬币 "
    "抛硬币 随机数 随机 星期几 礼拜几 今天几号 明天几号 几月几号 几点了 几点钟 现在几点 "
    "还剩多久 还有多久 等于多少 等于几 公斤 厘米 摄氏度 华氏度 平方米 平方根 "
    "百分之 版本号 退下 休眠 待机 睡觉 秒表 静音 麦克风 打折 立方 "
    "平方 英里 英尺 英寸 加仑 盎司 千米 毫米 倒数 多少天 还有几天 什么时候 什么时间 功能 "
    "你会什么 能做什么"
)
WORDS = tuple(_WORDS.split())
"""What is looked for; long, or like no other word that people say to a device."""


_SEVEN = re.compile("[七十][分个小秒点十百]")
"""定时七分钟 holds no 定时器."""
_RIGHT = re.compile("[计定]时|倒计|闹[钟铃]|提醒")
"""烧水计时 holds no 随机: what is written right stays so."""
_AS_SAID = ("大着", "小着", *"一二三四五六七八九十")
"""声音大着点儿 holds no 打折, 三十三除以三 no 删除."""


def meant(text: str) -> str:
    """Return the text with what sounds like one of `WORDS` written as that; of the same length."""
    out = list(text)
    for match in _pattern().finditer(sounds(text)):
        if text.startswith(_AS_SAID, match.start()):
            continue
        if _SEVEN.match(text, match.end() - 1) or _RIGHT.match(text, match.end() - 1):
            continue
        out[match.start() : match.end()] = _by_sound()[match[0]]
    return "".join(out)


def sounds(text: str, southern: bool = True) -> str:
    """Return a text of the same length that is the same for characters of the same sound.

    `southern`: zh, ch, sh are z, c, s. In any case ing and eng are in and en.
    """
    table = _table(southern)
    return "".join(table.get(c, c) for c in text)


@functools.cache
def _table(southern: bool) -> Mapping[str, str]:
    """Return a letter of Unicode's private area for the sound of each character."""
    text = (resources.files("assistant") / "data" / "sounds-zh.txt").read_text(encoding="utf-8")
    letters: dict[str, str] = {}
    table = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        sound, characters = line.split()
        plain = re.sub("^([zcs])h", r"\1", sound) if southern else sound
        plain = plain.replace("ing", "in").replace("eng", "en")
        letter = letters.setdefault(plain, chr(0xE000 + len(letters)))
        table.update(dict.fromkeys(characters, letter))
    return table


@functools.cache
def _by_sound() -> Mapping[str, str]:
    return {sounds(word): word for word in reversed(WORDS)}


@functools.cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, _by_sound()), key=len, reverse=True)))
