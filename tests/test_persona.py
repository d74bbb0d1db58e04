"""Personas: what a file may say, what a broken one is told, and how it lies under the settings."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import config
from assistant.config import Config
from assistant.errors import BadInput
from assistant.mind import prompt
from assistant.persona import shelf, wording
from assistant.persona.reading import KEYS, SETTINGS, Persona, read
from assistant.persona.wearing import brings, worn

SHIPPED = ["child", "factory", "kind", "robot", "shop"]
PIRATE = """
name.en = "Jack"
name.zh = "杰克"
character.en = "an old pirate"
character.zh = "一个老海盗"
phrases.en = ["ahoy jack"]

[prompt.en]
spoken = "You are {character} called {name}. {rules} Braces such as {} and { } stay."

[greeting.en]
start = "Ahoy, {name} here!"
wake = "Aye?"

[voice.en]
espeak = "en-gb"
piper = "piper-en-joe"

[speech]
rate = 0.8

[llm]
temperature = 1.1

[wake]
words = ["alexa"]
"""


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a persona file."""

    def write(text, name="x.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def home(tmp_path):
    """A configuration file with personas beside it; returns a function that loads it."""
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas" / "pirate.toml").write_text(PIRATE, encoding="utf-8")

    def load(text="", **overrides):
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        return config.load(tmp_path / "config.toml", overrides)

    load.folder = tmp_path
    return load


# --- what is shipped -----------------------------------------------------------------------------


def test_these_are_shipped():
    assert shelf.names(Config()) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_a_shipped_persona_speaks_both_languages(name, language):
    persona = read(shelf.find(Config(), name))
    assert persona.name(language) or name == "kind"
    assert persona.character(language)
    for way in wording.WAYS:
        assert persona.own(language, way)
        told = persona.prompt(language, way)
        assert persona.name(language) in told
        assert "{" not in told
        if way == "spoken":
            assert told.isascii() == (language == "en")
    for moment in wording.MOMENTS:
        assert "{" not in persona.greeting(language, moment)
    greets = {
        each: any(persona.greeting(each, moment) for moment in wording.MOMENTS)
        for each in wording.LANGUAGES
    }
    assert greets["en"] == greets["zh"]


def test_the_kind_one_is_what_is_told_without_any():
    """What was measured, and what is kept on disk of it, holds on for both."""
    kind, nobody = read(shelf.find(Config(), "kind")), Persona()
    for language in (*wording.LANGUAGES, "auto"):
        for way in wording.WAYS:
            assert kind.prompt(language, way) == nobody.prompt(language, way)
    assert kind.prompt("en", "spoken") == (
        "You are a kind voice assistant. Everything you say is spoken aloud, so answer in one or "
        "two short sentences of plain everyday words, as you would in conversation. Begin with a "
        "short phrase. Never use lists, headings, symbols, links or emoji. If you do not know "
        "something, say so."
    )
    assert kind.prompt("zh", "spoken") == (
        "你是一个亲切的语音助手。你说的话都会被朗读出来，所以请像聊天一样，用一两句简短的口语回答，"
        "第一句要短。不要用列表、标题、符号、链接或表情。不知道的事就说不知道。"
    )
    both = (
        "用什么语言问，就用什么语言答。Always answer in the same language as the question: "
        "English for English, 中文 for 中文."
    )
    assert kind.prompt("auto", "spoken") == f"{kind.prompt('en', 'spoken')} {both}"
    assert kind.settings == {}


# --- what is told --------------------------------------------------------------------------------


def test_a_prompt_is_made_of_name_character_and_rules_where_there_is_no_other(file):
    persona = read(file('name = "Mo"\ncharacter.en = "a grumpy cook"\n'))
    rules = wording.RULES["en"]["spoken"]
    told = persona.prompt("en", "spoken")
    assert told == f"Your name is Mo. You are a grumpy cook. {rules}"
    assert persona.prompt("zh", "written").startswith("你的名字叫Mo。你是一个亲切的助手。你写的话")


def test_names_in_braces_are_filled_in_once_and_other_braces_stay(file):
    persona = read(file(PIRATE))
    told = persona.prompt("en", "spoken")
    assert told.startswith("You are an old pirate called Jack. Everything you say is spoken aloud")
    assert told.endswith("Braces such as {} and { } stay.")
    assert persona.greeting("en", "start") == "Ahoy, Jack here!"
    assert (persona.greeting("en", "wake"), persona.greeting("zh", "wake")) == ("Aye?", "")
    assert (persona.name("zh"), persona.character("zh")) == ("杰克", "一个老海盗")


def test_who_speaks_both_languages_is_told_so_and_both_of_its_names(file):
    persona = read(file(PIRATE))
    told = persona.prompt("auto", "spoken")
    assert told.startswith(persona.prompt("en", "spoken"))
    assert "{" not in told.removeprefix(persona.prompt("en", "spoken"))
    assert "your name is 杰克" in told
    assert "your name" not in Persona().prompt("auto", "written")


def test_a_name_in_one_language_is_its_name_in_both(file):
    assert read(file('name.en = "Jack"')).name("zh") == "Jack"
    assert read(file("")).name("en") == ""


# --- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 5", ["line 1, column 1: `name` is 5", "1 to 40 characters"]),
        ('name = ""', ["`name` is ''", "1 to 40"]),
        ('name = "a{b"', ["`name`", "without braces"]),
        ('name.fr = "Jacques"', ["line 1, column 1: `name.fr`", "languages: en, zh"]),
        ('\nnam = "x"', ["line 2, column 1: unknown key `nam`", "known: name"]),
        ('[qqq]\nx = "x"', ["line 1", "unknown key `qqq`", *KEYS]),
        ('character = "a cook"', ["`character` is 'a cook'", "for each language"]),
        ('[prompt.en]\nsaid = "x"', ["line 2, column 1: `prompt.en.said`", "`spoken`"]),
        ('prompt.en = "x"', ["`prompt.en` is 'x'", "`[prompt.en]`"]),
        (f'prompt.en.spoken = "{"x" * 4001}"', ["`prompt.en.spoken`", "4000"]),
        (
            'name = "X"\n[prompt.en]\nspoken = "{nome}"',
            ["line 3, column 1: `prompt.en.spoken` holds `{nome}`", "name, character, rules"],
        ),
        ('[greeting.zh]\nstart = "{rules}"', ["`greeting.zh.start` holds `{rules}`", "name"]),
        ('[greeting.zh]\nstart = "{name}"', ["holds `{name}`", "has no `name`"]),
        ("[voice.en]\nfestival = 'x'", ["`voice.en.festival`", "espeak, piper"]),
        ("voice.en = 3", ["`voice.en` is 3", "`voice.en ="]),
        ("phrases.en = 'x'", ["`phrases.en` is 'x'", "a list"]),
        ("fillers.en = 'x'", ["`fillers.en` is 'x'", "a list"]),
        ("fillers.en = ['" + "x" * 61 + "']", ["`fillers.en", "1 to 60"]),
        ("phrases.en = [1]", ["`phrases.en` is [1]", "a list"]),
        ("[speech]\nrate = 9", ["line 2, column 1: `speech.rate` is 9", "from 0.5 to 2.0"]),
        ("[speech]\nrate = 'fast'", ["`speech.rate` is 'fast'", "a number"]),
        ("speech = 3", ["`speech` must be a table, `[speech]`"]),
        ("[speech]\nengine = 'piper'", ["`speech.engine` is no setting", "rate"]),
        ("[llm]\nmodel = '/x'", ["`llm.model` is no setting", "temperature"]),
        ("[remote]\nendpoint = 'http://x'", ["unknown key `remote`"]),
        ("name = \nx = 1", ["line 1, column 8: this is no TOML"]),
        ("[" * 5000, ["x.toml", "no TOML"]),
    ],
)
def test_what_is_wrong_is_told_with_file_place_and_what_is_allowed(file, text, words):
    path = file(text)
    with pytest.raises(BadInput) as refused:
        read(path)
    sentence = str(refused.value)
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    for word in words:
        assert word in sentence


def test_a_file_that_is_no_text_or_not_there_is_told(tmp_path):
    path = tmp_path / "x.toml"
    with pytest.raises(BadInput, match=r"x\.toml: cannot be read"):
        read(path)
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(BadInput, match=r"x\.toml: cannot be read"):
        read(path)


CHILD = shelf.find(Config(), "child").read_text(encoding="utf-8")


@given(
    st.integers(0, len(CHILD)),
    st.integers(0, 60),
    st.text(st.sampled_from("[]{}\"'=.#\n\\ 01ate:en"), max_size=6),
)
def test_whatever_is_broken_in_a_file_is_one_sentence(tmp_path_factory, at, length, instead):
    path = tmp_path_factory.getbasetemp() / "broken.toml"
    path.write_text(CHILD[:at] + instead + CHILD[at + length :], encoding="utf-8")
    refused = ""
    try:
        persona = read(path)
    except BadInput as error:
        refused = str(error)
    if refused:
        assert refused.startswith(str(path))
        assert "\n" not in refused
        return
    for language in wording.LANGUAGES:
        for way in wording.WAYS:
            assert persona.prompt(language, way)


# --- under the settings --------------------------------------------------------------------------


def test_what_the_configuration_says_goes_before_what_the_persona_brings(home):
    loaded = home('persona = "pirate"\n[speech]\nrate = 1.5\n')
    assert loaded.speech.rate == 1.5
    assert (loaded.llm.temperature, loaded.wake.words) == (1.1, ["alexa"])
    assert loaded.wake.phrases == ["ahoy jack"]
    assert (
        home('persona = "pirate"\n[speech]\nrate = 1.0\n').speech.rate == 1.0
    )  # the default, said
    assert home('persona = "pirate"').speech.rate == 0.8
    assert home('persona = "pirate"', **{"speech.rate": 0.7}).speech.rate == 0.7


def test_another_persona_takes_the_place_of_all_that_the_first_one_brought(home):
    first = home('persona = "pirate"\n[speech]\nvolume = 0.5\n')
    other = worn(first.model_copy(update={"persona": "kind"}))
    assert other.model_dump(exclude_unset=True)["speech"] == {"volume": 0.5}
    again = config.parse({**first.model_dump(exclude_unset=True), "persona": "kind"}, "again")
    assert worn(again) == home('persona = "kind"\n[speech]\nvolume = 0.5\n')


def test_a_persona_for_children_has_the_guard_for_them_unless_the_owner_says_otherwise(home):
    assert home('persona = "child"').guard.level == "child"
    assert home('persona = "child"\n[guard]\nlevel = "shop"\n').guard.level == "shop"


def test_who_it_is_follows_the_language(home):
    loaded = home('persona = "pirate"')
    assert prompt.own_prompt(loaded, "en", "spoken").startswith(
        "You are an old pirate called Jack."
    )
    assert prompt.own_prompt(loaded, "zh", "spoken").startswith("你的名字叫杰克。你是一个老海盗。")
    chinese = home('persona = "pirate"\nlanguage = "zh"')
    assert chinese.wake.phrases == []


def test_the_own_prompt_of_the_configuration_goes_before_both_of_the_persona(home):
    loaded = home('persona = "pirate"\n[llm]\nsystem_prompt = "You are a tree."\n')
    for way in wording.WAYS:
        assert prompt.own_prompt(loaded, "en", way) == "You are a tree."


def test_without_a_persona_the_usual_prompts_are_told():
    for language in wording.LANGUAGES:
        assert prompt.own_prompt(Config(), language, "spoken") == prompt.system_prompt(language)
        assert prompt.own_prompt(Config(), language, "written") == prompt.written_prompt(language)


def test_what_is_in_force_is_dumped_and_read_back(home):
    loaded = home('persona = "pirate"')
    again = config.load(home.folder / "config.toml")
    (home.folder / "dumped.toml").write_text(config.dump(loaded), encoding="utf-8")
    again = config.load(home.folder / "dumped.toml")
    assert again == loaded
    assert again.who.name("en") == "Jack"


def test_a_voice_is_that_of_the_engine_that_speaks(home):
    def voice(**speech):
        return home(
            'persona = "pirate"', **{f"speech.{key}": v for key, v in speech.items()}
        ).speech

    assert voice(engine="espeak").voice == "en-gb"
    assert voice(engine="piper").voice == "piper-en-joe"
    assert voice(engine="pyttsx3").voice == ""
    assert voice(engine="espeak", voice="en-us").voice == "en-us"
    nothing = home('persona = "pirate"', **{"paths.models": str(home.folder / "none")})
    assert nothing.speech.voice == "en-gb"  # espeak speaks, for there is no Piper voice
    missing = {"speech.engine": "piper", "paths.models": str(home.folder / "none")}
    assert home('persona = "pirate"', **missing).speech.voice == ""


def test_a_voice_may_be_named_for_whatever_engine(file):
    persona = read(file('voice.en = "en-gb"'))
    assert brings(Config(), persona) == {"speech.voice": "en-gb"}
    assert brings(Config(language="zh"), persona) == {}


def test_only_settings_that_there_are_may_be_brought_along():
    keys = dict(config.keys())
    assert set(SETTINGS) <= set(keys)


# --- where they lie ------------------------------------------------------------------------------


def test_the_owners_go_before_the_shipped_ones(home):
    shutil.copy(home.folder / "personas" / "pirate.toml", home.folder / "personas" / "child.toml")
    loaded = home('persona = "child"')
    assert loaded.who.name("en") == "Jack"
    assert shelf.names(loaded) == ["child", "pirate", "factory", "kind", "robot", "shop"]


def test_a_path_is_one_too_and_holds_wherever_it_is_asked_from(home, monkeypatch):
    monkeypatch.chdir(home.folder / "personas")
    loaded = home('persona = "./pirate.toml"')
    assert loaded.who.name("en") == "Jack"
    assert loaded.persona == str(home.folder / "personas" / "pirate.toml")


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ("nobody", "there is no persona 'nobody'; there is: pirate, child, factory"),
        ("../personas/pirate", "no such persona file"),
        ("/etc/none.toml", "/etc/none.toml: no such persona file"),
        ("Pirate", "there is no persona 'Pirate'"),
    ],
)
def test_one_that_there_is_not_is_told_with_those_that_there_are(home, wanted, word):
    with pytest.raises(BadInput, match=word):
        home("", persona=wanted)


def test_a_broken_one_ends_the_start_with_its_file(home):
    (home.folder / "personas" / "pirate.toml").write_text("[speech]\nrate = 9\n")
    with pytest.raises(BadInput, match=r"pirate\.toml, line 2, column 1: `speech\.rate` is 9"):
        home('persona = "pirate"')
    assert home('persona = "child"').who.name("en") == "Pip"


def test_its_own_fillers_take_the_place_of_the_usual_ones(tmp_path):
    file = tmp_path / "jack.toml"
    file.write_text('fillers.en = ["Arr, wait."]\nfillers.zh = []\n')
    persona = read(file)
    assert (persona.fillers("en"), persona.fillers("zh")) == (("Arr, wait.",), ())
    assert Persona().fillers("en") is None
