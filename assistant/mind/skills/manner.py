"""What is said about the talk itself: again, be silent, be deaf, sleep, the other language."""

from assistant.mind.skills.pace import SLOWER
from assistant.mind.skills.skill import Answer, Context, Request

_NOTHING_YET = {"en": "I haven't said anything yet.", "zh": "我还没说过话。"}
_MUTED = {
    "en": "The microphone is off until you switch it on by hand.",
    "zh": "麦克风关了，要用手动打开。",
}
_HEARING = {"en": "The microphone is on.", "zh": "麦克风开着。"}
HEARD = 50
"""Per cent: how loud it speaks again that was silent."""
_LOUD = {"en": f" Volume {HEARD}.", "zh": f"音量{HEARD}。"}
_STOPPED = {"en": "Okay.", "zh": "好的。"}
_SLEEPING = {"en": "Okay. Wake me when you need me.", "zh": "好的，需要时叫我。"}
_FROM_NOW = {
    ("en", "en"): "I'll speak English.",
    ("en", "zh"): "I'll speak Chinese.",
    ("zh", "en"): "好，我说英语。",
    ("zh", "zh"): "好，我说中文。",
}


def repeat(request: Request, context: Context) -> Answer | None:
    """Say the last answer again; with the slot `slower` slower, and so from then on."""
    said = context.device.last_answer() or _NOTHING_YET[request.language]
    if not request.slots.get("slower"):
        return Answer(said)

    def act() -> str:
        context.device.rate(SLOWER)
        return said

    return Answer(act=act)


def stop(request: Request, _: Context) -> Answer | None:
    """Say no more than that: what was said has ended the answer and the ringing already."""
    return Answer(_STOPPED[request.language])


def mute(request: Request, context: Context) -> Answer | None:
    """Hear nothing any more."""

    def act() -> None:
        context.device.mute(True)

    return Answer(_MUTED[request.language], act)


def unmute(request: Request, context: Context) -> Answer | None:
    """Hear again, and be heard where the volume was 0."""
    silent = context.device.volume_now() == 0

    def act() -> None:
        context.device.mute(False)
        if silent:
            context.device.volume(HEARD)

    said = _HEARING[request.language]
    return Answer(f"{said}{_LOUD[request.language]}" if silent else said, act)


def sleep(request: Request, context: Context) -> Answer | None:
    """Listen for the wake word only."""
    return Answer(_SLEEPING[request.language], context.device.sleep)


def language_set(request: Request, context: Context) -> Answer | None:
    """Go on in the language of the slot `language`; says so only once it is known to work."""
    wanted = str(request.slots.get("language", ""))
    said = _FROM_NOW.get((request.language, wanted))
    if said is None:
        return None

    def act() -> str:
        context.device.language(wanted)
        return said

    return Answer(act=act)
