"""Finds the skill's sentence that a text is: the intent and its slots.

The reader of the language finds times, spans and numbers first, and each becomes one sign in the
text that is matched, so that a sentence names its kind alone: "timer for {duration:duration_s}".
Sentences are hassil's, whose form Home Assistant's intents have too; its own ones are not taken,
because most need a house and the others read numbers in digits only.
"""

import functools
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import BadInput
from assistant.mind.skills import sentences
from assistant.mind.skills.narrow import Narrow
from assistant.mind.skills.reading import KINDS, Reading, Span
from assistant.mind.skills.signs import Signed, signed
from assistant.mind.skills.skill import Request, Slot

if TYPE_CHECKING:
    from hassil import Intents, RecognizeResult
    from hassil.intents import SlotList

LONGEST = 300
"""Characters of the longest text that is looked at; a request that people speak is shorter."""
NEAR = 0.55
"""How alike a sentence must be to have been nearly matched, 0 to 1 (`difflib`)."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a text was matched, or not."""

    clean: str
    """The text as it was matched, each span as `{kind: value}`."""
    request: Request | None
    sentence: str
    """What was matched; empty: nothing, or no sentence was needed."""
    near: Sequence[tuple[str, str]] = ()
    """Where nothing was matched: intents and sentences that are not far from it."""


class Book:
    """All sentences of a language. Pure, but for loading; from one thread at a time."""

    def __init__(self, language: str, reading: Reading, data: Mapping[str, Any]) -> None:
        """`data` is what a sentence file holds, see docs/skills.md."""
        self.language = language
        self._reading = reading
        self._data: dict[str, Any] = {}
        self._last: tuple[str, Request | None] | None = None
        self._merge(data)

    @staticmethod
    def load(language: str) -> "Book":
        """Return the book of the package's own sentences for `en` or `zh`."""
        reading: Reading = importlib.import_module(f"assistant.mind.skills.reading_{language}")
        path = resources.files("assistant") / "data" / "sentences" / f"{language}.yaml"
        return Book(language, reading, sentences.own(path.read_text(encoding="utf-8")))

    def add(self, path: Path) -> None:
        """Add an owner's sentences. Raises `BadInput` with line and column."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise BadInput(
                "{path}: the sentences there cannot be read: {error}.", path=path, error=error
            ) from error
        self._merge(sentences.parse(text, str(path), self.language))

    def add_intent(self, intent: str, texts: Sequence[str], wildcards: Sequence[str] = ()) -> None:
        """Add sentences for one intent; `wildcards` are slots that take any words."""
        lists = {name: {"wildcard": True} for name in wildcards}
        self._merge({"intents": {intent: {"data": [{"sentences": list(texts)}]}}, "lists": lists})

    def match(self, text: str) -> Request | None:
        """Return what `text` asks for; None: it is no sentence of this book."""
        if (
            self._last is None or text != self._last[0]
        ):  # a text is looked for as it is heard, and as it is answered
            self._last = text, self.explain(text, near=False).request
        return self._last[1]

    def explain(self, text: str, *, near: bool = True) -> Explained:
        """Return what `match` does, and why."""
        if len(text) > LONGEST:
            return Explained(text, None, "")
        clean = self._reading.clean(text)
        if exact := self._reading.exact(clean.text):
            request = Request(exact.intent, text, self.language, exact.slots, whole=False)
            return Explained(clean.text, request, "")
        read = signed(clean, self._reading.spans(clean.text))
        shown = "".join(_shown(read.spans[c]) if c in read.spans else c for c in read.text)
        if not (best := self._best(read)):
            if loose := self._reading.loose(clean, list(read.spans.values())):
                request = Request(loose.intent, text, self.language, loose.slots, whole=False)
                return Explained(shown, request, "")
            return Explained(shown, None, "", self._near(read) if near else ())
        slots = {each.name: _value(each, read) for each in best.entities_list}
        sentence = best.intent_sentence.text if best.intent_sentence else None
        free = [each.text.strip() for each in best.entities_list if each.is_wildcard]
        whole = not any(words and read.text.endswith(words) for words in free)
        request = Request(best.intent.name, text, self.language, slots, whole)
        return Explained(shown, request, sentence or "")

    def examples(self) -> list[tuple[str, str]]:
        """Return each intent with its first sentence, by name."""
        intents = self._data.get("intents", {}).items()
        return sorted((name, each["data"][0]["sentences"][0]) for name, each in intents)

    @property
    def rules(self) -> Mapping[str, str]:
        """The parts of sentences that stand as `<name>`."""
        found: Mapping[str, str] = self._data.get("expansion_rules", {})
        return found

    def _merge(self, data: Mapping[str, Any]) -> None:
        for intent, each in data.get("intents", {}).items():
            known = self._data.setdefault("intents", {}).setdefault(intent, {"data": []})
            known["data"] = [*known["data"], *each["data"]]
        for part in ("lists", "expansion_rules"):
            self._data[part] = {**self._data.get(part, {}), **data.get(part, {})}
        self.__dict__.pop("_intents", None)
        self.__dict__.pop("_narrow", None)
        self._last = None

    @functools.cached_property
    def _intents(self) -> "Intents":
        from hassil import Intents

        spaces = {"ignore_whitespace": self.language == "zh"}
        return Intents.from_dict({"language": self.language, "settings": spaces, **self._data})

    @functools.cached_property
    def _narrow(self) -> Narrow:
        return Narrow(self._intents)

    def _best(self, read: Signed) -> "RecognizeResult | None":
        """Return the match in which sentences say most, and wildcards the least."""
        from hassil import recognize_all

        kinds = [each.values for each in read.spans.values()]
        narrowed = self._narrow.to(read.text, kinds)
        found = recognize_all(read.text, narrowed, slot_lists=_lists(read.spans))
        return min(filter(self._fits, found), key=_looseness, default=None)

    def _fits(self, result: "RecognizeResult") -> bool:
        free = (each for each in result.entities_list if each.is_wildcard)
        return all(self._reading.fits(each.name, each.text.strip()) for each in free)

    def _near(self, read: Signed) -> list[tuple[str, str]]:
        kinds = {sign: f"{{{next(iter(span.values))}}}" for sign, span in read.spans.items()}
        text = "".join(kinds.get(c, c) for c in read.text)
        alike = SequenceMatcher(b=text, autojunk=False)
        scored = []
        for intent, each in self._intents.intents.items():
            for data in each.data:
                for sentence in data.sentence_texts:
                    ratio = 0.0
                    for form in (
                        sentences.plain(sentence),
                        sentences.example(sentence, self.rules),
                    ):
                        alike.set_seq1(form)
                        ratio = max(ratio, alike.ratio())
                    scored.append((ratio, intent, sentence))
        nearest = sorted(scored, reverse=True)[:3]
        return [(intent, sentence) for ratio, intent, sentence in nearest if ratio >= NEAR]


def _shown(span: Span) -> str:
    return "{" + " or ".join(f"{kind}: {value}" for kind, value in span.values.items()) + "}"


def _lists(spans: Mapping[str, Span]) -> "dict[str, SlotList]":
    from hassil.intents import TextSlotList

    return {
        kind: TextSlotList.from_tuples(
            [(sign, span.values[kind]) for sign, span in spans.items() if kind in span.values],
            allow_template=False,
        )
        for kind in KINDS
    }


def _looseness(result: "RecognizeResult") -> tuple[int, int]:
    free = sum(len(each.text) for each in result.entities_list if each.is_wildcard)
    return free, -len(result.entities_list)


def _value(entity: Any, read: Signed) -> Slot:
    if entity.is_wildcard:
        part = entity.text.strip()
        at = read.text.find(part)
        return read.said(at, at + len(part)) if at >= 0 and part else part
    value: Slot = entity.value
    return value
