"""Weaves: what each family looks like, that it tiles, and what its colours are called."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from reid.core.vocabulary import PATTERNS
from reid.lab.synth.catalogue import catalogue
from reid.lab.synth.colours import (
    DULL,
    draw,
    has_shade,
    hex_rgb,
    lab,
    lab_of,
    name_of,
    names_of,
    srgb_to_linear,
)
from reid.lab.synth.figure import CLOTH, HARD, UNWOVEN, material_rows, plain_textile
from reid.lab.synth.outfits import MIN_SHARE, GarmentSampler, colour_labels
from reid.lab.synth.person import Textile
from reid.lab.synth.textiles import (
    CHEST,
    FAMILIES,
    HEIGHT,
    SIZE,
    TILE,
    Weave,
    folds,
    layers,
    tileable_noise,
    weaves,
)

Array = np.ndarray
RED, WHITE, BLUE = (0.75, 0.12, 0.13), (0.95, 0.95, 0.94), (0.15, 0.33, 0.7)


@cache
def of(family: str) -> tuple[Weave, ...]:
    return tuple(w for w in weaves() if w.family == family)


def share_of_one(weave: Weave) -> Array:
    return weave.texels[..., 0].astype(float) / 255


def layer_of(family: str) -> int:
    return next(i for i, w in enumerate(weaves()) if w.family == family)


# --- weaves ---------------------------------------------------------------------------------------


def test_layers_are_numbered_family_by_family() -> None:
    families = [w.family for w in weaves()]
    assert list(dict.fromkeys(families)) == list(FAMILIES)
    assert [families.count(f) for f in FAMILIES] == [f.count for f in FAMILIES.values()]


def test_shares_of_colours_sum_to_one_in_every_texel() -> None:
    for weave in weaves():
        both = weave.texels[..., 0].astype(int) + weave.texels[..., 1]
        assert both.max() <= 256, weave.family


@pytest.mark.parametrize("family", [name for name, f in FAMILIES.items() if f.mode == TILE])
def test_what_repeats_has_no_seam(family: str) -> None:
    """Across the seam a weave changes no more than it does somewhere within."""
    for weave in of(family):
        image = weave.texels.astype(float)
        for axis in (0, 1):
            inside = np.abs(np.diff(image, axis=axis)).mean(axis=(1 - axis, 2))
            seam = np.abs(np.take(image, 0, axis) - np.take(image, -1, axis)).mean()
            assert seam <= inside.max() + 3, (family, axis)


def test_stripes_run_across_and_pinstripes_down() -> None:
    for weave in (*of("stripes"), *of("irregular")):
        assert share_of_one(weave).std(axis=1).max() < 0.01
    for weave in of("pinstripes"):
        assert share_of_one(weave).std(axis=0).max() < 0.01


def test_tartan_and_gingham_are_alike_across_and_down() -> None:
    for weave in (*of("plaid"), *of("gingham"), *of("windowpane")):
        one = share_of_one(weave)
        assert one.mean(axis=0) == pytest.approx(one.mean(axis=1), abs=0.03)
        assert one.mean(axis=0).std() > 0.02


def test_plain_weaves_have_one_colour_and_patterned_ones_show_two() -> None:
    for weave in weaves():
        ground, *others = weave.shares
        if weave.family in ("plain", "heather", "knit", "corduroy", "quilted"):
            assert ground > 0.99, weave.family
        elif weave.pattern != "plain":
            assert max(others) > 0.015, weave.family


def test_spots_are_spots_and_flowers_cover_part_of_the_cloth() -> None:
    from scipy import ndimage

    for weave in of("spots"):
        _, count = ndimage.label(share_of_one(weave) > 0.5)
        assert count >= 9
        assert 0.05 < weave.shares[1] < 0.5
    for weave in of("floral"):
        assert 0.1 < weave.shares[1] + weave.shares[2] < 0.9


def test_prints_are_on_the_chest_and_blocks_over_the_height() -> None:
    for weave in of("print"):
        assert weave.mode == CHEST and weave.pattern == "graphic"
        border = np.concatenate([weave.texels[0, :, :2], weave.texels[-1, :, :2]])
        assert border.mean() < 40, "a print ends within its square"
    for weave in of("block"):
        assert weave.mode == HEIGHT
        assert share_of_one(weave).std(axis=1).max() < 0.01


def test_ribs_and_quilts_have_height_and_smooth_cloth_has_none() -> None:
    relief = {f: max(w.texels[..., 2].std() for w in of(f)) for f in FAMILIES}
    for rough in ("knit", "corduroy", "quilted"):
        assert relief[rough] > 15, rough
    for smooth in ("plain", "heather", "stripes"):
        assert relief[smooth] == 0, smooth


def test_noise_is_of_its_band_and_periodic() -> None:
    noise = tileable_noise(np.random.default_rng(0), 5, 12)
    assert (noise.mean(), noise.std()) == pytest.approx((0, 1), abs=1e-4)
    power = np.abs(np.fft.fft2(noise)) ** 2
    cycles = np.fft.fftfreq(SIZE) * SIZE
    radius = np.hypot(cycles[:, None], cycles[None])
    assert power[(radius >= 4.9) & (radius <= 12.1)].sum() == pytest.approx(power.sum(), rel=1e-3)


def test_domains_share_only_families_too_small_to_split() -> None:
    for name, family in FAMILIES.items():
        train, other = (set(layers((name,), domain)) for domain in ("train", "held-out"))
        assert train and other, name
        assert bool(train & other) == (family.count < 4), name
    assert {w.pattern for w in weaves()} == set(PATTERNS)


def test_folds_are_mostly_flat_and_all_different() -> None:
    heights = folds(4)
    assert heights.shape == (4, SIZE, SIZE)
    for fold in heights:
        assert fold.mean() == pytest.approx(128, abs=25)
        assert 10 < fold.std() < 70
    assert len({fold.tobytes() for fold in heights}) == 4


# --- colours --------------------------------------------------------------------------------------


def test_lab_of_one_colour_is_lab_of_many() -> None:
    rng = np.random.default_rng(0)
    for rgb in rng.random((50, 3)):
        assert lab_of(rgb) == pytest.approx(lab(rgb), abs=1e-2)
    assert lab_of((1.0, 1.0, 1.0)) == pytest.approx((100, 0, 0), abs=0.05)
    assert lab_of((0.0, 0.0, 0.0)) == pytest.approx((0, 0, 0), abs=0.01)
    # red, green and blue of sRGB, after Lindbloom's calculator
    assert lab_of((1.0, 0.0, 0.0)) == pytest.approx((53.24, 80.09, 67.2), abs=0.3)
    assert lab_of((0.0, 1.0, 0.0)) == pytest.approx((87.73, -86.18, 83.18), abs=0.3)
    assert lab_of((0.0, 0.0, 1.0)) == pytest.approx((32.3, 79.19, -107.86), abs=0.3)


def test_names_of_rows_are_the_names_of_each() -> None:
    rows = np.random.default_rng(1).random((40, 3))
    assert names_of(rows).tolist() == [name_of(row)[0] for row in rows]


@pytest.mark.parametrize(
    ("code", "name"),
    [("c41e24", "red"), ("101010", "black"), ("fafafa", "white"), ("1a2a52", "blue"),
     ("f4b8cc", "pink"), ("808285", "grey"), ("e8701c", "orange"), ("d2bc94", "beige")],
)  # fmt: skip
def test_usual_shades_have_their_usual_names(code: str, name: str) -> None:
    assert name_of(hex_rgb(code))[0] == name


def test_drawn_shades_are_dull_and_light_or_dark_where_asked() -> None:
    rng = np.random.default_rng(2)
    drawn = np.array([draw("red", rng) for _ in range(200)])
    chroma = np.ptp(drawn, axis=1)
    assert chroma.min() < 0.75 * chroma.max(), "worn cloth is seldom as pure as a dye"
    assert 0 < DULL < 1
    light, dark = (
        np.mean([sum(draw("blue", rng, m)) for _ in range(60)]) for m in ("light", "dark")
    )
    assert light > 2 * dark
    assert has_shade("blue", "dark") and not has_shade("black", "dark")


# --- textiles -------------------------------------------------------------------------------------


def test_a_textile_is_called_by_the_colours_that_cover_enough_of_it() -> None:
    weave = next(i for i, w in enumerate(weaves()) if w.family == "stripes" and w.shares[1] > 0.3)
    cloth = Textile((RED, WHITE, BLUE), weave, 0.3)
    names = colour_labels(cloth)
    ground, one, two = weaves()[weave].shares
    expected = {
        n
        for n, s in zip(("red", "white", "blue"), (ground, one, two), strict=True)
        if s >= MIN_SHARE
    }
    assert set(names) - {"multicolour"} == expected
    assert colour_labels(replace(cloth, layer=0)) == ("red",)
    same = replace(cloth, colours=(RED, RED, RED))
    assert colour_labels(same) == ("red",), "shares of one colour are added"


def test_three_colours_are_multicoloured() -> None:
    weave = next(i for i, w in enumerate(weaves()) if min(w.shares) > MIN_SHARE)
    names = colour_labels(Textile((RED, WHITE, BLUE), weave, 0.3))
    assert names[0] == "multicolour" and len(names) == 4


def test_patterns_stand_out_from_their_ground() -> None:
    sampler = GarmentSampler(np.random.default_rng(3), "train")
    for _ in range(60):
        cloth = sampler.textile(FAMILIES["plaid"], "grey")
        ground, second = (np.array(lab_of(rgb)) for rgb in cloth.colours[:2])
        assert np.linalg.norm(ground - second) > 20


def test_cloth_is_as_rough_and_as_shiny_as_its_family() -> None:
    sampler = GarmentSampler(np.random.default_rng(4), "train")
    for name, family in FAMILIES.items():
        for _ in range(5):
            cloth = sampler.textile(family, "blue")
            assert weaves()[cloth.layer].family == name
            for value, (low, high) in (
                (cloth.scale, family.scale_m), (cloth.relief, family.relief),
                (cloth.gloss, family.gloss),
            ):  # fmt: skip
                assert low <= value <= high, name


def test_denim_fades_to_paler_threads_of_its_own_colour() -> None:
    sampler = GarmentSampler(np.random.default_rng(5), "train")
    for dye in FAMILIES["denim"].washed_dyes:
        ground, faded, _ = sampler.textile(FAMILIES["denim"], dye).colours
        assert name_of(ground)[0] == dye
        assert sum(faded) > sum(ground)
    orange = sampler.textile(FAMILIES["denim"], "orange").colours[0]
    assert name_of(orange)[0] == "blue"


def test_a_material_says_what_the_shader_needs() -> None:
    cloth = Textile((RED, WHITE, BLUE), layer_of("stripes"), 0.25, 0.6, 0.1)
    rows = material_rows(cloth, CLOTH, fold=3)
    assert rows[0] == pytest.approx([*srgb_to_linear(np.array(RED)), cloth.layer], abs=1e-5)
    assert rows[1, 3] == pytest.approx(4), "repeats a metre"
    assert rows[2, 3] == TILE
    assert rows[3].tolist() == pytest.approx([0.6, 0.1, CLOTH, 3])
    assert material_rows(cloth, HARD)[2, 3] == UNWOVEN
    assert material_rows(plain_textile(RED), CLOTH)[2, 3] == UNWOVEN


def test_weaves_of_rows_give_the_pattern_that_was_asked_for() -> None:
    sampler = GarmentSampler(np.random.default_rng(6), "train")
    for row in catalogue().garments:
        if row.patterns or row.shoe or row.cloth != "own" or row.weave == "jersey-printed":
            continue
        for pattern in PATTERNS:
            assert sampler.of_row(row, "blue", pattern).pattern == pattern, (row.name, pattern)
