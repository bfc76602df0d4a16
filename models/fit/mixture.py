"""Fits a mixture of Gaussians with diagonal covariance by expectation and maximisation.

Means start as k-means does, with k-means++ for its own start. A component's variances are drawn towards those
that all components have in common, as if it had `SHRINKAGE` faces more: no component may close in on a few people.
"""

from __future__ import annotations

import numpy as np
from cohort import Mixture

COMPONENTS = 64
SHRINKAGE = 20
KMEANS_ROUNDS = 15
ROUNDS = 60


def fit(faces: np.ndarray, components: int, seed: int) -> Mixture:
    """The mixture for `faces` (n, dimensions)."""
    order = np.random.default_rng(seed)
    share = np.eye(components)[_clusters(faces, components, order)]
    for _ in range(ROUNDS):
        mixture = _maximised(faces, share)
        share = _shares(faces, mixture)
    return mixture


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of every row of `a` from every row of `b`."""
    return np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 0)


def _clusters(faces: np.ndarray, components: int, order: np.random.Generator) -> np.ndarray:
    centres = faces[order.integers(len(faces))][None]
    while len(centres) < components:
        away = squared_distances(faces, centres).min(1)
        centres = np.vstack([centres, faces[order.choice(len(faces), p=away / away.sum())]])
    for _ in range(KMEANS_ROUNDS):
        nearest = squared_distances(faces, centres).argmin(1)
        for component in np.unique(nearest):
            centres[component] = faces[nearest == component].mean(0)
    return nearest


def _maximised(faces: np.ndarray, share: np.ndarray) -> Mixture:
    weight = share.sum(0)[:, None] + 1e-9
    means = share.T @ faces / weight
    scatter = np.maximum(share.T @ faces**2 - weight * means**2, 0)
    common = scatter.sum(0) / len(faces)
    variances = (scatter + SHRINKAGE * common) / (weight + SHRINKAGE)
    return Mixture(weight[:, 0] / len(faces), means, np.sqrt(variances))


def _shares(faces: np.ndarray, mixture: Mixture) -> np.ndarray:
    """How much of each face belongs to each component."""
    precision = mixture.deviations**-2
    away = faces**2 @ precision.T - 2 * faces @ (mixture.means * precision).T + (mixture.means**2 * precision).sum(1)
    log = np.log(mixture.weights) - np.log(mixture.deviations).sum(1) - away / 2
    likelihood = np.exp(log - log.max(1, keepdims=True))
    return likelihood / likelihood.sum(1, keepdims=True)
