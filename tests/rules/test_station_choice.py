"""Which station mediates: what the programme says goes first, capable before near, and the same for any order of the stations."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.disputes import StationWay
from geogrid.domain.opening import Need
from geogrid.domain.programmes import StationChoice
from geogrid.domain.stations import StationLevel
from geogrid.rules.station_choice import StationOffer, choose_station, explained

WEDNESDAY = datetime(2025, 6, 18, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
OPEN, SHUT = "Mo-Fr 08:30-17:00", "Mo 08:30-09:00"
HOME, NEAR, CENTRE = "1", "2", "9"


def need(kind="labour", levels=(StationLevel.POINT,)):
    return Need(frozenset(levels), kind, at=WEDNESDAY)


def offer(code, *, level=StationLevel.POINT, industries=("labour",), hours=OPEN, distance_m=500.0, open_matters=0):
    return StationOffer(code, f"站{code}", level, industries, hours, 5, distance_m, open_matters)


offers = st.lists(
    st.builds(
        offer,
        st.sampled_from([HOME, NEAR, "3", "4", "5"]),
        level=st.sampled_from(StationLevel),
        industries=st.sampled_from([(), ("labour",), ("family",)]),
        hours=st.sampled_from([OPEN, SHUT, ""]),
        distance_m=st.sampled_from([None, 100.0, 900.0]),
    ),
    unique_by=lambda one: one.code,
    max_size=5,
)


def test_home_goes_first_where_the_programme_says_so_though_another_is_nearer():
    found = choose_station([offer(HOME, distance_m=3000.0), offer(NEAR)], need(), way=StationChoice.HOME, home=HOME)
    assert (found.code, found.way, found.opens_at) == (HOME, StationWay.HOME, None)


def test_a_home_station_that_is_closed_keeps_its_dispute_and_says_when_it_opens():
    found = choose_station([offer(HOME, hours=SHUT), offer(NEAR)], need(), way=StationChoice.HOME, home=HOME)
    assert found.code == HOME
    assert found.opens_at == datetime(2025, 6, 23, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_home_station_of_another_trade_gives_way_and_is_named():
    found = choose_station(
        [offer(HOME, industries=("family",)), offer(NEAR, distance_m=1234.0)], need(), way=StationChoice.HOME, home=HOME
    )
    assert (found.code, found.way) == (NEAR, StationWay.SERVING)
    assert "站1" in str(found.reason) and "1.2 km" in str(found.reason)
    assert "站1" in found.reason.words("zh") and found.reason.words("zh") != str(found.reason)


def test_serving_prefers_what_is_open_to_what_is_nearer():
    found = choose_station(
        [offer(HOME, hours=SHUT, distance_m=10.0), offer(NEAR, distance_m=4000.0)], need(), way=StationChoice.SERVING, home=HOME
    )
    assert found.code == NEAR


def test_what_no_point_takes_goes_to_the_next_level_that_does():
    higher = [offer("8", level=StationLevel.STATION), offer(CENTRE, level=StationLevel.CENTRE, distance_m=1.0)]
    found = choose_station([offer(HOME, industries=("family",)), *higher], need(), way=StationChoice.HOME, home=HOME)
    assert found.code == "8"
    at_station = choose_station([higher[1], offer(HOME)], need(levels=[StationLevel.STATION]), way=StationChoice.HOME, home=None)
    assert at_station.code == CENTRE  # never back down to a point


def test_nobody_capable_leaves_it_at_home_and_nowhere_is_said():
    at_home = choose_station([offer(HOME, industries=("family",))], need(), way=StationChoice.SERVING, home=HOME)
    assert (at_home.code, at_home.way) == (HOME, StationWay.HOME)
    assert choose_station([], need(), way=StationChoice.HOME, home=HOME).code is None


@given(offers, st.sampled_from(StationChoice), st.sampled_from([None, HOME]), st.randoms(use_true_random=False))
def test_the_choice_does_not_hang_on_the_order_of_the_stations(stations, way, home, rng):
    shuffled = list(stations)
    rng.shuffle(shuffled)
    one, other = (choose_station(some, need(), way=way, home=home) for some in (stations, shuffled))
    assert (one.code, one.way, str(one.reason)) == (other.code, other.way, str(other.reason))


@given(offers, st.sampled_from(StationChoice))
def test_who_can_is_chosen_before_who_cannot(stations, way):
    found = choose_station(stations, need(), way=way, home=HOME)
    capable = {one.code for one in stations if one.level is StationLevel.POINT and one.industries in {(), ("labour",)}}
    assert not capable or found.code in capable
    if capable and way is StationChoice.SERVING:
        assert found.code == explained(stations, need())[0][0].code
