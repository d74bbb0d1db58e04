"""`assistant bench`: what this machine does, measured on the real chain."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import click

from assistant.commands import (
    Seconds,
    bench_conversation,
    example,
    print_json,
    settings,
    tell,
)
from assistant.config import Config
from assistant.errors import BadInput


@click.group()
def command() -> None:
    """Measure latency, memory and start-up on this machine."""


command.add_command(bench_conversation.command)


@command.command(
    epilog=example(
        "assistant bench latency",
        "assistant bench latency --wavs questions --speak piper --baseline",
        "assistant bench latency --runs 3 --json",
    )
)
@click.option(
    "--wavs",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Recorded questions (*.wav, their text in *.txt); without it, the shipped one.",
)
@click.option("--speak", type=click.Choice(["espeak", "piper"]), help="The voice that answers.")
@click.option("--runs", type=click.IntRange(1, 1000), default=1, show_default=True)
@click.option("--baseline", is_flag=True, help="A plain streaming loop as well, in turn with it.")
@click.option(
    "--baseline-model",
    default="",
    metavar="MODEL",
    help="The plain loop's language model; without it, the best published one that is installed.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One object: median_s, p90_s, ratio, turns, kept, dropped, cut_rate, and more.",
)
def latency(
    wavs: Path | None,
    speak: str | None,
    runs: int,
    baseline: bool,
    baseline_model: str,
    as_json: bool,
) -> None:
    """Speak questions at real-time pace; time from the last voiced sample to the first audible."""
    from assistant.bench import latency as bench
    from assistant.models import Shelf

    config = settings()
    if speak:
        speech = config.speech.model_copy(update={"engine": speak})
        config = config.model_copy(update={"speech": speech})
    other = baseline_model or published(config)
    if baseline:
        Shelf(config.models_dir).locate(other, "llm")  # refused before minutes of measuring
    plain = bench.plain(config, other) if baseline else None
    result = bench.measure(config, questions(wavs) * runs, plain)
    if as_json:
        print_json(result)
        return
    for row in result["each"]:
        click.echo(_line(row))
    click.echo(_told("assistant", result))
    if baseline:
        click.echo(_told("plain loop", result["baseline"]))
        tell(
            "ratio {ratio}, CPU time {cpu_ratio} of the plain loop's",
            ratio=result["ratio"],
            cpu_ratio=result["cpu_ratio"],
        )


def _line(row: dict[str, Any]) -> str:
    waited = row["voice_to_voice_s"]
    shown = "  cut" if row["cut"] else "   - " if waited is None else f"{waited:5.2f}"
    how = ("kept" if row["kept"] else "anew") + (
        f", {row['dropped']} dropped" * bool(row["dropped"])
    )
    return f"{shown} s  {row['wav']}: {row['heard']} ({how})"


def _told(name: str, result: dict[str, Any]) -> str:
    return (
        f"{name}: median {result['median_s']:.2f} s, p90 {result['p90_s']:.2f} s over "
        f"{result['turns']} turns; {result['kept']} kept, {result['dropped']} dropped, "
        f"{result['missed']} missed, {result['cut_rate']:.0%} cut in two, "
        f"{result['cached_share']:.0%} of tokens cached, {result['cpu_s_per_turn']:.1f} CPU s each"
    )


@command.command(epilog=example("assistant bench model", "assistant bench model --rounds 5 --json"))
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option(
    "--published",
    "other",
    default="",
    metavar="MODEL",
    help="The model to compare with; without it, the best published one that is installed.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One object: decode_vs_bare, decode_vs_published, ttft_s, decode_tps, prefill_tps, ...",
)
def model(rounds: int, other: str, as_json: bool) -> None:
    """Speed of the language model, against llama.cpp's bare loop and against the published file."""
    from assistant.bench import model as bench
    from assistant.models import Shelf

    config = settings()
    shelf = Shelf(config.models_dir)
    path = shelf.locate(config.llm.model, "llm")
    reference = shelf.locate(other or published(config), "llm")
    result = bench.measure(config, path, reference if reference != path else None, rounds)
    if as_json:
        print_json(result)
        return
    for key, value in result.items():
        click.echo(f"{key:20} {value}")


@command.command(epilog=example("assistant bench memory --turns 20"))
@click.option("--turns", type=click.IntRange(1, 10000), default=5, show_default=True)
@click.option(
    "--wavs",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Recorded questions of several lengths; without it, the shipped one.",
)
@click.option("--json", "as_json", is_flag=True, help="One object: peak_rss_mb, rss_mb, ready_s.")
def memory(turns: int, wavs: Path | None, as_json: bool) -> None:
    """Memory of the whole assistant after some spoken turns, and the time until it was ready."""
    from assistant.bench import memory as bench

    result = bench.measure(settings(), questions(wavs), turns)
    if as_json:
        print_json(result)
    else:
        tell(
            "{peak_rss_mb} MB at the most, {rss_mb} MB at the end, ready after {ready_s} s",
            peak_rss_mb=result["peak_rss_mb"],
            rss_mb=result["rss_mb"],
            ready_s=result["ready_s"],
        )


@command.command(epilog=example("assistant bench startup --runs 5"))
@click.option("--runs", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One object: ready_s, each.")
def startup(runs: int, as_json: bool) -> None:
    """Time from the start of a new process until it hears and the model is warm."""
    from assistant.bench import memory as bench

    result = bench.startup(settings(), runs)
    if as_json:
        print_json(result)
    else:
        tell("ready after {ready_s:.2f} s (median of {runs})", ready_s=result["ready_s"], runs=runs)


@command.command(
    epilog=example("assistant bench idle --seconds 60", "assistant bench idle --running")
)
@click.option("--seconds", type=Seconds(1, 86400), default=20.0, show_default=True)
@click.option(
    "--running",
    is_flag=True,
    help="The assistant that runs here, with the processes of its devices.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One object: cpu_share, wakeups_per_s, sound_wakeups_per_s, seconds, threads.",
)
def idle(seconds: float, running: bool, as_json: bool) -> None:
    """What it takes to wait for the wake word: share of one core, wake-ups a second.

    Each frame of sound (50 a second) wakes those who deal with it; all other wake-ups count alone.
    """
    from assistant.bench import idle as bench
    from assistant.serve import control

    if running:
        result = bench.running(control.server(settings().socket_path), seconds)
    else:
        result = bench.own(settings(), seconds)
    if as_json:
        print_json(result)
        return
    for thread in result["threads"]:
        tell("{process:>8} {name:<16} {cpu_share:6.1%} {wakeups_per_s:7.1f} wake-ups/s", **thread)
    tell(
        "{cpu_share:.1%} of one core over {seconds:.0f} s; {wakeups_per_s:.1f} wake-ups a second, "
        "and {sound_wakeups_per_s:.1f} by the sound",
        **result,
    )


def labelled(what: str) -> Callable[[Any], Any]:
    """Return the option that names a file in place of the set that comes along."""
    return click.option(
        "--set",
        "file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help=what,
    )


def as_one_object(keys: str) -> Callable[[Any], Any]:
    """Return the option for programs; `keys` says what the object has."""
    return click.option("--json", "as_json", is_flag=True, help=keys)


def by_language(result: dict[str, Any], sentence: str) -> None:
    """Tell a row for each language, and one for all; `sentence` names keys of the result."""
    for name, each in [*result["languages"].items(), ("all", result)]:
        tell(sentence, **{**each, "name": name})


REQUESTS = "Labelled requests, one JSON object a line; without it, the shipped held-out set."


@command.command(
    epilog=example("assistant bench router", "assistant bench router --set requests.jsonl --json")
)
@labelled(REQUESTS)
@as_one_object("One object: accuracy, decision_s, decision_p90_s, decided_by, curve, wrong, ...")
def router(file: Path | None, as_json: bool) -> None:
    """How well and how quickly hard questions are told from simple ones."""
    from assistant.bench import router as bench
    from assistant.mind.remote.router import Classifier, Embedding, Router

    remote = settings().remote
    requests = bench.read(file or bench.HELD_OUT)
    it = Router(Classifier(Embedding()), remote.threshold, remote.private)
    result = bench.measure(requests, it.route, remote.threshold)
    if as_json:
        print_json(result)
        return
    for each in result["wrong"]:
        tell("wrong: {label:7} {hard:.2f}  {text}", **each)
    click.echo(bench.drawn(result))
    tell(
        "accuracy {accuracy:.1%} of {requests} requests, decided in {decision_s:.1f} ms "
        "(median), {decision_p90_s:.1f} ms (p90), {words:.0%} by their words alone",
        accuracy=result["accuracy"],
        requests=result["requests"],
        decision_s=1000 * result["decision_s"],
        decision_p90_s=1000 * result["decision_p90_s"],
        words=result["decided_by"]["words"],
    )


@command.command(
    epilog=example("assistant bench skills", "assistant bench skills --set requests.jsonl --json")
)
@labelled(REQUESTS)
@as_one_object(
    "One object: intent_accuracy, slot_accuracy, false_take_rate, decision_s, languages, ..."
)
def skills(file: Path | None, as_json: bool) -> None:
    """How well the skills know what is meant for them, and what is not."""
    from assistant.bench import skills as bench
    from assistant.mind.skills.book import Book

    requests = bench.read(file or bench.HELD_OUT)
    books = {language: Book.load(language) for language in {each.language for each in requests}}
    result = bench.measure(requests, {name: book.match for name, book in books.items()})
    if file is None:  # nobody shall see them, or they were looked at
        result["wrong"] = len(result["wrong"])
    if as_json:
        print_json(result)
        return
    for each in result["wrong"] if file else []:
        tell("wrong: {text}: {intent}, found {found}", **each)
    by_language(
        result,
        "{name:3}  intents {intent_accuracy:.1%}, slots {slot_accuracy:.1%}, taken though "
        "not meant {false_take_rate:.1%}",
    )
    tell(
        "{requests} requests, decided in {decision_s:.1f} ms (median), {decision_p90_s:.1f} ms "
        "(p90)",
        requests=result["requests"],
        decision_s=1000 * result["decision_s"],
        decision_p90_s=1000 * result["decision_p90_s"],
    )


@command.command(
    epilog=example("assistant bench guard", "assistant bench guard --set mine.jsonl --json")
)
@labelled("Labelled texts, one JSON object a line; without it, the shipped held-out set.")
@as_one_object("One object: refused, false_refusals, held_back, false_held_back, decision_s, ...")
def guard(file: Path | None, as_json: bool) -> None:
    """How well the guard knows what it has to refuse, and what not."""
    from assistant.bench import guard as bench

    lines = bench.read(file or bench.HELD_OUT)
    result = bench.measure(lines, bench.strictest(settings()))
    if file is None:  # nobody shall see them, or they were looked at
        result["wrong"] = len(result["wrong"])
    if as_json:
        print_json(result)
        return
    for each in result["wrong"] if file else []:
        tell("wrong: {text}: {topic}, found {found}", **each)
    by_language(
        result,
        "{name:3}  refused {refused:.1%}, falsely {false_refusals:.1%}; of answers held back "
        "{held_back:.1%}, falsely {false_held_back:.1%}",
    )
    tell(
        "{lines} texts, decided in {decision_s:.3f} ms (median), {decision_p90_s:.3f} ms (p90)",
        lines=result["lines"],
        decision_s=1000 * result["decision_s"],
        decision_p90_s=1000 * result["decision_p90_s"],
    )


@command.command(
    epilog=example("assistant bench knowledge", "assistant bench knowledge --set mine.jsonl --json")
)
@labelled(
    "Questions, one JSON object a line, with a folder `documents` beside them; "
    "without it, the project's own."
)
@as_one_object("One object: passage_in_two, answer_has_fact, dont_know, added_first_token_s, ...")
def knowledge(file: Path | None, as_json: bool) -> None:
    """How well questions are answered from documents, and what it costs."""
    from assistant.bench import knowledge as bench

    file = file or bench.SET
    result = bench.measure(bench.read(file), file.parent / bench.DOCUMENTS)
    if as_json:
        print_json(result)
        return
    by_language(
        result,
        "{name:3}  passage in the first two {passage_in_two:.1%}, answered {answered:.1%}, "
        "with the fact {answer_has_fact:.1%} of these, does not know what is not there "
        "{dont_know:.1%}",
    )
    tell(
        "{questions} questions to {passages} passages, {added_first_token_s:.0f} ms each (median)",
        questions=result["questions"],
        passages=result["passages"],
        added_first_token_s=1000 * result["added_first_token_s"],
    )


@command.command(
    epilog=example(
        "assistant bench tools --compare", "assistant bench tools --set requests.jsonl --json"
    )
)
@labelled(REQUESTS)
@as_one_object("One object: right_call, false_call, decision_s, languages, curve, wrong, ...")
@click.option(
    "--compare", is_flag=True, help="All of `tools.choose`; asks the language model for minutes."
)
def tools(file: Path | None, as_json: bool, compare: bool) -> None:
    """How well a skill is chosen where no sentence matches, by meaning and by the model."""
    from assistant.bench import tools as bench

    result = bench.run(settings(), file, compare=compare)
    if as_json:
        print_json(result)
        return
    for each in result["wrong"] if file else []:
        tell("wrong: {text}: {intent}, found {found}", **each)
    click.echo(bench.drawn(result))
    by_language(result, "{name:3}  right calls {right_call:.1%}, false calls {false_call:.1%}")
    tell(
        "{requests} requests that no sentence matches, threshold {threshold}, decided in "
        "{decision_s:.2f} s (median), {decision_p90_s:.2f} s (p90)",
        **result,
    )


def questions(folder: Path | None) -> "list[Any]":
    """Return the recordings of a folder, or the shipped one. Raises `BadInput` when it has none."""
    from assistant.audio import wav
    from assistant.bench.latency import Question, recordings

    if folder is None:
        path = Path(str(resources.files("assistant") / "data" / "question-en.wav"))
        return [Question(path.name, wav.read(path), "What is the capital of France?")]
    if found := recordings(folder):
        return list(found)
    raise BadInput(
        "{folder}: no *.wav file in it; give a folder with recorded questions.", folder=folder
    )


def published(config: Config) -> str:
    """Return the name of the best published language model that is installed."""
    from assistant.models import Shelf

    shelf = Shelf(config.models_dir)
    installed = (e for e in shelf.published if e.purpose == "llm" and shelf.installed(e))
    entry = next(installed, None)
    return entry.name if entry else config.llm.model
