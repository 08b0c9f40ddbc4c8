"""Service circles of files: roads, stations and households in any of the formats that can be loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etl.cells import convert
from etl.errors import CodeDuplicate, CodeMissing, ColumnMissing, FileEmpty, NoCircles, ValueUnknown
from etl.kinds import KINDS, LINE, POINT, Column
from etl.located import locate
from etl.recipe import Recipe, in_our_names
from etl.sources import ReadOptions, open_table
from etl.sources.table import Table, is_empty
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.errors import GeogridError, GeometryType
from geogrid.space.crs import SRID_STORED, default_metric_srid
from geogrid.space.validity import check_coordinates

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from geogrid.space.circles import HouseholdsServed


ROW = "source_row"
Served = dict[str, "HouseholdsServed"]  # of households and of events: who is reached


def read_rows(
    path: str,
    columns: tuple[str, ...],
    datum: str | None,
    wanted: frozenset[str] = POINT,
    *,
    also: tuple[str, ...] = (),
    usual: str | None = None,
    row_column: str | None = None,
) -> GeoDataFrame:
    """Return the rows of a file (of several layers: of ``usual``) on the datum of record, with the columns asked for.

    ``code``, ``level`` and the columns named in ``also`` come where there are such; ``row_column`` takes the rows' numbers.

    ``datum`` counts where the file itself does not say its coordinate system. Raises the file errors of ``etl.errors``,
    ColumnMissing, DatumNotStated, FileEmpty (where columns are asked for); and the error of the first row without a usable
    place of one of the types ``wanted``.
    """
    import geopandas as gpd

    table = in_our_names(open_table(path, ReadOptions(usual=usual)), Recipe())
    if columns and not len(table.frame):  # first: a format that keeps no empty columns would seem to lack them
        raise FileEmpty(name=table.path.name, where={"path": path})
    _require(table, columns)
    located = locate(table, datum=datum if table.crs is None else None, datum_column=None)
    for position in sorted(located.faults) or _suspects(located.geometry, wanted):
        row = int(table.rows[position])
        error = located.faults.get(position) or unusable(located.geometry[position], row, wanted)
        if error is not None:
            error.where = {"path": path, "row": row, **error.where}
            raise error
    kept = {name: table.frame[name].to_numpy() for name in table.frame.columns if name in {*columns, *also, "code", "level"}}
    if row_column is not None:
        kept[row_column] = table.rows
    return gpd.GeoDataFrame(kept, geometry=located.geometry, crs=SRID_STORED)


def _suspects(shapes: np.ndarray, wanted: frozenset[str]) -> range:
    """Return the positions to look at one by one: none where a look at all together finds nothing."""
    import shapely

    types = {shape.geom_type for shape in shapes}
    try:
        check_coordinates(shapely.get_coordinates(shapes))
    except GeogridError:
        return range(len(shapes))
    return range(0 if types <= wanted else len(shapes))


def unusable(shape: Any, row: int, wanted: frozenset[str]) -> GeogridError | None:
    """Return why a place cannot be used, None where it can."""
    import shapely

    if shape.geom_type not in wanted:
        return GeometryType(code=f"#{row}", got=shape.geom_type, wanted=" or ".join(sorted(wanted)))
    try:
        check_coordinates(shapely.get_coordinates(shape))
    except GeogridError as error:
        return error
    return None


def read_roads(path: str, datum: str | None) -> GeoDataFrame:
    """Return roads with the columns that a network needs; ``oneway``, ``bridge`` and who may travel take their defaults."""
    table = in_our_names(open_table(path), Recipe())
    wanted = {column.name: column for column in KINDS["roads"].columns if column.name not in {"code", "name", "synthetic"}}
    given = tuple(name for name, column in wanted.items() if column.required or name in table.frame)
    roads = read_rows(path, given, datum, LINE)
    for name, column in wanted.items():
        values = roads[name].tolist() if name in roads else [None] * len(roads)
        roads[name] = [_converted(value, column, path, row) for value, row in zip(values, table.rows.tolist(), strict=True)]
    return roads


def _converted(value: Any, column: Column, path: str, row: int) -> Any:
    try:
        return column.default if is_empty(value) and not column.required else convert(value, column)
    except GeogridError as error:
        error.where = {"path": path, "row": row, **error.where}
        raise


def _require(table: Table, columns: tuple[str, ...]) -> None:
    missing = [name for name in columns if name not in table.frame]
    if missing:
        found = ", ".join(map(str, table.frame.columns[:40]))
        where = {"path": str(table.path)}
        raise ColumnMissing(name=table.path.name, wanted=", ".join(missing), first=missing[0], found=found, where=where)


def read_stations(path: str, datum: str | None) -> GeoDataFrame:
    """Return the stations of a file; raises ValueUnknown and CodeDuplicate with the row, and what :func:`read_rows` does."""
    stations = read_rows(path, ("code",), datum, row_column=ROW)
    rows = stations.pop(ROW).tolist()
    levels = stations["level"].tolist() if "level" in stations else [None] * len(stations)
    seen: dict[str, int] = {}
    for row, code, level in zip(rows, stations["code"].tolist(), levels, strict=True):
        if not is_empty(level) and level not in StationLevel.codes():
            raise ValueUnknown(
                column="level", value=level, known=", ".join(StationLevel.codes()), where={"path": path, "row": row}
            )
        if is_empty(code):
            raise CodeMissing(where={"path": path, "row": row})
        if str(code) in seen:
            raise CodeDuplicate(value=str(code), first=seen[str(code)], where={"path": path, "row": row})
        seen[str(code)] = row
    return stations


def with_circles(stations: GeoDataFrame) -> GeoDataFrame:
    """Return the stations that have a circle: the centre serves all, whoever is near. Raises NoCircles where none is left."""
    if "level" in stations:
        stations = stations[stations["level"] != StationLevel.CENTRE]
    if not len(stations):
        raise NoCircles
    return stations


def draw(
    stations: GeoDataFrame,
    roads: GeoDataFrame,
    homes: GeoDataFrame | None,
    minutes: float,
    mode: TravelMode,
    *,
    each: bool,
    water: GeoDataFrame | None = None,
    events_lonlat: np.ndarray | None = None,
) -> tuple[GeoDataFrame, Served]:
    """Return the areas (EPSG:4490) with ``mode minutes households events``, by station (``code``) or as one; and who is reached.

    ``households`` and ``events`` (n, 2 degrees) of a station are those that reach it first. The metric zone
    is that of the middle of the stations.
    """
    import geopandas as gpd

    from geogrid.space.circles import households_within, service_circles
    from geogrid.space.network import RoadNetwork

    stations = with_circles(stations)
    places = lonlat_of(stations)
    network = RoadNetwork.from_frame(roads, metric_srid=default_metric_srid(*places.mean(axis=0)))
    wet = () if water is None else water.geometry.to_numpy()
    shapes = service_circles(network, places, minutes, mode, dissolve=not each, water=wet).shapes
    counted = {"households": None if homes is None else lonlat_of(homes), "events": events_lonlat}
    served = {
        name: households_within(network, lonlat, places, minutes, mode) for name, lonlat in counted.items() if lonlat is not None
    }
    columns: dict[str, object] = {"code": stations["code"].tolist()} if each else {}
    columns |= {"mode": [mode.value] * len(shapes), "minutes": [minutes] * len(shapes)}
    for name, one in served.items():
        columns[name] = one.by_station(len(places)) if each else [int(one.reached.sum())]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=SRID_STORED), served


def uncovered(homes: GeoDataFrame, served: HouseholdsServed, grids: GeoDataFrame | None) -> GeoDataFrame:
    """Return the households that reach no station in time, or the grids with such: ``code households without``, most first."""
    import geopandas as gpd

    if grids is None:
        return gpd.GeoDataFrame(homes[~served.reached].reset_index(drop=True))
    grid = grid_of(grids, homes)
    counts = {
        "households": np.bincount(grid[grid >= 0], minlength=len(grids)),
        "without": np.bincount(grid[(grid >= 0) & ~served.reached], minlength=len(grids)),
    }
    listed = grids[["code", "geometry"]].assign(**counts)
    listed = listed[listed["without"] > 0].sort_values(["without", "code"], ascending=[False, True], kind="stable")
    return gpd.GeoDataFrame(listed.reset_index(drop=True))


def lonlat_of(points: GeoDataFrame) -> np.ndarray:
    """Return the places (n, 2 degrees) of points."""
    return np.column_stack([points.geometry.x, points.geometry.y])


def grid_of(grids: GeoDataFrame, homes: GeoDataFrame) -> np.ndarray:
    """Return the position of the grid that covers each household, of several the one of the lowest code; -1: none."""
    order = np.argsort(grids["code"].astype(str).to_numpy(), kind="stable")
    home, area = grids.geometry.iloc[order].sindex.query(homes.geometry, predicate="covered_by")
    rank = np.full(len(homes), len(grids), dtype=np.int64)
    np.minimum.at(rank, home, area)
    return np.append(order, -1)[rank]
