"""The only file that knows coordinate systems, their axis order and their SRIDs.

Everything here is lon/lat (x/y) order: transformers are made with ``always_xy``, because the registry orders EPSG:4490
and the Chinese Gauss-Krüger zones north/east.
"""

from __future__ import annotations

from functools import lru_cache

from pyproj import Transformer

SRID_STORED = 4490  # CGCS2000 geographic, degrees: the datum of record
SRID_WGS84 = 4326
SRID_WEB_MERCATOR = 3857  # for tiles only; never measure in it


@lru_cache(maxsize=64)
def transformer(source_srid: int, target_srid: int) -> Transformer:
    """Return the cached transformer from one EPSG code to another, x/y (lon/lat, east/north) on both sides."""
    return Transformer.from_crs(source_srid, target_srid, always_xy=True)
