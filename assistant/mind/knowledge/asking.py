"""What kind of answer a question asks for, and whether a text has one.

"When" wants a time, "how much is" an amount, "who" a name: a passage about the same thing that has
none does not answer. Only what can be told by its form is known here; reasons and ways have none.
"""

import re
from collections.abc import Callable
from typing import Literal

from assistant.mind.knowledge.words import chinese
from assistant.mind.skills import numbers_en, numbers_zh

Kind = Literal["money", "duration", "time", "number", "name", "place", "colour", "whether", "other"]
"""`whether`: yes or no; `other`: nothing that has a form of its own."""
ENGLISH: dict[Kind, re.Pattern[str]] = {
    "money": re.compile(
        r"how much (?:is|are|was|do|does|did|for|to|would)\b"
        r"(?!.* (?:weigh|need|draw|use|hold|lift|carry)\b)"
        r"|how much .*\b(?:cost|pay|charge|owe)|\b(?:costs?|prices?|fees?|fare)\b|how expensive"
    ),
    "duration": re.compile(r"how (?:long|soon|often|late|early|quickly)\b"),
    "time": re.compile(
        r"(?:^|(?:um|uh|hi|and|so|please) )when\b|until when"
        r"|what (?:time|hours?|day|date|year|month)s?\b|which (?:day|month|week|year)s?\b"
    ),
    "number": re.compile(
        r"how (?:many|much|deep|high|tall|wide|heavy|big|large|fast|hot|warm|cold|far|loud|old)\b"
        r"|what (?:temperature|speed|size|age|weight|height|width)\b|\bnumber\b"
    ),
    "name": re.compile(r"\bwho(?:m|se)?\b|\bnames?\b|\bcalled\b"),
    "place": re.compile(
        r"\bwhere\b|which (?:floor|level|street|station|stop|country|room)"
        r"|what (?:floor|address|street|room)"
    ),
    "colour": re.compile(r"\bcolou?rs?\b"),
    "whether": re.compile(
        r"^(?:um |uh |hi |so |please )*(?:can|could|may|is|are|do|does|did|has|have|should|must"
        r"|will)\b"
    ),
}
"""The first that is found tells the kind."""
CHINESE: dict[Kind, re.Pattern[str]] = {
    "money": re.compile(
        r"多少钱|几块|几元|什么价|价格|学费|费用|收费|[收要交付罚赔补].{0,2}多少(?![人天分])"
    ),
    "duration": re.compile(r"多久|多长时间|几个?(?:小时|分钟|天|年|周|月)"),
    "time": re.compile(r"几点|什么时[候间]|哪一?[天年月周]|几[号月]|星期几|周几|什么季节"),
    "number": re.compile(r"多[少大高深重宽长远快热冷]|几[个台本度层岁公楼位转份辆级种]|号码|电话"),
    "name": re.compile(r"谁|叫什么|哪位|姓什么|什么名字"),
    "place": re.compile(r"哪里|哪儿|在哪|去哪|什么地方|几楼|地址"),
    "colour": re.compile(r"颜色"),
    "whether": re.compile(r"吗|能|有没有|可以|是不是|会不会|[吧不]$|(.)不\1"),
}
_MONEY = {
    False: re.compile(
        r"[£$€]|\b(?:pounds?|euros?|dollars?|pence|cents?|free|nothing|pays?|paid|percent off"
        r"|price|included)\b"
    ),
    True: re.compile(r"[元块毛¥￥]|免费|免票|不收|包邮|原价|不要钱|包含"),
}
_TIME = {
    False: re.compile(
        r"\b(?:mornings?|noon|afternoons?|evenings?|nights?|midnight|(?:mon|tues|wednes|thurs|fri"
        r"|satur|sun)days?|weekdays?|weekends?|january|february|march|april|may|june|july|august"
        r"|september|october|november|december|every|daily|before|after|as soon as|when|hours?)\b"
    ),
    True: re.compile(r"[早晚]上|[上下中]午|[每当][天周月年日]|[周月号日年]|星期|[以之][前后]|节"),
}
_NAME = {
    False: re.compile(
        r"\b(?:Mr|Mrs|Ms|Dr)\b|\b[A-Z][a-z]+[A-Z]"
        r"|(?<=[a-z,;] )(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Janu|Febr|March|April|May\b"
        r"|June|July|August|(?:Sept|Nov|Dec)em|Octo)[A-Z][a-z]+"
        r"|\b(?:officer|foreman|manager|office|desk|reception|lifeguards?|staff)\b",
    ),
    True: re.compile(
        r"[师主老班厂馆所][傅任板组长师]|叫|姓|[是找](?!不)[\u3400-\u9fff]{2,3}(?:[，。]|$)|组长"
    ),
}
_PLACE = {
    False: re.compile(
        r"\b(?:in|into|at|on|behind|beside|next to|under|near|above|below|opposite|inside|outside"
        r"|floor|upstairs)\b"
    ),
    True: re.compile(r"[在里旁边楼路站到]|门口|[前后]面"),
}
_COLOUR = {
    False: re.compile(r"\b(?:red|blue|green|yellow|white|black|orange|grey|brown)\b"),
    True: re.compile(r"[红蓝绿黄白黑橙灰]"),
}


_ROLES = (
    r"(?:(?:general|managing|head|deputy|shift|duty|night|day|line|plant|site|shop|store|museum"
    r"|hotel|school|company|factory|team|safety) )?"
    r"(?:director|manager|boss|owner|curator|head|chief|supervisor|foreman|principal|headmaster"
    r"|headmistress|caretaker|janitor|receptionist|landlord|landlady|chef|cook|librarian|nurse"
    r"|doctor|teacher|trainer|founder|guide|person in charge)s?"
)
_OURS = r"(?:here|today|tonight|now|at the moment|in this \w+|of (?:the|this|your|our) \w+)"
_HERE_ZH = "(?:(?:你们|咱们|我们|这里|这儿|这家店?|本[店馆厂校])的?)?"
_ROLES_ZH = "(?:[馆店厂校院园站班组]长|经理|老板娘?|主任|主管|负责人|总监|厨师长?|管理员|创始人)"
_HOUSE = {
    False: re.compile(
        rf"\bwho(?:'s| is| are| was)? (?:the|your|our) {_ROLES}(?: {_OURS})*$"
        rf"|\bwho(?:'s| is| are)? (?:in charge|responsible|on duty)(?: {_OURS})*$"
        r"|\bwho (?:runs|owns|manages|founded) (?:this|your|our)\b"
        rf"|\b(?:the|your|our) {_ROLES}(?:'s)? (?:called|name)(?: {_OURS})*$"
        rf"|\bname of (?:the|your|our) {_ROLES}(?: {_OURS})*$"
        r"|\b(?:your|our) (?:wi-?fi|phone number|telephone number|address|opening hours|prices?)\b"
        r"|\bwhen do (?:you|we) (?:open|close)\b|\bwhat time do (?:you|we) (?:open|close)\b"
    ),
    True: re.compile(
        f"^(?:请问|那|嗯|你知道|告诉我)*{_HERE_ZH}(?:[副总店厂值班现在今天大堂车间]{{0,4}}){_ROLES_ZH}"
        "(?:是谁|是哪位|叫什么(?:名字)?|姓什么|贵姓)[啊呀呢]?$"
        f"|(?:谁|哪位)是{_HERE_ZH}(?:[副总店厂值班]{{0,3}}){_ROLES_ZH}[啊呀呢]?$"
        "|(?:你们|咱们|我们|这里|这儿|本店)(?:家|店|馆)?的?(?:电话|地址|无线|wifi|密码|营业时间|开门|关门"
        "|几点开|几点关)"
    ),
}
"""Questions for what only the owner can know; not "the director of Titanic"."""


def of_the_house(question: str) -> bool:
    """Return whether something is asked that only the owner's documents could tell.

    The small model knows no better than to invent it: a name for "who is the director".
    """
    folded = question.casefold().replace("’", "'").strip(" .?!。？！")
    return bool(_HOUSE[chinese(question)].search(folded))


def wanted(question: str) -> Kind:
    """Return the kind of answer that a question asks for."""
    folded = question.casefold().replace("’", "'")
    for kind, pattern in (CHINESE if chinese(question) else ENGLISH).items():
        if pattern.search(folded):
            return kind
    return "other"


def lacks(kind: Kind, text: str) -> bool:
    """Return whether `text` has nothing of the kind that is asked for."""
    offers = _OFFERS.get(kind)
    return offers is not None and not offers(text, chinese(text))


def _number(text: str, zh: bool) -> bool:
    found = (numbers_zh if zh else numbers_en).numbers(text.casefold())
    return next(found, None) is not None


def _time(text: str, zh: bool) -> bool:
    # A year, or "in three weeks", is one too.
    return bool(_TIME[zh].search(text.casefold())) or _number(text, zh)


def _money(text: str, zh: bool) -> bool:
    return bool(_MONEY[zh].search(text.casefold()))


def _name(text: str, zh: bool) -> bool:
    return bool(_NAME[zh].search(text))


def _place(text: str, zh: bool) -> bool:
    return bool(_PLACE[zh].search(text.casefold()))


def _colour(text: str, zh: bool) -> bool:
    return bool(_COLOUR[zh].search(text.casefold()))


_OFFERS: dict[Kind, Callable[[str, bool], bool]] = {
    "money": _money,
    "duration": _time,
    "time": _time,
    "number": _number,
    "name": _name,
    "place": _place,
    "colour": _colour,
}
