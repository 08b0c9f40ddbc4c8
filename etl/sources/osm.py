"""OpenStreetMap (PBF): roads cut at their junctions, and the water and settlements of the base map.

Two layers are made from one file: ``roads`` (the layer read where none is named) and ``places``. OpenStreetMap is WGS 84.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.sources.binary import table_of
from etl.sources.osm_barriers import stopped_by
from etl.sources.osm_places import more_names, places_of
from etl.sources.osm_tags import CLASSES, directions_of, is_bridge, modes_of, speed_of
from etl.sources.sandbox import read_in_child
from etl.sources.table import Note, ReadOptions, Table
from geogrid.space.crs import SRID_WGS84, geodesic_m

if TYPE_CHECKING:
    import pandas as pd

LAYERS = ("roads", "places")
COLUMNS = [
    "way",
    "name",
    "road_class",
    "old_names",
    "other_names",
    "oneway",
    "oneway_walk",
    "oneway_ebike",
    "bridge",
    "walk",
    "ebike",
    "car",
    "speed_car_kmh",
]


def read(path: Path, options: ReadOptions) -> Table:
    """Read the layer ``roads`` or ``places`` in the child process; raises the file errors of ``etl.errors``.

    Columns of roads: ``code`` (way and part), ``name road_class from_node to_node oneway oneway_walk oneway_ebike bridge walk
    ebike car speed_car_kmh length_m barrier_from barrier_to`` (whom a barrier stops there: ``car;ebike``); lines run from
    ``from_node`` to ``to_node``, one-ways in the direction of traffic. Turn restrictions and ferries are not read.
    Columns of places: ``code name kind address``. Both have ``old_names`` and ``other_names``.
    """
    options = replace(options, layer=options.layer or (options.usual if options.usual in LAYERS else None))
    with read_in_child(path, "osm", options) as (frame, said):
        notes = [
            Note("{count} ways of the class {name} are not used for travel", {"count": count, "name": name})
            for name, count in said["unused"].items()
        ]
        if said["barriers"]:
            notes.append(Note("{count} barriers on roads stop somebody", {"count": said["barriers"]}))
        if said["cut"]:
            notes.append(Note("{count} ways end where the file was cut out", {"count": said["cut"]}))
        return table_of(path, "osm", frame, said, options, tuple(notes))


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Write the rows of one layer as Arrow; answer with what the file says of itself. Runs in the child."""
    import pyarrow as pa
    import shapely

    layer = request["layer"] or LAYERS[0]
    if layer not in LAYERS:
        return {"layers": list(LAYERS), "layer": None}
    ways = Ways()
    frame, lines = roads_of(request["path"], ways) if layer == "roads" else places_of(request["path"])
    if len(frame) > request["most_rows"]:
        return {"too_large": [len(frame), len(frame.columns)]}
    frame["geometry"] = shapely.to_wkb(lines)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.OSFile(request["out"], "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    unused = dict(sorted(ways.unused.items()))
    return {
        "layers": list(LAYERS),
        "layer": layer,
        "crs": f"EPSG:{SRID_WGS84}",
        "geometry": "geometry",
        "unused": unused,
        "barriers": len(ways.barriers.keys() & set(ways.node)),
        "cut": ways.cut,
    }


# -- roads ------------------------------------------------------------------------------------------------------------


@dataclass
class Ways:
    """Ways as they are read, one after the other: their tags' meaning, their nodes in the direction of traffic."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    way: list[int] = field(default_factory=list)
    node: list[int] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    barriers: dict[int, str] = field(default_factory=dict)
    unused: Counter[str] = field(default_factory=Counter)
    cut: int = 0

    def add_node(self, node: Any) -> None:
        """Keep a barrier that stops somebody."""
        stopped = stopped_by({tag.k: tag.v for tag in node.tags})
        if stopped:
            self.barriers[node.id] = stopped

    def add(self, way: Any) -> None:
        """Keep a way that someone may travel (an open square: along its edge), count the others by class.

        Nodes that the file does not hold cut the way in parts.
        """
        tags = {tag.k: tag.v for tag in way.tags}
        modes = modes_of(tags) if tags["highway"] in CLASSES else {}
        if not any(modes.values()):
            self.unused[tags["highway"]] += 1
            return
        columns = {
            "way": way.id,
            "name": tags.get("name") or tags.get("ref") or "",
            "road_class": tags["highway"],
            **more_names(tags),
        }
        columns |= {"bridge": is_bridge(tags), "speed_car_kmh": speed_of(tags)}
        nodes = list(way.nodes)
        self.cut += any(not node.location.valid() for node in nodes)
        for sign, usable, oneway in _by_direction(modes, directions_of(tags)):
            whole = [part for part in _whole_parts(nodes[::sign]) if len(part) > 1]
            for part in whole:
                self._keep(part, {**columns, **usable, **oneway})

    def _keep(self, part: list[Any], columns: dict[str, Any]) -> None:
        self.way += [len(self.rows)] * len(part)
        self.node += [node.ref for node in part]
        self.lon += [node.location.lon for node in part]
        self.lat += [node.location.lat for node in part]
        self.rows.append(columns)


def _by_direction(modes: dict[str, bool], directions: dict[str, int]) -> Iterator[tuple[int, dict[str, bool], dict[str, bool]]]:
    """Give the way as often as modes need it: along its nodes (1) or against them (-1), who may use it so, whom it binds.

    Twice only where one mode must go along and another against it; who may go both ways goes with the first.
    """
    signs = sorted({directions[mode] for mode, may in modes.items() if may} - {0}, reverse=True) or [1]
    for sign in signs:
        own = {mode: may and directions[mode] in ({0, sign} if sign == signs[0] else {sign}) for mode, may in modes.items()}
        oneway = {"oneway": directions["car"] != 0}
        yield sign, own, oneway | {f"oneway_{mode}": directions[mode] != 0 for mode in ("walk", "ebike")}


def _whole_parts(nodes: list[Any]) -> list[list[Any]]:
    """Cut the nodes of a way where the file does not hold them; drop a node named twice in a row."""
    parts: list[list[Any]] = [[]]
    for node in nodes:
        if not node.location.valid():
            parts.append([])
        elif not parts[-1] or parts[-1][-1].ref != node.ref:
            parts[-1].append(node)
    return parts


def roads_of(path: str, ways: Ways) -> tuple[pd.DataFrame, np.ndarray]:
    """Return roads (columns of :func:`read`) and their lines (WGS 84); ``ways`` is filled on the way."""
    import osmium

    reading = osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for thing in reading.with_filter(osmium.filter.KeyFilter("highway", "barrier")):
        if thing.is_node():
            ways.add_node(thing)
        elif "highway" in thing.tags:
            ways.add(thing)
    return cut_at_junctions(ways)


def cut_at_junctions(ways: Ways) -> tuple[pd.DataFrame, np.ndarray]:
    """Cut ways at barriers and where they share a node with another or themselves; return one row a part, and the lines."""
    import pandas as pd
    import shapely

    way, node = np.array(ways.way, np.int64), np.array(ways.node, np.int64)
    lonlat = np.column_stack([np.array(ways.lon, float), np.array(ways.lat, float)])
    _, index, uses = np.unique(node, return_inverse=True, return_counts=True)
    last = np.append(way[1:] != way[:-1], True)[: len(way)]
    first = np.append(True, way[1:] != way[:-1])[: len(way)]
    # Every junction inside a way ends one part and begins the next: its point stands twice in the list of points.
    barred = np.isin(node, list(ways.barriers))
    inner = ((uses[index] > 1) | barred) & ~first & ~last
    at = np.repeat(np.arange(len(node)), 1 + inner)
    begins = first[at]
    begins[1:] |= at[1:] == at[:-1]
    part = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(at))[: len(starts)] - 1
    steps = geodesic_m(*lonlat[at[:-1]].T, *lonlat[at[1:]].T)
    same = part[1:] == part[:-1]
    rows = [ways.rows[i] for i in way[at[starts]]]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    for end, which in (("from", starts), ("to", ends)):
        frame[f"{end}_node"] = node[at[which]]
        frame[f"barrier_{end}"] = [ways.barriers.get(number, "") for number in node[at[which]].tolist()]
    frame["length_m"] = np.bincount(part[1:][same], steps[same], len(starts))
    numbers = frame.groupby("way").cumcount() + 1
    frame.insert(0, "code", frame["way"].astype(str) + "-" + numbers.astype(str))
    lines = shapely.linestrings(lonlat[at], indices=part) if len(at) else np.zeros(0, object)
    return frame.drop(columns="way"), np.asarray(lines, dtype=object)
