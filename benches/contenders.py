"""One contender of the comparison, in a process of its own: contenders.py NAME FACES.

It says what it is on a first line, once it is ready, as `limen bench --serve` does. Then each line of standard input is
the file of a frame, 640x480 in YUYV, and perhaps, after a space, how long it was taken after the one before, which only
limen minds; it is answered with a line {ms: {stage: ...}, faces, compared}. Reading the file is not
measured. Stages that a contender does not tell apart are in the next one that it has. FACES is how many made-up people
it compares with.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 480
# As small as limen finds reliably; dlib's own detector looks for no smaller one.
SMALLEST_FACE = 80


class Stages:
    """A stop watch: each stage ends where the next one begins."""

    def __init__(self):
        self.ms: dict[str, float] = {}
        self.start = self.last = time.perf_counter()

    def end(self, stage: str):
        now = time.perf_counter()
        self.ms[stage] = (now - self.last) * 1e3
        self.last = now

    def answer(self, faces: int, compared: bool) -> dict:
        return {"ms": self.ms | {"total": (self.last - self.start) * 1e3}, "faces": faces, "compared": compared}


def rgb(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_YUV2RGB_YUYV)


def made_up(people: int, dtype: type) -> np.ndarray:
    points = np.random.default_rng(1).normal(size=(people, 128))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(dtype)


class Haar:
    """OpenCV's cascade: where a face is, and no more than that."""

    def __init__(self, _people: int):
        self.cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
        self.about = f"OpenCV {cv2.__version__}"

    def look(self, frame: np.ndarray) -> dict:
        stages = Stages()
        grey = cv2.cvtColor(frame, cv2.COLOR_YUV2GRAY_YUYV)
        stages.end("decode")
        least = (SMALLEST_FACE, SMALLEST_FACE)
        faces = self.cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=least)
        stages.end("detect")
        return stages.answer(len(faces), False)


class FaceRecognition:
    """The package face_recognition on dlib, by the steps of its `face_encodings`, which are timed apart here."""

    def __init__(self, people: int, upsample: int):
        import dlib
        from face_recognition import api

        self.api, self.upsample = api, upsample
        self.people = made_up(people, np.float64)
        options = [
            ("AVX", dlib.USE_AVX_INSTRUCTIONS),
            ("NEON", dlib.USE_NEON_INSTRUCTIONS),
            ("BLAS", dlib.DLIB_USE_BLAS),
        ]
        self.about = ", ".join([f"dlib {dlib.__version__}", *(f"with {name}" for name, used in options if used)])

    def look(self, frame: np.ndarray) -> dict:
        stages = Stages()
        picture = rgb(frame)
        stages.end("decode")
        places = self.api.face_locations(picture, number_of_times_to_upsample=self.upsample)
        stages.end("detect")
        if not places:
            return stages.answer(0, False)
        # The nearest face alone, as at the door.
        nearest = max(places, key=lambda place: (place[2] - place[0]) * (place[1] - place[3]))
        points = self.api._raw_face_landmarks(picture, [nearest], model="small")[0]
        stages.end("landmarks")
        embedding = np.array(self.api.face_encoder.compute_face_descriptor(picture, points, 1))
        stages.end("embed")
        self.api.face_distance(self.people, embedding).argmin()
        stages.end("match")
        return stages.answer(len(places), True)


def onnx_runtime(embedding: str, make_unsigned: bool = False) -> Callable[[int], object]:
    def make(people: int):
        import graphs

        models = Path(__file__).parent.parent / "models"
        return graphs.Graphs(models, embedding, make_unsigned, made_up(people, np.float32))

    return make


CONTENDERS: dict[str, Callable[[int], object]] = {
    "onnxruntime-int8": onnx_runtime("embedding-int8.onnx"),
    "onnxruntime-uint8": onnx_runtime("embedding-int8.onnx", make_unsigned=True),
    "onnxruntime-float": onnx_runtime("embedding-float.onnx"),
    "face_recognition": lambda people: FaceRecognition(people, upsample=0),
    "face_recognition-defaults": lambda people: FaceRecognition(people, upsample=1),
    "haar": Haar,
}


def main(name: str, people: int):
    cv2.setNumThreads(1)
    contender = CONTENDERS[name](people)
    print(json.dumps({"about": contender.about}), flush=True)
    for line in sys.stdin:
        frame = np.fromfile(line.split(" ")[0].rstrip("\n"), np.uint8).reshape(HEIGHT, WIDTH, 2)
        print(json.dumps(contender.look(frame)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
