"""Any layer as vector tiles (in SQL) or GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Integer, LargeBinary, Select, cast, func, literal, literal_column, select
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
    parts = [part for layer in layers if view.zoom >= layer.from_zoom for part in _encoded(layer, view, bounds)]
    if not parts:
        return b""
    row = session.execute(select(*parts)).one()
    return b"".join(bytes(part) for part in row if part)


def _encoded(layer: Layer, view: View, bounds: ColumnElement) -> list[ColumnElement]:
    """Return the SQL of a layer's part of a tile, and of its names where they are written at this zoom."""
    is_point = layer.rules[0].symbol.shape in POINT_SHAPES
    parts = [_tile(layer.name, layer.select(view), bounds, POINT_BUFFER if is_point else AREA_BUFFER)]
    if has_names(layer, view):
        parts.append(_tile(f"{layer.name}-label", names_of(layer, view), bounds, POINT_BUFFER))
    return parts


def _tile(name: str, rows_of: Select, bounds: ColumnElement, buffer: int) -> ColumnElement:
    rows = rows_of.subquery("rows")
    geom = func.ST_AsMVTGeom(rows.c.geom, bounds, EXTENT, buffer, True, type_=None).label("geom")
    drawn = select(geom, *(column for column in rows.c if column.name != "geom")).subquery("drawn")
    # in a fixed order, so that equal data are equal bytes; PostgreSQL takes ORDER BY after the last argument only
    geom_name = aggregate_order_by(literal("geom"), drawn.c.code)
    tile = func.ST_AsMVT(literal_column("drawn.*"), name, EXTENT, geom_name, type_=LargeBinary)
    return select(tile).select_from(drawn).where(drawn.c.geom.is_not(None)).scalar_subquery().label(name)


def has_names(layer: Layer, view: View) -> bool:
    """Whether the areas of ``layer`` get names at this zoom; a point is where its own name stands."""
    is_area = layer.rules[0].symbol.shape not in POINT_SHAPES
    return layer.label is not None and is_area and view.zoom >= layer.label_from_zoom


def names_of(layer: Layer, view: View) -> Select:
    """Return the SELECT of where names of areas stand: the centre of the largest circle within, and its radius ``r`` (3857 m)."""
    rows = layer.select(view).subquery("areas")
    circle = func.ST_MaximumInscribedCircle(rows.c.geom, type_=None)
    name = rows.c[layer.label]
    hearts = select(rows.c.code, name.label("name"), circle.label("circle")).where(name.is_not(None)).subquery("hearts")
    centre = func.ST_SetSRID(literal_column("(hearts.circle).center"), SRID_WEB_MERCATOR).label("geom")
    radius = cast(literal_column("(hearts.circle).radius"), Integer).label("r")
    return select(hearts.c.code, hearts.c.name, centre, radius)


def geojson(session: Session, layer: Layer, view: View, *, digits: int = 6) -> dict[str, Any]:
    """Return the layer's features in the view as a GeoJSON FeatureCollection (RFC 7946: lon/lat, ``digits`` decimals)."""
    return _collection(session, layer.select(view), digits)


def geojson_names(session: Session, layer: Layer, view: View, *, digits: int = 6) -> dict[str, Any]:
    """Return where the names of the layer's areas stand, as points with ``name`` and the radius ``r`` (metres of EPSG:3857)."""
    return _collection(session, names_of(layer, view), digits)


def _collection(session: Session, rows_of: Select, digits: int) -> dict[str, Any]:
    rows = rows_of.subquery("rows")
    lonlat = func.ST_AsGeoJSON(func.ST_Transform(rows.c.geom, SRID_STORED), digits, 0, type_=None).label("geometry")
    names = [column.name for column in rows.c if column.name != "geom"]
    found = select(lonlat, *(rows.c[name] for name in names)).where(rows.c.geom.is_not(None)).order_by(rows.c.code)
    features = []
    for row in session.execute(found).mappings():
        properties = {name: row[name] for name in names}
        features.append({"type": "Feature", "id": row["code"], "geometry": json.loads(row["geometry"]), "properties": properties})
    return {"type": "FeatureCollection", "features": features}
