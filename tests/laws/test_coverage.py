"""Laws of coverage: what is taken away is reported as a gap, what is added as an overlap, to the square metre."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.space import coverage, crs
from tests.space import shapes

seeds = st.integers(0, 2**32 - 1)


def check(tiles, **named):
    return coverage.check([f"g{i:02}" for i in range(len(tiles))], tiles, metric_srid=shapes.SRID, tolerance_m2=1.0, **named)


def metric_m2(shape):
    return float(shapely.area(crs.to_metric(shapely.segmentize(shape, 0.001), shapes.SRID)))


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_a_random_tiling_is_a_tiling(seed):
    tiles = shapes.tiling(np.random.default_rng(seed))
    report = check(tiles, within=shapely.box(*shapely.total_bounds(tiles)))
    assert report.is_tiling
    assert report.is_exact


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_a_tile_taken_away_is_the_gap(seed):
    rng = np.random.default_rng(seed)
    tiles = shapes.tiling(rng)
    taken = tiles.pop(int(rng.integers(len(tiles))))
    report = check(tiles, within=shapely.box(*shapely.total_bounds([*tiles, taken])))
    assert sum(fault.area_m2 for fault in report.gaps) == pytest.approx(metric_m2(taken), rel=1e-6)
    assert all(taken.covers(shapely.Point(fault.point_lonlat)) for fault in report.gaps)
    assert report.overlaps == ()


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_an_intruder_overlaps_whom_it_meets(seed):
    rng = np.random.default_rng(seed)
    tiles = shapes.tiling(rng)
    intruder = shapes.square(float(rng.uniform(0, 0.01)), float(rng.uniform(0, 0.01)), 0.003)
    report = check([*tiles, intruder], within=shapely.box(*shapely.total_bounds(tiles)))
    met = {f"g{i:02}": metric_m2(shapely.intersection(tile, intruder)) for i, tile in enumerate(tiles)}
    met = {code: area for code, area in met.items() if area > 1.0}
    assert {fault.codes[0] for fault in report.overlaps} == set(met)
    assert sum(fault.area_m2 for fault in report.overlaps) == pytest.approx(sum(met.values()), rel=1e-6)
    assert report.gaps == ()
