"""What ends a conversation and what does not; and which replies ask for an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation.asking import asks
from assistant.conversation.farewell import Farewell, farewell

DONE = """
That's all.|Thank you, that's it.|No thanks, that's all for now.
Okay great, thanks, that will be all|That's all I wanted to know.|Bye.|Bye bye!
Goodbye.|Good night.|See you later.
I'm done.|Nothing else.
没事了|没事了，谢谢。|好的，没事了。|就这样吧|不用了，谢谢|没有别的问题了|没别的事了|再见|好的再见
行了，就这样。|今天就这样吧|谢谢你，没有了|就这些
"""
CANCEL = (
    "Never mind.|Oh, never mind|Forget it.|Don't bother.|Cancel that, please|算了|那算了|算了吧。"
)
REQUESTS = """
Thank you.|Okay.|No.|Is that all?|That's all?|That's all I know about cats.|Forget the milk.
Cancel my alarm.|Nothing compares to you.|What does goodbye mean?|I'm done with the first step.
谢谢|好|好的|没问题|取消闹钟|算了一下是多少|就这样做菜|没事了吗？|再见用英语怎么说|那就这样做三份|拜拜怎么说
"""


def listed(text):
    return [each.strip() for line in text.split("\n") for each in line.split("|") if each.strip()]


@pytest.mark.parametrize("text", listed(DONE))
def test_they_have_what_they_wanted(text):
    assert farewell(text) is Farewell.DONE


@pytest.mark.parametrize("text", listed(CANCEL))
def test_they_no_longer_want_it(text):
    assert farewell(text) is Farewell.CANCEL


@pytest.mark.parametrize("text", listed(REQUESTS))
def test_a_request_is_no_farewell(text):
    assert farewell(text) is None


pieces = st.sampled_from(["嗯", "好", "谢谢", "就这样", "这样", "那就", "thanks ", "bye ", "so "])


@given(st.lists(pieces, max_size=60).map("".join) | st.text())
def test_any_text_is_read_at_once(text):
    """Patterns that could be read in many ways would hang here."""
    assert farewell(text + "x") is None


@pytest.mark.parametrize(
    "reply", ["Which one?", "Which one? ", "要我再说一遍吗", "“好吗？”", "你呢。"]
)
def test_a_question_asks(reply):
    assert asks(reply)


@pytest.mark.parametrize("reply", ["", "Hi.", "I asked why? Because I like it.", "吗是一个字。"])
def test_what_is_no_question_does_not(reply):
    assert not asks(reply)
