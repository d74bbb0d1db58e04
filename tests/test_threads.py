"""Measured threads: kept, found again on the same machine with the same model, and only there."""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import COMMAND, assistant, environment, is_one_sentence

from assistant import machine, threads
from assistant.commands import tune
from assistant.config import Config, parse
from assistant.threads import Threads, fingerprint, fitted, load, save

MEASURED = Threads(decode=1, prefill=2, recogniser=2, synthesiser=1)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 2)


@pytest.fixture
def model(tmp_path):
    """A file that is no model, but one by its name and its size; nobody loads it."""
    path = tmp_path / "model.gguf"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def config(tmp_path, model):
    """Return a function that makes settings; nothing is measured yet."""

    def make(**changes):
        told = {"paths": {"cache": str(tmp_path / "cache")}, **changes}
        told["llm"] = {"model": str(model), **told.get("llm", {})}
        return parse(told, "test")

    return make


def used(config):
    """Return the threads of the settings that the engines get."""
    found = fitted(config)
    return Threads(
        found.llm.threads, found.llm.batch_threads, found.asr.threads, found.speech.threads
    )


def keep(config, measured=MEASURED):
    return save(config.cache_dir, threads.model_name(config), measured)


def test_what_was_measured_is_used(config):
    assert used(config()) == Threads()
    keep(config())
    assert used(config()) == MEASURED


def test_nothing_else_of_the_settings_changes(config):
    keep(config())
    before, after = config().model_dump(), fitted(config()).model_dump()
    for section, key in [
        ("llm", "threads"),
        ("llm", "batch_threads"),
        ("asr", "threads"),
        ("speech", "threads"),
    ]:
        assert before[section].pop(key) != after[section].pop(key)
    assert before == after


def test_a_setting_that_names_a_number_wins(config):
    keep(config())
    assert used(config(llm={"threads": 7})) == Threads(7, 2, 2, 1)
    assert used(config(llm={"batch_threads": 7})) == Threads(1, 7, 2, 1)
    assert used(config(asr={"threads": 7})) == Threads(1, 2, 7, 1)
    assert used(config(speech={"threads": 7})) == Threads(1, 2, 2, 7)


def test_a_kind_that_was_not_measured_keeps_its_rule_of_thumb(config):
    keep(config(), Threads(decode=1))
    assert used(config()) == Threads(1, 0, 0, 0)


def test_with_another_model_it_does_not_count(config, model, tmp_path):
    keep(config())
    other = tmp_path / "other.gguf"
    other.write_bytes(b"weights")
    assert used(config(llm={"model": str(other)})) == Threads()
    model.write_bytes(b"weights of another size")
    assert used(config()) == Threads()
    model.write_bytes(b"weights")
    assert used(config()) == MEASURED


def test_on_another_machine_it_does_not_count(config, monkeypatch):
    keep(config())
    monkeypatch.setattr(machine, "cores", lambda: 4)
    assert used(config()) == Threads()
    monkeypatch.setattr(machine, "cores", lambda: 2)
    assert used(config()) == MEASURED
    monkeypatch.setattr(machine, "processor", lambda: "another processor")
    assert used(config()) == Threads()


def test_the_processor_has_a_name_and_the_cores_are_told():
    name, _, cores = fingerprint().rpartition(", ")
    assert name.strip()
    assert not name.isdigit()
    assert cores == "2 cores"


def test_without_a_model_the_settings_stay_as_they_are(config, tmp_path):
    nowhere = config(llm={"model": str(tmp_path / "nowhere.gguf")})
    assert fitted(nowhere) == nowhere
    none = parse({"paths": {"models": str(tmp_path / "empty")}}, "test")
    assert fitted(none) == none


def test_a_new_measurement_replaces_the_old_one(config):
    path = keep(config())
    assert keep(config(), Threads(decode=2)) == path
    assert used(config()) == Threads(decode=2)
    assert [file.name for file in path.parent.iterdir()] == [threads.FILE]


def good():
    return {"machine": fingerprint(), "model": "m", **asdict(MEASURED)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:8]),
)
def test_a_damaged_file_is_ignored(tmp_path, content):
    (tmp_path / threads.FILE).write_bytes(content)
    assert load(tmp_path, "m") == Threads()


@pytest.mark.parametrize(
    "change",
    [
        {"decode": 3},  # more than there are cores
        {"decode": -1},
        {"decode": 1.0},
        {"decode": True},
        {"decode": "1"},
        {"decode": None},
        {"decode": 10**30},
        {"more": 1},
        {"model": 5},
        {"machine": None},
    ],
    ids=str,
)
def test_a_file_with_a_value_that_cannot_be_is_ignored(tmp_path, change):
    file = tmp_path / threads.FILE
    file.write_text(json.dumps(good()))
    assert load(tmp_path, "m") == MEASURED
    file.write_text(json.dumps({**good(), **change}))
    assert load(tmp_path, "m") == Threads()


def test_a_file_that_is_cut_is_ignored(tmp_path):
    save(tmp_path, "m", MEASURED)
    file = tmp_path / threads.FILE
    whole = file.read_bytes().strip()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert load(tmp_path, "m") == Threads()


def test_a_folder_in_the_place_of_the_file_is_ignored(tmp_path):
    (tmp_path / threads.FILE).mkdir()
    assert load(tmp_path, "m") == Threads()


@given(st.text(), st.builds(Threads, *[st.integers(0, 2)] * 4))
def test_every_measurement_comes_back(tmp_path_factory, name, measured):
    folder = tmp_path_factory.mktemp("cache")
    save(folder, name, measured)
    assert load(folder, name) == measured
    assert load(folder, name + "!") == Threads()


# --- the command ------------------------------------------------------------------------------


@given(st.dictionaries(st.integers(1, 8), st.floats(0.001, 10), max_size=8))
def test_more_threads_are_taken_only_when_they_are_worth_it(times):
    chosen = tune._best(times)
    if not times:
        assert chosen == 0
        return
    assert times[chosen] <= min(times.values()) / tune.WORTH**8
    for fewer in (count for count in times if count < chosen):
        assert times[chosen] < tune.WORTH * times[fewer] or times[fewer] > times[chosen]


def test_as_fast_with_one_thread_one_is_taken():
    assert tune._best({1: 1.0, 2: 0.96}) == 1
    assert tune._best({1: 1.0, 2: 0.94}) == 2
    assert tune._best({1: 1.0, 2: 0.6, 3: 0.59, 4: 0.5}) == 4


def test_what_is_not_measured_in_time_keeps_its_rule_of_thumb():
    ran = []
    jobs = {count: lambda count=count: ran.append(count) for count in (1, 2)}
    assert tune._medians(jobs, ends=0.0) == {}
    ran.clear()
    found = tune._medians(jobs, ends=float("inf"))
    assert set(found) == {1, 2}
    assert ran == [1, 2] * (1 + tune.ROUNDS)  # in turn, after one to warm


KINDS = {"decode", "prefill", "recogniser", "synthesiser"}


def told(run, cores):
    """Check what `assistant tune --json` has printed; return it."""
    assert (run.returncode, run.stderr) == (0, b"")
    result = json.loads(run.stdout)
    assert set(result) == {"threads", "times", "file"}
    assert set(result["threads"]) == set(result["times"]) == KINDS
    for kind, times in result["times"].items():
        assert {int(count) for count in times} <= set(range(1, cores + 1))
        assert all(seconds > 0 for seconds in times.values())
        chosen = result["threads"][kind]
        assert str(chosen) in times if times else chosen == 0
    assert result["times"]["decode"]
    return result


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_tune_tells_what_it_measured_and_a_dry_run_keeps_nothing(tmp_path, monkeypatch, inside):
    monkeypatch.undo()
    monkeypatch.setattr(tune, "ROUNDS", 1)
    options = [f"--set=paths.cache={tmp_path}/cache", "--set=speech.engine=espeak"]
    result = told(inside(*options, "tune", "--json", "--dry-run"), machine.cores())
    assert result["file"] is None
    assert not (tmp_path / "cache" / threads.FILE).exists()


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_on_one_core_everything_gets_one_thread_and_it_is_kept(tmp_path):
    options = [f"--set=paths.cache={tmp_path}/cache", "--set=speech.engine=espeak"]
    core = min(os.sched_getaffinity(0))
    run = subprocess.run(
        [*COMMAND, *options, "tune", "--json"],
        capture_output=True,
        timeout=500,
        env=environment(),
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    result = told(run, cores=1)
    assert set(result["threads"].values()) <= {0, 1}
    file = tmp_path / "cache" / threads.FILE
    assert result["file"] == str(file)
    kept = json.loads(file.read_text())
    assert kept["machine"].endswith(", 1 cores")
    assert {kind: kept[kind] for kind in KINDS} == result["threads"]


def test_on_one_core_the_rules_of_thumb_are_one_thread():
    code = (
        "from assistant import machine; from assistant.config import Llm;"
        "from assistant.mind.llama import thread_counts;"
        "print(machine.cores(), machine.threads(), thread_counts(Llm()))"
    )
    core = min(os.sched_getaffinity(0))
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    assert run.stdout.decode().strip() == "1 (1, 1) (1, 1)"


def test_tune_without_a_model_says_so(tmp_path):
    run = assistant(f"--set=paths.models={tmp_path}", "tune")
    assert "no language model is installed" in is_one_sentence(run)


def test_the_default_settings_name_no_threads():
    default = Config()
    named = [default.llm.threads, default.llm.batch_threads, default.asr.threads]
    assert [*named, default.speech.threads] == [0, 0, 0, 0]
