"""This device for others, by the Wyoming protocol: its engines as services, itself as a satellite.

What needs the packages of the extra `wyoming` is imported only where the settings ask for it.
"""

import importlib.util

from assistant.errors import EngineMissing


def need(key: str) -> None:
    """Raise `EngineMissing` without the packages; `key` is the setting that wants them."""
    for package in ("wyoming", "zeroconf"):
        if importlib.util.find_spec(package) is None:
            raise EngineMissing(
                "{key} is set, but the package {package} is not installed; `script/setup "
                "--with wyoming` installs it, or set {key} = false.",
                key=key,
                package=package,
            )
