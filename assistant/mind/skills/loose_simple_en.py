"""The words of requests whose slots are one span at most: the time, louder, again, a coin.

A kind has a core, a pattern that must be there; all other words must be such as are said with it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from assistant.mind.skills import free_en
from assistant.mind.skills.loosely import A_SPAN, Said, words
from assistant.mind.skills.reading import Clean, Exact
from assistant.mind.skills.skill import Slot

POLITE = words(
    "please pls can could would will you i i'd we we'd me us my our the a an this that it"
    " it's to of for at in on by with and or so just now then right well okay ok yeah yes yep"
    " hey hi hello um uh er hm like maybe perhaps possibly kindly quick quickly real really"
    " actually also too there here again thanks thank cheers ta dear darling love mate buddy"
    " pal honey sweetie sir madam robot assistant computer do let let's if mind some any bit"
    " little tad touch good wonder wondering hope sorry excuse be able want need something"
    " favour favor kind enough appreciate grateful sake goodness possible chance try one only"
    " sweetheart yo dude bro man guys boss hun hon babe lovely pet bruh mister young lady"
    " gentleman grief heavens lord gracious heck earth gosh ye ever come hang hold second"
    " moment no easy"
)


_WORDS = re.compile(r"[a-z][a-z']*")
_FOR = re.compile(
    r" (?:over|with|for|in|at) (?:the|this|all this|all the|that|my|our|your|little|both|those"
    r"|these) [a-z]+(?: (?!he\b|she\b|they\b|i\b|we\b|said\b)[a-z]+){0,4}$"
)
"""Says what for, where, over which noise: of no importance to these."""
_STATED = re.compile(r"(?:it|it's|that|that's|this|he|she|they|the|my|our|there|there's)\b")
"""Who states something of a place means that place: it is too loud in this pub."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request."""

    intent: str
    core: str
    words: str = ""
    """What it may be said with, besides `POLITE` and the words of the core."""
    veto: str = r"(?!)"
    slots: Callable[[Said], Mapping[str, Slot] | None] = field(
        default=lambda said: None if said.signs() else {}
    )
    """Returns the slots; None: it is not that after all."""
    purpose: bool = False
    """Whether it may be said what for, or where: "for my game"."""

    def known(self) -> frozenset[str]:
        """Return the words it may be said with."""
        return POLITE | {*self.words.split(), *_WORDS.findall(re.sub(r"\\.", " ", self.core))}

    def reader(self) -> Callable[[Said], Exact | None]:
        """Return what reads it."""
        core, veto = re.compile(self.core), re.compile(self.veto)
        words = self.known()

        def read(said: Said) -> Exact | None:
            found = core.search(said.text)
            if not found or veto.search(said.text):
                return None
            text = said.text
            if self.purpose and not _STATED.match(text):
                text = _FOR.sub("", text)
            if said.part(text).left(words):
                return None
            slots = self.slots(said)
            return None if slots is None else Exact(self.intent, slots)

        return read


def _fixed(slots: Mapping[str, Slot]) -> Callable[[Said], Mapping[str, Slot] | None]:
    return lambda said: None if said.signs() else slots


def _place(said: Said) -> Mapping[str, Slot] | None:
    found = said.only("place")
    if found is None:
        return None
    return {"zone": found["place"]} if found else {}


def _day(said: Said) -> Mapping[str, Slot] | None:
    """Return the one day, or none where weekdays are asked about: is it Monday or Tuesday."""
    days, places = said.values("day"), said.values("place")
    if len(days) + len(places) != len(said.signs()) or len(places) > 1:
        return None
    if places:
        return None if days else {"zone": places[0]}
    if all(str(day) in "mon tue wed thu fri sat sun" for day in days):
        return {}
    return {"day": days[0]} if len(days) == 1 else None


def _one_day(said: Said) -> Mapping[str, Slot] | None:
    days = said.values("day")
    return {"day": days[0]} if len(days) == len(said.signs()) == 1 else None


def _step(said: Said) -> Mapping[str, Slot] | None:
    """Return the step of "by 20": other numbers make it something else."""
    found = _level(said)
    if not said.signs():
        return {}
    direct = (
        rf"\b(?:by|volume|sound|up|down|louder|quieter|another) {A_SPAN}"
        rf"|{A_SPAN} (?:louder|quieter|points)"
    )
    return found if re.search(direct, said.text) else None


def _level(said: Said) -> Mapping[str, Slot] | None:
    if len(said.signs()) != 1:
        return None
    values = said.signs()[0].values
    value = values.get("percent", values.get("number"))
    return None if value is None else {"value": value}


def _range(said: Said) -> Mapping[str, Slot] | None:
    values = said.values("number")
    if len(values) != 1 or len(said.signs()) != 1 or "-" not in str(values[0]).lstrip("-"):
        return None
    return {"value": values[0]}


_NO_MORE = re.compile(r"\b(?:stop|quit|no more|not)\b|\b(?:don't|can't|cannot) (?!you\b)")
_LANGUAGES = {"english": "en", "chinese": "zh", "mandarin": "zh", "putonghua": "zh"}


def _language(said: Said) -> Mapping[str, Slot] | None:
    """Return the language named, or the other one where the one named shall not be spoken."""
    named = {_LANGUAGES[each] for each in said.text.split() if each in _LANGUAGES}
    if len(named) != 1 or said.signs():
        return None
    return {"language": ({"en", "zh"} - named if _NO_MORE.search(said.text) else named).pop()}


_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_ASK = (
    "wouldn't couldn't pal side chance knowing minute may might got any"
    " idea as tell know check say give read show what what's is need have"
    " got happen exactly exact current"
    " currently clue moment local time out reckon telling saying checking giving ask find let whats"
)
_DEVICE = r"(?:box|speaker|machine|gadget|device|thing|system|robot|assistant|computer)"
_HEARD = (
    "turn volume sound sounds voice speaker speakers audio level loudness talk talking speak"
    " speaking say saying make making get louder loud loudly quieter quiet quietly soft softer"
    " softly lower much way still very hear you're your its anything word notch notches step bump"
    " crank pump bring put up down raise increase higher high boost more less reduce decrease drop"
    " dial not are aren't isn't can't cannot couldn't keep yourself is a lot half even further what"
    " everything things set go pitch tone turning speaking being barely hardly louder properly from"
    " over having difficulty faint could when asleep sleeping enough have where think bloody"
    " flipping hell goodness far"
    " slightly have got until than before usual normal as"
)
_TALK = (
    "talk talking speak speaking speech say saying read reading go going tell telling answer"
    " answering said you're your much way bit more less a lot still very far think with get up"
    " when things everything voice slightly than before i'm too even words so sound find keep"
)
_KINDS = (
    Kind(
        "repeat",
        r"\bonce again\b|\bplay (?:it|that) (?:back|again)|\brun (?:it|that) (?:by|past) me\b"
        r"|\bgo (?:over|through) (?:it|that)\b|\bwasn't (?:listening|paying attention)\b|\bsay"
        r" (?:it|that) (?:a )?second time\b|"
        r"\brepeat\b|\b(?:say|tell|read|hear|run|go over|give)\b[^?]*\b(?:again|once more|one more"
        r" time|another time)\b|^(?:once more|one more time|again)\b|(?:didn't|did not|couldn't"
        r"|never|don't) (?:\w+ )?(?:catch|hear|get|understand|follow|make out)\b|\byour last"
        r" (?:answer|sentence|words?)\b|\b(?:have|get) (?:that|it) again\b|\bmissed (?:that"
        r"|it|what|the)|\bpardon\b|\bcome again\b|what did you (?:\w+ )?say\b|what was that\b"
        r"|^sorry what\b|\bsay what\b|\bwhat were you saying\b|\byou said what\b|^excuse me what\b"
        r"|\bwhat you (?:just )?said\b|\bsay that one\b",
        "past back paying attention through told huh eh that it last thing things answer sentence"
        " part"
        " bit what you said say saying just"
        " slowly"
        " slower louder clearly tell read hear heard catch get understand once more time times"
        " didn't quite really missed pardon beg your was whole first before all end before i'd go"
        " over word a got any wasn't listening repeat second long huh eh give run by me what's",
        r"\b(?:stop|turn|alarm|timer|when|why|who|how|song|story|joke|after me|history|if)\b|^i"
        r" (?:repeat|say)",
        lambda said: None if said.signs() else {"slower": True} if "slow" in said.text else {},
        purpose=True,
    ),
    Kind(
        "volume_set",
        r"\b(?:volume|sound|loudness|speakers?|voice|level|(?:turn|set|put|crank|bring) (?:it"
        r"|yourself"
        rf"|that|her|him)(?: up| down)?)\b.*{A_SPAN}"
        rf"|{A_SPAN} (?:percent )?volume",
        _HEARD + " change percent out hundred please adjust at",
        rf"(?:boost|increase|raise|lower|reduce|decrease|drop|\bup|\bdown)(?: the| your|)(?:"
        rf" volume| sound|)"
        rf" {A_SPAN}|"
        r"\bby\b|\b(?:volume|sound|level) of (?:a|an|the)\b|timer|alarm|speed|what|thermostat"
        r"|light|heat",
        _level,
    ),
    Kind(
        "volume_set",
        r"\b(?:max(?:imum)?|full|top|fullest|highest|loudest) (?:volume|blast|level|sound|setting)"
        r"|\b(?:volume|sound|turn|crank|put|set|loudness)\b.*\b(?:max(?:imum)?|full|all the way up"
        r"|highest|loudest)\b|\bas (?:loud|high|loudly) as (?:you|it|possible|the)\b.*",
        _HEARD + " max maximum full blast all possible go goes",
        r"timer|alarm|speed|\bhow\b|\bwhat\b|down",
        _fixed({"value": "100"}),
    ),
    Kind(
        "volume_up",
        r"^(?:one|two|a|\w+) notch(?:es)? up$|\bvoice is (?:\w+ )?soft\b|\bsound is (?:\w+ )?low\b"
        r"|^(?:be )?loud$|\b(?:some|more) (?:volume|sound)\b|\bsmidge louder\b|"
        r"\b(?:don't|stop|no need to|needn't|quit) whisper(?:ing)?\b|\b(?:volume|sound) plus\b"
        r"|\bso (?:that )?(?:i|we|everyone|everybody) can hear\b|^(?:shout|shout it|shout louder)$"
        r"|\b(?:stronger|bigger|louder) voice\b|\bamp (?:it|yourself|the \w+) up\b|\bamplify\b"
        r"|\bcrank"
        r" (?:the|your|that) (?:volume|sound|voice)\b|^can you shout\b|"
        r"\b(?:mumbling|whispering|faint)\b|\b(?:volume|sound) (?:\w+ ){0,3}higher\b"
        r"|\b(?:hardly|barely) hear\b|^(?:i )?(?:can't|cannot) hear$|\b(?:hard|difficult) to"
        r" (?:hear|understand)\b|\bmake out"
        r" (?:what|a word)|\bhard of hearing\b|\bhearing is (?:bad|poor|not)|"
        r"\blouder\b|\b(?:turn|crank|pump|bring|put|bump|push|move|notch|jack)\b.*\bup\b(?! at)"
        r"|\b(?:raise"
        r"|increase|boost|higher)\b.*\b(?:volume|sound|voice|loudness|it)\b|\bmore (?:volume|loud"
        r"|sound)|\btoo (?:quiet|soft|low|faint|silent)|\b(?:can't|cannot|barely|hardly|couldn't"
        r"|struggling to|trouble|not|difficulty) (?:really |even |quite |properly "
        r"|be able to )?hear"
        r"(?:ing)? (?:you|it|that|this|a (?:thing|word)|what you)"
        r"(?: (?:over|with) (?:the|this|all the|all this) \w+)?|\bspeak up\b|\b(?:volume|sound)"
        r" up\b|(?:not|isn't|aren't) (?:\w+ )?loud enough|\bhigher volume\b",
        _HEARD
        + " say said word you i'm for wants old ears deaf hearing back plus whisper shout amp"
        " amplify stronger bigger so everyone everybody grandma grandpa grandad granny needn't"
        " that's",
        r"quieter|softer|too loud|\bdown\b|timer|alarm|speed|faster|heat|light|\bhow\b|\bwhy\b"
        r"|\bwho\b|^what|\bdon't (?:turn|go|speak|make|need|want|shout)|\b(?:stop|not) shout",
        _step,
        purpose=True,
    ),
    Kind(
        "volume_down",
        r"^(?:go )?easy on the volume\b|\bless noisy\b|\bvoice is too strong\b|^why (?:are you )?so"
        r" loud$|\b(?:don't need to|needn't|no need to) be (?:so )?loud\b|\bnot so noisy\b"
        r"|\b(?:one|two"
        r"|a|three) notch(?:es)? down\b|\bsound low\b|\byou're loud$|"
        r"^(?:you're|you are|that's|it's|it is|that is) (?:so |very |really |pretty |awfully |a"
        r" (?:bit"
        r"|little|tad) |quite )*(?:loud|noisy)\b|^(?:ouch|ow|mind|oh)? ?my ears$|\b(?:volume|sound)"
        r" minus\b|\bquiet(?:er)? voice\b|\b(?:no need to|needn't|don't) be so loud\b|\bhush (?:it"
        r"|your voice|down)\b|"
        r"\b(?:hurts?|hurting|killing) my ears\b|\btone (?:it|that|yourself) down\b|\bsoften\b"
        r"|\btoo much (?:volume|noise)\b|\bbooming\b|\bblasting\b|\bdeafening\b|"
        r"\b(?:quieter|softer)\b|\b(?:turn|bring|put|dial|tone|keep|take|knock)\b.*\bdown\b"
        r"|\b(?:lower|reduce|decrease|drop)\b.*\b(?:volume|sound|voice|loudness|it)\b|\btoo (?:loud"
        r"|noisy|loudly)|\b(?:shouting|yelling|screaming|whisper)\b|\bless (?:loud|volume|noise)"
        r"|\bnot (?:so|that|as|too) loud|\bdon't (?:shout|yell|scream|be so loud)|\bmore (?:quiet"
        r"|soft)(?:ly)?|\b(?:volume|sound) down\b|\bloud for\b|\bease off\b|\bkeep (?:it|the"
        r" volume|your"
        r" voice) low\b|\b(?:needn't|no need to|need to|have to) (?:shout|yell)\b|\b(?:speak|talk"
        r"|be (?:more|a bit|a little)) (?:\w+ )?(?:quiet"
        r"|soft)(?:ly)?|\blower (?:volume|voice)|\binside voice|\bindoor voice",
        _HEARD
        + "ouch ow mind smidge two notches gentle strong go easy noisy shush why minus hush fine"
        " needn't pretty awfully quite going to wake up voice  use"
        " inside indoor at me hurting hurts ears ear people night"
        " late",
        r"louder|(?:don't|stop|no need to|needn't) whisper|too (?:quiet|soft)|\bup\b|timer|alarm"
        r"|speed|slower|heat|light|\bhow\b|\bwhy\b"
        r"|\bwho\b|^what",
        _step,
        purpose=True,
    ),
    Kind(
        "rate_up",
        r"\bget on with it\b|\bchop chop\b|\b(?:quicker|faster) pace\b|\bmore speed\b|"
        r"\b(?:faster|quicker|more quickly)\b|\bspeed (?:it |things |that |your \w+ )?up|\btoo slow"
        r"(?:ly)?\b|\bpick up the pace|\b(?:higher|more|increase) .*(?:speed|pace|rate)\b|\bhurry"
        r" (?:it )?up|\bslow poke|\bfast forward",
        _TALK
        + " speed pace rate tempo slow slowly fast quick increase up hurry voice dragging boring"
        " dawdling ages taking forever",
        r"slower|too fast|\bdown\b|louder|\bhow\b|timer|alarm|\brun\b|car|drive|^(?:i|i'm)\b",
        purpose=True,
    ),
    Kind(
        "rate_down",
        r"\b(?:rushing|gabbling)\b|\btake (?:it|things) (?:\w+ )?(?:slow|slowly|easy)\b|\btake"
        r" your time\b|\bslower pace\b|\b(?:don't|not) rush\b"
        r"|\bnice and slow(?:ly)?\b|"
        r"\bslower\b|\bslow (?:it |things |that |your \w+ )?down|\btoo (?:fast|quick)(?:ly)?\b"
        r"|\bmore"
        r" slow(?:ly)?|\bnot so (?:fast|quick)|\bless (?:fast|quick)(?:ly)?|\b(?:reduce|lower"
        r"|decrease) .*(?:speed|pace|rate)|\b(?:talk|speak|go|read|say|tell)\b.*\bslow(?:ly)?\b"
        r"|^slow(?:ly)? (?:down|please)|\bdon't (?:talk|speak|go|rush) (?:so )?(?:fast|quick)",
        _TALK + " speed pace rate tempo slow slowly fast quick reduce down take time calm easy",
        r"faster|too slow|louder|\bhow\b|timer|alarm|\bclock\b|car|drive|again|^(?:i|i'm) ",
        purpose=True,
    ),
    Kind(
        "stop",
        r"^dismiss|\b(?:cease|halt|hold it|that'll do|that will do|leave me (?:alone|in peace)"
        r"|not now|be"
        r" still|stop right there|hold your tongue)\b|"
        r"\b(?:stop|quit) (?:it|that|this|now|talking|speaking|reading|ringing|beeping|the (?:noise"
        r"|ringing|beeping|racket|sound|talking)|making .*noise|already|please)\b|^stop\b|\bstop$"
        r"|\bshut (?:up|it)\b|\bbe (?:quiet|silent)\b|\b(?:silence|shush|hush|shh)\b|\b(?:enough"
        r"|never ?mind|forget (?:it|about it|that|i asked|what i said)|cut it out|knock it off|zip"
        r" it|leave it|skip it|drop it|no more talking|don't say (?:anything|another word|a word)"
        r"|say no more|button it|put a sock in it)\b|\b(?:turn"
        r"|shut|switch) (?:that|the|this|off)\b.*\b(?:noise|racket|ringing|beeping|sound|din"
        r"|bell|ringer)\b",
        "alone peace still there tongue stop talking speaking reading ringing beeping making"
        " noise sound racket it this already"
        " just quiet silent silence shut up enough i've heard you got never mind forget about off"
        " found sorted more all no a minute moment second turn that's alright everything bell"
        " die get from you"
        " asked said what hush shush din ringer thing quiet oh god whole of already matter doesn't"
        " it's fine",
        r"\b(?:bus|why|how|who|what is|when|timer|alarm|stopwatch|can't|don't (?!say)|won't"
        r"|listening|did"
        r"|didn't|is|are|never stop|not|enough said)\b|\bfor (?:a|one) stop",
    ),
    Kind(
        "random",
        r"\bheads or tails\b|\b(?:flip|toss|throw|spin|flipping|tossing)\b.*\bcoin\b|\bcoin (?:flip"
        r"|toss|throw)\b",
        "go on see coin heads tails call choose pick decide it flip toss throw do make us start"
        " need settle"
        " this give"
        " quick have about how should get",
        r"\b(?:who|won|lost|yesterday|dragon|how (?!about)|why|lucky|collect\w*|bitcoin)\b",
        _fixed({"value": "coin"}),
        purpose=True,
    ),
    Kind(
        "random",
        r"\b(?:roll|throw|toss|cast|shake|chuck|rolling|throwing)\b.*\b(?:dice|die)\b|\b(?:dice"
        r"|die) (?:roll|throw)",
        "see board game dice die roll another single next turn six sided give need have do go my",
        r"\b(?:who|won|lost|how|why|what)\b",
        _fixed({"value": "dice"}),
        purpose=True,
    ),
    Kind(
        "random",
        rf"\b(?:number|random|pick|choose|draw|anything|integer|between)\b.*{A_SPAN}"
        rf"|{A_SPAN}.*\b(?:number|random|pick|choose)\b",
        "pick choose number random between from think draw select generate give get tell name whole"
        " integer lucky whatever randomly anything somewhere what's have guess any say come up make"
        " inclusive need",
        r"\b(?:how|why|phone|who|page|volume)\b",
        _range,
        purpose=True,
    ),
    Kind(
        "help",
        r"^what(?:'s| is| does| can| do)? (?:this|it) (?:thing )?(?:for|do)(?: for (?:me|us))?$"
        r"|\b(?:do"
        r" you have|is there|are there|have you got) (?:a |an |any )*(?:manual|commands|help|help"
        r" page"
        r"|tutorial|instructions|examples)\b|^(?:open|show|read)(?: me)? (?:the )?help\b|\bhow"
        r" (?:you"
        r" work|this works|to use this|useful are you|are you useful)\b|\b(?:sure|clue|understand"
        r"|demonstrate|impress|surprise|about|list|know|see) (?:me )?(?:with )?what (?:you (?:can"
        r" )?do"
        r"|i can (?:ask|say|do))\b|\bmost out of you\b|\brange of skills\b|\bwhat (?:words"
        r"|sentences"
        r"|phrases|languages) do you (?:understand|know)\b|\bwhat (?:can|do) you respond to\b"
        r"|\b(?:which|what) (?:voice )?commands\b|\bwhat can (?:i|we) (?:command|tell|order) you\b"
        r"|\bwhat do people (?:usually )?ask you\b|\bwould you be useful\b|"
        rf"\bwhat (?:\w+ ){{0,4}}(?:can|could|does|will|is) (?:this|the|our) {_DEVICE} (?:do|help"
        rf"|able to do|for|capable of)\b|\bhow (?:do|does|to) (?:i |we )?(?:use|operate|work)"
        rf" (?:this"
        rf"|the) {_DEVICE}\b|\bhow does (?:this|the) {_DEVICE} work\b"
        r"|\b(?:anything|something|things|what|else|what else|ways) (?:that )?(?:you can (?:do"
        r"|help)"
        r"|(?:i|we) can (?:ask|say)|(?:do )?you know how to|you(?:'re| are) (?:able to|capable)"
        r"|you know how|you could help)"
        r"|\bhow you (?:can|could) help\b|\bwhat (?:can|could|should|may) (?:\w+ ){1,3}ask you\b"
        r"|\b(?:lists?|examples?|overview|rundown|idea|summary|demo|tour) of (?:\w+ )?(?:commands"
        r"|things|something|what|your)\b|\b(?:instructions|tips|help|manual|guide|tutorial)"
        r" (?:for|on|with|about|to|in) (?:(?:how to )?(?:use|using|operate|operating) )?(?:you|this"
        r"|it)\b|\bwhat (?:do|am|would|must|may|might) (?:i|we|you) (?:\w+ ){0,3}(?:say|ask)\b"
        r"|\byour (?:job|purpose|role|skill set|menu)\b|\bpossible with you\b|^what(?:'re| are)?"
        r" you"
        r" able\b|\bwhat (?:sorts?|kinds?|types?) of (?:things|stuff|questions|requests|jobs|tasks)"
        r" (?:can|do|could) you (?:answer|do|take|handle|understand)\b|\bhow (?:are|could|might"
        r"|would) you (?:able to )?help\b|\bwhat (?:services|help|topics|features|functions|other"
        r" (?:things|stuff)) (?:can|do|have) you\b|\bhow do (?:i|we|you) (?:give you (?:commands"
        r"|orders|instructions)|operate|begin|get started)\b|\b(?:do|know) any tricks\b"
        r"|^(?:get|have|can i (?:get|have)|could i (?:get|have)|i need|i want|i'd like|get me"
        r"|give me"
        r"|need|some)(?: some| a bit of| a little| more)? (?:help|assistance|instructions|guidance"
        r"|tips|help here)$|"
        r"\bhow (?:can|could) you (?:help|be of)\b|\bwhat are my options\b|\bget you to (?:do"
        r"|work|help)\b|\ballowed to (?:ask|say)\b|\bhave any skills\b|\bwhat (?:do you know how"
        r"|are you"
        r" (?:programmed|designed|made|built|here|meant|supposed)|were you (?:made|built"
        r"|designed)) (?:to|for)\b|\bin what ways?\b|\bof (?:any )?(?:use|service|assistance)\b"
        r"|\bwhat tricks\b|\bwhat commands\b|\bwhat should (?:i|we) (?:say|ask)\b"
        r"|^(?:instructions|assistance|guide me|manual)$|"
        r"what (?:\w+ )?(?:\w+ )?(?:\w+ )?(?:can|could) you (?:do|help|offer|tell)|what do you do\b"
        r"|how (?:do|can|should|would|does|am|are) (?:i|we|you|one) (?:supposed to |meant to"
        r" )?(?:use|operate|talk to|work with)"
        r" (?:you|this|it)|what (?:\w+ )?(?:are )?you (?:are )?(?:good (?:for|at)|able to|capable"
        r" of)|\byour (?:\w+ )?(?:features|abilities|skills|functions|commands|capabilities|tricks"
        r"|talents)\b|\b(?:things|stuff|everything|what|all) (?:that )?you (?:can|could|are able"
        r" to)"
        r" do\b|what (?:\w+ )?(?:\w+ )?(?:can|could|should|may|do) (?:i|we) (?:ask|say|tell|use) "
        r"|\bwhat"
        r" (?:\w+ )?(?:can|could) i ask\b|\bwhat (?:\w+ ){0,4}can (?:i|we) ask\b|\bhow to (?:use"
        r"|operate|talk to|work with) you\b|\bwhat to (?:ask|say|do with)\b|\bwould you be able"
        r" to\b|\b(?:list|show|read) (?:me )?(?:the |your |all )*commands"
        r"|^help(?: me)?(?: out)?$|what are you for\b|how (?:do|does) (?:you|this|it) work$",
        "am my any way ways which know tricks understand respond obey take me us be give some"
        " instructions"
        " do help ask say tell use for what kind sort of things stuff all else exactly work talk"
        " show"
        " list explain know about capable offer here how your you're are have got commands what's"
        " give options first time new this i'm user what sorts everything idea no read them other"
        " able skills through remind get from using with around out questions question never used"
        " these suggest give run walk topics services set supposed answer more little explain"
        " yourself orders begin started operate taking take handle requests tasks jobs types box"
        " speaker machine gadget device thing system help manual guide tutorial tips kids children"
        " got person people make yourself lists example summary rundown overview demo tour"
        " what're r would doing was i've page open see understand clue haven't get don't works not"
        " most best demonstrate impress surprise useful words sentences phrases usually people"
        " ask it"
        " voice do which list range order command kitchen shopkeeper",
        r"\b(?:weather|homework|living|god|about (?!you)|who|why)\b|\bto (?:my|him|her|them|the"
        r"|a|an|our)\b|\bfor a living\b",
    ),
    Kind(
        "status",
        r"\bare you (?:in|at) (?:good shape|offline mode|online mode)\b|\bare you (?:healthy|broken"
        r"|recording|talking to a server|connected to a server|paying attention)\b|^(?:are there"
        r" )?any"
        r" (?:errors|problems)(?: with you)?$|\bdo you have any (?:problems|errors|issues)\b"
        r"|\bwrong"
        r" with you\b|^(?:did you|have you|have you been|were you) (?:restart|reboot|restarted"
        r"|rebooted|asleep)(?:ed)?\b|^am i (?:audible|coming through)\b|\bdo you receive me\b"
        r"|\b(?:does"
        r" (?:this|it)|do you|will you|can you) (?:run|work|function) (?:locally|offline|without)\b"
        r"|\bwhat (?:state|condition|shape) are you in\b|\bwhat neural network\b|\bsince you"
        r" (?:started|restarted|booted)\b|"
        r"^is (?:it|this|this thing) (?:working|on|running|alive)\b|\bare you (?:\w+ )*(?:receiving"
        r"|disconnected|frozen|okay|ok in|using (?:the|any) (?:internet|cloud|wifi|network))\b"
        r"|\byou (?:\w+ )?(?:run|work|running|working) (?:\w+ ){0,2}(?:cloud|locally|internet"
        r"|offline|online|network|wifi)\b|\b(?:status|system|self|health|connection|mic) (?:update"
        r"|check|test|diagnostics?|diagnosis|report)\b|\bdiagnostics?\b|\bsince (?:you (?:were|was"
        r"|got)|your|the) (?:last )?(?:re)?(?:start|boot|started|booted|restart)\w*\b|\bhow (?:many"
        r" (?:hours|days|minutes)|much time) (?:have you been|are you) (?:up|on|running|online"
        r"|awake"
        r"|going)\b|\b(?:did|have) you (?:lost?|lose) (?:\w+ )?(?:connection|internet|wifi|network)"
        r"\b|\b(?:hear|hearing) (?:my voice|what i|anything|this|me)\b|\banybody home\b"
        r"|\b(?:if|whether) you(?:'re| are) (?:\w+ )?(?:on|online|connected|offline|listening"
        r"|working|running|there)\b|\b(?:check|how's|how is|what about) (?:your|the) (?:internet"
        r" |network |wifi )?connection\b|\b(?:what|which|whose|how big is|name of) (?:\w+"
        r" ){0,3}model"
        r"\b.*\b(?:you|this|your|are|behind)\b|\bhow big is your model\b|\bwhich ai\b|\bversion"
        r" do (?:you|we) (?:have|run|use)\b|\bare (?:all )?(?:your|the) systems\b|"
        r"\b(?:is|are) (?:your|the) (?:mic|microphone|network|connection|internet|wifi)\b|\bgot"
        r" (?:any )?internet\b|\bwhat (?:build|release|software)\b|\bwhen did you start\b|\byou"
        r" (?:there|awake|alive|listening|online|ok|okay|working)$|\bdid you crash\b|"
        r"\bare you (?:\w+ )?(?:there|online|offline|connected|listening|working|awake|alive|ready"
        r"|running|switched on|turned on|up|functioning|on$|with (?:me|us)|hearing)\b|\b(?:can|do"
        r"|did"
        r"|could) you (?:\w+ )?hear (?:me|us)\b|\b(?:which|what|what's|your|the) (?:\w+ )?version\b"
        r"|\bversion (?:number|of|are)\b|\b(?:which|what|what's|your) (?:\w+ )*(?:model|llm)"
        r" (?:are|do"
        r"|is|you|powers|runs)|^(?:tell me |what's |give me )?your (?:\w+ )*(?:model|version|uptime"
        r"|status)\b|\b(?:internet|network|wifi) (?:connection|access)\b|\bhow long (?:have you"
        r" been|are you)"
        r" (?:up|on|running|online|awake|switched|turned|working|going|active)\b|\b(?:your"
        r" )?uptime\b"
        r"|\b(?:status report|system status|your status)\b|everything (?:okay|ok|fine|all right"
        r"|alright|working|running)|\bstill (?:there|with us|with me|listening|working|awake)\b"
        r"|\blocally or\b|\bin the cloud\b|\bonline or offline\b|\bhooked up to the (?:internet"
        r"|net|web)|\bconnected to (?:the"
        r" )?(?:"
        r"internet|net|web|network|wifi|cloud)",
        "from over fine good build release mic microphone when start started crash up a"
        " connection all"
        " right alright am talking to speaking with are you your still running on which what"
        " what's software"
        " tell check number working up and"
        " properly connected internet network wifi online offline currently today is have has"
        " cloud locally net run us been version model using release do does use me give report"
        " status system ok okay fine"
        " everything how long since build how's who anybody there even even or correctly by way"
        " i'm moment language ai program without receiving voice saying anything test testing"
        " diagnostic diagnostics health update self systems system lost lose disconnected frozen"
        " dropped many hours days minutes were last reboot restart restarted rebooted booted boot"
        " got installed whether big name behind powering powers home doing wise locally r let"
        " microphone we thing alive you're know healthy broken shape mode recording server paying"
        " attention any errors problems issues wrong asleep audible coming through receive will"
        " function state condition neural",
        r"\b(?:car|phone|windows|song|when|shop|him|her|they|why|train|bus|he|she|hotel|house)\b"
        r"|\bat home\b"
        r"|^(?:i|we)\b",
    ),
    Kind(
        "language_set",
        r"\b(?:english|chinese|mandarin|putonghua)\b",
        "wife husband mum dad mother father grandma grandpa friend friends parents customer guest"
        " guests visitor visitors english chinese mandarin putonghua speak speaking"
        " talk talking switch change answer respond"
        " reply use using continue prefer set language back into over rather mode go conversation"
        " carry on from now onwards instead let's keep understand don't better easier have"
        " put select turn change only chat try speech voice languages swap keep going answers"
        " answering replies everything start stop quit cannot when not no as",
        r"^(?:i|we|they|he|she) (?:speak|talk|use|like|love|want|need)\b|^do you\b(?!.* then)|\bmy"
        r" (?:english|chinese)|\b(?:how|what|why|who|learn|teach|is|word|food)\b|^(?:the |a"
        r" )?(?:english"
        r"|chinese|mandarin)$|^like\b",
        _language,
        purpose=True,
    ),
    Kind(
        "sleep",
        r"\b(?:cover|plug) your ears\b|^no listening\b|\bstop hearing\b|\bignore (?:me|us)\b|\bstay"
        r" quiet until\b|\bquiet until i (?:need|call)\b|^go sleep\b|\byou ought to sleep\b|"
        r"\boff to bed\b|^time for (?:your )?(?:bed|nap|sleep)\b|^(?:it's )?(?:bedtime|nap time"
        r"|sleepy time)(?: for you)?$|\b(?:have|take|get|deserve|need) (?:a|some|your) (?:\w+"
        r" )?(?:rest"
        r"|nap|sleep|lie down|break)\b|\bgo (?:and )?rest\b|\b(?:enter|return to|into|back to|go"
        r" to|on"
        r" to|in) (?:sleep|standby|hibernation|hibernate|rest mode)\b|^(?:deactivate|suspend"
        r"|dismissed"
        r"|hibernate|power down)(?: yourself)?$|\byou(?:'re| are) dismissed\b|\b(?:shut|close|turn"
        r" off|switch off) your (?:ears|listening)\b|\bturn your (?:ears|listening) off\b|\bpause"
        r" listening\b|\bgo (?:inactive|away|into hibernation)\b|\b(?:wait|go away|quiet|alone|be"
        r" quiet|silent) (?:until|till|til) i (?:call|need|wake|want|say)\b|\bi want you to sleep\b"
        r"|\b(?:no need|needn't|not|don't have|don't need) (?:to )?(?:keep )?listen(?:ing)?\b|"
        r"\bstand down\b|\bnap time\b|\bnight night\b|\bgo dormant\b|\bstop paying attention\b"
        r"|\boff duty\b"
        r"|\bsnooze mode\b|\bclose your ears\b|\brest (?:now|then|for now)\b|\bhit the hay\b|"
        r"\b(?:go|get|back|off) (?:back |off )?to sleep\b|^sleep$|\bsleep (?:now|mode|please|well"
        r"|then)\b|\b(?:stop|quit|don't|no more|finish) listen(?:ing)?\b|\bstand ?by\b|\byou"
        r" (?:can|may"
        r"|should) (?:\w+ )?(?:sleep|rest|go to sleep|switch off|stop listening|relax|doze)\b"
        r"|\bhave a"
        r" (?:rest|nap|sleep)\b|\btake a (?:rest|nap|break)\b|\bgo (?:to bed|dormant|idle|quiet)\b",
        "paying attention duty snooze ears rest that's all for now today done finished needed"
        " need you anymore any more until till i call"
        " wake later tonight night good sleep mode go back standby we're i'm don't longer have"
        " enter off"
        " your bed you've worked hard enough nothing else is was bye goodbye see tomorrow listen"
        " listening stop moment while a put yourself into return hibernation deactivate suspend"
        " power down dismissed shut turn switch inactive away alone leave quiet silent wait bedtime"
        " cover plug hearing ignore stay ought call it nighty deserve lie break conversation"
        " talking you're done are needn't keep pause why",
        r"^(?:i|i'm|he|she|we|they|it|my|the)\b(?!.*\byou\b)|^why (?!don't you)|\bthe (?!moment"
        r"|night)\w+ (?:went|goes|is|was)\b|\b(?:how|what|who|when|baby|dog|went"
        r"|cat"
        r"|can't|cannot|children|before i|did|does|should i|time to)\b|^sleep is|your (?:man"
        r"|side)\b",
    ),
    Kind(
        "time_now",
        r"\bhow(?:'s|s| is) the time\b|\b(?:read|check|tell) (?:me |us )?(?:the|your) clock\b"
        r"|\btime it is\b|\btime's it\b|\bhour (?:is it|it is)\b|\bgot the (?:time|hour)\b|\bknow"
        r" the hour\b|^the hour$|\bthe"
        r" hour (?:please|now)\b|\bclock check\b|"
        r"\bwhat(?:'s| is)? (?:the )?(?:current |exact |precise |local |right |correct |actual"
        r" )*(?:time"
        r"|hour)"
        r"(?: is it getting to| does it say)?"
        r"(?: (?:is it|it is|of day is it|is it now|do (?:you|we|they) (?:have|make it|make)|have"
        r" (?:you"
        r"|we|they) got|are we at|is that))?\b|\b(?:the|current|exact|local|correct|actual)"
        r" time\b|\bhow"
        r" late (?:is it|it is|has it got|is it getting|do (?:we|you) have it)\b|\btime (?:is it"
        r"|check|now|please|it is)\b"
        r"|\b(?:the|your) (?:clock"
        r"|watch) (?:say|says|show|read)\b|\bwhat o'clock\b|\bclock say|^time$|\btime(?: right"
        r" now)?$",
        _ASK + " precise see get late hour over they people their do back home clock day we're by"
        " watch your where"
        " folks exactly died lost phone cousin friend sister brother family mum mom dad office"
        " colleague"
        " parents how's hows looking going",
        r"\bhave to\b|\bto be\b|\btime zone\b"
        r"|\btime (?:to|for (?!me|us|people|them))|\b(?:best|last|first|good|great|any|same|every"
        r"|next"
        r"|long|much|many|by the|bed|lunch|dinner|tea|story|half|all the|in the|at the|on|about"
        r"|of|wait|is the time|the time of) time\b|\btime of (?!day)|\bat the time\b|\bwhen\b"
        r"|\bneed"
        r" time\b|^have (?:you )?(?:the )?time of|\bhave time\b|\bit's (?:about )?time\b",
        _place,
        purpose=True,
    ),
    Kind(
        "time_now",
        rf"{A_SPAN}.*\b(?:what|what's)\b.*\btime\b",
        _ASK
        + " call ring phone visit message aunt uncle mother father brother sister friend mum mom"
        " dad family office cousin boss son daughter over he's she's i'm lives going back home",
        slots=lambda said: _place(said) or None,
    ),
    Kind(
        "time_now",
        rf"^(?:is it|has it|have we) (?:already |past |after |before |nearly |almost |about |gone"
        rf" |still |really |passed |got to |reached |even |turned )*{A_SPAN}",
        "yet already now still past nearly or not",
        slots=lambda said: {} if len(said.signs()) == len(said.values("time")) == 1 else None,
        purpose=True,
    ),
    Kind(
        "date_today",
        r"(?:how (?:many|long|far|much)|number of|days|weeks|sleeps|nights)\b.*\b(?:until|till"
        r"|til|to"
        rf"|before|away|off|left)\b.*{A_SPAN}",
        _ASK + " days weeks months sleeps nights more many how long much left there are away off is"
        " it's birthday from today go till until birthday anniversary holiday holidays exam exams"
        " party wedding trip day big next coming show have still remain remaining which that's",
        r"\b(?:did|was|were|take|takes|drive|walk|travel)\b",
        _one_day,
        purpose=True,
    ),
    Kind(
        "date_today",
        rf"\b(?:what|which|what's) (?:\w+ )?(?:day|weekday|date)\b.*{A_SPAN}|{A_SPAN} (?:is|was"
        rf"|falls"
        r" on) (?:what|which) (?:day|weekday)",
        _ASK + " day weekday week date of does do fall falls on land be was will the year this next"
        " last which that come comes going today in from now time be",
        r"\b(?:bins|best|open|shop|bus|did|born|war)\b",
        _one_day,
        purpose=True,
    ),
    Kind(
        "date_today",
        r"\bwhat are we (?:on |at )?today\b|\btoday(?:'s| is) the what\b|\bwhat number week\b"
        r"|\b(?:what|which|what's|what is|the|today's|tomorrow's|yesterday's"
        r"|current)\b.*?\b(?:date|day"
        r"|weekday|month|year|calendar week|week number)\b|\b(?:today|tomorrow) is (?:which|what)"
        r" (?:day|date)\b|\bwhat's (?:today|tomorrow)\b|\bwhat"
        r" (?:is )?(?:today|tomorrow)\b",
        _ASK
        + " having day date weekday week calendar month year today tomorrow yesterday after before"
        " number of we"
        " are is was be which what's today's calendar form letter paper diary it's now do have"
        " always"
        " forget keep forgetting remind calender day's number or tonight lost track on write"
        " get living again we're full complete whole",
        r"\b(?:how|when|why|who|every|good|nice|great|best|lovely|big|next|first|other|all|same|the"
        r" other|one|have a|day off|of the (?!week|month|year)|to date|date (?:night|with)|a day"
        r"|happy|mother|father|day to|day for|day do)\b",
        _day,
        purpose=True,
    ),
    Kind(
        "date_today",
        rf"^(?:is it|is today|today is|it's) (?:a |already |still |really |the )*{A_SPAN}"
        rf"|^(?:is it|are we in|are we) (?:already |still |really |in )*(?:{_MONTHS})\b",
        "tomorrow yesterday today or yet already is it already now right isn't not or",
        r"^(?:today is|it's)(?!.* (?:right|isn't it|is it)$)",
        lambda said: {} if len(said.values("day")) == len(said.signs()) else None,
        purpose=True,
    ),
)


def _spell(said: Said) -> Exact | None:
    """Read "i don't know how to spell necessary": the last words are what is to be spelt."""
    found = _SPELL.search(said.text)
    if not found or said.signs() or said.text.startswith(("spell of ", "a spell of ")):
        return None
    asked = (found[each] for each in ("word", "first", "written", "told", "said"))
    word = next(filter(None, asked), "").strip()
    if (
        not word
        or not _known(found["before"] or "", _SPELL_BEFORE)
        or not free_en.fits("word", word)
    ):
        return None
    return Exact("spell", {"word": said.given(word)})


_SPELL = re.compile(
    r"^(?P<before>.*?)(?:\b(?:spell|spelling (?:of|for)|letters (?:of|in))(?: (?:out|me|us|for"
    r" (?:me|us)|of|the|that|this|a|word|words|name|it)"
    r")* (?P<word>[\w']+(?: [\w']+)?)"
    r"|\b(?:(?:how (?:do|would|should) (?:you|i|we|one)|how to) write)(?: the word| the name|)"
    r" (?P<written>[\w']+)|\b(?:how is|how's|how do you get|how does|how should|how"
    r" would) (?:the |word |name )*(?P<first>[\w']+) (?:be |get )?(?:spelled|spelt|written)"
    r"|\bhow (?:the |word |name )*(?P<told>[\w']+) (?:is|gets|should be) (?:spelled|spelt|written)"
    r"|^(?:say|read|tell me|give me) (?:the word )?(?P<said>[\w']+)(?= letter by letter))(?:"
    r" (?:please|for me|for us|for the [a-z]+|correctly|properly|right|again|out"
    r" loud|slowly|letter"
    r" by"
    r" letter|thanks|would you|is it|in english))*$"
)
_SPELL_BEFORE = POLITE | words(
    "exactly world might keep forgetting was wondering teach kids children want daughter son asks"
    " asking may how what's what is correct proper do does you know forgot forget remember don't"
    " can't"
    " never i'm not sure give tell show need right no idea got have register always struggling"
    " get help way proper letter by remind read out say homework card essay letter"
)


def bare(clean: Clean, source: str) -> Exact | None:
    """Read what is a request only with the politeness that was taken off: "sorry what"."""
    if clean.text in ("what", "huh", "eh") and re.search(r"\b(?:sorry|pardon|excuse)\b", source):
        return Exact("repeat", {})
    if clean.text in _LANGUAGES and re.search(r"\b(?:please|thanks)\b", source):
        return Exact("language_set", {"language": _LANGUAGES[clean.text]})
    return None


def _known(words: str, known: Iterable[str]) -> bool:
    return set(words.split()) <= set(known)


WORDS = POLITE.union(*(kind.known() for kind in _KINDS))
"""All words that these requests are made of."""
READERS: tuple[Callable[[Said], Exact | None], ...] = (
    _spell,
    *(kind.reader() for kind in _KINDS),
)
