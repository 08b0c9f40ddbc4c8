"""Sessions, agreements, the court, cases: nothing booked twice, every version kept, thirty days and no more, nobody named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from geogrid.actions import disputes as mediation
from geogrid.actions import disputes_cases as library
from geogrid.actions import disputes_papers as papers
from geogrid.actions import disputes_sessions as sessions
from geogrid.actions import disputes_signing as signing
from geogrid.actions.disputes import By
from geogrid.domain.disputes import (
    Body,
    CaseState,
    Consent,
    CourtResult,
    Direction,
    DisputeOutcome,
    ReferralOutcome,
    SessionOutcome,
    SessionPlace,
    SessionState,
)
from geogrid.errors import (
    AgreementState,
    CaseNotAnonymous,
    CaseOrder,
    CaseSamePerson,
    ConfirmationLate,
    ConfirmationState,
    ConsentMissing,
    DisputeValue,
    MediatorUnfit,
    RevealPurpose,
    RoleMissing,
    SessionClash,
    SessionOver,
    StationUnknown,
)
from geogrid.store import disputes, disputes_papers
from tests.build_disputes import (
    BY,
    CLERK,
    FAR,
    STATION_B,
    add_parties,
    begun,
    employ_mediators,
    given_dispute,
    planned,
    session_at,
    settled,
    under,
)
from tests.build_district import IN_A2, NOW
from tests.build_life import DISPATCHER, assert_follows, matter_row
from tests.build_people import id_of

LATER = NOW + timedelta(hours=1)
TODAY = NOW.date()


@pytest.fixture
def place(session, district):
    employ_mediators(session)
    return under(district)


def told(place, by=BY, now=LATER):
    return {"by": by, "now": now, "district": place}


# -- sessions ---------------------------------------------------------------------------------------------------------


def test_a_mediator_is_not_in_two_places_and_the_other_is_told_until_when(session, place):
    event_id = begun(session, place)
    planned(session, place, event_id, 2.0)
    with pytest.raises(SessionClash, match="The mediator is taken from 06-18 17:00 to 06-18 18:00"):
        planned(session, place, event_id, 2.5, place=SessionPlace.ONLINE)
    planned(session, place, event_id, 3.0)  # one ends as the other begins


def test_a_room_is_not_booked_twice_but_two_rooms_are(session, place):
    event_id = begun(session, place)
    planned(session, place, event_id, 2.0)
    other = {"mediator": id_of("lan")}
    with pytest.raises(SessionClash, match="The room"):
        planned(session, place, event_id, 2.0, **other)
    planned(session, place, event_id, 2.0, room="二号调解室", **other)


def test_what_is_cancelled_takes_no_time(session, place):
    event_id = begun(session, place)
    made = planned(session, place, event_id, 2.0)
    sessions.close_session(session, event_id, made.id, outcome=None, text="当事人出差", **told(place))
    planned(session, place, event_id, 2.0)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"room": " "}, DisputeValue),
        ({"station": "nowhere"}, StationUnknown),
        ({"length_h": -1.0}, DisputeValue),
        ({"length_h": 9.0}, DisputeValue),
    ],
)
def test_an_appointment_that_cannot_be_kept_is_refused(session, place, values, error):
    event_id = begun(session, place)
    with pytest.raises(error):
        planned(session, place, event_id, 2.0, **values)
    with pytest.raises(DisputeValue, match="past"):
        planned(session, place, event_id, -2.0)


def test_nobody_is_invited_who_said_no_and_nobody_mediates_unappointed(session, place):
    event_id = given_dispute(session, place)
    with pytest.raises(MediatorUnfit):
        planned(session, place, event_id)
    first, _ = add_parties(session, place, event_id)
    mediation.answer_for_party(session, event_id, first, Consent.REFUSED, **told(place))
    with pytest.raises(ConsentMissing):
        planned(session, place, event_id, mediator=id_of("mei"))


def test_a_session_is_held_with_minutes_and_steps_along(session, place):
    event_id = begun(session, place)
    made = planned(session, place, event_id, 2.0)
    early = {"outcome": SessionOutcome.CLOSER, "text": "各让一步"}
    with pytest.raises(DisputeValue, match="not begun"):
        sessions.close_session(session, event_id, made.id, **early, **told(place))
    found = sessions.close_session(session, event_id, made.id, **early, **told(place, now=NOW + timedelta(hours=2.5)))
    assert (found.state, found.outcome, found.minutes) == (SessionState.HELD, SessionOutcome.CLOSER, "各让一步")
    step = session.execute(
        text("SELECT step FROM steps WHERE event_id = :i ORDER BY seq DESC LIMIT 1"), {"i": event_id}
    ).scalar_one()
    assert step == "session"
    with pytest.raises(SessionOver):
        sessions.close_session(session, event_id, made.id, outcome=None, text="no", **told(place))
    assert_follows(session, place, event_id)


def test_the_visits_of_a_day_come_in_the_shortest_order(session, place):
    event_id = begun(session, place)
    visit = {"place": SessionPlace.CIRCUIT, "address": "甲", "room": ""}
    far, near = (126.605, 45.919), (126.605, 45.911)  # the station stands at 45.91
    first = planned(session, place, event_id, 17.0, point_lonlat=near, **visit)
    second = planned(session, place, event_id, 18.5, point_lonlat=(126.605, 45.902), **visit)
    third = planned(session, place, event_id, 20.0, point_lonlat=far, **visit)
    day = (NOW + timedelta(hours=17)).date()
    found = sessions.circuit(session, id_of("mei"), day, district=place)
    order = [found.visits[i].id for i in found.route.order]
    assert order in ([first.id, third.id, second.id], [second.id, first.id, third.id], [second.id, third.id, first.id])
    assert found.route.minutes < found.planned_minutes and found.route.is_exact
    with pytest.raises(DisputeValue, match="past"):  # the day is half over: nobody comes at a time that has gone by
        sessions.follow_route(session, id_of("mei"), day, **told(place, now=NOW + timedelta(hours=19)))
    after = sessions.follow_route(session, id_of("mei"), day, **told(place))
    assert after.planned_minutes == pytest.approx(found.route.minutes)
    assert [one.start for one in after.visits] == sorted(after.arrivals)
    assert all(one.start.minute % 5 == 0 for one in after.visits)
    with pytest.raises(RoleMissing):
        sessions.follow_route(session, id_of("mei"), day, **told(place, By(FAR)))


# -- agreement --------------------------------------------------------------------------------------------------------


def test_an_agreement_settles_and_keeps_its_versions(session, place):
    event_id = settled(session, place)
    row = matter_row(session, event_id)
    assert (row.state, row.outcome) == ("agreed", "settled")
    assert disputes.find(session, event_id).outcome is DisputeOutcome.SETTLED
    again = {"by": BY, "now": NOW + timedelta(hours=4), "district": place}
    papers.draft(session, event_id, papers.Terms("改为分两期"), **again)
    assert [
        (one.version, one.terms[:2], one.signed_at is not None) for one in disputes_papers.agreements_of(session, event_id)
    ] == [
        (1, "被申", True),
        (2, "改为", False),
    ]
    with pytest.raises(AgreementState, match="version 2 is the latest"):
        signing.sign(session, event_id, 1, **again)
    signing.sign(session, event_id, 2, **again)
    with pytest.raises(AgreementState, match="signed already"):
        signing.sign(session, event_id, 2, **again)
    assert_follows(session, place, event_id)


def test_an_agreement_names_the_parties_as_they_stood_and_is_not_signed_by_others(session, place):
    event_id = begun(session, place)
    made = papers.draft(session, event_id, papers.Terms("赔偿"), **told(place))
    assert made.parties == (("applicant", "王秀英"), ("respondent", "李建国"))
    extra = mediation.put_party(session, event_id, {"side": "respondent", "form": "person", "name": "赵六"}, **told(place))
    mediation.answer_for_party(session, event_id, extra, Consent.GIVEN, paper="3", **told(place))
    with pytest.raises(AgreementState, match="parties changed"):
        signing.sign(session, event_id, 1, **told(place))


@pytest.mark.parametrize(
    "terms",
    [papers.Terms(" "), papers.Terms("x", -1.0), papers.Terms("x", None, TODAY - timedelta(days=1)), papers.Terms("x" * 20_001)],
)
def test_terms_that_say_nothing_or_come_too_late_are_refused(session, place, terms):
    event_id = begun(session, place)
    with pytest.raises(DisputeValue):
        papers.draft(session, event_id, terms, **told(place))


def test_what_was_paid_is_added_up_and_not_of_tomorrow(session, place):
    event_id = settled(session, place)
    papers.pay(session, event_id, TODAY, recovered=1000.5, **told(place))
    papers.pay(session, event_id, TODAY, fees=25.0, **told(place))
    found = disputes_papers.performances_of(session, event_id)
    assert [(one.recovered_yuan, one.fees_refunded_yuan) for one in found] == [(1000.5, 0.0), (0.0, 25.0)]
    for wrong in ({"at": TODAY + timedelta(days=1), "recovered": 1.0}, {"at": TODAY}, {"at": TODAY, "recovered": float("nan")}):
        with pytest.raises(DisputeValue):
            papers.pay(session, event_id, wrong.pop("at"), **wrong, **told(place))


# -- the court --------------------------------------------------------------------------------------------------------


def test_both_sides_ask_within_thirty_days_and_the_court_answers(session, place):
    event_id = settled(session, place)
    with pytest.raises(ConfirmationState, match="both sides"):
        papers.ask_court(session, event_id, "某某法院", ("1", ""), **told(place))
    papers.ask_court(session, event_id, "某某法院", ("1", "2"), **told(place, now=NOW + timedelta(days=30)))
    with pytest.raises(ConfirmationState, match="already"):
        papers.ask_court(session, event_id, "某某法院", ("1", "2"), **told(place))
    answer = {"on": TODAY + timedelta(days=32), "number": "（2025）司确 1 号"}
    with pytest.raises(ConfirmationState, match="future"):
        papers.court_answered(session, event_id, CourtResult.CONFIRMED, **answer, **told(place))
    late = told(place, now=NOW + timedelta(days=33))
    with pytest.raises(ConfirmationState, match="a refusal a reason"):
        papers.court_answered(session, event_id, CourtResult.REFUSED, **answer, **late)
    found = papers.court_answered(session, event_id, CourtResult.CONFIRMED, **answer, **late)
    assert (found.result, found.number) == (CourtResult.CONFIRMED, "（2025）司确 1 号")
    with pytest.raises(ConfirmationState, match="no request waits"):
        papers.court_answered(session, event_id, CourtResult.CONFIRMED, **answer, **late)


def test_after_thirty_days_it_is_refused_and_what_remains_is_said(session, place):
    event_id = settled(session, place)
    with pytest.raises(ConfirmationLate) as refused:
        papers.ask_court(session, event_id, "某某法院", ("1", "2"), **told(place, now=NOW + timedelta(days=31)))
    assert "2025-07-18" in refused.value.message("zh") and "重新调解" in refused.value.message("zh")
    assert len(refused.value.where["remains"]) == 4


def test_nothing_unsigned_is_confirmed(session, place):
    event_id = begun(session, place)
    papers.draft(session, event_id, papers.Terms("赔偿"), **told(place))
    with pytest.raises(ConfirmationState, match="no agreement is signed"):
        papers.ask_court(session, event_id, "某某法院", ("1", "2"), **told(place))


def test_under_the_courts_programme_the_clerk_takes_the_steps_of_confirmation(session, district):
    """Where the programme knows confirmation, asking and the court's answer are its steps."""
    from geogrid.domain.events import EventKind
    from geogrid.domain.people import Role
    from tests.build_disputes import MEI, STATION_A, agree, appointed
    from tests.build_life import reported, take
    from tests.rules.people import person

    employ_mediators(session)
    place = under(district, "jinan_court")
    event_id = reported(session, place, kind=EventKind.DISPUTE)
    take(session, place, event_id, "sort", DISPATCHER, hours=0.1, words="x", sides="y", amount_yuan=3000)
    take(session, place, event_id, "delegate", DISPATCHER, hours=0.2, party=f"station:{STATION_A}")
    agree(session, place, event_id)
    appointed(session, place, event_id)
    mediation.begin(session, event_id, **told(place))
    papers.draft(session, event_id, papers.Terms("还款"), **told(place, By(MEI)))
    signing.sign(session, event_id, 1, **told(place))
    papers.ask_court(session, event_id, "某某法院", ("1", "2"), **told(place, CLERK, LATER + timedelta(hours=1)))
    assert matter_row(session, event_id).state == "confirming"
    judge = By(person(Role.VERIFIER))
    answer = {"on": TODAY + timedelta(days=1), "number": "1"}
    papers.court_answered(session, event_id, CourtResult.CONFIRMED, **answer, **told(place, judge, NOW + timedelta(days=2)))
    assert matter_row(session, event_id).outcome == "confirmed"
    assert_follows(session, place, event_id)


# -- referrals, names, cases ------------------------------------------------------------------------------------------


def test_a_referral_has_an_outcome(session, place):
    event_id = begun(session, place)
    values = {"name": "某某法院", "reference": "（2025）民初 7 号"}
    made = papers.refer(session, event_id, Direction.FROM, Body.COURT, values, **told(place))
    found = papers.referral_ended(session, event_id, made.id, ReferralOutcome.SETTLED, note="调解成功", **told(place))
    assert (found.outcome, found.reference) == (ReferralOutcome.SETTLED, "（2025）民初 7 号")


def test_names_are_shown_for_a_purpose_and_the_look_is_kept(session, place):
    event_id = begun(session, place)
    with pytest.raises(RevealPurpose):
        papers.reveal_parties(session, event_id, " ", **told(place))
    assert [one.name for one in papers.reveal_parties(session, event_id, "通知到场", **told(place))] == ["王秀英", "李建国"]
    with pytest.raises(RoleMissing):
        papers.reveal_parties(session, event_id, "好奇看看", **told(place, By(FAR)))
    kept = session.execute(text("SELECT details ->> 'purpose' FROM audit WHERE action = 'party.reveal'")).scalars().all()
    assert kept == ["通知到场"]


CASE = {
    "title": "楼上漏水赔偿",
    "kind": "neighbourhood",
    "facts": "楼上漏水浸湿楼下天花板，赔偿数额有分歧",
    "solution": "共同勘验后分担",
}


def test_a_case_is_approved_by_another_and_found_only_then(session, place):
    made = library.propose(session, CASE, **told(place))
    assert library.nearest_to(session, "", "漏水赔偿") == []
    with pytest.raises(CaseSamePerson):
        library.decide(session, made.id, CaseState.APPROVED, by=BY, now=LATER)
    library.decide(session, made.id, CaseState.APPROVED, by=CLERK, now=LATER)
    assert [near.case.id for near in library.nearest_to(session, "", "漏水赔偿")] == [made.id]
    with pytest.raises(CaseOrder):
        library.decide(session, made.id, CaseState.APPROVED, by=CLERK, now=LATER)
    with pytest.raises(DisputeValue):
        library.decide(session, made.id, CaseState.RETIRED, by=BY, now=LATER)
    assert library.decide(session, made.id, CaseState.RETIRED, reason="法律修改", by=BY, now=LATER).state is CaseState.RETIRED
    assert library.nearest_to(session, "", "漏水赔偿") == []


def test_a_case_names_nobody(session, place):
    with pytest.raises(CaseNotAnonymous, match="facts"):
        library.propose(session, CASE | {"facts": "联系 13812345678"}, **told(place))
    with pytest.raises(DisputeValue):
        library.propose(session, CASE | {"kind": "weather"}, **told(place))


def test_a_visit_without_words_leads_to_the_event(session, place):
    event_id = begun(session, place)
    made = planned(session, place, event_id, 3.0, place=SessionPlace.HOME)
    assert made.point_lonlat == pytest.approx((126.605, 45.905), abs=1e-6)
    assert made.room == ""  # the form's room is nobody's at a home
    elsewhere = session_at(event_id, 30.0, place=SessionPlace.HOME, point_lonlat=IN_A2)
    found = sessions.plan(session, replace(elsewhere, station=STATION_B), **told(place))
    assert found.point_lonlat == IN_A2
