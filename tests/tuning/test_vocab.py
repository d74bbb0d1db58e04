"""Which tokens stay."""

from collections.abc import Sequence

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from assistant.tuning.vocab import NORMAL, ROWS, Uncuttable, Vocabulary

WHOLE = Vocabulary(*tiny.vocabulary())
words = st.lists(st.integers(256, 256 + len(WHOLE.merges) - 1), unique=True)


def made_of(merge: str) -> tuple[str, str]:
    left, _, right = merge.partition(" ")
    return left, right


@given(words, st.integers(0, 500))
def test_all_bytes_and_control_tokens_stay_and_no_padding(wanted: list[int], size: int) -> None:
    kept = WHOLE.choose(wanted, size)
    assert set(range(256)) <= set(kept)
    stays = {n for n, kind in enumerate(WHOLE.kinds) if kind == 3}
    assert stays <= set(kept)
    assert not {n for n, kind in enumerate(WHOLE.kinds) if kind == 5} & set(kept)
    assert kept == sorted(set(kept))


@given(words, st.integers(0, 500))
def test_every_kept_token_can_still_be_made(wanted: list[int], size: int) -> None:
    cut = WHOLE.cut(WHOLE.choose(wanted, size))
    bytes_ = set(WHOLE.tokens[:256])
    makeable = set(bytes_)
    for merge in cut.merges:  # in their order, as a tokenizer tries them
        left, right = made_of(merge)
        assert {left, right} <= makeable
        makeable.add(left + right)
    kept = {t for t, kind in zip(cut.tokens, cut.kinds, strict=True) if kind == NORMAL}
    assert kept == makeable
    order = {merge: number for number, merge in enumerate(WHOLE.merges)}
    assert [order[m] for m in cut.merges] == sorted(order[m] for m in cut.merges)


@given(words, st.integers(300, 400))
def test_the_number_of_rows_suits_the_fast_kernels(wanted: list[int], size: int) -> None:
    kept = WHOLE.choose(wanted, size)
    if len(kept) >= size:
        whole = WHOLE.choose(wanted, 10**6)  # all that is wanted
        assert len(kept) % ROWS == 0 or len(whole) - len(kept) < ROWS


def test_the_most_wanted_come_first() -> None:
    last = 256 + len(WHOLE.merges) - 1
    assert last in WHOLE.choose([last, *range(256, last)], 384)
    assert last not in WHOLE.choose([*range(256, last), last], 384)


def test_a_cut_that_drops_nothing_changes_nothing_but_the_padding() -> None:
    kept = WHOLE.choose(range(256 + len(WHOLE.merges)), 10**6)
    cut = WHOLE.cut(kept)
    assert list(cut.tokens) == list(WHOLE.tokens)[: -tiny.PADS]
    assert list(cut.merges) == list(WHOLE.merges)


def test_a_vocabulary_is_known_by_its_words_and_not_by_its_control_tokens() -> None:
    tokens, kinds, merges = tiny.vocabulary()
    renamed = ["<|other|>" if token == "<|im_end|>" else token for token in tokens]
    assert Vocabulary(renamed[:-1], kinds[:-1], merges).fingerprint == WHOLE.fingerprint
    swapped = [*tokens[:-10], *tokens[-9:], tokens[-10]]
    assert Vocabulary(swapped, kinds, merges).fingerprint != WHOLE.fingerprint
    assert Vocabulary(tokens, kinds, merges[::-1]).fingerprint != WHOLE.fingerprint


@pytest.mark.parametrize(
    ("tokens", "merges", "why"),
    [
        (WHOLE.tokens[1:256], [], "255 tokens of one byte instead of 256"),
        ([*WHOLE.tokens[:256], "xyz"], [], "no merge makes its token 'xyz'"),
        (WHOLE.tokens[:256], ["a b"], "its merge 'a b' names a token that it lacks"),
        (["▁the", "<0x00>"], [], "0 tokens of one byte instead of 256"),
    ],
)
def test_a_vocabulary_that_cannot_be_cut_says_why(
    tokens: Sequence[str], merges: Sequence[str], why: str
) -> None:
    with pytest.raises(Uncuttable, match=why):
        Vocabulary(tokens, [NORMAL] * len(tokens), merges).choose([], 10)
