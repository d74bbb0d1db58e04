"""Reads files into sections of plain text; what cannot be read is told in one sentence."""

import csv
import io
import logging
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from assistant.errors import BadInput, EngineMissing
from assistant.mind.knowledge.html import sections as from_html
from assistant.mind.knowledge.section import Pair, Section

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""The name space of ECMA-376, part 1, section 17."""
TEXTS = {f"{WORD}t", f"{WORD}tab", f"{WORD}br"}
HEADERS = {"question", "questions", "q", "问题", "提问"}
"""What the first cell of a table's first line may be called."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says."""

    sections: list[Section]
    pairs: list[Pair]


def read(name: str, data: bytes, largest: int) -> Document:
    """Read the bytes of a file called `name`, which unpacked may have `largest` bytes.

    Raises `BadInput`, whose sentence names the file, and `EngineMissing`.
    """
    reader = READERS.get(Path(name).suffix.lower())
    if reader is None:
        raise BadInput(
            "{name}: this kind of file is not read; allowed are {kinds}.", name=name, kinds=kinds()
        )
    document = reader(name, data, largest)
    if not any(each.text.strip() for each in document.sections) and not document.pairs:
        raise BadInput(
            "{name}: no text in it; a scanned page has to be made text first.", name=name
        )
    return document


def kinds() -> str:
    """Return the endings of the files that are read, for a sentence."""
    return ", ".join(READERS)


def _text(name: str, data: bytes) -> str:
    """Return a text file's text."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            "{name}: it is not UTF-8 text (byte {start}); save it as UTF-8.",
            name=name,
            start=error.start,
        ) from error
    if "\0" in text:
        raise BadInput("{name}: it holds bytes that are not text; save it as UTF-8.", name=name)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain(name: str, data: bytes, _largest: int) -> Document:
    return Document([Section("", _text(name, data))], [])


def _html(name: str, data: bytes, _largest: int) -> Document:
    return Document(from_html(_text(name, data)), [])


def _markdown(name: str, data: bytes, _largest: int) -> Document:
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise EngineMissing(missing("markdown-it-py", "Markdown")) from error
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return Document(from_html(parser.render(_text(name, data))), [])


def _csv(name: str, data: bytes, _largest: int) -> Document:
    pairs = []
    try:
        for number, row in enumerate(csv.reader(io.StringIO(_text(name, data)), strict=True), 1):
            cells = [cell.strip() for cell in row]
            if not any(cells) or (number == 1 and cells[0].casefold() in HEADERS):
                continue
            if len(cells) < 2 or not cells[0] or not cells[1]:
                raise BadInput(
                    "{name}, row {number}: a row is a question, a comma and its answer.",
                    name=name,
                    number=number,
                )
            pairs += [Pair(each.strip(), cells[1]) for each in cells[0].split("|") if each.strip()]
    except csv.Error as error:
        raise BadInput(
            "{name}: it is no table of questions and answers: {error}.", name=name, error=error
        ) from error
    return Document([], pairs)


def _pdf(name: str, data: bytes, _largest: int) -> Document:
    try:
        import pypdf
    except ImportError as error:
        raise EngineMissing(missing("pypdf", "PDF")) from error
    # What it warns of is either in the sentence below or of no use to whoever adds a file.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        # Many a file is "encrypted" with an empty password, only to forbid printing.
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [_unwrapped(page.extract_text()) for page in reader.pages]
    except Exception as error:  # a broken file raises whatever its bytes lead to
        raise BadInput(
            "{name}: it is no PDF that can be read; it may be damaged.", name=name
        ) from error
    if locked:
        raise BadInput(
            "{name}: it is encrypted; remove its password, then add it again.", name=name
        )
    return Document([Section("", page) for page in pages if page], [])


def _unwrapped(text: str) -> str:
    """Join the lines of a page: one that does not end a sentence goes on in the next."""
    text = re.sub(r"(?<=[\u3400-\u9fff，、])\n(?=[\u3400-\u9fff])", "", text.strip())
    return re.sub(r"(?<![.!?:。！？：\n])\n(?=[a-z0-9(])", " ", text)


def _docx(name: str, data: bytes, largest: int) -> Document:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo("word/document.xml").file_size > largest:
                raise BadInput("{name}: unpacked it is too large; split it.", name=name)
            xml = archive.read("word/document.xml")
        if b"<!DOCTYPE" in xml:  # Word writes none; entities of one could grow without end
            raise BadInput(
                "{name}: it declares a document type, which no Word file does.", name=name
            )
        root = ElementTree.fromstring(xml)
    except (
        zipfile.BadZipFile,
        KeyError,
        RuntimeError,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,  # places before the beginning of the file
        struct.error,
        zlib.error,
        ElementTree.ParseError,
    ) as error:
        raise BadInput(
            "{name}: it is no Word file that can be read; it may be damaged or encrypted.",
            name=name,
        ) from error
    return Document(list(_sections(root)), [])


def _sections(root: ElementTree.Element) -> Iterator[Section]:
    """Yield what stands under each heading of a Word file."""
    headings: list[str] = []
    lines: list[str] = []
    for paragraph in root.iter(f"{WORD}p"):
        text = "".join(
            each.text or "" if each.tag == f"{WORD}t" else " "
            for each in paragraph.iter()
            if each.tag in TEXTS
        ).strip()
        style = paragraph.find(f"{WORD}pPr/{WORD}pStyle")
        named = "" if style is None else style.get(f"{WORD}val", "")
        level = re.fullmatch(r"(?:Heading|berschrift|标题)?\s*([1-6])", named, re.I)
        if text and (level or named == "Title"):
            yield Section(" > ".join(headings), "\n".join(lines))
            headings = [*headings[: int(level[1]) - 1 if level else 0], text]
            lines = []
        elif text:
            lines.append(text)
    yield Section(" > ".join(headings), "\n".join(lines))


def missing(package: str, kind: str) -> str:
    """Return the sentence for a package that is not installed."""
    return f"{package}, which {kind} needs, is not installed: `script/setup --with knowledge`."


READERS: dict[str, Callable[[str, bytes, int], Document]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _plain,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".csv": _csv,
}
