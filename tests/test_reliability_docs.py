"""Each promise of docs/reliability.md names a test that there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BY_HAND = "by hand: "


def promises() -> list[tuple[str, str]]:
    """Return the fault and the test of each row of each table with both."""
    rows, column = [], None
    for line in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if "|" in line else []
        if not cells:
            column = None
        elif cells[0] == "fault" and "test" in cells:
            column = cells.index("test")
        elif column and not set(cells[0]) <= {"-", " "}:
            files = re.findall(r"`tests/[^`]+`", rows[-1][1]) if rows else []
            rows.append((cells[0], cells[column].replace("the same", ", ".join(files), 1)))
    return rows


def functions(path: Path) -> str:
    """Return the names of a file's tests with their parameters, one a line."""
    text = path.read_text(encoding="utf-8")
    names = re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE)
    return "\n".join(names + re.findall(r"^ +def (test_\w+)", text, re.MULTILINE))


@pytest.mark.parametrize(("fault", "test"), promises())
def test_each_promise_names_tests_that_there_are(fault: str, test: str) -> None:
    if test.startswith(BY_HAND):
        assert (ROOT / test.removeprefix(BY_HAND).strip("`")).is_file()
        return
    path = None
    for named in re.findall(r"`([^`]+)`", test):
        if "/" in named:
            path = ROOT / named
            assert path.is_file(), named
        else:
            assert path, named
            name, _, _parameter = named.partition("[")
            assert name in functions(path), f"{path.name} has no test {named}"
    assert path, "no test is named"


def test_the_page_has_many_promises() -> None:
    assert len(promises()) > 70
