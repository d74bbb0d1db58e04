"""docs/scale.md: its arithmetic is the one of benchmarks/fleet.py, and its curve can be drawn."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import fleet
import pytest
from curve import Line, svg
from fleet import Fleet, changed, results, table

ROOT = Path(__file__).parents[2]


def test_the_page_shows_what_the_arithmetic_gives():
    page = (ROOT / "docs" / "scale.md").read_text()
    shown = page.partition("<!-- fleet -->\n")[2].partition("<!-- /fleet -->")[0]
    assert shown == table(Fleet()) + "\n"
    assert set(fleet.MEANING) == set(vars(Fleet()))


def test_the_sums_are_right():
    it = Fleet(devices=3600, questions=10, busiest=0.1, regions=2, answer=10, tokens=100, load=0.5)
    assert it.a_second() == 1
    assert it.servers(10, 10) == 2 * (1 + 1)
    assert it.servers(10.1, 10) == 2 * (2 + 1)
    assert replace(it, hard=0).sent() == it.simple_sent
    assert replace(it, hard=1).sent() == it.hard_sent


def test_a_fleet_twice_as_large_costs_a_device_no_more():
    small, large = results(Fleet(devices=10_000)), results(Fleet(devices=20_000))
    for design in small:
        assert large[design]["usd"] <= small[design]["usd"]


def test_own_figures_can_be_set_and_others_are_one_sentence():
    assert changed(Fleet(), ["devices=500", "hard=0.3"]).devices == 500
    for wrong in ("device=500", "devices=many", "devices=-1", "devices=inf", "devices"):
        with pytest.raises(SystemExit, match="allowed: NAME=NUMBER"):
            changed(Fleet(), [wrong])


def test_the_curve_is_a_picture_with_all_its_lines():
    lines = [
        Line("a < b", [(1, 0.1), (64, 2.0)], "blue"),
        Line("flat", [(1, 0.1), (64, 0.1)], "orange", dashed=True),
    ]
    picture = ET.fromstring(svg("Title", "across", "up", lines, ("limit", 2.5)))
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Title", "across", "up", "a < b", "flat", "limit", "1", "64"} <= set(texts)
    points = [
        tuple(map(float, point.split(",")))
        for each in picture.iter("{http://www.w3.org/2000/svg}polyline")
        for point in each.get("points").split()
    ]
    assert all(0 <= x <= 760 and 0 <= y <= 440 for x, y in points)
