"""English: what a voice reads wrongly is written in words, the rest stays."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mouth.spoken import speakable


def table(*rows):
    return pytest.mark.parametrize(("text", "said"), rows, ids=[row[0] for row in rows])


def says(text, said):
    assert speakable(text, "en") == said


@table(
    ("5 km", "5 kilometres"),
    ("5km.", "5 kilometres."),
    ("1 km", "1 kilometre"),
    ("2.5 kg", "2.5 kilograms"),
    ("1,500 kg", "1,500 kilograms"),
    ("6 ft", "6 feet"),
    ("5 lbs", "5 pounds"),
    ("30 min", "30 minutes"),
    ("10 s", "10 seconds"),
    ("20m²", "20 square metres"),
    ("100 km/h", "100 kilometres per hour"),
    ("1 MB/s", "1 megabyte per second"),
    ("2.4 GHz and 60W", "2.4 gigahertz and 60 watts"),
    ("3 GB of RAM", "3 gigabytes of RAM"),
    ("90°", "90 degrees"),
    ("1 °F", "1 degree Fahrenheit"),
    ("-5°C", "minus 5 degrees Celsius"),
    ("2½kg", "2 and one half kilograms"),
    ("5 M and 5G", "5 M and 5G"),
    ("It is 5 minutes", "It is 5 minutes"),
)
def test_units(text, said):
    says(text, said)


@table(
    ("3.14 and 0.5", "3.14 and 0.5"),
    ("1,000,000 people", "1,000,000 people"),
    ("It is -3 now.", "It is minus 3 now."),
    ("(-1.5)", "(minus 1.5)"),
    ("GPT-4 and COVID-19", "GPT 4 and COVID 19"),
    ("a 10-year-old", "a 10-year-old"),
    ("1st, 2nd and 21st", "1st, 2nd and 21st"),
    ("Version 1.2.3", "Version 1.2.3"),
    ("No. 5, #7 and Fig. 3", "number 5, number 7 and figure 3"),
    ("~5 or ≈ 6, ±1", "about 5 or about 6, plus or minus 1"),
)
def test_numbers(text, said):
    says(text, said)


@table(
    ("3 × 4 = 12", "3 times 4 equals 12"),
    ("2*3", "2 times 3"),
    ("3x4", "3 by 4"),
    ("10 ÷ 2", "10 divided by 2"),
    ("2+2=4", "2 plus 2 equals 4"),
    ("5 - 3", "5 minus 3"),
    ("5-3=2", "5 minus 3 equals 2"),
    ("x=-3", "x equals minus 3"),
    ("x ≤ 5 and y ≥ 6", "x at most 5 and y at least 6"),
    ("x >= 5, y <= 6, z != 7", "x at least 5, y at most 6, z is not 7"),
    ("a == 1", "a equals 1"),
    ("a < b > c", "a is less than b is greater than c"),
    ("x<5", "x is less than 5"),
    ("x² and x^3 and 2^10", "x squared and x cubed and 2 to the power of 10"),
    ("$$E=mc^2$$", "E equals mc squared"),
    ("√2 and π", "square root of 2 and pi"),
)
def test_arithmetic(text, said):
    says(text, said)


@table(
    ("1/2 cup", "one half cup"),
    ("½ cup", "one half cup"),
    ("about ½cup", "about one half cup"),
    ("3/4 of it.", "three quarters of it."),
    ("It is 1/3.", "It is one third."),
    ("2/3", "two thirds"),
    ("1 1/2 cups", "1 and one half cups"),
    ("2½ cups", "2 and one half cups"),
    ("a 1/2-inch nail", "a one half-inch nail"),
    ("8/10", "8 out of 10"),
    ("24/7", "24 7"),
    ("50% of", "50 percent of"),
    ("12.5 %", "12.5 percent"),
)
def test_fractions_and_percentages(text, said):
    says(text, said)


@table(
    ("5-10 minutes", "5 to 10 minutes"),
    ("5–10 and 5 – 10", "5 to 10 and 5 to 10"),
    ("10%-20%", "10 to 20 percent"),
    ("3.5-4.5 kg", "3.5 to 4.5 kilograms"),
    ("pages 12-15", "pages 12 to 15"),
    ("$5-$10", "5 to 10 dollars"),
    ("$5-10", "5 to 10 dollars"),
    ("$1.5–$2 million", "1.5 to 2 million dollars"),
    ("$5M-$10M", "5 million to 10 million dollars"),
    ("5€-10€", "5 to 10 euros"),
    ("9am-5pm", "9 AM to 5 PM"),
    ("10 a.m.-5 p.m.", "10 AM to 5 PM."),
    ("9:00-17:00", "9 o'clock to 17 hundred"),
    ("10:30–11:00", "10 30 to 11 o'clock"),
    ("1914-1918", "nineteen fourteen to nineteen eighteen"),
    ("It was 3-2 or 16:9.", "It was 3 to 2 or 16 to 9."),
)
def test_ranges(text, said):
    says(text, said)


@table(
    ("$5 or $1", "5 dollars or 1 dollar"),
    ("$5.50", "5 dollars and 50 cents"),
    ("$0.99 and $0.01", "99 cents and 1 cent"),
    ("$1,000.50", "1,000 dollars and 50 cents"),
    ("$3.5 million or $3.5M", "3.5 million dollars or 3.5 million dollars"),
    ("-$5", "minus 5 dollars"),
    ("20 € and €1", "20 euros and 1 euro"),
    ("£1.01 and £5.02", "1 pound and 1 penny and 5 pounds and 2 pence"),
    ("¥500 and ₹100", "500 yen and 100 rupees"),
    ("5 USD, 50 EUR", "5 dollars, 50 euros"),
    ("US$ 20", "20 dollars"),
    ("$5for", "5 dollars for"),
)
def test_currency(text, said):
    says(text, said)


@table(
    ("2026-11-24.", "November twenty-fourth, twenty twenty-six."),
    ("24/11/2026", "November twenty-fourth, twenty twenty-six"),
    ("11/24/2026", "November twenty-fourth, twenty twenty-six"),
    ("12/11/2026", "December eleventh, twenty twenty-six"),
    ("24.11.2026", "November twenty-fourth, twenty twenty-six"),
    ("on 9/11", "on September eleventh"),
    ("13/13/2026", "13/13/2026"),
    ("November 24, 2026", "November 24, twenty twenty-six"),
    ("4 July 1776", "4 July seventeen seventy-six"),
    ("In 1999, 2000 people", "In nineteen ninety-nine, 2000 people"),
    ("in 2005", "in two thousand five"),
    ("in 1905", "in nineteen oh-five"),
    ("from 1914 to 1918", "from nineteen fourteen to nineteen eighteen"),
    ("the 1990s and the 90s", "the nineteen nineties and the nineties"),
    ("in his 20s in the '60s", "in his twenties in the sixties"),
    ("for 20s", "for 20 seconds"),
    ("in 1999.5 or 2000%", "in 1999.5 or 2000 percent"),
)
def test_dates_and_years(text, said):
    says(text, said)


@table(
    ("10:30", "10 30"),
    ("10:05", "10 oh 5"),
    ("10:00", "10 o'clock"),
    ("22:00", "22 hundred"),
    ("12:34:56", "12 34 and 56 seconds"),
    ("9:00 am", "9 AM"),
    ("9am", "9 AM"),
    ("at 9 a.m. today", "at 9 AM today"),
    ("at 9 a.m. We left.", "at 9 AM. We left."),
    ("9:30 p.m.", "9 30 PM."),
    ("I am 5", "I am 5"),
)
def test_times(text, said):
    says(text, said)


@table(
    ("555-123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
    ("(555) 123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
    ("1-800-555-1234", "1, 8 0 0, 5 5 5, 1 2 3 4"),
    ("+44 20 7946 0958", "plus 4 4, 2 0, 7 9 4 6, 0 9 5 8"),
    ("07911123456", "0 7 9, 1 1 1, 2 3 4, 5 6"),
    ("555-1234", "5 5 5, 1 2 3 4"),
    ("500-1000", "500 to 1000"),
    ("1000000", "1000000"),
)
def test_telephone_numbers(text, said):
    says(text, said)


@table(
    ("Dr. Smith and Mrs. Jones", "Doctor Smith and Missus Jones"),
    ("Prof. Li of St. Paul", "Professor Li of Saint Paul"),
    ("J. R. R. Tolkien", "J R R Tolkien"),
    ("fruit, e.g. apples", "fruit, for example, apples"),
    ("so, i.e. that", "so, that is, that"),
    ("pears, etc. are", "pears, et cetera are"),
    ("pears, etc.", "pears, et cetera."),
    ("cats vs. dogs", "cats versus dogs"),
    ("approx. 5", "approximately 5"),
    ("w/o sugar and/or milk", "without sugar and or milk"),
    ("Tom & Jerry", "Tom and Jerry"),
    ("C#, F# and C++", "C sharp, F sharp and C++"),
)
def test_abbreviations(text, said):
    says(text, said)


@table(
    ("wait — no, wait - no -- no", "wait, no, wait, no, no"),
    ("A -> B → C --> D", "A, B, C, D"),
    ("well-known", "well-known"),
    ("Hello... world…", "Hello... world…"),
    ('"Hi," he said (twice).', '"Hi," he said (twice).'),
    ("{x} [y] <z", "x y z"),
    ("See https://www.example.org/a?b=1.", "See example dot org."),
    ("Look:\n```\nx = 1\n```\nDone.", "Look: There is code in the text. Done."),
    ("- **Milk**: 2 l\n- *Eggs*: 12\n", "Milk: 2 litres. Eggs: 12."),
    ("I learned 你好 today.", "I learned 你好 today."),
    ("שלום 5 km", "שלום 5 kilometres"),
    ("مرحبا ١٢", "مرحبا 12"),
    ("Привет, 5 km", "Привет, 5 kilometres"),
)
def test_the_rest_of_a_sentence(text, said):
    says(text, said)


numbers = st.integers(0, 10**9).map(str)


@given(numbers, st.sampled_from(["", " ", ".", ",", "?", " cats", " dogs."]))
def test_a_plain_number_is_left_to_the_voice(number, after):
    said = speakable(f"There are {number}{after}", "en")
    digits = re.sub(r"\D", "", said)
    assert digits == number


@given(
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(1000, 2999),
    st.sampled_from(["-", "/", "."]),
)
def test_every_date_is_said_without_digits(month, day, year, sign):
    said = speakable(f"{year}{sign}{month:02}{sign}{day:02}", "en")
    assert re.fullmatch("[A-Z][a-z]+ [a-z-]+, [a-z -]+", said), said


@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from(["", " am", "pm", " p.m."]))
def test_every_time_keeps_its_hour_and_loses_its_colon(hour, minute, half):
    said = speakable(f"at {hour}:{minute:02}{half}", "en")
    assert said.startswith(f"at {hour} ")
    assert ":" not in said
    assert minute == 0 or re.search(rf"\b(?:oh )?{minute}\b", said)


@given(st.integers(0, 10**6), st.integers(0, 99), st.sampled_from("$€£"))
def test_every_price_keeps_its_amount(whole, cents, sign):
    said = speakable(f"It costs {sign}{whole}.{cents:02} now.", "en")
    assert re.findall(r"\d+", said) == [str(n) for n in (whole, cents) if n] or whole == cents == 0
    assert sign not in said
    assert re.search("dollar|cent|euro|pound|pence|penny", said)
