"""What many passages cost: memory, the search's time and the file's size (docs/knowledge.md).

The passages are sentences of the project's documents in mixed order, three each. Their vectors are
random ones: neither memory nor time depends on what they are, and real ones of 10,000 passages take
a quarter of an hour. The questions are real, and so is everything that looks for them.

    .venv/bin/python benchmarks/knowledge_size.py [PASSAGES]
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.mind.knowledge import reading
from assistant.mind.knowledge.adding import readings
from assistant.mind.knowledge.knowledge import Knowledge
from assistant.mind.knowledge.meaning import E5, WIDTH
from assistant.mind.knowledge.passages import passages, sentences
from assistant.mind.knowledge.store import Entry, Row, Store

DOCUMENTS = Path(__file__).parent / "knowledge" / "documents"
QUESTIONS = (
    "how late are you open on thursdays",
    "where do I get an audio guide",
    "成人票多少钱",
    "灭火器放在哪里",
    "who wrote the letter to the king",
)
IN_A_DOCUMENT, IN_A_PASSAGE = 500, 3


def rows(count: int, chance: random.Random) -> Iterator[Row]:
    """Yield passages of three sentences, one half of them in each language."""
    known: dict[bool, list[str]] = {False: [], True: []}
    for path in DOCUMENTS.iterdir():
        document = reading.read(path.name, path.read_bytes(), 10**7)
        for each in passages(document.sections):
            known[path.name[0] > "z"] += sentences(each.text)
    for number in range(count):
        chosen = chance.sample(known[number % 2 == 1], IN_A_PASSAGE)
        yield Row(f"Part {number // 10}", f"{number}: " + " ".join(chosen), "")


def fill(file: Path, count: int) -> None:
    """Write the passages."""
    store, chance = Store(file), np.random.default_rng(7)
    every = list(rows(count, random.Random(7)))
    for at in range(0, count, IN_A_DOCUMENT):
        part = every[at : at + IN_A_DOCUMENT]
        vectors = []
        for row in part:
            those = chance.standard_normal((len(readings(row)), WIDTH)).astype(np.float32)
            vectors.append(those / np.linalg.norm(those, axis=1, keepdims=True))
        store.put(Entry(f"{at}.txt", f"part {at}", str(at), len(part)), part, vectors)
    store.close()


def resident() -> float:
    """Return the memory that this process has, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def ask(file: Path) -> None:
    """Open the store, ask, and print what it cost."""
    before = resident()
    meaning = E5()
    meaning.query(QUESTIONS)
    model = resident()
    began = time.perf_counter()
    knowledge = Knowledge(Store(file), meaning)
    knowledge.ground(QUESTIONS[0])
    first, after, times = time.perf_counter() - began, resident(), []
    for question in QUESTIONS * 5:
        began = time.perf_counter()
        knowledge.ground(question)
        times.append(time.perf_counter() - began)
    print(f"{knowledge.finder.passages} passages, {file.stat().st_size / 1e6:.0f} MB on the disk")
    print(f"memory: {model - before:.0f} MB for the embedding, {after - model:.0f} MB for them")
    print(f"the first question {first:.2f} s, others {1000 * statistics.median(times):.0f} ms")


def main() -> None:
    if len(sys.argv) == 3:
        ask(Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "knowledge.sqlite"
        fill(file, count)
        # A process of its own: what filled the store would be counted as well.
        subprocess.run([sys.executable, __file__, "ask", str(file)], check=True)


if __name__ == "__main__":
    main()
