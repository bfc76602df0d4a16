"""Ways to choose the range that an int8 activation covers, and what each costs.

Three families: from the least to the greatest value seen; percentiles, which clip rare extremes; and the range
with the least mean squared error of the quantised values, found by shrinking the first over histograms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import verification
from activations import measure, normalised
from embeddings import embed
from faces import session
from networks import EMBEDDING_INT8, embedding_graph, ranges_of

Table = dict[str, dict[str, list[float]]]

PERCENTILES = (99.99, 99.9)
# One crop in so many is calibrated on; the result is judged on all.
STEP = 7
BINS = 2048
SHRINKS = np.linspace(0.4, 1.0, 61)
# Crops of a histogram.
HISTOGRAM_CROPS = 200
# L2 between an int8 and a float embedding; a sixth of the distance at which 1e-4 of the strangers are accepted.
# Beyond it this is no longer the network whose behaviour is known, however well it does on these photographs.
MOST_DIFFERENCE = 0.08


@dataclass
class Candidate:
    """Ranges and how they were chosen."""

    method: str
    table: Table


@dataclass
class Result:
    """What a candidate costs."""

    method: str
    table: Table
    images: int
    mean_difference: float
    tar_float: float
    tar_int8: float
    embeddings: np.ndarray


def candidates(float_model: str, crops: np.ndarray) -> list[Candidate]:
    """Every way that is tried."""
    chosen = crops[::STEP]
    widest = measure(float_model, chosen, 100)
    found = [Candidate("min-max", widest)]
    found += [Candidate(f"percentile {p}", measure(float_model, chosen, p)) for p in PERCENTILES]
    return [*found, Candidate("least squared error", _least_error(float_model, chosen, widest))]


def judge(candidate: Candidate, folder: Path, crops: np.ndarray, people: np.ndarray, by_float: np.ndarray) -> Result:
    """Builds the network with a candidate's ranges and compares it with the float one, on plain crops."""
    path = folder / f"{candidate.method.replace(' ', '-')}.onnx"
    graph = embedding_graph(ranges_of(candidate.table))
    graph.write(str(path), {"image": EMBEDDING_INT8.input.shape}, EMBEDDING_INT8.outputs)
    by_int8 = embed(str(path), crops)
    difference = float(np.linalg.norm(by_int8[:, 0] - by_float[:, 0], axis=1).mean())
    tar = [verification.tar_at(1e-4, *verification.all_pairs(people, v[:, 0])) for v in (by_float, by_int8)]
    return Result(candidate.method, candidate.table, len(crops), difference, *tar, by_int8)


def best(results: list[Result]) -> Result:
    """The candidate that recognises most at a false accept rate of 1e-4, of those that stay near the float network."""
    near = [result for result in results if result.mean_difference <= MOST_DIFFERENCE]
    return max(near or results, key=lambda result: result.tar_int8)


def _least_error(float_model: str, crops: np.ndarray, widest: Table) -> Table:
    """Shrinks every range but the picture's to where clipping and rounding together cost least."""
    spans = _values(float_model, widest)
    counts = {name: np.zeros(BINS) for name in spans}
    graph = onnx.load(float_model)
    del graph.graph.output[:]
    graph.graph.output.extend([onnx.helper.make_empty_tensor_value_info(name) for name in spans])
    network = session(graph.SerializeToString())
    for crop in crops[np.linspace(0, len(crops) - 1, HISTOGRAM_CROPS).astype(int)]:
        for name, value in zip(spans, network.run(list(spans), {"image": normalised(crop)}), strict=True):
            counts[name] += np.histogram(value, BINS, spans[name])[0]
    best = {name: _shrunk(counts[name], *spans[name]) for name in spans}
    places = _places(float_model)
    return {
        name: {side: best.get(places[name][side], widest[name][side]) for side in ("input", "output")}
        for name in widest
    }


def _shrunk(counts: np.ndarray, low: float, high: float) -> list[float]:
    middle = low + (np.arange(BINS) + 0.5) * (high - low) / BINS
    errors = []
    for shrink in SHRINKS:
        step = (high - low) * shrink / 255
        clipped = np.clip(middle, low * shrink, high * shrink)
        errors.append(((middle - np.rint(clipped / step) * step) ** 2 * counts).sum())
    shrink = SHRINKS[int(np.argmin(errors))]
    return [round(float(low * shrink), 4), round(float(high * shrink), 4)]


def _values(float_model: str, widest: Table) -> dict[str, tuple[float, float]]:
    spans = {}
    for name, sides in _places(float_model).items():
        for side, value in sides.items():
            if value != "image":
                low, high = widest[name][side]
                spans[value] = (min(low, 0.0), high)
    return spans


def _places(float_model: str) -> dict[str, dict[str, str]]:
    """The values that go into and come out of each convolution, behind the relu where one follows."""
    nodes = onnx.load(float_model).graph.node
    relus = {node.input[0]: node.output[0] for node in nodes if node.op_type == "Relu"}
    return {
        node.name: {"input": node.input[0], "output": relus.get(node.output[0], node.output[0])}
        for node in nodes
        if node.op_type == "Conv"
    }
