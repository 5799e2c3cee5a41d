"""The loop from source to store, with a scripted detector."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid.capture.motion_gate import MotionGate
from reid.capture.sources import open_source
from reid.core.boxes import Tracks, as_boxes, empty_boxes
from reid.core.errors import SourceError
from reid.core.looking import AUTO
from reid.core.pixels import RawFrame, redact
from reid.detect.head_regions import LOOK_AROUND, HeadCandidates
from reid.detect.tracker import Seen
from reid.embed import RegionEmbedder
from reid.pipeline import Clock, Indexer, _Run, redacted_frames
from reid.store import Store
from tests.doubles import TrackerDouble
from tests.making import NOON, write_video


class Script(TrackerDouble):
    """People at scripted places; the track id is their number from 1."""

    def __init__(self, *people) -> None:
        self.people = people

    def track(self, raw):
        boxes, ids = [], []
        for number, place in enumerate(self.people, start=1):
            box = place(raw.index)
            if box is not None:
                boxes.append(box)
                ids.append(number)
        tracks = Tracks(
            as_boxes(boxes), np.full(len(ids), 0.9, np.float32), np.array(ids, np.int64)
        )
        return Seen(tracks, HeadCandidates.upright(empty_boxes()))


def standing(index: int):
    return [10, 10, 40, 90]


def leaving(index: int):
    return [60 + index, 20, 85 + index, 90] if index < 12 else None


def scene(n: int = 40):
    for i in range(n):
        frame = np.full((96, 128, 3), 200, np.uint8)
        frame[35:60, 12:38], frame[60:90, 12:38] = (190, 20, 30), (20, 30, 120)
        if i < 12:
            frame[42:60, 62 + i : 83 + i] = (30, 120, 40)
        yield frame


@pytest.fixture
def indexer(tmp_path: Path) -> Indexer:
    embedder = RegionEmbedder()
    store = Store.create(tmp_path / "venue", embedder.model_id, embedder.dim)
    return Indexer(store, embedder, Script(standing, leaving))


def test_one_row_a_tracklet(indexer: Indexer, tmp_path: Path) -> None:
    source = open_source(str(write_video(tmp_path / "gate.mp4", scene())), start=NOON)
    report = indexer.index(source)
    assert (report.frames, report.sightings, report.problems) == (40, 2, [])
    first, second = sorted(indexer.store.read().keys, key=lambda k: k.track_id)
    assert (first.end - first.start).total_seconds() == pytest.approx(3.9, abs=0.01)
    assert (second.end - second.start).total_seconds() == pytest.approx(1.1, abs=0.01)
    assert first.camera == "gate"


@pytest.mark.parametrize("careful", [False, True])
def test_a_recording_is_looked_at_twice_where_asked(
    indexer: Indexer, tmp_path: Path, careful: bool
) -> None:
    replace(indexer, careful=careful).index(
        open_source(str(write_video(tmp_path / "gate.mp4", scene(3))))
    )
    assert indexer.tracker.careful is careful


def test_views_of_a_track_are_kept_only_where_asked(indexer: Indexer, tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", scene())
    indexer.index(open_source(str(video)))
    assert isinstance(indexer.store, Store)
    assert indexer.store.count_views() == 0
    replace(indexer, views=2).index(open_source(str(video)))
    best = indexer.store.crops(sorted(indexer.store.ids()))
    views = indexer.store.views(list(best))
    assert [len(crops) for crops in views.values()] == [2, 2]
    for sighting, crops in views.items():
        assert len({best[sighting].index, *(crop.index for crop in crops)}) == 3, "all different"


def test_indexing_again_changes_nothing(indexer: Indexer, tmp_path: Path) -> None:
    path = write_video(tmp_path / "gate.mp4", scene())
    indexer.index(open_source(str(path)))
    before = indexer.store.ids()
    report = indexer.index(open_source(str(path)))
    assert report.replaced == 0
    assert indexer.store.ids() == before


def test_a_corrected_camera_replaces_the_rows(indexer: Indexer, tmp_path: Path) -> None:
    path = write_video(tmp_path / "gate.mp4", scene())
    indexer.index(open_source(str(path)))
    indexer.index(open_source(str(path), camera="exit"))
    assert indexer.store.cameras() == ["exit"]


def test_another_detector_leaves_no_stale_rows(indexer: Indexer, tmp_path: Path) -> None:
    path = write_video(tmp_path / "gate.mp4", scene())
    indexer.index(open_source(str(path)))
    report = replace(indexer, tracker=Script(leaving)).index(open_source(str(path)))
    assert report.replaced == 1
    assert indexer.store.count() == 1


def test_ctrl_c_keeps_what_was_seen(indexer: Indexer, tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        if done == 25:
            raise KeyboardInterrupt

    source = open_source(str(write_video(tmp_path / "gate.mp4", scene())), start=NOON)
    report = replace(indexer, progress=interrupt).index(source)
    assert report.stopped
    assert report.sightings == indexer.store.count() == 2


def test_every_nth_frame(indexer: Indexer, tmp_path: Path) -> None:
    looked: list[int] = []

    class Watching(Script):
        def track(self, raw):
            looked.append(raw.index)
            return super().track(raw)

    source = open_source(str(write_video(tmp_path / "gate.mp4", scene())))
    replace(indexer, tracker=Watching(standing), every=5).index(source)
    assert looked == list(range(0, 40, 5))


class Gated(Script):
    """Remembers which frames it was shown, and what it was told of the others."""

    def __init__(self, *people) -> None:
        super().__init__(*people)
        self.looked: list[int] = []
        self.skipped: list[tuple[int, bool]] = []

    def skip(self, frames: int, *, calm: bool) -> None:
        self.skipped.append((frames, calm))

    def track(self, raw):
        self.looked.append(raw.index)
        return super().track(raw)


def drawn(people, n: int):
    """Yield frames in which those people are seen as dark boxes before a bright wall."""
    for i in range(n):
        frame = np.full((120, 160, 3), 200, np.uint8)
        for place in people:
            if (box := place(i)) is not None:
                x0, y0, x1, y1 = (round(v) for v in box)
                frame[y0:y1, x0:x1] = 60
        yield frame


def test_frames_in_which_nothing_moves_are_left_out_and_hand_no_pixels_on(
    indexer: Indexer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redacted: list[int] = []

    def noting(raw, heads):
        redacted.append(raw.index)
        return redact(raw, heads)

    def passing(index: int):
        return [3 * (index - 100), 10, 3 * (index - 100) + 30, 90] if 100 <= index < 140 else None

    monkeypatch.setattr("reid.pipeline.redact", noting)
    tracker = Gated(standing, passing)
    film = write_video(tmp_path / "gate.mp4", drawn((standing, passing), 200))
    report = replace(indexer, tracker=tracker, every=AUTO).index(open_source(str(film), start=NOON))
    assert report.frames == 200
    assert redacted == tracker.looked, "what was not looked at has no pixels"
    assert len(tracker.looked) < 110
    while_passing = [i for i in tracker.looked if 102 <= i < 140]
    assert max(np.diff(while_passing)) <= 2
    before = [i for i in tracker.looked if 20 < i < 100]
    assert min(np.diff(before)) >= 9, "nobody moves"
    assert sum(frames for frames, _ in tracker.skipped) == tracker.looked[-1] + 1 - len(
        tracker.looked
    )
    stood, passed = sorted(indexer.store.read().keys, key=lambda key: key.track_id)
    assert (stood.end - stood.start).total_seconds() == pytest.approx(19.9, abs=1)
    assert (passed.end - passed.start).total_seconds() == pytest.approx(3.9, abs=0.3)
    assert report.problems == [], "it is no time-lapse"


def test_a_camera_that_runs_for_days_remembers_no_calm_frames(
    indexer: Indexer, tmp_path: Path
) -> None:
    film = write_video(tmp_path / "gate.mp4", drawn((standing,), 60))
    run = _Run(replace(indexer, tracker=Gated(standing), every=AUTO), open_source(str(film)))
    assert run.run().frames == 60
    assert any(calm for _, calm in run._tracker.skipped)
    assert run._calm == set()


def test_who_is_seen_is_told_in_the_pictures_own_direction(
    indexer: Indexer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Boxes of a picture that was turned are turned back for what looks at it as it was decoded."""
    told: list[tuple[list[float], int, int]] = []
    saw = MotionGate.saw

    def noting(self, index, tracks, width, height):
        told.append((tracks.xyxy[0].tolist(), width, height))
        saw(self, index, tracks, width, height)

    monkeypatch.setattr(MotionGate, "saw", noting)
    film = write_video(tmp_path / "gate.mp4", drawn((standing,), 12))
    turned = replace(indexer, tracker=Gated(standing), every=AUTO, rotate=90)
    turned.index(open_source(str(film)))
    # turned by a quarter the picture is 120 × 160 px; [10, 10, 40, 90] of it was [70, 10, 150, 40]
    assert told[0] == ([70.0, 10.0, 150.0, 40.0], 160, 120)


def test_person_crops_are_one_sighting_each(indexer: Indexer, tmp_path: Path) -> None:
    for name, colour in [("a.png", (200, 0, 0)), ("b.png", (0, 0, 200))]:
        Image.new("RGB", (32, 80), colour).save(tmp_path / name)
    (tmp_path / "c.png").write_bytes(b"broken")
    folder = tmp_path / "gallery"
    folder.mkdir()
    for path in tmp_path.glob("*.png"):
        path.rename(folder / path.name)
    report = replace(indexer, tracker=None).index(open_source(str(folder), crops=True))
    assert report.sightings == 2
    assert "c.png" in report.problems[0]
    assert {Path(k.source).name for k in indexer.store.read().keys} == {"a.png", "b.png"}


def test_stills_are_independent(indexer: Indexer, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(3):
        Image.fromarray(next(scene())).save(folder / f"{i}.png")
    report = replace(indexer, tracker=Script(standing)).index(open_source(str(folder)))
    assert report.sightings == 3


def test_frames_come_out_in_order_and_all(tmp_path: Path) -> None:
    for count in (0, 1, LOOK_AROUND, LOOK_AROUND + 1, 3 * LOOK_AROUND + 2):
        raws = [RawFrame(np.zeros((8, 8, 3), np.uint8), "c", i, NOON) for i in range(count)]
        frames = [f.index for f, _ in redacted_frames(raws, Script(standing), "head", Clock())]
        assert frames == list(range(count))


def test_a_person_found_late_is_covered_from_the_start() -> None:
    late = LOOK_AROUND - 1

    def enters(index: int):
        return [2, 2, 14, 30] if index >= late else None

    pixels = np.full((32, 16, 3), 50, np.uint8)
    pixels[2:10, 2:14] = (255, 0, 0)
    raws = [RawFrame(pixels, "c", i, NOON) for i in range(12)]
    for frame, _ in redacted_frames(raws, Script(enters), "head", Clock()):
        assert (frame.pixels[2:10, 2:14, 0] < 200).all(), f"frame {frame.index} shows the head"


def test_a_source_that_ends_badly_keeps_the_rest(indexer: Indexer, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.mkv", scene()).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: int(len(whole) * 0.8)])
    report = indexer.index(open_source(str(cut)))
    assert 0 < report.frames <= 40
    assert report.sightings >= 1


def test_a_video_without_frames_is_an_error(indexer: Indexer, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.mkv", scene()).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[:700])
    with pytest.raises(SourceError, match=r"cut\.mkv"):
        indexer.index(open_source(str(cut)))
