"""Where things happen: at homes, on lanes, in fields, at planted hotspots; and the points that try the rules out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from etl.synthesise.cells import Cells
from etl.synthesise.grids import Grids
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.households import Households
from etl.synthesise.roads import Roads
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree
from geogrid.domain.events import EventKind
from geogrid.domain.grids import ExclusiveKind

HOTSPOT_KINDS = {
    ExclusiveKind.MARKET: (EventKind.DISPUTE, EventKind.ORDER),
    ExclusiveKind.HOSPITAL: (EventKind.TRAFFIC, EventKind.DISPUTE),
    ExclusiveKind.SCHOOL: (EventKind.TRAFFIC, EventKind.SAFETY),
    ExclusiveKind.FIRM: (EventKind.ENTERPRISE, EventKind.DISPUTE),
    ExclusiveKind.PARK: (EventKind.ENVIRONMENT, EventKind.ORDER),
    None: (EventKind.FACILITY, EventKind.ENVIRONMENT),
}


@dataclass(frozen=True)
class Hotspots:
    """Planted clusters: id, name, middle in local metres (n, 2), spread in metres, kinds that prevail, weight, cell."""

    ids: list[str]
    names: list[str]
    xy: Floats
    spread_m: Floats
    kinds: Ints
    weight: Floats
    cell: Ints


@dataclass(frozen=True)
class Scene:
    """All that places of events are drawn from; local metres, but ``vertices`` and ``edge_ends`` in degrees of record."""

    homes: Households
    home_cell: Ints
    lane_xy: Floats
    lane_cell: Ints
    cell_xy: Floats
    core: int
    village_of: Ints
    blocks: list[str]
    heart_xy: Floats
    hotspots: Hotspots
    vertices: Floats
    edge_ends: Floats
    outer_xy: Floats


def set_scene(
    ground: Ground,
    size: TwinSize,
    cells: Cells,
    tree: Tree,
    grids: Grids,
    roads: Roads,
    homes: Households,
    district: shapely.Geometry,
    blocks: list[str],
) -> Scene:
    """Gather what places of events are drawn from."""
    rings = shapely.get_exterior_ring(grids.lonlat)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    same = np.flatnonzero(ring[1:] == ring[:-1])
    return Scene(
        homes=homes,
        home_cell=grids.cell[homes.grid],
        lane_xy=roads.lanes.xy,
        lane_cell=roads.lanes.cell,
        cell_xy=cells.xy[: cells.inside],
        core=cells.core,
        village_of=tree.village_of,
        blocks=blocks,
        heart_xy=cells.xy[tree.village_heart],
        hotspots=_plant(ground, size, cells, tree, grids),
        vertices=coords,
        edge_ends=np.stack([coords[same], coords[same + 1]], axis=1),
        outer_xy=shapely.get_coordinates(shapely.get_exterior_ring(district)),
    )


def _plant(ground: Ground, size: TwinSize, cells: Cells, tree: Tree, grids: Grids) -> Hotspots:
    """Plant hotspots: most at exclusive grids, a third at villages' hearts, none within 600 m of another."""
    rng = ground.rng("hotspots")
    exclusive = [grid for grid, kind in enumerate(grids.exclusive) if kind and kind is not ExclusiveKind.PARK]
    hearts = grids.grid_of_cell[tree.village_heart]
    pool = [*rng.permutation(exclusive).tolist(), *rng.permutation(hearts).tolist()]
    wanted = [round(size.hotspots * 2 / 3), size.hotspots]
    chosen: list[int] = []
    for grid in pool:
        limit = wanted[0] if grid in exclusive else wanted[1]
        apart = all(np.hypot(*(cells.xy[grids.cell[grid]] - cells.xy[grids.cell[other]])) > 600 for other in chosen)
        if len(chosen) < limit and apart:
            chosen.append(grid)
    kinds = [grids.exclusive[grid] for grid in chosen]
    stems = [tree.village_names[grids.village[grid]][:2] + "中心街" for grid in chosen]
    names = [(grids.landmark(grid) if grids.exclusive[grid] else stem) + "周边" for grid, stem in zip(chosen, stems, strict=True)]
    prevailing = [[list(EventKind).index(kind) for kind in HOTSPOT_KINDS[own]] for own in kinds]
    weight = rng.uniform(0.6, 1.6, len(chosen))
    return Hotspots(
        ids=[f"H{number:02d}" for number in range(1, len(chosen) + 1)],
        names=names,
        xy=cells.xy[grids.cell[chosen]],
        spread_m=rng.uniform(45, 120, len(chosen)),
        kinds=np.array(prevailing),
        weight=weight / weight.sum(),
        cell=grids.cell[chosen],
    )
