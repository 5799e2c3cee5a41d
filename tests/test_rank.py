from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from reid import vocabulary as vocab
from reid.rank import Gallery, rank
from reid.records import Query, SightingKey, Wish

T0 = datetime(2025, 6, 1, 12, tzinfo=UTC)


def gallery(*people: dict[tuple[str, str], float], rest: float = 0.02, known=None) -> Gallery:
    """One row a person; what is not said has the probability `rest`."""
    n = len(people)
    attributes = np.full((n, len(vocab.ATTRIBUTE_COLUMNS)), rest, np.float32)
    body = np.full((n, len(vocab.BODY_COLUMNS)), rest, np.float32)
    for row, person in enumerate(people):
        for column, p in person.items():
            key = vocab.Column(*column)
            if key in vocab.ATTRIBUTE_INDEX:
                attributes[row, vocab.ATTRIBUTE_INDEX[key]] = p
            else:
                body[row, vocab.BODY_INDEX[key]] = p
    if known is not None:
        for column, i in vocab.ATTRIBUTE_INDEX.items():
            if column.slot not in known:
                attributes[:, i] = np.nan
        for column, i in vocab.BODY_INDEX.items():
            if column.slot not in known:
                body[:, i] = np.nan
    keys = [
        SightingKey(f"s{i}", "clip", "k", f"cam{i % 2}", T0 + timedelta(minutes=i),
                    T0 + timedelta(minutes=i, seconds=30), i)
        for i in range(n)
    ]  # fmt: skip
    return Gallery(keys, attributes, body, np.ones((n, len(vocab.PARTS)), np.float32))


def ask(*wishes: Wish) -> Query:
    return Query("", wishes)


RED = ("upper.colour", "red")
BLUE = ("upper.colour", "blue")
GREEN = ("upper.colour", "green")


def test_the_person_who_fits_comes_first_and_says_why() -> None:
    answer = rank(ask(Wish(*RED)), gallery({BLUE: 0.9}, {RED: 0.9}, {BLUE: 0.9}))
    assert [m.key.id for m in answer.matches] == ["s1", "s0", "s2"]
    assert [r.verdict for m in answer.matches for r in m.why] == ["match", "conflict", "conflict"]
    assert answer.outcome == "found"


def test_what_nobody_wears_is_found_on_nobody() -> None:
    people = [{("upper.type", "jacket"): 0.8, BLUE: 0.9, ("upper.colour", "orange"): 0.05}] * 12
    query = ask(Wish("upper.type", "jacket"), Wish("upper.colour", "orange"))
    answer = rank(query, gallery(*people))
    assert answer.outcome == "nobody_fits"
    assert len(answer.matches) == 12, "the ranked list is always there"


def test_teal_is_green_or_blue() -> None:
    query = ask(Wish(*GREEN, group=0), Wish(*BLUE, group=0))
    answer = rank(query, gallery({RED: 0.9}, {GREEN: 0.45, BLUE: 0.45}, {RED: 0.8}))
    assert answer.matches[0].key.id == "s1"
    assert answer.outcome == "found"
    # 1 - (1-.45)(1-.45) of green + share of blue…: at least the plain union
    assert answer.matches[0].why[0].probability >= 0.69


def test_not_visible_and_not_estimated_are_neutral() -> None:
    table = gallery({RED: 0.9}, {RED: 0.02}, {RED: 0.02}, known={"upper.colour"})
    table.visible[2, vocab.PART_INDEX["upper"]] = 0.1
    answer = rank(ask(Wish(*RED), Wish("feet.type", "boots")), table)
    assert [m.key.id for m in answer.matches] == ["s0", "s2", "s1"]
    assert answer.matches[1].score == 0
    assert answer.matches[1].why[0].verdict == "not_visible"
    assert all(m.why[1].verdict == "not_estimated" for m in answer.matches)
    assert all(m.why[1].probability is None for m in answer.matches)


def test_one_row_may_lack_an_estimate() -> None:
    table = gallery({RED: 0.9}, {RED: 0.02}, {RED: np.nan}, known={"upper.colour"})
    answer = rank(ask(Wish(*RED)), table)
    assert [m.key.id for m in answer.matches] == ["s0", "s2", "s1"]


def test_negation_puts_the_one_without_first() -> None:
    pack = ("carry.backpack", "present")
    answer = rank(ask(Wish(*pack, negated=True)), gallery({pack: 0.95}, {pack: 0.05}))
    assert answer.matches[0].key.id == "s1"
    assert answer.matches[0].why[0].negated
    assert answer.matches[0].why[0].probability == pytest.approx(0.95)


def test_an_unsure_wish_weighs_less() -> None:
    sure = rank(ask(Wish(*RED)), gallery({RED: 0.9}, {BLUE: 0.9}))
    unsure = rank(ask(Wish(*RED, certainty="unsure")), gallery({RED: 0.9}, {BLUE: 0.9}))
    assert 0 < unsure.matches[0].score < sure.matches[0].score
    assert sure.matches[1].score < unsure.matches[1].score < 0


def test_a_rare_thing_says_more_than_a_common_one() -> None:
    backpack, jeans = ("carry.backpack.colour", "yellow"), ("lower.colour", "blue")
    people = [{jeans: 0.9} for _ in range(40)]
    people[7] = {backpack: 0.9}
    answer = rank(ask(Wish(*jeans), Wish(*backpack)), gallery(*people))
    assert answer.matches[0].key.id == "s7"


def test_score_on_paper() -> None:
    """π = (0.9 + 0.1 + 20 · 0.1) / 22 = 3/22; w = 0.9; score = log(1 + 0.9 (0.9 / π - 1))."""
    table = gallery({RED: 0.9}, {RED: 0.1}, rest=0.0)
    answer = rank(ask(Wish(*RED)), table)
    assert answer.matches[0].score == pytest.approx(np.log(1 + 0.9 * (0.9 * 22 / 3 - 1)), rel=1e-5)


def test_a_jacket_named_alone_is_found_as_an_outer_garment() -> None:
    worn = {
        ("outer.type", "jacket"): 0.9,
        ("outer.colour", "red"): 0.9,
        ("upper.colour", "white"): 0.9,
    }
    answer = rank(ask(Wish("upper.type", "jacket"), Wish(*RED)), gallery({BLUE: 0.9}, worn))
    assert answer.matches[0].key.id == "s1"
    assert {r.verdict for r in answer.matches[0].why} == {"match"}


def test_an_outer_garment_is_read_from_upper_by_a_model_without_layers() -> None:
    table = gallery({BLUE: 0.9}, {RED: 0.9}, known={"upper.colour", "upper.type"})
    answer = rank(ask(Wish("outer.colour", "red"), Wish("upper.colour", "white")), table)
    assert answer.matches[0].key.id == "s1"
    assert answer.matches[0].why[0].verdict == "match"


def test_navy_is_near_black() -> None:
    table = gallery({("upper.colour", "black"): 0.9}, {("upper.colour", "yellow"): 0.9})
    answer = rank(ask(Wish(*BLUE, modifier="dark")), table)
    assert answer.matches[0].key.id == "s0"
    assert answer.matches[0].why[0].verdict == "match"


def test_time_window_and_cameras() -> None:
    table = gallery(*[{RED: 0.9}] * 6)
    query = Query("", (Wish(*RED),), cameras=("cam1",), since=T0 + timedelta(minutes=2))
    assert [m.key.id for m in rank(query, table).matches] == ["s3", "s5"]


def test_top_limits_the_list_and_ties_keep_their_order() -> None:
    answer = rank(ask(Wish(*RED)), gallery(*[{RED: 0.9}] * 30), top=5)
    assert [m.key.id for m in answer.matches] == [f"s{i}" for i in range(5)]
    assert answer.outcome == "unsure", "thirty fit equally well"


def test_nothing_asked_and_nobody_there() -> None:
    assert rank(ask(), gallery({RED: 0.9})).outcome == "unsure"
    assert rank(ask(Wish(*RED)), gallery()).outcome == "nobody_fits"
    assert rank(ask(Wish("body.age_years", 6)), gallery({RED: 0.9})).outcome == "unsure"


def test_a_gallery_refuses_tables_of_another_shape() -> None:
    good = gallery({RED: 0.9})
    with pytest.raises(ValueError, match=r"attributes must have shape"):
        Gallery(good.keys, good.attributes[:, :3], good.body, good.visible)
