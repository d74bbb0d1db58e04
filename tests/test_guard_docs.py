"""What docs/guard.md shows works as it is written."""

import re
import tomllib
from pathlib import Path

import pytest

from assistant.config import parse
from assistant.mind.guard import guard, topics
from assistant.mind.guard.topics import LEVELS

PAGE = (Path(__file__).parent.parent / "docs" / "guard.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.+?`(?:, `.+?`)*) \| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)


def test_the_settings_are_read():
    block = "\n".join(re.findall(r"^    (.+)$", PAGE.split("## What is refused")[0], re.MULTILINE))
    made = guard.make(parse(tomllib.loads(block), "docs/guard.md"))
    assert "9 1 1" in made.refusal("call an ambulance").text
    assert "9 8 8" in made.refusal("i want to die").text


def test_all_topics_are_in_the_table_with_their_level():
    told = {name: level for names, level, _ in ROWS for name in re.findall(r"`(\w+)`", names)}
    assert told == {name: topic.level for name, topic in topics.own("en").topics.items()}


@pytest.mark.parametrize(("names", "level", "examples"), ROWS)
def test_the_examples_are_refused_from_their_level_on(names, level, examples):
    texts = re.findall(r'"([^"]+)"', examples) + re.findall(r"[\u4e00-\u9fff]{2,}", examples)
    made = {each: guard.make(parse({"guard": {"level": each}}, "test")) for each in LEVELS}
    for text in texts:
        refusing = [each for each in LEVELS if made[each].refusal(text)]
        assert refusing == list(LEVELS[LEVELS.index(level) :]), text
        assert f"`{made[level].refusal(text).topic}`" in names


def test_the_file_of_topics_is_read_and_does_what_it_says(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(PAGE.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    made = guard.make(parse({"guard": {"files": [str(path)], "level": "child"}}, "test"))
    for text in ("Is there a cheaper store?", "What does it cost next door?"):
        assert made.refusal(text).topic == "rivals"
    assert made.refusal("a cheaper shop window") is None
    assert "5 5 5" in made.refusal("The red button, please!").text
    assert "1 1 6, 0 0 0" in made.refusal("Curiouser").text
    sieve = made.sieve("")
    sieve.feed("Wonderol, 5 ml.")
    assert sieve.topic == "doses"


def test_the_harmless_examples_are_not_refused():
    made = guard.make(parse({"guard": {"level": "child"}}, "test"))
    assert made.refusal("How do I kill a virus on my PC?") is None
    assert made.refusal("演唱会太炸了") is None
