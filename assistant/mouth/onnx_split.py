"""Cuts a voice's network (ONNX) in two: what makes the latent, and the decoder that makes sound.

The decoder of a VITS voice is convolutions all the way, so that a piece of the latent, with some
frames more on both sides, gives the same samples as the whole. That is not believed but checked,
node by node; a network with anything else in its decoder raises `Unsplit`.

ONNX is a protocol buffer. Of its schema (onnx.proto of github.com/onnx/onnx, Apache-2.0) only
field numbers are used here; what is not understood is copied as it is, or refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, prod
from typing import NamedTuple

DECODER = "/dec/"
"""What the names of the decoder's nodes begin with in Piper's exports."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Kinds of fields, as the wire format counts them."""
FLOAT = 1
"""TensorProto.DataType of float32."""

ALIKE = {"LeakyRelu", "Tanh", "Add", "Mul", "Div"}
"""Operators that make each sample of those at the same place."""

Buffer = bytes | memoryview


class Unsplit(ValueError):
    """The network is not one that can be cut."""


class Field(NamedTuple):
    """One field of a message."""

    number: int
    kind: int
    value: int | Buffer
    """A number where `kind` is `VARINT`, else the bytes, without their length."""

    @property
    def body(self) -> memoryview:
        """The bytes of a field that must have some."""
        if isinstance(self.value, int) or self.kind != BYTES:
            raise Unsplit(f"field {self.number} is not a message")
        return memoryview(self.value)


@dataclass(frozen=True, slots=True)
class Halves:
    """A network in two."""

    front: bytes
    """The model that has the inputs of the whole and gives the latent (1, channels, frames)."""
    decoder: bytes
    """The model that takes the latent and has the output of the whole."""
    latent: str
    """Name of the tensor between them."""
    hop: int
    """Samples that a frame becomes."""
    reach: int
    """Frames before and after a frame that its samples depend on."""
    lengths: str
    """Name of the front's second output: how many frames long each phoneme is, (1, 1, phonemes);
    empty where the network does not tell."""


def read(message: Buffer) -> list[Field]:
    """Return the fields of a message; their bytes are views into it.

    Raises `Unsplit` for what no writer of protocol buffers would write.
    """
    data, at, found = memoryview(message), 0, []
    while at < len(data):
        key = data[at]
        if key < 0x80:
            at += 1
        else:
            key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if not 0 < number < 1 << 29:
            raise Unsplit(f"a field has the number {number}")
        if kind == VARINT:
            value, at = _varint(data, at)
            found.append(Field(number, kind, value))
            continue
        if kind == BYTES:
            size, at = _varint(data, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise Unsplit(f"a field is of the unknown kind {kind}")
        if size > len(data) - at:
            raise Unsplit("a field is longer than what it lies in")
        found.append(Field(number, kind, data[at : at + size]))
        at += size
    return found


def write(fields: Iterable[Field]) -> bytes:
    """Return the message that `read` takes apart into `fields`."""
    return b"".join(_chunks(fields))


def split(model: Buffer) -> Halves:
    """Cut a voice's ModelProto at the input of its decoder; `Unsplit` where that cannot be done."""
    try:
        return _split(read(model))
    except (IndexError, ValueError) as error:  # also: an attribute that must have one number
        raise Unsplit(str(error)) from error


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return the number at `at`, 7 bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise Unsplit("a number is cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if (byte == 0 and shift > 0) or value >= 1 << 64:
                break
            return value, at
    raise Unsplit("a number is written in more bytes than it needs")


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _chunks(fields: Iterable[Field]) -> Iterator[Buffer]:
    for field in fields:
        yield _number(field.number << 3 | field.kind)
        if isinstance(field.value, int):
            yield _number(field.value)
        else:
            if field.kind == BYTES:
                yield _number(len(field.value))
            yield field.value


@dataclass(slots=True, eq=False)
class _Node:
    """A NodeProto: fields input=1, output=2, name=3, op_type=4, attribute=5, domain=7."""

    field: Field
    inputs: list[str]
    outputs: list[str]
    name: str
    operator: str
    attributes: list[memoryview]

    @classmethod
    def of(cls, field: Field) -> "_Node":
        inputs, outputs, attributes, name, operator, domain = [], [], [], "", "", ""
        for part in read(field.body):
            match part.number:
                case 1:
                    inputs.append(_text(part))
                case 2:
                    outputs.append(_text(part))
                case 3:
                    name = _text(part)
                case 4:
                    operator = _text(part)
                case 5:
                    attributes.append(part.body)
                case 7:
                    domain = _text(part)
        return cls(field, inputs, outputs, name, f"{domain}{operator}", attributes)


def _split(model: list[Field]) -> Halves:
    # ModelProto: ir_version=1, producer=2 and 3, domain=4, version=5, doc=6, graph=7,
    # opset_import=8, metadata=14. GraphProto: node=1, name=2, initializer=5, doc=10, input=11,
    # output=12, value_info=13.
    _only(model, {1, 2, 3, 4, 5, 6, 7, 8, 14})
    (graph,) = _some(model, 7, 1)
    parts = read(graph.body)
    _only(parts, {1, 2, 5, 10, 11, 12, 13})
    nodes = [_Node.of(field) for field in parts if field.number == 1]
    weights = {_name(field, 8): field for field in parts if field.number == 5}

    # A constant, wherever it is written down, belongs to whoever uses it.
    sizes = {name: _elements(field.body) for name, field in weights.items()}
    for node in nodes:
        if node.operator == "Constant" and len(node.outputs) == 1:
            sizes[node.outputs[0]] = _constant(node)

    back: list[_Node] = []
    made: set[str] = set()
    for node in nodes:
        if node.operator == "Constant":
            continue
        if node.name.startswith(DECODER) or made.intersection(node.inputs):
            back.append(node)
            made.update(node.outputs)
    wanted = {name for node in back for name in node.inputs if name} - made - sizes.keys()
    if len(wanted) != 1:
        raise Unsplit(f"the decoder has {len(wanted)} inputs, not one")
    (latent,) = wanted
    (output,) = _some(parts, 12, 1)
    end = _name(output, 1)
    front = [node for node in nodes if node.operator != "Constant" and not made & {*node.outputs}]
    if not any(latent in node.outputs for node in front) or end not in made:
        raise Unsplit("the decoder does not lie between the network and its output")
    hop, reach = _measure(back, latent, sizes, end)
    # VITS rounds the lengths up to whole frames, and nothing else in it is rounded up.
    rounded = [name for node in front if node.operator == "Ceil" for name in node.outputs]
    lengths = rounded[0] if len(rounded) == 1 else ""

    def half(chosen: list[_Node], inputs: list[Field], outputs: list[Field]) -> bytes:
        used = {name for node in chosen for name in node.inputs}
        fields = [field for field in parts if field.number in (2, 10)]
        fields += [
            node.field
            for node in nodes
            if node.operator == "Constant" and used.intersection(node.outputs)
        ]
        fields += [node.field for node in chosen]
        fields += [field for name, field in weights.items() if name in used]
        # The shapes between (value_info) are left out: they are inferred again. The chunks and
        # not their bytes go into the model, so that the weights are copied once.
        inner = [*_chunks([*fields, *inputs, *outputs])]
        return b"".join(
            [
                *_chunks(field for field in model if field.number != 7),
                _number(7 << 3 | BYTES),
                _number(sum(map(len, inner))),
                *inner,
            ]
        )

    inputs = [field for field in parts if field.number == 11 and _name(field, 1) not in weights]
    return Halves(
        half(front, inputs, [_tensor(12, name) for name in (latent, lengths) if name]),
        half(back, [_tensor(11, latent)], [output]),
        latent,
        hop,
        reach,
        lengths,
    )


def _measure(back: list[_Node], latent: str, sizes: dict[str, int], end: str) -> tuple[int, int]:
    """Return the samples that a frame becomes, and the frames that a sample reaches to each side.

    Raises `Unsplit` unless each node of `back` is one that leaves the length alone or makes it a
    multiple, and does the same everywhere.
    """
    # tensor: (samples a frame, frames it reaches); None for both once it is only reshaped.
    known = {latent: (1, 0.0)}
    closed: set[str] = set()
    for node in back:
        if len(node.outputs) != 1:
            raise Unsplit(f"{node.name} has {len(node.outputs)} outputs")
        sources = [known[name] for name in node.inputs if name in known]
        others = [name for name in node.inputs if name and name not in known]
        if closed.intersection(node.inputs) and node.operator != "Unsqueeze":
            raise Unsplit(f"{node.name} comes after the sound was made")
        if not sources or any(name not in sizes for name in others):
            raise Unsplit(f"{node.name} depends on more than the latent")
        step, reach = sources[0][0], max(reach for _, reach in sources)
        if any(source[0] != step for source in sources):
            raise Unsplit(f"{node.name} joins sounds of two lengths")
        match node.operator:
            case "Conv":
                reach += _conv(node) / step
            case "ConvTranspose":
                stride, more = _conv_transpose(node)
                reach += more / step
                step *= stride
            case "Unsqueeze":
                closed.add(node.outputs[0])
            case operator if operator in ALIKE:
                if any(sizes[name] != 1 for name in others):
                    raise Unsplit(f"{node.name} does not do the same everywhere")
            case operator:
                raise Unsplit(f"{node.name} is a {operator}")
        known[node.outputs[0]] = step, reach
    step, reach = known[end]
    return step, ceil(reach)


def _conv(node: _Node) -> float:
    """Return how many samples of its input a convolution reaches to each side."""
    given = _attributes(node)
    (kernel,) = given.get("kernel_shape", [])
    (dilation,) = given.get("dilations", [1])
    extent = dilation * (kernel - 1)
    if given.get("strides", [1]) != [1] or given.get("pads") != [extent // 2] * 2 or extent % 2:
        raise Unsplit(f"{node.name} changes the length")
    return extent / 2


def _conv_transpose(node: _Node) -> tuple[int, float]:
    """Return how many samples become of one, and how many of its input it reaches to each side."""
    given = _attributes(node)
    (kernel,) = given.get("kernel_shape", [])
    (stride,) = given.get("strides", [])
    (pad, same) = given.get("pads", [])
    if (
        stride < 1
        or pad != same
        or kernel - 2 * pad != stride
        or given.get("dilations", [1]) != [1]
        or given.get("output_padding", [0]) != [0]
    ):
        raise Unsplit(f"{node.name} does not make a multiple of the length")
    # Sample n is made of the inputs from (n + pad - kernel + 1) / stride to (n + pad) / stride.
    return stride, max(pad, kernel - 1 - pad) / stride


def _attributes(node: _Node) -> dict[str, list[int]]:
    """Return a convolution's attributes, all of which are lists of ints but `group`."""
    allowed = {"kernel_shape", "dilations", "strides", "pads", "output_padding"}
    found: dict[str, list[int]] = {}
    for attribute in node.attributes:  # AttributeProto: name=1, ints=8
        parts = read(attribute)
        (name,) = _some(parts, 1, 1)
        if _text(name) == "group":
            continue
        if _text(name) not in allowed:
            raise Unsplit(f"{node.name} has the attribute {_text(name)}")
        ints = found.setdefault(_text(name), [])
        for part in parts:
            if part.number == 8:
                ints.extend([part.value] if isinstance(part.value, int) else _packed(part.body))
    if any(len(ints) != (2 if name == "pads" else 1) for name, ints in found.items()):
        raise Unsplit(f"{node.name} has not one dimension")
    if not {"kernel_shape", "pads"} <= found.keys():
        raise Unsplit(f"{node.name} does not tell its size")
    return found


def _packed(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _constant(node: _Node) -> int:
    """Return how many elements a Constant node has; 0 for one that is not a tensor."""
    for attribute in node.attributes:  # AttributeProto: t=5
        for part in read(attribute):
            if part.number == 5:
                return _elements(part.body)
    return 0


def _elements(tensor: memoryview) -> int:
    """Return how many elements a TensorProto (dims=1) has."""
    dims: list[int] = []
    for part in read(tensor):
        if part.number == 1:
            dims.extend([part.value] if isinstance(part.value, int) else _packed(part.body))
    return prod(dims)


def _tensor(number: int, name: str) -> Field:
    """Return a ValueInfoProto (name=1, type=2) of a TypeProto (tensor_type=1, elem_type=1)."""
    kind = write([Field(1, BYTES, write([Field(1, VARINT, FLOAT)]))])
    return Field(number, BYTES, write([Field(1, BYTES, name.encode()), Field(2, BYTES, kind)]))


def _name(field: Field, number: int) -> str:
    (name,) = _some(read(field.body), number, 1)
    return _text(name)


def _text(field: Field) -> str:
    return str(field.body, "utf-8")


def _some(fields: list[Field], number: int, count: int) -> list[Field]:
    """Return the `count` fields with that number."""
    found = [field for field in fields if field.number == number]
    if len(found) != count:
        raise Unsplit(f"there are {len(found)} fields {number}, not {count}")
    return found


def _only(fields: list[Field], numbers: set[int]) -> None:
    if strange := {field.number for field in fields} - numbers:
        raise Unsplit(f"there are unknown fields: {sorted(strange)}")
