"""The frames that every contender sees: raw YUYV, 640x480, made from the demo's photographs and from nothing."""

from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 480
PHOTOGRAPHS = Path(__file__).parent.parent / "src/cli/demo/photographs"
# Those with a whole face; each is seen in three places.
WHOLE_FACES = ["obama", "obama2", "obama3", "biden"]
# Those whose face the window of a near one shows whole.
NEAR_FACES = ["obama", "obama3", "biden"]
SHIFTS = [(0, 0), (-60, 0), (50, 12)]
# Of a scene without a face.
FRAMES = 8


def write_frames(folder: Path) -> dict[str, list[Path]]:
    """The files of each scene: one face; one twice as large; nobody, while the light changes; nobody, and nothing but
    the camera's noise."""
    noise = np.random.default_rng(1)
    scenes = {
        "face": [at_the_door(name, shift) for shift in SHIFTS for name in WHOLE_FACES],
        "near": [near(name) for name in NEAR_FACES],
        "empty": [hallway(noise, light) for light in np.linspace(0.7, 1.2, FRAMES)],
        "still": [hallway(noise, 1.0) for _ in range(FRAMES)],
    }
    return {scene: [write(folder / f"{scene}-{i}.yuyv", p) for i, p in enumerate(all)] for scene, all in scenes.items()}


def write(file: Path, picture: np.ndarray) -> Path:
    yuyv(picture).tofile(file)
    return file


def at_the_door(name: str, shift: tuple[int, int]) -> np.ndarray:
    """Head and shoulders: the upper square of a photograph, as high as the frame, on the hallway's wall."""
    square = upper_square(name, HEIGHT)
    picture = hallway(np.random.default_rng(1), 1.0)
    x, y = (WIDTH - HEIGHT) // 2 + shift[0], shift[1]
    picture[y:, x : x + HEIGHT] = square[: HEIGHT - y]
    return picture


def near(name: str) -> np.ndarray:
    """The same twice as large, of which the frame shows the face: as somebody who leans towards the camera."""
    left, top = (2 * HEIGHT - WIDTH) // 2, HEIGHT // 3
    return upper_square(name, 2 * HEIGHT)[top : top + HEIGHT, left : left + WIDTH]


def upper_square(name: str, size: int) -> np.ndarray:
    photograph = cv2.cvtColor(cv2.imread(str(PHOTOGRAPHS / f"{name}.jpg")), cv2.COLOR_BGR2RGB)
    side = min(photograph.shape[:2])
    how = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return cv2.resize(photograph[:side, :side], (size, size), interpolation=how)


def hallway(noise: np.random.Generator, light: float) -> np.ndarray:
    """A wall, a door in it, the floor, and the noise of a small sensor."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    wall = 150 - down / 12 - np.abs(across - 260) / 16
    picture = np.stack([wall, wall - 6, wall - 16], axis=-1)
    picture[60:400, 380:520] = (96, 70, 48)
    picture[72:400, 392:508] = (112, 84, 60)
    picture[236:248, 398:412] = (190, 180, 150)
    picture[400:] = np.stack([90 + (down[400:] - 400) / 4] * 3, axis=-1)
    picture[150:230, 110:210] = (60, 64, 72)
    picture[158:222, 118:202] = (170, 176, 168)
    noisy = picture * light + noise.normal(0, 1.5, picture.shape)
    return np.clip(noisy.round(), 0, 255).astype(np.uint8)


def yuyv(picture: np.ndarray) -> np.ndarray:
    """Limited-range BT.601, as USB cameras send it; the colour of two pixels is their mean."""
    r, g, b = np.moveaxis(picture.astype(np.float32), -1, 0)
    y = 16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256
    u = 128 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256
    v = 128 + (112.439 * r - 94.154 * g - 18.285 * b) / 256
    u, v = ((plane[:, ::2] + plane[:, 1::2]) / 2 for plane in (u, v))
    packed = np.stack([y[:, ::2], u, y[:, 1::2], v], axis=-1)
    return np.clip(packed.round(), 0, 255).astype(np.uint8)
