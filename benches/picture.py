"""The comparison as a picture: a bar for each contender, its stages one after the other."""

from html import escape

# The colours of the project's other plots (Okabe and Ito): told apart by people who do not tell all colours apart.
COLOURS = {
    "decode": "#e69f00",
    "detect": "#0072b2",
    "landmarks": "#56b4e9",
    "align": "#cc79a7",
    "embed": "#d55e00",
    "match": "#009e73",
}
WIDTH, LEFT, RIGHT, TOP = 800, 250, 90, 84
BAR, STEP = 20, 32


def text(x: float, y: float, said: str, size: int = 13, anchor: str = "start", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{more}>{escape(said)}</text>'


def bars(field: list) -> str:
    """An SVG; `field` has limen first."""
    totals = [one.median("face", "total") for one in field]
    room = WIDTH - LEFT - RIGHT
    height = TOP + STEP * len(field) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif" fill="#000">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        text(WIDTH / 2, 28, "One 640x480 frame with a face, one core, one thread", 20, "middle"),
        *legend(),
    ]
    for row, (one, total) in enumerate(zip(field, totals, strict=True)):
        y = TOP + row * STEP
        weight = ' font-weight="bold"' if row == 0 else ""
        parts.append(text(LEFT - 10, y + 15, one.title, 13, "end", weight))
        x = float(LEFT)
        for stage, colour in COLOURS.items():
            wide = (one.median("face", stage) or 0.0) / max(totals) * room
            if wide > 0:
                parts.append(f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{BAR}" fill="{colour}"/>')
            x += wide
        parts.append(text(x + 6, y + 15, f"{total:.0f} ms" if total >= 100 else f"{total:.1f} ms", 13, "start", weight))
    below = "medians of rounds in which each looks at the same frame in turn; without a match it only finds the face"
    parts += [text(WIDTH / 2, height - 14, below, 11, "middle", ' fill="#555"'), "</svg>"]
    return "\n".join(parts) + "\n"


def legend() -> list[str]:
    x, parts = 140.0, []
    for stage, colour in COLOURS.items():
        parts += [
            f'<rect x="{x:.0f}" y="46" width="12" height="12" fill="{colour}"/>',
            text(x + 17, 57, stage, 12),
        ]
        x += 35 + 8 * len(stage)
    return parts
