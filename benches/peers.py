"""Drives the contenders: a round is each of them once on the same frame, and no two ever work at the same time."""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import page
import picture
from frames import write_frames

HERE = Path(__file__).parent
# Scenes, and which share of the rounds each gets.
SCENES = {"face": 1.0, "near": 1 / 3, "empty": 1 / 3, "still": 1 / 3}
# Milliseconds from one frame to the next of a scene in which nothing moves; in the others each frame is a new one.
STILL_PACE = 33
# Not counted: caches and clock rates settle.
WARM_UP = 5
ONE_THREAD = {name: "1" for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]}


@dataclass
class Contender:
    """A process that answers a frame with the times of its stages, pinned to one core."""

    title: str
    command: list[str]
    # Finds faces and does no more; compared with limen's decode and detect.
    only_detects: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, core: int):
        """Starts it before everything else on its core, where that is permitted."""

        def settle():
            os.sched_setaffinity(0, {core})
            with contextlib.suppress(PermissionError):
                os.setpriority(os.PRIO_PROCESS, 0, -20)

        begun = time.perf_counter()
        self.answers: dict[str, list[dict]] = {scene: [] for scene in SCENES}
        self.process = subprocess.Popen(
            self.command,
            env=os.environ | ONE_THREAD | self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=settle,
        )
        self.about = self._read()
        self.ready = time.perf_counter() - begun
        self._rest()
        self.ran_and_waited = self._ran_and_waited()

    def ask(self, frame: Path, pace: str) -> dict:
        self.process.stdin.write(f"{frame}{pace}\n")
        self.process.stdin.flush()
        answer = self._read()
        self._rest()
        return answer

    def _rest(self):
        """Waits until it sleeps: it tidies up after an answer, and makes up people after the first."""
        while self._proc("stat").rsplit(")", 1)[1].split()[0] != "S":
            time.sleep(0.0001)

    def _read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.title}: ended without an answer")
        return json.loads(line)

    def stop(self):
        self.peak_mib = int(self._proc("status").split("VmHWM:")[1].split()[0]) / 1024
        ran, waited = (now - before for now, before in zip(self._ran_and_waited(), self.ran_and_waited, strict=True))
        self.waited = waited / (ran + waited)
        self.process.stdin.close()
        self.process.wait()

    def _ran_and_waited(self) -> list[int]:
        """Nanoseconds in which it had its core, and in which it wanted it and something else had it."""
        return [int(number) for number in self._proc("schedstat").split()[:2]]

    def _proc(self, file: str) -> str:
        return Path(f"/proc/{self.process.pid}/{file}").read_text()

    def totals(self, scene: str) -> list[float]:
        return [answer["ms"]["total"] for answer in self.answers[scene]]

    def median(self, scene: str, stage: str) -> float | None:
        times = [answer["ms"][stage] for answer in self.answers[scene] if stage in answer["ms"]]
        return statistics.median(times) if times else None

    def times_of(self, first: "Contender", scene: str) -> list[float]:
        """How many times as long as the first contender this one took, round by round."""
        parts = ["decode", "detect"] if self.only_detects else ["total"]
        base = [sum(answer["ms"][part] for part in parts) for answer in first.answers[scene]]
        return sorted(own / other for own, other in zip(self.totals(scene), base, strict=True))


def contenders(kept: Path, limen: str, people: int) -> tuple[list[Contender], list[str]]:
    """Who takes part, limen first, and what is left out and why."""

    def python(name: str) -> list[str]:
        return [sys.executable, "-B", str(HERE / "contenders.py"), name, str(people)]

    # With a gallery named, no configuration of this machine is read.
    serve = [limen, "--gallery", os.devnull, "bench", "--serve", "--templates", str(people)]
    found = [
        Contender("limen", serve),
        Contender("ONNX Runtime, same graphs", python("onnxruntime-int8")),
        Contender("ONNX Runtime, int8 made uint8", python("onnxruntime-uint8")),
    ]
    missing = []
    if (HERE.parent / "models/embedding-float.onnx").exists():
        found.append(Contender("ONNX Runtime, float graphs", python("onnxruntime-float")))
    else:
        missing.append("three float graphs: models/embedding-float.onnx is not built (models/recipe/build)")
    # Where Debian's OpenBLAS could be had, dlib was compiled with it.
    blas = {"LD_LIBRARY_PATH": str(kept / "openblas")}
    found.append(Contender("face_recognition (dlib)", python("face_recognition"), environment=blas))
    found.append(Contender("same, default upsampling", python("face_recognition-defaults"), environment=blas))
    found.append(Contender("OpenCV Haar, detection only", python("haar"), only_detects=True))
    return found, missing


def run(field: list[Contender], scenes: dict[str, list[Path]], rounds: int):
    for scene, share in SCENES.items():
        counted = max(round(rounds * share), 1)
        for number in range(WARM_UP + counted):
            frame = scenes[scene][number % len(scenes[scene])]
            # Whoever comes first finds the caches as another left them: everybody's turn.
            turn = number % len(field)
            for contender in field[turn:] + field[:turn]:
                answer = contender.ask(frame, f" {STILL_PACE}" if scene == "still" else "")
                if number >= WARM_UP:
                    contender.answers[scene].append(answer)
            if sys.stderr.isatty():
                print(f"\r{scene} {number + 1} of {WARM_UP + counted}  ", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(prog="peers")
    parser.add_argument("kept", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("limen", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="the folder of peers.svg and performance.md")
    parser.add_argument("--rounds", type=int, default=300, help="with a face; a third of them without")
    parser.add_argument("--people", type=int, default=10_000, help="made up, to compare with")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="that all work on in turns")
    arguments = parser.parse_args()
    # Whoever asks does not stand in the way of whoever answers.
    if others := os.sched_getaffinity(0) - {arguments.core}:
        os.sched_setaffinity(0, others)
    field, missing = contenders(arguments.kept, arguments.limen, arguments.people)
    for what in missing:
        print(f"left out: {what}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        scenes = write_frames(Path(folder))
        for contender in field:
            contender.start(arguments.core)
        run(field, scenes, arguments.rounds)
    for contender in field:
        contender.stop()
    text = page.comparison(field, missing, arguments.people)
    print(text)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        shown = "![A bar for each, its stages one after the other](peers.svg)"
        page.fill(arguments.out / "performance.md", "peers", f"{shown}\n\n{text}")
        (arguments.out / "peers.svg").write_text(picture.bars(field))


if __name__ == "__main__":
    main()
