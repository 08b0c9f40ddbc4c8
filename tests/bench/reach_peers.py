"""Who else finds what is within some minutes: networkx, the chain in the manner of osmnx, scipy, pgRouting; on the same graph."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import networkx as nx
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from geogrid.space.network import TICKS_PER_MINUTE, ModeRoads
from geogrid.space.reach import Reach, limit_ticks
from geogrid.store.cluster import cluster_url, create_database, start_cluster, stop_cluster
from geogrid.store.session import engine_of
from tests.bench.harness import seconds

BUFFER_M = 25.0  # of an edge that is reached, as usual in examples of osmnx

TABLE = "CREATE TABLE arcs (id bigint, source bigint, target bigint, cost double precision)"
EDGES = "SELECT id, source, target, cost FROM arcs"
ASK = "SELECT count(*) FROM pgr_drivingDistance(%s, %s::bigint[], %s, true)"
TAKE = "COPY (SELECT * FROM pgr_drivingDistance(%s, %s::bigint[], %s, true)) TO STDOUT (FORMAT binary)"


def networkx_graph(roads: ModeRoads) -> nx.DiGraph:
    """The arcs from stations back to people, in minutes, with the line of each edge."""
    graph = nx.DiGraph()
    arcs = roads.towards.tocoo()
    graph.add_weighted_edges_from(zip(arcs.coords[0].tolist(), arcs.coords[1].tolist(), arcs.data.tolist(), strict=True), "ticks")
    lines = zip(roads.tail.tolist(), roads.head.tolist(), roads.lines_metric, strict=True)
    for tail, head, line in lines:
        for pair in ((tail, head), (head, tail)):
            if graph.has_edge(*pair):
                graph.edges[pair]["line"] = line
    return graph


def centre_of(reach: Reach, station: int) -> int:
    """The node nearest to a station by time: where the peers begin, as they know no parts of edges."""
    return int(reach.within(station, reach.limit_minutes)[0][0])


def ego_graphs(graph: nx.DiGraph, centres: Iterable[int], minutes: float) -> list[nx.DiGraph]:
    return [nx.ego_graph(graph, centre, radius=limit_ticks(minutes), distance="ticks") for centre in centres]


def buffered(found: nx.DiGraph) -> shapely.Geometry:
    """The union of buffered edges, which is how examples of osmnx draw an isochrone."""
    lines = [line for _, _, line in found.edges(data="line") if line is not None]
    return shapely.union_all(shapely.buffer(np.array(lines, dtype=object), BUFFER_M))


def scipy_within(roads: ModeRoads, reach: Reach, minutes: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Nodes and ticks of every station by scipy, from a node that stands for the station; nodes in rising order."""
    size, (rows, ends) = roads.towards.shape[0], roads.towards.tocoo().coords
    found = []
    for station in range(len(reach)):
        edge, along, access = (int(values[0]) for values in reach.own(station))
        seeds = {int(roads.tail[edge]): along + access}
        if roads.two_way[edge]:
            to_head = int(roads.ticks[edge]) - along + access
            seeds[int(roads.head[edge])] = min(to_head, seeds.get(int(roads.head[edge]), to_head))
        data = np.concatenate([roads.towards.data, list(seeds.values())])
        where = np.concatenate([rows, np.full(len(seeds), size)]), np.concatenate([ends, list(seeds)])
        graph = coo_array((data, where), shape=(size + 1, size + 1)).tocsr()
        times = dijkstra(graph, indices=size, limit=limit_ticks(minutes) + 0.5)[:size]
        nodes = np.flatnonzero(times <= limit_ticks(minutes))
        found.append((nodes, times[nodes].astype(np.int64)))
    return found


def pgrouting_seconds(folder: Path, roads: ModeRoads, centres: list[int], minutes: float, runs: int) -> tuple[float, float]:
    """The medians of pgr_drivingDistance for all centres in one call, on a private cluster.

    First with the sets in the hands of who asked, as the other peers give them (the quickest way: one binary COPY, its bytes
    not looked at); then only counted where they were made.
    """
    start_cluster(folder, durable=False)
    try:
        create_database(folder, "reach")
        engine = engine_of(cluster_url(folder, "reach"))
        raw = engine.raw_connection()
        try:
            return _asked(raw.driver_connection, roads, centres, minutes, runs)
        finally:
            raw.close()
            engine.dispose()
    finally:
        stop_cluster(folder)


def _asked(connection, roads: ModeRoads, centres: list[int], minutes: float, runs: int) -> tuple[float, float]:
    cursor = connection.cursor()
    cursor.execute("CREATE EXTENSION IF NOT EXISTS postgis; CREATE EXTENSION IF NOT EXISTS pgrouting;" + TABLE)
    arcs = roads.towards.tocoo()
    rows = zip(range(arcs.nnz), *(part.tolist() for part in arcs.coords), (arcs.data / TICKS_PER_MINUTE).tolist(), strict=True)
    with cursor.copy("COPY arcs FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute("ANALYZE arcs")
    asked = (EDGES, centres, minutes)

    def take() -> None:
        with cursor.copy(TAKE, asked) as copy:
            for _ in copy:
                pass

    taken, counted = seconds(runs, take), seconds(runs, lambda: cursor.execute(ASK, asked).fetchone())
    connection.rollback()
    return taken, counted
