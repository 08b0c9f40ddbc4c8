"""Points to edges: the compiled way gives the same bits as the plain one, also where two edges are equally near."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.domain.stations import TravelMode
from geogrid.space.network import RoadNetwork, place_on, snap_metric
from geogrid.space.network_segments import Segments
from tests.space.lattice import METRIC_SRID, ORIGIN_M, frame, lattice, road

FIELDS = ("edge", "along", "access", "access_m")
places = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(lambda place: (place[0] * 50.0, place[1] * 50.0))


def both(roads):
    return [
        RoadNetwork.from_frame(roads, metric_srid=METRIC_SRID, compiled=compiled).modes[TravelMode.WALK]
        for compiled in (True, False)
    ]


def assert_equal(roads, x, y):
    fast, plain = (snap_metric(one, x, y) for one in both(roads))
    for name in FIELDS:
        assert (getattr(fast, name) == getattr(plain, name)).all(), name
    return plain


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(places, places, st.lists(places, max_size=3), st.booleans()), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(-30, 70), st.integers(-30, 70)), min_size=1, max_size=30),
)
def test_on_a_raster_full_of_ties_both_ways_say_the_same(rows, spots):
    """Ends, crossings, overlapping and zero-length roads on multiples of 50 m; points on multiples of 10 m around them."""
    roads = frame([road(a, b, 2 * i, 2 * i + 1, via=via, bridge=bridge) for i, (a, b, via, bridge) in enumerate(rows)])
    x, y = (np.array(spots, float) * 10.0 + ORIGIN_M).T
    assert_equal(roads, x, y)


def test_far_and_many_points_and_the_reach_itself():
    roads, rng = lattice(), np.random.default_rng(1)
    xy = ORIGIN_M + np.vstack([rng.uniform(-900, 2000, (50_000, 2)), [[-500.0, 0.0], [-500.0 - 1e-7, 0.0], [0.0, -499.9999999]]])
    found = assert_equal(roads, *xy.T)
    assert (found.edge == -1).any() and np.isinf(found.access_m[found.edge == -1]).all()


def test_the_formula_agrees_with_shapely():
    lines = shapely.linestrings([[[0, 0], [100, 0], [100, 100]], [[0, 10], [0, 10], [50, 60]]])
    points = shapely.points(np.random.default_rng(2).uniform(-50, 150, (500, 2)))
    line = np.arange(500) % 2
    share, away_m = Segments.of(lines).place(line, shapely.get_x(points), shapely.get_y(points))
    assert share == pytest.approx(shapely.line_locate_point(lines[line], points, normalized=True), abs=1e-12)
    assert away_m == pytest.approx(shapely.distance(lines[line], points), abs=1e-9)


def test_a_point_can_be_brought_to_an_edge_that_is_not_the_nearest():
    walk, plain = both(lattice())
    assert walk.ground.grid is not None and plain.ground.grid is None
    points = shapely.points(ORIGIN_M + np.array([[10.0, 30.0], [0.0, 0.0]]))
    for roads in (walk, plain):
        found = place_on(roads, np.array([3, -1]), points)
        assert found.access_m[0] == shapely.distance(roads.lines_metric[3], points[0])
        assert np.isinf(found.access_m[1]) and found.access[1] == 0
