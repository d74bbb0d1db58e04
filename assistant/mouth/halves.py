"""A Piper voice's network, loaded: in two halves where it can be cut.

To cut a network and have onnxruntime rewrite it for the processor takes most of the time in which a
voice starts, and twice its memory. So the halves are kept on disk as they are run, their weights
apart from them: these are mapped into memory, not copied. Loading the voice en_US-joe-medium takes
0.1 s then instead of 0.7 s, and at its peak 25 MB instead of 188 MB.
"""

import hashlib
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from assistant import machine
from assistant.models import fingerprint
from assistant.mouth.onnx_split import Halves, split

log = logging.getLogger(__name__)

FORMAT = "2"
"""Changes with what `_keep` writes."""
RECORD = "halves.json"
KEPT = 2
"""Voices that stay: somebody goes back and forth between two languages."""
SMALL = "1024"
"""Bytes from which on a weight is kept apart from the network."""
ERRORS = 3
"""Severity of onnxruntime's messages: it warns that a rewritten network is for this processor."""


class Decoder(NamedTuple):
    """The second half of a voice."""

    session: Any
    latent: str
    """Name of its input."""
    hop: int
    """Samples of a frame."""
    reach: int
    """Frames that a piece needs before and after it."""


def load(path: Path, threads: int, cache: Path | None = None) -> tuple[Any, Decoder | None]:
    """Load the voice in the .onnx file `path`: two sessions, or one where it cannot be cut.

    The halves are kept in the folder `cache`; whatever is wrong there, they are made anew. Raises
    `ImportError` without onnxruntime, and its own exceptions for a file that is no network.
    """
    import onnxruntime

    folder = cache.resolve() / _key(path, onnxruntime.__version__) if cache else None
    if folder and (found := _kept(folder, threads)):
        return found
    try:
        halves = split(path.read_bytes())
        if folder and _keep(folder, halves) and (found := _kept(folder, threads)):
            return found
        front, decoder = _session(halves.front, threads), _session(halves.decoder, threads)
        return front, Decoder(decoder, halves.latent, halves.hop, halves.reach)
    except Exception:  # a network of another kind; if it is broken, loading it whole will tell
        return _session(str(path), threads), None


def _key(path: Path, version: str) -> str:
    """Return a hash of all that the kept halves depend on."""
    parts = FORMAT, fingerprint(path), version, machine.processor(), machine.instructions()
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _kept(folder: Path, threads: int) -> tuple[Any, Decoder] | None:
    """Load what `_keep` wrote; None where nothing is there, or something is wrong with it."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if any(_print(folder / name) != found for name, found in record["files"].items()):
            raise ValueError("a file has changed")
        front, decoder = (
            _session(str(folder / f"{half}.onnx"), threads, rewritten=True)
            for half in ("front", "decoder")
        )
        found = Decoder(decoder, record["latent"], record["hop"], record["reach"])
        os.utime(folder)
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever it is, it can be made again
        log.info("%s: is damaged and made anew (%s)", folder, error)
        return None
    return front, found


def _keep(folder: Path, halves: Halves) -> bool:
    """Write the halves as this machine runs them; a full disk only costs time and memory."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(
            dir=folder.parent, prefix="new-", ignore_cleanup_errors=True
        ) as name:
            new = Path(name)
            _rewrite(halves.front, new / "front.onnx")
            _rewrite(halves.decoder, new / "decoder.onnx")
            files = {file.name: _print(file) for file in new.iterdir()}
            shape = {"latent": halves.latent, "hop": halves.hop, "reach": halves.reach}
            (new / RECORD).write_text(json.dumps({"files": files} | shape), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
        voices = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        for old in voices[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    except Exception as error:  # onnxruntime's own classes share no public base
        log.info("%s: the voice cannot be kept there: %s", folder, error)
        return False
    return True


def _print(file: Path) -> str:
    """Return what tells whether a file is as it was written: a network's hash, weights' size.

    The weights are not read for it, as the voice itself is not: that they lie in the mapped file
    until they are needed is the gain. A damaged one is a wrong number, but a damaged network could
    be anything.
    """
    if file.suffix == ".onnx":
        return hashlib.sha256(file.read_bytes()).hexdigest()
    return str(file.stat().st_size)


def _rewrite(model: bytes, path: Path) -> None:
    """Let onnxruntime rewrite a network for this processor, to `path` and a .bin beside it."""
    options = _options(1)
    options.log_severity_level = ERRORS
    options.optimized_model_filepath = str(path)
    entry = "session.optimized_model_external_initializers_"
    options.add_session_config_entry(entry + "file_name", path.with_suffix(".bin").name)
    options.add_session_config_entry(entry + "min_size_in_bytes", SMALL)
    _open(model, options)


def _session(model: str | bytes, threads: int, rewritten: bool = False) -> Any:
    """Open a network, by its path or from its bytes."""
    import onnxruntime

    options = _options(threads)
    if rewritten:
        level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = level
    return _open(model, options)


def _options(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False  # a plan for each length of a sentence: 50 MB, no faster
    return options


def _open(model: str | bytes, options: Any) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    session._model_bytes = None  # kept for other providers only: the weights a second time
    return session
