"""Settings that change while it runs: which can, and that nothing else is lost."""

import asyncio
import logging
import re
import signal
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import assistant, is_one_sentence, until
from test_run_command import Json

from assistant.commands import run
from assistant.config import Config, keys, parse
from assistant.daemon import rules
from assistant.errors import AssistantError, BadInput
from assistant.serve import settings as changes
from assistant.serve.control import call
from assistant.serve.reloading import LIVE, adopted, plan

PAGE = (Path(__file__).parent.parent.parent / "docs" / "control.md").read_text(encoding="utf-8")
FIELDS = {key: field for key, field in keys() if not isinstance(field, type)}
OUTSIDE_RULES = {"wake.key", "speech.volume", "log.level", "log.transcripts"}


def other(key):
    """A value that is allowed for a key and is not its default."""
    before = FIELDS[key].default
    if isinstance(before, bool):
        return not before
    choices = get_args(FIELDS[key].annotation)
    if isinstance(before, list):
        return [*before, "enough"] if choices == (str,) else []
    if isinstance(before, str):
        return (
            next((each for each in choices if each not in (before, str, int)), "x")
            if choices
            else "x"
        )
    ends = [
        getattr(m, end) for m in FIELDS[key].metadata for end in ("ge", "le") if hasattr(m, end)
    ]
    return next(type(before)(end) for end in ends if end != before)


def written(*names, **more):
    """Settings in which the owner has written other values for these keys."""
    data = {}
    for name in names:
        table, _, key = name.partition(".")
        data.setdefault(table, {})[key] = other(name)
    return parse(data | more, "test")


def value(config, key):
    table, _, name = key.partition(".")
    return getattr(getattr(config, table), name)


@pytest.mark.parametrize("key", LIVE)
def test_whoever_decides_goes_by_each_live_key(key):
    after = written(key)
    found = plan(Config(), after)
    assert (found.live, found.restart) == ((key,), ())
    taken = adopted(Config(), after, found.live)
    assert value(taken, key) == other(key)
    assert (rules(taken) != rules(Config())) is (key not in OUTSIDE_RULES)


@given(
    st.sets(
        st.sampled_from([key for key in FIELDS if "." in key and other(key) != FIELDS[key].default])
    )
)
def test_live_keys_are_taken_and_the_others_stay(names):
    after = written(*names)
    found = plan(Config(), after)
    assert set(found.live) | set(found.restart) == names
    taken = adopted(Config(), after, found.live)
    assert plan(taken, after).live == ()
    assert plan(Config(), taken).restart == ()
    # and what is chosen on the page is laid over it as over a file
    assert plan(taken, changes.over(taken, {})).live == ()


def test_what_is_no_longer_written_is_a_default_again():
    taken = adopted(written("turn.grace"), Config(), ["turn.grace"])
    assert taken.turn.grace == Config().turn.grace
    assert "grace" not in taken.turn.model_fields_set


def test_the_page_lists_the_live_keys():
    told = PAGE.partition("## Changing the configuration")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+\.\w+)`", told)) >= set(LIVE)
    assert "`web.*`" in told


# --- a running assistant -----------------------------------------------------------------------

OWN = {"speech": {"engine": "espeak"}, "audio": {"backend": "none"}}


def reloaded(tmp_path, monkeypatch, after, talk):
    """Return ``talk(foreground, path)`` in a thread, for settings that are `after` by now."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    path = tmp_path / "s"
    own = OWN | {"paths": {"socket": str(path)}}

    def reread():
        return parse(own | after, "config.toml")

    async def main():
        foreground = run.Foreground(parse(own, "config.toml"), as_json=True, reread=reread)
        foreground._daemon.ready.set()
        await foreground._control.start()
        try:
            return await asyncio.to_thread(talk, foreground, path)
        finally:
            await foreground._control.stop()
            await foreground._daemon.stop()

    return asyncio.run(main())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reload_keeps_the_conversation_and_says_what_needs_a_new_start(tmp_path, monkeypatch):
    after = {"turn": {"grace": 0.5}, "llm": {"context": 1024}, "log": {"level": "error"}}
    before = logging.getLogger().level

    def talk(foreground, path):
        daemon = foreground._daemon
        told = [call(path, {"command": "reload"}) for _ in range(2)]
        assert foreground._daemon is daemon  # the same one, with all that it remembers
        assert daemon.config.llm.context == 2048
        return told, daemon._rules.grace, call(path, {"command": "log_level"})["level"]

    try:
        (first, second), grace, level = reloaded(tmp_path, monkeypatch, after, talk)
    finally:
        logging.getLogger().setLevel(before)
    assert (first["live"], first["restart"]) == (["turn.grace", "log.level"], ["llm.context"])
    assert (second["live"], second["restart"]) == ([], ["llm.context"])
    assert (grace, level) == (0.5, "error")


class Page:
    """In place of the web page's process: what was done to it, and with which settings."""

    def __init__(self, told, port):
        self.told, self.port = told, port

    def start(self):
        self.told.append(("start", self.port))

    async def stop(self):
        self.told.append(("stop", self.port))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("web", "told"),
    [
        ({"enabled": True, "port": 8800}, [("stop", 8080), ("start", 8800)]),
        ({"port": 8800}, [("stop", 8080)]),  # it is off
        ({}, []),
    ],
)
def test_a_change_for_the_page_starts_its_process_anew_and_nothing_else(
    tmp_path, monkeypatch, web, told
):
    done = []
    make = lambda foreground: Page(done, foreground._base.web.port)  # noqa: E731
    monkeypatch.setattr(run.Foreground, "_make_web", make)

    def talk(foreground, path):
        daemon = foreground._daemon
        call(path, {"command": "reload"})
        assert foreground._daemon is daemon

    reloaded(tmp_path, monkeypatch, {"web": web, "turn": {"grace": 0.5}}, talk)
    assert done == told


def test_a_file_with_a_mistake_changes_nothing(tmp_path, monkeypatch):
    def talk(foreground, path):
        with pytest.raises(BadInput, match=r"config\.toml: `turn\.grace` is -1"):
            call(path, {"command": "reload"})
        return foreground._daemon._rules == rules(foreground._config)

    after = {"turn": {"grace": -1, "min_silence": 0.4}}
    assert reloaded(tmp_path, monkeypatch, after, talk)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_command_says_what_was_done(tmp_path, monkeypatch):
    def talk(_foreground, path):
        options = f"--set=paths.socket={path}"
        return [assistant(options, "reload", *more).stdout.decode() for more in ([], ["--json"])]

    after = {"turn": {"grace": 0.5}, "llm": {"context": 1024}}
    plain, as_json = reloaded(tmp_path, monkeypatch, after, talk)
    assert plain.splitlines()[0] == "holds now: turn.grace"
    assert plain.splitlines()[1].startswith("holds only after a new start: llm.context; ")
    assert as_json == '{"live": [], "restart": ["llm.context"]}\n'


def test_the_level_of_the_log_is_told_set_and_refused(tmp_path, monkeypatch):
    before = logging.getLogger().level

    def talk(_foreground, path):
        options = f"--set=paths.socket={path}"
        set_ = assistant(options, "log-level", "debug")
        said = assistant(options, "log-level")
        with pytest.raises(BadInput, match="allowed: debug, info"):
            call(path, {"command": "log_level", "level": "loud"})
        return set_, said

    try:
        set_, said = reloaded(tmp_path, monkeypatch, {}, talk)
    finally:
        logging.getLogger().setLevel(before)
    assert (set_.returncode, set_.stdout) == (0, b"")
    assert said.stdout == b"debug\n"


@pytest.mark.parametrize("command", ["reload", "log-level"])
def test_without_a_running_assistant_each_says_how_to_start_one(tmp_path, command):
    run_ = assistant(f"--set=paths.socket={tmp_path}/s", command)
    assert "`assistant run`" in is_one_sentence(run_, 1)


@pytest.mark.engine
@pytest.mark.slow
def test_a_signal_reloads_the_file_that_was_named(tmp_path):
    file, path = tmp_path / "config.toml", tmp_path / "s"
    file.write_text('[log]\nlevel = "warning"\n')
    options = ["--config", file, "--set=audio.backend=none", f"--set=paths.socket={path}"]
    with Json(*options, env={"STATE_DIRECTORY": str(tmp_path)}) as daemon:
        daemon.wait("ready")
        file.write_text('[log]\nlevel = "info"\n[turn]\ngrace = 0.5\n[llm]\nseed = 3\n')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait("reloaded", live=["turn.grace", "log.level"], restart=["llm.seed"])
        assert call(path, {"command": "log_level"})["level"] == "info"
        file.write_text("[turn\n")
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: b"stay as they were" in b"".join(daemon.errors), "the refusal in the log")
        with pytest.raises(AssistantError, match="not valid TOML"):
            call(path, {"command": "reload"})
        assert call(path, {"command": "state"})["phase"] == "asleep"
