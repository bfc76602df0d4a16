"""Recognition against a gallery: a template of two photographs a person, probes of one photograph or of two.

People with enough photographs are enrolled; which photographs, is drawn `DRAWS` times. Probes are all other photographs
(or the means of two others), also those of people who are not enrolled. The threshold of a rate is that of the
comparisons of all draws together; each draw has a share of genuine comparisons accepted there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from centring import CrossFitted
from mixture import squared_distances

DRAWS = 20
RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
TEMPLATES = 2
# Crops, and whether a cohort centres.
WAYS = (("plain", False), ("mirrored", False), ("plain", True), ("mirrored-template", True), ("mirrored", True))


@dataclass
class Figures:
    """One way of recognition: TAR of every draw (draws, rates) and the threshold of each rate."""

    cohort: str
    crops: str
    frames: int
    enrolled: int
    genuine: int
    impostors: int
    tar: np.ndarray
    thresholds: np.ndarray

    def values(self) -> dict[str, np.ndarray]:
        """What is recorded for each rate."""
        return {
            "thresholds": self.thresholds,
            "tar": self.tar.mean(0),
            "tar-least": self.tar.min(0),
            "tar-most": self.tar.max(0),
        }


@dataclass
class Draw:
    """Rows of photographs: templates (people, 2) and probes (probes, frames)."""

    templates: np.ndarray
    probes: np.ndarray


def figures(people: np.ndarray, embeddings: np.ndarray, cohort: CrossFitted) -> list[Figures]:
    """Every way. `people` numbers the rows from 0, `embeddings` is (n, 2, 128)."""
    found = []
    for frames in (1, 2):
        order = np.random.default_rng(1)
        draws = [_draw(people, frames, order) for _ in range(DRAWS)]
        found += [_figures(people, embeddings, cohort if centred else None, crops, draws) for crops, centred in WAYS]
    return found


def _draw(people: np.ndarray, frames: int, order: np.random.Generator) -> Draw:
    groups = [order.permutation(np.flatnonzero(people == person)) for person in range(people.max() + 1)]
    enrolled = [len(group) >= TEMPLATES + frames for group in groups]
    templates = [group[:TEMPLATES] for group, held in zip(groups, enrolled, strict=True) if held]
    rest = [group[TEMPLATES:] if held else group for group, held in zip(groups, enrolled, strict=True)]
    if frames == 1:
        return Draw(np.array(templates), np.concatenate(rest)[:, None])
    return Draw(np.array(templates), np.array([group[:frames] for group in rest if len(group) >= frames]))


def _figures(
    people: np.ndarray, embeddings: np.ndarray, cohort: CrossFitted | None, crops: str, draws: list[Draw]
) -> Figures:
    as_template = embeddings[:, 0] if crops == "plain" else embeddings.mean(1)
    as_probe = embeddings.mean(1) if crops == "mirrored" else embeddings[:, 0]
    genuine, impostors = [], []
    for draw in draws:
        probes, who = as_probe[draw.probes].mean(1), people[draw.probes[:, 0]]
        templates, whose = as_template[draw.templates].mean(1), people[draw.templates[:, 0]]
        value = np.sqrt(squared_distances(probes, templates))
        if cohort:
            value -= cohort.centring(cohort.terms(probes, who), who, cohort.terms(templates, whose), whose)
        same = who[:, None] == whose[None]
        genuine.append(value[same])
        impostors.append(value[~same])
    lowest = np.sort(np.concatenate(impostors))
    thresholds = np.array([lowest[max(int(np.ceil(rate * len(lowest))) - 1, 0)] for rate in RATES])
    tar = np.array([[(values <= threshold).mean() for threshold in thresholds] for values in genuine])
    name, frames = cohort.recipe.name if cohort else "none", draws[0].probes.shape[1]
    return Figures(
        name, crops, frames, len(draws[0].templates), len(genuine[0]), len(impostors[0]), tar, thresholds
    )
