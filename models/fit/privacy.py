"""No vector of the cohort is somebody: it lies no nearer to a real face than strangers lie to each other.

Of every vector the distance to the nearest photograph, against that of every photograph to the nearest one of
another person, quantile by quantile from 1 % up. Below, the collection has the same person under two names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mixture import squared_distances

QUANTILES = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass
class Nearness:
    """Distance to the nearest photograph at each of `QUANTILES`."""

    cohort: np.ndarray
    strangers: np.ndarray

    def is_nobody(self) -> bool:
        """Whether the cohort keeps the distance of strangers everywhere."""
        return bool((self.cohort >= self.strangers).all())


def nearness(cohort: np.ndarray, people: np.ndarray, faces: np.ndarray) -> Nearness:
    """Of a cohort (vectors, dimensions) to the faces (n, dimensions), of which `people` names the persons."""
    strangers = []
    for own, face in zip(people, faces, strict=True):
        others = faces[people != own]
        strangers.append(((others - face) ** 2).sum(1).min())
    nearest = squared_distances(cohort, faces).min(1)
    at = [np.quantile(np.sqrt(values), QUANTILES) for values in (nearest, np.array(strangers))]
    return Nearness(*at)
