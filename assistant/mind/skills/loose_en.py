"""What English words ask for where they are no sentence of the book.

Each kind of request has words without which it is not meant, and words it may be said with. A text
is taken where the first are there and nothing else is left over; it may have a clause before or
after it that says why. What a word too much might turn into something else is left to the model.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assistant.mind.skills import loose_rings_en, loose_simple_en, loose_sums_en
from assistant.mind.skills.loose_simple_en import POLITE
from assistant.mind.skills.loosely import A_SPAN, Said, said, words
from assistant.mind.skills.reading import Exact, Span
from assistant.mind.skills.written import Written

MOST_BEFORE, MOST_AFTER = 9, 10
"""Words of a clause beside the request; more are a story."""
_READERS: Sequence[Callable[[Said], Exact | None]] = (
    *loose_rings_en.READERS,
    *loose_simple_en.READERS,
)
_BEGINS = re.compile(
    rf" (?=(?:so|and|now) {A_SPAN}|(?:(?:so|and|then|please|now) )*(?:can you|could you|would you"
    rf"|will you|please|what time"
    r"|what's the (?:time|date)|what day|set|start|wake (?:me|us|the|my|our|everyone)"
    r"|remind (?:me|us)|turn|get|have"
    r"|crank|kill|check|speak|talk"
    r"|say (?:it|that)|repeat|cancel|stop|roll|flip|toss|pick|go (?:back )?to sleep|spell"
    r"|how (?:long|much (?:time|longer)|do (?:you|i) spell)|switch|let's|give me|tell me|i need"
    r"|i want|i'd like|put|make|don't let me|do you|be (?:quiet|quieter|louder)|slow|is it"
    r"|go (?:slower|faster)|once more|one more time|you (?:can|may|could)|what can (?:you|i)"
    r"|what (?:kind|sort)|bump|crank|lower|raise|come again|what did you|add|have you"
    r"|do you know|what's the|what is"
    r" the)\b)"
)
"""Where a request may begin, after a clause that says why."""
_CLAUSE = re.compile(
    r"(?:let's|i|i'm|i've|i'll|i'd|we|we're|we've|it|it's|this|that|that's|there|there's|they|they're|he"
    r"|he's|she|she's|you|you're|the|my|our|your|a|an|sorry|no|oh|hang on|hold on|good|okay|thanks"
    r"|is it|thank|nobody|everybody|everyone|someone|somebody|guests|kids|people"
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
    r"\b(?:shouted|cried|yelled|whispered|joked|replied|laughed|said|says|told|asked|asks|if|when"
    r"|why|how|who|whose|him|her|them|never|wanted|wish"
    r"|should|where|used to|tried|yesterday|last|ago|was|did|would|movie|song|book|dream\w*)\b"
)
"""Words of somebody who tells, not of somebody who asks."""
_OPEN = re.compile(
    r"\b(?:(?:i|we|he|she|they) (?:already|also|often|usually|sometimes|even|just|always)"
    r"|[a-z]+'(?:ll|ve|d|m|re|s)|this|these|those|some|every|each|both|no|very|do|does|did|am"
    r"|was|were|has|have|what|how|would|should|to|the|a|an|that|can|could|and"
    r"|or|of|for|is|are|will|won't|don't|doesn't|didn't"
    r"|not|must|my|your|with|in|on|at|but|into|from|just|let|make|who|which"
    r"|i|we|they|he"
    r"|she|you|it(?<!heard it)(?<!is it)|nobody|somebody|everybody|everyone|someone|when|until"
    r"|till|by|as|than|before|after|so|because|cannot|can't"
    r"|couldn't|wouldn't|shouldn't|never|only)$"
)
"""What goes on after these words is not a request of its own."""


_SAFE = frozenset(
    {"timer_set", "timer_status", "timer_cancel", "alarm_set", "reminder_set", "time_now"}
    | {"date_today", "rate_up", "rate_down", "random", "volume_set", "volume_up", "volume_down"}
)
"""What may be said with one unknown word before or after it: a name, an exclamation."""
_UNCOUNTED = words(
    "time_now date_today status help repeat sleep volume_up volume_down rate_up rate_down"
)
"""Of these no number is lacking that a clause beside may tell."""
_COUNTS = words(
    "he she they him her them his said says told asked ask if when why who whose where how"
    " was were did never not don't didn't doesn't won't can't isn't no without nobody"
    " everybody someone somebody everyone people always often what what's which who's where's"
    " how's work works mean means cost costs used useful made invented before after until"
    " whether that because than like is are does has had will would should must let tell call"
    " play watch read write find buy open close i've we've you've they've to at in on of for"
    " and or but from with by the a an my your our be been"
)
"""Words that make another thing of a request."""


def read(clean: Written, spans: Sequence[Span]) -> Exact | None:
    """Return the request that a clean text is by its words; None: none for sure."""
    whole = said(clean, spans)
    for part in (*_parts(whole), *_but_one(whole)):
        for reader in _READERS:
            found = reader(part)
            if found and part.spare and found.intent not in _SAFE:
                continue
            if found and part.aside and found.intent not in _UNCOUNTED:
                continue
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
        before = re.sub(" (?:but|and|so)$", "", whole.text[: begins.start()])
        if _tells_more(before, whole.text[begins.end() :]):
            continue
        if _beside(before, MOST_BEFORE) and _CLAUSE.match(before) and not _OPEN.search(before):
            texts.append(whole.text[begins.end() :])
    yield from (whole.part(text) for text in texts[1:])
    for text in texts:
        for after in _AFTER.finditer(text):
            before = text[: after.start()]
            alone = _beside(text[after.end() :], MOST_AFTER) and not _OPEN.search(before)
            if alone and " " in before:
                aside = _tells_more(text[after.end() :], before)
                yield replace(whole, text=before, aside=aside)


def _but_one(whole: Said) -> Iterator[Said]:
    """Yield the text without its first or last word, where nothing is made of it."""
    said_words = whole.text.split()
    if len(said_words) < 3:
        return
    for word, rest in ((said_words[0], said_words[1:]), (said_words[-1], said_words[:-1])):
        known = (
            word in _COUNTS
            or word in POLITE
            or word in whole.spans
            or word.endswith("ing")
            or "'" in word
        )
        if not known and not _OPEN.search(" ".join(rest)) and _COMPLETE.search(" ".join(rest)):
            yield replace(whole, text=" ".join(rest), spare=True)


_COMPLETE = re.compile(
    rf"\b(?:timers?|alarm|remind|countdown)\b|\bwake (?:me|us)\b.*{A_SPAN}|\b(?:what time is it"
    rf"|the time"
    r"|time is it|what day is it|the date|date is it|what day it is)\b|\b(?:louder|quieter|softer"
    r"|faster"
    r"|slower|quicker|slow down|speed up|too (?:loud|quiet|fast|slow)|volume)\b|\b(?:coin|dice"
    r"|die)\b"
)


def _tells_more(clause: str, request: str) -> bool:
    """Whether the clause has a time or a number, and the request has none."""
    return bool(re.search(A_SPAN, clause)) and not re.search(A_SPAN, request)


def _beside(clause: str, most: int) -> bool:
    return len(clause.split()) <= most and not _STORY.search(clause)
