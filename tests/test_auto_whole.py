"""`language = "auto"` in the whole daemon: the real model, documents, skills, ears and voice."""

import asyncio
import shutil
from pathlib import Path

import pytest
from talk import PATIENCE_S, live

from assistant.audio import wav
from assistant.audio.files import FileLoudspeaker, FileMicrophone
from assistant.config import parse
from assistant.conversation import Phase
from assistant.daemon import Daemon
from assistant.events import StopRequested, WakeDetected
from assistant.language import of
from assistant.mind.knowledge.adding import Adder
from assistant.mind.knowledge.knowledge import FILE
from assistant.mind.knowledge.meaning import E5
from assistant.mind.knowledge.store import Store

pytestmark = pytest.mark.engine

GREEDY = {"temperature": 0.0, "max_tokens": 8}
GUIDE = {
    "visitor guide": "The museum opens at nine in the morning. Dogs wait in the garden.",
    "参观指南": "博物馆每天早上九点开门。狗要留在花园里。门票十欧元。",
}


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


def config(language="auto", **sections):
    return parse({"language": language, "llm": GREEDY, **sections}, "test")


@pytest.fixture(scope="module")
def guides(tmp_path_factory):
    """A folder with documents in both languages."""
    folder = tmp_path_factory.mktemp("documents")
    store = Store(folder / FILE)
    adder = Adder(store, E5(), 1_000_000)
    for name, text in GUIDE.items():
        adder.put(f"{name}.md", name, text.encode())
    store.close()
    return folder / FILE


def asked(settings, *questions):
    """Return what was said to each, and the daemon as it was then."""

    async def talk(it):
        said = [await it.ask(question) for question in questions]
        return said, it.daemon

    return live(settings, talk)


def test_in_writing_each_question_is_answered_in_its_own_language(guides, tmp_path):
    shutil.copy(guides, tmp_path)
    said, daemon = asked(
        config(),
        "What is the capital of France?",
        "中国的首都是哪里？",
        "And of Italy?",
        "set a 五分钟 timer",
        "帮我设一个 ten minutes 的定时器",
        "when does the museum open",
        "博物馆几点开门",
        "speak English",
        "地球为什么绕着太阳转？",
    )
    assert [of(each, "") for each in said] == ["en", "zh", "en", "en", "zh", "en", "zh", "en", "en"]
    for words, word in zip(
        said,
        [
            "Paris",
            "北京",
            "Rome",
            "5 minutes",
            "十分钟",
            "From the visitor guide: ",
            "参观指南里说：",
            "I'll speak English.",
            "",
        ],
        strict=True,
    ):
        assert word in words
    assert (daemon.language, daemon.state.held) == ("en", "en")


def test_in_chinese_the_model_the_skills_and_the_documents_are_chinese(guides, tmp_path):
    shutil.copy(guides, tmp_path)
    said, daemon = asked(
        config("zh"), "中国的首都是哪里？", "帮我设一个十分钟的定时器", "博物馆几点开门"
    )
    for words, word in zip(said, ["北京", "十分钟", "参观指南里说："], strict=True):
        assert word in words
    assert daemon.language == "zh"


def test_aloud_each_question_is_answered_in_its_own_language(spoken):
    """Whisper hears an English and a Chinese clip; espeak answers, cut off as soon as it begins."""
    settings = config(
        llm=GREEDY,
        speech={"engine": "espeak", "rate": 2.0},
        asr={"engine": "whisper", "threads": 1},
        wake={"earcon": False},
        skills={"enabled": False},
        turn={"max_silence": 0.4},
    )
    clips = [
        (wav.read(spoken("What is the capital of Italy?")), "en", "italy"),
        (wav.read(Path(__file__).parent / "data" / "zh-hello-world.wav"), "zh", "好"),
    ]

    async def main():
        microphone, loudspeaker = FileMicrophone([]), FileLoudspeaker(16_000)
        daemon = Daemon(settings, microphone, loudspeaker)
        told = asyncio.Queue()
        daemon.observe(lambda name, data: told.put_nowait((name, data)))

        async def seen(wanted):
            while True:
                name, data = await asyncio.wait_for(told.get(), PATIENCE_S)
                assert name != "failed", data
                if name == wanted:
                    return data

        async with daemon:
            for pcm, language, word in clips:
                daemon.post(WakeDetected("test"))
                while daemon.state.phase is not Phase.LISTENING:
                    await asyncio.sleep(0.01)
                microphone.play(pcm)
                assert word in (await seen("heard"))["text"].lower()
                clause = await seen("clause_started")
                assert of(clause["text"], "") == language == daemon.language
                daemon.post(StopRequested())
                await daemon.asleep()

    asyncio.run(main())
