"""Turns one clause of a reply, as the model writes it, into text that a voice can read out.

First the markup goes (`plain`), then what a voice gets wrong is written in words. In English that
is little, since espeak and Piper read plain numbers themselves: units, money, dates, ranges,
fractions, years, telephone numbers. In Chinese it is every number, because their Mandarin needs
characters. The numbers themselves come from `unicode-rbnf`, which has Unicode's own (CLDR) rules
for spelling them out.
"""

import re

from assistant.language import leading
from assistant.mouth import spoken_en, spoken_zh
from assistant.mouth.plain import plain, prose

_RULES = {"en": spoken_en, "zh": spoken_zh}
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LETTER = re.compile(r"[^\W\d_]")
HAN_WEIGHT = 4
"""Latin letters that weigh as much as one Chinese character when a mixed clause is judged."""


def speakable(text: str, language: str) -> str:
    """Return what is to be said for `text`, "" when there is nothing to be said.

    `language` is "en", "zh" or "auto"; a clause that is clearly in another one is read by the rules
    of that. Never raises, whatever the text; the time grows with its length only.
    """
    language = _language(prose(text), leading(language))
    rules = _RULES[language]
    text = plain(text, remark=rules.CODE, dot=rules.DOT, at=rules.AT)
    text = rules.spell(text)
    text = re.sub(r"[#$<>\[\]{}^~|=\\]", " ", text)
    text = re.sub(r" +", " ", text)
    text = re.sub(r" (?=[,.;:!?，。；：！？、](?: |$))", "", text)
    text = re.sub(r"^[^\w(“\"‘'«「『（《-]+", "", text).strip()
    return text if any(character.isalnum() for character in text) else ""


def _language(text: str, language: str) -> str:
    han = HAN_WEIGHT * len(_HAN.findall(text))
    latin = len(_LETTER.findall(text)) - han // HAN_WEIGHT
    if han == latin:
        return language
    return "zh" if han > latin else "en" if latin >= 12 or language == "en" else language
