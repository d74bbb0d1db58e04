"""What is made of the settings. The embedding is a fake: which vectors it gives does not matter."""

import zlib

import numpy as np
import pytest

from assistant.config import Config
from assistant.mind.knowledge import meaning
from assistant.mind.skills import owned
from assistant.mind.skills.skills import Skills
from assistant.mind.tools.tools import make

ACTION = """
[actions.gate]
en = ["open the gate"]
say.en = "It is open."
"""


class FakeMeaning:
    """Gives each text a vector of its own."""

    def query(self, texts):
        made = [np.random.default_rng(zlib.crc32(each.encode())).normal(size=384) for each in texts]
        return np.array(made, np.float32)


class FakeOwned:
    """Has nothing but a shelf."""

    def __init__(self, shelf):
        self.shelf = shelf


@pytest.fixture
def skills(tmp_path):
    folder = tmp_path / "skills"
    folder.mkdir()
    (folder / "gate.toml").write_text(ACTION)
    return Skills(None, {}, None, FakeOwned(owned.load([folder])))


@pytest.mark.parametrize(
    ("language", "spoken"), [("en", {"en"}), ("zh", {"zh"}), ("auto", {"en", "zh"})]
)
def test_tools_are_made_for_what_is_spoken_with_those_of_the_owner(
    language, spoken, skills, tmp_path, monkeypatch
):
    monkeypatch.setattr(meaning, "E5", FakeMeaning)
    config = Config(language=language, paths={"cache": str(tmp_path / "cache")})
    tools = make(config, skills)
    assert tools._deciders.keys() == spoken
    for each in spoken:
        assert ("action.gate: open the gate" in tools._deciders[each].system.text) == (each == "en")
    assert len(list((tmp_path / "cache").iterdir())) == len(spoken)
    assert tools.known("open the gate") is None  # it has not met the model yet
    tools.close()


def test_it_is_off_unless_it_is_wanted():
    assert not Config().tools.enabled
