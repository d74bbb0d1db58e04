"""Calculations as they are said in English, worked out exactly.

A small grammar over the text; nothing is ever run as code, and numbers that would grow beyond what
anybody wants to hear are undefined. Own code, since simpleeval knows neither words nor fractions.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from assistant.mind.skills.calculation import Calculation, Form
from assistant.mind.skills.numbers_en import TENS, below_hundred, number_at, word_at
from assistant.mind.skills.reckoning import apply, factorial_of, power, root_of

_LEAD = re.compile(
    r"(?:(?:what|how much)(?:'s| is| are| does| do| would|'d| be)?|what's|calculate|compute"
    r"|work out|figure out|add up|tell me"
    r"|do you know|i need|give me|solve|so|and|now|then|okay|ok|quick|please|can you|could you"
    r"|would you|the|answer to|is"
    r"|result of|value of|sum|math question|maths question|do|let's see|find|evaluate|i want"
    r" to know|say|if i|for me|total of(?= \d)|me|be|get|how about|what about|ask|just) "
)
_TAIL = re.compile(
    r"(?: (?:what's that|what is that|is|are|equals?|=|make|makes|gives?|come to|comes to|be|come"
    r" out to|please|for me"
    r"|what|how much|to|in total|altogether|exactly|together"
    r"|all together|get|do i get|do you get|does that make|do we get|i get|we get|then|again"
    r"|now|that|be|would|will|the answer|quick|quickly|dollars?|pounds?|euros?|bucks|cents"
    r"|degrees))*$"
)
_UNIT = re.compile(
    r" (?:dollars?|pounds?|euros?|bucks|quid|pence|cents?|pennies|apples?|people|minutes?"
    r"|hours?|kilos?|grams?|metres?|meters?|miles?|degrees?)(?![a-z'])"
)
_SIGNS = [
    ("+", re.compile(r" ?\+ ?| (?:plus|added to|add|and then add|with|and another|and also) ")),
    ("-", re.compile(r" ?- ?(?=[\da-z])| (?:minus|take away"
        r"|subtract|less|takeaway|and then subtract"
        r"|and take away) ")),
    ("*", re.compile(r" ?(?:\*(?!\*)|×|x(?= ?\d)) ?| (?:times"
        r"|multiplied by|multiply by|multiplied with"
        r"|x|multiplied|lots of|by) ")),
    ("/", re.compile(r" ?(?:/|÷) ?| (?:divided by|over|divide by|divided|divide|divided into) ")),
    ("%", re.compile(r" (?:mod|modulo|modulus) ")),
]  # fmt: skip
_PERCENT = r" ?(?:%|percent|per cent)(?![a-z])"


_PLURAL = re.compile(
    r"(?:\b(?P<many>(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d+)) )?"
    r"\b(?P<of>two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?:e?s)\b(?!')"
)


def _singular(found: re.Match[str]) -> str:
    """Return "six times seven" for "six sevens", and "eight's" for "eights" alone."""
    return f"{found['many']} times {found['of']}" if found["many"] else f"{found['of']}'s"


def calculate(text: str) -> Fraction | None:
    """Return the result of the calculation that `text` is from end to end; None where it is none.

    `text` is as `reading_en.clean` leaves it. Raises `Undefined` where it is a calculation without
    a result ("nine over zero"), or with one that is too long to be said.
    """
    text = _PLURAL.sub(_singular, text)
    at, starts = 0, [0]
    asked = re.match("(?:tell me )?(?:what|how much)(?:'s| is| are| do| would)", text) is not None
    while (lead := _LEAD.match(text, at)) is not None:
        at = lead.end()
        starts.append(at)
    makes = " makes" if asked and " and " in text else ""  # "what's five and five"
    return _Sum.first(f"{text[start:]}{makes}" for start in reversed(starts))


class _Sum(Calculation):
    """A calculation in English."""

    TAIL = _TAIL

    def forms(self) -> Sequence[Form]:
        """Return the ways in which they are said."""
        return (
            self._divided_into,
            self._share,
            self._tip,
            self._of_both,
            self._turned,
            self._remainder,
            self._plain,
        )

    def _plain(self) -> Fraction | None:
        """Read sums and differences of products, and what is done with the result."""
        value = self._terms()
        while value is not None:
            if self.take(
                r"(?:,| and| then|and then)* all (?=divided|times|multiplied|over|minus|plus)"
            ):
                self.at -= 1
            elif not self.take(" (?:and )?then(?= )"):
                break
            sign = self._sign("+-*/%")
            right = self._factor() if sign else None
            if sign is None or right is None:
                return None
            self.operations += 1
            value = apply(sign, value, right)
        return value

    def _terms(self) -> Fraction | None:
        value = self._product()
        while value is not None:
            sign = self._sign("+-")
            if sign is None and self._joins():
                sign = "+"
            if sign is None:
                return value
            right = self._product()
            if right is None:
                return None
            if self.take(_PERCENT):  # 100 plus 20 percent is 120, as a till reckons
                right = value * right / 100
            self.operations += 1
            value = value + right if sign == "+" else value - right
        return None

    def _joins(self) -> bool:
        """Take an "and" that adds: "six and five makes what"."""
        if re.search(
            r" (?:makes?|is what|equals?|gives?|together|in total|altogether|is)(?: |$)", self.text
        ):
            return self.take(" and ") is not None
        return False

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
            value = apply(sign, value, right)
        return None

    def _sign(self, wanted: str) -> str | None:
        for sign, pattern in _SIGNS:
            match = pattern.match(self.text, self.at) if sign in wanted else None
            if match:
                self.at = match.end()
                return sign
        return None

    def _factor(self) -> Fraction | None:
        """Read a number with what is done to it alone: powers, roots, shares, discounts."""
        at = self.at
        root = self.take("(?:the )?(square|cube|cubed|third|fourth|fifth) roots? of ")
        if root:
            value = self._factor()
            degree = {"square": 2, "fourth": 4, "fifth": 5}.get(root[1], 3)
            return self.done(None if value is None else root_of(value, degree))
        many = self.take(
            r"(double|twice|triple|treble|quadruple|three times|half(?: of)?|(?:a |one"
            r" )?(?:half|quarter|third) of|(?:the )?(?:square|cube) of) (?=[a\d.-]|"
            r"minus|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
            r"|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty"
            r"|forty|fifty|sixty|seventy|eighty|ninety|hundred|the)"
        )
        if many:
            value = self._factor()
            if value is None:
                self.at = at
                return None
            if "square" in many[1] or "cube" in many[1]:
                return self.done(power(value, 2 if "square" in many[1] else 3))
            word = re.sub("^(?:a|one) | of$", "", many[1])
            by: dict[str, int | Fraction] = {"double": 2, "twice": 2, "triple": 3,
                  "treble": 3, "quadruple": 4, "three times": 3,
                  "half": Fraction(1, 2), "quarter": Fraction(1, 4),
                  "third": Fraction(1, 3)}  # fmt: skip
            return self.done(value * by[word])
        factorial = self.take("(?:the )?factorial (?:of )?")
        if factorial:
            value = self._number()
            return self.done(None if value is None else factorial_of(value))
        value = self._number()
        return None if value is None else self._after(value)

    def _after(self, value: Fraction) -> Fraction | None:
        while True:
            more = self._powers(value)
            if more is None:
                more = self._shares(value)
            if more is None:
                return value
            self.operations += 1
            value = more

    def _powers(self, value: Fraction) -> Fraction | None:
        """Read what follows a number: squared, cubed, to the power of three, factorial."""
        if self.take(" squared|²"):
            return power(value, 2)
        if self.take(" cubed|³"):
            return power(value, 3)
        if self.take(" factorial"):
            return factorial_of(value)
        at = self.at
        if self.take(r" ?(?:\*\*|\^) ?| (?:raised )?to the power(?: of)? | to the power "):
            exponent = self._number()
            return None if exponent is None else power(value, exponent)
        if self.take(" (?:raised )?to the "):
            named = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6,
                     "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10}  # fmt: skip
            word, end = word_at(self.text, self.at)
            if word in named:
                self.at = end
                self.take(" power")
                return power(value, named[word])
        self.at = at
        return None

    def _shares(self, value: Fraction) -> Fraction | None:
        """Read what follows a number: percent of, percent off, a third of 120."""
        at = self.at
        if self.take(_PERCENT):
            how = self.take(
                r" (of|off of|off|more than|less than|on top of) (?:an? (?=hundred|thousand"
                r"|million))?(?:my |the |a )?"
            )
            if how:
                right = self._of_what()
                if right is not None:
                    share = {"of": value, "less than": 100 - value, "more than": 100 + value,
                             "on top of": 100 + value}.get(how[1], 100 - value)  # fmt: skip
                    return right * share / 100
            self.at = at
            return None
        if value.denominator > 1 and self.take(" (?:of|off) "):
            off = self.text[: self.at].endswith("off ")
            right = self._of_what()
            if right is not None:
                return right * (1 - value if off else value)
        self.at = at
        if self.take(" doubled"):
            return value * 2
        if self.take(" halved"):
            return value / 2
        return None

    def _of_what(self) -> Fraction | None:
        """Read what a share is of, after the article of a hundred was taken."""
        if self.text[self.at - 2 : self.at] == "a " or re.compile("hundred|thousand").match(
            self.text, self.at
        ):
            return self._number()
        return self._factor()

    def _number(self) -> Fraction | None:
        """Read a number and leave off its unit: "five dollars"; "one fifty" is 150 here."""
        at = self.at
        self.take("the number ")
        number = number_at(self.text, self.at)
        if number is None:
            self.at = at
            return None
        self.at, value = number.end, number.value
        if value.denominator == 1 and 1 <= value <= 9 and number.end - number.start > 2:
            word, _ = word_at(self.text, self.at)
            rest = below_hundred(self.text, self.at + 1) if word in TENS else None
            if rest:
                self.at, value = rest.end, value * 100 + rest.value
            elif word in ("oh", "o"):
                last = below_hundred(self.text, word_at(self.text, self.at)[1] + 1)
                if last and last.value < 10:
                    self.at, value = last.end, value * 100 + last.value
        unit = _UNIT.match(self.text, self.at)
        if unit:
            self.at = unit.end()
        return value

    def _divided_into(self) -> Fraction | None:
        """Read "how many times does seven go into twenty eight", "seven into 28"."""
        if not self.take(
            r"(?:how (?:many times|often) (?:does|do|will|can|would|could) |how many "
            r"|.{0,12}?times does )"
        ):
            return None
        below = self._number()
        if below is None:
            return None
        if self.take(
            "'?s (?:are |is )?(?:there |are there |go |fit )*(?:in|into) | (?:are |is"
            " )?(?:there |are there |go |goes |fit |fits )+(?:in|into|in to) "
        ):
            above = self._number()
            if above is not None:
                return self.done(above / below)
        return None

    def _share(self) -> Fraction | None:
        """Read "what percent of 50 is 20", "20 is what percent of 50"."""
        if self.take(r"(?:what |which )?(?:percent|percentage|%) of "):
            whole = self._number()
            if whole is not None and self.take(" (?:is|are) "):
                part = self._number()
                return self.done(None if part is None else part * 100 / whole)
            return None
        part = self._number()
        if part is not None and self.take(
            r" (?:is |are |as )(?:an? )?(?:what |which )?(?:percent|percentage|%)(?: is that)?"
            r" (?:of|out of) "
        ):
            whole = self._number()
            return self.done(None if whole is None else part * 100 / whole)
        return None

    def _tip(self) -> Fraction | None:
        """Read "20 percent tip on 45", "tip on 45 at 20 percent"."""
        self.take("(?:an? )")
        share = self._number()
        if share is not None and self.take(
            _PERCENT
            + r" (?:tip|vat|tax|interest|service(?: charge)?|commission)? ?(?:on|for|of) (?:an?"
            r" (?!hundred|thousand))?(?:bill of )?"
        ):
            whole = self._number()
            return self.done(None if whole is None else whole * share / 100)
        self.at = 0
        if self.take("(?:an? )?tip (?:on|for|of) (?:a )?"):
            whole = self._number()
            if whole is not None and self.take(_PERCENT + " (?:on|for|of) (?:an? )?"):
                bill = self._number()
                return self.done(None if bill is None else bill * whole / 100)
            if whole is not None and self.take(" (?:at|of|with) "):
                share = self._number()
                if share is not None and self.take(_PERCENT):
                    return self.done(whole * share / 100)
        return None

    def _of_both(self) -> Fraction | None:
        """Read "the sum of three and five", "three and five multiplied", "average of 2 and 4"."""
        named = self.take(
            r"(?:the )?(sum|total|difference|product|quotient|average|mean)(?: of| between) "
        )
        values = [self._number()]
        while values[-1] is not None and self.take(" and |, | (?=\\d)"):
            values.append(self._number())
        known = [value for value in values if value is not None]
        if len(known) < 2 or len(known) < len(values):
            return None
        how = named[1] if named else ""
        if not named:
            after = self.take(
                " (added(?: together| up)?|multiplied(?: together)?|subtracted|together)"
            )
            how = after[1].split()[0] if after else ""
        sign = {"sum": "+", "total": "+", "added": "+", "together": "+", "difference": "-",
                "product": "*", "multiplied": "*", "quotient": "/"}.get(how)  # fmt: skip
        self.operations = 1
        if how in ("average", "mean"):
            return sum(known, Fraction(0)) / len(known)
        if sign is None:
            return None
        value = known[0]
        for right in known[1:]:
            value = apply(sign, value, right)
        return abs(value) if sign == "-" else value

    def _turned(self) -> Fraction | None:
        """Read "subtract five from twenty", "add two and three", "divide 10 by 4"."""
        verb = self.take(
            "(subtract|take away|take|add(?: up| together|)|multiply|divide|split|minus|square|cube"
            "|double|halve|triple) "
        )
        left = self._number() if verb else None
        if verb is None or left is None:
            return None
        if verb[1] in ("square", "cube", "double", "halve", "triple"):
            if verb[1] in ("square", "cube"):
                return self.done(power(left, 2 if verb[1] == "square" else 3))
            return self.done(
                left * {"double": Fraction(2), "halve": Fraction(1, 2)}.get(verb[1], Fraction(3))
            )
        percent = self.take(_PERCENT)
        link = self.take(" (from|away from|off|to|and|with|by|into|between|among|plus) ")
        right = self._factor() if link else None
        if link is None or right is None:
            return None
        if percent or ("off" in link[1] and left < 1):
            left = right * left / (100 if percent else 1)
        sign = {"add": "+", "mul": "*", "div": "/", "spl": "/"}.get(verb[1][:3], "-")
        if sign == "-" or (link[1] == "into" and verb[1] == "divide"):
            left, right = right, left
        value = apply(sign, left, right)
        while sign in "+*" and self.take(" and " if sign == "+" else " (?:and )?by "):
            more = self._number()
            if more is None:
                return None
            value = apply(sign, value, more)
        return self.done(value)

    def _remainder(self) -> Fraction | None:
        """Read "remainder of 17 divided by 5", "17 divided by 5 remainder what"."""
        named = self.take(r"(?:the )?remainder (?:of |when |if )(?:you divide )?")
        left = self._number()
        if left is None or not self.take(" (?:is )?(?:divided by|over|by|mod) "):
            return None
        right = self._number()
        if right is None or not (
            named or self.take(" (?:what's the |what is the )?remainder(?: what| is what)?")
        ):
            return None
        return self.done(left % right)
