"""Builds the rooms, wires them, starts and stops them: the only place that knows all engines.

The asyncio loop owns the conversation and its timers. Every other thread talks to it through
`Daemon.post`; it talks to them by commands that return at once.
"""

from assistant.daemon.daemon import Daemon
from assistant.daemon.observers import Note, visible
from assistant.daemon.outside import Outside
from assistant.daemon.settings import rules

__all__ = ["Daemon", "Note", "Outside", "rules", "visible"]
