"""Starting from a photo at the desk: in memory alone, one person chosen, corrected, forgotten."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

from reid.capture.photos import LARGEST_PHOTO, read_photo
from reid.core.records import PhotoPerson, PhotoQuery, Wish
from reid.desk.desk import Desk
from reid.web import photo_tray
from reid.web.photo_tray import PhotoTray
from reid.web.security import LARGEST_BODY
from reid.web.translations import words
from tests.making import redacted_noise
from tests.venues import MODEL
from tests.web.conftest import Browser

RED = Wish("upper.colour", "red", source="photo")
BLUE = Wish("lower.colour", "blue", "unsure", source="photo")
BAG = Wish("carry.backpack", "present", source="photo")
PAGE = {"accept": "text/html"}


@pytest.fixture
def photo() -> bytes:
    """A photo of 3 MB: more than forms keep in memory."""
    noise = np.random.default_rng(8).integers(0, 256, (1000, 1000, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def people(app: FastAPI, desk: Desk) -> tuple[PhotoPerson, ...]:
    """Two people in every photo: who is in the first sighting, and who is in the sixth."""
    vectors = desk.store.read(vectors=True).vectors
    assert vectors is not None
    first = PhotoPerson(PhotoQuery(vectors[0], MODEL), (RED, BLUE, BAG), redacted_noise(1))
    found = (first, PhotoPerson(PhotoQuery(vectors[5], MODEL), (), redacted_noise(2)))

    class Reads:
        def read(self, data: bytes) -> tuple[PhotoPerson, ...]:
            read_photo(data)
            return found

    state = app.state.reid
    object.__setattr__(state, "photos", PhotoTray(Reads))
    return found


def send(browser: Browser, data: bytes, **headers: str):
    said = {"x-csrf-token": browser.csrf, "content-type": "application/octet-stream", **headers}
    return browser.post("/api/photo", content=data, headers=said)


def test_who_is_in_a_photo_is_shown_without_heads(operator: Browser, people, photo: bytes) -> None:
    answer = send(operator, photo).json()
    assert len(answer["people"]) == 2
    first = answer["people"][0]
    assert [(e["slot"], e["value"]) for e in first["slots"]] == [
        (wish.slot, wish.value) for wish in people[0].clothes
    ]
    assert "red" in first["slots"][0]["text"].lower()
    assert {e["source"] for e in first["slots"]} == {"photo"}
    picture = operator.get(first["picture"])
    assert picture.status_code == 200 and picture.content == people[0].picture.encode()
    assert picture.headers["cache-control"] == "no-store"


def test_nobody_else_sees_it(operator: Browser, browse, people, photo: bytes) -> None:
    answer = send(operator, photo).json()
    other = browse("supervisor")
    assert other.get(answer["people"][0]["picture"]).status_code == 404
    refused = other.fill("/case/new", purpose="missing-child", photo=answer["photo"])
    assert refused.status_code == 400 and "choose it again" in refused.text
    assert send(browse("viewer"), photo).status_code == 403
    assert send(browse(), photo).status_code == 401


def test_a_case_opens_from_a_photo_alone(
    operator: Browser, desk: Desk, people, photo: bytes
) -> None:
    name = send(operator, photo).json()["photo"]
    opened = operator.fill("/case/new", purpose="missing-child", photo=name)
    assert opened.status_code == 303, opened.text
    page = operator.get(opened.headers["location"], headers=PAGE).text
    assert first_shown(page) == f"s{0:023d}"
    assert "looks like the photo" in page and "of-photo" in page
    case = desk.records.book.get(1)
    assert desk.latest_query(case).description.photo is not None
    assert desk.records.photos.picture(1, 1) is None
    actions = [line.action for line in desk.records.trail.lines()]
    assert actions.count("photo.read") == 1 and actions.count("case.photo") == 1


def test_words_and_photo_as_the_page_sends_them(
    operator: Browser, desk: Desk, people, photo: bytes
) -> None:
    answer = send(operator, photo).json()
    seen = json.dumps({"slots": answer["people"][0]["slots"]})
    understood = operator.fill("/api/describe", text="a white top and a red cap", seen=seen).json()
    said = {(e["slot"], e["value"]) for e in understood["slots"]}
    assert ("upper.colour", "white") in said and ("upper.colour", "red") not in said
    assert ("lower.colour", "blue") in said and ("head.colour", "red") in said
    slots = json.dumps({"slots": understood["slots"], "photo": {"changed": ["carry"]}})
    opened = operator.fill(
        "/case/new", text="a white top and a red cap", purpose="missing-child", slots=slots,
        photo=answer["photo"], person=0, keep_picture="yes",
    )  # fmt: skip
    assert opened.status_code == 303, opened.text
    query = desk.latest_query(desk.records.book.get(1)).description.query()
    assert query.photo is not None and query.photo.worn == pytest.approx(0.9)
    assert "carry.backpack" not in {wish.slot for wish in query.wishes}
    kept = operator.get("/case/1/photo/1.jpg")
    assert kept.content == people[0].picture.encode()
    assert operator.get("/case/1/photo/2.jpg").status_code == 404


def test_a_photo_is_added_corrected_and_forgotten(
    operator: Browser, desk: Desk, case: str, people, photo: bytes
) -> None:
    name = send(operator, photo).json()["photo"]
    added = operator.fill(f"{case}/photo", part=True, photo=name, person=0).json()
    assert "looks like the photo" in added["results"] and "data-photo" in added["chips"]
    assert first_shown(added["results"]) == f"s{0:023d}"
    changed = json.dumps({"slots": added["slots"], "photo": {"changed": ["upper", "lower"]}})
    fewer = operator.fill(f"{case}/search", part=True, slots=changed).json()
    photo_now = desk.latest_query(desk.records.book.get(1)).description.query().photo
    assert photo_now is not None and photo_now.worn == pytest.approx(0.2)
    assert re.findall(r'value="(\w+)" checked', fewer["chips"]) == ["upper", "lower"]
    words_too = operator.fill(f"{case}/search", part=True, text="a red top").json()
    assert "looks like the photo" in words_too["results"], "a new sentence keeps the photo"
    gone = operator.fill(f"{case}/photo/forget", part=True).json()
    assert "looks like the photo" not in gone["results"] and "data-photo" not in gone["chips"]
    assert desk.records.photos.get(1, 1) is None


def first_shown(page: str) -> str:
    found = re.search(r'data-sighting="(\w+)"', page)
    assert found, page[:500]
    return found.group(1)


def test_a_photo_is_never_written(
    operator: Browser, desk: Desk, people, photo: bytes, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Not to a temporary file, the venue, the log or an answer; also where it is refused."""
    spool = tmp_path / "tmp"
    spool.mkdir()
    monkeypatch.setenv("TMPDIR", str(spool))
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    made: list[str] = []
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda *a, **k: made.append("spooled"))
    name = send(operator, photo).json()["photo"]
    cut = send(operator, photo[: len(photo) // 2])
    operator.fill("/case/new", purpose="missing-child", photo=name, keep_picture="yes")
    desk.records.database.close()
    assert len(photo) > 2 * 1024 * 1024 and cut.status_code == 400
    pieces = [photo[at : at + 48] for at in range(64, len(photo) - 64, 150_000)]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5 and made == [] and not list(spool.iterdir())
    for path in files:
        data = path.read_bytes()
        assert not any(piece in data for piece in pieces), path
    assert not any(piece in cut.content for piece in pieces)
    assert "photo" not in caplog.text.replace("/api/photo", "")


def test_forms_with_files_are_refused_everywhere(operator: Browser, photo: bytes) -> None:
    for path in ("/api/photo", "/case/new", "/api/describe"):
        answer = operator.post(
            path, files={"photo": ("child.png", photo[:2000])},
            headers={"x-csrf-token": operator.csrf},
        )  # fmt: skip
        assert answer.status_code == 415, path


def test_only_a_photo_may_be_large(operator: Browser, people, photo: bytes) -> None:
    large = b"x" * (LARGEST_BODY + 1)
    assert send(operator, large).status_code == 400, "taken, and no photo"
    for path in ("/case/new", "/api/describe", "/api/photo/x"):
        said = {"x-csrf-token": operator.csrf}
        assert operator.post(path, content=large, headers=said).status_code == 413, path
    too_much = operator.post(
        "/api/photo", content=iter([b"x" * 1024 * 1024] * (LARGEST_PHOTO // 1024**2 + 1)),
        headers={"x-csrf-token": operator.csrf},
    )  # fmt: skip
    assert too_much.status_code in {400, 413}
    assert operator.post("/api/photo", content=photo).status_code == 403, "without a token"


def test_so_many_photos_a_minute(operator: Browser, people, photo: bytes) -> None:
    answers = [send(operator, b"no photo").status_code for _ in range(22)]
    assert answers[:20] == [400] * 20 and answers[20:] == [403] * 2


def test_people_are_forgotten(people, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reads:
        def read(self, data: bytes) -> tuple[PhotoPerson, ...]:
            return people

    tray = PhotoTray(Reads)
    names = [tray.take(photo, "anna")[0] for _ in range(photo_tray.MOST_KEPT + 1)]
    assert tray.person(names[0], "anna", 0) is None, "one too many"
    assert tray.person(names[1], "anna", 1) is people[1]
    assert tray.person(names[1], "anna", 2) is None and tray.person(names[1], "bert", 0) is None
    now = photo_tray.time.monotonic()
    monkeypatch.setattr(photo_tray.time, "monotonic", lambda: now + photo_tray.KEPT_SECONDS + 1)
    assert tray.person(names[1], "anna", 1) is None, "too late"


def test_both_pages_offer_it_in_every_language(operator: Browser, case: str) -> None:
    for language, title in (
        (name, words().translator(name)("photo.title")) for name in words().languages
    ):
        operator.cookies.set("reid_language", language)
        for page in ("/case/new", case):
            text = operator.get(page, headers=PAGE).text
            assert title in text and 'id="photo-file"' in text and 'capture="environment"' in text
