"""What int8 costs with a cohort: each network with its own, fitted to one half of the people and judged on the other.

Both halves of `SPLITS` random splits are judged. One photograph against one photograph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from centring import terms
from cohort import Recipe, quantised
from mixture import COMPONENTS, fit, squared_distances
from verification import tar_at

SPLITS = 4
RATES = (1e-4, 1e-5)


@dataclass
class Half:
    """TAR at `RATES` on one half: {(network, crops): [without a cohort, with one]}."""

    tar: dict[tuple[str, str], list[list[float]]]


def judge(people: np.ndarray, networks: dict[str, np.ndarray], recipe: Recipe) -> list[Half]:
    """`people` numbers the rows from 0; a network's embeddings are (n, 2, 128)."""
    halves = []
    for split in range(SPLITS):
        first = np.random.default_rng(split).permutation(people.max() + 1)[people] % 2 == 0
        halves += [_half(people, networks, recipe, fitted) for fitted in (first, ~first)]
    return halves


def _half(people: np.ndarray, networks: dict[str, np.ndarray], recipe: Recipe, fitted: np.ndarray) -> Half:
    tar, who = {}, people[~fitted]
    above = np.triu(np.ones((len(who), len(who)), bool), 1)
    same = who[:, None] == who[None]
    for name, both in networks.items():
        drawn = fit(both[fitted].mean(1).astype(float), COMPONENTS, recipe.seed).draw(recipe.vectors, recipe.seed)
        cohort = quantised(drawn, recipe.scale) * np.float32(recipe.scale)
        for crops, vectors in (("plain", both[~fitted, 0]), ("mirrored", both[~fitted].mean(1))):
            distance = np.sqrt(squared_distances(vectors, vectors))
            term = terms(vectors, cohort, recipe.nearest)
            ways = (distance, distance - (term[:, None] + term[None]) / 2)
            sides = [(np.sort(way[above & same]), np.sort(way[above & ~same])) for way in ways]
            tar[name, crops] = [[tar_at(rate, *side) for rate in RATES] for side in sides]
    return Half(tar)
