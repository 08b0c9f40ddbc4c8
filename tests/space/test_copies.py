"""Copies for tiles: borders stay shared, nothing vanishes, the last copy is the whole thing."""

from __future__ import annotations

import numpy as np
import shapely

from geogrid.space.copies import COPY_ZOOMS, coverage_copy, to_mercator


def wiggly(count=300):
    """Two areas with a border of many vertices between them, in lon/lat."""
    y = np.linspace(45.9, 45.95, count)
    border = np.column_stack([126.6 + 0.002 * np.sin(np.arange(count)), y])
    west = shapely.Polygon([(126.55, 45.9), *border, (126.55, 45.95)])
    east = shapely.Polygon([(126.65, 45.9), *border, (126.65, 45.95)])
    return np.array([west, east], dtype=object)


def test_neighbours_share_their_border_at_every_zoom_and_fewer_vertices_suffice_for_small_maps():
    whole = to_mercator(wiggly())
    vertices = []
    for zoom in COPY_ZOOMS:
        copies = coverage_copy(whole, zoom)
        assert shapely.coverage_is_valid(copies)
        assert shapely.is_valid(copies).all()
        vertices.append(int(shapely.get_num_coordinates(copies).sum()))
    assert vertices == sorted(vertices)
    assert vertices[0] < vertices[-1] / 5
    assert shapely.equals_exact(coverage_copy(whole, COPY_ZOOMS[-1]), whole, 0).all()


def test_an_area_smaller_than_a_pixel_keeps_its_form():
    tiny = to_mercator(np.array([shapely.box(126.6, 45.9, 126.60001, 45.90001)], dtype=object))
    copies = coverage_copy(tiny, COPY_ZOOMS[0])
    assert not shapely.is_empty(copies).any()
    assert shapely.is_valid(copies).all()


def test_nothing_has_no_copies():
    assert len(coverage_copy(np.array([], dtype=object), COPY_ZOOMS[0])) == 0
