"""What `assistant models tune` gains and loses: size, speed, bits per byte, and answers.

    python benchmarks/tuned.py --speed                  # size, load, memory, tok/s, interleaved
    python benchmarks/tuned.py --bits --texts DIR       # bits per byte; benchmarks/held_out.py: DIR
    python benchmarks/tuned.py --answers                # 234 questions in English and Chinese
    python benchmarks/tuned.py --answers --slice 4 --json

Compared are the published file, the same in Q4_0 with its whole vocabulary (llama.cpp's choice of
types, `q4_0`; ours, `whole`), and what is made with `--sizes` tokens kept. The files are made once,
in the folder `--work`. Greedy answers are judged by facts that must be in them: `same` to the
letter, `equivalent` (both right, or both wrong), `better`, `worse`; questions without a fact can
only be the same or `unjudged`.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from assistant.bench.memory import resident_mb
from assistant.config import parse
from assistant.errors import AssistantError
from assistant.mind.llama import LlamaModel
from assistant.mind.model import Message
from assistant.models import Shelf
from assistant.tuning import cut, making, quality, wanted
from assistant.tuning.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = Path(__file__).with_name("questions-en-zh.jsonl")
SYSTEM = "You are a helpful voice assistant. Answer in one or two short sentences."
STORY = (
    "Here is what happened so far. A young sailor left the harbour early in the morning, with a "
    "small boat, a bag of bread and a map that her grandfather had drawn. The wind was good, the "
    "sea was calm, and by noon the land was gone. Then a storm came up from the south, and the "
    "boat was driven towards an island that was not on the map. 请用中文和英文写一个很长的故事。 "
    "Go on with the story, as long as you can, with many details, and do not stop before it has "
    "an end."
)
"""About 120 tokens, to be read at once, that ask for a long answer."""


@dataclass(frozen=True)
class Variant:
    """A file to be measured."""

    name: str
    path: Path


def variants(model: str, sizes: list[int], work: Path, names: list[str]) -> Iterator[Variant]:
    """Yield the files, made where they are not there yet."""
    published = Shelf(parse({}, "command line").models_dir).locate(model, "llm")
    recipes = {
        "q4_0": Recipe(head="Q8_0", embedding="Q4_0"),
        "whole": replace(making.standard(), words="", size=0),
        **{str(size): replace(making.standard(), size=size) for size in sizes},
    }
    for name in names:
        if name == "published":
            yield Variant(name, published)
            continue
        recipe = recipes[name]
        path = work / f"{published.stem}-{name}-{recipe.digest[:12]}.gguf"
        if not path.exists():
            build(published, recipe, path)
        yield Variant(name, path)


def build(published: Path, recipe: Recipe, path: Path) -> None:
    print(f"making {path.name}", file=sys.stderr, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    source = cut.Source(published)
    kept = None
    if recipe.words:
        kept = making.kept_tokens(source.vocabulary, recipe, wanted.shipped())
    staged = path.with_suffix(".part")
    cut.write(source, cut.plan(source, recipe, kept), recipe, kept, staged, lambda *_: None)
    staged.replace(path)


def model_of(path: Path, threads: int, tokens: int) -> LlamaModel:
    settings = {"temperature": 0.0, "max_tokens": tokens, "threads": threads, "context": 1024}
    return LlamaModel(path, parse({"llm": settings | {"batch_threads": threads}}, "bench").llm)


# Speed: each measurement in a process of its own, the files by turns


def measure_speed(path: Path, threads: int, tokens: int) -> dict[str, float]:
    """Measure one file in this process."""
    began = time.perf_counter()
    model = model_of(path, threads, tokens)
    load_s = time.perf_counter() - began
    model.warm([Message("system", SYSTEM)])
    for _ in model.reply([Message("system", SYSTEM), Message("user", STORY)], lambda: False):
        pass
    usage = model.usage
    return {
        "load_s": load_s,
        "prefill_tps": (usage.prompt_tokens - usage.cached_tokens) / usage.prefill_s,
        "decode_tps": (usage.reply_tokens - 1) / (usage.total_s - usage.prefill_s),
        "reply_tokens": usage.reply_tokens,
        "rss_mb": resident_mb("VmHWM"),  # getrusage's would begin with that of the parent process
    }


def speed(files: list[Variant], rounds: int, threads: int, tokens: int) -> dict[str, Any]:
    found: dict[str, list[dict[str, float]]] = {file.name: [] for file in files}
    for number in range(rounds):
        for file in files if number % 2 else reversed(files):
            command = [sys.executable, __file__, "--one", str(file.path)]
            command += ["--threads", str(threads), "--tokens", str(tokens)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found[file.name].append(json.loads(told))
    table = {}
    for file in files:
        rows = found[file.name]
        middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        middle["size_mb"] = file.path.stat().st_size / 1e6
        # Of each round the ratio to the first file in it: what disturbs one disturbs the other.
        for key in ("decode_tps", "prefill_tps"):
            pairs = zip(rows, found[files[0].name], strict=True)
            middle[f"{key}_ratio"] = statistics.median(
                row[key] / first[key] for row, first in pairs
            )
        table[file.name] = middle
    return table


# Bits per byte


def bits(files: list[Variant], texts: Path, take: int, threads: int) -> dict[str, Any]:
    paths = sorted(texts.glob("*.txt"))
    if not paths:
        sys.exit(f"tuned: {texts}: no texts; `python benchmarks/held_out.py {texts}` writes them.")
    table: dict[str, Any] = {}
    for file in files:
        sums: dict[str, quality.Quality] = {}
        with quality.loaded(file.path, threads) as model:
            for path in paths:
                parts = list(quality.parts(path.read_text(encoding="utf-8")))
                step = max(1, len(parts) // take) if take else 1
                found = quality.measure(model, parts[::step])
                for name in (path.stem, path.stem[:2]):
                    sums[name] = sums.get(name, quality.Quality(0, 0, 0)) + found
        table[file.name] = {
            name: {**asdict(one), "bits_per_byte": one.bits_per_byte} for name, one in sums.items()
        }
        print(f"{file.name} measured", file=sys.stderr, flush=True)
    return table


# Answers


@dataclass(frozen=True)
class Question:
    """A question and facts, one of which a right answer has."""

    language: str
    question: str
    facts: list[str]

    def right(self, answer: str) -> bool:
        return any(
            re.search(rf"(?<![A-Za-z0-9]){re.escape(fact)}(?![A-Za-z0-9])", answer, re.IGNORECASE)
            for fact in self.facts
        )


def questions(take: int) -> list[Question]:
    every = [Question(**json.loads(line)) for line in QUESTIONS.read_text("utf-8").splitlines()]
    return every[:: max(1, len(every) // take)][:take] if take else every


def answers(files: list[Variant], take: int, threads: int, tokens: int) -> dict[str, Any]:
    asked = questions(take)
    said: dict[str, list[str]] = {}
    for file in files:
        model = model_of(file.path, threads, tokens)
        said[file.name] = [
            "".join(
                model.reply(
                    [Message("system", SYSTEM), Message("user", one.question)], lambda: False
                )
            )
            for one in asked
        ]
        model.close()
        print(f"{file.name} has answered", file=sys.stderr, flush=True)
    first = files[0].name
    table: dict[str, Any] = {}
    for file in files:
        counts: dict[str, int] = {}
        for one, before, now in zip(asked, said[first], said[file.name], strict=True):
            for key in (judge(one, before, now), *(["right"] if one.right(now) else [])):
                for name in (key, f"{one.language} {key}"):
                    counts[name] = counts.get(name, 0) + 1
        table[file.name] = counts
    table["questions"] = len(asked)
    table["with_facts"] = sum(bool(one.facts) for one in asked)
    table["said"] = [
        {"question": one.question, **{file.name: said[file.name][n] for file in files}}
        for n, one in enumerate(asked)
    ]
    return table


def judge(question: Question, before: str, now: str) -> str:
    if before.strip() == now.strip():
        return "same"
    if not question.facts:
        return "unjudged"
    was, is_now = question.right(before), question.right(now)
    return "equivalent" if was == is_now else "better" if is_now else "worse"


def show(results: dict[str, Any]) -> None:
    for what, table in results.items():
        print(f"\n{what}")
        for name, row in table.items():
            if name == "said":
                continue
            if not isinstance(row, dict):
                print(f"  {name}: {row}")
                continue
            cells = [
                f"{key} {value['bits_per_byte'] if isinstance(value, dict) else value:.4g}"
                for key, value in row.items()
            ]
            print(f"  {name}: {', '.join(cells)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-q4_k_m")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--bits", action="store_true")
    parser.add_argument("--answers", action="store_true")
    parser.add_argument("--sizes", default=str(making.SIZE), help="tokens kept, with commas")
    parser.add_argument("--files", default="", help="published, q4_0, whole, or a size; commas")
    parser.add_argument("--texts", type=Path, default=ROOT / ".cache" / "benchmarks" / "held-out")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "benchmarks" / "tuned")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=64, help="the longest answer")
    parser.add_argument("--slice", type=int, default=0, help="so many of each only; 0: all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure_speed(options.one, options.threads, options.tokens)))
        return
    sizes = [int(size) for size in options.sizes.split(",") if size]
    names = options.files or ",".join(["published", "q4_0", "whole", *map(str, sizes)])
    try:
        files = list(variants(options.model, sizes, options.work, names.split(",")))
    except AssistantError as error:
        print(f"tuned: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    results: dict[str, Any] = {}
    if options.speed:
        results["speed"] = speed(files, options.rounds, options.threads, options.tokens)
    if options.bits:
        results["bits"] = bits(files, options.texts, options.slice, options.threads)
    if options.answers:
        results["answers"] = answers(files, options.slice, options.threads, options.tokens)
    if options.json:
        print(json.dumps(results, ensure_ascii=False))
    else:
        show(results)


if __name__ == "__main__":
    main()
