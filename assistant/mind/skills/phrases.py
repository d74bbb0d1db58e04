"""A few phrases in the other language: no translator, a list that is right."""

import functools
import re
from collections.abc import Mapping, Sequence
from importlib import resources

from assistant.mind.skills.skill import Answer, Context, Request

MOST = 40
"""Characters; no phrase of the list is longer."""
_NAMES = {"en": {"en": "English", "zh": "Chinese"}, "zh": {"en": "英语", "zh": "中文"}}
_HAN = re.compile("[\u3400-\u9fff]")


def translate(request: Request, _: Context) -> Answer | None:
    """Say the slot `phrase` in the slot `language`, `en` or `zh`; None: it is not in the list."""
    phrase, wanted = str(request.slots.get("phrase", "")), str(request.slots.get("language", ""))
    found = said_in(phrase, wanted)
    if not found:
        return None
    name = _NAMES[request.language][wanted]
    if request.language == "zh":
        return Answer(f"{phrase}用{name}说是：{found}。")
    return Answer(f"In {name} that is: {found}.")


def known(phrase: str) -> bool:
    """Tell whether a phrase is in the list, in one of the languages."""
    return _plain(phrase) in _phrases()


def said_in(phrase: str, language: str) -> str:
    """Return how the phrase is said in `language`; empty: not known, or said in it already."""
    other, said = _phrases().get(_plain(phrase), ("", ""))
    return said if other == language else ""


@functools.cache
def _phrases() -> Mapping[str, tuple[str, str]]:
    """Return for each phrase the other language, and how it is said there."""
    text = (resources.files("assistant") / "data" / "phrases.tsv").read_text(encoding="utf-8")
    found: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            english, chinese = (half.split(" / ") for half in line.split("\t"))
            _put(found, english, "zh", chinese[0])
            _put(found, chinese, "en", english[0])
    return found


def _put(found: dict[str, tuple[str, str]], ways: Sequence[str], other: str, said: str) -> None:
    for way in ways:
        found.setdefault(_plain(way), (other, said))


def _plain(phrase: str) -> str:
    if len(phrase) > MOST:
        return ""
    words = re.sub(r"[^\w\s]", "", phrase.lower()).split()
    return ("" if _HAN.search(phrase) else " ").join(words)
