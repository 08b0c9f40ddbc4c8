"""Both sides sign: history and appointments say the same as the paper, under every programme, or the signature is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from geogrid.actions import disputes_papers as papers
from geogrid.actions import disputes_people as who
from geogrid.actions import disputes_sessions as sessions
from geogrid.actions import disputes_signing as signing
from geogrid.domain.disputes import DisputeOutcome, SessionPlace, SessionState
from geogrid.domain.events import EventKind
from geogrid.errors import AgreementState
from geogrid.store import disputes, disputes_sessions
from tests.build_disputes import (
    BY,
    MEI,
    STATION_A,
    agree,
    appointed,
    begun,
    employ_mediators,
    given_dispute,
    planned,
    settled,
    under,
)
from tests.build_district import NOW
from tests.build_life import DISPATCHER, assert_follows, matter_row, reported, take
from tests.build_people import id_of

GIVEN = {
    "hulan": (("open", {"category": "D01"}), ("dispatch", {"party": f"station:{STATION_A}"})),
    "jinan_court": (
        ("sort", {"words": "x", "sides": "y", "amount_yuan": 3000}),
        ("delegate", {"party": f"station:{STATION_A}"}),
    ),
}


@pytest.fixture
def staff(session):
    employ_mediators(session)


def at(hours, place):
    return {"by": BY, "now": NOW + timedelta(hours=hours), "district": place}


def given(session, place):
    """A dispute at station A whose sides agree and whose mediator is appointed; nothing of mediation has begun."""
    event_id = reported(session, place, kind=EventKind.DISPUTE)
    for number, (step, details) in enumerate(GIVEN[place.programmes.default_code], 1):
        take(session, place, event_id, step, DISPATCHER, hours=number / 10, **details)
    agree(session, place, event_id, now=NOW + timedelta(hours=0.3))
    appointed(session, place, event_id, now=NOW + timedelta(hours=0.4))
    return event_id


def sign(session, place, event_id, hours=3.0):
    version = papers.draft(session, event_id, papers.Terms("赔偿三千元"), **at(hours, place)).version
    return signing.sign(session, event_id, version, **at(hours, place))


def steps_of(session, event_id):
    rows = session.execute(text("SELECT step, note FROM steps WHERE event_id = :i ORDER BY seq"), {"i": event_id})
    return [tuple(row) for row in rows]


def test_the_session_at_which_it_was_signed_was_held_and_what_was_planned_later_is_cancelled(session, district, staff):
    """Else the counter says that no session was held, and the mediator drives to people who have settled."""
    place = under(district, "hulan")
    event_id = given(session, place)
    planned(session, place, event_id, 2.5)
    planned(session, place, event_id, 20.0, place=SessionPlace.HOME, room="")
    sign(session, place, event_id)
    first, second = disputes_sessions.of_event(session, event_id)
    assert (first.state, first.outcome.value) == (SessionState.HELD, "agreed")
    assert (second.state, "签署" in second.reason) == (SessionState.CANCELLED, True)
    day = (NOW + timedelta(hours=20)).date()
    assert sessions.circuit(session, id_of("mei"), day, district=place).visits == []
    assert [step for step, _ in steps_of(session, event_id)][-2:] == ["mediate", "handle"]
    assert_follows(session, place, event_id)


def test_what_became_of_an_earlier_day_is_not_made_up(session, district, staff):
    place = under(district, "hulan")
    event_id = given(session, place)
    planned(session, place, event_id, 2.0)
    sign(session, place, event_id, hours=26.0)
    assert disputes_sessions.of_event(session, event_id)[0].state is SessionState.PLANNED


@pytest.mark.parametrize(
    ("code", "steps", "state"),
    [("hulan", ["mediate", "handle"], "handled"), ("jinan_court", ["mediate", "session", "agree"], "agreed")],
)
def test_what_is_settled_on_the_spot_has_its_mediation_in_the_history(session, district, staff, code, steps, state):
    place = under(district, code)
    event_id = given(session, place)
    sign(session, place, event_id)
    taken = [one for one in steps_of(session, event_id) if one[0] != "note"]
    assert [step for step, _ in taken][-len(steps) :] == steps
    assert "当场调解" in taken[-2][1]
    assert matter_row(session, event_id).state == state
    assert disputes.find(session, event_id).outcome is DisputeOutcome.SETTLED
    assert_follows(session, place, event_id)


def test_where_the_programme_asks_for_more_signing_is_refused_and_says_for_what(session, district, staff):
    place = under(district)
    event_id = given_dispute(session, place)
    agree(session, place, event_id, now=NOW + timedelta(hours=0.3))
    appointed(session, place, event_id, now=NOW + timedelta(hours=0.3))
    with pytest.raises(AgreementState) as refused, session.begin_nested():
        sign(session, place, event_id)
    assert "研：分析研判" in refused.value.message("zh") and "Study" in refused.value.message("en")
    assert disputes.find(session, event_id).outcome is None
    take(session, place, event_id, "study", MEI, hours=3.5, note="两家均愿意谈")
    sign(session, place, event_id, hours=4.0)
    assert [step for step, _ in steps_of(session, event_id)][-3:] == ["defuse", "session", "agree"]


def test_nobody_signs_for_a_mediator_who_is_not_there(session, district, staff):
    place = under(district)
    event_id = begun(session, place)
    who.recuse(session, event_id, id_of("mei"), reason="亲属", **at(1.0, place))
    with pytest.raises(AgreementState, match="nobody is appointed"):
        sign(session, place, event_id)


def test_what_was_sent_back_to_be_mediated_again_is_settled_again_by_its_step(session, district, staff):
    place = under(district)
    event_id = settled(session, place)
    take(session, place, event_id, "redo", DISPATCHER, hours=4.0, reason="条款不清")
    sign(session, place, event_id, hours=5.0)
    assert steps_of(session, event_id)[-1][0] == "agree"
    assert matter_row(session, event_id).state == "agreed"
    found = disputes.find(session, event_id)
    assert found.outcome_at == NOW + timedelta(hours=3) and found.outcome_note.endswith("-2")  # last month's figure stays
    assert_follows(session, place, event_id)
