"""Spans, times of day, days and repetitions, as they are said in English.

Every reader takes a text that `written_en.clean` has made and yields what it finds, in order.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from assistant.mind.skills.finds import Found, Number
from assistant.mind.skills.numbers_en import (
    ONES,
    SMALL,
    TEENS,
    TENS,
    below_hundred,
    number_at,
)

_UNITS = {
    "hour": 3600, "hours": 3600, "hr": 3600, "hrs": 3600, "h": 3600,
    "minute": 60, "minutes": 60, "min": 60, "mins": 60, "m": 60,
    "second": 1, "seconds": 1, "sec": 1, "secs": 1, "s": 1,
    "day": 86400, "days": 86400, "week": 604800, "weeks": 604800,
    "fortnight": 1209600, "fortnights": 1209600,
}  # fmt: skip
_UNIT = re.compile(rf"({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![a-z])")
_NOT_SPANS = re.compile(
    r"'s (?!time)| (?:hand|ago|left|old|early|late|past|to (?:\w+ty )?(?:one|two|three|four|five"
    r"|six|seven|eight|nine|ten|eleven|twelve|\d+)\b)"
)
"""After a unit these make it no span: "ten minutes to six", "five minutes ago"."""
_EXTRA = re.compile(
    " and (?:a |another )?(half|quarter|three quarters)(?! (?:hour|minute))(?![a-z])"
)
_LINK = re.compile(" and | ")
_SMALL_WORDS = "|".join(sorted({*SMALL, *TENS, "oh", "o"}, key=len, reverse=True))
_HOURS = {word: n for word, n in SMALL.items() if n} | {"zero": 0}
_HOUR = rf"(?:(?:{'|'.join(sorted(_HOURS, key=len, reverse=True))})(?![a-z'])|\d{{1,2}}(?!\d))"
_MINUTE = (
    rf"(?:(?:{'|'.join(TENS)})(?: (?:{'|'.join(SMALL)}))?|(?:oh|o|zero) (?:{'|'.join(SMALL)})"
    rf"|{'|'.join(sorted(SMALL, key=len, reverse=True))}|\d\d)(?![a-z'\d])"
)
_NOON = r"(?:noon|midday|mid day)"
_PART = r"(?:morning|afternoon|evening|night)"
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)})"
_PERIOD = (
    rf"(?:am|pm|in the (?:early |late )?(?:morning|afternoon|evening|night)|at night|of an evening"
    rf"|this {_PART}|tonight|tomorrow {_PART}|(?:on |every |each |next |this )?{_WEEKDAY} {_PART}"
    rf"|(?:every|each) {_PART}|sharp)"
)
_AFTER = rf"(?: ?(?P<period>{_PERIOD})(?![a-z']))?"
_TIMES = [
    re.compile(
        rf"(?<![a-z'\d.:])(?:(?P<part>a quarter|quarter|half|{_MINUTE}|\d{{1,2}})(?: minutes?)?"
        rf" (?P<side>past|after|to|till|til|before|of) (?P<hour>{_HOUR}|{_NOON}|midnight))"
        rf"(?: o'?clock)?(?! (?:minutes?|hours?|seconds?|percent)){_AFTER}"
    ),
    re.compile(rf"(?<![a-z'\d.:])half (?P<hour>{_HOUR})(?! ?(?:hours?|minutes?|an?)\b){_AFTER}"),
    re.compile(rf"(?<![a-z'\d.:,])(?P<hour>\d{{1,2}})[:.](?P<minute>\d\d)(?![\d.:]|%){_AFTER}"),
    re.compile(
        rf"(?<![a-z'\d.:])(?:(?:zero|oh|o) )?(?P<hour>{_HOUR}|twenty (?:one|two|three))"
        rf" hundred(?: hours?)(?! and)(?![a-z]){_AFTER}"
    ),
    re.compile(
        rf"(?<![a-z'\d.:])(?P<hour>twenty one|twenty two|twenty three|{_HOUR})"
        rf" (?P<minute>{_MINUTE})"
        rf"(?! ?(?:minutes?|mins?|hours?|seconds?|secs?|percent|%|thousand|hundred|point|days?"
        rf"|weeks?|{'|'.join(SMALL)}|\d)\b){_AFTER}"
    ),
    re.compile(rf"(?<![a-z'\d.:])(?P<hour>{_HOUR})(?: o'?clock| o clock){_AFTER}"),
    re.compile(rf"(?<![a-z'\d.:])(?P<hour>{_HOUR}) ?(?P<period>{_PERIOD})(?![a-z'])"),
    re.compile(
        rf"(?<![a-z'])(?:(?:twelve|12)(?: o'?clock)? )?(?P<named>{_NOON}|midnight)(?![a-z'])"
    ),
]
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december"]  # fmt: skip
_LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_ORDINAL = rf"(?:(?:twenty|thirty) )?(?:{'|'.join(_ORDINALS)})|\d{{1,2}}(?:st|nd|rd|th)?"
_DAY_NUMBER = rf"(?P<number>{_ORDINAL}|(?:twenty |thirty )?(?:{'|'.join(SMALL)})|twenty|thirty)"
_LAST_TWO = (
    rf"(?:(?:{'|'.join(TENS)})(?: (?:{'|'.join(ONES)}))?|{'|'.join(TEENS)}|oh (?:{'|'.join(ONES)}))"
)
_YEAR = (
    rf"(?:(?: (?:in|of|the year))* (?P<year>\d{{4}}|(?:eighteen|nineteen|twenty) {_LAST_TWO}|two"
    rf" thousand"
    rf"(?: (?:and )?(?:{_LAST_TWO}|{'|'.join(ONES)}))?)(?![a-z]))?"
)
_DATES = [
    re.compile(rf"(?:on )?(?:the )?{_DAY_NUMBER}(?: day)?(?: of)? {_MONTH}(?![a-z']){_YEAR}"),
    re.compile(rf"(?:on )?{_MONTH} (?:the )?{_DAY_NUMBER}(?![a-z'\d:]){_YEAR}"),
]
_FEASTS = {
    r"christmas eve": "--12-24", r"boxing day": "--12-26", r"christmas(?: day)?|xmas": "--12-25",
    r"(?<!chinese )(?<!lunar )new year'?s eve": "--12-31",
    r"(?<!chinese )(?<!lunar )(?:the )?new year(?:'?s(?: day)?)?": "--01-01",
    r"hallowe?'?en": "--10-31", r"(?:saint |st )?valentine'?s?(?: day)?": "--02-14",
    r"april fool'?s?'?(?: day)?": "--04-01", r"(?:saint|st) patrick'?s?(?: day)?": "--03-17",
    r"independence day": "--07-04", r"guy fawkes(?: night)?|bonfire night": "--11-05",
    r"labou?r day": "--05-01", r"women'?s day": "--03-08", r"children'?s day": "--06-01",
    r"national day": "--10-01",
    r"(?<!the )good friday": "good-friday", r"easter monday": "easter-monday",
    r"easter(?: sunday)?(?! monday| egg| bunny| island)": "easter",
    r"whit sunday|pentecost": "pentecost", r"thanksgiving(?: day)?": "thanksgiving",
    r"(?:the )?(?:chinese|lunar) new year'?s eve": "lunar-new-year-eve",
    r"(?:the )?(?:chinese|lunar) new year(?:'?s(?: day)?)?(?! eve)|(?:the )?spring festival":
        "lunar-new-year",
    r"(?:the )?lantern festival": "lantern", r"(?:the )?(?:qing ?ming|tomb sweeping)(?: festival"
    r"| day)": "qingming", r"(?:the )?dragon boat festival": "dragon-boat",
    r"(?:the )?(?:mid[- ]autumn|moon) festival": "mid-autumn",
    r"(?:the )?winter solstice": "winter-solstice",
}  # fmt: skip
_OF_A_MONTH = re.compile(
    rf"(?:(?:on|for|by) |(?<=until )|(?<=till )|(?<=before )|(?<=day is ))(?:the"
    rf" )?(?P<number>(?:(?:twenty"
    rf"|thirty) )?(?:{'|'.join(_ORDINALS)})"
    r"|\d{1,2}(?:st|nd|rd|th))(?: of (?:this|the) month| of (?P<next>next month))?(?![a-z'])"
    r"(?! (?:of|floor|day|time|week|one|timer|alarm|step|page|try))"
)
_NAMED_DAYS = [
    (re.compile(r"(?:the )?day before yesterday"), "-2"),
    (re.compile(rf"yesterday(?: {_PART})?(?!'s)"), "-1"),
    (re.compile(r"(?:the )?day after tomorrow"), "+2"),
    (re.compile(rf"tomorrow(?: {_PART})?(?!'s)"), "+1"),
    (re.compile(rf"tonight|today|this {_PART}|later today"), "+0"),
    (re.compile(r"next week"), "+7"),
]
_NAMED_WEEKDAY = re.compile(
    rf"(?:on |next |this |coming |on next |this coming |next week on )?(?P<day>{_WEEKDAY})"
    rf"(?: {_PART})?(?![a-z'])"
)
_REPEATS = [
    (re.compile(rf"(?:every|each) (?:single )?day|daily|(?:every|each) {_PART}"), "daily"),
    (re.compile(r"(?:every|each) (?:week day|weekday|working day|work day|school day)s?"
                r"|on (?:weekdays|week days|working days|school days)|weekdays"
                r"|(?:from )?monday (?:to|through|till|until) friday"), "weekdays"),
    (re.compile(r"(?:(?:every|each|on(?: the)?) )?weekends|(?:every|each) weekend"), "weekends"),
]  # fmt: skip
_WEEKLY = re.compile(
    rf"(?:(?:every|each) {_WEEKDAY}s?|(?:on )?{_WEEKDAY}s)(?:(?:,| and)+ (?:every |on"
    rf" )?{_WEEKDAY}s?)*"
    rf"(?: {_PART})?(?![a-z'])"
)
_MINUTES_MEANT = re.compile(
    r"\b(?:remind|wake|tell|ping|nudge|buzz) (?:me|us)(?: up)? in (?P<number>five|ten|fifteen"
    r"|twenty"
    r"|twenty five|thirty|forty|forty five|5|10|15|20|25|30|40|45)(?= (?:to|that|about|please)\b|$)"
)
"""Who is to be reminded "in ten" waits ten minutes."""


def durations(text: str) -> Iterator[Found]:
    """Yield the spans of `text`, in whole seconds (rounded down)."""
    for match in _MINUTES_MEANT.finditer(text):
        number = number_at(text, match.start("number"))
        if number:
            yield Found(int(number.value) * 60, match.start("number"), number.end)
    at = 0
    while at < len(text):
        found = _duration_at(text, at) if at == 0 or not text[at - 1].isalnum() else None
        if found:
            yield found
        at = found.end if found else at + 1


def _duration_at(text: str, start: int) -> Found | None:
    total, smallest, end = Fraction(0), 10**9, start
    while True:
        link = _LINK.match(text, end) if end > start else None
        part = _part_at(text, link.end() if link else end)
        if part is None or part[1] >= smallest:
            break
        value, smallest, end = part
        total += value
    if end == start or _NOT_SPANS.match(text, end):
        return None
    bare = re.compile(r" (?:and )?(?=[a-z\d])").match(text, end)
    rest = _bare_rest(text, bare.end()) if bare and smallest in (3600, 60) else None
    if rest:  # one hour twenty
        total, end = total + rest.value * (smallest // 60), rest.end
    tail = re.compile("'s? time|s' time| time(?= |$)").match(text, end)
    return Found(int(total), start, tail.end() if tail else end)


def _bare_rest(text: str, start: int) -> Number | None:
    arabic = re.compile(r"\d\d?(?![\d:.]| ?(?:am|pm|percent|%))").match(text, start)
    number = number_at(text, start) if arabic else below_hundred(text, start)
    if number and text[start : number.end] == "one":  # "the ten minute one" is a timer
        return None
    if number is None or not 0 < number.value < 60:
        return None
    ends = re.compile(r"$| (?:for|timer|countdown|called|named|please|from|on|long|alarm)\b")
    return number if ends.match(text, number.end) else None


def _part_at(text: str, at: int) -> tuple[Fraction, int, int] | None:
    """Read one number with its unit: seconds, the unit's seconds, and the end."""
    part = re.compile(
        r"(?P<above>a |one |three )?quarters?(?: of)? an? hour|(?:a )?half(?: of)?(?: an?| a)? "
        r"(?P<unit>hour|minute|second|day|week)(?![a-z])"
    ).match(text, at)
    if part and part["unit"]:
        return Fraction(_UNITS[part["unit"]], 2), _UNITS[part["unit"]] // 2, part.end()
    if part:
        quarters = 3 if part["above"] == "three " else 1
        return Fraction(900 * quarters), 900, part.end()
    article = re.compile(
        r"(?:an?|another|one more) (?=(?:hour|minute|second(?! (?:timer|alarm|countdown|reminder"
        r"|one)\b)"
        r"|day|week|fortnight)(?![a-z])|hours (?:timer|time)\b)"
        r"|(?=(?:hour|minute) and (?:a|three) )"
    ).match(text, at)
    if article:
        value, end = Fraction(1), article.end()
    else:
        number = number_at(text, at)
        if number is None:
            return None
        value, end = number.value, number.end
    unit = _UNIT.match(text, end + (text[end : end + 1] in (" ", "-") and end > at and not article))
    if unit is None:
        return None
    seconds, end = _UNITS[unit[1]], unit.end()
    extra = _EXTRA.match(text, end)
    if extra and seconds > 1:
        share = {"half": "1/2", "quarter": "1/4"}.get(extra[1], "3/4")
        return (value + Fraction(share)) * seconds, seconds // 4, extra.end()
    return value * seconds, seconds, end


def clocks(text: str) -> Iterator[Found]:
    """Yield the times of day of `text`: "HH:MM", 24 h; not bare hours, see `bare_hour`."""
    at = 0
    while True:
        found = [time for pattern in _TIMES for time in _first(pattern, text, at)]
        if not found:
            return
        best = min(found, key=lambda each: (each.start, -each.end))
        yield best
        at = best.end


def _first(pattern: re.Pattern[str], text: str, at: int) -> Iterator[Found]:
    for match in pattern.finditer(text, at):
        found = _time(match)
        if found:
            yield found
            return


def _time(match: re.Match[str]) -> Found | None:
    groups = match.groupdict()
    if groups.get("named"):
        return Found("00:00" if groups["named"] == "midnight" else "12:00", *match.span())
    hour = _hour(groups["hour"])
    if hour is None:
        return None
    minute = 0
    if groups.get("minute"):
        minute = _minute(groups["minute"])
    elif "side" in groups:
        part = groups["part"].removeprefix("a ")
        minute = {"quarter": 15, "half": 30}.get(part) or _minute(part)
        if groups["side"] in ("to", "till", "til", "before", "of"):
            if part == "half":
                return None
            hour, minute = (hour - 1) % 24, 60 - minute
            if groups["hour"] in ("one", "1"):
                hour = 12
    elif match.re is _TIMES[1]:
        if not 0 < hour < 13:
            return None
        minute = 30
    if not 0 <= minute < 60:
        return None
    shifted = shift(hour, groups.get("period") or "")
    return None if shifted is None else Found(f"{shifted:02}:{minute:02}", *match.span())


def shift(hour: int, period: str) -> int | None:
    """Return the hour of 24 that is meant by `hour` with such a word; None: there is none."""
    if hour > 23:
        return None
    if "night" in period:
        deep = "at night" in period or "the night" in period
        if hour == 12:
            return 0
        return hour + 12 if (5 if deep else 1) <= hour < 12 else hour
    if re.search("pm|afternoon|evening", period):
        if hour == 12 and "evening" in period:
            return 0
        return hour + 12 if 1 <= hour < 12 else hour
    if period == "am" and hour == 12:
        return 0
    return hour


def period_in(text: str) -> re.Match[str] | None:
    """Find a word that moves an hour, which stands apart from it."""
    return re.search(rf"(?<![a-z']){_PERIOD}(?![a-z'])", text)


def _hour(said: str) -> int | None:
    if said.isdigit():
        return int(said) if int(said) < 24 else None
    if said in ("noon", "midday", "mid day"):
        return 12
    if said == "midnight":
        return 0
    number = below_hundred(said, 0)
    return int(number.value) if number and number.value < 24 else None


def _minute(said: str) -> int:
    if said.isdigit():
        return int(said)
    number = below_hundred(re.sub("^(?:oh|o|zero) ", "", said), 0)
    return int(number.value) if number else 60


def bare_hour(text: str, start: int, end: int) -> str | None:
    """Return the time that a number alone is where one is wanted: seven, 15, 730, 0645."""
    said = text[start:end]
    if re.fullmatch(r"\d{3,4}", said):
        hour, minute = int(said[:-2]), int(said[-2:])
        return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None
    hundred = re.fullmatch("([a-z ]+) hundred", said)
    found = _hour(hundred[1] if hundred else said)
    return None if found is None else f"{found:02}:00"


def days(text: str) -> Iterator[Found]:
    """Yield the days of `text`, as `reading.KINDS` writes them."""
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if match.start() and text[match.start() - 1].isalnum():
                continue
            dated = _date(match)
            if dated:
                yield Found(dated, *match.span())
    for match in _OF_A_MONTH.finditer(text):
        number = _ordinal(match["number"])
        if number <= 31 and not (match.start() and text[match.start() - 1].isalnum()):
            yield Found(f"{'+1' if match['next'] else ''}---{number:02}", *match.span())
    for feast, date in _FEASTS.items():
        if re.fullmatch(rf"what(?:'s| is) (?:the )?(?:{feast})", text):
            return  # who asks what Halloween is wants no date
        for match in re.finditer(rf"(?<![a-z'])(?:{feast})(?![a-z'])", text):
            yield Found(date, *match.span())
    for pattern, value in _NAMED_DAYS:
        for match in re.finditer(rf"(?<![a-z'])(?:{pattern.pattern})(?![a-z'])", text):
            yield Found(value, *match.span())
    for match in _NAMED_WEEKDAY.finditer(text):
        if match.start() == 0 or not text[match.start() - 1].isalnum():
            yield Found(match["day"][:3], *match.span())


def _date(match: re.Match[str]) -> str | None:
    month = next(i for i, name in enumerate(_MONTHS, 1) if name.startswith(match["month"][:3]))
    number = _ordinal(match["number"])
    if not 1 <= number <= _LONGEST[month - 1]:
        return None
    day = f"{month:02}-{number:02}"
    return f"{_year(match['year'])}-{day}" if match["year"] else f"--{day}"


def _year(said: str) -> int:
    """Return the year that is meant by four digits, "nineteen eighty four", "two thousand five"."""
    if said.isdigit():
        return int(said)
    if said.startswith("two thousand"):
        number = number_at(said)
        return int(number.value) if number else 2000
    century, _, rest = said.partition(" ")
    last = below_hundred(rest.removeprefix("oh "), 0)
    return SMALL.get(century, 20) * 100 + (int(last.value) if last else 0)


def _ordinal(said: str) -> int:
    """Return the number of a day: "twenty first", "3rd", "five"."""
    if said[0].isdigit():
        return int(re.sub(r"\D", "", said))
    tens, _, last = said.rpartition(" ")
    known = _ORDINALS | SMALL | TENS
    return known.get(tens, 0) + known.get(last, 0)


def repeats(text: str) -> Iterator[Found]:
    """Yield the repetitions of `text`: daily, weekdays, weekends or days as in "mon,thu"."""
    for pattern, value in _REPEATS:
        for match in re.finditer(rf"(?<![a-z'])(?:{pattern.pattern})(?![a-z'])", text):
            yield Found(value, *match.span())
    for match in _WEEKLY.finditer(text):
        if match.start() == 0 or not text[match.start() - 1].isalnum():
            named = [day[:3] for day in _WEEKDAYS if day in match[0]]
            yield Found(",".join(named), *match.span())
