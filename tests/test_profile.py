"""Profiles: small machines get other defaults, and what the owner has set wins always."""

import itertools
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from assistant import config, profile
from assistant.cli import command
from assistant.commands.doctor import examine
from assistant.config import Config
from assistant.errors import BadInput
from assistant.persona import shelf
from assistant.serve import settings as chosen_later

PI5 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid lrcpc asimddp"
PI4 = "fp asimd evtstrm crc32 cpuid"
PC = "fpu sse4_2 avx avx2"


def machine(folder: Path, megabytes: int, flags: str, cores: int = 4, limit: int = 0) -> Path:
    """A machine made of files, as far as it is looked at."""
    (folder / "proc" / "self").mkdir(parents=True)
    (folder / "proc" / "meminfo").write_text(f"MemTotal: {megabytes * 1000 * 1000 // 1024} kB\n")
    (folder / "proc" / "cpuinfo").write_text(f"Features : {flags}\n")
    (folder / "proc" / "self" / "cgroup").write_text("0::/service\n")
    group = folder / "sys" / "fs" / "cgroup" / "service"
    group.mkdir(parents=True)
    (group / "memory.max").write_text(f"{limit * 1_000_000 or 'max'}\n")
    (group / "cpu.max").write_text(f"{cores}00000 100000\n")
    return folder


@pytest.mark.parametrize(
    ("megabytes", "flags", "cores", "limit", "name"),
    [
        (433, PI4, 4, 0, "zero"),  # Zero 2 W
        (948, PI4, 4, 0, "small"),  # Pi 4 or 3 with 1 GB
        (1010, PI5, 4, 0, "small"),  # Pi 5 with 1 GB
        (1900, PI4, 4, 0, "pi4"),
        (8200, PI4, 4, 0, "pi4"),
        (2060, PI5, 4, 0, "full"),  # Pi 5 with 2 GB
        (24000, PC, 2, 0, "full"),
        (24000, "fpu sse4_2", 2, 0, "pi4"),
        (24000, PC, 1, 0, "pi4"),
        (24000, PC, 2, 1610, "full"),  # compose.yaml's limit
        (24000, PC, 2, 1000, "small"),
        (24000, PC, 2, 500, "zero"),
        (24000, "", 2, 0, "full"),  # unknown is not slow
    ],
)
def test_memory_and_cores_choose(
    tmp_path, monkeypatch, megabytes: int, flags: str, cores: int, limit: int, name: str
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)))
    root = machine(tmp_path, megabytes, flags, cores, limit)
    assert profile.choose(Config(), root).name == name
    found, named = profile.fitted(Config(), root), profile.fitted(Config(profile=name))
    assert found.model_dump(exclude={"profile"}) == named.model_dump(exclude={"profile"})


def test_an_unknown_machine_is_a_full_one(tmp_path) -> None:
    assert profile.choose(Config(), tmp_path).name in ("full", "pi4")  # of one core here
    assert "memory unknown" in profile.choose(Config(), tmp_path).why


@pytest.mark.parametrize("name", profile.SETTINGS)
def test_each_value_is_one_that_the_owner_could_write(name: profile.Name) -> None:
    fitting = profile.fitted(Config(profile=name))
    again = config.parse(tomllib.loads(config.dump(fitting)), "f.toml")
    assert config.dump(again) == config.dump(fitting)
    different = [
        key for key, value in profile.SETTINGS[name].items() if _value(Config(), key) != value
    ]
    assert different == list(profile.SETTINGS[name])  # what is the default anyway is no profile


def _value(settings: Config, key: str) -> object:
    table, _, name = key.partition(".")
    return getattr(getattr(settings, table), name)


@given(
    name=st.sampled_from(list(profile.SETTINGS)),
    yours=st.sets(st.sampled_from(sorted(profile.SETTINGS["zero"]))),
)
def test_what_the_owner_has_set_wins(name: profile.Name, yours: set[str]) -> None:
    written: dict = {"profile": name}
    for key in yours:  # the very defaults, which a profile would change
        table, _, key_name = key.partition(".")
        written.setdefault(table, {})[key_name] = _value(Config(), key)
    fitting = profile.fitted(config.parse(written, "f.toml"))
    for key in profile.SETTINGS["zero"]:
        expected = profile.SETTINGS[name].get(key, _value(Config(), key))
        assert _value(fitting, key) == (_value(Config(), key) if key in yours else expected)
    told = profile.explain(config.parse(written, "f.toml"))
    assert all(key in told for key in profile.SETTINGS[name])


def test_a_voice_of_the_owner_brings_its_engine_along() -> None:
    named = config.parse({"profile": "small", "speech": {"voice": "piper-en-joe"}}, "f.toml")
    assert profile.fitted(named).speech.engine == "auto"
    assert profile.fitted(Config(profile="small")).speech.engine == "espeak"


def test_a_persona_goes_before_the_profile(tmp_path, monkeypatch) -> None:
    (tmp_path / "brief.toml").write_text('name.en = "Brief"\n[llm]\nmax_tokens = 40\n')
    file = tmp_path / "config.toml"
    file.write_text(f'profile = "pi4"\npersona = "brief"\n[paths]\npersonas = {str(tmp_path)!r}\n')
    loaded = config.load(file)
    assert shelf.find(loaded, "brief")
    assert loaded.llm.max_tokens == 40
    assert loaded.llm.history_tokens == 256
    other = chosen_later.over(loaded, {"persona": "kind"})
    assert other.llm.max_tokens == 160
    assert other.llm.history_tokens == 256


def test_the_commands_tell_what_holds() -> None:
    chosen = ["--set", "profile=zero", "--set", "llm.max_tokens=50"]
    shown = CliRunner().invoke(command, [*chosen, "config", "show"])
    settings = tomllib.loads(shown.output)
    assert settings["profile"] == "zero"
    assert settings["llm"]["max_tokens"] == 50
    assert settings["ahead"]["enabled"] is False
    (told,) = [each.text for each in itertools.islice(examine(config.load()), 2)][1:]
    assert told.partition(" (")[0] in profile.SETTINGS
    zero = profile.explain(Config(profile="zero"))
    assert zero.startswith("zero (as `profile` says); sets llm.history_tokens = 128, ")
    assert "ahead.enabled = false" in zero


def test_another_profile_is_refused() -> None:
    with pytest.raises(BadInput, match=r'`profile` is .huge.; allowed: "auto", "zero", "small"'):
        config.parse({"profile": "huge"}, "f.toml")
