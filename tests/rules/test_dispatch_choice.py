"""Candidates in an order that depends on what is known of them alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geogrid.rules.dispatch_choice import LOAD_WEIGHT_M, Candidate, Why, ordered

CANDIDATES = st.lists(
    st.builds(
        Candidate,
        party=st.sampled_from([f"person:{i}" for i in range(6)]),
        load=st.integers(0, 9),
        distance_m=st.none() | st.floats(0, 20_000),
        is_open=st.sampled_from([None, True, False]),
        claims=st.frozensets(st.sampled_from([Why.PROPOSED, Why.HOME, Why.LEADS, Why.COVERS, Why.ON_DUTY_HERE]), max_size=2),
    ),
    max_size=8,
)


@given(CANDIDATES, st.randoms())
def test_the_order_does_not_depend_on_the_order_in_which_they_were_found(found, dice):
    mixed = list(found)
    dice.shuffle(mixed)
    assert ordered(found) == ordered(mixed)


@given(CANDIDATES)
def test_each_party_stands_once_nobody_is_left_out_and_one_at_most_is_proposed(found):
    row = ordered(found)
    assert sorted(one.candidate.party for one in row) == sorted({one.party for one in found})
    assert sum(one.proposed for one in row) <= 1
    assert not any(one.proposed and one.candidate.is_open is False for one in row)
    closed = [one.candidate.is_open is False for one in row]
    assert closed == sorted(closed)


@given(CANDIDATES)
def test_the_nearest_is_said_to_be_it(found):
    row = ordered(found)
    known = [one.candidate for one in row if one.candidate.distance_m is not None]
    if known:
        least = min(one.distance_m for one in known)
        assert {one.party for one in known if Why.NEAREST in one.claims} == {o.party for o in known if o.distance_m == least}


def test_a_claim_counts_before_way_and_load_and_way_and_load_count_together():
    home, near = Candidate("station:a", 5, 9000.0, claims=frozenset({Why.HOME})), Candidate("station:b", 0, 10.0)
    assert [one.candidate.party for one in ordered([near, home])] == ["station:a", "station:b"]
    idle, busy = Candidate("person:idle", 0, 900.0), Candidate("person:busy", 2, 899.0 - LOAD_WEIGHT_M)
    assert [one.candidate.party for one in ordered([busy, idle])] == ["person:idle", "person:busy"]
