"""The real language model, told who it is by a persona, knows what it is called."""

import pytest
from shell import assistant

from assistant.config import parse
from assistant.mind import engines
from assistant.mind.history import History
from assistant.mind.model import never
from assistant.mind.prompt import messages, own_prompt
from assistant.persona.wearing import worn

pytestmark = pytest.mark.engine


def dressed(**settings):
    return worn(parse({"llm": {"temperature": 0}, **settings}, "test"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    cache = str(tmp_path_factory.mktemp("cache"))
    it = engines.make(dressed(persona="child", paths={"cache": cache}))
    yield it
    it.close()


def answer(model, question, **settings):
    """Return the whole answer of who is put on by the settings."""
    config = dressed(**settings)
    prompt = own_prompt(config, config.language, "spoken")
    told = messages(prompt, History(0, model.count), question)
    return "".join(model.reply(told, never))


@pytest.mark.parametrize(
    ("language", "question", "name"),
    [
        ("en", "What is your name?", "Pip"),
        ("zh", "你叫什么名字？", "皮皮"),
        ("auto", "What is your name?", "Pip"),
    ],
)
def test_it_knows_its_name_in_both_languages(model, language, question, name):
    assert name in answer(model, question, persona="child", language=language)


def test_whoever_talks_with_it_is_greeted_and_told_its_name(tmp_path):
    flags = ["--set=llm.temperature=0", f"--set=paths.cache={tmp_path}"]
    run = assistant(*flags, "chat", "--persona", "child", stdin="What is your name?\n")
    greeting, reply = run.stdout.decode().strip().split("\n", 1)
    assert greeting == "Hello! I am Pip."
    assert "Pip" in reply
