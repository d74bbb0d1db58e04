"""`assistant bench` on the real chain, as little of it as can be: keys and counts, never times."""

import itertools
import json
import math
import shutil
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import assistant, is_one_sentence

from assistant.bench import latency, router
from assistant.commands import bench
from assistant.config import Config
from assistant.errors import AssistantError, BadInput

QUESTION = Path(str(resources.files("assistant") / "data" / "question-en.wav"))
LIGHT = ["--set=llm.max_tokens=20", "--set=llm.temperature=0", "--set=speech.engine=espeak"]
PATIENCE_S = 500


@pytest.fixture
def cache(tmp_path):
    """The option for a cache of one's own."""
    return f"--set=paths.cache={tmp_path}/cache"


def told(*arguments):
    """Run a bench to its end; return the one object that it prints."""
    run = assistant(*LIGHT, *arguments, timeout=PATIENCE_S)
    assert (run.returncode, run.stderr) == (0, b""), run.stderr.decode()
    assert run.stdout.count(b"\n") == 1
    return json.loads(run.stdout)


def numbers(result, *keys):
    for key in keys:
        assert type(result[key]) in (int, float), key
        assert math.isfinite(result[key]), key


# --- what is printed ---------------------------------------------------------------------------

ROW = {"wav", "said", "heard", "reply", "voice_to_voice_s", "cut", "kept", "dropped"}
ROW |= {"cached_tokens", "prompt_tokens", "whole", "cpu_s", "stages"}
SUMMARY = {"median_s", "p90_s", "turns", "missed", "kept", "dropped", "cut_rate"}
SUMMARY |= {"cached_share", "cpu_s_per_turn", "each"}


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_S + 60)
def test_latency_tells_about_both_and_how_they_compare(tmp_path, cache):
    folder = tmp_path / "questions"
    folder.mkdir()
    shutil.copy(QUESTION, folder / "one.wav")
    (folder / "one.txt").write_text("What is the capital of France?\n")
    (folder / "notes.md").write_text("no question")
    # On a busy machine a pause may pass for the end; that is not what is looked at.
    options = [cache, "--set=turn.max_silence=2.0", "--set=turn.whole=1.0"]
    result = told(*options, "bench", "latency", "--wavs", folder, "--baseline", "--json")
    assert set(result) == SUMMARY | {"ratio", "cpu_ratio", "baseline"}
    assert set(result["baseline"]) == SUMMARY
    for half in (result, result["baseline"]):
        numbers(half, *SUMMARY - {"each"})
        (row,) = half["each"]
        assert set(row) == ROW
        assert (half["turns"], half["missed"]) == (1, 0)
        assert half["median_s"] == half["p90_s"] == row["voice_to_voice_s"] > 0
        assert (row["wav"], row["said"]) == ("one.wav", "What is the capital of France?")
        assert "france" in row["heard"].lower()
        assert row["reply"]
        assert half["cut_rate"] == 0
        assert half["kept"] == row["kept"]
        assert half["dropped"] == row["dropped"]
        assert 0 <= half["cached_share"] <= 1
        assert row["prompt_tokens"] > 0
    numbers(result, "ratio", "cpu_ratio")
    expected = result["baseline"]["median_s"] / result["median_s"]
    assert result["ratio"] == pytest.approx(expected, abs=0.01)
    # The plain loop waits, reads everything each time and does nothing ahead.
    (plain,) = result["baseline"]["each"]
    assert (plain["kept"], plain["dropped"], plain["cached_tokens"]) == (False, 0, 0)
    assert result["each"][0]["cached_tokens"] > 0


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_S + 60)
def test_latency_tells_people_a_line_for_each_turn_and_one_for_all(cache):
    run = assistant(*LIGHT, cache, "bench", "latency", "--speak", "espeak", timeout=PATIENCE_S)
    assert (run.returncode, run.stderr) == (0, b"")
    turn, summary = run.stdout.decode().splitlines()
    assert "question-en.wav: " in turn
    assert summary.startswith("assistant: median ")
    assert "1 turns" in summary


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_S + 60)
def test_model_compares_with_llama_cpp_alone_and_with_the_published_file(tmp_path, cache):
    # The same weights under another path count as another model: the only one that is always there.
    name = bench.published(Config())
    (file,) = (Config().models_dir / name).glob("*.gguf")
    other = tmp_path / "other.gguf"
    other.symlink_to(file.resolve())
    options = [cache, f"--set=llm.model={other}"]
    result = told(*options, "bench", "model", "--rounds", "1", "--json")
    speeds = ["decode_tps", "bare_tps", "prefill_tps", "published_tps"]
    numbers(result, *speeds, "decode_vs_bare", "decode_vs_published")
    numbers(result, "ttft_s", "ttft_history_s", "ttft_cold_s", "memory_mb")
    assert all(result[key] > 0 for key in [*speeds, "ttft_s", "decode_vs_bare"])
    assert result["decode_vs_bare"] == pytest.approx(
        result["decode_tps"] / result["bare_tps"], rel=0.02
    )
    assert result["decode_vs_published"] == pytest.approx(
        result["decode_tps"] / result["published_tps"], rel=0.02
    )
    assert (result["model"], result["published"]) == ("other.gguf", file.name)
    assert result["rounds"] == 1


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_S + 60)
def test_idle_tells_a_share_of_a_core(cache):
    result = told(cache, "bench", "idle", "--seconds", "1", "--json")
    assert set(result) == {
        "cpu_share", "wakeups_per_s", "sound_wakeups_per_s", "seconds", "threads"
    }  # fmt: skip
    assert result["cpu_share"] > 0
    assert result["seconds"] >= 1
    assert {"microphone", "ears"} <= {each["name"] for each in result["threads"] if each["sound"]}


def test_idle_of_one_that_does_not_run_is_told(tmp_path):
    run = assistant(f"--set=paths.socket={tmp_path}/none.sock", "bench", "idle", "--running")
    assert "no assistant answers" in is_one_sentence(run, 1)


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_S + 60)
def test_memory_tells_the_peak_and_when_it_was_ready(cache):
    result = told(cache, "bench", "memory", "--turns", "1", "--json")
    assert set(result) == {"peak_rss_mb", "rss_mb", "ready_s", "turns", "after_each_mb"}
    assert 400 < result["rss_mb"] <= result["peak_rss_mb"] < 2000
    assert result["ready_s"] > 0
    assert result["turns"] == len(result["after_each_mb"]) == 1


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_S + 60)
def test_startup_measures_these_settings(tmp_path, cache):
    result = told(cache, "bench", "startup", "--runs", "1", "--json")
    assert set(result) == {"ready_s", "each"}
    assert result["each"] == [result["ready_s"]]
    assert result["ready_s"] > 0
    broken = assistant(f"--set=llm.model={tmp_path}/none", "bench", "startup", "--runs", "1")
    assert f"{tmp_path}/none" in is_one_sentence(broken, 1)


# --- what is refused ---------------------------------------------------------------------------


@pytest.fixture
def refused(inside):
    """Return a function that gives the sentence by which an option is refused, after the usage."""

    def run(*arguments):
        done = inside("bench", *arguments)
        text = done.stderr.decode()
        assert (done.returncode, done.stdout) == (2, b""), text
        assert "Traceback" not in text
        usage, _, sentence = text.partition("\n\n")
        assert usage.startswith("Usage: assistant bench")
        assert sentence.startswith("Error: ")
        assert sentence.count("\n") == 1
        return sentence

    return run


@pytest.mark.parametrize("name", ["latency", "memory"])
def test_a_folder_without_questions_is_refused(inside, tmp_path, name):
    (tmp_path / "question.mp3").write_bytes(b"sound")
    run = inside("bench", name, "--wavs", tmp_path)
    assert f"{tmp_path}: no *.wav file" in is_one_sentence(run)
    assert run.stdout == b""


@pytest.mark.parametrize("name", ["latency", "memory"])
def test_a_folder_that_is_none_is_refused(inside, refused, tmp_path, name):
    (tmp_path / "file").write_text("")
    assert "--wavs" in refused(name, "--wavs", tmp_path / "file")
    assert "no *.wav file" in is_one_sentence(inside("bench", name, "--wavs", tmp_path / "none"))


@pytest.mark.parametrize("content", [b"", b"RIFF\x24\0\0\0WAVE", b"no sound at all"])
def test_a_question_that_is_no_sound_is_named(inside, tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    assert str(tmp_path / "a.wav") in is_one_sentence(
        inside("bench", "latency", "--wavs", tmp_path)
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["latency", "--speak", "nobody"], ["--speak", "nobody", "espeak", "piper"]),
        (["latency", "--runs", "0"], ["--runs", "1<=x<=1000"]),
        (["latency", "--runs", "many"], ["--runs", "many"]),
        (["model", "--rounds", "0"], ["--rounds", "1<=x<=100"]),
        (["memory", "--turns", "0"], ["--turns"]),
        (["startup", "--runs", "0"], ["--runs"]),
        (["idle", "--seconds", "0.5"], ["--seconds"]),
        (["idle", "--seconds", "nan"], ["--seconds"]),
        (["frobnicate"], ["frobnicate"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_option_that_cannot_be_is_one_sentence(refused, arguments, words):
    sentence = refused(*arguments)
    assert all(word in sentence for word in words)


@pytest.mark.parametrize(
    "arguments",
    [
        ["latency", "--baseline", "--baseline-model", "nothing-like-it"],
        ["model", "--published", "nothing-like-it"],
    ],
)
def test_a_model_that_is_not_there_is_named_before_anything_is_loaded(inside, tmp_path, arguments):
    (tmp_path / "broken.gguf").write_bytes(b"what would be told if it were loaded first")
    run = inside(f"--set=llm.model={tmp_path}/broken.gguf", "bench", *arguments)
    assert "nothing-like-it" in is_one_sentence(run)
    assert run.stdout == b""


# --- how it is counted -------------------------------------------------------------------------


@given(st.lists(st.integers(0, 100), min_size=1, max_size=50), st.sampled_from([0.5, 0.9, 1.0]))
def test_a_percentile_is_the_smallest_value_that_has_so_many_below_it(values, part):
    found = latency.percentile(sorted(values), part)
    assert found in values
    needed = math.ceil(part * len(values))
    assert sum(value <= found for value in values) >= needed
    assert sum(value < found for value in values) < needed


def row(waited, cut=False, kept=False, dropped=0, cached=0, prompt=100, cpu=1.0):
    return {
        "voice_to_voice_s": waited,
        "cut": cut,
        "kept": kept,
        "dropped": dropped,
        "cached_tokens": cached,
        "prompt_tokens": prompt,
        "cpu_s": cpu,
    }


def test_turns_that_were_cut_or_missed_are_counted_and_do_not_count_as_fast():
    rows = [
        row(1.0, kept=True, cached=90),
        row(3.0, dropped=2, cached=50, cpu=3.0),
        row(None, cut=True, dropped=1),
        row(None, prompt=0),
    ]
    found = latency._summary(rows)
    assert (found["turns"], found["missed"], found["cut_rate"]) == (4, 1, 0.25)
    assert (found["median_s"], found["p90_s"]) == (2.0, 3.0)
    assert (found["kept"], found["dropped"]) == (1, 3)
    assert found["cached_share"] == pytest.approx(140 / 300, abs=0.001)
    assert found["cpu_s_per_turn"] == 1.5
    assert found["each"] == rows


def test_nothing_answered_is_an_error():
    with pytest.raises(AssistantError, match="none of the questions was answered"):
        latency._summary([row(None), row(None, cut=True)])


def test_recordings_come_by_name_with_what_is_said_in_them(tmp_path):
    for name in ("b.wav", "a.wav"):
        shutil.copy(QUESTION, tmp_path / name)
    (tmp_path / "a.txt").write_text(" Wie geht's? \n", encoding="utf-8")
    found = latency.recordings(tmp_path)
    assert [(q.name, q.text) for q in found] == [("a.wav", "Wie geht's?"), ("b.wav", "")]
    assert len(found[0].pcm) == len(found[1].pcm) > 10_000


def test_without_a_folder_the_shipped_question_is_asked(tmp_path):
    (question,) = bench.questions(None)
    assert (question.name, question.text) == (QUESTION.name, "What is the capital of France?")
    with pytest.raises(BadInput):
        bench.questions(tmp_path)


def test_the_plain_loop_waits_reads_everything_and_speaks_whole_sentences():
    ours = Config()
    plain = latency.plain(ours, "some-model")
    assert (plain.llm.model, plain.llm.reuse, plain.ahead.enabled) == ("some-model", False, False)
    wait = latency.PLAIN_SILENCE_S
    assert (plain.turn.max_silence, plain.turn.min_silence) == (wait, wait)
    assert plain.speech.first_clause == plain.speech.clause == 400
    changed = {"turn", "ahead", "llm", "speech"}
    assert ours.model_dump(exclude=changed) == plain.model_dump(exclude=changed)


def test_the_router_is_measured_on_any_labelled_set(tmp_path):
    file = tmp_path / "set.jsonl"
    rows = [
        {"text": "hello", "language": "en", "label": "simple"},
        {"text": "turn the light on", "language": "en", "label": "simple"},
        {
            "text": "prove that there are infinitely many primes",
            "language": "en",
            "label": "complex",
        },
        {
            "text": "写一篇八百字的作文，分析愚公移山的现实意义",
            "language": "zh",
            "label": "complex",
        },
    ]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n")
    result = told("bench", "router", "--set", file, "--json")
    assert result["requests"] == 4
    assert result["accuracy"] == 1 - len(result["wrong"]) / 4
    assert result["decision_s"] > 0
    for less, more in itertools.pairwise(result["curve"]):
        assert less["threshold"] < more["threshold"]
        assert less["sent"] >= more["sent"]
        assert less["hard_sent"] >= more["hard_sent"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no requests"),
        (b"\xff\xfe", "not UTF-8"),
        (b"{}\n", "line 1: text"),
        (b'{"text": "a", "language": "en", "label": "simple"}\n[1]\n', "line 2"),
        (b'{"text": "a", "language": "fr", "label": "simple"}\n', "line 1: language"),
        (b'{"text": "a", "language": "en", "label": "hard"}\n', "line 1: label"),
    ],
)
def test_a_labelled_set_of_no_use_is_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "set.jsonl"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=sentence) as error:
        router.read(file)
    assert "\n" not in str(error.value)
