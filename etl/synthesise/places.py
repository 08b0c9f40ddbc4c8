"""Named places: water, settlements, landmarks, roads by name, address points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from etl.synthesise.blocks import addresses, unit_names
from etl.synthesise.cells import Cells
from etl.synthesise.frames import frame, points
from etl.synthesise.grids import Grids
from etl.synthesise.ground import Ground
from etl.synthesise.households import Households
from etl.synthesise.roads import Roads
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree
from etl.synthesise.water import Water
from geogrid.domain.places import PlaceKind

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

LANDMARKS = ("人民文化广场", "综合服务大厅", "客运站", "体育馆", "图书馆", "供水站", "中心小学", "卫生院", "农贸市场", "粮库")


def places_frame(
    ground: Ground,
    size: TwinSize,
    cells: Cells,
    tree: Tree,
    grids: Grids,
    roads: Roads,
    water: Water,
    homes: Households,
    blocks: list[str],
) -> GeoDataFrame:
    """Return ``places`` as the twin's files have it; points, lines and polygons mixed."""
    parts = [
        _part(PlaceKind.WATER, water.names, ground.geometries(np.array(water.shapes, object)), ""),
        _settlements(ground, cells, tree, roads, blocks),
        _landmarks(ground, cells, tree, grids, roads),
        _road_names(ground, roads),
        _addresses(ground, size, tree, grids, homes, blocks),
    ]
    whole = pd.concat(parts, ignore_index=True)
    whole.insert(0, "code", [f"P{number:06d}" for number in range(1, len(whole) + 1)])
    return frame({name: whole[name] for name in ("code", "name", "kind", "address")}, whole["geometry"].to_numpy())


def _part(kind: PlaceKind, names: list[str], geometry: np.ndarray, address: list[str] | str) -> pd.DataFrame:
    return pd.DataFrame({"name": names, "kind": str(kind), "address": address, "geometry": geometry})


def _settlements(ground: Ground, cells: Cells, tree: Tree, roads: Roads, blocks: list[str]) -> pd.DataFrame:
    """The seats, and a settlement for each cell of the countryside that has lanes."""
    rural = np.unique(roads.lanes.cell[roads.lanes.cell >= cells.core])
    names = [*tree.township_names, *(blocks[cell] for cell in rural.tolist())]
    units = unit_names(ground, tree)[tree.village_of[rural]]
    address = [*[ground.profile.name] * len(tree.township_names), *units.tolist()]
    lonlat = ground.to_lonlat(cells.xy[np.r_[tree.township_heart, rural]])
    return _part(PlaceKind.SETTLEMENT, names, points(lonlat), address)


def _landmarks(ground: Ground, cells: Cells, tree: Tree, grids: Grids, roads: Roads) -> pd.DataFrame:
    """What exclusive grids are cut out for, and public buildings at the seats."""
    rng = ground.rng("landmarks")
    own = [grid for grid, kind in enumerate(grids.exclusive) if kind]
    units = [tree.village_names[grids.village[grid]] for grid in own]
    names = [grids.landmark(grid) for grid in own]
    xy, address = [cells.xy[grids.cell[grid]] for grid in own], units
    for town, heart in enumerate(tree.township_heart.tolist()):
        lanes = roads.lanes.xy[roads.lanes.cell == heart]
        chosen = rng.choice(len(LANDMARKS), min(6, len(LANDMARKS)), replace=False)
        for place, landmark in enumerate(sorted(chosen.tolist())):
            names.append(tree.township_names[town][:2] + LANDMARKS[landmark])
            xy.append(lanes[place * 3 % len(lanes)] + [-9.0, 6.0])
            address = [*address, tree.township_names[town]]
    return _part(PlaceKind.LANDMARK, names, points(ground.to_lonlat(np.array(xy))), address)


def _road_names(ground: Ground, roads: Roads) -> pd.DataFrame:
    """Every named street as one line, for search."""
    by_street: dict[int, list[np.ndarray]] = {}
    for street, line in zip(roads.pieces.streets, roads.pieces.lines, strict=True):
        if street in roads.street_names:
            by_street.setdefault(street, []).append(line)
    streets = sorted(by_street)
    shapes = [shapely.line_merge(shapely.MultiLineString(by_street[street])) for street in streets]
    return _part(PlaceKind.ROAD_NAME, [roads.street_names[s] for s in streets], ground.geometries(np.array(shapes, object)), "")


def _addresses(ground: Ground, size: TwinSize, tree: Tree, grids: Grids, homes: Households, blocks: list[str]) -> pd.DataFrame:
    """A sample of the households' addresses."""
    chosen = np.sort(ground.rng("addresses").choice(len(homes.xy), min(size.addresses, len(homes.xy)), replace=False))
    grid = homes.grid[chosen]
    words = addresses(ground, tree, blocks, grids.cell[grid], homes.house[chosen])
    short = words.str.replace(ground.profile.name, "", regex=False)
    return _part(PlaceKind.ADDRESS, short.tolist(), points(homes.lonlat[chosen]), words.tolist())
