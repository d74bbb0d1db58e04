"""Ears on another host, and those here that take over.

The other host is a fake (`far_host`), and so is the local recogniser where a real one would only
be slower; the real ones stand in tests/far/test_far_servers.py.
"""

import importlib.util
import time

import far_host as fake
import numpy as np
import pytest
from far_host import FarHost, nobody

from assistant.audio.frames import RATE
from assistant.config import parse
from assistant.ears import engines
from assistant.ears import wyoming as module
from assistant.ears.either import EitherRecogniser
from assistant.ears.recogniser import Transcript, Weighing
from assistant.ears.wyoming import WyomingRecogniser
from assistant.errors import BadInput, EngineMissing
from assistant.wyoming.errors import Lost
from assistant.wyoming.pauses import Pauses

SOON_S = 0.3
FRAME = RATE // 50
SPEECH = (np.arange(RATE, dtype=np.int32) % 20_000 - 10_000).astype(np.int16)
"""A second of something that is told from anything else."""


class Local:
    """A recogniser that tells how much it was given."""

    name = "local"
    streaming = True

    def __init__(self):
        self.fed = None
        self.closed = False

    def start(self):
        self.fed = []

    def feed(self, pcm):
        self.fed.append(pcm)
        return f"{len(self.fed)} pieces"

    def settle(self):
        return f"here: {sum(map(len, self.fed))}"

    def finish(self):
        return Transcript(self.settle())

    def nearest(self, phrases, skip=0.0):
        return phrases[0], -skip

    def close(self):
        self.closed = True


def far(host, **settings):
    uri = host if isinstance(host, str) else host.uri
    return WyomingRecogniser(uri, "en", timeout_s=SOON_S, **settings)


def feed(recogniser, pcm=SPEECH):
    """Return the partials."""
    said = [recogniser.feed(pcm[at : at + FRAME]) for at in range(0, len(pcm), FRAME)]
    return [text for text in said if text is not None]


def hear(recogniser, pcm=SPEECH):
    recogniser.start()
    feed(recogniser, pcm)
    time.sleep(0.02)  # what is answered too early is here by now
    return recogniser.finish().text


def test_the_sound_goes_out_whole_and_the_text_comes_back():
    with FarHost(fake.writes(" What time is it? ")) as host:
        recogniser = far(host, model="large")
        assert hear(recogniser) == "What time is it?"
        recogniser.close()
    kinds = host.types()
    assert kinds[:2] == ["transcribe", "audio-start"]
    assert kinds[-1] == "audio-stop"
    assert host.heard[0].data == {"name": "large", "language": "en"}
    form = {"rate": 16_000, "width": 2, "channels": 1}
    assert all(form.items() <= event.data.items() for event in host.heard[1:-1])
    assert host.sound() == SPEECH.tobytes()


def test_of_several_languages_the_other_host_finds_out_which_is_spoken():
    with FarHost(fake.writes("你好")) as host:
        recogniser = WyomingRecogniser(host.uri, "auto")
        assert hear(recogniser) == "你好"
        recogniser.close()
    assert host.heard[0].data.get("language") is None


def test_partials_are_told_while_somebody_speaks():
    with FarHost(fake.writes("what time is it", "what", " time", " time", "")) as host:
        recogniser = far(host)
        recogniser.start()
        partials = []
        for at in range(0, len(SPEECH), FRAME):
            if partial := recogniser.feed(SPEECH[at : at + FRAME]):
                partials.append(partial)
            time.sleep(0.002)
        assert partials[-1] == "what time time"
        assert len(set(partials)) == len(partials)
        assert recogniser.finish().text == "what time is it"


def test_without_a_sound_nothing_goes_out():
    with FarHost(fake.writes("you")) as host:
        recogniser = far(host)
        assert recogniser.finish() == Transcript("")
        recogniser.start()
        assert recogniser.settle() == ""
        assert host.connections == 0


def test_what_goes_on_after_a_pause_is_heard_as_a_whole():
    with FarHost(fake.writes("all of it")) as host:
        recogniser = far(host)
        recogniser.start()
        feed(recogniser)
        assert recogniser.settle() == "all of it"
        assert recogniser.settle() == "all of it"
        assert host.connections == 1  # what is known is not asked again
        host.heard.clear()
        feed(recogniser)
        assert recogniser.finish().text == "all of it"
        assert host.sound() == SPEECH.tobytes() * 2
        assert host.connections == 2


def test_each_utterance_begins_anew():
    with FarHost(fake.writes("yes")) as host:
        recogniser = far(host)
        hear(recogniser)
        host.heard.clear()
        assert hear(recogniser) == "yes"
        assert host.sound() == SPEECH.tobytes()


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_S", 1.5)
    with FarHost(fake.writes("yes")) as host:
        recogniser = far(host)
        assert hear(recogniser, np.tile(SPEECH, 3)) == "yes"
        assert len(host.sound()) == 1.5 * RATE * 2


WAYS = {
    "hangs at once": fake.hangs_at_once(),
    "hangs at the end": fake.hangs_at("audio-stop"),
    "hangs in the middle": fake.hangs_at("audio-chunk"),
    "cut at once": fake.cuts_at("transcribe"),
    "cut in the middle": fake.cuts_at("audio-chunk"),
    "reset in the middle": fake.resets_at("audio-chunk"),
    "cut at the end": fake.cuts_at("audio-stop"),
    "an error of its own": fake.fails_at("audio-stop"),
    "an error in the middle": fake.fails_at("audio-chunk"),
    "ends too early": fake.cuts_at(
        "audio-chunk", b'{"type": "transcript", "data": {"text": ""}}\n'
    ),
    "floods": fake.floods_at("audio-chunk", "transcript-chunk", text="and then "),
    **{
        f"nonsense: {name}": fake.cuts_at("audio-stop", data)
        for name, data in fake.NONSENSE.items()
    },
}


@pytest.mark.parametrize("behave", WAYS.values(), ids=WAYS)
def test_whatever_goes_wrong_there_is_one_error_for_this_utterance_only(behave):
    with FarHost(behave) as host:
        recogniser = far(host)
        with pytest.raises(Lost) as lost:
            hear(recogniser)
        assert "\n" not in str(lost.value)
        before = host.connections
        with pytest.raises(Lost):
            recogniser.feed(SPEECH)
        with pytest.raises(Lost):
            recogniser.finish()
        assert host.connections == before  # it is not tried again with each piece of sound
        host.behave = fake.writes("well again")
        assert hear(recogniser) == "well again"


@pytest.mark.parametrize("behave", WAYS.values(), ids=WAYS)
def test_whatever_goes_wrong_there_the_local_one_hears_it_all(behave):
    with FarHost(behave) as host:
        local = Local()
        recogniser = EitherRecogniser(far(host), lambda: local, Pauses())
        assert hear(recogniser) == f"here: {len(SPEECH)}"
        recogniser.close()
        assert local.closed


def test_nobody_there_is_heard_here_and_tried_again_later(caplog):
    now = [0.0]
    made = []

    def make():
        made.append(Local())
        return made[-1]

    recogniser = EitherRecogniser(far(nobody()), make, Pauses(lambda: now[0]))
    assert made == []  # no memory for it before it is wanted
    assert hear(recogniser) == f"here: {len(SPEECH)}"
    assert "cannot be reached" in caplog.text
    caplog.clear()
    with FarHost(fake.writes("there")) as host:
        recogniser._far = far(host)
        assert hear(recogniser) == f"here: {len(SPEECH)}"  # too soon
        assert host.connections == 0
        now[0] += 1000.0
        assert hear(recogniser) == "there"
    assert len(made) == 1
    assert caplog.text == ""


def test_the_local_one_goes_on_after_a_pause_in_which_the_other_was_lost():
    with FarHost(fake.hangs_at("audio-stop")) as host:
        recogniser = EitherRecogniser(far(host), Local, Pauses())
        recogniser.start()
        feed(recogniser)
        assert recogniser.settle() == f"here: {len(SPEECH)}"
        assert recogniser.feed(SPEECH) == "51 pieces"
        assert recogniser.finish().text == f"here: {2 * len(SPEECH)}"


def test_stop_words_are_weighed_by_whoever_heard_them():
    with FarHost(
        fake.writes("star"),
    ) as host:
        recogniser = EitherRecogniser(far(host), Local, Pauses())
        assert isinstance(recogniser, Weighing)
        assert hear(recogniser) == "star"
        assert recogniser.nearest(["stop"], 0.1) is None
        host.behave = fake.hangs_at_once()
        hear(recogniser)
        assert recogniser.nearest(["stop"], 0.1) == ("stop", -0.1)


# --- choosing it -----------------------------------------------------------------------------


def config(uri="tcp://brain:10300", models=None, language="en", **asr):
    tables = {"language": language, "asr": {"engine": "wyoming", "uri": uri, **asr}}
    return parse(tables | ({"paths": {"models": str(models)}} if models else {}), "test")


def test_it_is_taken_only_when_it_is_named_and_the_local_one_stands_behind(tmp_path):
    made = engines.make(config())
    assert isinstance(made, EitherRecogniser)
    assert engines.explain(config()) == (
        "speech recognition: wyoming at tcp://brain:10300, as `asr.uri` says; moonshine "
        "(moonshine-tiny-en) hears when that does not answer."
    )
    alone = config(models=tmp_path)
    assert isinstance(engines.make(alone), WyomingRecogniser)
    assert engines.explain(alone).endswith("nothing here hears when that does not answer.")


@pytest.mark.parametrize("uri", ["", "brain", "http://brain:10300"])
@pytest.mark.parametrize("ask", [engines.make, engines.choose])
def test_an_address_that_is_none_says_what_is_allowed(uri, ask):
    with pytest.raises(BadInput, match=r"asr\.uri.*`assistant find`"):
        ask(config(uri))


@pytest.mark.parametrize("package", ["wyoming", "zeroconf"])
def test_without_its_package_it_says_how_to_get_it(monkeypatch, package):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == package else real(name)
    )
    for ask in (engines.make, engines.choose):
        with pytest.raises(EngineMissing, match="`script/setup --with wyoming`"):
            ask(config())


@pytest.mark.parametrize("ask", [engines.make, engines.choose])
def test_a_device_that_offers_the_same_is_not_let_find_itself(ask):
    tables = {"asr": {"engine": "wyoming", "uri": "auto"}, "wyoming": {"enabled": True}}
    with pytest.raises(BadInput, match=r"`asr\.uri` is 'auto'.*would find itself"):
        ask(parse(tables, "test"))
