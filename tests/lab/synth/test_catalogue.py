"""The catalogue of garments: what people wear is what its rows say, and a row is all it takes."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from reid.core.vocabulary import SLOTS, is_valid
from reid.lab.synth import catalogue as package
from reid.lab.synth.body import joint_positions, morph
from reid.lab.synth.catalogue import (
    DOMAINS,
    SEXES,
    Catalogue,
    CatalogueError,
    catalogue,
    pick,
    read_catalogue,
)
from reid.lab.synth.headwear import HeadShape, head_shape_of, made
from reid.lab.synth.layering import below_what_hangs
from reid.lab.synth.outfits import GarmentSampler
from reid.lab.synth.person import BodyShape, Garment, Person
from reid.lab.synth.pieces import Sheet, piece
from reid.lab.synth.population import HELD_OUT, Population, sample_person
from reid.lab.synth.pose import HOLDING
from reid.lab.synth.props import SHAPES
from reid.lab.synth.wardrobe import fit_garment, has_shaft, inside_boots
from tests.lab.synth.needs import needs_makehuman

COUNT = 2500
RECORDED_COUNT = 60_000
RECORDED = tomllib.loads((Path(__file__).parent / "marginals.toml").read_text())
WOMAN = BodyShape(30, 0.0, 0.5, 0.5, 1.66, (0.3, 0.3, 0.4))
TEXTS = package.texts()

PONCHO = """
[[garment]]
name = "poncho"
slot = "upper"
type = "coat"
share = { female = 0.5, male = 0.25 }
cuts = { coat = 1 }
weave = "knitted"
colours = { orange = 1 }
sleeve = "long"
hem_at = [0.3, 0.4]
"""


# --- marginals ------------------------------------------------------------------------------------


def words_of(person: Person) -> Iterator[tuple[str, str, str]]:
    """Yield (who, slot, value) of everything that the table of shares counts."""
    sex = "female" if person.shape.sex < 0.5 else "male"
    age = "child" if person.shape.years < 13 else "grown"
    tops = sum(g.slot in ("upper", "outer") for g in person.garments)
    yield "all", "layers", str(tops)
    for g in person.garments:
        if g.slot == "socks":
            yield "all", "socks", "socks"
            continue
        trunk = g.slot in ("upper", "outer", "lower")
        yield sex if trunk else "all", f"{g.slot}.type", g.kind
        yield from (("all", f"{g.slot}.colour", colour) for colour in g.colours)
        if trunk:
            yield "all", f"{g.slot}.pattern", g.pattern
        if g.slot == "upper":
            yield sex, "upper.sleeve", g.sleeve
        if g.slot == "lower":
            yield sex, "lower.length", g.length
    for prop in person.props:
        yield age, "carry", prop.kind
        if "multicolour" in prop.colours:
            yield "all", "carry.multicolour", "yes"


@cache
def counted() -> tuple[Counter[tuple[str, str, str]], Counter[str]]:
    """Return how often each word is true of people, and how many people of each sort there are."""
    rng = np.random.default_rng(20)
    words: Counter[tuple[str, str, str]] = Counter()
    people: Counter[str] = Counter()
    for _ in range(COUNT):
        person = sample_person(rng)
        words.update(words_of(person))
        sex = "female" if person.shape.sex < 0.5 else "male"
        people.update(("all", sex, "child" if person.shape.years < 13 else "grown"))
    return words, people


@pytest.mark.parametrize("who", RECORDED)
def test_people_wear_what_they_wore_before_the_catalogue(who: str) -> None:
    words, people = counted()
    for slot, shares in RECORDED[who].items():
        for value, before in shares.items():
            now = words[who, slot, value] / people[who]
            spread = 1 / people[who] + 1 / RECORDED_COUNT
            sigma = np.sqrt(max(before * (1 - before), 1 / people[who]) * spread)
            assert abs(now - before) < 4.5 * sigma, (slot, value, before, now)


def test_nobody_wears_what_nobody_wore() -> None:
    known = {
        (who, slot, v) for who in RECORDED for slot in RECORDED[who] for v in RECORDED[who][slot]
    }
    assert set(counted()[0]) <= known


# --- one row --------------------------------------------------------------------------------------


@pytest.fixture
def with_poncho(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(package, "texts", lambda: (*TEXTS, PONCHO))
    catalogue.cache_clear()
    yield
    catalogue.cache_clear()


@pytest.mark.usefixtures("with_poncho")
def test_one_row_is_all_that_a_new_garment_needs() -> None:
    rng, people = np.random.default_rng(3), Population()
    drawn = [sample_person(rng, people) for _ in range(300)]
    uppers = [p.wearing("upper") for p in drawn]
    ponchos = [g for g in uppers if g and g.row == "poncho"]
    # a third of the women, and a fifth of the men: shares of uppers are normalised
    assert len(ponchos) / len(drawn) == pytest.approx((0.5 / 1.5 + 0.25 / 1.25) / 2, abs=0.1)
    for g in ponchos:
        assert (g.kind, g.sleeve, g.pattern) == ("coat", "long", g.pattern)
        assert g.pattern != "plain" or g.colours == ("orange",)
        assert g.hem_at <= 0.4


@needs_makehuman
@pytest.mark.usefixtures("with_poncho")
def test_a_garment_of_a_new_row_is_fitted_to_a_body() -> None:
    sampler = GarmentSampler(np.random.default_rng(1), "train")
    poncho = sampler.of_row(catalogue().row("poncho"), "red")
    fitted, covers = fit_garment(morph(WOMAN), poncho)
    assert len(fitted.faces) > 500
    assert covers


# --- rows that cannot be used ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('type = "coat"', 'type = "poncho"'), "'poncho', type: 'poncho' is unknown; known: t-sh"),
        (("coat = 1", "cloak = 1"), "'poncho', cuts: 'cloak' is unknown"),
        (('"knitted"', '"woollen"'), "weave: 'woollen' is unknown"),
        (('"long"', '"wide"'), "sleeve: 'wide' is unknown; known: none, short, long"),
        (("orange = 1", "teal = 1"), "colours: 'teal' is unknown"),
        (("[0.3, 0.4]", "[0.4, 0.3]"), "garment 'poncho' hem_at: .* write the lower limit first"),
        (("0.25", "-0.25"), "garment 'poncho' share male: .* greater than or equal to 0"),
        (("hem_at", "hem"), "garment 'poncho' hem: Unexpected"),
        (('name = "poncho"', 'name = "coat"'), "2 garments are called 'coat'"),
        (('"upper"', '"outer"'), "says what it is worn over"),
        (("weave =", 'domain = "train"\nweave ='), "upper 'coat': 0.58 of female people"),
        (("sleeve =", "below = { trews = 1 }\nsleeve ="), "below: 'trews' is unknown"),
        (("cuts = { coat = 1 }", "cuts = { female = { coat = 1 } }"), "cuts: none for male people"),
        (("sleeve =", "shoe = { height_m = 0.1 }\nsleeve ="), "shoe: whatever is worn on feet"),
        (("[[garment]]", "[[garments]]"), "no table 'garments'"),
        (("share", "share share"), "is no TOML"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_named_in_one_line(
    change: tuple[str, str], message: str
) -> None:
    with pytest.raises(CatalogueError, match=message) as caught:
        read_catalogue(*TEXTS, PONCHO.replace(*change))
    assert "\n" not in str(caught.value)


def test_a_thing_that_is_not_in_the_vocabulary_is_refused() -> None:
    thing = '[[thing]]\nkind = "skateboard"\nplace = "held"\nshape = "toy"'
    with pytest.raises(CatalogueError, match="thing 'skateboard', kind: 'skateboard' is unknown"):
        read_catalogue(*TEXTS, thing)


# --- what all rows hold ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows() -> Catalogue:
    return catalogue()


def test_every_word_of_the_vocabulary_has_a_row_in_both_domains(rows: Catalogue) -> None:
    for slot in ("upper", "outer", "lower", "feet", "head", "neck"):
        for kind in SLOTS[f"{slot}.type"].values:
            for domain in DOMAINS:
                assert rows.of_kind(slot, kind, domain), (slot, kind, domain)


def test_every_cut_and_shape_of_headwear_is_worn_by_a_row(rows: Catalogue) -> None:
    worn = {cut for row in rows.garments for sex in SEXES for cut in row.cuts[sex]}
    assert not {*rows.cuts, *rows.headwear} - worn


def test_things_have_shapes_and_arms_that_exist(rows: Catalogue) -> None:
    for row in rows.things:
        assert row.shape in SHAPES, row.kind
        assert row.arm in ("", *HOLDING), row.kind
        assert not row.forearm or f"{row.arm}:forearm" in HOLDING, row.kind
        assert (row.grip in ("both", "wheels")) == (row.grip_of_height > 0), row.kind


def test_shares_of_slots_that_may_be_empty_leave_room_for_nothing(rows: Catalogue) -> None:
    for sex in SEXES:
        for slot in ("outer", "head", "neck"):
            assert 0 < sum(rows.shares(slot, sex).values()) < 1, (slot, sex)
    for age in ("grown", "child"):
        for place in ("worn", "held"):
            assert rows.carried(place, age)[""] > 0


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_row_draws_garments_that_are_what_it_says(rows: Catalogue, domain: str) -> None:
    sampler = GarmentSampler(np.random.default_rng(7), domain)
    top = sampler.garment("upper", "hoodie", "green", "plain")
    for row in rows.garments:
        if row.domain not in ("both", domain):
            continue
        for pattern in ("plain", "striped", "graphic"):
            g = sampler.of_row(row, "red", pattern, sex="male", top=top)
            assert (g.slot, g.kind, g.row) == (row.slot, row.type, row.name)
            assert g.cut in row.cuts["male"]
            assert row.sleeve_at[0] <= g.sleeve_at <= row.sleeve_at[1]
            assert row.hem_at[0] <= g.hem_at <= row.hem_at[1]
            assert 0 <= g.loose <= 1
            assert all(is_valid("upper.colour", colour) for colour in g.colours)
            assert not row.patterns or g.pattern in row.patterns, row.name


def test_cloth_of_the_top_is_the_tops_without_its_print() -> None:
    sampler = GarmentSampler(np.random.default_rng(7), "train")
    rows = catalogue()
    printed = sampler.garment("upper", "hoodie", "yellow", "graphic")
    hood = sampler.of_row(rows.row("hood"), "red", top=printed)
    assert hood.textile.colours == printed.textile.colours
    assert (hood.textile.layer, hood.pattern) == (0, "plain")
    suit = sampler.garment("upper", "suit", "red")
    trousers = sampler.of_row(rows.row("trousers of a suit"), "red", top=suit)
    assert set(trousers.textile.colours) == {suit.textile.colours[0]}
    assert trousers.textile.layer == suit.textile.layer


def test_own_colours_are_drawn_as_often_as_the_row_says() -> None:
    sampler = GarmentSampler(np.random.default_rng(8), "train")
    bags = [sampler.prop("plastic-bag", "red", 1) for _ in range(400)]
    plain = [bag for bag in bags if bag.textile.layer == 0]
    white = sum(bag.colours == ("white",) for bag in plain) / len(plain)
    assert white == pytest.approx(0.55, abs=0.1)
    shorts = [sampler.of_row(catalogue().row("denim shorts"), "red") for _ in range(40)]
    assert all("blue" in g.colours for g in shorts)


def test_denim_comes_in_its_dyes_only() -> None:
    sampler = GarmentSampler(np.random.default_rng(8), "train")
    drawn = Counter(sampler.garment("lower", "jeans", "black").colours[0] for _ in range(300))
    assert drawn["black"] / 300 == pytest.approx(0.45, abs=0.12)
    green = Counter(sampler.garment("lower", "jeans", "green").colours[0] for _ in range(100))
    assert green["green"] == 0


def test_the_two_domains_wear_cuts_and_weaves_of_their_own() -> None:
    rng = np.random.default_rng(6)
    layers: dict[str, set[int]] = {}
    rows: dict[str, set[str]] = {}
    for name, people in (("train", Population()), ("held-out", HELD_OUT)):
        drawn = [g for _ in range(300) for g in sample_person(rng, people).garments]
        layers[name] = {g.textile.layer for g in drawn if g.pattern not in ("plain", "plaid")}
        rows[name] = {g.row for g in drawn if catalogue().row(g.row).domain != "both"}
    assert not rows["train"] & rows["held-out"]
    assert len(layers["train"] & layers["held-out"]) <= 5  # families of two or three weaves


def test_pick_follows_weights_and_never_takes_what_has_none() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(pick({"never": 0, "one": 1, "three": 3, "nor": 0}, rng) for _ in range(4000))
    assert drawn["one"] / 4000 == pytest.approx(0.25, abs=0.03)
    assert set(drawn) == {"one", "three"}


def drawn(sheet: Sheet) -> np.ndarray:
    """Return the points that are in a face; cutting leaves others behind."""
    return sheet.points[np.unique(sheet.faces)]


# --- on a body ------------------------------------------------------------------------------------


@needs_makehuman
def test_every_row_fits_a_body(rows: Catalogue) -> None:
    base, sampler = morph(WOMAN), GarmentSampler(np.random.default_rng(2), "train")
    tall = np.ptp(base[:13380, 1])
    for row in rows.garments:
        if row.slot not in ("upper", "outer", "lower") or "cape" in row.cuts["female"]:
            continue
        garment = sampler.of_row(row, "blue", top=None)
        fitted, covers = fit_garment(base, garment, small=True)
        assert len(fitted.faces) > 60, row.name
        assert np.isfinite(fitted.points).all(), row.name
        assert np.ptp(fitted.points[:, 1]) < tall, row.name
        assert np.allclose(fitted.weights.sum(1), 1, atol=1e-3), row.name
        assert all(low < 1.1 and high < 1.1 for _, low, high in covers), row.name


@needs_makehuman
def test_pieces_of_cuts_and_meshes_of_shoes_exist(rows: Catalogue) -> None:
    shoes = {m for row in rows.garments if row.slot == "feet" for m in row.cuts["female"]}
    meshes = {p for cut in rows.cuts.values() for p in cut.pieces}
    meshes |= {shape.mesh for shape in rows.headwear.values() if shape.mesh}
    for name in meshes | shoes - {"sandals"}:
        assert len(piece(name, small=True).fitted.faces) > 20, name


@needs_makehuman
def test_longer_hems_and_sleeves_make_longer_garments() -> None:
    base = morph(WOMAN)
    sampler = GarmentSampler(np.random.default_rng(2), "train")

    def lowest(row: str, hem: float) -> float:
        garment = sampler.of_row(catalogue().row(row), "blue")
        worn = replace(garment, hem_at=hem, loose=0.3)
        fitted, _ = fit_garment(base, worn)
        return float(drawn(fitted)[:, 1].min())

    for row, hems in (("coat", (0.2, 0.7)), ("shorts", (0.27, 0.56)), ("long skirt", (0.62, 0.98))):
        short, long = (lowest(row, hem) for hem in hems)
        assert long < short - 1, row  # more than a decimetre


def shod(row: str, lower: str) -> tuple[Garment, Garment]:
    sampler = GarmentSampler(np.random.default_rng(2), "train")
    rows = catalogue()
    return sampler.of_row(rows.row(row), "black"), sampler.of_row(rows.row(lower), "blue")


def test_boots_show_their_shaft_but_under_trousers_that_hang() -> None:
    for lower, seen in (("leggings", True), ("long skirt", True), ("shorts", True)):
        boots, worn = shod("boots", lower)
        assert has_shaft(boots, [worn]) is seen, lower
    boots, _ = shod("boots", "leggings")
    hanging = Garment(
        "lower", "jeans", "wide", boots.textile, ("blue",), length="long", row="jeans"
    )
    assert not has_shaft(boots, [hanging])
    sneakers, worn = shod("sneakers", "leggings")
    assert not has_shaft(sneakers, [worn])


def test_narrow_trousers_end_inside_boots_and_over_shoes() -> None:
    boots, leggings = shod("boots", "leggings")
    tucked = inside_boots(leggings, boots)
    assert tucked.hem_at == pytest.approx(min(leggings.hem_at, boots.hem_at + 0.06))
    sneakers, _ = shod("sneakers", "leggings")
    assert inside_boots(leggings, sneakers) == leggings
    assert inside_boots(leggings, None) == leggings


def test_leggings_are_seen_between_a_dress_and_boots() -> None:
    """What is tucked into boots ends at their shaft: a long dress may not reach down to it."""
    boots, leggings = shod("boots", "leggings")
    high = replace(boots, hem_at=0.55)
    dress = replace(shod("boots", "leggings")[1], slot="upper", cut="dress", hem_at=0.65)
    lowered = below_what_hangs(high, [dress, leggings])
    assert inside_boots(leggings, lowered).hem_at > dress.hem_at + 0.1
    assert below_what_hangs(high, [leggings]) == high, "nothing hangs over them"
    jeans = replace(shod("boots", "jeans")[1], cut="jeans")
    assert below_what_hangs(high, [dress, jeans]) == high, "jeans hang over boots"


@pytest.fixture(scope="module")
def head() -> HeadShape:
    base = morph(WOMAN)
    return head_shape_of(base, joint_positions(base))


@needs_makehuman
def test_headwear_sits_on_the_head_and_leaves_the_face_free(
    rows: Catalogue, head: HeadShape
) -> None:
    for name, shape in rows.headwear.items():
        if shape.mesh:
            continue
        for seed in range(3):
            points = np.concatenate([drawn(s) for s in made(shape, seed, 0.5, head)])
            assert points[:, 1].max() > head.top, name
            low = points[:, 1].min()
            assert (low > head.chin) == (shape.cape is None), name
            face = np.abs(points[:, 0]) < 0.3
            face &= np.abs(points[:, 1] - head.centre[1] + 0.8) < 0.2
            assert not (face & (points[:, 2] > head.centre[2])).any(), name


@needs_makehuman
def test_a_sunhat_is_wider_than_a_bucket_hat_and_a_cap_has_its_peak_ahead(
    rows: Catalogue, head: HeadShape
) -> None:
    def size(name: str, seed: int) -> tuple[float, float]:
        points = np.concatenate([s.points for s in made(rows.headwear[name], seed, 0.5, head)])
        ahead, behind = points[:, 2].max() - head.centre[2], head.centre[2] - points[:, 2].min()
        return float(np.ptp(points[:, 0])), float(ahead - behind)

    assert all(size("sunhat", seed)[0] > size("bucket", seed)[0] for seed in range(6))
    leans = [size("cap", seed)[1] for seed in range(40)]
    backwards = sum(lean < 0 for lean in leans)
    assert 0 < backwards < 15
    assert max(leans) > 0.5
