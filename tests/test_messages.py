"""The command line in the terminal's language, in processes of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import messages
from assistant.errors import BadInput

ROOT = Path(__file__).parent.parent


def told(*arguments, language, code=0, root=ROOT):
    run = subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        cwd=root,  # the package there is the one that is run
        env={**os.environ, "LANGUAGE": language},
        capture_output=True,
        check=False,
    )
    assert run.returncode == code
    return (run.stdout + run.stderr).decode()


def test_every_sentence_has_its_translation():
    run = subprocess.run(
        [sys.executable, ROOT / "script" / "messages.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_help_is_in_the_terminals_language():
    whole = told("--help", language="zh_CN.UTF-8:zh")
    assert "离线语音助手" in whole
    assert "问一个问题，显示回答。" in whole
    assert "--version" in whole
    one = told("models", "list", "--help", language="zh")
    assert "用法：" in one
    assert "已安装" in one


def test_an_error_is_too_with_what_was_found_in_it():
    said = told("transcribe", "/nö{pe}.wav", language="zh", code=2)
    assert "/nö{pe}.wav：无法读取" in said
    assert "没有命令 'dance'" in told("dance", language="zh", code=2)


def test_a_language_that_nobody_wrote_is_english():
    assert "Ask one question, print the answer." in told("--help", language="xx")


@pytest.mark.parametrize("damage", [b"", b"no catalogue", None])
def test_a_broken_catalogue_does_no_harm(tmp_path, damage):
    shutil.copytree(ROOT / "assistant", tmp_path / "assistant")
    (file,) = (tmp_path / "assistant").rglob("*.mo")
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    said = told("dance", language="zh", code=2, root=tmp_path)
    assert "No such command 'dance'." in said


@given(st.text(), st.text())
def test_values_are_filled_in_as_they_are(one, other):
    error = BadInput("{path}: {why!r} {{so}}", path=one, why=other)
    assert str(error) == f"{one}: {other!r} {{so}}"
    assert str(BadInput(str(error))) == str(error)


def test_a_sentence_without_values_keeps_its_braces():
    assert messages.say('say {"wake": true}') == 'say {"wake": true}'
    assert messages.say("") == ""
