"""Scores: distances corrected for crowded regions of the embedding space, where strangers lie close together.

    score = distance - (term of the probe + term of the template) / 2

The term of a vector is its mean distance to its `nearest` nearest vectors of a cohort.

A cohort knows the people to whom its mixture was fitted. To measure what it does for strangers, people are dealt
into `FOLDS` folds, and a comparison is centred by a cohort that was fitted to neither of the two folds it is between.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from cohort import Recipe, quantised
from mixture import COMPONENTS, fit, squared_distances

FOLDS = 4
ROWS = 500


@dataclass
class CrossFitted:
    """Cohorts for every two folds, fitted to the people of the others."""

    recipe: Recipe
    fold: np.ndarray
    cohorts: dict[tuple[int, int], np.ndarray]

    def terms(self, vectors: np.ndarray, who: np.ndarray) -> np.ndarray:
        """For every vector its term against each other fold: (n, FOLDS)."""
        found = np.empty((len(vectors), FOLDS), np.float32)
        for (one, other), cohort in self.cohorts.items():
            for own, against in {(one, other), (other, one)}:
                rows = self.fold[who] == own
                found[rows, against] = terms(vectors[rows], cohort, self.recipe.nearest)
        return found

    def centring(self, probes: np.ndarray, who: np.ndarray, templates: np.ndarray, whose: np.ndarray) -> np.ndarray:
        """What is taken off every distance, (probes, templates), from the terms of both sides and whose they are."""
        return (probes[:, self.fold[whose]] + templates[:, self.fold[who]].T) / 2


def cross_fitted(people: np.ndarray, vectors: np.ndarray, recipe: Recipe, seed: int = 1) -> CrossFitted:
    """`people` numbers the person of each row of `vectors` from 0."""
    fold = np.random.default_rng(seed).permutation(people.max() + 1) % FOLDS
    cohorts = {}
    for pair in combinations_with_replacement(range(FOLDS), 2):
        rows = ~np.isin(fold[people], pair)
        drawn = fit(vectors[rows].astype(float), COMPONENTS, recipe.seed).draw(recipe.vectors, recipe.seed)
        cohorts[pair] = quantised(drawn, recipe.scale) * np.float32(recipe.scale)
    return CrossFitted(recipe, fold, cohorts)


def terms(vectors: np.ndarray, cohort: np.ndarray, nearest: int) -> np.ndarray:
    """Mean distance of each vector to its nearest of the cohort."""
    found = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), ROWS):
        rows = slice(start, start + ROWS)
        squared = squared_distances(vectors[rows], cohort)
        found[rows] = np.sqrt(np.partition(squared, nearest - 1, 1)[:, :nearest]).mean(1)
    return found
