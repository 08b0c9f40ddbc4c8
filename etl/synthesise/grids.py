"""Base grids with exclusive ones cut out, and the units they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from etl.synthesise.borders import Borders, shrunk_cells
from etl.synthesise.cells import Cells
from etl.synthesise.frames import frame
from etl.synthesise.ground import Ground, Ints
from etl.synthesise.names import numeral, person_names
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree, reading_order
from geogrid.domain.grids import ExclusiveKind, GridKind
from geogrid.domain.places import Level, UnitKind

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

KIND_NAMES = {
    ExclusiveKind.MARKET: "市场",
    ExclusiveKind.PARK: "公园",
    ExclusiveKind.HOSPITAL: "医院",
    ExclusiveKind.SCHOOL: "学校",
    ExclusiveKind.FIRM: "产业园",
}
EXCLUSIVE_SUFFIX = "专属网格"
ISLAND_VERTICES = 120


@dataclass(frozen=True)
class Grids:
    """Base grids in the order of their codes; polygons in local metres and in degrees of record.

    ``cell`` is the cell a grid is, or is cut out of; ``is_island`` tells which. ``grid_of_cell`` has one entry a cell.
    """

    codes: list[str]
    names: list[str]
    village: Ints
    cell: Ints
    is_island: NDArray[np.bool_]
    exclusive: list[ExclusiveKind | None]
    local: NDArray[np.object_]
    lonlat: NDArray[np.object_]

    def landmark(self, grid: int) -> str:
        """Return what an exclusive grid is cut out for, by name."""
        return self.names[grid].removesuffix(EXCLUSIVE_SUFFIX)

    @property
    def grid_of_cell(self) -> Ints:
        """The grid that is each cell (without what is cut out of it)."""
        found = np.zeros(int(self.cell.max()) + 1, int)
        found[self.cell[~self.is_island]] = np.flatnonzero(~self.is_island)
        return found


def cut_grids(ground: Ground, size: TwinSize, cells: Cells, borders: Borders, tree: Tree) -> Grids:
    """Make every cell a base grid, cut the islands out of cells of the core, number all within their village."""
    rng = ground.rng("grids")
    hosts = rng.permutation(cells.core)
    islands, wholes = _listed(size.islands), _listed(size.whole_cells)
    host_cells, whole_cells = hosts[: len(islands)], hosts[len(islands) : len(islands) + len(wholes)]
    cell = np.r_[np.arange(cells.inside), host_cells]
    is_island = np.arange(len(cell)) >= cells.inside
    exclusive: list[ExclusiveKind | None] = [None] * cells.inside + list(islands)
    for at, kind in zip(whole_cells.tolist(), wholes, strict=True):
        exclusive[at] = kind
    local = _polygons(cells, borders, host_cells)
    order = _code_order(cells, tree, cell, is_island)
    cell, is_island, exclusive = cell[order], is_island[order], [exclusive[i] for i in order]
    village = tree.village_of[cell]
    codes, names = _codes_and_names(tree, village, exclusive)
    return Grids(codes, names, village, cell, is_island, exclusive, local[order], ground.geometries(local[order]))


def grids_frame(ground: Ground, tree: Tree, grids: Grids, households: Ints) -> GeoDataFrame:
    """Return ``base_grids`` as the twin's files have it."""
    return frame(
        {
            "code": grids.codes,
            "name": grids.names,
            "kind": [str(GridKind.EXCLUSIVE if kind else GridKind.ORDINARY) for kind in grids.exclusive],
            "exclusive_kind": [str(kind) if kind else None for kind in grids.exclusive],
            "village_code": [tree.village_codes[v] for v in grids.village],
            "leader": person_names(ground.rng("grid leaders"), len(grids.codes)),
            "households": households,
            "area_m2": ground.area_m2(grids.lonlat),
        },
        grids.lonlat,
    )


def units_frame(ground: Ground, tree: Tree, grids: Grids) -> GeoDataFrame:
    """Return ``units``: the district, its townships and its villages, each the exact union of its parts."""
    village = united(grids.lonlat, grids.village, len(tree.village_codes))
    township = united(village, tree.township_of, len(tree.township_codes))
    district = united(township, np.zeros(len(township), int), 1)
    profile = ground.profile
    root = profile.code + "000000"
    parents = [tree.township_codes[t] for t in tree.township_of]
    count = 1 + len(township) + len(village)
    return frame(
        {
            "code": [root, *tree.township_codes, *tree.village_codes],
            "name": [profile.name, *tree.township_names, *tree.village_names],
            "level": [str(Level.DISTRICT)] + [str(Level.TOWNSHIP)] * len(township) + [str(Level.VILLAGE)] * len(village),
            "kind": [str(kind) for kind in (UnitKind.DISTRICT, *tree.township_kinds, *tree.village_kinds)],
            "parent_code": [None, *[root] * len(township), *parents],
            "leader": person_names(ground.rng("unit leaders"), count),
        },
        multi(np.concatenate([district, township, village])),
    )


def united(polygons: NDArray[np.object_], group: Ints, count: int) -> NDArray[np.object_]:
    """Return the union of each group's polygons; their shared borders match to the bit, so nothing is computed anew."""
    return np.array([shapely.coverage_union_all(polygons[group == number]) for number in range(count)], object)


def multi(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the areas as MultiPolygons."""
    return np.array([shapely.multipolygons(shapely.get_parts(polygon)) for polygon in polygons], object)


def _listed(wanted: dict[ExclusiveKind, int]) -> list[ExclusiveKind]:
    return [kind for kind, count in wanted.items() for _ in range(count)]


def _polygons(cells: Cells, borders: Borders, host_cells: Ints) -> NDArray[np.object_]:
    """Cells as polygons, those of ``host_cells`` with a hole, then the islands that fill the holes."""
    island = {}
    for share, cell in zip(0.46 + 0.02 * (np.arange(len(host_cells)) % 8), host_cells.tolist(), strict=True):
        block = shrunk_cells(cells, float(share), [cell])[0]
        island[cell] = shapely.segmentize(block, block.length / ISLAND_VERTICES)
    shells = [
        shapely.Polygon(ring, [island[cell].exterior.coords[::-1]] if cell in island else [])
        for cell, ring in enumerate(borders.rings)
    ]
    return np.array(shells + [island[cell] for cell in host_cells.tolist()], object)


def _code_order(cells: Cells, tree: Tree, cell: Ints, is_island: Ints) -> Ints:
    village = tree.village_of[cell]
    xy = cells.xy[cell] + is_island[:, None] * [0.01, 0.0]
    found = [np.flatnonzero(village == number) for number in range(len(tree.village_codes))]
    return np.concatenate([own[reading_order(xy[own])] for own in found])


def _codes_and_names(tree: Tree, village: Ints, exclusive: list[ExclusiveKind | None]) -> tuple[list[str], list[str]]:
    codes, names = [], []
    number: dict[int, int] = {}
    like: dict[tuple[int, ExclusiveKind | None], int] = {}
    for own, kind in zip(village.tolist(), exclusive, strict=True):
        number[own] = number.get(own, 0) + 1
        count = like[own, kind] = like.get((own, kind), 0) + 1
        codes.append(f"{tree.village_codes[own]}{number[own]:03d}")
        unit = tree.village_names[own]
        if kind is None:
            names.append(f"{unit}第{numeral(count)}网格")
        else:
            names.append(f"{unit[:2]}{f'第{numeral(count)}' if count > 1 else ''}{KIND_NAMES[kind]}{EXCLUSIVE_SUFFIX}")
    return codes, names
