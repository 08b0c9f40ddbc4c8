"""Likeness of reports: a law each for what it must and must not depend on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.rules.duplicates import (
    LEAST_SCORE,
    PLACE,
    RADIUS_M,
    TIME,
    WITHIN,
    WORDS,
    Reason,
    Told,
    box_degrees,
    likeness,
    similarity,
)

NOW = datetime(2025, 6, 18, 7, tzinfo=UTC)
TEXTS = st.text(alphabet="路灯不亮垃圾堆积南门 ，ab1", max_size=30)
TOLD = st.builds(
    Told,
    kind=st.sampled_from(["facility", "order"]),
    at=st.integers(0, 30 * 24).map(lambda hours: datetime(2025, 6, 1, tzinfo=UTC) + timedelta(hours=hours)),
    words=TEXTS,
    address=TEXTS,
)


@given(TOLD, TOLD, st.none() | st.floats(0, 1000))
def test_it_is_the_same_both_ways_and_a_share(one, other, distance_m):
    found = likeness(one, other, distance_m)
    assert found == likeness(other, one, distance_m)
    assert 0 <= found.score <= 1
    assert (found.score == 0) or one.kind == other.kind


@given(TOLD, TOLD, st.floats(0, 500), st.floats(0, 500))
def test_nearer_is_never_less_alike(one, other, some_m, more_m):
    near, far = sorted((some_m, some_m + more_m))
    assert likeness(one, other, near).score >= likeness(one, other, far).score


@given(TEXTS, TEXTS)
def test_words_are_as_alike_as_their_pairs(one, other):
    assert similarity(one, other) == similarity(other, one)
    assert similarity(one, one) in {0.0, 1.0}


def test_the_same_lamp_told_twice_is_shown_and_a_far_one_is_not():
    one = Told("facility", NOW, "小区南门路灯不亮")
    again = likeness(one, Told("facility", NOW + timedelta(hours=3), "南门口的路灯不亮了"), 25.0)
    assert again.is_worth_showing
    assert again.reasons == (Reason.KIND, Reason.NEAR, Reason.SOON, Reason.WORDS)
    assert not likeness(one, Told("facility", NOW - timedelta(days=13), "井盖缺失"), 280.0).is_worth_showing
    assert likeness(one, Told("order", NOW, "小区南门路灯不亮"), 0.0).score == 0


def test_an_address_stands_for_a_place_that_nobody_knows():
    one = Told("facility", NOW, "漏水", "幸福路12号")
    assert Reason.ADDRESS in likeness(one, Told("facility", NOW, "漏水", "幸福路12号楼"), None).reasons
    assert likeness(one, Told("facility", NOW, "漏水", ""), None).score < likeness(one, one, None).score


def test_the_weights_add_up_and_the_box_holds_the_circle():
    assert pytest.approx(1) == PLACE + TIME + WORDS
    assert likeness(Told("a", NOW, "路灯不亮"), Told("a", NOW, "路灯不亮"), 0.0).score == 1.0
    assert likeness(Told("a", NOW, ""), Told("a", NOW + WITHIN, ""), RADIUS_M).score == 0.0 < LEAST_SCORE
    d_lon, d_lat = box_degrees(45.9)
    assert d_lat * 111_132 >= RADIUS_M
    assert d_lon * 77_500 >= RADIUS_M
