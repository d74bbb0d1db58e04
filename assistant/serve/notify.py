"""What systemd is told about the daemon; outside systemd nothing happens.

The protocol is sd_notify(3): a datagram of ``KEY=value`` lines to the socket in ``$NOTIFY_SOCKET``.
"""

import os

import sdnotify

START_S = 120.0
"""The unit's TimeoutStartSec, in s."""


class Notifier:
    """Speaks to the service manager that started this process, if one did."""

    def __init__(self) -> None:
        self._manager = sdnotify.SystemdNotifier()

    @property
    def present(self) -> bool:
        """Whether a service manager started this process, and starts it again."""
        return "NOTIFY_SOCKET" in os.environ

    def ready(self, status: str = "") -> None:
        """Tell that start-up is over; `systemctl start` returns only now."""
        self._tell("READY=1", *_status(status))

    def status(self, text: str) -> None:
        """Set the line that `systemctl status` shows."""
        self._tell(*_status(text))

    def starts_later(self, by_s: float) -> None:
        """Tell that the start takes longer by `by_s` s, which begin now."""
        self._tell(f"EXTEND_TIMEOUT_USEC={int((by_s + START_S) * 1e6)}")

    def stopping(self) -> None:
        """Tell that the daemon has begun to stop."""
        self._tell("STOPPING=1")

    def watchdog(self) -> None:
        """Tell that the daemon is alive; due more often than `watchdog_interval`."""
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if lines:
            self._manager.notify("\n".join(lines))


def watchdog_interval() -> float | None:
    """Return how often `Notifier.watchdog` is due, in s, or None where nobody waits for it.

    Half of ``$WATCHDOG_USEC``, as sd_watchdog_enabled(3) advises; the variable counts only for the
    process that ``$WATCHDOG_PID`` names.
    """
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        limit = int(os.environ.get("WATCHDOG_USEC", "0"))
    except ValueError:
        return None
    return limit / 2e6 if limit > 0 else None


def _status(text: str) -> list[str]:
    """Return the STATUS line; a line break would begin another key."""
    line = " ".join(text.split())
    return [f"STATUS={line}"] if line else []
