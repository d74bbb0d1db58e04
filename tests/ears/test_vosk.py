"""The real engine with its real Korean model; the Korean is spoken by espeak-ng.

No free recording of a Korean speaker was to be had, and espeak's Korean is too strange for open
recognition, so what is compared word by word is heard with a grammar.
"""

from itertools import pairwise
from pathlib import Path

import pytest
from ears_sounds import join, read_speech, say, silence

from assistant.audio.frames import FRAME_SAMPLES, RATE
from assistant.config import Config
from assistant.ears import vosk as module
from assistant.ears.recogniser import Transcript
from assistant.ears.vosk import RENEW_S, VoskRecogniser, check
from assistant.errors import BadInput

MODEL = Config().models_dir / "vosk-ko"
MUSIC, HELLO = "음악 시작", "안녕 하세요"

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def grammar():
    recogniser = VoskRecogniser(MODEL, grammar=[MUSIC, HELLO])
    yield recogniser
    recogniser.close()


@pytest.fixture(scope="module")
def everything():
    recogniser = VoskRecogniser(MODEL)
    yield recogniser
    recogniser.close()


def korean(text):
    return say(text.replace(" ", ""), "ko", 120)


def utterance(text):
    return join(silence(0.4), korean(text), silence(0.3))


def run(recogniser, pcm, size=FRAME_SAMPLES):
    """Return the partials and the final transcript."""
    recogniser.start()
    fed = (recogniser.feed(pcm[at : at + size]) for at in range(0, len(pcm), size))
    return [partial for partial in fed if partial is not None], recogniser.finish()


def test_a_phrase_of_the_grammar_is_heard_with_times_and_confidences(grammar):
    pcm = utterance(MUSIC)
    _, transcript = run(grammar, pcm)
    assert transcript.text == MUSIC
    assert [word.text for word in transcript.words] == MUSIC.split()
    edges = [edge for word in transcript.words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[0] == pytest.approx(0.4, abs=0.25)
    assert edges[-1] <= len(pcm) / RATE
    assert all(0.0 < word.confidence <= 1.0 for word in transcript.words)


def test_partials_come_while_it_is_said_and_only_when_they_change(grammar):
    partials, transcript = run(grammar, utterance(MUSIC))
    assert MUSIC in partials
    assert all(one != following for one, following in pairwise(partials))
    assert len(partials) < len(utterance(MUSIC)) / FRAME_SAMPLES / 2
    assert transcript.text == MUSIC


def test_the_second_utterance_is_timed_from_its_own_beginning(grammar):
    first, second = run(grammar, utterance(MUSIC))[1], run(grammar, utterance(MUSIC))[1]
    assert second.text == first.text
    assert second.words[0].start == pytest.approx(first.words[0].start, abs=0.1)


def test_start_throws_away_what_was_not_finished(grammar):
    grammar.start()
    grammar.feed(utterance(MUSIC))
    assert run(grammar, silence(1.0)) == ([], Transcript(""))


def test_a_pause_that_ends_an_utterance_for_vosk_does_not_end_it(grammar):
    pcm = join(utterance(MUSIC), silence(3.0), utterance(MUSIC))
    partials, transcript = run(grammar, pcm)
    assert transcript.text == f"{MUSIC} {MUSIC}"
    assert transcript.words[2].start > transcript.words[1].end + 3.0
    assert f"{MUSIC} {MUSIC}" in partials  # a partial tells the whole utterance too


def test_however_it_is_cut_the_text_is_the_same(grammar):
    texts = {run(grammar, utterance(MUSIC), size)[1].text for size in (160, 320, 1601, 10**6)}
    assert texts == {MUSIC}


def test_what_is_settled_in_a_pause_is_what_would_be_final_and_it_goes_on(grammar):
    pause = silence(0.5)
    pcm = join(utterance(MUSIC), pause)
    for times in (1, 2, 3):
        said = []
        grammar.start()
        for _ in range(times):
            said.append(MUSIC)
            for at in range(0, len(pcm), FRAME_SAMPLES):
                grammar.feed(pcm[at : at + FRAME_SAMPLES])
            settled = grammar.settle()
            assert settled == grammar.settle() == " ".join(said)
        assert grammar.finish().text == settled


def test_nothing_and_silence_are_no_text(grammar):
    assert run(grammar, silence(0))[1] == Transcript("")
    assert run(grammar, silence(2))[1] == Transcript("")
    assert grammar.feed(silence(0)) is None


def test_open_recognition_hears_korean_words(everything):
    partials, transcript = run(everything, utterance("안녕하세요"))
    assert len(partials) >= 2
    assert transcript.words
    assert all(everything.knows(word.text) for word in transcript.words)
    assert transcript.text == " ".join(word.text for word in transcript.words)


def test_what_is_settled_in_open_recognition_is_the_last_partial(everything):
    """Not always the final text: for that Vosk weighs all that it may have heard, for a partial it
    takes the best path. They part where it is unsure, as it is of espeak's Korean."""
    for text in ("안녕하세요", "음악시작"):
        pcm = join(utterance(text), silence(0.5))
        everything.start()
        partials = [
            partial
            for at in range(0, len(pcm), FRAME_SAMPLES)
            if (partial := everything.feed(pcm[at : at + FRAME_SAMPLES])) is not None
        ]
        assert everything.settle() == everything.settle() == partials[-1] != ""
        assert everything.finish().words


def test_nothing_is_settled_before_anything_was_said(grammar):
    grammar.start()
    assert grammar.settle() == ""
    grammar.feed(silence(1))
    assert grammar.settle() == ""
    grammar.feed(utterance(MUSIC))
    grammar.start()
    assert grammar.settle() == ""


def test_the_grammar_can_be_changed_and_taken_away(everything):
    everything.set_grammar([MUSIC])
    try:
        assert run(everything, utterance(MUSIC))[1].text == MUSIC
    finally:
        everything.set_grammar(None)
    heard = set(run(everything, utterance(HELLO))[1].text.split())
    assert heard
    assert not heard <= set(MUSIC.split())


def test_many_recognisers_share_one_model_and_the_last_one_frees_it(grammar):
    path = MODEL.resolve()
    before = module._models[path].users
    other = VoskRecogniser(MODEL / ".." / MODEL.name, grammar=[HELLO])
    assert other._model is grammar._model
    assert module._models[path].users == before + 1
    other.close()
    other.close()  # twice does no harm
    assert module._models[path].users == before


def test_a_word_that_the_model_does_not_know_is_named_and_nothing_stays_in_memory(grammar):
    before = module._models[MODEL.resolve()].users
    with pytest.raises(BadInput, match=r"does not know `computer`, `hello`; use words"):
        VoskRecogniser(MODEL, grammar=["hello computer", MUSIC])
    assert module._models[MODEL.resolve()].users == before


def test_fed_for_minutes_the_native_recogniser_is_renewed(grammar):
    speech = read_speech()
    before = grammar.renewals
    grammar.start()
    words = []
    for _ in range(6):
        for at in range(0, len(speech), 4000):
            if text := grammar.feed(speech[at : at + 4000]):
                words.append(len(text.split()))
    minutes = 6 * len(speech) / RATE
    transcript = grammar.finish()
    assert grammar.renewals - before >= minutes / RENEW_S - 1
    assert grammar._fed < (RENEW_S + 40) * RATE
    starts = [word.start for word in transcript.words]
    assert starts == sorted(starts)
    assert starts[-1] > minutes - 5  # what came before and after the renewals is one utterance
    assert starts[0] < 10


def test_it_prints_nothing(capfd):
    recogniser = VoskRecogniser(MODEL, grammar=[MUSIC])
    run(recogniser, utterance(MUSIC))
    recogniser.close()
    assert capfd.readouterr() == ("", "")


# --- broken models -----------------------------------------------------------------------------


def linked(folder: Path, names=None) -> Path:
    """Make a copy of the model out of links; `names` maps places there to places here."""
    for file in MODEL.rglob("*"):
        inside = file.relative_to(MODEL).as_posix()
        if file.is_file() and (names is None or inside in names):
            place = folder / (names[inside] if names else inside)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file)
    return folder


def rewrite(file: Path, data: bytes) -> None:
    file.unlink()
    file.write_bytes(data)


def start_of(name: str, part: float) -> bytes:
    data = (MODEL / name).read_bytes()
    return data[: int(len(data) * part)]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("am/final.mdl", 0),
        ("am/final.mdl", 0.5),
        ("graph/Gr.fst", 0),
        ("graph/Gr.fst", 0.5),
        ("graph/HCLr.fst", 0.5),
        ("graph/disambig_tid.int", 0),
        ("conf/model.conf", 0),
        ("conf/model.conf", 0.5),
        ("conf/mfcc.conf", 0),
        ("ivector/final.ie", 0.5),
        ("ivector/splice.conf", 0.5),
    ],
)
def test_a_file_that_is_cut_is_one_sentence(tmp_path, capfd, name, part):
    model = linked(tmp_path / "model")
    rewrite(model / name, start_of(name, part))
    with pytest.raises(BadInput) as caught:
        VoskRecogniser(model)
    sentence = str(caught.value)
    assert str(model) in sentence
    assert "fetch" in sentence
    assert "\n" not in sentence
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["am/final.mdl", "conf/model.conf", "graph/Gr.fst"])
def test_a_missing_file_is_named(tmp_path, name):
    model = linked(tmp_path / "model")
    (model / name).unlink()
    with pytest.raises(BadInput, match=name.split("/")[-1].replace(".", r"\.")):
        check(model)


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/Gr.fst", "graph/HCLr.fst"])
def test_a_file_of_another_kind_is_refused(tmp_path, name):
    model = linked(tmp_path / "model")
    rewrite(model / name, b"hello world " * 1000)
    with pytest.raises(BadInput, match=r"is no (Kaldi|OpenFst)"):
        check(model)


def test_what_is_no_folder_or_no_vosk_model_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        VoskRecogniser(tmp_path / "absent")
    with pytest.raises(BadInput, match="is no Vosk model"):
        VoskRecogniser(tmp_path)
    linked(tmp_path / "inner")
    with pytest.raises(BadInput, match=f"the model is {tmp_path / 'inner'}"):
        VoskRecogniser(tmp_path)


def test_the_flat_layout_of_older_models_works(tmp_path):
    ivector = [p.name for p in (MODEL / "ivector").iterdir()]
    names = {f"ivector/{name}": f"ivector/{name}" for name in ivector}
    names |= {
        "am/final.mdl": "final.mdl",
        "conf/mfcc.conf": "mfcc.conf",
        "graph/HCLr.fst": "HCLr.fst",
        "graph/Gr.fst": "Gr.fst",
        "graph/disambig_tid.int": "disambig_tid.int",
        "graph/phones/word_boundary.int": "word_boundary.int",
    }
    recogniser = VoskRecogniser(linked(tmp_path / "flat", names), grammar=[MUSIC])
    assert run(recogniser, utterance(MUSIC))[1].text == MUSIC
    recogniser.close()


def test_a_model_with_a_fixed_graph_takes_no_phrases(tmp_path):
    model = linked(tmp_path / "model")
    recogniser = VoskRecogniser(model)
    (model / "graph/HCLG.fst").symlink_to(MODEL / "graph/HCLr.fst")  # a stand-in: none is at hand
    with pytest.raises(BadInput, match="fixed graph"):
        recogniser.set_grammar([MUSIC])
    recogniser.close()
