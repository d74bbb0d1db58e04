"""A child that keeps things and tells each as it is kept, and what must be there after its end.

    python tests/keeper.py FOLDER SEED COUNT [SYNCHRONOUS]

What it does follows from the seed, so whoever has read how far it came knows what must be there.
The stores, and the files, are the real ones.
"""

import random
import subprocess
import sys
import time
from pathlib import Path

import powercut

from assistant import database, files
from assistant.archive import FILE as HISTORY
from assistant.archive import Archive, Turn
from assistant.mind import kvfile
from assistant.store import FILE as STORE
from assistant.store import Ring, Store

SETTINGS = "settings.json"
MODEL = "model.gguf"
KINDS = ("ring", "unring", "turn", "turn", "turn", "forget", "settings", "state", "restart")
STATES = 3


def plan(seed, count):
    """Return what is done: (kind, number), by turns."""
    rng = random.Random(seed)
    return [(rng.choice(KINDS), number) for number in range(count)]


def text(number):
    """A text, some of which are longer than a page of the file."""
    return f"{number} 你好 " * (1 + number % 7 * 200)


def state(number):
    """What a model has read, as bytes that nobody can guess."""
    return random.Random(number).randbytes(20_000)


def expected(steps):
    """Return what must be there once these are done."""
    rings, turns, settings, states = [], [], None, {}
    for kind, number in steps:
        match kind:
            case "ring":
                rings.append(text(number))
            case "unring":
                rings = rings[1:]
            case "turn":
                turns.append(number)
            case "forget":
                turns = [each for each in turns if each >= number - 4]
            case "settings":
                settings = text(number)
            case "state":
                states[number % STATES] = state(number)
    return {"rings": rings, "turns": turns, "settings": settings, "states": states}


def found(folder):
    """Return what is there, read as the assistant reads it."""
    store, archive = Store(folder / STORE), Archive(folder / HISTORY)
    kept = kvfile.Store(folder, folder / MODEL, "1")
    settings = folder / SETTINGS
    there = {
        "rings": [ring.name for ring in store.rings()],
        "turns": [int(turn.at) for turn in archive.read()],
        "settings": settings.read_text(encoding="utf-8") if settings.exists() else None,
        "states": {n: got for n in range(STATES) if (got := kept.load([n])) is not None},
        "damaged": [each.name for each in folder.glob("*damaged*")],
    }
    store.close()
    archive.close()
    return there


def wrong(folder, steps, done, *, states_stay, latest=None):
    """Return what is not as it must be after `done` of the steps, up to `latest`, and one more.

    Without `states_stay` a model's state may be gone, but not be another one.
    """
    there, latest = found(folder), done if latest is None else latest
    known = [expected(steps[:count]) for count in range(done, latest + 2)]
    wanted = ("rings", "turns", "settings")
    bad = [key for key in wanted if there[key] not in [each[key] for each in known]]
    for number in range(STATES):
        allowed = {each["states"].get(number) for each in known}
        allowed |= set() if states_stay else {None, *_earlier(steps[:done], number)}
        if there["states"].get(number) not in allowed:
            bad.append("states")
    return bad + there["damaged"]


def _earlier(steps, number):
    """What stood there before; a state is made anew, so an old one does no harm."""
    return {state(n) for kind, n in steps if kind == "state" and n % STATES == number}


def killed(folder, seed, after, *options):
    """Kill a child `after` s from its first word on; return what is wrong then."""
    steps = plan(seed, 2000)
    command = [sys.executable, __file__, folder, str(seed), str(len(steps)), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        first = child.stdout.readline()
        time.sleep(after)
        child.kill()
        said = first + child.stdout.read()
    return wrong(folder, steps, said.count(b"\n"), states_stay=True)


def cut(folder, seed, count, moments, *options):
    """Record a child, cut the power at so many moments; yield what is wrong after each."""
    steps, command = plan(seed, count), (__file__, folder, seed, count, *options)
    for target, said in powercut.cuts(folder, command, moments, random.Random(seed)):
        (target / MODEL).write_bytes(MODEL.encode())
        yield wrong(target, steps, said.count(b"\n"), states_stay=False)


def work(folder, steps):
    """Do it, and tell after each step that it is done."""
    (folder / MODEL).write_bytes(MODEL.encode())
    store, archive = Store(folder / STORE), Archive(folder / HISTORY)
    for kind, number in steps:
        match kind:
            case "ring":
                store.keep(Ring("timer", text(number), seconds=60.0))
            case "unring" if store.rings():
                store.forget(store.rings()[0].id)
            case "turn":
                archive.add(Turn(number, "en", text(number), text(number)))
            case "forget":
                archive.forget(number - 4)
            case "settings":
                files.write_whole(folder / SETTINGS, text(number))
            case "state":
                kept = kvfile.Store(folder, folder / MODEL, "1")
                kept.save([number % STATES], state(number))
            case "restart":
                store.close()
                archive.close()
                store, archive = Store(folder / STORE), Archive(folder / HISTORY)
        print(f"done {number}", flush=True)


if __name__ == "__main__":
    database.SYNCHRONOUS = sys.argv[4] if len(sys.argv) > 4 else database.SYNCHRONOUS
    work(Path(sys.argv[1]), plan(int(sys.argv[2]), int(sys.argv[3])))
