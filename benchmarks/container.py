"""Builds the container's image and tries it, as docs/container.md says; takes half an hour.

    sudo .venv/bin/python benchmarks/container.py [--debootstrap] [--built]

Needs podman. `--debootstrap` makes the base image from Debian's archive, for machines that reach
no registry of images (needs debootstrap); `--built` takes the image that is there. The models are
those of the checkout. Prints one line for everything that was tried, and fails at the first that
is not so.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from soundcard import SoundCard  # noqa: E402  the tests' own virtual card

IMAGE = "localhost/assistant"
BASE = "docker.io/library/debian:bookworm-slim"
NAME = "assistant-tried"
QUESTION = Path(str(resources.files("assistant"))) / "data" / "question-en.wav"
SEALED = [
    *("--init", "--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp"),
    *("--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none", "--memory=1500m"),
    f"--volume={ROOT / 'models'}:/models:ro",
]
PATIENCE_S = 120.0


def podman(*arguments, check=True, **more):
    command = ["podman", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if check and done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def make_base():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        base = Path(folder) / "root"
        subprocess.run(
            ["debootstrap", "--variant=minbase", "bookworm", str(base)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        own = Path("/usr/local/share/ca-certificates")  # of a proxy that this machine is behind
        if own.is_dir():
            shutil.copytree(own, base / own.relative_to("/"), dirs_exist_ok=True)
        with tempfile.NamedTemporaryFile(dir="/var/tmp", suffix=".tar") as packed:
            out = ["--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*"]
            subprocess.run(["tar", "-C", base, *out, "-cf", packed.name, "."], check=True)
            podman("import", "--change=CMD bash", packed.name, BASE)


def build():
    settings = Path("/etc/pip.conf")
    secret = [f"--secret=id=pip.conf,src={settings}"] if settings.exists() else []
    started = time.monotonic()
    command = ["podman", "build", "--format=docker", "--network=host", *secret, "--tag", IMAGE]
    subprocess.run([*command, "."], cwd=ROOT, check=True)
    return time.monotonic() - started


def tell(what, found, right):
    print(f"{'ok  ' if right else 'NOT '} {what}: {found}", flush=True)
    if not right:
        sys.exit(1)


@contextlib.contextmanager
def running(*options, arguments):
    """Run the daemon; it is removed in any case."""
    podman("rm", "--force", NAME, check=False)
    podman("run", "--detach", "--name", NAME, *SEALED, *options, IMAGE, *arguments)
    try:
        yield
    finally:
        podman("rm", "--force", "--time=1", NAME, check=False)


def daemon():
    """Return its process on the host: the only child of the container's init."""
    init = podman("inspect", "--format={{.State.Pid}}", NAME).stdout.strip()
    return int(Path(f"/proc/{init}/task/{init}/children").read_text())


def health():
    return podman("healthcheck", "run", NAME, check=False).returncode


def within(true, seconds=PATIENCE_S):
    """Return how many s it took until it was true."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            print(podman("logs", NAME, check=False), file=sys.stderr)
            sys.exit("not within its time")
        time.sleep(0.2)
    return time.monotonic() - began


def try_once():
    def run(*command, entry=None):
        start = [f"--entrypoint={entry}"] if entry else []
        return podman("run", "--rm", *SEALED, *start, IMAGE, *command, check=False)

    size = int(podman("image", "inspect", "--format={{.Size}}", IMAGE).stdout)
    tell("size of the image", f"{size / 1e6:.0f} MB", size > 0)
    who = run(entry="id").stdout.strip()
    tell("not root, and may use the sound card", who, "uid=10001(" in who and "(audio)" in who)
    wrote = run("/etc/x", "/opt/assistant/x", "/models/x", entry="touch").stderr.count("Read-only")
    tell("read-only", f"{wrote} of 3 places", wrote == 3)
    caps = run("Cap", "/proc/self/status", entry="grep").stdout.split()
    rights = {name: value.strip("0") for name, value in zip(caps[::2], caps[1::2], strict=True)}
    tell("without capabilities", rights, not any(rights.values()))
    asked = run("ask", "--json", "What is the capital of France?")
    tell("a question", asked.stdout.strip() or asked.stderr, "Paris" in asked.stdout)
    where = "/opt/assistant/.venv/lib/python3.11/site-packages/llama_cpp/lib"
    several = run(where, entry="ls").stdout
    tell("builds of llama.cpp", several.count("libggml-cpu"), several.count("libggml-cpu") > 1)
    wrong = run("--set", "llm.model=nonesuch", "ask", "x")
    tell("bad input", wrong.stderr.strip(), wrong.returncode == 2)


def try_daemon():
    silent = ["--set", "audio.backend=none", "run"]
    with running(arguments=silent):
        tell("health, ready after", f"{within(lambda: health() == 0):.1f} s", True)
        for number in (signal.SIGSTOP, signal.SIGCONT):  # as one that hangs, and one that goes on
            os.kill(daemon(), number)
            code = health()
            tell(f"health after {number.name}", code, (code != 0) == (number == signal.SIGSTOP))
        began = time.monotonic()
        podman("stop", NAME)
        took = time.monotonic() - began
        code = podman("inspect", "--format={{.State.ExitCode}}", NAME).stdout.strip()
        tell("stops", f"within {took:.1f} s, exit code {code}", code == "0" and took < 8)
        tell("health of one that has ended", health(), health() != 0)


def try_sound():
    with SoundCard() as card:
        options = [
            f"--volume={card.folder}/pa.sock:/run/pulse",
            "--env=PULSE_SERVER=unix:/run/pulse",
        ]
        with running(*options, arguments=["run", "--json"]):
            within(lambda: health() == 0)
            podman("exec", NAME, "assistant", "wake")
            time.sleep(0.5)
            recording = card.record()
            card.speak(QUESTION)

            def told():
                return [json.loads(line) for line in podman("logs", NAME).stdout.splitlines()]

            within(lambda: any(event["event"] == "speaking_ended" for event in told()))
            loud = int(abs(recording.stop().astype(int)).max())
            (heard,) = (event["text"] for event in told() if event["event"] == "heard")
            said = next(e["heard"] for e in told() if e["event"] == "speaking_ended")
            tell("heard through PulseAudio", heard, "France" in heard)
            tell("said through PulseAudio", said, "Paris" in said and loud > 1000)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--debootstrap", action="store_true")
    parser.add_argument("--built", action="store_true")
    chosen = parser.parse_args()
    if os.geteuid() != 0 and chosen.debootstrap:
        parser.error("debootstrap needs root")
    if chosen.debootstrap and podman("image", "exists", BASE, check=False).returncode:
        make_base()
    if not chosen.built:
        took = build()
        tell("built", f"within {took / 60:.0f} min", True)
    try_once()
    try_daemon()
    try_sound()


if __name__ == "__main__":
    main()
