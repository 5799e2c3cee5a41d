"""The motion gate: looks where something moves, leaves the rest out, and loses nobody."""

from collections.abc import Iterator

import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from reid.capture.motion_gate import EMPTY, MOVING, STILL, MotionGate, small_picture
from reid.core.boxes import UNTRACKED, Tracks, as_boxes, empty_boxes

FPS = 25
WIDTH, HEIGHT = 320, 180
SECONDS = 8
BRIGHT = 200

Picture = NDArray[np.uint8]


def wall() -> Picture:
    """Return a room without anybody, with the noise of no camera."""
    across = np.linspace(60, 120, WIDTH, dtype=np.uint8)
    return np.repeat(np.tile(across, (HEIGHT, 1))[..., None], 3, axis=2)


def with_person(picture: Picture, x: float) -> Picture:
    shown = picture.copy()
    shown[70:150, round(x) : round(x) + 25] = (170, 30, 40)
    return shown


def box_at(x: float) -> list[float]:
    return [x, 70, x + 25, 150]


def frame_of(picture: Picture) -> VideoFrame:
    return VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")


def people(*boxes: list[float], track: int = 1) -> Tracks:
    ids = np.arange(track, track + len(boxes), dtype=np.int64)
    return Tracks(as_boxes(boxes), np.full(len(boxes), 0.9, np.float32), ids)


def nobody() -> Tracks:
    return Tracks(empty_boxes(), np.zeros(0, np.float32), np.zeros(0, np.int64))


def looks(film: Iterator[tuple[Picture, Tracks]], gate: MotionGate) -> list[float]:
    """Return the seconds at which a film is looked at; what is seen there is told at once."""
    seconds = []
    for index, (picture, seen) in enumerate(film):
        if gate.opens(index, frame_of(picture), index / FPS):
            gate.saw(index, seen, WIDTH, HEIGHT)
            seconds.append(index / FPS)
    return seconds


@pytest.fixture
def gate() -> MotionGate:
    return MotionGate(1 / FPS, starts_from=0.4)


def test_an_empty_room_is_looked_at_now_and_then(gate: MotionGate) -> None:
    seen = looks(((wall(), nobody()) for _ in range(FPS * SECONDS)), gate)
    assert seen == pytest.approx([0, EMPTY, 2 * EMPTY, 3 * EMPTY], abs=1 / FPS)
    assert gate.frames == FPS * SECONDS


def test_whoever_comes_in_is_looked_at_within_two_frames(gate: MotionGate) -> None:
    def film() -> Iterator[tuple[Picture, Tracks]]:
        for i in range(FPS * 3):
            came = i / FPS >= 1.4
            yield (with_person(wall(), 20), people(box_at(20))) if came else (wall(), nobody())

    first = next(at for at in looks(film(), gate) if at > 0.5)
    assert 1.4 <= first <= 1.4 + 2 / FPS


def test_who_stands_is_looked_at_every_second(gate: MotionGate) -> None:
    seen = looks(
        ((with_person(wall(), 150), people(box_at(150))) for _ in range(FPS * SECONDS)), gate
    )
    settled = [at for at in seen if at > 1]
    assert np.diff(settled) == pytest.approx(STILL, abs=1 / FPS)


def test_who_walks_is_looked_at_five_times_a_second_and_who_runs_always(gate: MotionGate) -> None:
    def film(speed: float) -> Iterator[tuple[Picture, Tracks]]:
        for i in range(FPS * 3):
            x = 10 + speed * 80 * i / FPS  # heights a second
            yield with_person(wall(), x), people(box_at(x))

    walking = [at for at in looks(film(0.8), gate) if at > 1]
    assert np.diff(walking) == pytest.approx(MOVING, abs=1 / FPS)
    running = [at for at in looks(film(1.2 * 1.05), MotionGate(1 / FPS, 0.4)) if at > 1]
    assert np.diff(running) == pytest.approx(1 / FPS)


def test_somebody_new_is_looked_at_in_consecutive_frames(gate: MotionGate) -> None:
    """A tracker believes in nobody before it has seen them in several frames."""

    def film() -> Iterator[tuple[Picture, Tracks]]:
        for i in range(FPS):
            x = 10 + 3 * i
            yield with_person(wall(), x), replace_ids(people(box_at(x)), i == 0)

    assert looks(film(), gate)[:3] == pytest.approx([0, 1 / FPS, 2 / FPS])


def replace_ids(tracks: Tracks, unknown: bool) -> Tracks:
    ids = np.full(len(tracks), UNTRACKED, np.int64) if unknown else tracks.track_id
    return Tracks(tracks.xyxy, tracks.score, ids)


@pytest.mark.parametrize("kind", ["light", "exposure", "noise", "clock", "leaves", "rain"])
def test_what_is_no_person_does_not_open_it_for_long(gate: MotionGate, kind: str) -> None:
    draw = np.random.default_rng(1)

    def film() -> Iterator[tuple[Picture, Tracks]]:
        for i in range(FPS * 12):
            picture = wall().astype(np.int16)
            if kind == "light":
                picture += 60 * (i // (FPS * 5) % 2)
            elif kind == "exposure":
                picture += round(30 * np.sin(i / FPS))
            elif kind == "noise":
                picture += draw.normal(0, 8, picture.shape).astype(np.int16)
            elif kind == "clock":
                picture[8:16, 8:50] = 255 * (draw.random((8, 42, 1)) > 0.5) if i % FPS == 0 else 0
            elif kind == "leaves":
                picture[20:70, 200:300] += (
                    draw.integers(-60, 60, (10, 20, 1)).repeat(5, 0).repeat(5, 1)
                )
            else:
                for x, y in draw.integers(0, (WIDTH, HEIGHT - 30), (40, 2)):
                    picture[y : y + 15, x] += 60
            yield np.clip(picture, 0, 255).astype(np.uint8), nobody()

    seen = looks(film(), gate)
    late = sum(at > 5 for at in seen) / 7
    assert late <= 1.3 / STILL, f"{late} looks a second where nobody is"


def test_a_person_before_moving_leaves_opens_a_tired_gate(gate: MotionGate) -> None:
    draw = np.random.default_rng(2)

    def film() -> Iterator[tuple[Picture, Tracks]]:
        for i in range(FPS * 10):
            picture = wall().astype(np.int16)
            picture[20:70, 200:300] += draw.integers(-60, 60, (50, 100, 1))
            shown = np.clip(picture, 0, 255).astype(np.uint8)
            x = 30 + (i - FPS * 6)
            came = i >= FPS * 6
            yield (with_person(shown, x), people(box_at(x))) if came else (shown, nobody())

    after = [at for at in looks(film(), gate) if at > 6.5]
    assert np.diff(after).max() <= MOVING + 1 / FPS


def test_what_was_left_out_is_counted_and_calm_where_nothing_moved(gate: MotionGate) -> None:
    for index in range(FPS):
        opened = gate.opens(index, frame_of(wall()), index / FPS)
        assert opened == (index == 0)
    assert gate.skipped(0).frames == 0
    gate.saw(0, nobody(), WIDTH, HEIGHT)
    assert not gate.opens(FPS, frame_of(with_person(wall(), 40)), 1.0), "it may be noise"
    assert gate.opens(FPS + 1, frame_of(with_person(wall(), 42)), 1 + 1 / FPS)
    assert (gate.skipped(FPS + 1).frames, gate.skipped(FPS + 1).calm) == (FPS, True)
    gate.saw(FPS + 1, people(box_at(42)), WIDTH, HEIGHT)
    gate.saw(FPS + 1, people(box_at(42)), WIDTH, HEIGHT)  # told twice
    gate._hurry = False
    for index in range(FPS + 2, FPS + 6):
        assert not gate.opens(index, frame_of(with_person(wall(), 60)), index / FPS)
    assert gate.opens(FPS + 6, frame_of(with_person(wall(), 60)), 1 + 6 / FPS)
    assert not gate.skipped(FPS + 6).calm


def test_frames_that_a_slow_reader_dropped_count_as_left_out(gate: MotionGate) -> None:
    for index, x in enumerate((10, 40, 80)):
        gate._hurry, gate._before = True, None
        assert gate.opens(index, frame_of(with_person(wall(), x)), index / FPS)
    assert gate.skipped(2).frames == 2


@pytest.mark.parametrize("kind", ["yuv420p", "nv12", "rgb24", "yuv420p10le", "bgra"])
def test_small_pictures_are_the_same_in_every_format(kind: str) -> None:
    frame = VideoFrame.from_ndarray(with_person(wall(), 100), format="rgb24")
    exact = small_picture(frame.reformat(format="yuv444p"))
    for plane, same in zip(small_picture(frame.reformat(format=kind)), exact, strict=True):
        assert plane.shape == (HEIGHT // 2, WIDTH // 2)
        assert np.median(np.abs(plane.astype(int) - same)) <= 2


def test_who_is_as_bright_as_the_wall_is_told_by_colour(gate: MotionGate) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 73, np.uint8)
    painted = with_person(grey, 150)
    brightness, *_ = small_picture(frame_of(painted))
    assert np.ptp(brightness) <= 3
    gate.opens(0, frame_of(grey), 0)
    gate.saw(0, nobody(), WIDTH, HEIGHT)
    assert any(gate.opens(i, frame_of(painted), i / FPS) for i in range(1, 8))
