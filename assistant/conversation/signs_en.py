"""What the signs of `assistant.conversation.signs` look like in English."""

import re

from assistant.conversation.signs import Language
from assistant.wording import said

_QUESTION = re.compile(
    r"^(?:and |but |so |then |okay |ok |now |wow |really |thanks |thank you |well |oh )*"
    r"(?:what|which|who|whose|when|where|why|how|in which|at what|for how)\b"
    r"|"
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
_CUTS_IN = re.compile(
    r"^(?:oh |okay |ok |um |uh |hey |well )*(?:wait|hold on|hang on|no|nope|not that|actually|sorry"
    r"|excuse me|listen|stop|(?:one|just a) (?:second|moment|minute))\b"
)
_NOTHING = """
a an and are as at be but by can do does for from has have how i in is it its me my no not of on or
please so than that the their then there they this to was were what when where which who why will
with you your
"""

ENGLISH = Language(
    words=lambda text: tuple(said(text).split()),
    between=" ",
    ends=(re.compile(r"[.!?]+\s+"), re.compile(r"[.!?,;]+\s+")),
    question=_QUESTION,
    order=_ORDER,
    bare={
        "more": _MORE,
        "reply": _REPLY,
        "wish": _WISH,
        "person": _PERSON,
        "you": _YOU,
        "me": _ME,
        "back": _BACK,
        "home": _HOME,
        "us": _US,
        "others": _OTHERS,
        "told": _TOLD,
        "show": _SHOW,
    },
    written={"named": _NAMED},
    orders_tell=False,
    cuts_in=_CUTS_IN,
    short=4,
    long=10,
    nothing=frozenset(_NOTHING.split()),
)
