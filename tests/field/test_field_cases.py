"""Every recorded turn of this folder, run through the decider again; see README.md."""

from pathlib import Path

import pytest

from assistant.record.recording import read
from assistant.record.replay import replay, utterances

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.zip")), ids=lambda path: path.name)
def test_a_turn_of_the_field(path):
    steps = replay(read(path))
    different = [step for step in steps if step.differs]
    if path.name.endswith(".wrong.zip"):
        assert different, "it still decides as it did when it was wrong"
    else:
        assert not different


def test_the_sound_of_a_question_is_found_in_its_turn():
    ((text, pcm),) = utterances(read(FOLDER / "a-question.zip"))
    assert text == "What is the capital of France?"
    assert 2 * 16_000 < len(pcm) < 4 * 16_000
    assert abs(pcm).max() > 3000
