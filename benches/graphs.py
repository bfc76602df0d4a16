"""The program's own three networks in ONNX Runtime, with the steps between them in numpy and OpenCV.

The steps are those of crates/limen-vision: the same letterbox, anchors, merging, upright region and fit over eight points of the
mesh. Left out is what limen does besides: judging the crop, following tracks, centring on a cohort.
"""

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from contenders import HEIGHT, WIDTH, Stages, rgb

DETECTOR, LANDMARKS, CROP = 128, 192, 150
MIN_SCORE, MERGE_OVERLAP, REGION = 0.4, 0.3, 1.5
# Points of the mesh and where they lie in the crop: crates/limen-vision/src/align.rs.
ANCHORS = [33, 133, 362, 263, 2, 168, 61, 291]
IN_CROP = np.array(
    [[35.8, 45.7], [59.5, 47.2], [88.6, 47.4], [112.6, 45.9], [74.0, 86.0], [74.1, 43.4], [52.0, 103.8], [97.1, 103.6]]
)


def session(model: Path | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def unsigned(file: Path) -> bytes:
    """The same int8 network with its activations counted from 0 to 255 instead of -128 to 127: every value the same, and
    the form for which ONNX Runtime has its fast kernels on x86."""
    model = onnx.load(file)
    places = {"QuantizeLinear": [2], "DequantizeLinear": [2], "QLinearConv": [2, 7]}
    zeros = {node.input[i] for node in model.graph.node for i in places.get(node.op_type, [])}
    for constant in model.graph.initializer:
        if constant.name in zeros:
            moved = (numpy_helper.to_array(constant).astype(np.int16) + 128).astype(np.uint8)
            constant.CopyFrom(numpy_helper.from_array(moved, constant.name))
    return model.SerializeToString()


def middles() -> np.ndarray:
    """The middle of each anchor in pixels of the detector's input: 16x16 cells of two anchors, 8x8 of six."""
    rows = []
    for grid, each in (16, 2), (8, 6):
        centre = (np.arange(grid) + 0.5) * DETECTOR / grid
        y, x = np.meshgrid(centre, centre, indexing="ij")
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(rows).astype(np.float32)


def similarity(a: float, b: float, tx: float, ty: float) -> np.ndarray:
    # OpenCV counts from the middles of pixels, limen from their corners.
    return np.array([[a, -b, tx + (a - b - 1) / 2], [b, a, ty + (a + b - 1) / 2]])


def cut(picture: np.ndarray, transform: np.ndarray, side: int) -> np.ndarray:
    return cv2.warpAffine(picture, transform, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


class Graphs:
    """Detector, landmarks and an embedding, as a file or with its activations made unsigned."""

    def __init__(self, models: Path, embedding: str, make_unsigned: bool, people: np.ndarray):
        self.detector = session(models / "detector.onnx")
        self.landmarks = session(models / "landmarks.onnx")
        self.embedder = session(unsigned(models / embedding) if make_unsigned else models / embedding)
        self.middles = middles()
        self.people, self.squares = people, (people**2).sum(axis=1)
        self.about = f"ONNX Runtime {onnxruntime.__version__}, OpenCV {cv2.__version__}, numpy {np.__version__}"

    def look(self, frame: np.ndarray) -> dict:
        stages = Stages()
        picture = rgb(frame)
        stages.end("decode")
        faces = self.detect(picture)
        stages.end("detect")
        if not faces:
            return stages.answer(0, False)
        mesh = self.mesh(picture, max(faces, key=lambda face: face[2] * face[3]))
        stages.end("landmarks")
        crop = self.align(picture, mesh)
        stages.end("align")
        embedding = self.embed(crop)
        stages.end("embed")
        # Nearest by |p|^2 - 2 p.e; |e|^2 is the same for all.
        (self.squares - 2 * (self.people @ embedding)).argmin()
        stages.end("match")
        return stages.answer(len(faces), True)

    def detect(self, picture: np.ndarray) -> list[np.ndarray]:
        """Box (left, top, width, height) and six key points, in pixels of the picture, the best first."""
        scale = WIDTH / DETECTOR
        height = round(HEIGHT / scale)
        top = (DETECTOR - height) // 2
        square = np.zeros((DETECTOR, DETECTOR, 3), np.uint8)
        square[top : top + height] = cv2.resize(picture, (DETECTOR, height), interpolation=cv2.INTER_AREA)
        image = cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5,) * 3)
        boxes, logits = self.detector.run(["boxes", "scores"], {"image": image})
        boxes, logits = boxes[0], logits[0, :, 0]
        found = np.flatnonzero(logits >= np.log(MIN_SCORE / (1 - MIN_SCORE)))
        found = found[np.argsort(-logits[found])]
        scores = 1 / (1 + np.exp(-logits[found]))
        values = boxes[found].copy()
        values[:, :2] += self.middles[found]
        values[:, 4:] += np.tile(self.middles[found], 6)
        values[:, :2] -= values[:, 2:4] / 2
        faces = []
        while len(values) and len(faces) < 8:
            near = overlap(values, values[0]) > MERGE_OVERLAP
            near[0] = True
            face = (values[near] * scores[near, None]).sum(axis=0) / scores[near].sum()
            face[[1, 5, 7, 9, 11, 13, 15]] -= top
            faces.append(face * scale)
            values, scores = values[~near], scores[~near]
        return faces

    def mesh(self, picture: np.ndarray, face: np.ndarray) -> np.ndarray:
        """The points of the mesh in pixels of the picture."""
        left, top, width, height = face[:4]
        across, down = face[6] - face[4], face[7] - face[5]
        angle, scale = np.arctan2(down, across), LANDMARKS / (max(width, height, 1) * REGION)
        a, b = scale * np.cos(angle), -scale * np.sin(angle)
        x, y = left + width / 2, top + height / 2
        tx, ty = LANDMARKS / 2 - (a * x - b * y), LANDMARKS / 2 - (b * x + a * y)
        crop = cut(picture, similarity(a, b, tx, ty), LANDMARKS)
        image = cv2.dnn.blobFromImage(crop, 1 / 255)
        points, _presence = self.landmarks.run(["mesh", "presence"], {"image": image})
        flat = points.reshape(-1, 3)[:, :2] - (tx, ty)
        return flat @ np.array([[a, -b], [b, a]]) / scale**2

    def align(self, picture: np.ndarray, mesh: np.ndarray) -> np.ndarray:
        """The crop by the similarity that fits best, in closed form."""
        seen = mesh[ANCHORS]
        from_mean, to_mean = seen.mean(axis=0), IN_CROP.mean(axis=0)
        p, q = seen - from_mean, IN_CROP - to_mean
        size = (p**2).sum()
        a = (p * q).sum() / size
        b = (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum() / size
        tx = to_mean[0] - (a * from_mean[0] - b * from_mean[1])
        ty = to_mean[1] - (b * from_mean[0] + a * from_mean[1])
        return cut(picture, similarity(a, b, tx, ty), CROP)

    def embed(self, crop: np.ndarray) -> np.ndarray:
        image = cv2.dnn.blobFromImage(crop, 1 / 256, mean=(122.782, 117.001, 104.298))
        return self.embedder.run(["embedding"], {"image": image})[0][0]


def overlap(boxes: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Intersection over union of each box with the best one."""
    least = np.maximum(boxes[:, :2], best[:2])
    most = np.minimum(boxes[:, :2] + boxes[:, 2:4], best[:2] + best[2:4])
    shared = np.clip(most - least, 0, None).prod(axis=1)
    areas = boxes[:, 2:4].clip(0).prod(axis=1)
    return shared / np.maximum(areas + areas[0] - shared, 1e-9)
