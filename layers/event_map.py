"""A small map around one place for paper and for pages without scripts: grids, roads and stations as paths of an SVG."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.orm import Session

from geogrid.space.crs import SRID_STORED, SRID_WEB_MERCATOR, geodesic_m, transformer
from geogrid.store.tables.geography import base_grids, roads, stations
from layers.shapes import in_force, mercator

HALF_WIDTH_M, HALF_HEIGHT_M = 900.0, 520.0  # in metres of the drawing, which stretches with latitude
BAR_M = 200.0
MOST_GRIDS, MOST_ROADS, MOST_STATIONS = 200, 1_500, 20


@dataclass(frozen=True)
class SmallMap:
    """Paths in a box whose middle is the place: x to the east, y to the south. ``bar`` is how long ``BAR_M`` metres are."""

    width: float
    height: float
    grids: tuple[tuple[str, str, str], ...]
    roads: tuple[str, ...]
    stations: tuple[tuple[str, float, float], ...]
    bar: float


def small_map(session: Session, point_lonlat: tuple[float, float]) -> SmallMap:
    """Return what lies around a point (lon, lat in degrees of record). Rides the GiST indexes of grids, roads, stations."""
    lon, lat = point_lonlat
    x, y = transformer(SRID_STORED, SRID_WEB_MERCATOR).transform(lon, lat)
    stretch = _stretch(lon, lat)
    half_x, half_y = HALF_WIDTH_M * stretch, HALF_HEIGHT_M * stretch
    box = func.ST_MakeEnvelope(x - half_x, y - half_y, x + half_x, y + half_y, SRID_WEB_MERCATOR)
    near = func.ST_Transform(box, SRID_STORED)

    def drawn(geom: ColumnElement) -> ColumnElement:
        clipped = func.ST_ClipByBox2D(mercator(geom), func.box2d(box), type_=None)
        return func.ST_AsSVG(func.ST_Translate(clipped, -x, -y), 0, 1)

    def inside(table: Table) -> ColumnElement[bool]:
        return in_force(table) & table.c.geom.op("&&")(near)

    of_grids = select(base_grids.c.code, base_grids.c.name, drawn(base_grids.c.geom)).where(inside(base_grids))
    of_roads = select(drawn(roads.c.geom)).where(inside(roads))
    at = (func.ST_X(mercator(stations.c.geom)) - x, y - func.ST_Y(mercator(stations.c.geom)))
    of_stations = select(stations.c.name, *at).where(inside(stations)).order_by(stations.c.code).limit(MOST_STATIONS)
    grids = session.execute(of_grids.order_by(base_grids.c.code).limit(MOST_GRIDS))
    lines = session.scalars(of_roads.order_by(roads.c.code).limit(MOST_ROADS))
    return SmallMap(
        2 * half_x,
        2 * half_y,
        tuple((row[0], row[1], row[2]) for row in grids if row[2]),
        tuple(path for path in lines if path),
        tuple((row[0], float(row[1]), float(row[2])) for row in session.execute(of_stations)),
        BAR_M * stretch,
    )


def _stretch(lon: float, lat: float) -> float:
    """Return how many metres of EPSG:3857 one metre on the ground is, here."""
    east = lon + 0.001
    forward = transformer(SRID_STORED, SRID_WEB_MERCATOR)
    drawn = forward.transform(east, lat)[0] - forward.transform(lon, lat)[0]
    return float(drawn / geodesic_m([lon], [lat], [east], [lat])[0])
