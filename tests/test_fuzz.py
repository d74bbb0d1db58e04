"""The short form of `script/fuzz`, and whether it would notice anything."""

import sys

import fuzz
import pytest
from fuzzing import running
from fuzzing.running import case, faults
from fuzzing.targets import TARGETS, Target

from assistant.errors import AssistantError, EngineMissing

SEED = 20261127


@pytest.mark.parametrize("name", TARGETS)
def test_broken_input_is_read_or_refused(name):
    target = TARGETS[name]
    assert not [fault.trace for fault in faults(name, target, SEED, range(40 * target.share))]


@pytest.mark.parametrize("name", TARGETS)
def test_each_parser_likes_what_is_broken_for_it(name):
    """Else nothing behind its first check would ever be reached."""
    liked, seeds = 0, TARGETS[name].seeds()
    for data in seeds:
        try:
            TARGETS[name].parse(data)
            liked += 1
        except EngineMissing:
            raise
        except AssistantError:
            pass
    assert liked
    assert len({case(name, seeds, SEED, number) for number in range(50)}) > 30
    assert case(name, seeds, SEED, 7) == case(name, seeds, SEED, 7)


def moved_back():
    """A Word file whose parts begin before the file does."""
    (word,) = (each for each in TARGETS["documents"].seeds() if each[1:3] == b"PK")
    return word[:1] + word[4:]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("config", b"a = " + b"[" * 5000),
        ("catalogue", b"a = " + b"[" * 5000),
        ("sentences", b"intents: {}\nlists:\nexpansion_rules:\n"),
        ("sentences", b"intents: {}\n1: a\nb: c\n"),
        ("sentences", b"intents: {}\nlists: {1: a, b: c}\n"),
        ("sentences", b"intents: &a {b: *a}\n"),
        ("sentences", b"[" * 5000),
        ("sentences", b"intents: {a: {data: [{sentences: ['" + b"(" * 5000 + b"']}]}}"),
        ("sentences", b"intents: {a: 2001-99-99}"),
        ("sentences", b"intents: {}\nexpansion_rules: {a: [b, c]}"),
        ("documents", moved_back()),
    ],
)
def test_what_was_found_once_is_refused(name, data):
    with pytest.raises(AssistantError):
        TARGETS[name].parse(data)


def test_a_page_that_the_parser_gives_up_on_is_read_until_there():
    from assistant.mind.knowledge.reading import read

    page = read("a.html", b"<h1>A</h1><p>before <![]DOCTYPE x> after</p>", 1000)
    assert "before" in page.sections[-1].text


def broken_by(act):
    """A parser with a fault, for input that begins with a zero."""

    def parse(data):
        if data[:1] == b"\0":
            act()

    return Target(lambda: [b"\0\0\0\0", b"abcd"], parse)


def endless():
    while True:
        pass


def greedy():
    raise MemoryError


@pytest.mark.parametrize(
    ("act", "what"),
    [(lambda: {}["x"], "KeyError"), (endless, "Hangs"), (greedy, "MemoryError")],
    ids=["raises", "hangs", "memory"],
)
def test_a_fault_is_found(monkeypatch, act, what):
    monkeypatch.setattr(running, "HANGS_S", 0.2)
    fault = next(faults("broken", broken_by(act), SEED, range(100)))
    assert fault.what.startswith(what)


def test_a_refusal_is_none():
    def refuse():
        raise AssistantError("no")

    assert not list(faults("broken", broken_by(refuse), SEED, range(100)))


FAKE = """
import sys
sys.path[:0] = {path!r}
import os, signal
import fuzz
from fuzzing.targets import TARGETS, Target

def parse(data):
    if data[:1] == b"X":
        os.kill(os.getpid(), signal.SIGSEGV)
    if data[:1] == b"Y":
        raise KeyError("y")

TARGETS["broken"] = Target(lambda: [b"X123", *[b"Y456"] * 5], parse)
fuzz.__file__ = __file__
sys.exit(fuzz.main())
"""


def test_a_crash_of_the_process_is_found_and_the_rest_is_run(monkeypatch, tmp_path):
    """The script that runs is the real one, with one more target that is a fake."""
    script = tmp_path / "fake.py"
    script.write_text(FAKE.format(path=[path for path in sys.path if path]))
    monkeypatch.setattr(fuzz, "__file__", str(script))
    found = fuzz.watched("broken", SEED, 20)
    kinds = {fault.what.split()[0] for fault in found}
    assert kinds == {"died:", "KeyError"}
    assert any(fault.what == "died: -11" for fault in found)
    numbers = [fault.number for fault in found]
    assert len(numbers) == len(set(numbers))


def test_one_case_is_shown_and_kept(monkeypatch, tmp_path, capsys):
    command = ["fuzz", "--target=gguf", "--seed=1", "--only=3", f"--keep={tmp_path}"]
    monkeypatch.setattr(sys, "argv", command)
    assert fuzz.main() == 0
    (kept,) = tmp_path.iterdir()
    assert repr(kept.read_bytes()[:2000]) in capsys.readouterr().out
