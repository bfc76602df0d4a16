"""How solid heads and sheets move: distributions of features, fitted to frames of clips, and the limits that follow.

Each line of the input is a frame: `{"species": "flat", "live": false, "clip": "7", "yaw": 12.0, "pitch": 1.0,
"nose_offset": 0.1, "growth": 1.0, "nose_x": 0.01, "nose_y": 0.0, "swell": 0.0, "rest": 0.01}`; the last four are null where too few
points could be followed, all of them where there was no face. What they are measured against is said at `Parallax` of
limen-vision.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Iterator

HERE = Path(__file__).resolve().parent
FILE = HERE / "liveness.toml"
# Where bins begin: degrees of the mesh, and size over that in the frame in which the points were chosen.
BINS = {
    "turn": (10.0, 14.0, 18.0, 23.0, 28.0, 35.0),
    "nod": (6.0, 10.0, 15.0, 20.0),
    "growth": (1.15, 1.3, 1.5),
}
# Smaller movements do not stand for larger ones of the same species either.
SMALLEST = {"turn": 3.0, "nod": 3.0, "growth": 1.05}
FEATURES = {"turn": ("nose-offset", "nose"), "nod": ("nose",), "growth": ("shift", "swell", "rest")}
# A share of frames may lie anywhere within the span: no frame decides for ever.
OUTLIERS = 0.02
SPANS = {"nose-offset": 1.0, "nose": 0.6, "shift": 0.3, "swell": 0.4, "rest": 0.3}
# The fewest frames that give a distribution, and the least deviation of one: the points are no better known.
FEWEST = 30
# Movements are not scaled by more than this: their noise grows with them.
FARTHER = 2.0
LEAST = {"nose-offset": 0.01, "nose": 0.006, "shift": 0.004, "swell": 0.006, "rest": 0.004}
# As in limen-vision: `evidence`, and `parallax`.
TURNED, STRAIGHT, FEWEST_FRAMES = 18.0, 10.0, 2
STILL, SWELLS = 6.0, 0.3
# As much as turns to one side can add: three quarters of the least limit, so that one side is never enough.
SIDE = 2.25
# Of the tracks of the worst sheets at most PASS may reach the limit of a solid head, at most PASS that of a turn to both
# sides, which every challenge asks for; of heads' turns TAKEN may be taken for a sheet's.
PASS, TAKEN = 0.05, 0.01
# A turn must be more like a head's than like a sheet's, by this.
LEAST_TURN = 0.25

Normal = tuple[float, float]


@dataclass
class Movement:
    """One way in which a frame differs from the frontal one."""

    kind: str
    way: str
    size: float
    features: dict[str, float]


@dataclass
class Bin:
    """Distributions for movements of one size."""

    start: float
    head: dict[str, Normal]
    sheets: dict[str, dict[str, Normal]]


@dataclass
class Track:
    """What the frames of a clip have shown so far, as `TrackEvidence` and `TurnEvidence` add it up."""

    ways: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    solid: float = -math.inf
    side: str | None = None
    ratios: list[float] = field(default_factory=list)
    turns: dict[str, float] = field(default_factory=dict)


def main() -> int:
    """Fits and writes, or checks."""
    parser = argparse.ArgumentParser(prog="liveness", description=__doc__)
    parser.add_argument("features", nargs="+", type=Path, help="JSON lines, one a frame")
    parser.add_argument("--check", action="store_true", help="only say what liveness.toml makes of these clips")
    parser.add_argument("--about", default="rendered heads and sheets", help="what the clips show")
    arguments = parser.parse_args()
    frames = [json.loads(line) for path in arguments.features for line in path.read_text("utf-8").splitlines()]
    if not arguments.check:
        bins = {kind: fit(kind, frames) for kind in BINS}
        FILE.write_text(text(arguments.about, frames, bins, limits(frames, bins)), "utf-8")
    bins, chosen = read(FILE)
    report(frames, bins, chosen)
    return 0


def movements(frame: dict[str, Any]) -> Iterator[Movement]:
    """The ways in which a frame says something; none if too few points could be followed."""
    if frame["nose_x"] is None or abs(frame["swell"]) > SWELLS:
        return
    yaw, pitch = frame["yaw"], frame["pitch"]
    sign = math.copysign(1.0, yaw)
    measured = {"nose-offset": sign * frame["nose_offset"], "nose": sign * frame["nose_x"]}
    yield Movement("turn", "left" if yaw > 0 else "right", abs(yaw), measured)
    if abs(yaw) <= STRAIGHT:
        lead = -frame["nose_y"] * math.copysign(1.0, pitch)
        yield Movement("nod", "up" if pitch > 0 else "down", abs(pitch), {"nose": lead})
    if abs(yaw) < STILL and abs(pitch) < STILL:
        shift = math.hypot(frame["nose_x"], frame["nose_y"])
        yield Movement("growth", "nearer", frame["growth"], {"shift": shift, "swell": frame["swell"], "rest": frame["rest"]})


def fit(kind: str, frames: list[dict[str, Any]]) -> list[Bin]:
    """The distributions of all bins of one kind."""
    by_species: dict[str, list[Movement]] = defaultdict(list)
    least = SMALLEST[kind]
    for frame in frames:
        found = [m for m in movements(frame) if m.kind == kind and m.size >= least]
        by_species["" if frame["live"] else frame["species"]] += found
    ends = (*BINS[kind][1:], math.inf)
    found: list[Bin] = []
    sheets: dict[str, dict[str, Normal]] = {}
    for start, end in zip(BINS[kind], ends, strict=True):
        fitted = {species: normals(kind, start, end, moves) for species, moves in by_species.items()}
        # A sheet that does not move so far stands with its largest movements.
        sheets = sheets | {name: normal for name, normal in sorted(fitted.items()) if name and normal}
        if fitted.get("") and sheets:
            found.append(Bin(start, fitted[""], sheets))
    return found


def normals(kind: str, start: float, end: float, moves: list[Movement]) -> dict[str, Normal] | None:
    """The distributions in a bin; None if there are too few frames. Sheets seldom move so far by the mesh: then their
    largest smaller movements stand for the missing ones, as much larger as the bin begins, if that is at most FARTHER."""
    inside = [(move, 1.0) for move in moves if start <= move.size < end]
    smaller = sorted((move for move in moves if move.size < start), key=lambda move: -move.size)
    scaled = [(move, amount(kind, start) / amount(kind, move.size)) for move in smaller]
    inside += [(move, scale) for move, scale in scaled if scale <= FARTHER][: max(0, FEWEST - len(inside))]
    if len(inside) < FEWEST:
        return None
    return {
        feature: normal(feature, [move.features[feature] * scale for move, scale in inside])
        for feature in FEATURES[kind]
    }


def amount(kind: str, size: float) -> float:
    """How much parallax a movement of this size gives, in any unit."""
    return 1 - 1 / size if kind == "growth" else math.sin(math.radians(size))


def normal(feature: str, values: list[float]) -> Normal:
    """Mean and deviation without the outliers: the median, and the range of the middle four fifths."""
    tenths = statistics.quantiles(values, n=10)
    return statistics.median(values), max((tenths[8] - tenths[0]) / 2.563, LEAST[feature])


def ratio(one: Bin, features: dict[str, float]) -> float:
    """The logarithm of p(features | head) / p(features | sheet), of the sheet that is most like it."""

    def logarithm(distributions: dict[str, Normal]) -> float:
        return sum(log_density(name, distributions[name], value) for name, value in features.items())

    return logarithm(one.head) - max(logarithm(sheet) for sheet in one.sheets.values())


def log_density(feature: str, fitted: Normal, value: float) -> float:
    """Of a normal distribution with outliers."""
    mean, deviation = fitted
    density = math.exp(-(((value - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(math.tau))
    return math.log((1 - OUTLIERS) * density + OUTLIERS / SPANS[feature])


def tracks(frames: Iterable[dict[str, Any]], bins: dict[str, list[Bin]]) -> dict[tuple[bool, str], list[Track]]:
    """Every clip of every species."""
    found: dict[tuple[bool, str, str], Track] = defaultdict(Track)
    for frame in frames:
        track = found[frame["live"], frame["species"], frame["clip"]]
        watch(track, frame, bins)
    by_species = defaultdict(list)
    for (live, species, _), track in found.items():
        by_species[live, species].append(track)
    return by_species


def watch(track: Track, frame: dict[str, Any], bins: dict[str, list[Bin]]) -> None:
    """Adds a frame to a clip."""
    yaw = frame["yaw"]
    if yaw is None:
        track.side, track.ratios = None, []
        return
    side = ("left" if yaw > 0 else "right") if abs(yaw) >= TURNED else None
    if side != track.side:
        track.side, track.ratios = side, []
    for move in movements(frame):
        number = max((n for n, one in enumerate(bins[move.kind]) if move.size >= one.start), default=None)
        if number is None:
            continue
        value = ratio(bins[move.kind][number], move.features)
        track.ways[move.way, number].append(value)
        if move.way == side:
            track.ratios.append(value)
            best = track.turns.get(side, -math.inf)
            track.turns[side] = max(best, better_half(track.ratios))
    largest: dict[str, list[float]] = defaultdict(list)
    # As in limen-vision: how sheets nod was not measured.
    counted = {key: ratios for key, ratios in track.ways.items() if key[0] not in ("up", "down")}
    for (way, _), ratios in sorted(counted.items(), reverse=True):
        if len(largest[way]) < FEWEST_FRAMES:
            largest[way] += ratios
    means = {way: statistics.fmean(ratios) for way, ratios in largest.items() if len(ratios) >= FEWEST_FRAMES}
    enough = [value if way == "nearer" else min(value, SIDE) for way, value in means.items()]
    if enough:
        track.solid = max(track.solid, sum(enough))


def better_half(ratios: list[float]) -> float:
    """What a turn says: the mean of the better half of its frames."""
    return statistics.fmean(sorted(ratios, reverse=True)[: (len(ratios) + 1) // 2])


def limits(frames: list[dict[str, Any]], bins: dict[str, list[Bin]]) -> dict[str, float]:
    """The least limits that let so few sheets pass, by the ratios themselves and by the clips."""
    found = tracks(frames, bins)
    heads = [turn for (live, _), of in found.items() if live for track in of for turn in track.turns.values()]
    sheets = [of for (live, _), of in found.items() if not live]
    both = [[min(track.turns.values()) if len(track.turns) == 2 else -math.inf for track in of] for of in sheets]
    solid = [quantile([track.solid for track in of], 1 - PASS) for of in sheets]
    return {
        "solid": round(max(-math.log(PASS), *solid), 2),
        "side": SIDE,
        "turn": round(max(LEAST_TURN, *(quantile(of, 1 - PASS) for of in both)), 2),
        "sheet": round(min(math.log(PASS) / 2, quantile(heads, TAKEN)), 2),
    }


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least so large a share reaches at most."""
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else -math.inf


def report(frames: list[dict[str, Any]], bins: dict[str, list[Bin]], chosen: dict[str, float]) -> None:
    """How many clips of each species pass by their motion alone, and with turns to both sides."""
    print(f"limits: {chosen}")
    for (live, species), of in sorted(tracks(frames, bins).items()):
        solid = sum(track.solid >= chosen["solid"] for track in of)
        both = [track for track in of if len(track.turns) == 2]
        passed = sum(min(track.turns.values()) >= chosen["turn"] for track in both)
        refused = sum(min(track.turns.values(), default=0.0) <= chosen["sheet"] for track in of)
        kind = "live" if live else "sheet"
        print(
            f"{kind:5} {species:14} {len(of):4} clips: by motion {solid}, turned to both sides {len(both)}, "
            f"of these proven {passed}, refused as a sheet {refused}"
        )


def text(about: str, frames: list[dict[str, Any]], bins: dict[str, list[Bin]], chosen: dict[str, float]) -> str:
    """The file."""
    clips = {(frame["live"], frame["species"], frame["clip"]) for frame in frames}
    live = sum(1 for clip in clips if clip[0])
    lines = [
        "# How solid heads and sheets move: [mean, deviation] of each feature by the size of the movement: liveness.py.",
        f'about = "{about}: {live} clips of heads, {len(clips) - live} of sheets"',
        f"outliers = {OUTLIERS}",
        "spans = " + table({name: value for name, value in SPANS.items()}),
        "limits = " + table(chosen),
    ]
    for kind, of in bins.items():
        for one in of:
            lines += ["", f"[[{kind}]]", f"from = {one.start}", f"head = {distributions(one.head)}"]
            lines.append("sheets = " + table({name: distributions(sheet) for name, sheet in one.sheets.items()}))
    return "\n".join(lines) + "\n"


def distributions(fitted: dict[str, Normal]) -> str:
    """An inline table of them."""
    return table({name: f"[{mean:.4f}, {deviation:.4f}]" for name, (mean, deviation) in fitted.items()})


def table(entries: dict[str, Any]) -> str:
    """An inline table."""
    return "{ " + ", ".join(f"{key} = {value}" for key, value in entries.items()) + " }"


def read(path: Path) -> tuple[dict[str, list[Bin]], dict[str, float]]:
    """The bins and the limits of a file."""
    said = tomllib.loads(path.read_text("utf-8"))
    return {kind: [Bin(one["from"], one["head"], one["sheets"]) for one in said[kind]] for kind in BINS}, said["limits"]


if __name__ == "__main__":
    raise SystemExit(main())
