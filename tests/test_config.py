import tomllib

import pytest

from assistant import config
from assistant.errors import BadInput


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"langauge": "en"}, ["langauge", "did you mean `language`"]),
        ({"language": "fr"}, ["language", "'fr'", '"en", "zh"']),
        ({"turn": {"silence": 99}}, ["turn.silence", "99", "from 0.1 to 5.0"]),
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
