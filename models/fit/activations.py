"""Ranges of the float network's activations over a set of crops: what the quantised network's scales are made of."""

from __future__ import annotations

import numpy as np
import onnx
from onnxruntime import InferenceSession, SessionOptions

SUBTRACT, DIVIDE = np.array([122.782, 117.001, 104.298], np.float32), np.float32(256)
# Crops of the histogram; more change no range by more than a few percent.
MOST_CROPS = 600


def normalised(crop: np.ndarray) -> np.ndarray:
    """A crop of bytes as the network's input."""
    return ((crop.astype(np.float32) - SUBTRACT) / DIVIDE).transpose(2, 0, 1)[None]


def measure(model: str, crops: np.ndarray, percentile: float) -> dict[str, dict[str, list[float]]]:
    """For every convolution the range of its input and of its output (behind the relu, where one follows).

    With `percentile` 100 the range is from the least to the greatest value; else it is the mean over crops of
    each crop's percentile, which ignores rare extremes.
    """
    graph = onnx.load(model)
    places = _places(graph.graph)
    watched = sorted({v for pair in places.values() for v in pair} - {"image"})
    del graph.graph.output[:]
    graph.graph.output.extend([onnx.helper.make_empty_tensor_value_info(v) for v in watched])
    options = SessionOptions()
    options.intra_op_num_threads = 1
    session = InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    lows: dict[str, list[float]] = {v: [] for v in [*watched, "image"]}
    highs: dict[str, list[float]] = {v: [] for v in [*watched, "image"]}
    chosen = crops[np.linspace(0, len(crops) - 1, min(MOST_CROPS, len(crops))).astype(int)]
    for crop in chosen:
        image = normalised(crop)
        values = [*session.run(watched, {"image": image}), image]
        for name, value in zip([*watched, "image"], values, strict=True):
            lows[name].append(float(np.percentile(value, 100 - percentile)))
            highs[name].append(float(np.percentile(value, percentile)))
    fold = (min, max) if percentile == 100 else (np.mean, np.mean)
    span = {name: [round(float(fold[0](lows[name])), 4), round(float(fold[1](highs[name])), 4)] for name in lows}
    span["image"] = [round(float(-SUBTRACT.max() / DIVIDE), 4), round(float((255 - SUBTRACT.min()) / DIVIDE), 4)]
    return {name: {"input": span[i], "output": span[o]} for name, (i, o) in places.items()}


def _places(graph: onnx.GraphProto) -> dict[str, tuple[str, str]]:
    relus = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Relu"}
    return {
        node.name: (node.input[0], relus.get(node.output[0], node.output[0]))
        for node in graph.node
        if node.op_type == "Conv"
    }
