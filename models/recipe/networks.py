"""The networks: what each is for, what goes in and comes out, and how its graph is built."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dlib_weights import read_network
from embedding import build_embedding
from graph import Graph
from nn4_small2 import SeededWeights, build_nn4_small2
from quantise import Ranges
from seeded_ranges import FILE as SEEDED_RANGES
from sources import (
    DLIB_RESNET, FACE_LANDMARK, MOBILEFACENET as MOBILEFACENET_TFLITE, NN4_SMALL2, SHORT_RANGE_DETECTOR, Seeded, Source,
    fetch,
)
from tflite_graph import convert

FIT = Path(__file__).resolve().parent.parent / "fit"


@dataclass(frozen=True)
class Input:
    """A picture: `(value - subtract) / divide`, channels first, RGB."""

    side: int
    subtract: tuple[float, float, float]
    divide: float

    @property
    def shape(self) -> list[int]:
        """Batch, channels, height, width."""
        return [1, 3, self.side, self.side]


@dataclass(frozen=True)
class Network:
    """One file of `models/`."""

    name: str
    role: str
    about: str
    source: Source | Seeded
    input: Input
    outputs: dict[str, list[int]]
    build: Callable[[], Graph]
    default: bool = True
    committed: bool = True
    metric: str | None = None
    # Where a face lies in the input of a face network: `crates/limen-vision/src/model/crop.rs`.
    crop: str | None = None
    # Two frames of one track that are farther apart show two faces, by the metric.
    same_face: float | None = None
    # A turned frame that is farther from the frontal ones of its track may show another person.
    turned_self: float | None = None

    @property
    def file(self) -> str:
        """Its name below `models/`."""
        return f"{self.name}.onnx"

    @property
    def trained(self) -> bool:
        """On faces; else it only shows that the architecture runs."""
        return isinstance(self.source, Source)

    def write(self, folder: Path) -> Path:
        """Builds the file."""
        path = folder / self.file
        self.build().write(str(path), {"image": self.input.shape}, self.outputs)
        return path


def measured_ranges() -> Ranges:
    """The activation ranges of `fit/activations.toml`."""
    return _ranges_in(FIT / "activations.toml")


def _ranges_in(file: Path) -> Ranges:
    return ranges_of(tomllib.loads(file.read_text("utf-8"))["convolution"])


def ranges_of(table: dict[str, dict[str, list[float]]]) -> Ranges:
    """Ranges from `{name: {input: [low, high], output: [low, high]}}`."""

    def side(key: str) -> dict[str, tuple[float, float]]:
        return {name: (entry[key][0], entry[key][1]) for name, entry in table.items()}

    return Ranges(side("input"), side("output"))


def embedding_graph(ranges: Ranges | None) -> Graph:
    """The face network, in int8 if there are ranges."""
    convolutions, matrix = read_network(fetch(DLIB_RESNET))
    return build_embedding(convolutions, matrix, ranges)


def _detector() -> Graph:
    graph = convert(fetch(SHORT_RANGE_DETECTOR), "detector")
    graph.rename("regressors", "boxes")
    graph.rename("classificators", "scores")
    return graph


def _landmarks() -> Graph:
    graph = convert(fetch(FACE_LANDMARK), "landmarks")
    for convolution, output in (("conv2d_21", "mesh"), ("conv2d_31", "presence")):
        graph.node("Flatten", output, [convolution], axis=1)
    return graph


def _mobilefacenet() -> Graph:
    graph = convert(fetch(MOBILEFACENET_TFLITE), "mobilefacenet")
    graph.rename("embeddings", "embedding")
    return graph


# One comparison of strangers in 80 is nearer; frames of one person in one track are seldom farther apart than 0.4.
_SAME_FACE = 0.6
# Of 68,193 pairs of a face turned by 15 to 40 degrees and another person's frontal one, one in a hundred is nearer; of 27
# turned frames of three people, against the frontal ones of their tracks, none was farther and nineteen in twenty within 0.57.
_TURNED_SELF = 0.6
_FACE = Input(side=150, subtract=(122.782, 117.001, 104.298), divide=256.0)

EMBEDDING_INT8 = Network(
    name="embedding-int8",
    role="embedding",
    about="Face embedding, convolutions in int8. Compared by L2 on raw values, which are not of unit length.",
    source=DLIB_RESNET,
    input=_FACE,
    outputs={"embedding": [1, 128]},
    build=lambda: embedding_graph(measured_ranges()),
    metric="l2",
    crop="dlib-150",
    same_face=_SAME_FACE,
    turned_self=_TURNED_SELF,
)
EMBEDDING_FLOAT = Network(
    name="embedding-float",
    role="embedding",
    about="The same in float, the reference. Built by the recipe, not committed.",
    source=DLIB_RESNET,
    input=_FACE,
    outputs={"embedding": [1, 128]},
    build=lambda: embedding_graph(None),
    default=False,
    committed=False,
    metric="l2",
    crop="dlib-150",
    same_face=_SAME_FACE,
    turned_self=_TURNED_SELF,
)
MOBILEFACENET = Network(
    name="mobilefacenet",
    role="embedding",
    about="Face embedding by MobileFaceNet, in float. Compared by the angle.",
    source=MOBILEFACENET_TFLITE,
    input=Input(side=112, subtract=(127.5, 127.5, 127.5), divide=128.0),
    outputs={"embedding": [1, 192]},
    build=_mobilefacenet,
    default=False,
    metric="cosine",
    crop="arcface-112",
)
DETECTOR = Network(
    name="detector",
    role="detection",
    about="Boxes, six key points and scores of faces, for 896 anchors.",
    source=SHORT_RANGE_DETECTOR,
    input=Input(side=128, subtract=(127.5, 127.5, 127.5), divide=127.5),
    outputs={"boxes": [1, 896, 16], "scores": [1, 896, 1]},
    build=_detector,
)
LANDMARKS = Network(
    name="landmarks",
    role="landmarks",
    about="468 points with depth of an upright face in pixels of the input, and the logit of a face's presence.",
    source=FACE_LANDMARK,
    input=Input(side=192, subtract=(0.0, 0.0, 0.0), divide=255.0),
    outputs={"mesh": [1, 1404], "presence": [1, 1]},
    build=_landmarks,
)
NN4_SMALL2_FLOAT = Network(
    name="nn4-small2-float",
    role="embedding",
    about="nn4.small2 untrained: random weights that show that the architecture runs. It recognises nobody.",
    source=NN4_SMALL2,
    input=Input(side=96, subtract=(0.0, 0.0, 0.0), divide=255.0),
    outputs={"embedding": [1, 128]},
    build=lambda: build_nn4_small2(SeededWeights(), None),
    default=False,
    committed=False,
    metric="l2",
    crop="openface-96",
)
NN4_SMALL2_INT8 = replace(
    NN4_SMALL2_FLOAT,
    name="nn4-small2-int8",
    about="The same with convolutions in int8.",
    build=lambda: build_nn4_small2(SeededWeights(), _ranges_in(SEEDED_RANGES)),
)
NETWORKS = [EMBEDDING_INT8, EMBEDDING_FLOAT, MOBILEFACENET, DETECTOR, LANDMARKS, NN4_SMALL2_FLOAT, NN4_SMALL2_INT8]
