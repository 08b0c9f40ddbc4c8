"""Density, Gi* and clusters on places small enough to work out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array

from geogrid.space.crs import to_metric
from geogrid.space.hotspots import adjusted, contiguity, density, gi_star, ranked, within_distance
from tests.space.lattice import METRIC_SRID, ORIGIN_M, lonlat


def squares(columns, rows):
    return shapely.box(*(np.array([[c, r, c + 1, r + 1] for r in range(rows) for c in range(columns)]).T * 0.01))


def test_the_density_above_one_event_is_the_kernels_peak():
    """A Gaussian of sigma 0.3 km has its peak at 1 / (2 pi sigma^2) = 1.77 events per square kilometre."""
    place = lonlat([1000], [1000])
    field = density(place[:, 0], place[:, 1], metric_srid=METRIC_SRID, bandwidth_m=300)
    assert field.per_km2.max() == pytest.approx(1 / (2 * math.pi * 0.3**2), rel=0.02)
    row, column = np.unravel_index(field.per_km2.argmax(), field.per_km2.shape)
    assert np.hypot(field.x_m[column] - ORIGIN_M[0] - 1000, field.y_m[row] - ORIGIN_M[1] - 1000) < 60


def test_a_band_is_the_ring_where_the_kernel_lies_between_two_levels():
    """exp(-r^2 / 2 sigma^2) = 1/2 at r = 1.1774 sigma."""
    place = lonlat([1000], [1000])
    field = density(place[:, 0], place[:, 1], metric_srid=METRIC_SRID, bandwidth_m=300)
    peak = field.per_km2.max()
    area = to_metric(np.array([field.band(peak / 2, np.inf)], dtype=object), METRIC_SRID)[0].area
    assert area == pytest.approx(math.pi * (1.1774 * 300) ** 2, rel=0.03)
    assert field.band(peak * 2, np.inf).is_empty


def test_weights_count_and_points_without_a_place_do_not():
    places = lonlat([0, 500], [0, 500])
    lon, lat = np.append(places[:, 0], np.nan), np.append(places[:, 1], 1.0)
    field = density(lon, lat, metric_srid=METRIC_SRID, bandwidth_m=200, weights=[2, 3, 100])
    assert field.events == pytest.approx(5)
    assert density([np.nan], [1.0], metric_srid=METRIC_SRID, bandwidth_m=200).events == 0


def test_gi_star_of_five_areas_in_a_row():
    """Mean 2, s^2 = 42/5 - 4 = 4.4; the fourth: (10 - 6) / (sqrt(4.4) sqrt((5 * 3 - 9) / 4)) = 1.5570."""
    scores = gi_star([0, 0, 1, 4, 5], contiguity(squares(5, 1)))
    assert scores.z[3] == pytest.approx(4 / math.sqrt(4.4 * 1.5), rel=1e-12)
    assert scores.z[0] == pytest.approx(-4 / math.sqrt(4.4 * (5 * 2 - 4) / 4), rel=1e-12)
    assert scores.p[3] == pytest.approx(math.erfc(1.5570 / math.sqrt(2)), rel=1e-3)


def test_where_nothing_differs_nothing_is_hot():
    for values, weights in (
        ([3, 3, 3], contiguity(squares(3, 1))),
        ([1, 2, 9], csr_array(np.ones((3, 3)))),
        ([7], csr_array([[1.0]])),
    ):
        scores = gi_star(values, weights)
        assert (scores.z == 0).all() and not scores.hot().any() and not scores.cold().any()


def test_neighbours_touch_in_an_edge_or_a_corner_and_are_their_own():
    assert contiguity(squares(2, 2)).toarray().tolist() == np.ones((4, 4)).tolist()
    assert contiguity(squares(3, 1)).toarray().tolist() == [[1, 1, 0], [1, 1, 1], [0, 1, 1]]


def test_distance_weights_are_in_metres():
    places = lonlat([0, 990, 2000], [0, 0, 0])
    found = within_distance(places[:, 0], places[:, 1], 1000, metric_srid=METRIC_SRID).toarray()
    assert found.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_adjusted_p_values_of_the_procedures_own_steps():
    """p * m / rank from the largest down, never rising: 0.01*4/1, 0.02*4/2, min(0.04, ...)*4/3, 0.05*4/4."""
    assert adjusted([0.04, 0.01, 0.05, 0.02]) == pytest.approx([0.05, 0.04, 0.05, 0.04])
    assert adjusted([0.9, 1.0]) == pytest.approx([1.0, 1.0])


def test_clusters_come_in_the_order_of_what_is_beyond_the_usual():
    """Two blocks stand out on a board of 20 by 20: the one with fewer events but more beyond the usual is first."""
    counts = np.ones((20, 20))
    counts[2:4, 2:4], counts[15:17, 15:17] = 30, 40
    usual = np.ones((20, 20))
    usual[15:17, 15:17] = 38
    codes = [f"G{i:03d}" for i in range(400)]
    first, second = ranked(codes, counts.ravel(), usual.ravel(), contiguity(squares(20, 20)))
    assert (first.rank, second.rank) == (1, 2)
    assert {"G042", "G043", "G062", "G063"} <= set(first.codes) and "G315" in second.codes
    assert first.ratio == pytest.approx(first.events / first.usual) and first.ratio > second.ratio > 1
    assert ranked(codes, counts.ravel(), np.zeros(400), contiguity(squares(20, 20)))[0].ratio is None


def test_no_hot_areas_no_clusters():
    assert ranked(["A", "B", "C"], [1, 1, 1], [1, 1, 1], contiguity(squares(3, 1))) == ()
    counts = np.zeros(400)
    counts[210] = 2
    assert ranked([str(i) for i in range(400)], counts, counts, contiguity(squares(20, 20))) == ()


def test_the_density_is_the_exact_kernels_to_a_thousandth_of_its_peak():
    """Four clusters and a scatter of 1,500 events; the sum of their kernels at each cell, beyond its cut, beside the raster."""
    rng = np.random.default_rng(4)
    hearts = rng.uniform(2000, 8000, (4, 2))
    xy = np.vstack([rng.uniform(0, 10_000, (500, 2)), *(heart + rng.normal(0, 300, (250, 2)) for heart in hearts)])
    at = lonlat(*xy.T)
    field = density(at[:, 0], at[:, 1], metric_srid=METRIC_SRID, bandwidth_m=500)
    x, y = (axis[::5] for axis in (field.x_m - ORIGIN_M[0], field.y_m - ORIGIN_M[1]))
    squares = (x[None, :, None] - xy[:, 0]) ** 2 + (y[:, None, None] - xy[:, 1]) ** 2
    exact = np.exp(-squares / (2 * 500.0**2)).sum(axis=2) / (2 * math.pi * 0.5**2)
    assert np.abs(field.per_km2[::5, ::5] - exact).max() < 0.001 * exact.max()
