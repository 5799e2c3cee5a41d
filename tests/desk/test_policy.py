"""The rules of a venue: what is refused, and that it says why."""

from pathlib import Path

import pytest

from reid.core.errors import PolicyError
from reid.desk.policy import find_policy, forbidden_reason, load_policy, may
from tests.venues import RULES, write_rules


def refused(tmp_path: Path, text: str) -> str:
    (tmp_path / "venue.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("rotate", [0, 90, 180, 270, 45])
def test_a_camera_may_hang_upside_down(tmp_path: Path, rotate: int) -> None:
    rules = RULES.replace(
        "[cameras.", f'[cameras.turned]\nplace = "gate"\nrotate = {rotate}\n\n[cameras.', 1
    )
    (tmp_path / "venue.toml").write_text(rules)
    if rotate == 45:
        with pytest.raises(PolicyError, match="rotate"):
            load_policy(tmp_path)
    else:
        assert load_policy(tmp_path).cameras["turned"].rotate == rotate


def test_defaults(tmp_path: Path) -> None:
    policy = load_policy(write_rules(tmp_path))
    assert policy.venue.retention_hours == 72
    assert policy.venue.police_after_minutes == 10
    assert policy.camera_name("gate") == "Main gate"
    assert policy.camera_name("other") == "other"
    assert str(policy.zone) == "Europe/Berlin"


def test_research_venue_has_no_rules(tmp_path: Path) -> None:
    assert find_policy(tmp_path) is None
    with pytest.raises(PolicyError, match="is missing"):
        load_policy(tmp_path)


@pytest.mark.parametrize("place", ["hotel-room", "bathroom", "changing-room", "toilet", "shower"])
def test_forbidden_places_are_refused_with_the_reason(tmp_path: Path, place: str) -> None:
    message = refused(tmp_path, RULES.replace('place = "shop"', f'place = "{place}"'))
    assert f"cameras are forbidden in a {place}" in message
    assert "cameras.shop" in message


@pytest.mark.parametrize(
    "name", ["Toilets 2", "WC Nord", "Umkleide 3", "vestuarios", "vestiaire A", "二楼洗手间"]
)
def test_a_name_gives_a_forbidden_place_away(name: str) -> None:
    assert "forbidden" in (forbidden_reason("corridor", name) or "")


@pytest.mark.parametrize(
    "name", ["Outside the toilets", "vor der Umkleide", "洗手间外", "Carousel", "Wcislo street"]
)
def test_outside_such_a_place_is_allowed(name: str) -> None:
    assert forbidden_reason("corridor", name) is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("posted = true", "posted = false", "warning signs"),
        ("Europe/Berlin", "Europe/Atlantis", "time zone"),
        ('place = "shop"', 'place = "moon"', "is not known"),
        ("body = true", 'body = ["upper.type"]', "not body-derived"),
        ("exit = true", "exits = true", "cameras.gate.exits: unknown entry"),
        ('name = "Sunny Park"\n', "", "venue.name: is required"),
        ("x = 0.1\n", "", "both x and y"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert says in refused(tmp_path, RULES.replace(old, new, 1))


def test_plan_stays_in_the_folder(tmp_path: Path) -> None:
    assert "image" in refused(tmp_path, RULES + '\n[plan]\nimage = "../secret.png"\n')
    assert "unknown cameras" in refused(tmp_path, RULES + '\n[plan]\npaths = [["gate", "zoo"]]\n')


def test_not_toml(tmp_path: Path) -> None:
    assert "is not TOML" in refused(tmp_path, "venue = [")


def test_body_derived_by_purpose(tmp_path: Path) -> None:
    policy = load_policy(write_rules(tmp_path))
    assert policy.purpose("missing-child").allows("body.age")
    assert not policy.purpose("lost-bag").allows("body.age")
    assert policy.purpose("lost-bag").allows("upper.colour")
    with pytest.raises(PolicyError, match="not a purpose"):
        policy.purpose("marketing")


def test_undeclared_camera(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"\[cameras.roof\]"):
        load_policy(write_rules(tmp_path)).require_camera("roof")


def test_moderation(tmp_path: Path) -> None:
    policy = load_policy(write_rules(tmp_path, '\n[moderation]\nrefuse = ["ex-wife"]\n'))
    assert policy.moderated("find my  EX-WIFE now") == "ex-wife"
    assert policy.moderated("red hoodie") is None


def test_stream_passwords_are_masked(tmp_path: Path) -> None:
    text = RULES.replace("exit = true", 'url = "rtsp://admin:hunter2@cam/1"')
    (tmp_path / "venue.toml").write_text(text)
    policy = load_policy(tmp_path)
    assert "hunter2" not in repr(policy)
    assert "hunter2" not in policy.model_dump_json()


def test_roles() -> None:
    assert may("operator", "search")
    assert not may("viewer", "search")
    assert not may("auditor", "see")
    assert not may("operator", "audit")
    assert not may("supervisor", "audit")


ADAPTATION = '\n[adaptation]\npurpose = "The same clothes are found again"\nretention_hours = 24\n'


def test_weights_learn_only_where_purpose_and_retention_are_stated(tmp_path: Path) -> None:
    without = load_policy(write_rules(tmp_path))
    assert (without.adaptation, without.views_kept) == (None, 0)
    allowed = load_policy(write_rules(tmp_path, ADAPTATION))
    assert allowed.adaptation is not None
    assert (allowed.adaptation.retention_hours, allowed.views_kept) == (24, 3)
    for line in ADAPTATION.splitlines()[2:]:
        name = line.partition(" ")[0]
        assert f"adaptation.{name}: is required" in refused(
            tmp_path, RULES + ADAPTATION.replace(line, "")
        )


def test_nothing_is_kept_to_learn_from_for_longer_than_sightings(tmp_path: Path) -> None:
    longer = ADAPTATION.replace("= 24", "= 73")
    assert "longer than venue.retention_hours" in refused(tmp_path, RULES + longer)
