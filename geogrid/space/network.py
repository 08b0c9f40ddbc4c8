"""Roads to travel times: points to the station that is nearest by time, on foot, by e-bike or by car.

A point is brought to the nearest edge that its mode may use and pays the way there on foot; along the edge it pays the
exact part. Time is counted in whole microseconds, so that sums do not depend on their order and a tie is a tie.

One-ways bind cars and e-bikes (in China an e-bike is a non-motor vehicle and must not ride against the traffic); walkers
go both ways, unless a road says otherwise of a mode. A bridge is left at its ends only: a point is on it within
``BRIDGE_REACH_M``, and none is reached from its middle. Speeds come by class and season, barriers and dated closures by
mode (:mod:`geogrid.space.network_edges`); turn restrictions are not read. Where no road is near, or no station can be
reached from it, the answer is an estimate along the straight line, marked as such: its length times ``DETOUR``, at the
mode's speed (cars: ``STRAIGHT_CAR_KMH``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from geogrid.domain.speeds import SLOWEST_KMH, STRAIGHT_CAR_KMH, USUAL_KMH
from geogrid.domain.stations import TravelMode
from geogrid.errors import CoordRange
from geogrid.space.crs import metric_one, metric_xy
from geogrid.space.network_edges import BOUND_BY_ONEWAY, USUAL, Conditions, ModeRoads, RoadTable, read_roads
from geogrid.space.network_finder import (
    BRIDGE_REACH_M,
    MOST_ACCESS_M,
    TICKS_PER_MINUTE,
    EdgeFinder,
    Flags,
    Floats,
    Ints,
    Objects,
    ticks,
)
from geogrid.space.network_flood import Flood, node_keys
from geogrid.space.network_snap import Snapped, place_on, place_xy, snap_metric, snap_one

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

WALK_KMH = USUAL_KMH[TravelMode.WALK]["other"]
EBIKE_KMH = USUAL_KMH[TravelMode.EBIKE]["other"]
DETOUR = 1.3  # an assumption: how much longer than the straight line a way usually is
ROWS_AT_ONCE = 1 << 16

__all__ = [
    "BOUND_BY_ONEWAY",
    "BRIDGE_REACH_M",
    "DETOUR",
    "EBIKE_KMH",
    "MOST_ACCESS_M",
    "SLOWEST_KMH",
    "STRAIGHT_CAR_KMH",
    "TICKS_PER_MINUTE",
    "WALK_KMH",
    "Conditions",
    "EdgeFinder",
    "Flags",
    "Floats",
    "Flood",
    "Ints",
    "ModeRoads",
    "Objects",
    "RoadNetwork",
    "Snapped",
    "place_on",
    "place_xy",
    "snap_metric",
    "ticks",
]


class _Modes(dict[TravelMode, ModeRoads]):
    """The edges of every mode under some conditions, each made when first asked for: a district travels in one or two ways."""

    def __init__(self, table: RoadTable, conditions: Conditions, nodes: int) -> None:
        super().__init__()
        self._of, self._lock = (table, conditions, nodes), Lock()

    def __missing__(self, mode: TravelMode) -> ModeRoads:
        table, conditions, nodes = self._of
        with self._lock:
            if mode not in self:
                self[mode] = table.under(mode, conditions, nodes)
        return self[mode]


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """A road network in one metric zone, under some conditions; ``modes`` has the edges of every mode.

    ``node_ids`` are the frame's own node numbers, ``node_lonlat`` their places in degrees (n, 2). An end of an edge at which
    a barrier stops somebody stands there once more, behind all others.
    """

    metric_srid: int
    node_ids: Ints
    node_lonlat: Floats
    modes: Mapping[TravelMode, ModeRoads]
    table: RoadTable
    conditions: Conditions = USUAL

    @classmethod
    def from_frame(
        cls, roads: GeoDataFrame, *, metric_srid: int, conditions: Conditions = USUAL, compiled: bool = True
    ) -> RoadNetwork:
        """Build the network from a frame of roads.

        Parameters
        ----------
        roads : GeoDataFrame, EPSG:4490, LineStrings digitised from ``from_node`` to ``to_node``, with the columns
            ``from_node to_node speed_car_kmh length_m`` and optionally ``code road_class``, ``oneway bridge`` (no where
            missing), ``walk ebike car`` (yes where missing), ``oneway_walk oneway_ebike oneway_car`` (as ``oneway`` says
            where missing), ``barrier_from barrier_to`` (the modes stopped at that end, joined by ``;``). Travel times rest
            on ``length_m``.
        metric_srid : the zone in which points are brought to roads
        conditions : speeds, season and closures; see :meth:`under`
        compiled : whether points are brought to roads by compiled code where numba works; the answers are the same

        Raises
        ------
        FrameInvalid, GeometryEmpty, GeometryType : what is wrong in which row
        """
        table, node_ids, lonlat = read_roads(roads, metric_srid, compiled=compiled)
        return cls(metric_srid, node_ids, lonlat, _Modes(table, conditions, len(node_ids)), table, conditions)

    def under(self, conditions: Conditions) -> RoadNetwork:
        """Return the same roads under other conditions; nodes, edges and trees are shared, times and closures are new."""
        return replace(self, modes=_Modes(self.table, conditions, len(self.node_ids)), conditions=conditions)

    @property
    def has_barriers(self) -> bool:
        """Whether a barrier stops anybody anywhere."""
        return any((self.table.ends_of[mode] != self.table.ends).any() for mode in TravelMode)

    def snap(self, lon: ArrayLike, lat: ArrayLike, mode: TravelMode) -> Snapped:
        """Bring points (degrees) to the nearest edge that ``mode`` may use, within ``MOST_ACCESS_M``; ties to the first edge.

        What is closed does not matter: who lives at a closed road is there and cannot get away.
        """
        x, y = metric_xy(lon, lat, self.metric_srid)
        return snap_metric(self.modes[mode], np.ravel(x), np.ravel(y))

    def soonest(self, flood: Flood, lon: float, lat: float) -> tuple[float, int]:
        """Return the minutes to the nearest station of a flood and its rank, as ``flood.at(self.snap(...))`` has them, for one
        point (degrees); raises CoordRange where the zone cannot hold it."""
        x_m, y_m = metric_one(lon, lat, self.metric_srid)
        if not (math.isfinite(x_m) and math.isfinite(y_m)):
            raise CoordRange(lon=lon, lat=lat, where={"lonlat": [lon, lat]})
        return flood.at_one(*snap_one(flood.roads, x_m, y_m))

    def flood(self, stations_lonlat: ArrayLike, mode: TravelMode, *, limit_minutes: float = np.inf) -> Flood:
        """Return the times from everywhere to the nearest of the stations.

        Parameters
        ----------
        stations_lonlat : (n, 2) degrees, in the order that decides ties
        limit_minutes : nodes farther than this stay unreached (saves time)
        """
        lonlat = np.asarray(stations_lonlat, float).reshape(-1, 2)
        roads, stations = self.modes[mode], self.snap(lonlat[:, 0], lonlat[:, 1], mode)
        base = len(lonlat) + 1
        return Flood(roads, stations, node_keys(roads, stations, base, limit_minutes), base)

    def station_by_time(
        self, lon: ArrayLike, lat: ArrayLike, station_codes: ArrayLike, station_lonlat: ArrayLike, mode: TravelMode
    ) -> tuple[Objects, Floats, Flags]:
        """Return the station that is quickest to reach from each point.

        Parameters
        ----------
        lon, lat : arrays of degrees; a point that is not finite has no station
        station_codes : n codes; equally quick stations: the lowest code, compared as text
        station_lonlat : (n, 2) degrees
        mode : how people travel

        Returns
        -------
        codes (object, None without a station), minutes (float, NaN without), straight_line (bool: an estimate, see the module)
        """
        x, y = np.ravel(np.asarray(lon, float)), np.ravel(np.asarray(lat, float))
        order = np.argsort(np.asarray(station_codes, dtype=np.str_), kind="stable")
        codes_in_order = np.asarray([*np.asarray(station_codes, dtype=object)[order], None], dtype=object)
        places = np.asarray(station_lonlat, float).reshape(-1, 2)[order]
        minutes, rank = np.full(len(x), np.nan), np.full(len(x), -1)
        straight = np.zeros(len(x), dtype=bool)
        here = np.flatnonzero(np.isfinite(x) & np.isfinite(y)) if len(places) else np.zeros(0, np.int64)
        minutes[here], rank[here] = self.flood(places, mode).at(self.snap(x[here], y[here], mode))
        lost = here[rank[here] < 0]
        minutes[lost], rank[lost] = self._straight(x[lost], y[lost], places, mode)
        straight[lost] = True
        return codes_in_order[rank], minutes, straight

    def unreached_nodes(self, station_lonlat: ArrayLike, mode: TravelMode) -> Ints:
        """Return positions (in ``node_ids`` and ``node_lonlat``) of the mode's nodes from which no station can be reached."""
        flood = self.flood(station_lonlat, mode)
        used = np.unique(np.concatenate([flood.roads.tail, flood.roads.head]))
        return used[~np.isfinite(flood.node_key[used])]

    def _straight(self, lon: Floats, lat: Floats, places: Floats, mode: TravelMode) -> tuple[Floats, Ints]:
        minutes, rank = np.full(len(lon), np.nan), np.full(len(lon), -1)
        if not len(lon):
            return minutes, rank
        speed_kmh = self.conditions.speeds.straight_kmh(mode, self.conditions.season)
        station_x, station_y = metric_xy(places[:, 0], places[:, 1], self.metric_srid)
        for start in range(0, len(lon), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            x, y = metric_xy(lon[part], lat[part], self.metric_srid)
            distance_m = np.hypot(x[:, None] - station_x, y[:, None] - station_y)
            rank[part] = distance_m.argmin(axis=1)
            minutes[part] = ticks(distance_m.min(axis=1) * DETOUR, speed_kmh) / TICKS_PER_MINUTE
        return minutes, rank
