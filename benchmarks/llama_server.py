"""llama.cpp's own HTTP server, without building it: what `llama-server` runs, for tests and trials.

    python benchmarks/llama_server.py [MODEL] [--port 8080] [--slots 4]

The package xllamacpp carries llama.cpp's `tools/server` compiled for any processor of x86_64 or
aarch64; only `main` is missing. It runs in a process of its own, because its ggml is another one
than llama-cpp-python's. MODEL is a name from `assistant models list` or a path, and by default the
best one installed. The first line on standard output is the address; SIGINT or SIGTERM ends it.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from assistant.config import Llm, load
from assistant.mind.llama import SPIN
from assistant.models import Shelf

CONTEXT = 2048
"""Tokens for each slot, as `llm.context`."""
START_S = 60.0
METRIC = re.compile(r"^llamacpp:(\w+) ([\d.e+-]+)$", re.M)


class LlamaServer:
    """A running server, a context manager; it ends with the thread that made it at the latest."""

    def __init__(
        self, model: Path, *, slots: int = 4, temperature: float = 0.7, threads: int = 0
    ) -> None:
        """Start it on a free port and wait until the model is loaded; 0 threads: its own choice."""
        options = {"port": 0, "slots": slots, "temperature": temperature, "threads": threads}
        command = ["setpriv", "--pdeathsig", "KILL", sys.executable, __file__, str(model)]
        command += [f"--{name}={value}" for name, value in options.items()]
        # Not a pipe: nobody reads it, and it would fill up.
        self._words = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
        )
        assert self.process.stdout is not None
        self._address = self.process.stdout.readline().strip()
        if not self._address:
            self.process.wait()
            self._words.seek(0)
            raise RuntimeError(self._words.read() or "the server ended at once")
        self.url = f"{self._address}/v1"

    def __enter__(self) -> "LlamaServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self.process.kill()
        self.process.communicate()

    def metrics(self) -> dict[str, float]:
        """Return its counters, such as `prompt_tokens_total`: tokens that had to be read."""
        with urllib.request.urlopen(f"{self._address}/metrics", timeout=START_S) as page:
            return {name: float(value) for name, value in METRIC.findall(page.read().decode())}

    def until(self, true: Callable[[dict[str, float]], bool]) -> None:
        """Wait until its counters are as they should be."""
        ends = time.monotonic() + START_S
        while not true(self.metrics()):
            assert time.monotonic() < ends, self.metrics()
            time.sleep(0.02)


def serve(model: Path, host: str, port: int, slots: int, temperature: float, threads: int) -> None:
    """Run the server in this process until it is told to end."""
    # As in the daemon: teams of threads that spin are slow where others want the processor too.
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.hostnames, params.port = [host], port
    params.n_parallel, params.n_ctx = slots, slots * CONTEXT
    own = Llm()  # what a request does not say is as on the devices, so that answers are as long
    params.sampling.temp = temperature
    params.sampling.top_p, params.sampling.top_k = own.top_p, own.top_k
    params.sampling.penalty_repeat = own.repeat_penalty
    params.endpoint_metrics = True
    if threads:
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before its threads begin: they inherit it
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    signal.sigwait(ends)


def main() -> None:
    parser = argparse.ArgumentParser(description="llama.cpp's own HTTP server, without building it")
    parser.add_argument("model", nargs="?", default="")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--slots", type=int, default=4, help="answers at the same time")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    serve(find(given.model), given.host, given.port, given.slots, given.temperature, given.threads)


def find(model: str) -> Path:
    """Return the file of a language model: by its name, its path, or the best one."""
    config = load()
    return Shelf(config.models_dir).locate(model or config.llm.model, "llm")


if __name__ == "__main__":
    main()
