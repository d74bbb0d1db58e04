"""On a disk that is really full it goes on, says what it cannot keep, and writes it later.

The disk is a small one in memory, mounted in a namespace of the child's own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OWN = ["unshare", "--user", "--map-root-user", "--mount"]
MAY = shutil.which("unshare") and not subprocess.run([*OWN, "true"], capture_output=True).returncode
pytestmark = pytest.mark.skipif(
    not MAY, reason="this machine lets nobody mount a disk of their own"
)

BEGIN = """
import contextlib, logging, os, subprocess, sys
from pathlib import Path

subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "small", "."], check=True)
os.chdir(os.getcwd())
os.environ["STATE_DIRECTORY"] = os.getcwd()
warnings = []
handler = logging.Handler(logging.WARNING)
handler.emit = lambda record: warnings.append(record.getMessage())
logging.getLogger().addHandler(handler)

def fill():
    with open("filler", "ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass

def make_room():
    os.unlink("filler")
"""


def run(folder, script):
    """Run a script in a folder that is a disk of 1 MB."""
    done = subprocess.run(
        [*OWN, sys.executable, "-c", BEGIN + script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    assert done.returncode == 0, done.stderr


def test_what_is_set_and_said_meanwhile_is_written_once_there_is_room(tmp_path):
    run(
        tmp_path,
        """
from assistant.archive import FILE, Archive, Turn
from assistant.store import Ring, Store

store, archive = Store(Path("store.db")), Archive(Path(FILE))
before = store.keep(Ring("timer", "tea"))
assert store.remembers and archive.add(Turn(1.0, "en", "a", "b"))
fill()
long = "x" * 100_000
during = [store.keep(Ring("timer", long)) for _ in range(3)]
assert store.rings() == [before, *during] and not store.remembers
assert not archive.add(Turn(2.0, "en", long, "b")) and not archive.remembers
assert len(warnings) == 2, warnings
make_room()
after = store.keep(Ring("alarm", "early"))
store.forget(*(each.id for each in during[1:]))
assert store.remembers
assert archive.add()
store.close()
archive.close()
assert Store(Path("store.db")).rings() == [before, during[0], after]
assert [turn.at for turn in Archive(Path(FILE)).read()] == [1.0, 2.0]
""",
    )


@pytest.mark.parametrize("end", ["killed", "closed"])
def test_what_was_kept_before_is_there_at_a_start_on_a_full_disk(tmp_path, end):
    run(
        tmp_path,
        f"""
from assistant.store import Ring, Store

if not (child := os.fork()):
    store = Store(Path("store.db"))
    store.keep(Ring("timer", "tea"))
    if {end == "closed"}:
        store.close()
    os._exit(0)
os.waitpid(child, 0)
fill()
store = Store(Path("store.db"))
assert [ring.name for ring in store.rings()] == ["tea"]
store.keep(Ring("timer", "x" * 100_000))
assert not store.remembers and len(warnings) == 1
make_room()
store.keep(Ring("timer", "eggs"))
assert store.remembers and len(store.rings()) == 3
""",
    )


def test_a_first_start_on_a_full_disk(tmp_path):
    run(
        tmp_path,
        """
from assistant.archive import FILE, Archive, Turn
from assistant.store import Ring, Store

fill()
store, archive = Store(Path("new/store.db")), Archive(Path("new") / FILE)
tea = store.keep(Ring("timer", "tea"))
assert store.rings() == [tea] and not store.remembers
assert not archive.add(Turn(1.0, "en", "a", "b"))
make_room()
store.keep(tea)
assert store.remembers and archive.add()
store.close()
assert Store(Path("new/store.db")).rings() == [tea]
""",
    )


def test_settings_and_a_model_s_state_stay_what_they_were(tmp_path):
    run(
        tmp_path,
        """
from assistant import files
from assistant.mind import kvfile

files.write_whole(Path("settings.json"), "old")
Path("model.gguf").write_bytes(b"x")
states = kvfile.Store(Path("kv"), Path("model.gguf"), "1")
states.save([1], b"old" * 1000)
fill()
try:
    files.write_whole(Path("settings.json"), "new" * 100_000)
    raise SystemExit("written")
except OSError:
    pass
states.save([1], b"new" * 100_000)
assert Path("settings.json").read_text() == "old"
assert states.load([1]) == b"old" * 1000
assert not list(Path().rglob("*.part")), "what was begun is still there"
make_room()
states.save([1], b"new" * 10_000)
assert states.load([1]) == b"new" * 10_000
""",
    )


@pytest.mark.engine
def test_the_whole_assistant_goes_on_and_says_what_it_cannot_keep(tmp_path):
    (tmp_path / "disk").mkdir()
    run(
        tmp_path / "disk",
        """
import json, time
from shell import Child, assistant

folder = {"STATE_DIRECTORY": ".", "CACHE_DIRECTORY": ".", "RUNTIME_DIRECTORY": os.pardir}
env = {name: str(Path(where).absolute()) for name, where in folder.items()}
fill()
settings = ["--set=audio.backend=none", "--set=history.keep=true"]
with Child(*settings, "run", "--json", env=env) as child:
    lines = map(json.loads, child.process.stdout)
    heard = lambda: next(line["heard"] for line in lines if line["event"] == "speaking_ended")
    next(line for line in lines if line["event"] == "ready")
    ask = lambda text: assistant("ask", "--running", text, env=env)
    assert ask("Set a timer for ten minutes").returncode == 0
    assert heard().endswith("it is lost if the power goes.")
    assert b"make room in" in assistant("status", env=env).stdout
    make_room()
    ask("Set a timer for five minutes")
    assert "lost" not in heard()
    for _ in range(100):
        if b"make room" not in (told := assistant("status", env=env).stdout):
            break
        time.sleep(0.1)
    assert b"make room" not in told
from assistant.archive import FILE, Archive
from assistant.store import Store

assert [ring.seconds for ring in Store(Path("store.db")).rings()] == [600.0, 300.0]
assert "ten minutes" in next(Archive(Path(FILE)).read()).asked
""",
    )
