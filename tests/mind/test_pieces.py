from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.mind.pieces import Pieces

# Few letters, so that stop texts overlap, nest and begin again; some of several bytes.
LETTERS = "ab。🦜"
anything = st.text(max_size=40).map(str.encode)
texts = st.text(LETTERS, max_size=16)
stop_texts = st.lists(st.text(LETTERS, max_size=4), max_size=4)


@st.composite
def cut(draw, data=anything):
    """Bytes, and the same bytes in pieces; empty pieces too, as control tokens give."""
    whole = draw(data)
    places = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    return whole, [whole[a:b] for a, b in pairwise([0, *places, len(whole)])]


def poured(pieces, parts):
    return [pieces.feed(part) for part in parts]


def expected(text, stops):
    """Say what comes out of `text`: all before the stop text that is the first to be complete."""
    for end in range(1, len(text) + 1):
        starts = [end - len(s) for s in stops if s and text[:end].endswith(s)]
        if starts:
            return text[: min(starts)], True
    return text, False


@settings(deadline=None)
@given(cut())
def test_however_it_is_cut_the_text_comes_out(made):
    whole, parts = made
    pieces = Pieces()
    assert "".join(poured(pieces, parts)) == whole.decode()
    assert pieces.end() == ""
    assert not pieces.stopped


@settings(deadline=None)
@given(cut())
def test_without_stop_texts_nothing_whole_is_held_back(made):
    pieces, fed = Pieces(), b""
    shown = ""
    for part in made[1]:
        fed += part
        shown += pieces.feed(part)
        assert shown == fed.decode("utf-8", "ignore")


@settings(deadline=None)
@given(cut(texts.map(str.encode)), stop_texts)
@example((b"aba", [b"aba"]), ["aba", "b"])
@example((b"aba", [b"ab", b"a"]), ["aba", "b"])
@example((b"aab", [b"a", b"ab"]), ["ab", "aab"])
def test_it_ends_before_the_first_stop_text(made, stops):
    whole, parts = made
    pieces = Pieces(stops)
    shown = poured(pieces, parts)
    text, stopped = expected(whole.decode(), stops)
    assert "".join(shown) + pieces.end() == text
    assert pieces.stopped == stopped


@settings(deadline=None)
@given(cut(texts.map(str.encode)), stop_texts)
def test_what_is_shown_is_never_taken_back(made, stops):
    pieces, fed, shown = Pieces(stops), b"", ""
    for part in made[1]:
        fed += part
        shown += pieces.feed(part)
        so_far = fed.decode("utf-8", "ignore")
        assert expected(so_far, stops)[0].startswith(shown)
        held = len(expected(so_far, stops)[0]) - len(shown)
        assert held < max([1, *map(len, stops)])


@settings(deadline=None)
@given(cut(st.binary(max_size=40)))
def test_bytes_that_are_no_text_are_left_out(made):
    whole, parts = made
    pieces = Pieces()
    assert "".join(poured(pieces, parts)) + pieces.end() == whole.decode("utf-8", "ignore")


def test_a_character_comes_out_once_it_is_whole():
    pieces = Pieces()
    first, *middle, last = (bytes([byte]) for byte in "🦜".encode())
    assert poured(pieces, [b"a" + first, *middle, last + b"b"]) == ["a", "", "", "🦜b"]


def test_half_a_character_at_the_end_is_dropped():
    pieces = Pieces()
    assert pieces.feed("好".encode()[:2]) == ""
    assert pieces.end() == ""


def test_a_stop_text_may_be_spread_over_pieces():
    pieces = Pieces(["User:"])
    assert poured(pieces, [b"Hi. Us", b"e", b"r", b": no"]) == ["Hi. ", "", "", ""]
    assert pieces.stopped


def test_what_only_began_like_a_stop_text_is_shown():
    pieces = Pieces(["User:"])
    assert poured(pieces, [b"Hi. Us", b"e", b"ful"]) == ["Hi. ", "", "Useful"]
    assert pieces.feed(b" U") == " "
    assert pieces.end() == "U"


def test_nothing_comes_after_a_stop_text():
    pieces = Pieces(["."])
    assert pieces.feed(b"One. Two") == "One"
    assert pieces.feed(b"Three") == ""
    assert pieces.end() == ""


@pytest.mark.parametrize("stops", [[], [""]])
def test_an_empty_stop_text_stops_nothing(stops):
    pieces = Pieces(stops)
    assert pieces.feed(b"all of it") == "all of it"
    assert not pieces.stopped
