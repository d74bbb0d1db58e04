"""`assistant privacy`: what may leave the device, and what did."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from assistant.commands import example, plain, print_json, settings, tell

if TYPE_CHECKING:
    from assistant.config import Config


@click.group(
    invoke_without_command=True,
    epilog=example("assistant privacy", "assistant privacy log", "assistant privacy clear"),
)
@click.pass_context
def command(context: click.Context) -> None:
    """Tell what may leave the device; `log` shows what did."""
    if context.invoked_subcommand:
        return
    from assistant.mind.remote.hybrid import ledger

    remote, rooms = settings().remote, list(_rooms(settings()))
    for line in rooms:
        click.echo(line)
    if not remote.endpoint:
        what = "Nothing else leaves" if rooms else "Nothing leaves"
        tell("{what} this device: remote.endpoint is not set.", what=what)
        return
    history = f"{remote.history} earlier exchanges" if remote.history else "nothing before it"
    hard = remote.share == "hard"
    which, when = (
        ("Hard questions", f"above a probability of {remote.threshold:g}, or when it is asked for")
        if hard
        else ("All questions", "but those with a private topic")
    )
    tell(
        "{which} go to {model} at {endpoint}:\n  {when}\n  the text of the question, with "
        "{history}; never sound\n  replaced before: {redact}\n  at most {per_minute} a minute, "
        "{per_day} a day, {per_month} a month\n  written down in {file}",
        which=which,
        model=remote.model,
        endpoint=remote.endpoint,
        when=when,
        history=history,
        redact=", ".join(remote.redact) or "nothing",
        per_minute=remote.per_minute,
        per_day=remote.per_day,
        per_month=remote.per_month,
        file=ledger(settings()).file,
    )


@command.command("log", epilog=example("assistant privacy log --last 5"))
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="Questions.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, whole.")
def log(last: int, as_json: bool) -> None:
    """Show what left the device, word for word, the newest last."""
    from assistant.mind.remote.hybrid import ledger

    entries = list(ledger(settings()).read())
    sent = [number for number, entry in enumerate(entries) if entry.get("event") == "sent"]
    if not sent and not as_json:
        tell("Nothing has left this device.")
    for entry in entries[sent[-last:][0] :] if sent else []:
        if as_json:
            print_json(entry)
        else:
            click.echo(_line(entry))


@command.command("clear")
@click.confirmation_option(prompt="Forget what left the device?")
def clear() -> None:
    """Remove the record."""
    from assistant.mind.remote.hybrid import ledger

    ledger(settings()).clear()


def _rooms(config: "Config") -> Iterator[str]:
    """Say what goes to other hosts: to those that hear or speak for this one, and to a broker."""
    if config.asr.engine == "wyoming":
        yield (
            f"The sound of what is said to it goes to {_where(config.asr.uri)}:\n"
            "  from the wake word to the end of a question, and short calls while it answers"
        )
    if config.speech.engine == "wyoming":
        yield f"The text of what it says goes to {_where(config.speech.uri)}."
    if config.wyoming.satellite:
        yield (
            "The sound of what is said after the wake word goes to the server that connects to\n"
            f"  port {config.wyoming.satellite_port} of {config.wyoming.host}: {_allowed(config)}"
        )
    if config.wyoming.enabled:
        yield (
            "Its recogniser, voice and language model work for those who connect to\n"
            f"  port {config.wyoming.port} of {config.wyoming.host}: {_allowed(config)}"
        )
    if config.mqtt.host:
        text = "with what was said and answered" if config.mqtt.text else "never what was said"
        yield f"States, settings, turns and metrics go to the broker {config.mqtt.host}, {text}."
    if config.skills.enabled:
        yield from _actions(config)


def _actions(config: "Config") -> Iterator[str]:
    from urllib.parse import urlsplit

    from assistant.mind.skills import skills

    for file in skills.check(config).files:
        for name, each in file.actions.items():
            if each.http or each.mqtt:
                where = urlsplit(each.http.url).netloc if each.http else config.mqtt.host
                yield f"Your action `{name}` sends what its sentence takes to {where}."
            elif each.run or each.python:
                yield f"Your action `{name}` runs a program of yours, which may send anything."


def _allowed(config: "Config") -> str:
    return ", ".join(config.wyoming.allow) or "whoever can reach it"


def _where(uri: str) -> str:
    return "the first service that is found in the network" if uri == "auto" else uri


def _line(entry: dict[str, Any]) -> str:
    time = entry.get("time", "?")
    if entry.get("event") != "sent":
        return f"{time}  {entry.get('outcome')}, {entry.get('characters')} characters came back"
    told = "\n".join(
        f"    {each.get('role')}: {plain(str(each.get('text')))}"
        for each in entry.get("messages", [])
        if each.get("role") != "system"
    )
    where = f"{entry.get('model')} at {entry.get('to')}"
    return f"{time}  to {where} ({entry.get('source')}, {entry.get('why')})\n{told}"
