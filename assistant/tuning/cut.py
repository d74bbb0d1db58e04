"""Writes a language model's file anew: fewer tokens, and weights in the types of a recipe.

One tensor after the other goes through memory, so that a small computer can do it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import BadInput, EngineMissing
from assistant.tuning import blocks
from assistant.tuning.recipe import Recipe
from assistant.tuning.vocab import Vocabulary

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter

BY_ROW = ("token_embd.weight", "output.weight")
"""Tensors with a row for each token."""
TOKENS, KINDS = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
SCORES, MERGES = "tokenizer.ggml.scores", "tokenizer.ggml.merges"
FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7, "IQ4_NL": 25, "BF16": 32}
"""Type of most weights -> `general.file_type` (`enum llama_ftype`)."""
AT_ONCE = 1 << 21
"""Weights that are taken out of the source together: 8 MB of them as 32-bit numbers."""

Progress = Callable[[int, int], None]
"""Is told how many bytes of weights are written, and of how many."""


class Source:
    """A GGUF file, mapped: what is not asked for takes no memory."""

    def __init__(self, path: Path) -> None:
        """Read the header. Raises `BadInput` for a file that cannot be used."""
        self.path = path
        try:
            self.reader: GGUFReader = library().GGUFReader(path)
        except (ValueError, KeyError, IndexError, OSError) as error:
            raise BadInput(
                "{path}: cannot be read as GGUF: {error}; fetch it again.", path=path, error=error
            ) from error
        self.vocabulary = Vocabulary(
            self.told(TOKENS, []), self.told(KINDS, []), self.told(MERGES, [])
        )

    def told(self, key: str, default: Any) -> Any:
        """Return a value of the metadata, or `default`."""
        field = self.reader.get_field(key)
        return default if field is None else field.contents()


@dataclass(frozen=True)
class Planned:
    """A tensor and what becomes of it."""

    name: str
    data: NDArray[Any]
    """As the source has it: rows of bytes where it is quantized."""
    shape: tuple[int, ...]
    """Rows first, in weights; of the new file."""
    before: Any
    """Type in the source (`GGMLQuantizationType`)."""
    after: Any
    rows: Sequence[int] | None
    """The rows that stay; None: all."""

    @property
    def size(self) -> int:
        """Bytes in the new file."""
        weights, size = library().GGML_QUANT_SIZES[self.after]
        return math.prod(self.shape) // int(weights) * int(size)

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Yield the new content, a number of rows at a time."""
        data = self.data.reshape(-1, self.data.shape[-1])
        count = len(data) if self.rows is None else len(self.rows)
        step = max(1, AT_ONCE // self.shape[-1])
        for at in range(0, count, step):
            rows = slice(at, at + step) if self.rows is None else self.rows[at : at + step]
            yield self._converted(data[rows])

    def _converted(self, rows: NDArray[Any]) -> NDArray[Any]:
        if self.before == self.after:
            return rows
        quants = library().quants
        floats = quants.dequantize(rows, self.before)
        if form := blocks.FORMS.get(self.after.name):
            return blocks.pack(floats, form)
        converted: NDArray[Any] = quants.quantize(floats, self.after)
        return converted


def plan(source: Source, recipe: Recipe, kept: Sequence[int] | None) -> list[Planned]:
    """Return what becomes of each tensor when the tokens `kept` (sorted ids; None: all) stay.

    Raises `BadInput` for weights of a type that cannot be read.
    """
    tokens = len(source.vocabulary.tokens)
    tied = all(tensor.name != "output.weight" for tensor in source.reader.tensors)
    planned = []
    for tensor in source.reader.tensors:
        rows = kept if tensor.name in BY_ROW else None
        shape = tuple(int(length) for length in reversed(tensor.shape))
        if rows is not None:
            if shape[0] < tokens:
                raise BadInput(
                    "{path}: {name} has fewer rows than tokens.", path=source.path, name=tensor.name
                )
            shape = (len(rows), *shape[1:])
        before = tensor.tensor_type
        after = _type(tensor.name, shape, before, recipe.type_for(tensor.name, tied))
        _check_readable(source, tensor.name, before, after)
        planned.append(Planned(tensor.name, tensor.data, shape, before, after, rows))
    return planned


def write(
    source: Source,
    planned: Sequence[Planned],
    recipe: Recipe,
    kept: Sequence[int] | None,
    path: Path,
    progress: Progress,
) -> None:
    """Write the new file to `path`."""
    gguf = library()
    writer: GGUFWriter = gguf.GGUFWriter(path, source.told("general.architecture", ""))
    try:
        writer.data_alignment = source.reader.alignment
        _metadata(writer, source, recipe, kept)
        for tensor in planned:
            kind = np.dtype(np.float32)  # not looked at where the type is given
            writer.add_tensor_info(tensor.name, tensor.shape, kind, tensor.size, tensor.after)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        done, total = 0, sum(tensor.size for tensor in planned)
        for tensor in planned:
            pieces = []
            for piece in tensor.pieces():
                pieces.append(piece)
                done += piece.nbytes
                progress(done, total)
            writer.write_tensor_data(np.concatenate(pieces))
    finally:
        writer.close()


def _type(name: str, shape: tuple[int, ...], before: Any, wanted: str) -> Any:
    """Return the type for a tensor: the recipe's, unless it has another by nature or is small.

    Nothing is written in a larger type than it has, and nothing that has the type already is
    touched.
    """
    gguf = library()
    after = gguf.GGMLQuantizationType[wanted]
    by_nature = before.name == "F32" or len(shape) < 2 or not name.endswith(".weight")
    weights, size = gguf.GGML_QUANT_SIZES[after]
    weights_before, size_before = gguf.GGML_QUANT_SIZES[before]
    smaller = size_before / weights_before < size / weights
    return before if by_nature or smaller or shape[-1] % weights else after


def _check_readable(source: Source, name: str, before: Any, after: Any) -> None:
    gguf = library()
    if before == after:
        return
    block = np.zeros((1, gguf.GGML_QUANT_SIZES[before][1]), np.uint8)
    try:
        gguf.quants.dequantize(block if before.name != "F16" else block.view(np.float16), before)
    except NotImplementedError as error:
        raise BadInput(
            "{path}: {name} has weights of the type {kind}, which cannot be converted; take "
            "the model's Q8_0 or Q4_0 file.",
            path=source.path,
            name=name,
            kind=before.name,
        ) from error


def _metadata(
    writer: "GGUFWriter", source: Source, recipe: Recipe, kept: Sequence[int] | None
) -> None:
    """Copy the source's metadata, with the vocabulary cut and special ids renumbered."""
    changed: dict[str, Any] = {
        "general.file_type": FILE_TYPES[recipe.layers],
        "assistant.recipe": recipe.digest,
    }
    if kept is not None:
        changed |= _vocabulary(source, kept)
    kinds = library().GGUFValueType
    for key, field in source.reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":  # the writer's own
            continue
        value = changed.pop(key, None)
        value = field.contents() if value is None else value
        if field.types[0] == kinds.ARRAY:
            if value:  # an empty one cannot be written
                writer.add_key_value(key, value, kinds.ARRAY, field.types[-1])
        else:
            writer.add_key_value(key, value, field.types[0])
    for key, value in changed.items():
        writer.add_key_value(key, value, kinds.get_type(value))


def _vocabulary(source: Source, kept: Sequence[int]) -> dict[str, Any]:
    """Return the metadata that the cut changes."""
    cut = source.vocabulary.cut(kept)
    new = {old: number for number, old in enumerate(kept)}
    changed: dict[str, Any] = {TOKENS: cut.tokens, KINDS: cut.kinds, MERGES: cut.merges}
    if scores := source.told(SCORES, None):
        changed[SCORES] = [scores[number] for number in kept]
    for key in source.reader.fields:
        if key.startswith("tokenizer.") and key.endswith("_token_id"):
            changed[key] = new[source.told(key, 0)]
        elif key.endswith(".vocab_size"):
            changed[key] = len(kept)
    return changed


def library() -> ModuleType:
    """Import `gguf`, or say how to get it."""
    try:
        import gguf
    except ImportError as error:
        raise EngineMissing(
            "the package gguf is not installed ({error}); `pip install 'assistant[tune]'` gets it.",
            error=error,
        ) from error
    return gguf
