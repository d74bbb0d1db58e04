"""Signs of whom an English sentence is said to. Pure; see `assistant.conversation.addressed`."""

import re

from assistant.wording import said

SHORT, LONG = 4, 10
"""In words."""

_QUESTION = re.compile(
    r"^(?:and |but |so |then |okay |ok |now |wow |really |thanks |thank you |well |oh )*"
    r"(?:what|which|who|whose|when|where|why|how|in which|at what|for how)\b"
)
_ABOUT_IT = re.compile(
    r"^(?:and |but |so |okay |wow |really )*"
    r"(?:is|are|was|were|does|do|did|can|could|will|would|has|have|had|should) "
    r"(?:it|its|that|this|there|they|these|those|the|a|an|any|anybody|anyone)\b"
)
_ORDER = re.compile(
    r"^(?:and |but |so |then |okay |ok |now |please |thanks |thank you |actually |yes |no |just |"
    r"also |can you |could you |would you |will you |i want you to )*"
    r"(?:set|tell|make|name|add|remove|delete|cancel|remind|move|change|start|stop|pause|say|repeat"
    r"|read|spell|explain|convert|divide|multiply|calculate|translate|list|show|play|turn it|turn"
    r"|wake|count|roll|flip|speak|give me|sing|describe|define|compare|continue|go on|write|take"
    r"|put|double|switch|open|snooze|recommend|suggest|summarize|summarise|check|find|search"
    r"|louder|slower|faster|quieter)\b"
)
_MORE = re.compile(
    r"^(?:and|what about|how about|or|plus|minus|times|another|one more|more|again|a bit|a little"
    r"|next|then|only|instead|else|something|both|neither|once more)\b"
    r"|\b(?:please|instead|again|another one|as well|too)$|\bone$"
)
_REPLY = re.compile(
    r"^(?:yes|yeah|yep|no|nope|sure|okay|ok|maybe|of course|go ahead|i'm fine|not really"
    r"|the \w+(?: \w+)?(?: please)?|none|all of (?:them|it)|\w+ (?:minutes|hours|seconds))\b"
)
_WISH = re.compile(
    r"\bi(?:'d| would) (?:like|love|rather)\b|\bi (?:need|want) (?:a|an|to|some|the|it|another)\b"
    r"|\bdo you (?:know|have)\b|\byour name\b|\bcan you\b"
    r"|\bi don't (?:get|understand) (?:it|that)\b"
)
_PERSON = re.compile(
    r"\b(?:honey|darling|sweetheart|dear|love|babe|mum|mom|mummy|mommy|dad|daddy|grandma|grandpa"
    r"|guys|kids|children|boys|girls|everyone|everybody|folks|buddy|mate|son|ladies|gentlemen|sir"
    r"|captain|officer|detective|doctor|your honour|your honor|my lord|your majesty)\b"
)
_NAMED = re.compile(
    r"^(?!(?:Yes|Yeah|No|Nope|Wait|Sorry|Okay|Ok|Well|Oh|Actually|Listen|Right|Sure|Fine|Good|Great"
    r"|Now|Then|So|Please|Thanks|Hello|Hi|Stop|Enough|Wow|Really|Cool|Nice|Again|Still|First), )"
    r"[A-Z][a-z]+, |, [A-Z][a-z]+[.!?]|, (?:guys|kids|dear)\b|^(?:hey|look|come on), "
)
_YOU = re.compile(
    r"\b(?:did|have|are|were|aren't|didn't|haven't) you\b"
    r"|\bdo you (?:remember|want|like|think|need)"
    r"|\byou(?:'ve|'re| have| are| were| did| should| know| owe| look| take)\b"
    r"|\byou (?:can't|always|never)\b"
    r"|\byour (?:aunt|brother|sister|mother|father|shoes|homework|lunch|room|hands?|boss)\b"
    r"|\bi(?:'ll| will) (?:call|tell|take|see|be|do|have)\b|\btold you\b|\bhow dare\b"
)
_US = re.compile(r"\b(?:we|we're|we've|we'll|our|us|let's|ours)\b")
_OTHERS = re.compile(r"\b(?:he|she|he's|she's|he'd|she'd|his|her|him|they were|they're|my \w+)\b")
_TOLD = re.compile(
    r"\b(?:was|were|has|have|had|is|are|said|denied|announced|reported|will|found|won|lost|closed"
    r"|rose|risen|fell|went|came|left|suggests?|believed|expected|brought|bought|i've|i'm|i was)\b"
)
_SHOW = re.compile(
    r"\b(?:tonight|welcome|coming up|studio|live|episode|previously|breaking|news|order now|free"
    r"|sponsors?|percent off|offer|call now|number on your screen|stay tuned|join us|viewers"
    r"|listening to|contestant|audience|goal|referee|final|police|suspect|minister|president"
    r"|terms and conditions|subscribe|your screen|million|percent|according to|half time)\b"
)
_HOME = re.compile(
    r"\b(?:pass (?:me|the)|hold (?:this|that|my|it)|give me (?:that|my|your)|lunch|dinner|breakfast"
    r"|homework|at school|shoes|jacket|coat|upstairs|downstairs|your day|sleep well|the car"
    r"|the dog|the fridge|the door|the bus|on the (?:phone|table|sofa)|bathroom|come (?:here|on|in)"
    r"|sit down|get up|hurry up|over (?:here|there)|put (?:that|it|this) (?:down|away|back))\b"
)
_ME = re.compile(
    r"^(?:well |yes |no |oh |but |and |thanks |so |since )*(?:i|i'm|i'd|i've|i'll|my|mine)\b"
)
_BACK = re.compile(
    r"\byou(?:'re| are) (?:so |very |really |quite )?(?:right|wrong|funny|kind|nice|smart|clever"
    r"|great|sweet|useless|welcome)\b|\bthank you\b|\byou said\b|\bi (?:mean|meant|said)\b"
    r"|\bi don't believe|\bare you (?:sure|serious|a robot|real|there|listening)\b"
    r"|\b(?:that's|that is|sounds|that must be) (?:a )?(?:wrong|right|great|good|nice|funny|boring"
    r"|interesting|a pity|sad|true|cool|amazing)\b"
)
"""What is said back to whoever has just spoken."""
CUTS_IN = re.compile(
    r"^(?:oh |okay |ok |um |uh |hey |well )*(?:wait|hold on|hang on|no|nope|not that|actually|sorry"
    r"|excuse me|listen|stop|(?:one|just a) (?:second|moment|minute))\b"
)
"""What people begin with who want somebody else to stop speaking."""
_SENTENCE, _CLAUSE = re.compile(r"[.!?]+\s+"), re.compile(r"[.!?,;]+\s+")
_NOTHING = """
a an and are as at be but by can do does for from has have how i in is it its me my no not of on or
please so than that the their then there they this to was were what when where which who why will
with you your
"""
_WORDS_OF_NOTHING = frozenset(_NOTHING.split())


def signs(text: str, reply: str) -> dict[str, float]:
    """Return the signs in an English `text` that was said after `reply`, each 0 to 1."""
    words = said(text)
    count = len(words.split())
    ends = [said(cut.split(text.strip())[-1]) for cut in (_SENTENCE, _CLAUSE)]
    question = any(_QUESTION.search(end) or _ABOUT_IT.search(end) for end in ends)
    order = any(_ORDER.search(end) for end in ends)
    return {
        "question": float(question),
        "order": float(order),
        "more": float(bool(_MORE.search(words))),
        "reply": float(bool(_REPLY.search(words)) and count <= SHORT),
        "wish": float(bool(_WISH.search(words))),
        "person": float(bool(_PERSON.search(words))),
        "named": float(bool(_NAMED.search(text))),
        "you": float(bool(_YOU.search(words))),
        "me": float(bool(_ME.search(words))),
        "back": float(bool(_BACK.search(words))),
        "home": float(bool(_HOME.search(words))),
        "us": float(bool(_US.search(words))),
        "others": float(bool(_OTHERS.search(words))),
        "told": float(bool(_TOLD.search(words)) and not question and not order),
        "show": float(bool(_SHOW.search(words))),
        "cried": float("!" in text),
        "short": float(count <= SHORT),
        "long": min(max(0, count - SHORT) / (LONG - SHORT), 1.0),
        "same": _same(words, said(reply)),
    }


def _same(words: str, reply: str) -> float:
    """Return which share of the words that mean something stood in the last answer."""
    mine = set(words.split()) - _WORDS_OF_NOTHING
    return len(mine & set(reply.split())) / len(mine) if mine else 0.0
