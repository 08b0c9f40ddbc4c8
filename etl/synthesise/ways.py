"""Which borders of cells are rivers, and which are roads of which class: paths over the cells' edges.

Grids are drawn along roads and water where there are some: here the roads and the water are laid along the borders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from etl.synthesise.cells import Cells
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.outline import Curve, Outline

CLASSES = ("", "track", "residential", "unclassified", "tertiary", "secondary", "primary", "trunk", "motorway")
RANK = {name: rank for rank, name in enumerate(CLASSES)}


@dataclass
class Ways:
    """What each edge is. Arrays of length m (edges of the cells) but for bridges.

    ``river``: number of the river, or -1; ``rank``: index into ``CLASSES`` (0: no road); ``street``: a number that the
    pieces of one named street share, or -1; ``bridge_nodes`` (k, 2), ``bridge_rank``, ``bridge_street``: straight links
    between two nodes across a river.
    """

    river: Ints
    rank: Ints
    street: Ints
    bridge_nodes: Ints
    bridge_rank: Ints
    bridge_street: Ints


class _Paths:
    """Shortest paths over edges and possible bridges."""

    def __init__(self, nodes: Ints, count: int) -> None:
        self.nodes, self.count = nodes, count
        self.edge_of = {tuple(sorted(pair)): edge for edge, pair in enumerate(nodes.tolist())}

    def tree(self, weight: Floats, source: int) -> tuple[Floats, Ints]:
        """Return distance to and predecessor of every node; edges of infinite weight are closed."""
        usable = np.isfinite(weight)
        a, b = self.nodes[usable].T
        graph = csr_matrix((weight[usable], (a, b)), shape=(self.count, self.count))
        distance, before = dijkstra(graph, directed=False, indices=source, return_predecessors=True)
        return distance, before

    def back(self, before: Ints, target: int) -> list[int]:
        """Return the edges from ``target`` back to the tree's source."""
        found = []
        while before[target] >= 0:
            found.append(self.edge_of[tuple(sorted((int(before[target]), target)))])
            target = int(before[target])
        return found


def lay_ways(ground: Ground, outline: Outline, cells: Cells) -> Ways:
    """Choose the edges of rivers, motorway, trunk roads, roads between seats and villages, streets and tracks."""
    count = len(cells.edge_nodes)
    river = np.full(count, -1)
    for number, curve in enumerate(outline.rivers):
        river[_river(outline, cells, curve, river)] = number
    wet = np.unique(cells.edge_nodes[river >= 0])
    closed = np.isin(cells.edge_nodes, wet).any(axis=1) | (cells.edge_inside == 0)
    bridges = _possible_bridges(cells, river, wet)
    ends = np.vstack([cells.edge_nodes, bridges])
    paths = _Paths(ends, len(cells.node_xy))
    length = np.hypot(*(cells.node_xy[ends[:, 1]] - cells.node_xy[ends[:, 0]]).T)
    length[:count][closed] = np.inf
    length[count:] *= 1.6  # a bridge is dear
    rank, street = np.zeros(len(ends), int), np.full(len(ends), -1)
    _streets(cells, closed, rank, street)
    _trunks(outline, cells, paths, length, rank, street)
    _links(ground, outline, cells, paths, length, rank)
    _tracks(ground, cells, closed, rank)
    used = np.flatnonzero(rank[count:] > 0)
    return Ways(river, rank[:count], street[:count], bridges[used], rank[count:][used], street[count:][used])


def _river(outline: Outline, cells: Cells, curve: Curve, river: Ints) -> list[int]:
    """Edges of the path that follows ``curve``; a tributary ends where it meets the river before it."""
    near = cKDTree(curve.xy)
    away = near.query(cells.edge_mid)[0] / outline.spacing(cells.edge_mid)
    weight = cells.edge_length * (1 + (away / 0.15) ** 2)
    weight[(cells.edge_core > 0) | (outline.reach(cells.edge_mid) > 1.6)] = np.inf
    open_nodes = np.unique(cells.edge_nodes[np.isfinite(weight)])
    met = np.unique(cells.edge_nodes[river >= 0])
    starts = curve.xy[outline.reach(curve.xy) < 1.5]
    first, last = (int(open_nodes[np.argmin(np.hypot(*(cells.node_xy[open_nodes] - end).T))]) for end in (starts[0], starts[-1]))
    if len(met):
        last = int(met[np.argmin(np.hypot(*(cells.node_xy[met] - curve.xy[-1]).T))])
    paths = _Paths(cells.edge_nodes, len(cells.node_xy))
    chain = paths.back(paths.tree(weight, first)[1], last)
    touching = [index for index, edge in enumerate(chain) if np.isin(cells.edge_nodes[edge], met).any()]
    return chain[touching[-1] :] if touching else chain


def _possible_bridges(cells: Cells, river: Ints, wet: Ints) -> Ints:
    """For each river edge inside the district, the two nodes nearest to it on either side that are not on the river."""
    nodes_of: dict[int, list[int]] = {}
    for pair, nodes in zip(cells.edge_cells.tolist(), cells.edge_nodes.tolist(), strict=True):
        for cell in pair:
            nodes_of.setdefault(cell, []).extend(nodes)
    is_wet = np.zeros(len(cells.node_xy), bool)
    is_wet[wet] = True
    found = []
    for edge in np.flatnonzero((river >= 0) & (cells.edge_inside == 2)):
        ends = []
        for cell in cells.edge_cells[edge].tolist():
            dry = np.array([node for node in nodes_of[cell] if not is_wet[node]])
            if len(dry):
                ends.append(int(dry[np.argmin(np.hypot(*(cells.node_xy[dry] - cells.edge_mid[edge]).T))]))
        if len(ends) == 2:
            found.append(ends)
    return np.array(found, int).reshape(-1, 2)


def _streets(cells: Cells, closed: Ints, rank: Ints, street: Ints) -> None:
    """Streets of the core: its lattice's lines, some of them wider."""
    core = np.flatnonzero((cells.edge_core == 2) & ~closed)
    rows, columns = cells.lattice[cells.edge_cells[core]].transpose(2, 0, 1)
    upright = rows[:, 0] == rows[:, 1]
    level = columns[:, 0] == columns[:, 1]
    line = np.where(upright, columns.min(axis=1), rows.min(axis=1))
    wide = np.where(line % 6 == 0, RANK["secondary"], np.where(line % 3 == 0, RANK["tertiary"], RANK["residential"]))
    rank[core] = np.where(upright | level, wide, RANK["residential"])
    street[core] = np.where(upright, 1000 + line, np.where(level, 2000 + line, -1))
    fringe = np.flatnonzero((cells.edge_core == 1) & ~closed)
    rank[fringe], street[fringe] = RANK["tertiary"], 900


def _trunks(outline: Outline, cells: Cells, paths: _Paths, length: Floats, rank: Ints, street: Ints) -> None:
    """The motorway from border to border, then roads from the core's middle to the border."""
    mid = cells.node_xy[paths.nodes].mean(axis=1)
    inner = np.unique(cells.edge_nodes[np.isfinite(length[: len(cells.edge_nodes)])])
    hub = int(inner[np.argmin(np.hypot(*(cells.node_xy[inner] - outline.core_xy).T))])
    in_core = np.r_[cells.edge_core, np.zeros(len(paths.nodes) - len(cells.edge_core))] == 2
    for number, curve in reversed(list(enumerate(outline.trunks))):
        away = cKDTree(curve.xy).query(mid)[0] / outline.spacing(mid)
        weight = length * np.where(in_core & curve.at_core, np.where(rank >= RANK["tertiary"], 0.6, 1.5), 1 + (away / 0.25) ** 2)
        stops = curve.xy[outline.reach(curve.xy) < 0.99]
        start = hub if curve.at_core else int(inner[np.argmin(np.hypot(*(cells.node_xy[inner] - stops[0]).T))])
        end = int(inner[np.argmin(np.hypot(*(cells.node_xy[inner] - stops[-1]).T))])
        if not curve.at_core:
            weight[in_core] = np.inf
        chain = np.array(paths.back(paths.tree(weight, start)[1], end), int)
        name = "motorway" if not curve.at_core else "trunk" if number < 2 else "primary"
        chain = chain[rank[chain] < RANK[name]]
        rank[chain] = RANK[name]
        street[chain[~in_core[chain]]] = number


def _links(ground: Ground, outline: Outline, cells: Cells, paths: _Paths, length: Floats, rank: Ints) -> None:
    """Secondary roads from every seat to the core, tertiary ones from most cells to their seat."""
    rng = ground.rng("links")
    inner = np.unique(cells.edge_nodes[np.isfinite(length[: len(cells.edge_nodes)])])
    tree = cKDTree(cells.node_xy[inner])
    hub = int(inner[tree.query(outline.core_xy)[1]])
    seats = inner[tree.query(outline.seats_xy)[1]]

    def weight() -> Floats:
        return length * np.where(rank == RANK["motorway"], 5.0, np.where(rank >= RANK["tertiary"], 0.45, 1.0))

    before = paths.tree(weight(), hub)[1]
    for seat in seats.tolist():
        chain = np.array(paths.back(before, seat), int)
        rank[chain] = np.maximum(rank[chain], RANK["secondary"])
    rural = np.arange(cells.core, cells.inside)
    chosen = rng.choice(rural, int(len(rural) * 0.45), replace=False)
    home = cKDTree(outline.seats_xy).query(cells.xy[chosen])[1]
    for number, seat in enumerate(seats.tolist()):
        before = paths.tree(weight(), seat)[1]
        for target in inner[tree.query(cells.xy[chosen[home == number]])[1]].tolist():
            chain = np.array(paths.back(before, target), int)
            rank[chain] = np.maximum(rank[chain], RANK["tertiary"])


def _tracks(ground: Ground, cells: Cells, closed: Ints, rank: Ints) -> None:
    """Lesser roads on some of the remaining borders; most field borders have none. None touches the motorway."""
    rng = ground.rng("tracks")
    fast = np.unique(cells.edge_nodes[rank[: len(closed)] == RANK["motorway"]])
    near_fast = np.isin(cells.edge_nodes, fast).any(axis=1)
    free = np.flatnonzero((rank[: len(closed)] == 0) & ~closed & ~near_fast & (cells.edge_inside == 2))
    draw = rng.random(len(free))
    rank[free] = np.where(draw < 0.30, RANK["unclassified"], np.where(draw < 0.45, RANK["track"], 0))
    crossing = np.flatnonzero(near_fast & (rank[: len(closed)] < RANK["tertiary"]))
    rank[crossing] = 0
