"""Minutes to service areas: who reaches a station in time, and an honest shape to show it.

Counts never come from a shape: a household is reached when its own way (to the road on foot, along the exact part of its
edge, through the network) takes no longer than asked. A straight-line estimate never counts as reached.

Shapes are contours of a field of times: every point of a fine raster has the time that a household there would have, so
that a shape follows the roads and crosses a river only at a bridge. (A hull around reached nodes claims a multiple of
the area that is reached.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from geogrid.domain.stations import TravelMode
from geogrid.space.contours import area_between
from geogrid.space.crs import from_metric, to_metric
from geogrid.space.network import (
    MOST_ACCESS_M,
    Flags,
    Floats,
    Flood,
    Ints,
    ModeRoads,
    Objects,
    RoadNetwork,
    Snapped,
    place_on,
)

CELL_M = 50.0
SAMPLE_M = 25.0  # spacing of the points by which a raster cell finds its nearest edge
SIMPLIFY_M = 5.0


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


def service_circles(
    network: RoadNetwork,
    station_lonlat: ArrayLike,
    minutes: float,
    mode: TravelMode,
    *,
    dissolve: bool = True,
    water: ArrayLike = (),
    cell_m: float = CELL_M,
) -> ServiceCircles:
    """Return the areas from which stations are reached within ``minutes`` by ``mode``.

    Parameters
    ----------
    station_lonlat : (n, 2) degrees
    dissolve : one shape of all stations together; else one shape a station
    water : areas (lon/lat) that are nobody's home: left out, and with them what they cut off from every road
    cell_m : raster step; strips narrower than this along the outer ends of roads may be missing from the shape
    """
    lonlat = np.asarray(station_lonlat, float).reshape(-1, 2)
    whole = network.flood(lonlat, mode, limit_minutes=minutes)
    raster = TimeRaster.around(whole, cell_m)
    floods = [whole] if dissolve else [network.flood(place, mode, limit_minutes=minutes) for place in lonlat]
    shapes = np.array([raster.shape_metric(flood, minutes) for flood in floods], dtype=object)
    if len(wet := np.asarray(water, dtype=object)):
        shapes = _without(shapes, shapely.union_all(to_metric(wet, network.metric_srid)), whole.roads)
    return ServiceCircles(mode, minutes, from_metric(shapes, network.metric_srid) if len(shapes) else shapes)


def _without(shapes: Objects, water: shapely.Geometry, roads: ModeRoads) -> Objects:
    """Return shapes (metres) without water, and without the parts that no edge but a bridge touches."""
    dry = np.empty(len(shapes), dtype=object)
    for i, left in enumerate(shapely.difference(shapes, water)):
        parts = shapely.get_parts(left)
        parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
        touched = np.unique(roads.ground.tree.query(parts, predicate="intersects")[0])
        dry[i] = shapely.MultiPolygon(parts[touched].tolist())
    return dry


@dataclass(frozen=True, eq=False)
class TimeRaster:
    """A raster of points, each brought to the nearest edge of one mode once; any number of floods can then be read on it.

    ``x_m`` (columns) and ``y_m`` (rows) are metres of the network's zone; ``places`` holds the raster's points row by row.
    """

    x_m: Floats
    y_m: Floats
    places: Snapped

    @classmethod
    def around(cls, flood: Flood, cell_m: float) -> TimeRaster:
        """Prepare the raster for what ``flood`` reaches and the way from there on foot."""
        west, south, east, north = _bounds(flood)
        x_m, y_m = np.arange(west, east + cell_m, cell_m), np.arange(south, north + cell_m, cell_m)
        grid_x, grid_y = (axis.ravel() for axis in np.meshgrid(x_m, y_m))
        edge = _nearest_edge(flood.roads, grid_x, grid_y)
        places = place_on(flood.roads, edge, shapely.points(grid_x, grid_y))
        edge[places.access_m > MOST_ACCESS_M] = -1
        return cls(x_m, y_m, places)

    def shape_metric(self, flood: Flood, minutes: float) -> shapely.MultiPolygon:
        """Return the area, in metres of the zone, where ``flood`` says at most ``minutes``."""
        west, south, east, north = _bounds(flood)
        columns, rows = _span(self.x_m, west, east), _span(self.y_m, south, north)
        inside = np.arange(len(self.places.edge)).reshape(len(self.y_m), len(self.x_m))[rows, columns]
        times, _ = flood.at(_taken(self.places, inside.ravel()))
        # Beyond the limit the times may jump (a river, the end of all roads): capped, so that the contour lies between.
        field = np.minimum(times, 2.0 * minutes).reshape(inside.shape)
        return area_between(self.x_m[columns], self.y_m[rows], field, -1.0, minutes, simplify_m=SIMPLIFY_M)


def _span(axis_m: Floats, low: float, high: float) -> slice:
    return slice(max(int(np.searchsorted(axis_m, low)) - 1, 0), int(np.searchsorted(axis_m, high)) + 1)


def _taken(places: Snapped, rows: Ints) -> Snapped:
    return Snapped(places.edge[rows], places.along[rows], places.access[rows], places.access_m[rows])


def _bounds(flood: Flood) -> tuple[float, float, float, float]:
    """Return west, south, east, north (m) of the edges at reached nodes and stations, widened by the way on foot."""
    roads = flood.roads
    reached = np.isfinite(flood.node_key)
    edges = np.flatnonzero(reached[roads.tail] | reached[roads.head])
    edges = np.union1d(edges, flood.stations.edge[flood.stations.edge >= 0])
    if not len(edges):
        return 0.0, 0.0, 0.0, 0.0
    west, south, east, north = shapely.total_bounds(roads.lines_metric[edges])
    margin_m = MOST_ACCESS_M + CELL_M
    return west - margin_m, south - margin_m, east + margin_m, north + margin_m


def _nearest_edge(roads: ModeRoads, x_m: Floats, y_m: Floats) -> Ints:
    """Return each point's nearest edge but bridges, by points every ``SAMPLE_M`` along them (-1: none near); exact to metres."""
    ground = roads.ground.edges
    xy, edge = shapely.get_coordinates(shapely.segmentize(roads.lines_metric[ground], SAMPLE_M), return_index=True)
    if not len(xy):
        return np.full(len(x_m), -1)
    _, nearest = cKDTree(xy).query(np.column_stack([x_m, y_m]), distance_upper_bound=MOST_ACCESS_M + SAMPLE_M)
    return np.append(ground[edge], -1)[nearest]
