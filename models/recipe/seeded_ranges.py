"""The activation ranges of the seeded network's convolutions, which its int8 scales are made of.

Nothing of it was trained, so no photograph is needed: the pictures are the self-test's and seeded noise, from single
pixels to large patches. The numbers are committed in `nn4-small2.toml` rather than measured on each build, as
those of the self-test are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

FILE = Path(__file__).resolve().parent / "nn4-small2.toml"
SEED = 96
# Sides of the noise's patches in pixels; each divides the picture's side.
PATCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
PICTURES_A_PATCH = 4


def pictures(side: int) -> list[np.ndarray]:
    """Bytes (side, side, 3): coloured patches, half of them over the whole range of brightness, half in its middle."""
    bits = np.random.PCG64(SEED)
    found = []
    for patch in PATCHES:
        cells = side // patch
        for index in range(PICTURES_A_PATCH):
            noise = (bits.random_raw(cells * cells * 3) >> np.uint64(56)).astype(np.uint8).reshape(cells, cells, 3)
            noise = noise if index % 2 else noise // 2 + 64
            found.append(noise.repeat(patch, 0).repeat(patch, 1))
    return found


def measure(model: Path, inputs: list[np.ndarray]) -> None:
    """Writes the least and the greatest value of each convolution's input and of its output behind the relu."""
    graph = onnx.load(model)
    relus = {node.input[0]: node.output[0] for node in graph.graph.node if node.op_type == "Relu"}
    places = {n.name: (n.input[0], relus[n.output[0]]) for n in graph.graph.node if n.op_type == "Conv"}
    watched = sorted({value for pair in places.values() for value in pair} - {"image"})
    del graph.graph.output[:]
    graph.graph.output.extend([onnx.helper.make_empty_tensor_value_info(value) for value in watched])
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    spans = {"image": (0.0, 1.0)} | {value: (np.inf, -np.inf) for value in watched}
    for image in inputs:
        for name, value in zip(watched, session.run(watched, {"image": image}), strict=True):
            low, high = spans[name]
            spans[name] = (min(low, float(value.min())), max(high, float(value.max())))
    lines = [
        "# Range of the input and output of each convolution (behind the relu). Written by build --self-test.",
        f'method = "least and greatest value over {len(inputs)} seeded pictures"',
    ]
    for name, (source, result) in places.items():
        lines += ["", f"[convolution.{name}]", f"input = {_span(*spans[source])}", f"output = {_span(*spans[result])}"]
    FILE.write_text("\n".join(lines) + "\n", "utf-8")


def _span(low: float, high: float) -> str:
    return f"[{low:.4f}, {high:.4f}]"
