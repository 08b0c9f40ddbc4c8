"""Whether the places of events can be used: what ``geogrid assign`` and the platform refuse alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etl.cells import is_empty, to_accuracy
from etl.check import refuse_null_island, row_name
from etl.errors import GeometryMissing, LocationMissing
from etl.located import Located
from etl.sources.table import Table
from geogrid.domain.grids import AssignmentRule
from geogrid.domain.profiles import Profile
from geogrid.errors import CoordFar, GeogridError, GeometryType
from geogrid.space.crs import geodesic_m
from geogrid.space.validity import check_coordinates

if TYPE_CHECKING:
    import geopandas as gpd

UNLOCATED = AssignmentRule.UNLOCATED.value
ACCURACY = "accuracy_m"


def usable_points(events: Table, located: Located, profile: Profile) -> tuple[np.ndarray, dict[int, GeogridError]]:
    """Return the points that can be assigned, None for the others, and by position why not."""
    faults = dict(located.faults)
    shapes = located.geometry.copy()
    for position, shape in enumerate(shapes):
        if position in faults:
            shapes[position] = None
            continue
        try:
            _check_point(shape, events, position, profile)
        except GeogridError as error:
            faults[position] = error
            shapes[position] = None
    return shapes, faults


def _check_point(shape: Any, events: Table, position: int, profile: Profile) -> None:
    if shape is None:
        raise LocationMissing
    if shape.geom_type != "Point":
        raise GeometryType(code=row_name(events.rows[position]), got=shape.geom_type, wanted="Point")
    check_coordinates(np.array([[shape.x, shape.y]]))
    refuse_null_island(shape)
    if ACCURACY in events.frame:
        accuracy_of(events.frame[ACCURACY].iloc[position], profile)


def accuracy_of(cell: Any, profile: Profile) -> float:
    """Return the accuracy in metres, NaN for an empty cell; raises AccuracyInvalid."""
    return float("nan") if is_empty(cell) else to_accuracy(cell, profile.most_accuracy_m)


def far_places(outside: np.ndarray, shapes: np.ndarray, grids: gpd.GeoDataFrame, profile: Profile) -> dict[int, GeogridError]:
    """Return the error of each of the rows ``outside`` that lies farther from every grid than the profile allows."""
    import shapely

    if not len(outside):
        return {}
    squeeze = np.cos(np.radians(profile.centre_lonlat[1]))  # degrees of longitude in degrees of latitude, there
    areas = shapely.transform(np.asarray(grids.geometry.array, object), lambda xy: xy * [squeeze, 1.0])
    points = shapely.transform(shapes[outside], lambda xy: xy * [squeeze, 1.0])
    nearest = areas[shapely.STRtree(areas).nearest(points)]
    ends = shapely.get_coordinates(shapely.shortest_line(points, nearest)).reshape(-1, 2, 2) / [squeeze, 1.0]
    away_m = geodesic_m(ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1])
    found: dict[int, GeogridError] = {}
    for position, (lon, lat), metres in zip(outside.tolist(), ends[:, 0].tolist(), away_m.tolist(), strict=True):
        if metres > profile.far_m:
            found[position] = CoordFar(lon=round(lon, 6), lat=round(lat, 6), distance_km=round(metres / 1000))
    return found


def rule_of(error: GeogridError) -> str:
    """Return what stands in the column ``rule`` of a row without answers."""
    return UNLOCATED if isinstance(error, LocationMissing | GeometryMissing) else error.code
