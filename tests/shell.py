"""The `assistant` command as a user's shell or terminal starts it."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "assistant"]
PATIENCE_S = 60.0


def environment(env=None):
    """The environment of a child: standard output is buffered, as it is for users."""
    merged = {**os.environ, **(env or {})}
    merged.pop("PYTHONUNBUFFERED", None)
    return merged


def assistant(*arguments, stdin="", env=None, timeout=60, **more):
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        timeout=timeout,
        env=environment(env),
        **more,
    )


def is_one_sentence(run, code=2):
    """Assert that standard error is one sentence for people; return it."""
    text = run.stderr.decode()
    assert run.returncode == code, text
    assert "Traceback" not in text
    assert text.startswith("assistant: ")
    assert text.count("\n") == 1
    return text


def until(true, what, patience=PATIENCE_S):
    """Wait until ``true()``."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"not within {patience:.0f} s: {what}"
        time.sleep(0.02)


def has_loaded(process, library):
    """Whether the process has mapped that native library: it is loading a model with it."""
    with contextlib.suppress(OSError):
        return library in Path(f"/proc/{process.pid}/maps").read_text()
    return False


class Child:
    """A command that is still running; a context manager."""

    def __init__(self, *arguments, env=None, stdin=subprocess.DEVNULL):
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(env),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def interrupt(self, times):
        """Press Ctrl-C, once or twice quickly."""
        for _ in range(times):
            self.process.send_signal(signal.SIGINT)
            time.sleep(0.05)

    def end(self, patience=PATIENCE_S):
        """Wait for the end; return the exit code and what came on standard output and error."""
        out, err = self.process.communicate(timeout=patience)
        return self.process.returncode, out.decode(), err.decode()


class Terminal:
    """A command in a terminal of its own, which it controls; a context manager."""

    def __init__(self, *arguments, columns=80, env=None):
        self._master, self._slave = pty.openpty()
        size = struct.pack("HHHH", 24, columns, 0, 0)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, size)
        self.before = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=environment({"TERM": "xterm", "COLUMNS": "", **(env or {})}),
        )
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._slave)
        os.close(self._master)

    def modes(self):
        """How the terminal behaves now, as `termios.tcgetattr` tells."""
        return termios.tcgetattr(self._slave)

    def type(self, keys):
        """Press keys; "\\x03" is Ctrl-C."""
        os.write(self._master, keys.encode())

    def wait_for(self, pattern, patience=PATIENCE_S):
        """Read until the pattern has come since the last call; return the match."""
        end = time.monotonic() + patience
        over = False
        while not (found := re.search(pattern, self.read())):
            assert not over, f"ended without {pattern}: {self.text[-2000:]!r}"
            assert time.monotonic() < end, f"no {pattern} in {self.text[-2000:]!r}"
            over = self.process.poll() is not None
        self.text = self.text[found.end() :]
        return found

    def read(self):
        """Take what is there on the screen; return what has not been waited for yet."""
        while select.select([self._master], [], [], 0.02)[0]:
            self.text += os.read(self._master, 65536).decode(errors="replace")
        return self.text

    def end(self, patience=PATIENCE_S):
        """Wait for the end; return the exit code and the text on the screen."""
        until(lambda: (self.read(), self.process.poll())[1] is not None, "its end", patience)
        return self.process.returncode, self.read()
