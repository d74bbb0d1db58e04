"""A coin, a die, a whole number."""

import re

from assistant.mind.skills.skill import Answer, Context, Request
from assistant.mind.skills.telling import listed

_SIDES = {"en": ("Heads.", "Tails."), "zh": ("正面。", "反面。")}
_COUNTS = {
    **dict(zip(["two", "three", "four", "five", "six"], range(2, 7), strict=True)),
    "couple": 2, "pair": 2, **dict(zip("两三四五六", range(2, 7), strict=True)), "俩": 2,
}  # fmt: skip
_DICE = re.compile(
    rf"(?P<count>\d{{1,2}}|{'|'.join(_COUNTS)})(?: of|[个颗枚粒只])? ?(?:[a-z-]+ ){{0,2}}"
    r"(?:dice|die|d6|骰子|色子)"
)
MOST_TOLD = 6
"""Dice that are told one by one; of more only the sum."""
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
        return Answer(_thrown(_how_many(request.text), context, chinese))
    bounds = _RANGE.fullmatch(value)
    if bounds is None:
        return None
    low, high = sorted((int(bounds[1]), int(bounds[2])))
    drawn = context.chance.randint(low, high)
    return Answer(f"{drawn}。" if chinese else f"{drawn}.")


def _how_many(text: str) -> int:
    """Return how many dice are meant; one where no number stands before them."""
    if not (match := _DICE.search(text.lower())):
        return 1
    said = match["count"]
    return int(said) if said.isdigit() else _COUNTS[said]


def _thrown(dice: int, context: Context, chinese: bool) -> str:
    eyes = [context.chance.randint(1, 6) for _ in range(max(1, dice))]
    if len(eyes) == 1:
        return f"{eyes[0]}点。" if chinese else f"A {eyes[0]}."
    if len(eyes) > MOST_TOLD:
        return f"一共{sum(eyes)}点。" if chinese else f"{sum(eyes)} in all."
    told = listed([str(each) for each in eyes], "zh" if chinese else "en")
    return f"{told}，一共{sum(eyes)}点。" if chinese else f"{told}: {sum(eyes)} in all."
