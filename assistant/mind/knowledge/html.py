"""Reads HTML into sections: what is seen, under its headings."""

import contextlib
import re
from html.parser import HTMLParser

from assistant.mind.knowledge.section import Section

HIDDEN = {"script", "style", "head", "nav", "template", "noscript", "svg"}
"""Elements whose text is no part of what a page says."""
BLOCKS = {
    "p", "li", "div", "tr", "table", "ul", "ol", "dl", "dt", "dd", "br", "pre", "blockquote",
    "section", "article", "main", "header", "footer", "aside", "figure", "figcaption", "hr",
}  # fmt: skip
"""Elements that begin a new line."""
CELLS = {"td", "th"}


def sections(text: str) -> list[Section]:
    """Return what stands under each heading. Broken HTML is read as far as it can be."""
    reader = _Reader()
    with contextlib.suppress(AssertionError):  # Python's word for `<![` and no known name
        reader.feed(text)
        reader.close()
    reader.finish()
    return reader.sections


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[Section] = []
        self._headings: list[str] = []
        self._level = 0  # of the heading that is being read
        self._parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where lines, headings and what is hidden begin."""
        if tag in HIDDEN:
            self._hidden.append(tag)
        elif self._hidden:
            return
        elif re.fullmatch("h[1-6]", tag):
            self.finish()
            self._level = int(tag[1])
        elif tag in BLOCKS:
            self._parts.append("\n")
        elif tag in CELLS:
            self._parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Note where they end."""
        if tag in self._hidden:  # whatever was left open within it ends too
            del self._hidden[self._hidden.index(tag) :]
        elif not self._hidden and self._level and re.fullmatch("h[1-6]", tag):
            heading = " ".join("".join(self._parts).split())
            self._headings = [*self._headings[: self._level - 1], heading]
            self._level, self._parts = 0, []
        elif not self._hidden and tag in BLOCKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep what is seen."""
        if not self._hidden:
            self._parts.append(re.sub(r"\s+", " ", data))

    def finish(self) -> None:
        """End the section."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        if text := "\n".join(line for line in lines if line):
            self.sections.append(Section(" > ".join(filter(None, self._headings)), text))
        self._level, self._parts = 0, []
