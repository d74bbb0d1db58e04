"""Timers, the stopwatch, and putting off what rang."""

import re
from collections.abc import Callable

from assistant.mind.skills import telling
from assistant.mind.skills.alarms import LONGEST_S, MOST, SNOOZE_S, Alarms, Refusal
from assistant.mind.skills.choosing import FORGETFUL, choose, number, several, told
from assistant.mind.skills.skill import Answer, Context, Lacking, Request
from assistant.store import Ring

LISTED = 5
"""So many are told one by one; more cannot be followed by ear."""
REFUSALS = {
    Refusal.ZERO: ("A timer needs at least one second.", "计时器至少要一秒。"),
    Refusal.LONG: (
        "A timer can run for 24 hours at most. For later, ask me for an alarm.",
        "计时器最长二十四小时。更久的话，请设闹钟。",
    ),
    Refusal.MANY: (
        f"There are {MOST} already, and I can keep no more. Cancel one first.",
        f"已经有{MOST}个了，不能再多了。请先取消一个。",
    ),
    Refusal.PAST: ("That time is over already.", "这个时间已经过了。"),
}
_STOP = re.compile(r"\b(?:stop|halt|pause|end)\b|停|结束|暂停")
_RESET = re.compile(r"\b(?:reset|clear|zero)\b|清零|归零|重置|复位")
_READ = re.compile(r"\b(?:how|what|check|read|show|time on)\b|多久|多少|几秒|几分|看")


def refused(reason: Refusal, language: str) -> Answer:
    """Return the sentence that says why something cannot be set."""
    return Answer(REFUSALS[reason][language == "zh"])


def timer_set(request: Request, context: Context) -> Answer | None:
    """Count down `duration_s`, under the name `name`."""
    zh, alarms = request.language == "zh", context.alarms
    seconds = number(request, "duration_s")
    if seconds is None:
        asked = "要计时多久？" if zh else "A timer for how long?"
        return Answer(asked, lacks=Lacking(request, "duration_s"))
    if reason := alarms.refuses("timer", seconds):
        return refused(reason, request.language)
    name = str(request.slots.get("name", ""))
    said = telling.span(seconds, request.language)
    same = [ring for ring in alarms.of("timer") if name and ring.name == name]
    if zh:
        head = f"{name}的计时器" if name else "计时器"
        text = f"{head}，{said}，开始。" + (f"现在有{len(same) + 1}个{head}。" if same else "")
    else:
        head = f"{name[:1].upper()}{name[1:]} timer, " if name else ""
        text = f"{head}{said}, from now."
        text += f" That makes {len(same) + 1} timers of this name." if same else ""

    def act() -> str | None:
        alarms.count_down("timer", seconds, name, request.language)
        return None if alarms.remembers else FORGETFUL[request.language]

    return Answer(text, act)


def timer_status(request: Request, context: Context) -> Answer | None:
    """Tell what is left, of the one that is named or of all."""
    chosen = several(request, context, "timer")
    if isinstance(chosen, Answer):
        return chosen
    zh = request.language == "zh"
    told = [_left(ring, context.alarms, request.language) for ring in chosen[:LISTED]]
    more = len(chosen) - LISTED
    if more > 0:
        told.append(f"另外还有{more}个" if zh else f"and {more} more")
    said = "；".join(told) if zh else "; ".join(told)
    return Answer(f"{said}。" if zh else f"{said[:1].upper()}{said[1:]}.")


def timer_cancel(request: Request, context: Context) -> Answer | None:
    """End the timer that is meant, or all."""
    return cancel(request, context, "timer")


def cancel(request: Request, context: Context, kind: str) -> Answer:
    """Cancel what is meant of a kind."""
    chosen = choose(request, context, kind)
    if isinstance(chosen, Answer):
        return chosen
    zh = request.language == "zh"
    if len(chosen) > 1:
        noun = {"timer": "计时器", "alarm": "闹钟", "reminder": "提醒"}[kind] if zh else f"{kind}s"
        text = f"{len(chosen)}个{noun}都取消了。" if zh else f"All {len(chosen)} {noun} cancelled."
    else:
        alike = [each for each in context.alarms.of(kind) if each.name == chosen[0].name]
        if len(alike) > 1:
            name = told(chosen[0], context, request.language)
        else:
            name = telling.called(chosen[0], request.language)
            name = name if zh else f"the {name}"
        text = f"{name}取消了。" if zh else f"{name[:1].upper()}{name[1:]} is cancelled."
    return Answer(text, lambda: context.alarms.cancel(chosen))


def timer_add(request: Request, context: Context) -> Answer | None:
    """Let a timer run `duration_s` longer."""
    seconds = number(request, "duration_s")
    if seconds is None:
        asked = "加多久？" if request.language == "zh" else "How much longer?"
        return Answer(asked, lacks=Lacking(request, "duration_s"))
    chosen = choose(request, context, "timer", by_length=False)
    if isinstance(chosen, Answer):
        return chosen
    alarms, ring = context.alarms, chosen[0]
    left = max(1.0, alarms.left(ring) + seconds)
    if left > LONGEST_S:
        return refused(Refusal.LONG, request.language)
    name = telling.called(ring, request.language)
    said = telling.span(left, request.language, rough=True)
    text = f"{name}现在还有{said}。" if request.language == "zh" else f"The {name} has {said} now."

    def act() -> None:
        alarms.extend(ring, seconds)

    return Answer(text, act)


def timer_pause(request: Request, context: Context) -> Answer | None:
    """Let a timer stand still."""
    return _switched(request, context, context.alarms.pause, ("is paused", "暂停了"))


def timer_resume(request: Request, context: Context) -> Answer | None:
    """Let a timer go on."""
    return _switched(request, context, context.alarms.resume, ("goes on", "继续了"))


def _switched(
    request: Request, context: Context, change: Callable[[Ring], Ring], done: tuple[str, str]
) -> Answer:
    """Answer that what is meant is so from now on, and make it so."""
    chosen = choose(request, context, "timer")
    if isinstance(chosen, Answer):
        return chosen
    zh = request.language == "zh"
    told = []
    for ring in chosen[:LISTED]:
        name = telling.called(ring, request.language)
        left = telling.span(context.alarms.left(ring), request.language, rough=True)
        told.append(f"{name}{done[1]}，还有{left}" if zh else f"The {name} {done[0]}, {left} left")

    def act() -> None:
        for ring in chosen:
            change(ring)

    return Answer(f"{'；'.join(told)}。" if zh else f"{'; '.join(told)}.", act)


def _left(ring: Ring, alarms: Alarms, language: str) -> str:
    name = telling.called(ring, language)
    left = telling.span(alarms.left(ring), language, rough=True)
    if language == "zh":
        return f"{name}还有{left}" + ("，暂停着" if ring.left is not None else "")
    return f"the {name} has {left} left" + (", paused" if ring.left is not None else "")


def snooze(request: Request, context: Context) -> Answer | None:
    """Let what rang last ring again, in `duration_s` or ten minutes."""
    zh = request.language == "zh"
    seconds = number(request, "duration_s") or SNOOZE_S
    if not context.alarms.snoozable():
        return Answer("刚才什么都没响。" if zh else "Nothing rang lately.")
    if reason := context.alarms.refuses("timer", seconds):
        return refused(reason, request.language)
    said = telling.span(seconds, request.language)

    def act() -> None:
        context.alarms.snooze(seconds)

    return Answer(f"好的，{said}后再响。" if zh else f"All right, again in {said}.", act)


def stopwatch(request: Request, context: Context) -> Answer | None:
    """Start, stop, reset or read the stopwatch, as the words say; else start or read it."""
    watch, zh, text = context.alarms.stopwatch, request.language == "zh", request.text.lower()
    shown = telling.span(watch.elapsed, request.language)
    if _RESET.search(text):
        return Answer("秒表清零了。" if zh else "The stopwatch is at zero.", watch.reset)
    if _STOP.search(text):
        return Answer(f"秒表停在{shown}。" if zh else f"Stopped at {shown}.", watch.halt)
    if watch.runs or _READ.search(text):
        return Answer(f"秒表：{shown}。" if zh else f"The stopwatch says {shown}.")
    return Answer("秒表开始。" if zh else "The stopwatch runs.", watch.start)
