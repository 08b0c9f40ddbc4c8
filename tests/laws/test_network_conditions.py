"""Laws of roads under conditions: equal to a search by another's hand (networkx); what closes never shortens."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.domain.speeds import Season
from geogrid.domain.stations import TravelMode
from geogrid.domain.unreached import Unreached
from geogrid.space.network import Conditions, Flood, RoadNetwork, Snapped
from geogrid.space.network_flood import node_keys
from geogrid.space.network_unreached import unreached_nodes
from tests.space.lattice import METRIC_SRID, frame, lonlat, road

PLACES = [(0, 0), (300, 0), (300, 300), (0, 300), (150, 500), (600, 150)]
KMH = {TravelMode.WALK: 4.8, TravelMode.EBIKE: 15.0, TravelMode.CAR: 30.0}
MODES = st.sampled_from(list(TravelMode))
flags = st.booleans()
stopped = st.sets(st.sampled_from(TravelMode.codes()), max_size=2).map(lambda modes: ";".join(sorted(modes)))


@st.composite
def rows(draw):
    """A road between two of six places: a made-up length, one-ways, barriers, closed or not for some mode."""
    a, b = draw(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] != pair[1]))
    made = {"length_m": draw(st.sampled_from([80.0, 160.0, 400.0])), "oneway": draw(flags), "oneway_ebike": draw(flags)}
    made |= {"oneway_walk": draw(flags), "barrier_from": draw(stopped), "barrier_to": draw(stopped), "car": draw(flags)}
    return road(PLACES[a], PLACES[b], a, b, **made) | {"closed": draw(flags)}


towns = st.lists(rows(), min_size=1, max_size=10)
spots = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.sampled_from([0.0, 1e6])), min_size=1, max_size=4)


def built(town, **conditions):
    roads = frame(town).drop(columns="closed")
    return RoadNetwork.from_frame(roads, metric_srid=METRIC_SRID, conditions=Conditions(**conditions))


def closed_to(town, mode):
    return {mode: np.array([row["closed"] for row in town])}


def on_edges(chosen, roads):
    edge = np.array([spot[0] % len(roads.rows) for spot in chosen])
    along = roads.ticks[edge] * np.array([spot[1] for spot in chosen]) / 4
    return Snapped(edge, along, np.array([spot[2] for spot in chosen]), np.zeros(len(chosen)))


def times(network, mode, stations, points):
    roads = network.modes[mode]
    snapped, base = on_edges(stations, roads), len(stations) + 1
    return Flood(roads, snapped, node_keys(roads, snapped, base, np.inf), base).at(on_edges(points, roads))


def end_of(town, row, mode, end):
    barred = mode.value in town[row][f"barrier_{end}"].split(";")
    return ("end", row, end) if barred else ("node", town[row][f"{end}_node"])


def cut_graph(town, mode, usable, points, stations, *, closures):
    """The roads cut at every point and station, from the rows alone; a place at a stopped end stands beside the crossing."""
    graph = nx.DiGraph()

    def join(a, b, cost):
        if not graph.has_edge(a, b) or cost < graph[a][b]["weight"]:
            graph.add_edge(a, b, weight=cost)

    for edge, row in enumerate(usable):
        columns = town[row]
        time = round(columns["length_m"] / KMH[mode] * 3_600_000)
        cuts = [(0, end_of(town, row, mode, "from")), (time, end_of(town, row, mode, "to"))]
        for name, chosen in (("point", points), ("station", stations)):
            for i, (number, quarter, access) in enumerate(chosen):
                if number % len(usable) == edge:
                    at = ("cut", name, i)
                    cuts.append((time * quarter // 4, at))
                    join((name, i), at, access)
                    join(at, (name, i), access)
        cuts.sort(key=lambda cut: cut[0])
        one_way = columns[{"walk": "oneway_walk", "ebike": "oneway_ebike", "car": "oneway"}[mode.value]]
        for (start, a), (end, b) in pairwise(cuts):
            if end == start or not (closures and columns["closed"]):
                join(a, b, end - start)
                if end == start or not one_way:
                    join(b, a, end - start)
    return graph


@settings(max_examples=120, deadline=None)
@given(towns, MODES, spots, spots, flags)
def test_times_and_stations_equal_networkx(town, mode, stations, points, closures):
    network = built(town, closed=closed_to(town, mode) if closures else {})
    usable = network.modes[mode].rows.tolist()
    if not usable:
        return
    minutes, rank = times(network, mode, stations, points)
    graph = cut_graph(town, mode, usable, points, stations, closures=closures)
    for i in range(len(points)):
        found = nx.single_source_dijkstra_path_length(graph, ("point", i))
        reached = [(found["station", j], j) for j in range(len(stations)) if ("station", j) in found]
        assert (round(minutes[i] * 60e6) if reached else np.inf, rank[i]) == (min(reached) if reached else (np.inf, -1))


@settings(max_examples=60, deadline=None)
@given(towns, MODES, spots, spots)
def test_closing_never_shortens_and_winter_is_never_quicker(town, mode, stations, points):
    usual = built(town)
    if not len(usual.modes[mode].rows):
        return
    summer, _ = times(usual, mode, stations, points)
    closed = usual.under(replace(usual.conditions, closed=closed_to(town, mode)))
    assert (times(closed, mode, stations, points)[0] >= summer).all()
    winter, _ = times(usual.under(replace(usual.conditions, season=Season.WINTER)), mode, stations, points)
    assert (winter >= summer).all() and (np.isinf(winter) == np.isinf(summer)).all()
    free = usual.under(replace(usual.conditions, barriers=False, one_ways=False))
    assert (times(free, mode, stations, points)[0] <= summer).all()


@settings(max_examples=60, deadline=None)
@given(towns, MODES, st.lists(st.sampled_from(PLACES), min_size=1, max_size=3), flags)
def test_no_arc_is_a_short_cut_and_every_node_is_reached_or_named(town, mode, places, closures):
    network = built(town, closed=closed_to(town, mode) if closures else {})
    roads = network.modes[mode]
    stations = lonlat(*np.transpose(places))
    flood = network.flood(stations, mode)
    key, step = flood.node_key, flood.base * roads.ticks
    open_edge = ~roads.closed
    assert (key[roads.tail] <= key[roads.head] + step)[open_edge].all()
    assert (key[roads.head] <= key[roads.tail] + step)[open_edge & roads.two_way].all()
    lost = unreached_nodes(network, stations, mode)
    used = np.unique(np.concatenate([roads.tail, roads.head]))
    assert lost.position.tolist() == used[np.isinf(key[used])].tolist()
    assert set(lost.reason) <= set(Unreached.codes()) - (set() if closures else {Unreached.CLOSED})
