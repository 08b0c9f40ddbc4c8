"""Copies of areas for tiles: in the web map's metres, simplified as one coverage, so that shared borders stay shared."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space.crs import SRID_STORED, SRID_WEB_MERCATOR, transformer
from geogrid.space.tiles import WEB_TILE_PX, WORLD_M

# the largest map zoom each copy is good for; the last one is not simplified
COPY_ZOOMS = (8, 10, 12, 14, 24)
TOLERANCE_PX = 0.75  # of a screen pixel at that zoom: what is left out cannot be seen

Areas = NDArray[np.object_]


def to_mercator(geometries: Areas) -> Areas:
    """Return the geometries (EPSG:4490) in EPSG:3857, for drawing only."""
    move = transformer(SRID_STORED, SRID_WEB_MERCATOR)
    out: Areas = shapely.transform(geometries, lambda xy: np.column_stack(move.transform(xy[:, 0], xy[:, 1])))
    return out


def coverage_copy(mercator: Areas, zoom: int) -> Areas:
    """Return the areas (EPSG:3857, a coverage) simplified for map zooms up to ``zoom``; an area that vanishes keeps its form."""
    if zoom == COPY_ZOOMS[-1] or not len(mercator):
        return mercator
    simple: Areas = shapely.coverage_simplify(mercator, tolerance_m(zoom))
    lost = shapely.is_empty(simple) | ~shapely.is_valid(simple)
    return np.where(lost, mercator, simple)


def tolerance_m(zoom: int) -> float:
    """Return how much (metres of EPSG:3857) may be left out of a copy for map zooms up to ``zoom``."""
    return TOLERANCE_PX * WORLD_M / WEB_TILE_PX / 2**zoom
