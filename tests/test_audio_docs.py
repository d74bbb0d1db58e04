"""The settings of docs/audio.md are settings."""

import re
import tomllib
from pathlib import Path

from assistant.config import Config, parse

TEXT = (Path(__file__).parent.parent / "docs" / "audio.md").read_text(encoding="utf-8")


def test_the_settings_for_a_kiosk_and_a_desk_are_accepted_and_change_something():
    blocks = re.findall(r"(?:^    [\[\w].*\n|^\n(?=    ))+", TEXT, re.MULTILINE)
    tables = [tomllib.loads(block) for block in blocks if block.lstrip().startswith("[speech]")]
    assert len(tables) == 2
    for table in tables:
        given, default = parse(table, "docs/audio.md").model_dump(), Config().model_dump()
        for section, keys in table.items():
            for key, value in keys.items():
                assert given[section][key] == value != default[section][key]
