"""Reads English: what stands in a request, before its sentence is looked for."""

import functools
import re
from collections.abc import Iterator, Sequence

from assistant.mind.skills import (
    decimals,
    frame_en,
    free_en,
    loose_en,
    slips_en,
    sums_en,
    times_en,
    units_en,
    written_en,
)
from assistant.mind.skills.finds import apart, meet, plain, ranges
from assistant.mind.skills.mixed_en import english
from assistant.mind.skills.numbers_en import number_at, numbers
from assistant.mind.skills.places_en import zones
from assistant.mind.skills.reading import Exact, Span
from assistant.mind.skills.skill import Slot
from assistant.mind.skills.written import Written

_LOUDNESS = re.compile(
    r"\b(?:volume|sound|loud\w*|voice|turn|crank|speak|go|percent|loudness|set)\b|%"
)
_DRAWN = re.compile(r"\b(?:number|random|randomly|pick|choose|draw|dice|integer)\b")
_RANGE = re.compile(r" (?:to|and|through|thru|up to|or|till|until) | ?- ?")
DAY_S = 86_400
_UP_TO = re.compile(
    r"\b(?:numbers?|integer|digit|anything|something|value) (?:(?:that's|that is) )?(?:from )?"
    r"(?:up to|under|below|less than|no (?:more|higher|bigger) than|at most|smaller than) "
)
_PERCENT = re.compile(r" ?(?:percent|%)")
_ONE = re.compile(r"(?:\b(?:at|by|volume|till|until|level)|(?<!\w)(?:for|to)) $")
_NOT_NUMBERS = re.compile(
    r" (?:more (?:time|minute)|of|sided|last|sec|(?:fir|thi|four|fif|six|seven|eigh|nin)(?:st|rd"
    r"|th)\b)|'"
)


def clean(source: str) -> Written:
    """Return what was said in its clean form."""
    return frame_en.bare(_moved(corrected(frame_en.bare(english(written_en.clean(source))))))


def whole(source: str) -> Written:
    """Return what was said in its clean form, with what stands around the request."""
    return corrected(english(written_en.clean(source)))


def unpolished(source: str) -> Written:
    """Return `whole` without what is only polite."""
    return frame_en.unpolished(whole(source))


def corrected(written: Written) -> Written:
    """Carry out a correction: "five no ten minutes" is "ten minutes"."""
    for match in frame_en.CORRECTION.finditer(written.text):
        before = [s for s in _corrigible(written.text) if s.end == match.start()]
        after = [s for s in _corrigible(written.text) if match.end() <= s.start <= match.end() + 4]
        if not before or not after:
            continue
        if re.search(r"[^ atforin]", written.text[match.end() : after[0].start]):
            continue
        if set(before[-1].values) & set(after[0].values) or "number" in before[-1].values:
            return written.without(before[-1].start, after[0].start)
        if "number" in after[0].values and "duration" in before[-1].values:
            number = number_at(written.text, before[-1].start)
            if number:  # ten minutes no fifteen
                said = written.part(after[0].start, after[0].end)
                unit = written.part(number.end, before[-1].end)
                return _joined(
                    written.part(0, number.start), said, unit,
                    written.part(after[0].end, len(written.text)),
                )  # fmt: skip
    return written


def _corrigible(text: str) -> list[Span]:
    found = [*_moments(text)]
    found += [
        Span(n.start, n.end, {"number": plain(n.value)} | _as_time(text, n.start, n.end))
        for n in numbers(text)
    ]
    return apart(found)


def _joined(*parts: Written) -> Written:
    text = "".join(part.text for part in parts)
    places = tuple(place for part in parts for place in part.places)
    return Written(text, parts[0].source, places)


def _moved(written: Written) -> Written:
    """Put "in the morning" and the like, where it stands apart, behind the time it tells of."""
    if re.search(r"\bremind", written.text) and re.search(
        r"\bto .*(?:morning|evening|night)", written.text
    ):
        return written
    times = [s for s in _moments(written.text) if "time" in s.values]
    if not times:
        times = [s for s in _bare_numbers(written.text) if "time" in s.values]
    if len(times) != 1 or times_en.period_in(written.text[times[0].start : times[0].end]):
        return written
    period = re.search(r" ?\b(?:in the (?:morning|afternoon|evening)|at night)\b ?", written.text)
    if not period or period.start() == times[0].end:
        return written
    at = times[0].end
    said = Written(
        f" {period[0].strip()}",
        written.source,
        (written.places[period.start()],) * (len(period[0].strip()) + 1),
    )
    gap = " " if period.start() and period.end() < len(written.text) else ""
    if period.start() < at:
        return _joined(
            written.part(0, period.start()), _space(written, period.start(), gap),
            written.part(period.end(), at), said, written.part(at, len(written.text)),
        )  # fmt: skip
    return _joined(
        written.part(0, at), said, written.part(at, period.start()),
        _space(written, period.start(), gap), written.part(period.end(), len(written.text)),
    )  # fmt: skip


def _space(written: Written, place: int, gap: str) -> Written:
    return Written(gap, written.source, (written.places[place],) * len(gap))


def spans(text: str) -> Sequence[Span]:
    """Return what is found in a clean text, from left to right, without overlap."""
    return _spans(text)


def _spans(text: str) -> Sequence[Span]:
    if re.search(r"\b(?:spell|spelt|spelled|spelling|how do (?:you|i) write)\b", text):
        return []
    found = [*_moments(text), *_places(text)]
    if _DRAWN.search(text):
        found = [*ranges(text, numbers, number_at, _RANGE), *_up_to(text), *found]
    taken = apart(found)
    free = [s for s in _bare_numbers(text) if not any(meet(s, other) for other in taken)]
    return list(_days_from_now(text, apart([*taken, *free])))


def exact(text: str) -> Exact | None:
    """Return the calculation or conversion that a whole clean text asks for."""
    return decimals.exact(text, units_en.conversion, sums_en.calculate)


def loose(clean: Written, spans: Sequence[Span]) -> Exact | None:
    """Return what the words of a text ask for that is no sentence; None: nothing for sure."""
    if found := loose_en.read(clean, spans):
        return found
    for said in slips_en.readings(clean):
        said = frame_en.bare(_moved(corrected(frame_en.bare(said))))
        if found := exact(said.text) or loose_en.read(said, _spans(said.text)):
            return found
    return None


def fits(slot: str, words: str) -> bool:
    """Tell whether the clean `words` that a wildcard took may be that slot."""
    return free_en.fits(slot, words)


_DAYS_WANTED = re.compile(
    r"\b(?:alarms?|wak\w+|remind\w*|forget|remember|up|ring|beep|ping|tell me to)\b"
)
"""Elsewhere "today" and "tomorrow" are words of the question."""


def _moments(text: str) -> list[Span]:
    """Return spans, times, days and repetitions, without overlap."""
    times = [Span(t.start, t.end, {"time": t.value}) for t in times_en.clocks(text)]
    lengths = [Span(d.start, d.end, {"duration": d.value}) for d in times_en.durations(text)]
    rest = [Span(r.start, r.end, {"repeat": r.value}) for r in times_en.repeats(text)]
    days = [Span(d.start, d.end, {"day": d.value}) for d in times_en.days(text)]
    if not _DAYS_WANTED.search(text):
        days = [d for d in days if not str(d.values["day"]).startswith(("+", "-1", "-2"))]
    days = [*rest, *(d for d in days if not any(meet(d, r) for r in rest))]
    lengths = [a for a in lengths if not any(meet(a, b) and a.end <= b.end for b in times)]
    lengths = [a for a in lengths if not any(meet(a, b) and a.end < b.end for b in days)]
    times = [b for b in times if not any(meet(a, b) for a in lengths)]
    found = [*lengths]
    for time in times:  # "eight tomorrow evening": 20:00, and a day
        last = min((d.start for d in days if time.start < d.start < time.end <= d.end), default=0)
        end = len(text[:last].rstrip()) if last else time.end
        found.append(Span(time.start, end, time.values))
    named = [d for d in days if not any(meet(d, s) for s in found)]
    return apart([*_shifted(text, found), *named])


_WHICH_DATE = re.compile(
    r"\b(?:what|which|what's)\b.*\b(?:date|day|weekday)\b.*(?: from (?:now|today)| in .* time)$"
    r"|^(?:what|which|what's) (?:\w+ )?(?:date|day|weekday)\b.* in \w+ (?:days|weeks)$"
)
"""There a span of days is the day after it."""


def _days_from_now(text: str, found: list[Span]) -> Iterator[Span]:
    """Yield the spans; of "in two days at nine" the first is a day."""
    timed = any(
        "time" in span.values
        and ("number" not in span.values or text[: span.start].endswith((" at ", " by ")))
        for span in found
    )
    asked = _WHICH_DATE.search(text)
    for span in found:
        seconds = span.values.get("duration")
        if asked and isinstance(seconds, int) and seconds and not seconds % DAY_S:
            yield Span(span.start, span.end, {"day": f"+{seconds // DAY_S}"})
            continue
        if not timed or not isinstance(seconds, int) or not seconds or seconds % DAY_S:
            yield span
            continue
        end = re.compile(r"(?: from now|'?s? time|)").match(text, span.end)
        start = span.start - 3 * f" {text}".endswith(" in ", 0, span.start + 1)
        yield Span(start, end.end() if end else span.end, {"day": f"+{seconds // DAY_S}"})


def _shifted(text: str, found: list[Span]) -> Iterator[Span]:
    """Yield the spans, with a time moved by the part of the day that is said elsewhere."""
    for span in found:
        value = span.values.get("time")
        period = times_en.period_in(text[: span.start] + "|" + text[span.end :])
        if value is None or not period or times_en.period_in(text[span.start : span.end]):
            yield span
            continue
        hour = times_en.shift(int(str(value)[:2]), period[0])
        yield Span(span.start, span.end, {"time": f"{hour:02}{str(value)[2:]}"})


def _as_time(text: str, start: int, end: int) -> dict[str, Slot]:
    time = times_en.bare_hour(text, start, end)
    if time is None:
        return {}
    period = times_en.period_in(text[:start] + "|" + text[end:])
    hour = times_en.shift(int(time[:2]), period[0]) if period else int(time[:2])
    return {"time": f"{hour:02}{time[2:]}"}


def _bare_numbers(text: str) -> list[Span]:
    """Return the numbers of `text`: each may be an hour too; and levels in per cent."""
    found = []
    for number in numbers(text):
        said, value = text[number.start : number.end], plain(number.value)
        percent = _PERCENT.match(text, number.end)
        if percent:
            found.append(Span(number.start, percent.end(), {"percent": value}))
        elif number.value.denominator > 1 and number.value < 1 and _LOUDNESS.search(text):
            found.append(Span(number.start, number.end, {"percent": plain(number.value * 100)}))
        elif said == "one" and not _ONE.search(text[: number.start]):
            continue
        elif not _NOT_NUMBERS.match(text, number.end) and "couple" not in said:
            values: dict[str, Slot] = {"number": value}
            found.append(
                Span(number.start, number.end, values | _as_time(text, number.start, number.end))
            )
    return found


@functools.cache
def _named_places() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, zones()), key=len, reverse=True))
    return re.compile(rf"(?<![a-z'])(?:{names})(?![a-z])")


def _places(text: str) -> Iterator[Span]:
    if re.search(r"\b(?:time|hour|clock|late|day|date)\b|o'clock", text):
        for match in _named_places().finditer(text):
            yield Span(*match.span(), {"place": zones()[match[0]]})


def _up_to(text: str) -> Iterator[Span]:
    """Yield the bounds of what is drawn where only the upper one is told: "up to ten" is `1-10`."""
    for match in _UP_TO.finditer(text):
        high = number_at(text, match.end())
        if high and high.value.denominator == 1:
            yield Span(match.end(), high.end, {"number": f"1-{high.value}"})
