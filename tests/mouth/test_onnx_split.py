import numpy as np
import onnxruntime
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.config import Config
from assistant.mouth.onnx_split import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Field,
    Unsplit,
    read,
    split,
    write,
)

VOICE = Config().models_dir / "piper-en-joe" / "en_US-joe-medium.onnx"


# --- the wire format ---------------------------------------------------------------------------

numbers = st.integers(1, (1 << 29) - 1)
fields = st.one_of(
    st.builds(Field, numbers, st.just(VARINT), st.integers(0, (1 << 64) - 1)),
    st.builds(Field, numbers, st.just(BYTES), st.binary(max_size=300)),
    st.builds(Field, numbers, st.just(FIXED32), st.binary(min_size=4, max_size=4)),
    st.builds(Field, numbers, st.just(FIXED64), st.binary(min_size=8, max_size=8)),
)


@given(st.lists(fields))
def test_what_was_written_is_read(message):
    assert [tuple(field) for field in read(write(message))] == [tuple(field) for field in message]


@given(st.binary(max_size=40))
@example(b"\x08\x80\x00")  # a nought in two bytes
@example(b"\x88\x00\x01")  # the same in a key
@example(b"\x08" + b"\xff" * 9 + b"\x7f")  # more than 64 bits
@example(b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
def test_any_bytes_are_refused_or_come_back_the_same(data):
    try:
        found = read(data)
    except Unsplit:
        return
    assert write(found) == data


@given(st.lists(fields, min_size=1), st.data())
def test_a_message_cut_short_is_refused_or_has_fewer_fields(message, data):
    whole = write(message)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        found = read(whole[:cut])
    except Unsplit:
        return
    assert len(found) < len(message)


def test_bytes_are_views_and_not_copies():
    whole = write([Field(1, BYTES, b"weights")])
    (field,) = read(whole)
    assert isinstance(field.value, memoryview)
    assert field.value.obj is whole


@pytest.mark.parametrize(
    "message",
    [b"\x0b\x0c", b"\x00\x01", b"\x0a", b"\x0a\x02a", b"\x09abc", b"\x80", b"\x0f"],
    ids=["group", "number 0", "no length", "too long", "fixed", "no key", "unknown kind"],
)
def test_what_nobody_writes_is_refused(message):
    with pytest.raises(Unsplit):
        read(message)


# --- a network of a few nodes ------------------------------------------------------------------


def message(number, *inner):
    return Field(number, BYTES, write(inner))


def text(number, value):
    return Field(number, BYTES, value.encode())


def ints(name, *values):
    return message(5, text(1, name), *(Field(8, VARINT, v) for v in values), Field(20, VARINT, 7))


def node(name, operator, inputs, output, *attributes):
    return message(
        1, *(text(1, i) for i in inputs), text(2, output), text(3, name), text(4, operator),
        *attributes,
    )  # fmt: skip


def tensor(name, array, number=5):
    dims = (Field(1, VARINT, size) for size in array.shape)
    kind = {"float32": 1, "int64": 7}[array.dtype.name]
    return message(
        number, *dims, Field(2, VARINT, kind), text(8, name), Field(9, BYTES, array.tobytes())
    )


def value(number, name, rank=3):
    shape = message(2, *(message(1, text(2, f"{name}{n}")) for n in range(rank)))
    return message(number, text(1, name), message(2, message(1, Field(1, VARINT, 1), shape)))


def conv(name, source, weight, output, kernel, dilation=1, **other):
    given = {
        "kernel_shape": [kernel],
        "dilations": [dilation],
        "strides": [1],
        "pads": [dilation * (kernel - 1) // 2] * 2,
        "group": None,
    } | other
    attributes = [ints(key, *numbers) for key, numbers in given.items() if numbers]
    attributes.append(message(5, text(1, "group"), Field(3, VARINT, 1), Field(20, VARINT, 2)))
    return node(name, "Conv", [source, weight], output, *attributes)


def up(name, source, weight, output, kernel, stride, **other):
    given = {
        "kernel_shape": [kernel],
        "strides": [stride],
        "pads": [(kernel - stride) // 2] * 2,
    } | other
    attributes = [ints(key, *numbers) for key, numbers in given.items()]
    return node(name, "ConvTranspose", [source, weight], output, *attributes)


def random(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def parts(kernel=3, dilation=2, up_kernel=8, stride=4, post=5):
    """The parts of a graph: a front, and a decoder as HiFi-GAN has it in little."""
    three = np.array(3, np.float32)
    attribute = message(5, text(1, "value"), tensor("", three), Field(20, VARINT, 4))
    constant = node("", "Constant", [], "three", attribute)
    return {
        "constant": constant,
        "front": node("/front/Mul", "Mul", ["input", "two"], "doubled"),
        "front 2": node("/Mul", "Mul", ["doubled", "three"], "z"),
        "pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", kernel, dilation),
        "relu": node("/dec/LeakyRelu", "LeakyRelu", ["pre"], "relu"),
        "up": up("/dec/up/ConvTranspose", "relu", "w.up", "up", up_kernel, stride),
        "res": conv("/dec/res/Conv", "up", "w.res", "res", kernel, dilation),
        "add": node("/dec/Add", "Add", ["res", "up"], "sum"),
        "div": node("/dec/Div", "Div", ["sum", "three"], "mean"),
        "post": conv("/dec/post/Conv", "mean", "w.post", "post", post),
        "tanh": node("/dec/Tanh", "Tanh", ["post"], "sound"),
        "last": node("/Unsqueeze", "Unsqueeze", ["sound", "axis"], "output"),
        "two": tensor("two", np.array(2, np.float32)),
        "axis": tensor("axis", np.array([1], np.int64)),
        "w.pre": tensor("w.pre", random(4, 2, kernel)),
        "w.up": tensor("w.up", random(4, 4, up_kernel)),
        "w.res": tensor("w.res", random(4, 4, kernel)),
        "w.post": tensor("w.post", random(1, 4, post) / 9),
        "name": text(2, "graph"),
        "in": value(11, "input"),
        "out": value(12, "output", 4),
        "between": value(13, "z"),
    }


def model(graph, *more):
    opset = message(8, Field(2, VARINT, 15))
    return write([Field(1, VARINT, 8), text(2, "me"), message(7, *graph.values()), opset, *more])


def run(network, feed):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    return session.run(None, feed)[0]


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([1, 3, 5, 7]),
    st.integers(1, 6),
    st.sampled_from([(2, 2), (4, 2), (8, 4), (9, 3), (16, 8), (12, 2)]),
    st.sampled_from([1, 3, 7]),
    st.integers(0, 40),
    st.integers(1, 20),
)
def test_a_piece_with_the_frames_around_it_is_a_piece_of_the_whole(
    kernel, dilation, up_size, post, start, length
):
    whole = model(parts(kernel, dilation, *up_size, post))
    halves = split(whole)
    assert halves.hop == up_size[1]
    sound = random(1, 2, 60)
    latent = run(halves.front, {"input": sound})
    np.testing.assert_allclose(latent, sound * 6, rtol=1e-6)
    wanted = run(whole, {"input": sound}).reshape(-1)
    assert len(wanted) == 60 * halves.hop
    low, high = max(start - halves.reach, 0), min(start + length + halves.reach, 60)
    piece = run(halves.decoder, {halves.latent: latent[:, :, low:high]}).reshape(-1)
    piece = piece[(start - low) * halves.hop : (start - low + length) * halves.hop]
    wanted = wanted[start * halves.hop : (start + length) * halves.hop]
    np.testing.assert_allclose(piece, wanted, rtol=0, atol=1e-5)


def names(network, number, inner):
    (graph,) = (field for field in read(network) if field.number == 7)
    return [
        bytes(part.value).decode()
        for field in read(graph.value)
        if field.number == number
        for part in read(field.value)
        if part.number == inner
    ]


def test_each_weight_goes_where_it_is_used_and_constants_to_both():
    halves = split(model(parts()))
    assert names(halves.front, 5, 8) == ["two"]
    assert names(halves.decoder, 5, 8) == ["axis", "w.pre", "w.up", "w.res", "w.post"]
    assert names(halves.front, 1, 4) == ["Constant", "Mul", "Mul"]
    assert names(halves.decoder, 1, 4)[0] == "Constant"
    assert (names(halves.front, 11, 1), names(halves.front, 12, 1)) == (["input"], ["z"])
    assert (names(halves.decoder, 11, 1), names(halves.decoder, 12, 1)) == (["z"], ["output"])


def without(graph, key):
    return {name: part for name, part in graph.items() if name != key}


@pytest.mark.parametrize(
    "change",
    [
        {"pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", 3, strides=[2])},
        {"pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", 3, pads=[2, 0])},
        {"pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", 3, pads=[0, 0])},
        {"pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", 3, pads=[])},
        {"pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", 3, pads=[1, 1, 1, 1])},
        {"pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", 3, kernel_shape=[])},
        {"pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", 4)},
        {"pre": conv("/dec/pre/Conv", "z", "w.pre", "pre", 3, auto_pad=[1])},
        {"pre": conv("/dec/pre/Conv", "z", "doubled", "pre", 3)},
        {"up": up("/dec/up/ConvTranspose", "relu", "w.up", "up", 8, 4, pads=[1, 1])},
        {"up": up("/dec/up/ConvTranspose", "relu", "w.up", "up", 8, 4, pads=[1, 3])},
        {"up": up("/dec/up/ConvTranspose", "relu", "w.up", "up", 8, 4, output_padding=[1])},
        {"up": up("/dec/up/ConvTranspose", "relu", "w.up", "up", 8, 4, dilations=[2])},
        {"up": up("/dec/up/ConvTranspose", "relu", "w.up", "up", 8, 4, output_shape=[9])},
        {"add": node("/dec/Add", "Add", ["res", "pre"], "sum")},
        {"add": node("/dec/Add", "Add", ["res", "doubled"], "sum")},
        {"div": node("/dec/Div", "Div", ["sum", "w.post"], "mean")},
        {"tanh": node("/dec/Softmax", "Softmax", ["post"], "sound")},
        {"tanh": node("/dec/Tanh", "ReduceMax", ["post"], "sound")},
        {"last": node("/Flatten", "Flatten", ["sound"], "output")},
        {"last": node("/Identity", "Tanh", ["z"], "output")},
        {"front 2": node("/dec/Mul", "Mul", ["doubled", "input"], "z")},
        {"out": value(12, "z")},
        {"out 2": value(12, "z")},
        {"sparse": message(15)},
        {"nameless": message(5, Field(9, BYTES, b"abcd"))},
        {"not a message": Field(1, VARINT, 1)},
        {"not text": message(1, Field(4, BYTES, b"\xff"))},
    ],
)
def test_a_network_that_is_not_surely_the_same_in_pieces_is_refused(change):
    with pytest.raises(Unsplit):
        split(model(parts() | change))


def test_a_network_without_a_decoder_or_a_graph_is_refused():
    with pytest.raises(Unsplit):
        split(model(parts()).replace(b"/dec/", b"/abc/"))
    with pytest.raises(Unsplit):
        split(write([Field(1, VARINT, 8)]))
    with pytest.raises(Unsplit):
        split(model(parts(), message(25)))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_network_is_refused_or_cut_but_nothing_else(data):
    damaged = bytearray(model(parts()))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        halves = split(bytes(damaged))
    except Unsplit:
        return
    assert halves.hop >= 1
    assert halves.reach >= 0


# --- a real voice ------------------------------------------------------------------------------


@pytest.mark.engine
def test_the_halves_of_a_voice_are_hardly_more_than_the_whole():
    whole = VOICE.read_bytes()
    assert write(read(whole)) == whole
    halves = split(whole)
    assert halves.hop == 256
    assert len(halves.front) + len(halves.decoder) <= len(whole) + 10_000
    assert len(halves.decoder) > 5_000_000
    weights = [names(half, 5, 8) for half in (halves.front, halves.decoder)]
    both = set(weights[0]) & set(weights[1])
    assert not any(name.startswith(("dec.", "enc_p.", "flow.")) for name in both)
