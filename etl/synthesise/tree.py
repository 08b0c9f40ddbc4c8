"""The administrative tree: which cell belongs to which village, which village to which township; codes by the standard.

Codes: county 6, street 3, community 3, sequence 3 digits. Streets count from 001, towns from 100, townships from 200;
communities from 001, villages from 200. Numbering goes west to east in rows from north to south.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from etl.synthesise.cells import Cells
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.names import place_names
from etl.synthesise.outline import Outline
from etl.synthesise.sizes import TwinSize
from geogrid.domain.places import UnitKind

FIRST_NUMBER = {UnitKind.STREET: 1, UnitKind.TOWN: 100, UnitKind.TOWNSHIP: 200, UnitKind.COMMUNITY: 1, UnitKind.VILLAGE: 200}
SUFFIX = {
    UnitKind.STREET: "街道",
    UnitKind.TOWN: "镇",
    UnitKind.TOWNSHIP: "乡",
    UnitKind.COMMUNITY: "社区",
    UnitKind.VILLAGE: "村",
}


@dataclass(frozen=True)
class Tree:
    """Villages and townships in the order of their codes. ``village_of`` has one entry a cell; ``heart`` is the village's
    or township's middle cell."""

    village_of: Ints
    township_of: Ints
    village_kinds: list[UnitKind]
    township_kinds: list[UnitKind]
    village_codes: list[str]
    township_codes: list[str]
    village_names: list[str]
    township_names: list[str]
    village_heart: Ints
    township_heart: Ints

    @property
    def is_town(self) -> np.ndarray:
        """Whether each village is a community."""
        return np.array([kind is UnitKind.COMMUNITY for kind in self.village_kinds])


def plant_tree(ground: Ground, size: TwinSize, outline: Outline, cells: Cells) -> Tree:
    """Group cells into connected villages and villages into connected townships, the core apart from the countryside."""
    rng = ground.rng("tree")
    village, hearts = _villages(rng, size, cells)
    township, town_hearts = _townships(rng, size, outline, cells, village, hearts)
    kinds = _township_kinds(size, outline, cells, town_hearts)
    rank = np.array([FIRST_NUMBER[kind] for kind in kinds])
    order = _ordered(cells.xy[town_hearts], rank)
    township, kinds, town_hearts = np.argsort(order)[township], [kinds[i] for i in order], town_hearts[order]
    village_kinds = [
        UnitKind.COMMUNITY if heart < cells.core or village[town_hearts[township[v]]] == v else UnitKind.VILLAGE
        for v, heart in enumerate(hearts.tolist())
    ]
    key = township * 1000 + np.array([FIRST_NUMBER[kind] for kind in village_kinds])
    order = _ordered(cells.xy[hearts], key)
    village, township, hearts = np.argsort(order)[village], township[order], hearts[order]
    village_kinds = [village_kinds[i] for i in order]
    town_codes = _numbered(ground.profile.code, np.zeros(len(kinds), int), kinds, [""])
    codes = _numbered("", township, village_kinds, town_codes)
    names = place_names(ground.rng("unit names"), len(codes) + len(kinds))
    return Tree(
        village_of=village,
        township_of=township,
        village_kinds=village_kinds,
        township_kinds=kinds,
        village_codes=codes,
        township_codes=[code + "000" for code in town_codes],
        village_names=[name + SUFFIX[kind] for name, kind in zip(names[len(kinds) :], village_kinds, strict=True)],
        township_names=[name + SUFFIX[kind] for name, kind in zip(names, kinds, strict=False)],
        village_heart=hearts,
        township_heart=town_hearts,
    )


def neighbours(a: Ints, b: Ints, weight: Floats, count: int) -> csr_matrix:
    """Return the symmetric graph of ``count`` things from pairs and weights; of several edges between two the shortest."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    apart = low != high
    low, high, weight = low[apart], high[apart], weight[apart]
    order = np.lexsort((weight, high, low))
    low, high, weight = low[order], high[order], weight[order]
    first = np.r_[True, (np.diff(low) != 0) | (np.diff(high) != 0)] if len(low) else np.zeros(0, bool)
    return coo_matrix((weight[first], (low[first], high[first])), shape=(count, count)).tocsr()


def grown(graph: csr_matrix, sources: Ints) -> Ints:
    """Return for each thing the number of the source whose shortest path reaches it: connected groups around sources."""
    reached = dijkstra(graph, directed=False, indices=sources, min_only=True, return_predecessors=True)[2]
    number = {int(source): position for position, source in enumerate(sources)}
    return np.array([number.get(int(source), -1) for source in reached])


def joined(label: Ints, a: Ints, b: Ints, length: Floats) -> Ints:
    """Give what no source reached the label of the neighbour with the longest shared border."""
    label = label.copy()
    while (label < 0).any():
        to = np.r_[a, b]
        fro = np.r_[b, a]
        open_ = (label[to] < 0) & (label[fro] >= 0)
        best = np.flatnonzero(open_)[np.argmax(np.r_[length, length][open_])]
        label[to[best]] = label[fro[best]]
    return label


def middles(rng: np.random.Generator, xy: Floats, count: int, steps: int = 4) -> Ints:
    """Return ``count`` different members of ``xy``, dense where these are dense (a few steps of Lloyd's method)."""
    centres = xy[rng.choice(len(xy), count, replace=False)]
    for _ in range(steps):
        nearest = cKDTree(centres).query(xy)[1]
        total = np.bincount(nearest, minlength=count)
        moved = np.column_stack([np.bincount(nearest, xy[:, axis], minlength=count) for axis in (0, 1)])
        centres = np.where(total[:, None] > 0, moved / np.maximum(total, 1)[:, None], centres)
    chosen: list[int] = []
    for centre in centres:
        for member in np.argsort(np.hypot(*(xy - centre).T), kind="stable").tolist():
            if member not in chosen:
                chosen.append(member)
                break
    return np.array(chosen)


def reading_order(xy: Floats) -> Ints:
    """Return the order west to east in rows from north to south; as many rows as columns."""
    rows = max(1, round(np.sqrt(len(xy))))
    from_north = np.argsort(np.argsort(-xy[:, 1], kind="stable"), kind="stable")
    return np.lexsort((xy[:, 0], from_north * rows // len(xy)))


def _graph(cells: Cells, members: Ints) -> csr_matrix:
    """Neighbouring cells among ``members`` (a boolean mask); a step across small cells counts as much as across large ones."""
    a, b = cells.edge_cells.T
    inner = (a < cells.inside) & (b < cells.inside)
    inner[inner] = members[a[inner]] & members[b[inner]] & (cells.edge_length[inner] > 5.0)
    a, b = a[inner], b[inner]
    gap = np.hypot(*(cells.xy[a] - cells.xy[b]).T)
    near = np.bincount(np.r_[a, b], np.r_[gap, gap], minlength=cells.inside) / np.maximum(
        np.bincount(np.r_[a, b], minlength=cells.inside), 1
    )
    return neighbours(a, b, gap / np.sqrt(near[a] * near[b]), cells.inside)


def _villages(rng: np.random.Generator, size: TwinSize, cells: Cells) -> tuple[Ints, Ints]:
    label, hearts = np.full(cells.inside, -1), []
    index = np.arange(cells.inside)
    parts = ((index < cells.core, size.communities), (index >= cells.core, size.villages - size.communities))
    for members, count in parts:
        own = np.flatnonzero(members)
        sources = own[middles(rng, cells.xy[own], count)]
        group = grown(_graph(cells, members), sources)
        label[own] = np.where(group[own] >= 0, group[own] + len(hearts), -1)
        hearts.extend(sources.tolist())
    both = cells.edge_inside == 2
    return joined(label, *cells.edge_cells[both].T, cells.edge_length[both]), np.array(hearts)


def _townships(
    rng: np.random.Generator, size: TwinSize, outline: Outline, cells: Cells, village: Ints, hearts: Ints
) -> tuple[Ints, Ints]:
    """Return the township of each village and each township's middle cell (the seat's, outside the core)."""
    a, b = cells.edge_cells[cells.edge_inside == 2].T
    length = cells.edge_length[cells.edge_inside == 2]
    gap = np.hypot(*(cells.xy[hearts[village[a]]] - cells.xy[hearts[village[b]]]).T)
    in_core = hearts < cells.core
    label, town_hearts = np.full(len(hearts), -1), []
    for core in (True, False):
        own = np.flatnonzero(in_core == core)
        inner = (in_core[village[a]] == core) & (in_core[village[b]] == core)
        graph = neighbours(village[a[inner]], village[b[inner]], gap[inner], len(hearts))
        if core:
            sources = own[middles(rng, cells.xy[hearts[own]], size.streets)]
            seats = hearts[sources]
        else:
            rural = np.arange(cells.core, cells.inside)
            seats = rural[cKDTree(cells.xy[rural]).query(outline.seats_xy)[1]]
            sources = village[seats]
        group = grown(graph, sources)[own]
        label[own] = np.where(group >= 0, group + len(town_hearts), -1)
        town_hearts.extend(seats.tolist())
    return joined(label, village[a], village[b], length), np.array(town_hearts)


def _township_kinds(size: TwinSize, outline: Outline, cells: Cells, hearts: Ints) -> list[UnitKind]:
    """Streets in the core; of the others those nearest to the core are towns."""
    kinds = [UnitKind.STREET] * size.streets + [UnitKind.TOWNSHIP] * size.seats
    away = np.hypot(*(cells.xy[hearts[size.streets :]] - outline.core_xy).T)
    for near in np.argsort(away)[: size.towns].tolist():
        kinds[size.streets + near] = UnitKind.TOWN
    return kinds


def _ordered(xy: Floats, key: Ints) -> Ints:
    """Return the order by ``key``, within a key the reading order."""
    found = [np.flatnonzero(key == value) for value in np.unique(key)]
    return np.concatenate([own[reading_order(xy[own])] for own in found])


def _numbered(prefix: str, parent: Ints, kinds: list[UnitKind], parents: list[str]) -> list[str]:
    """Number things in their order, by parent and kind, from the kind's first number."""
    following: dict[tuple[int, UnitKind], int] = {}
    codes = []
    for own, kind in zip(parent.tolist(), kinds, strict=True):
        number = following.get((own, kind), FIRST_NUMBER[kind])
        following[own, kind] = number + 1
        codes.append(f"{prefix}{parents[own]}{number:03d}")
    return codes
