"""The end of a turn by its sound: its features, and the real network."""

from pathlib import Path

import numpy as np
import pytest
from ears_sounds import austen, cards, silence

from assistant.audio.frames import RATE
from assistant.ears.smart_turn import BANDS, HOP, SPAN, SmartTurn, log_mel
from assistant.errors import BadInput
from assistant.models import Shelf

SHAPE = (BANDS, SPAN // HOP)
ASIDE = Path(__file__).parents[2] / ".cache" / "models-aside"
"""Where `script/test` keeps it."""


def test_the_features_are_those_of_whisper():
    """Another program's, for sound that is as long as what is looked at, and as loud."""
    theirs = pytest.importorskip("faster_whisper.feature_extractor")
    pcm = np.resize(austen(880), SPAN)
    sound = pcm.astype(np.float32)
    sound = (sound - sound.mean()) / sound.std()
    wanted = theirs.FeatureExtractor(chunk_length=8)(sound, padding=0)[:, : SHAPE[1]]
    found = log_mel(pcm)
    assert found.shape == SHAPE
    assert found.dtype == np.float32
    assert np.abs(found - wanted).max() < 1e-3


def test_only_the_newest_seconds_count_and_silence_stands_before_fewer():
    pcm = np.resize(austen(880), 10 * RATE)
    assert np.array_equal(log_mel(pcm), log_mel(pcm[-SPAN:]))
    short = cards(1)
    padded = np.concatenate([silence((SPAN - len(short)) / RATE), short])
    assert np.array_equal(log_mel(short), log_mel(padded))


@pytest.mark.parametrize("pcm", [np.zeros(0, np.int16), np.zeros(RATE, np.int16)])
def test_no_sound_at_all_has_features_too(pcm):
    assert np.isfinite(log_mel(pcm)).all()


def test_a_file_that_is_no_network_is_one_sentence(tmp_path):
    path = tmp_path / "smart-turn.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(BadInput, match=r"smart-turn\.onnx: is not a network of Smart Turn; "):
        SmartTurn(path)


def test_it_hears_an_end_and_a_sentence_that_goes_on():
    network = SmartTurn(Shelf(ASIDE).locate("", "turn", engine="smart-turn"))
    whole = cards(5)
    assert network.complete(whole) > 0.5
    assert network.complete(austen(880)[: 2 * RATE]) < 0.5
