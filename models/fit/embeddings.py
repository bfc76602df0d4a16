"""Plain and mirrored embeddings of crops, by one network. They stay in memory or in the cache that the caller
names: no embedding of a real person goes into the project."""

from __future__ import annotations

import numpy as np

from faces import session
from networks import EMBEDDING_INT8, Input
from self_test import normalised


def embed(model: str, crops: np.ndarray, into: Input = EMBEDDING_INT8.input) -> np.ndarray:
    """Crops (n, side, side, 3) to embeddings (n, 2, numbers): of the crop and of its mirror image."""
    network = session(model)

    def one(crop: np.ndarray) -> np.ndarray:
        return network.run(["embedding"], {"image": normalised(crop, into)})[0][0]

    return np.stack([np.stack([one(crop), one(crop[:, ::-1])]) for crop in crops])
