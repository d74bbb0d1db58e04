"""An owner's actions: sentences, and what is done when they are said; see docs/actions.md.

A file is TOML or YAML. It is read strictly and as a whole when the assistant starts, so that what
is wrong in it is told then, with line and column, and not when somebody stands before the gate.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import BadInput
from assistant.messages import say
from assistant.mind.skills.located import Located
from assistant.mind.skills.reading import KINDS
from assistant.mind.skills.running import account
from assistant.mind.skills.skill import Slot

KINDS_OF_ACTION = ("run", "http", "mqtt", "gpio", "python")
LANGUAGES = ("en", "zh")
OUTPUT = "output"
"""The name in `say` and `failed` that stands for what came out."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HOLE = re.compile(r"\{(\w+)\}")
_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")
_INTERPRETER = re.compile(r"(?:ba|da|z|k|fi)?sh|busybox|env|(?:python|perl|ruby|node|php|lua).*")
_SCRIPT = re.compile(r"-[A-Za-z]*[ceErS]")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Language = Annotated[str, Field(pattern="^(en|zh)$")]
Texts = dict[Language, Annotated[str, Field(min_length=1, max_length=2000)]]
Words = dict[Language, list[str] | dict[str, str | int | float]]
Examples = dict[Language, dict[str, dict[str, Slot]]]


class Http(_Part):
    """A request to one configured address."""

    url: Annotated[str, Field(max_length=2000)]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = {}
    data: dict[str, Any] | None = Field(None, alias="json")


class Mqtt(_Part):
    """A message to the broker of `[mqtt]`."""

    topic: Annotated[str, Field(min_length=1, max_length=1000)]
    payload: Annotated[str, Field(max_length=8000)] = ""
    retain: bool = False


class Gpio(_Part):
    """A line that is switched, or pulsed for `pulse` s."""

    chip: str = "/dev/gpiochip0"
    line: Annotated[int, Field(ge=0, le=1000)]
    on: bool = True
    pulse: Annotated[float, Field(ge=0.01, le=10.0)] | None = None


class Action(_Part):
    """What is done when one of its sentences is said. Exactly one of the kinds, or only `say`."""

    en: list[Annotated[str, Field(min_length=1, max_length=500)]] = []
    zh: list[Annotated[str, Field(min_length=1, max_length=500)]] = []
    free: list[str] = []
    """Slots that take any words."""
    limits: dict[str, Annotated[list[int | float], Field(min_length=2, max_length=2)]] = {}
    """The least and the most of slots that are numbers."""
    confirm: Texts = {}
    say: Texts = {}
    failed: Texts = {}
    timeout: Annotated[float, Field(ge=0.1, le=120.0)] = 10.0
    """In s."""
    wait: bool = True
    """False: `say` is said at once, and the program goes on meanwhile."""
    on_stop: bool = False
    """It is also done whenever the assistant is told to stop, before anything else."""
    user: str = ""
    """Who runs the program."""
    run: Annotated[list[str], Field(min_length=1, max_length=100)] | None = None
    http: Http | None = None
    mqtt: Mqtt | None = None
    gpio: Gpio | None = None
    python: str | None = None
    examples: Examples = {}
    """Sentences that must be this action, and the slots that they have: its tests."""

    @property
    def kind(self) -> str:
        """One of `KINDS_OF_ACTION`, or `say`."""
        return next((k for k in KINDS_OF_ACTION if getattr(self, k) is not None), "say")

    def sentences(self, language: str) -> list[str]:
        """Return what is said for it in `en` or `zh`."""
        return self.zh if language == "zh" else self.en


class _File(_Part):
    lists: dict[str, Words] = {}
    actions: Annotated[dict[str, Action], Field(min_length=1)]


class Actions(NamedTuple):
    """What a file holds."""

    path: Path
    actions: Mapping[str, Action]
    lists: Mapping[str, Words]

    def book(self, language: str) -> dict[str, Any]:
        """Return the sentences of `language` in hassil's form, each action an intent."""
        lists: dict[str, Any] = {
            name: {"values": _values(words.get(language, []))} for name, words in self.lists.items()
        }
        lists |= {name: {"wildcard": True} for each in self.actions.values() for name in each.free}
        return {
            "intents": {
                intent(name): {"data": [{"sentences": each.sentences(language)}]}
                for name, each in self.actions.items()
                if each.sentences(language)
            },
            "lists": lists,
        }


def intent(name: str) -> str:
    """Return the intent of the action `name`; no skill of the assistant has such a one."""
    return f"action.{name}"


def load(path: Path) -> Actions:
    """Read a file of actions. Raises `BadInput`, with line and column where they are known."""
    located = Located(path)
    if not isinstance(located.data, dict):
        raise BadInput("{path}: there are no actions; it begins with `[actions.NAME]`.", path=path)
    try:
        found = _File.model_validate(located.data)
    except ValidationError as error:
        raise BadInput(_sentence(located, error)) from None
    for name, each in found.actions.items():
        for keys, wrong in _wrong(path, name, each, found.lists):
            where = located.where(("actions", name, *keys))
            raise BadInput(f"{where}: `{'.'.join(('actions', name, *map(str, keys)))}` {wrong}")
    for name in found.lists:
        if name in KINDS or not _NAME.fullmatch(name):
            raise BadInput(
                "{where}: a list cannot be called `{name}`; allowed are a-z, 0-9 and _, and "
                "not {kinds}.",
                where=located.where(("lists", name)),
                name=name,
                kinds=", ".join(KINDS),
            )
    return Actions(path, found.actions, found.lists)


def holes(text: str) -> list[str]:
    """Return the names in braces."""
    return _HOLE.findall(text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values where their names stand in braces, once: braces in a value mean nothing."""
    return _HOLE.sub(lambda hole: values.get(hole[1], ""), text)


def _values(words: Sequence[str] | Mapping[str, Slot]) -> list[dict[str, Slot]]:
    pairs = words.items() if isinstance(words, Mapping) else ((each, each) for each in words)
    return [{"in": said, "out": value} for said, value in pairs]


def _sentence(located: Located, error: ValidationError) -> str:
    first = error.errors()[0]
    keys = [key for key in first["loc"] if key != "[key]"]
    where = located.where(keys)
    key = ".".join(map(str, keys))
    if first["type"] == "extra_forbidden":
        model = Action if len(keys) == 3 else _File if len(keys) == 1 else None
        if not model:
            return say("{where}: unknown key `{key}`.", where=where, key=key)
        allowed = ", ".join(model.model_fields)
        return say(
            "{where}: unknown key `{key}`; allowed: {allowed}.",
            where=where,
            key=key,
            allowed=allowed,
        )
    if first["type"] == "missing":
        return say("{where}: `{key}` is missing, see docs/actions.md.", where=where, key=key)
    return say(
        "{where}: `{key}` is {found}: {why}.",
        where=where,
        key=key,
        found=_short(first["input"]),
        why=first["msg"],
    )


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


_Wrong = Iterator[tuple[tuple[str | int, ...], str]]


def _wrong(path: Path, name: str, action: Action, lists: Mapping[str, Words]) -> _Wrong:
    """Yield what is wrong beyond the types: the keys, and the rest of the sentence."""
    if not _NAME.fullmatch(name):
        yield (), say("is no name; allowed are a-z, 0-9 and _, beginning with a letter.")
    kinds = [kind for kind in KINDS_OF_ACTION if getattr(action, kind) is not None]
    if taken := sorted({*KINDS, OUTPUT} & set(action.free)):
        yield ("free",), say("names `{kind}`, which means something already.", kind=taken[0])
    if len(kinds) > 1:
        yield (kinds[1],), say("stands beside `{kind}`; an action does one thing.", kind=kinds[0])
    if not kinds and not action.say:
        every = ", ".join(KINDS_OF_ACTION)
        yield (), say("does nothing; give it one of {every}, or `say`.", every=every)
    if not action.en and not action.zh and not action.on_stop:
        yield (), say("has no sentences; give it some as `en` or `zh`.")
    if action.python is not None and action.say:
        yield ("say",), say("stands beside `python`; the function returns what is said.")
    if action.user and action.run is None:
        yield ("user",), say("is only for `run`.")
    yield from _wrong_sentences(action, lists)
    yield from _wrong_holes(action)
    yield from _wrong_run(action)
    yield from _wrong_elsewhere(path, action)


def _wrong_sentences(action: Action, lists: Mapping[str, Words]) -> _Wrong:
    from hassil.parse_expression import parse_sentence
    from hassil.parser import ParseError

    known = {*KINDS, *lists, *action.free}
    for language in LANGUAGES:
        named = []
        for number, sentence in enumerate(action.sentences(language)):
            try:
                parse_sentence(sentence)
            except (ParseError, ValueError, AssertionError, IndexError, RecursionError) as error:
                wrong = say(
                    "is no sentence: {sentence!r}: {error}.", sentence=sentence, error=error
                )
                yield (language, number), wrong
            for kind, _ in _SLOT.findall(sentence):
                if kind not in known:
                    yield (
                        (language, number),
                        say(
                            "names the list `{kind}`; there is: {known}. One that takes any words "
                            "is named in `free`.",
                            kind=kind,
                            known=", ".join(sorted(known)),
                        ),
                    )
                elif kind in lists and language not in lists[kind]:
                    absent = f"lists.{kind}.{language}"
                    yield (
                        (language, number),
                        say("needs `{missing}`, which is missing.", missing=absent),
                    )
            named.append(_slots(sentence))
        wanted = _wanted(action)
        for number, names in enumerate(named):
            if missing := sorted(wanted - names):
                yield (
                    (language, number),
                    say("has no `{{{slot}}}`, which the action needs.", slot=missing[0]),
                )
    for language, texts in action.examples.items():
        if not action.sentences(language):
            yield (
                ("examples", language),
                say("has examples, but no sentences are in `{language}`.", language=language),
            )
        if not texts:
            yield ("examples", language), say("is empty.")


def _slots(sentence: str) -> set[str]:
    return {name or kind for kind, name in _SLOT.findall(sentence)}


def _wanted(action: Action) -> set[str]:
    """Return the slots that are needed to do it; a sentence without them would do half."""
    texts: list[str] = list(action.run or ())
    if action.http:
        texts += [action.http.url, *_texts(action.http.data)]
    if action.mqtt:
        texts += [action.mqtt.topic, action.mqtt.payload]
    return {name for text in texts for name in holes(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _wrong_holes(action: Action) -> _Wrong:
    all_sentences = [*action.en, *action.zh]
    slots = {name for each in all_sentences for name in _slots(each)}
    for key in ("confirm", "say", "failed"):
        allowed = slots if key == "confirm" else slots | {OUTPUT}
        texts: Texts = getattr(action, key)
        for language, text in texts.items():
            for name in holes(text):
                if name not in allowed:
                    yield (
                        (key, language),
                        say("names `{{{slot}}}`, which no sentence has.", slot=name),
                    )
        if texts and (lacks := [each for each in LANGUAGES if action.sentences(each)]):
            for each in lacks:
                if each not in texts:
                    yield (
                        (key,),
                        say("has no `{language}`, but there are sentences in it.", language=each),
                    )
    for name, (low, high) in action.limits.items():
        if name not in slots:
            yield ("limits", name), say("is the limit of a slot that no sentence has.")
        if low > high:
            wrong = say("is [{low}, {high}]; the least comes first.", low=low, high=high)
            yield ("limits", name), wrong
    if action.on_stop and (slots or action.confirm or action.kind == "say"):
        yield (
            ("on_stop",),
            say("is for what is done at once: without slots, without `confirm`."),
        )


def _wrong_run(action: Action) -> _Wrong:
    run = action.run or []
    if any("\0" in each for each in run):
        yield ("run",), say("has a NUL character.")
    if run and (not run[0] or holes(run[0])):
        yield (
            ("run", 0),
            say("must name the program itself; a slot may only be a later argument."),
        )
    for number, each in enumerate(run[1:], 1):
        shell = any(_INTERPRETER.fullmatch(PurePath(word).name) for word in run[:number])
        if holes(each) and shell and _SCRIPT.fullmatch(run[number - 1]):
            yield (
                ("run", number),
                say("puts what was said into a script; let the script take it as an argument:")
                + ' ["sh", "-c", \'echo "$1"\', "sh", "{slot}"].',
            )
    if action.user:
        try:
            other = bool(account(action.user))
        except KeyError:
            yield (
                ("user",),
                say("is {user!r}; there is no such user on this machine.", user=action.user),
            )
        else:
            if other and os.geteuid():
                yield (
                    ("user",),
                    say("is another user, which only root may become; leave it out."),
                )


def _wrong_elsewhere(path: Path, action: Action) -> _Wrong:
    if action.http:
        parts = urlsplit(action.http.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or holes(parts.netloc):
            yield (
                ("http", "url"),
                say("must begin with http:// or https:// and a fixed host."),
            )
        if any("\r" in each or "\n" in each for each in action.http.headers.values()):
            yield ("http", "headers"), say("has a line break.")
    if action.mqtt and set("+#\0") & set(action.mqtt.topic):
        yield (
            ("mqtt", "topic"),
            say("is a topic that is published to; + and # are not allowed."),
        )
    if action.python is not None:
        module, colon, function = action.python.rpartition(":")
        if not colon or not function.isidentifier() or not module:
            yield (
                ("python",),
                say("must be `FILE.py:FUNCTION` or `PACKAGE.MODULE:FUNCTION`."),
            )
        elif module.endswith(".py") and not (path.parent / module).is_file():
            wrong = say("names {path}, which is not there.", path=path.parent / module)
            yield ("python",), wrong
