"""A district of four grids in two townships, 0.01 degrees wide each, and reports in it: small enough to know every answer.

::

    lat 45.92  +-----+-----+
               | A 2 | B 2 |     A: township 999901001, B: township 999901002
    lat 45.91  +-----+-----+     each has one village; grids 1 south, 2 north
               | A 1 | B 1 |     a point (station) stands in the middle of each village
    lat 45.90  +-----+-----+
          126.60 126.61 126.62
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import geopandas as gpd
import shapely

from geogrid.actions.district import district_of
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.domain.events import Channel, EventKind, Report
from geogrid.domain.grids import GeographyKind
from geogrid.domain.places import Datum, ReportedPoint
from geogrid.domain.profiles import parse_profile
from geogrid.settings import ROOT
from geogrid.space.crs import SRID_STORED, geodesic_m

NOW = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)
WEST, SOUTH, SIDE = 126.60, 45.90, 0.01
A1, A2, B1, B2 = "999901001001001", "999901001001002", "999901002001001", "999901002001002"
IN_A1, IN_A2, IN_B1, IN_B2 = (126.605, 45.905), (126.605, 45.915), (126.615, 45.905), (126.615, 45.915)
VILLAGE_A, VILLAGE_B = "999901001001", "999901002001"
TOWNSHIP_A, TOWNSHIP_B = "999901001000", "999901002000"


def box(column: int, row: int, columns: int = 1, rows: int = 1) -> shapely.Polygon:
    """The rectangle of so many sides of a grid, its corners on the degrees that the picture shows."""
    x = [round(WEST + SIDE * i, 9) for i in (column, column + columns)]
    y = [round(SOUTH + SIDE * i, 9) for i in (row, row + rows)]
    return shapely.box(x[0], y[0], x[1], y[1])


def frame(rows: list[dict]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=SRID_STORED).assign(synthetic=True)


def units() -> gpd.GeoDataFrame:
    def unit(code, name, level, kind, parent, shape):
        return {"code": code, "name": name, "level": level, "kind": kind, "parent_code": parent, "geometry": shape}

    return frame(
        [
            unit("999901000000", "模拟区", "district", "district", None, box(0, 0, 2, 2)),
            unit(TOWNSHIP_A, "甲街道", "township", "street", "999901000000", box(0, 0, 1, 2)),
            unit(TOWNSHIP_B, "乙镇", "township", "town", "999901000000", box(1, 0, 1, 2)),
            unit(VILLAGE_A, "甲社区", "village", "community", TOWNSHIP_A, box(0, 0, 1, 2)),
            unit(VILLAGE_B, "乙村", "village", "village", TOWNSHIP_B, box(1, 0, 1, 2)),
        ]
    )


def grids(*, split_m: float = 0.0) -> gpd.GeoDataFrame:
    """The four base grids; with ``split_m`` (degrees) the border between south and north moves up by as much."""
    rows = []
    for column, (village, codes) in enumerate(((VILLAGE_A, (A1, A2)), (VILLAGE_B, (B1, B2)))):
        west, east = (round(WEST + SIDE * i, 9) for i in (column, column + 1))
        middle = round(SOUTH + SIDE + split_m, 9)
        south, north = (west, SOUTH, east, middle), (west, middle, east, round(SOUTH + 2 * SIDE, 9))
        for code, bounds in zip(codes, (south, north), strict=True):
            row = {"code": code, "name": f"网格{code[-4:]}", "kind": "ordinary", "village_code": village, "households": 200}
            rows.append({**row, "leader": "", "geometry": shapely.box(*bounds)})
    return frame(rows)


def departments() -> gpd.GeoDataFrame:
    row = {"code": "01020399990100100100", "name": "甲市场网格", "department": "market", "object_class": "010203"}
    return frame([{**row, "geometry": box(0, 0, 1, 2)}])


def stations() -> gpd.GeoDataFrame:
    def station(code, level, unit, place):
        return {"code": code, "name": code, "level": level, "unit_code": unit, "industries": "物业;交通", "geometry": place}

    return frame(
        [
            station("99990100000001", "centre", "999901000000", shapely.Point(126.61, 45.91)),
            station(VILLAGE_A + "01", "point", VILLAGE_A, shapely.Point(126.605, 45.91)),
            station(VILLAGE_B + "01", "point", VILLAGE_B, shapely.Point(126.615, 45.91)),
        ]
    )


def households(count: int = 10) -> gpd.GeoDataFrame:
    """``count`` homes up the middle of each column, evenly from south to north."""
    rows = [
        {"code": f"H{column}{i}", "address": "", "geometry": shapely.Point(x, SOUTH + 2 * SIDE * (i + 0.5) / count)}
        for column, x in enumerate((126.605, 126.615))
        for i in range(count)
    ]
    return frame(rows)


def street(code, start, end, nodes):
    length_m = float(geodesic_m(*start, *end))
    row = {
        "code": code,
        "name": "",
        "road_class": "residential",
        "from_node": nodes[0],
        "to_node": nodes[1],
        "speed_car_kmh": 30.0,
    }
    return row | {"length_m": length_m, "geometry": shapely.LineString([start, end])}


def roads():
    """One street up the middle of each column, joined by one in the south; homes and stations stand on them."""
    a, b = [(126.605, 45.90), (126.605, 45.91), (126.605, 45.92)], [(126.615, 45.90), (126.615, 45.91), (126.615, 45.92)]
    rows = [street(f"A{i}", a[i], a[i + 1], (i, i + 1)) for i in range(2)]
    rows += [street(f"B{i}", b[i], b[i + 1], (10 + i, 11 + i)) for i in range(2)]
    return frame([*rows, street("S", a[0], b[0], (0, 10))])


def geography(**grid_options) -> dict[GeographyKind, gpd.GeoDataFrame]:
    return {
        GeographyKind.UNITS: units(),
        GeographyKind.BASE_GRIDS: grids(**grid_options),
        GeographyKind.DEPARTMENT_GRIDS: departments(),
        GeographyKind.STATIONS: stations(),
        GeographyKind.HOUSEHOLDS: households(),
    }


def profile():
    return parse_profile((ROOT / "data/profiles/999901.toml").read_text("utf-8"))


def publish(session, name="first", frames=None, *, now=NOW, **options):
    """Load ``frames`` (the whole small district) into an edition and put it in force."""
    district = district_of(profile(), session)
    load_edition(session, name, frames or geography(), now=now, district=district)
    return activate_edition(session, name, now=now, district=district, **options)


def report(lonlat=IN_A1, *, id: UUID | None = None, words: str = "路灯不亮", accuracy_m=None, photos=()) -> Report:  # noqa: A002
    """A patrol's report at ``lonlat`` (WGS 84), None for one without a position."""
    return Report(
        id=id or uuid4(),
        channel=Channel.PATROL,
        kind=EventKind.FACILITY,
        words=words,
        point=None if lonlat is None else ReportedPoint(*lonlat, Datum.WGS84, accuracy_m),
        observed_at=NOW - timedelta(minutes=1),
        body_hash=hashlib.sha256(f"{words}{lonlat}".encode()).digest(),
        photo_sha256s=tuple(photos),
        synthetic=True,
    )
