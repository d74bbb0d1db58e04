"""Whether what the assistant has said asks for an answer. Pure."""

import re

_QUESTION = re.compile(r"[?？][\s\"'”’」』)）\]】*]*$")
_PARTICLE = re.compile(r"(?:吗|呢)[。.!！~\s]*$")
"""Chinese marks a question by its last word, too; models leave out the question mark at times."""


def asks(reply: str) -> bool:
    """Return whether `reply` ends with a question, in English or Chinese."""
    return bool(_QUESTION.search(reply) or _PARTICLE.search(reply.rstrip()))
