"""Reads the weights of dlib's face network out of its serialised file.

dlib writes a network input first. Each layer begins with its name; integers are packed (one byte with the
count of the bytes that follow, its top bit the sign), tensors are raw little-endian floats behind a version
and four dimensions. Names do not occur inside the weights by chance: the counts are asserted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Convolution:
    """Filters (out, in, rows, columns) and biases, the affine layer behind it folded in."""

    weight: np.ndarray
    bias: np.ndarray


def read_network(path: str) -> tuple[list[Convolution], np.ndarray]:
    """The 29 convolutions, input first, and the 256x128 matrix at the end."""
    with open(path, "rb") as file:
        data = file.read()
    convolutions = [_tensor(data, at) for at in _layers(data, b"\x01\x05con_4")]
    affines = [_tensor(data, at) for at in _layers(data, b"\x01\x07affine_")]
    assert len(convolutions) == len(affines) == 29
    (fully,) = _layers(data, b"\x01\x04fc_2")
    _, fully = _packed(data, fully)  # outputs
    _, fully = _packed(data, fully)  # inputs
    matrix = _tensor(data, fully).reshape(256, 128)
    return [_fold(c, a) for c, a in zip(convolutions, affines, strict=True)], matrix


def _layers(data: bytes, mark: bytes) -> list[int]:
    places, at = [], data.find(mark)
    while at >= 0:
        places.append(at + len(mark))
        at = data.find(mark, at + 1)
    return places


def _packed(data: bytes, at: int) -> tuple[int, int]:
    size = data[at] & 0x0F
    value = int.from_bytes(data[at + 1 : at + 1 + size], "little")
    return (-value if data[at] & 0x80 else value), at + 1 + size


def _tensor(data: bytes, at: int) -> np.ndarray:
    version, at = _packed(data, at)
    assert version == 2
    count = 1
    for _ in range(4):
        size, at = _packed(data, at)
        count *= size
    return np.frombuffer(data, "<f4", count, at).copy()


def _fold(convolution: np.ndarray, affine: np.ndarray) -> Convolution:
    gamma, beta = affine.reshape(2, -1)
    filters = len(gamma)
    weight, bias = convolution[:-filters], convolution[-filters:]
    taps = 49 if filters == 32 and len(weight) == 32 * 3 * 49 else 9
    side = int(taps**0.5)
    weight = weight.reshape(filters, -1, side, side)
    return Convolution(weight * gamma[:, None, None, None], bias * gamma + beta)
