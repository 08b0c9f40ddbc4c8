"""Travel times that can be worked out by hand, and the traps: one-ways, ties, no road, no way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from geogrid.domain.stations import TravelMode
from geogrid.errors import FrameInvalid
from geogrid.space.network import DETOUR, MOST_ACCESS_M, RoadNetwork
from geogrid.space.network_edges import RoadTable
from tests.space.lattice import METRIC_SRID, frame, lattice, lonlat, road

WALK_M_A_MINUTE = 80.0


def network(rows):
    return RoadNetwork.from_frame(frame(rows), metric_srid=METRIC_SRID)


def by_time(roads, x, y, stations, mode=TravelMode.WALK, codes=None):
    points = lonlat(x, y)
    codes = codes or [f"S{i}" for i in range(len(stations))]
    places = lonlat(*np.transpose(stations))
    return roads.station_by_time(points[:, 0], points[:, 1], codes, places, mode)


def test_ways_that_nobody_travels_are_not_made_and_those_asked_for_at_once_are_made_once(monkeypatch):
    made, was = [], RoadTable.under
    monkeypatch.setattr(RoadTable, "under", lambda *given: [made.append(given[1]), was(*given)][1])
    roads = network([road((0, 0), (400, 0), 1, 2), road((400, 0), (800, 0), 2, 3)])
    assert made == []
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: roads.modes[TravelMode.WALK], range(64)))
    assert made == [TravelMode.WALK]
    assert all(one is found[0] for one in found)
    other = roads.under(roads.conditions)
    assert made == [TravelMode.WALK]
    assert other.modes[TravelMode.WALK].ground is found[0].ground


def test_a_walk_is_access_part_of_an_edge_whole_edges_and_part_again():
    roads = network([road((0, 0), (400, 0), 1, 2), road((400, 0), (800, 0), 2, 3)])
    codes, minutes, straight = by_time(roads, [100], [40], [(600, 20)])
    assert codes.tolist() == ["S0"] and not straight[0]
    assert minutes[0] == pytest.approx((40 + 500 + 20) / WALK_M_A_MINUTE, abs=1e-6)


def test_modes_have_their_speeds_but_the_way_to_the_road_is_walked():
    roads = network([road((0, 0), (1000, 0), 1, 2, speed_car_kmh=60.0)])
    _, ebike, _ = by_time(roads, [0], [80], [(1000, 0)], TravelMode.EBIKE)
    _, car, _ = by_time(roads, [0], [80], [(1000, 0)], TravelMode.CAR)
    assert ebike[0] == pytest.approx(1 + 4, abs=1e-6)
    assert car[0] == pytest.approx(1 + 1, abs=1e-6)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("length_m", None),
        ("length_m", -1.0),
        ("speed_car_kmh", 0.0),
        ("speed_car_kmh", float("nan")),
        ("from_node", None),
        ("to_node", "east"),
        ("oneway", "no"),
        ("car", 2),
    ],
)
def test_a_cell_that_is_none_is_refused_by_row_and_column(column, value):
    """A NaN would be a yes, a text "no" too, a speed of 0 a time without end."""
    roads = frame([road((0, 0), (400, 0), 1, 2), road((400, 0), (800, 0), 2, 3)]).astype({column: object})
    roads.loc[1, column] = value
    with pytest.raises(FrameInvalid, match=f"row 1 .*{column}") as caught:
        RoadNetwork.from_frame(roads, metric_srid=METRIC_SRID)
    assert caught.value.where == {"row": 1}


def test_flags_may_be_missing_and_node_numbers_of_64_bits_keep_their_digits():
    rows = frame([road((0, 0), (400, 0), 2**62, 2**62 + 1), road((400, 0), (800, 0), 2**62 + 1, 2**62 + 2)])
    bare = RoadNetwork.from_frame(rows.drop(columns=["oneway", "bridge", "walk", "ebike", "car"]), metric_srid=METRIC_SRID)
    assert bare.node_ids.tolist() == [2**62, 2**62 + 1, 2**62 + 2]
    assert all(len(bare.modes[mode].rows) == 2 and bare.modes[mode].two_way.all() for mode in TravelMode)
    missing = rows.astype({"oneway": object}).assign(oneway=[None, float("nan")])
    assert RoadNetwork.from_frame(missing, metric_srid=METRIC_SRID).modes[TravelMode.CAR].two_way.all()
    with pytest.raises(FrameInvalid, match="'length_m' is missing"):
        RoadNetwork.from_frame(rows.drop(columns="length_m"), metric_srid=METRIC_SRID)


def test_lengths_come_from_the_column_not_from_the_drawing():
    roads = network([road((0, 0), (400, 0), 1, 2, length_m=800.0)])
    _, minutes, _ = by_time(roads, [100], [0], [(300, 0)])
    assert minutes[0] == pytest.approx(5.0, abs=1e-6)


@pytest.mark.parametrize(("mode", "against"), [(TravelMode.WALK, 200 / 80), (TravelMode.EBIKE, 600 / 250), (TravelMode.CAR, 1.2)])
def test_a_one_way_binds_wheels_and_not_walkers(mode, against):
    """A square block of 200 m: from its middle against the one-way, wheels go round the block, walkers straight back."""
    roads = network(
        [
            road((0, 0), (200, 0), 1, 2, oneway=True),
            road((200, 0), (200, 200), 2, 3),
            road((200, 200), (0, 200), 3, 4),
            road((0, 200), (0, 0), 4, 1),
        ]
    )
    _, minutes, straight = by_time(roads, [200], [0], [(0, 0)], mode)
    assert not straight[0] and minutes[0] == pytest.approx(against, abs=1e-6)


def test_on_one_edge_the_way_is_direct_with_the_one_way_and_round_against_it():
    block = [road((0, 0), (200, 0), 1, 2, oneway=True), road((200, 0), (0, 0), 2, 1, via=[(200, 200), (0, 200)], oneway=True)]
    roads = network(block)
    _, minutes, _ = by_time(roads, [50, 150], [0, 0], [(100, 0)], TravelMode.EBIKE)
    assert minutes == pytest.approx([50 / 250, 750 / 250], abs=1e-6)


def test_who_stands_at_the_start_or_end_of_a_one_way_is_at_the_crossing():
    """The point lies on the crossing where the one-way starts; the station where the other one-way ends."""
    roads = network(
        [
            road((200, 0), (400, 0), 2, 3, oneway=True),
            road((0, 0), (200, 0), 1, 2),
            road((0, 200), (0, 0), 4, 1, oneway=True),
        ]
    )
    _, minutes, straight = by_time(roads, [200], [0], [(0, 0)], TravelMode.CAR)
    assert not straight[0] and minutes[0] == pytest.approx(0.4, abs=1e-6)


def test_equally_quick_stations_give_the_lowest_code_as_text_whatever_their_order():
    roads = network([road((0, 0), (100, 0), 1, 2), road((100, 0), (300, 0), 2, 3), road((100, 0), (100, 200), 2, 4)])
    stations = [(300, 0), (100, 200)]
    for codes, lowest in ((["B", "A"], "A"), (["A", "B"], "A"), (["10", "9"], "10")):
        found, minutes, _ = by_time(roads, [0], [0], stations, codes=codes)
        assert found.tolist() == [lowest] and minutes[0] == pytest.approx(300 / 80, abs=1e-6)


def test_two_stations_at_one_place_give_the_lowest_code():
    found, _, _ = by_time(network([road((0, 0), (100, 0), 1, 2)]), [10, 90], [0, 0], [(50, 5), (50, 5)], codes=["Z", "Y"])
    assert found.tolist() == ["Y", "Y"]


def test_far_from_every_road_the_straight_line_is_taken_and_marked():
    roads = network([road((0, 0), (100, 0), 1, 2)])
    codes, minutes, straight = by_time(roads, [0, 0], [MOST_ACCESS_M + 300, MOST_ACCESS_M - 1], [(0, 0)])
    assert straight.tolist() == [True, False] and codes.tolist() == ["S0", "S0"]
    assert minutes[0] == pytest.approx(800 * DETOUR / 80, rel=1e-6)


def test_a_dead_pocket_takes_the_straight_line_and_is_shown():
    """Node 3 can be driven into and never left."""
    roads = network([road((0, 0), (100, 0), 1, 2), road((100, 0), (200, 0), 2, 3, oneway=True)])
    _, _, straight = by_time(roads, [150, 50], [0, 0], [(0, 0)], TravelMode.CAR)
    assert straight.tolist() == [True, False]
    places = lonlat([0], [0])
    assert roads.node_ids[roads.unreached_nodes(places, TravelMode.CAR)].tolist() == [3]
    assert not len(roads.unreached_nodes(places, TravelMode.WALK))


def test_parallel_roads_count_once_and_the_quickest_wins():
    roads = network([road((0, 0), (400, 0), 1, 2, length_m=800.0), road((0, 0), (400, 0), 1, 2, via=[(200, 5)], length_m=400.0)])
    places = lonlat([-50], [0])
    flood = roads.flood(places, TravelMode.WALK)
    minutes, _ = flood.at(roads.snap(*lonlat([450], [0]).T, TravelMode.WALK))
    assert minutes[0] == pytest.approx((50 + 400 + 50) / 80, abs=1e-6)


def test_a_mode_uses_only_its_own_roads():
    roads = network([road((0, 0), (400, 0), 1, 2, walk=False), road((0, 40), (400, 40), 3, 4, car=False)])
    _, walk, _ = by_time(roads, [0], [0], [(400, 40)], TravelMode.WALK)
    assert walk[0] == pytest.approx((40 + 400) / 80, abs=1e-6)
    _, _, straight = by_time(network([road((0, 0), (400, 0), 1, 2, car=False)]), [0], [0], [(400, 0)], TravelMode.CAR)
    assert straight[0]


def test_points_without_a_place_and_calls_without_stations_have_no_answer():
    roads = RoadNetwork.from_frame(lattice(), metric_srid=METRIC_SRID)
    here = lonlat([10], [10])
    lon, lat = np.append(np.nan, here[:, 0]), np.append(np.nan, here[:, 1])
    codes, minutes, straight = roads.station_by_time(lon, lat, ["S0"], lonlat([0], [0]), TravelMode.WALK)
    assert codes.tolist() == [None, "S0"] and np.isnan(minutes[0]) and not straight[0]
    codes, minutes, _ = roads.station_by_time([126.0], [45.9], [], np.zeros((0, 2)), TravelMode.WALK)
    assert codes.tolist() == [None] and np.isnan(minutes[0])


def test_a_limit_leaves_far_nodes_unreached_and_near_ones_unchanged():
    roads = RoadNetwork.from_frame(lattice(), metric_srid=METRIC_SRID)
    places = lonlat([0, 1000], [0, 800])
    whole, near = roads.flood(places, TravelMode.WALK), roads.flood(places, TravelMode.WALK, limit_minutes=6)
    within = whole.node_key <= near.base * 6 * 60_000_000
    assert within.any() and not within.all()
    assert (near.node_key[within] == whole.node_key[within]).all() and np.isinf(near.node_key[~within]).all()


def test_a_bridge_is_left_at_its_ends_only():
    """A bridge of 600 m joins two lanes: who lives 100 m beside its middle takes the lane; who stands on it walks along it."""
    rows = [road((-100, 0), (0, 0), 1, 2), road((0, 0), (600, 0), 2, 3, bridge=True), road((600, 0), (900, 0), 3, 4)]
    roads = network(rows)
    _, minutes, straight = by_time(roads, [200, 200, 300], [100, 10, -590], [(-100, 0)])
    home = np.hypot(200, 100) + 100
    assert minutes[:2] == pytest.approx([home / 80, (10 + 300) / 80], abs=1e-6)
    assert straight.tolist() == [False, False, True]
    alone = network([road((0, 0), (600, 0), 2, 3, bridge=True)])
    assert by_time(alone, [300], [100], [(0, 0)])[2][0] and not by_time(alone, [300], [5], [(0, 0)])[2][0]
