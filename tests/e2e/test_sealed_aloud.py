"""The whole voice loop inside a sandbox like the service's: the proof that it needs no network.

No network interface, no sockets but Unix ones, a root that is only read, no capabilities, and only
the system calls that the unit allows. In there it hears a question over a virtual sound card,
thinks with the language model and answers aloud.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sealed
from e2e.test_conversation_aloud import Daemon, card

__all__ = ["card"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.engine]

PROBE = """
import ctypes, os, socket, sys
names = [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]
print("interfaces", *names)
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
        print("opened", family)
    except OSError as error:
        print("refused", error.errno)
socket.socket(socket.AF_UNIX)
for path in ("/usr/probe", "/etc/probe", sys.prefix + "/probe", "/sys/probe", "/proc/sys/probe"):
    try:
        open(path, "w")
        print("wrote", path)
    except OSError:
        pass
open(sys.argv[1] + "/probe", "w").write("fine")
libc = ctypes.CDLL(None, use_errno=True)
for act in (lambda: libc.unshare(0x10000000), lambda: libc.mount(b"x", b"/mnt", b"tmpfs", 0, None)):
    print("forbidden" if act() == -1 and ctypes.get_errno() == 1 else "allowed")
print("seccomp", *[line.split()[1] for line in open("/proc/self/status") if "Seccomp:" in line])
"""


@pytest.fixture(scope="module")
def filter_fd():
    sealed.need()
    file = sealed.program()
    yield file
    os.close(file)


def test_the_sandbox_is_one(filter_fd, tmp_path: Path, card) -> None:
    argv = sealed.wrapped(
        [sys.executable, "-c", PROBE, str(tmp_path)], card.folder, tmp_path, filter_fd
    )
    run = subprocess.run(argv, capture_output=True, text=True, pass_fds=[filter_fd])
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "interfaces lo",
        *["refused 1"] * 4,
        *["forbidden"] * 2,
        "seccomp 2",
    ]
    assert (tmp_path / "probe").read_text() == "fine"


def test_it_hears_thinks_and_speaks_without_a_network(filter_fd, tmp_path, card, spoken) -> None:
    os.lseek(filter_fd, 0, os.SEEK_SET)
    daemon = Daemon(
        card,
        tmp_path,
        ("llm.max_tokens", "12"),
        ("speech.engine", "espeak"),
        ("paths.cache", str(tmp_path)),
        wrap=lambda argv: sealed.wrapped(argv, card.folder, tmp_path, filter_fd),
        pass_fds=[filter_fd],
    )
    try:
        daemon.wait("ready")
        wake = ["-m", "assistant", f"--set=paths.socket={daemon.socket}", "wake"]
        subprocess.run([sys.executable, *wake], check=True)
        daemon.wait("state", phase="listening")
        recording = card.record()
        card.speak(spoken("What is the capital of France?"))
        assert "capital of france" in daemon.wait("heard")["text"].lower()
        assert daemon.wait("reply_ended")["text"]
        daemon.wait("speaking_ended")
        loudest = np.abs(recording.stop().astype(np.int32)).max()
        assert loudest > 1000  # of 32767: it was heard
    finally:
        os.kill(sealed.inside(daemon.process.pid), signal.SIGTERM)
        assert daemon.process.wait(20) == 0
