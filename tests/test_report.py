"""`assistant report`: secrets are planted wherever one can be, and looked for in the bundle."""

import asyncio
import io
import json
import logging
import socket
import sys
import zipfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from shell import assistant, is_one_sentence

from assistant import logs, support
from assistant.commands import run
from assistant.config import Config, dump, keys, parse
from assistant.health.finding import Finding
from assistant.models import catalogue

SECRET = "Zwetschgendatschi"
NOT_SET = {"persona", "paths.socket", "paths.models", "paths.cache", "paths.personas"}
"""Texts that must be a path or a name that there is; the paths are secret all the same."""


def written_everywhere(folder):
    """The text of a configuration in which every free text holds the secret."""
    data = {"paths": {"socket": str(folder / "s"), "cache": str(folder / SECRET)}}
    for key, field in keys():
        table, _, name = key.rpartition(".")
        if isinstance(field, type) or key in NOT_SET:
            continue
        if field.annotation in (str, str | int):
            data.setdefault(table, {})[name] = f"{SECRET}-{name}"
        elif field.annotation == list[str]:
            data.setdefault(table, {})[name] = [f"{SECRET} {name}"]
    data["audio"]["backend"] = "none"
    return dump(parse(data, "test"))


def bundle(path):
    """The parts of a bundle."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as packed:
        return {
            name.removesuffix(".json"): packed.read(name).decode() for name in packed.namelist()
        }


def reported(folder, prepare):
    """Make a bundle beside a running assistant, with secrets in all its rooms."""
    config = folder / "config.toml"
    config.write_text(written_everywhere(folder))
    own = {"speech": {"engine": "espeak"}, "audio": {"backend": "none"}}

    async def main():
        settings = parse({**own, "paths": {"socket": str(folder / "s")}}, "test")
        foreground = run.Foreground(settings, as_json=True)
        foreground._daemon.ready.set()
        foreground._daemon._rooms.thinker._model = Named()
        prepare(foreground)
        await foreground._control.start()
        try:
            return await asyncio.to_thread(
                assistant,
                "--config",
                config,
                "report",
                folder / "report.zip",
                env={"STATE_DIRECTORY": str(folder / "state"), "HOME": str(folder), "USER": SECRET},
            )
        finally:
            await foreground._control.stop()
            await foreground._daemon.stop()

    return asyncio.run(main())


class Named:
    """In the model's place: only its name is asked for, which is a secret, too."""

    name = SECRET

    def close(self):
        pass


def plant(foreground):
    """Secrets of a conversation, of the log and of a crash."""
    trace = foreground._daemon.trace
    trace.mark(7, "speech_end", 10.0)
    trace.mark(7, "heard", 10.1, text=f"my name is {SECRET}")
    trace.mark(7, "judged", 10.2, text=SECRET, complete=0.9)
    trace.mark(7, "dropped", 10.3, why=SECRET)
    trace.mark(7, "first_sample", 10.4, take=1)
    trace.keep(7, 1)
    log = logging.getLogger("assistant.test")
    log.addHandler(logs.recent)
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("%s cannot be read", SECRET)
    log.removeHandler(logs.recent)
    crash = f'Fatal Python error: {SECRET}\n  File "/home/{SECRET}/llama.py", line 9 in reply\n'
    Path(foreground._base.socket_path).with_suffix(".crash").write_text(crash)


def test_no_secret_is_in_the_bundle_and_what_helps_is(tmp_path, monkeypatch):
    folder = tmp_path / SECRET
    monkeypatch.setenv("STATE_DIRECTORY", str(folder / "state"))
    for name in ("settings.json", "history.db", "web-token", "store.db"):
        (folder / "state").mkdir(parents=True, exist_ok=True)
        (folder / "state" / name).write_text(f'{{"voice": "{SECRET}"}}')
    done = reported(folder, plant)
    assert done.returncode == 0, done.stderr
    path = folder / "report.zip"
    assert path.stat().st_mode & 0o777 == 0o600
    parts = bundle(path)
    whole = "".join(parts.values())
    for private in (SECRET, SECRET.lower(), str(tmp_path), socket.gethostname(), "my name"):
        assert private not in whole, private

    read = {name: json.loads(text) for name, text in parts.items()}
    assert read["about"]["python"] == sys.version.split()[0]
    assert read["about"]["packages"]["numpy"]
    assert read["settings"]["remote.endpoint"] == "(set)"
    assert read["settings"]["turn.stop_words"] == "(1 of them)"
    assert read["settings"]["audio.backend"] == "none"
    assert read["settings"]["turn.grace"] == Config().turn.grace
    assert any(each["name"] == "clock" and each["text"] for each in read["doctor"])
    assert read["state"]["phase"] == "asleep"
    assert read["figures"]["turns"] == {"answered": 0, "said": 0, "stopped": 0}
    (turn,) = read["turns"]
    assert turn["voice_to_voice_s"] == 0.4
    assert {"stage": "judged", "at_s": 0.2, "complete": 0.9} in turn["marks"]
    (message,) = [each for each in read["log"] if each["logger"] == "assistant.test"]
    assert (message["level"], message["error"]) == ("ERROR", "ValueError")
    assert message["place"].startswith("test_report.py:")
    assert read["crash"] == ["llama.py:9 reply"]


def test_without_a_running_assistant_the_rest_is_there_and_nothing_is_written_over(tmp_path):
    options = ["--set=audio.backend=none", f"--set=paths.socket={tmp_path}/s", "report"]
    done = assistant(*options, tmp_path / "report.zip")
    assert done.returncode == 0, done.stderr
    before = bundle(tmp_path / "report.zip")
    assert json.loads(before["turns"]) is None
    assert json.loads(before["doctor"])
    again = assistant(*options, tmp_path / "report.zip")
    assert "is there already" in is_one_sentence(again)
    assert bundle(tmp_path / "report.zip") == before
    nowhere = assistant(*options, tmp_path / "no" / "report.zip")
    assert "cannot be written" in nowhere.stderr.decode()
    assert nowhere.returncode == 2


FREE = {
    key: field
    for key, field in keys()
    if not isinstance(field, type)
    and field.annotation in (str, str | int, list[str])
    and "." in key
}


@given(st.text(min_size=1, max_size=20), st.sampled_from(sorted(FREE)))
def test_of_no_setting_a_text_of_ones_own_is_told(text, key):
    field = FREE[key]
    table, _, name = key.rpartition(".")
    config = parse({table: {name: [text] if field.annotation == list[str] else text}}, "test")
    assert support.settings(config)[key] in ("(set)", "(1 of them)")


def test_what_everybody_can_have_is_told():
    name = catalogue()[0].name
    config = parse({"llm": {"model": name}, "remote": {"redact": ["names"]}}, "test")
    told = support.settings(config, [name])
    assert told == {"llm.model": name, "remote.redact": ["names"]}


@given(
    st.text(max_size=20), st.booleans(), st.sampled_from(["microphone", "disk", "voice's speed"])
)
def test_words_of_findings_that_can_name_something_are_left_out(text, ok, name):
    (told,) = support.findings([Finding(name, ok, text)])
    assert ("text" in told) is (name == "voice's speed" and ok)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abcd"), json_values))
def test_only_numbers_are_taken_out_of_an_answer(answer):
    assert SECRET not in json.dumps(support.numbers(answer))


def test_every_message_of_the_log_is_remembered_up_to_a_number():
    recent = logs.Recent(most=3)
    for number in range(5):
        recent.handle(logging.LogRecord("a", 20, "/x/y.py", number, SECRET, None, None, "act"))
    assert [each["place"] for each in recent.told()] == [f"y.py:{n} act" for n in (2, 3, 4)]
    assert SECRET not in json.dumps(recent.told())
