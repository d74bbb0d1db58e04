"""Chinese: every number is written in the characters with which it is said."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.mouth.spoken import speakable


def table(*rows):
    return pytest.mark.parametrize(("text", "said"), rows, ids=[row[0] for row in rows])


def says(text, said):
    assert speakable(text, "zh") == said


@table(
    ("0", "零"),
    ("10", "十"),
    ("11", "十一"),
    ("20", "二十"),
    ("101", "一百零一"),
    ("110", "一百一十"),
    ("1001", "一千零一"),
    ("10000", "一万"),
    ("12345", "一万二千三百四十五"),
    ("1,234,567", "一百二十三万四千五百六十七"),
    ("3.14", "三点一四"),
    ("1.10", "一点一零"),
    ("-3", "负三"),
    ("（-3.5）", "（负三点五）"),
    ("007", "零零七"),
    ("100万", "一百万"),
    ("3.5亿", "三点五亿"),
    ("1亿2000万", "一亿二千万"),
    ("１２３", "一百二十三"),
    ("٣ 和 ५", "三 和 五"),
    ("①苹果②香蕉", "一 苹果 二 香蕉"),
    ("版本1.2.3。", "版本一点二点三。"),
    ("192.168.1.1", "一九二点一六八点一点一"),
    ("约5个，~6个", "约五个，约六个"),
    ("第1名、第12章", "第一名、第十二章"),
)
def test_numbers(text, said):
    says(text, said)


@table(
    ("2个人", "两个人"),
    ("12个人", "十二个人"),
    ("2小时2分钟", "两小时两分钟"),
    ("2公里2厘米", "两公里两厘米"),
    ("2千克", "两千克"),
    ("2美元", "两美元"),
    ("2点", "两点"),
    ("2天", "两天"),
    ("我有2只猫和3只狗。", "我有两只猫和三只狗。"),
    ("第2个", "第二个"),
    ("2月2日", "二月二日"),
    ("2楼2号", "二楼二号"),
    ("2年级的2年", "二年级的两年"),
    ("2分之1", "二分之一"),
    ("2%", "百分之二"),
    ("1.2个", "一点二个"),
)
def test_two_of_a_thing(text, said):
    says(text, said)


@table(
    ("5km", "五公里"),
    ("2km", "两公里"),
    ("2.5 kg", "二点五公斤"),
    ("100km/h", "每小时一百公里"),
    ("60km/小时", "六十公里每小时"),
    ("100m²", "一百平方米"),
    ("20GB内存", "二十吉字节内存"),
    ("2.4GHz", "二点四吉赫"),
    ("30min", "三十分钟"),
    ("25℃", "二十五摄氏度"),
    ("今天-5°C", "今天负五摄氏度"),
    ("最低-12.5℃", "最低负十二点五摄氏度"),
    ("零下5度", "零下五度"),
    ("30°", "三十度"),
    ("50%", "百分之五十"),
    ("增长-5%", "增长负百分之五"),
    ("3‰", "千分之三"),
    ("５０％", "百分之五十"),
    ("5元/斤", "五元每斤"),
)
def test_units(text, said):
    says(text, said)


@table(
    ("¥100", "一百元"),
    ("￥99.9", "九十九点九元"),
    ("$3.5万", "三点五万美元"),
    ("-¥5", "负五元"),
    ("€20或£10", "二十欧元或十英镑"),
    ("100USD", "一百美元"),
    ("HK$50", "五十港元"),
    ("100元/人", "一百元每人"),
    ("10,000元", "一万元"),
    ("5块2", "五块二"),
)
def test_currency(text, said):
    says(text, said)


@table(
    ("2026年11月24日", "二零二六年十一月二十四日"),
    ("2026-11-24", "二零二六年十一月二十四日"),
    ("2026/11/24", "二零二六年十一月二十四日"),
    ("2026.11.24", "二零二六年十一月二十四日"),
    ("1999年和98年", "一九九九年和九八年"),
    ("08年", "零八年"),
    ("20年前", "二十年前"),
    ("5000年历史", "五千年历史"),
    ("1990年代", "一九九零年代"),
    ("90年代", "九十年代"),
    ("２０２６年", "二零二六年"),
    ("10:30", "十点三十分"),
    ("10：30", "十点三十分"),
    ("10:05", "十点零五分"),
    ("2:00", "两点"),
    ("0:00", "零点"),
    ("22:15:30", "二十二点十五分三十秒"),
    ("上午9:00见", "上午九点见"),
    ("2点30分", "两点三十分"),
)
def test_dates_and_times(text, said):
    says(text, said)


@table(
    ("5-10分钟", "五到十分钟"),
    ("5~10分钟", "五到十分钟"),
    ("5到10分钟", "五到十分钟"),
    ("10元-20元", "十元到二十元"),
    ("100-200元", "一百到二百元"),
    ("1,000-2,000米", "一千到二千米"),
    ("5%-10%", "百分之五到百分之十"),
    ("-5~5℃", "负五到五摄氏度"),
    ("-10~-5℃", "负十到负五摄氏度"),
    ("-5到-3度", "负五到负三度"),
    ("3月-5月", "三月到五月"),
    ("第3-5页", "第三到五页"),
    ("1990-1995年", "一九九零到一九九五年"),
    ("11月24-25日", "十一月二十四到二十五日"),
    ("12:30-13:30", "十二点三十分到十三点三十分"),
    ("9:00~17:00", "九点到十七点"),
    ("$5-$10", "五到十美元"),
    ("3:2", "三比二"),
)
def test_ranges(text, said):
    says(text, said)


@table(
    ("1/2", "二分之一"),
    ("2/3的人", "三分之二的人"),
    ("约½杯", "约二分之一杯"),
    ("2½杯", "二又二分之一杯"),
    ("3+2=5", "三加二等于五"),
    ("5-3=2", "五减三等于二"),
    ("5 - 3", "五减三"),
    ("3×4=12", "三乘四等于十二"),
    ("3*4", "三乘四"),
    ("12÷4=3", "十二除以四等于三"),
    ("x≥5，y<=6，z≠7", "x大于等于五，y小于等于六，z不等于七"),
    ("x>5", "x大于五"),
    ("3^2和5³", "三的平方和五的立方"),
    ("±3", "正负三"),
    ("$$x=2$$", "x等于二"),
)
def test_fractions_and_arithmetic(text, said):
    says(text, said)


@table(
    ("13812345678", "幺三八幺二三四五六七八"),
    ("138-1234-5678", "幺三八，幺二三四，五六七八"),
    ("+86 13812345678", "加八六，幺三八幺二三四五六七八"),
    ("010-12345678", "零幺零，幺二三四五六七八"),
    ("400-123-4567", "四零零，幺二三，四五六七"),
    ("123456789012345678", "一二三四五六七八九零一二三四五六七八"),
)
def test_telephone_numbers(text, said):
    says(text, said)


@table(
    ("**重点**：这是*斜体*。", "重点：这是斜体。"),
    ("## 标题\n1. 牛奶\n2. 鸡蛋", "标题。 一, 牛奶。 二, 鸡蛋"),
    ("看：\n```\nx = 1\n```\n完成。", "看： 代码见文字。 完成。"),
    ("[文档](https://a.org)在这里", "文档在这里"),
    ("请看https://www.example.org/a。", "请看 example点org。"),
    ("你好😀世界🌍！", "你好 世界！"),
    ("A→B——C", "A，B，C"),
    ("R&D", "R和D"),
    ("Python 3.11和GPT-4", "Python 三点一一和GPT 四"),
    ("A4纸、5G网络、T恤", "A四纸、五G网络、T恤"),
    ("用Python写2个函数", "用Python写两个函数"),
    ("你好，world！", "你好，world！"),
    ("I have 5 apples today.", "I have 5 apples today."),
)
def test_the_rest_of_a_sentence(text, said):
    says(text, said)


chinese = st.lists(
    st.one_of(
        st.characters(categories=["Nd"]),
        st.sampled_from(list("今天年月日点分秒个元度万第到至两十。，：、（）-–~/:.,%°¥$+=×*^ \n")),
        st.integers(0, 10**20).map(str),
        st.decimals(0, 10**6, places=3).map(str),
    )
).map("".join)


@given(chinese)
@settings(max_examples=400, deadline=None)
def test_no_digit_of_any_script_is_left(text):
    assert not re.search(r"\d", speakable("好" + text, "zh"))


@table(
    ("请拨打120急救电话。", "请拨打幺二零急救电话。"),
    ("打110报警", "打幺幺零报警"),
    ("报警电话是110", "报警电话是幺幺零"),
    ("客服10086", "客服幺零零八六"),
    ("打120分", "打一百二十分"),
    ("报警120次", "报警一百二十次"),
    ("打8折", "打八折"),
)
def test_short_numbers_to_call(text, said):
    says(text, said)


@table(
    ("请在10 minutes后提醒我", "请在十分钟后提醒我"),
    ("2 hours后", "两小时后"),
    ("跑3 miles", "跑三英里"),
    ("涨了5 percent", "涨了百分之五"),
    ("3pm见", "下午三点见"),
    ("会议在5:05 PM开始", "会议在下午五点零五分开始"),
    ("明天早上9 a.m.见", "明天早上九点见"),
    ("12 am到12 pm", "凌晨十二点到中午十二点"),
    ("晚上8 pm吃饭", "晚上八点吃饭"),
    ("Boeing 747飞机", "Boeing 七四七飞机"),
    ("RTX 4090显卡很贵", "RTX 四零九零显卡很贵"),
    ("我家的Windows 2000", "我家的Windows 二千"),
    ("iPhone 15 Pro卖999美元", "iPhone 十五 Pro卖九百九十九美元"),
    ("用A4纸打印3份", "用A四纸打印三份"),
    ("下载256 MB的file", "下载二百五十六兆字节的file"),
    ("我有2个apple", "我有两个apple"),
)
def test_english_within_chinese(text, said):
    says(text, said)


def value(said):
    """Read a Chinese number below a hundred million back."""
    total = part = digit = 0
    for character in said.replace("零", ""):
        if character in "十百千":
            part += (digit or 1) * 10 ** ("十百千".index(character) + 1)
            digit = 0
        elif character == "万":
            total, part, digit = (part + digit) * 10_000, 0, 0
        else:
            digit = "零一二三四五六七八九".index(character)
    return total + part + digit


@given(st.integers(0, 99_999_999))
def test_every_whole_number_can_be_read_back(number):
    assert value(speakable(f"{number}", "zh")) == number
    assert value(speakable(f"{number:,}", "zh")) == number


@given(st.integers(1, 12), st.integers(1, 28), st.integers(1000, 2999), st.sampled_from("-/."))
def test_every_date_can_be_read_back(month, day, year, sign):
    said = speakable(f"{year}{sign}{month:02}{sign}{day:02}", "zh")
    digits, rest = said.split("年")
    assert "".join(str("零一二三四五六七八九".index(d)) for d in digits) == str(year)
    assert [value(part) for part in re.split("[月日]", rest)[:2]] == [month, day]


@given(st.integers(0, 23), st.integers(1, 59))
def test_every_time_can_be_read_back(hour, minute):
    said = re.fullmatch("(.+)点(.+)分", speakable(f"{hour}:{minute:02}", "zh"))
    assert [value(part.replace("两", "二")) for part in said.groups()] == [hour, minute]
