"""Louder, quieter, as loud as said, and how loud it is."""

from assistant.mind.skills.skill import Answer, Context, Lacking, Request

STEP = 10
"""Per cent of one step: heard clearly, and never a fright."""


def volume_up(request: Request, context: Context) -> Answer | None:
    """Speak louder by the slot `value` per cent, by one step without it."""
    return _by(request, context, +1)


def volume_down(request: Request, context: Context) -> Answer | None:
    """Speak quieter by the slot `value` per cent, by one step without it."""
    return _by(request, context, -1)


def volume_set(request: Request, context: Context) -> Answer | None:
    """Speak as loud as the slot `value` says, 0 to 100; ask for it without the slot."""
    level = _whole(request)
    if level is None:
        chinese = request.language == "zh"
        asked = "要调到百分之多少？" if chinese else "To how many percent?"
        return Answer(asked, lacks=Lacking(request, "value"))
    if level < 0:  # "volume minus ten"
        return _to(request, context, context.device.volume_now() + level)
    return _to(request, context, level)


def volume_status(request: Request, context: Context) -> Answer | None:
    """Say how loud it is."""
    level = context.device.volume_now()
    chinese = request.language == "zh"
    return Answer(f"现在的音量是{level}。" if chinese else f"The volume is {level}.")


def _by(request: Request, context: Context, sign: int) -> Answer | None:
    now = context.device.volume_now()
    step = _whole(request)
    level = now + sign * (STEP if step is None else step)
    if now >= 100 and sign > 0:
        return Answer("已经是最大音量了。" if request.language == "zh" else "That is my loudest.")
    if now <= 0 and sign < 0:
        return Answer("已经是最小音量了。" if request.language == "zh" else "That is my quietest.")
    return _to(request, context, level)


def _to(request: Request, context: Context, level: int) -> Answer:
    level = min(100, max(0, level))

    def act() -> None:
        context.device.volume(level)

    return Answer(f"音量{level}。" if request.language == "zh" else f"Volume {level}.", act)


def _whole(request: Request) -> int | None:
    """Return the slot `value`, None where it is none or no number."""
    try:
        return round(float(str(request.slots.get("value", ""))))
    except (ValueError, OverflowError):
        return None
