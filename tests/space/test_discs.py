"""Accuracy discs: the compiled way finds the shares of the plain one, wherever edges and corners of the disc meet."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.space import cover, disc_kernels, discs
from geogrid.space.discs import Discs
from tests.space import shapes
from tests.space.comparing import LAST_STEP, both, differences

SPREAD_M = [0.005, 0.5, 3.0, 40.0, 600.0, 3000.0]


def disagreements(compiled, plain, lonlat, accuracy_m):
    return differences(*(index.assign(*lonlat.T, accuracy_m) for index in (compiled, plain)))[:3]


@pytest.mark.parametrize("seed", range(4))
def test_shares_are_the_plain_ones_in_a_tiling(seed):
    rng = np.random.default_rng(seed)
    tiles = shapes.tiling(rng, columns=5, rows=4, jitter=0.3)
    compiled, plain = both(shapes.frame(tiles))
    lonlat = rng.permutation(shapes.probes(rng, tiles))[:300]
    assert disagreements(compiled, plain, lonlat, rng.choice(SPREAD_M, len(lonlat))) == []


def test_holes_islands_gaps_and_overlaps_have_the_plain_shares():
    rng = np.random.default_rng(5)
    grids = [shapes.DONUT, shapes.square(0.012, 0.012, 0.002), shapes.square(0.03, 0, 0.01), shapes.square(0.035, 0.002, 0.01)]
    compiled, plain = both(shapes.frame(grids), gap_tolerance_m=100.0)
    lonlat = rng.permutation(shapes.probes(rng, grids))[:300]
    assert disagreements(compiled, plain, lonlat, rng.choice(SPREAD_M, len(lonlat))) == []


def weighed(polygon, radius_m, x=0.0, y=0.0):
    """The share of the disc around (x, y) in one polygon in metres (no row: None), and the plain way's."""
    edges, owners = discs._edges_of(np.array([polygon], dtype=object))
    begins = np.array([0, len(edges)], dtype=np.int32)
    none = np.zeros(2, dtype=np.int32), np.empty((0, 3)), np.empty(0, dtype=np.int32)
    frame = np.array([-1e6, -1e6, 1e-7, 1, 1, 1e6])
    sure, out = np.array([True]), (np.empty(9, dtype=np.int64), np.empty(9, dtype=np.int64), np.empty(9))
    inside = 0 if shapely.contains_properly(polygon, shapely.Point(x, y)) else -1
    asked = np.array([x]), np.array([y]), np.array([radius_m]), np.array([inside], dtype=np.int32)
    count = disc_kernels.weigh_discs(*asked, frame, begins, edges, owners, *none, 1, sure, *out)
    disc = shapely.buffer(shapely.Point(x, y), radius_m, quad_segs=cover.DISC_QUARTER_SEGMENTS)
    told = shapely.area(shapely.intersection(disc, polygon)) / disc.area
    return (out[2][0] if count else None), told, bool(sure[0])


CASES = {
    "half of it": shapely.box(0, -50, 50, 50),
    "a corner in it": shapely.box(0, 0, 50, 50),
    "a corner on its rim": shapely.box(10, -20, 50, 20),
    "an edge through two of its corners": shapely.box(-50, -50, 50, 10 * np.sin(2 * np.pi / 256)),
    "an edge through corner and centre": shapely.Polygon([(-20, -20), (20, 20), (20, -20)]),
    "a needle": shapely.Polygon([(-40, 0), (40, 1e-3), (40, -1e-3)]),
    "wholly within": shapely.box(-1, -1, 2, 3),
    "a hole within": shapely.box(-50, -50, 50, 50).difference(shapely.box(-1, -1, 2, 3)),
    "a hole over the rim": shapely.box(-50, -50, 50, 50).difference(shapely.box(5, -2, 20, 3)),
    "its own outline": shapely.buffer(shapely.Point(0, 0), 10, quad_segs=cover.DISC_QUARTER_SEGMENTS),
    "its box": shapely.box(-10, -10, 10, 10),
    "four bites": shapely.MultiPolygon([shapely.box(x, y, x + 8, y + 8) for x in (-9, 1) for y in (-9, 1)]),
    "between the two circles": shapely.box(-50, -50, 9.9995, 50),
}


@pytest.mark.parametrize("name", CASES)
def test_a_disc_of_ten_metres_is_cut_as_geos_cuts_it(name):
    """A case that cannot be told (nothing or all) is left to the plain way, never guessed."""
    share, told, sure = weighed(CASES[name], 10.0)
    if share is None:
        assert told < 1e-9 or not sure
    else:
        assert share == pytest.approx(told, abs=1e-9)


def test_random_stars_are_cut_as_geos_cuts_them():
    rng = np.random.default_rng(11)
    for _ in range(300):
        turn = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 12))))
        star = shapely.Polygon(np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(2, 20, (len(turn), 1)))
        if star.is_valid:
            share, told, sure = weighed(star, 10.0, *rng.choice([0.0, 1.0, 4.0], 2))
            assert not sure or (share or 0.0) == pytest.approx(told, abs=1e-9)


def test_cells_within_a_disc_are_summed_beforehand_to_the_same_shares(monkeypatch):
    """Without the sums a disc of kilometres reads every edge; with them only those at its rim."""
    rng = np.random.default_rng(12)
    metric = both(shapes.frame(shapes.tiling(rng, columns=6, rows=6, jitter=0.3)))[0].metric
    monkeypatch.setattr(discs, "CELLS_PER_EDGE", 4.0)
    lonlat = np.ascontiguousarray(rng.uniform([126.6, 45.9], [126.63, 45.93], (40, 2)).T)
    radius_m = rng.uniform(500, 3000, 40)
    (point, polygon, share), sure = Discs.of(metric).shares(*lonlat, radius_m, np.full(40, -1, dtype=np.int32))
    told = {(p, q): s for p, q, s in zip(*metric.shares(*lonlat, radius_m), strict=True) if s > 0}
    found = {(p, q): s for p, q, s in zip(point, polygon, share, strict=True) if s > 0 and sure[p]}
    assert sure.all()
    assert found.keys() == told.keys()
    assert max(abs(found[key] - told[key]) for key in told) <= LAST_STEP


def test_a_disc_over_more_polygons_than_there_is_room_for_is_weighed_again(monkeypatch):
    monkeypatch.setattr(discs, "ROOM", 0)
    rng = np.random.default_rng(13)
    compiled, plain = both(shapes.frame(shapes.tiling(rng, columns=6, rows=6)))
    lonlat = np.full((50, 2), shapes.at(0.01, 0.01))
    assert disagreements(compiled, plain, lonlat, np.full(50, 900.0)) == []
