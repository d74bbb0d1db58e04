"""The words of requests for what rings: timers, alarms, reminders, in any order."""

import re
from collections.abc import Callable

from assistant.mind.skills import free_en
from assistant.mind.skills.loose_simple_en import POLITE
from assistant.mind.skills.loosely import A_SPAN, Said, words
from assistant.mind.skills.reading import Exact
from assistant.mind.skills.skill import Slot

_SET = words(
    "set setting start starting make making put putting create add begin run give get getting"
    " do kick off fire up switch turn activate launch use have another new more other extra"
    " next first second third going running stick pop whack bung from that's which goes go"
    " ring rings ringing beep beeps into clock down count under way ready needs needed please"
    " me long lasting lasts last it's i'll i'm we'll as soon arrange organise organize"
    " schedule program wants hook fresh chuck sling slip sort when until till time be exactly"
    " sharp about around roughly total separate so i know gone appreciate would and then call"
    " called named labelled labeled titled name label marked with keep keeping"
)
_NAMED = [
    re.compile(
        r"(?:called|named|labell?ed|titled|marked|(?:name|call|label) it|with the (?:name|label)|as"
        rf") (?P<name>[a-z' ]+?)(?= (?:for|of|at|in|on|please|lasting|that) |{A_SPAN}| {A_SPAN}|$)"
    ),
    re.compile(rf"\bgive (?P<name>[a-z' ]+?) {A_SPAN} on (?:the|a) timer"),
    re.compile(rf"^give (?P<name>[a-z' ]+?) {A_SPAN}$"),
    re.compile(rf"(?<!it's )(?<!that's )(?<!time )\b(?:for|on) (?P<name>[a-z' ]+?)(?= (?:for|of"
        rf"|at|in"
        rf"|lasting|set|that) |"
               rf" ?{A_SPAN}| please| thanks|$)"),
    re.compile(rf"(?:^|(?<= )|(?<={A_SPAN} ))(?P<name>[a-z' ]+?) (?:timer|countdown|alarm)\b"),
]  # fmt: skip
_ARTICLES = re.compile(r"^(?:(?:the|my|our|a|an|some|his|her|their|your|me|us|new|another) )+")
_NAMELESS = POLITE | _SET


def _named(said: Said, known: frozenset[str]) -> tuple[str, Said] | None:
    """Return the label of a timer or an alarm, and the text without it; None: two are left."""
    if not said.left(known):
        return "", said
    for pattern in _NAMED:
        for match in pattern.finditer(said.text):
            words = match["name"].split()
            while words and (words[0] in known or _ARTICLES.match(words[0] + " ")):
                words = words[1:]
            name = " ".join(words)
            if not name or any(word in _STOP for word in words) or not free_en.fits("name", name):
                continue
            rest = said.part(f" {said.text} ".replace(f" {name} ", " ", 1).strip())
            if not rest.left(known):
                return name, rest
    return None


_STOP = words(
    "went off broke broken works yesterday tomorrow how why who where story song tell said"
    " brother sister he she they his her watch did was were bomb fire smoke car buy price"
    " smart true false"
)
"""Words that are no label, or make another thing of it."""
_REPORTED = re.compile(
    r"(?:\b(?:i|we|he|she|they|i'll|we'll|i will|i've)|^you) (?:just |already |have |'ve )?"
    r"(?:set|put|start|started|made)\b|\b(?:don't|do not|didn't|never) (?:set|start|make|put|use"
    r"|wake|remind|turn)\b"
)
_TIMER = re.compile(
    rf"^set {A_SPAN}$|^what's (?:left|remaining)$|\bstart the clock\b.*{A_SPAN}|\b(?:is|are)"
    rf" (?:my|the|our) (?:time|minutes) up\b|\bis time up\b"
    rf"|\b(?:kitchen )?(?:timers?"
    r"|countdowns?|count down)\b|\bhow (?:many|much|long)\b.*\b(?:left"
    r"|remaining|remain|to go)\b"
    rf"|\b(?:put|stick|pop|set|whack|bung) {A_SPAN} on\b|^give (?:the|my|our"
    rf"|these) [a-z ]+ {A_SPAN}$"
    rf"|\b(?:much|any) time left\b|^(?:set|start|do|put|make) (?:one|another(?: one)?) (?:for"
    rf"|of) {A_SPAN}"
    r"|\bhow (?:long|much longer) (?:before|until|till|til) it (?:beep|ring|go|buzz|ding"
    r"|is done)(?:e?s)?\b"
    rf"|\btim(?:e|ing) ?(?:me|us|this|it|out)?\b.*{A_SPAN}|\bcount(?:ing)? (?:me |it )?(?:down)?"
    rf" ?.*{A_SPAN}"
    rf"|(?:beep(?:ed)?|ping(?:ed)?|buzz(?:ed)?|alert(?:ed)?|bleep|shout|tell me when|let me know"
    rf"|notify)\b.*{A_SPAN}"
    rf"|{A_SPAN} one\b|{A_SPAN} (?:on|starting) (?:the clock|now)\b|\bon the clock\b"
)
_CANCEL = re.compile(
    r"\b(?:cancell?ed|deleted|stopped|removed|ended|cleared|cancel|stop|delete|remove|kill|clear"
    r"|end|abort|scrap|drop|dismiss|discard|ditch|forget"
    r"|erase|bin|quit|lose|halt|nix|undo|reset|shut|get rid|no longer|don't need|don't want|don't"
    r" bother|never ?mind|needn't|call off|take off|not needed|isn't needed|silence|wipe|terminate"
    r"|trash|scratch|throw (?:away|out)|axe|no more)\b|\b(?:turn|switch|timer|countdown|alarm"
    r"|take)s?\b.*\boff\b"
)
_CANCELLED = POLITE | words(
    "cancel stop delete remove kill clear end abort scrap drop dismiss discard ditch forget"
    " about erase bin quit lose halt nix undo reset shut down off turn switch get rid no"
    " longer don't need want bother never mind nevermind needn't call take not needed isn't"
    " anymore any more after all cancelled canceled deleted stopped removed ended cleared"
    " every both each with the name called named labelled label timer timers countdown"
    " countdowns count alarm alarms going running set current currently active existing away"
    " can go up it's already done finished over done's i'm have silence wipe ones them those"
    " these which that's i've entirely completely immediately now last terminate trash scratch"
    " throw out timer's because changed axe timing today one else whole lot kitchen use is"
)
_ALL = re.compile(r"\b(?:all|every|both|each)\b")
_ASKED = re.compile(
    r"^(?:has|have|did) |\b(?:how|left|remaining|remain|status|check|show|list|which|when|what"
    r"|what's|still|are"
    r" there|is"
    r" there|is the|is my|are my|do i have|have i got|any timers?|progress|time to go|where"
    r"|where's|nearly|almost"
    r"|long until|how's|when's|finished yet|done yet|tell me about|read out|update)\b"
)
_STATUS = POLITE | words(
    "happening time's long's run out how how's long much many far along time minutes minute"
    " seconds hours left remaining remain still more longer until till before to go goes going"
    " off done finished finish end ends ending over up ring rings beep beeps on running active"
    " set status check show list tell read which when when's what what's are is do does have"
    " i've got has am will be timer timers countdown countdowns count down kitchen progress"
    " nearly almost yet moment current currently all any doing look looking close near one"
    " ones see about getting through say says give know did start started update them those"
    " these it's remains expire expires counting ticking waiting due i'm where where's we're"
    " did was said say coming buzz buzzes ding dings with next first last two complete"
    " completed stand at exactly there's"
)


_BEGUN = re.compile(
    rf"(?:please |just )*(?:set|start|begin|make|put) (?:me )?(?:a|another|an|the) .*{A_SPAN}"
)


def _timer(said: Said) -> Exact | None:
    text = said.text
    if not _TIMER.search(text) or _REPORTED.search(text) or re.search("alarm|remind|volume", text):
        return None
    noun = re.search(
        rf"\b(?:timers?|countdowns?|count down)\b|{A_SPAN} one\b|\btime left\b"
        r"|^(?:tell |know |check |see |say |show )?(?:me |us )?how (?:many|much|long)\b",
        text,
    )
    if noun and _CANCEL.search(text) and not _BEGUN.match(text):
        return _which(said, "timer_cancel", _CANCELLED)
    if noun and _ASKED.search(text):
        if re.search(
            r"\b(?:what's|what is) an? |\bwhat(?:'s| is| are)? (?:a timer|an?|timers"
            r"|countdowns?)$|\bis a\b",
            text,
        ):
            return None
        return _which(said, "timer_status", _STATUS)
    return _timer_set(said, bool(noun))


def _which(said: Said, intent: str, known: frozenset[str]) -> Exact | None:
    """Return a request for timers that run: by their name, their length, or all of them."""
    found = _named(said, known)
    slots = found[1].only("duration") if found else None
    if found is None or slots is None:
        return None
    taken: dict[str, Slot] = {}
    if slots:
        taken["duration_s"] = slots["duration"]
    if found[0]:
        taken["name"] = said.given(found[0])
    if intent == "timer_cancel" and _ALL.search(said.text):
        taken["all"] = True
    return Exact(intent, taken)


_WANTED = re.compile(
    r"\b(?:set|start|make|put|create|add|begin|run|give|get|do|need|want|like|have|new|another|use"
    r"|launch|stick|pop|activate|fire|kick|turn on|switch on|please|let's|timer on|appreciate)\b"
    r"|^(?:a|one|another|just a) "
)
_TIMED = POLITE | _SET | words(
    "beeped pinged buzzed alerted gone timer timers countdown kitchen count counting minute"
    " time timing beep ping buzz alert bleep shout tell know notify is are up over have passed"
    " by wait after once through within another starting start now more it's been has"
)  # fmt: skip


_TELLS = re.compile(r"\bi\b|\bwe\b|\bto\b|\bhave\b|\bby\b")
_BEEP_WANTED = re.compile(r"\b(?:need|want|like|have) an? (?:alert|beep|ping|buzz|bleep|shout)\b")


def _timer_set(said: Said, noun: bool) -> Exact | None:
    found = _named(said, _TIMED)
    slots = found[1].only("duration", "number") if found else None
    if (
        found is None
        or slots is None
        or slots.keys() == {"duration", "number"}
        or not ("duration" in slots or (noun and (slots or _WANTED.search(said.text))))
    ):
        return None
    if not noun and _TELLS.search(said.text) and not _BEEP_WANTED.search(said.text):
        return None
    taken: dict[str, Slot] = {"duration_s": slots["duration"]} if "duration" in slots else {}
    if found[0]:
        taken["name"] = said.given(found[0])
    return Exact("timer_set", taken)


_ALARM = re.compile(
    r"\balarms?\b|\bwake ?up call\b|\b(?:wake|waking|get|ring|rouse|buzz) (?:me|us)\b.*\b(?:up"
    r"|awake|at"
    rf"|out of bed)\b|\bwake (?:me|us|him|her|them|every(?:one|body)|(?:the|my|our) [a-z]+)\b"
    rf"|\b(?:need|have|want|got|must|like) (?:to )?(?:be )?(?:up"
    rf"|waking"
    rf"|awake|get up|wake up|woken)\b.*{A_SPAN}|^(?:be|get) (?:up|awake|woken|out of"
    rf" bed)\b.*{A_SPAN}|\bhave (?:me|us) (?:up|awake)\b.*{A_SPAN}|\bsure (?:that )?(?:i'm"
    rf"|we're|i am|i get|i wake) (?:up"
    rf"|awake)\b"
    rf".*{A_SPAN}|\b(?:let|make) (?:me|us) (?:sleep|oversleep|get up).*{A_SPAN}"
)
_ALARMED = POLITE | _SET | words(
    "all both everyone early alarm alarms clock wake wakeup up awake waking woken get got out bed"
    " ring rouse"
    " buzz call morning sure make makes don't sleep oversleep past later latest beyond than no"
    " before until till by at for around about o'clock sharp exactly every nap taking going"
    " having have i'm am must should day tomorrow tomorrow's today date need needs on dot"
    " after once myself lie in catch because let off back to hours hour time repeat repeating"
    " recurring i've we've wants wanted wanting kids children son daughter wife husband"
    " boys girls family baby him her them everybody guests"
)  # fmt: skip


def _alarm(said: Said) -> Exact | None:
    text = said.text
    if not _ALARM.search(text) or _REPORTED.search(text) or "timer" in text or "remind" in text:
        return None
    noun = re.search(r"\balarms?\b", text)
    if re.search(rf"{A_SPAN} alarms\b", text):  # how many
        return None
    if re.search(r"\b(?:how|why|what|which|who|did|does|is|are)\b", text):
        return None
    if noun and _CANCEL.search(text) and not re.search(r"\b(?:set|goes off|go off)\b", text):
        return None
    found = _named(said, _ALARMED)
    slots = found[1].only("duration", "time", "day", "repeat") if found else None
    if found is None or slots is None or ("time" in slots and "duration" in slots):
        return None
    if not slots.keys() & {"time", "duration"} and not (
        _WANTED.search(text) if noun else re.search(r"\bwake (?:me|us)\b", text)
    ):
        return None
    taken: dict[str, Slot] = {
        "duration_s" if kind == "duration" else kind: value for kind, value in slots.items()
    }
    if found[0]:
        taken["name"] = said.given(found[0])
    return Exact("alarm_set", taken)


_PREPOSITION = (
    r"(?:at|in|on|by|for|around|about|from|every|after|before|within|starting|until|when it's"
    r"|exactly|just|next|this|the|come)"
)
_WHEN = rf"(?:(?:{_PREPOSITION} )*{A_SPAN}(?: (?:from now|sharp|time|exactly))?)"
_REMIND = re.compile(
    r"\b(?:remember|don't forget) to (?:tell|remind|ping|alert) (?:me|us)\b"
    r"|\b(?:remind|remember|nudge|prompt|poke) (?:me|us)\b|\bbe reminded\b|\bjog my memory\b"
    r"|\b(?:need|want|like)"
    r" reminding\b|\b(?:don't|do not|never) let (?:me|us)"
    r" forget\b|\bmake sure (?:that )?(?:i|we) (?:don't forget|do not forget|remember|don't miss)\b"
    r"|\bgive (?:me|us) a (?:nudge|shout|poke|heads up|prod|buzz|ping|reminder)\b|\bhelp me"
    r" (?:to )?remember\b|^(?:a |new |quick )*reminder\b|\b(?:set|make|create|add|put|leave"
    r"|schedule"
    rf"|need|want|like|get|have|drop|do|send|give|pop|stick|chuck|slip)\b[a-z' ]*?(?: {A_SPAN})?"
    r" reminders?\b"
    r"|\b(?:i|we) (?:mustn't|must"
    r" not|can't|don't want to|shouldn't) forget\b|\b(?:tell|ping|alert|notify|buzz|shout at|let)"
    r" (?:me"
    rf"|us)(?: know)?(?= {_WHEN} (?:to|that|about)\b)"
    rf"|(?<={A_SPAN} )(?:(?:please|can you|could you|will you|would you) )?(?:tell|ping|alert"
    rf"|notify|buzz"
    r"|shout at) (?:me|us)(?= (?:to|that it's|that i|about)\b)"
)
_LINK = re.compile(
    r"(?:(?:to remember|not to forget|to|about|of|that|saying|which says|that says|for me|for us"
    r"|it's time|later|because|and say|with the (?:message|text)|please|for|called|on|up|in|so"
    r"|then)"
    r"(?: |$))+"
)
_LATER = re.compile(
    rf"^(?P<lead>[a-z' ]*?)\b(?:(?:(?:i|we) )?gotta|(?:i|we) (?:also )?(?:need|have|want|ought"
    rf"|'ve got|got)"
    r" to|(?:i|we) (?:must|should|mustn't forget to|can't forget to|really must))"
    rf" (?P<message>(?!be up|get up|wake).+?)(?P<when>(?: {_WHEN})*)(?: (?:so|and|please|can you"
    r"|could you|would you|will you|make sure you|you should))* (?:remind (?:me|us)|don't let (?:me"
    r"|us) forget|set (?:me )?a reminder|give me a reminder)(?P<late>(?: (?:then|please|would you"
    rf"|about it|for it|of it|of that|about that|will you|thanks|to|do it|{_WHEN}))*)$"
)
_BEFORE = POLITE | words(
    "note i'd also set make sure go ahead don't forget to remember you i'll when it's at in on by"
    " every you'll have before after around about tomorrow morning evening tonight later need"
)


def _reminder(said: Said) -> Exact | None:
    text = said.text
    if re.search(r"\b(?:timer|alarm)s?\b|\bno need\b|needn't", text) or re.search(
        r"(?<!can )(?<!could )(?<!would )(?<!will )(?<!need )(?<!to )\byou remind|\breminds\b", text
    ):
        return None
    if (later := _LATER.match(text)) and not said.part(later["lead"]).left(_BEFORE):
        return _reminding(said, later["message"], f"{later['lead']}{later['when']}{later['late']}")
    found = _REMIND.search(text)
    if _REPORTED.search(text[: found.end()] if found else text):
        return None
    if not found or said.part(text[: found.start()]).left(_BEFORE):
        return None
    if re.search(
        r"\b(?:nobody|what|which|how|any|cancel|delete|stop|not|if)\b", text[: found.end()]
    ):
        return None
    rest, when = text[found.end() :].strip(), text[: found.start()]
    if inside := re.search(A_SPAN, found[0]):  # "set a daily reminder"
        when = f"{when} {inside[0]}"
    while True:
        if time := re.match(rf"(?:(?:on|up|in|please|for (?:me|us)) )?{_WHEN}(?: |$)", rest):
            when, rest = f"{when} {time[0]}", rest[time.end() :]
        elif link := _LINK.match(rest):
            rest = rest[link.end() :]
        else:
            break
    last = re.search(rf"(?: {_WHEN})+(?: (?:please|thanks|okay|would you|will you|or so))*$",
                     f" {rest}")  # fmt: skip
    if last:
        rest, when = rest[: max(last.start() - 1, 0)], f"{when} {last[0]}"
    return _reminding(said, re.sub(r"(?: (?:please|thanks|okay|for me))+$", "", rest), when)


def _reminding(said: Said, message: str, when: str) -> Exact | None:
    slots = said.part(when).only("duration", "time", "day", "repeat")
    if slots is None or ("time" in slots and "duration" in slots):
        return None
    message = re.sub(r"(?: please| thanks)+$", "", message.strip())
    if message and (not free_en.fits("message", message) or re.match(A_SPAN, message)):
        return None
    taken: dict[str, Slot] = {
        "duration_s" if kind == "duration" else kind: value for kind, value in slots.items()
    }
    if message:
        taken["message"] = said.given(message)
    return Exact("reminder_set", taken)


_TOLD_TIMER = re.compile(
    rf"(?P<told>(?:[a-z' ]+ )?{A_SPAN}(?: [a-z']+){{0,3}}?) (?:(?:so|and|then|please|now|just"
    rf"|can you|could"
    r" you|would you|will you|you can|you could|i need you to|let's) )*(?:(?:start|set|put on"
    r"|begin|run|get"
    r"|use|i need|i want|put) (?:me )?(?:a|the|another|that|my) (?:(?P<name>[a-z]+) )?(?:timer"
    r"|countdown)"
    r"|time (?:it|that|this|me|us|them)|(?:timer|countdown) please|keep (?:the )?time"
    r"|count (?:it |that )?down)"
    r"(?: (?:on|going|please|now|for (?:it|that|this|me|us|them)|thanks))*"
)
"""The span is told before the timer is asked for: "the cake takes half an hour set a timer"."""
_A_TALE = re.compile(
    r"\b(?:if|when|why|how|who|what|said|says|told|asked|yesterday|last|ago|was|were|did|never|not"
    r"|don't|didn't|he|she|they|him|her|every|always|usually|often|used|should|would)\b"
)


def _told_timer(said: Said) -> Exact | None:
    match = _TOLD_TIMER.fullmatch(said.text)
    slots = said.only("duration")
    if match is None or not slots or _A_TALE.search(match["told"]):
        return None
    name = {"name": said.given(match["name"])} if match["name"] else {}
    if name and not free_en.fits("name", match["name"]):
        return None
    return Exact("timer_set", {"duration_s": slots["duration"], **name})


_TOLD_ALARM = re.compile(
    r"(?P<told>(?:i|i'm|i've|i'll|we|we're|we've|we'll|tomorrow|need|have|got)\b.*?\b(?:up"
    r"|awake|out of bed|early)\b.*?)"
    r" (?:(?:so|and|then|please|now|just|can you|could you|would you|will you|you can"
    r"|i need you to) )*"
    r"(?:set|put on|i need|make) (?:me |us )?(?:an|the|my|your|our) alarm"
    r"(?: (?:for|please|on|then|it|that|me|us|clock|thanks))*"
)
"""The time is told before the alarm is asked for: "we're getting up at six set the alarm"."""


def _told_alarm(said: Said) -> Exact | None:
    match = _TOLD_ALARM.fullmatch(said.text)
    slots = said.only("time", "day", "repeat")
    if match is None or not slots or "time" not in slots or _A_TALE.search(match["told"]):
        return None
    return Exact("alarm_set", slots)


WORDS = _TIMED | _ALARMED | _STATUS | _CANCELLED | _BEFORE
"""All words that these requests are made of."""
READERS: tuple[Callable[[Said], Exact | None], ...] = (
    _reminder,
    _timer,
    _alarm,
    _told_timer,
    _told_alarm,
)
