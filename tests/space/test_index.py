from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geogrid.domain.grids import AssignmentRule, Candidate
from geogrid.errors import (
    AccuracyInvalid,
    CoordNotFinite,
    CoordRange,
    FrameInvalid,
    FrameWithoutCrs,
    GeometryEmpty,
    GeometryNested,
    GeometrySelfIntersection,
    GeometryType,
)
from geogrid.space import cover, crs
from geogrid.space.index import AssignmentIndex
from tests.space import shapes

STATIONS = shapes.points_frame([shapes.at(0.005, 0.005)], ["s1"])
METRE_NORTH = 1 / 111_150  # degrees of latitude


def index_of(tiles, codes=None, stations=STATIONS, departments=None, villages=None, **named):
    columns = {} if villages is None else {"village_code": villages}
    return AssignmentIndex.from_frames(
        shapes.frame(tiles, codes, **columns), stations, departments, metric_srid=shapes.SRID, **named
    )


def ask(index, x, y, accuracy_m=None):
    return index.assign(*shapes.at(x, y), accuracy_m).one(0, 1)


EAST_WEST = [shapes.square(0, 0), shapes.square(0.01, 0)]


# -- borders ----------------------------------------------------------------------------------------------------------


def test_a_shared_border_goes_to_the_lowest_code_as_text():
    for codes, lowest in ((["b", "a"], "a"), (["10", "9"], "10"), (["B", "a"], "B")):
        answer = ask(index_of(EAST_WEST, codes), 0.01, 0.005)
        assert (answer.grid_code, answer.rule) == (lowest, AssignmentRule.BORDER)


def test_a_point_where_four_meet_goes_to_the_lowest_code():
    four = [*EAST_WEST, shapes.square(0, 0.01), shapes.square(0.01, 0.01)]
    answer = ask(index_of(four, ["d", "c", "b", "a"]), 0.01, 0.01)
    assert (answer.grid_code, answer.rule) == ("a", AssignmentRule.BORDER)


def test_the_outer_border_belongs_to_the_grid():
    answer = ask(index_of(EAST_WEST), 0.0, 0.005)
    assert (answer.grid_code, answer.rule) == ("g0", AssignmentRule.BORDER)


def test_the_last_bit_decides_beside_a_border():
    index = index_of(EAST_WEST, ["b", "a"])
    lon, lat = shapes.at(0.01, 0.005)
    found = index.assign([np.nextafter(lon, -180), lon, np.nextafter(lon, 180)], [lat] * 3)
    assert found.grid_code.tolist() == ["b", "a", "a"]
    assert found.rule.tolist() == ["inside", "border", "inside"]


# -- gaps and outside -------------------------------------------------------------------------------------------------


def test_outside_by_a_metre_is_unplaced_with_the_nearest_suggested():
    answer = ask(index_of(EAST_WEST), 0.005, -METRE_NORTH)
    assert (answer.grid_code, answer.rule, answer.candidates) == (None, AssignmentRule.OUTSIDE, ())
    assert answer.nearest_grid_code == "g0"
    assert answer.nearest_grid_m == pytest.approx(1.0, abs=0.02)
    assert answer.confidence == 1.0


def test_the_nearest_of_two_equally_near_grids_is_the_lowest_code():
    answer = ask(index_of(EAST_WEST, ["b", "a"]), 0.01, -METRE_NORTH)
    assert answer.nearest_grid_code == "a"


@pytest.mark.parametrize(("metres", "grid"), [(10, "g0"), (20, None)])
def test_a_gap_takes_the_nearest_grid_within_the_tolerance(metres, grid):
    gap = shapes.square(0.01, 0.01)
    for district in (None, shapes.square(0, 0, 0.03)):
        answer = ask(index_of([shapes.DONUT], district=district), 0.015, 0.01 + metres * METRE_NORTH)
        assert (answer.grid_code, answer.rule) == (grid, AssignmentRule.GAP)
        assert answer.nearest_grid_code == "g0"
        assert answer.nearest_grid_m == pytest.approx(metres, abs=0.1)
    assert gap.area > 0


def test_the_district_tells_a_gap_at_its_rim_from_outside():
    index = index_of([shapes.square(0, 0)], district=shapes.square(0, 0, 0.02, 0.01))
    assert ask(index, 0.01 + 1e-5, 0.005).rule is AssignmentRule.GAP
    assert ask(index, 0.02 + 1e-5, 0.005).rule is AssignmentRule.OUTSIDE
    assert ask(index_of([shapes.square(0, 0)]), 0.01 + 1e-5, 0.005).rule is AssignmentRule.OUTSIDE


def test_a_place_at_the_other_end_of_the_world_is_outside_and_answered():
    answer = index_of(EAST_WEST).assign(-73.98, 40.75, 50.0).one(0, 1)
    assert (answer.rule, answer.grid_code) == (AssignmentRule.OUTSIDE, None)
    assert answer.distance_m > 9e6


# -- overlaps ---------------------------------------------------------------------------------------------------------


def test_an_overlap_is_said_and_goes_to_the_lowest_code():
    index = index_of([shapes.square(0, 0), shapes.square(0.008, 0)], ["b", "a"])
    assert ask(index, 0.009, 0.005).rule is AssignmentRule.OVERLAP
    assert ask(index, 0.009, 0.005).grid_code == "a"
    assert ask(index, 0.005, 0.005).rule is AssignmentRule.INSIDE


def test_on_the_rim_of_an_intruder_it_is_an_overlap_too():
    index = index_of([shapes.square(0, 0, 0.03), shapes.square(0.01, 0.01)])
    assert ask(index, 0.01, 0.015).rule is AssignmentRule.OVERLAP


# -- departments and stations -----------------------------------------------------------------------------------------


def test_all_covering_department_grids_are_named_in_order():
    departments = shapes.frame([shapes.square(0, 0, 0.02), shapes.square(0, 0), shapes.square(0.01, 0)], ["z", "m", "a"])
    index = index_of(EAST_WEST, departments=departments)
    assert ask(index, 0.005, 0.005).department_codes == ("m", "z")
    assert ask(index, 0.01, 0.005).department_codes == ("a", "m", "z")
    assert ask(index, 0.5, 0.5).department_codes == ()
    assert ask(index_of(EAST_WEST), 0.005, 0.005).department_codes == ()


def test_the_home_station_is_the_point_of_the_covering_village():
    places = [shapes.at(0.001, 0.001), shapes.at(0.015, 0.005), shapes.at(0.5, 0.5), shapes.at(0.6, 0.5)]
    stations = shapes.points_frame(
        places, ["c", "st", "p1", "p0"], level=["centre", "station", "point", "point"], unit_code=["d", "v1", "v1", "v1"]
    )
    index = index_of(EAST_WEST, stations=stations, villages=["v1", "v2"])
    answer = ask(index, 0.001, 0.001)
    assert (answer.nearest_station, answer.home_station) == ("st", "p0")
    assert ask(index, 0.015, 0.005).home_station is None
    assert ask(index, 0.5, 0.9).home_station is None


def test_without_stations_there_is_no_distance():
    for none in (None, shapes.points_frame([])):
        answer = ask(index_of(EAST_WEST, stations=none, departments=none), 0.005, 0.005)
        assert (answer.nearest_station, answer.distance_m, answer.home_station) == (None, None, None)
        assert answer.department_codes == ()


# -- confidence -------------------------------------------------------------------------------------------------------


def segment_share(distance, radius):
    """Share of a disc beyond a straight line at ``distance`` from its centre."""
    part = distance / radius
    return (math.acos(part) - part * math.sqrt(1 - part * part)) / math.pi


@pytest.mark.parametrize(("metres", "accuracy_m"), [(10, 50), (30, 50), (0.2, 0.5), (300, 390)])
def test_the_share_of_a_disc_beside_a_straight_border(metres, accuracy_m):
    lon, lat = shapes.at(0.01, 0.005)
    lon, lat, _ = crs.GEOD.fwd(lon, lat, -90, metres)
    answer = index_of(EAST_WEST).assign(lon, lat, accuracy_m).one(0, 1)
    beyond = segment_share(metres, accuracy_m)
    assert answer.confidence == pytest.approx(1 - beyond, abs=2e-3)
    assert [item.grid_code for item in answer.candidates] == ["g0", "g1"]
    assert answer.candidates[1].share == pytest.approx(beyond, abs=2e-3)


@pytest.mark.parametrize("accuracy_m", [1e-3, 1e-6, 1e-9, 1e-200])
def test_an_accuracy_finer_than_any_device_is_still_a_disc(accuracy_m):
    """A border point lies half in either grid, however small its disc; it never has a grid and no confidence in it."""
    answer = index_of(EAST_WEST).assign(*shapes.at(0.01, 0.005), accuracy_m).one(0, 1)
    assert answer.rule is AssignmentRule.BORDER
    assert answer.confidence == pytest.approx(0.5, abs=0.01)
    assert [c.share for c in answer.candidates] == pytest.approx([0.5, 0.5], abs=0.01)


def test_without_accuracy_the_answer_is_sure():
    answer = ask(index_of(EAST_WEST), 0.0099999, 0.005)
    assert (answer.confidence, answer.candidates) == (1.0, (Candidate("g0", 1.0),))


def test_a_disc_within_its_grid_is_sure():
    answer = ask(index_of(EAST_WEST), 0.005, 0.005, 100.0)
    assert (answer.confidence, answer.candidates) == (1.0, (Candidate("g0", 1.0),))


def test_equal_shares_stand_in_the_order_of_codes():
    answer = ask(index_of(EAST_WEST, ["b", "a"]), 0.01, 0.005, 20.0)
    assert [item.grid_code for item in answer.candidates] == ["a", "b"]
    assert answer.confidence == pytest.approx(0.5, abs=1e-3)


def test_candidates_below_one_percent_are_left_out():
    lon, lat, _ = crs.GEOD.fwd(*shapes.at(0.01, 0.005), -90, 48.5)
    assert segment_share(48.5, 50) < 0.01
    assert len(index_of(EAST_WEST).assign(lon, lat, 50.0).one(0, 1).candidates) == 1


@pytest.mark.parametrize("accuracy_m", [100_000.0, 1.0])
def test_the_grid_given_is_a_candidate_however_small_its_share(accuracy_m):
    """A disc as wide as a province, and a small one in a gap that the nearest grid takes over without being touched."""
    index = index_of(EAST_WEST, district=shapes.square(0, 0, 0.03))
    answer = ask(index, 0.005, 0.005 if accuracy_m > 1.0 else 0.01 + 5 * METRE_NORTH, accuracy_m)
    assert (answer.grid_code, [c.grid_code for c in answer.candidates]) == ("g0", ["g0"])
    assert answer.confidence == answer.candidates[0].share < 0.01


@pytest.mark.parametrize(("accuracy_m", "most"), [(None, 0.5), (5.0, 0.5), (3000.0, 0.04)])
def test_in_an_overlap_nothing_speaks_for_the_lowest_code(accuracy_m, most):
    twice = [EAST_WEST[0], EAST_WEST[0], EAST_WEST[1]]
    answer = ask(index_of(twice), 0.005, 0.005, accuracy_m)
    assert (answer.grid_code, answer.rule) == ("g0", AssignmentRule.OVERLAP)
    assert [c.grid_code for c in answer.candidates][:2] == ["g0", "g1"]
    assert 0.0 < answer.confidence <= most


def test_outside_the_touched_grids_are_candidates_and_the_rest_is_the_confidence():
    answer = ask(index_of(EAST_WEST), 0.005, -10 * METRE_NORTH, 50.0)
    assert (answer.grid_code, answer.rule) == (None, AssignmentRule.OUTSIDE)
    (candidate,) = answer.candidates
    assert candidate.grid_code == "g0"
    assert candidate.share == pytest.approx(segment_share(10, 50), abs=2e-3)
    assert answer.confidence == pytest.approx(1 - candidate.share, abs=1e-5)


def test_a_disc_larger_than_the_district_holds_every_grid():
    answer = ask(index_of(EAST_WEST), 0.005, 0.005, 3000.0)
    area_m2 = float(shapely.area(crs.to_metric(EAST_WEST[0], shapes.SRID)))
    assert answer.confidence == pytest.approx(area_m2 / (math.pi * 3000**2), rel=1e-3)
    assert len(answer.candidates) == 2


def test_the_share_of_places_within_the_accuracy_sets_the_disc():
    assert cover.disc_radius_m(np.array([10.0]), 0.95)[0] == 10.0
    assert cover.disc_radius_m(np.array([10.0]), 0.68)[0] == pytest.approx(16.2, abs=0.05)
    with pytest.raises(ValueError, match="between 0 and 1"):
        index_of(EAST_WEST, accuracy_share=95.0)


# -- asking -----------------------------------------------------------------------------------------------------------


def test_no_points_have_no_answers():
    assert len(index_of(EAST_WEST).assign([], [])) == 0


def test_more_points_than_one_round_keep_their_order(monkeypatch):
    monkeypatch.setattr("geogrid.space.index.POINTS_AT_ONCE", 7)
    lonlat = shapes.probes(np.random.default_rng(2), EAST_WEST)
    index = index_of(EAST_WEST)
    many = index.assign(*lonlat.T, np.full(len(lonlat), 40.0))
    assert len(many) == len(lonlat)
    for i in range(0, len(lonlat), 5):
        assert many.one(i, 1) == index.assign(*lonlat[i], 40.0).one(0, 1)


def test_threads_may_ask_at_once():
    index = index_of(shapes.tiling(np.random.default_rng(3)))
    lonlat = shapes.probes(np.random.default_rng(4), EAST_WEST, count=200)
    accuracy_m = np.full(len(lonlat), 90.0)
    expected = index.assign(*lonlat.T, accuracy_m)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: index.assign(*lonlat.T, accuracy_m), range(12)):
            assert found.grid_code.tolist() == expected.grid_code.tolist()
            assert found.candidates.tolist() == expected.candidates.tolist()


@pytest.mark.parametrize(
    ("lon", "lat", "accuracy_m", "error"),
    [
        (np.nan, 45.9, None, CoordNotFinite),
        (126.6, np.inf, None, CoordNotFinite),
        (999.0, 45.9, None, CoordRange),
        (126.6, 90.0001, None, CoordRange),
        (126.6, 45.9, 0.0, AccuracyInvalid),
        (126.6, 45.9, -1.0, AccuracyInvalid),
        (126.6, 45.9, np.inf, AccuracyInvalid),
    ],
)
def test_what_cannot_be_asked_names_its_row(lon, lat, accuracy_m, error):
    with pytest.raises(error) as caught:
        index_of(EAST_WEST).assign([126.6, lon], [45.9, lat], None if accuracy_m is None else [5.0, accuracy_m])
    assert caught.value.where["row"] == 1


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="lengths"):
        index_of(EAST_WEST).assign([126.6, 126.7], [45.9])


# -- building ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grids", "error", "message"),
    [
        (shapes.frame([]), FrameInvalid, "no row"),
        (shapes.frame(EAST_WEST, crs=None), FrameWithoutCrs, "coordinate system"),
        (shapes.frame(EAST_WEST, crs=4551), FrameInvalid, "EPSG:4490"),
        (shapes.frame(EAST_WEST, ["a", "a"]), FrameInvalid, "more than once: a"),
        (shapes.frame(EAST_WEST, ["a", None]), FrameInvalid, "row 1 has no code"),
        (shapes.frame(EAST_WEST).rename(columns={"code": "id"}), FrameInvalid, "'code' is missing"),
        (shapes.frame([EAST_WEST[0], None]), GeometryEmpty, "g1"),
        (shapes.frame([EAST_WEST[0], shapely.Polygon()]), GeometryEmpty, "g1"),
        (shapes.frame([EAST_WEST[0], shapely.Point(1, 1)]), GeometryType, "g1 is a Point"),
        (shapes.frame([EAST_WEST[0], shapes.BOW_TIE]), GeometrySelfIntersection, "g1 crosses itself at 126.605"),
        (shapes.frame([shapes.HOLE_OUTSIDE]), GeometryNested, "g0"),
    ],
)
def test_a_frame_that_cannot_be_used_says_why(grids, error, message):
    with pytest.raises(error, match=message):
        AssignmentIndex.from_frames(grids, STATIONS, metric_srid=shapes.SRID)


def test_stations_must_be_points_of_known_levels():
    with pytest.raises(GeometryType, match="s1"):
        index_of(EAST_WEST, stations=shapes.frame([shapes.square()], ["s1"]))
    with pytest.raises(FrameInvalid, match="hub"):
        index_of(EAST_WEST, stations=shapes.points_frame([shapes.at(0, 0)], level=["hub"]))


def test_codes_that_are_numbers_become_text():
    numbers = gpd.GeoDataFrame({"code": [10.0, 9.0]}, geometry=EAST_WEST, crs=4490)
    index = AssignmentIndex.from_frames(numbers, STATIONS, metric_srid=shapes.SRID)
    assert ask(index, 0.005, 0.005).grid_code == "10"
