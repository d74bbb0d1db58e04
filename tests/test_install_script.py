"""script/install: what it refuses before it writes; benchmarks/service.py tries the service."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "script" / "install"


def install(*words: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *words], capture_output=True, text=True, user=user)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--language", "de"], "--language is 'de'; allowed: en, zh."),
        (["--network=all"], "--network is 'all'; allowed: none, loopback, lan, remote."),
        (["--netwrok", "lan"], "unknown option '--netwrok'; script/install --help lists them."),
        (["--with"], "--with lacks its value; script/install --help lists them."),
    ],
)
def test_bad_input_is_one_sentence(words: list[str], told: str) -> None:
    run = install(*words)
    assert (run.returncode, run.stderr) == (2, f"script/install: {told}\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_without_root_the_sudo_command_is_told() -> None:
    run = install(user=65534)
    assert run.returncode == 1
    assert run.stderr == f"script/install: it writes to /opt, /etc and /var; run: sudo {SCRIPT}\n"


def test_its_help_is_its_first_lines() -> None:
    run = install("--help")
    assert run.returncode == 0
    assert "usage: sudo script/install" in run.stdout
    assert "#" not in run.stdout
