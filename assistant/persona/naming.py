"""Answers "what is your name?" exactly: a small model at times says who made it instead."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

from assistant.language import among
from assistant.mind.known import Known, Source
from assistant.persona.reading import Persona

SURE = 0.9
"""The probability that such a question is whole, as for the sentence of a skill."""
Asked = Literal["name", "who"]

_LEAD_EN = r"(?:(?:ok|okay|so|and|but|hey|hello|hi|well|now|um|uh|sorry|excuse\ me|please)\ )*"
_TAIL_EN = r"(?:\ (?:please|again|then|now|actually|exactly|by\ the\ way|my\ friend))*"
_ENGLISH: dict[Asked, str] = {
    "name": r"""
        (?:(?:what(?:'s|s|\ is)|tell\ (?:me|us)|say|do\ you\ know|may\ i\ (?:ask|know)
            |(?:can|could|will|would)\ (?:you\ tell\ me|i\ ask|i\ know))\ (?:what\ )?)?
            your\ (?:own\ )?name(?:\ is)?
        |(?:tell\ me\ )?what\ (?:are\ you\ called|you\ are\ called|do\ you\ call\ yourself)
        |(?:what|how)\ (?:do|should|can|may|shall|could)\ (?:i|we)\ call\ you
        |(?:do\ you\ have|have\ you\ got)\ (?:a|any)\ name
        """,
    "who": r"""
        who(?:'re|\ are|\ r)\ (?:you|u)
        |(?:tell\ me\ )?who\ you\ are
        |who\ am\ i\ (?:talking|speaking)\ (?:to|with)
        |introduce\ yourself
        """,
}
_LEAD_ZH = "(?:你好|您好|嗨|喂|哎|嗯|那[么麼]?|[请請][问問]|[请請]|[对對]了)*"
_TAIL_ZH = "(?:呀|啊|呢|[吗嗎]|嘛|哦|吧|[来來]着)*"
_CHINESE: dict[Asked, str] = {
    "name": """
        (?:告[诉訴]我|能告[诉訴]我|可以告[诉訴]我|[说說][说說]|[说說]一下)?
            [你您](?:的?(?:名字|姓名|大名))?是?叫(?:什[么麼]|啥|[个個]啥)(?:名字|名)?
        |[你您]的?(?:名字|姓名|大名)是?(?:什[么麼]|啥)
        |(?:告[诉訴]我|[说說][说說]|[说說]一下)[你您]的?(?:名字|姓名|大名)
        |(?:我[们們]?)?(?:[该該]|[应應][该該]|可以|能|要)?(?:怎[么麼]|如何|怎[样樣])(?:[称稱]呼|叫)[你您]
        |[你您]怎[么麼][称稱]呼
        |[你您]有(?:[没沒]有)?名字
        """,
    "who": """
        [你您](?:到底|究竟)?是(?:[谁誰]|哪位|什[么麼]人)
        |(?:做[个個]|[来來][个個])?自我介[绍紹](?:一下)?
        |介[绍紹]一下[你您]?自己
        |我在?(?:和|跟)[谁誰](?:[说說][话話]|聊天|[讲講][话話])
        """,
}
_ASKED: dict[Asked, re.Pattern[str]] = {
    asked: re.compile(
        f"{_LEAD_EN}(?:{_ENGLISH[asked]}){_TAIL_EN}|{_LEAD_ZH}(?:{_CHINESE[asked]}){_TAIL_ZH}",
        re.VERBOSE,
    )
    for asked in ("name", "who")
}
_HAN = re.compile(r"(?<=[\u4e00-\u9fff]) | (?=[\u4e00-\u9fff])")

ANSWERS: dict[str, dict[Asked, str]] = {
    "en": {"name": "My name is {name}.", "who": "I am {name}, {character}."},
    "zh": {"name": "我叫{name}。", "who": "我是{name}，{character}。"},
}
NAMELESS = {"en": "I am {name}.", "zh": "我是{name}。"}
"""Who it is where that is not told in the language."""


def asks(text: str) -> Asked | None:
    """Return whether `text` asks for the assistant's name, or who it is, and for nothing else."""
    words = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    words = "".join(c if c.isalnum() or c == "'" else " " for c in words)
    words = _HAN.sub("", " ".join(words.split()))
    return next((asked for asked, form in _ASKED.items() if form.fullmatch(words)), None)


class Naming(Source):
    """A persona that says who it is."""

    def __init__(self, who: Persona, languages: Sequence[str], held: Callable[[], str]) -> None:
        """It speaks `languages`; of several, all is answered in `held()`, unless that is empty."""
        self._who, self._languages, self._held = who, languages, held

    def known(self, text: str) -> Known | None:
        """Return its name, or who it is, where `text` asks for that."""
        if (asked := asks(text)) is None:
            return None
        return self._said(asked, self._held() or among(self._languages, text, self._languages[0]))

    def written(self, text: str, talk: str) -> Known | None:
        """Return the same to somebody who writes, in the language of what is written."""
        if (asked := asks(text)) is None:
            return None
        return self._said(asked, among(self._languages, text, self._languages[0]))

    def whole(self, text: str) -> float:
        """Return `SURE` where `text` is such a question."""
        return SURE if asks(text) else 0.0

    def _said(self, asked: Asked, language: str) -> Known:
        name, character = self._who.name(language), self._who.character(language)
        form = ANSWERS[language][asked]
        if asked == "who" and not character:
            form = NAMELESS[language]
        return Known(form.format(name=name, character=character), whole=SURE, stage="persona")
