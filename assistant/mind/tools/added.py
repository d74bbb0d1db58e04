"""The owner's actions and plug-ins as tools: what they do, and how they are asked for."""

import re
from collections.abc import Iterator, Mapping, Sequence

from assistant.mind.skills.actions import Action, intent
from assistant.mind.skills.owned import Shelf
from assistant.mind.skills.plugins import Plugin
from assistant.mind.skills.reading import KINDS
from assistant.mind.skills.sentences import example
from assistant.mind.skills.skill import Slot
from assistant.mind.tools.tool import Example, Param, Tool

MOST = 3
"""Examples of a tool: of an owner with many actions, the model's prompt would become long."""
_SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")
Lists = Mapping[str, Mapping[Slot, Sequence[str]]]
"""By name: each value with its words."""


def tools(shelf: Shelf, language: str) -> list[Tool]:
    """Return what an owner has added that can be said in `language`.

    What takes free words in two places is left out: which are which only a sentence tells.
    """
    lists = {
        name: _values(words.get(language, []))
        for file in shelf.files
        for name, words in file.lists.items()
    }
    found = [
        tool
        for file in shelf.files
        for name, each in file.actions.items()
        if (tool := _action(name, each, language, lists))
    ]
    return found + [tool for each in shelf.plugins if (tool := _plugin(each, language))]


def _action(name: str, action: Action, language: str, lists: Lists) -> Tool | None:
    tried = [
        Example(text, next((str(slots[each]) for each in action.free if each in slots), ""))
        for text, slots in action.examples.get(language, {}).items()
    ]
    return _tool(intent(name), "", action.sentences(language), action.free, lists, tried)


def _plugin(plugin: Plugin, language: str) -> Tool | None:
    name, sentences = f"plugin.{plugin.name}", plugin.sentences(language)
    return _tool(name, plugin.description, sentences, plugin.intent.free, {}, ())


def _tool(
    name: str,
    does: str,
    sentences: Sequence[str],
    free: Sequence[str],
    lists: Lists,
    tried: Sequence[Example],
) -> Tool | None:
    """Return the tool with these sentences; `tried` are examples that the owner has given."""
    params = list(_params(sentences, free, lists))
    if not sentences or sum(each.free for each in params) > 1:
        return None
    plain = [Example(" ".join(_SLOT.sub("", example(each)).split())) for each in sentences]
    examples = [*tried, *plain][:MOST]
    return Tool(name, does or examples[0].text, examples, params)


def _params(sentences: Sequence[str], free: Sequence[str], lists: Lists) -> Iterator[Param]:
    named = [{name or kind: kind for kind, name in _SLOT.findall(each)} for each in sentences]
    for name, kind in {name: kind for each in named for name, kind in each.items()}.items():
        needed = all(name in each for each in named)
        if kind in KINDS:
            yield Param(name, kinds={kind: name}, needed=needed)
        elif kind in lists:
            yield Param(name, words=lists[kind], needed=needed)
        elif kind in free:
            yield Param(name, free=True, needed=needed)


def _values(words: Sequence[str] | Mapping[str, Slot]) -> dict[Slot, list[str]]:
    pairs = words.items() if isinstance(words, Mapping) else ((each, each) for each in words)
    found = dict[Slot, list[str]]()
    for said, value in pairs:
        found.setdefault(value, []).append(example(said).lower())
    return found
