import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import config
from assistant.errors import BadInput

EVERY = list(config.keys())
FIELDS = {key: field for key, field in EVERY if not isinstance(field, type)}
TABLES = [key for key, field in EVERY if isinstance(field, type)]


def nested(key, value):
    """Return what a TOML file with that one dotted key holds."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"langauge": "en"}, ["langauge", "did you mean `language`"]),
        ({"language": "fr"}, ["language", "'fr'", '"en", "zh"']),
        ({"turn": {"max_silence": 99}}, ["turn.max_silence", "99", "from 0.1 to 5.0"]),
        ({"turn": {"silence": 0.8}}, ["`turn.silence`", "`turn.max_silence`"]),
        ({"turn": {"whole_silence": 0.2}}, ["`turn.whole_silence`", "`turn.min_silence`"]),
        ({"turn": 3}, ["turn", "table"]),
        ({"wake": {"words": [1]}}, ["wake.words", "list of texts"]),
    ],
)
def test_every_error_names_file_key_value_and_what_is_allowed(data, words):
    with pytest.raises(BadInput) as caught:
        config.parse(data, "f.toml")
    assert all(word in str(caught.value) for word in ["f.toml", *words])


def test_what_is_dumped_is_read_back():
    settings = config.parse({"llm": {"system_prompt": 'a "b"\n\\c'}}, "f.toml")
    assert config.parse(tomllib.loads(config.dump(settings)), "f.toml") == settings


@given(st.text())
def test_any_text_is_dumped_and_read_back(text):
    settings = config.parse({"llm": {"system_prompt": text, "stop": [text, text]}}, "f.toml")
    assert config.parse(tomllib.loads(config.dump(settings)), "f.toml") == settings


@pytest.mark.parametrize("key", FIELDS)
@pytest.mark.parametrize("value", [{"a": 1}, [[1]], 10**30, -(10**30), float("inf"), b"\xff"])
def test_a_value_of_the_wrong_kind_or_size_is_refused_by_its_key(key, value):
    if isinstance(value, int) and key in ("audio.input", "audio.output"):
        value = 1.5  # these take any whole number
    with pytest.raises(BadInput) as caught:
        config.parse(nested(key, value), "f.toml")
    sentence = str(caught.value)
    assert sentence.startswith(f"f.toml: `{key}` is ")
    assert f"allowed: {config.allowed_values(FIELDS[key])}." in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("key", FIELDS)
def test_the_ends_of_every_range_are_allowed_and_what_is_beyond_is_not(key):
    field = FIELDS[key]
    ends = {n: getattr(m, n) for m in field.metadata for n in ("ge", "le") if hasattr(m, n)}
    for name, step in (("ge", -1), ("le", 1)):
        if name in ends:
            config.parse(nested(key, ends[name]), "f.toml")
            with pytest.raises(BadInput, match=f"`{key}` is .*; allowed: .* from .* to "):
                config.parse(nested(key, ends[name] + step), "f.toml")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("value", [3, "text", ["list"]])
def test_a_table_that_is_none_is_refused(table, value):
    with pytest.raises(BadInput, match=rf"`{table}` must be a table, `\[{table}\]`"):
        config.parse(nested(table, value), "f.toml")


@given(st.sampled_from(sorted(FIELDS)), st.integers(0, 20), st.sampled_from("abcxyz_"))
def test_a_misspelt_key_is_refused_and_a_known_one_is_named(key, position, letter):
    table, _, name = key.rpartition(".")
    position = min(position, len(name))
    wrong = name[:position] + letter + name[position:]
    known = [k.rpartition(".")[2] for k in [*FIELDS, *TABLES] if k.rpartition(".")[0] == table]
    if wrong in known:
        return
    with pytest.raises(BadInput) as caught:
        config.parse(nested(f"{table}.{wrong}" if table else wrong, 1), "f.toml")
    sentence = str(caught.value)
    assert f"unknown key `{table + '.' if table else ''}{wrong}`" in sentence
    assert any(f"{table + '.' if table else ''}{k}" in sentence or k in sentence for k in known)


def test_the_template_names_every_key_with_what_is_allowed():
    text = config.template()
    for key, field in FIELDS.items():
        assert f"# {key.rpartition('.')[2]} = {config.toml_value(field.default)}" in text
        assert config.allowed_values(field) in text


def test_what_is_named_and_missing_is_said_and_what_is_not_named_is_not(tmp_path, monkeypatch):
    monkeypatch.delenv("ASSISTANT_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(config.loading, "SYSTEM_PATH", tmp_path / "system.toml")
    assert config.find() is None
    assert config.load() == config.Config()
    (tmp_path / "system.toml").write_text('language = "zh"')
    assert config.load().language == "zh"
    (tmp_path / "assistant").mkdir()
    (tmp_path / "assistant" / "config.toml").write_text('language = "en"')
    assert config.load().language == "en"
    monkeypatch.setenv("ASSISTANT_CONFIG", str(tmp_path / "system.toml"))
    assert config.load().language == "zh"
    assert config.load(tmp_path / "assistant" / "config.toml").language == "en"
    monkeypatch.setenv("ASSISTANT_CONFIG", str(tmp_path / "none"))
    with pytest.raises(BadInput, match=r"\$ASSISTANT_CONFIG"):
        config.load()


def test_the_command_line_goes_before_the_file(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[turn]\nmax_silence = 0.7\nfollow_up = 1.0")
    settings = config.load(file, {"turn.max_silence": 0.9, "language": "zh"})
    assert (settings.turn.max_silence, settings.turn.follow_up, settings.language) == (
        0.9,
        1.0,
        "zh",
    )


def test_where_models_and_socket_lie(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path))
    assert config.Config().models_dir == tmp_path
    named = config.parse({"paths": {"models": "~/m", "socket": "~/s"}}, "f.toml")
    assert named.models_dir == tmp_path.__class__("~/m").expanduser()
    assert named.socket_path == tmp_path.__class__("~/s").expanduser()
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}/a:{tmp_path}/b")
    assert config.Config().socket_path == tmp_path / "a" / "control.sock"
