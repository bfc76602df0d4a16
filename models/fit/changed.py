"""Photographs changed in the ways of docs/conditions.md: what the gate must refuse, to be tried on the program.

    PYTHONPATH=models/recipe models/recipe/.venv/bin/python models/fit/changed.py FACES_DIR OUT [NAME ...]

writes `OUT/NAME/PERSON/PERSON.png` of one photograph a person, at most `PEOPLE`. `limen identify --json` says what is
refused and why; `limen eval --images OUT/NAME`, which refuses nothing, how near strangers lie.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from faces import Aligner, photographs
from PIL import Image, ImageDraw, ImageFilter

PEOPLE = 400
MODELS = Path(__file__).resolve().parent.parent
# The outline of a mask in the mesh, from the bridge of the nose along the cheeks to the chin.
MASK = (
    195, 118, 117, 116, 123, 147, 213, 138, 172, 136, 150, 149, 176, 148, 152,
    377, 400, 378, 379, 365, 397, 367, 433, 376, 352, 345, 346, 347,
)  # fmt: skip
Change = Callable[[Image.Image, np.ndarray], Image.Image]


def turned(degrees: float) -> Change:
    """About the middle, with room so that nothing of the face is cut off."""
    return lambda picture, _: wide(picture).rotate(degrees, Image.BICUBIC)


def wide(picture: Image.Image) -> Image.Image:
    """With its edges repeated."""
    room = [(int(side * 0.43),) * 2 for side in picture.size[::-1]]
    return Image.fromarray(np.pad(np.asarray(picture), (*room, (0, 0)), mode="edge"))


def masked(shade: tuple[int, int, int]) -> Change:
    """A mask of one shade, drawn along the mesh."""

    def change(picture: Image.Image, mesh: np.ndarray) -> Image.Image:
        drawn = picture.copy()
        ImageDraw.Draw(drawn).polygon([tuple(map(float, mesh[point])) for point in MASK], fill=shade)
        return drawn

    return change


def barred(shade: tuple[int, int, int]) -> Change:
    """A bar over both eyes."""

    def change(picture: Image.Image, mesh: np.ndarray) -> Image.Image:
        drawn = picture.copy()
        right, left = eyes(mesh)
        along = left - right
        across = np.array([-along[1], along[0]]) * 0.35
        ends = right - along * 0.45, left + along * 0.45
        corners = (ends[0] - across, ends[1] - across, ends[1] + across, ends[0] + across)
        ImageDraw.Draw(drawn).polygon([tuple(map(float, corner)) for corner in corners], fill=shade)
        return drawn

    return change


def eyes(mesh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle of the person's right and left eye."""
    return (mesh[33] + mesh[133]) / 2, (mesh[362] + mesh[263]) / 2


def below_the_eyes(picture: Image.Image, mesh: np.ndarray) -> Image.Image:
    """What is left where the picture begins at the eyes."""
    top = int(max(min(mesh[159, 1], mesh[386, 1]) - 6, 0))
    return picture.crop((0, top, *picture.size))


def blurred(deviation: float) -> Change:
    """Out of focus."""
    return lambda picture, _: picture.filter(ImageFilter.GaussianBlur(deviation))


def lit(gain: float, offset: float) -> Change:
    """Brighter, darker, of less contrast."""
    return lambda picture, _: picture.point(lambda value: int(np.clip(gain * value + offset, 0, 255)))


def from_one_side(picture: Image.Image, _: np.ndarray) -> Image.Image:
    """Half of the face in the dark."""
    pixels = np.asarray(picture, float)
    light = 0.08 + 0.92 / (1 + np.exp(14 * (np.linspace(0, 1, pixels.shape[1]) - 0.5)))
    return Image.fromarray((pixels * light[None, :, None]).astype(np.uint8))


def compressed(quality: int) -> Change:
    """A JPEG of this quality."""

    def change(picture: Image.Image, _: np.ndarray) -> Image.Image:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")

    return change


def small(between_eyes: float) -> Change:
    """With so many pixels between the eyes."""

    def change(picture: Image.Image, mesh: np.ndarray) -> Image.Image:
        scale = between_eyes / float(np.hypot(*np.subtract(*eyes(mesh))))
        around = wide(picture)
        return around.resize([max(int(side * scale), 8) for side in around.size], Image.BOX)

    return change


CHANGES: dict[str, Change] = {
    "unchanged": lambda picture, _: picture,
    **{f"turned-{degrees}": turned(degrees) for degrees in (15, 30, 45, 60, 90, 180)},
    "mask-blue": masked((168, 198, 222)),
    "mask-black": masked((20, 20, 20)),
    "bar-black": barred((0, 0, 0)),
    "bar-grey": barred((150, 150, 150)),
    "cut-top": below_the_eyes,
    "blurred-5": blurred(5),
    "dark": lit(0.28, 0),
    "bright": lit(0.35, 160),
    "pale": lit(0.12, 100),
    "overexposed": lit(2.2, 20),
    "side-light": from_one_side,
    "jpeg-4": compressed(4),
    "small-26": small(26),
    "squeezed": lambda picture, _: picture.resize((int(picture.width * 0.7), picture.height), Image.BICUBIC),
}


def main() -> None:
    """Writes every set, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faces", type=Path)
    parser.add_argument("out", type=Path, help="a folder outside the project")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CHANGES)}; all if left out")
    arguments = parser.parse_args()
    if arguments.out.resolve().is_relative_to(MODELS.parent):
        parser.error("photographs of people do not go into the project: choose another place")
    if unknown := set(arguments.names) - set(CHANGES):
        parser.error(f"no such change: {', '.join(sorted(unknown))}")
    aligner = Aligner(str(MODELS))
    first = list({photograph.person: photograph for photograph in reversed(photographs(str(arguments.faces)))}.values())
    for photograph in first[:: max(len(first) // PEOPLE, 1)][:PEOPLE]:
        with Image.open(photograph.path) as opened:
            picture = opened.convert("RGB")
        mesh = aligner.mesh(picture)
        for name in (arguments.names or CHANGES) if mesh is not None else ():
            folder = arguments.out / name / photograph.person
            folder.mkdir(parents=True, exist_ok=True)
            CHANGES[name](picture, mesh).save(folder / f"{photograph.person}.png")


if __name__ == "__main__":
    main()
