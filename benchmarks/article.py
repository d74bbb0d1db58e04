"""The quicksort question of the article that this project set out from: its own loop, and ours.

The article answers with Qwen, Hugging Face transformers and a token loop of its own that keeps no
KV cache: each step feeds everything that was said so far to the model, takes the logits of the last
position, lowers those of the tokens that were there already (repetition penalty 1.2) and picks the
next token, 50 times. The question is to write a quicksort in Python.

Compared are that loop, written anew (benchmarks/article/loop.py), and `assistant.mind`, in one run
and by turns. Both have the same GGUF file, prompt, number of tokens and penalty, both take the
likeliest token, both are loaded and have worked before; ours has read the system prompt, as it does
at its start, and nothing of the question. Theirs runs on float32, which is what transformers makes
of a GGUF file, and is spared the gradients. Seconds are those of a whole answer (median); to the
first token they are, for ours, those to the first piece of text; memory is the most that the
process holds while it answers, loading apart.

    python benchmarks/article.py [--rounds N] [--ours N] [--model NAME] [--json]

The first run makes a virtual environment with torch and transformers (1.2 GB) in
.cache/benchmarks/article; remove the folder to be rid of it.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from assistant.config import parse
from assistant.errors import AssistantError
from assistant.mind import engines, prompt
from assistant.mind.history import History
from assistant.mind.model import LanguageModel
from assistant.models import Shelf

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "benchmarks" / "article" / "requirements.txt"
LOOP = ROOT / "benchmarks" / "article" / "loop.py"
VENV = ROOT / ".cache" / "benchmarks" / "article"
SYSTEM = "You are a helpful assistant."
QUESTION = "用Python写一个快速排序"
TOKENS = 50
PENALTY = 1.2


def fail(text: str) -> NoReturn:
    sys.exit(f"article: {text}")


def environment() -> Path:
    """Return the Python of the slow side; make its virtual environment where it is not there."""
    stamp = VENV / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    python = VENV / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    print(f"making {VENV.relative_to(ROOT)}, once ...", file=sys.stderr)
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "-qq"]
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        install([*pip, "--dry-run", "--report", report.name])
        refuse_cuda(json.load(report)["install"])
    install(pip)
    stamp.write_text(wanted)
    return python


def install(pip: list[Any]) -> None:
    if subprocess.run([*pip, "--requirement", REQUIREMENTS], stdout=sys.stderr).returncode:
        fail("pip could not install the packages; its own words stand above.")


def refuse_cuda(packages: list[dict[str, Any]]) -> None:
    names = [entry["metadata"]["name"].lower() for entry in packages]
    if cuda := [name for name in names if name.startswith(("nvidia-", "cuda-", "triton"))]:
        fail(
            f"pip would take a build of torch for CUDA ({', '.join(sorted(cuda)[:3])}, ...): show "
            "it the CPU builds that PyTorch publishes, by PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS."
        )


class Theirs:
    """The article's loop in a process of its own."""

    def __init__(self, python: Path, model: Path) -> None:
        job = {
            "model": str(model),
            "system": SYSTEM,
            "question": QUESTION,
            "tokens": TOKENS,
            "penalty": PENALTY,
        }
        self._process = subprocess.Popen(
            [python, LOOP, json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.about = self._line()
        forget_peak(self._process.pid)

    def answer(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return {**self._line(), "rss_mb": peak_rss_mb(self._process.pid)}

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            row: dict[str, Any] = json.loads(line)
            return row
        fail("the loop on transformers ended; its own words stand above.")


class Ours:
    """The assistant's language model, in this process."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._history = History(0, model.count)
        self.answer()  # warm, as theirs is
        forget_peak(os.getpid())

    def answer(self) -> dict[str, Any]:
        self._model.warm(prompt.messages(SYSTEM, self._history, ""))  # forgets the last answer
        asked = prompt.messages(SYSTEM, self._history, QUESTION)
        pieces: list[str] = []
        first = 0.0
        began = time.perf_counter()
        for piece in self._model.reply(asked, lambda: False):
            first = first or time.perf_counter() - began
            pieces.append(piece)
        seconds = time.perf_counter() - began
        usage = self._model.usage
        return {
            "seconds": seconds,
            "first_token_s": first,
            "prompt_tokens": usage.prompt_tokens,
            "cached_tokens": usage.cached_tokens,
            "tokens": usage.reply_tokens,
            "text": "".join(pieces),
            "rss_mb": peak_rss_mb(os.getpid()),
        }


def forget_peak(process: int) -> None:
    """Let `peak_rss_mb` count from here: loading held weights twice (proc(5), clear_refs)."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def peak_rss_mb(process: int) -> float:
    """Return the most memory that a process held at once, in MB (10^6 bytes)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else float("nan")


@contextmanager
def both(name: str) -> Iterator[tuple[Theirs, Ours, str]]:
    """Load both sides with the same file; also yield a line about them."""
    llm = {"model": name, "temperature": 0.0, "repeat_penalty": PENALTY, "max_tokens": TOKENS}
    config = parse({"llm": llm}, "command line")
    path = Shelf(config.models_dir).locate(name, "llm")
    python = environment()
    model = engines.make(config)
    try:
        ours = Ours(model)
        print("loading the weights into transformers ...", file=sys.stderr)
        theirs = Theirs(python, path)
        try:
            about = f"{path.name}; torch {theirs.about['torch']}, {theirs.about['threads']} threads"
            yield theirs, ours, about
        finally:
            theirs.close()
    finally:
        model.close()


def check(theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> None:
    """Make sure that both did the same work."""
    for key in ("prompt_tokens", "tokens"):
        if len({row[key] for row in [*theirs, *ours]}) != 1:
            fail(f"`{key}` differ: {[row[key] for row in theirs]}, {[row[key] for row in ours]}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1, help="answers of the article's loop (1)")
    parser.add_argument("--ours", type=int, default=5, help="answers of ours after each (5)")
    parser.add_argument("--model", default="", help="a name of the catalogue, or a path")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    theirs: list[dict[str, Any]] = []
    ours: list[dict[str, Any]] = []
    try:
        with both(options.model) as (slow, fast, about):
            for _ in range(options.rounds):
                theirs.append(slow.answer())
                ours += [fast.answer() for _ in range(options.ours)]
    except AssistantError as error:
        print(f"article: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    check(theirs, ours)

    def middle(rows: list[dict[str, Any]], key: str) -> float:
        return float(statistics.median(row[key] for row in rows))

    theirs_s, ours_s = middle(theirs, "seconds"), middle(ours, "seconds")
    if options.json:
        result = {
            "theirs_s": round(theirs_s, 3),
            "ours_s": round(ours_s, 3),
            "ratio": round(theirs_s / ours_s, 2),
            "ours_ttft_s": round(middle(ours, "first_token_s"), 3),
            "theirs_rss_mb": round(max(row["rss_mb"] for row in theirs)),
            "ours_rss_mb": round(max(row["rss_mb"] for row in ours)),
            "tokens": ours[0]["tokens"],
        }
        print(json.dumps(result))
        return
    asked, known = ours[-1]["prompt_tokens"], ours[-1]["cached_tokens"]
    print(f"{about}; {asked} tokens asked ({known} known to ours), {ours[-1]['tokens']} answered")
    print(f"{'':22}{'seconds':>9}{'first token':>13}{'memory':>10}{'answers':>9}")
    for name, rows in (("the article's loop", theirs), ("the assistant", ours)):
        print(
            f"{name:22}{middle(rows, 'seconds'):7.2f} s{middle(rows, 'first_token_s'):11.2f} s"
            f"{max(row['rss_mb'] for row in rows):7.0f} MB{len(rows):9}"
        )
    print(f"{theirs_s / ours_s:.1f} times as fast")


if __name__ == "__main__":
    main()
