"""Which tokens of a vocabulary stay, and what the vocabulary looks like without the others.

Only byte-level BPE (`gpt2` in GGUF) is understood: every token is a byte or the merge of two other
tokens. As long as all bytes stay, any text can still be written; as long as the kept tokens are
closed under the merges, a text that needs none of the dropped ones is cut up as before.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

NORMAL, UNUSED = 1, 5
"""Kinds of tokens (`enum llama_token_type`); all others are for control and always stay."""

ROWS = 64
"""The number of tokens is a multiple of it: the fast kernels take rows by 8, threads share them."""


class Uncuttable(Exception):
    """The vocabulary cannot be cut; the text says why, to be read after "because"."""


@dataclass(frozen=True)
class Vocabulary:
    """Tokens with their kinds, by id, and merges, in the order in which they are tried."""

    tokens: Sequence[str]
    kinds: Sequence[int]
    merges: Sequence[str]

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """Token -> id."""
        return {token: number for number, token in enumerate(self.tokens)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the words and the merges: the same for models that share a vocabulary.

        Control tokens are left out; a publisher renames them from one model to the next.
        """
        sha256 = hashlib.sha256()
        for token, kind in zip(self.tokens, self.kinds, strict=True):
            if kind == NORMAL:
                sha256.update(token.encode() + b"\n")
        for merge in self.merges:
            sha256.update(merge.encode() + b"\n")
        return sha256.hexdigest()

    @cached_property
    def parents(self) -> Mapping[int, tuple[int, int]]:
        """Id of a token -> ids of the two that make it, by the first merge that does.

        Raises `Uncuttable` for a merge of tokens that do not exist.
        """
        found: dict[int, tuple[int, int]] = {}
        for merge in self.merges:
            left, _, right = merge.partition(" ")
            try:
                found.setdefault(self.ids[left + right], (self.ids[left], self.ids[right]))
            except KeyError:
                raise Uncuttable(f"its merge {merge!r} names a token that it lacks") from None
        return found

    @cached_property
    def always(self) -> frozenset[int]:
        """Ids that stay whatever is wanted: all bytes, and all tokens for control.

        Raises `Uncuttable` unless there are 256 bytes and everything else comes from merges.
        """
        normal = [number for number, kind in enumerate(self.kinds) if kind == NORMAL]
        bytes_ = [number for number in normal if len(self.tokens[number]) == 1]
        if len(bytes_) != 256:
            raise Uncuttable(f"it has {len(bytes_)} tokens of one byte instead of 256")
        if unmade := [n for n in normal if n not in self.parents and n not in set(bytes_)]:
            raise Uncuttable(f"no merge makes its token {self.tokens[unmade[0]]!r}")
        control = {n for n, kind in enumerate(self.kinds) if kind not in (NORMAL, UNUSED)}
        return frozenset(control.union(bytes_))

    def choose(self, wanted: Iterable[int], size: int) -> list[int]:
        """Return the ids that stay, sorted: of `wanted`, best first, as many as `size` allows.

        What a wanted token is made of comes with it, so there may be a few more than `size`; then
        more of the wanted ones are taken until the number is a multiple of `ROWS`. Without enough
        wanted ones it is not.
        """
        kept = set(self.always)
        for number in wanted:
            if len(kept) >= size and len(kept) % ROWS == 0:
                break
            family = self._family(number, kept)
            # Past the size only what still fits below the next multiple is taken.
            if len(kept) < size or len(kept) % ROWS + len(family) <= ROWS:
                kept |= family
        return sorted(kept)

    def _family(self, number: int, kept: set[int]) -> set[int]:
        """Return the token and what it is made of, without what is kept already."""
        family: set[int] = set()
        waiting = [number]
        while waiting:
            if (one := waiting.pop()) not in kept and one not in family:
                family.add(one)
                waiting.extend(self.parents.get(one, ()))
        return family

    def cut(self, kept: Sequence[int]) -> "Vocabulary":
        """Return the vocabulary of the tokens `kept` (sorted ids) and the merges among them."""
        tokens = [self.tokens[number] for number in kept]
        words = {self.tokens[n] for n in kept if self.kinds[n] == NORMAL}

        def stays(merge: str) -> bool:
            left, _, right = merge.partition(" ")
            return left in words and right in words and left + right in words

        merges = [merge for merge in self.merges if stays(merge)]
        return Vocabulary(tokens, [self.kinds[number] for number in kept], merges)
