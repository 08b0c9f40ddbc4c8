"""Whether the places of events can be used: what ``geogrid assign`` and the platform refuse alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.cells import to_accuracy
from etl.check import refuse_null_island, row_name
from etl.errors import GeometryMissing, LocationMissing
from etl.located import Located
from etl.sources.table import Table, is_empty
from geogrid.domain.grids import AssignmentRule
from geogrid.domain.profiles import Profile
from geogrid.errors import CoordFar, GeogridError, GeometryType
from geogrid.space.crs import geodesic_m
from geogrid.space.validity import check_coordinates

if TYPE_CHECKING:
    import geopandas as gpd

UNLOCATED = AssignmentRule.UNLOCATED.value
ACCURACY = "accuracy_m"
METRES_A_DEGREE, SURELY = 111_700.0, 0.9  # of latitude, at most; a share that leaves room for all roundings


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


@dataclass(frozen=True)
class FarPlaces:
    """Tells which places are farther from every grid than the profile allows.

    ``near`` holds only places that surely are not; what is beyond it is measured.
    """

    areas: np.ndarray  # of the grids, in degrees of latitude in both directions at the centre
    near: Any
    squeeze: float
    far_m: float

    @classmethod
    def of(cls, grids: gpd.GeoDataFrame, district: Any, profile: Profile) -> FarPlaces:
        """Prepare for grids and their outline, lon/lat."""
        import shapely

        squeeze = float(np.cos(np.radians(profile.centre_lonlat[1])))  # degrees of longitude in degrees of latitude, there
        shapes = np.asarray(grids.geometry.array, object)
        areas, outline = (shapely.transform(shape, lambda xy: xy * [squeeze, 1.0]) for shape in (shapes, district))
        radius = profile.far_m * SURELY / METRES_A_DEGREE
        _, south, _, north = shapely.bounds(district)
        equator = 0.0 if south <= 0.0 <= north else max(min(abs(south), abs(north)) - radius, 0.0)
        near = shapely.buffer(outline, radius * min(1.0, squeeze / float(np.cos(np.radians(equator)))))
        shapely.prepare(near)
        return cls(areas, near, squeeze, profile.far_m)

    def errors(self, lon: np.ndarray, lat: np.ndarray) -> dict[int, GeogridError]:
        """Return the error of each of the places (degrees) that is too far, by position."""
        import shapely

        away = np.flatnonzero(~shapely.contains_xy(self.near, lon * self.squeeze, lat))
        if not len(away):
            return {}
        points = shapely.points(lon[away] * self.squeeze, lat[away])
        nearest = self.areas[shapely.STRtree(self.areas).nearest(points)]
        ends = shapely.get_coordinates(shapely.shortest_line(points, nearest)).reshape(-1, 2, 2) / [self.squeeze, 1.0]
        away_m = geodesic_m(ends[:, 0, 0], ends[:, 0, 1], ends[:, 1, 0], ends[:, 1, 1])
        found: dict[int, GeogridError] = {}
        for position, (x, y), metres in zip(away.tolist(), ends[:, 0].tolist(), away_m.tolist(), strict=True):
            if metres > self.far_m:
                found[position] = CoordFar(lon=round(x, 6), lat=round(y, 6), distance_km=round(metres / 1000))
        return found


def rule_of(error: GeogridError) -> str:
    """Return what stands in the column ``rule`` of a row without answers."""
    return UNLOCATED if isinstance(error, LocationMissing | GeometryMissing) else error.code
