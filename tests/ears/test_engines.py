import importlib.util
from pathlib import Path

import pytest

from assistant.config import Config, parse
from assistant.ears import engines
from assistant.ears.engines import choose, detect, explain, make
from assistant.errors import BadInput, EngineMissing
from assistant.models import Shelf

MODELS = Config().models_dir


def config(language="en", models=None, **asr):
    tables = {"language": language, "asr": asr}
    return parse(tables | ({"paths": {"models": str(models)}} if models else {}), "test")


def shelf(folder: Path, *names: str) -> Path:
    """A folder of models that holds only these; of Vosk's a stand-in with the pinned sizes."""
    for name in names:
        entry = Shelf(MODELS).named(name)
        (folder / name).mkdir()
        for file in entry.files:
            place = folder / name / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(MODELS / name / file.path)
    return folder


@pytest.fixture
def without(monkeypatch):
    """Make packages unfindable."""
    real = importlib.util.find_spec

    def hide(*packages):
        monkeypatch.setattr(
            engines.importlib.util,
            "find_spec",
            lambda name, *rest: None if name in packages else real(name, *rest),
        )

    return hide


@pytest.mark.parametrize(
    ("language", "installed", "engine"),
    [
        ("en", ["moonshine-tiny-en", "whisper-base"], "moonshine"),
        ("en", ["whisper-base", "vosk-ko"], "whisper"),
        ("zh", ["moonshine-tiny-en", "whisper-base"], "whisper"),
    ],
)
def test_auto_takes_the_best_one_installed_for_the_language(tmp_path, language, installed, engine):
    choice = choose(config(language, shelf(tmp_path, *installed)))
    assert choice.engine == engine
    assert choice.path.parent == tmp_path


def test_auto_takes_vosk_first_where_it_has_the_language(tmp_path, monkeypatch):
    # no English Vosk model can be had here; Korean, which the configuration does not know yet
    folder = shelf(tmp_path, "vosk-ko", "whisper-base")
    korean = config("en", folder).model_copy(update={"language": "ko"})
    assert choose(korean).engine == "vosk"


def test_an_engine_without_its_package_is_passed_over(tmp_path, without):
    folder = shelf(tmp_path, "moonshine-tiny-en", "whisper-base")
    without("onnxruntime")
    assert choose(config("en", folder)).engine == "whisper"
    without("onnxruntime", "faster_whisper")
    with pytest.raises(EngineMissing, match="the engine moonshine needs the package `onnxruntime`"):
        choose(config("en", folder))


def test_nothing_installed_says_what_to_fetch(tmp_path):
    with pytest.raises(EngineMissing, match=r"for `zh`.*`assistant models fetch \S+`"):
        choose(config("zh", tmp_path))
    with pytest.raises(EngineMissing, match=r"vosk.*assistant models fetch vosk-small-en"):
        choose(config("en", tmp_path, engine="vosk"))


def test_a_named_model_wins():
    choice = choose(config("en", model="whisper-base"))
    assert (choice.engine, choice.path) == ("whisper", MODELS / "whisper-base")
    assert choose(config("en", model="vosk-ko")).engine == "vosk"


@pytest.mark.parametrize(
    ("name", "engine"),
    [("vosk-ko", "vosk"), ("moonshine-tiny-en", "moonshine"), ("whisper-base", "whisper")],
)
def test_the_engine_of_a_path_is_told_from_its_files(name, engine):
    assert detect(MODELS / name) == engine
    assert choose(config("en", model=str(MODELS / name))).engine == engine


def test_what_cannot_be_used_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"is no model for speech recognition \(looked for vosk"):
        choose(config("en", model=str(tmp_path)))
    with pytest.raises(BadInput, match="no such file or folder"):
        choose(config("en", model=str(tmp_path / "absent")))
    with pytest.raises(BadInput, match=r"did you mean `whisper-base`\?"):
        choose(config("en", model="whisper-bas"))
    with pytest.raises(BadInput, match="whisper-base` is no vosk"):
        choose(config("en", model="whisper-base", engine="vosk"))


def test_an_english_model_for_another_language_is_refused():
    with pytest.raises(BadInput, match='hears English only, but `language` is "zh"'):
        choose(config("zh", model="moonshine-tiny-en"))


def test_several_languages_need_a_model_that_hears_all(tmp_path):
    models = shelf(tmp_path, "whisper-base", "moonshine-tiny-en")
    choice = choose(config("auto", models))
    assert (choice.engine, choice.path.name) == ("whisper", "whisper-base")
    assert explain(config("auto", models)) == (
        "speech recognition: whisper (whisper-base): the best one installed for `en` and `zh`; "
        "it hears which one is spoken."
    )


@pytest.mark.parametrize(
    "asr",
    [
        {"engine": "moonshine"},
        {"model": "moonshine-tiny-en"},
        {"engine": "vosk"},
        {},
        {"engine": "whisper"},
    ],
)
def test_where_only_one_language_can_be_heard_it_is_said_what_hears_both(tmp_path, asr):
    models = shelf(tmp_path, "moonshine-tiny-en")
    for ask in (choose, make):
        with pytest.raises(BadInput, match=r"`assistant models fetch whisper-base` gets") as caught:
            ask(config("auto", models, **asr))
        assert "\n" not in str(caught.value)


def test_the_doctor_is_told_which_and_why_and_what_would_be_better(tmp_path):
    folder = shelf(tmp_path, "moonshine-tiny-en")
    assert explain(config("en", folder)) == (
        "speech recognition: moonshine (moonshine-tiny-en): the best one installed for `en`; "
        "better: vosk (`assistant models fetch vosk-small-en`)."
    )
    assert explain(config("en", folder, engine="moonshine")).endswith(
        "(`assistant models fetch vosk-small-en`)."
    )
    assert explain(config("zh", folder)).startswith("speech recognition: none: no ")


@pytest.mark.engine
@pytest.mark.parametrize(
    ("language", "model"),
    [("en", "vosk-ko"), ("en", "moonshine-tiny-en"), ("zh", "whisper-base")],
)
def test_what_was_chosen_is_made(language, model):
    wanted = config(language, model=model, threads=1)
    recogniser = make(wanted)
    assert recogniser.name == choose(wanted).engine
    assert recogniser.finish().text == ""
    recogniser.close()
