"""`assistant skills`: what is answered without the model, and how to add to it."""

import keyword
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.commands import example, plain, print_json, settings, tell, write_new
from assistant.errors import BadInput
from assistant.language import candidates, leading, spoken

if TYPE_CHECKING:
    from assistant.config import Config
    from assistant.mind.skills.asking import Sentences
    from assistant.mind.skills.book import Book
    from assistant.mind.skills.explaining import Difference
    from assistant.mind.skills.owned import Shelf


@dataclass(frozen=True, slots=True)
class Near:
    """What was nearly matched."""

    intent: str
    sentence: str
    example: str
    source: str
    why: "Difference"


NAME = re.compile(r"[a-z][a-z_]{0,39}")
ACTION = """\
# Said to it, the sentences below run the program below. Every key: docs/actions.md

[actions.{name}]
en = ["try the {words}"]
zh = ["试试{words}"]
run = ["date", "+%H:%M"]
say.en = "The {words} works. It is {{output}}."
say.zh = "{words}可以用。现在是{{output}}。"
failed.en = "The {words} does not work."
failed.zh = "{words}用不了。"

[actions.{name}.examples.en]
"try the {words}" = {{}}

[actions.{name}.examples.zh]
"试试{words}" = {{}}
"""
PLUGIN = '''\
"""Said to it, the sentences below call the function below; see docs/plugins.md."""

from assistant.plugin import Context, intent


@intent(en=["try the {words}"], zh=["试试{words}"])
def {name}(context: Context) -> str:
    """Count how often it was tried."""
    context.store["tried"] = tried = context.store.get("tried", 0) + 1
    if context.language == "zh":
        return f"{words}试了{{tried}}次。"
    return f"That was try number {{tried}} of the {words}."
'''


@click.group(
    epilog=example(
        "assistant skills list",
        'assistant skills test "set a timer for ten minutes"',
        "assistant skills new lamp",
    )
)
def command() -> None:
    """Show what is answered without the model, and add to it: list, test, new."""


@command.command("list", epilog=example("assistant skills list", "assistant skills list --json"))
@click.option("--json", "as_json", is_flag=True, help="One object a line: intent, example, source.")
def list_(as_json: bool) -> None:
    """List what it knows in the configured language: intents, an example each, where from."""
    from assistant.mind.skills import explaining
    from assistant.mind.skills.sentences import example as example_of

    known = [
        (shelf, book, intent, sentence)
        for shelf, book, _ in map(_open, _each(settings()))
        for intent, sentence in [*_owned(shelf, book.language), *book.examples()]
    ]
    for shelf, book, intent, sentence in known:
        source = explaining.source(shelf, intent)
        shown = example_of(sentence, book.rules)
        if as_json:
            print_json({"intent": intent, "example": shown, "source": source})
        else:
            tell(
                "{intent}: {shown} (from {source})",
                intent=intent,
                shown=plain(shown),
                source=plain(source),
            )


@command.command(
    epilog=example(
        'assistant skills test "set a timer for ten minutes"',
        'assistant --set language=zh skills test "十分钟后叫我" --json',
    )
)
@click.argument("sentence", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One object: text, read, intent, slots, ...")
@click.option("--examples", is_flag=True, help="Try all `examples` of your actions instead.")
def test(sentence: tuple[str, ...], as_json: bool, examples: bool) -> int:
    """Say what a sentence would do, or what comes near and why not; nothing is done.

    The exit code is 1 where no skill takes it: the language model would answer. With `--examples`
    it is 1 where an example is not the action that it stands at, or has other slots.
    """
    if examples:
        if sentence or as_json:
            raise BadInput("--examples stands alone: it tries those in your files.")
        return _try_examples()
    from assistant.commands.ask import read_text
    from assistant.mind.skills import explaining
    from assistant.mind.skills.sentences import example as example_of
    from assistant.mind.skills.sentences import tokens

    text = read_text(sentence)
    for config in _each(settings(), text):
        shelf, book, sentences = _open(config)
        found = sentences.explain(text)
        if request := found.request:
            break
    near = [
        Near(
            intent,
            each,
            example_of(each, book.rules, tokens(found.clean)),
            explaining.source(shelf, intent),
            explaining.difference(found.clean, each, book.rules),
        )
        for intent, each in found.near
    ]
    if as_json:
        print_json(
            {
                "text": text,
                "read": found.clean,
                "intent": request.intent if request else None,
                "slots": dict(request.slots) if request else {},
                "sentence": found.sentence,
                "source": explaining.source(shelf, request.intent) if request else None,
                "does": explaining.does(shelf, request) if request else "",
                "near": [asdict(each) for each in near],
            }
        )
        return 0 if request else 1
    tell("read as: {clean}", clean=plain(found.clean))
    if request:
        tell(
            "intent: {intent} (from {source})",
            intent=request.intent,
            source=explaining.source(shelf, request.intent),
        )
        if found.sentence:
            tell("by the sentence: {sentence}", sentence=plain(found.sentence))
        for name, value in request.slots.items():
            tell("slot {name}: {value}", name=name, value=plain(str(value)))
        if done := explaining.does(shelf, request):
            tell("would: {done}", done=plain(done))
        return 0
    tell("No skill takes it; the language model would answer.")
    for each in near:
        tell(
            "near: {intent} (from {source}): {example}",
            intent=each.intent,
            source=each.source,
            example=plain(each.example),
        )
        if each.why.lacks:
            tell("    not said: {lacks}", lacks=plain(" ".join(each.why.lacks)))
        if each.why.besides:
            tell("    said besides: {besides}", besides=plain(" ".join(each.why.besides)))
    return 1


@command.command(
    epilog=example("assistant skills new lamp", "assistant skills new counter --plugin")
)
@click.argument("name")
@click.option("--plugin", is_flag=True, help="Write a plug-in in Python instead of an action.")
def new(name: str, plugin: bool) -> None:
    """Write an example called NAME, which works as it is, into the folder of skills."""
    words = name.replace("_", " ").strip()
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise BadInput(
            "{name!r} is no name; allowed: a-z and _, beginning with a letter.", name=name
        )
    text = (PLUGIN if plugin else ACTION).format(name=name, words=words)
    _try(name + (".py" if plugin else ".toml"), text, words)
    config = settings()
    write_new(_folder(config) / (name + (".py" if plugin else ".toml")), text)
    said = f"试试{words}" if leading(config.language) == "zh" else f"try the {words}"
    tell('try it: assistant skills test "{said}"', said=said)
    if not config.skills.enabled:
        tell("It is used as soon as `skills.enabled` is true.")


def _try_examples() -> int:
    """Try each example of the owner's files in its language; return the exit code."""
    from assistant.mind.skills.actions import LANGUAGES, intent

    config, tried, wrong = settings(), 0, 0
    for language in LANGUAGES:
        shelf, _, sentences = _open(config.model_copy(update={"language": language}))
        for file in shelf.files:
            for name, action in file.actions.items():
                for text, slots in action.examples.get(language, {}).items():
                    found = sentences.match(text)
                    tried += 1
                    if found and (found.intent, dict(found.slots)) == (intent(name), slots):
                        continue
                    wrong += 1
                    what = f"{found.intent}, {dict(found.slots)}" if found else "nothing"
                    tell(
                        "{path}: {text!r} is {what}, not {name}, {slots}",
                        path=file.path,
                        text=text,
                        what=what,
                        name=intent(name),
                        slots=slots,
                    )
    tell("{tried} examples, {wrong} of them wrong", tried=tried, wrong=wrong)
    return 1 if wrong else 0


def _folder(config: "Config") -> Path:
    """Return where the owner's files are, or would be looked for."""
    from assistant.config import find, search_path

    if config.skills.folder:
        return Path(config.skills.folder).expanduser()
    named = click.get_current_context().find_root().params["path"]
    return (find(named) or next(search_path())).parent / "skills"


def _try(file: str, text: str, words: str) -> None:
    """Raise `BadInput` where its sentences would not be heard, such as those of a number."""
    from assistant.mind.skills import owned

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / file).write_text(text, encoding="utf-8")
        shelf = owned.load([Path(folder)])
    for language, said in (("en", f"try the {words}"), ("zh", f"试试{words}")):
        if not any(book.match(said) for book in shelf.books(language)):
            raise BadInput("`{words}` is read as something else; choose another name.", words=words)


def _each(config: "Config", text: str = "") -> "list[Config]":
    """Return the settings for each language that is spoken, or that `text` may be in."""
    languages = spoken(config.language)
    if text:
        languages = candidates(languages, text, languages[0])
    return [config.model_copy(update={"language": each}) for each in languages]


def _open(config: "Config") -> "tuple[Shelf, Book, Sentences]":
    """Return what the owner has added, the own sentences, and both behind each other."""
    from assistant.mind.skills import owned, skills
    from assistant.mind.skills.book import Book

    skills.check(config)
    shelf = owned.load(skills.folders(config))
    own = owned.Owned(
        shelf,
        store=config.state_dir / skills.PLUGINS,
        announce=lambda _: None,
        publish=skills.publisher(config),
    )
    book = Book.load(config.language)
    return shelf, book, own.sentences(book, config.language)


def _owned(shelf: "Shelf", language: str) -> Iterator[tuple[str, str]]:
    from assistant.mind.skills.actions import intent

    for file in shelf.files:
        for name, each in file.actions.items():
            if sentences := each.sentences(language):
                yield intent(name), sentences[0]
    for plugin in shelf.plugins:
        if sentences := list(plugin.sentences(language)):
            yield f"plugin.{plugin.name}", sentences[0]
