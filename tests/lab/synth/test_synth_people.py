"""Random people, rendered small: are their labels true?"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from reid.core.vocabulary import (
    ATTRIBUTE_COLUMNS,
    BODY_COLUMNS,
    CARRIED,
    Column,
    age_band,
    is_valid,
)
from reid.lab.synth import labels
from reid.lab.synth.body import stature_cm
from reid.lab.synth.catalogue import catalogue
from reid.lab.synth.colours import ANCHORS, hex_rgb, lab, linear_to_srgb, name_of, srgb_to_linear
from reid.lab.synth.layering import goes_over
from reid.lab.synth.outfits import GarmentSampler
from reid.lab.synth.person import Garment, Person
from reid.lab.synth.population import (
    DEFAULT,
    median_stature,
    sample_group,
    sample_person,
    wheelchair,
)
from reid.lab.synth.render import parts_alone, stage
from reid.lab.synth.scene import (
    FEET,
    HEADWEAR,
    LOWER,
    OUTER,
    SCARF,
    SEATS,
    THING_PART,
    UPPER,
    Actor,
)
from reid.lab.synth.seats import on_wheels
from tests.lab.synth.needs import needs_gl, needs_makehuman
from tests.lab.synth.neutral import Portrait, lens_on, portraits

COUNT = 220
TRUNK = ("upper", "outer", "lower")
GARMENT_PART = {
    "upper": UPPER, "outer": OUTER, "lower": LOWER, "feet": FEET, "head": HEADWEAR, "neck": SCARF,
}  # fmt: skip


@pytest.fixture(scope="module")
def seen() -> list[Portrait]:
    return portraits(COUNT, 11)


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, tuple[str, ...]]]:
    rng = np.random.default_rng(2)
    return [labels.attributes_of(sample_person(rng)) for _ in range(2500)]


@needs_makehuman
@needs_gl
def test_true_head_lies_inside_the_whole_person(seen: list[Portrait]) -> None:
    for p in seen:
        head = labels.head_box(p.staged, p.lens)
        whole = labels.figure_box(p.staged, p.lens)
        slack = 1.0
        assert (head[:2] >= whole[:2] - slack).all(), p.person.key
        assert (head[2:] <= whole[2:] + slack).all(), p.person.key
        assert (head[3] - head[1]) < 0.45 * (whole[3] - whole[1]), p.person.key


@needs_makehuman
@needs_gl
def test_mask_lies_inside_the_box_of_the_whole_person(seen: list[Portrait]) -> None:
    for p in seen:
        box = labels.mask_box(p.rendering.person_id == 0)
        whole = labels.figure_box(p.staged, p.lens)
        assert box is not None, p.person.key
        assert (box[:2] >= np.maximum(whole[:2], 0) - 2.5).all(), p.person.key
        assert (box[2:] <= np.minimum(whole[2:], (64, 128)) + 2.5).all(), p.person.key


@needs_makehuman
@needs_gl
def test_visible_fraction_is_a_fraction_and_one_when_nothing_hides(seen: list[Portrait]) -> None:
    for p in seen:
        assert 0 <= p.visible <= 1
        assert p.visible > 0.9, p.person.key
        assert ((p.part_visible >= 0) & (p.part_visible <= 1)).all()


def hidden(garment: Garment, person: Person) -> bool:
    """Whether something worn or sat in may hide all of a garment."""
    if garment.slot == "upper":
        return person.wearing("outer") is not None
    coat = any(worn.kind == "coat" for worn in person.garments)
    return garment.slot == "lower" and (coat or on_wheels(person))


@needs_makehuman
@needs_gl
def test_every_garment_has_its_pixels(seen: list[Portrait]) -> None:
    """Trunk and legs show, but for what a coat or a wheelchair hides; small things seldom hide."""
    missing: Counter[str] = Counter()
    worn: Counter[str] = Counter()
    for p in seen:
        count = labels.part_counts(p.rendering.part)
        for garment in p.person.garments:
            if garment.slot not in GARMENT_PART:
                continue
            worn[garment.slot] += 1
            if count[GARMENT_PART[garment.slot]] == 0:
                missing[garment.slot] += 1
                assert hidden(garment, p.person) or garment.slot not in TRUNK, garment
                assert GARMENT_PART[garment.slot] in p.staged.figure.parts, garment
        for prop in p.person.props:
            worn[prop.kind] += 1
            missing[prop.kind] += int(count[THING_PART[prop.kind]] == 0)
    for slot, number in missing.items():
        assert number <= max(0.25 * worn[slot], 2), (slot, number, worn[slot])


@needs_makehuman
@needs_gl
def test_pixels_of_plain_cloth_bear_their_colour_name(seen: list[Portrait]) -> None:
    agree = total = 0
    for p in seen:
        for garment in p.person.garments:
            if garment.slot not in ("upper", "lower") or len(garment.colours) != 1:
                continue
            if garment.pattern != "plain":
                continue
            mask = p.rendering.part == GARMENT_PART[garment.slot]
            if mask.sum() < 120:
                continue
            light = srgb_to_linear(p.rendering.image[mask] / 255)
            bright = light[light.sum(1) >= np.quantile(light.sum(1), 0.4)].mean(0)
            total += 1
            agree += _is_called(linear_to_srgb(bright), garment.colours[0])
    assert total > 100
    assert agree / total > 0.9, f"{agree} of {total}"


def _is_called(srgb: np.ndarray, name: str) -> bool:
    """Whether `name` is the nearest colour, or within a just noticeable margin of it."""
    if name_of(srgb)[0] == name:
        return True
    best = {}
    for colour, _, codes in ANCHORS:
        shades = lab(np.asarray([hex_rgb(c) for c in codes.split()]))
        d = float(np.linalg.norm((shades - lab(srgb)) * (0.7, 1, 1), axis=1).min())
        best[colour] = min(d, best.get(colour, 1e9))
    return best[name] - min(best.values()) < 6.0


def test_every_value_that_can_be_worn_or_carried_occurs(
    drawn: list[dict[str, tuple[str, ...]]],
) -> None:
    found = {Column(slot, v) for words in drawn for slot, values in words.items() for v in values}
    wanted = {*ATTRIBUTE_COLUMNS, *BODY_COLUMNS}
    rare = {
        c for c in wanted
        if c.slot.endswith(".colour") and (c.value == "multicolour" or c.slot.startswith("carry."))
    }  # fmt: skip
    allowed = rare | {Column("hair.colour", "beige"), Column("hair.colour", "multicolour")}
    assert not wanted - found - allowed
    assert any("multicolour" in words["upper.colour"] for words in drawn)


def test_every_drawn_value_is_in_the_vocabulary(drawn: list[dict[str, tuple[str, ...]]]) -> None:
    for words in drawn[:600]:
        for slot, values in words.items():
            assert values, slot
            for value in values:
                assert is_valid(slot, value), (slot, value)


def _share(drawn: list[dict[str, tuple[str, ...]]], slot: str, value: str) -> float:
    return float(np.mean([value in words.get(slot, ()) for words in drawn]))


def test_marginals_are_as_stated(drawn: list[dict[str, tuple[str, ...]]]) -> None:
    four_sigma = 4 * np.sqrt(0.25 / len(drawn))
    for band, wanted in DEFAULT.age.items():
        assert _share(drawn, "body.age", band) == pytest.approx(wanted, abs=four_sigma)
    assert _share(drawn, "body.sex", "female") == pytest.approx(DEFAULT.female, abs=four_sigma)
    for build, wanted in DEFAULT.build.items():
        assert _share(drawn, "body.build", build) == pytest.approx(wanted, abs=four_sigma)
    for height, wanted in DEFAULT.height.items():
        assert _share(drawn, "body.height", height) == pytest.approx(wanted, abs=four_sigma)
    for sex in ("female", "male"):
        group = [w for w in drawn if w["body.sex"] == (sex,)]
        for slot in ("upper", "feet", "head", "neck"):
            for kind, wanted in getattr(DEFAULT, slot)[sex].items():
                share = _share(group, f"{slot}.type", kind)
                assert not kind or share == pytest.approx(wanted, abs=1.4 * four_sigma), kind


def test_carried_things_have_their_stated_shares(drawn: list[dict[str, tuple[str, ...]]]) -> None:
    grown = [w for w in drawn if w["body.age"] != ("child",)]
    tables = (DEFAULT.worn, DEFAULT.held)
    for thing in CARRIED:
        wanted = sum(p for t in tables for key, p in t.items() if thing in key.split("+"))
        assert _share(grown, f"carry.{thing}", "present") == pytest.approx(wanted, abs=0.035)


def test_vectors_state_exactly_the_words() -> None:
    person = sample_person(np.random.default_rng(4))
    worn, body = labels.attribute_vectors(person)
    words = labels.attributes_of(person)
    said = {Column(s, v) for s, values in words.items() for v in values}
    marked = {c for c, on in zip(ATTRIBUTE_COLUMNS, worn, strict=True) if on}
    marked |= {c for c, on in zip(BODY_COLUMNS, body, strict=True) if on}
    assert marked == {c for c in said if c.slot != "eyes.type"}


def test_things_put_down_are_not_labelled() -> None:
    rng = np.random.default_rng(6)
    person = next(p for p in iter(lambda: sample_person(rng), None) if p.props)
    assert not any(slot.startswith("carry.") for slot in labels.attributes_of(person, ()))


@needs_makehuman
@needs_gl
def test_things_put_down_are_not_drawn() -> None:
    rng = np.random.default_rng(6)
    drawn = iter(lambda: sample_person(rng), None)
    person = next(p for p in drawn if len({q.kind for q in p.props}) == 2)
    numbers = [THING_PART[prop.kind] for prop in person.props]
    with_them, without = (
        stage([Actor(person, props=props, pose_seed=1)])[0] for props in (None, ())
    )
    lens = lens_on(1.8, (128, 256))
    assert (labels.part_counts(parts_alone(lens, with_them))[numbers] > 0).any()
    assert (labels.part_counts(parts_alone(lens, without))[numbers] == 0).all()
    box, small = labels.figure_box(with_them, lens), labels.figure_box(without, lens)
    assert (small[:2] >= box[:2] - 20).all()
    assert (small[2:] <= box[2:] + 20).all()


def test_children_walk_with_adults() -> None:
    rng = np.random.default_rng(8)
    groups = [sample_group(rng) for _ in range(300)]
    with_child = [g for g in groups if any(not m.adult for m in g)]
    assert len(with_child) > 50
    assert all(any(m.adult for m in g) for g in with_child)
    for group in with_child:
        for member in group:
            assert (age_band(member.person.shape.years) == "child") != member.adult


def test_same_seed_same_person() -> None:
    a, b = (sample_person(np.random.default_rng(5)) for _ in range(2))
    assert a == b


@needs_makehuman
def test_bodies_have_the_height_they_state() -> None:
    from reid.lab.synth.body import morph
    from reid.lab.synth.dress import figure_of

    rng = np.random.default_rng(9)
    for _ in range(25):
        person = sample_person(rng)
        figure = figure_of(person)
        barefoot = stature_cm(morph(person.shape)) / 100 * figure.scale / 0.1
        assert barefoot == pytest.approx(person.shape.stature, rel=0.06), person.shape


def test_medians_of_stature_grow_and_shrink_with_age() -> None:
    assert median_stature(4, 0.5) < median_stature(10, 0.5) < median_stature(17, 0.5)
    assert median_stature(85, 1.0) < median_stature(30, 1.0)


@pytest.mark.parametrize("kind", ["suitcase", "toy", "pushchair", "backpack"])
def test_some_things_are_patterned_and_some_of_these_multicoloured(kind: str) -> None:
    sampler = GarmentSampler(np.random.default_rng(4), "train")
    things = [sampler.prop(kind, "blue", 0) for _ in range(300)]
    several = [thing for thing in things if "multicolour" in thing.colours]
    assert 0 < len(several) < 30
    for thing in several:
        assert thing.textile.layer
        assert len({*thing.colours, "multicolour"}) > 3


def test_some_sneakers_are_multicoloured() -> None:
    sampler = GarmentSampler(np.random.default_rng(4), "train")
    shoes = [sampler.garment("feet", "sneakers", "red") for _ in range(300)]
    assert 0 < sum("multicolour" in shoe.colours for shoe in shoes) < 30
    assert all(shoe.pattern == "plain" for shoe in shoes)


def test_balloons_of_three_colours_are_multicoloured() -> None:
    rng = np.random.default_rng(2)
    bunches = [GarmentSampler(rng, "train").prop("balloon", "red", 1) for _ in range(60)]
    several = [b for b in bunches if "multicolour" in b.colours]
    assert several
    assert all(len(b.colours) == 4 and len(set(b.textile.colours)) == 3 for b in several)


def test_what_is_worn_over_another_lets_it_show() -> None:
    rng = np.random.default_rng(12)
    for _ in range(800):
        person = sample_person(rng)
        outer, upper = person.wearing("outer"), person.wearing("upper")
        if outer is None or upper is None:
            continue
        assert goes_over(catalogue().row(outer.row), upper), (outer.kind, upper.kind)
        assert outer.kind != "dress" or person.shape.sex < 0.5
        if outer.kind in ("t-shirt", "polo"):
            assert upper.sleeve == "long"


def test_a_seat_is_never_described() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        person = replace(sample_person(rng), props=())
        seated = replace(person, props=(wheelchair(rng, DEFAULT),))
        assert labels.attributes_of(seated) == labels.attributes_of(person)


@needs_makehuman
@needs_gl
@pytest.mark.parametrize("seat", SEATS)
def test_whoever_has_a_seat_sits_on_it(seat: str) -> None:
    rng = np.random.default_rng(7)
    for band in ("child", "adult", "older"):
        person = sample_person(rng, band=band)
        thing = replace(wheelchair(rng, DEFAULT), kind=seat)
        on_foot = stage([Actor(replace(person, key="foot", props=()), gait="stand")])[0]
        sitting = stage([Actor(replace(person, key=seat, props=(thing,)), gait="walk")])[0]
        heights = [labels.joints_world(s)[:, 1] for s in (on_foot, sitting)]
        tall = on_foot.figure.height
        hips, knees = heights[1][11:13].mean(), heights[1][13:15].mean()
        assert abs(hips - knees) < 0.08 * tall, band
        assert heights[1][0] < 0.85 * heights[0][0], band
        lens = lens_on(tall, (128, 256))
        drawn = labels.part_counts(parts_alone(lens, sitting))
        assert drawn[THING_PART[seat]] > 50, band  # of a stool little is seen from the front
