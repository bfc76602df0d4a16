"""The face network as ONNX, in float or with int8 convolutions.

150x150 RGB (already normalised) to 128 numbers: conv 7x7/2, max-pool 3x3/2, then 14 residual blocks. A down
block halves the grid: its first convolution has stride 2 and no padding, its shortcut is a 2x2/2 average
pool, and the sum extends whichever side has fewer channels or a smaller grid with zeroes.
"""

from __future__ import annotations

import numpy as np

from convolutions import Convolutions
from dlib_weights import Convolution
from graph import Graph
from quantise import Ranges

# Channels and whether the block halves the grid.
BLOCKS = (
    [(32, False)] * 3
    + [(64, True)] + [(64, False)] * 3
    + [(128, True)] + [(128, False)] * 2
    + [(256, True)] + [(256, False)] * 2
    + [(256, True)]
)


def build_embedding(convolutions: list[Convolution], matrix: np.ndarray, ranges: Ranges | None) -> Graph:
    """The graph from `image` to `embedding`; with `ranges`, convolutions run in int8."""
    graph = Graph("embedding-int8" if ranges else "embedding-float")
    layers = iter(convolutions)
    conv = Convolutions(graph, ranges)
    value = conv.relu("stem", "image", next(layers), stride=2, keep=False)
    value = graph.node("MaxPool", "stem_pool", [value], kernel_shape=[3, 3], strides=[2, 2])
    grid, channels = 35, 32
    for index, (width, down) in enumerate(BLOCKS):
        name = f"block{index:02}"
        main = conv.relu(f"{name}_a", value, next(layers), stride=2 if down else 1, pad=0 if down else 1)
        main = conv.plain(f"{name}_b", main, next(layers))
        shortcut = value
        if down:
            shortcut = graph.node("AveragePool", f"{name}_pool", [value], kernel_shape=[2, 2], strides=[2, 2])
            main_grid, short_grid = (grid - 3) // 2 + 1, (grid - 2) // 2 + 1
            grid = max(main_grid, short_grid)
            main = _extend(graph, f"{name}_main", main, 0, grid - main_grid)
            shortcut = _extend(graph, f"{name}_short", shortcut, width - channels, grid - short_grid)
            channels = width
        total = graph.node("Add", f"{name}_sum", [main, shortcut])
        value = graph.node("Relu", f"{name}_out", [total])
    value = graph.node("GlobalAveragePool", "mean", [value])
    value = graph.node("Flatten", "flat", [value], axis=1)
    graph.node("MatMul", "embedding", [value, graph.constant("matrix", matrix)])
    return graph


def _extend(graph: Graph, name: str, value: str, channels: int, cells: int) -> str:
    if channels == 0 and cells == 0:
        return value
    pads = graph.constant(f"{name}_pads", np.array([0, 0, 0, 0, 0, channels, cells, cells], np.int64))
    return graph.node("Pad", f"{name}_padded", [value, pads])
