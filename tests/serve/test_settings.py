"""What may be changed while it runs: the rules, the file, and a real daemon that does it."""

import asyncio
import contextlib
import errno
import json
import os
import queue
import shutil
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import Child, until

from assistant.commands import run
from assistant.config import Config, parse
from assistant.conversation import State
from assistant.crew import Crew
from assistant.errors import AssistantError, BadInput
from assistant.events import SayRequested
from assistant.serve import settings
from assistant.serve.control import call

JOE = "piper-en-joe"
SLOW_S = 60.0
"""Other engines take longer than a plain request may, in s."""


def config(language="en", **sections):
    return parse({"language": language, **sections}, "test")


@pytest.fixture
def nothing(tmp_path):
    """Settings for a machine without any models."""
    folder = tmp_path / "models"
    folder.mkdir()
    return config(paths={"models": str(folder)})


# --- what may be changed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"volume": 0.5},
        {"volume": 0},
        {"volume": 1},
        {"rate": 0.5},
        {"rate": 2},
        {"muted": True},
        {"voice": ""},
        {"language": "zh"},
        {"persona": "child"},
        {"persona": ""},
        {"volume": 0.25, "muted": False, "voice": "en-us", "language": "en"},
    ],
)
def test_what_makes_sense_is_taken_as_it_is(change):
    assert settings.checked(change) == change


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, "nothing"),
        ({"volume": 1.1}, "volume"),
        ({"rate": 0.4}, "rate"),
        ({"rate": "fast"}, "rate"),
        ({"volume": -0.1}, "volume"),
        ({"volume": float("nan")}, "volume"),
        ({"volume": "1"}, "volume"),
        ({"volume": True}, "volume"),
        ({"volume": None}, "volume"),
        ({"muted": 1}, "muted"),
        ({"muted": None}, "muted"),
        ({"voice": None}, "voice"),
        ({"voice": ["x"]}, "voice"),
        ({"language": "ko"}, "language"),
        ({"language": ""}, "language"),
        ({"persona": None}, "persona"),
        ({"persona": ["child"]}, "persona"),
        ({"clause": 100}, "clause"),
        ({"command": "set"}, "command"),
        ({"speech.volume": 0.5}, "speech.volume"),
        ({"volume": 0.5, "web": {"host": "0.0.0.0"}}, "web"),
    ],
)
def test_nothing_else_can_be_changed(change, word):
    with pytest.raises(BadInput, match=word) as refused:
        settings.checked(change)
    assert str(refused.value).endswith(".")


def test_what_was_chosen_goes_before_the_configuration_and_leaves_the_rest():
    base = config(speech={"volume": 0.9, "rate": 1.5}, llm={"seed": 7})
    changed = settings.over(base, {"volume": 0.2, "rate": 0.8, "voice": "en-gb", "muted": True})
    assert (changed.speech.volume, changed.speech.voice) == (0.2, "en-gb")
    speech = base.speech.model_copy(update={"volume": 0.2, "rate": 0.8, "voice": "en-gb"})
    assert changed == base.model_copy(update={"speech": speech})
    assert settings.over(base, {}) == base


def test_another_language_leaves_the_voice_and_the_recogniser_of_the_configuration():
    base = config(speech={"voice": JOE}, asr={"model": "moonshine-tiny-en"})
    chinese = settings.over(base, {"language": "zh"})
    assert (chinese.language, chinese.speech.voice, chinese.asr.model) == ("zh", "", "")
    assert settings.over(base, {"language": "en", "voice": ""}) == base


def test_a_voice_is_forgotten_with_its_language():
    base = config()
    chosen = settings.merged(base, {"volume": 0.5, "voice": "en-gb"}, {"language": "zh"})
    assert chosen == {"volume": 0.5, "language": "zh"}
    chosen = settings.merged(base, chosen, {"language": "en", "voice": "en-us"})
    assert chosen == {"volume": 0.5, "language": "en", "voice": "en-us"}
    assert settings.merged(base, chosen, {"language": "en"}) == chosen


def test_another_persona_takes_the_place_of_the_first_one_and_its_voice():
    file = {"persona": "child", "speech": {"volume": 0.9}, "llm": {"temperature": 0.1}}
    base = settings.over(config(**file), {})
    assert (base.speech.rate, base.llm.temperature, base.turn.max_silence) == (0.9, 0.1, 1.8)
    terse = settings.over(base, {"persona": "factory"})
    assert (terse.speech.rate, terse.llm.temperature, terse.turn.max_silence) == (1.0, 0.1, 1.2)
    assert (terse.who.name("en"), terse.speech.volume) == ("Otto", 0.9)
    assert settings.over(terse, {"persona": "child"}) == base
    assert settings.over(base, {"persona": ""}) == base  # that of the configuration
    chinese = settings.over(base, {"language": "zh"})
    assert (chinese.who.name("zh"), chinese.speech.rate) == ("皮皮", 0.9)
    chosen = settings.merged(base, {"voice": "en-gb", "muted": True}, {"persona": "shop"})
    assert chosen == {"persona": "shop", "muted": True}
    chosen = settings.merged(base, {"voice": "en-gb", **chosen}, {"persona": "shop"})
    assert chosen == {"persona": "shop", "muted": True, "voice": "en-gb"}


def test_only_a_voice_a_language_or_a_persona_needs_other_engines():
    base = config()
    for chosen, needed in [
        ({"volume": 0.1, "muted": True, "language": "en", "voice": ""}, False),
        ({"voice": "en-gb"}, True),
        ({"language": "zh"}, True),
        ({"persona": "child"}, True),
        ({"persona": ""}, False),
    ]:
        assert settings.other_engines(base, settings.over(base, chosen)) is needed


def test_what_is_installed_may_be_chosen(tmp_path):
    base = config(paths={"models": str(tmp_path)}, speech={"engine": "espeak"})
    assert settings.languages(base) == ["en"]  # its own, though nothing can hear it
    for name in ("whisper-base", JOE):
        (tmp_path / name).symlink_to(Config().models_dir / name)
    assert settings.languages(base) == ["en", "zh", "auto"]
    assert settings.voices(base, {"language": "auto"}) == ["", "en-us", "en-gb", "cmn-latn-pinyin"]
    assert settings.voices(base, {}) == ["", "en-us", "en-gb"]
    assert settings.voices(base, {"language": "zh"}) == ["", "cmn-latn-pinyin"]
    piper = config(paths={"models": str(tmp_path)}, speech={"engine": "piper"})
    assert settings.languages(piper) == ["en"]  # there is no Chinese voice
    assert settings.voices(piper, {}) == ["", JOE]
    either = config(paths={"models": str(tmp_path)}, speech={"voice": "/my/own.onnx"})
    assert settings.voices(either, {}) == ["", JOE, "en-us", "en-gb"]
    phrases = config(paths={"models": str(tmp_path)}, wake={"words": [], "phrases": ["computer"]})
    assert settings.languages(phrases) == ["en"]  # no Chinese Vosk model to watch for them


@pytest.mark.parametrize(
    ("chosen", "word"),
    [
        ({"language": "zh"}, "`zh` are not installed"),
        ({"voice": "/etc/passwd"}, "no installed voice"),
        ({"voice": JOE}, "no installed voice"),
        ({"voice": "cmn-latn-pinyin"}, "no installed voice"),
        ({"persona": "nobody"}, "there is no persona 'nobody'; there is: child, factory"),
        ({"persona": "/etc/passwd"}, "there is no persona"),
        ({"persona": "../child"}, "there is no persona"),
    ],
)
def test_what_is_not_installed_may_not(nothing, chosen, word):
    settings.possible(nothing, {"voice": "en-gb"})
    with pytest.raises(BadInput, match=word):
        settings.possible(nothing, chosen)


def test_what_is_in_force_is_told_without_paths(nothing):
    base = nothing.model_copy(
        update={"speech": nothing.speech.model_copy(update={"voice": "/home/me/own.onnx"})}
    )
    told = settings.told(base, {"volume": 0.3})
    assert told == {
        "volume": 0.3,
        "rate": 1.0,
        "muted": False,
        "voice": "",
        "language": "en",
        "voices": ["", "en-us", "en-gb"],
        "languages": ["en"],
        "persona": "",
        "personas": ["", "child", "factory", "kind", "robot", "shop"],
        "remote": False,
    }
    away = parse({"remote": {"endpoint": "http://192.168.1.2/v1"}}, "test")
    assert settings.told(away, {"muted": True})["remote"] is True


# --- the file ------------------------------------------------------------------------------------

some = st.fixed_dictionaries(
    {},
    optional={
        "volume": st.floats(0, 1),
        "rate": st.floats(0.5, 2),
        "muted": st.booleans(),
        "voice": st.sampled_from(["", "en-us", "en-gb"]),
        "language": st.just("en"),
        "persona": st.sampled_from(["", "child", "shop"]),
    },
)


@given(some)
def test_what_is_written_is_read_again(tmp_path_factory, chosen):
    path = tmp_path_factory.mktemp("kept") / "deep" / settings.FILE
    base = config(paths={"models": str(path.parent)})
    settings.write(path, chosen)
    assert settings.read(path, base) == chosen
    assert [each.name for each in path.parent.iterdir()] == [settings.FILE]


def test_without_a_file_nothing_was_chosen_and_nobody_is_warned(tmp_path, nothing, caplog):
    assert settings.read(tmp_path / settings.FILE, nothing) == {}
    assert caplog.text == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"volume": 2}',
        b'{"volume": NaN}',
        b'{"paths": {"models": "/x"}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_ignored_with_a_warning(tmp_path, nothing, caplog, content):
    path = tmp_path / settings.FILE
    path.write_bytes(content)
    assert settings.read(path, nothing) == {}
    (record,) = caplog.records
    assert (record.levelname, str(path) in record.message) == ("WARNING", True)


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.floats() | st.text()))
def test_any_json_is_survived_and_gives_usable_settings(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("kept") / settings.FILE
    path.write_text(json.dumps(data))
    base = config(paths={"models": str(path.parent)})
    settings.over(base, settings.read(path, base))


def test_a_voice_or_language_that_was_removed_is_ignored_and_the_rest_kept(
    tmp_path, nothing, caplog
):
    path = tmp_path / settings.FILE
    for gone in ({"voice": JOE}, {"language": "zh"}):
        settings.write(path, {"volume": 0.5, "muted": True, **gone})
        assert settings.read(path, nothing) == {"volume": 0.5, "muted": True}
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


def test_a_persona_that_was_removed_or_is_broken_is_ignored_and_the_rest_kept(tmp_path, caplog):
    path, folder = tmp_path / settings.FILE, tmp_path / "personas"
    folder.mkdir()
    base = config(paths={"models": str(tmp_path), "personas": str(folder)})
    (folder / "mine.toml").write_text("name = 'Mo'")
    settings.write(path, {"muted": True, "persona": "mine"})
    assert settings.over(base, settings.read(path, base)).who.name("en") == "Mo"
    (folder / "mine.toml").write_text("name = 5")
    assert settings.read(path, base) == {"muted": True}
    assert "mine.toml, line 1, column 1: `name` is 5" in caplog.text
    (folder / "mine.toml").unlink()
    assert settings.read(path, base) == {"muted": True}
    assert len(caplog.records) == 2


def test_a_file_that_cannot_be_written_is_one_sentence_and_the_old_one_stays(tmp_path, monkeypatch):
    path = tmp_path / settings.FILE
    settings.write(path, {"volume": 0.5})

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AssistantError, match="cannot be written"):
        settings.write(path, {"volume": 0.6})
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(path.read_text()) == {"volume": 0.5}


# --- a daemon that cannot be had: one that does not start, or loses its device -------------------


class FakeDaemon:
    """Has the verbs that `Foreground` needs; a voice in `broken` cannot be loaded."""

    broken: tuple[str, ...] = ()

    def __init__(self, config, microphone, loudspeaker, notes):
        self.config, self.state, self.ready = config, State(), asyncio.Event()
        self.free, self.muted, self.stopped, self.language = True, False, False, "en"
        self.posted, self.left = [], ()
        self.crew = Crew(lambda *_: None, lambda _: None, lambda: None)

    async def start(self):
        self.gone = asyncio.get_running_loop().create_future()
        await asyncio.sleep(0.01)
        if self.config.speech.voice in self.broken:
            raise BadInput("the voice is broken.")
        self.ready.set()

    async def stop(self):
        self.stopped = True

    async def lost(self):
        await asyncio.shield(self.gone)

    def post(self, event):
        self.posted.append(event)

    def set_volume(self, volume):
        self.volume = volume

    def set_rate(self, rate):
        self.rate = rate

    def mute(self, muted):
        self.muted = muted


class Talk:
    """A foreground on fake daemons, what it told, and its control socket."""

    def __init__(self, path):
        self.path, self.told = path, []
        sections = {"audio": {"backend": "none"}, "speech": {"engine": "espeak"}}
        self.foreground = run.Foreground(config(paths={"socket": str(path)}, **sections), True)
        self.foreground._view = lambda name, data: self.told.append(name)

    @property
    def daemon(self):
        return self.foreground._daemon

    async def set(self, **change):
        """Change settings; return the answer."""
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        writer.write(json.dumps({"command": "set", **change}).encode() + b"\n")
        answer = json.loads(await asyncio.wait_for(reader.readline(), 30))
        writer.close()
        return answer


@pytest.fixture
def live(tmp_path, monkeypatch):
    """Return a function that runs ``talk(it)`` beside a foreground, which it then ends."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(run, "Daemon", FakeDaemon)

    async def main(talk):
        it = Talk(tmp_path / "s")
        it.running = asyncio.create_task(it.foreground.run())
        while "ready" not in it.told:
            await asyncio.sleep(0.01)
        try:
            return await talk(it)
        finally:
            it.foreground._ended.set()
            with contextlib.suppress(AssistantError):
                await asyncio.wait_for(it.running, 30)
            assert it.daemon.stopped

    return lambda talk: asyncio.run(main(talk))


def test_volume_and_microphone_act_at_once_and_a_voice_brings_another_daemon(live, tmp_path):
    async def talk(it):
        first = it.daemon
        assert (await it.set(volume=0.5, rate=0.8, muted=True))["ok"]
        assert (it.daemon, first.volume, first.rate, first.muted) == (first, 0.5, 0.8, True)
        assert (await it.set(voice="en-gb"))["voice"] == "en-gb"
        assert first.stopped
        assert it.daemon is not first
        assert (it.daemon.config.speech.voice, it.daemon.config.speech.volume) == ("en-gb", 0.5)
        assert it.daemon.rate == it.daemon.config.speech.rate == 0.8
        assert it.daemon.muted  # the new one does not listen either
        await it.set(voice="en-gb")  # the one that it has
        return it.told

    told = live(talk)
    assert told == ["ready", "settings", "restarting", "ready", "state", "settings", "settings"]
    kept = json.loads((tmp_path / settings.FILE).read_text())
    assert kept == {"volume": 0.5, "rate": 0.8, "muted": True, "voice": "en-gb"}


def test_another_persona_brings_another_daemon_and_greets(live, tmp_path):
    async def talk(it):
        first = it.daemon
        assert first.posted == []  # the kind one says nothing by itself
        assert (await it.set(persona="child"))["persona"] == "child"
        assert first.stopped
        assert it.daemon.config.who.name("en") == "Pip"
        assert it.daemon.posted == [SayRequested("Hello! I am Pip.")]
        (tmp_path / settings.FILE).unlink()
        assert not (await it.set(persona="nobody"))["ok"]
        assert not (tmp_path / settings.FILE).exists()

    live(talk)


def test_a_persona_of_the_command_line_goes_before_the_one_of_the_page(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(run, "Daemon", FakeDaemon)
    settings.write(tmp_path / settings.FILE, {"persona": "shop", "muted": True})
    base = config(paths={"socket": str(tmp_path / "s")}, audio={"backend": "none"}, persona="robot")
    assert run.Foreground(base, True)._config.persona == "shop"
    named = run.Foreground(base, True, named=True)
    assert (named._config.persona, named._chosen) == ("robot", {"muted": True})


def test_a_busy_one_is_not_replaced(live):
    async def talk(it):
        it.daemon.free = False
        answer = await it.set(voice="en-gb")
        assert (answer["ok"], answer["kind"]) == (False, "failed")
        assert "busy" in answer["error"]
        assert (await it.set(volume=0.5))["ok"]

    live(talk)


def test_what_was_begun_is_done_though_who_asked_has_left(live, tmp_path):
    async def talk(it):
        first = it.daemon
        _, writer = await asyncio.open_unix_connection(str(it.path))
        writer.write(b'{"command": "set", "voice": "en-gb"}\n')
        await writer.drain()
        while it.daemon is first:
            await asyncio.sleep(0.001)
        writer.close()
        while not (tmp_path / settings.FILE).exists():
            await asyncio.sleep(0.01)
        assert it.daemon.ready.is_set()

    live(talk)


def test_when_the_new_one_does_not_start_the_old_settings_are_back(live, monkeypatch, tmp_path):
    async def talk(it):
        monkeypatch.setattr(FakeDaemon, "broken", ("en-gb",))
        answer = await it.set(voice="en-gb")
        assert answer["error"] == "the voice is broken. So nothing was changed."
        assert it.daemon.ready.is_set()
        assert it.daemon.config.speech.voice == ""
        assert not it.running.done()
        assert not (tmp_path / settings.FILE).exists()

    live(talk)


def test_when_neither_starts_it_ends_with_the_sentence(live, monkeypatch):
    async def talk(it):
        monkeypatch.setattr(FakeDaemon, "broken", ("", "en-gb"))
        assert not (await it.set(voice="en-gb"))["ok"]
        with pytest.raises(BadInput, match="the voice is broken"):
            await asyncio.wait_for(it.running, 30)

    live(talk)


def test_a_device_that_is_lost_later_ends_it_too(live):
    async def talk(it):
        first = it.daemon
        await it.set(voice="en-gb")
        first.gone.set_exception(AssistantError("the old one."))  # nobody minds
        await asyncio.sleep(0.05)
        assert not it.running.done()
        it.daemon.gone.set_exception(AssistantError("the microphone is gone."))
        with pytest.raises(AssistantError, match="the microphone is gone"):
            await asyncio.wait_for(it.running, 30)

    live(talk)


# --- a daemon ------------------------------------------------------------------------------------


class Running(Child):
    """`assistant run --json` without devices; its events, and calls of its socket."""

    def __init__(self, folder, *options):
        self.path = folder / "s"
        self.events = queue.Queue()
        given = {
            "audio.backend": "none", "speech.engine": "espeak", "llm.temperature": 0,
            "paths.socket": self.path,
        }  # fmt: skip
        flags = [f"--set={key}={value}" for key, value in given.items()]
        super().__init__(*flags, *options, "run", "--json", env={"STATE_DIRECTORY": str(folder)})
        threading.Thread(target=self._read, daemon=True).start()
        self.wait("ready")

    def _read(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def wait(self, name):
        """Return the next event of that name, and forget those before it."""
        while (event := self.events.get(timeout=60))["event"] != name:
            pass
        return event

    def call(self, command, **data):
        return call(self.path, {"command": command, **data}, SLOW_S)


@pytest.mark.engine
@pytest.mark.slow
def test_a_running_daemon_is_changed_and_remembers_it(tmp_path):
    with Running(tmp_path) as daemon:
        known = daemon.call("settings")
        assert (known["volume"], known["muted"], known["voice"]) == (1.0, False, "")
        assert "en-gb" in known["voices"]
        assert daemon.call("set", volume=0.5, muted=True)["volume"] == 0.5
        event = daemon.wait("settings")
        assert (event["volume"], event["muted"]) == (0.5, True)

        # with another voice it starts again; who watches is told, and stays
        assert daemon.call("set", voice="en-gb")["voice"] == "en-gb"
        assert daemon.wait("restarting")["message"].endswith(".")
        daemon.wait("ready")
        assert daemon.wait("state")["phase"] == "asleep"
        daemon.call("ask", text="Say hello.")
        assert daemon.wait("speaking_ended")["heard"]
        until(lambda: daemon.call("state")["phase"] == "asleep", "its sleep")

        # what cannot be is refused in a sentence, and changes nothing
        for change in ({"voice": "nobody"}, {"volume": 2}, {"web": True}, {}):
            with pytest.raises(AssistantError, match=r"\.$"):
                daemon.call("set", **change)
        daemon.call("say", text="A long sentence, so that it speaks for a while. " * 5)
        daemon.wait("clause_started")
        with pytest.raises(AssistantError, match="busy"):
            daemon.call("set", voice="en-us")
        assert daemon.call("set", volume=0.25)["volume"] == 0.25  # at once, in mid-sentence
        daemon.call("stop")
        daemon.wait("speaking_ended")
        daemon.process.terminate()
        assert daemon.end()[0] == 0
    kept = json.loads((tmp_path / settings.FILE).read_text())
    assert kept == {"volume": 0.25, "muted": True, "voice": "en-gb"}
    with Running(tmp_path) as daemon:
        known = daemon.call("settings")
        assert {name: known[name] for name in kept} == kept


@pytest.mark.engine
@pytest.mark.slow
def test_a_language_whose_model_is_broken_leaves_everything_as_it_was(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    own = Config().models_dir
    for folder in own.iterdir():
        if folder.is_dir() and not folder.name.startswith((".", "whisper", "vosk")):
            (models / folder.name).symlink_to(folder)
    shutil.copytree(own / "whisper-base", models / "whisper-base")
    broken = models / "whisper-base" / "model.bin"
    size = broken.stat().st_size
    broken.unlink()
    with broken.open("wb") as file:
        file.truncate(size)
    with Running(tmp_path, f"--set=paths.models={models}") as daemon:
        assert daemon.call("settings")["languages"] == ["en", "zh", "auto"]
        with pytest.raises(AssistantError, match="nothing was changed"):
            daemon.call("set", language="zh")
        daemon.wait("restarting")
        daemon.wait("ready")
        assert daemon.call("info")["language"] == "en"
        daemon.call("ask", text="Say hello.")
        assert daemon.wait("speaking_ended")["heard"]
        assert not (tmp_path / settings.FILE).exists()
        daemon.process.terminate()
        assert daemon.end()[0] == 0
