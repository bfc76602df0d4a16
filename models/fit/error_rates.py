"""Error-rate tables: at which distance which share of strangers is accepted.

A table belongs to a combination: which crops are embedded, how many photographs a template is the mean of, how
many pictures a probe is. A mean lies nearer to everybody, so that a table of one combination is wrong for
another.

Single photographs are all compared with one another. Means are made of photographs drawn at random, several
times, so that each takes part. Either way the same two people are compared more than once, which adds less than
its number: a pair of people counts as one event, and where fewer than `LEAST_EVENTS` of those lie below a
distance, the distance comes from a fitted tail (tail.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tail

RATES = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8]
LEAST_EVENTS = 30
CROPS = ("plain", "mirrored", "mirrored-template")
MOST = 3
DRAWS = 8


@dataclass
class Table:
    """One combination."""

    crops: str
    templates: int
    frames: int
    comparisons: int
    pairs_of_people: int
    tar: float
    fitted_below: float
    rates: list[tuple[float, float]]


@dataclass
class Side:
    """Templates or probes: their vectors, whose they are, and the photographs in them."""

    vectors: np.ndarray
    who: np.ndarray
    photographs: np.ndarray


def tables(people: np.ndarray, embeddings: np.ndarray) -> list[Table]:
    """Every combination that the photographs support. `embeddings` is (n, 2, 128), `people` names each row."""
    order = np.random.default_rng(1)
    groups = [np.flatnonzero(people == person) for person in np.unique(people)]
    found = []
    for crops in CROPS:
        as_template = embeddings[:, 0] if crops == "plain" else embeddings.mean(1)
        as_probe = embeddings.mean(1) if crops == "mirrored" else embeddings[:, 0]
        for templates in range(1, MOST + 1):
            for frames in range(1, MOST + 1):
                rounds = list(_rounds(groups, templates, frames, order))
                impostors, genuine, pairs = _distances(rounds, as_template, as_probe, crops != "mirrored-template")
                found.append(_table(crops, templates, frames, impostors, genuine, pairs))
    return found


def _rounds(
    groups: list[np.ndarray], templates: int, frames: int, order: np.random.Generator
) -> Iterator[tuple[list[tuple[int, np.ndarray]], list[tuple[int, np.ndarray]]]]:
    """Templates and probes as (person, photographs): once for single photographs, else once a draw."""
    if templates == frames == 1:
        every = [(person, group[k : k + 1]) for person, group in enumerate(groups) for k in range(len(group))]
        yield every, every
        return
    for _ in range(DRAWS):
        drawn = [order.permutation(group) for group in groups]
        held = [(person, group[:templates]) for person, group in enumerate(drawn) if len(group) >= templates]
        shown = [(person, group[-frames:]) for person, group in enumerate(drawn) if len(group) >= frames]
        yield held, shown


def _distances(
    rounds: list[tuple[list[tuple[int, np.ndarray]], list[tuple[int, np.ndarray]]]],
    as_template: np.ndarray,
    as_probe: np.ndarray,
    alike: bool,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Sorted impostor distances, genuine distances, and how many pairs of people the former compare.

    `alike`: templates and probes are made in the same way, so that with as many photographs in each the
    comparison of A with B is that of B with A.
    """
    impostors, genuine, pairs = [], [], 0
    for held, shown in rounds:
        template, probe = _side(held, as_template), _side(shown, as_probe)
        distance = _every_distance(probe.vectors, template.vectors)
        once = alike and template.photographs.shape[1] == probe.photographs.shape[1]
        who, whose = probe.who[:, None], template.who[None]
        impostors.append(distance[who < whose] if once else distance[who != whose])
        shares = (probe.photographs[:, None, :, None] == template.photographs[None, :, None, :]).any((2, 3))
        genuine.append(distance[(who == whose) & ~shares])
        pairs = _pairs_of_people(probe.who, template.who)
    return np.sort(np.concatenate(impostors)), np.concatenate(genuine), pairs


def _side(of: list[tuple[int, np.ndarray]], vectors: np.ndarray) -> Side:
    photographs = np.stack([rows for _, rows in of])
    return Side(vectors[photographs].mean(1), np.array([person for person, _ in of]), photographs)


def _pairs_of_people(probes: np.ndarray, templates: np.ndarray) -> int:
    """How many pairs of different people are compared, in one order or both."""
    both = len(np.intersect1d(probes, templates))
    ordered = len(np.unique(probes)) * len(np.unique(templates)) - both
    return ordered - both * (both - 1) // 2


def _every_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squared, 0))


def _table(
    crops: str, templates: int, frames: int, impostors: np.ndarray, genuine: np.ndarray, pairs: int
) -> Table:
    count = len(impostors)
    supported = LEAST_EVENTS / pairs
    fitted = tail.fit(impostors, 1 / pairs, LEAST_EVENTS)
    rates, last = [], np.inf
    for rate in RATES:
        counted = float(impostors[max(int(np.ceil(rate * count)) - 1, 0)])
        last = min(last, counted if rate >= supported else fitted.distance(rate))
        rates.append((rate, round(last, 4)))
    accepted = float((genuine <= dict(rates)[1e-4]).mean()) if len(genuine) else float("nan")
    below = min((rate for rate in RATES if rate >= supported), default=1.0)
    return Table(crops, templates, frames, count, pairs, accepted, below, rates)
