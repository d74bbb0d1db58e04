"""The words that every persona is told in, spoken or written, English and Chinese."""

import re
from typing import Literal, get_args

Way = Literal["spoken", "written"]
"""Whether what it answers is heard or read."""
Moment = Literal["start", "wake"]
"""When it greets: once it is ready, or whenever it is woken."""
WAYS: tuple[Way, ...] = get_args(Way)
MOMENTS: tuple[Moment, ...] = get_args(Moment)
LANGUAGES = ("en", "zh")
HOLE = re.compile(r"\{(\w+)\}")
"""A name in braces, which stands for something."""

RULES: dict[str, dict[Way, str]] = {
    "en": {
        "spoken": (
            "Everything you say is spoken aloud, so answer in one or two short sentences of plain "
            "everyday words, as you would in conversation. Begin with a short phrase. Never use "
            "lists, headings, symbols, links or emoji. If you do not know something, say so."
        ),
        "written": (
            "What you write is read on a screen: answer clearly and to the point, with Markdown "
            "for lists and code. If you do not know something, say so."
        ),
    },
    "zh": {
        "spoken": (
            "你说的话都会被朗读出来，所以请像聊天一样，用一两句简短的口语回答，第一句要短。"
            "不要用列表、标题、符号、链接或表情。不知道的事就说不知道。"
        ),
        "written": (
            "你写的话显示在屏幕上：请清楚、切题地回答，列表和代码用 Markdown。"
            "不知道的事就说不知道。"
        ),
    },
}
"""What stands for `{rules}` in a prompt: how to speak or write, whoever it is."""

KIND: dict[str, dict[Way, str]] = {
    "en": {"spoken": "a kind voice assistant", "written": "a kind assistant"},
    "zh": {"spoken": "一个亲切的语音助手", "written": "一个亲切的助手"},
}
"""The character of who has none of its own."""

NAMED = {"en": "Your name is {name}. ", "zh": "你的名字叫{name}。"}
PROMPT = {"en": "You are {character}. {rules}", "zh": "你是{character}。{rules}"}
"""The prompt of who has none of its own."""

BOTH = (
    " {chinese}用什么语言问，就用什么语言答。Always answer in the same language as the question: "
    "English for English, 中文 for 中文."
)
"""Stands behind the English prompt of who speaks both languages. English comes last: with a
Chinese end the small model answered English questions in Chinese (docs/languages.md)."""


def prompt(language: str, way: Way, name: str = "", character: str = "", own: str = "") -> str:
    """Return who the assistant is, as the language model is told.

    `own` takes the place of the usual sentences; in it `{name}`, `{character}` and `{rules}` stand
    for what they say, other braces for themselves.
    """
    text = own or (NAMED[language] if name else "") + PROMPT[language]
    known = {
        "name": name,
        "character": character or KIND[language][way],
        "rules": RULES[language][way],
    }
    return filled(text, known)


def both(english: str, name: str, chinese_name: str) -> str:
    """Return the prompt of who answers each question in its own language."""
    chinese = f"In Chinese your name is {chinese_name}. " if chinese_name != name else ""
    return english + filled(BOTH, {"chinese": chinese})


def filled(text: str, known: dict[str, str]) -> str:
    """Return `text` with each of `known` where its name stands in braces; braces in one stay."""
    return HOLE.sub(lambda hole: known.get(hole[1], hole[0]), text)
