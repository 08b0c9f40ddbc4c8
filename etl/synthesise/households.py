"""Households along the lanes, in apartment buildings in the core and in farmsteads outside; counted by covering grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from etl.synthesise.blocks import addresses
from etl.synthesise.cells import Cells
from etl.synthesise.frames import frame, points
from etl.synthesise.grids import Grids
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.roads import Roads, lane_places
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree
from etl.synthesise.water import Water
from geogrid.domain.grids import ExclusiveKind

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

TO_A_BUILDING = 18  # households in an apartment building, about


@dataclass(frozen=True)
class Households:
    """Where households live: local metres (n, 2), degrees of record (n, 2), covering grid, house number on its lane."""

    xy: Floats
    lonlat: Floats
    grid: Ints
    house: Ints


def settle(ground: Ground, size: TwinSize, cells: Cells, grids: Grids, roads: Roads, water: Water) -> Households:
    """Place exactly ``size.households`` households, each in the grid that covers it; ordered by grid."""
    rng = ground.rng("households")
    cell, piece = _lived_in(grids, roads)
    count = _shares(rng, size, cells, grids, cell)
    building, per = _buildings(rng, count, cells.core)
    xy, house = _beside_lanes(rng, roads, cell, piece, building, cells.core)
    at = np.repeat(np.arange(len(building)), per)
    town = building[at] < cells.core
    home = xy[at] + rng.normal(0, 2.5, (len(at), 2)) * town[:, None]
    wet = shapely.contains_xy(water.union, home[:, 0], home[:, 1])
    nodes = np.array([roads.pieces.lines[p][0] for p in piece])
    first = np.searchsorted(cell, building[at[wet]])
    home[wet] = nodes[first]
    lonlat = ground.to_lonlat(home)
    grid = covering(grids.lonlat, lonlat)
    kept = grid >= 0
    order = np.flatnonzero(kept)[np.argsort(grid[kept], kind="stable")]
    return Households(home[order], lonlat[order], grid[order], house[at][order])


def _lived_in(grids: Grids, roads: Roads) -> tuple[Ints, Ints]:
    """Return cell and number of the lanes people live on: not inside an island, unless its cell has no other lanes."""
    cell, piece = lane_places(roads)
    middle = np.array([(roads.pieces.lines[p][0] + roads.pieces.lines[p][-1]) / 2 for p in piece])
    within = np.zeros(len(piece), bool)
    within[shapely.STRtree(grids.local[grids.is_island]).query(points(middle), predicate="within")[0]] = True
    kept = ~within | ~np.isin(cell, cell[~within])
    return cell[kept], piece[kept]


def covering(polygons: np.ndarray, lonlat: Floats) -> Ints:
    """Return the number of the first polygon that covers each point (its border included), -1 where none does."""
    found = np.full(len(lonlat), -1)
    for start in range(0, len(lonlat), 200_000):
        part = slice(start, start + 200_000)
        at, polygon = shapely.STRtree(polygons).query(points(lonlat[part]), predicate="covered_by")
        order = np.argsort(-polygon, kind="stable")
        found[part][at[order]] = polygon[order]  # the lowest is written last
    return found


def households_frame(ground: Ground, tree: Tree, grids: Grids, homes: Households, blocks: list[str]) -> GeoDataFrame:
    """Return ``households`` as the twin's files have it."""
    village = grids.village[homes.grid]
    codes = pd.Series(np.array(tree.village_codes)[village], dtype="str")
    number = pd.Series(village).groupby(village).cumcount() + 1
    return frame(
        {
            "code": codes + number.astype("str").str.zfill(6),
            "address": addresses(ground, tree, blocks, grids.cell[homes.grid], homes.house),
            "village_code": codes,
        },
        points(homes.lonlat),
    )


def _shares(rng: np.random.Generator, size: TwinSize, cells: Cells, grids: Grids, lane_cells: Ints) -> Ints:
    """Households wanted in each cell: more in the core, none where there are no lanes or an exclusive grid fills the cell."""
    weight = np.where(np.arange(cells.inside) < cells.core, 1.35, 0.8) * rng.lognormal(0, 0.32, cells.inside)
    weight[~np.isin(np.arange(cells.inside), lane_cells)] = 0.0
    for grid in np.flatnonzero(~grids.is_island):
        kind = grids.exclusive[grid]
        weight[grids.cell[grid]] *= {None: 1.0, ExclusiveKind.PARK: 0.0, ExclusiveKind.FIRM: 0.08}.get(kind, 0.15)
    exact = weight / weight.sum() * size.households
    whole = np.floor(exact).astype(int)
    whole[np.argsort(whole - exact, kind="stable")[: size.households - whole.sum()]] += 1
    return whole


def _buildings(rng: np.random.Generator, count: Ints, core: int) -> tuple[Ints, Ints]:
    """Return the cell of each building and the households in it."""
    town = np.arange(len(count)) < core
    houses = np.where(town, np.ceil(count / TO_A_BUILDING), count).astype(int)
    cell = np.repeat(np.arange(len(count)), houses)
    place = np.arange(len(cell)) - np.repeat(np.cumsum(houses) - houses, houses)
    per = count[cell] // houses[cell] + (place < count[cell] % houses[cell])
    return cell, per


def _beside_lanes(
    rng: np.random.Generator, roads: Roads, cell: Ints, piece: Ints, building: Ints, core: int
) -> tuple[Floats, Ints]:
    """Return a place beside a lane of its cell for each building, and its house number."""
    order = np.argsort(cell, kind="stable")
    cell, piece = cell[order], piece[order]
    ends = np.array([[roads.pieces.lines[p][0], roads.pieces.lines[p][-1]] for p in piece])
    along = ends[:, 1] - ends[:, 0]
    length = np.hypot(*along.T)
    total = np.cumsum(length)
    start = np.r_[0.0, total][np.searchsorted(cell, building, side="left")]
    end = np.r_[0.0, total][np.searchsorted(cell, building, side="right")]
    reach = start + rng.random(len(building)) * (end - start)
    lane = np.clip(np.searchsorted(total, reach, side="right"), 0, len(total) - 1)
    lane = np.clip(lane, np.searchsorted(cell, building, side="left"), np.searchsorted(cell, building, side="right") - 1)
    share = rng.uniform(0.06, 0.94, len(building))[:, None]
    across = np.column_stack([-along[:, 1], along[:, 0]])[lane] / length[lane, None]
    aside = np.where(building < core, rng.uniform(6, 11, len(building)), rng.uniform(10, 24, len(building)))
    side = np.where(rng.random(len(building)) < 0.5, -1.0, 1.0)
    xy = ends[lane, 0] + along[lane] * share + across * (aside * side)[:, None]
    house = ((reach - start) / 12.0).astype(int)
    return xy, house
