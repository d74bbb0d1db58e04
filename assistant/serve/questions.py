"""Questions of other programs over the control socket, and the events of their answers."""

import asyncio
import contextlib
import logging
import queue
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.config import Config
from assistant.errors import AssistantError, BadInput
from assistant.mind.guests import Guest, Guests, Served
from assistant.mind.model import Message
from assistant.mind.prompt import own_prompt
from assistant.mind.remote.either import SILENCE_S
from assistant.mind.remote.errors import RemoteFailed
from assistant.serve.requests import checked
from assistant.serve.sifting import sifted

if TYPE_CHECKING:
    from assistant.mind.guard.guard import Guard
    from assistant.mind.remote.hybrid import Hybrid

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often one who waits is told how many come before, in s."""
MOST_MESSAGES = 200
LONGEST = 32_000
"""Characters of a message; what does not fit into the context is refused by the model."""


Stop = Annotated[str, Field(min_length=1, max_length=100)]


class Said(BaseModel):
    """A message."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: Literal["system", "user", "assistant"]
    text: Annotated[str, Field(max_length=LONGEST)]


class Question(BaseModel):
    """What a guest asks."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    command: Literal["chat"]
    client: Annotated[str, Field(max_length=200)] = ""
    messages: Annotated[list[Said], Field(min_length=1, max_length=MOST_MESSAGES)]
    max_tokens: Annotated[int, Field(ge=1, le=4096)] | None = None
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] | None = None
    stop: Annotated[list[Stop], Field(max_length=8)] | None = None
    may_leave: bool = False
    """A larger model elsewhere may answer it, if the settings name one."""
    known: bool = False
    """Skills and documents may answer it, before any model."""
    talk: Annotated[str, Field(max_length=200)] = ""
    """What a skill asks back is open in this one; empty: in the only one of the client."""


def read(request: dict[str, Any]) -> Question:
    """Check a request of the control socket; raises `BadInput`."""
    question = checked(Question, request, "question")
    if question.messages[-1].role != "user":
        raise BadInput("the last message is not the user's; nothing is asked.")
    return question


async def answer(
    config: Config,
    guests: Guests,
    question: Question,
    hybrid: "Hybrid | None" = None,
    written: Callable[[str, str], Awaitable[str | None]] | None = None,
    guard: "Guard | None" = None,
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the answer's events; whoever stops listening ends the work.

    `queued`, `out` (the question has left the device), `back` (and no answer came), `text`, `end`.
    `written(text, talk)` returns what is known without any model; `guard` has a say in the rest.
    Raises `Busy` when too many wait, `AssistantError` when the engine fails.
    """
    began, text = time.monotonic(), question.messages[-1].text

    def end() -> dict[str, Any]:
        return {"event": "end", "finish": "stop", "usage": _took(began)}

    talk = f"talk {question.talk}" if question.talk else f"client {question.client}"
    said = await written(text, talk) if written and question.known else None
    if not said and guard and (refusal := guard.refusal(text)):
        said = refusal.text
    if said:
        yield {"event": "text", "text": said}
        yield end()
        return
    events = _from_models(config, guests, question, hybrid)
    async with contextlib.aclosing(
        sifted(events, guard.sieve(text), end) if guard else events
    ) as answers:
        async for event in answers:
            yield event


async def _from_models(
    config: Config, guests: Guests, question: Question, hybrid: "Hybrid | None"
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the events of the larger model's answer, or else of the local one's."""
    if hybrid and question.may_leave:
        async with contextlib.aclosing(_from_afar(hybrid, question)) as events:
            async for event in events:
                yield event
                if event["event"] == "end":
                    return
    async with contextlib.aclosing(_from_here(config, guests, question)) as events:
        async for event in events:
            yield event


async def _from_afar(hybrid: "Hybrid", question: Question) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the events of the larger model's answer; without an `end` the local one is wanted."""
    began = time.monotonic()
    route = await asyncio.to_thread(hybrid.route, question.messages[-1].text)
    if not route.out:
        return
    earlier = [Message(said.role, said.text) for said in question.messages[:-1]]
    errand = await asyncio.to_thread(hybrid.begin, route, earlier, "web")
    if errand is None:
        return
    first: float | None = None
    finish = "stop"
    try:
        yield {"event": "out", "to": hybrid.host, "model": hybrid.settings.model, "why": route.why}
        while True:
            patience = SILENCE_S if first else hybrid.settings.patience
            piece = await asyncio.to_thread(errand.next, patience)
            if piece is None:
                break
            first = first or time.monotonic() - began
            yield {"event": "text", "text": piece}
    except queue.Empty:
        if first is None:
            hybrid.gave_up(errand)
        finish = "cut"
    except RemoteFailed as error:
        log.info("%s", error)
        finish = "cut"
    finally:
        errand.cancel()
    if first is None:
        yield {"event": "back"}
        return
    if finish == "cut":
        yield {"event": "text", "text": hybrid.words(question.messages[-1].text).broken}
    yield {"event": "end", "finish": finish, "usage": _took(began, first)}


async def _from_here(
    config: Config, guests: Guests, question: Question
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the events of the local model's answer."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[str | Served | AssistantError] = asyncio.Queue()

    def tell(what: str | Served | AssistantError) -> None:
        loop.call_soon_threadsafe(told.put_nowait, what)

    guest = Guest(
        question.client,
        _messages(config, question),
        config.llm.model_copy(update=_changes(question)),
        on_text=tell,
        on_end=tell,
        on_failed=tell,
    )
    guests.ask(guest)
    known: int | None = None
    try:
        while True:
            before = guests.ahead(guest)
            if before and before != known:
                yield {"event": "queued", "ahead": before}
            known = before
            try:
                async with asyncio.timeout(None if before is None else LOOK_S):
                    what = await told.get()
            except TimeoutError:
                continue
            if isinstance(what, AssistantError):
                raise what
            if isinstance(what, Served):
                yield {"event": "end", **_end(what)}
                return
            yield {"event": "text", "text": what}
    finally:
        guests.leave(guest)


def _took(began: float, first: float | None = None) -> dict[str, float]:
    """Return the times, in s, of an answer that no model here has made."""
    total = time.monotonic() - began
    first = total if first is None else first
    return {"waited_s": 0.0, "first_token_s": round(first, 4), "total_s": round(total, 4)}


def _messages(config: Config, question: Question) -> list[Message]:
    """Return the prompt; without a system message the written persona comes first."""
    messages = [Message(said.role, said.text) for said in question.messages]
    if messages[0].role == "system":
        return messages
    own = own_prompt(config, config.language, "written")
    return [Message("system", own), *messages]


def _changes(question: Question) -> dict[str, Any]:
    """Return the settings that the question brings along."""
    return question.model_dump(include={"max_tokens", "temperature", "stop"}, exclude_none=True)


def _end(served: Served) -> dict[str, Any]:
    usage = served.usage
    return {
        "finish": "stop" if usage.whole else "length",
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "cached_tokens": usage.cached_tokens,
            "reply_tokens": usage.reply_tokens,
            "waited_s": served.waited_s,
            "first_token_s": served.first_token_s,
            "total_s": served.total_s,
        },
    }
