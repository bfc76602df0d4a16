"""Writes what was measured as TOML, for people and for the recipe. Only numbers about all faces together."""

from __future__ import annotations

from pathlib import Path

import concatenation
import fusion
import gallery
import numpy as np
from calibration import Result
from error_rates import Table
from halves import RATES, Half
from networks import EMBEDDING_FLOAT, EMBEDDING_INT8, MOBILEFACENET
from verification import Figures

FLOAT, INT8 = EMBEDDING_FLOAT.name, EMBEDDING_INT8.name


def write_activations(path: Path, chosen: Result) -> None:
    """The ranges that the int8 network is built with."""
    lines = [
        "# Range of the input and output of each convolution (behind the relu, where one follows). Written by fit/run.",
        f'method = "{chosen.method}"',
    ]
    for name, sides in chosen.table.items():
        lines += ["", f"[convolution.{name}]", f"input = {sides['input']}", f"output = {sides['output']}"]
    _write(path, lines)


def write_quantisation(path: Path, results: list[Result], chosen: Result) -> None:
    """What int8 costs against float, for the ranges chosen and for the others that were tried."""
    lines = [
        "# Int8 against float on plain crops, one image against one image. Written by fit/run.",
        "[embedding-int8]",
        f'method = "{chosen.method}"',
        'layers = "29 convolutions, one scale a tensor; the rest in float"',
        f"faces = {chosen.images}",
        *_cost(chosen),
    ]
    for result in results:
        lines += ["", "[[tried]]", f'method = "{result.method}"', *_cost(result)]
    _write(path, lines)


def write_verification(path: Path, photographs: int, found: int, figures: list[Figures]) -> None:
    """How well each network tells people apart."""
    lines = [
        "# One image against one image; `tar` and `distance` (with a cohort: score) are pairs of false accept rate and",
        "# value. The rate of 1e-06 is that of the ten lowest impostor pairs, few of them strangers. Accuracy on the",
        "# listed pairs: at the threshold that is best on the other nine tenths, and at the best of all. By fit/run.",
        f"photographs = {photographs}",
        f"faces-found = {found}",
        f"found-share = {found / photographs:.5f}",
    ]
    for one in figures:
        lines += [
            "",
            "[[figures]]",
            f'model = "{one.model}"',
            f'cohort = "{one.cohort}"',
            f'crops = "{one.crops}"',
            f"genuine = {one.genuine}",
            f"impostors = {one.impostors}",
            f"tar = {_pairs(one.tar)}",
            f"distance = {_pairs(one.distance)}",
            f"eer = {one.eer:.5f}",
            f"pairs = {one.pairs}",
            f"accuracy = {one.accuracy:.5f}",
            f"accuracy-best = {one.accuracy_best:.5f}",
            f"threshold-best = {one.threshold_best:.4f}",
        ]
    _write(path, lines)


def write_concatenation(path: Path, chosen: concatenation.Chosen) -> None:
    """Two networks in one embedding."""
    lines = [
        "# Two networks in one embedding: concatenation.py. TAR on the halves of the people that did not choose the ratio of",
        "# the factors, one photograph against one, mirrored, without a cohort. Written by fit/run.",
        f'name = "{concatenation.NAME}"',
        f'parts = [{{ model = "{INT8}", factor = {chosen.factors[0]} }}, '
        f'{{ model = "{MOBILEFACENET.name}", factor = {chosen.factors[1]} }}]',
    ]
    for name, shares in chosen.tar.items():
        lines += ["", f"[tar.{name}]"]
        lines += [f"{rate:.0e} = {share:.5f}".replace("e-0", "e-") for rate, share in zip(concatenation.RATES, shares)]
    _write(path, lines)


def write_gallery(path: Path, figures: list[gallery.Figures]) -> None:
    """Recognition against a gallery."""
    lines = [
        "# Against a gallery: gallery.py. Pairs of false accept rate of one comparison and value; of TAR the mean, the",
        "# least and greatest of the draws. `comparisons` is of one draw; thresholds are of all. Written by fit/run.",
        f"draws = {gallery.DRAWS}",
    ]
    for one in figures:
        at = {key: dict(zip(gallery.RATES, values, strict=True)) for key, values in one.values().items()}
        lines += [
            "",
            "[[figures]]",
            f'cohort = "{one.cohort}"',
            f'crops = "{one.crops}"',
            f"templates = {gallery.TEMPLATES}",
            f"frames = {one.frames}",
            f"enrolled = {one.enrolled}",
            f"genuine = {one.genuine}",
            f"comparisons = {one.impostors}",
            *(f"{key} = {_pairs(values)}" for key, values in at.items()),
        ]
    _write(path, lines)


def write_fusion(path: Path, measure: fusion.Measure) -> None:
    """Several looks at a face."""
    lines = ["# Several looks at a face, photographs of different days as frames: fusion.py. Written by fit/run."]
    for one in measure.fused():
        lines += [
            "",
            "[[fused]]",
            f'way = "{one.way}"',
            f'crops = "{one.crops}"',
            f"templates = {one.templates}",
            f"frames = {one.frames}",
            f"genuine = {one.genuine}",
            f"comparisons = {one.impostors}",
            f"tar = {_pairs(dict(zip(fusion.RATES, one.tar, strict=True)))}",
        ]
    lines += ["", "# A second look, with the mirrored crop, within `margin` of the first one's threshold."]
    for look in measure.looks():
        lines += [
            "",
            "[[second-look]]",
            f"frames = {look.frames}",
            f"rate = {look.rate:.0e}",
            f"margin = {look.margin}",
            f"tar-first = {look.tar_first:.4f}",
            f"tar = {look.tar:.4f}",
            f"far = {look.far:.2e}",
            f"asked-genuine = {look.asked_genuine:.4f}",
            f"asked-impostor = {look.asked_impostor:.6f}",
        ]
    _write(path, lines)


def write_halves(path: Path, halves: list[Half]) -> None:
    """What int8 costs with and without a cohort."""
    lines = [
        f"# TAR on halves of the people to whom the cohort was not fitted, mean of {len(halves)}: halves.py.",
        "# One photograph against one photograph. Written by fit/run.",
    ]
    for crops in ("plain", "mirrored"):
        tar = {name: np.array([half.tar[name, crops] for half in halves]).mean(0) for name in (FLOAT, INT8)}
        for way, cohort in enumerate(("none", "synthetic")):
            lines += ["", f"[{crops}.cohort-{cohort}]"]
            for at, rate in enumerate(RATES):
                by_float, by_int8 = (tar[name][way, at] for name in (FLOAT, INT8))
                lines += [
                    f"tar-{rate:.0e}-float = {by_float:.5f}".replace("e-0", "e-"),
                    f"tar-{rate:.0e}-int8 = {by_int8:.5f}".replace("e-0", "e-"),
                ]
    _write(path, lines)


def write_error_rates(path: Path, tables: list[tuple[str, list[Table]]]) -> None:
    """The tables that thresholds are looked up in."""
    lines = ["# Distance or score for each false accept rate of one comparison: error_rates.py. Written by fit/run."]
    for model, of_model in tables:
        for table in of_model:
            lines += [
                "",
                "[[table]]",
                f'model = "{model}"',
                f'cohort = "{table.cohort}"',
                f'crops = "{table.crops}"',
                f"templates = {table.templates}",
                f"frames = {table.frames}",
                f"comparisons = {table.comparisons}",
                f"pairs-of-people = {table.pairs_of_people}",
            ]
            # With at most four photographs a person, five have no genuine comparison.
            if table.genuine:
                lines += [f"tar-1e-4 = {table.tar:.4f}", f"genuine = {_shares(table.genuine)}"]
            lines += [f"fitted-below = {table.fitted_below:.0e}", f"rates = {_pairs(dict(table.rates))}"]
    _write(path, lines)


def _cost(result: Result) -> list[str]:
    return [
        f"mean-l2-difference = {result.mean_difference:.5f}",
        f"tar-1e-4-float = {result.tar_float:.5f}",
        f"tar-1e-4-int8 = {result.tar_int8:.5f}",
    ]


def _shares(values: list[tuple[float, float]]) -> str:
    return "[" + ", ".join(f"[{share}, {value:.4f}]" for share, value in values) + "]"


def _pairs(values: dict[float, float]) -> str:
    return "[" + ", ".join(f"[{far:.0e}, {value:.4f}]" for far, value in values.items()) + "]"


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", "utf-8")
