"""`assistant privacy`: what may leave the device, and what did."""

from typing import Any

import click

from assistant.commands import example, print_json, settings


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

    remote = settings().remote
    if not remote.endpoint:
        click.echo("Nothing leaves this device: remote.endpoint is not set.")
        return
    history = f"{remote.history} earlier exchanges" if remote.history else "nothing before it"
    click.echo(
        f"Hard questions go to {remote.model} at {remote.endpoint}:\n"
        f"  above a probability of {remote.threshold:g}, or when it is asked for\n"
        f"  the text of the question, with {history}; never sound\n"
        f"  replaced before: {', '.join(remote.redact) or 'nothing'}\n"
        f"  at most {remote.per_minute} a minute, {remote.per_day} a day, "
        f"{remote.per_month} a month\n"
        f"  written down in {ledger(settings()).file}"
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
        click.echo("Nothing has left this device.")
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


def _line(entry: dict[str, Any]) -> str:
    time = entry.get("time", "?")
    if entry.get("event") != "sent":
        return f"{time}  {entry.get('outcome')}, {entry.get('characters')} characters came back"
    told = "\n".join(
        f"    {each.get('role')}: {_plain(str(each.get('text')))}"
        for each in entry.get("messages", [])
        if each.get("role") != "system"
    )
    where = f"{entry.get('model')} at {entry.get('to')}"
    return f"{time}  to {where} ({entry.get('source')}, {entry.get('why')})\n{told}"


def _plain(text: str) -> str:
    """Return the text without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in text)
