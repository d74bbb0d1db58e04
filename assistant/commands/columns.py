"""Text in the columns of a terminal, where a Chinese character takes two."""

import unicodedata
from collections.abc import Iterable, Sequence

import click

CLOSING = "，。、；：？！）》」』”’…,.;:?!)]}%"
"""No line begins with these."""
WIDEST = 30
"""Columns of the longest term that its explanation stands beside (click's own)."""


def width(text: str) -> int:
    """Return how many columns `text` takes."""
    return sum(map(_columns, text))


def end_of(text: str, columns: int) -> str:
    """Return the end of `text` that fills at most `columns`."""
    start, left = len(text), columns
    while start > 0 and (left := left - _columns(text[start - 1])) >= 0:
        start -= 1
    return text[start:]


def wrapped(text: str, columns: int) -> list[str]:
    """Return the lines of a paragraph: broken at spaces, and between wide characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width(line) + width(piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Return the parts of a text that stay on one line; a space belongs to what it follows."""
    pieces: list[str] = []
    for at, character in enumerate(text):
        before = text[at - 1] if at else ""
        joins = character.isspace() or character in CLOSING
        breaks = before.isspace() or (_columns(before or "x") == 2 or _columns(character) == 2)
        if pieces and (joins or not breaks):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Formatter(click.HelpFormatter):
    """Click's, for texts with wide characters; what click marks with `\\b` is not wrapped."""

    def write_text(self, text: str) -> None:
        """Write paragraphs, indented."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            lines = paragraph.splitlines()
            if lines and lines[0].strip() == "\b":
                lines = lines[1:]
            else:
                lines = wrapped(" ".join(lines), self.width - self.current_indent)
            self.write("\n" * bool(number) + "".join(f"{indent}{line}\n" for line in lines))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = WIDEST, col_spacing: int = 2
    ) -> None:
        """Write terms, each with its explanation beside it, or below it where it is long."""
        listed: Sequence[tuple[str, str]] = list(rows)
        column = min(max(width(term) for term, _ in listed), col_max) + col_spacing
        indent = " " * self.current_indent
        for term, explanation in listed:
            lines = wrapped(explanation, max(self.width - column - 2, 10)) or [""]
            if width(term) <= column - col_spacing:
                first, rest = f"{term}{' ' * (column - width(term))}{lines[0]}", lines[1:]
            else:
                first, rest = term, lines
            self.write(f"{indent}{first.rstrip()}\n")
            for line in rest:
                self.write(f"{indent}{' ' * column}{line}\n")
