"""Two networks in one embedding: how much say each has, and what that gives.

The embeddings stand one behind the other, each times a factor: that of the int8 network as it is, that of MobileFaceNet
with unit length. Only the ratio of the factors decides who is accepted. On one half of the people it is chosen by TAR,
on the other judged; the ratio that ships is chosen on all. Then both factors are scaled until strangers are as far apart
as unit vectors are, root mean square, which moves no decision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from error_rates import directions
from networks import EMBEDDING_INT8, MOBILEFACENET

NAME = "fused"
RATIOS = np.round(np.geomspace(0.4, 2.0, 15), 3)
SPLITS = 4
RATES = (1e-4, 1e-5)


@dataclass
class Chosen:
    """The factors; TAR at `RATES` of each network alone and of both, on people who did not choose the ratio."""

    factors: tuple[float, float]
    tar: dict[str, list[float]]

    def join(self, by_int8: np.ndarray, by_mobilefacenet: np.ndarray) -> np.ndarray:
        """The embeddings of both networks (..., numbers) as one."""
        of_int8, of_mobilefacenet = self.factors
        return np.concatenate([of_int8 * by_int8, of_mobilefacenet * directions(by_mobilefacenet)], -1)


def choose(people: np.ndarray, by_int8: np.ndarray, by_mobilefacenet: np.ndarray) -> Chosen:
    """`people` numbers the rows from 0; embeddings are (n, 2, numbers), of mirrored crops their means are compared."""
    squares = [_squares(by_int8.mean(1)), _squares(directions(by_mobilefacenet).mean(1))]
    judged: dict[str, list[list[float]]] = {EMBEDDING_INT8.name: [], MOBILEFACENET.name: [], NAME: []}
    for split in range(SPLITS):
        first = np.random.default_rng(split).permutation(people.max() + 1)[people] % 2 == 0
        for chosen_on in (first, ~first):
            ratio = _best(people, squares, chosen_on)
            for name, (one, other) in zip(judged, ((1, 0), (0, 1), (1, ratio)), strict=True):
                judged[name].append(_tar(people, squares, ~chosen_on, one, other))
    ratio = _best(people, squares, np.ones(len(people), bool))
    strangers = people[:, None] != people[None]
    length = np.sqrt(2 / (squares[0][strangers].mean() + ratio**2 * squares[1][strangers].mean()))
    factors = (round(float(length), 2), round(float(length * ratio), 2))
    return Chosen(factors, {name: np.mean(halves, 0).tolist() for name, halves in judged.items()})


def _best(people: np.ndarray, squares: list[np.ndarray], rows: np.ndarray) -> float:
    return float(max(RATIOS, key=lambda ratio: sum(_tar(people, squares, rows, 1, ratio))))


def _tar(people: np.ndarray, squares: list[np.ndarray], rows: np.ndarray, one: float, other: float) -> list[float]:
    who, among = people[rows], np.ix_(rows, rows)
    value = one**2 * squares[0][among] + other**2 * squares[1][among]
    above = np.triu(np.ones(value.shape, bool), 1)
    same = who[:, None] == who[None]
    genuine, impostors = np.sort(value[above & same]), value[above & ~same]
    # Sorted as far as the rates need it.
    deepest = int(np.ceil(max(RATES) * len(impostors)))
    lowest = np.sort(np.partition(impostors, deepest)[: deepest + 1])
    thresholds = [lowest[max(int(np.ceil(rate * len(impostors))) - 1, 0)] for rate in RATES]
    return [float(np.searchsorted(genuine, threshold, "right") / len(genuine)) for threshold in thresholds]


def _squares(vectors: np.ndarray) -> np.ndarray:
    length = (vectors**2).sum(1)
    return np.maximum(length[:, None] + length[None] - 2 * vectors @ vectors.T, 0)
