"""The part of an error-rate table that is too rare to count.

Few strangers lie at a small distance d, and in a space of many dimensions their share falls with a power of it:
log rate = level + exponent * log d. Counted parts of the tables follow that closely (exponents of 15 to 22). The
line is fitted to the lowest two decades that are counted well, and then moved so that no counted point is above
it, down to the `FEWEST` lowest comparisons. Those are too few to fit to, and many are no strangers at all but one
photograph or one person under two names, or siblings: heeding them keeps the tail on the safe side.

A score is a distance less what a cohort took off. The mean of that added, it is a distance that follows the same law.

Checked by fitting to a random tenth, fifth and third of the people and comparing with what all of them count:
see ../README.md, also for how far down it may be believed. A straight line of log rate over d itself asks for
distances that are smaller by 0.02 to 0.05 there, and by far more further down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DECADES = 2
POINTS = 40
FEWEST = 8


@dataclass
class Tail:
    """A straight line of log rate over log distance, where distance is score + centring."""

    exponent: float
    level: float
    centring: float

    def value(self, rate: float) -> float:
        """The distance or score at which the line has this rate."""
        return float(np.exp((np.log(rate) - self.level) / self.exponent)) - self.centring


def fit(impostors: np.ndarray, event: float, events: int, centring: float = 0.0) -> Tail:
    """The tail of sorted distances or scores below the rate of `events` events; `event` is the rate of one."""
    lowest = event * events
    distance, rate = _points(impostors + centring, lowest, min(lowest * 10**DECADES, 1.0))
    exponent, level = np.polyfit(distance, rate, 1)
    distance, rate = _points(impostors + centring, event * FEWEST, min(lowest * 10**DECADES, 1.0))
    above = rate - (exponent * distance + level)
    return Tail(float(exponent), float(level + max(above.max(), 0.0)), centring)


def _points(impostors: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Log distance and log rate of counted points between two rates."""
    count = len(impostors)
    ranks = np.unique(np.ceil(np.geomspace(low * count, high * count, POINTS)).astype(int))
    return np.log(impostors[ranks - 1]), np.log(ranks / count)
