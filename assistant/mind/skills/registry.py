"""Which skill answers which intent. A skill's module is imported when it is first asked."""

from importlib import import_module

from assistant.mind.skills.skill import Answer, Context, Request, Skill


def _late(module: str, name: str) -> Skill:
    def skill(request: Request, context: Context) -> Answer | None:
        found: Skill = getattr(import_module(f"assistant.mind.skills.{module}"), name)
        return found(request, context)

    return skill


SKILLS: dict[str, Skill] = {
    "help": _late("about", "help"),
    "language_set": _late("manner", "language_set"),
    "mute": _late("manner", "mute"),
    "random": _late("chance", "random"),
    "rate_down": _late("pace", "rate_down"),
    "rate_up": _late("pace", "rate_up"),
    "repeat": _late("manner", "repeat"),
    "sleep": _late("manner", "sleep"),
    "spell": _late("spelling", "spell"),
    "status": _late("about", "status"),
    "volume_down": _late("loudness", "volume_down"),
    "volume_set": _late("loudness", "volume_set"),
    "volume_up": _late("loudness", "volume_up"),
}
"""By intent."""
