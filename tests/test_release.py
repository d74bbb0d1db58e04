"""Releases: the same bytes twice, a bill that names everything, and no damage that stays unseen."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import bom
import bootstrap
import pytest
import release
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from test_signing import keys

from assistant.errors import BadInput
from assistant.models import catalogue

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SECONDS = 1_700_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A release of the last commit."""
    folder, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("one") / "out"
    release.unpack(folder)
    release.make(folder, SECONDS, out)
    return out


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "release")


def test_another_builder_elsewhere_and_later_makes_the_same_bytes(made, tmp_path) -> None:
    source = tmp_path / "a folder of another name" / "deeper"
    source.mkdir(parents=True)
    release.unpack(source)
    for number, path in enumerate(sorted(source.rglob("*"))):
        os.utime(path, (number, number))  # times of the files, in another order
        path.chmod(path.stat().st_mode & 0o700)  # a stricter umask
    code = (
        "import sys, pathlib; sys.path[:0] = sys.argv[1:3]; import release;"
        f"release.make(pathlib.Path(sys.argv[3]), {SECONDS}, pathlib.Path(sys.argv[4]))"
    )
    places = [ROOT / "script", ROOT, source, tmp_path / "two"]
    environ = {**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", code, *map(str, places)], env=environ, check=True)
    assert (made / "SHA256SUMS").read_text() == (tmp_path / "two" / "SHA256SUMS").read_text()
    assert len(list(made.iterdir())) == 4


def test_the_bill_keeps_to_its_standard_and_names_everything(made: Path) -> None:
    (path,) = made.glob("*.cdx.json")
    text = path.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    told = json.loads(text)
    parts = {each["bom-ref"]: each for each in told["components"]}
    extras = PROJECT["project"]["optional-dependencies"]
    pinned = (ROOT / "constraints.txt").read_text()
    names = bootstrap.closure(pinned, bootstrap.roots(PROJECT, extras))
    assert {each["name"] for each in parts.values() if each["type"] == "library"} == {
        *names,
        *bootstrap.TO_RUN,
    }
    for entry in catalogue():
        model = parts[f"model:{entry.name}"]
        hashes = {each["name"]: each["hashes"][0]["content"] for each in model["components"]}
        files = (entry.archive,) if entry.archive else entry.files
        assert hashes == {file.path: file.sha256 for file in files}
    assert all(each["licenses"] for each in parts.values())
    assert all(each.get("version") for ref, each in parts.items() if not ref.startswith("system:"))
    piper = next(each for each in parts.values() if each["name"] == "piper-tts")
    assert piper["scope"] == "optional"
    assert {"name": "assistant:extra", "value": "piper"} in piper["properties"]
    assert piper["licenses"] == [{"license": {"id": "GPL-3.0-or-later"}}]
    depends = {each["ref"]: each.get("dependsOn", []) for each in told["dependencies"]}
    assert any(ref.startswith("cffi==") for ref in depends[_ref(parts, "sounddevice")])
    assert _ref(parts, "click") in depends[told["metadata"]["component"]["bom-ref"]]
    assert told["metadata"]["timestamp"].startswith("2023-11-14")


def _ref(parts: dict[str, dict], name: str) -> str:
    return next(ref for ref, each in parts.items() if each["name"] == name)


def test_every_table_of_licences_is_read() -> None:
    named = bom.licences((ROOT / "docs" / "licences.md").read_text())
    assert named["click"] == "BSD-3-Clause"
    assert named["libgomp1"] == "GPL-3.0-or-later with the GCC runtime exception"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: next(folder.glob("*.whl")).write_bytes(b"other"), "py3-none-any.whl."),
        (lambda folder: next(folder.glob("*.gz")).unlink(), ".tar.gz."),
        (lambda folder: (folder / "more").touch(), ": more."),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "cannot be read."),
    ],
)
def test_what_is_not_as_released_is_told(copy: Path, change, told: str) -> None:
    assert release.check(copy, None) == f"{copy}: all hashes are right"
    change(copy)
    with pytest.raises(BadInput) as caught:
        release.check(copy, None)
    assert str(caught.value).endswith(told)


def test_a_signed_release_is_its_owners(copy: Path, tmp_path: Path, capsys) -> None:
    private, public = keys(tmp_path, "owner")
    _, other = keys(tmp_path, "other")
    release.signing.sign(copy, private, copy / release.SIGNATURE)
    assert release.main(["--check", str(copy), "--key", str(public)]) == 0
    assert "and signed by that key" in capsys.readouterr().out
    assert release.main(["--check", str(copy), "--key", str(other)]) == 2
    assert "another key" in capsys.readouterr().err
    (copy / "more").touch()  # together with a list that knows it
    (copy / "SHA256SUMS").write_text(release.sums(copy))
    assert release.main(["--check", str(copy), "--key", str(public)]) == 2
    assert "not signed: more" in capsys.readouterr().err


def test_a_folder_that_is_there_is_not_overwritten(copy: Path, capsys) -> None:
    assert release.main(["--out", str(copy)]) == 2
    assert "is there already" in capsys.readouterr().err
