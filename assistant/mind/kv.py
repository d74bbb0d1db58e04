"""What the language model has read: its KV cache, kept in step with a list of tokens."""

import ctypes
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import AssistantError
from assistant.worker import sign

BATCH = 128
"""Tokens read in one go. Larger ones are not faster here (217 tok/s with 128, 227 with 512, Qwen2.5
0.5B, 2 x86 cores) and take 20 MB more; what an interruption throws away is one of these."""


class Cancelled(Exception):
    """`cancelled()` became true while the model was reading."""


class KvCache:
    """One sequence of tokens that a llama.cpp context has read.

    Everything happens on one long-lived thread: a second one would get a second OpenMP team, and
    both would fight for the cores.
    """

    def __init__(self, library: ModuleType, model: Any, *, context: int, threads: int, batch: int):
        """Make a context of `context` tokens on a loaded `model`.

        `threads` make tokens, `batch` threads read many. Raises `AssistantError` when llama.cpp
        cannot get the memory.
        """
        self._library = library
        self._words = library.llama_vocab_n_tokens(library.llama_model_get_vocab(model))
        params = library.llama_context_default_params()
        params.n_ctx = context
        params.n_batch = params.n_ubatch = min(BATCH, context)
        params.n_threads, params.n_threads_batch = threads, batch
        params.no_perf = True
        self.context = library.llama_init_from_model(model, params)
        if not self.context:
            raise AssistantError(
                "llama.cpp cannot make a context of {context} tokens; lower `llm.context`.",
                context=context,
            )
        self._memory = library.llama_get_memory(self.context)
        self._batch = library.llama_batch_init(BATCH, 0, 1)
        self._tokens: list[int] = []
        self._cancelled: Callable[[], bool] = _never
        # Asked between the operations of one pass (700 for a token), not just between passes:
        # reading a long question stops within milliseconds. It costs nothing that can be measured.
        self._abort = library.ggml_abort_callback(lambda _: self._cancelled())
        library.llama_set_abort_callback(self.context, self._abort, None)

    def __len__(self) -> int:
        """Number of tokens that are read."""
        return len(self._tokens)

    def use_threads(self, threads: int, batch: int) -> None:
        """Make tokens with `threads` from now on, read with `batch` threads."""
        self._library.llama_set_n_threads(self.context, threads, batch)

    def lay_over(self, adapter: Any | None, scale: float) -> None:
        """Change the weights by a loaded LoRA adapter, times `scale`; None: use them as they are.

        What was read with other weights is forgotten.
        """
        library = self._library
        adapters = (library.llama_adapter_lora_p_ctypes * 1)()
        if adapter is not None:
            adapters[0] = adapter
        scales = (ctypes.c_float * 1)(scale)
        library.llama_set_adapters_lora(self.context, adapters, int(adapter is not None), scales)
        self._cut(0)

    def holds(self, tokens: Sequence[int]) -> bool:
        """Whether all of `tokens` are read already, and perhaps more after them."""
        return self._tokens[: len(tokens)] == list(tokens)

    def match(self, tokens: Sequence[int], most: int | None = None) -> int:
        """Forget what differs from `tokens`; return how many of them, from the first, stay read.

        At most `most` do, and never the last one: only reading a token tells what follows it.
        """
        common = 0
        for mine, theirs in zip(self._tokens, tokens[:-1][:most], strict=False):
            if mine != theirs:
                break
            common += 1
        self._cut(common)
        return len(self._tokens)

    def read(
        self, tokens: Sequence[int], cancelled: Callable[[], bool], look: int | None = None
    ) -> NDArray[np.float32] | None:
        """Read `tokens` after what was read before.

        Returns the logits (words,) after ``tokens[look]``; those after the last token are where
        llama.cpp's sampler looks for them. Raises `Cancelled` within milliseconds of `cancelled()`,
        `AssistantError` when llama.cpp fails. In both cases the cache stays usable, with what it
        holds for certain.
        """
        self._cancelled = cancelled
        seen = None
        try:
            for start in range(0, len(tokens), BATCH):
                here = None if look is None else look - start
                part = tokens[start : start + BATCH]
                self._decode(part, here)
                if here is not None and 0 <= here < len(part):
                    row = self._library.llama_get_logits_ith(self.context, here)
                    seen = np.ctypeslib.as_array(row, (self._words,)).copy()
        finally:
            self._cancelled = _never
        return seen

    def likeliest(self) -> int:
        """Return the token that most probably comes next."""
        row = self._library.llama_get_logits_ith(self.context, -1)
        return int(np.ctypeslib.as_array(row, (self._words,)).argmax())

    def dump(self) -> tuple[list[int], bytes]:
        """Return what is read, as tokens and as llama.cpp's own state of them."""
        size = self._library.llama_state_seq_get_size(self.context, 0)
        buffer = (ctypes.c_uint8 * size)()
        written = self._library.llama_state_seq_get_data(self.context, buffer, size, 0)
        return list(self._tokens), bytes(buffer)[:written]

    def restore(self, tokens: Sequence[int], state: bytes) -> bool:
        """Take back what `dump` gave; return whether llama.cpp accepts it. If not, it is empty."""
        self._cut(0)
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if (
            self._library.llama_state_seq_set_data(self.context, buffer, len(state), 0)
            != len(state)
            or self._library.llama_memory_seq_pos_max(self._memory, 0) != len(tokens) - 1
        ):
            self._library.llama_memory_clear(self._memory, True)
            return False
        self._tokens = list(tokens)
        return True

    def close(self) -> None:
        """Free it; before the model is freed."""
        self._library.llama_batch_free(self._batch)
        self._library.llama_free(self.context)

    def _decode(self, tokens: Sequence[int], look: int | None) -> None:
        sign()
        batch, first = self._batch, len(self._tokens)
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at], batch.pos[at] = token, first + at
            batch.n_seq_id[at], batch.seq_id[at][0] = 1, 0
            batch.logits[at] = at == look
        batch.logits[len(tokens) - 1] = True
        code = self._library.llama_decode(self.context, batch)
        self._tokens += tokens
        if code == 0:
            return
        if code == 2:  # aborted; what was finished before is still there
            self._cut(self._library.llama_memory_seq_pos_max(self._memory, 0) + 1)
            raise Cancelled
        self._cut(0)
        raise AssistantError("the language model failed (llama_decode returned {code}).", code=code)

    def _cut(self, length: int) -> None:
        """Keep the first `length` tokens, or none where the model cannot forget just the rest."""
        if length < len(self._tokens) and not self._library.llama_memory_seq_rm(
            self._memory, 0, length, -1
        ):
            length = 0
        if length == 0:
            self._library.llama_memory_clear(self._memory, True)
        del self._tokens[length:]


def _never() -> bool:
    return False
