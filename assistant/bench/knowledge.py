"""How well questions are answered from documents, and what it costs."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.bench import sets
from assistant.errors import BadInput
from assistant.mind.knowledge.adding import Adder
from assistant.mind.knowledge.finding import Found
from assistant.mind.knowledge.knowledge import FILE, PASSAGES, Grounding, Knowledge
from assistant.mind.knowledge.meaning import E5
from assistant.mind.knowledge.store import Store

SET = Path(__file__).parents[2] / "benchmarks" / "knowledge" / "questions.jsonl"
"""The project's own, which is in its source and not in its package."""
DOCUMENTS = "documents"
"""The folder beside a set."""
FORM = (
    '{"text": "...", "language": "en" or "zh", "passage": "words of the passage", '
    '"fact": ["nine"], "answerable": true, "split": "test"}'
)
LARGEST = 10**8


class Question(BaseModel):
    """One line of a set."""

    model_config = ConfigDict(frozen=True)
    text: str = Field(min_length=1)
    language: Literal["en", "zh"]
    passage: str = ""
    """Words that stand in the passage with the answer."""
    fact: tuple[str, ...] = ()
    """The answer has one of them."""
    answerable: bool
    split: str = "test"


def read(file: Path) -> list[Question]:
    """Read a set without what was looked at while thresholds were chosen. Raises `BadInput`."""
    if not file.exists() and file == SET:
        raise BadInput("{file}: the project's set is not there; name one by --set.", file=file)
    every = sets.read(file, Question, FORM)
    return [each for each in every if each.split == "test"] or every


def measure(questions: Sequence[Question], documents: Path) -> dict[str, Any]:
    """Add the documents, ask, and return the shares, see docs/knowledge.md. Raises `BadInput`."""
    with tempfile.TemporaryDirectory() as folder:
        meaning, store = E5(), Store(Path(folder) / FILE)
        try:
            for outcome in Adder(store, meaning, LARGEST).add(documents):
                if outcome.state != "added":
                    raise BadInput(f"{outcome.path}: {outcome.why}")
            return _asked(questions, Knowledge(store, meaning))
        finally:
            store.close()


def _asked(questions: Sequence[Question], knowledge: Knowledge) -> dict[str, Any]:
    knowledge.ground(questions[0].text)  # the first one pays for the caches
    told, times = [], []
    for each in questions:
        began = time.perf_counter()
        grounding = knowledge.ground(each.text)
        times.append(time.perf_counter() - began)
        told.append((each, grounding, knowledge.finder.find(each.text, PASSAGES)))
    languages = sorted({each.language for each in questions})
    return {
        **_shares(told),
        "languages": {
            language: _shares([each for each in told if each[0].language == language])
            for language in languages
        },
        "added_first_token_s": round(statistics.median(times), 4),
        "questions": len(questions),
        "passages": knowledge.finder.passages,
    }


def _shares(told: Sequence[tuple[Question, Grounding | None, list[Found]]]) -> dict[str, float]:
    there = [each for each in told if each[0].answerable]
    return {
        "passage_in_two": _share([_holds(question, found) for question, _, found in there]),
        "answered": _share([_answers(grounding) for _, grounding, _ in there]),
        "answer_has_fact": _share(
            [_has(question, grounding) for question, grounding, _ in there if _answers(grounding)]
        ),
        "fact_of_all": _share(
            [_has(question, grounding) and _answers(grounding) for question, grounding, _ in there]
        ),
        "dont_know": _share(
            [not _answers(grounding) for question, grounding, _ in told if not question.answerable]
        ),
        # Not known either, but nothing is said of the documents: the language model answers.
        "left_to_model": _share(
            [grounding is None for question, grounding, _ in told if not question.answerable]
        ),
    }


def _answers(grounding: Grounding | None) -> bool:
    return grounding is not None and grounding.kind != "unknown"


def _has(question: Question, grounding: Grounding | None) -> bool:
    said = grounding.text.lower() if grounding else ""
    return any(fact.lower() in said for fact in question.fact)


def _holds(question: Question, found: Sequence[Found]) -> bool:
    texts = (f"{each.row.heading}\n{each.row.text}\n{each.row.answer}" for each in found)
    return any(question.passage in text for text in texts)


def _share(of: Sequence[bool]) -> float:
    return round(sum(of) / len(of), 4) if of else 0.0
