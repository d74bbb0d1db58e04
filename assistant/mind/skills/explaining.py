"""Tells owners what a sentence does, and why another one was not matched. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assistant.messages import say
from assistant.mind.skills.actions import Action, fill, intent
from assistant.mind.skills.doing import outside, values
from assistant.mind.skills.owned import Shelf
from assistant.mind.skills.sentences import example, tokens
from assistant.mind.skills.skill import Request


@dataclass(frozen=True, slots=True)
class Difference:
    """What keeps a text from being a sentence, in words, or in characters in Chinese."""

    lacks: Sequence[str]
    besides: Sequence[str]


def difference(text: str, sentence: str, rules: Mapping[str, str]) -> Difference:
    """Compare what was read, slots as `{kind: value}`, with the nearest form of a sentence."""
    said = tokens(text)
    wanted = tokens(example(sentence, rules, said))
    lacks, besides = list[str](), list[str]()
    for tag, a, b, c, d in SequenceMatcher(None, wanted, said, autojunk=False).get_opcodes():
        if tag != "equal":
            lacks += wanted[a:b]
            besides += said[c:d]
    return Difference(lacks, besides)


def source(shelf: Shelf, named: str) -> str:
    """Return the file or package that an intent is from, in the terminal's language where it is
    the assistant itself.
    """
    for file in shelf.files:
        if any(named == intent(name) for name in file.actions):
            return str(file.path)
    for plugin in shelf.plugins:
        if named == f"plugin.{plugin.name}":
            return plugin.source
    return say("the assistant")


def does(shelf: Shelf, request: Request) -> str:
    """Say in a line what would be done; empty where only its code knows."""
    for file in shelf.files:
        for name, action in file.actions.items():
            if request.intent == intent(name):
                return outside(action, request) or _does(action, request)
    return ""


def _does(action: Action, request: Request) -> str:
    words = values(action, request.slots)
    done = _kind(action, words, request.language)
    if action.confirm:
        return f"ask {fill(action.confirm[request.language], words)!r}, after a yes {done}"
    return done


def _kind(action: Action, words: Mapping[str, str], language: str) -> str:
    if action.run is not None:
        return "run " + repr([fill(each, words) for each in action.run])
    if action.http is not None:
        return f"{action.http.method} {fill(action.http.url, words)}"
    if action.mqtt is not None:
        return f"publish {fill(action.mqtt.payload, words)!r} on {fill(action.mqtt.topic, words)}"
    if action.gpio is not None:
        return f"switch line {action.gpio.line} of {action.gpio.chip}"
    if action.python is not None:
        return f"call {action.python}"
    return f"say {fill(action.say[language], words)!r}"
