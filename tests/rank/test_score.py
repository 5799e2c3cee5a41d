from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.core import vocabulary as vocab
from reid.core.records import Query, SightingKey, Wish
from reid.rank import Gallery, ScoreConfig, measure, next_question, rank, refine_rows
from reid.rank.confusions import usual_rate
from reid.rank.feedback import DOUBTED
from reid.rank.question import open_slots
from reid.weights import registry

ALL_WISHES = [
    Wish(name, value, certainty, negated, group)
    for name, slot in vocab.SLOTS.items()
    for value in (slot.values or (6,))
    for certainty, negated, group in (
        ("sure", False, None),
        ("unsure", True, 1),
        ("sure", False, 2),
    )
]

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
    answer = rank(query, gallery({RED: 0.9}, {GREEN: 0.45, BLUE: 0.45}, *[{RED: 0.8}] * 8))
    assert answer.matches[0].key.id == "s1"
    assert answer.people[0].level != "unlikely"
    # 1 - (1-.45)(1-.45) of green + share of blue…: at least the plain union
    assert answer.matches[0].why[0].probability >= 0.69


def test_of_a_part_under_paint_nothing_is_believed_but_what_is_usual() -> None:
    table = gallery({RED: 0.68}, {RED: 0.68}, {BLUE: 0.9})
    seen = np.ones((3, len(vocab.PARTS)), np.float32)
    seen[0, vocab.PART_INDEX["upper"]] = 0
    painted = replace(table, in_view=seen, visible=seen)
    red = painted.column(*RED)
    assert red is not None
    assert red[0] == pytest.approx(usual_rate(*RED))
    assert red[1:] == pytest.approx(table.column(*RED)[1:])
    first, last = rank(ask(Wish(*RED)), painted).matches[:2]
    assert (first.key.id, last.key.id) == ("s1", "s0")
    assert last.why[0].verdict == "not_visible"
    assert last.why[0].probability == pytest.approx(usual_rate(*RED), abs=0.02)


def test_sex_is_told_from_legs_where_the_torso_is_painted() -> None:
    woman = ("body.sex", "female")
    table = gallery({woman: 0.9}, {woman: 0.1}, {woman: 0.1})
    seen = np.ones((3, len(vocab.PARTS)), np.float32)
    seen[0, vocab.PART_INDEX["upper"]] = 0
    painted = replace(table, in_view=seen, visible=seen)
    np.testing.assert_array_equal(painted.column(*woman), table.column(*woman))
    assert painted.part("body.sex")[0] == 1
    (first, *_) = rank(ask(Wish(*woman)), painted).matches
    assert (first.key.id, first.why[0].verdict) == ("s0", "match")


def test_where_nothing_is_painted_beliefs_stay_as_they_are() -> None:
    table = gallery({RED: 0.68}, {BLUE: 0.9})
    for seen in (1.0, np.nan):
        same = replace(table, in_view=np.full((2, len(vocab.PARTS)), seen, np.float32))
        np.testing.assert_array_equal(same.column(*RED), table.column(*RED))


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


# ------------------------------------------------------------- questions, feedback, reliability


def crowd_of_four(**known: object) -> Gallery:
    """Four in red tops: two with boots, one each with a yellow or a blue backpack."""
    boots, pack = ("feet.type", "boots"), ("carry.backpack", "present")
    people = [
        {RED: 0.9, boots: 0.95},
        {RED: 0.9, boots: 0.95, pack: 0.9},
        {RED: 0.9, ("feet.type", "sandals"): 0.95},
        {RED: 0.9, ("feet.type", "sneakers"): 0.95, pack: 0.9},
    ]
    return gallery(*people, known={"upper.colour", "feet.type", "carry.backpack"})


def test_the_next_question_is_the_one_that_splits_best() -> None:
    question = next_question(ask(Wish(*RED)), crowd_of_four())
    assert question is not None
    assert question.slot == "feet.type"
    assert question.candidates == pytest.approx(4, abs=0.05)
    assert 1 < question.expected_remaining < 2.6
    assert question.text == "What shoes? It would cut 4 candidates to about 2"


def test_what_was_asked_or_said_is_not_asked_again() -> None:
    question = next_question(ask(Wish(*RED)), crowd_of_four(), skip=frozenset({"feet.type"}))
    assert question is not None
    assert question.slot == "carry.backpack"
    assert question.text.startswith("Were they carrying a backpack?")
    said = ask(Wish(*RED), Wish("feet.type", "boots"), Wish("carry.backpack", "present"))
    assert next_question(said, crowd_of_four()) is None


def test_no_question_is_asked_where_none_helps() -> None:
    assert next_question(ask(Wish(*RED)), gallery({RED: 0.9})) is None
    assert next_question(ask(), gallery(*[{RED: 0.9}] * 5, known={"upper.colour"})) is None


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.intp)


def with_vectors(table: Gallery, *degrees: float) -> Gallery:
    angles = np.radians(np.asarray(degrees))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Gallery(table.keys, table.attributes, table.body, table.visible, vectors)


def test_confirming_brings_up_what_looks_alike_and_doubts_the_wish_it_contradicts() -> None:
    table = with_vectors(gallery({BLUE: 0.9}, {BLUE: 0.9}, {RED: 0.9}, {GREEN: 0.9}), 0, 5, 90, 180)
    query = ask(Wish(*RED))
    assert rank(query, table).matches[0].key.id == "s2"
    refined = refine_rows(query, table, rows(0), rows())
    answer = rank(query, table, config=refined.config, extra=refined.extra)
    assert [m.key.id for m in answer.matches][:2] == ["s0", "s1"]
    assert refined.config.doubts == {RED: DOUBTED}


def test_rejecting_puts_a_sighting_last() -> None:
    table = with_vectors(gallery({RED: 0.9}, {RED: 0.8}, {BLUE: 0.9}), 0, 120, 240)
    query = ask(Wish(*RED))
    refined = refine_rows(query, table, rows(), rows(0))
    answer = rank(query, table, config=refined.config, extra=refined.extra)
    assert [m.key.id for m in answer.matches] == ["s1", "s2", "s0"]
    assert not refined.config.doubts


def test_feedback_without_vectors_and_without_anything() -> None:
    table = gallery({RED: 0.9}, {BLUE: 0.9})
    refined = refine_rows(ask(Wish(*RED)), table, rows(), rows())
    assert not refined.config.doubts
    assert not refined.extra.any()


def test_a_slot_that_lies_gets_little_trust_and_then_counts_less() -> None:
    rng = np.random.default_rng(0)
    people, truths = [], []
    for i in range(200):
        top, shoe = (RED, BLUE)[i % 2], ("boots", "sandals")[i % 2]
        lie = shoe if rng.random() < 0.5 else {"boots": "sandals", "sandals": "boots"}[shoe]
        people.append({top: 0.9, ("feet.type", lie): 0.97})
        truths.append({"upper.colour": frozenset({top[1]}), "feet.type": frozenset({shoe})})
    table = measure(gallery(*people), truths)
    assert table["upper.colour"] > 0.9
    assert table["feet.type"] < 0.2
    assert "head.type" not in table
    wishes = ask(Wish("upper.colour", "red"), Wish("feet.type", "sandals"))
    both = gallery({RED: 0.9, ("feet.type", "boots"): 0.97}, {("feet.type", "sandals"): 0.97})
    assert rank(wishes, both, config=ScoreConfig(reliability=table)).matches[0].key.id == "s0"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ALL_WISHES), max_size=8), st.integers(0, 6), st.integers(0, 999))
def test_any_query_over_any_gallery_gives_finite_scores(
    wishes: list[Wish], n: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    table = gallery(*[{}] * n)
    for block in (table.attributes, table.body):
        block[:] = rng.random(block.shape)
        block[rng.random(block.shape) < 0.2] = np.nan
    answer = rank(ask(*wishes), table, top=None)
    assert len(answer.matches) == n
    scores = [m.score for m in answer.matches]
    assert np.isfinite(scores).all()
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= m.probability <= 1 for m in answer.matches)


@pytest.mark.parametrize("said", ["temperature = 0.5", "sharpness = 2.0"])
def test_an_underconfident_model_s_card_says_its_temperature(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cool").mkdir()
    (tmp_path / "cool" / "model.toml").write_text(
        'kind = "embedder"\nmodel_id = "cool-1"\nentry = "."\nlicence = "AGPL-3.0-or-later"\n'
        f"{said}\n[files]\n"
    )
    monkeypatch.setattr(registry, "models_folder", lambda: tmp_path)
    registry.temperature_of.cache_clear()
    assert registry.temperature_of("cool-1") == 0.5
    assert registry.temperature_of("anybody's") == 1.0
    registry.temperature_of.cache_clear()


def test_under_a_coat_nobody_is_asked_what_is_worn_over_it() -> None:
    table = gallery(*[{("outer.type", "coat"): 0.5, ("outer.colour", "red"): 0.5}] * 3)
    said = Query("", (Wish("upper.type", "coat"),))
    assert not [slot for slot in open_slots(said, table) if slot.startswith("outer")]
    assert "outer.type" in open_slots(Query("", (Wish("upper.type", "sweater"),)), table)
    assert "outer.colour" not in open_slots(Query("", (Wish("upper.type", "sweater"),)), table)
