"""Reads files of sentences: hassil's form, checked, with the line and column of what is wrong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.errors import BadInput
from assistant.mind.skills.reading import KINDS

KEYS = {"language", "intents", "lists", "expansion_rules"}
_LISTS = re.compile(r"\{([^{}:]+)(?::[^{}]+)?\}")
_RULES = re.compile(r"<([^<>]+)>")
_OPTIONAL = re.compile(r"\[([^\[\]()]*)\]")
_GROUP = re.compile(r"\(([^\[\]()]*)\)")
_TOKEN = re.compile(r"\{\w+\}|(?:[^\W\u3400-\u9fff]|')+|[\u3400-\u9fff]")
_SYNTAX = re.compile(r"[\[\]()<>|]|\{([^{}:]+)(:[^{}]+)?\}")


def parse(text: str, source: str, language: str) -> dict[str, Any]:
    """Return what a file named `source` holds for `language`. Raises `BadInput`."""
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        tree = loader.get_single_node()
        data = loader.construct_document(tree) if tree else None
        found = list(_sentences(tree))
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # nested, or a date that is none
        mark = getattr(error, "problem_mark", None)
        where = f"{source}, line {mark.line + 1}, column {mark.column + 1}" if mark else source
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise BadInput("{where}: this is no YAML: {reason}.", where=where, reason=reason) from error
    if not isinstance(data, dict) or not isinstance(data.get("intents"), dict):
        raise BadInput(
            "{source}: there are no sentences; it begins with `intents:`, see docs/skills.md.",
            source=source,
        )
    if unknown := sorted(map(str, set(data) - KEYS)):
        raise BadInput(
            "{source}: `{unknown}` is none of what may stand there: {keys}.",
            source=source,
            unknown=unknown[0],
            keys=", ".join(sorted(KEYS)),
        )
    if data.get("language", language) != language:
        raise BadInput(
            "{source}: `language` is {data!r}; the sentences are read for {language}.",
            source=source,
            data=data["language"],
            language=language,
        )
    for name, intent in data["intents"].items():
        _check_form(source, name, intent)
    lists = {*KINDS, *_names(data, source, "lists")}
    rules = _names(data, source, "expansion_rules")
    for sentence, mark in found:
        check(sentence, f"{source}, line {mark.line + 1}, column {mark.column + 1}", lists, rules)
    return data


def own(text: str) -> dict[str, Any]:
    """Return what a file of the package holds; that it is right is known by the tests."""
    import yaml

    # A hundred times as fast, where PyYAML was built with it.
    data: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return data


def plain(sentence: str) -> str:
    """Return the words of a sentence and the names of its lists, to compare it with a text."""
    words = _SYNTAX.sub(lambda found: f"{{{found[1]}}}" if found[1] else " ", sentence)
    return " ".join(words.split())


def _names(data: dict[str, Any], source: str, key: str) -> set[str]:
    """Return what is called by a name under `key`. Raises `BadInput`."""
    named = data.get(key, {})
    right = isinstance(named, dict) and all(
        isinstance(name, str) and (isinstance(value, str) or key == "lists")
        for name, value in named.items()
    )
    if not right:
        raise BadInput(
            "{source}: `{key}` must hold names, each with what it stands for.",
            source=source,
            key=key,
        )
    return set(named)


def _check_form(source: str, name: str, intent: Any) -> None:
    blocks = intent.get("data") if isinstance(intent, dict) else None
    right = isinstance(blocks, list) and all(
        isinstance(block, dict)
        and isinstance(block.get("sentences"), list)
        and isinstance(block.get("slots", {}), dict)
        and all(isinstance(each, str) for each in block["sentences"])
        for block in blocks
    )
    if not right:
        raise BadInput(
            "{source}: `intents.{name}` must have `data:` with blocks of `sentences:`, texts, "
            "and `slots:` where some are fixed; put a text with {{braces}} into quotes.",
            source=source,
            name=name,
        )


def _sentences(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield the texts under each `sentences`, and where they stand."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "sentences" and isinstance(value, yaml.SequenceNode):
                yield from ((each.value, each.start_mark) for each in value.value)
            elif key.value == "expansion_rules" and isinstance(value, yaml.MappingNode):
                yield from ((str(each.value), each.start_mark) for _, each in value.value)
            else:
                yield from _sentences(value)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _sentences(each)


def tokens(text: str) -> list[str]:
    """Return the words, the characters of Chinese, and the slots as `{kind}`."""
    return _TOKEN.findall(_LISTS.sub(r"{\1}", text.lower()))


def example(sentence: str, rules: Mapping[str, str] | None = None, said: Sequence[str] = ()) -> str:
    """Return a short text of a sentence: first choices, nothing that may be missing.

    A slot stays as `{kind}`; `rules` are the parts that stand as `<name>`. With the tokens that
    were `said` the choices are those that are nearest to them.
    """

    def fits(choice: str) -> int:
        return sum(1 if each in said else -1 for each in tokens(choice)) if said else 0

    def optional(found: re.Match[str]) -> str:
        best = max(found[1].split("|"), key=fits)
        return best if fits(best) > 0 else ""

    for _ in range(8):  # rules may name rules, and be written in circles
        sentence = _RULES.sub(lambda found: f"({(rules or {}).get(found[1], '')})", sentence)
    before = ""
    while before != sentence:
        before = sentence
        sentence = _OPTIONAL.sub(optional, sentence)
        sentence = _GROUP.sub(lambda found: max(found[1].split("|"), key=fits), sentence)
    sentence = sentence.replace(";", " ")
    return " ".join(_LISTS.sub(r"{\1}", sentence).split())


def check(sentence: str, where: str, lists: set[str], rules: set[str]) -> None:
    """Raise `BadInput` for a sentence that is none, or names a list or a rule that is not there."""
    from hassil.parse_expression import parse_sentence
    from hassil.parser import ParseError

    try:
        parse_sentence(sentence)
    except (ParseError, ValueError, AssertionError, IndexError, RecursionError) as error:
        raise BadInput(
            "{where}: {sentence!r} is no sentence: {error}.",
            where=where,
            sentence=sentence,
            error=error,
        ) from error
    for kind, names, known in (("list", _LISTS, lists), ("rule", _RULES, rules)):
        if unknown := next((n for n in names.findall(sentence) if n not in known), None):
            raise BadInput(
                "{where}: {sentence!r} names the {kind} `{unknown}`; there is: {known}.",
                where=where,
                sentence=sentence,
                kind=kind,
                unknown=unknown,
                known=", ".join(sorted(known)) or "none",
            )
