"""One assistant that hears, speaks and thinks with another one: both sides are ours, and real."""

import re
from importlib import resources

import far_servers
import numpy as np
import pytest

from assistant.audio import wav
from assistant.audio.frames import FRAME_SAMPLES
from assistant.config import parse
from assistant.ears.wyoming import WyomingRecogniser
from assistant.mind.remote.hybrid import ledger, make
from assistant.mouth.wyoming import WyomingSynthesiser
from assistant.wyoming.address import parse as address
from assistant.wyoming.finding import describe

pytestmark = pytest.mark.engine

PATIENCE_S = 30.0
QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    with far_servers.Assistant(tmp_path_factory.mktemp("other")) as running:
        yield running.uri


def test_it_offers_all_three(other):
    offers = describe(address(other, "uri"))
    assert {offer.kind for offer in offers} == {"asr", "tts", "handle"}
    assert all(offer.knows("en") for offer in offers)


def test_it_hears_for_us(other):
    with resources.as_file(resources.files("assistant") / "data" / "question-en.wav") as path:
        pcm = wav.read(path)
    recogniser = WyomingRecogniser(other, "en", timeout_s=PATIENCE_S)
    half = len(pcm) // 2
    for at in range(0, half, FRAME_SAMPLES):
        recogniser.feed(pcm[at : at + FRAME_SAMPLES])
    recogniser.settle()  # a pause, in which it is asked already
    recogniser.feed(pcm[at + FRAME_SAMPLES :])
    assert (
        re.sub("[^a-z ]", "", recogniser.finish().text.lower()) == "what is the capital of france"
    )


def test_it_speaks_for_us(other):
    voice = WyomingSynthesiser(other, "en", timeout_s=PATIENCE_S)
    pcm = np.concatenate([sound.pcm for sound in voice.synthesise(QUESTION, lambda: False)])
    assert 1.0 < len(pcm) / voice.rate < 4.0
    assert np.abs(pcm.astype(int)).max() > 3000


def test_it_thinks_for_us_and_the_record_has_what_it_was_told(other, tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    settings = parse({"remote": {"endpoint": other, "share": "all"}}, "test")
    hybrid = make(settings)
    errand = hybrid.begin(hybrid.route(QUESTION), [], "voice")
    pieces = []
    while (piece := errand.next(PATIENCE_S)) is not None:
        pieces.append(piece)
    assert "Paris" in "".join(pieces)
    assert len(pieces) > 1  # it comes as it is made
    entries = list(ledger(settings).read())
    assert entries[0]["messages"][-1]["text"] == QUESTION
    assert entries[-1]["outcome"] == "whole"
