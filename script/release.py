"""Makes and checks a release; see script/release.

It is built from what is committed and from nothing else: the commit is unpacked somewhere, its own
time is the only one that gets into the files, and what builds is pinned like all other packages.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import bom

from assistant import files, signing
from assistant.errors import AssistantError, BadInput

ROOT = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"
SIGNATURE = "release.sig"


def git(*arguments: str) -> str:
    """Return what git says of this checkout. Raises `BadInput` where it is none."""
    answer = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if answer.returncode:
        raise BadInput(f"{ROOT}: is no checkout that a release could be made of: {answer.stderr}")
    return answer.stdout.strip()


def unpack(folder: Path) -> None:
    """Put what is committed into a folder."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)


def make(source: Path, seconds: int, out: Path) -> None:
    """Make source archive, wheel and bill of materials of a folder, and the list of their hashes.

    `seconds` after 1970 is the time that all of it gets.
    """
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environ["SOURCE_DATE_EPOCH"] = str(seconds)
    answer = subprocess.run(command, env=environ, capture_output=True, text=True)
    if answer.returncode:
        raise AssistantError(f"the build failed: {answer.stdout[-2000:]}{answer.stderr[-2000:]}")
    project = tomllib.loads((source / "pyproject.toml").read_text())
    name = f"{project['project']['name']}-{project['project']['version']}"
    files.write_whole(out / f"{name}.cdx.json", bom.bill(source, project, seconds))
    files.write_whole(out / SUMS, sums(out))


def sums(folder: Path) -> str:
    """Return the hashes of what lies in a folder, in the form of `sha256sum`."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name not in (SUMS, SIGNATURE)
    )


def check(folder: Path, key: Path | None) -> str:
    """Say that a folder is what was released. Raises `BadInput` where it is not."""
    try:
        listed = (folder / SUMS).read_text(encoding="utf-8")
        found = sums(folder)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{folder}: is no release, {SUMS} or a file cannot be read.") from error
    if found != listed:
        wrong = sorted({line.split()[-1] for line in {*found.split("\n")} ^ {*listed.split("\n")}})
        raise BadInput(f"{folder}: not as {SUMS} says: {', '.join(wrong)}.")
    if key:
        signing.verify(folder, folder / SIGNATURE, key)
    return f"{folder}: all hashes are right{', and signed by that key' if key else ''}"


def release(out: Path, key: Path | None) -> None:
    """Make the release of the last commit and print its hashes."""
    if git("status", "--porcelain", "--untracked-files=no"):
        print("script/release: what is not committed is not in it.", file=sys.stderr)
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"{out}: is there already; remove it, or name another folder by --out.")
    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(folder))
        make(Path(folder), int(git("log", "-1", "--format=%ct")), out)
    if key:
        signing.sign(out, key, out / SIGNATURE)
    print((out / SUMS).read_text(), end="")


def main(arguments: list[str]) -> int:
    """Make or check; prints one sentence for what is wrong and returns the exit code."""
    parser = argparse.ArgumentParser(prog="script/release", description="See the head of it.")
    parser.add_argument("--key", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check", type=Path, metavar="DIR")
    wanted = parser.parse_args(arguments)
    try:
        if wanted.check:
            print(check(wanted.check, wanted.key))
            return 0
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        release(wanted.out or ROOT / "dist" / f"assistant-{version}", wanted.key)
    except AssistantError as error:
        print(f"script/release: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
