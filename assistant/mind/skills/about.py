"""What the assistant can do, and how it is."""

import re
from collections.abc import Mapping

from assistant.language import of
from assistant.mind.skills.skill import Answer, Context, Request

_HELP = {
    "en": (
        "Ask me for the time, a timer, an alarm or a reminder, for sums and units, "
        "or how a word is spelt. Or ask me anything else, and I'll try. Say stop, and I'm silent."
    ),
    "zh": (
        "可以问我时间和日期，让我定时、设闹钟、提醒你，算数，换算单位，"
        "或者跟我聊天。说停，我就不说了。"
    ),
}
_ASKED = {
    "up": re.compile(r"how long|uptime|since when|多久|多长时间|几个小时|几天"),
    "version": re.compile(r"version|release|版本|第几版|哪一?版"),
    "model": re.compile(r"\bmodel\b|llm|模型|什么引擎"),
    "online": re.compile(
        r"\bon-?line|\boff-?line|internet|network|connect|cloud|wi-?fi|联网|离线|在线|有网|断网|网络|上网|云"
    ),
    "listening": re.compile(
        r"listen|hear me|awake|there\b|在听|听得见|听得到|在吗|在不在|听见|醒着"
    ),
}
"""What is asked about, in the order in which a sentence is tried."""


def help(request: Request, _: Context) -> Answer | None:
    """Say what can be asked."""
    return Answer(_HELP[request.language])


def status(request: Request, context: Context) -> Answer | None:
    """Say what was asked about the assistant itself; that all is well where nothing was named."""
    found = context.device.status()
    chinese = of(request.text, request.language) == "zh"  # it may be answered in the other one
    text = request.text.lower().replace(" ", "" if chinese else " ")
    topic = next((name for name, words in _ASKED.items() if words.search(text)), "well")
    say = _in_chinese if request.language == "zh" else _in_english
    return Answer(say(topic, found))


def _in_english(topic: str, found: Mapping[str, str]) -> str:
    remote = found.get("remote", "")
    return {
        "version": f"I'm version {found.get('version', '')}.",
        "model": f"I think with {found.get('model', '')}.",
        "online": f"I ask {remote} for hard questions."
        if remote
        else "I'm offline: all is done here.",
        "listening": "Yes, I'm listening.",
        "up": f"I've been running for {_span_en(_seconds(found))}.",
        "well": "All is well.",
    }[topic]


def _in_chinese(topic: str, found: Mapping[str, str]) -> str:
    remote = found.get("remote", "")
    return {
        "version": f"我的版本是{found.get('version', '')}。",
        "model": f"我用的模型是{found.get('model', '')}。",
        "online": f"难的问题我会问{remote}。" if remote else "我没有联网，一切都在本机完成。",
        "listening": "我在听。",
        "up": f"我已经运行了{_span_zh(_seconds(found))}。",
        "well": "一切正常。",
    }[topic]


def _seconds(found: Mapping[str, str]) -> int:
    try:
        return max(0, int(float(found.get("up_s", ""))))
    except (ValueError, OverflowError):
        return 0


def _parts(seconds: int) -> list[tuple[int, int]]:
    """Return the largest unit (days, hours, minutes: 0 to 2) and the next, with their numbers."""
    minutes = seconds // 60
    numbers = [minutes // 1440, minutes // 60 % 24, minutes % 60]
    first = next((i for i, number in enumerate(numbers) if number), 2)
    return [(i, numbers[i]) for i in range(first, min(first + 2, 3)) if numbers[i] or i == first]


def _span_en(seconds: int) -> str:
    if seconds < 60:
        return "less than a minute"
    names = ["day", "hour", "minute"]
    return " and ".join(f"{n} {names[i]}{'' if n == 1 else 's'}" for i, n in _parts(seconds))


def _span_zh(seconds: int) -> str:
    if seconds < 60:
        return "不到一分钟"
    return "".join(f"{n}{['天', '小时', '分钟'][i]}" for i, n in _parts(seconds))
