"""Measures conversations at several levels of the echo and draws docs/conversation.md's pictures.

    python benchmarks/conversation_plots.py --results /tmp/conversation --pictures docs/pictures

A level whose result lies in the folder already is not measured again. The curve of turns that are
cut in two against the silence that is added is drawn by benchmarks/cuts.py.
"""

import argparse
import json
from pathlib import Path

from assistant.bench.conversation import measuring
from assistant.bench.conversation.outcome import HARMLESS
from assistant.bench.room import Setup
from assistant.config import load

LEVELS = (-20.0, -12.0, -6.0, 0.0, 6.0)
QUICK_LEVELS = (0.0, -12.0, 6.0)
QUICK = measuring.Plan(6, 4, 2, 3, 3, 1, 1, 1, 0.0, together=True)
PLAN = measuring.Plan(
    stops=8,
    wakes=6,
    interruptions=2,
    backchannels=5,
    coughs=5,
    asides=2,
    televisions=1,
    pauses=2,
    minutes=1.5,
    together=True,
)
KINDS = ("cough", "backchannel", "aside", "television")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True, help="folder of the results")
    parser.add_argument("--pictures", type=Path, help="folder of the pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="fewer levels, less at each of them")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    plan = QUICK if options.quick else PLAN
    for level in QUICK_LEVELS if options.quick else LEVELS:
        path = options.results / f"echo{level:+.0f}.json"
        if not path.exists():
            setup = Setup(echo_db=level, delay=0.04)
            print(f"{path}:")
            result = measuring.measure(load(), setup, plan, options.seed, print)
            path.write_text(json.dumps(result, ensure_ascii=False) + "\n")
    if options.pictures:
        results = [json.loads(path.read_text()) for path in sorted(options.results.glob("*.json"))]
        draw(options.pictures, sorted(results, key=lambda each: each["setup"]["echo_db"]))


def draw(folder: Path, results: list[dict]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(13, 7.5))
    recall(axes[0, 0], results)
    own(axes[0, 1], results)
    times(axes[0, 2], results)
    false_stops(axes[1, 0], results)
    word_errors(axes[1, 1], results)
    history(axes[1, 2], results)
    figure.tight_layout()
    figure.savefig(folder / "conversation.png", dpi=90)


def rows(results: list[dict], *kinds: str) -> list[dict]:
    return [each for result in results for each in result["each"] if each["kind"] in kinds]


def levels(results: list[dict]) -> dict[float, list[dict]]:
    """Return the results by the level of the echo."""
    found: dict[float, list[dict]] = {}
    for result in results:
        found.setdefault(result["setup"]["echo_db"], []).append(result)
    return found


def shares(results: list[dict], kind: str) -> tuple[list[float], list[float]]:
    """Return levels and the percentage of a kind that silenced the reply."""
    xs, ys = [], []
    for level, those in levels(results).items():
        if found := rows(those, kind):
            xs.append(level)
            ys.append(100 * sum(each["stopped"] for each in found) / len(found))
    return xs, ys


def recall(axes, results: list[dict]) -> None:
    for kind, name in (("stop", "stop word"), ("wake", "wake word")):
        axes.plot(*shares(results, kind), marker="o", label=f"{name} ({len(rows(results, kind))})")
    axes.set(title="heard while it speaks (%)", ylim=(-4, 104))
    axes.set_xlabel("echo, relative to the talker (dB)")
    axes.legend(loc="lower left")


def own(axes, results: list[dict]) -> None:
    xs, ys, names = [], [], []
    for level, those in levels(results).items():
        found = rows(those, "alone")
        hours = sum(each["seconds"] for each in found) / 3600
        xs.append(level)
        ys.append(sum(each["stopped"] for each in found) / hours)
        names.append(f"{60 * hours:.1f} min")
    axes.bar([f"{x:+.0f} dB\n{name}" for x, name in zip(xs, names, strict=True)], ys)
    axes.set(title="self-interruptions an hour of its own speech", ylim=(0, max(10, *ys)))


def times(axes, results: list[dict]) -> None:
    for kind, name in (
        ("interruption", "interruption, from its start"),
        ("stop", "stop word, from its end"),
    ):
        found = sorted(
            each["after_s"] for each in rows(results, kind) if each["stopped"] and each["after_s"]
        )
        part = [100 * (number + 1) / len(found) for number in range(len(found))]
        axes.step(found, part, where="post", label=f"{name} ({len(found)})")
    axes.set(title="silent within (% of those that stopped it)", xlabel="s", xlim=(-0.5, 2))
    axes.legend(loc="lower right")


def false_stops(axes, results: list[dict]) -> None:
    found = {kind: rows(results, kind) for kind in KINDS}
    names = [f"{kind}\n({len(each)})" for kind, each in found.items() if each]
    parts = [100 * sum(e["stopped"] for e in each) / len(each) for each in found.values() if each]
    colours = ["C3" if kind in HARMLESS else "C7" for kind, each in found.items() if each]
    axes.bar(names, parts, color=colours)
    axes.set(title="replies that ended although they should not (%)", ylim=(0, max(20, *parts)))


def word_errors(axes, results: list[dict]) -> None:
    xs, ys = [], []
    for level, those in levels(results).items():
        found = rows(those, "interruption")
        if words := sum(each["words"] for each in found):
            xs.append(level)
            ys.append(100 * sum(each["errors"] for each in found) / words)
    axes.plot(xs, ys, marker="o")
    axes.set(title="word errors in what was said over it (%)", ylim=(0, max(20, *ys)))
    axes.set_xlabel("echo, relative to the talker (dB)")


def history(axes, results: list[dict]) -> None:
    found = [
        (each["audible_words"], each["history_words"])
        for each in rows(results, "interruption")
        if each["history_words"] is not None and each["audible_words"] is not None
    ]
    most = max((max(pair) for pair in found), default=10) + 2
    axes.fill_between([0, most], [-1, most - 1], [1, most + 1], alpha=0.2, label="within one word")
    axes.plot(*zip(*found, strict=True), "o") if found else None
    axes.set(title=f"words after an interruption ({len(found)})", xlim=(0, most), ylim=(0, most))
    axes.set(xlabel="audible", ylabel="in the history")
    axes.legend(loc="upper left")


if __name__ == "__main__":
    main()
