"""`assistant bench conversation`: how well one can talk with it, in a computed room."""

import click

from assistant.commands import Seconds, example, print_json, settings, tell


@click.command(
    "conversation",
    epilog=example(
        "assistant bench conversation --quick",
        "assistant bench conversation --echo 6 --minutes 30 --json",
        "assistant bench conversation --language zh --quick",
    ),
)
@click.option("--quick", is_flag=True, help="A few of each scenario, in less than three minutes.")
@click.option(
    "--echo",
    "echo_db",
    type=click.FloatRange(-200, 20),
    default=0.0,
    show_default=True,
    help="Its own speech at the microphone, in dB above the talker's.",
)
@click.option(
    "--minutes",
    type=Seconds(0, 600),
    help="Minutes of its own speech alone (5; quick: one passage).",
)
@click.option("--delay", type=Seconds(0, 0.5), default=0.04, show_default=True, metavar="SECONDS")
@click.option(
    "--drift",
    type=click.FloatRange(-500, 500),
    default=0.0,
    show_default=True,
    help="By how many millionths the loudspeaker's clock is faster than the microphone's.",
)
@click.option(
    "--language",
    type=click.Choice(["en", "zh"]),
    help="What is spoken, by it and to it (the language of the settings).",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One object: self_interruptions, self_minutes, stop_recall, stop_p95_s, "
    "barge_in_median_s, false_stop_rate, cut_rate, added_silence_s, history_exact_rate, "
    "echo_cpu, kinds, each, ...",
)
def command(
    quick: bool,
    echo_db: float,
    minutes: float | None,
    delay: float,
    drift: float,
    language: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Talk with the whole assistant in a computed room; needs the extra `bench`.

    It is interrupted, coughed at, talked past and left alone, with its own loudspeaker beside its
    microphone. What is told comes from the sound of the loudspeaker.
    """
    import dataclasses

    from assistant.bench.conversation import measuring
    from assistant.bench.conversation.outcome import table
    from assistant.bench.room import Setup

    plan = measuring.QUICK if quick else measuring.WHOLE
    if minutes is not None:
        plan = dataclasses.replace(plan, minutes=minutes)
    setup = Setup(echo_db=echo_db, delay=delay, drift_ppm=drift)
    config = settings()
    if language:
        config = config.model_copy(update={"language": language})
    say = (lambda _: None) if as_json else click.echo
    result = measuring.measure(config, setup, plan, seed, say)
    if as_json:
        print_json(result)
        return
    for key in table([]):
        click.echo(f"{key:20} {'-' if result[key] is None else result[key]}")
    if result["late"]:
        tell("{late} blocks of sound were late: the machine is too busy.", late=result["late"])
