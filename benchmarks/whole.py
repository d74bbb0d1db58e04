"""How well the language model tells a whole request from its beginnings.

    python benchmarks/whole.py [--limit 40] [--json]

Every question of `benchmarks/questions-en-zh.jsonl` is read to its end, and word by word (Chinese:
character by character) up to each place before. Printed for each language: the area under the ROC
curve (1: every whole request scores above every beginning; .5: chance), and what the thresholds
`turn.open`, `turn.early` and `turn.whole` find among whole requests and wrongly among beginnings. A
beginning that is a whole request itself ("how far is the moon" of "how far is the moon today")
counts as wrong, so the figures are a lower bound.

`waits_*` is the silence in s that would end the turn there (median), `cut_at_500_ms` the share of
the beginnings that a pause of .5 s would cut off; `by_model` without a look at the last words,
`set` as the assistant does it (`needed_silence`).
"""

import argparse
import json
import statistics
from collections.abc import Iterator
from pathlib import Path

from assistant.config import load
from assistant.conversation import Rules, needed_silence
from assistant.conversation.endings import Ending, ending
from assistant.daemon import rules
from assistant.mind import engines
from assistant.mind.history import History
from assistant.mind.model import LanguageModel
from assistant.mind.prompt import messages, system_prompt
from assistant.wording import said

PAUSE_S = 0.5
Judged = tuple[list[str], list[float]]
"""Texts, and the model's estimates of them."""
QUESTIONS = Path(__file__).with_name("questions-en-zh.jsonl")


def beginnings(text: str, language: str) -> Iterator[str]:
    """Yield what was said before the request was whole, shortest first."""
    parts, glue = (list(text), "") if language == "zh" else (text.split(), " ")
    for count in range(1, len(parts)):
        yield glue.join(parts[:count])


def judged(model: LanguageModel, language: str, text: str) -> float:
    """Return the model's estimate that `text` is a whole request."""
    found: list[float] = []
    prompt = messages(system_prompt(language), History(0, model.count), text)
    for _ in model.reply(prompt, lambda: bool(found), found.append):
        break
    return found[0]


def area(whole: list[float], parts: list[float]) -> float:
    """Return the probability that a whole request scores above a beginning (Mann-Whitney)."""
    above = sum((w > p) + 0.5 * (w == p) for w in whole for p in parts)
    return above / (len(whole) * len(parts))


def waits(rule: Rules, whole: Judged, begun: Judged) -> dict[str, float]:
    """Return how long it waits for more, behind whole requests and behind beginnings."""
    figures = {}
    for name, look in (("by_model", lambda _: Ending.PLAIN), ("set", ending)):
        for kind, (texts, found) in (("whole", whole), ("beginnings", begun)):
            silences = [
                needed_silence(rule, p, look(text)) for text, p in zip(texts, found, strict=True)
            ]
            figures[f"waits_{kind}_{name}"] = round(statistics.median(silences), 3)
            if kind == "beginnings":
                figures[f"cut_at_500_ms_{name}"] = round(
                    statistics.mean(silence <= PAUSE_S for silence in silences), 3
                )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=40, help="questions of each language")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    config = load()
    model = engines.make(config)
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    result = {}
    for language in ("en", "zh"):
        texts = [said(row["question"]) for row in rows if row["language"] == language]
        texts = texts[:: max(1, len(texts) // options.limit)][: options.limit]
        whole = [judged(model, language, text) for text in texts]
        begun = [p for text in texts for p in beginnings(text, language)]
        parts = [judged(model, language, p) for p in begun]
        result[language] = {
            "requests": len(whole),
            "beginnings": len(parts),
            "area": round(area(whole, parts), 3),
            "median_whole": round(statistics.median(whole), 3),
            "median_beginning": round(statistics.median(parts), 4),
            **{
                f"{kind}_above_{at}": round(statistics.mean(p >= at for p in found), 3)
                for at in (config.turn.open, config.turn.early, config.turn.whole)
                for kind, found in (("whole", whole), ("beginnings", parts))
            },
            **waits(rules(config), (texts, whole), (begun, parts)),
        }
    if options.json:
        print(json.dumps(result))
        return
    for language, figures in result.items():
        print(language, *(f"{key} {value}" for key, value in figures.items()), sep="\n  ")


if __name__ == "__main__":
    main()
