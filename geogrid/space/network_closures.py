"""Closures to edges, and the roads as they are on a day: its season, its closures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import numpy as np
import shapely

from geogrid.domain.closures import Closure
from geogrid.domain.stations import TravelMode
from geogrid.space.crs import to_metric
from geogrid.space.network import Flags, RoadNetwork

BESIDE_M = 10.0  # a line of a closure is drawn by hand: what runs so near to it is meant
MOST_OF = 0.5  # of an edge's length; one that merely crosses the line stays open


def closed_rows(network: RoadNetwork, closures: Iterable[Closure], day: date) -> dict[TravelMode, Flags]:
    """Return by mode which rows of the network's frame are closed on a day.

    A row is closed when a closure names its code, or when more than half of it lies within ``BESIDE_M`` of the closure's line,
    or within the closure's area. Modes to which nothing is closed are left out.
    """
    closed = {mode: np.zeros(len(network.table.codes), dtype=bool) for mode in TravelMode}
    for closure in closures:
        if closure.is_on(day):
            rows = _rows(network, closure)
            for mode in TravelMode:
                if closure.binds(mode):
                    closed[mode] |= rows
    return {mode: rows for mode, rows in closed.items() if rows.any()}


def on_day(network: RoadNetwork, closures: Iterable[Closure], day: date) -> RoadNetwork:
    """Return the network as it is on a day, with the speeds that it has: in the day's season, without what is closed then."""
    conditions = network.conditions
    season = conditions.speeds.season_on(day)
    closed = closed_rows(network, closures, day)
    if season is conditions.season and not closed and not conditions.closed:
        return network
    return network.under(replace(conditions, season=season, closed=closed))


def _rows(network: RoadNetwork, closure: Closure) -> Flags:
    table = network.table
    found: Flags = (table.codes == closure.road_code) if closure.road_code else np.zeros(len(table.codes), dtype=bool)
    if closure.line_lonlat is None:
        return found
    shape = to_metric(np.array([closure.line_lonlat], dtype=object), network.metric_srid)[0]
    where = shape if shapely.area(shape) > 0 else shapely.buffer(shape, BESIDE_M)
    near = np.flatnonzero(shapely.intersects(table.lines_metric, where))
    inside = shapely.length(shapely.intersection(table.lines_metric[near], where))
    found[near] |= inside > MOST_OF * shapely.length(table.lines_metric[near])
    return found
