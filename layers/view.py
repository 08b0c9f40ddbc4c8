"""What part of the district a reader looks at, how closely, in which language, with which filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func

from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.space.crs import SRID_STORED, SRID_WEB_MERCATOR, transformer

MOST_FEATURES = 20_000


@dataclass(frozen=True)
class View:
    """A bounded look at the district.

    Parameters
    ----------
    bbox : west, south, east, north in degrees (EPSG:4490, lon/lat)
    zoom : zoom of the web map, 0 to 19
    language : of labels made by the server
    filters : what a layer lets one choose, such as ``{"department": "police"}``
    scope : what the reader may see of the district's events
    most : the bound on features read
    """

    bbox: tuple[float, float, float, float]
    zoom: int
    language: str = "zh"
    filters: Mapping[str, str] = field(default_factory=dict)
    scope: Scope = EVERYTHING
    most: int = MOST_FEATURES

    def mercator(self) -> tuple[float, float, float, float]:
        """Return the box in metres of EPSG:3857 (west, south, east, north)."""
        forward = transformer(SRID_STORED, SRID_WEB_MERCATOR)
        west, south = forward.transform(self.bbox[0], self.bbox[1])
        east, north = forward.transform(self.bbox[2], self.bbox[3])
        return west, south, east, north

    def envelope(self) -> ColumnElement:
        """Return the box as SQL in the stored coordinate system, for ``&&`` on the GiST index of a stored geometry."""
        return func.ST_MakeEnvelope(*self.bbox, SRID_STORED)

    def envelope_mercator(self) -> ColumnElement:
        """Return the box as SQL in EPSG:3857, for ``&&`` on the GiST index of ``shapes.geom_mercator``."""
        return func.ST_MakeEnvelope(*self.mercator(), SRID_WEB_MERCATOR)
