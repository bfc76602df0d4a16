"""nn4.small2, the face network of the article that this project grew out of, as ONNX, with seeded random weights.

It recognises nobody. It shows that the architecture loads and runs, and is the place to put trained weights.

96x96 RGB / 255 to 128 numbers of unit length: three convolutions, seven Inception blocks, mean, dense layer,
L2 normalisation. Every convolution is followed by batch norm, which is folded into it, and relu. This is the form
of the article; OpenFace's definition has local response normalisation beside the first two pools, and takes the root of
the mean square where this takes the mean. Neither changes the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from convolutions import Convolutions
from dlib_weights import Convolution
from graph import Graph
from quantise import Ranges

# As OpenFace counts: weights and biases, scales and offsets of the batch norms, without their means and variances.
PARAMETERS = 3_733_968
EMBEDDING = 128

# What gives a layer its weights (out, in, rows, columns) and biases, batch norm folded in, by name and shape.
Weights = Callable[[str, tuple[int, int, int, int]], Convolution]


@dataclass(frozen=True)
class Block:
    """An Inception block: branches side by side, concatenated in the order 3x3, 5x5, pool, 1x1. `pad` is the zeroes
    before and after the pool branch's grid; a 0 for a width means that there is no such convolution."""

    name: str
    channels: int
    wide3: tuple[int, int]
    wide5: tuple[int, int]
    pool: str
    pool1: int
    pad: tuple[int, int]
    only1: int
    stride: int = 1


MAX, MEAN = "MaxPool", "AveragePool"
# A pool is 3x3; the maximum in steps of 2, the mean in steps of 3.
STEPS = {MAX: 2, MEAN: 3}
BLOCKS = [
    Block("3a", 256, (96, 128), (16, 32), MAX, 32, (3, 4), 64),
    Block("3b", 320, (96, 128), (32, 64), MEAN, 64, (4, 4), 64),
    Block("3c", 640, (128, 256), (32, 64), MAX, 0, (0, 1), 0, stride=2),
    Block("4a", 640, (96, 192), (32, 64), MEAN, 128, (2, 2), 256),
    Block("4e", 1024, (160, 256), (64, 128), MAX, 0, (0, 1), 0, stride=2),
    Block("5a", 736, (96, 384), (0, 0), MEAN, 96, (1, 1), 256),
    Block("5b", 736, (96, 384), (0, 0), MAX, 96, (1, 1), 256),
]


def build_nn4_small2(weights: Weights, ranges: Ranges | None) -> Graph:
    """The graph from `image` to `embedding`; with `ranges`, convolutions run in int8."""
    return _Builder(weights, ranges).run()


class _Builder:
    def __init__(self, weights: Weights, ranges: Ranges | None) -> None:
        self.graph = Graph("nn4-small2-int8" if ranges else "nn4-small2-float")
        self.conv = Convolutions(self.graph, ranges)
        self.weights = weights
        self.parameters = 0

    def run(self) -> Graph:
        value = self._relu("conv1", "image", (3, 64), 7, stride=2, keep=False)
        value = self._pool(MAX, "pool1", value, pads=[1, 1, 1, 1])
        value = self._relu("conv2", value, (64, 64), 1)
        value = self._relu("conv3", value, (64, 192), 3, keep=False)
        value = self._pool(MAX, "pool3", value, pads=[1, 1, 1, 1])
        channels = 192
        for block in BLOCKS:
            value = self._block(block, value, channels)
            channels = block.channels
        self._head(value, channels)
        assert self.parameters == PARAMETERS, self.parameters
        return self.graph

    def _block(self, block: Block, value: str, channels: int) -> str:
        name = f"block{block.name}"
        self.conv.share(value, f"{name}_3x3_reduce")
        assert block.wide3[1] + block.wide5[1] + (block.pool1 or channels) + block.only1 == block.channels, name
        branches = []
        for side, (narrow, wide) in ((3, block.wide3), (5, block.wide5)):
            if wide:
                branch = f"{name}_{side}x{side}"
                reduced = self._relu(f"{branch}_reduce", value, (channels, narrow), 1)
                branches.append(self._relu(branch, reduced, (narrow, wide), side, block.stride, keep=False))
        pooled = self._pool(block.pool, f"{name}_pool", value)
        if block.pool1:
            pooled = self._relu(f"{name}_pool_1x1", pooled, (channels, block.pool1), 1, keep=False)
        branches.append(self._pad(f"{name}_pool", pooled, *block.pad))
        if block.only1:
            branches.append(self._relu(f"{name}_1x1", value, (channels, block.only1), 1, keep=False))
        return self.graph.node("Concat", name, branches, axis=1)

    def _head(self, value: str, channels: int) -> None:
        node, constant = self.graph.node, self.graph.constant
        value = node("AveragePool", "mean", [value], kernel_shape=[3, 3], strides=[1, 1])
        value = node("Flatten", "flat", [value], axis=1)
        dense = self.weights("dense", (EMBEDDING, channels, 1, 1))
        self.parameters += dense.weight.size + dense.bias.size
        value = node("MatMul", "dense", [value, constant("dense_w", dense.weight.reshape(EMBEDDING, channels).T)])
        value = node("Add", "raw", [value, constant("dense_b", dense.bias)])
        length = node("ReduceL2", "length", [value], axes=[1], keepdims=1)
        node("Div", "embedding", [value, length])

    def _relu(
        self, name: str, value: str, widths: tuple[int, int], side: int, stride: int = 1, keep: bool = True
    ) -> str:
        channels, filters = widths
        layer = self.weights(name, (filters, channels, side, side))
        # The folded batch norm had a scale and an offset for each filter.
        self.parameters += layer.weight.size + layer.bias.size + 2 * filters
        return self.conv.relu(name, value, layer, stride, side // 2, keep)

    def _pool(self, kind: str, name: str, value: str, **window: list[int]) -> str:
        return self.graph.node(kind, name, [value], kernel_shape=[3, 3], strides=[STEPS[kind]] * 2, **window)

    def _pad(self, name: str, value: str, before: int, after: int) -> str:
        pads = np.array([0, 0, before, before, 0, 0, after, after], np.int64)
        return self.graph.node("Pad", f"{name}_padded", [value, self.graph.constant(f"{name}_pads", pads)])


SEED = 96_128
# Offsets of the seeded batch norms; not zero, so that a lost bias fails the self-test.
MOST_OFFSET = 0.1
# Whole numbers that the generator's bits become, so that sums are exact and every machine has the same weights.
UNIT = 1 << 24


class SeededWeights:
    """Random weights that keep the size of activations from layer to layer (He et al., arXiv 1502.01852).

    Each filter's mean is taken out: behind a relu every value is positive, and what all positions share would drown
    the picture after a few layers. What remains of a relu's variance is (1 - 1/pi) / 2, hence the scale
    (Brock et al., arXiv 2101.08692). Batch norms are those of a network before training: scale 1, mean 0,
    variance 1, but for their offsets.
    """

    def __init__(self) -> None:
        self.bits = np.random.PCG64(SEED)

    def __call__(self, name: str, shape: tuple[int, int, int, int]) -> Convolution:
        filters, fan_in = shape[0], int(np.prod(shape[1:]))
        whole = self._whole(filters * fan_in).reshape(filters, fan_in)
        centred = (whole - whole.sum(1, keepdims=True) / fan_in) / UNIT
        # A uniform number from -1 to 1 has the variance 1/3.
        scale = np.sqrt(3 * 2 / (1 - 1 / np.pi) / fan_in)
        offset = self._whole(filters) / UNIT * MOST_OFFSET
        epsilon = {"conv1": 1e-3, "dense": 0.0}.get(name, 1e-5)
        weight = (centred * scale / np.sqrt(1 + epsilon)).reshape(shape)
        return Convolution(weight.astype(np.float32), offset.astype(np.float32))

    def _whole(self, count: int) -> np.ndarray:
        """Whole numbers from -UNIT to UNIT, all as likely."""
        return (self.bits.random_raw(count) >> np.uint64(39)).astype(np.int64) - UNIT
