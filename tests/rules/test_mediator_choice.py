"""Who should mediate: never a party nor who stepped back; skill before load; better in one thing is never worse in the row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from geogrid.rules.mediator_choice import MediatorOffer, next_free, rank_mediators

NOW = datetime(2025, 6, 18, 7, 0, tzinfo=UTC)


def offer(number=1, **values):
    told = {"kinds": ("labour",), "open_matters": 2, "distance_m": 1000.0, "free_at": NOW + timedelta(hours=1)}
    return MediatorOffer(UUID(int=number), f"调解员{number}", "s", **(told | values))


offers = st.lists(
    st.builds(
        offer,
        st.integers(1, 50),
        kinds=st.sampled_from([(), ("labour",), ("family",), ("family", "labour")]),
        open_matters=st.integers(0, 5),
        distance_m=st.one_of(st.none(), st.floats(0, 50_000)),
        free_at=st.one_of(st.none(), st.integers(0, 400).map(lambda hours: NOW + timedelta(hours=hours))),
        is_party=st.booleans(),
        recused=st.booleans(),
    ),
    unique_by=lambda one: one.person_id,
    max_size=8,
)


def ids(ranked):
    return [one.offer.person_id for one in ranked]


@given(offers, st.sampled_from(["", "labour"]))
def test_nobody_who_is_a_party_or_stepped_back_is_proposed_and_nobody_else_is_left_out(several, kind):
    ranked = rank_mediators(several, kind, now=NOW)
    assert sorted(ids(ranked)) == sorted(one.person_id for one in several if not one.is_party and not one.recused)


@given(offers, st.randoms(use_true_random=False))
def test_the_row_does_not_hang_on_the_order_in_which_they_come(several, rng):
    shuffled = list(several)
    rng.shuffle(shuffled)
    assert ids(rank_mediators(several, "labour", now=NOW)) == ids(rank_mediators(shuffled, "labour", now=NOW))


@given(offers, st.data())
def test_less_load_or_less_way_never_puts_somebody_further_back(several, data):
    free = [one for one in several if not one.is_party and not one.recused]
    if not free:
        return
    chosen = data.draw(st.sampled_from(free))
    better = replace(chosen, open_matters=0, distance_m=0.0, free_at=NOW)
    before = ids(rank_mediators(several, "labour", now=NOW)).index(chosen.person_id)
    after = [better if one is chosen else one for one in several]
    assert ids(rank_mediators(after, "labour", now=NOW)).index(chosen.person_id) <= before


@given(offers)
def test_skill_goes_before_all_else(several):
    skills = [one.skill for one in rank_mediators(several, "labour", now=NOW)]
    assert skills == sorted(skills)


def test_equal_ones_stand_by_their_ids_and_the_reasons_are_said_in_chinese():
    ranked = rank_mediators([offer(2), offer(1)], "labour", now=NOW)
    assert ids(ranked) == [UUID(int=1), UUID(int=2)]
    assert [reason.words("zh") for reason in ranked[0].reasons] == [
        "擅长此类纠纷",
        "在办 2 件",
        "距现场 1.0 公里",
        "06-18 08:00 起有空",
    ]


def always(_at):
    return True


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 300)), max_size=6))
def test_a_free_hour_meets_nothing_that_is_booked(spans):
    busy = [(NOW + timedelta(minutes=a), NOW + timedelta(minutes=a + length)) for a, length in spans]
    found = next_free(busy, now=NOW, is_open=always, most=3)
    assert len(found) == 3 and found == sorted(found)
    for start in found:
        assert start > NOW and start.minute in {0, 30}
        assert not any(a < start + timedelta(hours=1) and start < b for a, b in busy)


def test_only_hours_in_which_the_station_is_open_throughout_are_free():
    def is_open(at):
        return (at.hour == 9 and at.minute < 30) or at.hour == 10  # half past nine to ten it is shut

    assert next_free([], now=NOW, is_open=is_open) == [datetime(2025, 6, 18, 10, 0, tzinfo=UTC)]
    assert next_free([], now=NOW, is_open=lambda _at: False) == []
