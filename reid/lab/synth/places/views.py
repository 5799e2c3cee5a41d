"""Where a place's cameras hang, and what of the world they see."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.places.site import Site
from reid.lab.synth.scene import Lens

Floats = NDArray[np.float32]
PERSON_HEIGHT: Final = 1.65
"""Metres; used to judge how large people appear."""
SMALLEST, LARGEST = 40.0, 600.0
"""Height of people in pixels that a camera is meant for."""
_TRIES: Final = 10
_AT_RIDERS: Final = 0.3  # of held cameras, where something can be ridden
_LEAST_SPOTS: Final = 6  # of 60: where a held camera must see room for people


def project(lens: Lens, points: Floats) -> tuple[Floats, Floats]:
    """Project world points, (N, 3) metres, without lens distortion.

    Returns:
        Pixel positions (N, 2), and depth along the axis (N,), metres; behind the camera depth ≤ 0.
    """
    eye = np.array(lens.position, np.float64)
    forward = np.array(lens.look_at, np.float64) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    offset = np.asarray(points, np.float64) - eye
    depth = offset @ forward
    safe = np.maximum(depth, 1e-3)
    x, y = (offset @ right) / safe * lens.focal, -(offset @ up) / safe * lens.focal
    turn = np.radians(lens.roll)
    xr, yr = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    pixels = np.stack([xr + lens.width / 2, yr + lens.height / 2], axis=-1)
    return pixels.astype(np.float32), depth.astype(np.float32)


def person_spans(lens: Lens, feet: Floats, tall: float = PERSON_HEIGHT) -> tuple[Floats, Floats]:
    """Return feet positions (N, 2) px and heights (N,) px of people at floor points (N, 2) x, z.

    People behind the camera have height 0.
    """
    low = np.stack([feet[:, 0], np.zeros(len(feet), np.float32), feet[:, 1]], axis=1)
    high = low + np.array([0, tall, 0], np.float32)
    foot, depth = project(lens, low.astype(np.float32))
    head, depth_head = project(lens, high.astype(np.float32))
    height = np.linalg.norm(foot - head, axis=1)
    height[(depth < 0.3) | (depth_head < 0.3)] = 0
    return foot, height.astype(np.float32)


def framed(lens: Lens, feet: Floats, tall: float = PERSON_HEIGHT) -> NDArray[np.bool_]:
    """Whether people at floor points (N, 2) are in the picture at a useful size, shape (N,)."""
    foot, height = person_spans(lens, feet, tall)
    middle = foot[:, 1] - height / 2
    inside = (foot[:, 0] > 0) & (foot[:, 0] < lens.width) & (middle > 0) & (middle < lens.height)
    sized = (height >= SMALLEST * lens.height / 720) & (height <= LARGEST * lens.height / 720)
    return np.asarray(inside & sized)


def hang_camera(
    site: Site, rng: np.random.Generator, *, size: tuple[int, int] = (1280, 720)
) -> Lens:
    """Hang a camera in a place: the best of a few random ones, by how much floor it watches."""
    spots = site.free_spots(rng, 60, margin=0.1)
    best, score = None, -1.0
    for _ in range(_TRIES):
        lens = _candidate(site, rng, size)
        if site.taken(np.array([[lens.position[0], lens.position[2]]], np.float32), 0.35)[0]:
            continue
        watched = spots[framed(lens, spots)]
        chest = np.insert(watched, 1, 1.0, axis=1).astype(np.float32)
        _, height = person_spans(lens, watched)
        worth = np.minimum(height / lens.height, 0.35) ** 0.7
        seen = float((site.sees(lens.position, chest) * worth).sum() * rng.uniform(0.7, 1.0))
        if seen > score:
            best, score = lens, seen
    return best if best is not None else _candidate(site, rng, size)


def hold_camera(
    site: Site, rng: np.random.Generator, *, size: tuple[int, int] = (1280, 720)
) -> Lens:
    """Hold a camera as somebody with a phone does: at eye level, near people, not quite level.

    Where something can be ridden, that is what some look at.
    """
    spots = site.free_spots(rng, 60, margin=0.1)
    lens = _candidate(site, rng, size)
    for _ in range(_TRIES):
        eye, aim = spots[rng.integers(len(spots), size=2)].astype(float)
        if site.ride_seats and rng.random() < _AT_RIDERS:
            x, _, z = site.ride_seats[int(rng.integers(len(site.ride_seats)))].place
            aim = np.array([x, z])
            away = np.abs(np.linalg.norm(spots - aim, axis=1) - rng.uniform(2.5, 8.0))
            eye = spots[int(away.argmin())].astype(float)
        ahead = aim - eye
        distance = float(np.linalg.norm(ahead))
        if distance < 1.0:
            continue
        at = eye + ahead / distance * rng.uniform(1.5, 6.0)
        lens = Lens(
            position=(float(eye[0]), float(rng.uniform(0.9, 1.9)), float(eye[1])),
            look_at=(float(at[0]), float(rng.uniform(0.6, 1.5)), float(at[1])),
            fov_y=float(rng.uniform(32, 62)),
            width=size[0],
            height=size[1],
            roll=float(rng.normal(0, 2.5)),
        )
        if len(spots) and framed(lens, spots).sum() >= _LEAST_SPOTS:
            break
    return lens


def _candidate(site: Site, rng: np.random.Generator, size: tuple[int, int]) -> Lens:
    half_x, half_z = site.width / 2, site.depth / 2
    inset = float(rng.uniform(0.15, 0.9))
    side = int(rng.integers(4))
    along = float(rng.uniform(-0.9, 0.9))
    x, z = (
        (along * half_x, half_z - inset), (half_x - inset, along * half_z),
        (along * half_x, -half_z + inset), (-half_x + inset, along * half_z),
    )[side]  # fmt: skip
    roof = site.ceiling - 0.25 if site.ceiling else 6.0
    held = site.place.domain != "train"
    y = float(np.clip(rng.uniform(3.2, 6.0) if held else rng.gamma(9.0, 0.36), 2.2, min(roof, 6.0)))
    distance = float(rng.uniform(4.5, 13.0))
    target = np.array([x, z]) * float(rng.uniform(-0.35, 0.35)) + rng.normal(0, 1.5, 2)
    direction = target - np.array([x, z])
    direction /= max(float(np.linalg.norm(direction)), 1e-6)
    at = np.array([x, z]) + direction * distance
    fov = float(rng.uniform(28, 75) if held else rng.uniform(32, 68))
    return Lens(
        position=(x, y, z),
        look_at=(float(at[0]), float(rng.uniform(0.5, 1.3)), float(at[1])),
        fov_y=fov,
        width=size[0],
        height=size[1],
        roll=float(rng.normal(0, 1.2)),
    )
