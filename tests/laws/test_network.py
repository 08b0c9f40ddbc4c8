"""Law: the vectorised search equals a plain one, a node at a time, on a graph cut at every point and station."""

from __future__ import annotations

import heapq
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.domain.stations import TravelMode
from geogrid.space.network import Flood, RoadNetwork, Snapped
from geogrid.space.network_flood import node_keys
from tests.space.lattice import METRIC_SRID, frame, road

NODES = 6
PLACES = [(0, 0), (300, 0), (300, 300), (0, 300), (150, 500), (600, 150)]


@st.composite
def towns(draw):
    """Roads between six places with made-up lengths and one-ways, points and stations on them, all with whole ticks."""
    ends = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda pair: pair[0] != pair[1])
    rows = draw(st.lists(st.tuples(ends, st.sampled_from([80.0, 160.0, 400.0]), st.booleans()), min_size=1, max_size=10))
    roads = frame([road(PLACES[a], PLACES[b], a, b, length_m=m, oneway=one) for (a, b), m, one in rows])
    spot = st.tuples(st.integers(0, len(rows) - 1), st.sampled_from([0, 1, 2, 3, 4]), st.sampled_from([0.0, 1e6]))
    return roads, draw(st.lists(spot, min_size=1, max_size=4)), draw(st.lists(spot, min_size=1, max_size=5))


def snapped(spots, roads):
    edge = np.array([spot[0] for spot in spots])
    quarter = np.array([spot[1] for spot in spots])
    access = np.array([spot[2] for spot in spots])
    return Snapped(edge, roads.ticks[edge] * quarter / 4, access, np.zeros(len(spots)))


def arcs_of(roads, points, stations):
    """Arcs of the graph cut at every point and station; a cut at an edge's very end is the node itself."""
    cuts = [[(0.0, ("node", t)), (time, ("node", h))] for t, h, time in zip(roads.tail, roads.head, roads.ticks, strict=True)]
    arcs = {}

    def join(a, b, cost):
        arcs.setdefault(a, []).append((b, cost))

    for name, spots in (("point", points), ("station", stations)):
        for i, (edge, along, access) in enumerate(zip(spots.edge, spots.along, spots.access, strict=True)):
            at = ("cut", name, i)
            cuts[edge].append((along, at))
            join(("off", name, i), at, access)
            join(at, ("off", name, i), access)
    for edge, places in enumerate(cuts):
        places.sort(key=lambda place: place[0])
        for (start, a), (end, b) in pairwise(places):
            join(a, b, end - start)
            if roads.two_way[edge] or end == start:
                join(b, a, end - start)
    return arcs


def plain_times(arcs, start):
    best, queue = {}, [(0.0, start)]
    while queue:
        cost, place = heapq.heappop(queue)
        if place not in best:
            best[place] = cost
            for other, step in arcs.get(place, ()):
                heapq.heappush(queue, (cost + step, other))
    return best


@settings(max_examples=150, deadline=None)
@given(towns(), st.sampled_from([TravelMode.WALK, TravelMode.CAR]))
def test_times_and_stations_equal_a_plain_search(town, mode):
    frame_of_roads, station_spots, point_spots = town
    roads = RoadNetwork.from_frame(frame_of_roads, metric_srid=METRIC_SRID).modes[mode]
    stations, points = snapped(station_spots, roads), snapped(point_spots, roads)
    base = len(station_spots) + 1
    minutes, rank = Flood(roads, stations, node_keys(roads, stations, base, np.inf), base).at(points)
    arcs = arcs_of(roads, points, stations)
    for i in range(len(point_spots)):
        times = plain_times(arcs, ("off", "point", i))
        reached = [(times[place], j) for j in range(len(station_spots)) if (place := ("off", "station", j)) in times]
        assert (round(minutes[i] * 60e6) if reached else np.inf, rank[i]) == (min(reached) if reached else (np.inf, -1))
