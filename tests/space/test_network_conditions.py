"""Speeds, seasons, one-ways, barriers and closures that can be worked out by hand; who reaches no station, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geogrid.domain.speeds import Season, Speeds
from geogrid.domain.stations import TravelMode
from geogrid.domain.unreached import Unreached
from geogrid.errors import FrameInvalid
from geogrid.space.network import Conditions, RoadNetwork
from geogrid.space.network_unreached import unreached, unreached_nodes
from tests.space.lattice import METRIC_SRID, frame, lonlat, road

WALK, EBIKE, CAR = TravelMode.WALK, TravelMode.EBIKE, TravelMode.CAR
STATION = [(0, 0)]


def network(rows, **conditions):
    return RoadNetwork.from_frame(frame(rows), metric_srid=METRIC_SRID, conditions=Conditions(**conditions))


def minutes(roads, x, y, mode=WALK, stations=STATION):
    points = lonlat(x, y)
    flood = roads.flood(lonlat(*np.transpose(stations)), mode)
    return flood.at(roads.snap(points[:, 0], points[:, 1], mode))[0].tolist()


def why(roads, x, y, mode, stations=STATION):
    found = unreached(roads, lonlat(*np.transpose(stations)), lonlat(x, y), mode)
    return dict(zip(found.position.tolist(), found.reason, strict=True))


def street(count=2, **columns):
    """A street of pieces of 400 m from the station eastward."""
    return [road((400 * i, 0), (400 * i + 400, 0), i, i + 1, **columns) for i in range(count)]


def test_a_class_has_its_speed_and_winter_leaves_a_share_of_it_also_on_the_way_to_the_road():
    speeds = Speeds({WALK: {"other": 4.8, "steps": 2.4}}, {WALK: {"other": 0.5, "steps": 0.25}})
    rows = [*street(1), road((400, 0), (440, 0), 1, 2, road_class="steps", ebike=False, car=False)]
    summer = network(rows, speeds=speeds)
    winter = summer.under(replace(summer.conditions, season=Season.WINTER))
    assert minutes(summer, [440], [80])[0] == pytest.approx(1 + 1 + 5, abs=1e-6)
    assert minutes(winter, [440], [80])[0] == pytest.approx(2 + 4 + 10, abs=1e-6)
    assert winter.modes[WALK].ground is summer.modes[WALK].ground


def test_cars_go_as_fast_as_the_road_says_but_no_faster_than_its_class():
    rows = street(1, speed_car_kmh=60.0)
    assert minutes(network(rows), [400], [0], CAR)[0] == pytest.approx(0.4, abs=1e-6)
    slow = Speeds({CAR: {"residential": 24.0}}, {CAR: {"other": 0.5}})
    assert minutes(network(rows, speeds=slow), [400], [0], CAR)[0] == pytest.approx(1.0, abs=1e-6)
    assert minutes(network(rows, speeds=slow, season=Season.WINTER), [400], [0], CAR)[0] == pytest.approx(2.0, abs=1e-6)


def test_a_one_way_for_cars_may_be_free_for_e_bikes_and_bind_walkers():
    rows = street(1, oneway=True, oneway_ebike=False, oneway_walk=True)
    roads = network(rows)
    assert np.isfinite(minutes(roads, [400], [0], EBIKE)) and np.isinf(minutes(roads, [400], [0], CAR))
    assert np.isinf(minutes(roads, [400], [0], WALK)) and why(roads, [400], [0], WALK) == {0: Unreached.ONE_WAY}
    partly = frame([*street(1, oneway=True), road((0, 0), (0, 400), 0, 9, oneway=False, oneway_ebike=True)])
    assert partly["oneway_ebike"].isna().tolist() == [True, False]
    modes = RoadNetwork.from_frame(partly, metric_srid=METRIC_SRID).modes
    assert modes[EBIKE].two_way.tolist() == [False, False] and modes[CAR].two_way.tolist() == [False, True]


def test_a_barrier_stops_whom_it_names_and_the_way_round_counts():
    """A bollard at (400, 0): walkers pass, cars go round by (400, 400) (they come to the far side, 800 m more)."""
    rows = street()
    rows[0] |= {"barrier_to": "car"}
    rows[1] |= {"barrier_from": "car"}
    assert minutes(network(rows), [800], [0], WALK)[0] == pytest.approx(10, abs=1e-6)
    assert why(network(rows), [800, 300], [0, 0], CAR) == {0: Unreached.BARRIER}
    rows += [road((0, 0), (800, 0), 0, 2, via=[(0, 400), (800, 400)])]
    assert minutes(network(rows), [500, 300], [0, 0], CAR) == pytest.approx([300 / 500 + 1600 / 500, 300 / 500], abs=1e-6)


def test_ends_at_a_barrier_stand_behind_the_nodes_with_their_number_and_place():
    rows = street()
    rows[1] |= {"barrier_from": "car;ebike"}
    roads = network(rows)
    assert roads.node_ids.tolist() == [0, 1, 2, 1] and (roads.node_lonlat[3] == roads.node_lonlat[1]).all()
    lost = unreached_nodes(roads, lonlat([0], [0]), CAR)
    assert lost.position.tolist() == [2, 3] and set(lost.reason) == {Unreached.BARRIER}
    assert not len(unreached_nodes(roads, lonlat([0], [0]), WALK).position)


def test_a_barrier_for_nobody_known_is_refused_by_row():
    with pytest.raises(FrameInvalid, match="row 1 has 'tram' for barrier_to"):
        network([*street(1), road((0, 0), (0, 9), 0, 5, barrier_to="car;tram")])


def test_on_a_closed_road_nobody_moves_but_its_ends_are_at_the_crossing():
    rows = street(3)
    closed = {WALK: np.array([False, True, False])}
    roads = network(rows, closed=closed)
    assert minutes(roads, [300, 400, 800, 600], [0, 30, 30, 0]) == pytest.approx([3.75, 5 + 3 / 8, np.inf, np.inf], abs=1e-6)
    assert minutes(roads, [800], [-30], stations=[(600, 0)]) == [np.inf]
    assert minutes(roads, [820], [0], stations=[(800, 0)])[0] == pytest.approx(0.25, abs=1e-6)
    assert why(roads, [300, 600, 900], [0, 0, 0], WALK) == {1: Unreached.CLOSED, 2: Unreached.CLOSED}
    assert np.isfinite(minutes(roads, [600], [0], CAR)[0])


def test_every_reason_is_told_apart():
    rows = [*street(3), road((0, 900), (400, 900), 20, 21), road((1200, 0), (1600, 0), 3, 4, oneway=True)]
    rows[2] |= {"barrier_from": "car"}
    closed = {CAR: np.array([False, True, False, False, False])}
    roads = network(rows, closed=closed)
    assert why(roads, [100, 600, 1000, 200, 1500, 200], [0, 0, 0, 900, 0, 2000], CAR) == {
        1: Unreached.CLOSED,
        2: Unreached.BARRIER,
        3: Unreached.CUT_OFF,
        4: Unreached.ONE_WAY,
        5: Unreached.NO_ROAD,
    }
    found = unreached(roads, np.zeros((0, 2)), lonlat([0, 1], [0, 0]), CAR)
    assert found.count() == {Unreached.NO_STATION: 2}
