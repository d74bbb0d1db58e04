"""What English speakers put around a request: fillers, politeness, reasons. It is taken off."""

import re

from assistant.mind.skills.loosely import words
from assistant.mind.skills.written import Written

CORRECTION = re.compile(
    r" (?:(?:oh|uh|um|wait|hang on|actually|sorry|no|nope|not|scratch that|correction|hold on"
    r"|make that|make it|i mean|i meant"
    r"|or rather|rather|let's say|change that to|better make it|better|that's wrong|sorry i"
    r" mean) ?)+(?: )?"
)
"""Between two of a kind, what came before is taken back: "five no ten minutes"."""
_VERB = (
    r"(?:set|start|make|put|create|add|begin|run|give|get|wake|remind|turn|tell|show|cancel"
    r"|stop|delete|remove|kill|clear|end|speak|talk"
    r"|say|repeat|raise|lower|increase|decrease|crank|bring|change|switch|use|spell|roll|flip"
    r"|toss|pick|choose|think|go|be|slow|speed|convert"
    r"|calculate|work|check|let|time|count|pause|resume|mute|read|throw|keep|schedule|ring"
    r"|call me|don't|generate|draw|reduce|boost|pump|shut|help me with a random|explain what you)"
)
_INDIRECT = (
    r"(?:i was (?:just )?wondering|i wonder|do you think) (?:(?:if|whether) )?(?:you|we|i)"
    r" (?:can|could|might|would)(?: (?:possibly|please|perhaps|maybe|just|kindly))*"
    r"|(?:would|might|will) it be (?:too much (?:trouble|bother)|possible|okay|ok|all right|rude)"
    r" (?:to|for you to|if you (?:could|can))"
    r"|if it's (?:not|no) (?:too much )?(?:bother|trouble|problem)|if you (?:don't|wouldn't) mind"
    r"|if you're not (?:too )?busy|when you (?:have|get) a (?:moment|minute|second)"
    r"|(?:is there )?any chance (?:that )?(?:you|i|we) (?:could|can|might)"
    r"|i(?:'d| would) be (?:so |very )?(?:grateful|thankful|glad|happy) if you (?:could|would)"
    r"|(?:can|could) i (?:trouble|bother|ask) you to"
    r"|is it (?:possible|okay|ok|all right|fine) (?:to|for you to|if you|that you)"
    r"|how about (?:we|you|i)|quick question|before i forget"
)
"""A request asked for in a roundabout way."""
_LEAD = re.compile(
    r"(?:(?:please|hey|hi|hiya|hello|okay|ok|so|well|oh|huh|right|alright|all right|and|now"
    r"|then|um|uh|excuse me|pardon me|listen|assistant|computer"
    r"|robot|good (?:morning|evening|afternoon|day)|thank you|thanks|yeah|yes|yep|actually"
    r"|just|quickly|kindly|oh dear|whoa|woah|wow|shh+|hush now|sorry|um yeah|also|um so|dear"
    r"|darling|mate|buddy|look|ah|aw|gosh|sh|er|sweetheart|honey|hon|yo|dude|bruh|bro|guys|boss"
    r"|babe"
    r"|mister|come on|hang on|hold on|hold your horses|steady on|easy tiger|for goodness sake"
    r"|oi|(?:sorry )?to (?:trouble|bother|disturb) you(?: but| and|)"
    r"|so like|easy now|sorry (?:love|dear|mate)|be a love and|eh) "
    rf"|(?:can|could|would|will|won't|can't|couldn't) you (?:please |just |kindly |maybe "
    rf"|possibly |quickly |go ahead and )*(?={_VERB}\b)"
    rf"|(?:i'd like|i would like|i want|i need|i'd love|i would love|i'd prefer|i'd rather) you"
    rf" to (?={_VERB}\b)"
    rf"|i don't suppose you (?=know|have|could)"
    rf"|(?:{_INDIRECT}) "
    rf"|(?:would you mind|do you mind|do me a favou?r and|be a dear and|be so kind as to|be so"
    rf" good as to|go ahead and|how about you|why don't you"
    rf"|you (?:can|could|may|should|might"
    rf"|need to|have to|must)|you'll (?:have|need) to|you'd better|i need to|i want to|i'd like"
    rf" to|i would like to|could we|can we"
    rf"|could i|can i|may i|we need to|let's|let us|let me|if you could|if you would|if you can"
    rf"|time to|try to) (?:please |just )?(?={_VERB}\b)"
    r")(?=\S)"
)
_TRAIL = re.compile(
    r" (?:please|thanks|thank you(?: very much| so much)?|cheers|ta|for (?:me|us)|would you"
    r"|will you|could you|can you|won't you|if you (?:can|could|would|please|don't mind)"
    r"|right now|(?<!from )now|okay|ok|alright|then|right away|straight away|immediately|when"
    r" you can|will ya|if you will|if you wouldn't mind|if you like|if it's possible|if possible"
    r"|yeah|right|at once|um|uh|as well|too please|real quick|quick smart"
    r"|a little bit more please|(?<=timer )quick|kindly|hey|pretty please)$"
)
_POLITE = re.compile(
    r"(?:(?:please|um|uh|so|well|ok|okay|hey|hi|hello|now then) )*(?P<core>.+?)"
    r"(?: (?:please|thanks|thank you(?: very much| so much)?|um|uh|ok|okay|would you|will you))*"
)
_CALLED = re.compile(
    r" (?<!for )(?<!the )(?<!a )(?<!my )(?<!our )(?<!your )(?<!to )(?<!with )(?<!and )(?<!of )"
    r"(?<!called )(?<!named )"
    r"(?:dear|darling|love|honey|sweetie|mate|buddy|pal|robot|assistant|computer|young man|sir"
    r"|madam|lads?|chef|doc|captain|grandpa|grandad|gran|granny|mum|mom|dad|man|son|my friend"
    r"|friend|everybody|everyone|folks|dude|bruh|bro|hon|guys|boss|sweetheart|babe|mister"
    r"|mister robot)$"
)
"""Whom the speaker calls; behind words that want one more it is none of that."""
_OF_SOMEBODY = re.compile(r"\b(?:remind\w*|forget|remember)\b")
"""In a message there are others: "remind me to call mom"."""
_CLAUSE = (
    r"(?:because|cause|since|so (?:that )?(?:i|we|he|she|they|everyone|everybody)|as (?:i|we"
    r"|it)|it's|it is|i'm|i am|i|i've|i'll|we're|we|he's|she's|he|she|they're|they|there's|"
    r"people|everyone|everybody|someone|somebody|the \w+(?: (?!i|it|we|you)\w+)?(?:'s| is| are|"
    r" has| was)|my"
    r" \w+(?: \w+)?(?:'s| is| are| has|'re)|our \w+ (?:is|are)|[a-z]+'s (?:sleeping|asleep|on"
    r" the phone|here|working|studying|talking|calling|trying|resting|in)|this (?:room|place"
    r"|is)|that's|before|when we|"
    r"to (?:decide|see|settle)|it hurts|you're)\b"
)
_REASON = re.compile(
    rf"(?<=\w) (?=(?:{_CLAUSE}) ?)(?!(?:i|we|he|she) (?:said|asked|told|can ask|can say|could"
    rf"|ask|say|do|use)\b).+$"
)
_WITH_REASON = re.compile(
    r"(?:turn (?:it|the|your|that|up|down)|volume|speak|talk|slow|speed|say|louder|quieter"
    r"|softer|be (?:quiet|quieter|louder)|lower|raise|boost|increase|decrease|flip|toss|roll"
    r"|pump|crank|keep|repeat|switch|use|change|a bit|can you hear|quicker|faster|slower|more"
    r"|less|stop|go to sleep)\b"
)
_NO_REASON = re.compile(
    r"\b(?:remind|timer|alarm|said|told|asked|says|if|why|how|who|did|was|were|wake|countdown"
    r"|what)\b"
)
_START = (
    r"(?:what time is it|what's the time|what is the time|what's today|what day is it|what can"
    r" (?:you|i)|wake (?:me|us)|stop listening|you can (?:stop|go|sleep)"
    r"|what was that|set (?:a|an|the)|start (?:a|an|the)|remind me|(?:go|back) (?:to|into|on)"
    r" (?:sleep|standby)|turn (?:it|yourself|the volume|up|down)|(?:please )?(?:speak|talk)"
    r" (?:louder|slower|faster|up|more|quieter|softer)"
    r"|(?:say|tell me) that again|can you (?:repeat|speak|say|turn|set|talk)|could you"
    r" (?:repeat|speak|say|turn|set|talk)|slow down|flip a coin|toss a coin|roll (?:a|the)|how"
    r" do (?:i|you) (?:spell|use)|spell |cancel (?:the|my|all)|repeat (?:that|it)|come again"
    r"|go to sleep|put (?:a|an|the|on a) |shut up|be quiet|switch to|how long (?:left|is left)"
    r"|how do you spell)"
)
_BEFORE = re.compile(
    rf"(?:(?:i|i'm|i've|i can't|i didn't|i couldn't|i am|we|we're|it's|it is|that's|that is"
    rf"|that'll|that was|that will|you needn't|you don't have|you're|this is|the \w+|my \w+(?:"
    rf" \w+)?|how late|there's|there is|our|enough|never mind|what|pardon|good night|goodnight"
    rf"|no more)"
    rf"\b[^?]{{0,48}}?) (?={_START})"
)
_NOT_BEFORE = re.compile(
    r"\b(?:said|told|asked|says|if|when|why|how to|her|him|them|never|not|don't|didn't (?!hear"
    r"|catch|get|understand)|wanted|want|wish|should|used to|tried|forgot|would|had|could"
    r"|heard (?!you)|went|goes|gone|think|hate|love|like|can|be up|by|up at)\b"
)

_THERE = re.compile(r"\btime (?:is it|now)? ?(?:over )?there\b|\bthe time (?:over )?there\b")
_TIMED = re.compile(r"\b(?:seconds?|minutes?|mins?|hours?|hour)\b")
_TIMER_ALONE = re.compile(
    r"(?:set|start) (?:a|the) (?:[a-z]+ )?(?:timer|countdown)(?: [a-z]+){0,3}"
)
_ASKS_LATER = re.compile(r"remind (?:me|us)(?: (?:please|then|about it|of it|at|in|on|\w+)){0,3}")


_WOULD_MIND = re.compile(
    r"(?:would|do) you mind (?:please |just |maybe )*(?P<doing>[a-z]+?)ing(?![a-z])"
)
_BASES = {
    each: f"{each}e" for each in words("wak mak giv us tak rais chang leav com silenc paus tim")
} | {f"{each}{each[-1]}": each for each in words("set put stop cancel flip get shut begin cut")}
"""What is left of a verb without -ing, and the verb; others are the same."""


def unpolished(written: Written) -> Written:
    """Return the request without what is only polite, or a sound, at its ends."""
    return written.core(_POLITE)


def bare(written: Written) -> Written:
    """Return the request without what stands around it."""
    written = _ends(written.replaced(_WOULD_MIND, _asked_for))
    before = _BEFORE.match(written.text)
    if before and _THERE.search(written.text, before.end()):
        return written  # the place is in the clause before
    if before and _ASKS_LATER.fullmatch(written.text, before.end()):
        return written  # "i have to feed the fish so remind me": that is the message
    if before and _TIMED.search(before[0]) and _TIMER_ALONE.fullmatch(written.text, before.end()):
        return written  # "the rice takes ten minutes set a timer"
    if before and not _NOT_BEFORE.search(before[0]) and _frees(before[0]):
        written = _ends(written.part(before.end(), len(written.text)))
    if _WITH_REASON.match(written.text):
        reason = _REASON.search(written.text, 4)
        if reason and not _NO_REASON.search(written.text[: reason.start()]):
            written = written.part(0, reason.start())
    return _ends(written)


def _asked_for(match: re.Match[str]) -> str:
    """Return the verb of "would you mind turning"."""
    return _BASES.get(match["doing"], match["doing"])


def _frees(words: str) -> bool:
    """Whether these words are a clause of their own, not the beginning of the request."""
    return (
        not re.search(
            r"^(?:i|we|you|they|he|she|it)(?:'ll|'ve|'m|'d|'re| will)? $|\b(?:to|the|a|an|you"
            r"|that|please|can|and|i|of|for|is"
            r"|won't|don't|doesn't|didn't|will|must"
            r"|should|never|they|he|she|already|just|always|often|usually|sometimes|also|then"
            r"|even) $",
            words,
        )
        or words == "i heard you "
    )


def _ends(written: Written) -> Written:
    """Take fillers and politeness off both ends, but never all that was said."""
    while (lead := _LEAD.match(written.text)) and lead.end():
        written = written.part(lead.end(), len(written.text))
    while trail := _TRAIL.search(written.text) or _called(written.text):
        if not trail.start():
            break
        written = written.part(0, trail.start())
    return written


def _called(text: str) -> re.Match[str] | None:
    return None if _OF_SOMEBODY.search(text) else _CALLED.search(text)
