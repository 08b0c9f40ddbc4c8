"""Merged matters: the child follows its parent and is never lost; no chains, no rings; taken apart while the parent is open."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from geogrid.actions.district import district_of
from geogrid.actions.fsck import fsck
from geogrid.actions.merge import merge, unmerge
from geogrid.actions.steps import TakeStep, take_step
from geogrid.actions.tick import tick
from geogrid.domain.events import EventState
from geogrid.errors import EvidenceMissing, MergeRefused, NotFoundError, RoleMissing, StepConflict, StepMerged, StepNotAllowed
from geogrid.store import events, matters
from geogrid.store.desk_spans import of_events
from tests.build_district import NOW, profile, publish
from tests.build_life import DISPATCHER, HANDLER, live, reported, take


@pytest.fixture
def district(session):
    publish(session)
    return district_of(profile(), session)


@pytest.fixture
def pair(session, district):
    """Two reports of one heap of rubbish."""
    return reported(session, district), reported(session, district)


def merged(session, district, child, parent, **more):
    more = {"actor": DISPATCHER, "now": NOW + timedelta(hours=0.1), **more}
    return merge(session, child, parent, district=district, **more)


def matter(session, district, event_id):
    return matters.find(session, event_id, district.programmes.of)


def closed(session, district, event_id):
    live(session, district, event_id, upto="close")


def test_a_child_stands_still_and_closes_with_its_parent(session, district, pair, tmp_path):
    child, parent = pair
    taken = merged(session, district, child, parent)
    assert taken.matter.parent == str(parent)
    assert all(run.is_paused for run in taken.matter.clocks)
    assert [row["urgency"] for row in of_events(session, [child])[child]] == [3]
    with pytest.raises(StepMerged):
        take(session, district, child, "open", DISPATCHER, hours=0.2)
    take(session, district, child, "note", DISPATCHER, hours=0.2, note="somebody called again")
    closed(session, district, parent)
    event = events.find(session, child)
    assert event.state is EventState.CLOSED
    assert [step.step for step in event.steps][-3:] == ["merge", "note", "follow"]
    assert event.steps[-1].details["parent"] == str(parent)
    assert not any(run.is_running for run in matter(session, district, child).clocks)
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(days=1), profile=profile()) == []


def test_who_reported_the_child_is_told_when_it_closes(session, district, pair):
    child, parent = pair
    session.execute(
        text("INSERT INTO people (id, login, name, synthetic, created_at) VALUES (:i, 'reporter', 'R', true, :n)"),
        {"i": (who := uuid4()), "n": NOW},
    )
    session.execute(text("INSERT INTO posts (person_id, role, unit) VALUES (:i, 'officer', '999901001001')"), {"i": who})
    session.execute(text("UPDATE steps SET actor = :a WHERE event_id = :e AND seq = 1"), {"a": f"person:{who}", "e": child})
    merged(session, district, child, parent)
    closed(session, district, parent)
    told = session.execute(
        text(
            "SELECT n.rule, d.recipient FROM notices AS n JOIN deliveries AS d ON d.notice_id = n.id "
            "WHERE n.event_id = :e AND n.occasion LIKE 'step:follow:%'"
        ),
        {"e": child},
    ).all()
    assert [tuple(row) for row in told] == [("followed", f"person:{who}")]


def test_no_clock_of_a_child_runs_out_while_it_follows(session, district, pair):
    child, parent = pair
    merged(session, district, child, parent)
    tick(session, now=NOW + timedelta(days=400), district=district)
    steps = [step.step for step in events.find(session, child).steps]
    assert "time_out" not in steps
    assert "time_out" in [step.step for step in events.find(session, parent).steps]


def test_taken_apart_it_goes_on_from_where_it_stood(session, district, pair, tmp_path):
    child, parent = pair
    merged(session, district, child, parent)
    before = matter(session, district, child)
    found = unmerge(
        session, child, actor=DISPATCHER, now=NOW + timedelta(hours=0.6), district=district, reason="another heap"
    ).matter
    assert (found.parent, found.state) == ("", before.state)
    assert not any(run.is_paused for run in found.clocks)
    take(session, district, child, "open", DISPATCHER, hours=0.7)
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=1), profile=profile()) == []


def test_what_cannot_be_merged_is_refused_and_nothing_changes(session, district, pair):
    child, parent = pair
    third, over = reported(session, district), reported(session, district)
    closed(session, district, over)
    merged(session, district, child, parent)
    for one, other in ((third, third), (third, over), (third, child), (parent, third)):
        with pytest.raises(MergeRefused):
            merged(session, district, one, other)
    with pytest.raises(NotFoundError):
        merged(session, district, third, uuid4())
    with pytest.raises(StepMerged):
        merged(session, district, child, third)
    with pytest.raises(MergeRefused):
        unmerge(session, third, actor=DISPATCHER, now=NOW, district=district, reason="?")
    with pytest.raises(RoleMissing):
        merged(session, district, third, parent, actor=HANDLER)
    with pytest.raises(StepConflict):
        merged(session, district, third, parent, base_seq=1)
    assert matter(session, district, third).parent == ""


def test_the_same_key_merges_once(session, district, pair):
    child, parent = pair
    assert merged(session, district, child, parent, key="k").taken
    assert not merged(session, district, child, parent, key="k").taken
    told = {"actor": DISPATCHER, "now": NOW + timedelta(hours=1), "district": district, "reason": "r", "key": "u"}
    assert unmerge(session, child, **told).taken


def test_only_the_platform_closes_what_follows(session, district, pair):
    child, parent = pair
    for event_id in (child, parent):
        with pytest.raises((RoleMissing, StepNotAllowed, EvidenceMissing)):
            take(session, district, event_id, "follow", DISPATCHER, parent=str(parent))
    merged(session, district, child, parent)
    with pytest.raises(RoleMissing):
        take_step(session, TakeStep(child, "follow", DISPATCHER, {"parent": str(parent)}), now=NOW, district=district)


def test_a_parent_closed_by_any_step_takes_its_children_with_it(session, district, pair):
    child, parent = pair
    merged(session, district, child, parent)
    take(session, district, parent, "decline", DISPATCHER, hours=0.5, reason="not ours")
    assert not events.find(session, child).state.is_open


def test_a_child_cannot_be_taken_apart_after_its_parent_closed(session, district, pair):
    child, parent = pair
    merged(session, district, child, parent)
    closed(session, district, parent)
    with pytest.raises(MergeRefused):
        unmerge(session, child, actor=DISPATCHER, now=NOW + timedelta(days=1), district=district, reason="late")


def test_fsck_finds_what_was_left_behind(session, district, pair, tmp_path):
    child, parent = pair
    merged(session, district, child, parent)
    closed(session, district, parent)
    session.execute(text("UPDATE events SET is_open = true, state = 'reported', closed_at = NULL WHERE id = :e"), {"e": child})
    says = [breach.says for breach in fsck(session, var_dir=tmp_path, now=NOW + timedelta(days=1), profile=profile())]
    assert "What was merged does not follow its parent to the end." in says


def test_what_waited_for_approval_is_asked_for_no_more(session, district, pair):
    child, parent = pair
    hours = live(session, district, child, upto="take_on")
    take(session, district, child, "extend", HANDLER, hours=hours, reason="parts", amount="2wd")
    found = merged(session, district, child, parent, now=NOW + timedelta(hours=hours + 1)).matter
    assert found.proposals == ()
