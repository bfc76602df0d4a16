"""Writes `manifest.toml`: every fact about the networks that the program relies on, in one place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import cohort
import self_test
from networks import FIT, NETWORKS, Network
from sources import digest

SCHEMA = 1
HEAD = """\
# Facts about the networks in this folder. Written by models/recipe/build; do not edit.
#
# A self-test holds the first numbers of an output for this picture at the network's size: pixel (row r, column c) is
# ((7r+3c) mod 256, (5r+11c) mod 256, rc mod 256). Input values are (byte - subtract) / divide.
#
# `crop` says where a face lies in the input: `crates/limen-vision/src/model/crop.rs` has the places.
#
# A concatenation puts the embeddings of two networks, as their metrics compare them and times their factors, one behind
# the other; its metric is L2.
#
# Two frames of one track that are farther apart than `same-face`, by the metric, show two faces. A turned frame that is
# farther than `turned-self` from the frontal ones of its track may show another face.
#
# A cohort is a file of int8 vectors, row after row; a value times `scale` is one of an embedding. With it a comparison
# has a score: distance - (mean distance from the probe to its `nearest` nearest vectors + the same for the template)
# / 2.
#
# Error rates: `rates` pairs the share of strangers accepted by one comparison with the distance (cohort "none") or
# the score (which may be below 0) at which it is reached. Templates are means of the embeddings of so many photographs,
# probes of so many frames; crops are plain, mirrored (each embedding is the mean with that of the mirrored crop)
# or mirrored in templates only. Below `fitted-below` a value comes from a fitted tail, not from counting.
# `tar-1e-4` is the share of genuine comparisons accepted at the value of 1e-4; `genuine` pairs shares of them
# with the value that accepts so many.
#
# Liveness: distributions [mean, deviation] of what is measured on a face that turns, nods or comes nearer, for movements
# from a size on: of solid heads and of each species of sheet. A share of `outliers` may lie anywhere in `spans`. `limits`
# are logarithms of p(motion | head) / p(motion | sheet).
# `liveness.light` is how much more the nose becomes brighter in the door's light than the sides of the face. Only so many heads
# and prints as it says were `measured`: its distributions are ranges, and nothing it says is more than ln(measured + 1).
"""


def text(folder: Path) -> str:
    """The manifest for the files in `folder`."""
    tables = _fitted("error-rates.toml").get("table", [])
    quantisation = _fitted("quantisation.toml")
    lines = [HEAD, f"schema = {SCHEMA}"]
    for network in NETWORKS:
        lines += ["", *_entry(network, folder / network.file)]
        if network.name in quantisation:
            lines += ["", "[model.quantisation]", *_keys({**quantisation[network.name], **_with_cohort()})]
        if network.name == cohort.NETWORK:
            lines += ["", "[model.cohort]", *_keys(cohort.facts(digest(folder / cohort.FILE)))]
        for table in tables:
            if table["model"] == network.name:
                lines += ["", "[[model.error-rates]]", *_keys({k: v for k, v in table.items() if k != "model"})]
    lines += _concatenation(tables)
    lines += _liveness()
    return "\n".join(lines) + "\n"


def _concatenation(tables: list[dict[str, Any]]) -> list[str]:
    """Two networks in one embedding."""
    fitted = _fitted("concatenation.toml")
    facts = {"name": fitted["name"], "about": "Two networks in one embedding.", "parts": fitted["parts"]}
    lines = ["", "[[concatenation]]", *_keys(facts)]
    for table in tables:
        if table["model"] == fitted["name"]:
            lines += ["", "[[concatenation.error-rates]]", *_keys({k: v for k, v in table.items() if k != "model"})]
    return lines


def _liveness() -> list[str]:
    """How solid heads and sheets move, by the landmarks."""
    fitted = _fitted("liveness.toml")
    single = {key: value for key, value in fitted.items() if not isinstance(value, list)}
    lines = ["", "[liveness]", *_keys(single)]
    for kind, bins in fitted.items():
        for one in bins if isinstance(bins, list) else []:
            lines += ["", f"[[liveness.{kind}]]", *_keys(one)]
    lines += ["", "[liveness.light]", *_keys(_fitted("light.toml"))]
    return lines


def _entry(network: Network, path: Path) -> list[str]:
    into = network.input
    facts: dict[str, Any] = {
        "name": network.name,
        "role": network.role,
        "about": network.about,
        "default": network.default,
        "file": network.file,
        "committed": network.committed,
        "sha256": digest(path),
        "size-bytes": path.stat().st_size,
        "trained": network.trained,
        "licence": network.source.licence,
        "origin": network.source.origin,
        "training-data": getattr(network.source, "training_data", None),
        "input": {
            "name": "image",
            "layout": "NCHW",
            "shape": into.shape,
            "channels": "RGB",
            "subtract": list(into.subtract),
            "divide": into.divide,
        },
        "crop": network.crop,
        "outputs": [{"name": name, "shape": shape} for name, shape in network.outputs.items()],
    }
    facts = {key: value for key, value in facts.items() if value is not None}
    if network.metric:
        facts["metric"] = network.metric
    if network.same_face:
        facts["same-face"] = network.same_face
    if network.turned_self:
        facts["turned-self"] = network.turned_self
    lines = ["[[model]]", *_keys(facts)]
    for output, first in self_test.committed()[network.name].items():
        tolerance = self_test.TOLERANCE[network.name][output]
        lines += ["", "[[model.self-test]]", *_keys({"output": output, "first": first, "tolerance": tolerance})]
    return lines


def _with_cohort() -> dict[str, Any]:
    """What int8 costs where a cohort centres, on people to whom it was not fitted."""
    found = _fitted("halves.toml").get("plain", {}).get("cohort-synthetic", {})
    return {f"{key}-cohort": value for key, value in found.items()}


def _fitted(name: str) -> dict[str, Any]:
    path = FIT / name
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def _keys(facts: dict[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in facts.items()]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(_keys(value)) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, str):
        assert '"' not in value and "\\" not in value, value
        return f'"{value}"'
    return repr(value)
