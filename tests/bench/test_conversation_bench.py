"""The measurement of conversations: on sounds and outcomes that are known."""

import asyncio
import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.resample import resample
from assistant.backchannels import backchannels
from assistant.bench.conversation.fit import text
from assistant.bench.conversation.judging import Own, understood
from assistant.bench.conversation.outcome import Outcome, by_kind, table
from assistant.bench.conversation.scenes import Take
from assistant.bench.conversation.script import of as script_of
from assistant.bench.conversation.sound import (
    aligned,
    audible_words,
    errors,
    falls_silent,
    missing_words,
    sounding,
    spoken_s,
    words,
)
from assistant.bench.conversation.stage import RATE_OUT, Stage
from assistant.bench.conversation.talkers import BLOCK, own_voice, trimmed
from assistant.bench.room import Setup
from assistant.bench.room.levels import active_dbfs, parts
from assistant.config import Config
from assistant.conversation.overheard import backchannel
from assistant.ears import engines
from assistant.ears.recogniser import Transcript
from assistant.language import of as language_of

RATE = 8_000


def burst(*pieces):
    """Sound and silence by turns, the lengths in s."""
    parts = [
        np.full(round(length * RATE), 0 if number % 2 else 3000, np.int16)
        for number, length in enumerate(pieces)
    ]
    return np.concatenate(parts)


# --- when it fell silent -------------------------------------------------------------------------


def test_silence_begins_where_the_sound_ends():
    assert falls_silent(burst(1.0, 1.0), RATE, 0.5) == pytest.approx(1.0)
    assert falls_silent(burst(1.0, 0.5, 1.0, 2.0), RATE, 0.0) == pytest.approx(2.5)
    assert falls_silent(burst(1.0, 1.0, 1.0, 2.0), RATE, 2.2) == pytest.approx(3.0)
    assert falls_silent(burst(0, 2.0, 1.0), RATE, 0.0) == 0.0


def test_a_pause_between_sentences_is_no_silence():
    assert falls_silent(burst(1.0, 0.6, 1.0, 0.6, 1.0), RATE, 0.0) is None
    assert falls_silent(burst(1.0, 0.8), RATE, 0.0) is None
    assert falls_silent(np.zeros(0, np.int16), RATE, 0.0) is None


def test_speech_lasts_until_its_last_sound():
    assert spoken_s(burst(1.0, 0.5, 1.0, 3.0), RATE) == pytest.approx(2.5)
    assert spoken_s(burst(0, 1.0), RATE) == 0.0


def test_what_nobody_hears_does_not_count():
    quiet = burst(1.0) // 40
    assert not sounding(quiet, RATE).any()
    assert falls_silent(np.concatenate((burst(1.0), quiet)), RATE, 0.5) == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.integers(5, 200), st.integers(5, 200)), min_size=1, max_size=8),
    st.integers(0, 300),
)
def test_a_found_silence_is_one(pieces, since):
    lengths = [length / 100 for piece in pieces for length in piece]
    pcm = burst(*lengths)
    loud = sounding(pcm, RATE)
    begin = falls_silent(pcm, RATE, since / 100)
    ends = itertools.accumulate(loudness + quiet for loudness, quiet in pieces)
    long = [end for end, (_, quiet) in zip(ends, pieces, strict=True) if quiet >= 90]
    if begin is None:
        assert all(end <= since for end in long)
        return
    at = round(begin * 100)
    assert not loud[at : at + 90].any()
    assert at + 90 <= len(loud)
    assert at == 0 or loud[at - 1]


# --- which words ---------------------------------------------------------------------------------


def test_words_are_bare_and_chinese_ones_are_characters():
    assert words("Don't: stop, O.K.?") == ["dont", "stop", "o", "k"]
    assert words("现在3点 now") == ["现", "在", "3", "点", "now"]


def test_how_far_it_came_is_what_counts():
    said = "The first ones burned wood, later ones oil, and most use electric light."
    assert audible_words(said, "the first ones burned wood later") == 6
    assert audible_words(said, "the worst ones turned would later") == 6
    assert audible_words(said, "the first ones burned wood lay") == 6  # a piece of the next word
    assert audible_words(said, said) == len(words(said))
    assert audible_words(said, said + " thank you") == len(words(said))
    assert audible_words(said, "") == 0


def test_a_word_that_comes_again_much_later_is_not_how_far_it_came():
    said = "Bread is made by mixing flour and yeast. It is baked and then it is made to be eaten."
    assert audible_words(said, "Bread is made by mixing flour, and") == 7
    assert (
        audible_words(
            "A fox was walking along the beach, and the crow too.", "A fox was walking on the road"
        )
        == 7
    )


def test_words_that_nobody_heard_are_missed():
    assert missing_words("one two three four five", "one two four five") == 1
    assert missing_words("one two three", "one two two three") == 0
    assert missing_words("one two three", "") == 3


def test_word_errors():
    assert errors("what is the capital of Spain?", "What's the capital of Spain") == (2, 6)
    assert errors("stop", "") == (1, 1)
    assert errors("", "boo") == (1, 0)


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_an_alignment_is_one(said, heard):
    pairs = aligned(said, heard)
    assert all(said[i] == heard[j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(pairs))
    wrong, _ = errors(" ".join(said), " ".join(heard))
    assert len(pairs) >= max(len(said), len(heard)) - wrong
    if said == heard:
        assert (len(pairs), wrong) == (len(said), 0)


# --- the table -----------------------------------------------------------------------------------

KEYS = [
    "self_interruptions",
    "self_minutes",
    "stop_recall",
    "stop_p95_s",
    "barge_in_median_s",
    "false_stop_rate",
    "cut_rate",
    "added_silence_s",
    "history_exact_rate",
    "echo_cpu",
]


def of(kind, **more):
    return Outcome(kind, "", "", **more)


def test_the_table_of_nothing_has_every_key():
    empty = table([])
    assert list(empty) == KEYS
    assert (empty.pop("self_interruptions"), empty.pop("self_minutes")) == (0, 0)
    assert set(empty.values()) == {None}


def test_the_table_counts_what_it_says():
    stops = [of("stop", stopped=True, after_s=0.01 * n) for n in range(1, 20)] + [of("stop")]
    harmless = [of("cough"), of("cough", stopped=True), of("backchannel"), of("backchannel")]
    beside = [of("aside", stopped=True), of("television", stopped=True)]
    over = [
        of("interruption", stopped=True, after_s=0.3, audible_words=9, history_words=10),
        of("interruption", stopped=True, after_s=0.5, audible_words=9, history_words=12),
        of("interruption"),
    ]
    pauses = [of("pause", cut=True, silence_s=9.0), of("pause", cut=False, silence_s=0.4)]
    alone = [of("alone", seconds=45.0, cpu=0.0346), of("alone", seconds=45.0, stopped=True)]
    result = table([*stops, *harmless, *beside, *over, *pauses, *alone])
    assert list(result.values()) == [1, 1.5, 0.95, 0.19, 0.4, 0.25, 0.5, 0.4, 0.5, 0.035]


@given(
    st.lists(
        st.builds(
            Outcome,
            kind=st.sampled_from(["stop", "cough", "interruption", "pause", "alone"]),
            what=st.just(""),
            who=st.just(""),
            after_s=st.none() | st.floats(0, 3),
            stopped=st.booleans(),
            audible_words=st.none() | st.integers(0, 50),
            history_words=st.none() | st.integers(0, 50),
            cut=st.none() | st.booleans(),
            silence_s=st.none() | st.floats(0, 3),
            seconds=st.floats(0, 100),
        )
    )
)
def test_rates_are_rates(outcomes):
    result = table(outcomes)
    for key in ("stop_recall", "false_stop_rate", "cut_rate", "history_exact_rate"):
        assert result[key] is None or 0 <= result[key] <= 1
    assert sum(each["count"] for each in by_kind(outcomes).values()) == len(outcomes)


def test_kinds_tell_how_well_it_understood():
    row = of("interruption", errors=1, words=6, lost_words=2)
    kinds = by_kind([row, replace(row, errors=2, stopped=True), of("cough")])
    assert kinds["interruption"] == {"count": 2, "stopped": 1, "lost_words": 4, "wer": 0.25}
    assert kinds["cough"]["wer"] is None


class Reader:
    """A recogniser that understands what it is given to read; a fake."""

    def __init__(self, texts):
        self.texts = iter(texts)

    def start(self):
        pass

    def feed(self, pcm):
        pass

    def finish(self):
        return Transcript(next(self.texts))

    def close(self):
        pass


def test_a_reply_that_waits_and_goes_on_is_not_stopped(monkeypatch):
    said = "one two three four five six seven eight nine ten"
    pcm = np.zeros(100, np.int16)
    alone, recital = of("alone", said=said), of("recital", said=said)
    coughs = [of("cough"), of("cough", after_s=0.3)]
    over = of("interruption", said=said, stopped=True)
    takes = [Take(alone, pcm), Take(recital, pcm, coughs), Take(recital, pcm, coughs)]
    takes += [Take(recital, pcm, coughs[:1]), Take(over, pcm), Take(over, pcm)]
    texts = [said, said, said.replace("two ", ""), "one two three", "one two three", "one two"]
    monkeypatch.setattr(engines, "make", lambda config: Reader([*texts, said]))
    found = understood(takes, Config(), Own(said, pcm))
    assert [each.kind for each in found] == ["alone", *["cough"] * 5, "interruption"]
    assert [each.stopped for each in found] == [False, False, False, False, True, False, True]
    assert [each.lost_words for each in found] == [0, 0, 1, 0, 0, 7, 0]
    assert found[-1].audible_words == 2


def test_where_a_voice_is_not_understood_its_length_tells(monkeypatch):
    said = "灯塔是一座塔"
    own, part = (np.full(round(s * RATE_OUT), 3000, np.int16) for s in (2.0, 1.0))
    cough = of("cough", after_s=0.3)
    takes = [Take(of("alone", said=said), own), Take(of("alone", said=said), part)]
    takes += [Take(of("recital", said=said), pcm, [cough]) for pcm in (own, part)]
    takes += [Take(of("interruption", said=said, stopped=True, history_words=3), part)]
    monkeypatch.setattr(engines, "make", lambda config: Reader(["简体中文"]))
    found = understood(takes, Config(), Own(said, own))
    assert [each.stopped for each in found] == [False, True, False, True, True]
    assert table(found)["history_exact_rate"] is None  # nobody can tell


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_language_has_all_that_is_said(language):
    script = script_of(language)
    texts = [script.passage, script.stop, *script.questions, *script.interruptions, *script.asides]
    texts += [each for halves in script.pauses for each in (halves.first, halves.second)]
    assert {language_of(text, "") for text in [*texts, *script.backchannels]} == {language}
    rules = Config(language=language)
    assert script.stop.rstrip("!").lower() in rules.turn.stop_words
    assert all(backchannel(each, backchannels()) for each in script.backchannels)


# --- the real assistant in the room ---------------------------------------------------------------

SENTENCE = "The ship left the harbour at seven."


@pytest.mark.engine
@pytest.mark.slow
def test_what_it_says_is_seen_in_the_sound():
    speech = {"engine": "espeak"}
    config = Config.model_validate({"speech": speech, "echo": {"mode": "off"}})
    frames = []

    async def act():
        voice = own_voice(config, SENTENCE, RATE_OUT)
        async with Stage(config, Setup(echo_db=-6.0, noises={}), 1, voice) as stage:
            hear = stage.devices.microphone.deliver
            stage.devices.microphone.deliver = lambda frame: (frames.append(frame), hear(frame))
            start = await stage.recite(SENTENCE)
            assert await stage.sounds(start + 0.5)
            end = await stage.over(start)
            assert not await stage.sounds(end)
            assert await stage.silence(start, start, end) == pytest.approx(end)
            assert await stage.audible(end, end) is None
            await stage.hush()
            return stage.played(start), stage.told("say_requested", 0), stage.reply(start)

    played, told, reply = asyncio.run(act())
    assert (told, reply) == ([{"text": SENTENCE}], "")
    recogniser = engines.make(config)
    heard = text(recogniser, resample(played, RATE_OUT, 16_000))
    recogniser.close()
    assert audible_words(SENTENCE, heard) == len(words(SENTENCE))
    echo = np.concatenate([frame.pcm for frame in frames])
    assert active_dbfs(parts(echo)) == pytest.approx(Setup().talker_dbfs - 6.0, abs=3.0)


def test_breath_before_the_first_word_is_no_part_of_what_is_said():
    rng = np.random.default_rng(0)
    breath, word = rng.normal(0, 15, RATE // 4), rng.normal(0, 3000, RATE // 2)
    pcm = np.concatenate((np.zeros(RATE), breath, word, breath)).astype(np.int16)
    assert abs(len(trimmed(pcm)) - RATE // 2) <= 2 * BLOCK
    assert not trimmed(np.zeros(RATE, np.int16)).any()
