"""The clauses are the text, do not depend on how it came, and are cut where people pause."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.mouth.chunker import STRETCH, WIDE, Chunker, Clause

# Unicode at large hardly ever hits a rule, so most characters are those that the rules are about.
MARKS = list(
    " \n\t.,:;!?…—-\"'“”()[]「」。！？，、；：*_`~#0123aAbBzI 今天好但是é😀\u200d\u0301\x00"
)
TOKENS = [
    *("```", "```python\n", "~~~\n", "Dr. ", "e.g. ", "p.m. ", "No. ", "1. ", "3.14", "U.S. "),
    *("http://a.b/c?d. ", "and ", "because ", "word ", "，", "。", "？”", "\r\n", "\n\n"),
]
texts = st.lists(st.one_of(st.sampled_from(TOKENS), st.sampled_from(MARKS), st.text(max_size=3)))


def cut(text: str, *, first: int = 60, most: int = 200, pieces: list[str] | None = None) -> list:
    chunker = Chunker(first, most)
    clauses = [c for piece in pieces or [text] for c in chunker.feed(piece)]
    return clauses + chunker.finish()


def spoken(text: str, **limits: int) -> list[str]:
    return [clause.text for clause in cut(text, **limits)]


@given(texts.map("".join), st.data())
@settings(max_examples=300, deadline=None)
@example("“好。", None)
@example("```\na\n```\n", None)
def test_nothing_is_lost_and_the_pieces_do_not_matter(text, data):
    clauses = cut(text, first=12, most=40)
    assert "".join(clause.text for clause in clauses) == text
    start = 0
    for index, clause in enumerate(clauses):
        assert clause == Clause(clause.text, index, start)
        assert clause.text
        start += len(clause.text)
    pieces = list(text)
    if data is not None:
        at = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
        pieces = [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]
    assert cut(text, first=12, most=40, pieces=pieces) == clauses


@given(texts.map("".join))
@settings(deadline=None)
def test_no_clause_is_endless_but_code(text):
    for clause in cut(text, first=8, most=20):
        weight = sum(WIDE if ch >= "\u2e80" else 1 for ch in clause.text)
        assert weight <= STRETCH * 20 + WIDE or "```" in clause.text or "~~~" in clause.text


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Hello there. How are you?", ["Hello there. ", "How are you?"]),
        ("It costs 3.14 or 1,000. Yes.", ["It costs 3.14 or 1,000. ", "Yes."]),
        ("Dr. Smith met Mr. Jones. Then", ["Dr. Smith met Mr. Jones. ", "Then"]),
        ("Fruit, e.g. apples. Good.", ["Fruit, e.g. apples. ", "Good."]),
        ("It is so, i.e. true. Good.", ["It is so, i.e. true. ", "Good."]),
        ("The U.S. Army. Good.", ["The U.S. Army. ", "Good."]),
        ("J. R. R. Tolkien. Good.", ["J. R. R. Tolkien. ", "Good."]),
        ("At 10:30 p.m. today. Good.", ["At 10:30 p.m. today. ", "Good."]),
        ("At 10:30 p.m. We left.", ["At 10:30 p.m. ", "We left."]),
        ("Pears, plums, etc. are. Good.", ["Pears, plums, etc. are. ", "Good."]),
        ("Room No. 5 is free.", ["Room No. 5 is free."]),
        ("She said no. I left.", ["She said no. ", "I left."]),
        ("See https://a.org/b.c?d=1. Good.", ["See https://a.org/b.c?d=1. ", "Good."]),
        ("Ask a.b@c.org or open x.tar.gz! Now", ["Ask a.b@c.org or open x.tar.gz! ", "Now"]),
        ("Well... I think so. Yes.", ["Well... I think so. ", "Yes."]),
        ("Well… I think so. Yes.", ["Well… I think so. ", "Yes."]),
        ("What?! No way!!! Yes.", ["What?! ", "No way!!! ", "Yes."]),
        ('He said "go." She went.', ['He said "go." ', "She went."]),
        ("(He went.) She stayed.", ["(He went.) ", "She stayed."]),
        ("He went (home.) She stayed.", ["He went (home.) ", "She stayed."]),
        ("“Go.” ‘No.’ Yes.", ["“Go.” ", "‘No.’ ", "Yes."]),
        ("**Note.** Then _this._ Good.", ["**Note.** ", "Then _this._ ", "Good."]),
        ("1. Milk\n2. Eggs\n", ["1. Milk\n", "2. Eggs\n"]),
        ("- Milk\n- Eggs", ["- Milk\n", "- Eggs"]),
        ("**1. Milk** and eggs. b. Tea", ["**1. Milk** and eggs. ", "b. Tea"]),
        ("It was in 1999. Then", ["It was in 1999. ", "Then"]),
        ("# Title\nText", ["# Title\n", "Text"]),
        ("今天好。明天呢？也好！", ["今天好。", "明天呢？", "也好！"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ("（真的吗？）是的。", ["（真的吗？）", "是的。"]),
        ('他说"好。"然后走了。', ['他说"好。"', "然后走了。"]),
        ("价格是3.14元。好", ["价格是3.14元。", "好"]),
        ("你好!我们走吧?好.", ["你好!", "我们走吧?", "好."]),
        ("用Python 3.11。Good idea. 好", ["用Python 3.11。", "Good idea. ", "好"]),
        (
            "Go\n\n```py\na. b\n\nc\n```\nDone. Yes",
            ["Go\n", "\n```py\na. b\n\nc\n```\n", "Done. ", "Yes"],
        ),
        ("~~~\n```\na\n~~~\nb", ["~~~\n```\na\n~~~\n", "b"]),
        ("```\nnever closed. a\nb", ["```\nnever closed. a\nb"]),
        ("She has a Ph.D. in law. Good.", ["She has a Ph.D. in law. ", "Good."]),
        ("She got her Ph.D. Then", ["She got her Ph.D. ", "Then"]),
        ("Add 1 tsp. salt on 5th Ave. today. Ok", ["Add 1 tsp. salt on 5th Ave. today. ", "Ok"]),
        ("On Thurs. Jan. 5 we met. Good.", ["On Thurs. Jan. 5 we met. ", "Good."]),
        ("At 3:30. Version 2.0. It is 5. So", ["At 3:30. ", "Version 2.0. ", "It is 5. ", "So"]),
        ("It is 5 p.m.! Go.", ["It is 5 p.m.! ", "Go."]),
        ("In the U.S. He left.", ["In the U.S. He left."]),  # a doubt: no cut
        ("It costs $5.50. Or 5%. Good.", ["It costs $5.50. ", "Or 5%. ", "Good."]),
        ("Open file.txt. Then a.b.c.", ["Open file.txt. ", "Then a.b.c."]),
        ("Yes.No more!Now. Good", ["Yes.No more!Now. ", "Good"]),
        ("(1) One. (2) Two.", ["(1) One. ", "(2) Two."]),
        ("1) Milk\n   a) Oat. Soy.\n10. Tea", ["1) Milk\n", "   a) Oat. ", "Soy.\n", "10. Tea"]),
        ('"He said. She went." Good.', ['"He said. ', 'She went." ', "Good."]),
        ("# T\r\n\r\nText. More", ["# T\r\n", "\r\nText. ", "More"]),
        ("| a. b | c |\n|---|---|\n", ["| a. b | c |\n", "|---|---|\n"]),
        ("1.苹果。2.香蕉。", ["1.苹果。", "2.香蕉。"]),
        ("「好。」『坏。』是", ["「好。」", "『坏。』", "是"]),
        ("好……然后...走。好", ["好……然后...走。", "好"]),
        ("他花了3.5元，10：30走。好", ["他花了3.5元，10：30走。", "好"]),
        ("你好 world. 好的。", ["你好 world. ", "好的。"]),
        ("שלום. מה שלומך? טוב", ["שלום. ", "מה שלומך? ", "טוב"]),
        ("مرحبا؟ نعم. لا", ["مرحبا؟ ", "نعم. ", "لا"]),
        ("", []),
        ("\n \n", ["\n \n"]),
        ("... Yes. No", ["... Yes. ", "No"]),
    ],
)
def test_sentences(text, clauses):
    assert spoken(text) == clauses


def test_the_first_clause_is_cut_at_its_first_pause_once_it_is_long_enough():
    text = "In the middle of the night, the owl hooted, and nobody answered it. So it left."
    assert spoken(text) == [
        "In the middle of the night, ",
        "the owl hooted, and nobody answered it. ",
        "So it left.",
    ]
    assert spoken("今天的天气非常好，我们去公园吧。")[0] == "今天的天气非常好，"
    assert spoken("Well, it is so. Yes.")[0] == "Well, it is so. "  # too short to stand alone


def test_the_first_clause_never_waits_longer_than_its_limit():
    text = "the quick brown fox jumps over the lazy dog and it runs away from me. Yes."
    assert spoken(text)[0] == "the quick brown fox jumps over the lazy dog "  # before "and"
    assert spoken("w" * 20 + " " + "x" * 30 + " " + "y" * 30)[0] == "w" * 20 + " " + "x" * 30 + " "
    assert spoken("好" * 100)[0] == "好" * 20


def test_the_limit_does_not_tear_what_belongs_together():
    text = "what we all heard then from that kind man, Dr. Smith"
    assert spoken(text, first=45)[0] == "what we all heard then from that kind man, "
    for text in (
        "they all went to see old Dr. Smithereens",
        "they walked up to about 300 kilometres",
    ):
        head = spoken(text, first=30)[0]
        assert not head.endswith(("Dr. ", "300 "))


plain_words = st.sampled_from(["alpha", "bravo", "of", "the", "and", "because", "3.14", "don't"])


@given(st.lists(st.tuples(plain_words, st.sampled_from([" ", ", ", ". ", "? "]))))
def test_no_clause_of_plain_words_is_longer_than_its_limit_or_cuts_a_word(pairs):
    text = "".join(word + gap for word, gap in pairs)
    clauses = spoken(text, first=30, most=60)
    for clause, limit in zip(clauses, [30, *[60] * len(clauses)], strict=False):
        assert len(clause) <= limit + 1
    assert [word for clause in clauses for word in clause.split()] == text.split()


chinese_words = st.sampled_from(["今天", "天气", "很好", "但是", "三十"])


@given(st.lists(st.tuples(chinese_words, st.sampled_from(["", "", "，", "。", "？"]))))
def test_no_clause_of_chinese_is_longer_than_its_limit_or_begins_with_a_point(pairs):
    clauses = spoken("".join(word + mark for word, mark in pairs), first=30, most=60)
    for clause, limit in zip(clauses, [30, *[60] * len(clauses)], strict=False):
        assert WIDE * len(clause) <= limit + WIDE
        assert clause[0] not in "，。？"


def test_later_clauses_are_whole_sentences():
    text = "Yes. " + "This sentence is longer than the first limit, but a later one may be so."
    assert spoken(text) == ["Yes. ", text[5:]]


def test_a_clause_comes_as_soon_as_it_is_certain():
    chunker = Chunker()
    assert not chunker.feed("好")
    assert [c.text for c in chunker.feed("。")] == ["好。"]
    assert not chunker.feed("Really?")
    assert [c.text for c in chunker.feed(" ")] == ["Really? "]
    assert not chunker.feed("It is 3.")
    assert not chunker.feed("14")
    assert [c.text for c in chunker.finish()] == ["It is 3.14"]


def hurried(text: str, limit: int = 16) -> tuple[list[str], list[str]]:
    """Return the clauses that a hurry completes after `text`, and those that follow to the end."""
    chunker = Chunker(32, 200)
    before = [c.text for c in chunker.feed(text)]
    at_once = [c.text for c in chunker.hurry(limit)]
    rest = chunker.feed(" and so it goes on as ever.") + chunker.finish()
    return before + at_once, [c.text for c in rest]


def test_who_waits_gets_the_words_that_are_there():
    assert hurried("The planet closest") == (
        ["The planet "],
        ["closest and so it goes on as ever."],
    )
    assert hurried("明火是一种常见的", 16)[0] == ["明火是一种常见"]


def test_a_hurry_waits_for_enough_words_all_the_same():
    assert hurried("The planet")[0] == []
    clauses = Chunker(32, 200)
    assert clauses.hurry(16) == []
    assert [c.text for c in clauses.feed("The planet closest ")] == ["The planet "]


def test_a_hurry_tears_no_code_and_no_later_clause():
    assert hurried("```python\nprint(1)\nprint(2)\n")[0] == []
    chunker = Chunker(8, 200)
    assert [c.text for c in chunker.feed("Yes. It is as it always was")] == ["Yes. "]
    assert chunker.hurry(4) == []


def test_the_limit_grows_from_the_first_clause_on():
    text = "word " * 200
    sizes = [len(c) for c in spoken(text, first=16, most=200)]
    assert sizes[:4] == [15, 45, 145, 200]


@given(texts.map("".join), st.integers(0, 40), st.integers(4, 40))
@settings(deadline=None)
def test_a_hurry_loses_nothing(text, at, limit):
    chunker = Chunker(32, 60)
    clauses = [*chunker.feed(text[:at]), *chunker.hurry(limit), *chunker.feed(text[at:])]
    clauses += chunker.finish()
    assert "".join(c.text for c in clauses) == text
    starts = [c.start for c in clauses]
    assert [c.index for c in clauses] == list(range(len(clauses)))
    assert starts == [sum(len(c.text) for c in clauses[:n]) for n in range(len(clauses))]
