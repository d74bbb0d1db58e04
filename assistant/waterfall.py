"""A turn's timeline for people (bars in a terminal) and for trace viewers (Chrome's JSON format).

The format: "Trace Event Format" of the Chromium project, which Perfetto reads too. Times there are
microseconds; zero is the first mark of the first turn.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from assistant.trace import AUDIBLE, SPEECH_END, Mark, Timeline

PROCESS = 1


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time."""

    name: str
    room: str
    start: float
    """`time.monotonic` s."""
    end: float
    """`time.monotonic` s."""
    data: dict[str, Any]


SPANS = (
    # name, room, first stage, stage that ends it
    ("speech", "ears", "speech_start", SPEECH_END),
    ("silence noticed", "ears", SPEECH_END, "vad_end"),
    ("text settled", "ears", "vad_end", "settled"),
    ("question read", "mind", "think", "judged"),
    ("first token", "mind", "think", "first_token"),
    ("first clause", "mind", "first_token", "first_clause"),
    ("first sound", "mouth", "first_clause", "first_sound_made"),
    ("end decided", "decider", SPEECH_END, "turn_end"),
    ("final text", "ears", "turn_end", "heard"),
    ("until audible", "mouth", "heard", AUDIBLE),
    ("speaking", "mouth", AUDIBLE, "speaking_end"),
)


def spans(timeline: Timeline) -> Iterator[Span]:
    """Yield what took time in the take that was heard, in `SPANS`' order, and each reading along.

    Where a stage came several times, the last one before the end counts.
    """
    for name, room, first, last in SPANS:
        end = timeline.first(last) if last == AUDIBLE else timeline.last(last)
        starts = [m.at for m in timeline.heard() if m.stage == first and end and m.at <= end]
        if end is not None and starts:
            yield Span(name, room, starts[-1], end, timeline.data(last))
    for mark in timeline.heard():
        if mark.stage == "prepared":
            yield Span("read along", "mind", mark.at - mark.data["took_s"], mark.at, mark.data)


def voice_to_voice(timeline: Timeline) -> float | None:
    """Return the s from the last voiced moment of the question to the first audible one."""
    return timeline.between(SPEECH_END, AUDIBLE)


def draw(timeline: Timeline, width: int) -> list[str]:
    """Return the waterfall as lines of at most `width` columns; ms count from the end of speech."""
    shown = [span for span in spans(timeline) if span.name not in ("speaking", "read along")]
    if not shown:
        return [f"turn {timeline.turn}: nothing is known of it"]
    zero = timeline.last(SPEECH_END)
    zero = min(span.start for span in shown) if zero is None else zero
    # Most of the speech itself is not interesting: the picture begins a little before its end.
    first = max(min(span.start for span in shown), zero - 0.2)
    last = max(span.end for span in shown)
    room = max(8, width - 36)
    lines = [_headline(timeline)[:width]]
    for span in shown:
        start, end = (
            (max(at, first) - first) / (last - first or 1) for at in (span.start, span.end)
        )
        left = min(int(start * room), room - 1)
        bar = " " * left + "█" * max(1, round(end * room) - left)
        offset, length = (1000 * s for s in (span.start - zero, span.end - span.start))
        lines.append(f"{span.name:16} {offset:+6.0f} {length:6.0f} ms  {bar}"[:width].rstrip())
    return lines + [line[:width] for line in _footer(timeline)]


def _headline(timeline: Timeline) -> str:
    answered = voice_to_voice(timeline)
    heard = timeline.data("heard").get("text", "")
    if answered is not None:
        after = f"answered after {answered:.2f} s"
    else:  # a question that was typed has no end of speech to count from
        after = "no answer" if timeline.first(AUDIBLE) is None else "answered"
    return f"turn {timeline.turn}: {after}" + (f": {heard}" if heard else "")


def _footer(timeline: Timeline) -> Iterator[str]:
    if tokens := timeline.data("first_token"):
        yield f"tokens read before: {tokens['cached_tokens']} of {tokens['prompt_tokens']}"
    if (whole := timeline.data("judged").get("complete")) is not None:
        kind = "kept" if timeline.last("released") else "not begun ahead"
        yield f"whole request: {whole:.2f}; secret answer: {kind}"
    for mark in timeline.marks:
        if mark.stage == "dropped":
            yield f"secret answer dropped: {mark.data['why']}"


def as_json(timeline: Timeline) -> dict[str, Any]:
    """Return a timeline as plain data; `at_s` counts from the end of speech, or the first mark."""
    zero = timeline.last(SPEECH_END)
    if zero is None:
        zero = timeline.marks[0].at if timeline.marks else 0.0
    answered = voice_to_voice(timeline)
    return {
        "turn": timeline.turn,
        "take": timeline.take,
        "voice_to_voice_s": None if answered is None else round(answered, 4),
        "origin_s": zero,
        "marks": [
            {"stage": m.stage, "at_s": round(m.at - zero, 4), **m.data} for m in timeline.marks
        ],
    }


def from_json(data: dict[str, Any]) -> Timeline:
    """Return the timeline that `as_json` wrote down."""
    timeline = Timeline(data["turn"], take=data["take"])
    for row in data["marks"]:
        rest = {key: value for key, value in row.items() if key not in ("stage", "at_s")}
        timeline.marks.append(Mark(row["stage"], data["origin_s"] + row["at_s"], rest))
    return timeline


def chrome(timelines: Iterable[Timeline]) -> dict[str, Any]:
    """Return turns as a Chrome trace: a track for each room, marks as instants."""
    known = [timeline for timeline in timelines if timeline.marks]
    zero = min((mark.at for timeline in known for mark in timeline.marks), default=0.0)
    rooms = ["decider", "ears", "mind", "mouth"]
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "thread_name", "pid": PROCESS, "tid": number, "args": {"name": room}}
        for number, room in enumerate(rooms)
    ]

    def microseconds(at: float) -> float:
        return round((at - zero) * 1e6, 1)

    for timeline in known:
        for span in spans(timeline):
            events.append(
                {
                    "ph": "X",
                    "name": span.name,
                    "cat": f"turn {timeline.turn}",
                    "pid": PROCESS,
                    "tid": rooms.index(span.room),
                    "ts": microseconds(span.start),
                    "dur": round((span.end - span.start) * 1e6, 1),
                    "args": span.data,
                }
            )
        for mark in timeline.marks:
            events.append(
                {
                    "ph": "i",
                    "s": "p",
                    "name": mark.stage,
                    "cat": f"turn {timeline.turn}",
                    "pid": PROCESS,
                    "tid": 0,
                    "ts": microseconds(mark.at),
                    "args": mark.data,
                }
            )
    return {"displayTimeUnit": "ms", "traceEvents": events}
