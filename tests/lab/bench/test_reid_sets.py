"""Protocols: who is asked, who is searched, what counts."""

from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import SourceError, UsageError
from reid.lab.bench.data.reid_sets import Labelled, read_folders, read_split, same_person


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def person(identity: str, camera: str) -> Labelled:
    return Labelled(Path(f"{identity}_{camera}"), identity, camera)


def test_folders_ask_with_the_first_camera(tmp_path) -> None:
    touch(tmp_path, "7/01_1.png", "7/02_1.png", "8/01_1.png", "8/03_9.png", "8/notes.txt")
    split = read_split(tmp_path, "folders")
    assert [(i.identity, i.camera) for i in split.query] == [("7", "01"), ("8", "01")]
    assert [(i.identity, i.camera) for i in split.gallery] == [("7", "02"), ("8", "03")]


def test_folders_take_other_cameras(tmp_path) -> None:
    touch(tmp_path, "7/01_1.png", "7/02_1.png", "7/03_1.png")
    split = read_split(tmp_path, "folders", "03", ["01"])
    assert [i.camera for i in split.query + split.gallery] == ["03", "01"]
    everybody = read_split(tmp_path, "folders", "all")
    assert everybody.query == everybody.gallery
    assert len(everybody.images()) == 3


def test_market1501_names(tmp_path) -> None:
    touch(tmp_path, "query/0001_c1s1_001051_00.jpg")
    touch(
        tmp_path / "bounding_box_test",
        "-1_c1s1_000401_03.jpg", "0000_c2s1_000151_01.jpg", "0001_c1s1_002301_02.jpg",
        "0001_c3s1_000551_00.jpg", "Thumbs.db",
    )  # fmt: skip
    split = read_split(tmp_path, "market1501")
    assert [i.identity for i in split.gallery] == ["-1", "0", "1", "1"]
    relevant, ignored = same_person(split.query, split.gallery)
    assert relevant.tolist() == [[False, False, False, True]]
    assert ignored.tolist() == [[True, False, True, False]], "junk, and the query's own camera"


@pytest.mark.parametrize(
    ("layout", "files"),
    [
        ("folders", ["7/01_1.png", "7/02_1.png"]),
        ("market1501", ["query/0001_c1s1_1_00.jpg", "bounding_box_test/0001_c2s1_1_00.jpg"]),
        ("msmt17", ["test/0000/0000_000_01_x.jpg"]),
    ],
)
def test_layouts_are_recognised(tmp_path, layout, files) -> None:
    touch(tmp_path, *files)
    if layout == "msmt17":
        for part in ("query", "gallery"):
            (tmp_path / f"list_{part}.txt").write_text("0000/0000_000_01_x.jpg 0\n")
    split = read_split(tmp_path)
    assert split.layout == layout
    assert split == read_split(tmp_path, layout)


def test_what_looks_like_another_layout_is_refused_in_one_line(tmp_path) -> None:
    """`query` and `bounding_box_test` are no people, also for whoever reads folders directly."""
    touch(tmp_path, "query/0001_c1s1_1_00.jpg", "bounding_box_test/0001_c2s1_1_00.jpg")
    for read in (
        lambda d: read_split(d, "folders"),
        lambda d: read_split(d, "msmt17"),
        read_folders,
    ):
        with pytest.raises(SourceError, match="looks like market1501, not") as caught:
            read(tmp_path)
        assert "--layout market1501" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_half_a_market_root_is_no_folder_of_people(tmp_path) -> None:
    touch(tmp_path, "query/0001_c1s1_1_00.jpg")
    with pytest.raises(SourceError, match="bounding_box_test holds no images"):
        read_split(tmp_path)


def test_person_zero_is_nobody_in_market1501_only(tmp_path) -> None:
    touch(tmp_path / "a", "query/0001_c1s1_1_00.jpg", "bounding_box_test/0000_c2s1_1_00.jpg")
    assert read_split(tmp_path / "a").gallery[0].subject == "distractor"
    touch(tmp_path / "b", "0/01_1.png", "0/02_1.png", "-1/02_1.png")
    assert {i.subject for i in read_split(tmp_path / "b").images()} == {"person"}


def test_msmt17_lists(tmp_path) -> None:
    touch(tmp_path, "test/x.jpg")
    (tmp_path / "list_query.txt").write_text("0000/0000_000_01_0303morning_0015_0.jpg 0\n")
    (tmp_path / "list_gallery.txt").write_text(
        "0000/0000_001_14_0303morning_0015_0.jpg 0\n0001/0001_002_01_0303noon_0015_0.jpg 1\n"
    )
    split = read_split(tmp_path, "msmt17")
    assert split.query[0].camera == "1"
    assert {i.subject for i in split.images()} == {"person"}, "person 0 is real here"
    assert [(i.identity, i.camera) for i in split.gallery] == [("0", "14"), ("1", "1")]
    assert split.gallery[0].path == tmp_path / "test/0000/0000_001_14_0303morning_0015_0.jpg"


def test_the_same_camera_is_ignored_only_for_the_same_person() -> None:
    relevant, ignored = same_person([person("1", "a")], [person("1", "a"), person("2", "a")])
    assert not relevant.any()
    assert np.array_equal(ignored, [[True, False]])


def test_errors_name_the_remedy(tmp_path) -> None:
    with pytest.raises(SourceError, match="--data"):
        read_split(tmp_path / "nowhere", "folders")
    with pytest.raises(SourceError, match=r"ID/CAMERA_\*\.png"):
        read_split(tmp_path, "folders")
    touch(tmp_path, "7/01_1.png")
    with pytest.raises(SourceError, match="two cameras"):
        read_split(tmp_path, "folders")
    with pytest.raises(UsageError, match="no camera 09: this data set has 01"):
        read_split(tmp_path, "folders", "09")
    with pytest.raises(UsageError, match="own queries"):
        read_split(tmp_path, "market1501", "01")
