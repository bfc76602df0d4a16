"""The tables of docs/performance.md: written here, put between their marks there."""

import os
import platform
import statistics
from pathlib import Path

STAGES = ["decode", "detect", "landmarks", "align", "embed", "match"]
# The scenes beside that of a face, as the tables call them.
OTHERS = {"near": "near", "empty": "light changes", "still": "still"}
# Contenders that wait for their core longer than this share of their time are not measured but queued.
QUIET = 0.05


def fill(file: Path, mark: str, text: str):
    """Puts a text between `<!-- MARK -->` and `<!-- end of MARK -->`; a page without them gets them at its end."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    page = file.read_text() if file.exists() else ""
    if begin not in page:
        page += f"\n{begin}\n{end}\n"
    before, rest = page.split(begin, 1)
    file.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}")


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """The processor and how many cores of it there are."""
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in facts if line.startswith(("model name", "Model"))]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def quartiles(values: list[float]) -> tuple[float, float, float]:
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return low, middle, high


def times(values: list[float]) -> str:
    low, middle, high = quartiles(values)
    return f"**{middle:.2f}** ({low:.2f} to {high:.2f})"


def found(one, scene: str) -> int:
    """In how many frames of a scene a contender found a face."""
    return sum(answer["faces"] > 0 for answer in one.answers[scene])


def waited(field: list) -> float:
    """The largest share of a contender's time in which something else had its core."""
    return max(one.waited for one in field)


def comparison(field: list, missing: list[str], people: int) -> str:
    """What each contender took, as tables; `field` has limen first."""
    limen = field[0]
    rounds = {scene: len(answers) for scene, answers in limen.answers.items()}
    lines = [
        f"{machine()}, one of them used. {rounds['face']} rounds with a face, {rounds['empty']} with each other scene, "
        f"{people} people to compare with. The contenders waited for their core {100 * waited(field):.1f} % of their time"
        f"{'' if waited(field) < QUIET else ': the machine was too busy for these figures to be worth much'}.",
        *(f"Left out: {what}." for what in missing),
        "",
        "A face, from the frame's bytes to the nearest person: medians in ms. The ratio is the median of the rounds' "
        "ratios, in parentheses the middle half of them.",
        "",
        table(
            ["", *STAGES, "all", "times limen", "found"],
            [
                [
                    one.title,
                    *(milliseconds(one.median("face", stage)) for stage in STAGES),
                    milliseconds(one.median("face", "total")),
                    "1" if one is limen else times(one.times_of(limen, "face")),
                    f"{found(one, 'face')} of {rounds['face']}",
                ]
                for one in field
            ],
        ),
        "",
        "A face twice as large, and nobody there.",
        "",
        table(
            ["", *(title for scene in OTHERS.values() for title in [f"{scene}, ms", "times limen"])],
            [
                [
                    one.title,
                    *(
                        cell
                        for scene in OTHERS
                        for cell in [
                            milliseconds(one.median(scene, "total")),
                            "1" if one is limen else times(one.times_of(limen, scene)),
                        ]
                    ),
                ]
                for one in field
            ],
        ),
        "",
        "What else it costs to have the program.",
        "",
        table(
            ["", "near faces found", "false faces", "peak MiB", "ready, s"],
            [
                [
                    one.title,
                    f"{found(one, 'near')} of {rounds['near']}",
                    str(found(one, "empty") + found(one, "still")),
                    f"{one.peak_mib:.0f}",
                    f"{one.ready:.2f}",
                ]
                for one in field
            ],
        ),
        "",
        "; ".join(f"{one.title}: {one.about['about']}" for one in field[1:]) + ".",
    ]
    return "\n".join(lines)
