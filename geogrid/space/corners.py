"""Vertices of the borders: points that lie on a border are most often exactly these, so their answers are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space import kernels, raster_kernels

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]
Hashes = NDArray[np.uint64]
Objects = NDArray[np.object_]


def corners_of(shapes: Objects) -> Floats:
    """Return the distinct vertices (n, 2) of the shapes, in degrees."""
    xy = shapely.get_coordinates(shapes)
    xy = xy[np.lexsort(xy.T)]
    return xy[np.append(True, (xy[1:] != xy[:-1]).any(axis=1))]


@dataclass(frozen=True)
class Corners:
    """The table of ``kernels.find_corners``; corner k has the label ``first`` + k."""

    slots: Int32s
    bits: Hashes
    first: int

    @classmethod
    def of(cls, lonlat: Floats, first: int) -> Corners:
        """Build the table for distinct points (n, 2) in degrees."""
        bits = np.ascontiguousarray(lonlat).view(np.uint64)
        slots = np.full(1 << int(np.ceil(np.log2(4 * len(bits)))), kernels.NO_LABEL, dtype=np.int32)
        raster_kernels.fill_corners(slots, bits)
        return cls(slots, bits, first)
