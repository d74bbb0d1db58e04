import pytest

from assistant.power import sparing


def machine(root, battery=None, temperature=None):
    if battery:
        place = root / "power_supply" / "BAT0"
        place.mkdir(parents=True)
        (place / "type").write_text("Battery\n")
        (place / "status").write_text(battery + "\n")
    if temperature:
        place = root / "thermal" / "thermal_zone0"
        place.mkdir(parents=True)
        (place / "temp").write_text(f"{temperature}\n")


@pytest.mark.parametrize(
    ("battery", "temperature", "spare"),
    [
        (None, None, False),
        ("Charging", "45000", False),
        ("Discharging", "45000", True),
        (None, "81000", True),
        (None, "-4000", False),
        (None, "nonsense", False),
    ],
)
def test_a_battery_that_empties_and_heat_are_reasons(tmp_path, battery, temperature, spare):
    machine(tmp_path, battery, temperature)
    assert sparing(tmp_path) is spare
