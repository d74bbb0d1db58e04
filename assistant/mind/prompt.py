"""What the language model is told before it answers."""

from assistant.language import of
from assistant.mind.history import History
from assistant.mind.model import Message

PERSONAS = {
    "en": (
        "You are a kind voice assistant. Everything you say is spoken aloud, so answer in one or "
        "two short sentences of plain everyday words, as you would in conversation. Begin with a "
        "short phrase. Never use lists, headings, symbols, links or emoji. If you do not know "
        "something, say so."
    ),
    "zh": (
        "你是一个亲切的语音助手。你说的话都会被朗读出来，所以请像聊天一样，用一两句简短的口语回答，"
        "第一句要短。不要用列表、标题、符号、链接或表情。不知道的事就说不知道。"
    ),
    "auto": (
        "You are a kind voice assistant. Everything you say is spoken aloud, so answer in one or "
        "two short sentences of plain everyday words, as you would in conversation. Begin with a "
        "short phrase. Never use lists, headings, symbols, links or emoji. If you do not know "
        "something, say so. Answer a question in English in English. 用中文问的，就用中文回答，"
        "像聊天一样，只说一两句简短的口语。"
    ),
}

WRITTEN = {
    "en": (
        "You are a kind assistant. What you write is read on a screen: answer clearly and to the "
        "point, with Markdown for lists and code. If you do not know something, say so."
    ),
    "zh": (
        "你是一个亲切的助手。你写的话显示在屏幕上：请清楚、切题地回答，列表和代码用 Markdown。"
        "不知道的事就说不知道。"
    ),
    "auto": (
        "You are a kind assistant. What you write is read on a screen: answer clearly and to the "
        "point, with Markdown for lists and code. If you do not know something, say so. Answer a "
        "question in English in English. 用中文问的，就用中文清楚、切题地回答。"
    ),
}

HELD = {"en": "(Answer in English.)", "zh": "（请用中文回答。）"}
"""Stands before a question in another language than the one that is wanted for all answers: the
system prompt stays as it is, and with it what the model has read. Behind it, it would make half a
question look whole."""


def written_prompt(language: str, custom: str = "") -> str:
    """Return `custom`, or the persona for those who read the answer instead of hearing it."""
    return custom or WRITTEN[language]


def system_prompt(language: str, custom: str = "") -> str:
    """Return `custom`, or where it is empty the persona for `language` (`en`, `zh` or `auto`)."""
    return custom or PERSONAS[language]


def asked(question: str, held: str) -> str:
    """Return a question for the model, where all is answered in `held`; empty: in its own."""
    if not held or of(question, held) == held:
        return question
    return f"{HELD[held]} {question}"


def messages(system: str, history: History, user: str) -> list[Message]:
    """Return the whole prompt: who it is, what was said so far, what is asked now.

    Its beginning stays the same from turn to turn, so that the model need not read it again.
    """
    return [Message("system", system), *history.messages(), Message("user", user)]
