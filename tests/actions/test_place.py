"""The queue of events that no grid covers: a person places them, and the next edition keeps that."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.fsck import fsck
from geogrid.actions.place import find_grid, place_event
from geogrid.domain.events import StepKind
from geogrid.domain.grids import AssignmentRule, GeographyKind
from geogrid.errors import EditionNotInForce, EventNotWaiting, NotFoundError
from geogrid.store import events
from tests.build_district import A1, A2, B2, IN_A1, NOW, VILLAGE_B, grids, profile, publish, report

OUTSIDE = (126.595, 45.905)
LATER = NOW + timedelta(hours=1)


def accept(session, district, place):
    return accept_report(session, report(place), now=NOW, district=district, actor="x").event


def place(session, district, event, grid_code):
    return place_event(session, event.id, grid_code, now=LATER, district=district, actor="clerk")


@pytest.mark.parametrize("where", [OUTSIDE, None])
def test_a_person_places_what_no_grid_covers(session, district, tmp_path, where):
    event = accept(session, district, where)
    placed = place(session, district, event, B2)
    found = placed.assignment
    assert (found.grid_code, found.rule, found.home_station) == (B2, AssignmentRule.PLACED, VILLAGE_B + "01")
    assert placed.point_lonlat == event.point_lonlat
    assert (placed.steps[-1].kind, placed.steps[-1].actor, placed.steps[-1].note) == (StepKind.ASSIGN, "clerk", B2)
    assert [a.grid_code for _, a in events.history(session, event.id)] == [None, B2]
    assert session.execute(text("SELECT grid_code, village_code FROM events")).one() == (B2, VILLAGE_B)
    assert place(session, district, placed, A1).assignment.grid_code == A1  # a person may think again
    assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []


def test_what_a_rule_decided_is_not_placed_by_hand(session, district):
    with pytest.raises(EventNotWaiting, match=A1):
        place(session, district, accept(session, district, IN_A1), B2)


def test_unknown_events_and_grids_are_not_found(session, district):
    event = accept(session, district, OUTSIDE)
    with pytest.raises(NotFoundError, match="999"):
        place(session, district, event, "999")
    with pytest.raises(NotFoundError):
        place_event(session, uuid4(), A1, now=NOW, district=district, actor="clerk")
    assert events.find(session, event.id) == event


@pytest.mark.parametrize(("gone", "expected"), [(False, (B2, "placed")), (True, (None, "outside"))])
def test_the_next_edition_keeps_the_word_of_a_person_where_it_has_that_grid(session, district, tmp_path, gone, expected):
    event = accept(session, district, OUTSIDE)
    place(session, district, event, B2)
    renamed = grids().replace({"code": {B2: "999901002001009"}}) if gone else grids(split_m=0.001)
    publish(session, "next", {GeographyKind.BASE_GRIDS: renamed}, now=LATER)
    found = events.find(session, event.id).assignment
    assert (found.grid_code, found.rule.value) == expected
    assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []


def test_nothing_is_found_before_an_edition_is_in_force(session):
    with pytest.raises(EditionNotInForce):
        find_grid(session, *IN_A1, district=None)


def test_a_border_case_is_decided_by_a_person_and_the_next_edition_keeps_it(session, district, tmp_path):
    near = (126.605, 45.90995)  # 5 m south of the border between A1 and A2, good to 12 m
    sent = report(near, accuracy_m=12.0)
    event = accept_report(session, sent, now=NOW, district=district, actor="x").event
    assert event.assignment.confidence < 1
    placed = place(session, district, event, A2)
    found = placed.assignment
    assert (found.grid_code, found.rule, found.confidence) == (A2, AssignmentRule.PLACED, 1.0)
    assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []
    publish(session, "next", {GeographyKind.BASE_GRIDS: grids()}, now=LATER)
    assert events.find(session, event.id).assignment.grid_code == A2
    assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []
