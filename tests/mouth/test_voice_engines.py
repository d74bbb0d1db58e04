import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Config, parse
from assistant.errors import BadInput, EngineMissing
from assistant.mouth import engines
from assistant.mouth.engines import explain, make

MODELS = Config().models_dir
JOE = "piper-en-joe"
ONNX = MODELS / JOE / "en_US-joe-medium.onnx"


@pytest.fixture
def joe(tmp_path):
    """A folder of models that holds this one voice only."""
    (tmp_path / JOE).symlink_to(MODELS / JOE)
    return tmp_path


def config(language="en", models=MODELS, **speech):
    speech.setdefault("threads", 1)
    return parse({"language": language, "speech": speech, "paths": {"models": str(models)}}, "test")


@pytest.fixture
def without_piper(monkeypatch):
    """Make the package piper unfindable."""
    real = importlib.util.find_spec
    monkeypatch.setattr(
        engines.importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "piper" else real(name, *rest),
    )


def speaks(voice):
    """Whether there is sound; closes the voice."""
    blocks = [block.pcm for block in voice.synthesise("Hello there.", lambda: False)]
    voice.close()
    return np.abs(np.concatenate(blocks).astype(int)).max() > 1000


@pytest.mark.engine
def test_auto_takes_piper_where_it_has_a_voice_for_the_language(joe):
    voice = make(config(models=joe))
    assert voice.name == "piper"
    assert speaks(voice)
    assert explain(config(models=joe)) == (
        "piper with en_US-joe-medium.onnx (installed, and better than espeak)"
    )


def test_auto_takes_espeak_where_piper_has_no_voice_for_the_language(joe):
    for chosen, language in ((config("zh", joe), "zh"), (config(models=joe / "none"), "en")):
        voice = make(chosen)
        assert voice.name == "espeak"
        assert speaks(voice)
        assert explain(chosen).startswith(f"espeak with the voice for {language}; Piper sounds")


def test_auto_takes_espeak_without_piper(without_piper):
    assert make(config()).name == "espeak"
    assert "`script/setup --with piper`" in explain(config())


def test_auto_takes_espeak_for_a_voice_of_espeak():
    for name in ("en-gb", "German", "cmn"):
        assert make(config(voice=name)).name == "espeak"
        assert explain(config(voice=name)).startswith(f"espeak with {name}; Piper sounds")


@pytest.mark.engine
@pytest.mark.parametrize("voice", [JOE, str(ONNX)])
@pytest.mark.parametrize("engine", ["auto", "piper"])
def test_a_voice_of_piper_goes_by_name_and_by_path(voice, engine):
    chosen = config(voice=voice, engine=engine)
    assert explain(chosen).startswith("piper with en_US-joe-medium.onnx")
    made = make(chosen)
    assert made.name == "piper"
    made.close()


@pytest.mark.engine
def test_a_named_voice_of_another_language_is_taken_all_the_same():
    made = make(config("zh", engine="piper", voice=JOE))
    assert made.name == "piper"
    made.close()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("engine", ["espeak", "pyttsx3"])
def test_a_named_engine_is_taken(engine, language):
    voice = make(config(language, engine=engine))
    assert voice.name == engine
    assert speaks(voice)
    assert explain(config(language, engine=engine)) == f"{engine} with the voice for {language}"


def test_the_rate_of_the_settings_is_the_voice_s():
    def samples(rate):
        voice = make(config(engine="espeak", rate=rate))
        return sum(len(block.pcm) for block in voice.synthesise("Hello there you.", lambda: False))

    assert samples(2.0) < 0.75 * samples(1.0)


@pytest.mark.parametrize("ask", [make, explain])
def test_piper_without_its_package_says_how_to_get_it(without_piper, ask):
    for voice in ("", JOE):
        with pytest.raises(EngineMissing, match=r"script/setup --with piper") as caught:
            ask(config(engine="piper", voice=voice))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ask", [make, explain])
def test_piper_without_a_voice_says_what_to_fetch(joe, ask):
    with pytest.raises(EngineMissing, match=r"`assistant models fetch piper-zh-huayan`"):
        ask(config("zh", joe, engine="piper"))
    for chosen in ({"engine": "piper"}, {"engine": "auto", "voice": JOE}):
        with pytest.raises(EngineMissing, match=r"`assistant models fetch piper-en-joe`"):
            ask(config(models=joe / "none", **chosen))


@pytest.mark.parametrize("engine", ["auto", "espeak", "pyttsx3"])
def test_an_unknown_voice_is_refused(engine):
    with pytest.raises(BadInput, match="no voice `en-uss`"):
        make(config(engine=engine, voice="en-uss"))


@pytest.mark.parametrize("ask", [make, explain])
def test_an_unknown_voice_of_piper_is_refused_with_the_nearest_name(ask):
    with pytest.raises(BadInput, match=r"did you mean `piper-en-joe`\?"):
        ask(config(engine="piper", voice="piper-en-jo"))
    with pytest.raises(BadInput, match="whisper-base"):
        ask(config(engine="piper", voice="whisper-base"))


@pytest.mark.parametrize("engine", ["auto", "piper"])
def test_a_path_to_no_file_is_refused(tmp_path, engine):
    with pytest.raises(BadInput, match=r"absent\.onnx"):
        make(config(engine=engine, voice=str(tmp_path / "absent.onnx")))


@pytest.mark.engine
def test_a_voice_beside_its_settings_can_lie_anywhere(tmp_path):
    for suffix in ("", ".json"):
        shutil.copy(f"{ONNX}{suffix}", tmp_path / f"mine.onnx{suffix}")
    made = make(config(voice=str(tmp_path / "mine.onnx")))
    assert made.name == "piper"
    made.close()


def test_a_voice_that_is_a_model_of_another_kind_is_refused(tmp_path):
    path = Path(tmp_path, "voice.onnx")
    path.write_bytes(b"no network")
    with pytest.raises(BadInput, match="is not an ONNX model"):
        make(config(voice=str(path)))
