"""Reads TOML or YAML, and knows where in the file each key stands."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.errors import BadInput
from assistant.messages import say

SUFFIXES = (".toml", ".yaml", ".yml")
LARGEST = 1_000_000
"""Bytes; a file of sentences that a person writes is a hundredth of it."""
_HEADER = re.compile(r"^\s*\[+([^\[\]]+)\]+", re.MULTILINE)


class Located:
    """What a file holds, and where."""

    def __init__(self, path: Path) -> None:
        """Read `path`. Raises `BadInput` with line and column for what is no TOML or YAML."""
        self.path = path
        try:
            if path.stat().st_size > LARGEST:
                raise BadInput(
                    "{path}: is larger than {largest} bytes; split it.", path=path, largest=LARGEST
                )
            self._text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise BadInput("{path}: cannot be read: {error}.", path=path, error=error) from error
        self._tree: Any = None
        self.data: Any = self._toml() if path.suffix == ".toml" else self._yaml()

    def where(self, keys: Sequence[str | int]) -> str:
        """Return the file, and line and column of the deepest of `keys` that can be found."""
        at = self._in_yaml(keys) if self._tree is not None else self._in_toml(keys)
        return _at(self.path, *at) if at else str(self.path)

    def _toml(self) -> Any:
        try:
            return tomllib.loads(self._text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            at = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
            where = _at(self.path, int(at[1]), int(at[2])) if at else str(self.path)
            raise BadInput(
                "{where}: this is no TOML: {split}.",
                where=where,
                split=str(error).split(" (at ")[0],
            ) from error

    def _yaml(self) -> Any:
        import yaml

        try:
            self._tree = yaml.compose(self._text, Loader=yaml.SafeLoader)
            return yaml.safe_load(self._text)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            where = _at(self.path, mark.line + 1, mark.column + 1) if mark else str(self.path)
            reason = getattr(error, "problem", None) or "it cannot be read"
            raise BadInput(
                "{where}: this is no YAML: {reason}.",
                where=where,
                reason=reason,
            ) from error

    def _in_yaml(self, keys: Sequence[str | int]) -> tuple[int, int] | None:
        import yaml

        node, mark = self._tree, self._tree.start_mark
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                pair = next((p for p in node.value if p[0].value == str(key)), None)
                if pair is None:
                    break
                mark, node = pair[0].start_mark, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
                node = node.value[key]
                mark = node.start_mark
        return mark.line + 1, mark.column + 1

    def _in_toml(self, keys: Sequence[str | int]) -> tuple[int, int] | None:
        """Find the table, then the key in it; tomllib itself does not tell where they are."""
        names = [str(key) for key in keys if isinstance(key, str)]
        for depth in range(len(names), 0, -1):
            wanted = ".".join(names[:depth])
            for header in _HEADER.finditer(self._text):
                if re.sub(r"[\s\"']", "", header[1]) == re.sub(r"[\s\"']", "", wanted):
                    at = self._key(header.end(), names[depth:])
                    return self._place(header.start(1) if at is None else at)
        at = self._key(0, names)  # before the first table
        return None if at is None else self._place(at)

    def _key(self, start: int, names: Sequence[str]) -> int | None:
        after = _HEADER.search(self._text, start)
        end = after.start() if after else len(self._text)
        for depth in range(len(names), 0, -1):
            parts = r"\s*\.\s*".join(rf"[\"']?{re.escape(name)}[\"']?" for name in names[:depth])
            line = re.compile(rf"^[ \t]*({parts})\s*[=.]", re.MULTILINE)
            if found := line.search(self._text, start, end):
                return found.start(1)
        return None

    def _place(self, at: int) -> tuple[int, int]:
        before = self._text[:at]
        return before.count("\n") + 1, at - before.rfind("\n")


def _at(path: Path, line: int, column: int) -> str:
    return say("{path}, line {line}, column {column}", path=path, line=line, column=column)
