import pytest
from ears_sounds import DATA, austen, cards, join, read_speech, silence, sine, wav, white

from assistant.audio.frames import FRAME_SAMPLES, RATE
from assistant.config import Config
from assistant.ears.recogniser import Transcript
from assistant.ears.whisper import LONGEST_S, WhisperRecogniser
from assistant.ears.whisper_model import Network
from assistant.errors import BadInput

MODEL = Config().models_dir / "whisper-base"

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def chinese():
    made = WhisperRecogniser(MODEL, "zh")
    yield made
    made.close()


@pytest.fixture(scope="module")
def english():
    made = WhisperRecogniser(MODEL, "en")
    yield made
    made.close()


@pytest.fixture(scope="module")
def either():
    made = WhisperRecogniser(MODEL, "auto")
    yield made
    made.close()


def run(recogniser, pcm, size=FRAME_SAMPLES):
    recogniser.start()
    for at in range(0, len(pcm), size):
        assert recogniser.feed(pcm[at : at + size]) is None
    return recogniser.finish()


def test_chinese_is_heard(chinese):
    assert run(chinese, wav(DATA / "zh-hello-world.wav")).text.startswith("你好")
    digits = run(chinese, wav(DATA / "zh-counting.wav")).text
    assert digits.startswith(("123456789", "一二三四五六七八九"))


def test_chinese_is_written_in_simplified_characters(chinese):
    text = run(chinese, wav(DATA / "zh-thousand-characters.wav")).text
    assert text.startswith("天地玄")
    text.encode("gb2312")  # which has no traditional characters: it would raise


def test_english_of_a_person_is_heard(english):
    assert "amiable himself" in run(english, austen(930)).text
    assert "clubs" in run(english, cards(3)).text


def test_of_two_languages_the_one_is_heard_that_is_spoken(either, english):
    """What was encoded to tell the language is what is transcribed, once."""
    for pcm, beginning in [
        (wav(DATA / "zh-hello-world.wav"), ("你好", "您好")),
        (cards(3), run(english, cards(3)).text),
        (silence(0), ""),
        (wav(DATA / "zh-thousand-characters.wav"), "天地玄"),
    ]:
        assert run(either, pcm).text.startswith(beginning)
        assert either._model._encoded is None


def test_a_model_for_english_only_says_what_hears_both(monkeypatch):
    """The real model, of which only the list of languages is another one."""
    monkeypatch.setattr(Network, "supported_languages", ["en"])
    with pytest.raises(BadInput, match=r"hears English only.*fetch whisper-base"):
        WhisperRecogniser(MODEL, "auto")


@pytest.mark.parametrize(
    "pcm",
    [silence(0), silence(3), white(2, 3), white(3, 600), sine(3, 127)],
    ids=["nothing", "silence", "hiss", "noise", "hum"],
)
@pytest.mark.parametrize("language", ["english", "chinese"])
def test_text_does_not_come_out_of_silence_or_noise(request, language, pcm):
    assert run(request.getfixturevalue(language), pcm) == Transcript("")


def test_what_is_kept_is_bounded_and_goes_with_the_utterance(english):
    english.start()
    for _ in range(3):
        english.feed(read_speech())
    assert english._length == LONGEST_S * RATE
    english.start()
    assert english.finish() == Transcript("")


@pytest.mark.parametrize("pcm", [join(cards(3), silence(0.2)), austen(930), silence(1), silence(0)])
def test_what_is_settled_is_what_would_be_final(english, pcm):
    expected = run(english, pcm).text
    english.start()
    english.feed(pcm)
    assert english.settle() == expected
    assert english.settle() == expected
    assert english.finish().text == expected


def test_after_a_pause_was_settled_the_utterance_goes_on(english):
    first, second = join(cards(3), silence(0.4)), join(austen(930), silence(0.2))
    expected = run(english, join(first, second)).text
    english.start()
    english.feed(first)
    assert "clubs" in english.settle()
    english.feed(second)
    assert english.settle() == expected
    assert english.finish().text == expected
    assert "amiable" in expected
    assert english.settle() == ""  # finished: it is forgotten


def test_a_repeated_word_does_not_run_away(english):
    loop = join(*[cards(4)] * 4)  # "five five" four times
    assert len(run(english, loop).text) < 100


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.bin", "missing"),
        ("model.bin", "empty"),
        ("model.bin", "half"),
        ("model.bin", "text"),
        ("config.json", "empty"),
        ("config.json", "text"),
        ("tokenizer.json", "half"),
        ("tokenizer.json", "text"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, name, damage):
    model = tmp_path / "model"
    model.mkdir()
    for file in MODEL.iterdir():
        (model / file.name).symlink_to(file)
    whole = (model / name).read_bytes()
    (model / name).unlink()
    if damage != "missing":
        data = {"empty": b"", "half": whole[: len(whole) // 2], "text": b"hello " * 999}
        (model / name).write_bytes(data[damage])
    with pytest.raises(BadInput) as caught:
        WhisperRecogniser(model, "en")
    assert str(model) in str(caught.value)
    assert "fetch" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_folder_and_an_unknown_language_are_refused(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        WhisperRecogniser(tmp_path / "absent", "en")
    with pytest.raises(BadInput, match="does not know the language 'xx'"):
        WhisperRecogniser(MODEL, "xx")
