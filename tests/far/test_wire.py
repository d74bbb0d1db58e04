"""Bytes of another host: whatever they are, events or one error."""

import contextlib

import pytest
from far_host import NONSENSE
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event

from assistant.wyoming import wire
from assistant.wyoming.errors import Lost
from assistant.wyoming.wire import LONGEST_LINE, LONGEST_PART, Reader, text, to_bytes

EVENTS = st.builds(
    Event,
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.dictionaries(st.text(max_size=8), st.text(max_size=40) | st.integers(), max_size=4),
    st.none() | st.binary(min_size=1, max_size=60),
)


def read(data, size=None):
    reader, size = Reader(), size or max(1, len(data))
    return [
        event for at in range(0, len(data), size) for event in reader.feed(data[at : at + size])
    ]


@given(st.lists(EVENTS, max_size=4), st.integers(1, 50))
def test_events_arrive_as_they_were_sent_however_the_bytes_are_cut(events, size):
    assert read(b"".join(map(to_bytes, events)), size) == events


def test_data_in_the_line_and_after_it_are_one():
    data = b'{"type": "info", "data": {"a": 1, "b": 1}, "data_length": 8}\n{"b": 2}'
    assert read(data) == [Event("info", {"a": 1, "b": 2})]
    assert read(b'{"type": "x", "data": null, "payload_length": null}\n') == [Event("x", {})]


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_one_error(data):
    with contextlib.suppress(Lost):  # and nothing else
        assert all(isinstance(event, Event) for event in read(data))


@given(st.binary(max_size=30), st.integers(0, 200))
def test_a_stream_that_is_damaged_anywhere_is_events_or_one_error(noise, at):
    good = to_bytes(Event("audio-chunk", {"rate": 16_000}, b"12345678" * 10))
    with contextlib.suppress(Lost):
        assert all(isinstance(e, Event) for e in read(good[:at] + noise + good[at:] + good))


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_one_sentence(data):
    with pytest.raises(Lost) as lost:
        [text(event) for event in read(data)]
    assert lost.value.fault == "malformed"
    assert "\n" not in str(lost.value)


def test_nothing_is_kept_beyond_the_limits():
    with pytest.raises(Lost, match="a line without an end"):
        read(b"x" * LONGEST_LINE)
    head = b'{"type": "audio-chunk", "payload_length": %d}\n'
    assert read(head % LONGEST_PART) == []
    with pytest.raises(Lost, match="impossible length"):
        read(head % (LONGEST_PART + 1))


def test_a_text_can_be_written_down():
    (event,) = read(b'{"type": "transcript", "data": {"text": "half \\ud83d"}}\n')
    assert text(event) == "half ?"
    assert wire.malformed("x").fault == "malformed"
