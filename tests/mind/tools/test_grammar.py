"""Whatever the grammar admits is a call that can be made, of words that were said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.tools.grammar import NONE, grammar, parse
from assistant.mind.tools.offer import Heard, Offer, Option
from assistant.mind.tools.tool import Param, Tool, own

TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(\w+)|([()|?]))')


def rules(text):
    """Return the rules of the GBNF that is used here: literals, names, groups, `|` and `?`."""
    found = {}
    for line in text.splitlines():
        name, body = line.split(" ::= ", 1)
        tokens, at = [], 0
        while at < len(body):
            match = TOKEN.match(body, at)
            assert match, f"not of this form: {body[at:]}"
            tokens.append(match.groups())
            at = match.end()
        found[name] = alternatives(tokens)
        assert not tokens
    return found


def alternatives(tokens):
    """Take alternatives from `tokens`, up to a closing parenthesis or the end."""
    several = [[]]
    while tokens and tokens[0][2] != ")":
        literal, name, sign = tokens.pop(0)
        if sign == "|":
            several.append([])
        elif sign == "?":
            several[-1][-1] = ("maybe", several[-1][-1])
        elif sign == "(":
            several[-1].append(("one", alternatives(tokens)))
            assert tokens.pop(0)[2] == ")"
        elif literal is not None:
            several[-1].append(("text", re.sub(r"\\(.)", r"\1", literal)))
        else:
            several[-1].append(("rule", name))
    return several


def said(draw, known, part):
    """Return one of the texts that `part` admits, as `draw` decides."""
    kind, what = part
    if kind == "text":
        return what
    if kind == "rule":
        return said(draw, known, ("one", known[what]))
    if kind == "maybe":
        return said(draw, known, what) if draw(st.booleans()) else ""
    return "".join(said(draw, known, each) for each in draw(st.sampled_from(what)))


TOOLS = {language: own(language).tools for language in ("en", "zh")}
WORDS = {
    "en": [
        "remind", "me", "at", "seven", "or", "half past eight", "to", "spell", "'the'", "cat", "in",
        "ten minutes", "on friday", '"a\\b"', "two", "times", "three", "chinese", "english", "half",
        "40", "%", "(none)", "coin",
    ],
    "zh": [*'七点八分钟提醒我买牛奶明天周五英语中文一半正面乘三"\\（', "ten ", "OK ", "🙂", " "],
}  # fmt: skip


@st.composite
def requests(draw):
    language = draw(st.sampled_from(["en", "zh"]))
    words = draw(st.lists(st.sampled_from(WORDS[language]) | st.text(max_size=5), max_size=12))
    return language, (" " if language == "en" else "").join(words)


@given(requests(), st.data())
def test_every_text_that_the_grammar_admits_is_a_call_of_what_was_said(request, data):
    language, text = request
    heard = Heard(text, language)
    offers = [offer for tool in TOOLS[language] if (offer := heard.offer(tool))]
    answer = said(data.draw, rules(grammar(offers)), ("rule", "root"))
    call = parse(answer, offers)
    assert (call is None) == (answer == NONE)
    if call:
        assert call.offer.tool.name == answer.split("(")[0]
        for words in call.chosen.values():
            assert words
            assert words in heard.clean.text
        found = heard.request(call.offer, call.chosen)
        assert found is None or (found.intent, found.text) == (call.offer.tool.name, text)


def offer(**more):
    tool = Tool("alarm_set", "rings", (), (Param("when"),))
    return Offer(tool, {}, **{"choices": {}, **more})


def test_what_is_settled_is_not_said():
    assert grammar([offer()]) == 'root ::= "none" | c0\nc0 ::= "alarm_set(" ")"\n'


def test_words_that_could_be_a_parameter_are_alternatives():
    several = [Option("six", {"time": "06:00"}), Option("seven", {"time": "07:00"})]
    made = offer(choices={"when": several})
    assert '( "six" | "seven" )' in grammar([made])
    call = parse('alarm_set(when="seven")', [made])
    assert call
    assert call.chosen == {"when": "seven"}


@pytest.mark.parametrize(
    "text",
    [
        "none",
        "",
        "alarm_set",
        "alarm_set()",
        "timer_set()",
        'alarm_set(when="eight")',
        'alarm_set(what="six")',
        'alarm_set(when="six", when="seven")',
        'alarm_set(when="six") none',
        'alarm_set(when="six"; rm -rf)',
    ],
)
def test_what_is_no_call_is_none(text):
    several = [Option("six", {"time": "06:00"}), Option("seven", {"time": "07:00"})]
    assert parse(text, [offer(choices={"when": several})]) is None


def test_free_words_are_whole_words_of_the_request_side_by_side():
    heard = Heard("at five tell me to buy oat milk", "en")
    tool = next(each for each in TOOLS["en"] if each.name == "reminder_set")
    made = heard.offer(tool)
    assert made
    known = rules(grammar([made]))
    assert [known[f"c0r1x{at}"][0][0][1] for at in (0, 4, 5)] == ["tell", "oat", "milk"]
    assert parse('reminder_set(message="buy oat milk")', [made])
    assert parse('reminder_set(message="buy milk")', [made]) is None
    assert parse('reminder_set(message="oat mil")', [made]) is None
    assert parse('reminder_set(message="at five")', [made]) is None
