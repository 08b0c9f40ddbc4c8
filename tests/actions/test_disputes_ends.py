"""What somebody is told, and what is kept, when a side says no; amounts as they stand on a paper."""

from __future__ import annotations

from datetime import timedelta

import pytest

from geogrid.actions import disputes as mediation
from geogrid.actions import disputes_papers as papers
from geogrid.actions.disputes import By
from geogrid.actions.disputes_amounts import yuan
from geogrid.domain.disputes import Body, Consent, Direction, DisputeOutcome, ReferralOutcome, SessionState, Side
from geogrid.domain.events import StepKind
from geogrid.errors import CaseOrder, DisputeValue, MediationOver, PartiesMissing, SessionOver
from geogrid.errors.family import Label
from geogrid.store import disputes, disputes_papers, disputes_sessions
from tests.build_disputes import BY, begun, employ_mediators, planned, under
from tests.build_district import NOW
from tests.build_life import DISPATCHER

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def place(session, district):
    employ_mediators(session)
    return under(district)


def told(place):
    return {"by": BY, "now": LATER, "district": place}


def withdrawn(session, place):
    """A dispute whose mediation had begun and of which one side withdrew."""
    event_id = begun(session, place)
    party = disputes.parties_of(session, event_id)[1]
    mediation.answer_for_party(session, event_id, party.id, Consent.WITHDRAWN, **told(place))
    return event_id


def test_who_withdrew_may_sue_and_it_is_kept_once(session, place):
    event_id = withdrawn(session, place)
    for again in (DisputeOutcome.FAILED, DisputeOutcome.WITHDRAWN):
        with pytest.raises(MediationOver):
            mediation.end(session, event_id, again, note="-", **told(place))
    mediation.end(session, event_id, DisputeOutcome.COURT, note="已告知诉讼途径", **told(place))
    assert disputes.find(session, event_id).outcome is DisputeOutcome.COURT
    with pytest.raises(MediationOver):
        mediation.end(session, event_id, DisputeOutcome.COURT, note="-", **told(place))


def test_nobody_comes_to_a_session_that_a_side_refused(session, place):
    event_id = begun(session, place)
    made = planned(session, place, event_id)
    party = disputes.parties_of(session, event_id)[0]
    mediation.answer_for_party(session, event_id, party.id, Consent.REFUSED, **told(place))
    found = disputes_sessions.find(session, event_id, made.id)
    assert (found.state, found.reason) == (SessionState.CANCELLED, "申请人：不同意调解")
    assert disputes.find(session, event_id).outcome is None  # who refuses may still be asked again


def test_what_is_refused_says_no_word_of_english_in_chinese(session, place):
    event_id = withdrawn(session, place)
    with pytest.raises(MediationOver) as over:
        mediation.end(session, event_id, DisputeOutcome.FAILED, note="-", **told(place))
    assert "已撤回" in over.value.message("zh")
    assert "Withdrawn" in over.value.message("en")
    for error in (
        *(SessionOver(state=Label(state)) for state in SessionState),
        *(MediationOver(outcome=Label(outcome), at="2025-06-18") for outcome in DisputeOutcome),
        *(PartiesMissing(side=Label(side)) for side in Side),
        CaseOrder(state=Label(SessionState.HELD), wanted=Label(SessionState.PLANNED)),
    ):
        said = error.message("zh")
        assert not any(letter.isascii() and letter.isalpha() for letter in said), said


def test_a_party_that_is_corrected_keeps_what_was_not_said(session, place):
    event_id = begun(session, place)
    before = disputes.parties_of(session, event_id)[0]
    values = {"side": before.side.value, "name": "王秀瑛"}
    mediation.put_party(session, event_id, values, party_id=before.id, **told(place))
    after = disputes.parties_of(session, event_id)[0]
    assert (after.name, after.phone, after.address, after.consent) == ("王秀瑛", before.phone, before.address, before.consent)
    assert before.phone and before.address


@pytest.mark.parametrize(
    ("amount", "kept"),
    [(None, None), (0, 0), (0.01, 0.01), (12345.67, 12345.67), (0.1 + 0.2, 0.3), (999_999_999_999.99, 999_999_999_999.99)],
)
def test_amounts_are_kept_to_the_fen(amount, kept):
    assert yuan("amount_yuan", amount) == kept


@pytest.mark.parametrize("amount", [0.005, 1.001, -0.01, 1e12, float("nan"), float("inf")])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(DisputeValue):
        yuan("amount_yuan", amount)


def test_at_the_end_of_the_filter_nothing_is_lost_for_nothing(session, place):
    event_id = begun(session, place)
    made = planned(session, place, event_id)
    leader = {**told(place), "by": By(DISPATCHER)}
    with pytest.raises(DisputeValue, match="no level beyond"):
        mediation.move_level(session, event_id, StepKind.SEND_DOWN, reason="村里先调", **leader)
    assert disputes_sessions.find(session, event_id, made.id).state is SessionState.PLANNED
    for _ in range(len(place.programmes.default.levels) - 1):
        mediation.move_level(session, event_id, StepKind.ESCALATE, reason="两次未成", **leader)
    with pytest.raises(DisputeValue, match="no level beyond"):
        mediation.move_level(session, event_id, StepKind.ESCALATE, reason="再上一级", **leader)


def test_what_a_referral_came_to_is_written_once(session, place):
    event_id = begun(session, place)
    sent = papers.refer(session, event_id, Direction.TO, Body.COURT, {"name": "区法院"}, **told(place))
    papers.referral_ended(session, event_id, sent.id, ReferralOutcome.RETURNED, note="材料不全", **told(place))
    with pytest.raises(DisputeValue, match="already"):
        papers.referral_ended(session, event_id, sent.id, ReferralOutcome.TAKEN, **told(place))
    kept = disputes_papers.referrals_of(session, event_id)[0]
    assert (kept.outcome, kept.outcome_note) == (ReferralOutcome.RETURNED, "材料不全")
