"""What English words ask for where they are no sentence of the book.

Each kind of request has words without which it is not meant, and words it may be said with. A text
is taken where the first are there and nothing else is left over; it may have a clause before or
after it that says why. What a word too much might turn into something else is left to the model.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from assistant.mind.skills import loose_rings_en, loose_simple_en, loose_sums_en
from assistant.mind.skills.loosely import Said, said
from assistant.mind.skills.reading import Exact, Span
from assistant.mind.skills.written import Written

MOST_BEFORE, MOST_AFTER = 9, 10
"""Words of a clause beside the request; more are a story."""
_READERS: Sequence[Callable[[Said], Exact | None]] = (
    *loose_rings_en.READERS,
    *loose_simple_en.READERS,
)
_BEGINS = re.compile(
    r" (?=(?:(?:so|and|then|please|now) )*(?:can you|could you|would you|will you|please|what time"
    r"|what's the (?:time|date)|what day|set|start|wake (?:me|us)|remind (?:me|us)|turn|get|have"
    r"|crank|kill|check|speak|talk"
    r"|say (?:it|that)|repeat|cancel|stop|roll|flip|toss|pick|go (?:back )?to sleep|spell"
    r"|how (?:long|much (?:time|longer)|do (?:you|i) spell)|switch|let's|give me|tell me|i need"
    r"|i want|i'd like|put|make|don't let me|do you|be (?:quiet|quieter|louder)|slow|is it"
    r"|louder|quieter|slower|faster|bump|crank|lower|raise|come again|what did you|add)\b)"
)
"""Where a request may begin, after a clause that says why."""
_CLAUSE = re.compile(
    r"(?:i|i'm|i've|i'll|i'd|we|we're|we've|it|it's|this|that|that's|there|there's|they|they're|he"
    r"|he's|she|she's|you|you're|the|my|our|your|a|an|sorry|no|oh|hang on|hold on|good|okay|thanks"
    r"|thank|nobody|everybody|everyone|someone|somebody|guests|kids|people"
    r"|(?!wh|how)[a-z]+ (?:is|are|has|starts|start|begins|needs|can't|won't|isn't|keeps))\b"
)
_SUBJECT = (
    r"(?:i|we|he|she|they|it|this|that|there|you|everyone|everybody|nobody|someone|somebody|people"
    r"|(?:the|my|our|his|her|these|those|some|mr|mrs) [a-z]+(?: (?!i\b|we\b|you\b|they\b)[a-z]+)?"
    r"|[a-z]+)"
)
_VERB = (
    r"(?:(?:'s|'re|'m|'ve|'ll|'d)\b| (?:is|are|am|was|has|have|can|can't|cannot|could|couldn't|will"
    r"|won't|need|needs|want|wants|got|don't|doesn't|didn't|isn't|aren't|just|keep|keeps|hate"
    r"|think|forgot|lost|must|may|might|gotta|feel|live|work|like|love)\b)"
)
_AFTER = re.compile(
    rf" (?=(?:because|cause|since|so that|before|otherwise|or else|while)\b|as {_SUBJECT}{_VERB}"
    rf"|(?:so )?{_SUBJECT}{_VERB}|so (?:that )?[a-z]+(?: [a-z]+)? (?:can|could|will|may|don't)\b"
    r"|i (?:\w+)\b)"
)
_STORY = re.compile(
    r"\b(?:said|says|told|asked|asks|if|when|why|how|who|whose|him|her|them|never|wanted|wish"
    r"|should|where|used to|tried|yesterday|last|ago|was|did|would|movie|song|book|dream\w*)\b"
)
"""Words of somebody who tells, not of somebody who asks."""
_OPEN = re.compile(
    r"\b(?:do|does|did|am|was|were|has|have|what|how|would|should|to|the|a|an|that|can|could|and|or|of|for|is|are|will|won't|don't|doesn't|didn't"
    r"|not|must|my|your|with|in|on|at|but|into|from|just|always|let|make|who|which|already|also"
    r"|often|usually|sometimes|even|i|we|they|he"
    r"|she|you|it(?<!heard it)|when|until|till|by|as|than|before|after|so|because|cannot|can't"
    r"|couldn't|wouldn't|shouldn't|never|only)$"
)
"""What goes on after these words is not a request of its own."""


def read(clean: Written, spans: Sequence[Span]) -> Exact | None:
    """Return the request that a clean text is by its words; None: none for sure."""
    whole = said(clean, spans)
    for part in _parts(whole):
        for reader in _READERS:
            found = reader(part)
            if found and (
                part is whole or found.intent != "stop" or whole.text.endswith(part.text)
            ):
                return found
    return loose_sums_en.read(clean.text) or loose_simple_en.bare(clean, clean.source.lower())


def _parts(whole: Said) -> Iterator[Said]:
    """Yield the text, and what is left of it without the clauses beside the request."""
    yield whole
    texts = [whole.text]
    for begins in _BEGINS.finditer(whole.text):
        before = whole.text[: begins.start()]
        if _beside(before, MOST_BEFORE) and _CLAUSE.match(before) and not _OPEN.search(before):
            texts.append(whole.text[begins.end() :])
    yield from (whole.part(text) for text in texts[1:])
    for text in texts:
        for after in _AFTER.finditer(text):
            before = text[: after.start()]
            alone = _beside(text[after.end() :], MOST_AFTER) and not _OPEN.search(before)
            if alone and " " in before:
                yield whole.part(before)


def _beside(clause: str, most: int) -> bool:
    return len(clause.split()) <= most and not _STORY.search(clause)
