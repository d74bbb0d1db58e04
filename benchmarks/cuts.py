"""How quickly a turn may be ended, against how often that cuts somebody off in mid-speech.

Reads human speech with pauses (`python benchmarks/questions.py --pauses DIR`) and spoken questions
(`python benchmarks/questions.py DIR`). Every pause that the voice activity detector notices is
taken down with its length, the recogniser's text until then, and the language model's estimate that
the text is a whole request. From that each policy is computed without speaking again:

- fixed: any pause of `silence` s ends the turn;
- the assistant's (`needed_silence` of assistant/conversation): `turn.min_silence` where the
  estimate is above `turn.whole`, `turn.max_silence` below `turn.open`, and between them in between.

A pause inside a recording that is at least as long as what the policy asks for is a cut. The delay
is what the policy adds after the last word of a recording. Recordings longer than `--turn` s are
taken as several turns: a real pause of 1 s begins the next one.

    python benchmarks/cuts.py --pauses DIR --questions DIR [--json] [--plot FILE]
"""

import argparse
import itertools
import json
import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.bench.latency import percentile, recordings
from assistant.config import Config, load
from assistant.conversation import Rules, needed_silence
from assistant.daemon import rules
from assistant.ears import engines as ears
from assistant.ears.vad import Vad
from assistant.mind import engines as mind
from assistant.mind.history import History
from assistant.mind.prompt import messages, system_prompt
from assistant.wording import said

NEW_TURN_S = 1.0
FIXED = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0]
WHOLE_SILENCES = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]
WHOLE = [0.1, 0.2, 0.3, 0.5, 0.7]
OPEN = [0.01, 0.03, 0.05, 0.1, 0.2]
SILENCES = [0.5, 0.6, 0.7, 0.8, 0.9]
SETTINGS = ("max_silence", "min_silence", "whole", "open")


@dataclass
class Pause:
    recording: str
    length: float
    """Seconds of silence as the detector dates it; the last of a recording is inf."""
    text: str
    whole: float


class Judge:
    """Asks the language model whether a text is a whole request."""

    def __init__(self, config: Config) -> None:
        self._model = mind.make(config)
        self._system = system_prompt(config.language)
        self._history = History(0, self._model.count)

    def __call__(self, text: str) -> float:
        found: list[float] = []
        prompt = messages(self._system, self._history, said(text))
        for _ in self._model.reply(prompt, lambda: bool(found), found.append):
            break
        return found[0]


def pauses(name: str, pcm: Pcm, config: Config, recogniser, judge: Judge) -> Iterator[Pause]:
    vad = Vad(config.vad.threshold, config.vad.min_speech, config.vad.min_silence)
    pcm = np.concatenate([pcm, np.zeros(RATE, np.int16)])
    recogniser.start()
    began: float | None = None
    text = ""
    for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        frame = Frame(pcm[at : at + FRAME_SAMPLES], at / RATE)
        edges = vad.feed(frame)
        recogniser.feed(frame.pcm)
        for edge in edges:
            if edge.kind == "end":
                began, text = edge.time, recogniser.settle()
            elif began is not None:
                length = edge.time - began
                if said(text):
                    yield Pause(name, length, text, judge(text))
                began = None
                if length >= NEW_TURN_S:
                    recogniser.start()
    if began is not None and said(text):
        yield Pause(name, float("inf"), text, judge(text))


def judged(found: list[Pause], rules: Rules) -> dict:
    """Return cuts per pause within speech, and the delay after the last word."""
    inside = [p for p in found if p.length < NEW_TURN_S]
    cut = sum(p.length >= needed_silence(rules, p.whole) for p in inside)
    ends = [p for p in found if p.length == float("inf")]
    delays = sorted(needed_silence(rules, p.whole) for p in ends)
    return {
        "settings": {key: getattr(rules, key) for key in SETTINGS},
        "cuts": cut,
        "pauses": len(inside),
        "cut_rate": round(cut / max(1, len(inside)), 3),
        "delay_median_s": round(statistics.median(delays), 3),
        "delay_mean_s": round(statistics.mean(delays), 3),
        "delay_p90_s": round(percentile(delays, 0.9), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pauses", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    config = load()
    recogniser, judge = ears.make(config), Judge(config)
    human, asked = [], []
    for folder, found in ((options.pauses, human), (options.questions, asked)):
        for question in recordings(folder):
            found += pauses(question.name, question.pcm, config, recogniser, judge)
    # cuts are counted on people, delays on questions
    speech = [p for p in human if p.length != float("inf")]
    ends = [p for p in asked if p.length == float("inf")]
    both = speech + ends
    fixed = [judged(both, Rules(max_silence=s, min_silence=s)) for s in FIXED]
    ours = [
        judged(both, Rules(max_silence=silence, min_silence=shortest, whole=whole, open=opened))
        for silence, shortest, whole, opened in itertools.product(
            SILENCES, WHOLE_SILENCES, WHOLE, OPEN
        )
        if shortest <= silence and opened <= whole
    ]
    now = judged(both, rules(config))
    if options.plot:
        draw(options.plot, fixed, ours)
    if options.json:
        rows = [asdict(p) for p in both]
        print(json.dumps({"now": now, "fixed": fixed, "ours": ours, "pauses": rows}))
        return
    print(f"{len(speech)} pauses within human speech, {len(ends)} ends of questions")
    for name, rows in (
        ("fixed silence", fixed),
        ("by the text, the best", best(ours)),
        ("by the text, as it is set", [now]),
    ):
        print(f"\n{name}: cuts, delay (median, mean, p90), settings")
        for row in rows:
            delays = " ".join(f"{row[f'delay_{key}_s']:.2f}" for key in ("median", "mean", "p90"))
            settings = ", ".join(f"{key} {value}" for key, value in row["settings"].items())
            print(f"  {row['cut_rate']:6.1%}  {delays} s  {settings}")


def best(rows: list[dict]) -> list[dict]:
    """Return the policies that no other one beats in both figures."""
    rows = sorted(rows, key=lambda row: (row["delay_mean_s"], row["cut_rate"]))
    kept: list[dict] = []
    for row in rows:
        if not kept or row["cut_rate"] < kept[-1]["cut_rate"]:
            kept.append(row)
    return kept


def draw(path: Path, fixed: list[dict], ours: list[dict]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for name, rows in (("fixed silence", fixed), ("by the text", best(ours))):
        axes.plot(
            [row["delay_mean_s"] for row in rows],
            [100 * row["cut_rate"] for row in rows],
            marker="o",
            label=name,
        )
    axes.set_xlabel("silence before the turn ends, mean (s)")
    axes.set_ylabel("pauses in human speech taken for the end (%)")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
