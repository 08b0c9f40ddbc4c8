"""Laws of hotspots: no event is lost in a density; Gi* equals its formula written as loops; adjusted p values keep order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geogrid.space.hotspots import adjusted, density, gi_star
from tests.space.lattice import METRIC_SRID, lonlat

places = st.tuples(st.floats(0, 5000), st.floats(0, 5000))


@settings(max_examples=50, deadline=None)
@given(st.lists(places, min_size=1, max_size=20), st.floats(50, 800), st.sampled_from([None, 20.0, 130.0]))
def test_density_keeps_every_event(points, bandwidth_m, cell_m):
    lon, lat = lonlat(*np.transpose(points)).T
    field = density(lon, lat, metric_srid=METRIC_SRID, bandwidth_m=bandwidth_m, cell_m=cell_m)
    assert field.events == pytest.approx(len(points), rel=1e-9)
    assert field.per_km2.min() >= 0


def gi_by_loops(x, w):
    n = len(x)
    mean = sum(x) / n
    s = math.sqrt(sum(v * v for v in x) / n - mean * mean)
    scores = []
    for i in range(n):
        total = sum(w[i][j] for j in range(n))
        squares = sum(w[i][j] ** 2 for j in range(n))
        below = s * math.sqrt((n * squares - total * total) / (n - 1))
        scores.append((sum(w[i][j] * x[j] for j in range(n)) - mean * total) / below)
    return scores


@settings(max_examples=100, deadline=None)
@given(st.integers(4, 12), st.integers(0, 2**32 - 1))
def test_gi_star_equals_its_formula(count, seed):
    random = np.random.default_rng(seed)
    values = random.integers(0, 50, count)
    values[0] = values[1] + 1  # never all equal
    weights = random.random((count, count)) * (random.random((count, count)) < 0.4)
    weights[np.arange(count), np.arange(count)] = 1.0
    weights[:, 0][1:] = 0.0  # never a neighbour of all areas alike
    weights[0, 1] = 0.0
    assert gi_star(values, csr_array(weights)).z == pytest.approx(
        gi_by_loops(values.tolist(), weights.tolist()), rel=1e-9, abs=1e-9
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_no_smaller_and_keep_their_order(p):
    q = adjusted(p)
    assert (q >= np.array(p) - 1e-15).all() and (q <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(q[order]) >= 0).all()
