"""What Chinese speakers put around a request: fillers, politeness, reasons. It is taken off."""

import re
from itertools import pairwise

from assistant.mind.skills.written import Written

CORRECTION = re.compile(
    "(?:的|钟)?(?:哦|噢|啊|呃|嗯|哎|诶|唉)?(?:不对不对|不对|(?<!是)不是不是|(?<!是)不是|不不不|不不|(?<=[哦噢啊呃嗯哎诶])不"
    "|(?<=[点分半钟时秒天])[哦噢不](?=[上下中早晚明后零一二三四五六七八九十两半\\d])|算了(?=[零一二三四五六七八九十两半\\d])"
    "|我?说错了|错了|等等|等一下|应该是|还是改成|改成|还是)(?:我是说|是|应该是|要|我要|改成|说错了|定|设)?"
)
"""Between two of a kind, what came before is taken back: 半小时哦不一刻钟."""
_LEAD = re.compile(
    "(?:嗯+|嘘+|今天到此为止|我?怕我?忘了?(?=[明今后早晚上下\\d一二三四五六七八九十])|今天就到这[里儿]?|今天先到这[里儿]?|呃+|额+|啊+|哦|噢|哎呀|哎哟|哎|唉|欸|诶|喂+|嘿+|嗨|哈喽|你好啊?(?!着|用|像|吗|慢|快|吵|的?[英中])|您好|那个(?!叫|名)|那什么|就是说|就是"
    "|那么|然后|对了|话说|好的|好吧|好(?=帮|请|给)|okay|ok|hi|hey|hello|请问一?下?|请你帮我|请帮我|请你|请您|请"
    "|麻烦问一?下?|麻烦你帮我|麻烦您帮我|麻烦你|麻烦您|麻烦|劳驾|拜托你?|帮个忙|帮我个忙|不好意思|打扰一下|打扰了|抱歉"
    "|对不起|小助手|机器人|助手|助理|管家|亲爱的|幺儿"
    "|(?:姑娘|小姐姐|小姐|宝贝|哥们儿?|兄弟|师傅|老弟|小?朋友)(?![说讲念声嗓的在要是有也都和跟们家生叫让问不没把太])"
    "|我问一?下"
    "|我想问一?下|想问一?下|问你一?下|我想知道|想知道|我跟你说|听着|听好了|赶紧的?|赶快|快(?=帮|给|设|定|叫)|先(?=帮|给|设|定))+"
)
_TRAIL = re.compile(
    "(?:吧|啊|呀|呢|哦|噢|哈|(?<!干)嘛|啦|嘞|喽|呗|哟|咯|哒|(?<!怎么说)(?<![文语话]说)谢谢[你您]?了?|多谢[你您]?|谢了|感谢|非常感谢|好吗|好不好|好么|好嘛"
    "|(?<![运进])行吗|行不行|行么|可以吗|可以么|可不可以|成吗|中不|麻烦[你您]?了?|拜托[你您]?了?|辛苦[你您]?了?|来着|小?机器人|小助手|助手|姑娘|(?<![母父双])亲"
    "|师傅|亲爱的|okay|ok|thanks|thank you|please|嗯+|呃+)+$"
)
_POLITE = re.compile(
    "(?:那个?|嗯|呃|喂|你好)*(?:请[你您]?|麻烦[你您]?)?(?P<core>.+?)"
    "(?:吧|啊|呀|哦|啦|谢谢[你您]?|好吗|可以吗|行吗|嗯|呃)*"
)
_ASKED_FOR = re.compile(
    "[你您]?(?:能不能|能否|可不可以|可否|是否可以|能|可以|可以请你|能请你)(?:请|麻烦)?[你您]?([^了].+?)(?:一下)?(?:吗|么|嘛|不)?$"
)
_QUESTION = re.compile(
    "什么|啥|哪|怎|几|多少|多久|让你|睡|休息|说英|离线|联网|上网|工作|听[得见到]|干嘛|吗.|为|问"
)
_TELL = re.compile("告诉我|说一?下|说说|报|查|看")
_NOISE = (
    "(?:[^说叫让问喊他她谁它]{0,6}(?:太吵|好吵|很吵|太闹|太嘈杂|太安静|太远|听不太?清楚?|听不太?见|听不太?到|没听清楚?|睡着|睡觉"
    "|睡|在开会|午睡|午休|考试|感冒|耳背|耳朵不好|年纪大|吵死|吓我一跳|吓到我|跟不上|听不懂)了?)(?:[你您]|请|麻烦)?"
)
_MANNER = re.compile(
    "(?:把)?(?:你的?|说话)?(?:声音|音量|再?大声|再?小声|再?大点|再?小点|轻|响|小点|大点|(?:说|讲)(?!话$|什么|啥|的)|慢|快|语速)"
)
_FOREIGN = re.compile(
    "[^说让叫]{0,5}(?:听不懂|不会说|不懂|不会)(?:英文|英语|中文|汉语|普通话)(?:[你您]|请|就)?(?=[用说讲换改切])"
)
_NEW_HERE = re.compile(
    "我?.{0,3}(?:第一次用|头一次用|刚买|刚拿到|不会用|不知道怎么).{0,12}(?=[你您](?:都?能|都?会|可以|有))"
)
_DONE = re.compile(
    "[^我他她谁设定开让说叫]{1,6}了(?=(?:帮我|给我|替我)?(?:计时|定时|倒计时|设|定|开))"
)
_WHO = (
    "(?:我们?|咱们?|大家|孩子们?|小孩|宝宝|娃|爷爷|奶奶|外婆|外公|姥姥|爸爸?|妈妈?|老人|老婆|老公|邻居|有人|别人|隔壁|同学"
    "|老师|客人|因为|不然|免得|省得|好让|家里|屋里|房间|车间|外面|这里|这边|这儿|厨房|教室|办公室)"
)
_REASON = re.compile(
    rf"(?<=[点些了吧声慢快遍大小低高半币子钟音响%\d我醒床来])(?:{_WHO}.{{2,16}}|(?:来)?决定.{{0,14}}|看看?谁.{{1,12}}|要.{{2,12}})$"
)
_WITH_REASON = re.compile(
    "声音|音量|大声|小声|轻点|响点|[说讲念]得?[快慢]|[快慢][点些]|慢一?[点些]|语速|硬币|骰子|几点|叫醒我|把我叫醒|叫我起床|中文|英语|英文|再说一遍"
)
_DEVICE = re.compile(
    "定时|计时|倒计时|倒数|闹钟|闹铃|叫醒|叫我|喊我|提醒|音量|声音|大声|小声|轻点|响点|响一点|轻一点|语速|[说讲念读]得?[快慢]"
    "|[快慢]一?[点些]|再[说讲念读来]|重复|重说|没听[清见到懂]|硬币|骰子|随机|几点|几号|星期几|礼拜几|周几|[中英]文|英语|普通话|拼|怎么写"
    "|休眠|待机|退下|睡觉|休息|别听|闭嘴|安静|别说|别讲|停|版本|联网|离线|在线|你[能会]|模型|在听|等于|多少|[加减乘除]|打.折|秒表"
)
"""Words that a request to the device has, and what is told beside it mostly has not."""
_NOT_HARMLESS = re.compile(
    "[他她]|谁|说|问|让|告诉|如果|要是|假如|怎么|为什么|昨|不[要用必想需能准许是]|甭|别|没[让叫要必]|已经|[0-9]|[一二三四五六七八九十两半几]+(?:个|分|点|秒|小时|号|刻)|明天|后天|今晚"
    "|早上|晚上|下午|上午|每|周|叫.?我|名字|的$|里的"
)
_LATIN = re.compile("[a-z]")
"""A space beside one of these parts words: receipt 怎么拼写."""
_WITH_MESSAGE = re.compile("提醒|别让我忘|叫我去|[叫名]")
_PLEA = re.compile(
    "(?:请|麻烦|能不能|可以|快|赶紧|你|先)*(?:帮我|给我|替我|帮忙)(?=.{0,6}(?:定|计|倒|设|开|数|调|把|抛|扔|掷|算|提醒|查|看|换|切|拼|来|报|加|停|关|取))"
)
_CLOSED = re.compile(
    "(?<=[了吵的人好响远赛课睡])[你您]?(?:把)?(?:(?:声音|音量)再?调?[大小轻响][点些一]点?|再?[大小]点声|[大小轻]声[点些一]点?"
    "|[说讲念]得?[快慢][点些一]点?|[快慢][点些]说|再[说讲]一[遍次]|(?:现在)?(?:是)?几点了?|今天(?:几号|星期几|周几)|[说讲用](?:英语|英文|中文|普通话)"
    "|[掷扔摇抛][个一]*(?:骰子|硬币)|别说了|别念了|别响了)$"
)
_TOLD = re.compile("他|她|谁|如果|要是|提醒我|的时候|怎么|为什么")


def unpolished(written: Written) -> Written:
    """Return the request without what is only polite, or a sound, at its ends."""
    return written.core(_POLITE)


def bare(written: Written) -> Written:
    """Return the request without what stands around it."""
    written = _ends(_after_plea(_main_clause(written)))
    for lead in (_FOREIGN, _NEW_HERE, _DONE):
        match = lead.match(written.text)
        if match:
            written = written.part(match.end(), len(written.text))
    noise = re.compile(_NOISE).match(written.text)
    if noise and noise.end() < len(written.text) and _MANNER.match(written.text, noise.end()):
        written = written.part(noise.end(), len(written.text))
    asked = _ASKED_FOR.match(written.text)
    wanted = written.text[asked.start(1) :] if asked else ""
    if asked and (_TELL.match(wanted) or not _QUESTION.search(wanted)):
        written = written.part(*asked.span(1))
    return _ends(_after_telling(_without_reason(written)))


def _main_clause(written: Written) -> Written:
    """Of clauses of which one alone is a request, and the others are harmless, return that one."""
    clauses = _clauses(written)
    if not 2 <= len(clauses) <= 4:
        return written
    wanted = [clause for clause in clauses if _DEVICE.search(clause.text)]
    others = [clause for clause in clauses if clause not in wanted]
    if len(wanted) != 1 or any(_NOT_HARMLESS.search(clause.text) for clause in others):
        return written
    return written if _WITH_MESSAGE.search(wanted[0].text) else wanted[0]


def _clauses(written: Written) -> list[Written]:
    """Cut at punctuation; at spaces where they part clauses and not words."""
    gaps = [
        (i, written.source[written.places[i - 1] + 1 : written.places[i]])
        for i in range(1, len(written.text))
    ]
    cuts = [i for i, gap in gaps if re.search("[，。！？；,!?;…]", gap)]
    spaces = [
        i for i, gap in gaps if gap.isspace() and not _LATIN.search(written.text[i - 1 : i + 1])
    ]
    if not cuts and len(spaces) <= 2:
        cuts = spaces
        if min((b - a for a, b in pairwise([0, *cuts, len(written.text)])), default=0) < 3:
            return [written]
    return [written.part(a, b) for a, b in pairwise([0, *cuts, len(written.text)])]


def _after_plea(written: Written) -> Written:
    """Leave out what is told before 帮我: 锅里炖着汤帮我定时四十分钟."""
    plea = _PLEA.search(written.text)
    if plea is None or not 2 <= plea.start() <= 14:
        return written
    told = written.text[: plea.start()]
    if _NOT_HARMLESS.search(told) or _DEVICE.search(told):
        return written
    return written.part(plea.start(), len(written.text))


def _after_telling(written: Written) -> Written:
    """Leave out what is told before a request that nothing else ends in: 天都黑了几点了."""
    closed = _CLOSED.search(written.text)
    told = written.text[: closed.start()] if closed else ""
    if not closed or not 3 <= len(told) <= 10 or _NOT_HARMLESS.search(told) or _DEVICE.search(told):
        return written
    return written.part(closed.start(), len(written.text))


def _without_reason(written: Written) -> Written:
    request = _WITH_REASON.search(written.text)
    reason = request and _REASON.search(written.text, request.end())
    if not reason or _TOLD.search(written.text[: reason.start()]):
        return written
    return written.part(0, reason.start())


def _ends(written: Written) -> Written:
    """Take fillers and politeness off both ends, but never all that was said."""
    lead = _LEAD.match(written.text)
    if lead and lead.end() < len(written.text):
        written = written.part(lead.end(), len(written.text))
    trail = _TRAIL.search(written.text)
    if trail and trail.start():
        written = written.part(0, trail.start())
    return written
