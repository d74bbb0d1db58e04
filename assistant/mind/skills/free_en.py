"""Which English words may be a name, a message or a word to spell."""

import re

from assistant.mind.skills import phrases

MOST_OF_A_NAME, MOST_OF_A_WORD = 4, 4
"""Words; longer ones are sentences."""
_NO_NAME = re.compile(
    r"[\u1200-\u12ff]|\b(?:i|i'm|you|he|she|it|they|we|who|what|when|why|how|that|which|if|is"
    r"|are|was|were|will|won't|can|do|does|did|don't"
    r"|timer|timers|alarm|alarms|clock|set|start|cancel|stop|remind|wake|no|not|said|told|some"
    r"|any|an|another|new|all|every|both|of|to|because|yesterday|please|one|going|running|me"
    r"|us|has|have|never|kitchen timer|egg timers|left|at|for|in|on|works|broken|called"
    r"|named|named|countdown|and then)\b|^(?:fresh|next|first|last|same|usual|nice|little|short"
    r"|long|wrong|early|late|quick|loud|good|best|great|right"
    r"|with|a|the|my|by|from|back|until|this|that)\b"
    r"|\b(?:a|the|my|with|no)$"
)
_NO_MESSAGE = re.compile(
    r"^(?:what|why|how|who|when|where|me|him|her|them|please|of|again|never)\b|^(?:your|my|his"
    r"|her|their) (?:name|age|address|number)$|^(?:to|about|that)$"
    r"|^(?:\w+ )?was\b|^(?:the |today's )?(?:date|time|day)$"
)
_NO_WORD = re.compile(
    r"[\u1200-\u12ff]|\b(?:i|me|you|it|is|this|that|check|checking|bee|checker|contest|was"
    r"|were|of|on|for|your|out|with|who|harry|and then|checkers|are|be|will|has|have|casting"
    r"|magic|about|write)\b|^(?:an?|my|his"
    r"|her|their|our|some|good|how|what|well|better) "
)


def fits(slot: str, words: str) -> bool:
    """Tell whether the clean `words` may be that slot; a span in them is one sign."""
    if slot == "name":
        return len(words.split()) <= MOST_OF_A_NAME and not _NO_NAME.search(words)
    if slot == "message":
        return not _NO_MESSAGE.search(words)
    if slot == "word":
        return len(words.split()) <= MOST_OF_A_WORD and not _NO_WORD.search(words)
    return phrases.known(words) if slot == "phrase" else True
