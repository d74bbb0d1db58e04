"""How quickly a turn may be ended, against how often that cuts somebody off in mid-speech.

    python benchmarks/cuts.py --pauses DIR --questions DIR --halting DIR [--json] [--plot FILE]

Reads human speech with pauses (`benchmarks/questions.py --pauses DIR`), spoken questions
(`benchmarks/questions.py DIR`) and made recordings of people who stop to think
(`benchmarks/halting.py DIR`). Every pause that the voice activity detector notices is taken down
with its length and with what each signal says of it. From that each policy is computed without
speaking again:

- fixed: any pause of so many s ends the turn;
- model: `needed_silence` with the language model's estimate that the request is whole, alone;
- words: a short silence, but a long one where the last words promise more (`ending`), alone;
- stable: a short silence where the text in the pause is that of the last partial result, else a
  long one;
- sound: the silence falls with what Smart Turn makes of the sound, alone (where it is installed);
- pitch: a short silence where the voice has fallen at the end, else a long one;
- together: `needed_silence` with the signals that the assistant uses;
- everything: the same with Smart Turn.

A pause inside a recording that is at least as long as what the policy asks for is a cut. The delay
is what the policy adds after the last word of a recording. In what people read aloud a pause of 1 s
begins the next turn; in the made recordings none does.

The settings of a policy are chosen on one half of the recordings, and the figures are those of the
other half: the curve, and the two numbers of eot-bench (cuts at a delay of 300 ms, and the delay at
5 % of cuts).
"""

import argparse
import itertools
import json
import math
import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.bench.latency import percentile, recordings
from assistant.config import Config, load
from assistant.conversation import Rules, needed_silence
from assistant.conversation.endings import Ending, ending
from assistant.daemon import rules
from assistant.ears import engines as ears
from assistant.ears.smart_turn import SmartTurn
from assistant.ears.vad import Vad
from assistant.mind import engines as mind
from assistant.mind.history import History
from assistant.mind.prompt import messages, system_prompt
from assistant.wording import said

NEW_TURN_S = 1.0
PREROLL_S = 0.4
SHORT = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.6]
LONG = [0.6, 0.8, 1.0, 1.2, 1.6]
WHOLE = [0.05, 0.2, 0.5]
OPEN = [0.0005, 0.002, 0.01, 0.05, 0.15]
MADE = ("piper", "espeak")
"""What benchmarks/halting.py calls its recordings: their voices sound the same at each pause."""
PARTS = ("tuned", "reported", "all", "people")
DELAY_S, CUTS = 0.3, 0.05
"""Where eot-bench reads off its two numbers."""


@dataclass
class Pause:
    recording: str
    aloud: bool
    """It is read aloud: a long pause in it is nobody's mistake."""
    length: float | None
    """Seconds of silence as the detector dates it; the last of a recording is None."""
    text: str
    stable: bool
    """The text is that of the last partial result."""
    whole: float
    """The language model's estimate that the text is a whole request."""
    sounds: float | None
    """Smart Turn's estimate, where it is installed."""
    fall: float | None
    """Semitones by which the voice falls in its last .3 s; None: it has no pitch there."""


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


def pauses(
    name: str,
    pcm: Pcm,
    config: Config,
    recogniser,
    judge: Judge,
    *,
    aloud: bool = True,
    listener: SmartTurn | None = None,
) -> Iterator[Pause]:
    """Yield the pauses of a recording, (samples,) int16 at 16 kHz."""
    vad = Vad(config.vad.threshold, config.vad.min_speech, config.vad.min_silence)
    pcm = np.concatenate([pcm, np.zeros(RATE, np.int16)])
    recogniser.start()
    open_pause: tuple[float, Pause] | None = None
    first, partial = 0, ""
    for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        frame = Frame(pcm[at : at + FRAME_SAMPLES], at / RATE)
        edges = vad.feed(frame)
        partial = recogniser.feed(frame.pcm) or partial
        for edge in edges:
            if edge.kind == "end":
                text, until = recogniser.settle(), at + FRAME_SAMPLES
                sounds = listener.complete(pcm[first:until]) if listener else None
                fall = falls(pcm[first : int(edge.time * RATE)])
                whole = judge(text) if said(text) else 0.0
                stable = said(text) == said(partial)
                open_pause = (
                    edge.time,
                    Pause(name, aloud, None, text, stable, whole, sounds, fall),
                )
                continue
            if open_pause is None:
                first = max(0, int((edge.time - PREROLL_S) * RATE))
                continue
            began, pause = open_pause
            pause.length, open_pause = edge.time - began, None
            if said(pause.text):
                yield pause
            if aloud and pause.length >= NEW_TURN_S:
                recogniser.start()
                first = max(0, int((edge.time - PREROLL_S) * RATE))
    if open_pause and said(open_pause[1].text):
        yield open_pause[1]


def falls(pcm: Pcm) -> float | None:
    """Return by how many semitones the voice falls in the last .3 s of `pcm`.

    By autocorrelation (Rabiner 1977) of windows of 40 ms, between 70 and 400 Hz.
    """
    window, step, lowest, highest = RATE // 25, RATE // 100, RATE // 400, RATE // 70
    pitches = []
    for at in range(max(0, len(pcm) - 3 * RATE // 10), len(pcm) - window + 1, step):
        spectrum = np.fft.rfft(pcm[at : at + window] * np.hanning(window), 4 * window)
        like = np.fft.irfft(np.abs(spectrum) ** 2)[:window]
        lag = lowest + int(np.argmax(like[lowest:highest]))
        if like[0] > 0 and like[lag] > 0.3 * like[0]:
            pitches.append(RATE / lag)
    if len(pitches) < 6:
        return None
    half = len(pitches) // 2
    return 12 * math.log2(statistics.median(pitches[:half]) / statistics.median(pitches[half:]))


# What a policy waits for, in s, as a function of the pause

Policy = Callable[[Pause], float]


def fixed() -> Iterator[tuple[dict, Policy]]:
    for silence in SHORT:
        yield {"silence": silence}, lambda _, s=silence: s


def model() -> Iterator[tuple[dict, Policy]]:
    for rule in grid():
        yield named(rule), lambda p, r=rule: needed_silence(r, p.whole)


def words() -> Iterator[tuple[dict, Policy]]:
    yield from either(lambda p: ending(p.text) is Ending.PLAIN)


def stable() -> Iterator[tuple[dict, Policy]]:
    yield from either(lambda p: p.stable)


def pitch() -> Iterator[tuple[dict, Policy]]:
    yield from either(lambda p: p.fall is None or p.fall > 0)


def sound() -> Iterator[tuple[dict, Policy]]:
    for rule in grid():
        yield named(rule), lambda p, r=rule: needed_silence(r, p.sounds or 0.0)


def together() -> Iterator[tuple[dict, Policy]]:
    for rule in grid():
        yield named(rule), lambda p, r=rule: decided(r, p)


def everything() -> Iterator[tuple[dict, Policy]]:
    for rule in grid():
        yield named(rule), lambda p, r=rule: decided(r, p, p.sounds)


def decided(rule: Rules, pause: Pause, sounds: float | None = None) -> float:
    """Return what the assistant waits for; `sounds`: with Smart Turn."""
    return needed_silence(rule, pause.whole, ending(pause.text), sounds)


def either(over: Callable[[Pause], bool]) -> Iterator[tuple[dict, Policy]]:
    for short, long in itertools.product(SHORT, LONG):
        if short < long:
            yield (
                {"min_silence": short, "max_silence": long},
                lambda p, s=short, m=long: s if over(p) else m,
            )


def grid() -> Iterator[Rules]:
    for short, long, whole, opened in itertools.product(SHORT, LONG, WHOLE, OPEN):
        if short < long and opened < whole:
            yield Rules(min_silence=short, max_silence=long, whole=whole, open=opened)


def named(rule: Rules) -> dict:
    return {key: getattr(rule, key) for key in ("min_silence", "max_silence", "whole", "open")}


POLICIES = {
    "fixed": fixed,
    "model": model,
    "words": words,
    "stable": stable,
    "pitch": pitch,
    "sound": sound,
    "together": together,
    "everything": everything,
}
BY_SOUND = ("sound", "everything")

# Figures


def judged(found: Iterable[Pause], policy: Policy) -> dict:
    """Return cuts per pause within speech, and the delay after the last word."""
    found = list(found)
    inside = [p for p in found if p.length is not None and not (p.aloud and p.length >= NEW_TURN_S)]
    cut = sum(p.length >= policy(p) for p in inside)
    delays = sorted(policy(p) for p in found if p.length is None)
    return {
        "cuts": cut,
        "pauses": len(inside),
        "cut_rate": round(cut / max(1, len(inside)), 3),
        "delay_median_s": round(statistics.median(delays), 3),
        "delay_mean_s": round(statistics.mean(delays), 3),
        "delay_p90_s": round(percentile(delays, 0.9), 3),
    }


def halves(found: list[Pause]) -> tuple[list[Pause], list[Pause]]:
    """Return the pauses of every other recording, to choose settings on, and those of the others.

    Alternately within each folder, so that both have the same mixture.
    """
    names = sorted({(p.recording[:5], p.recording) for p in found})
    chosen = {name for _, name in names[::2]}
    return (
        [p for p in found if p.recording in chosen],
        [p for p in found if p.recording not in chosen],
    )


def curve(tuning: list[Pause], reporting: list[Pause], name: str) -> list[dict]:
    """Return the policy's best settings, by the tuning half, with the figures of the other one."""
    rows = [
        {"settings": settings, "tuned": judged(tuning, policy), **judged(reporting, policy)}
        for settings, policy in POLICIES[name]()
    ]
    rows.sort(key=lambda row: (row["tuned"]["delay_median_s"], row["tuned"]["cut_rate"]))
    kept: list[dict] = []
    for row in rows:
        if not kept or row["tuned"]["cut_rate"] < kept[-1]["tuned"]["cut_rate"]:
            kept.append(row)
    return kept


def numbers(rows: list[dict]) -> dict:
    """Return eot-bench's two: cuts where the delay is .3 s, delay where 5 % are cut."""
    quick = [row for row in rows if row["tuned"]["delay_median_s"] <= DELAY_S + 1e-9]
    careful = [row for row in rows if row["tuned"]["cut_rate"] <= CUTS]
    return {
        "cut_rate_at_300_ms": quick[-1]["cut_rate"] if quick else None,
        "delay_at_5_percent_s": careful[0]["delay_median_s"] if careful else None,
        "cut_rate_there": careful[0]["cut_rate"] if careful else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pauses", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--halting", type=Path, required=True)
    parser.add_argument("--smart-turn", type=Path, help="the network's file")
    parser.add_argument("--kept", type=Path, help="where the pauses are kept for the next time")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    config = load()
    if options.kept and options.kept.is_file():
        found = [Pause(**row) for row in json.loads(options.kept.read_text())]
    else:
        found = list(heard(options, config))
    if options.kept:
        options.kept.write_text(json.dumps([asdict(pause) for pause in found]))
    tuning, reporting = halves(found)
    policies = [name for name in POLICIES if name not in BY_SOUND or options.smart_turn]
    curves = {name: curve(tuning, reporting, name) for name in policies}
    set_now = rules(config)
    now = {"settings": named(set_now)}
    people = [p for p in found if not p.recording.startswith(MADE)]
    for name, half in zip(PARTS, (tuning, reporting, found, people), strict=True):
        now[name] = judged(half, lambda p: decided(set_now, p))
        if options.smart_turn:
            now[f"{name}, sound"] = judged(half, lambda p: decided(set_now, p, p.sounds))
    if options.plot:
        draw(options.plot, curves, now["reported"])
    if options.json:
        figures = {name: {**numbers(rows), "curve": rows} for name, rows in curves.items()}
        print(json.dumps({"now": now, "policies": figures}))
        return
    show(curves, now)


def heard(options: argparse.Namespace, config: Config) -> Iterator[Pause]:
    """Yield what counts: all pauses, and the ends of what was said to an assistant."""
    recogniser, judge = ears.make(config), Judge(config)
    listener = SmartTurn(options.smart_turn) if options.smart_turn else None
    for folder, aloud in (
        (options.pauses, True),
        (options.questions, False),
        (options.halting, False),
    ):
        for question in recordings(folder):
            for pause in pauses(
                question.name,
                question.pcm,
                config,
                recogniser,
                judge,
                aloud=aloud,
                listener=listener,
            ):
                if not (aloud and pause.length is None):  # a book goes on
                    yield pause


def show(curves: dict[str, list[dict]], now: dict) -> None:
    print("delay: median, mean, p90 of the silence waited for")
    for name, rows in curves.items():
        two = numbers(rows)
        print(f"\n{name}: " + ", ".join(f"{key} {value}" for key, value in two.items()))
        for row in rows:
            line(f"  {row['tuned']['cut_rate']:6.1%} (tuned)", row, row["settings"])
    print("\nas it is set:")
    for half in sorted(now.keys() - {"settings"}):
        line(f"  {half:16}", now[half], now["settings"])


def line(name: str, row: dict, settings: dict) -> None:
    delays = " ".join(f"{row[f'delay_{key}_s']:.2f}" for key in ("median", "mean", "p90"))
    words = ", ".join(f"{key} {value}" for key, value in settings.items())
    print(f"{name} {row['cut_rate']:6.1%} ({row['cuts']} of {row['pauses']})  {delays} s  {words}")


def draw(path: Path, curves: dict[str, list[dict]], now: dict) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for name, rows in curves.items():
        axes.plot(
            [row["delay_median_s"] for row in rows],
            [100 * row["cut_rate"] for row in rows],
            marker="o",
            markersize=3,
            label=name,
        )
    axes.plot(now["delay_median_s"], 100 * now["cut_rate"], "k*", markersize=12, label="as set")
    axes.set_xlabel("silence before the turn ends, median (s)")
    axes.set_ylabel("pauses within speech taken for the end (%)")
    axes.set_xlim(0, 1.7)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
