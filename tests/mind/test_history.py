from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.mind.history import History
from assistant.mind.model import Message


def words(text):
    return len(text.split())


# A turn is (words of the question, words of the answer).
sizes = st.tuples(st.integers(0, 30), st.integers(0, 30))


def turn(number, size):
    question, answer = size
    return f"q{number} " * question, f"a{number} " * answer


def pairs(history):
    messages = history.messages()
    assert [m.role for m in messages] == ["user", "assistant"] * len(history)
    return [(q.text, a.text) for q, a in zip(messages[::2], messages[1::2], strict=True)]


def tokens(turns):
    return sum(words(text) for turn in turns for text in turn)


@settings(deadline=None)
@given(st.integers(0, 100), st.lists(sizes, max_size=40))
def test_it_holds_the_newest_whole_turns_below_the_limit(limit, said):
    history = History(limit, words)
    kept = []
    for number, size in enumerate(said):
        new = turn(number, size)
        history.append(*new)
        if max(1, tokens([new])) <= limit:  # one that is too long by itself is not kept
            kept.append(new)
        held = pairs(history)
        assert held == kept[len(kept) - len(held) :]
        assert bool(held) == bool(kept)
        assert tokens(held) <= history.tokens <= limit


@settings(deadline=None)
@given(st.integers(1, 100), st.lists(sizes, max_size=40))
def test_turns_leave_only_when_they_must_and_then_many_at_once(limit, said):
    history = History(limit, words)
    for number, size in enumerate(said):
        before, room = pairs(history), limit - history.tokens
        new = turn(number, size)
        cost = max(1, tokens([new]))
        history.append(*new)
        if cost > limit:
            assert pairs(history) == before
        elif cost <= room:
            assert pairs(history) == [*before, new]
        else:
            # Down to half the limit, or to the new one alone; and not one turn more than that.
            held = pairs(history)
            assert held == [new] or history.tokens <= limit // 2
            left = before[len(before) + 1 - len(held) - 1 :]
            assert sum(max(1, tokens([t])) for t in [*left, new]) > limit // 2


def test_long_talk_loses_its_beginning_rarely():
    history = History(512, words)
    lost = 0
    for number in range(200):
        first = pairs(history)[:1]
        history.append(*turn(number, (10, 20)))
        lost += pairs(history)[:1] != first
    assert 200 * 30 / 512 < lost < 2 * 200 * 30 / 256


def test_turns_come_out_as_they_were_said():
    history = History(100, words)
    history.append("Hello there", "Hi.")
    history.append("Who are you", "")
    assert history.messages() == [
        Message("user", "Hello there"),
        Message("assistant", "Hi."),
        Message("user", "Who are you"),
        Message("assistant", ""),
    ]
    assert (len(history), history.tokens) == (2, 6)


def test_a_limit_of_0_keeps_nothing_not_even_an_empty_turn():
    history = History(0, words)
    history.append("a", "b")
    history.append("", "")
    assert history.messages() == []
    assert (len(history), history.tokens) == (0, 0)


def test_a_turn_just_as_long_as_the_limit_is_kept():
    history = History(6, words)
    history.append("a b c", "d e")
    history.append("a b c", "d e f")
    assert pairs(history) == [("a b c", "d e f")]
    history.append("a b c d", "d e f")
    assert pairs(history) == [("a b c", "d e f")]


def test_clear_forgets_everything_and_makes_room():
    history = History(6, words)
    history.append("a b c", "d e f")
    history.clear()
    assert (len(history), history.tokens, history.messages()) == (0, 0, [])
    history.append("a b c", "d e")
    history.append("a", "")
    assert len(history) == 2


@settings(deadline=None)
@given(st.integers(0, 100), st.lists(sizes, min_size=1, max_size=20))
def test_what_it_will_be_is_what_it_becomes(limit, said):
    history = History(limit, words)
    *before, last = [turn(number, size) for number, size in enumerate(said)]
    for each in before:
        history.append(*each)
    held = history.messages()
    foreseen = history.followed_by(*last)
    assert history.messages() == held
    history.append(*last)
    assert (history.messages(), history.tokens) == (foreseen.messages(), foreseen.tokens)
