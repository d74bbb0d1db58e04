"""Why the service ended the last time, as systemd saw it; the unit writes it down."""

from pathlib import Path

from assistant.messages import say

FILE = "ended"
LONGEST = 100
"""In bytes; what follows is not read."""


def take(state: Path) -> str | None:
    """Return the sentence for the last end where it was not a proper one, and forget it."""
    path = state / FILE
    try:
        with path.open("rb") as file:
            result = file.read(LONGEST).decode("ascii", "replace").strip()
        path.unlink()
    except OSError:
        return None
    return _sentence(result)


def _sentence(result: str) -> str | None:
    """Return what one of systemd's results means (systemd.exec(5), $SERVICE_RESULT).

    None for those that the assistant's own words explain.
    """
    match result:
        case "oom-kill":
            return say(
                "Last time it was ended by its memory limit: raise MemoryMax= in a drop-in "
                "(docs/install.md), or choose a smaller model."
            )
        case "watchdog":
            return say("Last time it hung, and was ended by its watchdog.")
        case "timeout":
            return say("Last time it did not become ready, or did not end, in time.")
        case "core-dump":
            return say("Last time it crashed.")
        case "signal":
            return say("Last time it was killed from outside.")
    return None
