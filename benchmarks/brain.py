"""How soon a brain answers that N devices share, beside N devices with a brain of their own.

    python benchmarks/brain.py [--devices 1,2,4,8,16,32,64] [--seconds 120] [--json] [--publish]

Shared: one llama.cpp server on this machine (benchmarks/llama_server.py), `--slots` answers at the
same time, its prefix caching on. The devices are threads of this process and use what the daemon
uses to ask another machine (`Hybrid`, `either`): redaction, record, limits, patience, the circuit
breaker, and a real connection over the loopback each. What the local model would say in place of an
answer is not made, only counted. A device asks one of the spoken-like questions below, hears the
answer out (at `LISTENS` letters a second) and comes back after a pause that is exponentially
distributed around `--think` s; its conversation goes along. All is drawn from `--seed`.

Own: the same model file in this process and the same questions, one device; N devices are N
machines, so that nothing changes with N. Times count from the whole text of the question; nothing
is read ahead.

Printed for each number of devices: the times until the first and the last piece of the answers that
came from the server, and until the first word of any (`heard`, the filler included), as median, p90
and p99; how many were late, failed, broke off, or were kept here by the limits; `tokens_read`, the
share of the prompts' tokens that the server had not read before. The load and the server share the
processor: `load_share` is what this process took of one core. `--publish` puts curve and table into
docs/; `load_before`, the system's load average when it began, tells whether others were at work.
"""

import argparse
import json
import logging
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curve import Line, svg
from llama_server import LlamaServer, find

from assistant.config import Config, Llm, parse
from assistant.mind.history import History
from assistant.mind.llama import LlamaModel
from assistant.mind.model import never
from assistant.mind.prompt import messages, system_prompt
from assistant.mind.remote.client import Client
from assistant.mind.remote.either import either
from assistant.mind.remote.hybrid import Hybrid
from assistant.mind.remote.ledger import Ledger
from assistant.mind.remote.limits import Breaker, Budget
from assistant.mind.remote.router import Router
from assistant.mind.thin import NoModel

QUESTIONS = (
    "what is the capital of france",
    "how do I make green tea",
    "tell me something about the moon",
    "why is the sky blue",
    "what should I wear when it rains",
    "how many legs does a spider have",
    "what is a good name for a cat",
    "can you explain what a prime number is",
    "how do I get a stain out of a shirt",
    "who painted the mona lisa",
    "what is the difference between a crocodile and an alligator",
    "give me an idea for dinner with rice and eggs",
    "how long do I boil an egg",
    "what can I do on a boring afternoon",
    "and why is that",
    "tell me more about it",
)
LISTENS = 15.0
"""Letters of an answer that are heard in a s."""
HISTORY = 4
HERE = "(here)"
"""Stands for the local model's answer."""
DOCS = Path(__file__).parent.parent / "docs"
PATIENT_S = 30.0
TOKENS = 80
"""The longest answer: one or two spoken sentences."""


@dataclass(frozen=True)
class Turn:
    """What became of a question; s from its text."""

    outcome: str
    """`answered`, `late`, `failed`, `broken` (off in the middle) or `kept` (by the limits)."""
    first_s: float
    whole_s: float
    pieces: int
    """A token each, about."""


def settings(url: str, patience_s: float) -> Config:
    remote = {
        "endpoint": url,
        "share": "all",
        "history": HISTORY,
        "patience": patience_s,
        "max_tokens": TOKENS,
        "per_minute": 10_000,
        "per_day": 1_000_000,
        "per_month": 1_000_000,
    }
    return parse({"remote": remote}, "benchmark")


class Device:
    """One of them, in front of which somebody stands and asks."""

    def __init__(self, config: Config, folder: Path, seed: str, think_s: float) -> None:
        clock, remote = time.monotonic, config.remote
        limits = remote.per_minute, remote.per_day, remote.per_month
        self._hybrid = Hybrid(
            config,
            Client(remote, None),
            Router(None, remote.threshold, []),
            Breaker(clock),
            Budget(*limits, folder / f"{seed}.json", clock),
            Ledger(folder / f"{seed}.jsonl"),
        )
        self._history = History(config.llm.history_tokens, NoModel("en").count)
        self._random, self._think_s = random.Random(seed), think_s
        self.turns: list[Turn] = []

    def stand(self, ends: float) -> None:
        """Ask until `ends`, in monotonic s."""
        time.sleep(self._random.uniform(0, self._think_s))
        while time.monotonic() < ends:
            turn, said = self.ask(self._random.choice(QUESTIONS))
            self.turns.append(turn)
            time.sleep(len(said) / LISTENS + self._random.expovariate(1 / self._think_s))
        self._hybrid.close()

    def ask(self, question: str) -> tuple[Turn, str]:
        """Ask once; return what became of it and what was said."""
        hybrid, began = self._hybrid, time.monotonic()
        happened: set[str] = set()

        def begin() -> Any:
            errand = hybrid.begin(hybrid.route(question), self._history.messages(), "voice")
            happened.add("sent" if errand else "kept")
            return errand

        def gave_up(errand: Any) -> None:
            happened.add("late")
            hybrid.gave_up(errand)

        pieces: list[tuple[float, str]] = []
        for piece in either(
            iter([HERE]),
            begin,
            gave_up,
            words=hybrid.words(question),
            patience_s=hybrid.settings.patience,
            ahead=1,
            released=lambda: True,
            cancelled=never,
        ):
            pieces.append((time.monotonic() - began, piece))
        said = "".join(piece for _, piece in pieces)
        here = HERE in said
        if not here:
            self._history.append(question, said)
        outcome = "answered" if not said.endswith(hybrid.words(question).broken) else "broken"
        if here:
            outcome = next((each for each in ("kept", "late") if each in happened), "failed")
        return Turn(outcome, pieces[0][0], pieces[-1][0], len(pieces)), said


def shared(server: LlamaServer, devices: int, given: argparse.Namespace) -> dict[str, Any]:
    """Let so many devices ask for a while."""
    config = settings(server.url, given.patience)
    before, began, cpu = server.metrics(), time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        them = [
            Device(config, Path(folder), f"{given.seed}-{devices}-{number}", given.think)
            for number in range(devices)
        ]
        ends = began + given.seconds
        threads = [threading.Thread(target=each.stand, args=(ends,)) for each in them]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    took = time.monotonic() - began
    load = (time.process_time() - cpu) / took
    made = {name: value - before[name] for name, value in server.metrics().items()}
    turns = [turn for each in them for turn in each.turns]
    outcomes = Counter(turn.outcome for turn in turns)
    read, known = made["prompt_tokens_total"], made["prompt_tokens_cached_total"]
    answered = [turn for turn in turns if turn.outcome == "answered"]
    return {
        "devices": devices,
        "turns": len(turns),
        **{name: outcomes[name] for name in ("answered", "late", "failed", "broken", "kept")},
        "first_s": spread([turn.first_s for turn in answered]),
        "whole_s": spread([turn.whole_s for turn in answered]),
        "heard_s": spread([turn.first_s for turn in turns]),
        "answers_per_s": round(len(answered) / took, 3),
        "tokens_per_s": round(made["tokens_predicted_total"] / took, 1),
        "tokens_an_answer": round(statistics.fmean([t.pieces for t in answered] or [0]), 1),
        "tokens_read": round(read / max(1, read + known), 3),
        "load_share": round(load, 3),
    }


def own(path: Path, turns: int, seed: int) -> dict[str, Any]:
    """Answer the same questions with a model of one's own."""
    config = Llm(max_tokens=TOKENS, seed=seed)
    model = LlamaModel(path, config)
    history = History(config.history_tokens, model.count)
    system, choose = system_prompt("en"), random.Random(seed)
    first, whole, tokens = [], [], 0
    for _ in range(turns):
        model.warm(messages(system, history, ""))  # as the daemon does after each answer
        question, began, pieces = choose.choice(QUESTIONS), time.monotonic(), []
        for piece in model.reply(messages(system, history, question), never):
            pieces.append((time.monotonic() - began, piece))
        history.append(question, "".join(piece for _, piece in pieces))
        first.append(pieces[0][0])
        whole.append(pieces[-1][0])
        tokens += model.usage.reply_tokens
    model.close()
    return {
        "turns": turns,
        "first_s": spread(first),
        "whole_s": spread(whole),
        "tokens_an_answer": round(tokens / turns, 1),
    }


def spread(seconds: Sequence[float]) -> dict[str, float] | None:
    """Return median, p90 and p99; below 100 values p99 is the largest."""
    if not seconds:
        return None
    line = sorted(seconds)
    at = {
        name: line[min(len(line) - 1, int(len(line) * p))]
        for name, p in (("p90", 0.9), ("p99", 0.99))
    }
    return {
        "median": round(statistics.median(line), 3),
        **{name: round(value, 3) for name, value in at.items()},
    }


def draw(result: dict[str, Any]) -> str:
    """Return the curve as SVG."""
    rows = [row for row in result["shared"] if row["first_s"]]

    def line(name: str, what: str, value: str, colour: str) -> Line:
        return Line(name, [(row["devices"], row[what][value]) for row in rows], colour)

    def flat(name: str, what: str, colour: str) -> Line:
        level = result["own"][what]["median"]
        return Line(name, [(row["devices"], level) for row in rows], colour, dashed=True)

    return svg(
        "One brain for N devices, and one each",
        "devices that ask one server",
        "seconds from the question",
        [
            line("shared: whole answer", "whole_s", "median", "orange"),
            line("shared: first word, p90", "first_s", "p90", "grey"),
            line("shared: first word", "first_s", "median", "blue"),
            flat("own: whole answer", "whole_s", "orange"),
            flat("own: first word", "first_s", "blue"),
        ],
        ("remote.patience", result["settings"]["patience"]),
    )


def table(result: dict[str, Any]) -> str:
    """Return the figures in Markdown."""
    lines = [
        "| devices | answers | first word, s | whole answer, s | heard, s | late, failed, broken "
        "| kept here | tokens/s |",
        "| --- " * 8 + "|",
    ]

    def of(row: dict[str, Any], what: str) -> str:
        return " / ".join(f"{value:.2f}" for value in row[what].values()) if row[what] else "-"

    for row in result["shared"]:
        lost = row["late"] + row["failed"] + row["broken"]
        lines.append(
            f"| {row['devices']} | {row['answered']} | {of(row, 'first_s')} | {of(row, 'whole_s')} "
            f"| {of(row, 'heard_s')} | {lost} | {row['kept']} | {row['tokens_per_s']} |"
        )
    own = result["own"]
    lines.append(
        f"| N, a brain each | {own['turns']} | {of(own, 'first_s')} | {of(own, 'whole_s')} | "
        f"{of(own, 'first_s')} | 0 | | |"
    )
    return "\n".join(lines)


def publish(result: dict[str, Any]) -> None:
    """Put curve and table into docs/."""
    (DOCS / "pictures" / "brain.svg").write_text(draw(result))
    page = DOCS / "scale.md"
    before, mark, rest = page.read_text().partition("<!-- brain -->\n")
    _, end, after = rest.partition("<!-- /brain -->")
    load = f"Load average before: {result['load_before']}."
    page.write_text(f"{before}{mark}{table(result)}\n\n{load}\n{end}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--devices", default="1,2,4,8,16,32,64")
    parser.add_argument("--seconds", type=float, default=120.0, help="for each number of devices")
    parser.add_argument("--think", type=float, default=15.0, help="mean pause in s")
    parser.add_argument("--patience", type=float, default=2.5, help="as remote.patience, in s")
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--model", default="", help="name or path; both sides use it")
    parser.add_argument("--turns", type=int, default=40, help="of the device with its own brain")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--publish", action="store_true", help="curve and table into docs/")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    logging.getLogger("assistant").setLevel(logging.ERROR)  # what is late is counted
    path = find(given.model)
    told = sys.stderr if given.json else sys.stdout

    def tell(name: str, row: dict[str, Any]) -> None:
        def of(what: str) -> str:
            return (
                "/".join(f"{value:.2f}" for value in row[what].values()) if row.get(what) else "-"
            )

        rest = " ".join(
            f"{key} {value}" for key, value in row.items() if not isinstance(value, dict)
        )
        print(
            f"{name}: first {of('first_s')} whole {of('whole_s')} s; {rest}", file=told, flush=True
        )

    result: dict[str, Any] = {
        "model": f"{path.parent.name}/{path.name}",
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        "settings": {
            name: getattr(given, name) for name in ("seconds", "think", "patience", "slots", "seed")
        },
        "own": own(path, given.turns, given.seed),
        "shared": [],
    }
    tell("own", result["own"])
    with LlamaServer(path, slots=given.slots) as server, tempfile.TemporaryDirectory() as folder:
        first = Device(settings(server.url, PATIENT_S), Path(folder), "first", given.think)
        first.ask(QUESTIONS[0])  # a server that has just started has read no system prompt yet
        for devices in map(int, given.devices.split(",")):
            row = shared(server, devices, given)
            result["shared"].append(row)
            tell(f"{devices} devices", row)
    if given.publish:
        publish(result)
    print(json.dumps(result, indent=1) if given.json else table(result))


if __name__ == "__main__":
    main()
