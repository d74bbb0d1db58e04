"""The keys as text: a file to begin with, the page of the documentation, and what is in force."""

import json
from collections.abc import Iterator
from typing import Any

from assistant.config.checking import allowed_values
from assistant.config.sections import Config, Section


def keys(
    section: type[Section] = Config, prefix: str = ""
) -> Iterator[tuple[str, type[Section] | Any]]:
    """Yield every dotted key with its field, and every table with its class, in file order."""
    for name, field in section.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, Section):
            yield prefix + name, nested
            yield from keys(nested, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def template() -> str:
    """Return a configuration file in which every key stands with its default, commented out."""
    lines = ["# Settings of the assistant. Every line that begins with `#` shows a default."]
    for key, field in keys():
        name = key.rpartition(".")[2]
        if isinstance(field, type):
            lines += ["", f"[{key}]", f"# {field.__doc__}"]
        else:
            lines += [f"# {field.description}; allowed: {allowed_values(field)}"]
            lines += [f"# {name} = {toml_value(field.default)}"]
    return "\n".join(lines) + "\n"


def reference() -> str:
    """Return docs/configuration.md."""
    lines = [
        "# Configuration",
        "",
        "One TOML file, looked for at `--config FILE`, `$ASSISTANT_CONFIG`,",
        "`~/.config/assistant/config.toml` and `/etc/assistant/config.toml`; the first that exists",
        "is read. Without one the defaults hold. `assistant config init` writes a commented one,",
        "`assistant config check` tells what is wrong with it, `assistant config show` prints the",
        "settings in force.",
        "",
        "This page is generated from `assistant/config/sections.py` by `script/docs`.",
    ]
    header = ["| key | default | allowed | meaning |", "| --- | --- | --- | --- |"]
    lines += ["", *header]
    for key, field in keys():
        if isinstance(field, type):
            lines += ["", f"## [{key}]", "", f"{field.__doc__}", "", *header]
        else:
            default = toml_value(field.default)
            lines.append(
                f"| `{key}` | `{default}` | {allowed_values(field)} | {field.description} |"
            )
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """Write a text, number, truth value or list of texts as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's escapes are TOML's too, and it leaves alone one only that TOML must have escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return str(value)


def dump(config: Config) -> str:
    """Return the settings in force as a TOML file that `load` reads back."""
    lines: list[str] = []
    for key, field in keys():
        if isinstance(field, type):
            lines += ["", f"[{key}]"]
        else:
            value: Any = config
            for part in key.split("."):
                value = getattr(value, part)
            lines.append(f"{key.rpartition('.')[2]} = {toml_value(value)}")
    return "\n".join(lines) + "\n"
