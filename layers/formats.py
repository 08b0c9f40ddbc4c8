"""Any layer as vector tiles (in SQL) or GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from geogrid.space.crs import SRID_STORED, SRID_WEB_MERCATOR
from geogrid.space.tiles import CELL_PX, TILE_PX, tile_bounds_mercator
from layers.layer import Layer, Shape
from layers.view import View

EXTENT = 4096
UNITS_PER_PX = EXTENT // TILE_PX
POINT_BUFFER = CELL_PX * UNITS_PER_PX  # a circle on the edge is drawn by the tiles on both sides
AREA_BUFFER = 8 * UNITS_PER_PX  # where an area is cut lies outside the tile, so that the cut is never drawn
POINT_SHAPES = {Shape.CLUSTER, Shape.CIRCLE, Shape.SQUARE, Shape.DIAMOND, Shape.TRIANGLE, Shape.TEXT}


def mvt(session: Session, layers: Iterable[Layer], view: View, tile: tuple[int, int, int]) -> bytes:
    """Return one vector tile (version 2) with a layer of the same name for each of ``layers``.

    Parameters
    ----------
    view : the tile's box and zoom
    tile : map zoom, x, y of the 1024-px tile
    """
    bounds = func.ST_MakeEnvelope(*tile_bounds_mercator(*tile), SRID_WEB_MERCATOR)
    parts = [_encoded(layer, view, bounds) for layer in layers if view.zoom >= layer.from_zoom]
    if not parts:
        return b""
    row = session.execute(select(*parts)).one()
    return b"".join(bytes(part) for part in row if part)


def _encoded(layer: Layer, view: View, bounds: ColumnElement) -> ColumnElement:
    rows = layer.select(view).subquery("rows")
    is_point = layer.rules[0].symbol.shape in POINT_SHAPES
    buffer = POINT_BUFFER if is_point else AREA_BUFFER
    geom = func.ST_AsMVTGeom(rows.c.geom, bounds, EXTENT, buffer, True, type_=None).label("geom")
    properties = [column for column in rows.c if column.name != "geom"]
    drawn = select(geom, *properties).subquery("drawn")
    whole_row = aggregate_order_by(literal_column("drawn.*"), drawn.c.code)
    tile = func.ST_AsMVT(whole_row, layer.name, EXTENT, "geom", type_=LargeBinary)
    return select(tile).select_from(drawn).where(drawn.c.geom.is_not(None)).scalar_subquery().label(layer.name)


def geojson(session: Session, layer: Layer, view: View, *, digits: int = 6) -> dict[str, Any]:
    """Return the layer's features in the view as a GeoJSON FeatureCollection (RFC 7946: lon/lat, ``digits`` decimals)."""
    rows = layer.select(view).subquery("rows")
    lonlat = func.ST_AsGeoJSON(func.ST_Transform(rows.c.geom, SRID_STORED), digits, 0, type_=None).label("geometry")
    properties = [column for column in rows.c if column.name != "geom"]
    found: Select = select(lonlat, *properties).where(rows.c.geom.is_not(None)).order_by(rows.c.code)
    features = [
        {
            "type": "Feature",
            "id": row.code,
            "geometry": json.loads(row.geometry),
            "properties": {column.name: getattr(row, column.name) for column in properties},
        }
        for row in session.execute(found)
    ]
    return {"type": "FeatureCollection", "features": features}
