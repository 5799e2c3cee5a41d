"""Metrics against other people's code, and against plain loops, on random data."""

from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

from reid.core.boxes import as_boxes
from reid.lab.bench.data.coco import Photo, average_precision, match
from reid.lab.bench.data.mot import Film, Rows, evaluate
from reid.lab.bench.metrics.calibration import Reliability, auc, example_f1, mean_accuracy
from reid.lab.bench.metrics.intervals import bootstrap_mean, exact, wilson
from reid.lab.bench.metrics.likelihood import PRIOR_PEOPLE, fit
from reid.lab.bench.metrics.open_set import Samples, open_set, threshold_at
from reid.lab.bench.metrics.ranking import score_ranking

Array = np.ndarray
IOU_LEVELS = np.arange(0.05, 0.99, 0.05)


# --- ranking --------------------------------------------------------------------------------------


def test_average_precision_of_a_ranking_is_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    distance = rng.random((40, 60)).astype(np.float32)
    relevant = rng.random((40, 60)) < 0.1
    scores = score_ranking(distance, relevant)
    for row, found in zip(scores.rows, scores.average_precision, strict=True):
        expected = metrics.average_precision_score(relevant[row], -distance[row])
        assert found == pytest.approx(expected, abs=1e-9)


def test_cmc_and_inverse_negative_penalty_in_plain_loops() -> None:
    rng = np.random.default_rng(1)
    distance = rng.random((30, 25)).astype(np.float32)
    relevant, junk = rng.random((30, 25)) < 0.15, rng.random((30, 25)) < 0.2
    scores = score_ranking(distance, relevant, junk)
    first, penalty = [], []
    for row in range(30):
        order = [g for g in sorted(range(25), key=lambda g: distance[row, g]) if not junk[row, g]]
        ranks = [rank for rank, g in enumerate(order, start=1) if relevant[row, g]]
        if ranks:
            first.append(ranks[0])
            penalty.append(len(ranks) / ranks[-1])
    assert scores.first_rank.tolist() == first
    assert scores.inverse_negative_penalty.tolist() == pytest.approx(penalty)
    for k in (1, 3, 5, 20):
        assert scores.cmc(20)[k - 1] == pytest.approx(np.mean([f <= k for f in first]))


def test_a_junk_answer_is_neither_right_nor_in_the_way() -> None:
    rng = np.random.default_rng(2)
    distance = rng.random((20, 12)).astype(np.float32)
    relevant, junk = rng.random((20, 12)) < 0.3, np.zeros((20, 12), bool)
    junk[:, :4] = True
    with_junk = score_ranking(distance, relevant, junk)
    without = score_ranking(distance[:, 4:], relevant[:, 4:])
    assert with_junk.rows.tolist() == without.rows.tolist()
    assert with_junk.average_precision.tolist() == pytest.approx(without.average_precision.tolist())
    assert with_junk.n_gallery == without.n_gallery == 8


# --- attributes -----------------------------------------------------------------------------------


def test_auc_is_mann_and_whitneys_with_ties() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        score, truth = rng.integers(0, 8, 50) / 8, rng.random(50) < 0.4
        above = stats.mannwhitneyu(score[truth], score[~truth]).statistic
        assert auc(score, truth) == pytest.approx(above / (truth.sum() * (~truth).sum()))


def test_auc_does_not_care_for_the_scale_and_turns_round_with_the_sign() -> None:
    rng = np.random.default_rng(4)
    score, truth = rng.normal(size=200), rng.random(200) < 0.3
    assert auc(np.exp(3 * score), truth) == pytest.approx(auc(score, truth))
    assert auc(-score, truth) == pytest.approx(1 - auc(score, truth))


def test_mean_accuracy_is_scikit_learns_balanced_accuracy() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(5)
    truth, predicted = rng.random(300) < 0.2, rng.random(300) < 0.3
    expected = metrics.balanced_accuracy_score(truth, predicted)
    assert mean_accuracy(predicted, truth) == pytest.approx(expected)


def test_calibration_error_in_plain_loops() -> None:
    rng = np.random.default_rng(6)
    said, true = rng.random(500), rng.random(500) < 0.5
    error = 0.0
    for low in np.arange(10) / 10:
        inside = [(s, t) for s, t in zip(said, true, strict=True) if low <= s < low + 0.1]
        gap = abs(np.mean([s for s, _ in inside]) - np.mean([t for _, t in inside]))
        error += len(inside) / 500 * gap
    assert Reliability.of(said, true).ece == pytest.approx(error, abs=1e-9)


def test_who_says_what_is_true_as_often_as_said_is_calibrated() -> None:
    rng = np.random.default_rng(7)
    said = rng.random(60_000)
    assert Reliability.of(said, rng.random(60_000) < said).ece < 0.01
    assert Reliability.of(said, rng.random(60_000) < said**2).ece > 0.1


def test_example_f1_is_one_for_the_truth_and_leaves_out_what_is_unknown() -> None:
    rng = np.random.default_rng(8)
    truth, known = rng.random((50, 9)) < 0.4, rng.random((50, 9)) < 0.7
    assert example_f1(truth, truth, known) == pytest.approx(1.0)
    assert example_f1(truth ^ ~known, truth, known) == pytest.approx(1.0)
    assert np.isnan(example_f1(truth, truth, np.zeros_like(known)))
    assert example_f1(np.zeros_like(truth), truth, known) == 0


# --- intervals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "n"), [(0, 7), (3, 7), (7, 7), (50, 400), (399, 400)])
def test_intervals_of_shares_are_scipys(hits: int, n: int) -> None:
    found = stats.binomtest(hits, n)
    assert wilson(hits, n) == pytest.approx(tuple(found.proportion_ci(method="wilson")), abs=1e-9)
    assert exact(hits, n) == pytest.approx(tuple(found.proportion_ci(method="exact")), abs=1e-6)


def test_a_bootstrap_of_many_is_nearly_the_normal_interval() -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(5, 2, 2000)
    low, high = bootstrap_mean(values, [str(i) for i in range(2000)], seed=0)
    half = 1.96 * values.std() / np.sqrt(2000)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(10)
    held = 0
    for draw in range(120):
        people = rng.normal(0, 1, 40)  # a person's own mean, seen three times
        values = np.repeat(people, 3) + rng.normal(0, 0.5, 120)
        low, high = bootstrap_mean(values, [str(i // 3) for i in range(120)], draw, resamples=200)
        held += low <= 0 <= high
    assert 0.86 <= held / 120 <= 0.99


# --- likelihood ratios ----------------------------------------------------------------------------


def balanced_loss(at: Array, apart: Array, truth: Array, people: int) -> float:
    """Return the loss of a balanced logistic regression with the priors of `likelihood`."""
    logit = at[0] * apart + at[1]
    weight = people * np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum())
    loss = (weight * np.logaddexp(0, np.where(truth, -logit, logit))).sum()
    return float(loss + 0.05 * at[0] ** 2 + 0.5 * (at[1] - 0.4 * at[0]) ** 2)


def test_the_fitted_ratio_is_where_scipy_finds_the_least_loss() -> None:
    rng = np.random.default_rng(11)
    truth = rng.random(400) < 0.3
    apart = np.where(truth, rng.normal(0.6, 1, 400), rng.normal(-1, 1, 400))
    found = fit(apart, truth, people=50)
    assert found is not None
    best = optimize.minimize(balanced_loss, [1.0, 0.4], args=(apart, truth, 50)).x
    assert found.slope == pytest.approx(best[0] * 50 / (50 + PRIOR_PEOPLE), rel=1e-3)
    assert found.centre == pytest.approx(-best[1] / best[0], abs=1e-3)


# --- open set -------------------------------------------------------------------------------------


def unit(rng: np.random.Generator, rows: int, size: int = 16) -> Array:
    vectors: Array = rng.normal(size=(rows, size))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def test_the_threshold_is_the_lowest_that_keeps_the_rate() -> None:
    rng = np.random.default_rng(12)
    scores = rng.random(1000).round(2)  # with ties
    limit = threshold_at(scores, 0.05)
    assert (scores >= limit).mean() <= 0.05
    below = scores[scores < limit].max()
    assert (scores >= below).mean() > 0.05


def test_open_set_figures_in_plain_loops() -> None:
    rng = np.random.default_rng(13)
    people = np.arange(12)
    enrolled = Samples(unit(rng, 12), people, np.ones(12, bool))
    near = enrolled.vectors[np.repeat(people, 2)] + 0.25 * rng.normal(size=(24, 16))
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    acquired = np.ones(24, bool)
    acquired[5] = False
    probes = Samples(near, np.repeat(people, 2), acquired)
    found = open_set(enrolled, probes, seed=0)
    ranks, own, strangers = [], [], []
    for half in (people[::2], people[1::2]):
        for probe in range(24):
            says = {p: near[probe] @ enrolled.vectors[p] if acquired[probe] else -9 for p in half}
            who = probes.person[probe]
            if who in half:
                ranks.append(1 + sum(s > says[who] for s in says.values()))
                own.append(says[who])
            else:
                strangers.append(max(says.values()))
    limit = threshold_at(np.array(strangers))
    first = [r == 1 and s > -9 for r, s in zip(ranks, own, strict=True)]
    right = [f and s >= limit for f, s in zip(first, own, strict=True)]
    assert found.rank1 == pytest.approx(np.mean(first), abs=1e-4)
    assert found.fnir_at_1_fpir == pytest.approx(1 - np.mean(right), abs=1e-4)
    assert found.failure_to_acquire == pytest.approx(1 / 24, abs=1e-4)
    assert (found.n_mated, found.n_nonmated) == (24, 24)
    assert list(found.cmc) == sorted(found.cmc)


# --- detection ------------------------------------------------------------------------------------


def test_average_precision_in_plain_loops() -> None:
    """Interpolated precision at 101 recalls, image by image, without any array code."""
    rng = np.random.default_rng(14)
    matched, ranked, people = [], [], 0
    for _ in range(8):
        truth = [[x, 0, x + 9, 9] for x in rng.choice(12, 4, replace=False) * 10.0]
        found = [[x + rng.normal(0, 1.5), 0, x + 9, 9] for x in rng.choice(12, 6) * 10.0]
        scores = rng.random(6).astype(np.float32)
        photo = Photo(Path("x"), as_boxes(truth), np.zeros(4, bool), ())
        one = match(photo, as_boxes(found), scores, 0.5)
        matched.append(one)
        people += 4
        ranked += list(zip(one.scores.tolist(), one.hit.tolist(), strict=True))
    ranked.sort(key=lambda pair: -pair[0])
    points, right = [], 0
    for place, (_, hit) in enumerate(ranked, start=1):
        right += hit
        points.append((right / people, right / place))
    best = [
        max((precision for recall, precision in points if recall >= level - 1e-12), default=0.0)
        for level in np.linspace(0, 1, 101)
    ]
    assert average_precision(matched) == pytest.approx(np.mean(best), abs=1e-9)


# --- tracking -------------------------------------------------------------------------------------


def overlap(a: Array, b: Array) -> float:
    wide = min(a[2] + a[4], b[2] + b[4]) - max(a[2], b[2])
    tall = min(a[3] + a[5], b[3] + b[5]) - max(a[3], b[3])
    shared = max(wide, 0.0) * max(tall, 0.0)
    return float(shared / (a[4] * a[5] + b[4] * b[5] - shared))


def pairs_of(truth: Array, found: Array, value: Array) -> list[tuple[int, int]]:
    rows, columns = optimize.linear_sum_assignment(-value)
    return [(r, c) for r, c in zip(rows, columns, strict=True) if value[r, c] > 0]


def frames_of(truth: Rows, found: Rows) -> list[tuple[Array, Array, Array]]:
    """Return for each frame: the truth's rows, the found rows, their overlaps."""
    out = []
    for frame in np.unique(truth[:, 0]):
        a, b = truth[truth[:, 0] == frame], found[found[:, 0] == frame]
        out.append((a, b, np.array([[overlap(p, q) for q in b] for p in a]).reshape(len(a), -1)))
    return out


def hota(truth: Rows, found: Rows) -> float:
    """Higher order tracking accuracy (Luiten et al. 2021), written from the paper's formulas."""
    frames = frames_of(truth, found)
    people, tracks = np.unique(truth[:, 1]), np.unique(found[:, 1])
    potential = np.zeros((len(people), len(tracks)))
    for a, b, iou in frames:
        if not len(b):
            continue
        spread = iou.sum(0)[None] + iou.sum(1)[:, None] - iou
        share = np.divide(iou, spread, out=np.zeros_like(iou), where=spread > 0)
        potential[np.ix_(np.searchsorted(people, a[:, 1]), np.searchsorted(tracks, b[:, 1]))] += (
            share
        )
    counts_a = np.array([(truth[:, 1] == p).sum() for p in people])[:, None]
    counts_b = np.array([(found[:, 1] == t).sum() for t in tracks])[None]
    global_score = potential / (counts_a + counts_b - potential)
    scores = []
    for level in IOU_LEVELS:
        together = np.zeros_like(potential)
        for a, b, iou in frames:
            if not len(b):
                continue
            rows, columns = np.searchsorted(people, a[:, 1]), np.searchsorted(tracks, b[:, 1])
            value = global_score[np.ix_(rows, columns)] * iou
            for r, c in pairs_of(a, b, value):
                if iou[r, c] >= level - 1e-9:
                    together[rows[r], columns[c]] += 1
        hits = together.sum()
        detection = hits / (len(truth) + len(found) - hits)
        association = together / np.maximum(counts_a + counts_b - together, 1)
        mean = (together * association).sum() / hits if hits else 0.0
        scores.append(np.sqrt(detection * mean))
    return float(np.mean(scores))


def idf1(truth: Rows, found: Rows) -> float:
    """Share of boxes under the best one-to-one naming of tracks (Ristani et al. 2016)."""
    people, tracks = np.unique(truth[:, 1]), np.unique(found[:, 1])
    together = np.zeros((len(people), len(tracks)))
    for a, b, iou in frames_of(truth, found):
        for r, c in np.argwhere(iou >= 0.5) if len(b) else ():
            together[np.searchsorted(people, a[r, 1]), np.searchsorted(tracks, b[c, 1])] += 1
    rows, columns = optimize.linear_sum_assignment(-together)
    return 2 * float(together[rows, columns].sum()) / (len(truth) + len(found))


def a_film(seed: int) -> tuple[Rows, Rows]:
    """Three people walk for ten frames; boxes jitter, some are missed, two tracks change names."""
    rng = np.random.default_rng(seed)
    truth, found = [], []
    for frame in range(1, 11):
        for who in range(1, 4):
            x, y = 40.0 * who + 3 * frame, 10.0 * who
            truth.append((frame, who, x, y, 20, 50, 1, 1, 1))
            if rng.random() < 0.85:
                name = who + 10 if frame > 6 and who < 3 and seed % 2 else who
                dx, dy = rng.normal(0, 3, 2).round(2)
                found.append((frame, name, x + dx, y + dy, 20, 50, 1, 1, 1))
        if rng.random() < 0.3:
            found.append((frame, 99, 300.0, 50.0, 20, 50, 1, 1, 1))
    return np.array(truth, float), np.array(found, float)


@pytest.mark.parametrize("seed", range(4))
def test_hota_and_idf1_are_those_of_the_papers(seed: int) -> None:
    pytest.importorskip("trackeval")
    truth, found = a_film(seed)
    film = Film("walk", Path("x.mp4"), 10.0, truth, None, ())
    figures = evaluate([film], [found])["all"]
    assert figures["HOTA"] == pytest.approx(hota(truth, found), abs=1e-6)
    assert figures["IDF1"] == pytest.approx(idf1(truth, found), abs=1e-6)


def test_a_perfect_track_is_perfect_and_an_empty_one_nothing() -> None:
    pytest.importorskip("trackeval")
    truth, _ = a_film(1)
    film = Film("walk", Path("x.mp4"), 10.0, truth, None, ())
    best = evaluate([film], [truth])["all"]
    assert (best["HOTA"], best["IDF1"], best["MOTA"]) == pytest.approx((1, 1, 1))
    worst = evaluate([film], [np.zeros((0, 9))])["all"]
    assert (worst["HOTA"], worst["misses"]) == (0, 30)
