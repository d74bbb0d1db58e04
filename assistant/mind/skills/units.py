"""Units, and how much of one another is."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what it measures, how much of the base unit it is, and how it is said."""

    kind: str
    factor: Fraction
    name: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """A question for one quantity in another unit."""

    amount: Fraction
    source: Unit
    target: Unit

    def result(self) -> Fraction:
        """Return how many of the target unit the amount is."""
        if self.source.kind == "temperature":
            return _temperature(self.amount, self.source.factor, self.target.factor)
        return self.amount * self.source.factor / self.target.factor


def _temperature(amount: Fraction, source: Fraction, target: Fraction) -> Fraction:
    """Put degrees Celsius (1), Fahrenheit (2) or kelvins (others) into each other."""
    zero = Fraction("273.15")
    kelvin = {1: amount + zero, 2: (amount - 32) * Fraction(5, 9) + zero}.get(int(source), amount)
    return {1: kelvin - zero, 2: (kelvin - zero) * Fraction(9, 5) + 32}.get(int(target), kelvin)
