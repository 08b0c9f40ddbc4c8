"""The edges of a road network: what a frame of roads says, and which of it one mode may use, how fast, in which direction.

A barrier stands at an end of an edge: whom it stops cannot pass between the edge and the crossing there, so that this end
gets a node of its own. A closed edge keeps its place (who lives there still stands there) but nobody travels along it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from geogrid.domain.speeds import SLOWEST_KMH, USUAL_SPEEDS, Season, Speeds
from geogrid.domain.stations import TravelMode
from geogrid.errors import FrameInvalid
from geogrid.space.columns import LINEAR, flags_of, numbers_of, shapes_of, texts_of
from geogrid.space.crs import to_metric
from geogrid.space.network_finder import BRIDGE_REACH_M, MOST_ACCESS_M, EdgeFinder, Flags, Floats, Ints, Objects, ticks
from geogrid.space.network_segments import Segments

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

BOUND_BY_ONEWAY = frozenset({TravelMode.EBIKE, TravelMode.CAR})


@dataclass(frozen=True)
class Conditions:
    """Under which roads are travelled.

    ``closed`` marks by mode the rows of the frame on which nobody travels (a mode not named: none). ``one_ways`` and
    ``barriers`` are there to ask what would be if there were none.
    """

    speeds: Speeds = USUAL_SPEEDS
    season: Season = Season.SUMMER
    closed: Mapping[TravelMode, Flags] = field(default_factory=dict)
    one_ways: bool = True
    barriers: bool = True


USUAL = Conditions()


@dataclass(frozen=True, eq=False)
class Arcs:
    """The arcs that edges make, sorted by the pair of nodes: ``edge`` of each, ``begins`` of each pair, ``tail``, ``head``."""

    edge: Ints
    begins: Ints
    indices: Ints
    indptr: Ints
    nodes: int

    @classmethod
    def of(cls, tail: Ints, head: Ints, two_way: Flags, nodes: int) -> Arcs:
        """Reverse every edge: one from tail to head is walked from its head when we start at the stations."""
        back = np.flatnonzero(two_way)
        starts, ends = np.concatenate([head, tail[back]]), np.concatenate([tail, head[back]])
        order = np.lexsort((ends, starts))
        starts, ends = starts[order], ends[order]
        first = np.ones(len(starts), dtype=bool)
        first[1:] = (starts[1:] != starts[:-1]) | (ends[1:] != ends[:-1])
        indptr = np.concatenate([[0], np.cumsum(np.bincount(starts[first], minlength=nodes))])
        return cls(np.concatenate([np.arange(len(tail)), back])[order], np.flatnonzero(first), ends[first], indptr, nodes)

    def graph(self, weight: Floats) -> csr_array:
        """Return the graph with the lightest arc of each pair (a matrix made from parallel arcs would add them up).

        Edges of infinite weight make no arc.
        """
        lightest = np.minimum.reduceat(weight[self.edge], self.begins) if len(self.begins) else np.zeros(0)
        there = np.isfinite(lightest)
        indptr = np.concatenate([[0], np.cumsum(there)])[self.indptr]
        return csr_array((lightest[there], self.indices[there], indptr), shape=(self.nodes, self.nodes))


@dataclass(frozen=True, eq=False)
class ModeRoads:
    """The edges that one mode may use.

    ``rows`` are positions in the network's frame, ``tail`` and ``head`` node positions, ``ticks`` the time along each edge,
    ``two_way`` whether it may be travelled against its direction, ``closed`` whether nobody may travel along it at all,
    ``bridge`` whether it is left at its ends only; ``ground`` and ``bridges`` find the edges of either sort. ``towards`` is
    the graph with every arc reversed (from stations back to where people start), one arc a pair of nodes: the quickest.
    ``access_kmh`` is the pace of the way to an edge, ``segments`` are the lines taken apart.
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
    closed: Flags
    access_kmh: float
    segments: Segments


@dataclass(frozen=True, eq=False)
class Bare:
    """What one mode finds whatever the conditions: its rows, their lines, where they are found."""

    rows: Ints
    lines_metric: Objects
    segments: Segments
    bridge: Flags
    ground: EdgeFinder
    bridges: EdgeFinder


@dataclass(frozen=True, eq=False)
class RoadTable:
    """What a frame of roads says, checked; arrays of one entry a row.

    ``ends`` (n, 2) are node positions; ``ends_of[mode]`` those with barriers, where a stopped end has a position of its own;
    ``oneway[mode]`` is whether the mode must not ride against the row's direction. ``length_m`` metres.
    """

    codes: Objects
    classes: Objects
    class_index: Ints
    ends: Ints
    ends_of: Mapping[TravelMode, Ints]
    oneway: Mapping[TravelMode, Flags]
    usable: Mapping[TravelMode, Flags]
    bridge: Flags
    speed_car_kmh: Floats
    length_m: Floats
    lines_metric: Objects
    compiled: bool = True
    bare: dict[TravelMode, Bare] = field(default_factory=dict)
    arcs: dict[tuple[TravelMode, bool, bool], Arcs] = field(default_factory=dict)

    def found(self, mode: TravelMode) -> Bare:
        """Return what does not change with the conditions; made when first asked for."""
        if mode not in self.bare:
            rows = np.flatnonzero(self.usable[mode])
            lines, bridge = self.lines_metric[rows], self.bridge[rows]
            segments = Segments.of(lines)
            ground, bridges = (
                EdgeFinder.of(np.flatnonzero(which), lines, segments, within_m, compiled=self.compiled)
                for which, within_m in ((~bridge, MOST_ACCESS_M), (bridge, BRIDGE_REACH_M))
            )
            self.bare[mode] = Bare(rows, lines, segments, bridge, ground, bridges)
        return self.bare[mode]

    def under(self, mode: TravelMode, conditions: Conditions, nodes: int) -> ModeRoads:
        """Return the edges of a mode under conditions, in a network of so many nodes; trees and sorted arcs are kept."""
        bare = self.found(mode)
        rows = bare.rows
        ends = (self.ends_of[mode] if conditions.barriers else self.ends)[rows]
        tail, head = np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1])
        two_way = ~self.oneway[mode][rows] if conditions.one_ways else np.ones(len(rows), dtype=bool)
        time = ticks(self.length_m[rows], self._speed_kmh(mode, conditions)[rows])
        closed = conditions.closed.get(mode, np.zeros(len(self.codes), dtype=bool))[rows]
        key = (mode, conditions.one_ways, conditions.barriers)
        if key not in self.arcs:
            self.arcs[key] = Arcs.of(tail, head, two_way, nodes)
        towards = self.arcs[key].graph(np.where(closed, np.inf, time))
        pace = conditions.speeds.straight_kmh(TravelMode.WALK, conditions.season)
        seen = (bare.bridge, bare.lines_metric, bare.ground, bare.bridges)
        return ModeRoads(rows, tail, head, time, two_way, *seen, towards, closed, pace, bare.segments)

    def _speed_kmh(self, mode: TravelMode, conditions: Conditions) -> Floats:
        speeds, season = conditions.speeds, conditions.season
        if mode is not TravelMode.CAR:
            return np.array([speeds.speed_kmh(mode, name, np.inf, season) for name in self.classes])[self.class_index]
        most = np.array([speeds.speed_kmh(mode, name, np.inf, Season.SUMMER) for name in self.classes])
        share = np.array([speeds.share(mode, name, season) for name in self.classes])
        return np.minimum(most[self.class_index], self.speed_car_kmh) * share[self.class_index]


def read_roads(roads: GeoDataFrame, metric_srid: int, *, compiled: bool) -> tuple[RoadTable, Ints, Floats]:
    """Return what a frame says, the nodes' numbers and their places in degrees (n, 2); see ``RoadNetwork.from_frame``."""
    lines = shapes_of(roads, np.array([f"road {row}" for row in range(len(roads))], dtype=object), LINEAR)
    numbers = np.column_stack([_nodes(roads, name) for name in ("from_node", "to_node")])
    node_ids, index = np.unique(numbers, return_inverse=True)
    ends = index.reshape(-1, 2).astype(np.int64)
    end_lonlat = np.stack([shapely.get_coordinates(shapely.get_point(lines, place)).reshape(-1, 2) for place in (0, -1)], axis=1)
    lonlat = np.full((len(node_ids), 2), np.nan)
    lonlat[ends.ravel()] = end_lonlat.reshape(-1, 2)
    stopped = np.column_stack([barred(roads, name) for name in ("barrier_from", "barrier_to")])
    stopped = stopped.reshape(len(lines), 2, len(TravelMode))
    row, end = np.nonzero(stopped.any(axis=2))
    own = np.full(ends.shape, -1)
    own[row, end] = len(node_ids) + np.arange(len(row))
    classes, class_index = np.unique(_texts(roads, "road_class").astype(str), return_inverse=True)
    table = RoadTable(
        codes=_texts(roads, "code"),
        classes=classes.astype(object),
        class_index=class_index,
        ends=ends,
        ends_of={mode: np.where(stopped[:, :, i], own, ends) for i, mode in enumerate(TravelMode)},
        oneway=_oneways(roads),
        usable={mode: flags_of(roads, "roads", mode.value, default=True) for mode in TravelMode},
        bridge=flags_of(roads, "roads", "bridge", default=False),
        speed_car_kmh=numbers_of(roads, "roads", "speed_car_kmh", least=SLOWEST_KMH),
        length_m=numbers_of(roads, "roads", "length_m", least=0.0),
        lines_metric=to_metric(lines, metric_srid),
        compiled=compiled,
    )
    return table, np.concatenate([node_ids, numbers[row, end]]), np.concatenate([lonlat, end_lonlat[row, end]])


def _oneways(roads: GeoDataFrame) -> dict[TravelMode, Flags]:
    """Return whom a row's direction binds: cars and e-bikes where it is a one-way, unless it says otherwise of a mode."""
    general = flags_of(roads, "roads", "oneway", default=False)
    found = {}
    for mode in TravelMode:
        usual, name = general & (mode in BOUND_BY_ONEWAY), f"oneway_{mode.value}"
        own = flags_of(roads, "roads", name, default=False)
        given = roads[name].notna().to_numpy(dtype=bool) if name in roads.columns else np.zeros(len(roads), dtype=bool)
        found[mode] = np.where(given, own, usual)
    return found


def barred(roads: GeoDataFrame, column: str) -> Flags:
    """Return (rows, modes) whom a barrier stops, from texts such as ``car;ebike``; raises FrameInvalid for another word."""
    found = np.zeros((len(roads), len(TravelMode)), dtype=bool)
    for row, text in enumerate(_texts(roads, column)):
        for word in filter(None, (part.strip() for part in text.split(";"))) if text else ():
            if word not in TravelMode.codes():
                known = ", ".join(TravelMode.codes())
                reason = f"row {row} has {word!r} for {column}, none of {known}"
                raise FrameInvalid(what="roads", reason=reason, where={"row": row})
            found[row, TravelMode.codes().index(word)] = True
    return found


def _texts(roads: GeoDataFrame, column: str) -> Objects:
    found = texts_of(roads, column)
    return np.full(len(roads), "", dtype=object) if found is None else found


def _nodes(roads: GeoDataFrame, column: str) -> Ints:
    """Return the numbers of nodes, all of their digits: a float would lose those of 64-bit numbers."""
    numbers_of(roads, "roads", column)
    return np.asarray(pd.to_numeric(roads[column]).to_numpy(np.int64))
