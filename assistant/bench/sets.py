"""Labelled sets: one JSON object a line."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from assistant.errors import BadInput

Line = TypeVar("Line", bound=BaseModel)


def read(file: Path, kind: type[Line], form: str) -> list[Line]:
    """Return the lines of a set; `form` says in an error how one looks. Raises `BadInput`."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadInput("{file}: cannot be read: {why}.", file=file, why=why) from error
    requests = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            requests.append(kind.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise BadInput(
                "{file}, line {number}: {where}: {first}; a line is like {form}.",
                file=file,
                number=number,
                where=where,
                first=first["msg"],
                form=form,
            ) from error
    if not requests:
        raise BadInput("{file}: holds no requests.", file=file)
    return requests
