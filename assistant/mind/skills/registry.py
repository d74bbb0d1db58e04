"""Which skill answers which intent. A skill's module is imported when it is first asked."""

from importlib import import_module

from assistant.mind.skills.skill import Answer, Context, Request, Skill


def _late(module: str, name: str) -> Skill:
    def skill(request: Request, context: Context) -> Answer | None:
        found: Skill = getattr(import_module(f"assistant.mind.skills.{module}"), name)
        return found(request, context)

    return skill


SKILLS: dict[str, Skill] = {
    "alarm_cancel": _late("appointments", "alarm_cancel"),
    "alarm_set": _late("appointments", "alarm_set"),
    "alarm_status": _late("appointments", "alarm_status"),
    "arithmetic": _late("sums", "result"),
    "convert": _late("sums", "result"),
    "date_today": _late("clock", "date_today"),
    "help": _late("about", "help"),
    "language_set": _late("manner", "language_set"),
    "mute": _late("manner", "mute"),
    "random": _late("chance", "random"),
    "rate_down": _late("pace", "rate_down"),
    "rate_up": _late("pace", "rate_up"),
    "reminder_cancel": _late("appointments", "reminder_cancel"),
    "reminder_set": _late("appointments", "reminder_set"),
    "reminder_status": _late("appointments", "reminder_status"),
    "repeat": _late("manner", "repeat"),
    "sleep": _late("manner", "sleep"),
    "snooze": _late("countdowns", "snooze"),
    "spell": _late("spelling", "spell"),
    "status": _late("about", "status"),
    "stopwatch": _late("countdowns", "stopwatch"),
    "time_now": _late("clock", "time_now"),
    "timer_add": _late("countdowns", "timer_add"),
    "timer_cancel": _late("countdowns", "timer_cancel"),
    "timer_pause": _late("countdowns", "timer_pause"),
    "timer_resume": _late("countdowns", "timer_resume"),
    "timer_set": _late("countdowns", "timer_set"),
    "timer_status": _late("countdowns", "timer_status"),
    "stop": _late("manner", "stop"),
    "translate": _late("phrases", "translate"),
    "unmute": _late("manner", "unmute"),
    "volume_down": _late("loudness", "volume_down"),
    "volume_set": _late("loudness", "volume_set"),
    "volume_status": _late("loudness", "volume_status"),
    "volume_up": _late("loudness", "volume_up"),
}
"""By intent."""

ALOUD = frozenset(
    (
        "language_set",
        "mute",
        "rate_down",
        "rate_up",
        "repeat",
        "sleep",
        "snooze",
        "stop",
        "unmute",
    )
)
"""What is about the talk aloud; nothing for those who write."""
