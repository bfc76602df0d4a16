"""Counts the instructions of each stage by differences between whole runs of `limen bench --serve`.

A run looks at the same frame FRAMES times. What stops a frame early is the configuration's own gate, so that one run
has all stages of another and one more; what loading costs is in both, and drops out.
"""

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import page
from frames import write_frames

STAGES = page.STAGES
RECORD = Path(__file__).parent / "instructions.json"
FRAMES = 6
# To compare with; the time of 10,000 is mostly memory's, which no count of instructions shows.
PEOPLE = 1000
# More than this above the record is a regression.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Run:
    """How a run is configured and what it looks at."""

    frame: str | None
    configuration: str = ""
    people: int = 1


# A distance instead of a target: nothing is centred on a cohort, which belongs to matching.
FIXED = "[recognition]\nmax-distance = 0.9\n"
NOTHING, NOTHING_FIXED, NOTHING_PEOPLE = Run(None), Run(None, FIXED), Run(None, "", PEOPLE)
EMPTY = Run("empty")
# No face is as sharp as 100.
CROP = Run("face", "[recognition.quality]\nmin-sharpness = 100\n")
EMBEDDED, ALL = Run("face", FIXED), Run("face", "", PEOPLE)


@dataclass(frozen=True)
class Board:
    """A Raspberry Pi: its core as QEMU calls it, its clock in GHz as raspberrypi.com states it, and how many
    instructions a clock tick may finish, least and most. The last two are assumptions, nothing that was measured."""

    name: str
    core: str
    clock: float
    least: float
    most: float


BOARDS = [
    # Two instructions a tick at best, in order: loads that miss stop it.
    Board("Zero 2 W", "cortex-a53", 1.0, 0.5, 1.0),
    Board("3B", "cortex-a53", 1.2, 0.5, 1.0),
    # Three at best, out of order.
    Board("4B", "cortex-a72", 1.5, 0.8, 1.6),
    # Four at best, out of order.
    Board("5", "cortex-a76", 2.4, 1.2, 2.4),
]

# Part numbers of the cores, as the kernel names them.
PARTS = {"cortex-a53": "0xd03", "cortex-a72": "0xd08", "cortex-a76": "0xd0b"}


def perf(command: list[str], told: str) -> int:
    said = run(["perf", "stat", "-x", ",", "-e", "instructions:u", *command], told)
    return int(re.search(r"^(\d+),", said, re.MULTILINE)[1])


def valgrind(command: list[str], told: str) -> int:
    counter = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    return int(re.search(r"I +refs: +([\d,]+)", run([*counter, *command], told))[1].replace(",", ""))


def emulated(core: str, plugin: str) -> Callable[[list[str], str], int]:
    # The inference engine chooses kernels by /proc/cpuinfo, which QEMU 7.2 does not emulate.
    part = f"TRACT_CPU_AARCH64_OVERRIDE_CPU_PART={PARTS[core]}"

    def count(command: list[str], told: str) -> int:
        with tempfile.NamedTemporaryFile("r", suffix=".log") as log:
            qemu = ["qemu-aarch64", "-cpu", core, "-E", part, "-L", "/usr/aarch64-linux-gnu"]
            run([*qemu, "-plugin", plugin, "-d", "plugin", "-D", log.name, *command], told)
            return int(log.read().split()[1])

    return count


def run(command: list[str], told: str) -> str:
    """What a program says on its standard error; ends here if it fails."""
    ended = subprocess.run(command, input=told, capture_output=True, text=True)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(command)}: failed\n{ended.stderr}")
    return ended.stderr


def has_perf() -> bool:
    try:
        said = subprocess.run(
            ["perf", "stat", "-x", ",", "-e", "instructions:u", "true"], capture_output=True, text=True
        )
    except FileNotFoundError:
        return False
    return re.search(r"^\d+,", said.stderr, re.MULTILINE) is not None


def stages(count: Callable[[list[str], str], int], limen: str, folder: Path, frames: dict[str, Path]) -> dict[str, int]:
    """Instructions of each stage, for one frame."""

    def total(run: Run) -> int:
        file = folder / "limen.toml"
        file.write_text(run.configuration)
        command = [limen, "--config", str(file), "--gallery", "/dev/null", "bench", "--serve"]
        told = f"{frames[run.frame]}\n" * FRAMES if run.frame else ""
        return count([*command, "--templates", str(run.people)], told)

    def more(run: Run, than: Run) -> int:
        return totals[run] - totals[than]

    runs = [NOTHING, NOTHING_FIXED, NOTHING_PEOPLE, EMPTY, CROP, EMBEDDED, ALL]
    totals = {run: total(run) for run in runs}
    cut = more(CROP, NOTHING)
    embedded = more(EMBEDDED, NOTHING_FIXED)
    found = {
        # A YUYV frame is decoded where it is looked at, by the stage that looks.
        "decode": 0,
        "detect": more(EMPTY, NOTHING),
        # No gate is sure to stop a frame between the two: cutting out the face counts as part of placing the mesh.
        "landmarks": more(CROP, EMPTY),
        "align": 0,
        "embed": embedded - cut,
        "match": more(ALL, NOTHING_PEOPLE) - embedded,
    }
    return {stage: found[stage] // FRAMES for stage in STAGES}


def millions(count: float) -> str:
    return f"{count / 1e6:.1f}" if count >= 1e6 else f"{count / 1e6:.2f}"


def counted(by_counter: dict[str, dict[str, int]]) -> str:
    rows = [[name, *map(millions, of.values()), millions(sum(of.values()))] for name, of in by_counter.items()]
    return page.table(["millions of instructions", *STAGES, "all"], rows)


def estimate(by_core: dict[str, dict[str, int]]) -> str:
    """Times of the boards, from counts and published clock rates."""

    def row(board: Board) -> list[str]:
        def span(count: int) -> str:
            fast, slow = (count / (board.clock * 1e6 * rate) for rate in (board.most, board.least))
            return f"{page.milliseconds(fast)} to {page.milliseconds(slow)}"

        of = by_core[board.core]
        every = [span(of["decode"] + of["detect"]), span(sum(of.values()))]
        return [board.name, board.core, f"{board.clock}", f"{board.least} to {board.most}", *every]

    head = ["estimate, not measured", "core", "GHz", "instructions a tick, assumed", "nobody there, ms", "a face, ms"]
    return page.table(head, [row(board) for board in BOARDS])


def check(by_counter: dict[str, dict[str, int]]) -> list[str]:
    """What takes more than the record says."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    worse = []
    for counter, of in by_counter.items():
        if counter not in record:
            worse.append(f"{counter}: no record; benches/instructions --out docs makes one")
            continue
        for stage, now in of.items():
            before = record[counter][stage]
            if now > before * (1 + TOLERANCE):
                worse.append(
                    f"{counter}: {stage} takes {millions(now)} million instructions, {millions(before)} before"
                )
    return worse


def main():
    parser = argparse.ArgumentParser(prog="instructions")
    parser.add_argument("--pi", metavar="PLUGIN", help=argparse.SUPPRESS)
    parser.add_argument("limen", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="the folder of performance.md")
    parser.add_argument(
        "--check", action="store_true", help="fail where a stage takes more than instructions.json says"
    )
    arguments = parser.parse_args()
    if arguments.pi:
        cores = dict.fromkeys(board.core for board in BOARDS)
        counters = {core: emulated(core, arguments.pi) for core in cores}
    elif has_perf():
        counters = {f"{platform.machine()}, perf": perf}
    else:
        # Valgrind's own processor has AVX2 and no AVX-512, so those kernels are counted.
        counters = {f"{platform.machine()}, valgrind": valgrind}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenes = write_frames(folder)
        frames = {"face": scenes["face"][0], "empty": scenes["empty"][0]}
        by_counter = {name: stages(count, arguments.limen, folder, frames) for name, count in counters.items()}
    text = counted(by_counter) + ("\n\n" + estimate(by_counter) if arguments.pi else "")
    print(text)
    if arguments.out:
        page.fill(arguments.out / "performance.md", "boards" if arguments.pi else "instructions", text)
        record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        RECORD.write_text(json.dumps(record | by_counter, indent=2) + "\n")
    worse = check(by_counter) if arguments.check else []
    for line in worse:
        print(line, file=sys.stderr)
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
