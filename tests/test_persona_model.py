"""The real language model knows what its persona is called.

And a real daemon greets, and becomes somebody else while it runs.
"""

import json
import queue
import threading

import pytest
from shell import Child, assistant, until

from assistant.config import parse
from assistant.mind import engines
from assistant.mind.history import History
from assistant.mind.model import never
from assistant.mind.prompt import messages, own_prompt
from assistant.persona.wearing import worn
from assistant.serve.control import call

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


class Running(Child):
    """`assistant run --json` without devices, and what it says."""

    def __init__(self, folder, *options):
        self.path, self.events = folder / "s", queue.Queue()
        flags = ["--set=audio.backend=none", "--set=speech.engine=espeak"]
        where = [f"--set=paths.socket={self.path}", f"--set=paths.cache={folder}"]
        environment = {"STATE_DIRECTORY": str(folder)}
        super().__init__(*flags, *where, "run", "--json", *options, env=environment)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def wait(self, *names):
        """Return the next event of these names."""
        while (event := self.events.get(timeout=60))["event"] not in names:
            pass
        return event

    def says(self):
        """Return the next fixed text or answer that it says."""
        return self.wait("say", "reply_ended")["text"]

    def call(self, command, **data):
        return call(self.path, {"command": command, **data}, 60.0)

    def rests(self):
        until(lambda: self.call("state")["phase"] == "asleep", "its sleep")


def test_a_running_one_greets_and_becomes_somebody_else(tmp_path):
    with Running(tmp_path, "--persona", "shop") as it:
        it.wait("ready")
        it.call("wake")
        assert it.says() == "Welcome! I am May. How can I help you?"
        it.wait("speaking_ended")
        assert it.wait("state")["phase"] == "listening"
        it.call("stop")
        it.rests()
        told = it.call("set", persona="factory")
        assert (told["persona"], told["personas"][0]) == ("factory", "")
        assert it.says() == "Otto is ready."
        it.rests()
        it.call("ask", text="Who are you?")
        assert it.says() == "I am Otto, a terse assistant on a factory floor."
    assert json.loads((tmp_path / "settings.json").read_text()) == {"persona": "factory"}
