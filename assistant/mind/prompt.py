"""What the language model is told before it answers."""

from assistant.config import Config
from assistant.language import of
from assistant.mind.history import History
from assistant.mind.model import Message
from assistant.persona.reading import Persona
from assistant.persona.wording import Way

HELD = {
    "en": "Please reply in English only. English answer:",
    "zh": "请只用中文回答。中文回答：",
}
"""Stands behind a question in another language than the one that is wanted for all answers. With
the prompt of the wanted one before, the small model obeyed it in 13 of 13 answers; in front of the
question, or with the prompt for both languages, in half."""
SWITCHED = {"en": "English answer:", "zh": "中文回答："}
"""Stands below a question in another language than the last answer's. More words than these the
small model gives back where the question is as short as "And of Italy?"."""


def written_prompt(language: str, custom: str = "") -> str:
    """Return `custom`, or the usual one for those who read the answer instead of hearing it."""
    return custom or Persona().prompt(language, "written")


def system_prompt(language: str, custom: str = "") -> str:
    """Return `custom`, or where it is empty the usual one for `language` (`en`, `zh` or `auto`)."""
    return custom or Persona().prompt(language, "spoken")


def own_prompt(config: Config, language: str, way: Way) -> str:
    """Return what the settings, or their persona, tell the model for what it says or writes."""
    return config.llm.system_prompt or config.who.prompt(language, way)


def asked(question: str, held: str) -> str:
    """Return a question for the model, where all is answered in `held`; empty: in its own."""
    if not held or of(question, held) == held:
        return question
    return f"{question} {HELD[held]}"


def switched(question: str, last: str) -> str:
    """Return a question for the model, where each is answered in its own language.

    Behind a `last` answer in the other one the small model stays in that (docs/languages.md).
    """
    own = of(question, "")
    return f"{question}\n{SWITCHED[own]}" if own and last and of(last, own) != own else question


def messages(system: str, history: History, user: str) -> list[Message]:
    """Return the whole prompt: who it is, what was said so far, what is asked now.

    Its beginning stays the same from turn to turn, so that the model need not read it again.
    """
    return [Message("system", system), *history.messages(), Message("user", user)]
