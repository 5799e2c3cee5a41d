"""Places said in five languages mean cameras; what is near them counts more, nothing is cut off."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.core.records import SearchWindow
from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription
from reid.desk.policy import Policy, load_policy
from reid.desk.said_places import BELIEVED, MOST, cameras_named, place_nats
from reid.rank.nearest import Places
from tests.desk.test_desk import case_of
from tests.making import NOON
from tests.venues import filled, write_rules

MORE = """
[cameras.east-exit]
place = "exit"
name = "East exit"
x = 0.9
y = 0.9
exit = true

[cameras.wheel]
place = "ride"
name = "Ferris wheel"

[cameras.platform-4]
place = "platform"
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_policy(write_rules(tmp_path_factory.mktemp("park"), MORE))


@pytest.mark.parametrize(
    ("phrase", "camera"),
    [
        ("near the carousel", "carousel"),
        ("at the merry-go-round", "carousel"),
        ("am Karussell", "carousel"),
        ("beim Karusell", "carousel"),
        ("près du manège", "carousel"),
        ("junto al tiovivo", "carousel"),
        ("旋转木马旁边", "carousel"),
        ("by the toy store", "shop"),
        ("im Spielzeugladen", "shop"),
        ("dans le magasin de jouets", "shop"),
        ("en la juguetería", "shop"),
        ("玩具店门前", "shop"),
        ("by the gift shop", "shop"),
        ("main gate", "gate"),
        ("am Haupttor", "gate"),
        ("East exit", "east-exit"),
        ("an der Ausgang Ost", "east-exit"),
        ("la sortie", "east-exit"),
        ("the ferris wheel", "wheel"),
        ("am Riesenrad", "wheel"),
        ("la noria", "wheel"),
        ("platform 4", "platform-4"),
        ("Gleis 4", "platform-4"),
    ],
)
def test_a_place_said_means_its_camera(policy: Policy, phrase: str, camera: str) -> None:
    assert cameras_named(phrase, policy) == (camera,)


@pytest.mark.parametrize("phrase", ["", "the", "at home", "in Munich", "zu Hause", "somewhere"])
def test_elsewhere_means_none(policy: Policy, phrase: str) -> None:
    assert cameras_named(phrase, policy) == ()


def test_a_kind_of_place_means_all_of_them(policy: Policy) -> None:
    assert cameras_named("at one of the rides", policy) == ("carousel", "wheel")


def places(*cameras: str, minutes: float = 0) -> Places:
    names = tuple(dict.fromkeys(cameras))
    when = np.datetime64((NOON + timedelta(minutes=minutes)).replace(tzinfo=None), "us")
    codes = np.array([names.index(camera) for camera in cameras], np.int32)
    times = np.full(len(cameras), when)
    return Places(times, times + np.timedelta64(10, "s"), codes, names)


PLAN = "\n[plan]\nwidth_m = 400\n"


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_policy(write_rules(tmp_path_factory.mktemp("mapped"), MORE + PLAN))


def test_the_nearer_the_more_and_nothing_is_cut_off(mapped: Policy) -> None:
    seen = places("carousel", "wheel", "shop", "gate")
    nats = place_nats(["carousel"], mapped, seen, NOON)
    assert nats is not None
    assert nats[0] > nats[1] > nats[2] > nats[3], "one that is not on the plan is 100 m away"
    assert nats.max() <= MOST and nats.min() >= np.log(1 - BELIEVED) - 1e-9


def test_with_time_they_may_have_walked_on(mapped: Policy) -> None:
    soon, later = (
        place_nats(["carousel"], mapped, places("carousel", "gate", minutes=m), NOON)
        for m in (0, 30)
    )
    assert soon is not None and later is not None
    assert soon[0] - soon[1] > 4 * (later[0] - later[1]) > 0


def test_without_a_plan_the_camera_itself_counts_more(policy: Policy) -> None:
    nats = place_nats(["carousel"], policy, places("carousel", "gate"), None)
    assert nats is not None and nats[0] > 0 > nats[1]


@pytest.mark.parametrize("named", [[], ["moon"], ["wheel"]])
def test_nowhere_known_changes_nothing(policy: Policy, named: list[str]) -> None:
    """Nobody said where; a camera that the rules do not have any more; one that saw nobody."""
    assert place_nats(named, policy, places("carousel", "gate"), None) is None


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    filled(tmp_path / "venue")
    return Desk.open(tmp_path / "venue")


def ranked(desk: Desk, text: str, drop: bool = False) -> list[str]:
    description = desk.understand(text, "anna")
    if drop:
        nowhere = ParsedDescription.of_text('{"slots": [], "places": []}')
        description = description.with_fields_of(replace(nowhere, data={
            **nowhere.data, "slots": description.slots
        }))  # fmt: skip
    result = desk.search(case_of(desk), description, SearchWindow(), "anna", top=30)
    return [match.key.camera for match in result.answer.matches]


def test_those_near_come_first_of_equals_and_all_stay(desk: Desk) -> None:
    plain = ranked(desk, "green top")
    near = ranked(desk, "green top, last seen at the carousel")
    assert len(near) == len(plain) == 30, "nobody is ruled out"
    first = [camera == "carousel" for camera in near[:4]]
    assert sum(first) > sum(camera == "carousel" for camera in plain[:4])
    assert ranked(desk, "green top, last seen at the carousel", drop=True) == plain


def test_a_place_is_kept_with_the_search_and_can_be_dropped(desk: Desk) -> None:
    description = desk.understand("red top, last seen by the toy shop", "anna")
    assert description.places == ("shop",)
    again = ParsedDescription.of_text(description.to_text())
    assert again.places == ("shop",)
    fewer = again.with_fields_of(ParsedDescription.of_text('{"slots": [], "places": []}'))
    assert fewer.places == ()
    assert again.with_fields_of(ParsedDescription.of_text('{"slots": []}')).places == ("shop",)
