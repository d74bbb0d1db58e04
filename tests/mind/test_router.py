"""Where a question goes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.remote.router import Classifier, Embedding, Estimate, Router, marks


def router(hard=0.9, threshold=0.5, private=()):
    return Router(lambda _: Estimate(hard, "meaning"), threshold, list(private))


@pytest.mark.parametrize(
    "text",
    [
        *("Hello!", "good morning", "hi there", "thank you very much", "what can you do", "stop"),
        *("你好", "早上好啊", "谢谢", "你是谁？", "你会做什么", "再说一遍"),
    ],
)
def test_a_greeting_stays_whatever_the_estimate(text):
    route = router(hard=1.0, threshold=0.0).route(text)
    assert (route.out, route.label, route.why) == (False, "simple", "plain")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Ask the cloud why the sky is blue", "why the sky is blue"),
        ("please ask the cloud: what is dark matter?", "what is dark matter?"),
        ("ask the big model about the French revolution", "the French revolution"),
        ("问云端，为什么天是蓝的", "为什么天是蓝的"),
        ("请问一下云端什么是暗物质", "什么是暗物质"),
        ("问大模型三国演义讲了什么", "三国演义讲了什么"),
    ],
)
def test_what_is_asked_for_goes_out_without_the_wish(text, question):
    route = router(hard=0.0).route(text)
    assert (route.out, route.why, route.text) == (True, "asked for", question)


def test_a_shared_brain_gets_everything_but_what_is_private():
    shared = Router(None, 0.5, ["Falcon"])
    for text in ("Hello!", "what time is it", "你好", "why is that"):
        route = shared.route(text)
        assert (route.out, route.why, route.text) == (True, "shared", text)
    assert shared.route("ask the cloud why the sky is blue").text == "why the sky is blue"
    for text in ("what is project falcon", "my password is swordfish", "我的银行卡密码忘了"):
        route = shared.route(text)
        assert (route.out, route.why) == (False, "private")


def test_on_demand_only_means_that():
    assert not router(hard=1.0, threshold=1.0).route("prove it").out
    assert router(hard=0.0, threshold=1.0).route("ask the cloud why").out


@pytest.mark.parametrize(
    "text",
    [
        "analyse whether my salary is fair for an engineer in Berlin",
        "ask the cloud what my blood pressure of 180 means",
        "the password is swordfish, how safe is it and why",
        "我的银行卡密码忘了，分析一下应该怎么办",
        "问云端我妈妈的病历是什么意思",
        "帮我看看我的体检报告",
    ],
)
def test_private_topics_stay_even_when_it_is_asked_for(text):
    route = router(hard=1.0, threshold=0.0).route(text)
    assert (route.out, route.why) == (False, "private")


def test_the_owner_adds_private_words():
    assert router(private=["Project Falcon"]).route("explain project falcon to me").why == "private"
    assert router(private=[" "]).route("explain it all to me in depth").out


def test_the_threshold_is_the_owners():
    assert router(hard=0.6, threshold=0.5).route("prove it").out
    assert not router(hard=0.6, threshold=0.7).route("prove it").out


def test_a_hard_question_that_is_private_is_still_a_hard_one():
    assert router().route("plan how to raise my salary").label == "complex"


@given(st.text(max_size=80))
def test_any_text_has_one_way(text):
    route = router(hard=0.4).route(text)
    assert route.out == (route.why == "asked for")
    assert route.text.strip() or not text.strip()


MEANS_NOTHING = np.zeros(384, np.float32)


@pytest.fixture(scope="module")
def classifier():
    return Classifier(Embedding())


@pytest.mark.engine
@pytest.mark.parametrize(
    ("text", "hard"),
    [
        ("what is the capital of france", False),
        ("turn the volume up a little", False),
        ("今天星期几", False),
        ("祝妈妈生日快乐怎么说", False),
        ("prove that there are infinitely many prime numbers", True),
        ("write a python program that plays tic tac toe and explain your design", True),
        ("比较秦始皇和汉武帝的治国政策，分析各自的得失", True),
        ("鸡兔同笼，头三十五，脚九十四，写出推理过程", True),
    ],
)
def test_the_estimate_knows_plain_cases(classifier, text, hard):
    assert (classifier(text).hard > 0.5) == hard


@pytest.mark.engine
@pytest.mark.parametrize("text", ["", "\0", "\ud800", "a" * 5000, "😀" * 300])
def test_any_text_has_an_estimate(classifier, text):
    assert 0 <= classifier(text).hard <= 1


@given(st.text(max_size=600))
def test_any_text_has_the_same_marks_and_the_same_estimate_twice(text):
    words = Classifier(lambda _: MEANS_NOTHING)
    assert marks(text) == marks(text)
    assert 0 <= words(text).hard <= 1
    assert words(text) == words(text)


@pytest.mark.parametrize(
    "text", ["What is the capital of France?", "turn the light on", "今天星期几"]
)
def test_a_clear_question_is_told_by_its_words_and_its_meaning_is_not_asked_for(text):
    def refused(_):
        raise AssertionError

    assert Classifier(refused)(text).why == "words"


def test_what_the_words_do_not_tell_is_told_by_the_meaning():
    asked = []

    def embedding(text):
        asked.append(text)
        return MEANS_NOTHING

    assert Classifier(embedding)("blue").why == "meaning"
    assert asked == ["blue"]


def test_the_labelled_sets_have_the_size_and_the_form_that_they_are_said_to_have():
    from assistant.bench.router import HELD_OUT, read

    training = Path(__file__).parents[2] / "benchmarks" / "router-training.jsonl"
    for file, least in ((training, 600), (HELD_OUT, 200)):
        requests = read(file)
        assert len(requests) >= least
        assert len({each.text for each in requests}) == len(requests)
        for language in ("en", "zh"):
            labels = [each.label for each in requests if each.language == language]
            assert len(labels) >= least // 3
            assert 0.4 < labels.count("complex") / len(labels) < 0.6
    texts = {each.text.casefold() for each in read(training)}
    assert not texts & {each.text.casefold() for each in read(HELD_OUT)}
