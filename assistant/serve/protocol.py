"""What may be asked over the control socket; docs/control.md tells the same in words.

One JSON object a line. Every request has a `command` and may say which `protocol` it means; what
else it may hold stands here. A field or a command that is not known is refused rather than
overlooked: who misspells one learns it at once.

The version grows when a request or an answer changes so that an older client would go wrong. New
commands, new fields of requests that may be left out, and new fields of answers change nothing for
it, so the version stays.
"""

from collections.abc import Mapping
from typing import Any

from assistant import __version__
from assistant.errors import BadInput

PROTOCOL = 1

COMMON = ("command", "protocol")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "hello": (),
    "state": (),
    "info": (),
    "watch": ("levels",),
    "wake": (),
    "stop": (),
    "ask": ("text",),
    "say": ("text",),
    "mute": (),
    "unmute": (),
    "settings": (),
    "set": ("volume", "rate", "voice", "language", "persona", "muted"),
    "adapter": ("name",),
    "reload": (),
    "log": (),
    "log_level": ("level",),
    "trace": ("turn",),
    "record": ("next",),
    "figures": (),
    "metrics": (),
    "mqtt": (),
    "chat": (
        "client",
        "messages",
        "max_tokens",
        "temperature",
        "stop",
        "may_leave",
        "known",
        "talk",
    ),
    "talk": (),
    "transcribe": (),
    "speak": ("text", "speed", "rate"),
}
"""Each command with the fields that it may have."""
LONGEST_NAME = 40
"""Characters of a name that is quoted in an answer."""


def check(request: Mapping[str, Any]) -> None:
    """Raise `BadInput` for a protocol, a command or a field that is not known."""
    spoken = request.get("protocol", PROTOCOL)
    if type(spoken) is not int or spoken != PROTOCOL:
        raise BadInput(
            "`protocol` is {spoken}; this assistant speaks {known}.",
            spoken=repr(spoken)[:LONGEST_NAME],
            known=PROTOCOL,
        )
    name = request.get("command")
    if not isinstance(name, str):
        raise BadInput('the request is not like {"command": "wake"}')
    if name not in COMMANDS:
        raise unknown(name)
    fields = (*COMMON, *COMMANDS[name])
    if strange := next((field for field in request if field not in fields), None):
        raise BadInput(
            "the command `{name}` has no field {strange}; it may have: {fields}.",
            name=name,
            strange=repr(strange[:LONGEST_NAME]),
            fields=", ".join(fields),
        )


def unknown(name: str) -> BadInput:
    """Return what is said of a command that is not known, or lacks what it needs."""
    return BadInput(
        "unknown or incomplete command {unknown!r}; known: {known}; `ask` and `say` need a text.",
        unknown=name[:LONGEST_NAME],
        known=", ".join(COMMANDS),
    )


def hello() -> dict[str, Any]:
    """Return who answers here, and what can be asked."""
    return {"protocol": PROTOCOL, "version": __version__, "commands": list(COMMANDS)}
