"""The order of a day's visits: the best there is up to nine, mended beyond; by road where there is one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.stations import TravelMode
from geogrid.space.network import RoadNetwork
from geogrid.space.visit_route import minutes_of, order_visits, travel_minutes
from tests.build_district import profile, roads

SRID = profile().metric_srid


@st.composite
def tables(draw, least=0, most=6):
    count = draw(st.integers(least, most)) + 1
    return np.array(
        draw(st.lists(st.lists(st.integers(1, 60), min_size=count, max_size=count), min_size=count, max_size=count)), float
    )


@given(tables())
def test_up_to_nine_visits_no_order_is_shorter(minutes):
    found = order_visits(minutes)
    count = len(minutes) - 1
    best = min((minutes_of(order, minutes) for order in permutations(range(count))), default=0.0)
    assert sorted(found.order) == list(range(count))
    assert found.is_exact and found.minutes == pytest.approx(best)
    assert minutes_of(found.order, minutes) == pytest.approx(found.minutes)


@given(st.integers(10, 16), st.integers(0, 10_000))
def test_beyond_nine_every_place_is_visited_once_and_turning_a_part_round_helps_no_more(count, seed):
    xy = np.random.default_rng(seed).uniform(0, 10, (count + 1, 2))
    minutes = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1))
    found = order_visits(minutes)
    assert sorted(found.order) == list(range(count)) and not found.is_exact
    for i in range(count - 1):
        for j in range(i + 1, count):
            turned = found.order[:i] + found.order[i : j + 1][::-1] + found.order[j + 1 :]
            assert minutes_of(turned, minutes) >= found.minutes - 1e-6


def test_one_way_streets_count_in_their_direction():
    minutes = np.array([[0, 1, 9, 9], [9, 0, 1, 9], [9, 9, 0, 1], [1, 9, 9, 0]], float)
    assert order_visits(minutes).order == (0, 1, 2)
    assert order_visits(minutes.T).order == (2, 1, 0)


def test_ways_are_those_of_the_roads_where_there_are_some():
    places = np.array([(126.605, 45.91), (126.615, 45.91), (126.605, 45.919)])
    network = RoadNetwork.from_frame(roads(), metric_srid=SRID)
    by_road, on_road = travel_minutes(places, TravelMode.EBIKE, metric_srid=SRID, network=network)
    straight, none = travel_minutes(places, TravelMode.EBIKE, metric_srid=SRID, network=None)
    assert on_road[0, 1] and not none.any()
    assert by_road[0, 1] > straight[0, 1] * 1.5  # the two streets meet in the south only
    assert np.allclose(np.diag(by_road), 0) and np.allclose(straight, straight.T)


def test_a_place_far_from_any_road_is_reached_along_the_straight_line_and_says_so():
    places = np.array([(126.605, 45.91), (126.605, 46.2)])
    network = RoadNetwork.from_frame(roads(), metric_srid=SRID)
    minutes, on_road = travel_minutes(places, TravelMode.CAR, metric_srid=SRID, network=network)
    assert not on_road[0, 1] and minutes[0, 1] == pytest.approx(32_250 * 1.3 / 500, rel=0.01)
