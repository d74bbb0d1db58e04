import pytest
from ears_sounds import frames, join, read_speech, say, silence

from assistant.config import Config, parse
from assistant.ears.vosk import UNKNOWN
from assistant.ears.wake import (
    LONGEST_S,
    REFRACTORY_S,
    MicroWake,
    PhraseWake,
    make,
    micro_words,
)
from assistant.errors import BadInput, EngineMissing

VOSK = Config().models_dir / "vosk-ko"


def heard(detector, pcm):
    """Return (phrase, time in s) of every wake."""
    fed = ((detector.feed(frame), frame.end) for frame in frames(pcm))
    return [(phrase, end - 1000.0) for phrase, end in fed if phrase]


def said(text, voice="en-us", speed=150):
    return join(silence(0.8), say(text, voice, speed), silence(0.8))


def wake(**keys):
    return parse({"wake": keys}, "test")


# --- ready-made words --------------------------------------------------------------------------


@pytest.mark.parametrize("voice", ["en-us", "en-gb", "en-us+f3"])
def test_okay_nabu_wakes_once(voice):
    detector = MicroWake(["okay_nabu"], 0.85)
    assert [phrase for phrase, _ in heard(detector, said("okay nabu", voice))] == ["okay_nabu"]


def test_several_words_at_once_each_under_its_name():
    detector = MicroWake(["okay_nabu", "alexa", "hey_mycroft"], 0.85)
    pcm = join(said("alexa"), silence(2), said("okay nabu"), silence(2), said("hey mycroft"))
    assert [phrase for phrase, _ in heard(detector, pcm)] == ["alexa", "okay_nabu", "hey_mycroft"]


def test_a_word_that_is_not_watched_does_not_wake():
    assert heard(MicroWake(["okay_nabu"], 0.85), said("alexa")) == []


def test_a_minute_of_read_speech_does_not_wake():
    pcm = join(read_speech(), read_speech())
    assert len(pcm) > 60 * 16_000
    assert heard(MicroWake(micro_words(), 0.85), pcm) == []


def test_said_twice_within_the_refractory_time_it_wakes_once():
    word = say("okay nabu", "en-us")
    twice = join(silence(0.8), word, word, silence(0.8))
    assert len(heard(MicroWake(["okay_nabu"], 0.85), twice)) == 1
    apart = join(silence(0.8), word, silence(REFRACTORY_S + 0.5), word, silence(0.8))
    assert len(heard(MicroWake(["okay_nabu"], 0.85), apart)) == 2


def test_reset_forgets_half_a_word():
    detector = MicroWake(["okay_nabu"], 0.85)
    pcm = said("okay nabu")
    half = round(1.2 * 16_000)
    assert heard(detector, pcm[:half]) == []
    detector.reset()
    assert heard(detector, pcm[half:]) == []
    detector.reset()
    assert len(heard(detector, pcm)) == 1


def test_the_names_of_the_configuration_are_the_words_of_the_package():
    assert micro_words() == ["alexa", "hey_jarvis", "hey_mycroft", "okay_nabu"]


# --- choosing ----------------------------------------------------------------------------------


def test_the_default_is_one_ready_made_word():
    assert [type(detector) for detector in make(Config())] == [MicroWake]


def test_always_listening_needs_no_detector():
    assert make(wake(always=True)) == []
    assert make(wake(words=[])) == []


def test_an_unknown_word_is_refused_with_the_nearest_name():
    with pytest.raises(BadInput, match=r"'okay nabo'.*did you mean `okay_nabu`"):
        make(wake(words=["okay nabo"]))
    with pytest.raises(BadInput, match="allowed: alexa, hey_jarvis"):
        make(wake(words=["xyzzy"]))


def test_phrases_without_a_vosk_model_are_refused(tmp_path):
    config = parse(
        {"paths": {"models": str(tmp_path)}, "wake": {"phrases": ["hello there"]}}, "test"
    )
    with pytest.raises(EngineMissing, match="vosk"):
        make(config)


# --- any phrase; Korean by espeak: there is no free recording of a person ------------------------

PHRASE = "음악 시작"
"""Start the music."""


@pytest.fixture(scope="module")
def phrases():
    detector = PhraseWake([PHRASE], VOSK)
    yield detector
    detector.close()


@pytest.mark.engine
def test_a_phrase_wakes_once(phrases):
    phrases.reset()
    assert [phrase for phrase, _ in heard(phrases, said("음악시작", "ko", 120))] == [PHRASE]


@pytest.mark.engine
def test_other_words_do_not_wake(phrases):
    phrases.reset()
    assert heard(phrases, said("안녕하세요", "ko", 120)) == []


@pytest.mark.engine
def test_phrases_come_from_the_configuration():
    config = wake(words=["alexa"], phrases=[PHRASE], phrases_model="vosk-ko")
    made = make(config)
    assert [type(detector) for detector in made] == [MicroWake, PhraseWake]
    made[1].close()


@pytest.mark.engine
@pytest.mark.slow
def test_watched_for_minutes_it_begins_anew_again_and_again(phrases):
    phrases.reset()
    before = phrases.restarts
    speech = read_speech()  # without a second of quiet in it
    minutes = join(*[speech] * 3, silence(35))
    for frame in frames(minutes):
        phrases.feed(frame)
        assert phrases._age <= LONGEST_S * 16_000
    length = len(minutes) / 16_000
    assert phrases.restarts - before >= length / (LONGEST_S + REFRACTORY_S + 1)
    assert phrases._recogniser.renewals >= length / 100  # and so does what Vosk itself keeps


@pytest.mark.engine
def test_a_phrase_across_a_forced_restart_is_heard(phrases):
    phrases.reset()
    word = say("음악시작", "ko", 120)
    lead = round((LONGEST_S - 0.5) * 16_000)
    noise = join(*[say("안녕하세요", "ko", 120)] * 20)[: lead - 8000]
    phrases_heard = heard(phrases, join(noise, silence(0.5), word, silence(1)))
    assert phrases_heard
    assert phrases_heard[-1][1] > LONGEST_S - 0.5


@pytest.mark.engine
def test_words_that_the_model_does_not_know_are_named():
    with pytest.raises(BadInput, match="does not know `computer`, `hey`"):
        PhraseWake(["hey computer"], VOSK)
    with pytest.raises(BadInput, match="empty phrase"):
        PhraseWake(["  "], VOSK)


@pytest.mark.engine
def test_this_model_has_no_word_for_all_others(phrases):
    assert not phrases._recogniser.knows(UNKNOWN)  # so the fillers are what is tested here
