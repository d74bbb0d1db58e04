"""Builds .venv from constraints.txt with every hash enforced; called by script/setup.

It runs under the system's Python, before anything is installed: standard library only. pip does
the work, because pip already knows the user's proxy, mirror and certificates.

The index has llama.cpp's binding as source only, and only a build for this very processor uses its
dot-product instructions. So it is built here once, with as many jobs as the memory holds (a
compiler needs about 1.5 GB), and the wheel is kept outside the checkout for the next one.
"""

import contextlib
import ctypes.util
import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "setup.stamp"
BUILT = "llama-cpp-python"
CMAKE_ARGS = "-DLLAVA_BUILD=OFF"  # pictures are not needed; OpenMP and the native CPU are defaults
JOB_BYTES = 1_500_000_000
BUILD_BYTES = 1_200_000_000  # sources, objects and wheel


class Problem(Exception):
    """One sentence for the user."""


# What was pinned


def pins(text: str) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield (name, requirement with hashes, who brings it along) for each entry of constraints.txt.

    uv notes under each entry who asked for it: packages by name, or this project as
    ``assistant (pyproject.toml)``; the notes make the file a graph that needs no resolver.
    """
    for entry in re.split(r"\n(?=[a-z0-9])", text.strip()):
        requirement, _, via = entry.partition("\n    # via ")
        parents = frozenset(part.split()[0] for part in via.split(",") if part.strip())
        yield entry.partition("==")[0], requirement, parents


def roots(project: dict[str, dict[str, dict[str, list[str]]]], chosen: Iterable[str]) -> set[str]:
    """Return the names that pyproject.toml asks for itself, with the chosen extras and groups."""
    asked = list(project["project"]["dependencies"])
    for name in chosen:
        asked += project["project"]["optional-dependencies"].get(name, [])
        asked += project["dependency-groups"].get(name, [])
    return {normal(re.split(r"[^\w.-]", requirement)[0]) for requirement in asked}


def normal(name: str) -> str:
    """Return a package's name in the one spelling that constraints.txt uses."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(text: str, wanted: set[str]) -> dict[str, str]:
    """Return name -> requirement lines for the wanted packages and all that they bring along."""
    found, entries = set(wanted), list(pins(text))
    if unknown := wanted - {name for name, _, _ in entries}:
        raise Problem(
            f"constraints.txt lacks {', '.join(sorted(unknown))}: run script/lock --keep."
        )
    while more := {name for name, _, parents in entries if parents & found} - found:
        found |= more
    kept: dict[str, str] = {}
    for name, requirement, _ in entries:  # a name stands twice where Python versions differ
        if name in found:
            kept[name] = f"{kept[name]}\n{requirement}" if name in kept else requirement
    return kept


# What the system must have


def library(name: str) -> Callable[[], bool]:
    """Return a test for a shared library."""
    return lambda: ctypes.util.find_library(name) is not None


def program(name: str) -> Callable[[], bool]:
    """Return a test for a program."""
    return lambda: shutil.which(name) is not None


def file(pattern: str) -> Callable[[], bool]:
    """Return a test for a file under /usr."""
    return lambda: any(Path("/usr").glob(pattern))


# apt's name -> is it here already? The thing itself is looked for, so that any system will do.
TO_RUN = {
    "libportaudio2": library("portaudio"),
    "libespeak-ng1": library("espeak-ng"),
    "libgomp1": library("gomp"),
    "libatomic1": library("atomic"),  # Vosk's library wants it on aarch64
}
TO_BUILD = {
    "gcc": program("gcc"),
    "g++": program("g++"),
    "cmake": program("cmake"),
    "ninja-build": program("ninja"),
}
TO_EXTEND = {  # for the packages that have no wheel for this Python
    "gcc": program("gcc"),
    "python3-dev": lambda: (Path(sysconfig.get_path("include")) / "Python.h").is_file(),
}
WHEELS_UNTIL = (3, 12)
"""The newest Python for which all packages but llama.cpp's binding have wheels."""
TO_TEST = {
    "pulseaudio": program("pulseaudio"),
    "pulseaudio-utils": program("pactl"),
    "libasound2-plugins": file("lib/*/alsa-lib/libasound_module_pcm_pulse.so"),
    "alsa-utils": program("aplay"),
    "strace": program("strace"),  # records what a program writes, for the power cut
    "espeak-ng": program("espeak-ng"),
    "sox": program("sox"),
    "chromium": program("chromium"),
    "mosquitto": file("sbin/mosquitto"),
    "openssl": program("openssl"),
    "systemd": program("systemd-analyze"),
    "bubblewrap": program("bwrap"),
    "libseccomp2": library("seccomp"),
    "pocketsphinx-testdata": file("share/pocketsphinx/test/data"),
}


def install_system_packages(wanted: dict[str, Callable[[], bool]]) -> None:
    """Install by apt what is missing; raises `Problem` with the list where that is impossible."""
    missing = [name for name, present in wanted.items() if not present()]
    if not missing:
        return
    by_hand = f"these system packages are missing: {' '.join(missing)}; install them by hand"
    if not shutil.which("apt-get"):
        raise Problem(f"{by_hand} (the names are Debian's), then start again.")
    admin: list[str] = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise Problem(f"{by_hand}, as root: apt-get install {' '.join(missing)}")
        admin = ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
    say(f"system packages: {' '.join(missing)}")
    apt = [*admin, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    # A broken third-party list fails the update but not what is needed here: try on regardless.
    subprocess.run([*apt, "update"])
    subprocess.run([*apt, "-o", "Dpkg::Use-Pty=0", "install", "--no-install-recommends", *missing])
    if still := [name for name in missing if not wanted[name]()]:
        raise Problem(f"apt-get could not install {' '.join(still)}; its own words stand above.")


# The virtual environment


def make_venv() -> None:
    """Make .venv with the Python that runs this, unless a working one of that version is there."""
    asked = f"{sys.version_info.major}.{sys.version_info.minor}"
    query = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
    if PYTHON.exists():
        answer = subprocess.run([PYTHON, "-c", query], capture_output=True, text=True)
        if answer.stdout.strip() == asked:
            return
    say(f"Python {asked} environment: {VENV}")
    if importlib.util.find_spec("ensurepip") is None:
        install_system_packages({f"python{asked}-venv": lambda: _finds_ensurepip()})
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _finds_ensurepip() -> bool:
    query = "import ensurepip"
    return subprocess.run([sys.executable, "-c", query], capture_output=True).returncode == 0


def pip(*arguments: str) -> list[str]:
    """Return the command line of the environment's own pip."""
    quiet = [] if sys.stderr.isatty() else ["-q"]
    common = ["--disable-pip-version-check", "--no-input", *quiet]
    return [str(PYTHON), "-m", "pip", arguments[0], *common, *arguments[1:]]


def install(requirements: Iterable[str]) -> None:
    """Install pinned requirements; pip refuses whatever does not have one of their hashes."""
    with requirement_file(requirements) as path:
        # No isolation: what builds the few source packages is pinned and hashed like the rest.
        # No resolving: the closure is complete, and an older pip (23.2) that meets `coverage[toml]`
        # prefers a newer `coverage` than the pinned one and then stops because it has no hash.
        run(pip("install", "--require-hashes", "--no-deps", "--no-build-isolation", "-r", path))


@contextlib.contextmanager
def requirement_file(requirements: Iterable[str]) -> Iterator[str]:
    """Yield the path of a file with these requirements."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as handle:
        handle.write("\n".join(requirements) + "\n")
        handle.flush()
        yield handle.name


# llama.cpp


def llama_wheel(requirement: str) -> Path:
    """Return the wheel built for this processor, from the cache or newly built into it."""
    place = wheel_folder(requirement)
    if wheel := cached(place):
        return wheel
    place.parent.mkdir(parents=True, exist_ok=True)
    with lock(place.parent / "lock"):
        if wheel := cached(place):  # another checkout has just built it
            return wheel
        for left_over in place.parent.glob("build-*"):  # of a build that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        free = shutil.disk_usage(place.parent).free
        if free < BUILD_BYTES:
            raise Problem(
                f"{place.parent}: {free / 1e9:.1f} GB are free, building llama.cpp needs "
                f"{BUILD_BYTES / 1e9:.1f} GB; make room or set $XDG_CACHE_HOME to another disk."
            )
        install_system_packages(TO_BUILD)
        with tempfile.TemporaryDirectory(prefix="build-", dir=place.parent) as scratch:
            wheel = build(requirement, Path(scratch), log=place.parent / "build.log")
            wheel.with_suffix(".sha256").write_text(sha256(wheel))
            shutil.rmtree(place, ignore_errors=True)
            wheel.parent.rename(place)
    return place / wheel.name


def wheel_folder(requirement: str) -> Path:
    """Return where the wheel belongs: keyed by what is built, how, and for which processor."""
    version = requirement.partition("==")[2].split()[0]
    cpu = "".join(
        line
        for line in sorted(set(Path("/proc/cpuinfo").read_text().splitlines(keepends=True)))
        if line.startswith(("flags", "Features", "CPU implementer", "CPU part"))
    )
    how = "\n".join([requirement, cmake_args(), cpu])
    name = f"{version}-py3-{platform.machine()}-{hashlib.sha256(how.encode()).hexdigest()[:12]}"
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "assistant" / "wheels" / name


def cmake_args() -> str:
    """Return what is asked of llama.cpp's build: the project's wishes, then the user's."""
    return f"{CMAKE_ARGS} {os.environ.get('CMAKE_ARGS', '')}".strip()


def cached(place: Path) -> Path | None:
    """Return the wheel that lies whole in its folder of the cache, or None."""
    for wheel in place.glob("*.whl"):
        note = wheel.with_suffix(".sha256")
        if note.is_file() and note.read_text() == sha256(wheel):
            return wheel
    return None


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def build(requirement: str, scratch: Path, log: Path) -> Path:
    """Fetch the pinned source, verify its hash, compile it; returns the wheel inside `scratch`."""
    source, out, work = scratch / "source", scratch / "out", scratch / "work"
    for folder in (source, out, work):
        folder.mkdir()
    jobs = build_jobs()
    environ = {
        **os.environ,
        "CMAKE_ARGS": cmake_args(),
        "CMAKE_GENERATOR": "Ninja",
        "CMAKE_BUILD_PARALLEL_LEVEL": str(jobs),
        "TMPDIR": str(work),  # /tmp is often in memory, which the compiler needs
    }
    options = ["--no-deps", "--no-build-isolation"]
    with requirement_file([requirement]) as path:
        fetch = [
            *options,
            "--require-hashes",
            "--no-binary",
            ":all:",
            "-d",
            str(source),
            "-r",
            path,
        ]
        run(pip("download", *fetch), env=environ)
    (sdist,) = source.iterdir()
    say(f"llama.cpp for this processor, {jobs} at a time (once; minutes, on a small board an hour)")
    # pip's own cache is left out: it may hold a wheel that was built for another processor.
    # Nothing else may be fetched to build it: what builds is here already, pinned.
    command = [str(PYTHON), "-m", "pip", "wheel", "-v", "--no-cache-dir", "--no-index", *options]
    compile_with_progress([*command, "-w", str(out), str(sdist)], environ, log)
    (wheel,) = out.glob("*.whl")
    return wheel


def build_jobs() -> int:
    """Return how many compilers fit: one for each processor and each 1.5 GB of free memory."""
    free = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    fitting = int(free[1]) * 1024 // JOB_BYTES if free else 1
    return max(1, min(len(os.sched_getaffinity(0)), fitting))


def compile_with_progress(command: list[str], environ: dict[str, str], log: Path) -> None:
    """Run the build, its words into `log`, ninja's ``[12/345]`` onto the terminal."""
    with log.open("w") as words, killed_with_us(command, environ) as process:
        assert process.stdout is not None
        meter = Meter()
        for line in process.stdout:
            words.write(line)
            if counted := re.match(r"\s*\[(\d+)/(\d+)\]", line):
                meter.show(int(counted[1]), int(counted[2]))
        meter.done()
    if process.returncode:
        raise Problem(f"llama.cpp could not be built; the compiler's words: {log}")


@contextlib.contextmanager
def killed_with_us(command: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process group of its own, so that no compiler outlives an interrupt."""
    process = subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Meter:
    """Tells how far a build is: a moving line on a terminal, every tenth elsewhere."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._told = 0
        self._live = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        """Tell that `done` of `total` files are compiled."""
        percent = 100 * done // total
        if not self._live and percent // 10 == self._told // 10:
            return
        self._told = percent
        left = (time.monotonic() - self._start) * (total - done) / max(done, 1) / 60
        text = f"    compiled {done} of {total}, {percent} %, about {left:.0f} min left"
        print(
            f"\r{text}\x1b[K" if self._live else text,
            end="" if self._live else "\n",
            file=sys.stderr,
        )
        sys.stderr.flush()

    def done(self) -> None:
        """End the moving line."""
        if self._live:
            print(file=sys.stderr)


def install_llama(requirement: str) -> None:
    """Put llama.cpp's wheel for this processor into .venv, unless it is there."""
    note, place = VENV / "setup.llama", wheel_folder(requirement)
    if note.is_file() and note.read_text() == place.name:
        return
    wheel = llama_wheel(requirement)
    run(pip("install", "--no-deps", "--no-index", "--force-reinstall", str(wheel)))
    note.write_text(place.name)


def check_llama(requirement: str) -> None:
    """Load llama.cpp once; a wheel that does not load is thrown away, so that it is built anew."""
    answer = subprocess.run([PYTHON, "-c", "import llama_cpp"], capture_output=True, text=True)
    if answer.returncode:
        shutil.rmtree(wheel_folder(requirement), ignore_errors=True)
        (VENV / "setup.llama").unlink()
        words = (answer.stderr.strip() or f"signal {-answer.returncode}").splitlines()[-1]
        raise Problem(f"the llama.cpp that was built does not load ({words}); start again.")


# The whole


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a lock that dies with this process; says so when it has to wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another set-up is at work ({path}); waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command: list[str], env: dict[str, str] | None = None) -> None:
    """Run a command whose words go to standard error; raises `Problem` when it fails."""
    if subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode:
        raise Problem(f"`{' '.join(command[:6])} ...` failed; its own words stand above.")


def say(text: str) -> None:
    """Tell the user which step begins."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def setup(key: str, chosen: set[str]) -> None:
    """Bring .venv to what constraints.txt says for the chosen extras and groups."""
    before = STAMP.read_text().split() if STAMP.is_file() else []
    if key in before and chosen <= set(before):
        return  # another set-up did it while this one waited
    chosen |= set(before[1:])  # what was chosen once stays
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pinned = (ROOT / "constraints.txt").read_text()
    wanted = closure(pinned, roots(project, chosen))
    llama = wanted.pop(BUILT)

    extend = TO_EXTEND if sys.version_info[:2] > WHEELS_UNTIL else {}
    install_system_packages({**TO_RUN, **extend, **(TO_TEST if "dev" in chosen else {})})
    make_venv()
    STAMP.unlink(missing_ok=True)
    say(f"Python packages: {len(wanted) + 1} ({', '.join(sorted(chosen))})")
    install(closure(pinned, {normal(name) for name in builders(project)}).values())
    install(wanted.values())
    install_llama(llama)
    check_llama(llama)
    run(pip("install", "--no-deps", "--no-index", "--no-build-isolation", "-e", str(ROOT)))
    STAMP.write_text(" ".join([key, *sorted(chosen)]) + "\n")
    say("ready")


def builders(project: dict[str, dict[str, list[str]]]) -> list[str]:
    """Return the names of the packages that build other packages."""
    return [re.split(r"[^\w.-]", name)[0] for name in project["dependency-groups"]["build"]]


def main() -> int:
    """Set up; prints one sentence and returns 1 when that is impossible."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # unwind, so that the build is tidied up
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with lock(ROOT / ".cache" / "setup.lock"):
            setup(sys.argv[1], set(sys.argv[2:]))
    except Problem as problem:
        print(f"script/setup: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nscript/setup: interrupted; start it again and it goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
