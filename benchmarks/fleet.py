"""What a fleet needs and costs: arithmetic on paper, with measured, published and chosen figures.

    python benchmarks/fleet.py [--set devices=500] [--set hard=0.3]... [--json]

Prints the figures and the results as they stand in docs/scale.md. Every figure can be set; the
formulas are the functions below, a line each.
"""

import argparse
import json
import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

HOUR_S, MONTH_DAYS, DAY_S = 3600.0, 30.4, 86400.0
MEANING = {
    "devices": "devices; chosen",
    "questions": "questions of a device and day; chosen",
    "busiest": "share of a day's questions in the busiest hour; chosen",
    "regions": "regions, each with servers of its own; chosen",
    "hard": "share of hard questions; chosen",
    "hard_sent": "share of the hard ones that the router sends; measured, hybrid.md",
    "simple_sent": "share of the simple ones that it sends; measured, hybrid.md",
    "answer": "tokens of a spoken answer; measured with `brain.py`",
    "hard_answer": "tokens of an answer to a hard question; assumed",
    "prompt": "tokens sent with a question: system prompt, question, some history; assumed",
    "tokens": "tokens a second of one server at which first words still come at once; published",
    "load": "share of that which is planned with in the busiest hour; chosen",
    "server": "USD a month for one server with such a GPU; assumed",
    "cloud_in": "USD for a million tokens sent to a large model of a cloud; published",
    "cloud_out": "USD for a million tokens that come back; published",
    "board": "USD for a computer that holds its own brain; assumed",
    "thin": "USD for one that holds only ears and mouth; assumed",
    "months": "months that a device lives; assumed",
    "watts": "W that thinking takes on top of waiting; assumed",
    "thinks": "s that the device thinks for an answer; assumed for a Raspberry Pi 5",
    "kwh": "USD for a kWh; assumed",
    "messages": "MQTT messages of a device for a question; as it sends them",
    "beat": "s between two signs of life of a device; chosen",
}


@dataclass(frozen=True)
class Fleet:
    """The figures; see `MEANING`."""

    devices: float = 100_000
    questions: float = 30
    busiest: float = 0.12
    regions: float = 3
    hard: float = 0.1
    hard_sent: float = 0.99
    simple_sent: float = 0.05
    answer: float = 30
    hard_answer: float = 120
    prompt: float = 250
    tokens: float = 644
    load: float = 0.5
    server: float = 500
    cloud_in: float = 0.35
    cloud_out: float = 1.4
    board: float = 60
    thin: float = 35
    months: float = 48
    watts: float = 4
    thinks: float = 2
    kwh: float = 0.3
    messages: float = 6
    beat: float = 60

    def a_second(self) -> float:
        """Questions a second in the busiest hour."""
        return self.devices * self.questions * self.busiest / HOUR_S

    def sent(self) -> float:
        """Share of the questions that the router sends."""
        return self.hard * self.hard_sent + (1 - self.hard) * self.simple_sent

    def servers(self, a_second: float, tokens: float) -> int:
        """Servers for so many answers a second of so many tokens, and a spare one each region."""
        one = self.tokens * self.load / tokens
        return int(self.regions * (math.ceil(a_second / self.regions / one) + 1))

    def rented(self, servers: int) -> float:
        """USD a month and device for so many servers."""
        return servers * self.server / self.devices

    def clouded(self) -> float:
        """USD a month and device for the questions that a cloud answers."""
        one = (self.prompt * self.cloud_in + self.hard_answer * self.cloud_out) / 1e6
        return self.questions * MONTH_DAYS * self.sent() * one

    def powered(self, share: float) -> float:
        """USD a month for what the device itself thinks, that share of its questions."""
        seconds = self.questions * MONTH_DAYS * share * self.thinks
        return seconds * self.watts / 3.6e6 * self.kwh

    def told(self) -> float:
        """MQTT messages a second of all devices in the busiest hour."""
        return self.devices / self.beat + self.a_second() * self.messages


def results(it: Fleet) -> dict[str, dict[str, Any]]:
    """Return for each design what it needs and what a device costs a month."""
    board, thin = it.board / it.months, it.thin / it.months
    hybrid = it.servers(it.a_second() * it.sent(), it.hard_answer)
    shared = it.servers(it.a_second(), it.answer)
    rows = {
        "all on the device": (0.0, 0, board + it.powered(1), 0.0),
        "hard ones to a cloud": (it.sent(), 0, board + it.powered(1), it.clouded()),
        "hard ones to own servers": (it.sent(), hybrid, board + it.powered(1), it.rented(hybrid)),
        "all shared, own model as fallback": (
            1.0,
            shared,
            board + it.powered(1),
            it.rented(shared),
        ),
        "all shared, thin devices": (1.0, shared, thin, it.rented(shared)),
    }
    return {
        name: {
            "a_second": round(it.a_second() * sent, 1),
            "servers": servers,
            "device_usd": round(device, 2),
            "service_usd": round(service, 3),
            "usd": round(device + service, 2),
        }
        for name, (sent, servers, device, service) in rows.items()
    }


def table(it: Fleet) -> str:
    """Return figures and results in Markdown."""
    lines = ["| figure | | what it is |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {value:g} | {MEANING[name]} |" for name, value in asdict(it).items()]
    lines += [
        "",
        f"Busiest hour: {it.a_second():,.0f} questions a second, {it.told():,.0f} MQTT messages a "
        f"second; the router sends {it.sent():.1%}.",
        "",
        "| design | questions a second out | servers | device, USD a month | servers or cloud |"
        " together |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in results(it).items():
        lines.append(
            f"| {name} | {row['a_second']:g} | {row['servers'] or '-'} | {row['device_usd']:.2f} "
            f"| {row['service_usd']:.3f} | {row['usd']:.2f} |"
        )
    return "\n".join(lines)


def changed(it: Fleet, changes: list[str]) -> Fleet:
    """Return the figures with `NAME=NUMBER` changes. Raises `SystemExit` with a sentence."""
    known = {field.name for field in fields(Fleet)}
    for change in changes:
        name, _, number = change.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if name not in known or not 0 <= value < math.inf:
            raise SystemExit(
                f"--set is {change!r}; allowed: NAME=NUMBER with one of {', '.join(sorted(known))}."
            )
        it = replace(it, **{name: value})
    return it


def main() -> None:
    parser = argparse.ArgumentParser(description="what a fleet needs and costs, on paper")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    it = changed(Fleet(), given.set)
    if given.json:
        print(json.dumps({"figures": asdict(it), "results": results(it)}, indent=1))
    else:
        print(table(it))


if __name__ == "__main__":
    main()
