"""Int8 convolutions: one scale a tensor, symmetric int8 weights, activations from measured ranges.

`Ranges` holds, for every convolution, the range of its input and of its output, as `models/fit` measured them.
A relu costs nothing: the output's range then begins at zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dlib_weights import Convolution
from graph import Graph


@dataclass
class Ranges:
    """Lowest and highest value of each convolution's input and (after a relu, if any) output."""

    inputs: dict[str, tuple[float, float]]
    outputs: dict[str, tuple[float, float]]


def quantised_convolution(
    graph: Graph, ranges: Ranges, name: str, value: str, layer: Convolution, stride: int, pad: int, keep: bool
) -> str:
    """QuantizeLinear (unless the input is quantised already), QLinearConv, and, unless the result is to be kept in
    int8 for the next convolution, DequantizeLinear."""
    quantised_input = f"{value}_q"
    is_quantised = any(quantised_input in node.output for node in graph.nodes)
    in_scale, in_zero = _add_scale(graph, f"{name}_in", ranges.inputs[name])
    if is_quantised:
        source = quantised_input
        in_scale, in_zero = f"{value}_out_scale", f"{value}_out_zero"
    else:
        source = graph.node("QuantizeLinear", f"{name}_x", [value, in_scale, in_zero])
    out_scale, out_zero = _add_scale(graph, f"{name}_out", ranges.outputs[name])
    weight_scale = np.float32(np.abs(layer.weight).max() / 127.0)
    weight = np.clip(np.rint(layer.weight / weight_scale), -127, 127).astype(np.int8)
    total_scale = np.float64(weight_scale) * np.float64(graph.constants[in_scale])
    bias = np.rint(layer.bias.astype(np.float64) / total_scale).astype(np.int32)
    side = layer.weight.shape[2]
    inputs = [
        source, in_scale, in_zero,
        graph.constant(f"{name}_w", weight),
        graph.constant(f"{name}_w_scale", weight_scale),
        graph.constant(f"{name}_w_zero", np.int8(0)),
        out_scale, out_zero,
        graph.constant(f"{name}_b", bias),
    ]
    graph.node(
        "QLinearConv", f"{name}_q", inputs, kernel_shape=[side, side], strides=[stride, stride], pads=[pad] * 4
    )
    if keep:
        return name
    return graph.node("DequantizeLinear", f"{name}_f", [f"{name}_q", out_scale, out_zero])


def quantise_shared(graph: Graph, value: str, span: tuple[float, float]) -> None:
    """QuantizeLinear for a value that several convolutions read; they find it under this name."""
    scale, zero = _add_scale(graph, f"{value}_out", span)
    graph.node("QuantizeLinear", f"{value}_q", [value, scale, zero])


def _add_scale(graph: Graph, name: str, span: tuple[float, float]) -> tuple[str, str]:
    low, high = min(span[0], 0.0), max(span[1], 0.0)
    scale = np.float32((high - low) / 255.0)
    zero = np.int8(np.clip(np.rint(-128.0 - low / float(scale)), -128, 127))
    return graph.constant(f"{name}_scale", scale), graph.constant(f"{name}_zero", zero)
