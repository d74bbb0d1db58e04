"""`assistant models quantize`: a language model's file in another type of weights."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.commands import print_json, settings, tell
from assistant.models import Shelf, megabytes

if TYPE_CHECKING:
    from assistant.sources import Report
    from assistant.tuning.comparison import Measured
    from assistant.tuning.quantizing import Wish


@click.command("quantize")
@click.argument("source")
@click.option(
    "--to",
    "kind",
    default="Q4_0",
    metavar="TYPE",
    help="Q4_0 (default, fast everywhere), Q4_K_M, Q5_K_M, Q6_K, Q8_0, ...",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write this file instead of putting the model among the others.",
)
@click.option("--again", is_flag=True, help="Make it anew even if it is there.")
@click.option(
    "--report/--no-report",
    "measured",
    default=True,
    help="Measure both files afterwards (default), or do not.",
)
@click.option(
    "--texts",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Measure on the *.txt of this folder instead of the texts that come along.",
)
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
def command(
    source: str,
    kind: str,
    out: Path | None,
    again: bool,
    measured: bool,
    texts: Path | None,
    as_json: bool,
) -> None:
    """Make a smaller file of a language model by storing its weights in fewer bits.

    SOURCE is a GGUF file, best one in F16, or a name from `assistant models list`. The new model
    is listed, checked and removed as others are. Then both are measured: size, bits that each
    needs for a byte of text that was not chosen on (the fewer, the better), and speed.

    \b
    Example:
      assistant models quantize qwen2.5-0.5b-instruct-f16.gguf --to Q4_K_M
      assistant models quantize qwen2.5-0.5b-q8_0 --out small.gguf
    """
    from assistant.commands.models import reporting
    from assistant.tuning import comparison, quantizing

    config = settings()
    shelf = Shelf(config.models_dir)
    asked = quantizing.wish(shelf.locate(source, "llm"), kind)
    samples = comparison.texts(texts) if measured else {}
    with reporting() as report:
        if asked.again:
            report.note(
                f"{asked.source} is {asked.header.quantization}: what it has lost already stays "
                "lost; an F16 file of the same model gives a better one."
            )
        name, path = _make(shelf, asked, out, again, report)
        both = [asked.source, path] if measured else []
        found = comparison.compare(both, samples, config.llm, report)
    if as_json:
        keys = ("source", "made")
        rows = dict(zip(keys, (row.told() if row else None for row in found), strict=False))
        print_json({"name": name, "path": str(path), "type": asked.kind, **rows})
        return
    for row in found:
        if row:
            _show(row)
    if len(found) == 2 and found[0] and found[1]:
        _compare(found[0], found[1])
    tell('`llm.model = "{name}"` in the configuration uses it.', name=name or path)


def _make(
    shelf: Shelf, asked: "Wish", out: Path | None, again: bool, report: "Report"
) -> tuple[str, Path]:
    """Return the name of the new model on the shelf, empty for a file elsewhere, and its path."""
    from assistant.tuning import quantizing

    try:
        if out:
            quantizing.into(out, asked, report, again=again)
            return "", out
        entry, fresh = quantizing.onto(shelf, asked, report, again=again)
    except KeyboardInterrupt:
        report.note("interrupted, nothing is left; the same command begins anew.")
        raise
    where = f"made, in {shelf.folder(entry)}" if fresh else "there already"
    before, after = megabytes(asked.header.size), megabytes(entry.size)
    report.note(f"`{entry.name}` is {where} ({after} instead of {before}).")
    return entry.name, shelf.locate(entry.name, "llm")


def _show(row: "Measured") -> None:
    bits = "  ".join(f"{name} {value:.3f}" for name, value in row.bits_per_byte.items())
    tell(
        "{kind:6} {size:>7}  bits per byte: {bits}  {tps:.1f} tok/s",
        kind=row.kind,
        size=megabytes(row.size),
        bits=bits,
        tps=row.decode_tps,
    )


def _compare(before: "Measured", after: "Measured") -> None:
    bits = "  ".join(
        f"{name} {100 * (after.bits_per_byte[name] / value - 1):+.1f} %"
        for name, value in before.bits_per_byte.items()
    )
    tell(
        "change {size:>+6.0f} %  bits per byte: {bits}  {times:.2f} times as fast",
        size=100 * (after.size / before.size - 1),
        bits=bits,
        times=after.decode_tps / before.decode_tps,
    )
