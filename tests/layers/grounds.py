"""A tiny district written straight into the tables: four square grids, one exclusive, two villages, a river, a road, stations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import shapely
from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geogrid.space.crs import SRID_STORED, transformer
from geogrid.space.tiles import CLUSTER_ZOOMS, CROWD_ZOOMS, STEP_ZOOM, cell_of, cell_zoom
from geogrid.store.tables.cells import event_cells
from geogrid.store.tables.editions import editions
from geogrid.store.tables.events import events
from geogrid.store.tables.geography import base_grids, department_grids, places, roads, shapes, stations, units

WEST, SOUTH, SIDE = 126.60, 45.90, 0.02
START = datetime(2025, 1, 1, tzinfo=UTC)
IN_FORCE = Range(START, None, bounds="[)")
DISTRICT, TOWNSHIP, VILLAGE = "999901000000", "999901001000", "999901001001"
GRIDS = tuple(f"{VILLAGE}00{i}" for i in range(1, 5))


def square(column: int, row: int, columns: int = 1, rows: int = 1) -> shapely.Polygon:
    """A rectangle of ``columns`` by ``rows`` cells of the ground, its south-west corner at (column, row)."""
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return shapely.box(west, south, west + columns * SIDE, south + rows * SIDE)


def build_ground(session: Session, *, names: dict[str, str] | None = None) -> int:
    """Write the ground as one edition in force; return the edition's id. ``names`` replaces names of grids by code."""
    edition = session.execute(
        editions.insert()
        .values(name="ground", state="in_force", replaces=KINDS, valid=IN_FORCE, loaded_at=START, activated_at=START)
        .returning(editions.c.id)
    ).scalar_one()
    common = {"edition_id": edition, "valid": IN_FORCE, "synthetic": True}
    _areas(session, common, names or {})
    _rest(session, common)
    return int(edition)


KINDS = ["units", "base_grids", "department_grids", "stations", "roads", "places"]


def _areas(session: Session, common: dict[str, Any], names: dict[str, str]) -> None:
    whole = square(0, 0, 2, 2)
    for code, name, level, kind, parent in (
        (DISTRICT, "模拟区", "district", "district", None),
        (TOWNSHIP, "河滨街道", "township", "street", DISTRICT),
        (VILLAGE, "柳树社区", "village", "community", TOWNSHIP),
    ):
        row = {**common, "code": code, "name": name, "level": level, "kind": kind, "parent_code": parent, "geom": area(whole)}
        session.execute(units.insert().values(row))
        copies(session, common["edition_id"], "units", code, whole, {"name": name, "level": level})
    for i, code in enumerate(GRIDS):
        shape = square(i % 2, i // 2)
        row = {**common, "code": code, "name": names.get(code, f"第{i + 1}网格"), "kind": "exclusive" if i == 3 else "ordinary"}
        row |= {"exclusive_kind": "park" if i == 3 else None, "village_code": VILLAGE, "leader": "张三", "households": 100 + i}
        session.execute(base_grids.insert().values({**row, "area_m2": 3.4e6, "geom": area(shape)}))
        copies(session, common["edition_id"], "base_grids", code, shape, {"name": row["name"], "kind": row["kind"]})
    for i, department in enumerate(("police", "market")):
        code = f"1000009999010010010{i}"[:20].ljust(20, "0")
        row = {**common, "code": code, "name": f"{department}片", "department": department, "area_m2": 1.0, "geom": area(whole)}
        session.execute(department_grids.insert().values(row))
        said = {"name": row["name"], "department": department}
        copies(session, common["edition_id"], "department_grids", code, whole, said)


def _rest(session: Session, common: dict[str, Any]) -> None:
    for code, name, level, x, y in (
        (f"{DISTRICT}01", "区中心", "centre", 1.0, 1.0),
        (f"{TOWNSHIP}01", "河滨站", "station", 0.5, 0.5),
        (f"{VILLAGE}01", "柳树点", "point", 1.5, 0.5),
    ):
        row = {**common, "code": code, "name": name, "level": level, "unit_code": code[:12], "hours": "24/7"}
        session.execute(stations.insert().values({**row, "geom": point(WEST + x * SIDE, SOUTH + y * SIDE)}))
    line = shapely.LineString([(WEST, SOUTH + SIDE / 2), (WEST + 2 * SIDE, SOUTH + SIDE / 2)])
    row = {**common, "code": "r1", "name": "中心路", "road_class": "primary", "from_node": 1, "to_node": 2, "speed_car_kmh": 40.0}
    session.execute(roads.insert().values({**row, "length_m": 3000.0, "geom": stored(line)}))
    for code, name, kind, shape in (
        ("w1", "柳河", "water", shapely.LineString([(WEST, SOUTH), (WEST + SIDE, SOUTH + 2 * SIDE)]).buffer(0.001)),
        ("s1", "柳树屯", "settlement", shapely.Point(WEST + SIDE, SOUTH + SIDE / 3)),
    ):
        session.execute(places.insert().values({**common, "code": code, "name": name, "kind": kind, "geom": stored(shape)}))


def copies(session: Session, edition: int, kind: str, code: str, shape: shapely.Geometry, said: dict[str, str]) -> None:
    """Write the copies of an area that activation makes for tiles."""
    forward = transformer(4490, 3857)
    flat = shapely.transform(shape, forward.transform, interleaved=False)
    for zoom in (10, 14, 19):
        row = {"kind": kind, "edition_id": edition, "zoom": zoom, "code": code, "properties": said}
        session.execute(shapes.insert().values({**row, "geom_mercator": func.ST_GeomFromText(flat.wkt, 3857)}))


def area(shape: shapely.Polygon) -> Any:
    """An area as the tables hold it."""
    return stored(shapely.multipolygons([shape]))


def stored(shape: shapely.Geometry) -> Any:
    """A geometry in the stored coordinate system."""
    return func.ST_GeomFromText(shape.wkt, SRID_STORED)


def point(lon: float, lat: float) -> Any:
    """A point in the stored coordinate system."""
    return stored(shapely.Point(lon, lat))


def add_event(session: Session, edition: int, x: float, y: float, *, is_open: bool = True, words: str = "路灯不亮") -> UUID:
    """Write an event at (x, y) in cells of the ground, with its counts; return its id."""
    lon, lat = WEST + x * SIDE, SOUTH + y * SIDE
    event_id = uuid4()
    at = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
    cell_x, cell_y = (int(index) for index in cell_of(lon, lat, STEP_ZOOM))
    session.execute(
        events.insert().values(
            id=event_id, number=f"E{event_id.hex[:10]}", body_hash=b"0" * 32, channel="patrol", kind="facility", words=words,
            observed_at=at, reported_at=at, closed_at=None if is_open else at, datum="wgs84", original_lon=lon, original_lat=lat,
            state="opened" if is_open else "closed", is_open=is_open, edition_id=edition, grid_code=GRIDS[0],
            village_code=VILLAGE, township_code=TOWNSHIP, rule="inside", synthetic=True,
            point=point(lon, lat), cell_x=cell_x, cell_y=cell_y,
        )
    )  # fmt: skip
    for zoom in CLUSTER_ZOOMS + CROWD_ZOOMS:
        count(session, event_cells, cell_zoom(zoom), lon, lat, is_open)
    return event_id


def count(session: Session, table: Any, zoom: int, lon: float, lat: float, is_open: bool, events_n: int = 1) -> None:
    """Add ``events_n`` events to the counts of one cell, in ``event_cells`` or as a delta."""
    x, y = cell_of(lon, lat, zoom)
    session.execute(
        text(
            f"INSERT INTO {table.name} AS c (zoom, cell_x, cell_y, township_code, village_code, is_open, events,"
            " sum_lon_e7, sum_lat_e7) VALUES (:z, :x, :y, :t, :v, :o, :n, :lon, :lat)"
            + (
                " ON CONFLICT (zoom, cell_x, cell_y, township_code, village_code, is_open) DO UPDATE SET"
                " events = c.events + excluded.events,"
                " sum_lon_e7 = c.sum_lon_e7 + excluded.sum_lon_e7, sum_lat_e7 = c.sum_lat_e7 + excluded.sum_lat_e7"
                if table is event_cells
                else ""
            )
        ),
        {"z": zoom, "x": int(x), "y": int(y), "t": TOWNSHIP, "v": VILLAGE, "o": is_open, "n": events_n,
         "lon": round(lon * 1e7) * events_n, "lat": round(lat * 1e7) * events_n},
    )  # fmt: skip
