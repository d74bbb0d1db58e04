"""Calculations as they are said in Chinese, worked out exactly.

A small grammar over the text; nothing is ever run as code, and numbers that would grow beyond what
anybody wants to hear are undefined.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from assistant.mind.skills.calculation import Calculation, Form
from assistant.mind.skills.numbers_zh import DIGITS, number_at
from assistant.mind.skills.reckoning import apply, factorial_of, power, root_of

_LEAD = re.compile(
    "(?:那个|那么|请问|请|麻烦|帮我|帮忙|替我|给我|你|能|算算看?|算一?下|算|计算一?下?|告诉我|我想知道|看看|说说"
    "|一下|数学题|口算|多少是|再)+"
)
_TAIL = re.compile(
    "(?:的?小费|等于|是|得|为|算出来|加起来|一共|总共|结果|答案|合计|到底|应该|的?值|还?剩下?|余下)*"
    "(?:多少钱?|几|啥|什么|=|等于)?(?:来着|呢|啊|呀|吗|了|块钱?|元|钱)*$"
)
_UNIT = re.compile(
    "(?:块钱?|元钱?|美元|人民币|个人|个|斤|公斤|千克|克|米|厘米|公里|升|度|岁|天|只|条|件|本|人|页|分)"
)
_MONEY = re.compile(
    "[块元]([一二两三四五六七八九]|\\d(?!\\d))(?:毛|角)?(?:([一二三四五六七八九]|\\d)分?)?"
)
_ASKED = "(?=.*(?:等于|得[几多]|是[几多]))"
"""Only then a word of the same sound may be a sign: 三家五等于几, but 一家五个人."""
_SIGNS = [
    ("+", re.compile(rf"加上?|[家佳嘉夹]{_ASKED}|\+|plus")),
    ("-", re.compile(rf"减去?|减掉|[剪捡检简见]{_ASKED}|-|minus|扣掉|去掉")),
    ("//", re.compile(r"除(?!以|上|了)")),
    ("/", re.compile(r"除[以上]|[出处初厨]以|÷|/|divided by")),
    (
        "*",
        re.compile(
            r"乘以?上?|×|\*(?!\*)|x|times|倍以"
            rf"|[称成程城呈承诚](?=[以一二三四五六七八九十百千万两\d]){_ASKED}"
        ),
    ),
    ("%", re.compile("模|取余")),
]
_REST = "的?余数?|(?:得几|等于几|等于多少|商几)余(?=几|多少)"
_TIMES_TABLE = re.compile(
    f"([{''.join(DIGITS)}])([{''.join(DIGITS)}])(?:(?:得|等于|是)(?:几|多少|啥|什么)|多少)"
)


def calculate(text: str) -> Fraction | None:
    """Return the result of the calculation that `text` is from end to end; None where it is none.

    `text` is as `written_zh.clean` leaves it. Raises `Undefined` where it is a calculation without
    a result (九除以零) or with a result beyond `MOST`.
    """
    lead = _LEAD.match(text)
    table = _TIMES_TABLE.fullmatch(text[lead.end() if lead else 0 :])
    if table:
        return Fraction(DIGITS[table[1]] * DIGITS[table[2]])
    return _Sum.first(text[start:] for start in {lead.end() if lead else 0, 0})


class _Sum(Calculation):
    """A calculation in Chinese."""

    TAIL = _TAIL

    def forms(self) -> Sequence[Form]:
        """Return the ways in which they are said."""
        return self._tip, self._share, self._of_both, self._compared, self._plain

    def _tip(self) -> Fraction | None:
        """Read 两百块给百分之十的小费, 百分之十五的小费八十块: the tip."""
        one = self._number()
        self.take("的?小费|的?(?:账单|餐费)?(?:要|想)?[给付加]?")
        other = self._number()
        if one is None or other is None or "小费" not in self.text:
            return None
        self.take("的?小费")
        self.operations = 1
        return one * other if min(one, other) < 1 else None

    def _plain(self) -> Fraction | None:
        """Read sums and differences of products, the remainder of them, and what is put after."""
        value = self._terms()
        if value is None:
            return None
        self.take("的?(?:和|差|积|商|结果)(?=[加减乘除再的打])")
        self.take("以后|之后|后|，")
        while (more := self._after(value)) is not None:
            value = more
        return value

    def _after(self, value: Fraction) -> Fraction | None:
        """Work on with all that was read: 三加五的和乘以二."""
        for sign, pattern in _SIGNS:
            at = self.at
            match = re.compile(f"(?:再|然后|接着)?(?:{pattern.pattern})").match(self.text, at)
            if not match:
                continue
            self.at = match.end()
            right = self._factor()
            if right is not None:
                self.operations += 1
                return apply(sign, value, right)
            self.at = at
        return None

    def _terms(self) -> Fraction | None:
        value = self._product()
        while value is not None:
            sign = self._sign("+-")
            if sign is None:
                return value
            at = self.at
            share = re.compile(r"百分之|\d+(?:\.\d+)?%").match(self.text, at)
            right = self._product()
            if right is None:
                return None
            if share and re.compile("(?:等于|是|得|多少|几|$)").match(self.text, self.at):
                right *= value  # 一百加百分之二十 is 120, as a till reckons
            value = value + right if sign == "+" else value - right
            self.operations += 1
        return None

    def _product(self) -> Fraction | None:
        value = self._factor()
        while value is not None:
            sign = self._sign("*/%")
            if sign is None:
                return value
            right = self._factor()
            if right is None:
                return None
            self.operations += 1
            if sign == "/" and self.take(_REST):
                sign = "%"
            value = apply(sign, value, right)
        return None

    def _sign(self, wanted: str) -> str | None:
        for sign, pattern in _SIGNS:
            if sign[0] in wanted:
                match = pattern.match(self.text, self.at)
                if match:
                    self.at = match.end()
                    return sign
        return None

    def _factor(self) -> Fraction | None:
        """Read a number with what is done to it alone: powers, roots, shares, discounts."""
        if self.take("根号(?:下)?|开方"):
            value = self._number()
            if value is None:
                return None
            self.operations += 1
            return root_of(value, 2)
        value = self._number()
        while value is not None:
            more = self._powers(value)
            if more is None:
                more = self._shares(value)
            if more is None:
                return value
            self.operations += 1
            value = more
        return None

    def _powers(self, value: Fraction) -> Fraction | None:
        """Read what follows a number: 的平方, 的三次方, 的平方根, 的阶乘."""
        if self.take("的?平方根|的?算术平方根|开平方根?|开方|开根号?"):
            return root_of(value, 2)
        if self.take("的?立方根|开立方|开三次方"):
            return root_of(value, 3)
        if self.take("的?平方(?![米公分厘里千])|的?二次方|²"):
            return power(value, 2)
        if self.take("的?立方(?![米公分厘里千])|³"):
            return power(value, 3)
        if self.take("的?阶乘"):
            return factorial_of(value)
        if self.take(r"\*\*|\^"):
            exponent = self._factor()
            return None if exponent is None else power(value, exponent)
        at = self.at
        if self.take("的"):
            number = number_at(self.text, self.at)
            if number and re.compile("次方|次幂").match(self.text, number.end):
                self.at = number.end + 2
                return power(value, number.value)
        self.at = at
        return None

    def _shares(self, value: Fraction) -> Fraction | None:
        """Read what follows a number: 的百分之二十, 的一半, 的三倍, 打八折."""
        at = self.at
        if self.take("打?对折|打?半价|打?五折"):
            return value / 2
        if self.take("打了?|的(?=[一二三四五六七八九\\d点]+折)"):
            row = self.take(r"(\d{2}|[一二三四五六七八九]{2})(?=折)")
            if row:
                share = number_at(row[0])
                self.take("折")
                return value * share.value / 100 if share else None
            number = number_at(self.text, self.at)
            if number and self.text.startswith("折", number.end):
                self.at = number.end + 1
                return value * number.value / 10
        self.at = at
        if self.take("的"):
            number = number_at(self.text, self.at)
            if number and self.text.startswith("成", number.end):
                self.at = number.end + 1
                return value * number.value / 10
            if number and self.text.startswith("倍", number.end):
                self.at = number.end + 1
                return value * number.value
            if number and (0 < number.value < 1 or "分之" in self.text[at : number.end]):
                self.at = number.end
                return value * number.value
            if number and "%" in self.text[at : number.end]:
                self.at = number.end
                return value * number.value
        self.at = at
        grown = self.take("(?:上涨|增加|涨|增长|提高)了?(?=百分之|\\d+(?:\\.\\d+)?%)")
        shrunk = grown or self.take("(?:下降|减少|降低|降|便宜|跌)了?(?=百分之|\\d+(?:\\.\\d+)?%)")
        number = number_at(self.text, self.at) if shrunk else None
        if number:
            self.at = number.end
            return value * (1 + number.value if grown else 1 - number.value)
        self.at = at
        return None

    def _number(self) -> Fraction | None:
        """Read a number and leave off its unit; 一块三 is 1.3."""
        number = number_at(self.text, self.at)
        if number is None:
            return None
        self.at, value = number.end, number.value
        money = self.take(_MONEY.pattern)
        if money:
            tenth, hundredth = number_at(money[1]), number_at(money[2] or "零")
            tenths = (tenth.value if tenth else 0) * 10 + (hundredth.value if hundredth else 0)
            return value + Fraction(tenths) / 100
        if self.take("[毛角](?:钱)?"):
            return value / 10
        self.take("个半(?=[个块])")
        self.take(_UNIT.pattern)
        return value

    def _share(self) -> Fraction | None:
        """Read 三是十二的百分之几, 十二的百分之几是三."""
        part = self._number()
        self.operations = 1
        if part is not None and self.take("(?:是|等于|换成|化成)百分之(?:几|多少)"):
            return part * 100
        if part is not None and self.take("是|占|相当于"):
            whole = self._number()
            if whole is not None and self.take("的?百分之(?:几|多少)"):
                return part * 100 / whole
            if whole is not None and self.take("的(?:几|多少)倍"):
                return part / whole
        elif part is not None and self.take("的百分之(?:几|多少)是"):
            whole = self._number()
            return None if whole is None else whole * 100 / part
        return None

    def _of_both(self) -> Fraction | None:
        """Read 三和五的和, 三跟五相乘, 二和八的平均数."""
        values = [self._number()]
        while values[-1] is not None and self.take("[和跟与同、]"):
            values.append(self._number())
        known = [value for value in values if value is not None]
        if len(known) < 2 or len(known) < len(values):
            return None
        self.operations = 1
        for pattern, sign in (
            ("的?总?和(?!加)|相加|加起来|加在一起|一共|加一起", "+"),
            ("的?差|相减", "-"),
            ("的?乘?积|相乘|乘起来", "*"),
            ("的?商|相除", "/"),
        ):
            if self.take(pattern):
                value = known[0]
                for right in known[1:]:
                    value = apply(sign, value, right)
                return value
        if self.take("的?平均数?值?"):
            return sum(known, Fraction(0)) / len(known)
        return None

    def _compared(self) -> Fraction | None:
        """Read 十五比八多多少, 八比十五少几."""
        left = self._number()
        if left is None or not self.take("比"):
            return None
        right = self._number()
        which = self.take("([多大高少小低])(?=多少|几)")
        if right is None or not which:
            return None
        self.operations = 1
        return left - right if which[1] in "多大高" else right - left
