"""How well embeddings tell people apart: one image against one image, all pairs and the pairs of a list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from centring import CrossFitted

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
FOLDS = 10


@dataclass
class Figures:
    """One network with one kind of crop, distances or scores."""

    model: str
    cohort: str
    crops: str
    genuine: int
    impostors: int
    tar: dict[float, float]
    distance: dict[float, float]
    eer: float
    pairs: int
    accuracy: float
    accuracy_best: float
    threshold_best: float


def figures(
    model: str,
    crops: str,
    people: np.ndarray,
    names: np.ndarray,
    vectors: np.ndarray,
    pairs: Path,
    cohort: CrossFitted | None = None,
) -> Figures:
    """Everything measured for one set of embeddings (n, 128)."""
    values = every_distance(vectors)
    if cohort:
        _, who = np.unique(people, return_inverse=True)
        terms = cohort.terms(vectors, who)
        values -= cohort.centring(terms, who, terms, who)
    genuine, impostors = _split(people, values)
    distances, same = _listed(pairs, names, values)
    best, threshold = _best_threshold(distances, same)
    return Figures(
        model, cohort.recipe.name if cohort else "none", crops, len(genuine), len(impostors),
        {far: tar_at(far, genuine, impostors) for far in RATES},
        {far: _distance_at(far, impostors) for far in RATES},
        _equal_error(genuine, impostors), len(distances), _folded(distances, same), best, threshold,
    )


def all_pairs(people: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances of every genuine and every impostor pair, each sorted."""
    return _split(people, every_distance(vectors))


def every_distance(vectors: np.ndarray) -> np.ndarray:
    """Of every row from every row."""
    squared = (vectors**2).sum(1)
    return np.sqrt(np.maximum(squared[:, None] + squared[None] - 2 * vectors @ vectors.T, 0))


def _split(people: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    above = np.triu(np.ones(values.shape, bool), 1)
    same = people[:, None] == people[None]
    return np.sort(values[above & same]), np.sort(values[above & ~same])


def tar_at(far: float, genuine: np.ndarray, impostors: np.ndarray) -> float:
    """Share of genuine pairs accepted where a share `far` of the impostors is."""
    return float(np.searchsorted(genuine, _distance_at(far, impostors), "right") / len(genuine))


def _distance_at(far: float, impostors: np.ndarray) -> float:
    return float(impostors[max(int(np.ceil(far * len(impostors))) - 1, 0)])


def _equal_error(genuine: np.ndarray, impostors: np.ndarray) -> float:
    accepted = np.arange(1, len(genuine) + 1) / len(genuine)
    false = np.searchsorted(impostors, genuine, "right") / len(impostors)
    nearest = int(np.abs(1 - accepted - false).argmin())
    return float((1 - accepted[nearest] + false[nearest]) / 2)


def _listed(path: Path, names: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances or scores of the listed pairs of which both faces were found, and whether they are the same person."""
    rows = {Path(str(name)).stem: row for row, name in enumerate(names)}
    distances, same = [], []
    for line in path.read_text("utf-8").splitlines()[1:]:
        words = line.split()
        if len(words) not in (3, 4):
            continue
        first = rows.get(f"{words[0]}_{int(words[1]):04}")
        second = rows.get(f"{words[-2] if len(words) == 4 else words[0]}_{int(words[-1]):04}")
        if first is not None and second is not None:
            distances.append(float(values[first, second]))
            same.append(len(words) == 3)
    return np.array(distances), np.array(same)


def _best_threshold(distances: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    order = np.argsort(distances)
    right = np.cumsum(same[order]) + (~same).sum() - np.cumsum(~same[order])
    best = int(right.argmax())
    return float(right[best] / len(distances)), float(distances[order][best])


def _folded(distances: np.ndarray, same: np.ndarray) -> float:
    """Accuracy on each tenth of the pairs at the threshold that is best on the others."""
    fold = np.zeros(len(distances), int)
    for kind in (same, ~same):
        fold[kind] = np.arange(kind.sum()) * FOLDS // kind.sum()
    rates = []
    for index in range(FOLDS):
        here = fold == index
        _, threshold = _best_threshold(distances[~here], same[~here])
        rates.append(float(((distances[here] <= threshold) == same[here]).mean()))
    return float(np.mean(rates))
