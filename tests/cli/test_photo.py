"""`reid search --photo`: a photo by itself, with words, within a case; nothing of it is left."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid.core.records import PhotoPerson, PhotoQuery, Wish
from reid.photo import PhotoReader
from reid.store import Store
from tests.cli.test_desk_commands import open_case, run, venue  # noqa: F401
from tests.fast import cheap_hashes  # noqa: F401
from tests.making import redacted_noise
from tests.venues import MODEL, sightings

RED = Wish("upper.colour", "red", source="photo")
GREEN = Wish("upper.colour", "green", source="photo")


@pytest.fixture
def research(tmp_path: Path) -> Path:
    """A venue without rules."""
    store = Store.create(tmp_path / "gallery", MODEL, 16)
    store.add(sightings(30))
    return tmp_path / "gallery"


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A photo of two people: who is in the first sighting, and who is in the sixth."""
    vectors = sightings(30).vectors
    people = tuple(
        PhotoPerson(PhotoQuery(vectors[row], MODEL), (wish,), redacted_noise(row))
        for row, wish in ((0, RED), (5, GREEN))
    )

    class Reads:
        def read(self, data: bytes) -> tuple[PhotoPerson, ...]:
            Image.open(io.BytesIO(data)).load()
            return people

    monkeypatch.setattr(PhotoReader, "of_venue", lambda _: Reads())
    path = tmp_path / "photos" / "Zebedee Quirk.png"
    path.parent.mkdir()
    noise = np.random.default_rng(1).integers(0, 256, (60, 40, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path


def first(out: str) -> str:
    return json.loads(out)["matches"][0]["sighting"]


def test_a_photo_alone_finds_who_is_in_it(run, research: Path, photo: Path) -> None:  # noqa: F811
    code, out, _ = run("search", "--photo", photo, "--venue", research, "--json")
    answer = json.loads(out)
    assert code == 0 and first(out) == f"s{0:023d}"
    assert answer["photo"]["people"] == 2 and answer["photo"]["person"] == 1
    assert [c["source"] for c in answer["photo"]["clothes"]] == ["photo"]
    assert answer["matches"][0]["photo"]["verdict"] == "match"
    assert answer["matches"][0]["photo"]["similarity"] > 0.9


def test_another_person_and_words(run, research: Path, photo: Path) -> None:  # noqa: F811
    one = ("--photo", photo, "--venue", research, "--json")
    assert first(run("search", *one, "--person", 2)[1]) == f"s{5:023d}"
    code, out, _ = run("search", *one, "and a red cap", "--changed", "upper")
    assert code == 0
    said = json.loads(out)
    assert {e["slot"] for e in said["query"]["slots"]} >= {"head.type", "upper.colour"}
    assert said["photo"]["changed"] == ["upper"]
    assert "upper.colour" not in {why["slot"] for why in said["matches"][0]["why"]}


def test_it_is_told_whom_of_several_is_searched_for(run, research: Path, photo: Path) -> None:  # noqa: F811
    code, out, err = run("search", "--photo", photo, "--venue", research)
    assert code == 0
    assert "2 people in it: the largest" in err and "--person 2" in err
    assert "from the photo: upper.colour=red" in out and "looks like the photo" in out


def test_within_a_case_it_is_counted_and_leaves_no_name(run, venue: Path, photo: Path) -> None:  # noqa: F811
    open_case(run, venue)
    asked = ("search", "--photo", photo, "--venue", venue)
    assert "no case, no search" in run(*asked)[2]
    code, out, _ = run(*asked, "--case", "C-1", "--json")
    assert code == 0 and first(out) == f"s{0:023d}"
    lines = run("audit", "show", "--venue", venue, "--json")[1]
    actions = [json.loads(line)["action"] for line in lines.splitlines()]
    assert actions == ["case.open", "case.photo", "search"]
    stored = b"".join(p.read_bytes() for p in venue.rglob("*") if p.is_file())
    assert b"Quirk" not in stored and photo.read_bytes()[100:164] not in stored
    assert b"Quirk" not in out.encode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a photo with --photo"),
        (("x", "--person", 2), "are about a photo"),
        (("--photo", "PHOTO", "--person", 3), "there are 2 people"),
        (("--photo", "PHOTO", "--changed", "face"), "is no part of a photo"),
        (("--photo", "missing.jpg"), "the photo cannot be read (No such file or directory)"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    run,  # noqa: F811
    research: Path,
    photo: Path,
    arguments: tuple[object, ...],
    said: str,
) -> None:
    named = [photo if one == "PHOTO" else one for one in arguments]
    code, _, err = run("search", *named, "--venue", research)
    assert code in {1, 2} and said in " ".join(err.split()) and len(err.splitlines()) <= 2
