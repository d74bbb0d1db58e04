"""Which languages a setting means, and which of them a text is in. Pure."""

import re
from collections.abc import Sequence

AUTO = "auto"
"""The setting that stands for all of `LANGUAGES`: each question is answered in its own."""
LANGUAGES = ("en", "zh")
"""What is spoken; where one alone is possible, the first."""
HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, for a character class of `re`."""
_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile(rf"[^\W\d_{HAN}]+(?:['’][^\W\d_{HAN}]+)*")

HAN_WEIGHT, WORD_WEIGHT = 2, 3
"""A Chinese word has about one and a half characters, so that many weigh what an English one does.
"""
FRAME_WEIGHT = 5
"""What the first word weighs more: a sentence is mostly in the language it begins in, and names and
titles of the other one stand within."""


def spoken(setting: str) -> tuple[str, ...]:
    """Return the languages that a setting means: `("en", "zh")` for `auto`, else the one."""
    return LANGUAGES if setting == AUTO else (setting,)


def leading(setting: str) -> str:
    """Return the language for what can have one only, such as the phrases that wake it."""
    return spoken(setting)[0]


def of(text: str, otherwise: str) -> str:
    """Return `en` or `zh`: what `text` is in, by its script; `otherwise` where it has no letters.

    In a mixed text the language counts that most of it is in, and the one that it begins in counts
    more: 帮我设一个 ten minutes 的闹钟 is Chinese, "set a 五分钟 timer" is English.
    """
    han, word = _HAN.search(text), _WORD.search(text)
    if not han or not word:
        return "zh" if han else "en" if word else otherwise
    frame = FRAME_WEIGHT if han.start() < word.start() else -FRAME_WEIGHT
    weight = HAN_WEIGHT * len(_HAN.findall(text)) - WORD_WEIGHT * len(_WORD.findall(text))
    return "zh" if weight + frame >= 0 else "en"


def among(languages: Sequence[str], text: str, otherwise: str) -> str:
    """Return the one of `languages` that a text is answered in; of several the one `of` says."""
    return languages[0] if len(languages) == 1 else of(text, otherwise)


def which(setting: str, text: str) -> str:
    """Return the language of `text`, which is in one of those that the setting means."""
    return among(spoken(setting), text, leading(setting))


def candidates(languages: Sequence[str], text: str, otherwise: str) -> tuple[str, ...]:
    """Return those of `languages` whose sentences `text` may be one of, the likeliest first."""
    if len(languages) == 1:
        return tuple(languages)
    first = of(text, otherwise)
    return (first, *(each for each in languages if each != first and mixed(text)))


def mixed(text: str) -> bool:
    """Whether `text` has words of both."""
    return bool(_HAN.search(text) and _WORD.search(text))
