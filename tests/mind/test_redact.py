"""What is taken out of a text before it leaves the device, and put back into the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.remote.redact import PATTERNS, Redaction

HIDDEN = [
    ("my name is Ann and I am ill", "Ann"),
    ("My name is Ann Mary Smith, help me", "Ann Mary Smith"),
    ("my name is ann smith and i need a poem", "ann smith"),
    ("i'm called bob what should i do", "bob"),
    ("Write a letter to Mrs. Miller about the noise", "Miller"),
    ("tell Dr. Wu that it hurts", "Wu"),
    ("a speech for my wife Maria Lopez please", "Maria Lopez"),
    ("my son is called Tim and he fears the dark", "Tim"),
    ("我叫王小明，帮我写一份简历", "王小明"),
    ("给李老师写一封感谢信", "李"),
    ("替张建国先生写一段介绍", "张建国"),
    ("write to ann.smith+x@example.co.uk now", "ann.smith+x@example.co.uk"),
    ("mail me at bob at example dot com today", "bob at example dot com"),
    ("i live at 12b Old Mill Road near the church", "12b Old Mill Road"),
    ("我家住在朝阳区建国路88号", "朝阳区建国路88号"),
    ("请寄到中山大道二十三号的店里", "中山大道二十三号"),
    ("call +49 171 234 5678 before noon", "+49 171 234 5678"),
    ("my card is 4111-1111-1111-1111 is that safe", "4111-1111-1111-1111"),
    ("身份证11010119900307123X怎么办", "11010119900307123X"),
    ("passport C01234567 is lost", "C01234567"),
    ("我的电话是一三八零零一三八零零零", "一三八零零一三八零零零"),
    (
        "her number is oh seven seven double five one two three four",
        "oh seven seven double five one",
    ),
]
KEPT = [
    "a train goes 120 km in 1.5 hours and another 340 km in 4 hours, which is faster",
    "what is 123456 times 654321",
    "compare the years 1789 and 1848 in European history",
    "if i invest 10,000 euros at 3.5 percent for 20 years what do i get",
    "prove that the square root of 2 is irrational",
    "pi is 3.14159265358979 why does it never end",
    "解释一下一元二次方程的求根公式",
    "比较京沪高铁和航空的优缺点",
    "高中生怎样学好物理",
    "i am called to jury duty and my doctor says rest",
    "the court ruled and the road to peace is long",
]


@pytest.mark.parametrize(("text", "secret"), HIDDEN)
def test_what_is_told_as_such_does_not_go_out(text, secret):
    hidden = Redaction(PATTERNS).hide(text)
    assert secret not in hidden
    assert "[" in hidden


@pytest.mark.parametrize("text", KEPT)
def test_the_question_itself_is_left_alone(text):
    assert Redaction(PATTERNS).hide(text) == text


def test_only_what_is_wanted_is_hidden_and_the_same_thing_has_the_same_mark():
    text = "my name is Ann, call 0171 2345678, I repeat, 0171 2345678, or 0171 8765432"
    assert Redaction(["numbers"]).hide(text) == (
        "my name is Ann, call [number 1], I repeat, [number 1], or [number 2]"
    )
    assert Redaction([]).hide(text) == text
    one = Redaction(PATTERNS)
    assert one.hide("my name is Ann") == "my name is [name 1]"
    assert one.hide("say hello to Mr. Ann") == "say hello to Mr. [name 1]"


@given(st.lists(st.integers(1, 9), max_size=20))
def test_the_answer_has_the_originals_wherever_it_is_cut(sizes):
    redaction = Redaction(PATTERNS)
    redaction.hide("my name is Ann, call 0171 2345678")
    answer = "Dear [name 1], [number 1] is no number [sic], array[name 1][0] and [ or ]. [name 2] ["
    pieces, rest = [], answer
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    shown = "".join(redaction.show([*pieces, rest]))
    assert shown == answer.replace("[name 1]", "Ann").replace("[number 1]", "0171 2345678")


@given(st.lists(st.text(alphabet="[]ab1 name", max_size=12), max_size=8))
def test_without_marks_nothing_is_changed_or_lost(pieces):
    assert "".join(Redaction(PATTERNS).show(pieces)) == "".join(pieces)


@given(st.text(alphabet=st.characters(exclude_characters="[]"), max_size=200))
def test_any_text_comes_back_as_it_was(text):
    redaction = Redaction(PATTERNS)
    assert "".join(redaction.show([redaction.hide(text)])) == text
