"""What each network must answer for a fixed picture, so that a runtime can prove itself before it is trusted.

The picture: pixel (row r, column c) is ((7r+3c) mod 256, (5r+11c) mod 256, rc mod 256), at the network's size.
The numbers are committed in `self-test.toml` rather than measured on each build: the last digits depend on the
processor, and the manifest must not.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import onnxruntime as ort

from networks import NETWORKS, Input, Network

FILE = Path(__file__).resolve().parent / "self-test.toml"
# Numbers kept of each output.
FIRST = 16
# How far another runtime may be off. Float: runtimes differ by 1e-6 of the values' size; a wrong kernel, channel
# order or normalisation by far more than this. Int8: one rounding decided otherwise early on moves the result. Noise
# of a thousandth to a tenth of a step before every rounding moved these numbers by at most 0.007, and those of
# nn4-small2-int8 by 0.016; channels in the wrong order move the latter by 0.087.
TOLERANCE = {
    "embedding-int8": {"embedding": 0.02},
    "embedding-float": {"embedding": 0.0005},
    "mobilefacenet": {"embedding": 0.001},
    "detector": {"boxes": 0.005, "scores": 0.005},
    "landmarks": {"mesh": 0.02, "presence": 0.005},
    "nn4-small2-float": {"embedding": 0.0005},
    "nn4-small2-int8": {"embedding": 0.03},
}

Numbers = dict[str, dict[str, list[float]]]


def committed() -> Numbers:
    """The numbers by network and output."""
    return tomllib.loads(FILE.read_text("utf-8"))


def verify(network: Network, path: Path) -> None:
    """Stops the build if a network does not give its committed numbers."""
    for output, found in _answers(network, path).items():
        expected = committed()[network.name][output]
        worst = float(np.abs(found[: len(expected)] - np.array(expected)).max())
        if worst > TOLERANCE[network.name][output]:
            raise SystemExit(f"{network.name}: {output} is off by {worst:.5f}; after a refit run build --self-test")


def measure(folder: Path) -> None:
    """Writes `self-test.toml` anew."""
    lines = ["# First numbers of each output for the picture of self_test.py, measured in ONNX Runtime on x86-64."]
    for network in NETWORKS:
        lines += ["", f"[{network.name}]"]
        for output, found in _answers(network, folder / network.file).items():
            numbers = ", ".join(f"{float(v):.5f}" for v in found[:FIRST])
            lines.append(f"{output} = [{numbers}]")
    FILE.write_text("\n".join(lines) + "\n", "utf-8")


def normalised(image: np.ndarray, into: Input) -> np.ndarray:
    """Bytes (side, side, 3) as a network's input."""
    values = (image.astype(np.float32) - np.array(into.subtract, np.float32)) / np.float32(into.divide)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def pattern(side: int) -> np.ndarray:
    """The picture."""
    r, c = np.mgrid[:side, :side]
    return np.stack([(7 * r + 3 * c) % 256, (5 * r + 11 * c) % 256, (r * c) % 256], -1).astype(np.uint8)


def _answers(network: Network, path: Path) -> dict[str, np.ndarray]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = list(network.outputs)
    found = session.run(names, {"image": normalised(pattern(network.input.side), network.input)})
    return {name: value.ravel() for name, value in zip(names, found, strict=True)}
