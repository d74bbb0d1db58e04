"""What all tests share: settings of one's own, and sentences spoken by a real voice."""

import io
import os
import subprocess
import sys
import wave
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soxr
from hypothesis import settings

from assistant import cli
from assistant.config import Config

os.environ.setdefault("ASSISTANT_CONFIG", os.devnull)  # not the settings of who runs the tests
os.environ["LANGUAGE"] = "C"  # whatever the terminal speaks
settings.register_profile("here", deadline=None)  # no test is a stopwatch: machines are shared
settings.load_profile("here")


def pytest_collection_modifyitems(items):
    """Begin with the files that take long, or a worker would wait for another one at the end."""
    marked = {
        name: {item.path for item in items if item.get_closest_marker(name)}
        for name in ("e2e", "slow")
    }
    items.sort(key=lambda item: [item.path not in marked[name] for name in ("e2e", "slow")])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file is for one worker, and all that happens in real time is for the same one.

    Two assistants that are spoken to at once, on two cores, would wait for each other.
    """
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "e2e" if real_time(config.rootpath / file) else file

    return Scheduling(config, log)


@cache
def real_time(file):
    return "mark.e2e" in file.read_text()


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory):
    """What was chosen and kept on this machine is for who uses it, not for the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATE_DIRECTORY", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def inside(monkeypatch, capfd):
    """Return a function that runs a command in this process, as `assistant` does in another.

    It takes and gives what `shell.assistant` does, in a hundredth of the time. `env` stays for
    the rest of the test.
    """

    def run(*arguments, stdin="", env=None):
        for name, value in (env or {}).items():
            monkeypatch.setenv(name, value)
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        monkeypatch.setattr(sys, "argv", ["assistant", *map(str, arguments)])
        capfd.readouterr()
        code = cli._flush(cli._run())
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, code, out.encode(), err.encode())

    return run


@pytest.fixture(scope="session")
def voice():
    from piper import PiperVoice

    return PiperVoice.load(Config().models_dir / "piper-en-joe" / "en_US-joe-medium.onnx")


@pytest.fixture(scope="session")
def spoken(voice, tmp_path_factory):
    """Return a function that writes a sentence, spoken by Piper, to a 16 kHz WAV file."""
    folder = tmp_path_factory.mktemp("spoken")

    def speak(text: str) -> Path:
        path = folder / ("".join(c for c in text if c.isalnum())[:60] + ".wav")
        if not path.exists():
            pcm = np.concatenate(
                [np.frombuffer(c.audio_int16_bytes, np.int16) for c in voice.synthesize(text)]
            )
            scaled = soxr.resample(pcm.astype(np.float32), voice.config.sample_rate, 16000)
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(16000)
                file.writeframes(np.clip(scaled, -32768, 32767).astype(np.int16).tobytes())
        return path

    return speak
