"""Two languages at once: what the decider, the skills and the controls make of it. No model."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from assistant import bell
from assistant.commands.doctor import examine
from assistant.config import parse
from assistant.controls import Controls
from assistant.conversation import SENTENCES, Phase, Rules, State, answered_in, decide
from assistant.daemon import rules
from assistant.events import (
    Asked,
    ClauseStarted,
    Dismissed,
    Failed,
    Heard,
    LanguageHeld,
    Say,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    StopRequested,
    Think,
    Tick,
    WakeDetected,
)
from assistant.language import of, which
from assistant.mind.model import Message
from assistant.mind.prompt import HELD, asked
from assistant.mind.remote.either import WORDS
from assistant.mind.skills import skills
from assistant.mind.thin import SENTENCES as THIN
from assistant.mind.thin import NoModel

BOTH = Rules(ahead=False, languages=("en", "zh"))


def run(*steps, state=State(), rules=BOTH):  # noqa: B008  it is frozen
    commands = ()
    for event, now in steps:
        state, commands = decide(rules, state, event, now)
    return state, commands


def spoken(text, state=State(), at=1.0, rules=BOTH):  # noqa: B008
    """Say `text` after waking it; return what becomes of it."""
    state, _ = run((WakeDetected("w"), at), state=state, rules=rules)
    turn = state.turn
    return run(
        (SpeechStarted(turn, at + 1), at + 1),
        (SpeechEnded(turn, at + 2), at + 2),
        (Tick(), at + 3),
        (Heard(turn, text, 1.0, -20.0), at + 3.1),
        state=state,
        rules=rules,
    )


def said(commands):
    return [command.text for command in commands if isinstance(command, Say)]


@pytest.mark.parametrize(("text", "language"), [("为什么天是蓝的", "zh"), ("why is it blue", "en")])
def test_what_is_said_by_itself_follows_the_last_question(text, language):
    state, commands = spoken(text)
    assert isinstance(commands[-1], Think)
    assert state.language == language
    _, commands = run((Failed(state.turn, "mind", "broken"), 9.0), state=state)
    assert said(commands) == [SENTENCES[language].failed]
    _, commands = run((Tick(), 999.0), state=state)
    assert said(commands) == [SENTENCES[language].slow]
    _, commands = run((SpeakingEnded(state.turn, state.take, ""), 9.0), state=state)
    assert said(commands) == [SENTENCES[language].empty]


def test_who_was_not_understood_is_told_in_the_language_of_the_talk():
    _, commands = spoken("")
    assert said(commands) == [SENTENCES["en"].missed]
    state, _ = spoken("你好")
    state, _ = run((StopRequested(), 9.0), state=state)
    _, commands = spoken("", state, at=20.0)
    assert said(commands) == [SENTENCES["zh"].missed]


def test_a_number_is_in_the_language_of_the_talk():
    state, _ = run((Asked("你好"), 1.0))
    assert answered_in(BOTH, state, "5 + 3") == "zh"
    state, _ = run((Asked("5 + 3"), 2.0), state=state)
    assert state.language == "zh"
    assert answered_in(BOTH, State(), "5 + 3") == "en"


def test_a_language_is_held_until_another_is_wanted():
    state, _ = run((Asked("speak Chinese"), 1.0), (LanguageHeld("zh"), 2.0))
    state, _ = run((Asked("why is it blue"), 3.0), state=state)
    assert (state.held, state.language) == ("zh", "zh")
    assert answered_in(BOTH, state, "why") == "zh"
    state, _ = run((LanguageHeld("en"), 4.0), (Asked("为什么"), 5.0), state=state)
    assert answered_in(BOTH, state, "为什么") == "en"


@pytest.mark.parametrize("event", [Dismissed(), StopRequested(), Tick()])
def test_a_language_is_held_until_it_sleeps(event):
    state, _ = spoken("speak Chinese")
    turn, take = state.turn, state.take
    state, _ = run(
        (LanguageHeld("zh"), 5.0),
        (ClauseStarted(turn, take, "Okay."), 5.1),
        (SpeakingEnded(turn, take, "Okay."), 6.0),
        state=state,
    )
    assert (state.phase, state.held) == (Phase.LISTENING, "zh")  # it may go on
    state, _ = run((event, 60.0), state=state)
    assert state.held == ""
    assert answered_in(BOTH, state, "why") == "en"


def test_where_it_always_listens_a_noise_ends_nothing():
    always = replace(BOTH, always=True)
    state, _ = run((WakeDetected("w"), 1.0), (LanguageHeld("zh"), 2.0), rules=always)
    state = replace(state, woken=False)
    turn = state.turn
    state, _ = run((SpeechStarted(turn, 3.0), 3.0), state=state, rules=always)
    state, _ = run((Heard(turn, "", 0.1, -80.0), 4.0), state=state, rules=always)
    assert state.held == "zh"


def test_with_one_language_whatever_is_said_is_answered_in_it():
    for only in ("en", "zh"):
        one = Rules(ahead=False, languages=(only,))
        for text in ("为什么", "why", ""):
            state, _ = run((Asked(text), 1.0), rules=one)
            assert answered_in(one, state, text) == only


class Talk(RuleBasedStateMachine):
    """Whatever happens, the language is that of the last question, or the one that is held."""

    def __init__(self):
        super().__init__()
        self.state, self.now, self.expected, self.held = State(), 0.0, "en", ""

    def send(self, event):
        self.now += 0.1
        self.state, commands = decide(BOTH, self.state, event, self.now)
        return commands

    @rule(text=st.sampled_from(["为什么", "why not", "42", "帮我设一个 ten minutes 的闹钟"]))
    def ask(self, text):
        self.send(Asked(text))
        self.expected = self.held or of(text, self.expected)

    @rule(language=st.sampled_from(["en", "zh"]))
    def hold(self, language):
        self.send(LanguageHeld(language))
        self.expected = self.held = language

    @rule()
    def dismiss(self):
        self.send(Dismissed())
        self.held = ""

    @rule(empty=st.booleans())
    def answer(self, empty):
        commands = self.send(
            SpeakingEnded(self.state.turn, self.state.take, "" if empty else "Hi.")
        )
        assert set(said(commands)) <= {SENTENCES[self.expected].empty}

    @rule()
    def fail(self):
        commands = self.send(Failed(self.state.turn, "mind", "broken"))
        assert set(said(commands)) <= {SENTENCES[self.expected].failed}

    @invariant()
    def as_expected(self):
        assert answered_in(BOTH, self.state) == self.expected
        assert self.state.held == self.held


TestTalk = Talk.TestCase
TestTalk.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_auto_means_both_and_the_controls_hold_one():
    config = parse({"language": "auto"}, "test")
    assert rules(config).languages == ("en", "zh")
    told = []
    daemon = SimpleNamespace(config=config, post=told.append, wish=None)
    Controls(daemon).language("zh")  # no service is needed for it
    assert told == [LanguageHeld("zh")]


@pytest.mark.parametrize(
    ("question", "held", "sent"),
    [
        ("why?", "", "why?"),
        ("为什么？", "", "为什么？"),
        ("why?", "en", "why?"),
        ("42", "zh", "42"),
        ("why?", "zh", f"why? {HELD['zh']}"),
        ("为什么？", "en", f"为什么？ {HELD['en']}"),
    ],
)
def test_the_model_is_told_where_the_answer_is_wanted_in_another_language(question, held, sent):
    assert asked(question, held) == sent


def test_other_sentences_follow_the_question_too():
    model = NoModel("auto")
    for text, language in (("why", "en"), ("为什么", "zh")):
        assert list(model.reply([Message("user", text)], lambda: False)) == [THIN[language]]
        assert WORDS[which("auto", text)].late == WORDS[language].late


# --- skills -----------------------------------------------------------------------------------


class FakeDevice:
    """A fake device; `held` is what the decider would hold."""

    def __init__(self):
        self.held, self.last = "", "en"

    def language(self, language):
        self.held = language

    def status(self):
        return {"version": "1.0", "model": "m", "remote": "", "up_s": "7260"}

    def last_answer(self):
        return ""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("skills")
    (folder / "gate.toml").write_text(
        "[actions.gate]\nen = ['open the gate']\nsay = {en = 'It opens.'}\n"
        "[actions.door]\nzh = ['开门']\nsay = {zh = '门开了。'}\n",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATE_DIRECTORY", str(tmp_path_factory.mktemp("state")))
        device = FakeDevice()
        config = parse({"language": "auto", "skills": {"folder": str(folder)}}, "test")
        alarms = bell.alarms(None)
        room = skills.make(
            config,
            device,
            alarms,
            lambda _: None,
            last=lambda: device.last,
            held=lambda: device.held,
        )
        yield room, device, alarms
        room.end()


@pytest.fixture
def room(made):
    made[1].held, made[1].last = "", "en"
    return made[0]


@pytest.fixture
def device(made):
    return made[1]


def says(room, text):
    known = room.known(text)
    return known and known.text + (known.act() if known.act else "")


def test_each_request_is_answered_in_its_language(room):
    assert says(room, "what's seven times eight") == "That's 56."
    assert says(room, "七乘八等于多少") == "等于56。"
    assert says(room, "set a 五分钟 timer").startswith("5 minutes, from now.")
    assert says(room, "帮我设一个 ten minutes 的定时器").startswith("计时器，十分钟")
    assert says(room, "open the gate") == "It opens."
    assert says(room, "开门") == "门开了。"
    assert says(room, "why is the sky blue") is None
    assert room.whole("设一个十分钟的计时器") > 0.5


def test_a_sum_without_words_is_answered_in_the_language_of_the_talk(room, device):
    device.last = "zh"
    assert room.find("7 * 8").language == "zh"
    device.last = "en"
    assert room.find("7 * 8").language == "en"


def test_what_rings_is_told_in_the_language_of_its_request(room, made):
    alarms = made[2]
    says(room, "set a tea timer for two minutes")
    says(room, "设一个煮面的计时器十分钟")
    names = {ring.name: ring.language for ring in alarms.of("timer")}
    assert names["tea"] == "en"
    assert names["煮面"] == "zh"


def test_a_held_language_is_that_of_all_the_own_skills(room, device):
    assert says(room, "speak Chinese") == "I'll speak Chinese."
    assert device.held == "zh"
    assert says(room, "what's seven times eight") == "等于56。"
    assert says(room, "how long have you been up") == "我已经运行了2小时1分钟。"
    assert says(room, "open the gate") == "It opens."  # its owner has nothing else to say
    assert says(room, "说英语") == "好，我说英语。"
    assert says(room, "你运行多久了").startswith("I've been running for 2 hours")


def test_the_doctor_says_what_auto_is(tmp_path):
    config = parse(
        {
            "language": "auto",
            "audio": {"backend": "none"},
            "speech": {"engine": "espeak"},
            "paths": {"models": str(tmp_path)},
        },
        "test",
    )
    told = {each.name: each for each in examine(config)}
    assert "`en` and `zh`: each question" in told["language"].text
    assert told["voice"].text.startswith("`en`: espeak")
    assert not told["recogniser"].ok
    assert "`assistant models fetch whisper-base` gets one" in told["recogniser"].text
    assert "language" not in {
        each.name for each in examine(config.model_copy(update={"language": "zh"}))
    }
