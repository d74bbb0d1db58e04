"""LoRA adapters: small files that change how a language model answers, loaded beside it.

The format is llama.cpp's: GGUF with two small matrices, `lora_a` and `lora_b`, for each weight that
is changed. Which one is used can be changed without loading the model again.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from assistant import machine
from assistant.errors import BadInput
from assistant.messages import say
from assistant.mind import gguf
from assistant.models import Shelf, fingerprint

FOLDER = "adapters"
"""In the folder of the models: where the adapters lie that are named without a path."""
ENDING = ".gguf"
NONE = "none"
"""In place of a name: no adapter."""
EMBEDDING, HEAD = "token_embd.weight", "output.weight"
"""The tensors with a row for each token."""
CUT = "assistant.recipe"
"""Metadata of a model that was made here, with fewer tokens than its source."""
ACTIVATED = "adapter.alora.invocation_tokens"
"""Metadata of an adapter that is to work from certain words on only."""
KINDS = {0: "F32", 1: "F16", 8: "Q8_0", 30: "BF16"}
"""Types of weights that convert_lora_to_gguf.py writes (`enum ggml_type`)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is laid over a model's weights."""

    name: str = ""
    """As it was asked for; empty: nothing is laid over them."""
    loaded: Any = None
    """llama.cpp's own."""
    scale: float = 1.0
    key: str = ""
    """What is read depends on it besides the model."""


class Adapters:
    """Those beside one model: loaded when they are first wanted, gone with the model."""

    def __init__(
        self,
        library: ModuleType,
        model: Any,
        base: Path,
        models: Path | None,
        why: Callable[[], str],
    ) -> None:
        """`base` is the file of the loaded `model`, `models` the folder where names are looked up.

        ``why()`` tells what llama.cpp last said went wrong.
        """
        self._library, self._model = library, model
        self._base, self._models, self._why = base, models, why
        self._loaded: dict[str, Any] = {}
        self.now = Choice()
        """The one that every context of the model is to use."""

    def choose(self, wanted: str, scale: float) -> None:
        """Make `wanted`, a name or a path, the one to be used, with its changes times `scale`.

        Empty or `NONE`: none is used. Raises `BadInput` for one that is not there, is damaged or
        does not fit the model; then the one before stays.
        """
        if wanted in ("", NONE):
            self.now = Choice()
            return
        path = locate(wanted, self._models)
        check(path, self._base)
        print_ = fingerprint(path)
        if print_ not in self._loaded:
            self._loaded[print_] = self._load(path)
        self.now = Choice(wanted, self._loaded[print_], scale, f"{print_} {scale}")

    def _load(self, path: Path) -> Any:
        size, free = path.stat().st_size, machine.available_memory()
        if free is not None and size > free:
            raise BadInput(
                "{path}: wants {size} MB of memory and only {free} MB are free; end other "
                "programs.",
                path=path,
                size=round(size / 1e6),
                free=round(free / 1e6),
            )
        loaded = self._library.llama_adapter_lora_init(self._model, os.fsencode(path))
        if not loaded:
            raise BadInput(
                "{path}: llama.cpp cannot load it: {why}; make the adapter again.",
                path=path,
                why=self._why(),
            )
        return loaded


def locate(wanted: str, models: Path | None) -> Path:
    """Return the file of an adapter that is named, or given by its path.

    A name is that of a file in `FOLDER` of the folder `models`, or of the catalogue. Raises
    `BadInput` for what is not there.
    """
    path = Path(wanted).expanduser()
    if os.sep in wanted or wanted.startswith("~") or models is None:
        if path.is_file():
            return path
        raise BadInput("{path}: no such file (wanted: a LoRA adapter).", path=path)
    for name in (wanted, wanted + ENDING):
        if (found := models / FOLDER / name).is_file():
            return found
    shelf = Shelf(models)
    if any(entry.name == wanted and entry.purpose == "adapter" for entry in shelf.entries):
        return shelf.locate(wanted, "adapter")
    raise BadInput(
        "there is no adapter `{wanted}` in {folder}; there is: {names}.",
        wanted=wanted,
        folder=models / FOLDER,
        names=", ".join(names(models)) or say("none yet"),
    )


def names(models: Path) -> list[str]:
    """Return the names of the adapters in `FOLDER`, sorted."""
    return sorted(path.stem for path in (models / FOLDER).glob("*" + ENDING))


def check(path: Path, base: Path) -> None:
    """Raise `BadInput` unless `path` is a LoRA adapter for the model in the file `base`.

    llama.cpp looks at less than this, and ends the whole process where the rest is wrong.
    """
    adapter, model = gguf.contents(path), gguf.contents(base)
    _check_kind(path, adapter)
    ours, theirs = model.text("general.architecture"), adapter.text("general.architecture")
    if ours != theirs:
        raise BadInput(
            "{path}: is made for a model of the architecture `{theirs}`, {base} is of `{ours}`; "
            "take an adapter for this model.",
            path=path,
            theirs=theirs,
            base=base.name,
            ours=ours,
        )
    for name, a, b in _pairs(path, adapter):
        _check_weight(path, base, model, name, a, b)


def _check_kind(path: Path, adapter: gguf.Contents) -> None:
    kind = adapter.text("general.type") or "model"
    if kind == "adapter":
        kind = adapter.text("adapter.type")
    if kind != "lora":
        raise BadInput(
            "{path}: is no LoRA adapter: it says that it is of the type `{kind}`; llama.cpp's "
            "convert_lora_to_gguf.py makes one.",
            path=path,
            kind=kind,
        )
    if ACTIVATED in adapter.metadata:
        raise BadInput(
            "{path}: is an activated LoRA, which works from certain words on only; make a plain "
            "one.",
            path=path,
        )


def _pairs(path: Path, adapter: gguf.Contents) -> Iterator[tuple[str, gguf.Tensor, gguf.Tensor]]:
    """Yield the name of each weight that is changed, with its two matrices."""
    halves: dict[str, dict[str, gguf.Tensor]] = {}
    for full, tensor in adapter.tensors.items():
        name, _, half = full.rpartition(".")
        if half in ("lora_a", "lora_b"):
            halves.setdefault(name, {})[half] = tensor
        elif not full.endswith("_norm.weight"):  # these llama.cpp leaves out
            raise BadInput(
                "{path}: has the tensor {name}, which is no part of a LoRA adapter; make the "
                "adapter again.",
                path=path,
                name=gguf.short(full),
            )
    if not halves:
        raise BadInput("{path}: changes nothing: it has no tensors.", path=path)
    for name, pair in halves.items():
        if len(pair) < 2:
            raise BadInput(
                "{path}: has one of the two matrices for {name} only; make the adapter again.",
                path=path,
                name=gguf.short(name),
            )
        yield name, pair["lora_a"], pair["lora_b"]


def _check_weight(
    path: Path, base: Path, model: gguf.Contents, name: str, a: gguf.Tensor, b: gguf.Tensor
) -> None:
    """Raise `BadInput` unless `a` and `b` fit the weight `name` of the model."""
    told = {"path": path, "base": base.name, "name": gguf.short(name)}
    if unknown := next((kind for kind in (a.kind, b.kind) if kind not in KINDS), None):
        raise BadInput(
            "{path}: has weights of type {unknown} for {name}; allowed: {kinds}.",
            unknown=unknown,
            kinds=", ".join(KINDS.values()),
            **told,
        )
    weight = model.tensors.get(name)
    if weight is None:
        raise BadInput(
            "{path}: changes {name}, which {base} does not have; take an adapter for this model.",
            **told,
        )
    if name == EMBEDDING and HEAD not in model.tensors:
        raise BadInput(
            "{path}: changes {name}, which {base} uses as its output, too: that cannot be done; "
            "train one that leaves the embedding alone.",
            **told,
        )
    if _fits(name, weight.shape, a.shape, b.shape):
        return
    if name in (EMBEDDING, HEAD) and CUT in model.metadata:
        raise BadInput(
            "{path}: changes {name}, which has a row for each token, and the vocabulary of {base} "
            "was cut; use the model that it was tuned from, or train one that leaves {name} alone.",
            **told,
        )
    raise BadInput(
        "{path}: has {a} and {b} for {name}, which is {weight} in {base}; take an adapter for this "
        "model.",
        a=_size(a),
        b=_size(b),
        weight=_size(weight),
        **told,
    )


def _fits(name: str, weight: gguf.Shape, a: gguf.Shape, b: gguf.Shape) -> bool:
    """Whether the product of `a` and `b` has the size of `weight`; columns come first."""
    if not len(weight) == len(a) == len(b) >= 2 or not weight[2:] == a[2:] == b[2:]:
        return False
    if name == EMBEDDING:  # of which single rows are taken, so `a` lies the other way round
        return (weight[0], weight[1], a[0]) == (b[1], a[1], b[0])
    return (weight[0], weight[1], a[1]) == (a[0], b[1], b[0])


def _size(tensor: gguf.Tensor) -> str:
    return "x".join(str(length) for length in tensor.shape)
