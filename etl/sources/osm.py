"""OpenStreetMap (PBF): roads cut at their junctions, and the water and settlements of the base map.

Two layers are made from one file: ``roads`` (the layer read where none is named) and ``places``. OpenStreetMap is WGS 84.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.sources.binary import table_of
from etl.sources.osm_tags import CLASSES, direction_of, is_bridge, modes_of, speed_of
from etl.sources.sandbox import read_in_child
from etl.sources.table import Note, ReadOptions, Table
from geogrid.domain.places import PlaceKind
from geogrid.space.crs import SRID_WGS84, geodesic_m

if TYPE_CHECKING:
    import pandas as pd

LAYERS = ("roads", "places")
SETTLEMENTS = frozenset(
    {"city", "town", "suburb", "quarter", "neighbourhood", "village", "hamlet", "isolated_dwelling", "locality"}
)
WATER_LINES = frozenset({"river", "canal", "stream", "ditch", "drain"})


def read(path: Path, options: ReadOptions) -> Table:
    """Read the layer ``roads`` or ``places`` in the child process; raises the file errors of ``etl.errors``.

    Columns of roads: ``code`` (way and part), ``name road_class from_node to_node oneway bridge walk ebike car
    speed_car_kmh length_m``; lines run from ``from_node`` to ``to_node``, one-ways in the direction of traffic.
    Columns of places: ``code name kind``.
    """
    with read_in_child(path, "osm", options) as (frame, said):
        notes = [
            Note("{count} ways of the class {name} are not used for travel", {"count": count, "name": name})
            for name, count in said["unused"].items()
        ]
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
    unused: Counter[str] = field(default_factory=Counter)
    cut: int = 0

    def add(self, way: Any) -> None:
        """Keep a way that someone may travel (an open square: along its edge), count the others by class.

        Nodes that the file does not hold cut the way in parts.
        """
        tags = {tag.k: tag.v for tag in way.tags}
        modes = modes_of(tags) if tags["highway"] in CLASSES else {}
        if not any(modes.values()):
            self.unused[tags["highway"]] += 1
            return
        direction = direction_of(tags)
        columns = {"way": way.id, "name": tags.get("name") or tags.get("ref") or "", "road_class": tags["highway"]}
        columns |= {"oneway": direction != 0, "bridge": is_bridge(tags), **modes, "speed_car_kmh": speed_of(tags)}
        nodes = list(way.nodes)
        whole = [part for part in _whole_parts(nodes[::-1] if direction < 0 else nodes) if len(part) > 1]
        self.cut += any(not node.location.valid() for node in nodes)
        for part in whole:
            self.way += [len(self.rows)] * len(part)
            self.node += [node.ref for node in part]
            self.lon += [node.location.lon for node in part]
            self.lat += [node.location.lat for node in part]
            self.rows.append(columns)


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
    for way in reading.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(osmium.filter.KeyFilter("highway")):
        ways.add(way)
    return cut_at_junctions(ways)


def cut_at_junctions(ways: Ways) -> tuple[pd.DataFrame, np.ndarray]:
    """Cut ways where they share a node with another or with themselves; return one row a part, and the lines."""
    import pandas as pd
    import shapely

    way, node = np.array(ways.way, np.int64), np.array(ways.node, np.int64)
    lonlat = np.column_stack([np.array(ways.lon, float), np.array(ways.lat, float)])
    _, index, uses = np.unique(node, return_inverse=True, return_counts=True)
    last = np.append(way[1:] != way[:-1], True)[: len(way)]
    first = np.append(True, way[1:] != way[:-1])[: len(way)]
    # Every junction inside a way ends one part and begins the next: its point stands twice in the list of points.
    inner = (uses[index] > 1) & ~first & ~last
    at = np.repeat(np.arange(len(node)), 1 + inner)
    begins = first[at]
    begins[1:] |= at[1:] == at[:-1]
    part = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(at))[: len(starts)] - 1
    steps = geodesic_m(*lonlat[at[:-1]].T, *lonlat[at[1:]].T)
    same = part[1:] == part[:-1]
    rows = [ways.rows[i] for i in way[at[starts]]]
    frame = pd.DataFrame(rows, columns=["way", "name", "road_class", "oneway", "bridge", "walk", "ebike", "car", "speed_car_kmh"])
    frame["from_node"], frame["to_node"] = node[at[starts]], node[at[ends]]
    frame["length_m"] = np.bincount(part[1:][same], steps[same], len(starts))
    numbers = frame.groupby("way").cumcount() + 1
    frame.insert(0, "code", frame["way"].astype(str) + "-" + numbers.astype(str))
    lines = shapely.linestrings(lonlat[at], indices=part) if len(at) else np.zeros(0, object)
    return frame.drop(columns="way"), np.asarray(lines, dtype=object)


# -- places -----------------------------------------------------------------------------------------------------------


def places_of(path: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the file's water and settlements (``code name kind``) and their geometries (WGS 84)."""
    import osmium
    import pandas as pd
    import shapely

    factory = osmium.geom.WKBFactory()
    rows, shapes = [], []
    wanted = osmium.filter.KeyFilter("place", "waterway", "natural")
    for thing in osmium.FileProcessor(path).with_locations().with_areas(wanted).with_filter(wanted):
        made = _place(thing, factory)
        if made is not None:
            kind, code, wkb = made
            rows.append({"code": code, "name": thing.tags.get("name", ""), "kind": kind.value})
            shapes.append(wkb)
    frame = pd.DataFrame(rows, columns=["code", "name", "kind"])
    return frame, np.asarray(shapely.from_wkb(np.array(shapes, dtype=object)), dtype=object)


def _place(thing: Any, factory: Any) -> tuple[PlaceKind, str, str] | None:
    """Return kind, code and geometry (WKB) of water or a named settlement; None for anything else or what cannot be drawn."""
    from osmium import InvalidLocationError

    tags = thing.tags
    try:
        if thing.is_node() and tags.get("place") in SETTLEMENTS and "name" in tags:
            return PlaceKind.SETTLEMENT, f"n{thing.id}", factory.create_point(thing)
        if thing.is_way() and tags.get("waterway") in WATER_LINES:
            return PlaceKind.WATER, f"w{thing.id}", factory.create_linestring(thing)
        if thing.is_area() and (tags.get("natural") == "water" or tags.get("waterway") == "riverbank"):
            return PlaceKind.WATER, f"{'w' if thing.from_way() else 'r'}{thing.orig_id()}", factory.create_multipolygon(thing)
    except (RuntimeError, InvalidLocationError):  # the file lacks a node, or a ring does not close
        return None
    return None
