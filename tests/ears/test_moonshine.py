import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ears_sounds import austen, cards, join, read_speech, silence, white
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frames import FRAME_SAMPLES, RATE
from assistant.config import Config
from assistant.ears import moonshine as module
from assistant.ears.moonshine import CUT_S, LONGEST_S, MoonshineRecogniser
from assistant.ears.recogniser import Transcript
from assistant.errors import BadInput

MODEL = Config().models_dir / "moonshine-tiny-en"
DASHWOOD = (
    "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his "
    "power to do for them."
)

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def recogniser():
    made = MoonshineRecogniser(MODEL, partial_every=0.3)
    yield made
    made.close()


@pytest.fixture(scope="module")
def at_once():
    made = MoonshineRecogniser(MODEL, partial_every=0.0)
    yield made
    made.close()


@pytest.fixture
def calls(monkeypatch):
    """Count what the real network is asked: samples and length of the draft."""
    seen = []
    transcribe = module.Network.transcribe

    def spied(self, pcm, draft):
        seen.append((len(pcm), len(draft)))
        return transcribe(self, pcm, draft)

    monkeypatch.setattr(module.Network, "transcribe", spied)
    return seen


def run(recogniser, pcm, size=FRAME_SAMPLES):
    recogniser.start()
    fed = (recogniser.feed(pcm[at : at + size]) for at in range(0, len(pcm), size))
    return [partial for partial in fed if partial is not None], recogniser.finish()


def wer():
    """The benchmark's own measure."""
    path = Path(__file__).parents[2] / "benchmarks/wer.py"
    spec = importlib.util.spec_from_file_location("wer", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_people_are_understood(recogniser, monkeypatch):
    bench = wer()
    monkeypatch.setitem(__import__("sys").modules, "wer", bench)
    errors = said = 0
    for _, text, pcm in bench.clips():
        heard = run(recogniser, pcm)[1].text
        errors += bench.distance(bench.words(text), bench.words(heard))
        said += len(bench.words(text))
    assert said == 92
    assert errors / said <= 0.08


def test_the_draft_changes_what_it_costs_and_not_what_is_heard(recogniser, at_once):
    for pcm in (austen(870), austen(880), cards(5), cards(2)):
        partials, transcript = run(recogniser, pcm)
        assert partials
        assert transcript == run(at_once, pcm)[1]


def test_partials_grow_into_the_text(recogniser):
    partials, transcript = run(recogniser, austen(870))
    assert transcript.text == DASHWOOD
    assert partials[0] != partials[-1]
    assert all(one != following for one, following in pairwise(partials))
    assert len(partials) >= 5
    assert partials[-1].startswith("And Mr. John Dashwood had then leisure")


def test_without_partials_it_is_asked_once(at_once, calls):
    assert not at_once.streaming
    assert run(at_once, cards(1)) == ([], Transcript("Ten of clubs."))
    assert calls == [(len(cards(1)), 0)]


def test_finish_takes_the_last_partial_for_a_draft(recogniser, calls):
    recogniser.start()
    recogniser.feed(austen(870)[: 5 * RATE])
    recogniser.feed(austen(870)[5 * RATE : 5 * RATE + 1600])
    calls.clear()
    recogniser.finish()
    assert len(calls) == 1
    assert calls[0][1] > 10


def test_finish_is_free_once_a_partial_has_heard_the_quiet(recogniser, calls):
    recogniser.start()
    recogniser.feed(join(cards(1), silence(0.4)))
    recogniser.feed(silence(0.1))
    asked = len(calls)
    assert recogniser.finish() == Transcript("Ten of clubs.")
    assert len(calls) == asked == 1


def test_finish_is_not_free_when_somebody_went_on(recogniser, calls):
    recogniser.start()
    recogniser.feed(join(cards(1), silence(0.4)))
    recogniser.feed(cards(3)[:4000])
    asked = len(calls)
    recogniser.finish()
    assert len(calls) == asked + 1


@pytest.mark.parametrize("pcm", [silence(0), silence(0.05), silence(3), white(3, 5)])
def test_text_does_not_come_out_of_silence(recogniser, pcm):
    assert run(recogniser, pcm) == ([], Transcript(""))


def test_start_forgets(recogniser):
    recogniser.start()
    recogniser.feed(austen(870))
    assert run(recogniser, cards(1))[1].text == "Ten of clubs."


@pytest.mark.slow
def test_a_long_speech_is_heard_whole_and_in_bounded_pieces(recogniser, calls):
    pcm = join(*[join(austen(number), silence(0.3)) for number in (870, 880, 890, 920, 930)])
    assert len(pcm) > 1.5 * LONGEST_S * RATE
    _, transcript = run(recogniser, pcm)
    assert max(samples for samples, _ in calls) <= LONGEST_S * RATE + FRAME_SAMPLES
    assert transcript.text.count("young man") == 1
    assert transcript.text.count("amiable himself") == 1
    assert transcript.text.count("to do for them") == 1


def test_a_long_piece_is_cut_where_it_is_quiet(at_once, calls):
    loud = np.tile(read_speech(), 1)[: round((LONGEST_S - 2) * RATE)]
    at_once.start()
    at_once.feed(join(loud, silence(0.5), cards(5), cards(5)))
    at_once.finish()
    first = calls[0][0] / RATE
    assert LONGEST_S - 2 < first < LONGEST_S - 1.5
    assert first > LONGEST_S - CUT_S


def test_fed_all_at_once_a_very_long_sound_is_cut_too(at_once, calls):
    at_once.start()
    at_once.feed(join(*[austen(870)] * 7))
    assert at_once.finish().text.count("Dashwood") >= 6
    assert max(samples for samples, _ in calls) <= LONGEST_S * RATE


# --- settled in a pause, and going on -----------------------------------------------------------


def fed(recogniser, pcm):
    """Begin an utterance."""
    recogniser.start()
    for at in range(0, len(pcm), FRAME_SAMPLES):
        recogniser.feed(pcm[at : at + FRAME_SAMPLES])


@pytest.mark.parametrize("which", ["recogniser", "at_once"])
@pytest.mark.parametrize(
    "pcm",
    [
        join(cards(1), silence(0.15)),
        join(cards(1), silence(0.6)),
        austen(870),
        austen(870)[: 2 * RATE],
        silence(1),
        silence(0),
    ],
    ids=["a short pause", "a long pause", "no pause", "half a sentence", "silence", "nothing"],
)
def test_what_is_settled_is_what_would_be_final(request, which, pcm):
    recogniser = request.getfixturevalue(which)
    fed(recogniser, pcm)
    expected = recogniser.finish().text
    fed(recogniser, pcm)
    assert recogniser.settle() == expected
    assert recogniser.settle() == expected
    assert recogniser.finish().text == expected


@pytest.mark.parametrize("which", ["recogniser", "at_once"])
def test_after_a_pause_was_settled_the_utterance_goes_on(request, which):
    recogniser = request.getfixturevalue(which)
    first, second = join(cards(1), silence(0.3)), join(cards(3), silence(0.3))
    expected = run(recogniser, join(first, second))[1].text
    fed(recogniser, first)
    assert recogniser.settle() == "Ten of clubs."
    for at in range(0, len(second), FRAME_SAMPLES):
        recogniser.feed(second[at : at + FRAME_SAMPLES])
    assert recogniser.settle() == expected
    assert recogniser.finish().text == expected
    assert expected.lower().count("clubs") >= 2


def test_settling_is_free_once_a_partial_has_heard_the_quiet(recogniser, calls):
    recogniser.start()
    recogniser.feed(join(cards(1), silence(0.4)))
    recogniser.feed(silence(0.1))
    asked = len(calls)
    assert recogniser.settle() == "Ten of clubs."
    assert recogniser.finish() == Transcript("Ten of clubs.")
    assert len(calls) == asked == 1


def test_what_was_settled_is_not_a_partial_again(recogniser):
    recogniser.start()
    recogniser.feed(cards(1))
    text = recogniser.settle()
    assert recogniser.feed(silence(0.5)) is None
    assert recogniser.finish().text == text


# --- the vocabulary ----------------------------------------------------------------------------


def packed(word):
    length = len(word)
    head = [length] if length < 128 else [length & 0x7F | 0x80, length >> 7]
    return bytes(head) + word


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=50))
def test_every_vocabulary_is_read_back(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("words") / "tokenizer.bin"
    path.write_bytes(b"".join(map(packed, words)))
    assert module._words(path) == words


# --- broken models -----------------------------------------------------------------------------

FILES = (module.ENCODER, module.DECODER, module.TOKENS)


def copy(folder: Path) -> Path:
    folder.mkdir()
    for name in FILES:
        (folder / name).symlink_to(MODEL / name)
    return folder


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["missing", "empty", "half", "text"])
def test_a_broken_file_is_named_in_one_sentence(tmp_path, capfd, name, how):
    file = copy(tmp_path / "model") / name
    whole = file.read_bytes()
    file.unlink()
    if how != "missing":
        damaged = {"empty": b"", "half": whole[: len(whole) // 2 + 1], "text": b"hello " * 999}
        file.write_bytes(damaged[how])
    with pytest.raises(BadInput) as caught:
        MoonshineRecogniser(tmp_path / "model")
    assert name in str(caught.value)
    assert "fetch" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        MoonshineRecogniser(tmp_path / "absent")


def test_a_network_of_another_kind_is_refused(tmp_path):
    model = copy(tmp_path / "model")
    (model / module.DECODER).unlink()
    (model / module.DECODER).symlink_to(MODEL / module.ENCODER)
    with pytest.raises(BadInput, match="do not belong to one Moonshine model"):
        MoonshineRecogniser(model)


def test_what_was_said_is_more_likely_than_what_was_not(recogniser, spoken):
    word = np.frombuffer(spoken("Cancel.").read_bytes()[44:], np.int16)
    before = read_speech()[: RATE // 5]
    recogniser.start()
    recogniser.feed(join(before, silence(0.2), word, silence(0.2)))
    phrase, weight = recogniser.nearest(["stop", "cancel", "停", "never mind"], 0.2)
    assert phrase == "cancel"
    assert -7.0 < weight <= 0.0
    assert recogniser.nearest(["stop", "be quiet"], 0.2)[1] < weight - 3.0
    assert recogniser.nearest(["停"])[1] < -15.0
    assert recogniser.nearest([]) is None


def test_nothing_is_likely_where_nothing_was_heard(recogniser):
    recogniser.start()
    assert recogniser.nearest(["stop"]) is None
