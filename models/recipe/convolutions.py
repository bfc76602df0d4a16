"""Adds convolutions to a graph in the form asked for: float, or int8 where there are ranges."""

from __future__ import annotations

from dlib_weights import Convolution
from graph import Graph
from quantise import Ranges, quantise_shared, quantised_convolution


class Convolutions:
    """One graph's convolutions."""

    def __init__(self, graph: Graph, ranges: Ranges | None) -> None:
        self.graph = graph
        self.ranges = ranges

    def relu(
        self, name: str, value: str, layer: Convolution, stride: int = 1, pad: int = 0, keep: bool = True
    ) -> str:
        """A convolution and a relu; in int8 the relu is the lower end of the output's range. `keep`: only
        convolutions read the result, so int8 may stay int8."""
        if self.ranges:
            return quantised_convolution(self.graph, self.ranges, name, value, layer, stride, pad, keep)
        return self.graph.node("Relu", f"{name}_relu", [self._float(name, value, layer, stride, pad)])

    def plain(self, name: str, value: str, layer: Convolution) -> str:
        """A 3x3 convolution that keeps the grid, its result in float."""
        if self.ranges:
            return quantised_convolution(self.graph, self.ranges, name, value, layer, 1, 1, keep=False)
        return self._float(name, value, layer, 1, 1)

    def share(self, value: str, reader: str) -> None:
        """Says that several convolutions read a value, `reader` among them: int8 rounds it once for all."""
        if self.ranges:
            quantise_shared(self.graph, value, self.ranges.inputs[reader])

    def _float(self, name: str, value: str, layer: Convolution, stride: int, pad: int) -> str:
        weight = self.graph.constant(f"{name}_w", layer.weight)
        bias = self.graph.constant(f"{name}_b", layer.bias)
        side = layer.weight.shape[2]
        return self.graph.node(
            "Conv", name, [value, weight, bias],
            kernel_shape=[side, side], strides=[stride, stride], pads=[pad] * 4,
        )
