"""Error-rate tables: at which distance or score which share of strangers is accepted.

A table belongs to a combination: which crops are embedded, how many photographs a template is the mean of, how
many pictures a probe is, whether a cohort centres the comparison (centring.py). A mean lies nearer to everybody, so
that a table of one combination is wrong for another.

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
from centring import CrossFitted

RATES = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10]
LEAST_EVENTS = 30
CROPS = ("plain", "mirrored", "mirrored-template")
MOST = 3
DRAWS = 8
# Shares of the genuine comparisons whose distance or score a table tells.
SHARES = (0.5, 0.9, 0.95, 0.99)


@dataclass
class Table:
    """One combination. `genuine` pairs shares of the genuine comparisons with the value that accepts them."""

    cohort: str
    crops: str
    templates: int
    frames: int
    comparisons: int
    pairs_of_people: int
    tar: float
    fitted_below: float
    rates: list[tuple[float, float]]
    genuine: list[tuple[float, float]]


@dataclass
class Side:
    """Templates or probes: their vectors, whose they are, the photographs in them; what a cohort takes off, if any."""

    vectors: np.ndarray
    who: np.ndarray
    photographs: np.ndarray
    terms: np.ndarray | None


class Maker:
    """Makes sides out of photographs; what a cohort takes off single ones is found once. `by_angle`: means are of
    directions, and of unit length."""

    def __init__(
        self, groups: list[np.ndarray], vectors: np.ndarray, cohort: CrossFitted | None, by_angle: bool
    ) -> None:
        self.by_angle = by_angle
        self.vectors = directions(vectors) if by_angle else vectors
        self.cohort = cohort
        if cohort:
            who = np.empty(len(vectors), int)
            for person, group in enumerate(groups):
                who[group] = person
            self.single = cohort.terms(vectors, who)

    def side(self, of: list[tuple[int, np.ndarray]]) -> Side:
        """Means of photographs, given as (person, photographs)."""
        who, photographs = np.array([person for person, _ in of]), np.stack([rows for _, rows in of])
        vectors = self.vectors[photographs].mean(1)
        if self.by_angle:
            vectors = directions(vectors)
        terms = None
        if self.cohort:
            alone = photographs.shape[1] == 1
            terms = self.single[photographs[:, 0]] if alone else self.cohort.terms(vectors, who)
        return Side(vectors, who, photographs, terms)


@dataclass
class Comparisons:
    """What one combination gives: sorted distances or scores, and from how many pairs of people the former are.

    `centring` is the mean of what a cohort took off the impostor distances, 0 without one.
    """

    impostors: np.ndarray
    genuine: np.ndarray
    pairs: int
    centring: float


def directions(vectors: np.ndarray) -> np.ndarray:
    """The vectors, each of unit length."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def tables(
    people: np.ndarray, embeddings: np.ndarray, cohort: CrossFitted | None = None, by_angle: bool = False
) -> list[Table]:
    """Every combination that the photographs support. `embeddings` is (n, 2, numbers), `people` names each row."""
    if by_angle:
        embeddings = directions(embeddings)
    order = np.random.default_rng(1)
    groups = [np.flatnonzero(people == person) for person in np.unique(people)]
    found = []
    for crops in CROPS:
        as_template = embeddings[:, 0] if crops == "plain" else embeddings.mean(1)
        as_probe = embeddings.mean(1) if crops == "mirrored" else embeddings[:, 0]
        make = [Maker(groups, vectors, cohort, by_angle) for vectors in (as_template, as_probe)]
        for templates in range(1, MOST + 1):
            for frames in range(1, MOST + 1):
                rounds = list(_rounds(groups, templates, frames, order))
                of = _compare(rounds, *make, crops != "mirrored-template", cohort)
                found.append(_table(cohort.recipe.name if cohort else "none", crops, templates, frames, of))
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


def _compare(
    rounds: list[tuple[list[tuple[int, np.ndarray]], list[tuple[int, np.ndarray]]]],
    make_template: Maker,
    make_probe: Maker,
    alike: bool,
    cohort: CrossFitted | None,
) -> Comparisons:
    """Every comparison of the rounds.

    `alike`: templates and probes are made in the same way, so that with as many photographs in each the
    comparison of A with B is that of B with A.
    """
    impostors, genuine, centrings, pairs = [], [], [], 0
    for held, shown in rounds:
        template, probe = make_template.side(held), make_probe.side(shown)
        value = _every_distance(probe.vectors, template.vectors)
        once = alike and template.photographs.shape[1] == probe.photographs.shape[1]
        who, whose = probe.who[:, None], template.who[None]
        strangers = who < whose if once else who != whose
        if cohort:
            taken = cohort.centring(probe.terms, probe.who, template.terms, template.who)
            value -= taken
            centrings.append(taken[strangers].mean())
        impostors.append(value[strangers])
        shares = (probe.photographs[:, None, :, None] == template.photographs[None, :, None, :]).any((2, 3))
        genuine.append(value[(who == whose) & ~shares])
        pairs = _pairs_of_people(probe.who, template.who)
    centring = float(np.mean(centrings)) if cohort else 0.0
    return Comparisons(np.sort(np.concatenate(impostors)), np.sort(np.concatenate(genuine)), pairs, centring)


def _pairs_of_people(probes: np.ndarray, templates: np.ndarray) -> int:
    """How many pairs of different people are compared, in one order or both."""
    both = len(np.intersect1d(probes, templates))
    ordered = len(np.unique(probes)) * len(np.unique(templates)) - both
    return ordered - both * (both - 1) // 2


def _every_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squared, 0))


def _table(cohort: str, crops: str, templates: int, frames: int, of: Comparisons) -> Table:
    count = len(of.impostors)
    supported = LEAST_EVENTS / of.pairs
    fitted = tail.fit(of.impostors, 1 / of.pairs, LEAST_EVENTS, of.centring)
    rates, last = [], np.inf
    for rate in RATES:
        counted = float(of.impostors[max(int(np.ceil(rate * count)) - 1, 0)])
        last = min(last, counted if rate >= supported else fitted.value(rate))
        rates.append((rate, round(last, 4)))
    accepted = float((of.genuine <= dict(rates)[1e-4]).mean()) if len(of.genuine) else float("nan")
    genuine = [(share, round(float(np.quantile(of.genuine, share)), 4)) for share in SHARES if len(of.genuine)]
    below = min((rate for rate in RATES if rate >= supported), default=1.0)
    return Table(cohort, crops, templates, frames, count, of.pairs, accepted, below, rates, genuine)
