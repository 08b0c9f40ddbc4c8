"""Dispute stations: the centre, a station a township, a point a village; each beside a lane of its unit's heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etl.synthesise.cells import Cells
from etl.synthesise.frames import frame, points
from etl.synthesise.grids import Grids
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.households import covering
from etl.synthesise.outline import Outline
from etl.synthesise.roads import Roads
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree
from geogrid.domain.stations import StationLevel

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

BESIDE_M = (8.0, 5.0)  # from the lane crossing, east and north
INDUSTRIES = (
    "neighbourhood",
    "family",
    "property",
    "traffic",
    "labour",
    "medical",
    "land",
    "consumer",
    "construction",
    "finance",
)
HOURS = {
    StationLevel.CENTRE: ("Mo-Fr 08:30-17:00; Sa 09:00-16:00",),
    StationLevel.STATION: ("Mo-Fr 08:30-17:00", "Mo-Fr 08:30-12:00,13:30-17:00; Sa 09:00-12:00"),
    StationLevel.POINT: ("Mo-Fr 08:30-11:30,13:30-16:30", "Mo-Su 08:00-18:00", "Tu,Th 09:00-15:00"),
}


def stations_frame(
    ground: Ground, size: TwinSize, outline: Outline, cells: Cells, tree: Tree, grids: Grids, roads: Roads
) -> GeoDataFrame:
    """Return ``stations`` as the twin's files have it: the centre, the stations, the points."""
    rng = ground.rng("stations")
    core = int(np.argmin(np.hypot(*(cells.xy[: cells.core] - outline.core_xy).T)))
    hearts = np.r_[core, tree.township_heart, tree.village_heart]
    levels = (
        [StationLevel.CENTRE] + [StationLevel.STATION] * len(tree.township_codes) + [StationLevel.POINT] * len(tree.village_codes)
    )
    units = [ground.profile.code + "000000", *tree.township_codes, *tree.village_codes]
    names = [f"{ground.profile.name}社会矛盾纠纷化解中心"]
    names += [f"{name}矛盾纠纷化解站" for name in tree.township_names]
    names += [f"{name}矛盾纠纷化解点" for name in tree.village_names]
    capacity = {StationLevel.CENTRE: (60, 61), StationLevel.STATION: (8, 21), StationLevel.POINT: (2, 7)}
    return frame(
        {
            "code": [unit + "01" for unit in units],
            "name": names,
            "level": [str(level) for level in levels],
            "unit_code": units,
            "industries": [_industries(rng, level) for level in levels],
            "hours": [HOURS[level][int(rng.integers(len(HOURS[level])))] for level in levels],
            "capacity": [int(rng.integers(*capacity[level])) for level in levels],
        },
        points(_places(ground, tree, grids, roads, hearts)),
    )


def _industries(rng: np.random.Generator, level: StationLevel) -> str:
    if level is StationLevel.CENTRE:
        return ";".join(INDUSTRIES)
    least = 5 if level is StationLevel.STATION else 2
    chosen = rng.choice(np.arange(2, len(INDUSTRIES)), least - 2 + int(rng.integers(0, 2)), replace=False)
    return ";".join(INDUSTRIES[i] for i in [0, 1, *sorted(chosen.tolist())])


def _places(ground: Ground, tree: Tree, grids: Grids, roads: Roads, hearts: Ints) -> Floats:
    """Return a place in each heart cell: beside a lane crossing, another for each station of one cell.

    A heart without lanes (a river takes its settlement's ground) gives way to its village's other cells.
    """
    lanes, found = roads.lanes, []
    used: dict[int, int] = {}
    for heart in hearts.tolist():
        own = np.flatnonzero(lanes.cell == heart)
        if not len(own):
            own = np.flatnonzero(tree.village_of[lanes.cell] == tree.village_of[heart])
        used[heart] = used.get(heart, -1) + 1
        found.append(own[used[heart] % len(own)])
    crossing = lanes.xy[found]
    lonlat = ground.to_lonlat(crossing + BESIDE_M)
    astray = grids.village[covering(grids.lonlat, lonlat)] != tree.village_of[hearts]
    lonlat[astray] = ground.to_lonlat(crossing)[astray]
    return lonlat
