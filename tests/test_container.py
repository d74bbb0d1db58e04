"""The container's files, as far as they can be judged without building; that is done by
benchmarks/container.py, which takes too long for every run.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from test_packaging import PROJECT, bootstrap

from assistant.config import load

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Containerfile").read_text()
BUILD, _, RUN = re.split(r"(?m)^FROM ", TEXT)[1:]
"""Its three stages: what builds, the models, what runs."""


def tool(name, *arguments):
    command = [Path(sys.prefix) / "bin" / name, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def composed(*files, profile="*"):
    """Return what Docker's own compose makes of the files."""
    named = [word for file in files for word in ("--file", file)]
    done = tool("docker-compose", *named, "--profile", profile, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


def words(instruction, stage):
    """Return the last one of that instruction."""
    return re.findall(rf"(?m)^{instruction} (.*)$", stage)[-1]


# --- the Containerfile -------------------------------------------------------------------------


def test_hadolint_finds_no_fault():
    done = tool("hadolint", "--no-color", "Containerfile")
    assert (done.stdout, done.returncode) == ("", 0)


def test_it_runs_as_a_user_whose_number_shows_that_it_is_not_root():
    assert words("USER", RUN).isdecimal()
    assert int(words("USER", RUN)) > 0
    assert f"--uid {words('USER', RUN)} " in RUN
    assert RUN.rindex("\nUSER ") < RUN.index("\nENTRYPOINT ")


def test_what_runs_has_the_libraries_and_no_compiler():
    assert set(bootstrap.TO_RUN) <= set(re.findall(r"[\w.+-]+", RUN))
    for name in bootstrap.TO_BUILD:
        assert not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", RUN), name


def test_no_step_names_an_architecture():
    steps = re.sub(r"(?m)^ *#.*$", "", TEXT)
    assert not re.search(r"x86|amd64|arm64|aarch64|TARGETARCH|linux-gnu", steps)


def test_the_label_has_the_projects_version():
    assert words("ARG", RUN) == f"VERSION={PROJECT['project']['version']}"


def test_what_is_copied_is_there_and_let_through():
    patterns = (ROOT / ".containerignore").read_text().splitlines()
    let_through = {line[1:] for line in patterns if line.startswith("!")}
    copied = set()
    for line in re.findall(r"(?m)^COPY (?!--from)(.*)$", TEXT):
        copied |= set(line.split()[:-1])
    assert copied
    for path in copied:
        assert (ROOT / path).exists()
        assert {path, *map(str, Path(path).parents)} & let_through, path


def test_both_engines_leave_out_the_same():
    assert (ROOT / ".dockerignore").read_text() == (ROOT / ".containerignore").read_text()
    assert "*" in (ROOT / ".containerignore").read_text().splitlines()


# --- compose -----------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [["compose.yaml"], ["compose.yaml", "container/web.yaml"]])
def test_every_service_is_sealed(files):
    services = composed(*files)
    assert set(services) == {"assistant", "models"}
    for service in services.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service.get("privileged")
        assert not service.get("cap_add")


def test_by_default_only_the_models_have_a_network_and_they_do_not_start_by_themselves():
    services = composed("compose.yaml")
    assert services["assistant"]["network_mode"] == "none"
    assert "ports" not in services["assistant"]
    assert services["models"]["profiles"] == ["models"]
    assert set(composed("compose.yaml", profile="")) == {"assistant"}


def test_it_cannot_change_its_models():
    mounts = composed("compose.yaml")["assistant"]["volumes"]
    assert [m.get("read_only", False) for m in mounts if m["target"] == "/models"] == [True]


def test_the_page_is_published_to_this_machine_only_and_demands_a_token():
    from assistant.serve.web import reach

    (port,) = composed("compose.yaml", "container/web.yaml")["assistant"]["ports"]
    assert port["host_ip"] == "127.0.0.1"
    settings = load(ROOT / "container" / "web.toml")
    assert str(settings.web.port) == port["published"] == str(port["target"])
    assert settings.web.enabled
    assert reach.needs_token(settings, settings.web.host)
    assert reach.urls(settings)[0] == "http://localhost:8080/"


def test_the_image_and_compose_ask_for_health_alike():
    check = composed("compose.yaml")["assistant"]["healthcheck"]
    (command,) = re.findall(r"HEALTHCHECK .* CMD (\[.*\])", TEXT)
    assert check["test"] == ["CMD", *json.loads(command)]
    for option, value in re.findall(r"--(interval|timeout|start-period)=(\d+)s", TEXT):
        minutes, seconds = re.fullmatch(
            r"(?:(\d+)m)?(\d+)s", check[option.replace("-", "_")]
        ).groups()
        assert int(minutes or 0) * 60 + int(seconds) == int(value), option


def test_extras_are_told_by_their_right_names():
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    page = (ROOT / "docs" / "container.md").read_text() + TEXT
    for named in re.findall(r'EXTRAS="([\w ]+)"', page):
        assert set(named.split()) <= set(allowed)
