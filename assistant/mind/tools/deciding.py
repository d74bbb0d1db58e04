"""Decides whether a request is a call: near enough by its meaning, and then the model's word."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from assistant.config import Llm
from assistant.mind.model import Message, never
from assistant.mind.skills.skill import Request
from assistant.mind.tools.choosing import Near, Nearest
from assistant.mind.tools.grammar import NONE, grammar, parse, written
from assistant.mind.tools.offer import Heard, Offer
from assistant.mind.tools.tool import Catalogue, Example, Tool

MOST = 4
"""Tools between which the model chooses."""
SHOWN = 6
"""Examples that it is shown with their calls, the nearest last."""
ANSWER = Llm(temperature=0.0, repeat_penalty=1.0, max_tokens=64)
"""How it answers: always the likeliest, and what was said in the request may be said again."""
SYSTEM = {
    "en": (
        "You turn what somebody says to a voice assistant into one call of a tool, or none.\n"
        "Tools:\n{tools}\n{none}: a question, a statement, small talk, or a wish that no tool "
        "fulfils\nAnswer with one call, or with {none}."
    ),
    "zh": (
        "你把别人对语音助手说的话变成一个工具调用，或者 {none}。\n工具：\n{tools}\n"
        "{none}: 提问、陈述、闲聊，或者没有工具能做的事\n只回答一个调用，或者 {none}。"
    ),
}
"""What the model is told by language; always the same, so that it is read only once."""


How = Literal["meaning", "model", "both"]
"""Who decides: the nearest tool is taken; the model chooses one of the nearest, or none; the
nearest is taken if the model chooses it too."""


class Model(Protocol):
    """A language model that says only what a grammar admits; see `LlamaModel.answer`."""

    def answer(
        self,
        messages: list[Message],
        settings: Llm,
        cancelled: Callable[[], bool],
        *,
        grammar: str,
    ) -> Iterator[str]:
        """Yield text."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The tools that a request may mean."""

    heard: Heard
    near: Near
    offers: Sequence[Offer]
    """At most `MOST`, the nearest first; what needs more than was said is not among them."""
    margin: float
    """How much nearer the first one is than what asks for none; -1 where there is none."""


class Decider:
    """Decides for one language; for the thread of the embedding and the model."""

    def __init__(self, catalogue: Catalogue, nearest: Nearest, language: str) -> None:
        self._tools = {each.name: each for each in catalogue.tools}
        self._nearest, self._language = nearest, language
        tools = "\n".join(f"{each.name}: {each.does}" for each in catalogue.tools)
        self.system = Message("system", SYSTEM[language].format(tools=tools, none=NONE))

    def candidates(self, text: str) -> Candidates:
        """Return what `text` may mean; takes some ms."""
        heard, near = Heard(text, self._language), self._nearest(text)
        offers, scores = list[Offer](), list[float]()
        for name, score in near.tools:
            if len(offers) < MOST and (offer := heard.offer(self._tools[name])):
                offers.append(offer)
                scores.append(score)
        margin = scores[0] - near.other if scores else -1.0
        return Candidates(heard, near, offers, margin)

    def decide(
        self, found: Candidates, how: How, model: Model, cancelled: Callable[[], bool] = never
    ) -> Request | None:
        """Return the call that is meant; None: none is. Raises `AssistantError`."""
        if how == "meaning":
            return self.nearest(found, model, cancelled)
        chosen = self.ask(found, model, cancelled) if found.offers else None
        agreed = chosen and chosen.intent == found.offers[0].tool.name
        return chosen if how == "model" or agreed else None

    def nearest(
        self, found: Candidates, model: Model, cancelled: Callable[[], bool] = never
    ) -> Request | None:
        """Return the call of the nearest tool; the model is asked for its words, if it has some.

        Raises `AssistantError`.
        """
        if not (offers := found.offers[:1]):
            return None
        if not offers[0].open:
            return found.heard.request(offers[0], {})
        return self._said(found, offers, grammar(offers, none=False), model, cancelled)

    def ask(
        self, found: Candidates, model: Model, cancelled: Callable[[], bool] = never
    ) -> Request | None:
        """Return the call that the model chooses; None: it chooses none. Raises `AssistantError`.

        Takes about a second on two cores; ends within a token of `cancelled()`.
        """
        return self._said(found, found.offers, grammar(found.offers), model, cancelled)

    def _said(
        self,
        found: Candidates,
        offers: Sequence[Offer],
        rules: str,
        model: Model,
        cancelled: Callable[[], bool],
    ) -> Request | None:
        said = "".join(model.answer(self.messages(found), ANSWER, cancelled, grammar=rules))
        call = parse(said, offers)
        return found.heard.request(call.offer, call.chosen) if call else None

    def messages(self, found: Candidates) -> list[Message]:
        """Return what the model is asked: the tools, examples near to the request, and it."""
        offered = {each.tool.name for each in found.offers}
        shown = list[tuple[str, str]]()
        for name, each in found.near.examples:
            if len(shown) < SHOWN and (name == NONE or name in offered):
                call = NONE if name == NONE else _call(self._tools[name], each)
                shown += [(each.text, call)] if call else []
        asked = [self.system]
        for text, call in reversed(shown):
            asked += [Message("user", text), Message("assistant", call)]
        return [*asked, Message("user", found.heard.clean.text)]


def _call(tool: Tool, example: Example) -> str:
    """Return the call of an example; empty: it does not show its free words."""
    free = next((each.name for each in tool.params if each.free), "")
    if free and not example.free:
        return ""
    return f"{tool.name}({written({free: example.free}) if free else ''})"
