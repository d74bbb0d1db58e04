"""The web server as a child process, with the command that it runs replaced by small scripts."""

import asyncio
import os
import signal
import sys
import textwrap

import pytest

from assistant.config import parse
from assistant.serve import child
from assistant.serve.child import WebChild

PATIENCE_S = 30.0
SERVES = """
import sys
from pathlib import Path
print("http://127.0.0.1:1/", flush=True)
Path(sys.argv[1]).write_text(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
sys.stdin.read()
"""
DIES = """
import sys
with open(sys.argv[1], "a") as file:
    file.write("x")
"""
STAYS = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("http://127.0.0.1:1/", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def instead(tmp_path, monkeypatch):
    """Return a function: run a script with a file's path instead of `python -m assistant`."""

    def put(script):
        path, note = tmp_path / "script.py", tmp_path / "note"
        path.write_text(textwrap.dedent(script))
        real = asyncio.create_subprocess_exec

        async def start(program, *arguments, **more):
            assert (program, *arguments[:2]) == (sys.executable, "-m", "assistant")
            return await real(program, str(path), str(note), *arguments[2:], **more)

        monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
        return note

    return put


async def until(condition):
    async def look():
        while not condition():
            await asyncio.sleep(0.02)

    await asyncio.wait_for(look(), PATIENCE_S)


def test_it_tells_the_address_gets_the_settings_and_ends_with_the_daemon(instead):
    note, urls = instead(SERVES), []

    async def main():
        web = WebChild(parse({"web": {"port": 1234}}, "test"), urls.append)
        web.start()
        await until(lambda: urls and note.exists() and note.read_text())
        number = web._process.pid
        await web.stop()
        assert web._process.returncode == -signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)

    asyncio.run(main())
    assert urls == ["http://127.0.0.1:1/"]
    assert "port = 1234" in note.read_text()


def test_it_is_started_again_when_it_dies(instead, monkeypatch):
    monkeypatch.setattr(child, "FIRST_PAUSE_S", 0.01)
    note = instead(DIES)

    async def main():
        web = WebChild(parse({}, "test"), print)
        web.start()
        await until(lambda: note.exists() and len(note.read_text()) >= 3)
        await web.stop()

    asyncio.run(main())


def test_one_that_does_not_end_is_killed(instead, monkeypatch):
    monkeypatch.setattr(child, "END_S", 0.2)
    instead(STAYS)
    urls = []

    async def main():
        web = WebChild(parse({}, "test"), urls.append)
        web.start()
        await until(lambda: urls)
        await web.stop()
        assert web._process.returncode == -signal.SIGKILL

    asyncio.run(main())


def test_stopping_what_was_never_started_is_nothing():
    asyncio.run(WebChild(parse({}, "test"), print).stop())
