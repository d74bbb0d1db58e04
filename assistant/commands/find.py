"""`assistant find`: services on other hosts that could hear, speak or think for this device."""

from typing import TYPE_CHECKING, Any

import click

from assistant.commands import Seconds, example, plain, print_json, tell
from assistant.wyoming import need
from assistant.wyoming.address import Address, parse
from assistant.wyoming.errors import Lost

if TYPE_CHECKING:
    from assistant.wyoming.finding import Offer

SETTINGS = {
    "asr": 'hears: asr.engine = "wyoming", asr.uri = "{}"',
    "tts": 'speaks: speech.engine = "wyoming", speech.uri = "{}"',
    "handle": 'answers: remote.endpoint = "{}"',
}
MOST = 4
"""Names of models or languages that are shown of many; `--json` has all."""


@click.command(
    epilog=example(
        "assistant find", "assistant find tcp://192.168.1.20:10300", "assistant find --json"
    )
)
@click.argument("uris", nargs=-1)
@click.option(
    "--seconds",
    type=Seconds(0.2, 60),
    default=3.0,
    show_default=True,
    help="How long to search.",
)
@click.option("--json", "as_json", is_flag=True, help="One object with the list `services`.")
def command(uris: tuple[str, ...], seconds: float, as_json: bool) -> None:
    """Search the local network for Wyoming services, or ask those at URIS, what they offer.

    The search is a multicast question (mDNS); nothing else is sent, and nobody answers who does not
    announce such a service.
    """
    named = [parse(uri, "URIS") for uri in uris]
    need("find")
    from assistant.wyoming.finding import announced

    found = [(str(each), each) for each in named]
    if not named:
        found = [(service.name, service.address) for service in announced(seconds)]
    services = [_asked(name, address) for name, address in found]
    if as_json:
        print_json({"services": services})
    elif not services:
        tell(
            "No Wyoming service announces itself in this network. One that does not can be "
            "asked by its address: `assistant find tcp://HOST:PORT`.",
        )
    else:
        for service in services:
            _show(service)
    if named and any(service["problem"] for service in services):
        raise Lost("unreachable", next(s["problem"] for s in services if s["problem"]))


def _asked(name: str, address: Address) -> dict[str, Any]:
    from assistant.wyoming.finding import describe

    offers: list[Offer] = []
    problem = ""
    try:
        offers = describe(address)
    except Lost as error:
        problem = str(error)
    return {
        "name": name,
        "uri": str(address),
        "offers": [
            {
                "kind": offer.kind,
                "name": offer.name,
                "models": offer.models,
                "languages": offer.languages,
            }
            for offer in offers
        ],
        "problem": problem,
    }


def _show(service: dict[str, Any]) -> None:
    click.echo(f"{plain(service['name'])}  {service['uri']}")
    if service["problem"]:
        click.echo(f"    {plain(service['problem'])}")
    for offer in service["offers"]:
        what = SETTINGS[offer["kind"]].format(service["uri"])
        models, languages = _some(offer["models"]), _some(offer["languages"])
        click.echo(f"    {what}")
        click.echo(f"        {plain(offer['name'])}: {models}; {languages}")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return plain(", ".join(names[:MOST]) + more) or "it does not say which"
