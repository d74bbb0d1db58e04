import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.wording import said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What's 3.5 + 2, Ann?", "what's 3.5 2 ann"),
        ("What’s that", "what's that"),
        ("Okay. What is the time?", "okay what is the time"),
        ("it's 7:30, not 19:30!", "it's 7:30 not 19:30"),
        ("50% of $1,000.", "50% of $1,000"),
        ("今天天气怎么样？", "今天天气怎么样"),
        ("帮我设一个 ten minutes 的闹钟。", "帮我设一个 ten minutes 的闹钟"),
        (" ... ", ""),
    ],
)
def test_only_the_words_count(text, words):
    assert said(text) == words


@given(st.text())
def test_words_have_no_other_words(text):
    assert said(said(text)) == said(text)


@given(st.text(alphabet="ab é你好'3", max_size=30))
def test_marks_and_capitals_at_the_end_of_a_sentence_change_nothing(text):
    for end in (".", "?", "!", "…", "。", "？", ", "):
        assert said(text.upper() + " " + end) == said(text + " ")
