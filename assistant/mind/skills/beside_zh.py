"""Clauses beside a Chinese request that say why it is made, and stories that are no request."""

import re

MOST = 14
"""Characters of a clause that says why."""
STORY = re.compile(
    "[他她它谁哪怎吗说问让叫喊A-Z]|什么|如果|要是|假如|告诉|昨|上次|以[前后]|从前|曾|别人|(?<!要)不要|不[用必需想]|没必要|别"
    "|几|多[少久长]|没[让叫要]|据|[设定订买]了|开了一?个|刚[才刚]?[设定]"
)
"""Words of somebody who tells."""
_DEVICE = re.compile(
    "电视|音乐|歌|手机|灯|空调|视频|广播|收音机|电脑|电影|游戏|新闻|电台|节目|洗衣机|烤箱|微波炉|门铃|平板"
    "|功放|音箱|车载"
)
"""What may be loud or quick, be stopped or sleep, too."""
_HANGS = re.compile(
    "[是在的从到和跟把被给对向比为会能要想得该爱学教懂用只不没很最更太又也还就都一每这那个们叫使请敢肯]$|可以$|喜欢$|大家$|[帮给替为]我$"
)
"""A clause that ends so goes on in what comes next."""
_CALLED = re.compile(
    "(?:这位|那位|各位|喂|哎|嘿|好的?)?(?:(?:小|老|大)?(?:同学|老师|师傅|朋友|先生|女士|小姐|太太|老?爷爷?|奶奶|阿姨|叔叔|伯伯?"
    "|婶|[爸妈哥姐弟妹]+|老[婆公板]|经理|主任|医生|护士|司机|服务员|客人|乘客|旅客|听众|观众|来宾|孩子|宝宝|宝贝|家人|邻居)"
    "|大[爷妈哥姐叔婶娘家伙]+)(?:们|儿)?(?:你们?|请|麻烦|能不能|可不可以|可以|先|都|稍微|再)*"
)
"""Somebody else is spoken to: 这位同学请, 大爷你."""
_TELLS_WHY = re.compile(
    "[了在要太有是得想不没着去来赶怕快该听看睡困累忙急吵开记大响多少好会还亮黑晚早冷热风雨呢写做煮炖烧洗泡跑接送买吃喝玩]"
)
"""A clause that says why has one of these; a name or a thing alone has none."""
_WHY = re.compile(
    "我|咱|有|太|电话|手机响|知道|明白|刚|行了|好了|这|那边|人|大家|孩子|小孩|娃|宝[宝贝]|家里|爷|奶|外[公婆面头边]|姥|爸|妈|老[人公婆师板]"
    "|客人|因|不然|要不|免得|省得|好让|隔壁|邻居|室友|同[学事]|来了|车间|屋|听不|看不|准备|该|赶|怕|吵"
    "|实在|快[要到]|马上|一会|待会|等[会下]|晚上|明天|今天|影响|打扰|[风雨天]|路上|正在|[前后旁][面边头]"
    "|楼[上下]"
)


_OF_ANY_DEVICE = ("timer_set", "alarm_set", "reminder_set")
_TO_ANYBODY = ("stop", "sleep")
"""People are told to be silent as well; only who gives a reason of their own means the device."""
_ALLOWED = {"alarm_set": ("Y", ""), "random": ("谁", "")}
"""明天有考试七点的闹钟, 谁洗碗抛硬币决定."""


def of_another_device(text: str) -> bool:
    """Tell whether a text names something else that may be loud, or stop."""
    return bool(_DEVICE.search(text))


def harmless(clause: str, intent: str = "") -> bool:
    """Tell whether a clause beside a request only says why; not what else might be meant."""
    return (
        1 < len(clause) <= MOST
        and (intent not in _TO_ANYBODY or bool(_WHY.match(clause)))
        and (intent in _OF_ANY_DEVICE or not _DEVICE.search(clause))
        and not STORY.search(clause.replace(*_ALLOWED.get(intent, ("", ""))))
        and not _HANGS.search(clause)
        and not _CALLED.fullmatch(clause)
        and bool(_TELLS_WHY.search(clause))
    )


def says_why(clause: str, intent: str = "") -> bool:
    """Tell whether a clause behind a request only says why."""
    return bool(_WHY.match(clause)) and harmless(clause, intent)
