"""What the daemon and the commands ask for: the language model that the settings name."""

import wave

import pytest
from gguf_files import CHAT, MODEL, cut, tiny, whole

from assistant import machine
from assistant.config import Config, Llm, Paths
from assistant.errors import BadInput, EngineMissing
from assistant.mind import engines, llama
from assistant.mind.model import Message


def config(model="", models="", **llm):
    return Config(llm=Llm(model=str(model), **llm), paths=Paths(models=str(models)))


@pytest.fixture
def nothing_loads(monkeypatch):
    """Fail where llama.cpp is asked for anything."""

    def asked():
        raise AssertionError("llama.cpp was used")

    monkeypatch.setattr(llama, "_library", asked)


def refused(settings, kind=BadInput):
    """Return the sentence that both ways of asking give."""
    sentences = set()
    for ask in (engines.make, engines.explain):
        with pytest.raises(kind) as caught:
            ask(settings)
        assert caught.value.exit_code == 2
        sentences.add(str(caught.value))
    (sentence,) = sentences
    assert "\n" not in sentence
    return sentence


@pytest.mark.engine
def test_the_model_that_is_named_is_made(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(tiny())
    model = engines.make(config(path, context=256, max_tokens=5, threads=1, batch_threads=1))
    assert model.name == "Tiny"
    list(model.reply([Message("user", "hello")], lambda: False))
    assert 0 < model.usage.reply_tokens <= 5
    model.close()


@pytest.mark.engine
def test_a_folder_with_one_model_names_it(tmp_path):
    (tmp_path / "tiny.gguf").write_bytes(tiny())
    model = engines.make(config(tmp_path, context=256))
    assert model.name == "Tiny"
    model.close()


@pytest.mark.engine
def test_without_a_name_the_best_one_installed_is_explained(nothing_loads, monkeypatch):
    monkeypatch.setattr(machine, "available_memory", lambda: 4_000_000_000)
    monkeypatch.setattr(machine, "threads", lambda: (2, 4))
    text = engines.explain(config(context=2048))
    assert "the best one installed" in text
    assert "2048 tokens of context" in text
    assert "MB of memory of 4000 MB free" in text
    assert text.endswith("2 threads to answer and 4 to read")
    named = engines.explain(config(MODEL.parent.name))
    assert named.startswith("Qwen2.5 Coder 0.5B Instruct AWQ (Q4_K_M, 491 MB, as `llm.model`")


def test_a_model_that_is_not_installed_is_told_with_the_way_to_get_it(tmp_path, nothing_loads):
    sentence = refused(config("qwen2.5-0.5b-q8_0", models=tmp_path), EngineMissing)
    assert "`assistant models fetch qwen2.5-0.5b-q8_0`" in sentence
    assert "no language model is installed" in refused(config(models=tmp_path), EngineMissing)


def test_a_name_that_does_not_exist_or_is_no_language_model_is_refused(nothing_loads):
    assert "did you mean `qwen2.5-0.5b-q4_0`?" in refused(config("qwen2.5-0.5b-q4-0"))
    assert "is no language model" in refused(config("vosk-ko"))
    assert "no such file" in refused(config("/nowhere/model.gguf"))


def zero(path):
    path.touch()


def sound(path):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(32000))


@pytest.mark.engine
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (zero, "is empty (0 bytes)"),
        (sound, "is no GGUF model; found a WAV"),
        (lambda path: cut(path, 245_700_032), "is cut short: it has 246 MB, its header says 491"),
        (lambda path: cut(path, 2_000_000), "is cut short: it ends after 2000000 bytes"),
        (lambda path: path.write_bytes(whole()[:-1]), "is cut short"),
        (lambda path: path.write_bytes(whole({**CHAT, "general.type": "mmproj"})), "`mmproj`"),
        (lambda path: path.write_text("<html>"), "a web page"),
    ],
    ids=["zero bytes", "sound", "half", "half a header", "a byte less", "another kind", "page"],
)
def test_a_broken_file_is_told_before_anything_is_loaded(tmp_path, nothing_loads, make, why):
    path = tmp_path / "model.gguf"
    make(path)
    sentence = refused(config(path, context=256))
    assert sentence.startswith(f"{path}: ")
    assert why in sentence


@pytest.mark.engine
def test_a_context_that_the_model_was_not_made_for_is_refused(tmp_path, nothing_loads):
    (tmp_path / "tiny.gguf").write_bytes(tiny())
    sentence = refused(config(tmp_path / "tiny.gguf", context=513))
    assert sentence == "`llm.context` is 513; tiny.gguf was made for at most 512 tokens."


@pytest.mark.engine
def test_too_little_memory_is_told_before_anything_is_loaded(nothing_loads, monkeypatch):
    monkeypatch.setattr(machine, "available_memory", lambda: 200_000_000)
    sentence = refused(config(MODEL, context=4096))
    assert "only 200 MB are free" in sentence
    assert "lower `llm.context` (now 4096)" in sentence
