"""What is said over a reply: interruption, backchannel, or the assistant's own words."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.backchannels import backchannels, interjections
from assistant.config import Turn
from assistant.conversation.overheard import backchannel, echoed, halts, interrupts, words

LISTED, BEGINNINGS = backchannels(), interjections()
STOPS = Turn().stop_words


def meant(text, reply, lasted=1.0, ended=True):
    return interrupts(text, reply, LISTED, BEGINNINGS, lasted=lasted, ended=ended)


REPLY = "The capital of France is Paris, which lies on the river Seine and has many museums."
REPLY_ZH = "法国的首都是巴黎，它位于塞纳河畔，有很多博物馆和餐厅。"
OTHERS = (
    "What is the weather in London?", "Tell me about Italy instead.", "No wait, I meant Germany.",
    "How far is it to the moon", "Turn off the light in the kitchen", "hang on a second",
    "那意大利的首都呢", "等一下我问的是德国", "今天天气怎么样",
)  # fmt: skip


SHOWN = (
    "Uh-huh.", "Mm-hmm", "Yeah, right.", "OK.", "Oh, I see.", "mmmmm", "Okay okay.", "Really?",
    "嗯嗯。", "对对对", "哦，好的。", "是吗？", "原来如此",
)  # fmt: skip


@pytest.mark.parametrize("text", SHOWN)
def test_who_shows_that_they_listen_does_not_interrupt(text):
    assert backchannel(text, LISTED)
    assert not meant(text, REPLY)


@pytest.mark.parametrize("text", OTHERS)
def test_who_says_something_does(text):
    assert meant(text, REPLY + REPLY_ZH)


@pytest.mark.parametrize("text", ["Why", "Paris is", "what about", "", "  ", "?!", "等一下"])
def test_a_few_words_are_waited_for_and_nothing_is_nothing(text):
    assert not meant(text, REPLY, ended=False)


@pytest.mark.parametrize("text", ["Why?", "What else?", "No!", "为什么？", "等一下", "Hold on."])
def test_a_word_is_enough_where_short_interruptions_begin_so(text):
    assert meant(text, REPLY, lasted=0.4)
    assert not meant(text, REPLY, lasted=0.4, ended=False)


# What a recogniser made of "uh-huh", "mm-hm" and "hmm" in several voices.
@pytest.mark.parametrize(
    "text", ["In a mum.", "Amen.", "I am a man.", "That's it", "Better.", "M. M."]
)
def test_a_murmur_that_is_taken_for_words_does_not_interrupt(text):
    for ended in (False, True):
        assert not meant(text, REPLY, lasted=0.5, ended=ended)


def test_seven_words_are_enough_before_the_end():
    assert meant("tell me about Italy and its towns", REPLY, ended=False)
    assert not meant("tell me about Italy and its", REPLY, ended=False)
    assert not meant("tell me about Italy and its towns", REPLY, lasted=0.5, ended=False)
    assert meant("我想知道意大利", REPLY_ZH, ended=False)


@pytest.mark.parametrize("text", ["Stop.", "Okay, stop it!", "stop stop", "please be quiet"])
def test_a_stop_word_may_have_a_courtesy_around_it(text):
    assert halts(text, STOPS)


@pytest.mark.parametrize("text", ["停！", "停一下吧", "好了，别说了", "停停停"])
def test_so_may_a_chinese_one(text):
    assert halts(text, STOPS)


@pytest.mark.parametrize("text", ["stop the music", "please", "okay", "", "nonstop", "don't stop"])
def test_anything_else_does_not_stop_it(text):
    assert not halts(text, STOPS)


@given(st.integers(0, 60), st.integers(8, 60), st.randoms(use_true_random=False))
def test_the_reply_is_known_from_any_part_of_it_even_if_misheard(start, length, rng):
    for reply in (REPLY, REPLY_ZH * 3):
        letters = list("".join(words(reply))[start : start + length])
        for _ in range(len(letters) // 5):
            letters[rng.randrange(len(letters))] = rng.choice("aeioustn")
        if len(letters) >= 8:
            assert echoed("".join(letters), reply)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_at_all_is_judged(text, reply):
    told = echoed(text, reply)
    assert told == echoed(text.upper(), reply.upper()) or not text.isascii() or not reply.isascii()
    assert not (told and meant(text, reply))
    assert words(" ".join(words(text))) == words(text)


def test_what_somebody_else_says_is_not_the_reply():
    rng = random.Random(1)
    for other in OTHERS:
        assert not echoed(other, REPLY + REPLY_ZH)
        shuffled = "".join(rng.sample("".join(words(REPLY)), 12))
        assert not echoed(shuffled, REPLY)


def test_a_short_word_is_the_reply_s_only_as_a_whole_word():
    assert echoed("Is", REPLY)
    assert not echoed("his", REPLY)
    assert not echoed("no", "I know now.")


def test_without_a_reply_nothing_is_its_echo():
    assert not echoed("hello there", "")
