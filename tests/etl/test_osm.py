"""Roads from OpenStreetMap: cut at junctions, directed as the traffic, with what the tags say of each mode."""

from __future__ import annotations

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely

from etl.errors import FileDamaged, LayerUnknown
from etl.sources import ReadOptions, open_table
from etl.sources.osm_barriers import stopped_by
from etl.sources.osm_tags import CLASSES, direction_of, directions_of, modes_of, speed_of
from geogrid.settings import ROOT
from geogrid.space.crs import geodesic_m

HELSINKI = Path(os.environ.get("GEOGRID_REAL_DATA") or ROOT.parent / "shared" / "data") / "helsinki.osm.pbf"


def write(path, ways, nodes, places=()):
    """A PBF of nodes {id: (lon, lat)}, ways [(id, node ids, tags)] and place nodes [(id, (lon, lat), tags)]."""
    import osmium

    with osmium.SimpleWriter(str(path)) as writer:
        for number, place in nodes.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place))
        for number, place, tags in places:
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place, tags=tags))
        for number, refs, tags in ways:
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))
    return path


@pytest.fixture
def crossing(tmp_path):
    """A main street 1-2-3-4 that a lane 5-3-6 crosses at node 3; node 2 is a mere bend; node 9 is not in the file."""
    nodes = {n: (126.60 + 0.001 * n, 45.90) for n in (1, 2, 3, 4)} | {5: (126.603, 45.899), 6: (126.603, 45.901)}
    ways = [
        (10, [1, 2, 3, 4], {"highway": "primary", "name": "呼兰大街", "maxspeed": "50", "oneway": "-1", "bridge": "yes"}),
        (11, [5, 3, 6], {"highway": "footway"}),
        (12, [6, 9, 4, 5], {"highway": "residential"}),
        (13, [1, 6], {"highway": "construction"}),
        (14, [1, 6], {"building": "yes"}),
    ]
    places = [(20, (126.6, 45.9), {"place": "village", "name": "东村"}), (21, (126.6, 45.9), {"place": "village"})]
    return write(tmp_path / "town.osm.pbf", ways, nodes, places)


def test_ways_are_cut_at_junctions_and_nowhere_else(crossing):
    table = open_table(crossing)
    frame = table.frame.set_index("code")
    assert frame[["from_node", "to_node"]].to_numpy().tolist() == [[4, 3], [3, 1], [5, 3], [3, 6], [4, 5]]
    assert list(frame.index) == ["10-1", "10-2", "11-1", "11-2", "12-1"]
    assert shapely.get_num_points(table.geometry).tolist() == [2, 3, 2, 2, 2]


def test_lines_run_from_node_to_node_and_one_ways_with_the_traffic(crossing):
    table = open_table(crossing)
    assert table.crs == "EPSG:4326"
    for line, row in zip(table.geometry, table.frame.itertuples(), strict=True):
        ends = {1: 126.601, 3: 126.603, 4: 126.604, 5: 126.603, 6: 126.603}
        assert (line.coords[0][0], line.coords[-1][0]) == pytest.approx((ends[row.from_node], ends[row.to_node]))
    assert table.frame["oneway"].tolist() == [True, True, False, False, False]  # oneway=-1: from 4 to 1


def test_columns_say_what_the_tags_say(crossing):
    main = open_table(crossing).frame.iloc[1]
    assert (main["name"], main.road_class, main.speed_car_kmh, bool(main.bridge)) == ("呼兰大街", "primary", 50.0, True)
    assert (bool(main.walk), bool(main.ebike), bool(main.car)) == (True, True, True)
    assert main.length_m == pytest.approx(float(geodesic_m(126.601, 45.9, 126.603, 45.9)), abs=0.01)


def test_what_is_not_used_is_said(crossing):
    said = [(note.message, dict(note.values)) for note in open_table(crossing).notes]
    assert ("{count} ways of the class {name} are not used for travel", {"count": 1, "name": "construction"}) in said
    assert ("{count} ways end where the file was cut out", {"count": 1}) in said


def test_places_are_a_layer_of_their_own(crossing):
    table = open_table(crossing, ReadOptions(layer="places"))
    assert table.frame[["code", "name", "kind"]].to_dict("records") == [{"code": "n20", "name": "东村", "kind": "settlement"}]
    with pytest.raises(LayerUnknown, match="roads, places"):
        open_table(crossing, ReadOptions(layer="rails"))


def test_addresses_landmarks_and_all_their_names_are_places(tmp_path):
    school = {
        "amenity": "school",
        "name": "第一小学",
        "old_name": "红旗小学;东风小学",
        "name:en": "First School",
        "alt_name": "一小",
    }
    nodes = {n: (126.6 + 0.001 * (n in (2, 3)), 45.9 + 0.001 * (n in (3, 4))) for n in (1, 2, 3, 4)}
    house = (30, [1, 2, 3, 4, 1], {"building": "yes", "addr:street": "呼兰大街", "addr:housenumber": "12"})
    places = [
        (20, (126.61, 45.9), school | {"addr:street": "Main Street", "addr:housenumber": "4 B"}),
        (21, (126.62, 45.9), {"railway": "station", "name": "呼兰站"}),
        (22, (126.63, 45.9), {"addr:housenumber": "7"}),
        (23, (126.64, 45.9), {"amenity": "bench", "name": "x"}),
    ]
    frame = open_table(write(tmp_path / "x.osm.pbf", [house], nodes, places), ReadOptions(layer="places")).frame
    rows = {row["code"]: row for row in frame.to_dict("records")}
    assert set(rows) == {"n20", "n20-a", "n21", "w30-a"}
    assert (rows["n20"]["old_names"], rows["n20"]["other_names"]) == ("红旗小学;东风小学", "一小;First School")
    assert [rows[code]["address"] for code in ("n20-a", "w30-a", "n21")] == ["Main Street 4 B", "呼兰大街12号", ""]
    assert [rows[code]["kind"] for code in ("n20", "n20-a", "n21")] == ["landmark", "address", "landmark"]


def test_a_loop_and_a_file_without_roads(tmp_path):
    nodes = {1: (126.6, 45.9), 2: (126.61, 45.9), 3: (126.61, 45.91)}
    loop = open_table(write(tmp_path / "loop.osm.pbf", [(1, [1, 2, 3, 1], {"highway": "service"})], nodes))
    assert loop.frame[["from_node", "to_node"]].to_numpy().tolist() == [[1, 1]]
    empty = open_table(write(tmp_path / "none.osm.pbf", [(1, [1, 2], {"building": "yes"})], nodes))
    assert len(empty) == 0 and "from_node" in empty.frame


def test_a_file_cut_short_is_refused(tmp_path, crossing):
    short = tmp_path / "short.osm.pbf"
    short.write_bytes(crossing.read_bytes()[:-40])
    with pytest.raises(FileDamaged):
        open_table(short)


@pytest.mark.parametrize(
    ("tags", "modes"),
    [
        ({"highway": "motorway"}, "c"),
        ({"highway": "residential"}, "wec"),
        ({"highway": "footway"}, "w"),
        ({"highway": "footway", "bicycle": "yes"}, "we"),
        ({"highway": "footway", "access": "yes"}, "w"),
        ({"highway": "service", "access": "private"}, ""),
        ({"highway": "service", "access": "private", "foot": "yes"}, "w"),
        ({"highway": "residential", "vehicle": "no"}, "w"),
        ({"highway": "residential", "vehicle": "no", "bicycle": "yes"}, "we"),
        ({"highway": "trunk", "motorroad": "yes"}, "c"),
        ({"highway": "cycleway", "foot": "no"}, "e"),
        ({"highway": "track", "motor_vehicle": "agricultural"}, "we"),
    ],
)
def test_who_may_travel_a_way(tags, modes):
    assert "".join(mode[0] for mode, may in modes_of(tags).items() if may) == modes


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        ({"highway": "primary"}, 0),
        ({"highway": "primary", "oneway": "yes"}, 1),
        ({"highway": "primary", "oneway": "-1"}, -1),
        ({"highway": "primary", "junction": "roundabout"}, 1),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
        ({"highway": "primary", "oneway": "reversible"}, 0),
    ],
)
def test_direction(tags, direction):
    assert direction_of(tags) == direction


@pytest.mark.parametrize(
    ("stated", "kmh"),
    [
        ("40", 40.0),
        ("30 mph", 48.28032),
        ("60;40", 40.0),
        ("walk", 5.0),
        ("none", 60.0),
        ("CN:urban", 60.0),
        ("0", 5.0),
        ("999", 130.0),
    ],
)
def test_speed(stated, kmh):
    assert speed_of({"highway": "primary", "maxspeed": stated}) == pytest.approx(kmh)


@pytest.mark.real_data
def test_helsinki():
    """Every travelled way is there once, whole: its nodes are counted in a second, plain reading of the file."""
    if not HELSINKI.is_file():
        pytest.skip(f"{HELSINKI} is not there: name the folder of real data in GEOGRID_REAL_DATA")
    import osmium

    ways, known = {}, set()
    for thing in osmium.FileProcessor(str(HELSINKI), osmium.osm.NODE | osmium.osm.WAY):
        tags = {tag.k: tag.v for tag in thing.tags}
        if thing.is_node():
            known.add(thing.id)
        elif "highway" in tags:
            ways[thing.id] = (tags, [node.ref for node in thing.nodes])
    assert len(ways) == 2650
    travelled = {
        number: refs for number, (tags, refs) in ways.items() if tags["highway"] in CLASSES and any(modes_of(tags).values())
    }
    table = open_table(HELSINKI)
    frame = table.frame
    assert not table.faults and frame["code"].is_unique
    found = {int(code.split("-")[0]) for code in frame["code"]}
    unused = sum(note.values["count"] for note in table.notes if "name" in note.values)
    assert unused == len(ways) - len(travelled)
    held = {number for number, refs in travelled.items() if any(known.issuperset(pair) for pair in pairwise(refs))}
    assert found == held  # the rest lies outside the cut-out
    ends = Counter(frame["from_node"]) + Counter(frame["to_node"])
    inner = Counter(ref for refs in travelled.values() for ref in refs)
    assert all(uses > 1 for ref, uses in inner.items() if ends[ref] > 2)  # more than two parts end at crossings alone
    length_m = np.array([line_length(line) for line in table.geometry])
    assert frame["length_m"].to_numpy() == pytest.approx(length_m, rel=1e-9)
    assert 60_000 < frame["length_m"].sum() < 120_000 and set(frame["speed_car_kmh"]) >= {30.0, 40.0, 50.0}


def line_length(line):
    lonlat = np.array(line.coords)
    return geodesic_m(*lonlat[:-1].T, *lonlat[1:].T).sum()


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({}, (0, 0, 0)),
        ({"oneway": "yes"}, (0, 1, 1)),
        ({"oneway": "-1"}, (0, -1, -1)),
        ({"oneway": "yes", "oneway:bicycle": "no"}, (0, 0, 1)),
        ({"oneway": "yes", "cycleway:left": "opposite_lane"}, (0, 0, 1)),
        ({"oneway": "yes", "oneway:bicycle": "-1"}, (0, -1, 1)),
        ({"oneway:motor_vehicle": "yes"}, (0, 0, 1)),
        ({"oneway:foot": "yes"}, (1, 0, 0)),
        ({"junction": "roundabout"}, (0, 1, 1)),
        ({"junction": "roundabout", "oneway:foot": "-1"}, (-1, 1, 1)),
        ({"oneway": "reversible"}, (0, 0, 0)),
    ],
)
def test_each_mode_has_its_direction(tags, found):
    directions = directions_of({"highway": "residential"} | tags)
    assert (directions["walk"], directions["ebike"], directions["car"]) == found


@pytest.mark.parametrize(
    ("tags", "stopped"),
    [
        ({"barrier": "bollard"}, "car"),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, ""),
        ({"barrier": "bollard", "bicycle": "no"}, "ebike;car"),
        ({"barrier": "kissing_gate"}, "ebike;car"),
        ({"barrier": "gate"}, ""),
        ({"barrier": "gate", "locked": "yes"}, "walk;ebike;car"),
        ({"barrier": "gate", "locked": "yes", "foot": "yes"}, "ebike;car"),
        ({"barrier": "lift_gate", "access": "private"}, "walk;ebike;car"),
        ({"barrier": "lift_gate", "motor_vehicle": "private"}, "car"),
        ({"barrier": "cycle_barrier", "bicycle": "dismount"}, "car"),
        ({"barrier": "block", "access": "yes"}, "car"),
        ({"barrier": "toll_booth"}, ""),
        ({"highway": "crossing", "bicycle": "no"}, ""),
        ({"barrier": "no", "access": "no"}, ""),
        ({"barrier": "wall"}, "walk;ebike;car"),
    ],
)
def test_a_barrier_stops_whom_its_kind_and_its_tags_say(tags, stopped):
    assert stopped_by(tags) == stopped


def test_a_way_is_cut_at_a_barrier_that_stops_somebody_and_nowhere_else(tmp_path):
    nodes = {n: (126.60 + 0.001 * n, 45.90) for n in (1, 4)}
    at = [(2, (126.602, 45.90), {"barrier": "bollard"}), (3, (126.603, 45.90), {"barrier": "gate"})]
    table = open_table(write(tmp_path / "lane.osm.pbf", [(10, [1, 2, 3, 4], {"highway": "service"})], nodes, at))
    found = table.frame[["from_node", "barrier_from", "to_node", "barrier_to"]].to_numpy().tolist()
    assert found == [[1, "", 2, "car"], [2, "car", 4, ""]]
    assert ("{count} barriers on roads stop somebody", {"count": 1}) in [(n.message, dict(n.values)) for n in table.notes]


def test_a_way_that_modes_use_in_opposite_directions_comes_twice(tmp_path):
    nodes = {n: (126.60 + 0.001 * n, 45.90) for n in (1, 2)}
    tags = {"highway": "residential", "oneway": "yes", "oneway:bicycle": "-1"}
    frame = open_table(write(tmp_path / "lane.osm.pbf", [(10, [1, 2], tags)], nodes)).frame
    columns = ["code", "from_node", "to_node", "walk", "ebike", "car", "oneway_ebike"]
    assert frame[columns].to_numpy().tolist() == [
        ["10-1", 1, 2, True, False, True, True],
        ["10-2", 2, 1, False, True, False, True],
    ]


@pytest.mark.real_data
def test_helsinkis_barriers_and_one_ways():
    """Whom the tags stop and bind, counted once by hand over the raw file."""
    if not HELSINKI.is_file():
        pytest.skip(f"{HELSINKI} is not there: name the folder of real data in GEOGRID_REAL_DATA")
    import osmium

    barriers, on_roads, against = {}, set(), set()
    for thing in osmium.FileProcessor(str(HELSINKI), osmium.osm.NODE | osmium.osm.WAY):
        tags = {tag.k: tag.v for tag in thing.tags}
        if thing.is_node() and stopped_by(tags):
            barriers[thing.id] = stopped_by(tags)
        elif "highway" in tags and tags["highway"] in CLASSES and any(modes_of(tags).values()):
            on_roads |= {node.ref for node in thing.nodes}
            against |= {thing.id} if tags.get("oneway") == "yes" and tags.get("oneway:bicycle") == "no" else set()
    table = open_table(HELSINKI)
    frame = table.frame
    at = {
        **dict(zip(frame.from_node, frame.barrier_from, strict=True)),
        **dict(zip(frame.to_node, frame.barrier_to, strict=True)),
    }
    assert {node: stopped for node, stopped in at.items() if stopped} == {n: s for n, s in barriers.items() if n in on_roads}
    assert (
        [note.values["count"] for note in table.notes if "barriers" in note.message] == [len(barriers.keys() & on_roads)] == [24]
    )
    free = frame[frame["oneway"] & ~frame["oneway_ebike"]]
    assert {int(code.split("-")[0]) for code in free["code"]} >= against & {int(code.split("-")[0]) for code in frame["code"]}
