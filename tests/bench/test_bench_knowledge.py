"""The bench on a small document of its own, with the real store and embedding."""

import json

import pytest

from assistant.bench import knowledge as bench
from assistant.errors import BadInput

pytestmark = pytest.mark.engine

LINES = [
    {"text": "when does the museum open", "passage": "opens at nine", "fact": ["nine"]},
    {"text": "where do dogs wait", "passage": "in the garden", "fact": ["moon"]},
    {"text": "why is the sky blue", "answerable": False},
]


def test_it_counts_what_it_says(tmp_path):
    (tmp_path / bench.DOCUMENTS).mkdir()
    guide = "The museum opens at nine in the morning.\n\nDogs wait in the garden.\n"
    (tmp_path / bench.DOCUMENTS / "visitor-guide.md").write_text(guide)
    path = tmp_path / "set.jsonl"
    whole = [{"language": "en", "answerable": True, **each} for each in LINES]
    path.write_text("\n".join(map(json.dumps, whole)))
    result = bench.measure(bench.read(path), tmp_path / bench.DOCUMENTS)
    assert (result["passage_in_two"], result["answered"]) == (1.0, 1.0)
    assert (result["answer_has_fact"], result["fact_of_all"]) == (0.5, 0.5)
    assert (result["dont_know"], result["left_to_model"]) == (1.0, 1.0)
    assert result["languages"]["en"]["passage_in_two"] == 1.0
    assert result["added_first_token_s"] > 0
    assert (result["questions"], result["passages"]) == (3, 1)


def test_a_document_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"no pdf")
    question = bench.Question(text="x", language="en", answerable=False)
    with pytest.raises(BadInput, match=r"broken\.pdf"):
        bench.measure([question], tmp_path)


def test_only_the_half_that_was_not_looked_at_is_asked(tmp_path):
    path = tmp_path / "set.jsonl"
    line = {"text": "x", "language": "en", "answerable": False}
    path.write_text("\n".join(json.dumps(line | {"split": s}) for s in ("development", "test")))
    assert [each.split for each in bench.read(path)] == ["test"]
