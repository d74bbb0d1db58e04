"""What the process that owns a device and the assistant say to each other, over two sockets.

Both keep the borders of messages (`SOCK_SEQPACKET`). Over the one go requests and answers, as JSON;
over the other the sound:

    microphone:   blocks ->           each time that they make a frame
    loudspeaker:  a wish for samples ->, <- the samples

Times are `time.monotonic`, which is the same clock in all processes of a machine.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.audio.pace import Block

LARGEST = 1 << 18
"""Bytes of the largest message."""
_BLOCK = struct.Struct("<dI?")
_WISH = struct.Struct("<QdI?")
_NUMBER = struct.Struct("<Q")


def pack_blocks(blocks: Sequence[Block]) -> bytes:
    """Return the message of a microphone."""
    heads = (_BLOCK.pack(block.at, len(block.content), block.lost) for block in blocks)
    return b"".join((bytes([len(blocks)]), *heads, *(block.content for block in blocks)))


def unpack_blocks(message: bytes) -> Iterator[Block]:
    """Yield the blocks of a microphone's message."""
    count = message[0]
    position = 1 + count * _BLOCK.size
    for at, length, lost in _BLOCK.iter_unpack(message[1:position]):
        yield Block(message[position : position + length], at, lost)
        position += length


@dataclass(frozen=True, slots=True)
class Wish:
    """A loudspeaker wants samples."""

    number: int
    """Counts the wishes of a stream."""
    at: float
    """Monotonic s at which the first of them will be heard."""
    samples: int
    lost: bool
    """Whether the device ran dry before them."""

    def pack(self) -> bytes:
        """Return the message."""
        return _WISH.pack(self.number, self.at, self.samples, self.lost)

    @classmethod
    def unpack(cls, message: bytes) -> "Wish":
        """Return what `pack` was called on."""
        return cls(*_WISH.unpack(message))

    def grant(self, content: bytes | bytearray) -> bytes:
        """Return the message that brings the samples wished for."""
        return _NUMBER.pack(self.number) + content

    def granted(self, message: bytes) -> bytes | None:
        """Return the samples of a message of `grant`; None: they are those of another wish."""
        (number,) = _NUMBER.unpack_from(message)
        return message[_NUMBER.size :] if number == self.number else None
