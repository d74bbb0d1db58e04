"""What is installed: pins, hashes, extras, licences, the wheel, and the set-up that uses them."""

import ast
import hashlib
import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
EXTRAS = sorted(PROJECT["project"]["optional-dependencies"])
MACHINES = [
    (python, machine) for python in ("3.11", "3.12", "3.13") for machine in ("x86_64", "aarch64")
]


def load_bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "script" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bootstrap = load_bootstrap()


def asked(*chosen: str) -> dict[str, str]:
    return bootstrap.closure(CONSTRAINTS, bootstrap.roots(PROJECT, chosen))


def parsed(requirement: str) -> list[tuple[Requirement, list[str]]]:
    """Split the lines of one name into its requirements and their hashes."""
    return [
        (Requirement(part.split("\\\n")[0]), re.findall(r"--hash=sha256:([0-9a-f]{64})\b", part))
        for part in re.split(r"\n(?=[a-z])", requirement)
    ]


def applies(requirement: Requirement, python: str, machine: str) -> bool:
    here = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.1",
        "platform_machine": machine,
        "sys_platform": "linux",
    }
    return requirement.marker is None or requirement.marker.evaluate(here)


# What is pinned


def test_every_pin_is_exact_and_has_hashes() -> None:
    for name, requirement, _ in bootstrap.pins(CONSTRAINTS):
        for pin, hashes in parsed(requirement):
            assert re.fullmatch(r"==[\w.+!]+", str(pin.specifier)), name
            assert hashes, name


def test_the_file_names_no_host_and_no_path() -> None:
    assert re.search(r"://|^-|\s/|index-url|find-links", CONSTRAINTS, re.MULTILINE) is None


@pytest.mark.parametrize(("python", "machine"), MACHINES)
def test_each_requirement_is_met_once_on_each_machine(python: str, machine: str) -> None:
    pinned = {}
    for name, requirement in asked(*EXTRAS, "build", "dev").items():
        versions = [pin for pin, _ in parsed(requirement) if applies(pin, python, machine)]
        assert len(versions) <= 1, name
        if versions:
            pinned[name] = str(versions[0].specifier)[2:]
    lists = [
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    for requirement in map(Requirement, itertools.chain(*lists)):
        if not applies(requirement, python, machine):
            continue
        assert pinned[bootstrap.normal(requirement.name)] in requirement.specifier


def test_what_is_installed_here_is_what_was_pinned() -> None:
    query = "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
    listed = subprocess.run(
        [sys.executable, "-c", query], capture_output=True, text=True, check=True
    )
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    pinned = {
        name: str(pin.specifier)[2:]
        for name, requirement in asked().items()
        for pin, _ in parsed(requirement)
        if applies(pin, python, os.uname().machine)
    }
    installed = {
        bootstrap.normal(name): version
        for name, version in map(str.split, listed.stdout.splitlines())
    }
    assert pinned.items() <= installed.items()


# Who brings what along


def test_nothing_under_the_gpl_comes_unasked() -> None:
    assert {"piper-tts", "av", "faster-whisper"}.isdisjoint(asked("fetch", "moonshine"))
    assert "piper-tts" in asked("piper")
    assert "av" in asked("whisper")


def test_a_closure_is_complete_for_pip() -> None:
    """Each dependency that an installed package declares is in the closure of that package."""
    from importlib.metadata import distribution

    wanted = asked(*EXTRAS)
    for name in wanted:
        try:
            declared = distribution(name).requires or []
        except ModuleNotFoundError:
            pytest.fail(f"{name} is not installed: run script/test")
        for needed in map(Requirement, declared):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert bootstrap.normal(needed.name) in wanted, f"{name} needs {needed.name}"


def test_pip_resolves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip 23.2 took a `coverage` newer than the pinned one for `coverage[toml]`, and stopped."""
    asked: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "run", asked.append)
    bootstrap.install(["click==8.1 --hash=sha256:00"])
    assert {"--no-deps", "--require-hashes"} <= set(asked[0])


def test_nothing_that_builds_is_fetched_without_a_hash(monkeypatch, tmp_path: Path) -> None:
    """The build of llama.cpp: its source has a hash, and pip may fetch nothing else for it."""
    commands: list[list[str]] = []

    def run(command: list[str], env: dict[str, str]) -> None:
        commands.append(command)
        (tmp_path / "source" / "llama.tar.gz").touch()

    def compile_it(command: list[str], env: dict[str, str], log: Path) -> None:
        commands.append(command)
        (tmp_path / "out" / "llama.whl").touch()

    monkeypatch.setattr(bootstrap, "run", run)
    monkeypatch.setattr(bootstrap, "compile_with_progress", compile_it)
    bootstrap.build("llama-cpp-python==1 --hash=sha256:00", tmp_path, tmp_path / "log")
    fetch, build = map(set, commands)
    assert {"--require-hashes", "--no-deps", "--no-build-isolation"} <= fetch
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= build


def test_a_requirement_that_was_never_locked_is_told() -> None:
    with pytest.raises(
        bootstrap.Problem, match=r"constraints\.txt lacks nonesuch: run script/lock"
    ):
        bootstrap.closure(CONSTRAINTS, {"nonesuch", "click"})


names = st.from_regex(r"[a-z][a-z0-9]{0,4}", fullmatch=True)


@given(graph=st.dictionaries(names, st.sets(names, max_size=3), min_size=1, max_size=8))
def test_a_closure_holds_all_that_is_reached_and_nothing_else(graph: dict[str, set[str]]) -> None:
    parents = {name: {who for who in graph if name in graph[who]} for name in graph}
    text = "\n".join(
        f"{name}==1 \\\n    --hash=sha256:00"
        + (f"\n    # via {', '.join(sorted(parents[name]))}" if parents[name] else "")
        for name in sorted(graph)
    )
    first = min(graph)
    reached, edge = {first}, {first}
    while edge:
        edge = {n for who in edge for n in graph[who] if n in graph} - reached
        reached |= edge
    assert set(bootstrap.closure(text, {first})) == reached


def test_what_the_code_imports_is_declared() -> None:
    from importlib.metadata import packages_distributions

    imported = set()
    for path in (ROOT / "assistant").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module.split(".")[0])
    known = packages_distributions()
    declared = bootstrap.roots(PROJECT, EXTRAS) | {"pydantic-core"}  # pydantic's own other half
    for module in imported - set(sys.stdlib_module_names) - {"assistant"}:
        owners = {bootstrap.normal(owner) for owner in known.get(module, [module])}
        assert owners & declared, f"{module} is imported and not declared"


# Licences


def test_types_are_checked_with_every_extra() -> None:
    """A checker that misses an extra finds faults on a bare machine that no other one shows."""
    by_default = re.search(r"^chosen=\(([^)]*)\)", (ROOT / "script/setup").read_text(), re.M)
    assert by_default
    asked_for = re.findall(r"--with (\w+)", (ROOT / "script/lint").read_text())
    assert {*by_default[1].split(), *asked_for} == set(EXTRAS)


def rows(heading: str) -> dict[str, str]:
    """Return first cell -> last cell of the table under a heading of docs/licences.md."""
    page = (ROOT / "docs" / "licences.md").read_text()
    table = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    return {name: row[-1] for row in cells for name in re.findall(r"`([^`]+)`", row[0])}


def test_every_library_has_its_licence() -> None:
    core = set(asked())
    assert set(rows("Libraries that every installation has")) == core
    assert set(rows("Libraries of the extras")) == set(asked(*EXTRAS)) - core


def test_every_model_has_its_licence() -> None:
    catalog = tomllib.loads((ROOT / "models" / "catalog.toml").read_text())
    entries = {entry["name"]: entry["licence"] for entry in catalog["model"]}
    assert rows("Models") == entries


def test_the_licences_are_those_of_the_packages() -> None:
    from importlib.metadata import metadata

    page = rows("Libraries that every installation has") | rows("Libraries of the extras")
    checked = 0
    for name, licence in page.items():
        if said := metadata(name).get("License-Expression"):
            assert licence == said, name
            checked += 1
    assert checked > 20


# The wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_carries_what_the_code_reads(wheel: zipfile.ZipFile) -> None:
    for inside, beside in {
        "assistant/_data/catalog.toml": "models/catalog.toml",
        "assistant/_data/systemd/assistant.service": "systemd/assistant.service",
        "assistant/_data/systemd/assistant.sysusers": "systemd/assistant.sysusers",
        "assistant/_data/systemd/backoff.conf": "systemd/backoff.conf",
    }.items():
        assert wheel.read(inside) == (ROOT / beside).read_bytes()


def test_the_wheel_carries_no_model_and_its_licence(wheel: zipfile.ZipFile) -> None:
    listed = wheel.infolist()
    assert not [entry.filename for entry in listed if entry.file_size > 5_000_000]
    assert [entry for entry in listed if entry.filename.endswith("/licenses/LICENSE")]


# The set-up


@pytest.fixture
def index(tmp_path: Path, monkeypatch) -> Path:
    """A folder of wheels that pip takes for the only source there is."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return tmp_path


def tiny_wheel(folder: Path, name: str, needs: str = "") -> str:
    """Write a wheel that holds one empty module; returns its SHA-256."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        requires = f"Requires-Dist: {needs}\n" if needs else ""
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def target(tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """Where pip installs to, instead of the environment that runs the tests."""
    place = tmp_path / "target"
    monkeypatch.setenv("PIP_TARGET", str(place))
    monkeypatch.setattr(bootstrap, "PYTHON", sys.executable)
    return place


def test_the_right_hash_is_installed(index: Path, target: Path) -> None:
    right = tiny_wheel(index, "small")
    bootstrap.install([f"small==1.0 \\\n    --hash=sha256:{right}"])
    assert (target / "small.py").is_file()


def test_a_wrong_hash_is_refused(index: Path, target: Path) -> None:
    tiny_wheel(index, "small")
    with pytest.raises(bootstrap.Problem, match="failed"):
        bootstrap.install([f"small==1.0 \\\n    --hash=sha256:{'0' * 64}"])
    assert not target.exists()


def test_a_dependency_without_a_hash_is_not_installed(index: Path, target: Path) -> None:
    right = tiny_wheel(index, "small", needs="other")
    tiny_wheel(index, "other")
    bootstrap.install([f"small==1.0 \\\n    --hash=sha256:{right}"])
    assert (target / "small.py").is_file()
    assert not (target / "other.py").exists()


def test_without_apt_the_missing_packages_are_listed(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    wanted = {"present": lambda: True, "libone": lambda: False, "two": lambda: False}
    with pytest.raises(bootstrap.Problem, match="missing: libone two; install them by hand"):
        bootstrap.install_system_packages(wanted)


def fake_program(folder: Path, name: str, script: str) -> None:
    """Stand in for a program that must not change the machine that runs the tests."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_without_root_and_sudo_the_command_is_told(monkeypatch, tmp_path: Path) -> None:
    fake_program(tmp_path, "apt-get", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.Problem, match="as root: apt-get install libone"):
        bootstrap.install_system_packages({"libone": lambda: False})


def test_apt_installs_what_is_missing_though_an_update_fails(monkeypatch, tmp_path: Path) -> None:
    made = tmp_path / "made"
    fake_program(
        tmp_path, "apt-get", f'case "$*" in *update*) exit 100;; *libone*) : >{made};; esac'
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    bootstrap.install_system_packages({"libone": made.exists, "there": lambda: True})
    assert made.exists()


def test_a_package_that_apt_cannot_install_is_named(monkeypatch, tmp_path: Path) -> None:
    fake_program(tmp_path, "apt-get", "exit 100")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(bootstrap.Problem, match="apt-get could not install libone"):
        bootstrap.install_system_packages({"libone": lambda: False})


def test_a_small_board_compiles_one_file_at_a_time(monkeypatch) -> None:
    def jobs(kilobytes: int, processors: int) -> int:
        monkeypatch.setattr(Path, "read_text", lambda _: f"MemAvailable:  {kilobytes} kB\n")
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
        return bootstrap.build_jobs()

    assert jobs(1_200_000, 4) == 1  # 2 GB board
    assert jobs(3_300_000, 4) == 2  # 4 GB board
    assert jobs(7_500_000, 4) == 4
    assert jobs(60_000_000, 2) == 2


def test_a_failed_build_names_its_log(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    command = ["sh", "-c", "echo '[1/2] cc a.c'; echo 'a.c:1: error: no'; exit 3"]
    with pytest.raises(bootstrap.Problem, match=re.escape(str(log))):
        bootstrap.compile_with_progress(command, dict(os.environ), log)
    assert "error: no" in log.read_text()


def test_an_interrupt_leaves_no_compiler_behind(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    command = ["sh", "-c", f"sleep 60 & echo $! >{note}; echo started; wait"]

    def interrupted() -> None:
        with bootstrap.killed_with_us(command, dict(os.environ)) as process:
            process.stdout.readline()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    compiler = Path(f"/proc/{note.read_text().strip()}")
    for _ in range(100):  # the signal is on its way, and somebody has to bury it
        if not compiler.exists() or "(zombie)" in (compiler / "status").read_text():
            return
        time.sleep(0.05)
    pytest.fail("the compiler is still running")


def test_progress_is_told_in_tenths_where_there_is_no_terminal(capsys) -> None:
    meter = bootstrap.Meter()
    for done in range(1, 301):
        meter.show(done, 300)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1].strip().startswith("compiled 300 of 300, 100 %")


def test_only_a_whole_wheel_is_taken_from_the_cache(tmp_path: Path) -> None:
    assert bootstrap.cached(tmp_path / "absent") is None
    tiny_wheel(tmp_path, "small")
    (wheel,) = tmp_path.glob("*.whl")
    assert bootstrap.cached(tmp_path) is None
    wheel.with_suffix(".sha256").write_text(bootstrap.sha256(wheel))
    assert bootstrap.cached(tmp_path) == wheel
    wheel.write_bytes(wheel.read_bytes()[:-1])
    assert bootstrap.cached(tmp_path) is None


def test_another_build_gets_another_place_in_the_cache(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CMAKE_ARGS", raising=False)
    requirement = asked()["llama-cpp-python"]
    plain = bootstrap.wheel_folder(requirement)
    assert plain.parent == tmp_path / "assistant" / "wheels"
    assert plain == bootstrap.wheel_folder(requirement)
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_OPENMP=OFF")
    assert bootstrap.wheel_folder(requirement) != plain
    monkeypatch.delenv("CMAKE_ARGS")
    assert bootstrap.wheel_folder(requirement.replace("--hash=sha256:", "--hash=sha256:0")) != plain


def test_an_unset_cache_folder_is_the_home_one(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    place = bootstrap.wheel_folder(asked()["llama-cpp-python"])
    assert place.is_relative_to(tmp_path / ".cache")


# The scripts


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing in it but the scripts."""
    for name in ("pyproject.toml", "constraints.txt", "models/catalog.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "script", tmp_path / "script")
    return tmp_path


def script(checkout: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "script" / command[0], *command[1:]],
        env={k: v for k, v in os.environ.items() if k != "ASSISTANT_MODELS"} | environ,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def fake_venv(checkout: Path) -> None:
    """Stand in for an environment: an assistant that says its arguments and where it is."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    fake_program(checkout / ".venv" / "bin", "assistant", 'echo "assistant $*"; pwd')


def fake_bootstrap(checkout: Path) -> None:
    """Stand in for the installation: count the calls and leave the stamp."""
    (checkout / "script" / "bootstrap.py").write_text(
        "import pathlib, sys\n"
        "root = pathlib.Path(sys.argv[0]).parent.parent\n"
        "with (root / 'calls').open('a') as f: f.write(' '.join(sys.argv[2:]) + '\\n')\n"
        "(root / '.venv/setup.stamp').write_text(' '.join(sys.argv[1:]) + '\\n')\n"
    )


def calls(checkout: Path) -> list[str]:
    return (checkout / "calls").read_text().splitlines()


def test_a_set_up_happens_once_and_again_when_something_changed(checkout: Path) -> None:
    fake_bootstrap(checkout)
    fake_venv(checkout)
    for _ in range(2):
        assert script(checkout, "setup", "--no-models").returncode == 0
    assert calls(checkout) == ["fetch moonshine tune web"]
    script(checkout, "setup", "--no-models", "--with", "piper")
    assert calls(checkout)[1:] == ["fetch moonshine tune web piper"]
    script(checkout, "setup", "--no-models")  # less than is there: nothing to do
    assert len(calls(checkout)) == 2
    with (checkout / "constraints.txt").open("a") as handle:
        handle.write("\n")
    script(checkout, "setup", "--no-models")
    assert len(calls(checkout)) == 3


def test_models_are_looked_at_once_and_again_when_one_is_gone(checkout: Path) -> None:
    fake_bootstrap(checkout)
    fake_venv(checkout)
    (checkout / "models" / "one").mkdir()
    (checkout / "models" / "one" / "weights").touch()
    fetch = "assistant models fetch --for"
    assert f"{fetch} zh" in script(checkout, "setup", "--language=zh").stdout
    assert script(checkout, "setup").stdout == ""
    (checkout / "models" / "one" / "weights").unlink()
    assert f"{fetch} zh" in script(checkout, "setup").stdout  # the language was remembered
    assert f"{fetch} en" in script(checkout, "setup", "--language", "en").stdout


def test_a_model_and_threads_for_this_device_are_made_once(checkout: Path) -> None:
    fake_bootstrap(checkout)
    fake_venv(checkout)
    said = script(checkout, "setup").stdout
    assert "assistant models tune --keep-source\n" in said
    assert "assistant tune\n" in said
    assert script(checkout, "setup").stdout == ""
    assert (
        "assistant models tune --delete-source\n"
        in script(checkout, "setup", "--delete-source").stdout
    )


@pytest.mark.parametrize(("code", "expected"), [(1, 0), (130, 130)])
def test_without_a_tuned_model_it_goes_on_but_not_after_an_interrupt(
    checkout: Path, code: int, expected: int
) -> None:
    fake_bootstrap(checkout)
    fake_venv(checkout)
    fake_program(
        checkout / ".venv" / "bin", "assistant", f'case "$*" in "models tune"*) exit {code};; esac'
    )
    answer = script(checkout, "setup")
    assert answer.returncode == expected
    assert ("`assistant models tune --keep-source` tries again" in answer.stderr) == (code == 1)


def test_run_passes_commands_through_and_keeps_standard_output_clean(checkout: Path) -> None:
    fake_bootstrap(checkout)
    fake_venv(checkout)
    answer = script(checkout, "run", "ask", "--json", "two words")
    assert answer.stdout == "assistant ask --json two words\n/\n"
    assert "models fetch" in answer.stderr
    assert script(checkout, "run").stdout == "assistant run --or-demo\n/\n"
    assert script(checkout, "bench", "--json").stdout == "assistant bench --json\n/\n"


def test_what_needs_no_model_fetches_none(checkout: Path) -> None:
    fake_bootstrap(checkout)
    fake_venv(checkout)
    assert script(checkout, "run", "doctor").stderr == ""


def test_a_failing_command_fails_the_script(checkout: Path) -> None:
    fake_bootstrap(checkout)
    fake_venv(checkout)
    fake_program(checkout / ".venv" / "bin", "assistant", "exit 2")
    assert script(checkout, "run", "doctor").returncode == 2
    assert script(checkout, "setup").returncode == 2
    assert not (checkout / "models" / ".setup.stamp").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--with", "coqui"], f"--with is 'coqui'; allowed: {', '.join(EXTRAS)}."),
        (["--with"], f"--with is ''; allowed: {', '.join(EXTRAS)}."),
        (["--language", "fr"], "--language is 'fr'; allowed: en, zh."),
        (["--now"], "unknown option '--now'; script/setup --help lists them."),
    ],
)
def test_a_wrong_option_gets_one_sentence(checkout: Path, arguments: list[str], said: str) -> None:
    answer = script(checkout, "setup", *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == f"script/setup: {said}\n"


def test_without_a_fitting_python_there_is_one_sentence(checkout: Path) -> None:
    answer = script(checkout, "setup", ASSISTANT_PYTHON="false")
    assert answer.returncode == 1
    assert "no Python 3.11, 3.12 or 3.13 here" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_help_is_the_head_of_the_script(checkout: Path) -> None:
    answer = script(checkout, "setup", "--help")
    assert answer.returncode == 0
    assert "usage: script/setup" in answer.stdout
    assert "set -euo" not in answer.stdout


PROGRAMS = [
    path for path in sorted((ROOT / "script").iterdir()) if path.is_file() and "." not in path.name
]


@pytest.mark.parametrize("path", [*PROGRAMS, ROOT / ".ci" / "run"], ids=lambda path: path.name)
def test_scripts_start_and_parse(path: Path) -> None:
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)
