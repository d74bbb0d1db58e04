"""A language model in a GGUF file, run in this process by llama.cpp."""

import ctypes
import logging
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import machine
from assistant.config import Llm
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.mind import gguf, kvfile
from assistant.mind.adapter import Adapters, Choice
from assistant.mind.kv import Cancelled, KvCache
from assistant.mind.model import Message, Usage, never
from assistant.mind.pieces import Pieces

log = logging.getLogger(__name__)

REPEAT_WINDOW = 64
"""Tokens of the answer that `repeat_penalty` looks back at (llama.cpp's own default)."""

LOG_ERROR = 4
"""`GGML_LOG_LEVEL_ERROR`."""

MARK = "\ue000{}\ue001"
"""Stands for the text of message number {} while the chat template is filled in: characters for
private use, which no template has."""
MARKED = re.compile("\ue000(\\d+)\ue001")

ENDS = [mark + after for mark in ".?!。？！" for after in ("", "\n", "\n\n", '"', " ")] + [
    "\n",
    "\n\n",
]
"""What comes next where a message is complete: the end of a sentence, besides its own end.
Probability of these after the words of 24 requests against that after all their beginnings: area
under the curve .97, in English and in Chinese (benchmarks/whole.py)."""

SPIN = "3000"
"""How often libgomp's threads look for each other before they sleep (10 us; its own default is
300,000). Thread teams that spin while another program wants a core wait for threads that wait for
them: with four busy programs on two cores a short answer took 40 s, with this 4 s."""

_errors: deque[str] = deque(maxlen=20)
"""What llama.cpp lately said went wrong; it would write it to standard error otherwise."""
_alive: list[object] = []
"""What C knows only by its address."""


class LlamaModel:
    """A `LanguageModel`. It remembers what it has read: a prompt that begins as the last one did is
    read from where the two differ.

    All calls come from one long-lived thread; a `reply` is exhausted or dropped before the next.
    """

    def __init__(
        self,
        path: Path,
        settings: Llm,
        cache: Path | None = None,
        beside: "LlamaModel | None" = None,
        models: Path | None = None,
    ) -> None:
        """Load the model at `path`, after a look at its header and at the free memory.

        What it has read when it is first warmed is kept in the folder `cache`. `beside` is one of
        the same file whose weights and adapter it uses, with a memory of its own; it is closed
        before that one. Adapters are looked up by name in the folder `models`.

        Raises `BadInput` for a file that cannot be used or is too large for this machine,
        `EngineMissing` without llama-cpp-python.
        """
        self._path, self._settings = path, settings
        self._counts = _Counts()
        self._owner = beside is None
        self.name: str = beside.name if beside else _checked(path, settings).name
        self._library = _library()
        self._model: Any = beside._model if beside else _load(self._library, path)
        self._adapters: Adapters = beside._adapters if beside else self._own_adapters(models)
        self._laid = Choice()
        try:
            self._vocabulary = self._library.llama_model_get_vocab(self._model)
            self._template = self._library.llama_model_chat_template(self._model, None)
            self._render([Message("user", "")], ask=True)  # whether llama.cpp knows the template
            decode, batch = thread_counts(settings)
            self._threads = decode, batch
            self._kv = KvCache(
                self._library,
                self._model,
                context=settings.context,
                threads=decode,
                batch=batch,
            )
            self._ends = self._end_tokens()
            self._cache = cache
        except AssistantError as error:
            if self._owner:
                self._library.llama_model_free(self._model)
            raise type(error)(f"{path}: {error}") from None

    def beside(self) -> "LlamaModel":
        """Return a model for others to talk with: the same weights, a memory of its own.

        To be used on this one's thread and closed before it. Raises `AssistantError` when llama.cpp
        cannot get the memory.
        """
        return LlamaModel(self._path, self._settings, beside=self)

    def use_adapter(self, name: str) -> None:
        """Answer with the LoRA adapter `name`, or path, from the next call on; empty: without any.

        Models beside this one do so, too. Raises `BadInput` for one that is not there, is damaged
        or does not fit; then the one before stays.
        """
        self._adapters.choose(name, self._settings.adapter_scale)

    @property
    def usage(self) -> Usage:
        """Figures of the last `reply`; those of the prompt are right from its first piece on."""
        return self._counts.usage()

    def count(self, text: str) -> int:
        """Number of tokens of `text`, without the chat template."""
        return len(self._tokenize(text, special=False))

    def warm(
        self,
        messages: list[Message],
        cancelled: Callable[[], bool] = never,
        *,
        judged: Callable[[float], None] | None = None,
    ) -> None:
        """Read `messages` up to the last word, so that what follows it is all that is left to do.

        See `LanguageModel.warm`. What is read first in the model's life is looked for on disk.
        """
        _, tokens = self._fit(messages, ask=False)
        self._lay_over()
        if (self._kv.holds(tokens) and not judged) or not self._settings.reuse:
            return
        stored = None
        if self._cache and not judged and not len(self._kv):
            stored = kvfile.Store(self._cache, self._path, self._version())
        self._cache = None  # what is read later holds what people said
        if stored and (state := stored.load(tokens)) and self._kv.restore(tokens, state):
            return
        self._kv.use_threads(*self._threads)
        try:
            unread = tokens[self._kv.match(tokens) :]
            seen = self._kv.read(unread, cancelled, len(unread) - 1 if judged else None)
        except Cancelled:
            return
        if judged and seen is not None:
            judged(_probability(seen, self._ends))
        if stored:
            stored.save(*self._kv.dump())

    def reply(
        self,
        messages: list[Message],
        cancelled: Callable[[], bool],
        judged: Callable[[float], None] | None = None,
    ) -> Iterator[str]:
        """Yield pieces of text until the end, or until `cancelled()`: within one token.

        See `LanguageModel.reply`. The oldest turns are left out where the prompt is longer than
        the context. Raises `BadInput` when it is too long even so.
        """
        return self.answer(messages, self._settings, cancelled, judged=judged)

    def answer(
        self,
        messages: list[Message],
        settings: Llm,
        cancelled: Callable[[], bool],
        *,
        interrupted: Callable[[], bool] = never,
        judged: Callable[[float], None] | None = None,
        grammar: str = "",
    ) -> Iterator[str]:
        """Yield as `reply` does, with other `settings` of the answer.

        While `interrupted()` it stops within milliseconds and yields an empty text; asked for the
        next one it goes on where it was. With a `grammar` (GBNF, its first rule is `root`) it says
        nothing else than that admits. Raises `AssistantError` for one that llama.cpp cannot read.
        """
        counts = self._counts = _Counts()
        # Its own last message is open: it writes on, and nothing stands between.
        messages, tokens = self._fit(messages, ask=not messages or messages[-1].role != "assistant")
        self._lay_over()
        # The message's last token is read again with what follows it, to see what it foretells.
        last = len(self._prompt(messages, ask=False)) - 1 if judged else None
        counts.prompt = len(tokens)
        counts.cached = self._kv.match(tokens, last if self._settings.reuse else 0)
        self._kv.use_threads(*self._threads)
        pieces = Pieces(settings.stop)
        sampler = _sampler(self._library, self._vocabulary, settings, grammar)
        most = min(settings.max_tokens, self._settings.context - len(tokens))

        def judge(logits: NDArray[np.float32]) -> None:
            if judged:
                judged(_probability(logits, self._ends))

        try:
            look = None if last is None else last - counts.cached
            for token in self._generate(tokens, most, sampler, cancelled, interrupted, look, judge):
                if token is None:
                    yield ""
                    continue
                if text := pieces.feed(self._bytes(token)):
                    yield text
                if pieces.stopped or cancelled():
                    counts.whole = pieces.stopped
                    break
            if not cancelled() and (text := pieces.end()):
                yield text
        finally:
            self._library.llama_sampler_free(sampler)
            counts.end()

    def use_threads(self, decode: int, batch: int) -> None:
        """Make answers with `decode` threads from now on and read questions with `batch`."""
        self._threads = decode, batch

    def bare_decode(self, tokens: int) -> float:
        """Return tokens a second of llama.cpp alone, the likeliest token each time.

        What is around it here (sampling, text, cancelling) is measured against this.
        """
        self.warm([Message("user", "Count from one to fifty in words.")])
        self._kv.use_threads(*self._threads)
        began = time.perf_counter()
        for _ in range(tokens):
            self._kv.read([self._kv.likeliest()], never)
        return tokens / (time.perf_counter() - began)

    def close(self) -> None:
        """Free the model; it cannot be used any more."""
        if self._model is not None:
            self._kv.close()
            if self._owner:
                self._library.llama_model_free(self._model)
            self._model = self._vocabulary = None

    def _generate(
        self,
        tokens: list[int],
        most: int,
        sampler: Any,
        cancelled: Callable[[], bool],
        interrupted: Callable[[], bool],
        look: int | None,
        judge: Callable[[NDArray[np.float32]], None],
    ) -> Iterator[int | None]:
        """Yield at most `most` tokens of the answer, each before it is read back.

        None stands for an interruption. `judge` gets the logits after the unread token `look`.
        """
        counts, every = self._counts, list(tokens)
        while counts.reply < most:
            if cancelled():
                return
            if interrupted():
                yield None
                continue
            unread = every[len(self._kv) :]
            try:
                seen = self._kv.read(unread, lambda: cancelled() or interrupted(), look)
            except Cancelled:
                continue
            if seen is not None:
                judge(seen)
            look = None
            token = self._library.llama_sampler_sample(sampler, self._kv.context, -1)
            counts.token()
            if self._library.llama_vocab_is_eog(self._vocabulary, token):
                counts.whole = True
                return
            every.append(token)
            yield token

    def _own_adapters(self, models: Path | None) -> Adapters:
        """Return those for this model's weights; the one that the settings name is chosen."""
        adapters = Adapters(self._library, self._model, self._path, models, _last_error)
        try:
            adapters.choose(self._settings.adapter, self._settings.adapter_scale)
        except AssistantError:
            self._library.llama_model_free(self._model)
            raise
        return adapters

    def _lay_over(self) -> None:
        """Use the adapter that is chosen; what was read with another one is forgotten."""
        if (chosen := self._adapters.now) == self._laid:
            return
        if len(self._kv):  # what is read now holds what people said
            self._cache = None
        self._kv.lay_over(chosen.loaded, chosen.scale)
        self._laid = chosen

    def _end_tokens(self) -> NDArray[np.intp]:
        """Return the tokens that come next where a message is complete."""
        split = [self._tokenize(text, special=False) for text in ENDS]
        single = {tokens[0] for tokens in split if len(tokens) == 1}
        single.add(self._library.llama_vocab_eot(self._vocabulary))
        single.add(self._library.llama_vocab_eos(self._vocabulary))
        return np.array(sorted(token for token in single if token >= 0), np.intp)

    def _version(self) -> str:
        """What a KV state depends on besides model and tokens."""
        built = self._library.llama_print_system_info().decode()
        return f"{self._library.__version__} {built}{self._adapters.now.key}"

    # --- the prompt ---------------------------------------------------------------------------

    def _fit(self, messages: list[Message], *, ask: bool) -> tuple[list[Message], list[int]]:
        """Return the prompt and its tokens, without its oldest turns where it is too long."""
        limit = self._settings.context - min(self._settings.max_tokens, self._settings.context // 2)
        messages = list(messages)
        while len(tokens := self._prompt(messages, ask=ask)) > limit:
            first = next((i for i, m in enumerate(messages[:-1]) if m.role != "system"), None)
            if first is None:
                raise self._too_long(messages, limit)
            del messages[first : first + 2]
        return messages, tokens

    def _too_long(self, messages: list[Message], limit: int) -> BadInput:
        rest = len(self._prompt([*messages[:-1], Message(messages[-1].role, "")], ask=True))
        held = f"`llm.context` is {self._settings.context} tokens, room for the answer included"
        if rest >= limit:
            return BadInput(
                "the system prompt is {rest} tokens long, at most {limit} are allowed "
                "({held}); shorten `llm.system_prompt` or raise `llm.context`.",
                rest=rest,
                limit=limit,
                held=held,
            )
        return BadInput(
            "the text is {text} tokens long, at most {rest} are allowed ({held}); shorten it "
            "or raise `llm.context`.",
            text=self.count(messages[-1].text),
            rest=limit - rest,
            held=held,
        )

    def _prompt(self, messages: list[Message], *, ask: bool) -> list[int]:
        """Return the tokens of `messages` in the model's own chat template.

        What people said is never read as control tokens: `<|im_end|>` in a message is ten plain
        tokens. With `ask` the model is to answer next; without, it ends with the last message's
        text, unfinished.
        """
        parts = MARKED.split(self._render(messages, ask=ask))
        if not ask:
            del parts[-1]
        tokens: list[int] = []
        for position, part in enumerate(parts):
            text = messages[int(part)].text if position % 2 else part
            tokens += self._tokenize(text, special=position % 2 == 0, first=position == 0)
        return tokens

    def _render(self, messages: list[Message], *, ask: bool) -> str:
        """Return the chat template filled in with `MARK` in the place of every text.

        llama.cpp recognises the usual templates and fills them in itself; the template in the file
        is a program by a stranger, and is not run.
        """
        chat = (self._library.llama_chat_message * len(messages))(
            *(
                self._library.llama_chat_message(
                    role=message.role.encode(), content=MARK.format(number).encode()
                )
                for number, message in enumerate(messages)
            )
        )
        size = 1000 + 200 * len(messages)
        buffer = ctypes.create_string_buffer(size)
        written = self._library.llama_chat_apply_template(
            self._template, chat, len(messages), ask, buffer, size
        )
        if not 0 < written <= size:
            raise BadInput(
                "its chat template is none that llama.cpp knows; take another model "
                "(`assistant models list`)."
            )
        return buffer.raw[:written].decode()

    def _tokenize(self, text: str, *, special: bool, first: bool = False) -> list[int]:
        """Return the tokens of `text`; `special`: it may hold control tokens, written out."""
        if self._model is None:
            raise AssistantError("the language model is closed.")
        data = text.encode("utf-8", "replace")
        room = len(data) + 8  # a token has at least a byte; some vocabularies frame a text
        tokens = (self._library.llama_token * room)()
        found = self._library.llama_tokenize(
            self._vocabulary, data, len(data), tokens, room, first, special
        )
        return list(tokens[:found])

    def _bytes(self, token: int) -> bytes:
        """Return what a token writes; nothing for control tokens."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            written = self._library.llama_token_to_piece(
                self._vocabulary, token, buffer, size, 0, False
            )
            if written >= 0:
                return buffer.raw[:written]
            size = -written


class _Counts:
    """Figures of a reply while it is made."""

    def __init__(self) -> None:
        self.prompt = self.cached = self.reply = 0
        self.whole = False
        self._started = time.perf_counter()
        self._first: float | None = None
        self._ended: float | None = None

    def token(self) -> None:
        """Another token has come."""
        self.reply += 1
        self._first = self._first or time.perf_counter()

    def end(self) -> None:
        """No more will come."""
        self._ended = time.perf_counter()

    def usage(self) -> Usage:
        """The figures until now."""
        ended = self._ended or time.perf_counter()
        return Usage(
            prompt_tokens=self.prompt,
            cached_tokens=self.cached,
            reply_tokens=self.reply,
            prefill_s=(self._first or ended) - self._started,
            total_s=ended - self._started,
            whole=self.whole,
        )


def _probability(logits: NDArray[np.float32], tokens: NDArray[np.intp]) -> float:
    """Return the probability (softmax) that one of `tokens` comes next."""
    powers = np.exp(logits - logits.max())
    return float(powers[tokens].sum() / powers.sum())


def thread_counts(settings: Llm) -> tuple[int, int]:
    """Return the threads that make an answer and those that read the question."""
    decode, batch = machine.threads()
    return settings.threads or decode, settings.batch_threads or batch


def counter(path: Path) -> Callable[[str], int]:
    """Return what tells how many tokens a text has; only the model's vocabulary is read.

    Raises `BadInput` for a file that cannot be used, `EngineMissing` without llama-cpp-python.
    """
    library = _library()
    params = library.llama_model_default_params()
    params.vocab_only = True
    model = library.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise BadInput("{path}: {reason}; fetch the model again.", path=path, reason=_last_error())
    vocabulary = library.llama_model_get_vocab(model)

    def count(text: str) -> int:
        data = text.encode("utf-8", "replace")  # without room it says how much it would take
        return -int(library.llama_tokenize(vocabulary, data, len(data), None, 0, False, False))

    return count


@cache
def _library() -> ModuleType:
    """Import llama-cpp-python, once, and keep it from writing to standard error."""
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN)  # read when libgomp is loaded
    try:
        import llama_cpp
    except ImportError as error:
        raise EngineMissing(
            "llama-cpp-python is not installed ({error}); `script/setup` builds it.", error=error
        ) from error
    except (OSError, RuntimeError) as error:
        raise AssistantError("llama.cpp cannot be loaded: {error}", error=error) from error

    callback = llama_cpp.llama_log_callback(_log)
    _alive.append(callback)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    _fit(Path(llama_cpp.__file__).parent / "lib")
    llama_cpp.llama_backend_init()
    return llama_cpp


def _fit(folder: Path) -> None:
    """Take what fits this processor, where llama.cpp was built for several: in a container."""
    # By way of what is loaded already: a wheel holds no links, so libggml.so is another file, and
    # would become another library, than the libggml.so.0 that llama.cpp itself uses.
    llama = ctypes.CDLL(str(folder / "libllama.so"))
    if not llama.ggml_backend_reg_count():
        llama.ggml_backend_load_all_from_path(os.fsencode(folder))


def _last_error() -> str:
    return _errors[-1] if _errors else "no reason was given"


def _log(level: int, text: bytes, _: object) -> None:
    if level == LOG_ERROR:
        _errors.append(gguf.short(text.decode("utf-8", "replace")))


def _checked(path: Path, settings: Llm) -> gguf.Header:
    """Return the header of a file that can be loaded here."""
    header = gguf.inspect(path)
    gguf.check_context(header, settings.context)
    gguf.check_memory(header, settings.context, machine.available_memory())
    return header


def _load(library: ModuleType, path: Path) -> Any:
    """Load the weights.

    They are read, not mapped: llama.cpp makes copies in an order that suits the processor, and with
    a mapping file and copies take memory both.
    """
    params = library.llama_model_default_params()
    params.load_mode = library.LLAMA_LOAD_MODE_NONE
    params.n_gpu_layers = 0
    _errors.clear()
    model = library.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        reason = _errors[0] if _errors else "no reason was given"
        raise BadInput(
            "{path}: llama.cpp cannot load it: {reason}; fetch the model again.",
            path=path,
            reason=reason,
        )
    return model


def _sampler(library: ModuleType, vocabulary: Any, settings: Llm, grammar: str) -> Any:
    """Return a new chain that chooses tokens as `settings` say, among those of the grammar."""
    chain = library.llama_sampler_chain_init(library.llama_sampler_chain_default_params())
    add = library.llama_sampler_chain_add
    if grammar:
        rules = library.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
        if not rules:
            library.llama_sampler_free(chain)
            raise AssistantError(
                "llama.cpp cannot read this grammar: {grammar}", grammar=gguf.short(grammar)
            )
        add(chain, rules)
    words = library.llama_vocab_n_tokens(vocabulary)
    penalty = settings.repeat_penalty
    add(chain, library.llama_sampler_init_penalties(words, REPEAT_WINDOW, penalty, 0.0, 0.0))
    if settings.temperature == 0:
        add(chain, library.llama_sampler_init_greedy())
        return chain
    seed = library.LLAMA_DEFAULT_SEED if settings.seed < 0 else settings.seed
    add(chain, library.llama_sampler_init_top_k(settings.top_k))
    add(chain, library.llama_sampler_init_top_p(settings.top_p, 1))
    add(chain, library.llama_sampler_init_temp(settings.temperature))
    add(chain, library.llama_sampler_init_dist(seed))
    return chain
