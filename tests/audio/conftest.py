"""Makes `tests/soundcard.py` importable, and one card for all tests of this folder."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from soundcard import SoundCard


@pytest.fixture(scope="session")
def shared_card() -> Iterator[SoundCard]:
    with SoundCard() as card:
        yield card


@pytest.fixture
def card(shared_card: SoundCard) -> Iterator[SoundCard]:
    """The card, seen by this process; for tests that leave it whole."""
    with shared_card.adopted():
        yield shared_card


@pytest.fixture
def fragile_card() -> Iterator[SoundCard]:
    """A card of the test's own, to be broken; seen by child processes only."""
    with SoundCard() as card:
        yield card
