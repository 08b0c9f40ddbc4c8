"""Mediation in the store: voluntary always, along the programme's steps, with a trace of all that was done."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from geogrid.actions import disputes as mediation
from geogrid.actions import disputes_people as who
from geogrid.actions.disputes import By
from geogrid.actions.fsck import fsck
from geogrid.domain.disputes import Consent, DisputeOutcome, MediatorWay, StationWay
from geogrid.domain.events import EventKind, StepKind
from geogrid.domain.people import Actor, Post, Role
from geogrid.errors import (
    ConsentMissing,
    DisputeNot,
    DisputeValue,
    MediationOver,
    MediatorUnfit,
    PartiesMissing,
    RoleMissing,
    StationUnknown,
)
from geogrid.store import disputes, disputes_sessions, events
from tests.build_disputes import (
    BY,
    CLERK,
    FAR,
    LAN,
    MEI,
    STATION_A,
    STATION_B,
    add_parties,
    agree,
    appointed,
    begun,
    employ_mediators,
    given_dispute,
    planned,
    under,
)
from tests.build_district import NOW, profile
from tests.build_life import DISPATCHER, assert_follows, matter_row, reported, take
from tests.build_people import id_of

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def place(session, district):
    """The small district under Hulunbuir's programme, with three mediators."""
    employ_mediators(session)
    return under(district)


def told(place, by=BY, now=LATER):
    return {"by": by, "now": now, "district": place}


def last_step(session, event_id):
    query = text("SELECT step, note, actor FROM steps WHERE event_id = :id ORDER BY seq DESC LIMIT 1")
    return session.execute(query, {"id": event_id}).one()


def test_what_is_no_dispute_is_not_mediated(session, place):
    event_id = reported(session, place, kind=EventKind.ENVIRONMENT)
    with pytest.raises(DisputeNot):
        mediation.describe(session, event_id, {}, **told(place, CLERK))


def test_only_who_handles_the_matter_mediates(session, place):
    event_id = given_dispute(session, place)
    for actor in (FAR, Actor("person:a", "a", (Post(Role.AUDITOR, "999901000000"),))):
        with pytest.raises(RoleMissing):
            mediation.describe(session, event_id, {}, **told(place, By(actor)))
    assert disputes.find(session, event_id) is None  # a refusal leaves nothing behind


def test_kind_and_station_follow_the_matter(session, place):
    event_id = given_dispute(session, place)
    found = mediation.describe(session, event_id, {"amount_yuan": 3000.0}, **told(place))
    assert (found.station, found.amount_yuan) == (STATION_A, 3000.0)
    with pytest.raises(DisputeValue, match="none of"):
        mediation.describe(session, event_id, {"kind": "weather"}, **told(place))
    with pytest.raises(DisputeValue, match="no amount"):
        mediation.describe(session, event_id, {"amount_yuan": float("nan")}, **told(place))


def test_nothing_begins_without_both_sides_and_their_consent(session, place):
    event_id = given_dispute(session, place, complexity="simple")
    with pytest.raises(PartiesMissing, match="Applicant"):
        mediation.begin(session, event_id, **told(place))
    first, second = add_parties(session, place, event_id)
    with pytest.raises(ConsentMissing, match="2 of 2"):
        mediation.begin(session, event_id, **told(place))
    mediation.answer_for_party(session, event_id, first, Consent.GIVEN, paper="1", **told(place))
    with pytest.raises(DisputeValue, match="paper"):
        mediation.answer_for_party(session, event_id, second, Consent.GIVEN, **told(place))
    with pytest.raises(ConsentMissing) as refused:
        mediation.begin(session, event_id, **told(place))
    assert refused.value.where == {"parties": [second]}
    mediation.answer_for_party(session, event_id, second, Consent.GIVEN, paper="2", **told(place))
    taken = mediation.begin(session, event_id, **told(place))
    assert taken.matter.state == "defusing"
    details = taken.event.steps[-1].details
    assert (details["consent"], details["consent_other_side"]) == ("1", "2")
    assert_follows(session, place, event_id)


@pytest.mark.parametrize("code", ["hulan", "hulunbuir_mediation", "jinan_court", "dongmaopu_form"])
def test_a_party_withdraws_at_any_time_under_every_programme(session, district, code):
    """Whoever writes it down: a programme that leaves the step to others gets a note, never a refusal."""
    employ_mediators(session)
    place = under(district, code)
    event_id = reported(session, place, kind=EventKind.DISPUTE)
    first, _ = agree(session, place, event_id, by=CLERK)
    found = mediation.answer_for_party(session, event_id, first, Consent.WITHDRAWN, **told(place, CLERK))
    assert (found.outcome, found.outcome_at) == (DisputeOutcome.WITHDRAWN, LATER)
    with pytest.raises(ConsentMissing):
        mediation.begin(session, event_id, **told(place, CLERK))
    assert_follows(session, place, event_id)


def test_a_withdrawal_cancels_what_was_planned_and_mediation_may_begin_again(session, place):
    event_id = begun(session, place)
    made = planned(session, place, event_id)
    party = disputes.parties_of(session, event_id)[1]
    mediation.answer_for_party(session, event_id, party.id, Consent.WITHDRAWN, **told(place))
    assert disputes_sessions.find(session, event_id, made.id).state == "cancelled"
    step = last_step(session, event_id)
    assert step.step == "note" and "退出调解" in step.note  # the mediator may not record it: a clerk does; the note stands
    with pytest.raises(MediationOver):
        planned(session, place, event_id)
    mediation.answer_for_party(session, event_id, party.id, Consent.GIVEN, paper="3", **told(place))
    mediation.begin(session, event_id, **told(place))
    assert disputes.find(session, event_id).outcome is None
    said = [one["consent"] for one in disputes.consents_of(session, event_id) if one["party_id"] == party.id]
    assert said == [Consent.GIVEN, Consent.WITHDRAWN, Consent.GIVEN]  # every answer is kept


def test_what_failed_may_still_go_to_court_by_the_programmes_own_step(session, place):
    event_id = begun(session, place)
    mediation.end(session, event_id, DisputeOutcome.FAILED, note="差距过大", **told(place))
    assert last_step(session, event_id).step == "note"
    with pytest.raises(MediationOver):
        mediation.end(session, event_id, DisputeOutcome.FAILED, note="again", **told(place))
    mediation.end(session, event_id, DisputeOutcome.COURT, note="告知诉讼", **told(place, CLERK))
    assert last_step(session, event_id).step == "record_court"
    assert matter_row(session, event_id).outcome == "transferred"
    assert disputes.find(session, event_id).outcome is DisputeOutcome.COURT


def test_settling_is_what_a_signed_agreement_does(session, place):
    event_id = begun(session, place)
    with pytest.raises(DisputeValue):
        mediation.end(session, event_id, DisputeOutcome.SETTLED, note="ok", **told(place))


# -- station and mediator ---------------------------------------------------------------------------------------------


def test_the_station_is_given_by_the_programmes_step_and_its_choice_explained(session, place):
    event_id = reported(session, place, kind=EventKind.DISPUTE)
    take(session, place, event_id, "gather", DISPATCHER, hours=0.1, words="漏水", sides="甲、乙")
    by = By(DISPATCHER)
    found = who.give_station(session, event_id, STATION_A, **told(place, by))
    assert (found.station, found.station_way) == (STATION_A, StationWay.SERVING)  # as this programme says
    assert STATION_A in who.said(found.station_reason, "zh")
    row = matter_row(session, event_id)
    assert (row.owner, row.state, row.complexity) == (f"station:{STATION_A}", "diverted", "general")
    again = who.give_station(session, event_id, STATION_B, reason="当事人都在乙村", **told(place, by))
    assert (again.station, again.station_way, again.mediator) == (STATION_B, StationWay.PICKED, None)
    assert last_step(session, event_id).step == "redivert"
    with pytest.raises(StationUnknown):
        who.give_station(session, event_id, "nowhere", **told(place, by))


def test_a_mediator_may_not_hand_over_what_only_the_dispatcher_may(session, place):
    event_id = given_dispute(session, place)
    with pytest.raises(RoleMissing):
        who.give_station(session, event_id, STATION_B, reason="nearer", **told(place))


def test_the_one_proposed_is_skilled_and_never_a_party(session, place):
    event_id = given_dispute(session, place)
    mediation.describe(session, event_id, {"kind": "neighbourhood"}, **told(place))
    agree(session, place, event_id)
    mine = {"kind": None, "by": BY, "now": LATER, "district": place}
    held = mediation.hold(session, event_id, by=BY, now=LATER, district=place)
    ranked = who.propose_mediators(session, held.event, held.dispute, now=LATER, district=place)
    assert [one.offer.person_id for one in ranked] == [id_of("mei"), id_of("lan")]  # nobody of another station
    party = disputes.parties_of(session, event_id)[0]
    disputes.change_party(session, event_id, party.id, {"phone": "13900000000"})  # Mei's own number
    left = who.propose_mediators(session, held.event, held.dispute, now=LATER, district=place)
    assert [one.offer.person_id for one in left] == [id_of("lan")]
    mine.pop("kind")
    for person, way in (
        (id_of("mei"), MediatorWay.APPOINTED),
        (id_of("mei"), MediatorWay.CITIZEN),
        (id_of("far"), MediatorWay.APPOINTED),
    ):
        with pytest.raises(MediatorUnfit):
            who.appoint(session, event_id, person, way=way, **mine)
    found = who.appoint(session, event_id, id_of("lan"), way=MediatorWay.APPOINTED, **mine)
    assert found.mediator_way is MediatorWay.PROPOSED and "各类纠纷均可" in who.said(found.mediator_reason, "zh")


def test_load_puts_the_idle_one_first(session, place):
    first = given_dispute(session, place)
    mediation.describe(session, first, {}, **told(place))
    appointed(session, place, first)
    second = given_dispute(session, place)
    mediation.describe(session, second, {"kind": ""}, **told(place))
    held = mediation.hold(session, second, by=BY, now=LATER, district=place)
    ranked = who.propose_mediators(session, held.event, held.dispute, now=LATER, district=place)
    assert [(one.offer.person_id, one.offer.open_matters) for one in ranked] == [(id_of("lan"), 0), (id_of("mei"), 1)]


def test_who_stepped_back_does_not_come_back(session, place):
    event_id = begun(session, place)
    made = planned(session, place, event_id)
    found = who.recuse(session, event_id, id_of("mei"), reason="亲属", **told(place))
    assert found.mediator is None and disputes_sessions.find(session, event_id, made.id).state == "cancelled"
    with pytest.raises(MediatorUnfit, match="stepped back"):
        who.appoint(session, event_id, id_of("mei"), way=MediatorWay.APPOINTED, **told(place, By(LAN)))


def test_who_is_replaced_has_no_appointment_left_and_who_helps_keeps_his(session, place):
    """Else a mediator travels to a dispute that is another's by now."""
    event_id = begun(session, place)
    his, helper = planned(session, place, event_id), planned(session, place, event_id, 4.0, mediator=id_of("lan"))
    who.appoint(session, event_id, id_of("lan"), way=MediatorWay.APPOINTED, **told(place))
    states = {one.id: one.state.value for one in disputes_sessions.of_event(session, event_id)}
    assert states == {his.id: "cancelled", helper.id: "planned"}
    who.give_station(session, event_id, STATION_B, reason="当事人都在乙村", **told(place, By(DISPATCHER)))
    assert disputes_sessions.find(session, event_id, helper.id).state.value == "cancelled"


def test_the_parties_pick_the_mediator_and_the_matter_is_his(session, district):
    employ_mediators(session)
    place = under(district, "dongmaopu_form")
    event_id = reported(session, place, kind=EventKind.DISPUTE)
    take(session, place, event_id, "sort", CLERK.actor, hours=0.1, words="漏水", place="甲")
    agree(session, place, event_id, by=CLERK)
    found = who.appoint(session, event_id, id_of("far"), way=MediatorWay.CITIZEN, reason="双方信任", **told(place, CLERK))
    assert (found.mediator, found.mediator_way) == (id_of("far"), MediatorWay.CITIZEN)
    assert matter_row(session, event_id).owner == f"person:{id_of('far')}"
    taken = mediation.begin(session, event_id, **told(place, By(FAR)))
    assert taken.matter.state == "mediating"  # he reaches it wherever his post is held


def test_whom_the_parties_pick_at_another_station_is_handed_the_matter_or_it_is_said_who_may(session, district):
    """A note alone would name a mediator who cannot even see the dispute."""
    employ_mediators(session)
    place = under(district, "hulan")
    event_id = reported(session, place, kind=EventKind.DISPUTE)
    take(session, place, event_id, "open", DISPATCHER, hours=0.1, category="D01")
    take(session, place, event_id, "dispatch", DISPATCHER, hours=0.2, party=f"station:{STATION_A}")
    agree(session, place, event_id)
    event, dispute = events.find(session, event_id), mediation.hold(session, event_id, **told(place)).dispute
    offered = who.to_pick_from(session, event, dispute)
    assert [(row.person_id, station.code) for row, station, _ in offered] == [(id_of("far"), STATION_B)]
    with pytest.raises(RoleMissing, match="Dispatcher"), session.begin_nested():
        who.appoint(session, event_id, id_of("far"), way=MediatorWay.CITIZEN, **told(place))
    found = who.appoint(session, event_id, id_of("far"), way=MediatorWay.CITIZEN, **told(place, By(DISPATCHER)))
    assert found.mediator_way is MediatorWay.CITIZEN
    assert matter_row(session, event_id).owner == f"person:{id_of('far')}"
    mediation.describe(session, event_id, {"amount_yuan": 10.0}, **told(place, By(FAR)))  # he handles it now


# -- three levels -----------------------------------------------------------------------------------------------------


def test_what_a_level_cannot_settle_goes_up_with_its_history(session, place, tmp_path):
    event_id = begun(session, place)
    made = planned(session, place, event_id)
    taken = mediation.move_level(session, event_id, StepKind.ESCALATE, reason="两次未成", **told(place))
    assert (taken.matter.level, str(taken.matter.owner)) == ("township", "unit:999901001000")
    found = disputes.find(session, event_id)
    assert (found.station, found.mediator, found.outcome) == ("", None, None)
    assert disputes_sessions.find(session, event_id, made.id).state == "cancelled"
    down = mediation.move_level(session, event_id, StepKind.SEND_DOWN, reason="村里熟悉情况", **told(place, By(DISPATCHER)))
    assert down.matter.level == "village"
    assert len(disputes.parties_of(session, event_id)) == 2
    assert_follows(session, place, event_id)
    assert fsck(session, var_dir=tmp_path, now=LATER, profile=profile(), programmes=place.programmes) == []


def test_only_who_the_programme_names_sends_it_down(session, place):
    event_id = begun(session, place)
    mediation.move_level(session, event_id, StepKind.ESCALATE, reason="两次未成", **told(place))
    with pytest.raises(RoleMissing):
        mediation.move_level(session, event_id, StepKind.SEND_DOWN, reason="no", **told(place, CLERK))


def test_all_of_it_is_in_the_audit_without_a_name(session, place):
    event_id = begun(session, place)
    rows = session.execute(
        text("SELECT action, details::text AS told FROM audit WHERE object_id = :id"), {"id": str(event_id)}
    ).all()
    actions = {row.action for row in rows}
    assert {"dispute.party", "dispute.consent", "dispute.mediator", "dispute.begin", "step.take"} <= actions
    assert not any("王秀英" in row.told or "138" in row.told for row in rows)
    assert isinstance(event_id, UUID) and MEI
