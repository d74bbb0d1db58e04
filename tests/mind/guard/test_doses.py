"""What is the amount of a medicine, and what is only a number with a unit."""

import pytest

from assistant.config import parse
from assistant.mind.guard import guard

GUARD = guard.make(parse({}, "test"))
ASKED = {
    "en": "what helps against it",
    "zh": "怎么办",
}
DOSES = [
    "Take two tablets.",
    "Take 2 tablets every six hours.",
    "Take two extra strength tablets twice a day.",
    "Adults take one or two pills.",
    "You may give 5 ml of paracetamol.",
    "Ibuprofen comes as 200mg.",
    "Ibuprofen: **400 mg**.",
    "Ibuprofen, four hundred milligrams.",
    "Ibuprofen, at most 1,200 mg.",
    "Ibuprofen, 2.5 ml.",
    "Aspirin, 300 to 600 milligrams.",
    "Aspirin, ½ tablet.",
    "Aspirin, half a tablet.",
    "About 400\u202fmg ibuprofen.",
    "Take a tablet once daily.",
    "You can chew two antacid tablets.",
    "Rosuvastatin: 10 mg.",
    "Some have two prescribed sleeping pills.",
    "Swallow 400 mcg.",
    "Some take 400 mg, which is ibuprofen.",
    "Insulin: ten units.",
    "Insulin: 10 international units",
    "The cough syrup: one teaspoon.",
    "ONE TABLET OF ASPIRIN.",
    "一次吃两片，一日三次。",
    "布洛芬每次400毫克。",
    "布洛芬每次四百毫克",
    "可以服用半片。",
    "吃五毫升美林。",
    "给他5ml美林",
    "对乙酰氨基酚 500 mg",
    "阿莫西林胶囊，一次2粒",
    "饭后服一包",
    "胰岛素打十个单位",
    "５００毫克布洛芬",
]
HARMLESS = [
    "Use 200 ml of milk and 300 grams of flour.",
    "A coffee has 95 mg of caffeine.",
    "Moses had two tablets of stone.",
    "I have two tablets. One has a pen.",
    "In 1897 aspirin was made for the first time.",
    "Aspirin is 100 years old, and 5 people made it.",
    "There are two medicines for it.",
    "A tablet is a medicine that one swallows.",
    "In August, or on 10 caines, 5 g of stasone sugar.",
    "The pharmacy has 3 doors, and 2 of them are open.",
    "It has 5. Milligrams are small.",
    "Take two steps and turn left.",
    "Take the tablet to the desk.",
    "Aspirin, A4 tablet.",
    "It weighs 5 mgs",
    "It is 2 mglorb of ibuprofen.",
    "吃两片面包，喝一杯牛奶。",
    "一片云飘过来。",
    "三粒米很少",
    "咖啡里有九十五毫克咖啡因。",
    "用三百毫升牛奶。",
    "阿司匹林是1897年发明的。",
    "药店有三个门。",
    "她有两支笔和一包糖。",
]


def topic(text):
    sieve = GUARD.sieve(ASKED["zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en"])
    sieve.feed(text)
    sieve.end()
    return sieve.topic


@pytest.mark.parametrize("text", DOSES)
def test_a_dose_is_held_back(text):
    assert topic(text) == "doses"


@pytest.mark.parametrize("text", HARMLESS)
def test_another_amount_is_not(text):
    assert topic(text) == ""


@pytest.mark.parametrize(
    ("question", "answer"),
    [("what is ibuprofen", "It is sold with 200 mg."), ("布洛芬是什么", "每片有200毫克。")],
)
def test_a_medicine_in_the_question_tells_it_too(question, answer):
    sieve = GUARD.sieve(question)
    said = sieve.feed(answer) + sieve.end()
    assert sieve.topic == "doses"
    assert "200" not in said


def test_whoever_may_say_doses_says_them():
    free = guard.make(parse({"guard": {"topics": ["emergency"]}}, "test"))
    sieve = free.sieve("what is ibuprofen")
    assert sieve.feed(DOSES[0]) + sieve.end() == DOSES[0]
