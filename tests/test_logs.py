"""The log and the figures: fields in the journal, nobody's words, a file for node_exporter."""

import asyncio
import logging
import os
import socket
import struct
import subprocess
import sys
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import logs
from assistant.config import Config
from assistant.logs import Journal, entry, fields
from assistant.serve import figures, prometheus
from assistant.serve.figures import Figures
from assistant.serve.textfile import TextFile
from assistant.serve.turn_log import TurnLog, log, words
from assistant.trace import Trace

text = st.text(max_size=30)


def parsed(data):
    """Read the journal's native form, as its documentation has it."""
    found = {}
    while data:
        line, _, rest = data.partition(b"\n")
        if b"=" in line:
            name, _, value = line.partition(b"=")
        else:
            name, (length,) = line, struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        found[name.decode()] = value.decode()
        data = rest
    return found


def record(message, level=logging.INFO, **more):
    made = logging.LogRecord("assistant.x", level, "/x.py", 7, message, None, None, "act")
    made.__dict__.update(more)
    return made


@given(text, st.dictionaries(st.sampled_from(["turn", "room", "why"]), text | st.integers()))
def test_a_message_and_its_fields_are_read_back_whatever_is_in_them(message, more):
    found = parsed(entry(record(message, **fields(**more))))
    assert found["MESSAGE"] == message
    assert {f"ASSISTANT_{name.upper()}": str(value) for name, value in more.items()}.items() <= (
        found.items()
    )
    assert (found["CODE_FILE"], found["CODE_LINE"], found["CODE_FUNC"]) == ("/x.py", "7", "act")
    assert (found["LOGGER"], found["SYSLOG_IDENTIFIER"]) == ("assistant.x", "assistant")


@pytest.mark.parametrize(
    ("level", "priority"),
    [("DEBUG", "7"), ("INFO", "6"), ("WARNING", "4"), ("ERROR", "3"), ("CRITICAL", "2")],
)
def test_levels_are_those_of_syslog(level, priority):
    assert parsed(entry(record("x", getattr(logging, level))))["PRIORITY"] == priority


def test_half_a_character_and_a_novel_are_no_fault():
    assert parsed(entry(record("\udcff")))["MESSAGE"] == "?"
    assert len(entry(record("x" * 1_000_000))) < 100_000


def test_the_journal_gets_messages_and_tracebacks_and_may_be_away(tmp_path):
    handler = Journal(tmp_path / "socket")
    handler.handle(record("nobody there"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "socket"))
        journal.settimeout(10)
        try:
            raise ValueError("why")
        except ValueError:
            handler.handle(record("it failed", exc_info=sys.exc_info()))
        found = parsed(journal.recv(100_000))
    handler.close()
    assert found["MESSAGE"].startswith("it failed\nTraceback")
    assert found["MESSAGE"].endswith("ValueError: why")


CHOOSES = "import logging; from assistant import logs; logs.begin('info'); " + (
    "print(type(logging.getLogger().handlers[0]).__name__)"
)


@pytest.mark.parametrize(("named", "handler"), [(True, "Journal"), (False, "StreamHandler")])
def test_the_journal_is_taken_only_where_standard_error_is_its(named, handler):
    reading, writing = os.pipe()
    there = os.fstat(writing if named else reading)
    stream = f"{there.st_dev}:{there.st_ino + (not named)}"
    run = subprocess.run(
        [sys.executable, "-c", CHOOSES],
        stdout=subprocess.PIPE,
        stderr=writing,
        env={**os.environ, "JOURNAL_STREAM": stream},
        check=True,
    )
    os.close(reading)
    os.close(writing)
    assert run.stdout.decode().strip() == handler


# --- the conversation in the log ---------------------------------------------------------------


def a_turn(trace):
    for stage, at in (("speech_end", 10.0), ("first_sample", 10.25)):
        trace.mark(3, stage, at)
    return [
        ("state", {"phase": "listening", "turn": 3, "out": False}),
        ("partial", {"turn": 3, "text": "my pass"}),
        ("heard", {"turn": 3, "text": "my password is swordfish"}),
        ("text", {"turn": 3, "take": 1, "piece": "I forget swordfish"}),
        ("reply_ended", {"turn": 3, "take": 1, "text": "I forget swordfish at once."}),
        ("failed", {"turn": 3, "take": 1, "room": "mind", "message": "no swordfish"}),
        ("say", {"turn": 3, "text": "Sorry, swordfish."}),
        ("asked", {"text": "what is swordfish"}),
        ("speaking_ended", {"turn": 3, "take": 1, "heard": "I forget swordfish at once."}),
    ]


def written(wanted, caplog):
    """What is logged of a turn, at the most talkative level."""
    trace = Trace()
    turn_log = TurnLog(trace.turn, lambda: wanted)
    counted = Figures(trace.turn, on_turn=turn_log.turn)
    with caplog.at_level(logging.DEBUG, log.name):
        for name, data in a_turn(trace):
            turn_log(name, data)
            counted(name, data)
    return caplog.records


def test_nobodys_words_are_in_the_log(caplog):
    records = written(False, caplog)
    whole = "".join(f"{each.getMessage()} {each.__dict__}" for each in records)
    assert "swordfish" not in whole
    assert "my pass" not in whole
    (turn,) = [each for each in records if each.levelno == logging.INFO]
    assert turn.getMessage() == "turn 3: said after 250 ms"
    assert turn.fields == {"turn": 3, "outcome": "said", "latency_ms": 250}


def test_the_words_are_there_where_they_are_wanted_whatever_the_level(caplog):
    said = [each for each in written(True, caplog) if each.name == words.name]
    assert [each.getMessage() for each in said] == [
        "heard: my password is swordfish",
        "answered: I forget swordfish at once.",
        "answered: Sorry, swordfish.",
        "heard: what is swordfish",
    ]
    assert words.getEffectiveLevel() == logging.INFO


def test_levels_are_those_of_the_settings():
    field = type(Config().log).model_fields["level"]
    assert get_args(field.annotation) == logs.LEVELS


# --- figures for Prometheus --------------------------------------------------------------------


def counted(*latencies):
    trace = Trace()
    found = Figures(trace.turn)
    for turn, latency in enumerate(latencies):
        trace.mark(turn, "speech_end", 0.0)
        trace.mark(turn, "first_sample", latency)
        found("speaking_ended", {"turn": turn, "heard": "Hm."})
    return found


@given(st.lists(st.floats(0.0, 20.0), max_size=20))
def test_the_histogram_counts_every_turn_once_and_grows(latencies):
    found = counted(*latencies)
    page = prometheus.page(found.told() | {"latencies": found.histogram()})
    assert "assistant_up 1\n" in page
    buckets = [
        int(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith("assistant_voice_to_voice_seconds_bucket")
    ]
    assert buckets == sorted(buckets)
    assert len(buckets) == len(figures.EDGES_S) + 1
    assert [sum(s <= edge for s in latencies) for edge in figures.EDGES_S] == buckets[:-1]
    assert f"assistant_voice_to_voice_seconds_count {len(latencies)}\n" in page
    for line in page.splitlines():  # each is a comment, or a name with a number
        if not line.startswith("#"):
            float(line.rpartition(" ")[2])


def test_a_daemon_that_is_away_is_told():
    assert prometheus.page(None).splitlines()[-1] == "assistant_up 0"


def test_the_file_is_whole_readable_by_others_and_gone_at_the_end(tmp_path):
    path, pages = tmp_path / "assistant.prom", iter(["one\n", "two\n", "three\n"] * 1000)

    async def main():
        before = os.umask(0o077)
        writing = asyncio.create_task(TextFile(path, 0.01, lambda: next(pages)).run())
        while not path.exists() or path.read_text() != "two\n":
            await asyncio.sleep(0.001)
        os.umask(before)
        mode = path.stat().st_mode & 0o777
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        return mode

    assert asyncio.run(asyncio.wait_for(main(), 30)) == 0o644
    assert not path.exists()


def test_a_write_that_comes_after_the_end_leaves_nothing(tmp_path):
    file = TextFile(tmp_path / "a.prom", 1.0, lambda: "x")
    file.write()
    file._end()
    file.write()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_once_until_it_works(tmp_path, caplog):
    folder = tmp_path / "later"
    file = TextFile(folder / "a.prom", 1.0, lambda: "x")
    file.write()
    file.write()
    assert len(caplog.records) == 1
    assert "cannot be written" in caplog.text
    folder.mkdir()
    file.write()
    (folder / "a.prom").unlink()
    folder.rmdir()
    file.write()
    assert len(caplog.records) == 2
