"""The fit from photographs to committed numbers, step by step. See `run` for its arguments."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import calibration
import error_rates
import numpy as np
import records
import verification
from embeddings import embed
from faces import Aligner, photographs
from networks import DETECTOR, EMBEDDING_FLOAT, EMBEDDING_INT8, LANDMARKS
from PIL import Image

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent


@dataclass
class Faces:
    """Aligned crops of the photographs in which a face was found."""

    photographs: int
    people: np.ndarray
    names: np.ndarray
    crops: np.ndarray


def main() -> int:
    """Measures and writes."""
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("faces", type=Path, help="a folder a person, and pairs.txt")
    parser.add_argument("--cache", type=Path, help="keep the embeddings here; never inside the project")
    arguments = parser.parse_args()
    if arguments.cache and arguments.cache.resolve().is_relative_to(PROJECT):
        parser.error("embeddings of people do not go into the project: choose another place for --cache")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for network in (DETECTOR, LANDMARKS, EMBEDDING_FLOAT):
            network.write(folder)
        faces = align(arguments.faces, folder)
        measure(faces, folder, arguments.faces / "pairs.txt", HERE, arguments.cache)
    print("now: ../recipe/build --self-test")
    return 0


def align(folder: Path, models: Path) -> Faces:
    """Finds and cuts the best face of every photograph."""
    aligner = Aligner(str(models))
    everyone = photographs(str(folder))
    found = []
    for photograph in everyone:
        with Image.open(photograph.path) as picture:
            crop = aligner.crop(picture)
        if crop is not None:
            found.append((photograph.person, os.path.basename(photograph.path), crop))
    people, names, crops = zip(*found, strict=True)
    return Faces(len(everyone), np.array(people), np.array(names), np.stack(crops))


def measure(faces: Faces, models: Path, pairs: Path, target: Path, cache: Path | None) -> None:
    """Everything that follows from the crops."""
    by_float = embed(str(models / EMBEDDING_FLOAT.file), faces.crops)
    candidates = calibration.candidates(str(models / EMBEDDING_FLOAT.file), faces.crops)
    results = [calibration.judge(c, models, faces.crops, faces.people, by_float) for c in candidates]
    chosen = calibration.best(results)
    records.write_activations(target / "activations.toml", chosen)
    records.write_quantisation(target / "quantisation.toml", results, chosen)
    by_int8 = chosen.embeddings
    named = {EMBEDDING_INT8.name: by_int8, EMBEDDING_FLOAT.name: by_float}
    figures = [
        verification.figures(model, crops, faces.people, faces.names, vectors, pairs)
        for model, both in named.items()
        for crops, vectors in (("plain", both[:, 0]), ("mirrored", both.mean(1)))
    ]
    records.write_verification(target / "verification.toml", faces.photographs, len(faces.crops), figures)
    tables = {model: error_rates.tables(faces.people, both) for model, both in named.items()}
    records.write_error_rates(target / "error-rates.toml", tables)
    if cache:
        np.savez(
            cache, people=faces.people, names=faces.names,
            plain=by_int8[:, 0], mirrored=by_int8.mean(1), plain_float=by_float[:, 0], mirrored_float=by_float.mean(1),
        )


if __name__ == "__main__":
    sys.exit(main())
