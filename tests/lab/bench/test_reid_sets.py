"""Protocols: who is asked, who is searched, what counts."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

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


def test_duke_has_nobody_in_particular(tmp_path) -> None:
    touch(tmp_path, "query/0005_c2_f0046985.jpg", "bounding_box_test/0000_c3_f0000001.jpg")
    split = read_split(tmp_path)
    assert split.layout == "dukemtmc"
    assert [(i.identity, i.camera, i.subject) for i in split.images()] == [
        ("5", "2", "person"), ("0", "3", "person"),
    ]  # fmt: skip
    assert read_split(tmp_path, "market1501").query == split.query, "read so before it had a name"


CUHK03_NAMES = ["1_001_1_01.png", "1_001_2_06.png", "1_002_1_01.png", "1_002_2_06.png"]


def cuhk03(root: Path, kind: str, form: str) -> None:
    """Write persons 1 and 2, the first asked for before camera 1, as it is passed on."""
    if form == "folders":
        touch(root / kind, "query/0001_c1_11.png", "bounding_box_test/0001_c2_16.png",
              "bounding_box_test/0002_c2_26.png")  # fmt: skip
        return
    touch(root / f"images_{kind}", *CUHK03_NAMES)
    if form == "json":
        place = [f"/data/cuhk03/images_{kind}/{name}" for name in CUHK03_NAMES]
        gallery = [[place[1], 1, 2], [place[3], 2, 2]]
        split = [{"train": [], "query": [[place[0], 1, 1]], "gallery": gallery}]
        (root / f"splits_new_{kind}.json").write_text(json.dumps(split))
    else:
        savemat(root / f"cuhk03_new_protocol_config_{kind}.mat", {
            "filelist": np.array(CUHK03_NAMES, object)[:, None], "labels": [[1], [1], [2], [2]],
            "camId": [[1], [2], [1], [2]], "train_idx": [[3]], "query_idx": [[1]],
            "gallery_idx": [[2], [4]],
        })  # fmt: skip


@pytest.mark.parametrize("kind", ["labeled", "detected"])
@pytest.mark.parametrize("form", ["folders", "json", "mat"])
def test_cuhk03_by_the_new_protocol(tmp_path, kind, form) -> None:
    cuhk03(tmp_path, kind, form)
    split = read_split(tmp_path)
    assert split.layout == f"cuhk03-{kind}"
    assert [(i.identity, i.camera) for i in split.query] == [("1", "1")]
    assert [(i.identity, i.camera) for i in split.gallery] == [("1", "2"), ("2", "2")]
    assert all(image.path.is_file() for image in split.images())


def test_cuhk03_says_which_of_both_and_what_is_missing(tmp_path) -> None:
    cuhk03(tmp_path, "labeled", "json")
    cuhk03(tmp_path, "detected", "folders")
    with pytest.raises(SourceError, match="--layout cuhk03-labeled or --layout cuhk03-detected"):
        read_split(tmp_path)
    assert read_split(tmp_path, "cuhk03-detected").layout == "cuhk03-detected"
    with pytest.raises(SourceError, match="looks like cuhk03-labeled, not folders"):
        read_split(tmp_path, "folders")
    (tmp_path / "splits_new_labeled.json").unlink()
    with pytest.raises(SourceError, match=r"needs .*cuhk03_new_protocol_config_labeled\.mat or"):
        read_split(tmp_path, "cuhk03-labeled")
    (tmp_path / "splits_new_labeled.json").write_text("{}")
    with pytest.raises(SourceError, match="not CUHK03's new protocol"):
        read_split(tmp_path, "cuhk03-labeled")


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
