"""Fields on a regular raster to areas between two levels."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def area_between(
    x_m: Floats, y_m: Floats, field: Floats, low: float, high: float, *, simplify_m: float = 0.0
) -> shapely.MultiPolygon:
    """Return the area where ``field`` lies between ``low`` and ``high``, linear between the raster's points.

    Parameters
    ----------
    x_m, y_m : the raster's columns (n) and rows (m), metres, rising
    field : (m, n) finite values
    simplify_m : vertices closer than this to their neighbours' line are dropped

    Returns
    -------
    a valid MultiPolygon in metres of the raster, empty where nothing lies between
    """
    if min(field.shape) < 2:
        return shapely.MultiPolygon()
    generator = contourpy.contour_generator(x_m, y_m, field, fill_type=contourpy.FillType.OuterOffset)
    rings, offsets = cast(Any, generator.filled(low, high))
    parts = []
    for points, starts in zip(rings, offsets, strict=True):
        outer, *holes = (points[start:end] for start, end in pairwise(starts))
        parts.append(shapely.Polygon(outer, holes))
    valid = shapely.make_valid(shapely.simplify(np.array(parts, dtype=object), simplify_m))
    polygons = shapely.get_parts(shapely.get_parts(valid))
    return shapely.MultiPolygon(polygons[shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON].tolist())
