"""Makes broken input of good input, the same for the same seed."""

import random

NUMBERS = (
    0,
    1,
    -1,
    127,
    128,
    255,
    256,
    32767,
    65535,
    2**31 - 1,
    2**31,
    2**32,
    2**63,
    2**64,
    -(2**63),
)
TOKENS = (
    b"",
    b"\x00",
    b"\xff",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\n",
    b"\r\n",
    b'"',
    b"\\",
    b"'",
    b"[" * 3000,
    b"{" * 3000,
    b'{"a":' * 1500,
    b"(" * 2000,
    b"null",
    b"true",
    b"NaN",
    b"Infinity",
    b"-1",
    b"1e999",
    b"9" * 500,
    b"[]",
    b"{}",
    b'""',
    b"\xe4\xb8\xad",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xae",
    b"%s%n",
    b"../../etc",
    b"\xef\xbb\xbf",
    b"\\ud800",
    b"<",
    b">",
    b"&a",
    b"*a",
    b"!!python/object:os.system",
    b": ",
    b"- ",
    b"#",
    b"A" * 5000,
    b"a,b\n",
    b"=",
    b'"""',
    b"1979-05-27T07:32:00",
    b"2001-99-99",
    b"0x",
    b"1_0",
)
SPLICED = 0.08
"""Share of the changes that go on with another seed."""
LARGEST = 1 << 16
"""Bytes of an input at the most."""


def mutated(rng: random.Random, seeds: list[bytes]) -> bytes:
    """Return one of `seeds` with one to eight things that are wrong."""
    data = bytearray(rng.choice(seeds))
    for _ in range(min(8, 1 + int(rng.expovariate(0.7)))):
        if rng.random() < SPLICED:
            _splice(rng, data, rng.choice(seeds))
        else:
            rng.choice(CHANGES)(rng, data)
    return bytes(data[:LARGEST])


def _place(rng: random.Random, data: bytearray) -> int:
    # Headers come first: half of all changes are among the first 64 bytes.
    return rng.randrange(min(len(data), 64) + 1 if rng.random() < 0.5 else len(data) + 1)


def _byte(rng: random.Random, data: bytearray) -> None:
    if data:
        data[_place(rng, data) % len(data)] = rng.choice(
            (0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256))
        )


def _flip(rng: random.Random, data: bytearray) -> None:
    if data:
        data[_place(rng, data) % len(data)] ^= 1 << rng.randrange(8)


def _word(rng: random.Random, data: bytearray) -> None:
    at, size = _place(rng, data), rng.choice((2, 4, 8))
    order = rng.choice(("little", "little", "big"))
    data[at : at + size] = (rng.choice(NUMBERS) % (1 << 8 * size)).to_bytes(size, order)


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[_place(rng, data) :]


def _remove(rng: random.Random, data: bytearray) -> None:
    at = _place(rng, data)
    del data[at : at + rng.choice((1, 2, 4, 16, 100))]


def _twice(rng: random.Random, data: bytearray) -> None:
    at, size = _place(rng, data), rng.choice((1, 4, 16, 200))
    data[at:at] = data[at : at + size] * rng.choice((1, 1, 3, 50))


def _token(rng: random.Random, data: bytearray) -> None:
    at, size = _place(rng, data), rng.choice((0, 0, 1, 4))
    data[at : at + size] = rng.choice(TOKENS)


def _number(rng: random.Random, data: bytearray) -> None:
    """Put another number in the place of one that is written in digits."""
    at = _place(rng, data)
    while at < len(data) and not chr(data[at]).isdigit():
        at += 1
    end = at
    while end < len(data) and chr(data[end]).isdigit():
        end += 1
    data[at:end] = str(rng.choice(NUMBERS)).encode()


def _splice(rng: random.Random, data: bytearray, other: bytes) -> None:
    at, start = _place(rng, data), rng.randrange(len(other) + 1)
    data[at:] = other[start:]


def _noise(rng: random.Random, data: bytearray) -> None:
    at = _place(rng, data)
    data[at:at] = rng.randbytes(rng.choice((1, 3, 30)))


CHANGES = (_byte, _flip, _word, _cut, _remove, _twice, _token, _token, _number, _noise)
