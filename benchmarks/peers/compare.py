"""How long people wait, beside Pipecat: the same recordings, recogniser, model and voice, by turns.

    python benchmarks/peers/compare.py --wavs DIR [--blocks 8] [--limit N] [--json]
    python benchmarks/peers/compare.py --cuts DIR [--json]

README.md beside this file says what is compared and why it is fair. The first run makes Pipecat's
virtual environment (0.7 GB) in .cache/benchmarks/pipecat, or in --work DIR; remove the folder to be
rid of it.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.audio.wav import read
from assistant.bench import latency
from assistant.commands.bench import published
from assistant.config import Config, load
from assistant.ears.vad import Vad
from assistant.errors import AssistantError
from assistant.mind.prompt import own_prompt
from assistant.models import Shelf

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REQUIREMENTS = HERE / "requirements.txt"
LOOP = HERE / "pipecat_loop.py"
WORK = ROOT / ".cache" / "benchmarks" / "pipecat"
WARM = ROOT / "assistant" / "data" / "question-en.wav"
LATE_S = 0.6
"""So long after a pause Pipecat may still take it for the end of a turn: the recogniser runs."""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
"""Taken down before the assistant changes its own."""

BEST: dict[str, Any] = {
    "vad": {"stop_secs": 0.2},  # what Smart Turn is made for, and the default
    "smart_turn": {"stop_secs": 1.0},  # an unfinished sentence is waited for 1 s and not 3 s
    "trailing_silence": 0.0,  # nothing is added to what the recogniser must read
    "moonshine": {"vad_threshold": "0"},  # the sound is cut already: not once more
    "out_chunks": 1,  # 10 ms are written at a time, not 40
}
"""Pipecat's parameters that its documentation or source names for low latency; each is an argument
of a Pipecat class, but for Moonshine's own `vad_threshold`."""

OURS, SAME, DEFAULT, BEST_NAME = "ours", "ours, same file", "pipecat, default", "pipecat, best"


def fail(text: str) -> NoReturn:
    sys.exit(f"compare: {text}")


# Pipecat's environment


def environment(work: Path) -> Path:
    """Return Pipecat's Python; make its virtual environment where it is not there."""
    wheel = llama_wheel()
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + wheel.name.encode()).hexdigest()
    stamp, python = work / "requirements.sha256", work / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    if work.exists() and not (work / "pyvenv.cfg").is_file() and any(work.iterdir()):
        fail(f"{work} holds other things; name an empty folder with --work.")
    print(f"making {work}, once ...", file=sys.stderr)
    shutil.rmtree(work, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", work], check=True)
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "-qq"]
    command = [*pip, "--requirement", REQUIREMENTS, wheel]
    if subprocess.run(command, stdout=sys.stderr).returncode:
        fail("pip could not install Pipecat; its own words stand above.")
    stamp.write_text(wanted)
    return python


def llama_wheel() -> Path:
    """Return llama.cpp as script/setup built it for this processor: both sides run the same."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "script" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    pins = bootstrap.pins((ROOT / "constraints.txt").read_text())
    requirement = next(text for name, text, _ in pins if name == bootstrap.BUILT)
    wheel: Path | None = bootstrap.cached(bootstrap.wheel_folder(requirement))
    return wheel or fail("llama.cpp's wheel is not in the cache; script/setup builds it.")


# The sides


class Peer:
    """Pipecat with one setting, started anew for each block."""

    def __init__(
        self, python: Path, config: Config, model: Path | None, best: bool, threads: int
    ) -> None:
        shelf = Shelf(config.models_dir)
        self._python = python
        self._job = {
            "warm": str(WARM),
            "setting": BEST if best else {},
            "moonshine": str(shelf.locate("moonshine-tiny-en", "asr", engine="moonshine")),
            "piper": str(shelf.locate("piper-en-joe", "tts", engine="piper")),
            "model": str(model or ""),
            "threads": threads,
            "system": own_prompt(config, config.language, "spoken"),
            "sampling": {
                key: getattr(config.llm, key)
                for key in ("temperature", "top_p", "top_k", "repeat_penalty", "max_tokens")
            },
        }
        self.about: dict[str, Any] = {}

    def run(self, wavs: Iterable[Path]) -> list[dict[str, Any]]:
        job = {**self._job, "wavs": [str(path.resolve()) for path in wavs]}
        done = subprocess.run(
            [self._python, LOOP, json.dumps(job)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=ENVIRONMENT,
        )
        if done.returncode:
            fail("Pipecat's side failed; its own words stand above.")
        *rows, self.about = [json.loads(line) for line in done.stdout.splitlines() if line]
        return rows


class Ours:
    """The assistant, as `assistant bench latency` runs it."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def run(self, wavs: Iterable[Path]) -> list[dict[str, Any]]:
        questions = [latency.Question(path.name, read(path)) for path in wavs]
        try:
            rows = latency.measure(self._config, questions)["each"]
        except AssistantError as error:
            return [failed(question.name, str(error)) for question in questions]
        for row in rows:
            if row["voice_to_voice_s"] is None and not row["cut"]:
                row["failure"] = "no answer to it" if row["heard"] else "not noticed as speech"
        return rows


def failed(name: str, why: str) -> dict[str, Any]:
    return {
        "wav": name,
        "heard": "",
        "reply": "",
        "voice_to_voice_s": None,
        "cut": False,
        "failure": why,
    }


def with_model(config: Config, model: Path | str) -> Config:
    llm = config.llm.model_copy(update={"model": str(model)})
    return config.model_copy(update={"llm": llm})


def fair(config: Config) -> Config:
    """Return the settings with the parts that both sides have."""
    asr = config.asr.model_copy(update={"engine": "moonshine", "model": "moonshine-tiny-en"})
    speech = config.speech.model_copy(update={"engine": "piper", "voice": "piper-en-joe"})
    return config.model_copy(update={"asr": asr, "speech": speech, "language": "en"})


# Latency


def compare(options: argparse.Namespace, config: Config) -> dict[str, Any]:
    shelf = Shelf(config.models_dir)
    model = shelf.locate(options.model or published(config), "llm")
    own = shelf.locate(config.llm.model, "llm")
    python = environment(options.work)
    sides: dict[str, Ours | Peer] = {OURS: Ours(config)}
    if own != model:
        sides[SAME] = Ours(with_model(config, model))
    sides[DEFAULT] = Peer(python, config, model, False, options.threads)
    sides[BEST_NAME] = Peer(python, config, model, True, options.threads)
    wavs = sorted(options.wavs.glob("*.wav"))[: options.limit]
    if not wavs:
        fail(f"{options.wavs}: no *.wav file in it; benchmarks/questions.py makes some.")
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for start in range(0, len(wavs), options.blocks):
        block = wavs[start : start + options.blocks]
        for name, side in sides.items():
            print(f"{start + 1}-{start + len(block)} of {len(wavs)}: {name}", file=sys.stderr)
            rows[name] += side.run(block)
    result = {name: summary(found) for name, found in rows.items()}
    for name in result:
        if (ours := result[OURS]["median_s"]) and (theirs := result[name]["median_s"]):
            result[name]["ratio"] = round(theirs / ours, 2)
        side = sides[name]
        if isinstance(side, Peer):
            result[name]["rss_mb"] = side.about["rss_mb"]
    best = sides[BEST_NAME]
    assert isinstance(best, Peer)
    return {
        "sides": result,
        "models": {OURS: own.name, "the others": model.name},
        "versions": versions(best.about),
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    known = sorted(row["voice_to_voice_s"] for row in rows if row["voice_to_voice_s"] is not None)
    cut = sum(row["cut"] for row in rows)
    return {
        "median_s": round(statistics.median(known), 3) if known else None,
        "p90_s": round(latency.percentile(known, 0.9), 3) if known else None,
        "turns": len(rows),
        "cut": cut,
        "failed": len(rows) - len(known) - cut,
        "each": rows,
    }


def versions(about: dict[str, Any]) -> dict[str, str]:
    return {
        "assistant": version("assistant"),
        "python": platform.python_version(),
        **about["versions"],
        "our onnxruntime": version("onnxruntime"),
    }


def print_latency(result: dict[str, Any]) -> None:
    print(f"{'':18}{'median':>8}{'p90':>8}{'ratio':>7}{'turns':>7}{'cut':>5}{'failed':>8}")
    for name, side in result["sides"].items():
        if side["median_s"] is None:
            figures = f"{'-':>8}{'-':>8}{'-':>7}"
        else:
            ratio = side.get("ratio", "-")
            figures = f"{side['median_s']:6.2f} s{side['p90_s']:6.2f} s{ratio:>7}"
        print(f"{name:18}{figures}{side['turns']:7}{side['cut']:5}{side['failed']:8}")
    for name, side in result["sides"].items():
        for row in side["each"]:
            if why := "cut in two" if row["cut"] else row.get("failure"):
                print(f"  {name}: {row['wav']}: {why} (heard: {row['heard'] or '-'})")
    print("; ".join(f"{side}: {name}" for side, name in result["models"].items()))
    print(", ".join(f"{name} {number}" for name, number in result["versions"].items()))


# Turns cut in two


def compare_cuts(options: argparse.Namespace, config: Config) -> dict[str, Any]:
    """Count on human speech with pauses how many turns end in one.

    Pipecat's are counted on its running pipeline, ours by benchmarks/cuts.py, with the settings in
    force. A pause of 1 s or more is nobody's mistake, for either.
    """
    sys.path.insert(0, str(HERE.parent))
    import cuts

    from assistant.daemon import rules
    from assistant.ears import engines as ears

    wavs = sorted(options.cuts.glob("*.wav"))[: options.limit]
    if not wavs:
        fail(f"{options.cuts}: no *.wav file in it; benchmarks/questions.py --pauses makes some.")
    python = environment(options.work)
    recogniser, judge = ears.make(config), cuts.Judge(config)
    decides, mine, silences = rules(config), [], {}
    for path in wavs:
        pcm = read(path)
        silences[path.name] = pauses(pcm, config)
        for pause in cuts.pauses(path.name, pcm, config, recogniser, judge):
            needed, length = cuts.decided(decides, pause), pause.length
            if length is not None and needed <= length < cuts.NEW_TURN_S:
                mine.append(pause.recording)
    del recogniser, judge
    sides: dict[str, Any] = {OURS: {"cuts": len(mine), "recordings_cut": len(set(mine))}}
    for name, best in ((DEFAULT, False), (BEST_NAME, True)):
        peer = Peer(python, config, None, best, options.threads)
        print(f"{len(wavs)} recordings: {name}", file=sys.stderr)
        rows = peer.run(wavs)
        for row in rows:
            ends = [at for at, text in row["turns"] if text][:-1]  # the last one is no cut
            row["cuts_s"] = [
                at for at in ends if pause_before(silences[row["wav"]], at) < cuts.NEW_TURN_S
            ]
        sides[name] = {
            "cuts": sum(len(row["cuts_s"]) for row in rows),
            "recordings_cut": sum(bool(row["cuts_s"]) for row in rows),
            "each": rows,
        }
    lengths = [length for found in silences.values() for _, length in found]
    return {
        "sides": sides,
        "recordings": len(wavs),
        "pauses": sum(0.2 <= length < cuts.NEW_TURN_S for length in lengths),
        "versions": versions(peer.about),
    }


def pauses(pcm: Pcm, config: Config) -> list[tuple[float, float]]:
    """Return begin and length in s of the pauses that our detector notices inside a recording."""
    vad = Vad(config.vad.threshold, config.vad.min_speech, config.vad.min_silence)
    found: list[tuple[float, float]] = []
    began: float | None = None
    for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        for edge in vad.feed(Frame(pcm[at : at + FRAME_SAMPLES], at / RATE)):
            if edge.kind == "end":
                began = edge.time
            elif began is not None:
                found.append((began, edge.time - began))
    return found


def pause_before(found: list[tuple[float, float]], at: float) -> float:
    """Return the length of the pause that a turn ended in at `at` s; 0: there was none."""
    lengths = [length for began, length in found if began < at < began + length + LATE_S]
    return max(lengths, default=0.0)


def print_cuts(result: dict[str, Any]) -> None:
    print(
        f"{result['recordings']} recordings of people with {result['pauses']} pauses of .2 to 1 s"
    )
    for name, side in result["sides"].items():
        print(f"{name:18}{side['cuts']:4} cuts, in {side['recordings_cut']} recordings")
    print(", ".join(f"{name} {number}" for name, number in result["versions"].items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--wavs", type=Path, metavar="DIR", help="spoken questions")
    what.add_argument("--cuts", type=Path, metavar="DIR", help="human speech with pauses")
    parser.add_argument("--blocks", type=int, default=8, help="questions between changes (8)")
    parser.add_argument("--limit", type=int, help="only the first N recordings")
    parser.add_argument(
        "--model",
        default="",
        help="Pipecat's language model, a name or a path; without it, the published one that ours "
        "was made from",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=len(os.sched_getaffinity(0)),
        help="threads of Pipecat's language model; without it, one for each core",
    )
    parser.add_argument("--work", type=Path, default=WORK, help="folder of Pipecat's environment")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        config = fair(load())
        result = (compare if options.wavs else compare_cuts)(options, config)
    except AssistantError as error:
        print(f"compare: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    if options.json:
        print(json.dumps(result))
    else:
        (print_latency if options.wavs else print_cuts)(result)


if __name__ == "__main__":
    main()
