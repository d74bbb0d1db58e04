"""`assistant persona`: who the assistant is, and how to make it somebody else."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.commands import example, plain, print_json, settings, tell, write_new
from assistant.errors import BadInput, EngineMissing
from assistant.language import leading
from assistant.persona.wording import LANGUAGES, MOMENTS, WAYS

if TYPE_CHECKING:
    from assistant.config import Config
    from assistant.persona.reading import Persona


TEMPLATE = """\
# A persona; docs/personas.md tells every key. Try it: assistant chat --persona {file}

name = "{name}"
character.en = "a friendly voice assistant"
character.zh = "一个友好的语音助手"

# What the language model is told; {{name}}, {{character}} and {{rules}} stand for what is said
# above and for the usual rules of speaking aloud. Without this it is told just that.
# [prompt.en]
# spoken = "Your name is {{name}}. You are {{character}}. {{rules}}"

[greeting.en]
start = "Hello, I am {{name}}."

[greeting.zh]
start = "你好，我是{{name}}。"

[speech]
rate = 1.0
"""


@click.group(
    epilog=example(
        "assistant persona list", "assistant persona show child", "assistant persona new pirate"
    )
)
def command() -> None:
    """Show who the assistant can be, and add to it: list, show, new, check."""


@command.command("list", epilog=example("assistant persona list", "assistant persona list --json"))
@click.option(
    "--json", "as_json", is_flag=True, help="One object a line: name, calls_itself, file, ..."
)
def list_(as_json: bool) -> None:
    """List all personas: what they call themselves, what they are, where yours lie.

    The one in use has a `*`. What is wrong in a file is told, and the exit code is 2 then.
    """
    from assistant.persona import reading, shelf

    config, broken = settings(), 0
    language = leading(config.language)
    for name in shelf.names(config):
        path = shelf.find(config, name)
        try:
            persona = reading.read(path)
        except BadInput as error:
            broken += 1
            click.echo(f"{name}: {error}", err=True)
            continue
        calls_itself, character = persona.name(language), persona.character(language)
        if as_json:
            print_json(
                {
                    "name": name,
                    "calls_itself": calls_itself,
                    "character": character,
                    "file": str(path),
                    "shipped": shelf.shipped(path),
                    "used": config.persona == name,
                }
            )
            continue
        described = ", ".join(filter(None, (calls_itself, character)))
        mark = "* " if config.persona == name else "  "
        where = "" if shelf.shipped(path) else f" ({path})"
        click.echo(plain(f"{mark}{name}: {described}{where}"))
    if broken:
        raise BadInput("{count} of the files cannot be used.", count=broken)


@command.command(
    epilog=example("assistant persona show child", "assistant --set language=zh persona show child")
)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One object: name, prompts, settings, ...")
def show(name: str, as_json: bool) -> None:
    """Show what the persona NAME is told in the configured language, and what it brings along.

    NAME may be a path. What your configuration says itself is marked: it wins.
    """
    from assistant.persona import wearing

    config = settings()
    told = wearing.told(config, name)
    if as_json:
        print_json(told)
        return
    for key in ("name", "calls_itself", "character", "file", *WAYS, *MOMENTS):
        if value := told[key]:
            click.echo(f"{key}: {plain(str(value))}")
    for key, value in told["settings"].items():
        if key in told["overruled"]:
            tell("{key}: {value} (your configuration says otherwise)", key=key, value=value)
        else:
            click.echo(f"{key}: {plain(str(value))}")


@command.command(epilog=example("assistant persona new pirate"))
@click.argument("name")
def new(name: str) -> None:
    """Write a persona called NAME, which works as it is, beside the configuration file."""
    from assistant.persona import shelf

    if not shelf.NAME.fullmatch(name):
        raise BadInput(
            "{name} is no name; allowed: up to 40 of a-z, 0-9, `-` and `_`, beginning with a "
            "letter or digit.",
            name=repr(name[:80]),
        )
    config = settings()
    spoken = name.replace("_", " ").replace("-", " ").strip().title()
    write_new(_folder(config) / (name + shelf.ENDING), TEMPLATE.format(name=spoken, file=name))
    tell("try it: assistant chat --persona {name}", name=name)


@command.command(epilog=example("assistant persona check my.toml", "assistant persona check child"))
@click.argument("file")
def check(file: str) -> None:
    """Tell whether a persona FILE is right, and how many tokens its prompts have.

    They are read when it starts, once. A name goes as well. The exit code is 2 for a file that
    cannot be used.
    """
    from assistant.persona import reading, shelf

    config = settings()
    path = shelf.find(config, file)
    persona = reading.read(path)
    _check_words(path, persona)
    count = _counter(config)
    for language in LANGUAGES:
        for way in WAYS:
            prompt, name = persona.prompt(language, way), persona.name(language)
            if count:
                tell("{key}: {count} tokens", key=f"prompt.{language}.{way}", count=count(prompt))
            if name and name not in prompt:
                tell(
                    "{key}: does not hold `{{name}}`, so it does not know what it is called.",
                    key=f"prompt.{language}.{way}",
                )
    tell("{path}: all right.", path=path)


def _check_words(path: Path, persona: "Persona") -> None:
    """Raise `BadInput` for a ready-made wake word that there is not, as far as is known here."""
    from assistant.ears.wake import micro_words

    words = persona.settings.get("wake", {}).get("words", [])
    try:
        known = micro_words() if words else []
    except EngineMissing:
        return
    for word in words:
        if word not in known:
            raise BadInput(
                "{path}: `wake.words` names {word}; allowed: {known}.",
                path=path,
                word=repr(word),
                known=", ".join(known),
            )


def _counter(config: "Config") -> Callable[[str], int] | None:
    """Return what counts the tokens of the model in use; None where there is none."""
    from assistant.mind import llama
    from assistant.models import Shelf

    try:
        return llama.counter(Shelf(config.models_dir).locate(config.llm.model, "llm"))
    except BadInput:
        return None


def _folder(config: "Config") -> Path:
    """Return where the owner's personas are, or would be looked for."""
    from assistant.config import find, search_path
    from assistant.persona import shelf

    if config.paths.personas:
        return Path(config.paths.personas).expanduser()
    named = click.get_current_context().find_root().params["path"]
    return (find(named) or next(search_path())).parent / shelf.FOLDER
