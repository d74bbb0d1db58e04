"""The service under a real systemd: `sudo .venv/bin/python benchmarks/service.py`.

systemd is the first process of namespaces of its own (processes, mounts, network, names), over a
copy of this machine's root that is thrown away, so nothing here is changed. Releases are installed,
asked a question over a virtual sound card, killed, frozen, upgraded, rolled back and uninstalled;
each step prints what systemd says and how long it took. Needs root, overlayfs, a cgroup v2 tree
(also at /sys/fs/cgroup/unified), Debian's systemd, python3 and what tests/soundcard.py needs.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soxr

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from soundcard import SoundCard  # noqa: E402

from assistant.config import RELEASES, Config  # noqa: E402

PATIENCE_S = 180.0
PYTHON = "/usr/bin/python3"
UNSHARE = ("unshare", "-m", "-p", "-f", "-u", "-i", "-C", "-n", "--kill-child")
ENVIRONMENT = (
    "LC_ALL=C.UTF-8",
    "HOME=/root",
    "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
)

BOOT = r"""
set -eu
scratch=$1 card=$2
mount --make-rprivate /
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/up" "$scratch/work" "$scratch/new"
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/up,workdir=$scratch/work" "$scratch/new"
cd "$scratch/new"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
number() { mknod -m 666 "dev/$1" c "$2" "$3"; }
number null 1 3 && number zero 1 5 && number full 1 7
number random 1 8 && number urandom 1 9 && number tty 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs tmpfs run
mkdir run/card
mount --bind "$card" run/card
mount -t tmpfs -o mode=1777 tmpfs tmp
echo 0123456789abcdef0123456789abcdef >etc/machine-id
pivot_root . mnt
umount -l /mnt
exec env -i container=assistant PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --show-status=false --unit=basic.target
"""

OWN = """[Service]
Environment=PULSE_SERVER=unix:/run/card/pa.sock
WatchdogSec=20
TimeoutStartSec=60
"""


class Machine:
    """A systemd that runs beside this machine's own; a context manager."""

    def __init__(self, card: Path) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="machine-"))
        places = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
        tree = next(Path(p) for p in places if (Path(p) / "cgroup.controllers").exists())
        self._group = tree / f"machine-{os.getpid()}"
        self._group.mkdir()
        self._unshare = subprocess.Popen(
            [*UNSHARE, "bash", "-c", BOOT, "boot", str(self._scratch), str(card)],
            preexec_fn=lambda: (self._group / "cgroup.procs").write_text(str(os.getpid())),
            stdin=subprocess.DEVNULL,
        )
        self._first = 0

    def __enter__(self) -> "Machine":
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            children = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
            if (found := children.read_text().split()) and "systemd" in _name(found[0]):
                self._first = int(found[0])
                if self.run("systemctl", "is-system-running").stdout.strip() in (
                    "running",
                    "degraded",
                ):
                    return self
            time.sleep(0.1)
        raise SystemExit("systemd did not start")

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._first, signal.SIGKILL)
        self._unshare.wait()
        time.sleep(0.5)
        for folder, _, _ in os.walk(self._group, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(self, *argv: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command there, as its root."""
        return subprocess.run(
            ["nsenter", "-t", str(self._first), "-a", "env", "-i", *ENVIRONMENT, *argv],
            capture_output=True,
            text=True,
            input=stdin,
        )

    def write(self, path: str, text: str) -> None:
        """Write a file there."""
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path, stdin=text)

    def show(self, name: str) -> str:
        """Return one of the service's properties."""
        return self.run(
            "systemctl", "show", "--value", f"--property={name}", "assistant"
        ).stdout.strip()


def _name(pid: str) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def release(machine: Machine, name: str, broken: bool = False) -> str:
    """Lay out a release as script/install does; return its command. A broken one never hears."""
    folder = RELEASES / name
    site = next((ROOT / ".venv" / "lib").glob("python3*/site-packages")).resolve()
    script = f"""
set -e
mkdir -p {folder} {folder}/models
cp -r {ROOT}/assistant {ROOT}/systemd {folder}/
cp {ROOT}/models/catalog.toml {folder}/models/
{PYTHON} -m venv --without-pip {folder}/.venv
own=$(echo {folder}/.venv/lib/python3*/site-packages)
echo {folder} >$own/a.pth
echo {site} >>$own/a.pth
printf '#!%s\\nimport sys; from assistant.cli import main; sys.exit(main())\\n' \
    {folder}/.venv/bin/python >{folder}/.venv/bin/assistant
chmod 755 {folder}/.venv/bin/assistant
mkdir -p /var/lib/assistant
ln -sfn {Config().models_dir.resolve()} /var/lib/assistant/models
"""
    if broken:
        script += f"sed -i 's/while not self._daemon().vitals.hears/while True/' \
            {folder}/assistant/serve/attendant.py\n"
    done = machine.run("bash", "-c", script)
    if done.returncode:
        raise SystemExit(done.stderr)
    return str(folder / ".venv" / "bin" / "assistant")


def step(title: str, act: Callable[[], str]) -> None:
    """Do it, and print how long it took and what it says."""
    began = time.monotonic()
    said = act()
    print(f"{time.monotonic() - began:6.1f} s  {title}\n{_indented(said)}", flush=True)


def _indented(text: str) -> str:
    return "".join(f"          {line}\n" for line in text.strip().splitlines())


def until(true: Callable[[], bool]) -> None:
    """Wait until ``true()``."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise SystemExit("waited in vain")
        time.sleep(0.1)


def spoken(text: str, folder: Path) -> Path:
    """Return a WAV file of a sentence, spoken by Piper."""
    from piper import PiperVoice

    voice = PiperVoice.load(Config().models_dir / "piper-en-joe" / "en_US-joe-medium.onnx")
    pieces = [np.frombuffer(c.audio_int16_bytes, np.int16) for c in voice.synthesize(text)]
    pcm = soxr.resample(np.concatenate(pieces), voice.config.sample_rate, 16_000)
    path = folder / "question.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm.tobytes())
    return path


class Trial:
    """The steps, in their order."""

    def __init__(self, machine: Machine, card: SoundCard, question: Path) -> None:
        self.machine, self.card, self.question = machine, card, question

    def service(self, command: str, *words: str) -> str:
        """Run `assistant service ...`; return what it says last, and its exit code."""
        done = self.machine.run(command, "service", *words)
        lines = [*done.stdout.strip().splitlines()[-2:], *done.stderr.strip().splitlines()]
        return "\n".join([*lines, f"exit code {done.returncode}", self.state()])

    def state(self) -> str:
        """Return how systemd sees it."""
        show = self.machine.show
        names = ("ActiveState", "SubState", "StatusText", "NRestarts", "Result")
        started = show("ExecStart").partition("path=")[2].partition(" ;")[0]
        return f"{started}\n" + ", ".join(f"{name} {show(name)}" for name in names)

    def ready(self) -> bool:
        """Whether the service is up and answers."""
        return (
            self.machine.show("SubState") == "running"
            and self.machine.run("assistant", "status").returncode == 0
        )

    def ask(self) -> str:
        """Wake it, ask aloud, return how loud the answer was, and what it heard and said."""
        told = self.machine.run("journalctl", "-u", "assistant", "-o", "cat", "--no-pager").stdout
        self.machine.run("assistant", "wake")
        time.sleep(0.5)
        self.card.speak(self.question)
        recording = self.card.record()
        time.sleep(8)
        pcm = recording.stop().astype(np.float64)
        level = 20 * np.log10(max(1.0, np.abs(pcm).max()) / 32768)
        now = self.machine.run("journalctl", "-u", "assistant", "-o", "cat", "--no-pager").stdout
        return f"heard of it: {level:.0f} dBFS at the loudest\n" + now[len(told) :]

    def sealed(self) -> str:
        """Return what the service's process can reach and write."""
        pid = self.machine.show("MainPID")
        inside = ["nsenter", "-t", pid, "-n", "-m"]
        links = self.machine.run(*inside, "cat", "/proc/net/dev").stdout.splitlines()[2:]
        names = [line.split(":")[0].strip() for line in links]
        wrote = self.machine.run(*inside, "touch", "/usr/probe", "/etc/probe", "/opt/probe").stderr
        status = self.machine.run("cat", f"/proc/{pid}/status").stdout
        facts = [
            line
            for line in status.splitlines()
            if line.startswith(("CapEff", "CapBnd", "NoNewPrivs", "Seccomp:"))
        ]
        return "\n".join([f"network interfaces: {', '.join(names)}", wrote, *facts])

    def killed(self) -> str:
        """Kill it, and wait until it answers again."""
        self.machine.run("systemctl", "kill", "-s", "KILL", "--kill-who=main", "assistant")
        return self._back()

    def frozen(self) -> str:
        """Stop its main process, and wait until the watchdog has done its work."""
        self.machine.run("systemctl", "kill", "-s", "STOP", "--kill-who=main", "assistant")
        return self._back()

    def _back(self) -> str:
        before = self.machine.show("NRestarts")
        until(lambda: self.machine.show("NRestarts") != before)
        until(self.ready)
        return self.state() + "\n" + self.machine.run("assistant", "status").stdout


@contextlib.contextmanager
def trial() -> Iterator[Trial]:
    """Yield the trial on a machine that has just started."""
    with SoundCard() as card:
        card.folder.chmod(0o755)
        question = spoken("What time is it?", card.folder)
        with Machine(card.folder) as machine:
            machine.write("/etc/systemd/system/assistant.service.d/own.conf", OWN)
            yield Trial(machine, card, question)


def main() -> None:
    """Run all steps."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with trial() as it:
        machine = it.machine
        first, bad, good = (
            release(machine, name, name == "2-broken") for name in ("1", "2-broken", "3")
        )
        step("install", lambda: it.service(first, "install"))
        step("install again", lambda: it.service("assistant", "install"))
        step("what it can reach", it.sealed)
        step("a question aloud", it.ask)
        step("SIGKILL until it answers again", it.killed)
        step("frozen (WatchdogSec=20) until it answers again", it.frozen)
        step("upgrade to one that never gets ready (60 s)", lambda: it.service(bad, "install"))
        step("upgrade", lambda: it.service(good, "install"))
        step("open a network", lambda: it.service(good, "install", "--network", "loopback"))
        step("what it can reach", it.sealed)
        step("uninstall", lambda: it.service(good, "uninstall"))
        step(
            "what is left", lambda: machine.run("ls", "/etc/assistant", "/var/lib/assistant").stdout
        )
        step("uninstall --purge", lambda: it.service(good, "uninstall", "--purge"))
        left = ("ls", "-d", "/etc/assistant", "/var/lib/assistant", "/usr/local/bin/assistant")
        step("what is left", lambda: machine.run(*left).stderr)


if __name__ == "__main__":
    main()
