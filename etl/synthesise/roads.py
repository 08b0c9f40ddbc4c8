"""The road network: borders that carry a road, bridges, lanes, and what joins them to one routable network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.synthesise.borders import Borders
from etl.synthesise.cells import Cells
from etl.synthesise.frames import frame
from etl.synthesise.ground import Floats, Ground, Ints
from etl.synthesise.joints import add_crossing, join_components, nearest_joints
from etl.synthesise.lanes import Lanes, lay_lanes
from etl.synthesise.names import road_names
from etl.synthesise.outline import Outline
from etl.synthesise.pieces import Pieces
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree
from etl.synthesise.water import Water
from etl.synthesise.ways import CLASSES, RANK, Ways

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

SPEED_KMH = {
    "motorway": 110.0,
    "trunk": 80.0,
    "primary": 70.0,
    "secondary": 60.0,
    "tertiary": 50.0,
    "unclassified": 40.0,
    "residential": 30.0,
    "service": 20.0,
    "track": 20.0,
    "footway": 5.0,
}
TOWN_SHARE = 0.65  # of the countryside's speed, for large roads between houses
PIECE_M = (110.0, 420.0)  # between nodes of a road along a border, in the core and outside


@dataclass(frozen=True)
class Roads:
    """The network in local metres: nodes (n, 2) and pieces with their attributes; ``lane_pieces`` lie inside a cell."""

    pieces: Pieces
    lanes: Lanes
    street_names: dict[int, str]


def build_roads(
    ground: Ground, size: TwinSize, outline: Outline, cells: Cells, ways: Ways, borders: Borders, tree: Tree, water: Water
) -> Roads:
    """Build the network; pieces of it that run into water without being a bridge are left out."""
    per_cell = size.road_nodes / cells.inside
    pieces = Pieces()
    _border_roads(pieces, cells, ways, borders, dense=per_cell > 15)
    _bridges(pieces, cells, ways, water)
    along = len(pieces.joint_nodes())
    lanes = lay_lanes(ground, outline, cells, water, max(4, round((size.road_nodes - along) / cells.inside / 0.98)))
    _lane_pieces(ground, pieces, lanes, cells)
    pockets = _pockets(ground, size, cells, tree, water)
    _connect_cells(pieces, lanes, cells, ways, pockets)
    pieces.drop_wet(water.union)
    join_components(pieces, lanes, pockets, water.union)
    return Roads(pieces, lanes, _street_names(ground, outline))


def roads_frame(ground: Ground, cells: Cells, tree: Tree, roads: Roads) -> GeoDataFrame:
    """Return ``roads`` as the twin's files have it; nodes are numbered west to east."""
    pieces = roads.pieces
    counts = np.array([len(line) for line in pieces.lines])
    lonlat = ground.to_lonlat(np.vstack(pieces.lines))
    last = np.cumsum(counts) - 1
    first = last - counts + 1
    keys = np.round(np.vstack([lonlat[first], lonlat[last]]) * 1e9).astype(np.int64)
    node = np.unique(keys, axis=0, return_inverse=True)[1].reshape(2, -1) + 1
    lines = shapely.linestrings(lonlat, indices=np.repeat(np.arange(len(counts)), counts))
    names, speed = _names(cells, tree, roads), _speeds(pieces)
    kinds = np.array(pieces.kinds)
    local = shapely.linestrings(np.vstack(pieces.lines), indices=np.repeat(np.arange(len(counts)), counts))
    return frame(
        {
            "code": [f"R{number:06d}" for number in range(1, len(counts) + 1)],
            "name": names,
            "road_class": kinds,
            "from_node": node[0],
            "to_node": node[1],
            "oneway": np.array(pieces.oneways),
            "bridge": np.array(pieces.bridges),
            "walk": kinds != "motorway",
            "ebike": ~np.isin(kinds, ["motorway", "footway"]),
            "car": kinds != "footway",
            "speed_car_kmh": speed,
            "length_m": np.round(shapely.length(local), 2),
        },
        lines,
    )


def _border_roads(pieces: Pieces, cells: Cells, ways: Ways, borders: Borders, *, dense: bool) -> None:
    """Cut each border road into pieces at some of its vertices. Some residential streets of the core are one-way."""
    core = cells.edge_core == 2
    for edge in np.flatnonzero(ways.rank > 0).tolist():
        line = borders.lines[edge]
        street, kind = int(ways.street[edge]), CLASSES[ways.rank[edge]]
        oneway = bool(core[edge]) and kind == "residential" and street >= 1000 and street % 3 == 1
        if oneway:  # all pieces of a street run the same way, neighbouring one-way streets against each other
            run = line[-1] - line[0]
            ahead = run[1] if street < 2000 else run[0]
            line = line if (ahead > 0) == (street // 3 % 2 == 0) else line[::-1]
        wanted = cells.edge_length[edge] / PIECE_M[0 if core[edge] else 1]
        count = int(np.clip(round(wanted), 1, len(line) - 1)) if dense else 1
        cuts = np.round(np.linspace(0, len(line) - 1, count + 1)).astype(int)
        for start, end in pairwise(cuts):
            pieces.add(
                line[start : end + 1], kind, street=street, oneway=oneway, cells=cells.edge_cells[edge], town=bool(core[edge])
            )


def _bridges(pieces: Pieces, cells: Cells, ways: Ways, water: Water) -> None:
    """Straight links across a river."""
    for nodes, rank, street in zip(ways.bridge_nodes, ways.bridge_rank, ways.bridge_street, strict=True):
        start, end = cells.node_xy[nodes]
        add_crossing(pieces, start, end, CLASSES[rank], water.union, street=int(street))


def _lane_pieces(ground: Ground, pieces: Pieces, lanes: Lanes, cells: Cells) -> None:
    """Lanes by what they are: a settlement's street, lanes of blocks, a few footways."""
    draw = ground.rng("lane kinds").random(len(lanes.ends))
    core = lanes.cell[lanes.ends[:, 0]] < cells.core
    kind = np.where(core, np.where(draw < 0.12, "footway", np.where(draw < 0.7, "service", "residential")), "residential")
    kind[~core & (draw < 0.35)] = "service"
    kind[lanes.is_main] = "residential"
    for (a, b), name in zip(lanes.ends.tolist(), kind.tolist(), strict=True):
        pieces.add(lanes.xy[[a, b]], name, lane_cell=int(lanes.cell[a]), town=bool(lanes.cell[a] < cells.core))


def _pockets(ground: Ground, size: TwinSize, cells: Cells, tree: Tree, water: Water) -> set[int]:
    """Cells whose lanes stay cut off from the network, as data of the field have them: rural, no village's heart."""
    free = np.setdiff1d(np.arange(cells.core, cells.inside), np.concatenate([tree.village_heart, water.lake_cells]))
    return set(ground.rng("pockets").choice(free, size.pockets, replace=False).tolist())


def _connect_cells(pieces: Pieces, lanes: Lanes, cells: Cells, ways: Ways, pockets: set[int]) -> None:
    """Join the lanes of each cell to the roads around it: at four sides in the core, at two or three outside."""
    joints = pieces.joints_of_cells(cells.inside, without="motorway")
    starts = np.searchsorted(lanes.cell, np.arange(cells.inside + 1))
    for cell in range(cells.inside):
        own = lanes.xy[starts[cell] : starts[cell + 1]]
        if cell in pockets or not len(own) or not len(joints[cell]):
            continue
        town = cell < cells.core
        for start, end in nearest_joints(own, joints[cell], 4 if town else 2):
            pieces.add(np.array([start, end]), "service" if town else "unclassified", connects=cell, town=town)


def _street_names(ground: Ground, outline: Outline) -> dict[int, str]:
    stems = road_names(ground.rng("street names"), 260)
    names = {number: curve.name for number, curve in enumerate(outline.trunks)}
    names[900] = "环城路"
    for line in range(-60, 60):
        names[1000 + line], names[2000 + line] = f"{stems[line + 60]}街", f"{stems[line + 180 - 40]}路"
    return names


def _names(cells: Cells, tree: Tree, roads: Roads) -> list[str]:
    """Name streets by their line, country roads and lanes by their village; lanes of blocks have no name."""
    pieces, found = roads.pieces, []
    for kind, street, cell, lane in zip(pieces.kinds, pieces.streets, pieces.cells, pieces.lane_cells, strict=True):
        if street in roads.street_names:
            found.append(roads.street_names[street])
        elif lane >= cells.core and kind == "residential":
            found.append(f"{tree.village_names[tree.village_of[lane]][:2]}村街")
        elif RANK.get(kind, 0) >= RANK["unclassified"] and 0 <= cell < cells.inside:
            suffix = "公路" if RANK[kind] >= RANK["secondary"] else "村路"
            unit = (
                tree.township_names[tree.township_of[tree.village_of[cell]]]
                if suffix == "公路"
                else tree.village_names[tree.village_of[cell]]
            )
            found.append(unit[:2] + suffix)
        else:
            found.append("")
    return found


def _speeds(pieces: Pieces) -> Floats:
    large = np.isin(pieces.kinds, ["trunk", "primary", "secondary", "tertiary"])
    speed = np.array([SPEED_KMH[kind] for kind in pieces.kinds])
    return np.where(large & np.array(pieces.towns), np.round(speed * TOWN_SHARE / 5) * 5, speed)


def lane_places(roads: Roads) -> tuple[Ints, Ints]:
    """Return the cell of each lane piece and the piece's number: where people live."""
    cell = np.array(roads.pieces.lane_cells)
    number = np.flatnonzero(cell >= 0)
    return cell[number], number
