"""Faster, slower."""

from assistant.mind.skills.skill import Answer, Context, Request

FASTER, SLOWER = 1.2, 1 / 1.2
"""One step there and one back is where one was."""


def rate_up(request: Request, context: Context) -> Answer | None:
    """Speak faster from the next answer on."""
    chinese = request.language == "zh"
    return _rate(context, FASTER, "好，我说快一点。" if chinese else "I'll speak faster.")


def rate_down(request: Request, context: Context) -> Answer | None:
    """Speak slower from the next answer on."""
    chinese = request.language == "zh"
    return _rate(context, SLOWER, "好，我说慢一点。" if chinese else "I'll speak more slowly.")


def _rate(context: Context, factor: float, text: str) -> Answer:
    def act() -> None:
        context.device.rate(factor)

    return Answer(text, act)
