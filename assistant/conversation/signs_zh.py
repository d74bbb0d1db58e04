"""Signs of whom a Chinese sentence is said to. Pure; see `assistant.conversation.addressed`."""

import re

from assistant.wording import said

SHORT, LONG = 7, 16
"""In characters."""

_LEAD = r"^(?:那么?|然后|好的?|嗯|哦|谢谢|请|麻烦|现在|再|还是|哈哈|真的吗|行|哇)*"
_QUESTION = re.compile(
    r"什么|怎么|为什么|为啥|多少|多久|多长|多高|多重|多远|多大|多老|几[点个岁号天月年]|星期几|谁|哪[里儿个年些国]"
    r"|几[?？]?$|哪一|啥"
)
_ABOUT_IT = re.compile(r"呢$|^(?:它|那里|那儿|这|那).*吗$|^.{0,8}吗$")
_ORDER = re.compile(
    _LEAD
    + r"(?:帮我|给我|给它|告诉|设|定|开|关|打开|关掉|关上|取消|删|去掉|加|减|除以|乘|改|换|提醒|讲"
    r"|说|念|读|解释|翻译|算|放|播|停|继续|重复|列|查|找|推荐|把.{1,8}(?:改|删|去|换|翻|加|调|关|开)|大一点"
    r"|小一点|慢一点|快一点|再|来一?个|叫我|起个|猜|唱|介绍|比较)"
)
_MORE = re.compile(r"^(?:再|还有|另外|那|换|两个都|都|只要|不要|第.个)|一点$|一下$|的$|那个$|一遍$")
_REPLY = re.compile(
    r"^(?:好[啊的呀]?|是的?|对|不是|不用|要|不要|可以|行|嗯|没有|有|当然|两个都.*|都.*|[^我你他她]{1,4}的)$"
)
_WISH = re.compile(r"我想(?:要|知道|听)|我要|你会.*吗|你知道|你叫什么|没听懂|你能|可以.*吗")
_PERSON = re.compile(
    r"老公|老婆|亲爱的|宝贝|宝宝|妈|爸|爷爷|奶奶|姥|哥|姐|弟|妹|儿子|女儿|孩子|小[红明宝李王马杰雪]|老[王李张]|皇上"
    r"|师父|大人|将军|法官|公主|兄弟|同志|各位|观众|听众|朋友们|臣妾|娘"
)
_NAMED = re.compile(r"^[一-鿿]{2}[，,]|[，,][一-鿿]{2}[。！？!?]$")
_YOU = re.compile(
    r"你(?:看|听见|听到|记得|还|怎么|敢|以为|确定|觉得|每|从来|给|拿|过|忘|把|关|锁|喂|爸|妈|们|的|跟|今|是不是|要不要|放|该)"
    r"|没有[？?]?$|[了啊][？?]$|都怪|我就说|您(?:还|的|确定|听)|您家"
)
_US = re.compile(r"我们|咱们?|大家")
_OTHERS = re.compile(
    r"他|她|人家|我(?:爸|妈|姐|哥|爷|奶|儿|女|老|跟|早|昨|已|看他|去|的|就|受|从|明|周)"
)
_TOLD = re.compile(r"了[。，！!,]|了$|着|过[。，]|将|正在|据|表示|是一|已经|的是")
_SHOW = re.compile(
    r"收看|收听|欢迎|本台|记者|报道|广告|优惠|拨打|电话，|嘉宾|选手|节目|精彩|下集|上集|新闻|警方|嫌疑|同比|百分之"
    r"|万元|折|比赛|裁判|球|仅限|全场|现场|屏幕|赞助|专家|研究|科学家|央行|市场|有限公司|请按|请系|字幕"
)
_HOME = re.compile(
    r"递给?我|帮我拿|给我[，,]|吃饭|开饭|午饭|晚饭|早饭|中午想吃|作业|学校|鞋|外套|楼[上下]|车锁|钥匙|冰箱|沙发|桌子上"
    r"|快递|睡得好|打电话呢|过来|坐[下好]|起来|快[看点走]|那边|这边|出去|回来|上班|接个电话|隔壁|带把"
)
_ME = re.compile(r"^(?:唉|嗯|不|是|好|那|对|其实)*(?:我|咱)(?!们|爸|妈)")
_BACK = re.compile(
    r"你(?:真|太|很|说)(?:好|逗|有意思|棒|聪明|厉害|错|得对|对)|谢谢你|你确定|你是机器人|我不信|我说的|我是说|我觉得你"
    r"|真可惜|真有意思|太好了|不错|听起来|真的吗|你刚才|你一定|多无聊"
)
"""What is said back to whoever has just spoken."""
CUTS_IN = re.compile(
    r"^(?:哎|诶|啊|嗯|喂|那个|哦)*(?:等等|等一等|等一下|等下|等会|慢着|且慢|不对|不是|不要|别|打断一下|抱歉"
    r"|对不起|不好意思|其实|我(?:说|问)的是|停)"
)
"""What people begin with who want somebody else to stop speaking."""
_SENTENCE, _CLAUSE = re.compile(r"[。！？.!?]+(?=.)"), re.compile(r"[。！？.!?，,；]+(?=.)")
_OF_NOTHING = frozenset("的了吗呢啊吧是在有我你他她它这那个一不也就都和，。？！ ")


def signs(text: str, reply: str) -> dict[str, float]:
    """Return the signs in a Chinese `text` that was said after `reply`, each 0 to 1."""
    words = said(text).replace(" ", "")
    count = len(words)
    ends = [said(cut.split(text.strip())[-1]).replace(" ", "") for cut in (_SENTENCE, _CLAUSE)]
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
        "you": float(bool(_YOU.search(text))),
        "me": float(bool(_ME.search(words))),
        "back": float(bool(_BACK.search(words))),
        "home": float(bool(_HOME.search(text))),
        "us": float(bool(_US.search(words))),
        "others": float(bool(_OTHERS.search(words))),
        "told": float(bool(_TOLD.search(text)) and not question),
        "show": float(bool(_SHOW.search(text))),
        "cried": float("！" in text or "!" in text),
        "short": float(count <= SHORT),
        "long": min(max(0, count - SHORT) / (LONG - SHORT), 1.0),
        "same": _same(words, reply),
    }


def _same(words: str, reply: str) -> float:
    """Return which share of the characters that mean something stood in the last answer."""
    mine = set(words) - _OF_NOTHING
    return len(mine & set(reply)) / len(mine) if mine else 0.0
