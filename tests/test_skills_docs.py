"""What docs/skills.md shows for an example is understood."""

import re
from pathlib import Path

import pytest

from assistant.mind.skills.book import Book
from assistant.mind.skills.registry import SKILLS

PAGE = (Path(__file__).parent.parent / "docs" / "skills.md").read_text(encoding="utf-8")
TABLE = PAGE.split("| | for example |")[1].split("\n\n")[0]
EXAMPLES = [("en", each) for each in re.findall(r'"([^"]+)"', TABLE)]
EXAMPLES += [("zh", each) for each in re.findall(r"[\u4e00-\u9fff]{2,}", TABLE)]


@pytest.fixture(scope="module")
def books():
    return {language: Book.load(language) for language in ("en", "zh")}


def test_there_are_examples_of_both_languages():
    assert {language for language, _ in EXAMPLES} == {"en", "zh"}
    assert len(EXAMPLES) > 25


@pytest.mark.parametrize(("language", "text"), EXAMPLES)
def test_an_example_is_understood(books, language, text):
    found = books[language].match(text)
    assert found
    assert found.intent in SKILLS
