"""What became of each scenario, and the table that follows from all of them."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.bench.latency import percentile

HARMLESS = ("backchannel", "cough")
"""Nothing of these may stop a reply."""
STOPPED_S = 2.0
"""A reply that falls silent within so many s of a stop word's end was stopped by it."""
NEAR = 1
"""Words by which the history may differ from what was audible."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario; None: does not apply, or did not happen."""

    kind: str
    """`stop`, `wake`, `interruption`, `backchannel`, `cough`, `aside`, `television`, `pause`,
    `alone` or `stuck`: the scenarios after it were not played."""
    what: str
    who: str
    after_s: float | None = None
    """From the end of a stop or wake word, or else from the start of what is said, until the
    loudspeaker is silent."""
    stopped: bool = False
    """The reply ended before its end."""
    said: str = ""
    """By the assistant, as its mind wrote it."""
    audible: str = ""
    """What another recogniser understood of the loudspeaker."""
    audible_words: int | None = None
    history_words: int | None = None
    lost_words: int = 0
    """Words of a reply that went on which nobody could hear."""
    heard: str | None = None
    """What the assistant understood of what was said to it."""
    errors: int = 0
    """Wrong words in that."""
    words: int = 0
    """Words that were said to it."""
    cut: bool | None = None
    """A request with a pause in it was answered before its end."""
    silence_s: float | None = None
    """From a request's last voiced sample until the turn was over."""
    seconds: float = 0.0
    """Of its own speech, while nobody else spoke."""
    cpu: float | None = None
    """Share of one core that the echo took meanwhile."""


def table(outcomes: Sequence[Outcome]) -> dict[str, float | int | None]:
    """Return the ten figures; None where nothing was measured.

    `self_interruptions`, `self_minutes`: how often its own speech ended its own speech, and how
    much of that there was. `stop_recall`, `stop_p95_s`: share of stop words after which it was
    silent, and the time from the word's end. `barge_in_median_s`: from the first sound of a
    sentence that is said over the reply until silence. `false_stop_rate`: share of coughs and
    backchannels that ended the reply. `cut_rate`, `added_silence_s`: share of requests with a
    pause that were cut in two, and the median silence after whole ones before it is its turn.
    `history_exact_rate`: share of interruptions after which the history ends within `NEAR` words
    of what was audible. `echo_cpu`: share of one core that the canceller takes while it speaks.
    """
    of = {kind: [each for each in outcomes if each.kind == kind] for kind in _kinds(outcomes)}
    stops, alone = of.get("stop", []), of.get("alone", [])
    harmless = [each for kind in HARMLESS for each in of.get(kind, [])]
    pauses, spoken_over = of.get("pause", []), of.get("interruption", [])
    known = [each for each in outcomes if each.history_words is not None]
    exact = [
        abs(each.history_words - each.audible_words) <= NEAR
        for each in known
        if each.history_words is not None and each.audible_words is not None
    ]
    return {
        "self_interruptions": sum(each.stopped for each in alone),
        "self_minutes": round(sum(each.seconds for each in alone) / 60, 2),
        "stop_recall": _share([each.stopped for each in stops]),
        "stop_p95_s": _p95([each.after_s for each in stops if each.stopped]),
        "barge_in_median_s": _median([each.after_s for each in spoken_over if each.stopped]),
        "false_stop_rate": _share([each.stopped for each in harmless]),
        "cut_rate": _share([each.cut for each in pauses if each.cut is not None]),
        "added_silence_s": _median([each.silence_s for each in pauses if not each.cut]),
        "history_exact_rate": _share(exact),
        "echo_cpu": _median([each.cpu for each in alone]),
    }


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """Return for each kind how many there were, how many stopped it, words lost and word errors."""
    result = {}
    for kind in _kinds(outcomes):
        rows = [each for each in outcomes if each.kind == kind]
        words = sum(each.words for each in rows)
        result[kind] = {
            "count": len(rows),
            "stopped": sum(each.stopped for each in rows),
            "lost_words": sum(each.lost_words for each in rows),
            "wer": round(sum(each.errors for each in rows) / words, 3) if words else None,
        }
    return result


def _kinds(outcomes: Sequence[Outcome]) -> list[str]:
    return list(dict.fromkeys(each.kind for each in outcomes))


def _share(rows: Sequence[bool | None]) -> float | None:
    return round(sum(map(bool, rows)) / len(rows), 3) if rows else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 3) if known else None


def _p95(values: Sequence[float | None]) -> float | None:
    known = sorted(value for value in values if value is not None)
    return round(percentile(known, 0.95), 3) if known else None
