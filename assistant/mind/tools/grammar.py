"""What the model may say: one call of those that are offered, or none.

A call is written as `alarm_set(when="half past six")`. What is settled is not said, and free words
are a part of the request, so that nothing can be called with what nobody said.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.mind.tools.offer import Offer, pieces

NONE = "none"
_CALL = re.compile(r"([\w.]+)\(([^()]*)\)")
_ARGUMENT = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """What the model has chosen."""

    offer: Offer
    chosen: Mapping[str, str]
    """The words of the request by parameter, for those that were open."""


def grammar(offers: Sequence[Offer], *, none: bool = True) -> str:
    """Return the GBNF of all calls of `offers`, and of `NONE` unless one has to be said."""
    calls = [f"c{n}" for n in range(len(offers))]
    rules = [f"root ::= {' | '.join([_literal(NONE)] * none + calls)}"]
    for number, offer in enumerate(offers):
        parts = [_literal(f"{offer.tool.name}(")]
        for place, (name, values) in enumerate(_open(offer)):
            if isinstance(values, str):
                rules += list(_runs(f"c{number}", offer.words))
                choice = f"c{number}w"
            else:
                choice = f"( {' | '.join(map(_literal, values))} )"
            parts += [_literal(f'{", " * bool(place)}{name}="'), choice, _literal('"')]
        rules.append(f"c{number} ::= {' '.join(parts)} {_literal(')')}")
    return "\n".join(rules) + "\n"


def parse(text: str, offers: Sequence[Offer]) -> Call | None:
    """Return what was said; None: `NONE`, or no call of these."""
    if not (found := _CALL.fullmatch(text.strip())):
        return None
    offer = next((each for each in offers if each.tool.name == found[1]), None)
    chosen = dict(_ARGUMENT.findall(found[2]))
    if offer is None or list(chosen) != [name for name, _ in _open(offer)]:
        return None
    if found[2] != written(chosen):
        return None
    for name, options in offer.choices.items():
        if chosen[name] not in [each.said for each in options]:
            return None
    if offer.free and not any(_part(chosen[offer.free], run) for run in offer.words):
        return None
    return Call(offer, chosen)


def written(arguments: Mapping[str, str]) -> str:
    """Return the arguments of a call as the model writes them."""
    return ", ".join(f'{name}="{said}"' for name, said in arguments.items())


def _open(offer: Offer) -> Iterator[tuple[str, Sequence[str] | str]]:
    for name, options in offer.choices.items():
        yield name, [each.said for each in options]
    if offer.free:
        yield offer.free, offer.free


def _runs(name: str, runs: Sequence[str]) -> Iterator[str]:
    """Yield the rules of all parts of `runs`: from each word on, as far as wanted."""
    starts = []
    for number, run in enumerate(runs):
        places = pieces(run)
        for at, (start, end) in enumerate(places):
            rule = f"{name}r{number}x{at}"
            starts.append(rule)
            more = ""
            if at + 1 < len(places):
                gap = run[end : places[at + 1][0]]
                follows = f"{name}r{number}x{at + 1}"
                more = f" ( {_literal(gap)} {follows} )?" if gap else f" {follows}?"
            yield f"{rule} ::= {_literal(run[start:end])}{more}"
    yield f"{name}w ::= {' | '.join(starts)}"


def _part(words: str, run: str) -> bool:
    """Whether `words` are whole words of `run`, side by side."""
    places = pieces(run)
    ends = {end for _, end in places}
    return any(
        run.startswith(words, start) and start + len(words) in ends for start, _ in places if words
    )


def _literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
