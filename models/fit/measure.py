"""The fit from photographs to committed numbers, step by step. See `run` for its arguments."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import calibration
import centring
import cohorts
import concatenation
import error_rates
import fusion
import gallery
import halves
import numpy as np
import records
import verification
from embeddings import embed
from faces import Aligner, photographs
from networks import DETECTOR, EMBEDDING_FLOAT, EMBEDDING_INT8, LANDMARKS, MOBILEFACENET
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
    crops_of_arcface: np.ndarray


@dataclass
class Embedded:
    """The same faces as embeddings (n, 2, numbers), plain and mirrored, by each network."""

    photographs: int
    people: np.ndarray
    names: np.ndarray
    by_int8: np.ndarray
    by_float: np.ndarray
    by_mobilefacenet: np.ndarray


def main() -> int:
    """Measures and writes."""
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("faces", type=Path, help="a folder a person, and pairs.txt")
    parser.add_argument("--cache", type=Path, help="keep the embeddings here; never inside the project")
    arguments = parser.parse_args()
    cache = arguments.cache
    if cache and cache.resolve().is_relative_to(PROJECT):
        parser.error("embeddings of people do not go into the project: choose another place for --cache")
    if cache and cache.exists():
        embedded = Embedded(**np.load(cache))
    else:
        embedded = from_photographs(arguments.faces)
        if cache:
            np.savez(cache, **vars(embedded))
    from_embeddings(embedded, arguments.faces / "pairs.txt", HERE)
    print("now: ../recipe/build --self-test")
    return 0


def from_photographs(folder: Path) -> Embedded:
    """Aligns, chooses the int8 ranges, embeds."""
    with tempfile.TemporaryDirectory() as temporary:
        models = Path(temporary)
        for network in (DETECTOR, LANDMARKS, EMBEDDING_FLOAT, MOBILEFACENET):
            network.write(models)
        faces = align(folder, models)
        float_model = str(models / EMBEDDING_FLOAT.file)
        by_float = embed(float_model, faces.crops)
        by_mobilefacenet = embed(str(models / MOBILEFACENET.file), faces.crops_of_arcface, MOBILEFACENET.input)
        candidates = calibration.candidates(float_model, faces.crops)
        results = [calibration.judge(c, models, faces.crops, faces.people, by_float) for c in candidates]
    chosen = calibration.best(results)
    records.write_activations(HERE / "activations.toml", chosen)
    records.write_quantisation(HERE / "quantisation.toml", results, chosen)
    return Embedded(
        faces.photographs, faces.people, faces.names, chosen.embeddings, by_float, by_mobilefacenet
    )


def align(folder: Path, models: Path) -> Faces:
    """Finds and cuts the best face of every photograph."""
    aligner = Aligner(str(models))
    everyone = photographs(str(folder))
    found = []
    for photograph in everyone:
        with Image.open(photograph.path) as picture:
            crops = aligner.crops(picture)
        if crops is not None:
            cut = (crops[EMBEDDING_INT8.crop], crops[MOBILEFACENET.crop])
            found.append((photograph.person, os.path.basename(photograph.path), *cut))
    people, names, of_dlib, of_arcface = zip(*found, strict=True)
    return Faces(len(everyone), np.array(people), np.array(names), np.stack(of_dlib), np.stack(of_arcface))


def from_embeddings(of: Embedded, pairs: Path, target: Path) -> None:
    """Everything that follows from the embeddings."""
    named = {EMBEDDING_INT8.name: of.by_int8, EMBEDDING_FLOAT.name: of.by_float}
    _, numbers = np.unique(of.people, return_inverse=True)
    recipe = cohorts.write(target / "cohort.toml", of.people, of.by_int8.mean(1))
    cohort = centring.cross_fitted(numbers, of.by_int8.mean(1), recipe)
    # The cohort is of the int8 network; the other has none.
    ways = [(model, both, None) for model, both in named.items()] + [(EMBEDDING_INT8.name, of.by_int8, cohort)]
    figures = [
        verification.figures(model, crops, of.people, of.names, vectors, pairs, centred)
        for model, both, centred in ways
        for crops, vectors in (("plain", both[:, 0]), ("mirrored", both.mean(1)))
    ]
    directions = error_rates.directions(of.by_mobilefacenet)
    mirrored = error_rates.directions(directions.mean(1))
    chosen = concatenation.choose(numbers, of.by_int8, of.by_mobilefacenet)
    records.write_concatenation(target / "concatenation.toml", chosen)
    both = chosen.join(of.by_int8, of.by_mobilefacenet)
    figures += [
        verification.figures(model, crops, of.people, of.names, vectors, pairs)
        for model, crops, vectors in (
            (MOBILEFACENET.name, "plain", directions[:, 0]),
            (MOBILEFACENET.name, "mirrored", mirrored),
            (concatenation.NAME, "plain", both[:, 0]),
            (concatenation.NAME, "mirrored", both.mean(1)),
        )
    ]
    records.write_verification(target / "verification.toml", int(of.photographs), len(of.people), figures)
    records.write_halves(target / "halves.toml", halves.judge(numbers, named, recipe))
    records.write_gallery(target / "gallery.toml", gallery.figures(numbers, of.by_int8, cohort))
    records.write_fusion(target / "fusion.toml", fusion.Measure(numbers, of.by_int8, cohort))
    tables = [(model, error_rates.tables(of.people, both, centred)) for model, both, centred in ways]
    tables.append((MOBILEFACENET.name, error_rates.tables(of.people, of.by_mobilefacenet, by_angle=True)))
    tables.append((concatenation.NAME, error_rates.tables(of.people, both)))
    records.write_error_rates(target / "error-rates.toml", tables)


if __name__ == "__main__":
    sys.exit(main())
