"""Matters remembered: rows in the order of their columns, what waits for approval, what falls due, how it stood long ago."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from geogrid.actions.district import district_of
from geogrid.actions.matters import rows_of
from geogrid.domain.clocks import Audience, Light
from geogrid.domain.people import Role
from geogrid.store import matter_views, matters
from tests.build_district import IN_B1, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, profile, publish
from tests.build_life import DISPATCHER, HANDLER, LEADER, clock_rows, from_the_ledger, live, matter_row, reported, take


@pytest.fixture
def district(session):
    publish(session)
    return district_of(profile(), session)


def test_values_are_in_the_order_of_the_columns(session, district):
    """COPY takes them as they come."""
    event_id = reported(session, district)
    values, clocks = rows_of(event_id, from_the_ledger(session, district, event_id), now=NOW, district=district)
    assert list(values) == matters.MATTER_COLUMNS
    assert [list(row) for row in clocks] == [matters.CLOCK_COLUMNS]


def test_what_is_copied_in_is_what_is_written(session, district):
    event_id = reported(session, district)
    live(session, district, event_id, upto="take_on")
    take(session, district, event_id, "pause", HANDLER, hours=2, pause="waiting_citizen", reason="away")
    matter = matters.find(session, event_id, district.programmes.of)
    written = matter_row(session, event_id), clock_rows(session, event_id)
    from sqlalchemy import text

    session.execute(text("DELETE FROM clocks"))
    session.execute(text("DELETE FROM matters"))
    matters.copy_in(session, [rows_of(event_id, matter, now=NOW + timedelta(hours=2), district=district)])
    assert (matter_row(session, event_id), clock_rows(session, event_id)) == written


def test_proposals_are_found_by_who_may_decide_them(session, district):
    one, other = reported(session, district), reported(session, district, IN_B1)
    hours = live(session, district, one, upto="take_on")
    take(session, district, one, "extend", HANDLER, hours=hours, reason="parts", amount="2wd")
    take(session, district, one, "pause", HANDLER, hours=hours + 1, pause="public_notice", reason="notice")
    waiting = matter_views.proposals_for(session, [Role.TOWNSHIP_LEADER], [TOWNSHIP_A])
    assert [(event_id, found.step, found.asked_by, found.approver) for event_id, found in waiting] == [
        (one, "extend", HANDLER.id, Role.TOWNSHIP_LEADER),
        (one, "pause", HANDLER.id, Role.TOWNSHIP_LEADER),
    ]
    assert waiting[0][1] == matters.find(session, one, district.programmes.of).proposals[0]
    assert matter_views.proposals_for(session, [Role.TOWNSHIP_LEADER], [TOWNSHIP_B]) == []
    assert matter_views.proposals_for(session, [Role.VERIFIER, Role.COMMANDER], [TOWNSHIP_A, VILLAGE_A]) == []
    assert matter_views.proposals_for(session, [], []) == []
    assert other


def test_due_names_running_clocks_the_earliest_first(session, district):
    one, other = reported(session, district), reported(session, district, now=NOW + timedelta(minutes=10))
    soon = matter_views.due(session, NOW + timedelta(days=1))
    assert [(found.event_id, found.clock) for found in soon] == [(one, "accept"), (other, "accept")]
    assert matter_views.due(session, NOW) == []
    take(session, district, one, "open", DISPATCHER, hours=0.5)
    assert [found.event_id for found in matter_views.due(session, NOW + timedelta(days=1))] == [other]


def test_a_matter_can_be_seen_as_it_stood_at_any_instant(session, district):
    event_id = reported(session, district)
    live(session, district, event_id, upto="close")

    def at(hours):
        return matter_views.of_event(session, event_id, now=NOW + timedelta(hours=hours), district=district)

    assert at(-1) is None
    assert (at(0).matter.state, at(0).urgent().rule.code) == ("reported", "accept")
    assert (at(0.6).matter.state, at(0.6).urgent().rule.code) == ("dispatched", "handle")
    assert at(0.6).urgent().lights == {Audience.STAFF: Light.GREEN, Audience.PUBLIC: Light.AMBER}
    assert (at(9).matter.state, at(9).urgent()) == ("closed", None)
    assert [view.reading.phase for view in at(9).clocks] == ["done_in_time"] * 3
    assert matter_views.of_event(session, uuid4(), now=NOW, district=district) is None


def test_the_most_alarming_clock_is_the_urgent_one(session, district):
    event_id = reported(session, district)
    live(session, district, event_id, upto="dispatch")
    take(session, district, event_id, "blow", HANDLER, hours=1, party="department:urban", reason="crowd")

    def urgent(hours):
        return matter_views.of_event(session, event_id, now=NOW + timedelta(hours=hours), district=district).urgent()

    assert (urgent(1.1).rule.code, urgent(1.1).lights[Audience.STAFF]) == ("whistle", Light.GREEN)
    assert (urgent(2).rule.code, urgent(2).lights[Audience.STAFF]) == ("whistle", Light.RED)
    take(session, district, event_id, "pause", LEADER, hours=3, pause="waiting_citizen", reason="away")
    assert urgent(4).rule.code == "whistle"  # grey is no alarm
