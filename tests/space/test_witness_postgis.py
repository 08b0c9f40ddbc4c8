"""Two witnesses: the index and PostGIS agree on every point, on the border, on vertices and beside them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.space.index import AssignmentIndex, outline_of
from tests.space import shapes, witness

GAP_TOLERANCE_M = 15.0


def disagreements(engine, grids, stations, departments, lonlat, district=None):
    district = outline_of(np.asarray(grids.geometry.values)) if district is None else district
    index = AssignmentIndex.from_frames(
        grids, stations, departments, district=district, metric_srid=shapes.SRID, gap_tolerance_m=GAP_TOLERANCE_M
    )
    told = witness.ask(
        engine,
        grids=grids,
        stations=stations[stations["level"] != "centre"],
        departments=departments,
        district=district,
        lonlat=lonlat,
        srid=shapes.SRID,
        gap_tolerance_m=GAP_TOLERANCE_M,
    )
    assert len(told) == len(lonlat)
    found = index.assign(*lonlat.T)
    assert {"inside", "border", "outside"} <= set(found.rule)
    assert (found.rule == "border").sum() > len(lonlat) / 10  # else the points would not try the borders
    return witness.differences(found, told)


@pytest.mark.parametrize("seed", range(4))
def test_both_agree_on_random_tilings_with_gaps_and_overlaps(engine, seed):
    rng = np.random.default_rng(seed)
    tiles = shapes.tiling(rng, columns=6, rows=6, labels=9, jitter=0.3 if seed else 0.0)
    tiles.pop(0)
    tiles += [shapes.square(0.001, 0.001, 0.007)] if seed > 1 else []
    grids = shapes.frame(tiles, [f"c{i}" for i in rng.permutation(len(tiles))])
    departments = shapes.frame([*shapes.tiling(rng, labels=3), *shapes.tiling(rng, labels=2)])
    places = np.round(rng.uniform([126.59, 45.89], [126.63, 45.93], (20, 2)), 9)
    stations = shapes.points_frame(places, level=["point"] * 18 + ["centre"] * 2)
    lonlat = shapes.probes(rng, [*tiles, *departments.geometry], count=300)
    assert disagreements(engine, grids, stations, departments, lonlat, district=shapely.box(126.6, 45.9, 126.63, 45.924)) == []


def asked(twin, rng, count):
    """The twin's events and ``count`` points: random, vertices, on edges, level with vertices."""
    grids = twin["base_grids"]
    lonlat = shapes.probes(rng, grids.geometry.values, count=count, margin=0.02)
    others = rng.permutation(lonlat)[:count]
    return np.vstack([twin["lonlat"], others])


def test_both_agree_on_the_small_twin(engine, small_twin_frames):
    twin = small_twin_frames
    lonlat = asked(twin, np.random.default_rng(5), 4000)
    assert disagreements(engine, twin["base_grids"], twin["stations"], twin["department_grids"], lonlat) == []


@pytest.mark.slow
def test_both_agree_on_every_event_of_the_district_and_on_100_000_points(engine, full_twin_frames):
    twin = full_twin_frames
    assert len(twin["events"]) == 33_256
    lonlat = asked(twin, np.random.default_rng(6), 100_000)
    assert len(lonlat) == 133_256
    assert disagreements(engine, twin["base_grids"], twin["stations"], twin["department_grids"], lonlat) == []
