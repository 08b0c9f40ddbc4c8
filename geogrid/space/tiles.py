"""Cells and tiles of the web map (EPSG:3857): indices, bounds, ancestors. Knows 3857 for drawing; nothing is measured in it.

Two grids are spoken of. A *cell* is a plain 256-px web tile (x east, y south, from the north-west) at a cell zoom; events
are counted by cell. A *tile* is what the map fetches: ``TILE_PX`` pixels wide where the world at map zoom z is
256 * 2**z pixels wide, so tile (z, x, y) is the web tile (z - 2, x, y).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

WORLD_M = 2.0 * math.pi * 6378137.0  # width of the web map's world
MOST_LAT = math.degrees(math.atan(math.sinh(math.pi)))  # 85.051...: the square world ends here
WEB_TILE_PX = 256
TILE_PX = 1024
CELL_PX = 64

TILE_STEPS = int(math.log2(TILE_PX // WEB_TILE_PX))  # a fetched tile is the web tile this many zooms up
CELL_STEPS = int(math.log2(WEB_TILE_PX // CELL_PX))  # a cell is the web tile this many zooms down

CLUSTER_ZOOMS = tuple(range(7, 16))  # map zooms at which events are shown as counts a cell; beyond them, each by itself
CROWD_ZOOMS = (16, 17, 18)  # at which counts stand in for events that are too many to be told apart
STEP_ZOOM = 16  # cells named in notifications of changed events

Bounds = tuple[float, float, float, float]
Cells = NDArray[np.int64]


def cell_zoom(map_zoom: int) -> int:
    """Return the zoom of the 64-px cells that a map at ``map_zoom`` shows (``event_cells.zoom``): two steps down."""
    return map_zoom + CELL_STEPS


def cell_of(lon: ArrayLike, lat: ArrayLike, zoom: int) -> tuple[Cells, Cells]:
    """Return x and y of the cells at cell zoom ``zoom`` that hold the points.

    Parameters
    ----------
    lon, lat : array_like of degrees; latitudes beyond the square world count to its edge
    zoom : cell zoom, the world being 2**zoom cells wide

    Returns
    -------
    x, y : int64 arrays, x from the west, y from the north. A point on a line belongs to the cell east and south of it.
    """
    count = 2**zoom
    radians = np.radians(np.clip(np.asarray(lat, float), -MOST_LAT, MOST_LAT))
    x = (np.asarray(lon, float) + 180.0) / 360.0 * count
    y = (0.5 - np.arcsinh(np.tan(radians)) / (2.0 * np.pi)) * count
    return _index(x, count), _index(y, count)


def _index(position: NDArray[np.float64], count: int) -> Cells:
    return np.clip(np.floor(position), 0, count - 1).astype(np.int64)


def cell_bounds_mercator(x: int, y: int, zoom: int) -> Bounds:
    """Return (west, south, east, north) of a cell in EPSG:3857 metres."""
    width = WORLD_M / 2**zoom
    west, north = x * width - WORLD_M / 2, WORLD_M / 2 - y * width
    return west, north - width, west + width, north


def cell_bounds_lonlat(x: int, y: int, zoom: int) -> Bounds:
    """Return (west, south, east, north) of a cell in degrees."""
    count = 2**zoom
    west, east = (column / count * 360.0 - 180.0 for column in (x, x + 1))
    south, north = (math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * row / count)))) for row in (y + 1, y))
    return west, south, east, north


def tile_exists(z: int, x: int, y: int) -> bool:
    """Whether (z, x, y) is a tile of the map: map zoom from 2 (the world is one tile) to 24, x and y within the world."""
    return TILE_STEPS <= z <= 24 and 0 <= x < 2 ** (z - TILE_STEPS) and 0 <= y < 2 ** (z - TILE_STEPS)


def tile_bounds_mercator(z: int, x: int, y: int) -> Bounds:
    """Return (west, south, east, north) in EPSG:3857 metres of the 1024-px tile at map zoom ``z``; else ValueError."""
    _must_exist(z, x, y)
    return cell_bounds_mercator(x, y, z - TILE_STEPS)


def tile_bounds_lonlat(z: int, x: int, y: int) -> Bounds:
    """Return (west, south, east, north) in degrees of the 1024-px tile at map zoom ``z``; ValueError if there is none."""
    _must_exist(z, x, y)
    return cell_bounds_lonlat(x, y, z - TILE_STEPS)


def _must_exist(z: int, x: int, y: int) -> None:
    if not tile_exists(z, x, y):
        raise ValueError(f"there is no tile {z}/{x}/{y}")


def cells_of_tile(z: int, x: int, y: int) -> tuple[int, range, range]:
    """Return (cell zoom, columns, rows) of the 64-px cells that the tile at map zoom ``z`` is made of: 16 by 16."""
    _must_exist(z, x, y)
    side = TILE_PX // CELL_PX
    return cell_zoom(z), range(x * side, (x + 1) * side), range(y * side, (y + 1) * side)


def ancestors(x16: int, y16: int, zooms: range = range(TILE_STEPS, STEP_ZOOM + TILE_STEPS + 1)) -> list[tuple[int, int, int]]:
    """Return the tiles (z, x, y) of map zooms 2 to 18 that show the cell (x16, y16) of zoom 16: those to draw anew."""
    return [(z, x16 >> (STEP_ZOOM - z + TILE_STEPS), y16 >> (STEP_ZOOM - z + TILE_STEPS)) for z in zooms]
