"""What skills may change of the assistant; the daemon here is a fake that writes it down."""

from types import SimpleNamespace

import pytest

from assistant import __version__
from assistant.config import parse
from assistant.controls import NO_SERVICE, NOT_INSTALLED, Controls
from assistant.errors import AssistantError, BadInput
from assistant.events import Dismissed


class FakeDaemon(SimpleNamespace):
    def __init__(self, **remote):
        super().__init__(
            config=parse({"remote": remote, "speech": {"volume": 0.4}}, "test"),
            volume=0.4,
            rate=1.0,
            model_name="tiny",
            last_said="Hello.",
            told=[],
            wish=None,
        )
        self.set_volume = lambda volume: self.told.append(("volume", volume))
        self.set_rate = lambda rate: self.told.append(("rate", rate))
        self.mute = lambda muted: self.told.append(("mute", muted))
        self.post = lambda event: self.told.append(event)


@pytest.mark.parametrize(("level", "volume"), [(30, 0.3), (0, 0.0), (250, 1.0), (-5, 0.0)])
def test_a_volume_is_heard_at_once_and_kept(level, volume):
    daemon, wishes = FakeDaemon(), []
    controls = Controls(daemon)
    controls.volume(level)
    daemon.wish = wishes.append
    controls.volume(level)
    assert daemon.told == [("volume", volume)] * 2
    assert wishes == [{"volume": volume}]


@pytest.mark.parametrize(
    ("now", "factor", "rate"),
    [(1.0, 1.2, 1.2), (1.2, 1 / 1.2, 1.0), (0.83, 1.2, 1.0), (1.9, 1.2, 2.0), (0.5, 0.5, 0.5)],
)
def test_a_speed_holds_at_once_within_limits_and_is_kept(now, factor, rate):
    daemon, wishes = FakeDaemon(), []
    daemon.rate, daemon.wish = now, wishes.append
    Controls(daemon).rate(factor)
    assert daemon.told == [("rate", rate)]
    assert wishes == [{"rate": rate}]


def test_the_rest_is_handed_on():
    daemon = FakeDaemon(endpoint="http://192.168.1.20:8000/v1")
    controls = Controls(daemon)
    assert controls.volume_now() == 40
    controls.rate(1.2)
    controls.mute(True)
    controls.sleep()
    assert daemon.told == [("rate", 1.2), ("mute", True), Dismissed()]
    assert controls.last_answer() == "Hello."
    status = controls.status()
    assert float(status.pop("up_s")) >= 0
    assert status == {"version": __version__, "model": "tiny", "remote": "192.168.1.20"}


def test_another_language_is_wished_for_and_the_talk_ends():
    daemon, wishes = FakeDaemon(), []
    daemon.wish = wishes.append
    controls = Controls(daemon)
    controls.language("en")
    assert (wishes, daemon.told) == ([], [])
    controls.language("zh")
    assert (wishes, daemon.told) == ([{"language": "zh"}], [Dismissed()])


def test_a_language_that_cannot_be_is_one_sentence():
    daemon = FakeDaemon()
    controls = Controls(daemon)
    with pytest.raises(AssistantError, match=NO_SERVICE["en"]):
        controls.language("zh")

    def refuses(change):
        raise BadInput("the models for `zh` are not installed.")

    daemon.wish = refuses
    with pytest.raises(AssistantError, match=NOT_INSTALLED["en"]):
        controls.language("zh")
    assert daemon.told == []
