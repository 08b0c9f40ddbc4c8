"""Laws of the compiled way: whatever the polygons, however coarse its cells, it answers as the plain way does."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.space import arrangement
from geogrid.space.answers import UNDECIDED, Numbers
from tests.space import shapes
from tests.space.comparing import both, differences, unsure

seeds = st.integers(0, 2**32 - 1)
cells = st.sampled_from([6, 9, 40, 300])


@pytest.fixture(autouse=True, scope="module")
def coarse():
    """Cells are as many as a law says, so that long paths through many edges are taken too."""
    with patch.object(arrangement, "CELLS_PER_EDGE", 0):
        yield


def built(count, *args, **named):
    with patch.object(arrangement, "LEAST_CELLS", count):
        return both(*args, **named)


def drawn(seed):
    """A random tiling, random department grids over it, a few stations, and points to ask about."""
    rng = np.random.default_rng(seed)
    tiles = shapes.tiling(rng, columns=int(rng.integers(1, 7)), rows=int(rng.integers(1, 6)), jitter=float(rng.choice([0, 0.3])))
    over = [*shapes.tiling(rng, labels=3, jitter=float(rng.choice([0, 0.2]))), shapes.STAR, shapes.square(0.002, 0.001, 0.0123)]
    places = np.round(rng.uniform([126.59, 45.89], [126.63, 45.93], (int(rng.integers(1, 30)), 2)), 9)
    lonlat = shapes.probes(rng, [*tiles, *over])
    return rng, tiles, over, shapes.points_frame(places), lonlat


@given(seeds, cells)
@settings(max_examples=60, deadline=None)
def test_a_tiling_with_departments_over_it_is_answered_alike(seed, count):
    rng, tiles, over, stations, lonlat = drawn(seed)
    codes = [f"c{i}" for i in rng.permutation(len(tiles))]
    compiled, plain = built(count, shapes.frame(tiles, codes, village_code=codes), stations, shapes.frame(over))
    accuracy_m = rng.choice([np.nan, 3.0, 40.0, 600.0], len(lonlat))
    asked = (*lonlat.T, accuracy_m)
    assert differences(compiled.assign(*asked), plain.assign(*asked)) == []


@given(seeds, cells)
@settings(max_examples=30, deadline=None)
def test_gaps_and_overlaps_are_answered_alike(seed, count):
    _, tiles, over, _, lonlat = drawn(seed)
    grids = [*tiles[1:], shapes.square(0.001, 0.001, 0.007), shapes.DONUT, *over[:1]]
    district = shapely.box(126.6, 45.9, 126.62, 45.93)
    compiled, plain = built(count, shapes.frame(grids), district=district, gap_tolerance_m=100.0)
    found, told = compiled.assign(*lonlat.T), plain.assign(*lonlat.T)
    assert differences(found, told) == []
    assert found.nearest_grid_code.tolist() == told.nearest_grid_code.tolist()


@given(seeds, cells)
@settings(max_examples=30, deadline=None)
def test_points_a_bit_beside_a_border_are_answered_alike(seed, count):
    """The last bit beside vertices and edges, where doubles alone are wrong."""
    rng, tiles, over, _, lonlat = drawn(seed)
    near = np.vstack([np.nextafter(lonlat, lonlat + rng.choice([-1.0, 1.0], lonlat.shape)) for _ in range(2)])
    compiled, plain = built(count, shapes.frame(tiles), None, shapes.frame(over))
    assert differences(compiled.assign(*near.T), plain.assign(*near.T)) == []


@given(seeds, cells)
@settings(max_examples=20, deadline=None)
def test_the_raster_is_sure_of_no_point_on_an_edge(seed, count):
    _, tiles, _, _, _ = drawn(seed)
    compiled, _ = built(count, shapes.frame(tiles))
    vertices = np.unique(shapely.get_coordinates(tiles), axis=0)
    assert unsure(compiled, vertices) == len(vertices)


@given(seeds, cells)
@settings(max_examples=20, deadline=None)
def test_every_vertex_is_known_beforehand(seed, count):
    _, tiles, over, _, _ = drawn(seed)
    compiled, plain = built(count, shapes.frame(tiles), None, shapes.frame(over))
    vertices = np.unique(shapely.get_coordinates(tiles), axis=0)
    assert differences(compiled.assign(*vertices.T), plain.assign(*vertices.T)) == []
    numbers = Numbers.undecided(len(vertices))
    compiled.fast.find(*np.ascontiguousarray(vertices.T), numbers, 0, len(vertices))
    assert (numbers.rule != UNDECIDED).all()
