"""The results of calculations and conversions, which the reader has found already."""

from assistant.mind.skills.skill import Answer, Context, Request

_UNDEFINED = {
    "en": "That has no result that I could say.",
    "zh": "这个没有我能说出来的结果。",
}
_DEGREES = {"c": "degrees Celsius", "f": "degrees Fahrenheit"}
"""One letter is not understood when it is heard."""


def result(request: Request, _: Context) -> Answer | None:
    """Say the slots `value` and `unit`; without a value it is undefined, or endless."""
    value = str(request.slots.get("value", ""))
    if not value:
        return Answer(_UNDEFINED[request.language])
    unit = str(request.slots.get("unit", ""))
    if request.language == "zh":
        return Answer(f"等于{value}{unit}。")
    unit = _DEGREES.get(unit, unit)
    return Answer(f"That's {grouped(value)} {unit}." if unit else f"That's {grouped(value)}.")


def grouped(value: str) -> str:
    """Return a decimal number with a comma between thousands, as it is written in English."""
    sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}" if whole.isdigit() else value
