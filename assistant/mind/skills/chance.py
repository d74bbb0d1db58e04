"""A coin, a die, a whole number."""

import re

from assistant.mind.skills.skill import Answer, Context, Request

_SIDES = {"en": ("Heads.", "Tails."), "zh": ("正面。", "反面。")}
_RANGE = re.compile(r"(-?\d{1,15})-(-?\d{1,15})")
_ANY = "1-100"
"""What a number without bounds is drawn from."""


def random(request: Request, context: Context) -> Answer | None:
    """Draw what the slot `value` names: `coin`, `dice`, or `LOW-HIGH`; without it a number."""
    value = str(request.slots.get("value", _ANY))
    chinese = request.language == "zh"
    if value == "coin":
        return Answer(context.chance.choice(_SIDES[request.language]))
    if value == "dice":
        eyes = context.chance.randint(1, 6)
        return Answer(f"{eyes}点。" if chinese else f"A {eyes}.")
    bounds = _RANGE.fullmatch(value)
    if bounds is None:
        return None
    low, high = sorted((int(bounds[1]), int(bounds[2])))
    drawn = context.chance.randint(low, high)
    return Answer(f"{drawn}。" if chinese else f"{drawn}.")
