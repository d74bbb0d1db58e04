"""`assistant models tune`: a model file made for this device out of a published one."""

import click

from assistant.commands import settings
from assistant.errors import BadInput
from assistant.models import QUANTIZED, Entry, Shelf, megabytes


@click.command("tune")
@click.argument("name", required=False)
@click.option(
    "--keep-source/--delete-source",
    default=True,
    help="What becomes of the published file afterwards (default: it is kept).",
)
@click.option("--again", is_flag=True, help="Make it anew even if it is there.")
def command(name: str | None, keep_source: bool, again: bool) -> None:
    """Make a smaller and faster file of a language model, for this device.

    Weights become Q4_0, which has fast kernels everywhere, and the vocabulary loses the tokens
    that English, Chinese and code hardly use; any text can still be read and written. It is
    preferred to the published one from then on. Without a NAME the best installed one is taken.

    \b
    Example:
      assistant models tune
      assistant models tune qwen2.5-0.5b-q4_0 --delete-source
    """
    from assistant.commands.models import reporting
    from assistant.fetching import Fetcher
    from assistant.tuning import making

    shelf = Shelf(settings().models_dir)
    entry = _published(shelf, name) if name else making.tunable(shelf)
    with reporting() as report:
        try:
            made = making.make(shelf, entry, report, again=again)
        except KeyboardInterrupt:
            report.note("interrupted, nothing is left; the same command begins anew.")
            raise
        if made.whole and made.fresh:
            report.note(f"{made.whole}; only its weights were converted.")
        where = (
            f"made and checked, in {shelf.folder(made.entry)}" if made.fresh else "there already"
        )
        before, after = megabytes(entry.size), megabytes(made.entry.size)
        report.note(f"`{made.entry.name}` is {where} ({after} instead of {before}).")
        if not keep_source and shelf.folder(entry).exists():
            freed = Fetcher(shelf, report).remove(entry)
            report.note(f"`{entry.name}` is removed, {megabytes(freed)} are free again.")


def _published(shelf: Shelf, name: str) -> Entry:
    entry = shelf.named(name)
    if name.endswith(QUANTIZED):
        raise BadInput(
            "`{name}` was quantized on this device; only a published model can be tuned.", name=name
        )
    return shelf.named(entry.made_from) if entry.made_from else entry
