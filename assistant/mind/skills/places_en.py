"""English names of places, and the time zone that rules there (names of `zone.tab`).

Cities, countries and states that people ask for; countries with several zones are left out.
"""

import functools
from collections.abc import Mapping
from importlib import resources


@functools.cache
def zones() -> Mapping[str, str]:
    """Return the zone by the name of the place, in lower case."""
    text = (resources.files("assistant") / "data" / "places-en.txt").read_text(encoding="utf-8")
    rows = (line.split(": ") for line in text.splitlines() if not line.startswith("#"))
    return {name: zone for zone, names in rows for name in names.split(", ")}
