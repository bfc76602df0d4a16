"""Fits the mixture that the shipped cohort is drawn from, to all photographs, and proves that it is nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from cohort import Recipe, recipe
from mixture import COMPONENTS, fit
from privacy import QUANTILES, nearness

NAME = "synthetic-1"
VECTORS = 3000
NEAREST = 20
# No component of any embedding is beyond 127 times this.
SCALE = 0.005
SEED = 1
# Photographs that a component describes at the least: a mean of few would be a portrait.
FEWEST = 20


def write(path: Path, people: np.ndarray, vectors: np.ndarray) -> Recipe:
    """Fits to `vectors` (n, dimensions), mirrored means, and writes `cohort.toml`. Stops if the cohort is somebody."""
    mixture = fit(vectors.astype(float), COMPONENTS, SEED)
    if mixture.weights.min() * len(vectors) < FEWEST:
        raise SystemExit(f"a component of the mixture describes fewer than {FEWEST} photographs")
    lines = [
        "# What the synthetic cohort is drawn from: a mixture of Gaussians over the embeddings of all photographs",
        "# together. Weights in millionths, means and deviations in thousandths. Written by fit/run.",
        f'name = "{NAME}"',
        f"vectors = {VECTORS}",
        f"nearest = {NEAREST}",
        f"scale = {SCALE}",
        f"seed = {SEED}",
        f"people = {len(np.unique(people))}",
    ]
    for weight, mean, deviation in zip(mixture.weights, mixture.means, mixture.deviations, strict=True):
        lines += [
            "",
            "[[component]]",
            f"weight = {round(weight * 1e6)}",
            f"mean = {_thousandths(mean)}",
            f"deviation = {_thousandths(deviation)}",
        ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    written = recipe(path)
    found = nearness(written.cohort() * written.scale, people, vectors)
    for quantile, cohort, strangers in zip(QUANTILES, found.cohort, found.strangers, strict=True):
        print(f"nearest photograph at {quantile:.0%}: cohort {cohort:.3f}, strangers {strangers:.3f}")
    if not found.is_nobody():
        path.unlink()
        raise SystemExit("the cohort lies nearer to a photograph than strangers do: its mixture is not kept")
    return written


def _thousandths(values: np.ndarray) -> str:
    return "[" + ",".join(str(round(value * 1e3)) for value in values) + "]"
