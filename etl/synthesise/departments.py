"""Department grids: unions and splits of communities, laid over the base grids.

A department's grids never overlap each other; those of different departments do. Two departments cover parts of the
district only. Codes have 20 digits: object class 6 (made up: 9, department, zeros), county 6, street 3, community 3,
sequence 2; a community left whole has sequence 00, merged ones a community number from 601, splits sequences from 01.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from etl.synthesise.cells import Cells
from etl.synthesise.frames import frame
from etl.synthesise.grids import Grids, multi, united
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.names import person_names
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree, grown, joined, middles, neighbours
from geogrid.domain.grids import Department

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

FIRST_MERGED = 601
SHORT = {
    Department.POLICE: "警务",
    Department.MARKET: "市场监管",
    Department.TRANSPORT: "交通运输",
    Department.URBAN: "城市管理",
    Department.HOUSING: "住建",
    Department.CIVIL: "民政",
    Department.JUSTICE: "司法",
    Department.AGRICULTURE: "农业农村",
}
SPLITS = {Department.URBAN: 0.15, Department.POLICE: 0.1}  # share of a department's grids that are parts of a community


def department_frame(ground: Ground, size: TwinSize, cells: Cells, tree: Tree, grids: Grids) -> GeoDataFrame:
    """Return ``department_grids`` as the twin's files have it."""
    a, b = tree.village_of[cells.edge_cells[cells.edge_inside == 2]].T
    length = cells.edge_length[cells.edge_inside == 2]
    graph = neighbours(a, b, 1.0 / np.maximum(length, 1.0), len(tree.village_codes))
    rows: list[tuple[str, str, str, str, Ints]] = []
    for number, (department, count) in enumerate(size.departments.items()):
        rng = ground.rng(f"department {department}")
        members = _covered(department, tree)
        groups, splits = _groups(rng, graph, (a, b, length), tree, cells.xy[tree.village_heart], members, count, department)
        rows.extend(_rows(number, department, groups, splits, tree, grids))
    polygons = multi(np.concatenate([united(grids.lonlat[own], np.zeros(len(own), int), 1) for *_, own in rows]))
    return frame(
        {
            "code": [row[0] for row in rows],
            "name": [row[1] for row in rows],
            "department": [row[2] for row in rows],
            "object_class": [row[3] for row in rows],
            "leader": person_names(ground.rng("department leaders"), len(rows)),
            "area_m2": ground.area_m2(polygons),
        },
        polygons,
    )


def _covered(department: Department, tree: Tree) -> Ints:
    """Villages that a department covers: urban management the communities, agriculture the villages, others all."""
    if department is Department.URBAN:
        return np.flatnonzero(tree.is_town)
    if department is Department.AGRICULTURE:
        return np.flatnonzero(~tree.is_town)
    return np.arange(len(tree.village_codes))


def _groups(
    rng: np.random.Generator,
    graph: csr_matrix,
    borders: tuple[Ints, Ints, Floats],
    tree: Tree,
    xy: Floats,
    members: Ints,
    count: int,
    department: Department,
) -> tuple[list[Ints], int]:
    """Return groups of villages and how many of the groups of one village are to be split in two: ``count`` in all."""
    cells_of = np.bincount(tree.village_of, minlength=len(tree.village_codes))
    for splits in range(int(count * SPLITS.get(department, 0.0)), -1, -1):
        groups = _partition(rng, graph, borders, tree, xy, members, count - splits)
        single = [group for group in groups if len(group) == 1 and cells_of[group[0]] >= 4]
        if len(single) >= splits:
            break
    large = sorted(single, key=lambda group: -cells_of[group[0]])[:splits]
    chosen = {int(group[0]) for group in large}
    return sorted(groups, key=lambda g: (len(g) > 1 or int(g[0]) not in chosen, int(g.min()))), splits


def _partition(
    rng: np.random.Generator,
    graph: csr_matrix,
    borders: tuple[Ints, Ints, Floats],
    tree: Tree,
    xy: Floats,
    members: Ints,
    count: int,
) -> list[Ints]:
    """Divide ``members`` into ``count`` connected groups, none across two townships."""
    regions = []
    for township in np.unique(tree.township_of[members]):
        own = members[tree.township_of[members] == township]
        part = connected_components(graph[np.ix_(own, own)], directed=False)[1]
        regions += [own[part == number] for number in np.unique(part)]
    regions = sorted(regions, key=len, reverse=True)[:count]
    groups = []
    for own, parts in zip(regions, _apportion([len(region) for region in regions], count), strict=True):
        inner = graph[np.ix_(own, own)]
        label = grown(inner, middles(rng, xy[own], parts))
        place = np.full(graph.shape[0], -1)
        place[own] = np.arange(len(own))
        a, b, length = borders
        both = (place[a] >= 0) & (place[b] >= 0)
        label = joined(label, place[a[both]], place[b[both]], length[both])
        groups += [own[label == number] for number in range(parts)]
    return groups


def _apportion(sizes: list[int], count: int) -> list[int]:
    """Give each of ``sizes`` a part of ``count``: at least one, at most its size, the largest share per part next."""
    parts = [1] * len(sizes)
    while sum(parts) < count:
        free = [size / part if part < size else 0.0 for size, part in zip(sizes, parts, strict=True)]
        parts[int(np.argmax(free))] += 1
    return parts


def _rows(
    number: int, department: Department, groups: list[Ints], splits: int, tree: Tree, grids: Grids
) -> list[tuple[str, str, str, str, Ints]]:
    """Return code, name, department, object class and base grids of each department grid."""
    object_class = f"9{number + 1:02d}000"
    merged: dict[str, int] = {}
    rows = []
    for position, group in enumerate(groups):
        own = np.flatnonzero(np.isin(grids.village, group))
        village = tree.village_codes[int(group[0])]
        name = tree.village_names[int(group[0])]
        if position < splits:
            middle = len(own) // 2
            for part, half in enumerate((_west(grids, own)[:middle], _west(grids, own)[middle:]), start=1):
                rows.append(
                    (
                        f"{object_class}{village}{part:02d}",
                        f"{name}{SHORT[department]}{'一二'[part - 1]}格",
                        str(department),
                        object_class,
                        half,
                    )
                )
            continue
        if len(group) > 1:
            merged[village[:9]] = merged.get(village[:9], FIRST_MERGED - 1) + 1
            township = tree.township_names[int(tree.township_of[group[0]])]
            village = f"{village[:9]}{merged[village[:9]]}"
            name = f"{township}第{merged[village[:9]] - FIRST_MERGED + 1}"
        rows.append((f"{object_class}{village}00", f"{name}{SHORT[department]}网格", str(department), object_class, own))
    return rows


def _west(grids: Grids, own: Ints) -> Ints:
    """Order grids by their cell's number in rows of the lattice, islands beside their cell."""
    return own[np.lexsort((grids.is_island[own], grids.cell[own]))]
