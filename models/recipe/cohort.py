"""The synthetic cohort: vectors like the embeddings of strangers, and nobody's.

They are drawn from the Gaussian mixture of `fit/cohort.toml`, which describes many faces together. The draw uses only
element-wise double arithmetic on the numbers of a seeded generator of the pinned numpy, so that it gives the
same bytes on every machine.

A comparison is centred by it: score = distance - (mean distance from the probe to its `nearest` nearest vectors of
the cohort + the same for the template) / 2.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from networks import EMBEDDING_INT8, FIT

FILE = "cohort.bin"
MIXTURE = FIT / "cohort.toml"
# The network whose embeddings the mixture was fitted to.
NETWORK = EMBEDDING_INT8.name
MOST_BYTES = 400_000


@dataclass
class Mixture:
    """A mixture of Gaussians with a deviation for each dimension."""

    weights: np.ndarray
    means: np.ndarray
    deviations: np.ndarray

    def draw(self, vectors: int, seed: int) -> np.ndarray:
        """So many vectors (vectors, dimensions)."""
        order = np.random.default_rng(seed)
        edges = np.cumsum(self.weights)
        component = np.searchsorted(edges, order.random(vectors) * edges[-1], "right")
        noise = order.standard_normal((vectors, self.means.shape[1]))
        return self.means[component] + self.deviations[component] * noise


@dataclass
class Recipe:
    """What `fit/cohort.toml` says: the mixture, and how a cohort is drawn from it and used."""

    name: str
    vectors: int
    nearest: int
    scale: float
    seed: int
    people: int
    mixture: Mixture

    def cohort(self) -> np.ndarray:
        """The vectors as int8 (vectors, dimensions); times `scale` they are embeddings."""
        return quantised(self.mixture.draw(self.vectors, self.seed), self.scale)


def quantised(vectors: np.ndarray, scale: float) -> np.ndarray:
    """Rounded to multiples of `scale`."""
    return np.clip(np.rint(vectors / scale), -127, 127).astype(np.int8)


def recipe(path: Path = MIXTURE) -> Recipe:
    """Reads the recipe. Numbers of the mixture are whole: millionths of a weight, thousandths of the rest."""
    text = tomllib.loads(path.read_text("utf-8"))
    components = text.pop("component")
    mixture = Mixture(
        np.array([c["weight"] for c in components]) / 1e6,
        np.array([c["mean"] for c in components]) / 1e3,
        np.array([c["deviation"] for c in components]) / 1e3,
    )
    return Recipe(mixture=mixture, **text)


def write(folder: Path) -> None:
    """Writes the cohort: int8, row after row."""
    data = recipe().cohort().tobytes()
    assert len(data) <= MOST_BYTES
    (folder / FILE).write_bytes(data)


def facts(digest: str) -> dict[str, object]:
    """What the manifest says of it."""
    of = recipe()
    return {
        "name": of.name,
        "file": FILE,
        "sha256": digest,
        "vectors": of.vectors,
        "dimensions": of.mixture.means.shape[1],
        "nearest": of.nearest,
        "scale": of.scale,
        "components": len(of.mixture.weights),
        "fitted-to-people": of.people,
        "seed": of.seed,
    }
