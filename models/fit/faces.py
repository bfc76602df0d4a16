"""Aligned crops of a folder of faces, made as the program makes them (see `crates/limen-vision`)."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from PIL import Image

# The side of a crop, and where mesh points lie in it (`crates/limen-vision/src/model/crop.rs`).
CROPS = {
    "dlib-150": (150, {
        33: (35.8, 45.7), 133: (59.5, 47.2), 362: (88.6, 47.4), 263: (112.6, 45.9),
        2: (74.0, 86.0), 168: (74.1, 43.4), 61: (52.0, 103.8), 291: (97.1, 103.6),
    }),
    "arcface-112": (112, {
        33: (29.9, 51.5), 133: (46.0, 52.3), 362: (65.8, 52.4), 263: (82.0, 51.5),
        2: (55.9, 78.1), 168: (55.9, 49.6), 61: (40.8, 90.7), 291: (71.4, 90.5),
    }),
}
# `MIN_SCORE` of `crates/limen-vision/src/detect.rs`.
MIN_SCORE = 0.4


def session(path: str) -> ort.InferenceSession:
    """A network on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@dataclass
class Photograph:
    """`person/person_0001.jpg`."""

    person: str
    path: str


def photographs(folder: str) -> list[Photograph]:
    """Every photograph of a folder with one sub-folder a person, in a fixed order."""
    found = []
    for person in sorted(os.listdir(folder)):
        if os.path.isdir(os.path.join(folder, person)):
            for name in sorted(os.listdir(os.path.join(folder, person))):
                found.append(Photograph(person, os.path.join(folder, person, name)))
    return found


class Aligner:
    """Finds the best face of a picture and cuts its aligned crop."""

    def __init__(self, models: str) -> None:
        self.detector = session(os.path.join(models, "detector.onnx"))
        self.landmarks = session(os.path.join(models, "landmarks.onnx"))
        cells = [(16, 2), (8, 6)]
        self.anchors = np.array(
            [((c + 0.5) / g, (r + 0.5) / g) for g, n in cells for r in range(g) for c in range(g) for _ in range(n)]
        )

    def crops(self, picture: Image.Image) -> dict[str, np.ndarray] | None:
        """The crops (side, side, 3) of bytes by their names, or `None` where no face is found."""
        points = self.mesh(picture)
        if points is None:
            return None
        rgb = np.asarray(picture.convert("RGB"), np.float32)
        found = {}
        for name, (side, anchors) in CROPS.items():
            fitted = fit(points[list(anchors)], np.array(list(anchors.values())))
            found[name] = np.rint(warp(rgb, fitted, side)).astype(np.uint8)
        return found

    def mesh(self, picture: Image.Image) -> np.ndarray | None:
        """The 468 points in pixels of the picture, or `None` where no face is found."""
        rgb = np.asarray(picture.convert("RGB"), np.float32)
        face = self._detect(picture.convert("RGB"))
        if face is None:
            return None
        box, eyes = face
        angle = np.arctan2(eyes[1][1] - eyes[0][1], eyes[1][0] - eyes[0][0])
        scale = 192 / (1.5 * max(box[2], box[3]))
        a, b = scale * np.cos(angle), -scale * np.sin(angle)
        region = np.array([a, b, 96 - (a * box[0] - b * box[1]), 96 - (b * box[0] + a * box[1])])
        image = np.rint(warp(rgb, region, 192)).transpose(2, 0, 1)[None] / 255
        mesh = self.landmarks.run(["mesh"], {"image": image.astype(np.float32)})[0].reshape(-1, 3)[:, :2]
        return apply(inverse(region), mesh)

    def _detect(self, picture: Image.Image) -> tuple[np.ndarray, np.ndarray] | None:
        longer = max(picture.size)
        width, height = (max(round(n * 128 / longer), 1) for n in picture.size)
        left, top = (128 - width) // 2, (128 - height) // 2
        square = np.zeros((128, 128, 3), np.float32)
        square[top : top + height, left : left + width] = picture.resize((width, height), Image.BILINEAR)
        image = (square / 127.5 - 1).transpose(2, 0, 1)[None].astype(np.float32)
        raw, logits = self.detector.run(["boxes", "scores"], {"image": image})
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -50, 50)))
        if scores.max() < MIN_SCORE:
            return None
        origin = self.anchors * 128
        centres = raw[0, :, :2] + origin
        best = int(scores.argmax())
        boxes = np.concatenate([centres, raw[0, :, 2:4]], 1)
        group = np.flatnonzero((scores >= MIN_SCORE) & (overlap(boxes, boxes[best]) > 0.3))
        weight = scores[group] / scores[group].sum()
        points = raw[0, group, 4:8].reshape(-1, 2, 2) + origin[group][:, None]
        shift = np.array([left, top])
        box = (weight[:, None] * boxes[group]).sum(0)
        eyes = ((weight[:, None, None] * points).sum(0) - shift) * longer / 128
        return np.concatenate([(box[:2] - shift), box[2:]]) * longer / 128, eyes


def overlap(boxes: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Intersection over union of (centre x, centre y, width, height) boxes with one."""
    low = np.maximum(boxes[:, :2] - boxes[:, 2:] / 2, one[:2] - one[2:] / 2)
    high = np.minimum(boxes[:, :2] + boxes[:, 2:] / 2, one[:2] + one[2:] / 2)
    shared = np.clip(high - low, 0, None).prod(1)
    return shared / (boxes[:, 2:].prod(1) + one[2:].prod() - shared)


def fit(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The similarity (a, b, tx, ty) that takes `source` to `target`, least squares."""
    p, q = source - source.mean(0), target - target.mean(0)
    norm = (p**2).sum()
    a, b = (p * q).sum() / norm, (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum() / norm
    (px, py), (qx, qy) = source.mean(0), target.mean(0)
    return np.array([a, b, qx - a * px + b * py, qy - b * px - a * py])


def apply(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where points go."""
    a, b, tx, ty = transform
    x, y = points[..., 0], points[..., 1]
    return np.stack([a * x - b * y + tx, b * x + a * y + ty], -1)


def inverse(transform: np.ndarray) -> np.ndarray:
    """The transform that undoes another."""
    a, b, tx, ty = transform
    norm = a * a + b * b
    a, b = a / norm, -b / norm
    return np.array([a, b, -(a * tx - b * ty), -(b * tx + a * ty)])


def warp(rgb: np.ndarray, to_crop: np.ndarray, side: int) -> np.ndarray:
    """An upright crop, bilinear, averaged where it shrinks."""
    back = inverse(to_crop)
    samples = int(np.clip(np.ceil(np.hypot(back[0], back[1]) - 0.25), 1, 8))
    steps = (np.arange(side * samples) + 0.5) / samples
    at = apply(back, np.stack(np.meshgrid(steps, steps), -1)) - 0.5
    floor = np.floor(at).astype(int)
    share = (at - floor)[..., None]
    height, width = rgb.shape[:2]

    def pixel(dx: int, dy: int) -> np.ndarray:
        return rgb[np.clip(floor[..., 1] + dy, 0, height - 1), np.clip(floor[..., 0] + dx, 0, width - 1)]

    upper = pixel(0, 0) + (pixel(1, 0) - pixel(0, 0)) * share[..., 0, :]
    lower = pixel(0, 1) + (pixel(1, 1) - pixel(0, 1)) * share[..., 0, :]
    fine = upper + (lower - upper) * share[..., 1, :]
    return fine.reshape(side, samples, side, samples, 3).mean((1, 3))
