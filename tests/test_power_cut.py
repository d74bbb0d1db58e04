"""Nothing that was confirmed is lost when it is killed, or when the power goes, at any moment.

The long form, of 500 moments each, is `script/powercut`.
"""

import hashlib
import random
import sys
from pathlib import Path

import keeper
import powercut
import pytest

from assistant.fetching import Fetcher
from assistant.models import Shelf, catalogue

WEIGHTS = {"m.gguf": random.Random(1).randbytes(50_000), "sub/words.txt": b"words"}
ENTRY = """
[[model]]
name = "m"
purpose = "llm"
engine = "llama"
languages = ["en"]
licence = "MIT"
pin = "made for this test"
files = [{files}]
[[model.source]]
kind = "url"
base = "http://127.0.0.1:9/"
"""
KILLS = 12
CUTS = 40
recorded = pytest.mark.skipif(not powercut.available(), reason="strace is not installed")


@pytest.mark.parametrize("seed", range(KILLS))
def test_it_is_killed(tmp_path, seed):
    assert keeper.killed(tmp_path, seed, random.Random(seed).uniform(0, 0.2)) == []


@recorded
def test_the_power_goes(tmp_path):
    outcome = list(keeper.cut(tmp_path / "disk", 7, 80, CUTS))
    assert len(outcome) == CUTS
    assert [each for each in outcome if each] == []


@recorded
def test_the_disk_that_forgets_finds_out_who_does_not_wait_for_it(tmp_path):
    assert any(keeper.cut(tmp_path / "disk", 7, 40, 20, "NORMAL"))


class Silent:
    """A fake of what tells of progress: it does not."""

    def note(self, text):
        pass

    def progress(self, what, done, total):
        pass


def fetch(root, source):
    """Fetch the model from the folder `source`."""
    shelf = Shelf(root, catalogue(source / "catalog.toml"))
    Fetcher(shelf, Silent()).fetch(shelf.entries[0], source)
    return shelf, shelf.entries[0]


@recorded
def test_the_power_goes_while_a_model_is_fetched(tmp_path):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    rows = []
    for name, data in WEIGHTS.items():
        (source / name).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        rows.append(f'{{path = "{name}", size = {len(data)}, sha256 = "{digest}"}}')
    (source / "catalog.toml").write_text(ENTRY.format(files=", ".join(rows)))
    known = catalogue(source / "catalog.toml")
    command = (__file__, tmp_path / "models", source)
    seen = set()
    for left, said in powercut.cuts(tmp_path / "models", command, 30, random.Random(3)):
        shelf = Shelf(left, known)
        there = shelf.installed(known[0])
        seen.add(there)
        assert there or not said
        assert not there or shelf.faults(known[0]) == []
        fetch(left, source)
        assert shelf.faults(known[0]) == []
    assert seen == {False, True}


if __name__ == "__main__":  # what is recorded
    fetch(*map(Path, sys.argv[1:]))
    print("done")
