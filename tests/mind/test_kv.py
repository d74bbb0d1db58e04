"""The KV cache on a tiny model of random weights, made here, that llama.cpp really runs."""

import contextlib

import numpy as np
import pytest
from gguf_files import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AssistantError
from assistant.mind import llama
from assistant.mind.kv import BATCH, Cancelled, KvCache

pytestmark = pytest.mark.engine

CONTEXT = 512


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Make an empty cache."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.gguf"
    path.write_bytes(tiny())
    library = llama._library()
    model = llama._load(library, path)
    made = []

    def new():
        made.append(KvCache(library, model, context=CONTEXT, threads=1, batch=1))
        return made[-1]

    yield new
    for cache in made:
        cache.close()
    library.llama_model_free(model)


@pytest.fixture(scope="module")
def kv(make):
    return make()


@pytest.fixture(scope="module")
def fresh(make):
    return make()


def never():
    return False


def after(calls):
    """Return a `cancelled` that becomes true when it was asked `calls` times."""
    left = iter(range(calls))
    return lambda: next(left, None) is None


def held(cache):
    """Number of tokens that llama.cpp itself says it holds."""
    return cache._library.llama_memory_seq_pos_max(cache._memory, 0) + 1


def logits(cache):
    words = cache._library.llama_vocab_n_tokens(
        cache._library.llama_model_get_vocab(cache._library.llama_get_model(cache.context))
    )
    pointer = cache._library.llama_get_logits_ith(cache.context, -1)
    return np.ctypeslib.as_array(pointer, (words,)).copy()


def think(cache, tokens):
    """Read `tokens`, from where they differ from what was read; return what would come next."""
    cache.read(tokens[cache.match(tokens) :], never)
    return logits(cache)


def same(mine, theirs):
    return np.allclose(mine, theirs, atol=0.05) and mine.std() > 0.2


letters = st.lists(st.integers(0, 2), min_size=1, max_size=12)  # few, so that beginnings agree
steps = st.lists(st.tuples(letters, st.none() | st.integers(0, 200)), max_size=8)


@settings(deadline=None)
@given(steps, letters)
def test_whatever_was_read_and_interrupted_it_thinks_as_if_it_read_afresh(kv, fresh, steps, last):
    for tokens, interrupted in steps:
        done = kv.match(tokens)
        assert held(kv) == done
        with contextlib.suppress(Cancelled):
            kv.read(tokens[done:], never if interrupted is None else after(interrupted))
        assert held(kv) == len(kv._tokens)
        assert kv._tokens == tokens[: len(kv._tokens)]
    fresh.match([])
    assert same(think(kv, last), think(fresh, last))


def test_two_texts_are_thought_of_differently(kv):
    assert not same(think(kv, [1, 2, 3]), think(kv, [1, 2, 4]))
    assert not same(think(kv, [1, 2, 3]), think(kv, [2, 1, 3]))


def test_the_common_beginning_stays(kv):
    think(kv, [1, 2, 3, 4, 5])
    assert kv.match([1, 2, 3, 9, 9]) == 3
    assert held(kv) == 3


def test_the_last_token_is_always_read_again(kv):
    think(kv, [1, 2, 3])
    assert kv.match([1, 2, 3]) == 2


def test_nothing_in_common_leaves_nothing(kv):
    think(kv, [1, 2, 3])
    assert kv.match([2, 2, 3]) == 0
    assert held(kv) == 0


def test_a_shorter_text_leaves_its_own_beginning(kv):
    think(kv, [1, 2, 3, 4, 5])
    assert kv.match([1, 2]) == 1
    assert kv.match([1]) == 0


def test_of_a_long_text_the_batches_that_were_done_stay(kv):
    kv.match([])
    tokens = [1, 2, 3, 4] * 100
    calls = 0

    def count():
        nonlocal calls
        calls += 1
        return False

    kv.read(tokens[:BATCH], count)
    kv.match([])
    with pytest.raises(Cancelled):
        kv.read(tokens, after(calls + calls // 2))
    assert kv._tokens == tokens[:BATCH]
    assert held(kv) == BATCH


def test_interrupted_at_once_it_holds_nothing_new(kv):
    think(kv, [1, 2, 3])
    with pytest.raises(Cancelled):
        kv.read([4, 5], lambda: True)
    assert held(kv) == 3
    assert kv._tokens == [1, 2, 3]


def test_an_old_interruption_does_not_stop_the_next_reading(kv):
    kv.match([])
    with pytest.raises(Cancelled):
        kv.read([1, 2], lambda: True)
    kv.read([1, 2], never)
    assert held(kv) == 2


def test_more_than_it_can_hold_fails_and_leaves_it_usable(kv, fresh):
    kv.match([])
    with pytest.raises(AssistantError, match=r"llama_decode returned \d"):
        kv.read([1] * (CONTEXT + 1), never)
    assert held(kv) == len(kv._tokens) == 0
    fresh.match([])
    assert same(think(kv, [1, 2, 3]), think(fresh, [1, 2, 3]))


@settings(deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=2 * BATCH), st.data())
def test_what_comes_after_any_token_can_be_seen_on_the_way(kv, fresh, tokens, data):
    look = data.draw(st.integers(0, len(tokens) - 1))
    kv.match([])
    seen = kv.read(tokens, never, look)
    assert same(seen, think(fresh, tokens[: look + 1]))
    assert same(logits(kv), think(fresh, tokens))


def test_nothing_is_seen_where_nobody_looks(kv):
    kv.match([])
    assert kv.read([1, 2, 3], never) is None


# --- taken out and put back --------------------------------------------------------------------


def test_what_was_taken_out_is_put_back_into_another_cache(kv, fresh):
    think(kv, [1, 2, 3, 4])
    tokens, state = kv.dump()
    assert tokens == [1, 2, 3, 4]
    think(fresh, [2, 2])
    assert fresh.restore(tokens, state)
    assert held(fresh) == len(fresh) == 4
    assert fresh.holds([1, 2, 3])
    assert same(think(fresh, [1, 2, 3, 4, 5]), think(kv, [1, 2, 3, 4, 5]))


@pytest.mark.parametrize("how", ["nothing", "cut", "more", "other tokens", "noise"])
def test_a_state_that_does_not_fit_is_refused_and_leaves_an_empty_cache(kv, fresh, how):
    think(kv, [1, 2, 3, 4])
    tokens, state = kv.dump()
    match how:
        case "nothing":
            state = b""
        case "cut":
            state = state[: len(state) // 2]
        case "more":
            state += b"x"
        case "other tokens":
            tokens = tokens[:-1]
        case "noise":
            state = np.random.default_rng(1).bytes(len(state))
    think(fresh, [2, 2])
    assert not fresh.restore(tokens, state)
    assert held(fresh) == len(fresh) == 0
    assert same(think(fresh, [1, 2, 3]), think(kv, [1, 2, 3]))
