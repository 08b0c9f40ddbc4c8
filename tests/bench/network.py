"""``./run bench network``: all crossings labelled with the station reached soonest, points brought to roads.

Peers: networkx (multi-source Dijkstra on the same arcs), scipy's search for the times alone, shapely's ``query_nearest`` with the
measures along the line. First the answers are compared: times with networkx, edges with the plain way.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import networkx as nx
import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from geogrid.domain.speeds import Season
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.space.crs import metric_xy
from geogrid.space.network import MOST_ACCESS_M, Conditions, ModeRoads, RoadNetwork, Snapped, snap_metric
from geogrid.space.network_flood import node_keys
from tests.bench import grounds, harness

PLAIN_POINTS = 200_000
ALIKE = ("edge", "along", "access", "access_m")
MODE = TravelMode.WALK


@click.command()
@harness.points_option(1_000_000)
@harness.small_option
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the figures go.")
def main(points: int, small: bool, out: Path | None) -> None:
    """Measure travel times to stations and the way from points to roads."""
    harness.prepare()
    machine = harness.machine()
    twin, profile = grounds.made_twin(small)
    count = min(points, 20_000) if small else points
    ground = grounds.ground_of(twin, profile, count, np.random.default_rng(1))
    start = time.perf_counter()
    network = RoadNetwork.from_frame(twin["roads"], metric_srid=profile.metric_srid)
    built_s = time.perf_counter() - start
    stations = twin["stations"][twin["stations"]["level"] != StationLevel.CENTRE].geometry
    runs = 3 if small else 7
    found = {"machine": machine, "points": count, "nodes": len(network.node_ids), "stations": len(stations), "built_s": built_s}
    found |= labels(network, np.column_stack([stations.x, stations.y]), runs)
    found |= snapping(network, twin, ground, profile.metric_srid, runs)
    winter = Conditions(speeds=profile.speeds, season=Season.WINTER)
    found["reweigh_s"] = harness.seconds(runs, lambda: network.under(winter))
    gates = [
        *harness.exact("network: crossings whose time differs from networkx", found["label_differences"]),
        *harness.exact("network: points brought elsewhere than by the plain way", found["snap_differences"]),
        *harness.at_least("network: all crossings labelled, times networkx", found["labels_to_networkx"], gate=10, goal=40),
        *harness.at_least("network: points to roads, times shapely", found["snap_to_shapely"], gate=10, goal=20),
    ]
    harness.report("network", found, gates, lines=lines(found), small=small, out=out)


def labels(network: RoadNetwork, stations: np.ndarray, runs: int) -> dict[str, Any]:
    """Compare and time the labels of all crossings: ours, networkx, scipy without the stations' names."""
    roads = network.modes[MODE]
    flood = network.flood(stations, MODE)
    snapped, base = flood.stations, flood.base
    graph, source = graph_of(roads, snapped)
    theirs = nx.single_source_dijkstra_path_length(graph, source)
    ours = np.floor(flood.node_key / base)
    differences = sum(theirs.get(node, np.inf) != ours[node] for node in range(len(ours)) if node in graph)
    seeds = np.unique(np.concatenate([roads.tail[snapped.edge], roads.head[snapped.edge]]))
    ours_s = harness.seconds(runs, lambda: node_keys(roads, snapped, base, np.inf))
    networkx_s = harness.seconds(1 if runs < 5 else 3, lambda: nx.single_source_dijkstra_path_length(graph, source))
    scipy_s = harness.seconds(runs, lambda: dijkstra(roads.towards, indices=seeds, min_only=True))
    found = {"label_differences": int(differences), "labels_s": ours_s, "networkx_s": networkx_s, "scipy_s": scipy_s}
    return found | {"labels_to_networkx": networkx_s / ours_s, "labels_to_scipy": scipy_s / ours_s}


def graph_of(roads: ModeRoads, stations: Snapped) -> tuple[nx.DiGraph, int]:
    """Return the reversed arcs as networkx has them, with one node that stands for all stations."""
    graph, source = nx.DiGraph(), -1

    def join(a: int, b: int, weight: float) -> None:
        if not graph.has_edge(a, b) or weight < graph[a][b]["weight"]:
            graph.add_edge(a, b, weight=weight)

    for tail, head, ticks, both in zip(roads.tail, roads.head, roads.ticks, roads.two_way, strict=True):
        join(int(head), int(tail), ticks)
        if both:
            join(int(tail), int(head), ticks)
    for edge, along, access in zip(stations.edge, stations.along, stations.access, strict=True):
        if edge >= 0:
            rest = roads.ticks[edge] - along
            join(source, int(roads.tail[edge]), along + access)
            if roads.two_way[edge] or rest == 0:
                join(source, int(roads.head[edge]), rest + access)
    return graph, source


def snapping(network: RoadNetwork, twin: dict[str, Any], ground: grounds.Ground, metric_srid: int, runs: int) -> dict[str, Any]:
    """Compare and time points brought to roads: compiled, plain, shapely's calls alone."""
    roads = network.modes[MODE]
    plain = RoadNetwork.from_frame(twin["roads"], metric_srid=metric_srid, compiled=False).modes[MODE]
    x, y = metric_xy(ground.lon, ground.lat, metric_srid, strict=False)
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = np.ascontiguousarray(x[keep]), np.ascontiguousarray(y[keep])
    few = slice(0, min(len(x), PLAIN_POINTS))
    fast, slow = snap_metric(roads, x[few], y[few]), snap_metric(plain, x[few], y[few])
    differ = np.zeros(len(fast.edge), dtype=bool)
    for name in ALIKE:
        differ |= getattr(fast, name) != getattr(slow, name)
    ours_s = harness.seconds(runs, lambda: snap_metric(roads, x, y)) / len(x)
    shapely_s = harness.seconds(1 if runs < 5 else 3, lambda: by_shapely(roads, x[few], y[few])) / len(slow.edge)
    plain_s = harness.seconds(1, lambda: snap_metric(plain, x[few], y[few])) / len(slow.edge)
    found = {"snap_differences": int(differ.sum()), "snaps_a_second": 1 / ours_s, "plain_a_second": 1 / plain_s}
    found |= {"shapely_a_second": 1 / shapely_s, "snap_to_shapely": shapely_s / ours_s}
    flood = network.flood(np.column_stack([ground.lon[keep][:220], ground.lat[keep][:220]]), MODE)
    return found | {"events_a_second": len(x) / harness.seconds(runs, lambda: flood.at(snap_metric(roads, x, y)))}


def by_shapely(roads: ModeRoads, x: np.ndarray, y: np.ndarray) -> None:
    """Do with shapely alone what the plain way does: nearest line, distance, share of the line."""
    points = shapely.points(x, y)
    tree = roads.ground.tree
    point, line = tree.query_nearest(points, max_distance=MOST_ACCESS_M, all_matches=False)
    lines = tree.geometries[line]
    shapely.line_locate_point(lines, points[point], normalized=True)
    shapely.distance(lines, points[point])


def lines(found: dict[str, Any]) -> list[str]:
    """Return the table for the page."""
    return [
        f"{found['nodes']:,} crossings, {found['stations']} stations, {found['points']:,} points; {harness.on_what(found)}.",
        "",
        "| what | geogrid | peer | times |",
        "|---|--:|--:|--:|",
        f"| every crossing labelled with its station, against networkx | {found['labels_s'] * 1e3:.1f} ms "
        f"| {found['networkx_s'] * 1e3:,.0f} ms | {found['labels_to_networkx']:.0f} |",
        f"| the same, against scipy `dijkstra(min_only=True)`, which gives times alone | {found['labels_s'] * 1e3:.1f} ms "
        f"| {found['scipy_s'] * 1e3:.1f} ms | {found['labels_to_scipy']:.1f} |",
        f"| points to roads, against shapely `query_nearest` | {found['snaps_a_second'] / 1e6:.2f} M/s "
        f"| {found['shapely_a_second'] / 1e6:.3f} M/s | {found['snap_to_shapely']:.0f} |",
        f"| points to roads, station and minutes | {found['events_a_second'] / 1e6:.2f} M/s | | |",
        f"| another season for all modes | {found['reweigh_s'] * 1e3:.0f} ms | | |",
        "",
        f"Differences: {found['label_differences']} crossings from networkx, {found['snap_differences']} points from the plain.",
    ]


if __name__ == "__main__":
    main()
