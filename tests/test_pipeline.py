"""The loop from source to store, with a scripted detector."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid.capture.sources import open_source
from reid.core.boxes import Tracks, as_boxes, empty_boxes
from reid.core.errors import SourceError
from reid.core.pixels import RawFrame
from reid.detect.head_regions import LOOK_AROUND, HeadCandidates
from reid.detect.tracker import Seen
from reid.embed import RegionEmbedder
from reid.pipeline import Clock, Indexer, redacted_frames
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
