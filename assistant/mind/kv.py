"""What the language model has read: its KV cache, kept in step with a list of tokens."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from assistant.errors import AssistantError

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
        params = library.llama_context_default_params()
        params.n_ctx = context
        params.n_batch = params.n_ubatch = min(BATCH, context)
        params.n_threads, params.n_threads_batch = threads, batch
        params.no_perf = True
        self.context = library.llama_init_from_model(model, params)
        if not self.context:
            raise AssistantError(
                f"llama.cpp cannot make a context of {context} tokens; lower `llm.context`."
            )
        self._memory = library.llama_get_memory(self.context)
        self._tokens: list[int] = []
        self._cancelled: Callable[[], bool] = _never
        # Asked between the operations of one pass (700 for a token), not just between passes:
        # reading a long question stops within milliseconds. It costs nothing that can be measured.
        self._abort = library.ggml_abort_callback(lambda _: self._cancelled())
        library.llama_set_abort_callback(self.context, self._abort, None)

    def match(self, tokens: Sequence[int]) -> int:
        """Forget what differs from `tokens`; return how many of them, from the first, stay read.

        The last one never does: only reading a token tells which one follows it.
        """
        common = 0
        for mine, theirs in zip(self._tokens, tokens[:-1], strict=False):
            if mine != theirs:
                break
            common += 1
        self._cut(common)
        return len(self._tokens)

    def read(self, tokens: Sequence[int], cancelled: Callable[[], bool]) -> None:
        """Read `tokens` after what was read before.

        Raises `Cancelled` within milliseconds of `cancelled()`, `AssistantError` when llama.cpp
        fails. In both cases the cache stays usable, with what it holds for certain.
        """
        self._cancelled = cancelled
        try:
            for start in range(0, len(tokens), BATCH):
                self._decode(tokens[start : start + BATCH])
        finally:
            self._cancelled = _never

    def close(self) -> None:
        """Free it; before the model is freed."""
        self._library.llama_free(self.context)

    def _decode(self, tokens: Sequence[int]) -> None:
        array = (self._library.llama_token * len(tokens))(*tokens)
        code = self._library.llama_decode(
            self.context, self._library.llama_batch_get_one(array, len(tokens))
        )
        self._tokens += tokens
        if code == 0:
            return
        if code == 2:  # aborted; what was finished before is still there
            self._cut(self._library.llama_memory_seq_pos_max(self._memory, 0) + 1)
            raise Cancelled
        self._cut(0)
        raise AssistantError(f"the language model failed (llama_decode returned {code}).")

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
