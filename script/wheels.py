"""Resolves constraints.txt for aarch64 without building anything; see script/wheels.

A package that loses its wheel there would be compiled on every board, or could not be installed at
all; one that gets a wheel need not be built any longer. Both are told. uv does the work, because it
knows other platforms than its own and needs seconds.
"""

import subprocess
import sys
import tempfile
import tomllib

import bootstrap

ROOT = bootstrap.ROOT
PLATFORM = "aarch64-manylinux_2_36"
PYTHONS = ("3.11", "3.12", "3.13")
SOURCES = {
    "llama-cpp-python": PYTHONS,  # built for the processor at hand, see script/bootstrap.py
    "sdnotify": PYTHONS,  # pure Python
    "srt": PYTHONS,  # pure Python
    "pyebur128": ("3.13",),  # C; no release since
}
"""What is built from source on purpose, and under which Pythons."""
UNREACHABLE = ("Failed to fetch", "error sending request", "client error (Connect)")


class Unreachable(Exception):
    """The index does not answer."""


def resolve(requirements: list[str], python: str) -> str:
    """Return what is wrong with these requirements on that platform; empty: all have a wheel.

    Raises `Unreachable`.
    """
    with bootstrap.requirement_file(requirements) as path, tempfile.TemporaryDirectory() as target:
        command = [
            *(str(ROOT / ".venv" / "bin" / "uv"), "pip", "install", "--dry-run", "--quiet"),
            *("--python-platform", PLATFORM, "--python-version", python, "--target", target),
            *("--only-binary", ":all:", "--no-deps", "--require-hashes", "-r", path),
        ]
        answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode and any(each in answer.stderr for each in UNREACHABLE):
        raise Unreachable
    return answer.stderr.strip() if answer.returncode else ""


def faults(wanted: dict[str, str], python: str) -> list[str]:
    """Return a sentence for each thing that is not as `SOURCES` says. Raises `Unreachable`."""
    built = {name for name, pythons in SOURCES.items() if python in pythons}
    rest = [lines for name, lines in wanted.items() if name not in built]
    found = [f"Python {python}: {said}"] if (said := resolve(rest, python)) else []
    found += [
        f"Python {python}: `{name}` has a wheel now; take it off the list in script/wheels.py."
        for name in sorted(built)
        if not resolve([wanted[name]], python)
    ]
    return found


def main() -> int:
    """Check every package of every extra; exit code 1 where one is not as it should be."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = [*project["project"]["optional-dependencies"], "build"]
    pinned = (ROOT / "constraints.txt").read_text()
    wanted = bootstrap.closure(pinned, bootstrap.roots(project, extras))
    try:
        found = [said for python in PYTHONS for said in faults(wanted, python)]
    except Unreachable:
        print("script/wheels: the package index does not answer; wheels were not checked.")
        return 0
    for said in found:
        print(f"script/wheels: {said}", file=sys.stderr)
    if not found:
        print(f"{len(wanted)} packages for {PLATFORM}: all but {', '.join(SOURCES)} have wheels")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
