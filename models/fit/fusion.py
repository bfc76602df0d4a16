"""What several looks at a face give: the mean of their embeddings against a vote of their decisions, and a second look
with the mirrored crop where a decision is close. With the cohort, templates of mirrored embeddings; photographs of
different days stand for frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from centring import CrossFitted
from mixture import squared_distances

DRAWS = 6
RATES = (1e-3, 1e-4, 1e-5)
# Photographs in a template and frames in a probe.
SIZES = ((1, 2), (1, 3), (2, 2))
# How far from the threshold a decision is close.
MARGINS = (0.01, 0.02, 0.03, 0.05)
LOOKS = ((2, 1), (2, 2))
LOOK_RATES = (1e-4, 1e-5)


@dataclass
class Fused:
    """TAR at `RATES` of one way to make a decision out of frames."""

    way: str
    crops: str
    templates: int
    frames: int
    genuine: int
    impostors: int
    tar: list[float]


@dataclass
class Look:
    """A second look within `margin` of the threshold. `tar` and `far` are of both, `asked` the share that gets it."""

    frames: int
    rate: float
    margin: float
    tar_first: float
    tar: float
    far: float
    asked_genuine: float
    asked_impostor: float


class Measure:
    """Draws templates and probes and compares them."""

    def __init__(self, people: np.ndarray, embeddings: np.ndarray, cohort: CrossFitted) -> None:
        self.people = people
        self.cohort = cohort
        self.crops = {"mirrored-template": embeddings[:, 0], "mirrored": embeddings.mean(1)}

    def fused(self) -> list[Fused]:
        """The mean of embeddings, the mean of scores, every vote, and a single frame."""
        found = []
        for templates, frames in SIZES:
            for crops, vectors in self.crops.items():
                rounds = [self._ways(vectors, held, shown) for held, shown in self._draws(templates, frames)]
                for way in rounds[0]:
                    genuine, impostors = (np.concatenate([one[way][side] for one in rounds]) for side in (0, 1))
                    impostors = np.sort(impostors)
                    tar = [float((genuine <= _at(impostors, rate)).mean()) for rate in RATES]
                    found.append(Fused(way, crops, templates, frames, len(genuine), len(impostors), tar))
        return found

    def looks(self) -> list[Look]:
        """The second look, for each rate and margin; both thresholds are those of the rate."""
        found = []
        for templates, frames in LOOKS:
            sides = [
                [self._sides(vectors[shown].mean(1), held, shown) for vectors in self.crops.values()]
                for held, shown in self._draws(templates, frames)
            ]
            genuine, impostors = (
                [np.concatenate([one[crops][side] for one in sides]) for crops in (0, 1)] for side in (0, 1)
            )
            for rate in LOOK_RATES:
                thresholds = [_at(np.sort(values), rate) for values in impostors]
                found += [_look(frames, rate, margin, thresholds, genuine, impostors) for margin in MARGINS]
        return found

    def _draws(self, templates: int, frames: int) -> list[tuple[np.ndarray, np.ndarray]]:
        order = np.random.default_rng(3)
        groups = [np.flatnonzero(self.people == person) for person in range(self.people.max() + 1)]
        draws = []
        for _ in range(DRAWS):
            drawn = [order.permutation(group) for group in groups]
            held = np.array([group[:templates] for group in drawn if len(group) >= templates])
            shown = np.array([group[-frames:] for group in drawn if len(group) >= frames])
            draws.append((held, shown))
        return draws

    def _ways(
        self, vectors: np.ndarray, held: np.ndarray, shown: np.ndarray
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        frames = shown.shape[1]
        single = [self._sides(vectors[shown[:, k]], held, shown) for k in range(frames)]
        genuine, impostors = (np.sort(np.stack([one[side] for one in single]), 0) for side in (0, 1))
        ways = {"one frame": single[0], "mean embedding": self._sides(vectors[shown].mean(1), held, shown)}
        ways["mean score"] = (genuine.mean(0), impostors.mean(0))
        ways |= {f"{k + 1} of {frames}": (genuine[k], impostors[k]) for k in range(frames)}
        return ways

    def _sides(self, probes: np.ndarray, held: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores of genuine comparisons, template and probe of different photographs, and of impostors."""
        templates = self.crops["mirrored"][held].mean(1)
        who, whose = self.people[shown[:, 0]], self.people[held[:, 0]]
        score = np.sqrt(squared_distances(probes, templates))
        score -= self.cohort.centring(
            self.cohort.terms(probes, who), who, self.cohort.terms(templates, whose), whose
        )
        same = who[:, None] == whose[None]
        enough = np.bincount(self.people)[who] >= held.shape[1] + shown.shape[1]
        return score[same & enough[:, None]], score[~same]


def _look(
    frames: int,
    rate: float,
    margin: float,
    thresholds: list[float],
    genuine: list[np.ndarray],
    impostors: list[np.ndarray],
) -> Look:
    """Scores and thresholds are those of the first look and of the second."""

    def accepted(first: np.ndarray, second: np.ndarray) -> float:
        at_once = first < thresholds[0] - margin
        return float((at_once | ((first <= thresholds[0] + margin) & (second <= thresholds[1]))).mean())

    def asked(first: np.ndarray) -> float:
        return float((np.abs(first - thresholds[0]) <= margin).mean())

    alone = float((genuine[0] <= thresholds[0]).mean())
    return Look(
        frames, rate, margin, alone, accepted(*genuine), accepted(*impostors), asked(genuine[0]), asked(impostors[0])
    )


def _at(impostors: np.ndarray, rate: float) -> float:
    return float(impostors[max(int(np.ceil(rate * len(impostors))) - 1, 0)])
