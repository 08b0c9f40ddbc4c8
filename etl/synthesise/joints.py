"""Joining parts of the road network: lanes to the roads around them, cut-off parts to the rest."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from etl.synthesise.ground import Floats, Ints
from etl.synthesise.lanes import Lanes
from etl.synthesise.pieces import Pieces

BRIDGE_ENDS_M = 25.0  # a bridge reaches so far beyond the water on either side
SMALL_PART = 3  # parts of fewer nodes are left out instead of joined


def nearest_joints(own: Floats, joints: Floats, count: int) -> list[tuple[Floats, Floats]]:
    """Return up to ``count`` shortest pairs (lane crossing, joint), each in another direction from the crossings' middle."""
    distance = np.hypot(*(own[:, None] - joints).transpose(2, 0, 1))
    nearest = distance.argmin(axis=0)
    middle = own.mean(axis=0)
    taken: list[float] = []
    found = []
    for joint in np.argsort(distance.min(axis=0), kind="stable").tolist():
        east, north = joints[joint] - middle
        bearing = float(np.arctan2(north, east))
        if all(np.cos(bearing - other) < np.cos(2 * np.pi / (count + 1.5)) for other in taken):
            taken.append(bearing)
            found.append((own[nearest[joint]], joints[joint]))
        if len(found) == count:
            break
    return found


def parts(pieces: Pieces) -> tuple[Floats, Ints, Ints]:
    """Return the nodes' places, each piece's nodes, and the number of the connected part of each node."""
    xy, ends = pieces.ends()
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(xy), len(xy)))
    return xy, ends, connected_components(graph, directed=False)[1]


def join_components(pieces: Pieces, lanes: Lanes, pockets: set[int], water: shapely.Geometry) -> None:
    """Join each cut-off part to the nearest node of the largest one; leave out tiny parts; leave the pockets cut off."""
    xy, ends, part = parts(pieces)
    size = np.bincount(part)
    main = int(size.argmax())
    pieces.keep(size[part[ends[:, 0]]] >= SMALL_PART)
    own = np.isin(lanes.cell, list(pockets))
    pocket_parts = set()
    if own.any():
        near, node = cKDTree(xy).query(lanes.xy[own])
        pocket_parts = set(part[node[near < 0.01]].tolist()) - {main}
    tree = cKDTree(xy[part == main])
    for number in np.flatnonzero(size >= SMALL_PART).tolist():
        if number == main or number in pocket_parts:
            continue
        members = xy[part == number]
        distance, target = tree.query(members)
        best = int(distance.argmin())
        add_crossing(pieces, members[best], xy[part == main][target[best]], "unclassified", water)


def add_crossing(pieces: Pieces, start: Floats, end: Floats, kind: str, water: shapely.Geometry, *, street: int = -1) -> None:
    """Add a straight link; where it meets water, the part above it and a little on either side is a bridge of its own."""
    line = shapely.LineString([start, end])
    wet = shapely.intersection(line, water)
    if wet.is_empty:
        pieces.add(np.array([start, end]), kind, street=street)
        return
    at = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(wet)))
    first, last = max(at.min() - BRIDGE_ENDS_M, 1.0), min(at.max() + BRIDGE_ENDS_M, line.length - 1.0)
    corners = np.array([start, *(start + (end - start) * (stop / line.length) for stop in (first, last)), end])
    for number in range(3):
        pieces.add(corners[number : number + 2], kind, street=street, bridge=number == 1)
