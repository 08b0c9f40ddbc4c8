"""A small town of streets on a square lattice, for tests of networks, circles and hotspots."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from geogrid.space.crs import from_metric, lonlat_of

METRIC_SRID = 4551
ORIGIN_M = np.array([500_000.0, 5_080_000.0])  # a place near 126 E 45.9 N


def lonlat(x_m, y_m):
    """Degrees of points given in metres from the lattice's south-west corner; (n, 2)."""
    x, y = np.atleast_1d(np.asarray(x_m, float)), np.atleast_1d(np.asarray(y_m, float))
    return np.column_stack(lonlat_of(x + ORIGIN_M[0], y + ORIGIN_M[1], METRIC_SRID))


def road(start, end, from_node, to_node, *, via=(), length_m=None, **columns):
    """One row of a road frame, with every column defaulted; places are metres from the corner."""
    line = shapely.LineString(np.array([start, *via, end], float) + ORIGIN_M)
    row = {"name": "", "road_class": "residential", "oneway": False, "bridge": False, "walk": True, "ebike": True, "car": True}
    row |= {"speed_car_kmh": 30.0, "from_node": from_node, "to_node": to_node}
    return row | {"length_m": line.length if length_m is None else length_m, "geometry": line} | columns


def frame(rows):
    """A road frame (EPSG:4490) of rows made by :func:`road`."""
    roads = gpd.GeoDataFrame(rows, geometry="geometry", crs=METRIC_SRID)
    roads["geometry"] = from_metric(roads.geometry.array, METRIC_SRID)
    roads["code"] = [f"R{i:05d}" for i in range(len(roads))]
    return roads.set_crs(4490, allow_override=True)


def lattice(columns=6, rows=5, step_m=200.0, *, without=()):
    """Streets between neighbouring crossings; ``without`` names pairs of nodes (row * columns + column) with no street."""
    made = []
    for r in range(rows):
        for c in range(columns):
            node = r * columns + c
            for other, there in ((node + 1, (c + 1, r)), (node + columns, (c, r + 1))):
                if there[0] < columns and there[1] < rows and (node, other) not in without:
                    made.append(road((c * step_m, r * step_m), (there[0] * step_m, there[1] * step_m), node, other))
    return frame(made)
