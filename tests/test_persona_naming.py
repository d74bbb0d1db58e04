"""A persona says its name by itself, where it is asked for that and for nothing else."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import Config
from assistant.persona import shelf
from assistant.persona.naming import SURE, Naming, asks
from assistant.persona.reading import read

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
PIP = read(shelf.find(Config(), "child"))


def pip(*languages, held=""):
    return Naming(PIP, languages, lambda: held)


@pytest.mark.parametrize(
    "text",
    [
        "What is your name?",
        "what's your name",
        "whats your name please",
        "What’s your name?",
        "Hey, tell me your name.",
        "so what are you called",
        "what should I call you",
        "could you tell me your name please",
        "tell me what your name is",
        "do you have a name",
        "你叫什么名字？",
        "你 叫 什么 名字",
        "你叫啥",
        "請問你叫什麼名字",
        "您怎么称呼",
        "我该怎么称呼你呢",
        "告诉我你的名字吧",
        "你的名字是什么",
        "你有名字吗？",
    ],
)
def test_who_asks_for_its_name_is_told(text):
    language = "en" if text.isascii() or "’" in text else "zh"
    assert pip(language).known(text).text == {"en": "My name is Pip.", "zh": "我叫皮皮。"}[language]
    assert pip(language).whole(text) == SURE


@pytest.mark.parametrize("text", ["Who are you?", "hello who are you", "who am I talking to"])
def test_who_asks_who_it_is_is_told(text):
    assert pip("en").known(text).text == "I am Pip, a patient friend of small children."


@pytest.mark.parametrize("text", ["你是谁？", "你好，你是谁呀", "介绍一下自己", "你到底是誰"])
def test_who_asks_it_in_chinese_is_told(text):
    assert pip("zh").known(text).text == "我是皮皮，小朋友的好朋友，很有耐心。"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "what is my name",
        "what is your name server",
        "what is the name of your dog",
        "name",
        "who are you going to vote for",
        "who is your father",
        "your name is silly",
        "call you later",
        "你叫什么外卖",
        "我叫什么名字",
        "你是谁的",
        "你觉得他叫什么名字",
        "怎么叫你起床",
        "这首歌的名字是什么",
    ],
)
def test_everything_else_is_for_others(text):
    assert pip("en", "zh").known(text) is None
    assert pip("en", "zh").written(text, "page") is None
    assert pip("en", "zh").whole(text) == 0.0


def test_of_two_languages_it_answers_in_that_of_the_question_or_in_the_one_that_is_held():
    assert pip("en", "zh").known("你叫什么").text == "我叫皮皮。"
    assert pip("en", "zh").known("what is your name").text == "My name is Pip."
    assert pip("en", "zh", held="zh").known("what is your name").text == "我叫皮皮。"
    assert pip("en", "zh", held="zh").written("what is your name", "page").text == "My name is Pip."


def test_who_it_is_is_its_name_where_no_character_is_told(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('name = "Mo"', encoding="utf-8")
    assert Naming(read(path), ["zh"], str).known("你是谁").text == "我是Mo。"


def test_of_thousands_of_requests_only_those_for_its_name_are_taken():
    taken, count = set(), 0
    for name in ("skills-development.jsonl", "tools-development.jsonl", "router-training.jsonl"):
        for line in (BENCHMARKS / name).read_text(encoding="utf-8").splitlines():
            text = json.loads(line)["text"].lower()
            count += 1
            taken |= {text} if asks(text) else set()
    assert count > 3000
    meant = re.compile(r"\byour name\b|who (are )?you|你.?叫|你.*名字|你.?是谁|介绍一?下?你?自己")
    assert {text for text in taken if not meant.search(text)} == set()
    assert 3 <= len(taken) < count / 200


@given(st.text(st.sampled_from("what is your name who are 你叫什么是谁的名字？!' \n"), max_size=40))
def test_no_text_is_too_odd(text):
    assert asks(text) == asks(text.upper() + " ?!")
