"""Who answers a question before the language model is asked."""

from typing import TYPE_CHECKING

from assistant.events import SayRequested
from assistant.language import leading, spoken

if TYPE_CHECKING:
    from assistant.daemon.daemon import Daemon
    from assistant.mind.known import Source
    from assistant.mind.skills.skills import Skills


def sources(daemon: "Daemon") -> "list[Source]":
    """Return who answers, in the order in which they are asked; once the daemon has its alarms.

    On the model's thread, on which all of them are asked.
    """
    config = daemon.config
    found: list[Source] = []
    skills = _skills(daemon) if config.skills.enabled else None
    if skills:
        found.append(skills)
    if config.who.name(leading(config.language)):
        from assistant.persona.naming import Naming

        found.append(Naming(config.who, spoken(config.language), lambda: daemon.state.held))
    if config.knowledge.enabled:
        from assistant.mind.knowledge.knowledge import Documents

        found.append(Documents(config.state_dir, lambda: daemon.state.held))
    if config.tools.enabled and skills:
        from assistant.mind.tools import tools

        found.append(tools.make(config, skills, lambda: daemon.language))
    if daemon.guard:
        from assistant.mind.guard.guard import Guarded

        found.insert(0, Guarded(daemon.guard, skills.intent if skills else None))
    return found


def _skills(daemon: "Daemon") -> "Skills":
    from assistant.controls import Controls
    from assistant.mind.skills import skills

    assert daemon.alarms
    return skills.make(
        daemon.config,
        Controls(daemon),
        daemon.alarms,
        lambda text: daemon.post(SayRequested(text)),
        last=lambda: daemon.language,
        held=lambda: daemon.state.held,
    )
