"""A source of answers meets the model, and learns when nobody waits any more for its answer.

The model is a fake, and so is the source; the thinker is the real one.
"""

from test_thinker import Stage, until

from assistant.events import LAST_TAKE, Key
from assistant.mind.known import Known, Source


class FakeSource(Source):
    """Answers when it is told to, unless it is dropped before."""

    def __init__(self):
        self.model = self.dropped = None
        self.states = []

    def meet(self, model, dropped):
        self.model, self.dropped = model, dropped
        self.states.append(dropped())

    def known(self, text):
        self.states.append(self.dropped())
        if text == "wait":
            until(self.dropped)
            return None
        return Known("Known.")


def test_a_source_meets_the_model_before_the_first_question_and_learns_of_dropped_takes():
    source = FakeSource()
    stage = Stage(make_sources=lambda: [source]).load()
    try:
        stage.thinker.think(Key(1, 0), "wait", secret=True)
        until(lambda: len(source.states) == 2)
        stage.thinker.cancel(Key(1, 0))
        stage.thinker.think(Key(1, 1), "say")
        until(lambda: any(what[:2] == ("end", 1) for what in stage.told))
        stage.thinker.cancel(Key(1, LAST_TAKE))
        assert source.model._inner is stage.model  # what makes it anew when it fails stands before
        assert source.states == [False, False, False]  # while it was met, and at each question
        assert source.dropped()
    finally:
        stage.thinker.stop()
