from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.space import crs, tiles

zooms = st.integers(0, 20)


def test_known_cells():
    assert [int(v[0]) for v in tiles.cell_of([126.6], [45.9], 16)] == [55814, 23341]
    assert [int(v[0]) for v in tiles.cell_of([0.0], [0.0], 1)] == [1, 1]


@given(st.floats(-180, 179.999999), st.floats(-85, 85), zooms)
@settings(deadline=None)
def test_a_point_lies_in_the_bounds_of_its_cell(lon, lat, zoom):
    x, y = (int(value) for value in tiles.cell_of(lon, lat, zoom))
    west, south, east, north = tiles.cell_bounds_lonlat(x, y, zoom)
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


@given(st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))
@settings(deadline=None)
def test_both_bounds_of_a_cell_are_one_rectangle(x, y):
    west, south, east, north = tiles.cell_bounds_lonlat(x, y, 16)
    to_mercator = crs.transformer(crs.SRID_WGS84, crs.SRID_WEB_MERCATOR).transform
    expected = [*to_mercator(west, south), *to_mercator(east, north)]
    assert np.allclose(tiles.cell_bounds_mercator(x, y, 16), expected, atol=1e-6)


def test_places_beyond_the_square_world_count_to_its_edge():
    x, y = tiles.cell_of([180.0, -180.0, 0.0], [89.9, -89.9, -90.0], 4)
    assert x.tolist() == [15, 0, 8]
    assert y.tolist() == [0, 15, 15]


def test_cells_are_64_px_and_tiles_1024_px_of_the_map():
    pixel_m = tiles.WORLD_M / (256 * 2**12)
    west, south, east, north = tiles.tile_bounds_mercator(12, 870, 364)
    assert math.isclose(east - west, 1024 * pixel_m)
    assert math.isclose(north - south, 1024 * pixel_m)
    west, _, east, _ = tiles.cell_bounds_mercator(0, 0, tiles.cell_zoom(12))
    assert math.isclose(east - west, 64 * pixel_m)


def test_the_cells_of_a_tile_fill_it():
    zoom, columns, rows = tiles.cells_of_tile(12, 871, 364)
    assert (zoom, len(columns), len(rows)) == (14, 16, 16)
    west, south, east, north = tiles.tile_bounds_mercator(12, 871, 364)
    first = tiles.cell_bounds_mercator(columns[0], rows[0], zoom)
    last = tiles.cell_bounds_mercator(columns[-1], rows[-1], zoom)
    assert np.allclose([first[0], last[1], last[2], first[3]], [west, south, east, north])


@pytest.mark.parametrize("tile", [(1, 0, 0), (2, 1, 0), (2, 0, -1), (12, 1024, 0), (30, 0, 0)])
def test_no_such_tile(tile):
    assert not tiles.tile_exists(*tile)
    with pytest.raises(ValueError, match="no tile"):
        tiles.tile_bounds_mercator(*tile)


@given(st.floats(126, 127), st.floats(45, 46))
@settings(deadline=None)
def test_ancestors_are_the_tiles_that_hold_the_place(lon, lat):
    x16, y16 = (int(value) for value in tiles.cell_of(lon, lat, tiles.STEP_ZOOM))
    found = tiles.ancestors(x16, y16)
    assert [z for z, _, _ in found] == list(range(2, 19))
    for z, x, y in found:
        west, south, east, north = tiles.tile_bounds_lonlat(z, x, y)
        assert west <= lon <= east
        assert south - 1e-9 <= lat <= north + 1e-9


def test_counting_zooms_are_those_of_the_contract():
    assert tiles.CLUSTER_ZOOMS == (7, 8, 9, 10, 11, 12, 13, 14, 15)
    assert tiles.CROWD_ZOOMS == (16, 17, 18)
    assert [tiles.cell_zoom(zoom) for zoom in (7, 15, 18)] == [9, 17, 20]
