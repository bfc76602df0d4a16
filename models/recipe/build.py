"""The recipe: weights in, ONNX files, manifest and digests out. See `build` for its options."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import cohort
import manifest
import seeded_ranges
import self_test
from networks import NETWORKS, NN4_SMALL2_FLOAT
from sources import digest

MODELS = Path(__file__).resolve().parent.parent
COMMITTED = [*(network.file for network in NETWORKS if network.committed), cohort.FILE]
# What `sha256sum -c SHA256SUMS` checks without any of this.
SUMS = "SHA256SUMS"


def main() -> int:
    """Builds; 1 if `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="build", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="compare with the files in models/, write nothing")
    measured = "measure self-test.toml and nn4-small2.toml anew first"
    choice.add_argument("--self-test", action="store_true", help=measured)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _build(folder, arguments.self_test)
        if arguments.check:
            return _compare(folder)
        for built in sorted(folder.iterdir()):
            # An unchanged file keeps its time, so that the program is not compiled anew for it.
            if not _same(built, MODELS / built.name):
                shutil.copyfile(built, MODELS / built.name)
    return 0


def _build(folder: Path, measure_self_test: bool) -> None:
    if measure_self_test:
        _measure_seeded_ranges(folder)
    for network in NETWORKS:
        network.write(folder)
    if measure_self_test:
        self_test.measure(folder)
    for network in NETWORKS:
        self_test.verify(network, folder / network.file)
    cohort.write(folder)
    (folder / "manifest.toml").write_text(manifest.text(folder), "utf-8")
    names = [*sorted(COMMITTED), "manifest.toml"]
    (folder / SUMS).write_text("".join(f"{digest(folder / name)}  {name}\n" for name in names), "utf-8")


def _measure_seeded_ranges(folder: Path) -> None:
    into = NN4_SMALL2_FLOAT.input
    images = [self_test.pattern(into.side), *seeded_ranges.pictures(into.side)]
    seeded_ranges.measure(NN4_SMALL2_FLOAT.write(folder), [self_test.normalised(image, into) for image in images])


def _compare(folder: Path) -> int:
    different = []
    for name in [*COMMITTED, "manifest.toml", SUMS]:
        if not _same(folder / name, MODELS / name):
            different.append(name)
            print(f"{name} differs from what the recipe builds", file=sys.stderr)
    return 1 if different else 0


def _same(built: Path, there: Path) -> bool:
    return there.exists() and there.read_bytes() == built.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
