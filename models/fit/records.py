"""Writes what was measured as TOML, for people and for the recipe. Only numbers about all faces together."""

from __future__ import annotations

import math
from pathlib import Path

from calibration import Result
from error_rates import Table
from verification import Figures


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
        "# One image against one image; `tar` and `distance` are pairs of false accept rate and value. Accuracy on the",
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


def write_error_rates(path: Path, tables: dict[str, list[Table]]) -> None:
    """The tables that thresholds are looked up in."""
    lines = ["# Distance for each false accept rate of one comparison: error_rates.py, tail.py. Written by fit/run."]
    for model, of_model in tables.items():
        for table in of_model:
            lines += [
                "",
                "[[table]]",
                f'model = "{model}"',
                'cohort = "none"',
                f'crops = "{table.crops}"',
                f"templates = {table.templates}",
                f"frames = {table.frames}",
                f"comparisons = {table.comparisons}",
                f"pairs-of-people = {table.pairs_of_people}",
            ]
            # With at most four photographs a person, five have no genuine comparison.
            lines += [] if math.isnan(table.tar) else [f"tar-1e-4 = {table.tar:.4f}"]
            lines += [f"fitted-below = {table.fitted_below:.0e}", f"rates = {_pairs(dict(table.rates))}"]
    _write(path, lines)


def _cost(result: Result) -> list[str]:
    return [
        f"mean-l2-difference = {result.mean_difference:.5f}",
        f"tar-1e-4-float = {result.tar_float:.5f}",
        f"tar-1e-4-int8 = {result.tar_int8:.5f}",
    ]


def _pairs(values: dict[float, float]) -> str:
    return "[" + ", ".join(f"[{far:.0e}, {value:.4f}]" for far, value in values.items()) + "]"


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", "utf-8")
