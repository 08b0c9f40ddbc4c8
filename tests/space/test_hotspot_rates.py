"""Rates equal esda's where it has them; small places are drawn to the mean; changes are tested exactly."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import binomtest

from geogrid.space.hotspot_change import changes, ratio_p_values
from geogrid.space.hotspot_rates import locally_smoothed_rates, smoothed_rate, smoothed_rates
from geogrid.space.hotspots import adjusted


@pytest.fixture(scope="module")
def peers():
    """esda's smoothers and the class of its weights; their packages warn when they are imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from esda.smoothing import Empirical_Bayes, Spatial_Empirical_Bayes
        from libpysal.weights import lat2W
    return Empirical_Bayes, Spatial_Empirical_Bayes, lat2W(8, 8, rook=False)


def board():
    rng = np.random.default_rng(1)
    homes = rng.integers(1, 400, 64).astype(float)
    return rng.poisson(homes * rng.gamma(4, 0.02, 64)).astype(float), homes


def test_the_global_rates_are_esdas(peers):
    events, homes = board()
    assert smoothed_rates(events, homes).smoothed == pytest.approx(peers[0](events, homes).r.ravel(), rel=1e-12)


def test_the_local_rates_are_esdas(peers):
    events, homes = board()
    weights = csr_array(peers[2].full()[0] + np.eye(64))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peers[1](events, homes, peers[2]).r.ravel()
    assert locally_smoothed_rates(events, homes, weights).smoothed == pytest.approx(theirs, rel=1e-9)


def test_few_households_say_little_and_many_much():
    events, homes = np.array([3.0, 300, 100, 50, 10]), np.array([5.0, 500, 500, 500, 500])
    rates = smoothed_rates(events, homes)
    mean = events.sum() / homes.sum()
    assert rates.raw[0] == rates.raw[1] == 0.6
    assert abs(rates.smoothed[0] - mean) < 0.6 * abs(rates.smoothed[1] - mean)
    assert smoothed_rate(3, 5, (events, homes)) == pytest.approx(rates.smoothed[0])


def test_grids_without_households_are_said_and_count_for_nothing():
    """A market without households: no rate, no part in the mean; how many such and their events are told."""
    events, homes = board()
    with_market = smoothed_rates([*events, 90], [*homes, 0])
    assert with_market.smoothed[:64] == pytest.approx(smoothed_rates(events, homes).smoothed, rel=1e-12)
    assert np.isnan(with_market.raw[64]) and np.isnan(with_market.smoothed[64])
    assert (with_market.without_base, with_market.events_without_base) == (1, 90)
    assert smoothed_rate(90, 0, (events, homes)) is None
    nothing = locally_smoothed_rates([4], [0], csr_array([[1.0]]))
    assert np.isnan(nothing.smoothed).all() and nothing.without_base == 1


def test_where_nothing_tells_areas_apart_all_have_the_mean():
    assert smoothed_rates([10, 20, 30], [100, 200, 300]).smoothed == pytest.approx([0.1] * 3)


def test_p_values_are_those_of_the_binomial_test():
    pairs = [(9, 1), (30, 10), (3, 5), (0, 4), (7, 0), (0, 0), (1, 0), (120, 100)]
    for share in (0.5, 0.4, 30 / 390):
        theirs = [binomtest(a, a + b, share).pvalue if a + b else 1.0 for a, b in pairs]
        assert ratio_p_values(*np.transpose(pairs), share) == pytest.approx(theirs, rel=1e-9)


def test_changes_are_by_the_day_and_adjusted_for_all():
    more, same, new = changes([60, 30, 5], [20, 60, 0], days=30, days_before=60)
    assert more.ratio == pytest.approx(6.0) and more.p < 1e-6 and more.q == pytest.approx(3 * more.p)
    assert same.ratio == pytest.approx(1.0) and same.p == 1.0
    assert new.ratio is None and new.before == 0 and new.p == pytest.approx((1 / 3) ** 5)


def test_tests_that_hang_together_are_adjusted_by_the_harmonic_sum():
    p = [0.04, 0.01, 0.05, 0.02]
    assert adjusted(p, dependent=True) == pytest.approx(np.minimum(adjusted(p) * (1 + 1 / 2 + 1 / 3 + 1 / 4), 1.0))
