"""Plain and mirrored embeddings of crops, by one network. They stay in memory or in the cache that the caller
names: no embedding of a real person goes into the project."""

from __future__ import annotations

import numpy as np

from activations import normalised
from faces import session


def embed(model: str, crops: np.ndarray) -> np.ndarray:
    """Crops (n, 150, 150, 3) to embeddings (n, 2, 128): of the crop and of its mirror image."""
    network = session(model)

    def one(crop: np.ndarray) -> np.ndarray:
        return network.run(["embedding"], {"image": normalised(crop)})[0][0]

    return np.stack([np.stack([one(crop), one(crop[:, ::-1])]) for crop in crops])
