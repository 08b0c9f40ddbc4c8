"""Frames of the twin: every row says that it is synthetic, every geometry is in degrees of record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space.crs import SRID_STORED

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def frame(columns: dict[str, Any], geometry: NDArray[np.object_]) -> GeoDataFrame:
    """Return a GeoDataFrame (EPSG:4490, lon/lat) of ``columns`` with ``synthetic`` True in every row.

    Rings run as RFC 7946 wants them: the outer one against the clock, so that an import has nothing to mend.
    """
    from geopandas import GeoDataFrame

    return GeoDataFrame({**columns, "synthetic": True}, geometry=shapely.orient_polygons(geometry), crs=SRID_STORED)


def points(lonlat: NDArray[np.float64]) -> NDArray[np.object_]:
    """Return points from an array of shape (n, 2)."""
    return np.asarray(shapely.points(lonlat))
