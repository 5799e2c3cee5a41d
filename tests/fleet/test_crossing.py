"""What may cross from one process to another: redacted crops, never a raw frame."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reid.capture.sources import open_source
from reid.core.errors import ReidError, UsageError
from reid.core.pixels import RawFrame
from reid.fleet.bulk import index_all, plan
from reid.fleet.messages import Resources
from reid.fleet.ray_client import RayClient
from reid.loading import IndexOptions, load_embedder, load_tracker
from reid.pipeline import Indexer
from reid.storage.venue_path import Folder
from reid.store import Filter, Store
from tests.making import redacted_noise, write_video

SECRET = np.random.default_rng(7).integers(0, 256, (120, 160, 3), np.uint8)


def raw() -> RawFrame:
    from tests.making import NOON

    return RawFrame(SECRET, "gate", 0, NOON)


class TestOneProcess:
    def test_a_crop_crosses_as_what_is_stored(self) -> None:
        crop = redacted_noise(3)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            there = pickle.loads(pickle.dumps(crop, protocol))
            assert (there.key, there.policy) == (crop.key, crop.policy)
            assert there.box.tolist() == crop.box.tolist()
            assert not there.box.flags.writeable
            assert not there.pixels.flags.writeable

    def test_bytes_without_the_mark_make_no_crop(self) -> None:
        unmake, (data, *rest) = redacted_noise(3).__reduce__()
        with pytest.raises(ValueError, match="not a redacted image"):
            unmake(data.replace(b"reid redacted ", b"reid somethin "), *rest)  # type: ignore[operator]


def in_object_stores(needle: bytes) -> bool:
    """Whether bytes are in the shared memory that Ray's nodes on this machine map."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"raylet" not in (process / "cmdline").read_bytes().split(b"\0")[0]:
                continue
            maps = [f for f in (process / "fd").iterdir() if "plasma" in str(f.readlink())]
        except OSError:
            continue
        for shared in maps:
            with shared.open("rb") as memory:
                if needle in memory.read():
                    return True
    return False


def test_a_raw_frame_crosses_in_no_way(
    cluster_of: Callable, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    RayClient(cluster_of(1).address, tmp_path)
    import ray

    @ray.remote
    def look(thing: object) -> str:
        return repr(thing)

    @ray.remote
    def leak() -> RawFrame:
        return raw()

    for way in (
        lambda: ray.put(raw()),
        lambda: look.remote(raw()),
        lambda: look.remote([{"frame": raw()}]),
        lambda: ray.get(leak.remote()),
    ):
        with pytest.raises(Exception, match="cannot be copied, pickled or saved"):
            way()
    assert "RedactedCrop(" in ray.get(look.remote(redacted_noise(1)))
    row = SECRET[50].tobytes()
    assert not in_object_stores(row)
    assert str(list(row[:12])) not in "".join(capfd.readouterr())
    kept = ray.put(np.concatenate([SECRET.ravel()] * 20))
    assert in_object_stores(row), "the control must find it"
    del kept


class Idle:
    """A process that does nothing."""


@pytest.fixture
def clips(data: Path, tmp_path: Path) -> list[str]:
    """Cut a short clip of people into three of different content."""
    frames = [
        f.expose_unredacted() for f in open_source(str(data / "video/classroom.gif")).frames()
    ]
    return [
        str(write_video(tmp_path / f"cam{i}.mp4", frames[15 * i : 15 * i + 12])) for i in range(3)
    ]


def rows(folder: Folder) -> dict[str, tuple[object, ...]]:
    columns = Store.open(folder).read(vectors=True)
    assert columns.vectors is not None
    return {
        key.id: (key, columns.vectors[i].tobytes(), columns.attributes[i].tobytes())
        for i, key in enumerate(columns.keys)
    }


def test_archives_on_two_nodes_are_stored_as_by_one_process_and_once(
    cluster_of: Callable, clips: list[str], tmp_path: Path, detector_path: Path
) -> None:
    options = IndexOptions(detector_path, None, "regions", every=2)
    embedder, tracker = load_embedder(options), load_tracker(options)
    alone = Store.create(tmp_path / "alone", embedder.model_id, embedder.dim)
    for clip in clips:
        Indexer(alone, embedder, tracker, options.every).index(open_source(clip))
    venue = tmp_path / "venue"
    client = RayClient(cluster_of(2).address, venue)
    shards = plan([*clips, "nowhere.mp4"], None, None, crops=False)

    def index() -> list[str]:
        done = index_all(client, str(venue), shards, options, Resources())
        return sorted(
            "skipped" if one.skipped else "failed" if one.problem else "indexed" for one in done
        )

    assert index() == ["failed", "indexed", "indexed", "indexed"]
    assert rows(venue) == rows(tmp_path / "alone")
    assert len(rows(venue)) >= 3
    raws = next(iter(open_source(clips[0]).frames())).expose_unredacted()
    assert not in_object_stores(raws[100].tobytes())
    gone = sorted(rows(venue))[0]
    Store.open(venue).erase(Filter(ids=[gone]))
    assert index() == ["failed", "skipped", "skipped", "skipped"]
    assert gone not in rows(venue), "what was erased does not come back"
    client.start(Idle, "camera:gate", Resources(0, 0))
    assert client.names() == ["camera:gate"]
    address = client.address
    client.close()
    assert RayClient(address, tmp_path / "another").names() == [], "each venue sees its own alone"


def test_a_cluster_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReidError, match=r"no cluster answers at 127\.0\.0\.1:9"):
        RayClient("127.0.0.1:9", tmp_path)


def test_the_address_of_a_stream_is_not_passed_around() -> None:
    with pytest.raises(UsageError, match="venue") as caught:
        plan(["rtsp://admin:hunter2@cam.example/1"], None, None, crops=False)
    assert "hunter2" not in str(caught.value)


def test_galleries_are_cut_into_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.setattr("reid.fleet.bulk.SHARD", 2)
    for i in range(5):
        Image.new("RGB", (8, 16), (i, i, i)).save(tmp_path / f"{i}.png")
    shards = plan([str(tmp_path)], None, None, crops=True)
    assert [len(shard.paths) for shard in shards] == [2, 2, 1]
    assert {shard.camera for shard in shards} == {tmp_path.name}
    assert len({path for shard in shards for path in shard.paths}) == 5
