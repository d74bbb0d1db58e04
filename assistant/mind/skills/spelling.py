"""The letters of a word; of Chinese characters their pinyin, syllable by syllable."""

import json
import os
import re
import unicodedata
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.mind.skills.skill import Answer, Context, Lacking, Request

if TYPE_CHECKING:
    from pypinyin import Style

MOST_LETTERS = 60
"""Nobody remembers more; longer ones are for the language model."""
MOST_CHARACTERS = 4
"""Of a word with a reading of its own that is looked up."""
_HAN = re.compile("[\u3400-\u9fff]")
_TONES = {"en": ["neutral tone", *(f"tone {n}" for n in (1, 2, 3, 4))],
          "zh": ["轻声", *(f"第{n}声" for n in "一二三四")]}  # fmt: skip


def spell(request: Request, _: Context) -> Answer | None:
    """Spell the slot `word`; ask for it where it was not said."""
    word = " ".join(str(request.slots.get("word", "")).split())
    chinese = request.language == "zh"
    if not word:
        asked = "拼写哪个词？" if chinese else "Which word?"
        return Answer(asked, lacks=Lacking(request, "word"))
    if len(word) > MOST_LETTERS:
        return None
    said = _syllables(word, request.language) if _HAN.search(word) else _letters(word, chinese)
    if not said:
        return None
    return Answer(f"{word}：{said}。" if chinese else f"{word}: {said}.")


def _letters(word: str, chinese: bool) -> str:
    names = {"-": "连字符" if chinese else "hyphen", "'": "撇号" if chinese else "apostrophe"}
    known = [names.get(c, c.upper().replace("V", "Ü")) for c in word if c.isalnum() or c in names]
    return (" " if chinese else ", ").join(known)


def _syllables(word: str, language: str) -> str:
    """Return the letters of each syllable and its tone: a voice cannot read the accents."""
    pinyin, style = _reader(word)
    said = []
    for (syllable,) in pinyin(word, style=style):
        tone = int(syllable[-1]) if syllable[-1:].isdigit() and _latin(syllable[:-1]) else 0
        letters = " ".join(syllable.rstrip("1234" if tone else "").upper().replace("V", "Ü"))
        named = _latin(syllable.rstrip("1234")) and syllable not in word
        said.append(f"{letters} {_TONES[language][tone]}" if named else letters)
    return ("，" if language == "zh" else "; ").join(said)


def _reader(word: str) -> "tuple[Callable[..., list[list[str]]], Style]":
    """Return what reads `word`, and the style with a digit for the tone.

    All words with a reading of their own (银行) would take 45 MB of memory, those in `word` none.
    """
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    import pypinyin

    readings = (Path(pypinyin.__file__).parent / "phrases_dict.json").read_text(encoding="utf-8")
    found = {}
    for start, end in combinations(range(len(word) + 1), 2):
        part = word[start:end]
        at = readings.find(f'"{part}": ') if 1 < end - start <= MOST_CHARACTERS else -1
        if at >= 0:
            found[part] = json.JSONDecoder().raw_decode(readings, at + len(part) + 4)[0]
    if found:
        pypinyin.load_phrases_dict(found)
    return pypinyin.pinyin, pypinyin.Style.TONE3


def _latin(text: str) -> bool:
    return bool(text) and all("LATIN" in unicodedata.name(c, "") for c in text)
