"""Search by description: galleries on paper, descriptions altered, files read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import SourceError
from reid.core.records import Query, Wish
from reid.describe import describe
from reid.embed import RegionEmbedder
from reid.lab.bench.data.description_sets import read_described
from reid.lab.bench.data.venue_sets import Clip, Shown, Visit, demo_folder
from reid.lab.bench.data.venue_sightings import CROPS_A_VISIT, pictures
from reid.lab.bench.description import TimeToFind, hedged, one_wrong, run_description, vague
from reid.rank import Gallery, rank
from reid.rank.score import score, terms
from tests.lab.bench.test_retrieval import paint

RED, GREEN, BLUE = (200, 20, 20), (20, 130, 40), (20, 40, 170)


@pytest.fixture
def three_described(tmp_path) -> Path:
    people = {"1": (RED, "red"), "2": (GREEN, "green"), "3": (BLUE, "blue")}
    lines = []
    for identity, (colour, name) in people.items():
        for camera in ("01", "02"):
            paint(tmp_path / identity / f"{camera}_1.png", colour)
        lines.append({
            "id": identity,
            "describe_a": f"{name} shirt, {name} trousers",
            "describe_b": f"someone in a {name} top",
            "attributes": {"upper.colour": [name], "lower.colour": name, "no.such": "thing"},
            "confidence": {"lower.colour": "low"},
        })  # fmt: skip
    (tmp_path / "descriptions.jsonl").write_text("\n".join(json.dumps(x) for x in lines))
    return tmp_path


def test_three_people_in_one_colour_each_are_found(three_described) -> None:
    result = run_description(
        read_described(three_described), RegionEmbedder(), None, 0, lambda _: None
    )
    keys = ("rank1", "mAP", "n_query", "n_gallery", "median_rank")
    assert {key: result.to_json()[key] for key in keys} == {
        "rank1": 1.0, "mAP": 1.0, "n_query": 12, "n_gallery": 3, "median_rank": 1.0,
    }  # fmt: skip
    assert result.redacted is True
    assert set(result.by_camera) == {"01", "02"}
    assert result.by_description["a"].n_query == 6
    assert result.together.n_gallery == 6
    assert result.altered["from_labels"].rank1 == 1.0
    assert result.unusable == 0


def test_labels_become_wishes(three_described) -> None:
    labels = read_described(three_described).labels["1"]
    assert labels == (Wish("upper.colour", "red"), Wish("lower.colour", "red", "unsure"))


def test_thumbnails_looked_at_by_hand() -> None:
    time = TimeToFind.of(np.array([1, 1, 2, 4, 13]))
    assert (time.median, time.mean, time.p90) == (2, 4.2, 13)
    assert time.first_screen == 0.8


def test_a_vague_description_keeps_two_things_and_alternatives_whole() -> None:
    query = describe("teal jacket, black leggings, white sneakers, red backpack")
    for seed in range(8):
        kept = vague(query, np.random.default_rng(seed)).wishes
        groups = {w.group for w in kept if w.group is not None}
        assert len({w.group if w.group is not None else id(w) for w in kept}) == 2
        assert all(w in kept for w in query.wishes if w.group in groups)
    short = describe("red hat")
    assert vague(short, np.random.default_rng(0)) == short


def test_one_colour_is_wrong_and_nothing_else() -> None:
    query = Query("", (Wish("upper.type", "coat"), Wish("upper.colour", "red")))
    wrong = one_wrong(query, np.random.default_rng(0))
    assert wrong.wishes[0] == query.wishes[0]
    assert wrong.wishes[1].slot == "upper.colour"
    assert wrong.wishes[1].value != "red"
    assert one_wrong(Query(""), np.random.default_rng(0)).wishes == ()


def test_the_order_is_the_products(three_described) -> None:
    """The benchmark scores without reasons; its order must be that of `rank`."""
    from reid.lab.bench.data.galleries import camera_galleries

    described = read_described(three_described)
    (where, _) = camera_galleries(described.images, RegionEmbedder(), True, lambda _: None)
    table = Gallery.of(where.sightings)
    query = describe("blue shirt and green trousers")
    order = np.argsort(-score(table, terms(query)), kind="stable")
    assert [m.key.id for m in rank(query, table).matches] == [table.keys[i].id for i in order]


def test_caption_sets_are_read_by_their_files(tmp_path) -> None:
    entries = [
        {"split": "train", "id": 1, "file_path": "a.png", "captions": ["x"]},
        {"split": "test", "id": 2, "file_path": "b.png", "captions": ["red shirt", "a red top"]},
        {"split": "test", "id": 3, "file_path": "c.png", "captions": ["blue shirt"]},
    ]
    (tmp_path / "reid_raw.json").write_text(json.dumps(entries))
    paint(tmp_path / "imgs/b.png", RED)
    paint(tmp_path / "imgs/c.png", BLUE)
    result = run_description(read_described(tmp_path), RegionEmbedder(), None, 0, lambda _: None)
    assert (result.rank1, result.n_query, result.n_gallery) == (1.0, 3, 2)
    assert result.by_camera == {}


@pytest.mark.parametrize(
    ("listing", "key", "ids"),
    [
        ("reid_raw.json", "file_path", (1, 2, 3)),
        ("ICFG-PEDES.json", "file_path", (1, 2, 3)),
        ("data_captions.json", "img_path", (1, 2, 3)),
        ("caption_all.json", "file_path", (11003, 12004, 13003)),
        ("annotations/caption_all.json", "file_path", (12003, 12004, 13003)),
    ],
)
def test_every_caption_set_gives_its_test_people(tmp_path, listing, key, ids) -> None:
    """As published; what has no split is split by its people's numbers."""
    names, splits = ("a/1.png", "b/2.png", "b/3.png"), ("train", "test", "test")
    entries = [
        {"id": i, key: name, "captions": [f"red {i}", "blue"], "split": split}
        for i, name, split in zip(ids, names, splits, strict=True)
    ]
    if listing.endswith("caption_all.json"):
        entries = [{k: v for k, v in entry.items() if k != "split"} for entry in entries]
    for path, text in ((tmp_path / listing, json.dumps(entries)), (tmp_path / "imgs/b/2.png", "")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with pytest.raises(
        SourceError, match=r"lacks 1 of 2 images of the test split, e\.g\. b/3\.png"
    ):
        read_described(tmp_path)
    (tmp_path / "imgs/b/3.png").touch()
    described = read_described(tmp_path)
    assert [i.identity for i in described.images] == [str(i) for i in ids[1:]]
    assert [d.text for d in described.descriptions][::2] == [f"red {i}" for i in ids[1:]]
    assert described.pooled is False


def test_only_caption_all_may_lack_the_split(tmp_path) -> None:
    entries = [{"id": 12004, "file_path": "a.png", "captions": ["x"]}]
    (tmp_path / "ICFG-PEDES.json").write_text(json.dumps(entries))
    with pytest.raises(SourceError, match="may lack the split"):
        read_described(tmp_path)


def test_errors_name_file_and_line(tmp_path) -> None:
    with pytest.raises(SourceError, match=r"holds no descriptions\.jsonl"):
        read_described(tmp_path)
    (tmp_path / "descriptions.jsonl").write_text('{"id": "1"}\n{"no": 1}')
    with pytest.raises(SourceError, match="line 2"):
        read_described(tmp_path)


def test_real_people_are_found_better_than_by_chance(pku) -> None:
    """28 people: chance is rank-1 1/28 and a median rank of 14.5."""
    result = run_description(read_described(pku), RegionEmbedder(), None, 0, lambda _: None)
    assert (result.n_query, result.n_gallery) == (112, 28)
    assert result.rank1 > 4 / 28
    assert result.median_rank < 7


def test_a_witness_doubts_what_is_wrong_more_often() -> None:
    true = Query("", tuple(Wish("upper.colour", c) for c in ("red", "blue")))
    wrong = replace(true, wishes=(true.wishes[0], Wish("upper.colour", "green")))
    rng = np.random.default_rng(0)
    doubts = np.array(
        [[w.certainty == "unsure" for w in hedged(wrong, true, rng).wishes] for _ in range(400)]
    )
    assert doubts.mean(axis=0) == pytest.approx([0.15, 0.7], abs=0.06)


def test_the_bundled_clips_are_searched_by_what_is_said() -> None:
    """Every visit is a sighting; a query before a camera without its person does not count."""
    described = read_described(demo_folder())
    assert described.steps == len(described.venue.visits) == 15
    done: list[int] = []
    result = run_description(described, RegionEmbedder(), None, 0, done.append)
    assert done[-1] == described.steps
    assert result.together.n_gallery == described.steps
    assert set(result.by_description) == {"true"}
    assert result.by_description["true"].time_to_find.median <= 2, "a red hoodie"
    assert result.altered["from_labels"].n_query > 10


def test_pictures_are_spread_over_a_visit() -> None:
    box = np.array([0, 0, 10, 20], np.float32)
    one = Shown("a", box, box, 1.0, 1.0)
    hidden = Shown("a", box, box, 0.1, 0.1)
    start = datetime(2026, 5, 2, 12, tzinfo=UTC)
    frames = ((one,), *[(one,)] * 10, (hidden,), (one,))
    clip = Clip("gate", Path("x.mp4"), start, 10.0, frames)
    visit = Visit("a", "gate", start, start + timedelta(seconds=1.2))
    found = list(pictures(clip, visit))
    assert len(found) == CROPS_A_VISIT
    assert (found[0], found[-1]) == (0, 12)
    assert 11 not in found, "hardly seen there"
