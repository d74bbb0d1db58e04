"""Turns that are kept: what goes into the file comes out again, and decides the same."""

import asyncio
import contextlib
import dataclasses
import io
import json
import os
import stat
import zipfile
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shell import assistant, is_one_sentence

from assistant import config
from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame
from assistant.conversation import Phase, Rules, State, decide
from assistant.errors import BadInput
from assistant.events import (
    Asked,
    ClauseStarted,
    Command,
    Event,
    Heard,
    Key,
    Listen,
    Partial,
    ReplyBegan,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Started,
    StopRequested,
    Think,
    Tick,
    WakeDetected,
)
from assistant.record import forms
from assistant.record.keeping import LEAD_S, Keeper, asked, make_room, placed
from assistant.record.recording import Entry, Recording, read, write
from assistant.record.replay import replay

numbers = st.floats(0, 1e6)
simple = {float: numbers, int: st.integers(0, 9), str: st.text(max_size=20)}


def anything(form):
    """Make a dataclass of any contents."""
    hints = {each.name: each.type for each in dataclasses.fields(form)}
    return st.builds(form, **{name: simple[kind] for name, kind in hints.items() if kind in simple})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def decided(rules, events, state=None):
    """Return a recording of what is decided about ``(at, event)``, with the clock's ticks."""
    state = before = state or State()
    entries = []
    for at, event in events:
        while state.deadline is not None and state.deadline <= at:
            tick = max(state.deadline, state.now)
            state, commands = decide(rules, state, Tick(), tick)
            entries.append(Entry(tick, Tick(), commands, state.deadline))
        state, commands = decide(rules, state, event, at)
        entries.append(Entry(at, event, commands, state.deadline))
    return Recording(rules, before, tuple(entries), {"assistant": "1"})


QUESTION = [
    (1.0, Started()),
    (2.0, WakeDetected("w")),
    (3.0, SpeechStarted(2, 2.9)),
    (3.5, Partial(2, "what time is it")),
    (4.0, SpeechEnded(2, 3.9)),
    (5.5, Heard(2, "What time is it?", 1.0, -20.0)),
    (6.0, ReplyBegan(2, 1)),
    (6.5, ClauseStarted(2, 1, "Noon.")),
    (7.0, SpeakingEnded(2, 1, "Noon.")),
    (30.0, StopRequested()),
]


@given(st.one_of([anything(kind) for kind in get_args(Event | Command)]))
@settings(max_examples=200)
def test_every_event_and_command_comes_back(value):
    union = Event if type(value) in get_args(Event) else Command
    told = json.loads(json.dumps(forms.named(value)))
    assert forms.of(told, union) == value


def test_rules_state_and_entries_come_back(tmp_path):
    rules = Rules(languages=("en", "zh"), fillers=(("Well.",), ("嗯。",)), takes_a_turn=2)
    made = decided(rules, QUESTION)
    made = dataclasses.replace(made, state=State(turn=0, begun=(1.0, 2.0), missed=("tea",)))
    write(tmp_path / "a.zip", made)
    assert read(tmp_path / "a.zip") == made


def test_sound_comes_back_and_the_file_is_for_its_owner_only(tmp_path):
    pcm = np.arange(-5000, 5000, dtype=np.int16)
    made = dataclasses.replace(decided(Rules(), QUESTION), pcm=pcm, heard_at=1.5)
    write(tmp_path / "a.zip", made)
    again = read(tmp_path / "a.zip")
    np.testing.assert_array_equal(again.pcm, pcm)
    assert again.heard_at == 1.5
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a.zip"]


def test_the_rules_of_then_hold_even_when_the_defaults_change(tmp_path):
    write(tmp_path / "a.zip", decided(Rules(), QUESTION))
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        head = json.loads(file.read("turn.jsonl").splitlines()[0])
    assert set(head["rules"]) == {each.name for each in dataclasses.fields(Rules)}


def test_a_field_of_another_version_is_passed_over():
    assert forms.of({"Listen": {"turn": 3, "gone": 1}}, Command) == Listen(3)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 3),
            st.sampled_from([event for _, event in QUESTION] + [Asked("why"), Partial(3, "so")]),
        ),
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_the_same_rules_decide_the_same(gaps):
    at, events = 100.0, []
    for gap, event in gaps:
        at += gap
        events.append((at, event))
    assert not any(step.differs for step in replay(decided(Rules(), events)))


def test_it_tells_from_where_on_other_rules_decide_differently():
    made = decided(Rules(ahead=False, max_silence=1.2), QUESTION)
    other = dataclasses.replace(made, rules=Rules(ahead=False, max_silence=0.4))
    steps = replay(other)
    first = next(step for step in steps if step.differs)
    assert isinstance(first.event, SpeechEnded)  # the same commands, but called again sooner
    ticks = [step for step in steps if isinstance(step.event, Tick) and step.then is None]
    assert ticks[0].at == pytest.approx(first.now.deadline - 1.0)
    assert "Finish" in str(ticks[0].now.commands)
    assert any(step.now is None for step in steps), "the tick of then is told as missing"


def test_a_decider_that_never_rests_does_not_hang_the_replay():
    """A fake: a state whose deadline, after a difference, is always in the past."""
    made = decided(Rules(no_speech=0.0, always=True), [(1.0, Started()), (9e5, Asked("why"))])
    made = dataclasses.replace(made, state=State(phase=Phase.LISTENING, woken=True, deadline=0.0))
    assert replay(made)


# --- files that are none -------------------------------------------------------------------------


def packed(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as into:
        for name, content in parts.items():
            into.writestr(name.replace("_", "."), content)
    return file.getvalue()


def good(**changed):
    head = {"form": 1, "about": {}, "heard_at": 0.0, "rules": {}, "state": {}} | changed
    return json.dumps(head)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"no zip",
        packed(other_txt="x"),
        packed(turn_jsonl=""),
        packed(turn_jsonl="{}"),
        packed(turn_jsonl="[]"),
        packed(turn_jsonl=b"\xff\xfe"),
        packed(turn_jsonl="[" * 100_000),
        packed(turn_jsonl=good(form=2)),
        packed(turn_jsonl=good(heard_at="x")),
        packed(turn_jsonl=good(rules={"patience": "long"})),
        packed(turn_jsonl=good(state={"now": float("nan")})),
        packed(turn_jsonl=good() + '\n{"at": 1.0, "event": {"Fly": {}}}'),
        packed(turn_jsonl=good() + '\n{"at": 1.0, "event": {"Listen": {"turn": 1}}}'),
        packed(turn_jsonl=good() + '\n{"at": NaN, "event": {"Started": {}}}'),
        packed(turn_jsonl=good(), ears_flac=b"no sound"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.zip"):
        read(path)


def test_a_part_that_unpacks_to_too_much_is_refused(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as into:
        into.writestr("turn.jsonl", bytes(33 * 2**20))
    (tmp_path / "x.zip").write_bytes(file.getvalue())
    with pytest.raises(BadInput, match="larger"):
        read(tmp_path / "x.zip")


@given(at=st.floats(0, 1), value=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_a_file_with_a_changed_byte_is_read_or_refused(tmp_path_factory, at, value):
    path = tmp_path_factory.getbasetemp() / "changed.zip"
    if not path.exists():
        pcm = np.arange(2000, dtype=np.int16)
        write(path, dataclasses.replace(decided(Rules(), QUESTION), pcm=pcm))
    content = bytearray(path.read_bytes())
    content[int(at * (len(content) - 1))] = value
    other = path.with_name("other.zip")
    other.write_bytes(content)
    with contextlib.suppress(BadInput):
        replay(read(other))


# --- keeping them --------------------------------------------------------------------------------


def keeper(tmp_path, keep="asked", limit=100):
    chosen = {"record.keep": keep, "record.folder": str(tmp_path / "turns"), "record.limit": limit}
    return Keeper(config.load(None, chosen), clock=lambda: 0.0)


def tell(kept, recording):
    """Let it see the turn as the daemon would show it, with a frame every 20 ms from time 0 on."""
    state, frames = recording.state, 0
    for entry in recording.entries:
        while frames * 0.02 < entry.at < 100.0:
            kept.hear(frame(frames * 0.02, frames))
            frames += 1
        after, commands = decide(recording.rules, state, entry.event, entry.at)
        kept.took(recording.rules, state, entry.event, entry.at, commands, after)
        state = after


def later(seconds, events):
    return [
        (at + seconds, dataclasses.replace(event, at=event.at + seconds))
        if hasattr(event, "at")
        else (at + seconds, event)
        for at, event in events
    ]


def frame(at, value=1):
    return Frame(np.full(FRAME_SAMPLES, value, np.int16), at)


def test_nothing_is_held_unless_it_is_wanted():
    from assistant.daemon import Daemon

    assert Daemon(config.load(None, {})).keeper is None
    with pytest.raises(BadInput, match=r"record\.keep"):
        asyncio.run(asked(None, {}))


def test_the_last_turn_is_kept_from_rest_to_rest_with_its_sound(tmp_path):
    kept, made = keeper(tmp_path), decided(Rules(), [*QUESTION[:1], *later(5.0, QUESTION[1:])])

    async def main():
        tell(kept, made)
        return await asked(kept, {"command": "record"})

    turn = read(asyncio.run(main())["file"])
    assert isinstance(turn.entries[0].event, WakeDetected)
    assert isinstance(turn.entries[-1].event, SpeakingEnded)
    assert turn.heard_at == pytest.approx(7.0 - LEAD_S, abs=0.021)
    assert turn.pcm[0] == round(turn.heard_at / 0.02)
    assert not any(step.differs for step in replay(turn))


def test_while_nobody_talks_only_two_seconds_are_held(tmp_path):
    kept = keeper(tmp_path)
    for number in range(1000):
        kept.hear(frame(number * 0.02))
    assert len(kept._frames) == pytest.approx(LEAD_S / 0.02, abs=2)


def test_the_next_turns_are_written_and_no_more(tmp_path):
    kept = keeper(tmp_path)

    async def main():
        assert await asked(kept, {"next": 2}) == {"folder": str(tmp_path / "turns")}
        for start in (0.0, 100.0, 200.0):
            events = later(start, QUESTION[1:])
            tell(kept, decided(Rules(), events, State(turn=1, now=start)))

    asyncio.run(main())
    assert len(list((tmp_path / "turns").iterdir())) == 2


@pytest.mark.parametrize("count", [0, -1, 1001, "3", True, 1.5, [1]])
def test_a_count_that_is_none_is_refused(tmp_path, count):
    with pytest.raises(BadInput, match="1 to 1000"):
        asyncio.run(asked(keeper(tmp_path), {"next": count}))


def test_before_the_first_turn_there_is_none(tmp_path):
    with pytest.raises(BadInput, match="speak to it first"):
        asyncio.run(asked(keeper(tmp_path), {}))


def test_a_disk_that_cannot_be_written_is_told_and_harms_nothing(tmp_path, caplog):
    kept = keeper(tmp_path, keep="always")
    (tmp_path / "turns").write_text("a file in the way")

    async def main():
        tell(kept, decided(Rules(), QUESTION))

    asyncio.run(main())
    assert "could not be kept" in caplog.text


def test_the_oldest_make_room_and_the_newest_stays(tmp_path):
    for number in range(5):
        path = tmp_path / f"turn-{number}.zip"
        path.write_bytes(bytes(1000))
        os.utime(path, (number, number))
    (tmp_path / "mine.zip").write_bytes(bytes(9000))
    make_room(tmp_path, 2500, path)
    assert names(tmp_path) == ["mine.zip", "turn-3.zip", "turn-4.zip"]
    make_room(tmp_path, 10, path)
    assert names(tmp_path) == ["mine.zip", "turn-4.zip"]


def test_missing_frames_become_silence_and_trembling_stamps_do_not():
    pcm = placed([frame(1.0), frame(1.025), frame(1.038), frame(2.0)])
    assert len(pcm) == pytest.approx(1.02 * RATE, abs=FRAME_SAMPLES)
    assert (pcm[: 3 * FRAME_SAMPLES] == 1).all()
    assert not pcm[4 * FRAME_SAMPLES : -FRAME_SAMPLES].any()


# --- the command line ----------------------------------------------------------------------------


def test_replay_shows_the_turn_and_what_differs(tmp_path):
    made = decided(Rules(), QUESTION)
    write(tmp_path / "a.zip", made)
    plain = assistant("replay", str(tmp_path / "a.zip"))
    assert plain.returncode == 0
    assert b"WakeDetected" in plain.stdout
    assert plain.stdout.endswith(b"the same is decided now\n")
    wrong = list(made.entries)
    place = next(n for n, entry in enumerate(wrong) if isinstance(entry.event, Heard))
    key = Key(2, 1)
    wrong[place] = dataclasses.replace(wrong[place], commands=(Think(*key, "what time is it"),))
    write(tmp_path / "b.zip", dataclasses.replace(made, entries=tuple(wrong)))
    told = assistant("replay", "--json", str(tmp_path / "b.zip"))
    assert told.returncode == 1
    steps = json.loads(told.stdout)["steps"]
    different = next(step for step in steps if "then" in step)
    assert different["event"] == {"Heard": {
        "turn": 2, "text": "What time is it?", "speech_s": 1.0, "level": -20.0}}  # fmt: skip


@pytest.mark.parametrize("arguments", [["nothing.zip"], ["--ears", "silent.zip"]])
def test_replay_refuses_in_one_sentence(tmp_path, arguments, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "silent.zip", decided(Rules(), QUESTION))
    is_one_sentence(assistant("replay", *arguments))
