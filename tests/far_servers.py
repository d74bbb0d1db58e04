"""Real Wyoming servers, all with this project's models: wyoming-faster-whisper, wyoming-piper, and
another assistant.
"""

import json
import os
import socket
import subprocess
import sys
import time

from shell import Child

from assistant.config import Config

MODELS = Config().models_dir
PATIENCE_S = 60.0


class Server:
    """One process that serves `uri`; a context manager."""

    def __init__(self, module, *arguments):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        self.uri = f"tcp://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", module, "--uri", self.uri, *map(str, arguments)]
        self._process = None

    def __exit__(self, *_):
        self.stop()

    def __enter__(self):
        environ = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2"}
        self._process = subprocess.Popen(
            self._command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        ends = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError(self._process.stderr.read().decode()) from None
                assert time.monotonic() < ends, "the server does not come up"
                time.sleep(0.05)

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stderr.close()


def whisper(folder):
    return Server(
        "wyoming_faster_whisper",
        *("--model", MODELS / "whisper-base", "--data-dir", folder, "--language", "en"),
        *("--stt-library", "faster-whisper", "--local-files-only", "--beam-size", 1),
        *("--compute-type", "int8", "--cpu-threads", 2),
    )


def piper(folder):
    voices = MODELS / "piper-en-joe"
    return Server(
        "wyoming_piper",
        *("--voice", "en_US-joe-medium", "--data-dir", voices, "--download-dir", folder),
    )


class Assistant(Child):
    """Another assistant, without devices, that lets others use what it has."""

    def __init__(self, folder):
        settings = {
            "audio.backend": "none",
            "speech.engine": "espeak",
            "llm.temperature": 0,
            "llm.max_tokens": 16,
            "wyoming.enabled": "true",
            "wyoming.port": 0,
            "paths.socket": folder / "s",
        }
        super().__init__(*(f"--set={k}={v}" for k, v in settings.items()), "run", "--json")
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "wyoming":
                self.uri = f"tcp://127.0.0.1:{event['port']}"
                return
        raise RuntimeError("it ended")
