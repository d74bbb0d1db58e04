"""Answers in pieces: however they are cut, the same is said, and nothing waits without need."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.config import parse
from assistant.mind.guard import guard
from assistant.mind.guard.stream import BROKEN, Sieve, Verdict

GUARD = guard.make(parse({"guard": {"level": "child"}}, "test"))
QUESTIONS = ["what is this", "what helps against a headache", "是什么", "what is aspirin"]
PARTS = [
    *("take", "give", "two", "half a", "500", "1,000", "2.5", "¼", "a", "tablet", "tablets", "mg"),
    *("ml", "milligrams", "of", "or", "to", "and", "aspirin", "ibuprofen", "every six hours"),
    *("twice a day", "daily", "milk", "sugar", "stone", "the", "medicine", "fuck", "fucking"),
    *("吃", "服用", "两", "半", "五百", "片", "粒", "毫克", "毫升", "布洛芬", "面包", "牛奶"),
    *("一日三次", "每次", "药片", "操", "你妈", "操作", "他妈", "妈的", "class", "shitake", "shit"),
    *("heil hitler", "Hitler", " ", " ", " ", " ", ".", ",", "。", "，", "\n", "-", "**", "…", "!"),
    *("'", "", "ａ", "５００㎎"),
]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=14).map("".join) | st.text(max_size=30)


class FakeJudge:
    """Knows one forbidden word, `bad`, wherever it stands."""

    topic, say = "bad", "Better not."

    def judge(self, before, held, *, last):
        if held.startswith("bad"):
            return Verdict.STOP
        return Verdict.HOLD if "bad".startswith(held) and not last else Verdict.PASS


def sifted(sieve, pieces):
    return "".join([sieve.feed(piece) for piece in pieces] + [sieve.end()])


@given(TEXTS, st.sampled_from(QUESTIONS), st.data())
@settings(max_examples=150, deadline=None)
def test_it_does_not_matter_where_a_text_is_cut(text, question, data):
    whole = GUARD.sieve(question)
    expected = sifted(whole, [text])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    cut = GUARD.sieve(question)
    assert sifted(cut, pieces) == expected
    assert cut.topic == whole.topic


@given(TEXTS, st.sampled_from(QUESTIONS))
@settings(max_examples=150, deadline=None)
@example("take two 500 mg tablets. Then rest.", "what is this")
def test_what_comes_out_is_the_text_or_its_beginning_and_a_kind_sentence(text, question):
    sieve = GUARD.sieve(question)
    said = sifted(sieve, text)
    if not sieve.topic:
        assert said == text
        return
    sentences = [judge.say for judge in sieve._judges]
    (kind,) = [each for each in sentences if said.endswith(each)]
    before = said.removesuffix(kind)
    for gap in BROKEN.values():
        before = before.removesuffix(gap).removesuffix(gap.lstrip())
    assert text.startswith(before.rstrip(" ")) or text.startswith(before)


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_what_was_let_through_is_never_taken_back_and_ends_do_not_speak_twice(text):
    sieve = GUARD.sieve("")
    said = "".join(sieve.feed(c) for c in text)
    if sieve.topic:
        assert sieve.feed("more") == sieve.end() == ""
    else:
        rest = sieve.end()
        assert text.startswith(said)
        assert sieve.topic or said + rest == text
        assert sieve.end() == ""


@pytest.mark.parametrize(
    ("piece", "at_once"),
    [
        ("Hello there, my friend", "Hello there, my friend"),
        ("Rome was built in 753", "Rome was built in "),
        ("Rome was built in 753 before", "Rome was built in 753 before"),
        ("I have five", "I have "),
        ("I have five ", "I have "),
        ("I have five c", "I have "),
        ("I have five cats", "I have five cats"),
        ("今天天气很好，我们去公园", "今天天气很好，我们去公园"),
        ("我有三", "我有"),
        ("我有三只猫", "我有三只猫"),
        ("That is sh", "That is "),
        ("That is shin", "That is shin"),
    ],
)
def test_only_the_words_in_question_wait(piece, at_once):
    sieve = GUARD.sieve("")
    assert sieve.feed(piece) == at_once
    assert sieve.end() == piece[len(at_once) :]


def test_what_does_not_end_is_let_through_in_time_that_grows_with_it():
    sieve = GUARD.sieve("")
    text = "1" * 3000 + " " + "1 2 " * 500 + "one or two " * 200
    assert sifted(sieve, [text]) == text


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("bad", "en", "Better not."),
        ("It is bad", "en", "It is … Better not."),
        ("It isbad", "en", "It is … Better not."),
        ("It is. bad", "en", "It is. Better not."),
        ("It is.bad", "en", "It is. Better not."),
        ("这是bad", "zh", "这是……Better not."),
        ("这是。bad", "zh", "这是。Better not."),
        ("ba ba", "en", "ba ba"),
    ],
)
def test_the_kind_sentence_follows_as_one_would_say_it(text, language, said):
    assert sifted(Sieve([FakeJudge()], language), text) == said


def test_the_work_ends_where_something_is_forbidden_and_signs_of_life_stay():
    ends = []

    def pieces():
        try:
            yield from ["Well", "", ", b", "ad", "never asked for"]
            ends.append("whole")
        finally:
            ends.append("closed")

    said = list(Sieve([FakeJudge()], "en").over(pieces()))
    assert said == ["Well", "", ", ", "… Better not."]
    assert ends == ["closed"]


def test_an_answer_that_is_left_ends_the_work():
    ends = []

    def pieces():
        try:
            yield "One"
            yield "two"
        finally:
            ends.append("closed")

    answer = Sieve([FakeJudge()], "en").over(pieces())
    assert next(answer) == "One"
    answer.close()
    assert ends == ["closed"]


def test_a_list_is_as_good_as_a_generator_and_the_rest_comes_at_the_end():
    assert list(Sieve([FakeJudge()], "en").over(iter(["One b", "a"]))) == ["One ", "ba"]
