"""Roads to travel times: points to the station that is nearest by time, on foot, by e-bike or by car.

A point is brought to the nearest edge that its mode may use and pays the way there on foot; along the edge it pays the
exact part. Time is counted in whole microseconds, so that sums do not depend on their order and a tie is a tie.

One-ways bind cars and e-bikes (in China an e-bike is a non-motor vehicle and must not ride against the traffic); walkers
go both ways. A bridge is left at its ends only: a point is on it within ``BRIDGE_REACH_M``, and none is reached from its
middle. Where no road is near, or no station can be reached from it, the answer is an estimate along the straight line,
marked as such: its length times ``DETOUR``, at the mode's speed (cars: ``STRAIGHT_CAR_KMH``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geogrid.domain.stations import TravelMode
from geogrid.space.columns import LINEAR, flags_of, numbers_of, shapes_of
from geogrid.space.crs import metric_xy, to_metric

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Objects = NDArray[np.object_]

WALK_KMH = 4.8  # 80 m a minute: an assumption, the usual pace of accessibility studies
EBIKE_KMH = 15.0  # an assumption; the law caps e-bikes in non-motor lanes at this speed
SLOWEST_KMH = 0.1  # a road that is slower is a fault of the file: its times would be without end
STRAIGHT_CAR_KMH = 30.0  # an assumption, for estimates along the straight line only
DETOUR = 1.3  # an assumption: how much longer than the straight line a way usually is
MOST_ACCESS_M = 500.0  # no road within this distance: an estimate along the straight line
BRIDGE_REACH_M = 20.0  # half the breadth of a bridge with its footways, and the error of a good position
TICKS_PER_MINUTE = 60_000_000  # microseconds
BOUND_BY_ONEWAY = frozenset({TravelMode.EBIKE, TravelMode.CAR})
ROWS_AT_ONCE = 1 << 16


def straight_kmh(mode: TravelMode) -> float:
    """Return the speed of estimates along the straight line, km/h."""
    return {TravelMode.WALK: WALK_KMH, TravelMode.EBIKE: EBIKE_KMH, TravelMode.CAR: STRAIGHT_CAR_KMH}[mode]


def ticks(length_m: ArrayLike, speed_kmh: ArrayLike) -> Floats:
    """Return the time for a length (metres) at a speed (km/h) in whole microseconds, as floats (exact up to 2**53)."""
    return np.rint(np.asarray(length_m, float) / np.asarray(speed_kmh, float) * (0.06 * TICKS_PER_MINUTE))


@dataclass(frozen=True, eq=False)
class Snapped:
    """Points on edges of one mode; arrays of equal length.

    ``edge`` is the position in ``ModeRoads.rows`` (-1: no road within reach), ``along`` the ticks from the edge's start,
    ``access`` the ticks of the way to the edge on foot, ``access_m`` its metres (inf where there is none).
    """

    edge: Ints
    along: Floats
    access: Floats
    access_m: Floats


@dataclass(frozen=True, eq=False)
class EdgeFinder:
    """Some edges of a mode (``edges``: positions), and a tree of their lines in the same order."""

    edges: Ints
    tree: shapely.STRtree

    def nearest(self, points: Objects, within_m: float) -> Ints:
        """Return each point's nearest edge within a distance (-1: none); of equally near ones the first."""
        none = len(self.edges)
        position = np.full(len(points), none, dtype=np.int64)
        found, nearest = self.tree.query_nearest(points, max_distance=within_m)
        np.minimum.at(position, found, nearest)
        return np.append(self.edges, -1)[position]


@dataclass(frozen=True, eq=False)
class ModeRoads:
    """The edges that one mode may use.

    ``rows`` are positions in the network's frame, ``tail`` and ``head`` node positions, ``ticks`` the time along each edge,
    ``two_way`` whether it may be travelled against its direction, ``bridge`` whether it is left at its ends only; ``ground``
    and ``bridges`` find the edges of either sort. ``towards`` is the graph with every arc reversed (from
    stations back to where people start), one arc a pair of nodes: the quickest.
    """

    rows: Ints
    tail: Ints
    head: Ints
    ticks: Floats
    two_way: Flags
    bridge: Flags
    lines_metric: Objects
    ground: EdgeFinder
    bridges: EdgeFinder
    towards: csr_array


@dataclass(frozen=True, eq=False)
class Flood:
    """How long it takes from everywhere to the nearest of some stations, by one mode.

    A key is ``ticks * base + rank``: the smallest key is the quickest way, and among equally quick ones the station of the
    lowest rank (its order in the arrays given). ``node_key`` has one key a node, inf where no station can be reached.
    """

    roads: ModeRoads
    stations: Snapped
    node_key: Floats
    base: int

    def at(self, points: Snapped) -> tuple[Floats, Ints]:
        """Return minutes to the nearest station (inf: none can be reached) and its rank (-1) for points on edges."""
        key = np.full(len(points.edge), np.inf)
        on = np.flatnonzero(points.edge >= 0)
        key[on] = self._key(points.edge[on], points.along[on]) + self.base * points.access[on]
        reached = np.isfinite(key)
        safe = np.where(reached, key, 0.0)
        rank = np.where(reached, np.fmod(safe, self.base), -1).astype(np.int64)
        return np.where(reached, safe // self.base / TICKS_PER_MINUTE, np.inf), rank

    def _key(self, edge: Ints, along: Floats) -> Floats:
        roads = self.roads
        back = roads.two_way[edge] | (along == 0)
        onward = self.node_key[roads.head[edge]] + self.base * (roads.ticks[edge] - along)
        backward = np.where(back, self.node_key[roads.tail[edge]] + self.base * along, np.inf)
        key = np.minimum(onward, backward)
        point, station = _pairs_on_one_edge(edge, self.stations.edge)
        step = self.stations.along[station] - along[point]
        direct = self.base * (np.abs(step) + self.stations.access[station]) + station
        np.minimum.at(key, point, np.where((step >= 0) | roads.two_way[edge[point]], direct, np.inf))
        return key


def _pairs_on_one_edge(edge: Ints, station_edge: Ints) -> tuple[Ints, Ints]:
    """Return (point, station) positions for every point and station that share an edge."""
    order = np.argsort(station_edge, kind="stable")
    ordered = station_edge[order]
    first, after = np.searchsorted(ordered, edge, "left"), np.searchsorted(ordered, edge, "right")
    count = after - first
    point = np.repeat(np.arange(len(edge)), count)
    offset = np.arange(len(point)) - np.repeat(np.cumsum(count) - count, count)
    return point, order[first[point] + offset]


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """A road network in one metric zone; ``modes`` has the edges of every mode.

    ``node_ids`` are the frame's own node numbers, ``node_lonlat`` their places in degrees (n, 2).
    """

    metric_srid: int
    node_ids: Ints
    node_lonlat: Floats
    modes: dict[TravelMode, ModeRoads]

    @classmethod
    def from_frame(cls, roads: GeoDataFrame, *, metric_srid: int) -> RoadNetwork:
        """Build the network from a frame of roads.

        Parameters
        ----------
        roads : GeoDataFrame, EPSG:4490, LineStrings digitised from ``from_node`` to ``to_node``, with the columns
            ``from_node to_node speed_car_kmh length_m`` and optionally ``oneway bridge`` (no where missing) and
            ``walk ebike car`` (yes where missing). Travel times rest on ``length_m``.
        metric_srid : the zone in which points are brought to roads

        Raises
        ------
        FrameInvalid, GeometryEmpty, GeometryType : what is wrong in which row
        """
        lines = shapes_of(roads, np.array([f"road {row}" for row in range(len(roads))], dtype=object), LINEAR)
        ends = [_nodes(roads, name) for name in ("from_node", "to_node")]
        node_ids, index = np.unique(np.concatenate(ends), return_inverse=True)
        lonlat = np.full((len(node_ids), 2), np.nan)
        for ends_of, place in ((index[: len(lines)], 0), (index[len(lines) :], -1)):
            lonlat[ends_of] = shapely.get_coordinates(shapely.get_point(lines, place)).reshape(-1, 2)
        columns: dict[str, NDArray] = {name: flags_of(roads, "roads", name, default=False) for name in ("oneway", "bridge")}
        columns |= {name: flags_of(roads, "roads", name, default=True) for name in TravelMode.codes()}
        columns |= {"length_m": numbers_of(roads, "roads", "length_m", least=0.0)}
        columns |= {"speed_car_kmh": numbers_of(roads, "roads", "speed_car_kmh", least=SLOWEST_KMH)}
        columns |= {"tail": index[: len(lines)], "head": index[len(lines) :], "line": to_metric(lines, metric_srid)}
        modes = {mode: _roads_of(mode, columns, len(node_ids)) for mode in TravelMode}
        return cls(metric_srid, node_ids, lonlat, modes)

    def snap(self, lon: ArrayLike, lat: ArrayLike, mode: TravelMode) -> Snapped:
        """Bring points (degrees) to the nearest edge that ``mode`` may use, within ``MOST_ACCESS_M``; ties to the first edge."""
        x, y = metric_xy(lon, lat, self.metric_srid)
        return snap_metric(self.modes[mode], np.ravel(x), np.ravel(y))

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
        return Flood(roads, stations, _node_keys(roads, stations, base, limit_minutes), base)

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
        station_x, station_y = metric_xy(places[:, 0], places[:, 1], self.metric_srid)
        for start in range(0, len(lon), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            x, y = metric_xy(lon[part], lat[part], self.metric_srid)
            distance_m = np.hypot(x[:, None] - station_x, y[:, None] - station_y)
            rank[part] = distance_m.argmin(axis=1)
            minutes[part] = ticks(distance_m.min(axis=1) * DETOUR, straight_kmh(mode)) / TICKS_PER_MINUTE
        return minutes, rank


def _nodes(roads: GeoDataFrame, column: str) -> Ints:
    """Return the numbers of nodes, all of their digits: a float would lose those of 64-bit numbers."""
    numbers_of(roads, "roads", column)
    return pd.to_numeric(roads[column]).to_numpy(np.int64)


def snap_metric(roads: ModeRoads, x_m: Floats, y_m: Floats) -> Snapped:
    """Bring points in metres of the network's zone to the nearest edge of ``roads``; see :meth:`RoadNetwork.snap`."""
    points = shapely.points(x_m, y_m)
    ground = place_on(roads, roads.ground.nearest(points, MOST_ACCESS_M), points)
    bridge = place_on(roads, roads.bridges.nearest(points, BRIDGE_REACH_M), points)
    nearer = bridge.access_m < ground.access_m
    return Snapped(
        np.where(nearer, bridge.edge, ground.edge),
        np.where(nearer, bridge.along, ground.along),
        np.where(nearer, bridge.access, ground.access),
        np.where(nearer, bridge.access_m, ground.access_m),
    )


def place_on(roads: ModeRoads, edge: Ints, points: Objects) -> Snapped:
    """Bring points (metres) each to its own ``edge`` (-1: none)."""
    on = np.flatnonzero(edge >= 0)
    lines = roads.lines_metric[edge[on]]
    along, access_m = np.zeros(len(edge)), np.full(len(edge), np.inf)
    along[on] = np.rint(shapely.line_locate_point(lines, points[on], normalized=True) * roads.ticks[edge[on]])
    access_m[on] = shapely.distance(lines, points[on])
    return Snapped(edge, along, ticks(np.where(edge >= 0, access_m, 0.0), WALK_KMH), access_m)


def _roads_of(mode: TravelMode, columns: dict[str, NDArray], node_count: int) -> ModeRoads:
    rows = np.flatnonzero(columns[mode.value])
    tail, head, lines = columns["tail"][rows], columns["head"][rows], columns["line"][rows]
    speed_kmh = {TravelMode.WALK: WALK_KMH, TravelMode.EBIKE: EBIKE_KMH}.get(mode, columns["speed_car_kmh"][rows])
    time = ticks(columns["length_m"][rows], speed_kmh)
    two_way = ~columns["oneway"][rows] | (mode not in BOUND_BY_ONEWAY)
    # Reversed: an edge tail -> head is walked from its head when we start at the stations.
    starts, ends = np.concatenate([head, tail[two_way]]), np.concatenate([tail, head[two_way]])
    towards = _graph(starts, ends, np.concatenate([time, time[two_way]]), node_count)
    bridge = columns["bridge"][rows]
    ground, bridges = (
        EdgeFinder(edges, shapely.STRtree(lines[edges])) for edges in (np.flatnonzero(~bridge), np.flatnonzero(bridge))
    )
    return ModeRoads(rows, tail, head, time, two_way, bridge, lines, ground, bridges, towards)


def _graph(starts: Ints, ends: Ints, weights: Floats, node_count: int) -> csr_array:
    """Return a graph with the lightest arc of each pair of nodes (a sparse matrix made from parallel arcs would add them up)."""
    order = np.lexsort((weights, ends, starts))
    starts, ends, weights = starts[order], ends[order], weights[order]
    first = np.ones(len(starts), dtype=bool)
    first[1:] = (starts[1:] != starts[:-1]) | (ends[1:] != ends[:-1])
    counts = np.bincount(starts[first], minlength=node_count)
    return csr_array((weights[first], ends[first], np.concatenate([[0], np.cumsum(counts)])), shape=(node_count, node_count))


def _node_keys(roads: ModeRoads, stations: Snapped, base: int, limit_minutes: float) -> Floats:
    """Return one key a node (see :class:`Flood`): Dijkstra's search from one node that stands for all stations."""
    on = np.flatnonzero(stations.edge >= 0)
    edge, along, access = stations.edge[on], stations.along[on], stations.access[on]
    tail, head, rest = roads.tail[edge], roads.head[edge], roads.ticks[edge] - along
    back = roads.two_way[edge] | (rest == 0)  # who comes from the head rides against the direction, except at the head itself
    nodes = np.concatenate([tail, head[back]])
    seeds = np.concatenate([base * (along + access) + on, (base * (rest + access) + on)[back]])
    size = roads.towards.shape[0]
    first = np.full(size, np.inf)
    np.minimum.at(first, nodes, seeds)
    nodes = np.flatnonzero(np.isfinite(first))
    arcs = csr_array(
        (
            np.concatenate([roads.towards.data * base, first[nodes]]),
            np.concatenate([roads.towards.indices, nodes]),
            np.concatenate([roads.towards.indptr, [roads.towards.nnz + len(nodes)]]),
        ),
        shape=(size + 1, size + 1),
    )
    limit = base * (limit_minutes * TICKS_PER_MINUTE + 1)
    return np.asarray(dijkstra(arcs, indices=size, limit=limit)[:size], dtype=float)
