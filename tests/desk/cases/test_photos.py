"""What a case keeps of a photo: words and a vector, a picture only where staff say so."""

import json
from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import AccessError, CaseError, UsageError
from reid.core.records import PhotoPerson, PhotoQuery, SearchWindow, Wish
from reid.desk.cases import photos as module
from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription
from tests.desk.test_desk import case_of, everything
from tests.making import redacted_noise
from tests.venues import MODEL, filled, write_rules

RED = Wish("upper.colour", "red", source="photo")
BLUE = Wish("lower.colour", "blue", "unsure", source="photo")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    filled(tmp_path / "venue")
    return Desk.open(tmp_path / "venue")


def person(desk: Desk, row: int = 0) -> PhotoPerson:
    """A photo of who is in the first sighting."""
    vector = desk.store.read(vectors=True).vectors[row]
    return PhotoPerson(PhotoQuery(vector, MODEL), (RED, BLUE), redacted_noise(3))


def asked(desk: Desk, text: str = "") -> ParsedDescription:
    words = ParsedDescription.of_sentence(text) if text else ParsedDescription.of_text("{}")
    one = person(desk)
    return words.with_photo(one.query, one.clothes)


def test_a_case_keeps_words_and_vector_and_finds_with_both(desk: Desk) -> None:
    case = case_of(desk)
    result = desk.search(case, asked(desk), SearchWindow(), "anna")
    first = result.answer.matches[0]
    assert first.photo is not None and first.photo.similarity == pytest.approx(1, abs=0.05)
    assert result.description.photo_number == 1
    latest = desk.latest_query(desk.records.book.get(case))
    assert latest.description.photo is not None
    assert np.array_equal(latest.description.photo.vector, person(desk).query.vector)
    assert desk.records.photos.picture(case, 1) is None
    again = desk.search(case, latest.description, SearchWindow(), "anna")
    assert again.number == result.number, "the same question once more"
    assert [m.key for m in again.answer.matches] == [m.key for m in result.answer.matches]
    lines = [line for line in desk.records.trail.lines() if line.case_id == case]
    said = [(line.action, json.loads(line.detail)) for line in lines]
    assert ("case.photo", {"number": 1, "picture": False}) in said
    assert [detail["photo"] for action, detail in said if action == "search"] == [True, True]


def test_a_photo_counts_as_a_question(tmp_path: Path) -> None:
    filled(tmp_path / "venue")
    write_rules(tmp_path / "venue", "\n[moderation]\nsearches_per_hour = 2\n")
    desk = Desk.open(tmp_path / "venue")
    case = case_of(desk)
    for _ in range(2):
        desk.search(case, asked(desk), SearchWindow(), "anna")
    with pytest.raises(AccessError):
        desk.search(case, asked(desk), SearchWindow(), "anna")


def test_words_overrule_the_photo_and_keep_the_rest(desk: Desk) -> None:
    description = asked(desk, "a green jacket")
    said = {(e["slot"], e["value"], e.get("source")) for e in description.slots}
    assert ("lower.colour", "blue", "photo") in said
    assert not any(slot == "upper.colour" and source for slot, _, source in said)
    anew = ParsedDescription.of_sentence("white shorts").with_photo_of(asked(desk))
    said = {(e["slot"], e["value"], e.get("source")) for e in anew.slots}
    assert ("upper.colour", "red", "photo") in said and (
        "lower.colour",
        "blue",
        "photo",
    ) not in said


def test_what_is_different_today_is_neither_searched_nor_compared(desk: Desk) -> None:
    before = asked(desk)

    def fields(description: ParsedDescription, *changed: str) -> ParsedDescription:
        sent = {"slots": description.slots, "photo": {"changed": changed}}
        return ParsedDescription.of_text(json.dumps(sent))

    changed = fields(before, "upper")
    after = before.with_fields_of(changed)
    query = after.query()
    assert [w.slot for w in query.wishes] == ["lower.colour"]
    assert query.photo is not None and query.photo.worn == pytest.approx(0.5)
    assert [e["slot"] for e in after.slots] == ["upper.colour", "lower.colour"], "still on screen"
    back = after.with_fields_of(fields(after)).query()
    assert back.photo is not None and back.photo.worn == 1 and len(back.wishes) == 2
    nothing = before.with_fields_of(fields(after, "upper", "lower", "feet", "carry"))
    assert nothing.query().photo is None


def test_a_photo_that_is_taken_away_is_gone(desk: Desk) -> None:
    case = case_of(desk)
    with_it = desk.search(case, asked(desk, "a cap"), SearchWindow(), "anna").description
    dropped = with_it.with_fields_of(
        ParsedDescription.of_text(json.dumps({"slots": with_it.slots, "photo": None}))
    )
    assert not dropped.has_photo and {e["slot"] for e in dropped.slots} == {"head.type"}
    desk.forget_photos(case, "anna")
    assert desk.records.photos.get(case, 1) is None
    old = desk.latest_query(desk.records.book.get(case)).description
    assert not old.has_photo, "an earlier search asks without it"


def test_the_picture_is_kept_only_when_asked_and_erased_with_the_case(desk: Desk) -> None:
    case, one = case_of(desk), person(desk)
    number = desk.records.photos.keep(case, one.query, "anna")
    assert desk.records.photos.keep(case, one.query, "anna", one.picture) == number
    kept = desk.records.photos.picture(case, number)
    assert kept == one.picture.encode()
    folder = desk.folder
    assert kept[200:300] in everything(folder) and one.query.vector.tobytes() in everything(folder)
    desk.erase_case(case, "anna")
    assert kept[200:300] not in everything(folder)
    assert person(desk).query.vector.tobytes()[:64] not in (folder / "desk.sqlite").read_bytes()
    desk.records.database.close()


def test_a_browser_names_no_photo_of_another_case(desk: Desk) -> None:
    one, other = case_of(desk), case_of(desk)
    desk.records.photos.keep(one, person(desk).query, "anna")
    foreign = ParsedDescription.of_text('{"slots": [], "photo": {"number": 1, "changed": []}}')
    assert not desk.with_photo(other, foreign, "anna").has_photo


@pytest.mark.parametrize(
    "photo", ["1", "[]", '{"changed": "upper"}', '{"changed": ["face"]}', '{"changed": [1]}']
)
def test_bad_fields_of_a_photo_are_refused(photo: str) -> None:
    with pytest.raises(UsageError):
        ParsedDescription.of_text(f'{{"slots": [], "photo": {photo}}}')


def test_a_case_keeps_so_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PHOTOS", 2)
    case = case_of(desk)
    for row in (0, 1):
        desk.records.photos.keep(case, person(desk, row).query, "anna")
    with pytest.raises(CaseError, match="at most 2 photos"):
        desk.records.photos.keep(case, person(desk, 2).query, "anna")
