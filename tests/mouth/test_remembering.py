import numpy as np

from assistant.mouth import remembering
from assistant.mouth.remembering import Remembering
from assistant.mouth.synthesiser import Sound


class Counting:
    """A fake voice: the length of its sound is that of the text."""

    name, rate, speed = "fake", 16000, 1.0

    def __init__(self):
        self.said = []
        self.closed = False

    def synthesise(self, text, cancelled):
        self.said.append(text)
        for word in text.split():
            if cancelled():
                return
            yield Sound(np.full(len(word) * 10, 7, np.int16), ((0, 0),))

    def close(self):
        self.closed = True


def never():
    return False


def test_a_short_text_is_made_once_and_sounds_the_same():
    voice = Counting()
    it = Remembering(voice)
    first = list(it.synthesise("good morning", never))
    assert list(it.synthesise("good morning", never)) == first
    assert voice.said == ["good morning"]
    assert (it.name, it.rate) == ("fake", 16000)


def test_a_long_text_and_one_that_was_cancelled_are_not_kept():
    voice = Counting()
    it = Remembering(voice)
    for _ in range(2):
        list(it.synthesise("word " * 40, never))
        list(it.synthesise("stop", lambda: True))
    assert len(voice.said) == 4


def test_at_another_speed_it_is_another_sound():
    voice = Counting()
    it = Remembering(voice)
    for speed in (1.0, 1.2, 1.0):
        voice.speed = speed
        list(it.synthesise("good morning", never))
    assert voice.said == ["good morning"] * 2


def test_half_a_text_that_nobody_waited_for_is_not_kept():
    voice = Counting()
    it = Remembering(voice)
    next(it.synthesise("one two", never))
    assert len(list(it.synthesise("one two", never))) == 2


def test_what_was_not_used_longest_makes_room(monkeypatch):
    monkeypatch.setattr(remembering, "ROOM", 150)
    voice = Counting()
    it = Remembering(voice)
    for text in ("aaa", "bbb", "aaa", "ccc", "aaa"):
        list(it.synthesise(text, never))
    assert voice.said == ["aaa", "bbb", "ccc"]
    list(it.synthesise("bbb", never))
    assert voice.said[-1] == "bbb"


def test_closing_frees_the_voice():
    voice = Counting()
    Remembering(voice).close()
    assert voice.closed
