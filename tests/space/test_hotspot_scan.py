"""What is planted is found and nothing else; chance alone is rarely called a hotspot; what rose is told from what always was."""

from __future__ import annotations

import numpy as np
import pytest

from geogrid.space.hotspot_hearts import hearts, one_a_peak
from geogrid.space.hotspot_scan import Zone, rising, standing, usual_of, zones

SIDE = 20
BOARD = np.array([[200.0 * c, 200.0 * r] for r in range(SIDE) for c in range(SIDE)])
NEAR = zones(BOARD)
PLANTED = (104, 105, 124, 125)


def exposures():
    rng = np.random.default_rng(3)
    return np.column_stack([rng.integers(0, 400, len(BOARD)).astype(float), np.full(len(BOARD), 0.04), np.ones(len(BOARD))])


def year(rng, *, planted=0):
    x = exposures()
    counts = rng.poisson(x @ [0.08, 20.0, 2.0])
    counts[list(PLANTED)] += planted
    return counts, x


def test_zones_grow_from_each_grid_to_its_nearest():
    assert NEAR.shape == (400, 12)
    assert (NEAR[:, 0] == np.arange(400)).all()
    assert set(NEAR[105, 1:5]) == {104, 106, 85, 125}
    assert zones(BOARD[:5]).shape == (5, 1)
    assert zones(np.zeros((0, 2))).shape == (0, 1)


def test_the_usual_is_learnt_without_the_hotspots():
    """400 more events in four grids would raise a mean of 18 by 4; the usual stays within a twentieth of the truth."""
    counts, x = year(np.random.default_rng(1), planted=400)
    usual = usual_of(counts, x)
    assert usual.expected == pytest.approx(x @ [0.08, 20.0, 2.0], rel=0.12)
    assert usual.expected.sum() == pytest.approx((x @ [0.08, 20.0, 2.0]).sum(), rel=0.03)
    assert 1.0 <= usual.dispersion < 1.2


def test_nothing_happened_nothing_is_usual():
    usual = usual_of(np.zeros(400), exposures())
    assert usual.expected.sum() == 0 and usual.dispersion == 1.0
    assert standing(np.zeros(400), usual, NEAR, runs=9) == ()
    assert rising(np.zeros(400), np.ones(400), NEAR, runs=9) == ()
    assert rising(np.ones(400), np.zeros(400), NEAR, runs=9) == ()


def test_what_is_planted_is_found_whole_and_alone():
    counts, x = year(np.random.default_rng(2), planted=90)
    found = standing(counts, usual_of(counts, x), NEAR)
    assert {area for zone in found for area in zone.areas} >= set(PLANTED) and found[0].p == pytest.approx(0.001)
    assert len({area for zone in found for area in zone.areas}) <= 6  # zones are round: a neighbour may come with them
    assert found[0].ratio == pytest.approx(found[0].events / found[0].usual)


def test_years_by_chance_are_rarely_called():
    """Thirty years without a hotspot: none, because a zone must be beyond one and a half times its usual."""
    rng = np.random.default_rng(7)
    called = 0
    for _ in range(30):
        counts, x = year(rng)
        called += bool(standing(counts, usual_of(counts, x), NEAR, runs=199))
    assert called <= 1


def test_the_play_of_chance_is_exact_at_its_hardest():
    """Forty years at the limit itself (``beyond`` 1 on Poisson counts of a known mean): about two are called at 5 %."""
    rng = np.random.default_rng(11)
    usual = usual_of(np.full(400, 10), np.ones((400, 1)))
    called = sum(bool(standing(rng.poisson(10.0, 400), usual, NEAR, runs=99, beyond=1.0, seed=i)) for i in range(40))
    assert called <= 6


def test_what_always_was_has_not_risen_and_what_rose_has():
    rng = np.random.default_rng(5)
    mean = np.full(400, 6.0)
    mean[list(PLANTED)] = 60.0
    before, now = rng.poisson(mean), rng.poisson(mean)
    assert rising(now, before, NEAR, runs=199) == ()
    now[[300, 301]] += 40
    (found,) = rising(now, before * 2, NEAR, runs=199)
    assert set(found.areas) >= {300, 301}
    assert found.usual == pytest.approx((before * 2)[list(found.areas)].sum() * now.sum() / (before * 2).sum())


def test_labels_shuffled_between_periods_are_rarely_called():
    """The law of the permutation: forty shuffles of what happened, at 5 % about two are called, whatever the places are like."""
    rng = np.random.default_rng(13)
    both = rng.poisson(rng.gamma(0.5, 20.0, 400))
    called = 0
    for seed in range(40):
        now = rng.multivariate_hypergeometric(both, both.sum() // 3)
        called += bool(rising(now, both - now, NEAR, runs=99, seed=seed, least_ratio=1.0))
    assert called <= 6


def test_the_same_seed_gives_the_same_zones():
    counts, x = year(np.random.default_rng(2), planted=30)
    usual = usual_of(counts, x)
    assert standing(counts, usual, NEAR, runs=99, seed=4) == standing(counts, usual, NEAR, runs=99, seed=4)


def test_slopes_of_one_peak_are_one_hotspot_and_two_peaks_two():
    """Zone 1 is the slope, across the border, of the peak in zone 0; zone 2 has a peak of its own 1 km away."""
    rng = np.random.default_rng(1)
    hill, other = rng.normal([180, 100], 60, (300, 2)), rng.normal([1200, 100], 60, (100, 2))
    xy = np.vstack([hill, other, [[np.nan, np.nan]]])
    grid = np.where(xy[:, 0] > 800, 2, np.where(xy[:, 0] > 200, 1, 0))
    grid[-1] = 0
    found = tuple(Zone((i,), int((grid == i).sum()), 10.0, 9.0 - i, 0.001) for i in range(3))
    peaks = hearts(found, grid, xy, np.zeros((3, 2)))
    assert np.hypot(*(peaks[0] - [180, 100])) < 15 and np.hypot(*(peaks[2] - [1200, 100])) < 20
    joined, kept = one_a_peak(found, peaks)
    assert [zone.areas for zone in joined] == [(0, 1), (2,)]
    assert joined[0].events == found[0].events + found[1].events and joined[0].usual == 20.0
    assert len(kept) == 2


def test_a_zone_whose_events_have_no_place_has_its_grid_for_a_heart():
    zone = Zone((1,), 5, 1.0, 9.0, 0.001)
    assert hearts((zone,), [1], np.array([[np.nan, np.nan]]), np.array([[0.0, 0.0], [7.0, 8.0]])).tolist() == [[7.0, 8.0]]
