import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soxr

from assistant.audio.frames import RATE
from assistant.config import Config
from assistant.ears.moonshine import MoonshineRecogniser
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.mouth.blocks import MARGIN_S, SILENCE
from assistant.mouth.pyttsx import PyttsxSynthesiser

LONG = "The quick brown fox jumps over the lazy dog. " * 2300  # 100 kB
ROOT = Path(__file__).parents[2]


def never():
    return False


@pytest.fixture(scope="module")
def voice():
    made = PyttsxSynthesiser()
    yield made
    made.close()


def sound(voice, text):
    """All samples of `text` in one piece."""
    blocks = [block.pcm for block in voice.synthesise(text, never)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


def seconds(voice, text):
    return len(sound(voice, text)) / voice.rate


# --- the real pyttsx3 --------------------------------------------------------------------------


def test_sound_is_int16_mono_and_audible(voice):
    pcm = sound(voice, "The weather is fine today.")
    assert pcm.dtype == np.int16
    assert pcm.ndim == 1
    assert 1 < len(pcm) / voice.rate < 3
    assert np.abs(pcm.astype(int)).max() > 5000
    assert np.flatnonzero(np.abs(pcm.astype(int)) > SILENCE)[0] <= MARGIN_S * voice.rate + 1


@pytest.mark.engine
def test_a_recogniser_understands_it(voice):
    recogniser = MoonshineRecogniser(Config().models_dir / "moonshine-tiny-en", partial_every=0)
    heard = soxr.resample(sound(voice, "The weather is fine today."), voice.rate, RATE)
    recogniser.start()
    recogniser.feed(np.concatenate([np.zeros(4800, np.int16), heard, np.zeros(4800, np.int16)]))
    assert recogniser.finish().text == "The weather is fine today."
    recogniser.close()


def test_it_speaks_again_and_again(voice):
    # pyttsx3 itself is known to hang at its second utterance
    lengths = [seconds(voice, "Hello there.") for _ in range(3)]
    assert lengths == pytest.approx([lengths[0]] * 3, rel=0.02)


def test_a_long_text_is_a_block_for_each_portion(voice):
    text = "The quick brown fox jumps over the lazy dog. " * 12
    assert len(list(voice.synthesise(text, never))) == 2


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "😀", "\0", "\ud800", "。"])
def test_nothing_to_say_yields_nothing(voice, text):
    assert list(voice.synthesise(text, never)) == []


@pytest.mark.parametrize("cut", ["\0", "\ud800"])
def test_no_character_ends_the_text(voice, cut):
    whole = seconds(voice, f"the first half of it {cut} and then the second half")
    assert whole > 1.5 * seconds(voice, "the first half of it")


def test_what_looks_like_ssml_is_read_and_not_obeyed(voice):
    assert seconds(voice, "<voice name='de'>Hello</voice>") > 2 * seconds(voice, "Hello")


@pytest.mark.parametrize("text", ["你好 hello", "Привет"])
def test_other_scripts_are_sound_of_some_kind(voice, text):
    assert seconds(voice, text) > 0.1


def test_what_the_voice_cannot_say_is_no_sound_and_no_failure(voice):
    assert sound(voice, "٣").size < voice.rate


def test_it_speaks_chinese_syllables_and_not_letters():
    chinese = PyttsxSynthesiser(language="zh")
    assert 0.5 < seconds(chinese, "今天很好") < 1.8
    chinese.close()


def test_it_speaks_at_the_wanted_rate(voice):
    text = "The quick brown fox jumps over the lazy dog."
    fast = PyttsxSynthesiser(speaking_rate=2.0)
    assert seconds(fast, text) < 0.7 * seconds(voice, text)
    fast.close()


def test_a_voice_goes_by_its_name():
    german = PyttsxSynthesiser("gmw/de")
    assert seconds(german, "Guten Tag") > 0.2
    german.close()


def test_an_unknown_voice_is_refused_with_what_there_is():
    with pytest.raises(BadInput, match=r"^pyttsx3 has no voice `of-nobody`; it has .* more$"):
        PyttsxSynthesiser("of-nobody")


def test_two_of_them_in_two_threads_do_not_disturb_each_other(voice):
    alone = seconds(voice, "One two three four five.")
    lengths = {}

    def work(name):
        mine = PyttsxSynthesiser()
        lengths[name] = [seconds(mine, "One two three four five.") for _ in range(3)]
        mine.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lengths == {
        "a": pytest.approx([alone] * 3, rel=0.02),
        "b": pytest.approx([alone] * 3, rel=0.02),
    }


def test_a_cancelled_text_of_100_kb_ends_after_the_block_in_work(voice):
    done = threading.Event()
    blocks = voice.synthesise(LONG, done.is_set)
    assert len(next(blocks).pcm) / voice.rate < 60
    done.set()
    assert list(blocks) == []
    assert seconds(voice, "Hello there.") > 0.3


def test_cancelling_kills_the_child_in_work(voice):
    calls = itertools.count()
    child = voice._child
    assert list(voice.synthesise("Hello there, my friend.", lambda: next(calls) > 1)) == []
    assert child.returncode is not None
    assert seconds(voice, "Hello there.") > 0.3


def test_nothing_is_left_behind_when_it_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mine = PyttsxSynthesiser()
    sound(mine, "Hello")
    child = mine._child
    mine.close()
    assert child.returncode is not None
    assert list(tmp_path.iterdir()) == []


def test_the_child_ends_with_its_parent():
    code = (
        "import os; from assistant.mouth.pyttsx import PyttsxSynthesiser;"
        "voice = PyttsxSynthesiser(); print(voice._child.pid, flush=True); os._exit(0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=60
    )
    child = Path("/proc", run.stdout.decode().strip())
    end = time.monotonic() + 30
    while child.exists() and "zombie" not in (child / "status").read_text():
        assert time.monotonic() < end, "the child lives on without its parent"
        time.sleep(0.05)


# --- a fake pyttsx3 ----------------------------------------------------------------------------
# The real one cannot be made to hang, to crash or to write rubbish when a test wants it to.

FAKE = """
import os, signal, sys, time, wave
from types import SimpleNamespace

class Engine:
    finished = staticmethod(lambda **_: None)
    def getProperty(self, name):
        if name == "voices":
            return [SimpleNamespace(id="fake", name="Fake", languages=[b"\\x05en-us"])]
        return self.__dict__[name]
    def setProperty(self, name, value):
        self.__dict__[name] = value
    def connect(self, topic, callback):
        self.finished = callback
    def save_to_file(self, text, path):
        def write(rate, frames):
            with wave.open(path, "wb") as file:
                file.setnchannels(1), file.setsampwidth(2), file.setframerate(rate)
                file.writeframes(b"\\x00\\x20" * frames)
        if text == "a":  # the trial at the start
            write(8000, 800)
        else:
            self.fail(text, path, write)
    def runAndWait(self):
        self.finished(name="", completed=True)
    def fail(self, text, path, write):
        %s

def init():
    return Engine()
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Return a function that makes a synthesiser on a fake pyttsx3 which does `code`."""
    made = []

    def make(code):
        (tmp_path / "pyttsx3.py").write_text(FAKE % code)
        path = f"{tmp_path}{os.pathsep}{ROOT}"
        monkeypatch.setenv("PYTHONPATH", path)
        made.append(PyttsxSynthesiser(patience=60))
        return made[-1]

    yield make
    for voice in made:
        voice.close()


def test_a_child_that_hangs_is_killed_and_the_next_one_speaks(fake):
    voice = fake("time.sleep(600) if text == 'hang' else write(8000, 1600)")
    child, voice._patience = voice._child, 1.0
    with pytest.raises(AssistantError, match=r"^pyttsx3 hung: no sound within 1 s; it was killed"):
        list(voice.synthesise("hang", never))
    assert child.returncode is not None
    voice._patience = 60
    assert len(sound(voice, "go on")) == 1600


def test_a_child_that_ignores_every_polite_signal_is_killed_when_cancelled(fake):
    voice = fake("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")
    began = time.monotonic()
    child = voice._child
    cancelled = iter([False, False, False])
    assert list(voice.synthesise("hang", lambda: next(cancelled, True))) == []
    assert child.returncode is not None
    assert time.monotonic() - began < 60  # it did not wait for its patience to end


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("raise RuntimeError('no voice today')", "could not speak: RuntimeError: no voice today"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "could not speak: it wrote no sound"),
        ("pass", "could not speak: it wrote no sound"),
        ("open(path, 'w').write('rubbish')", "wrote a sound that cannot be read"),
        ("open(path, 'w').close()", "wrote a sound that cannot be read"),
        ("write(16000, 100)", "changed its rate from 8000 to 16000 Hz"),
    ],
)
def test_a_child_that_fails_is_an_error_in_one_sentence(fake, code, sentence):
    voice = fake(code)
    with pytest.raises(AssistantError, match=sentence) as caught:
        list(voice.synthesise("hello", never))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("pyttsx3 ")


def test_a_sound_that_came_out_silent_is_made_once_more(fake, tmp_path):
    # Seen on a busy machine: the first half of a long text was a file without samples.
    flag = tmp_path / "tried"
    code = f"write(8000, 1600 * os.path.exists({str(flag)!r})); open({str(flag)!r}, 'w').close()"
    assert len(sound(fake(code), "hello")) == 1600


def test_a_silent_sound_yields_nothing(fake):
    assert list(fake("write(8000, 0)").synthesise("hello", never)) == []


def test_a_pyttsx3_that_cannot_start_is_an_engine_that_is_missing(tmp_path, monkeypatch):
    (tmp_path / "pyttsx3.py").write_text("raise ImportError('no eSpeak here')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    with pytest.raises(EngineMissing, match=r"no eSpeak here.*apt install libespeak-ng1"):
        PyttsxSynthesiser()
