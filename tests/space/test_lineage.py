"""What became of what, told by areas and by homes; and areas that went somewhere else altogether."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.space.lineage import common_areas, moved_away, shares_of_points

SRID = 4551  # the metric zone of 126 degrees east


def column(*cuts):
    """Areas stacked from south to north over one column, cut at these hundredths of a degree."""
    return np.array([shapely.box(126.6, 45.9 + a, 126.61, 45.9 + b) for a, b in pairwise(cuts)], dtype=object)


def codes(*names):
    return np.array(names, dtype=object)


def test_a_moved_border_hands_over_its_strip():
    pairs = common_areas(codes("a", "b"), column(0, 0.01, 0.02), codes("a", "b"), column(0, 0.012, 0.02), metric_srid=SRID)
    shares = {(p.old_code, p.new_code): (p.share_of_old, p.share_of_new) for p in pairs}
    assert set(shares) == {("a", "a"), ("b", "a"), ("b", "b")}
    assert shares["a", "a"] == (pytest.approx(1, abs=1e-5), pytest.approx(10 / 12, abs=1e-3))
    assert shares["b", "a"] == (pytest.approx(0.2, abs=1e-3), pytest.approx(2 / 12, abs=1e-3))


def test_an_unchanged_area_is_its_own_successor_alone():
    areas = column(0, 0.01, 0.02)
    pairs = common_areas(codes("a", "b"), areas, codes("a", "b"), areas, metric_srid=SRID)
    assert [(p.old_code, p.new_code, p.share_of_old, p.share_of_new) for p in pairs] == [("a", "a", 1, 1), ("b", "b", 1, 1)]
    assert pairs[0].area_m2 == pytest.approx(862_500, rel=0.01)


def test_split_and_merge_keep_all_the_area():
    split = common_areas(codes("a"), column(0, 0.02), codes("b", "c"), column(0, 0.005, 0.02), metric_srid=SRID)
    assert [(p.new_code, round(p.share_of_old, 3), round(p.share_of_new, 3)) for p in split] == [("b", 0.25, 1), ("c", 0.75, 1)]
    merge = common_areas(codes("b", "c"), column(0, 0.005, 0.02), codes("a"), column(0, 0.02), metric_srid=SRID)
    assert [(p.old_code, round(p.share_of_old, 3), round(p.share_of_new, 3)) for p in merge] == [("b", 1, 0.25), ("c", 1, 0.75)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 19), min_size=1, max_size=5, unique=True), st.lists(st.integers(1, 19), max_size=5, unique=True))
def test_shares_of_any_two_divisions_add_up_to_one(old_cuts, new_cuts):
    old, new = (column(0, *(cut / 1000 for cut in sorted(cuts)), 0.02) for cuts in (old_cuts, new_cuts))
    names = [codes(*(f"{letter}{i}" for i in range(len(areas)))) for letter, areas in (("o", old), ("n", new))]
    pairs = common_areas(names[0], old, names[1], new, metric_srid=SRID)
    for attribute, share, all_codes in (("old_code", "share_of_old", names[0]), ("new_code", "share_of_new", names[1])):
        for code in all_codes:
            assert sum(getattr(p, share) for p in pairs if getattr(p, attribute) == code) == pytest.approx(1, abs=1e-5)


def test_homes_follow_the_area_they_stand_in():
    old, new = column(0, 0.01, 0.02), column(0, 0.012, 0.02)
    names = codes("a", "b")
    homes = shapely.points([126.605] * 4, [45.905, 45.911, 45.915, 45.919])
    pairs = common_areas(names, old, names, new, metric_srid=SRID)
    shares = shares_of_points(pairs, names, old, names, new, np.asarray(homes, dtype=object))
    assert shares[("a", "a")] == 1
    assert shares["b", "a"] == pytest.approx(1 / 3)
    assert shares["b", "b"] == pytest.approx(2 / 3)
    none = np.array([], dtype=object)
    assert shares_of_points(pairs, names, old, names, new, none) == {}
    unchanged = common_areas(names, old, names, old, metric_srid=SRID)
    assert shares_of_points(unchanged, names, old, names, old, homes) == {("a", "a"): 1.0, ("b", "b"): 1.0}


def test_a_home_on_a_border_counts_once_to_the_lowest_code():
    old, names = column(0, 0.02), codes("a", "b")
    new = column(0, 0.01, 0.02)
    pairs = common_areas(codes("o"), old, names, new, metric_srid=SRID)
    on_border = np.array([shapely.Point(126.605, new[0].bounds[3])], dtype=object)
    assert shares_of_points(pairs, codes("o"), old, names, new, on_border) == {("o", "a"): 1.0}


def test_areas_that_share_nothing_with_their_old_selves_are_named():
    old = column(0, 0.01, 0.02)
    assert moved_away(codes("a", "b"), old, codes("b", "a"), old) == ["a", "b"]  # touching along a border is sharing nothing
    assert moved_away(codes("a", "b"), old, codes("a", "b"), column(0, 0.001, 0.02)) == []
    assert moved_away(codes("a"), old[:1], codes("c"), old[1:]) == []  # nothing to compare
