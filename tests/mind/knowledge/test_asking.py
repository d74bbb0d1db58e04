"""What a question asks for, and whether a text has it."""

import pytest

from assistant.mind.knowledge.asking import lacks, of_the_house, wanted


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how much is a ticket for my son", "money"),
        ("what does a colour print cost", "money"),
        ("how much does the machine weigh", "number"),
        ("how much water goes into the tank", "number"),
        ("um when do you close", "time"),
        ("what do I do when it leaks", "other"),
        ("how long does it take", "duration"),
        ("who is the director", "name"),
        ("where can I put my bag", "place"),
        ("what colours does it come in", "colour"),
        ("can I bring my dog", "whether"),
        ("成人票多少钱", "money"),
        ("手环丢了要赔多少", "money"),
        ("要等多少分钟", "number"),
        ("几点关门", "time"),
        ("要洗多久", "duration"),
        ("馆长是谁", "name"),
        ("厕所在哪里", "place"),
        ("有几种颜色", "number"),
        ("可以带狗吗", "whether"),
        ("好不好用", "whether"),
        ("怎么除垢", "other"),
    ],
)
def test_what_a_question_asks_for(question, kind):
    assert wanted(question) == kind


@pytest.mark.parametrize(
    ("question", "has", "has_not"),
    [
        ("how much is the tour", "It costs four pounds.", "It starts at eleven."),
        ("when does it open", "It opens at nine.", "It is behind the tower."),
        ("how long is the film", "It lasts an hour and a half.", "It is about whales."),
        ("who is in charge", "Ask Mrs Okafor.", "It is closed on Sundays in May."),
        ("what colour is the vest", "Visitors get a green vest.", "Visitors get a vest."),
        ("门票多少钱", "成人三十元。", "在南门买。"),
        ("几点开门", "上午九点。", "请走南门。"),
        ("机器有多重", "重七公斤。", "请保留发票。"),
        ("找谁拿钥匙", "找值班的陈师傅。", "钥匙不能带走。"),
    ],
)
def test_a_text_without_that_kind_does_not_answer(question, has, has_not):
    assert not lacks(wanted(question), has)
    assert lacks(wanted(question), has_not)


def test_a_question_without_a_form_of_its_own_is_answered_by_anything():
    assert not lacks(wanted("why does it leak"), "")
    assert not lacks(wanted("可以带狗吗"), "")


@pytest.mark.parametrize(
    ("house", "questions"),
    [
        (
            True,
            "who is the director|Who's your boss?|who is the shift manager today"
            "|who runs this place|what is the manager's name|who is the director of the museum"
            "|who is in charge here"
            "|what is your wifi password|when do you open|馆长是谁|谁是你们的老板|经理叫什么名字"
            "|请问你们店的电话是多少|值班经理是谁|你们几点开门",
        ),
        (
            False,
            "who is the director of titanic|who was the president of france|who are you"
            "|what is your name|who is the king|when do you sleep|who is the doctor in star trek"
            "|what does a manager do|法国总统是谁|你叫什么名字|泰坦尼克号的导演是谁|谁是李白"
            "|经理是做什么的|阿里巴巴的老板是谁",
        ),
    ],
)
def test_what_only_the_owner_can_know(house, questions):
    for question in questions.split("|"):
        assert of_the_house(question) is house, question
