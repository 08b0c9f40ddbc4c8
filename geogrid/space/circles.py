"""Minutes to service areas: who reaches a station in time, and an honest shape to show it.

Counts never come from a shape: a household is reached when its own way (to the road on foot, along the exact part of its
edge, through the network) takes no longer than asked. A straight-line estimate never counts as reached.

Shapes are contours of a field of times (:mod:`geogrid.space.reach_fields`): every point of a fine raster has the time that a
household there would have, so that a shape follows the roads and crosses a river only at a bridge. (A hull around reached
nodes claims a multiple of the area that is reached.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike

from geogrid.domain.stations import TravelMode
from geogrid.space.crs import from_metric, to_metric
from geogrid.space.network import Flags, Floats, Ints, ModeRoads, Objects, RoadNetwork
from geogrid.space.reach import Reach, WholeRoads, reach_of
from geogrid.space.reach_counts import PointsOnEdges
from geogrid.space.reach_fields import TimeRaster

CIRCLE_MINUTES = (5.0, 8.0, 10.0, 15.0)


@dataclass(frozen=True, eq=False)
class HouseholdsServed:
    """Households and their way to the nearest of some stations; arrays of equal length.

    ``travel_minutes`` is inf where no station is reached within ``minutes``; ``station`` is the position of the station
    reached (-1: none; equally quick ones: the first).
    """

    mode: TravelMode
    minutes: float
    travel_minutes: Floats
    station: Ints

    @property
    def reached(self) -> Flags:
        """Which households reach a station within the minutes."""
        return self.station >= 0

    def by_station(self, stations: int) -> Ints:
        """Return how many households have each of ``stations`` stations as the one that is quickest to reach."""
        return np.bincount(self.station[self.reached], minlength=stations).astype(np.int64)


@dataclass(frozen=True, eq=False)
class ServiceCircles:
    """Areas from which a station is reached within ``minutes`` by ``mode``.

    ``shapes`` are lon/lat MultiPolygons (empty where nothing is reached): one a station, in the order of the stations, or a
    single one of all stations together. For showing only; count with :func:`households_within`.
    """

    mode: TravelMode
    minutes: float
    shapes: Objects


def households_within(
    network: RoadNetwork, households_lonlat: ArrayLike, station_lonlat: ArrayLike, minutes: float, mode: TravelMode
) -> HouseholdsServed:
    """Return which households (m, 2 degrees) reach one of the stations (n, 2 degrees) by road within ``minutes`` by ``mode``."""
    lonlat = np.asarray(households_lonlat, float).reshape(-1, 2)
    flood = network.flood(station_lonlat, mode, limit_minutes=minutes)
    travel, station = flood.at(network.snap(lonlat[:, 0], lonlat[:, 1], mode))
    late = travel > minutes
    travel[late], station[late] = np.inf, -1
    return HouseholdsServed(mode, minutes, travel, station)


@dataclass(frozen=True, eq=False)
class Circles:
    """All that circles of one mode rest on: stations' reach, and the raster of times, prepared once for a network.

    ``water`` are areas (metres) that are nobody's home.
    """

    network: RoadNetwork
    mode: TravelMode
    reach: Reach
    raster: TimeRaster
    water: Water

    @classmethod
    def of(
        cls,
        network: RoadNetwork,
        station_lonlat: ArrayLike,
        mode: TravelMode,
        *,
        limit_minutes: float = CIRCLE_MINUTES[-1],
        water: ArrayLike = (),
        cell_m: float | None = None,
    ) -> Circles:
        """Search from every station (n, 2 degrees) to the largest minutes; the smaller ones are within."""
        whole = WholeRoads(network.modes[mode])
        lonlat = np.asarray(station_lonlat, float).reshape(-1, 2)
        reach = reach_of(whole, network.snap(lonlat[:, 0], lonlat[:, 1], mode), limit_minutes)
        return cls(network, mode, reach, TimeRaster.of(whole, mode, cell_m), Water.of(water, network.metric_srid))

    def points(self, lonlat: ArrayLike) -> PointsOnEdges:
        """Bring points (n, 2 degrees) to the mode's roads, to be counted."""
        xy = np.asarray(lonlat, float).reshape(-1, 2)
        return PointsOnEdges.of(self.network.snap(xy[:, 0], xy[:, 1], self.mode), len(self.reach.roads.rows))

    def each(self, station: int, minutes: Sequence[float]) -> Objects:
        """Return one station's shapes (lon/lat MultiPolygons), one for each of ``minutes``."""
        return self._shown(self.raster.shapes(self.reach, station, minutes))

    def together(self, minutes: Sequence[float], stations: ArrayLike | None = None) -> Objects:
        """Return the shapes of all stations, or of some (positions), dissolved: one for each of ``minutes``."""
        reach = self.reach if stations is None else self.reach.taken(stations)
        return self._shown(self.raster.shapes_of_all(reach, minutes))

    def _shown(self, shapes: list[shapely.MultiPolygon]) -> Objects:
        dry = self.water.left_out(np.array(shapes, dtype=object), self.reach.roads)
        return from_metric(dry, self.network.metric_srid) if len(dry) else dry


def service_circles(
    network: RoadNetwork,
    station_lonlat: ArrayLike,
    minutes: float,
    mode: TravelMode,
    *,
    dissolve: bool = True,
    water: ArrayLike = (),
    cell_m: float | None = None,
) -> ServiceCircles:
    """Return the areas from which stations are reached within ``minutes`` by ``mode``.

    Parameters
    ----------
    station_lonlat : (n, 2) degrees
    dissolve : one shape of all stations together; else one shape a station
    water : areas (lon/lat) that are nobody's home: left out, and with them what they cut off from every road
    cell_m : raster step (None: the mode's own); narrower strips along the outer ends of roads may be missing from the shape
    """
    circles = Circles.of(network, station_lonlat, mode, limit_minutes=minutes, water=water, cell_m=cell_m)
    if dissolve:
        return ServiceCircles(mode, minutes, circles.together([minutes]))
    shapes = np.empty(len(circles.reach), dtype=object)
    for station in range(len(shapes)):
        shapes[station] = circles.each(station, [minutes])[0]
    return ServiceCircles(mode, minutes, shapes)


@dataclass(frozen=True, eq=False)
class Water:
    """Areas in metres that are nobody's home, found by their places."""

    areas: Objects
    tree: shapely.STRtree

    @classmethod
    def of(cls, areas_lonlat: ArrayLike, metric_srid: int) -> Water:
        """Take areas in degrees."""
        wet = np.asarray(areas_lonlat, dtype=object).reshape(-1)
        areas = to_metric(wet, metric_srid) if len(wet) else wet
        return cls(areas, shapely.STRtree(areas))

    def left_out(self, shapes: Objects, roads: ModeRoads) -> Objects:
        """Return shapes (metres) without water, and without the parts that it cuts off from every edge but a bridge."""
        dry = shapes.copy()
        for i, shape in enumerate(shapes):
            parts = shapely.get_parts(shape)
            part, area = self.tree.query(parts, predicate="intersects")
            if not len(part):
                continue
            left = parts.copy()
            for wet in np.unique(part):
                left[wet] = shapely.difference(parts[wet], shapely.union_all(self.areas[area[part == wet]]))
            whole, cut = np.delete(left, np.unique(part)), shapely.get_parts(left[np.unique(part)])
            cut = cut[shapely.get_type_id(cut) == shapely.GeometryType.POLYGON]
            touched = np.unique(roads.ground.tree.query(cut, predicate="intersects")[0])
            dry[i] = shapely.MultiPolygon([*whole, *cut[touched]])
        return dry
