"""`assistant status`: what the running assistant does; what a container's health check asks."""

import click

from assistant.commands import example, print_json, settings, tell


@click.command(epilog=example("assistant status", "assistant status --json"))
@click.option("--json", "as_json", is_flag=True, help="One object: phase, turn, out, model, ...")
def command(as_json: bool) -> None:
    """Say what the running assistant does; exit code 1 where none answers, or it still loads."""
    from assistant.crew import MOST_LEFT, poor
    from assistant.ears.conditions import advice
    from assistant.serve.control import call

    path = settings().socket_path
    about = call(path, {"command": "info"})  # refused until everything is loaded
    told = call(path, {"command": "state"}) | about
    if as_json:
        print_json({key: value for key, value in told.items() if key != "ok"})
    else:
        language = told["language"]
        if language != told["spoken"]:  # it is `auto`
            language = f"{language}, now {told['spoken']}"
        click.echo(f"{told['phase']} ({told['model']}, {language})")
        for problem in (told["hearing"] or {}).get("problems", ()):
            tell("Hearing: {advice}", advice=advice(problem))
        for reason in told.get("missing", {}).values():
            tell("{reason} It is tried again until it is back.", reason=reason)
        if not told.get("remembers", True):
            tell(
                "It cannot write down what it is told, which is lost at the next start: make room "
                "in {folder}, or make it writable.",
                folder=settings().state_dir,
            )
        for trouble in told.get("troubles", ()):
            click.echo(trouble)
        for each in told.get("poor", ()):
            click.echo(poor(each["room"], each["why"], each["back_in_s"]))
        if hung := told.get("hung"):
            tell(
                "Left behind, because they hang: {hung} threads, which hold their memory until the "
                "next start; with {most} of them it ends, to be started again.",
                hung=hung,
                most=MOST_LEFT,
            )
        if told.get("echo") == "heard":
            tell("half duplex: it hears its own voice, see docs/audio.md")
