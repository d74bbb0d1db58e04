"""Which of the settings can change while it runs, and what the settings are then.

What only the decider, the log or the web page's process goes by can change at any moment. What an
engine, a device or a server was made with cannot: that engine would have to be loaded anew, and
with it goes the conversation.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from assistant.config import Config, Section, keys

log = logging.getLogger(__name__)

LIVE = (
    "turn.min_silence",
    "turn.max_silence",
    "turn.whole",
    "turn.open",
    "turn.early",
    "turn.grace",
    "turn.no_speech",
    "turn.follow_up",
    "turn.question_follow_up",
    "turn.addressed",
    "turn.max_speech",
    "turn.min_speech",
    "turn.min_level",
    "turn.stop_words",
    "barge_in.enabled",
    "barge_in.hold",
    "barge_in.wait",
    "barge_in.beside",
    "ahead.enabled",
    "ahead.per_turn",
    "ahead.per_minute",
    "llm.timeout",
    "wake.earcon",
    "wake.key",
    "speech.volume",
    "speech.rate",
    "speech.filler_after",
    "remote.tone",
    "log.level",
    "log.transcripts",
)
"""Keys that hold from the next moment on."""
WEB = "web."
"""With these keys the web page's process is started again, and nothing else."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for a file that has changed."""

    live: tuple[str, ...]
    """Keys whose new values can be taken now."""
    restart: tuple[str, ...]
    """Keys whose old values hold until it is started again."""

    @property
    def web(self) -> bool:
        """Whether the web page's process must be started again."""
        return any(key.startswith(WEB) for key in self.live)


def plan(before: Config, after: Config) -> Plan:
    """Return what a change of the settings asks for."""
    changed = [key for key, field in keys() if not isinstance(field, type)]
    changed = [key for key in changed if _value(before, key) != _value(after, key)]
    live = tuple(key for key in changed if key in LIVE or key.startswith(WEB))
    return Plan(live, tuple(key for key in changed if key not in live))


def tell(done: Plan) -> None:
    """Write to the log what a reload has done that nobody waited for."""
    log.info("the settings are read anew; changed: %s", ", ".join(done.live) or "nothing")
    if done.restart:
        log.warning("these settings hold only after a new start: %s", ", ".join(done.restart))


def adopted(config: Config, other: Config, names: Iterable[str]) -> Config:
    """Return `config` with the values that `other` has under these keys, all of them in tables.

    Whether the owner has set them, or a profile or persona has, comes along with them.
    """
    tables: dict[str, list[str]] = {}
    for name in names:
        table, _, key = name.partition(".")
        tables.setdefault(table, []).append(key)
    copy = config.model_copy(
        update={
            table: _section(getattr(config, table), getattr(other, table), chosen)
            for table, chosen in tables.items()
        }
    )
    own = config.model_fields_set | (other.model_fields_set & tables.keys())
    copy.model_fields_set.intersection_update(own)
    return copy


def _section(section: Section, other: Section, chosen: list[str]) -> Section:
    copy = section.model_copy(update={key: getattr(other, key) for key in chosen})
    copy.model_fields_set.difference_update(set(chosen) - other.model_fields_set)
    return copy


def _value(config: Config, key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = getattr(value, part)
    return value
