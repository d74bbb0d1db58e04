"""Keeps on disk what a language model has read: at the next start it is not read again.

A file is found by a hash of all that its content depends on: the model, the tokens, llama.cpp's
version and what it was built for. It holds a checksum of name and state, for a damaged state could
make native code do anything. Whatever is wrong with a file, it is as if it were not there.
"""

import hashlib
import json
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assistant.models import fingerprint

log = logging.getLogger(__name__)

MAGIC = b"assistant-kv 1\n"
DIGEST = 32
KEPT = 4
"""Files that stay: personas and languages that somebody goes back and forth between."""


class Store:
    """The states of one model with one version of the library."""

    def __init__(self, folder: Path, model: Path, version: str) -> None:
        """`version` is all that a state depends on besides the model's file and the tokens."""
        self._folder = folder
        self._of = hashlib.sha256(f"{fingerprint(model)}\n{version}".encode())

    def load(self, tokens: Sequence[int]) -> bytes | None:
        """Return the state after `tokens`, or None where there is none that is whole."""
        path = self._path(tokens)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        start = len(MAGIC) + DIGEST
        state = content[start:]
        if not state or content[:start] != MAGIC + _checksum(path, state):
            log.info("%s: is damaged; it is made anew", path)
            return None
        return state

    def save(self, tokens: Sequence[int], state: bytes) -> None:
        """Keep the state after `tokens`; a full disk only costs time at the next start."""
        path = self._path(tokens)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(
                dir=self._folder, suffix=".part", delete=False
            ) as file:
                beside = Path(file.name)
                try:
                    file.write(MAGIC + _checksum(path, state) + state)
                    file.flush()
                    beside.replace(path)
                except OSError:
                    beside.unlink(missing_ok=True)
                    raise
            states = sorted(self._folder.glob("*.kv"), key=lambda p: p.stat().st_mtime)
            for old in states[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError as error:
            log.info("%s: cannot be kept: %s", path, error.strerror)

    def _path(self, tokens: Sequence[int]) -> Path:
        key = self._of.copy()
        key.update(json.dumps(list(tokens)).encode())
        return self._folder / f"{key.hexdigest()}.kv"


def _checksum(path: Path, state: bytes) -> bytes:
    """A state under another one's name is as wrong as a damaged one."""
    return hashlib.sha256(path.stem.encode() + state).digest()
