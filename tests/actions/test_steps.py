"""Steps of matters: whole lives, two at once, sent twice, refused; after every step what is stored is what the steps say."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from geogrid.actions.accept_batch import accept_batch
from geogrid.actions.fsck import fsck
from geogrid.actions.place import place_event
from geogrid.domain.events import EventKind, StepKind
from geogrid.domain.people import SYSTEM, Role
from geogrid.errors import (
    EvidenceInvalid,
    EvidenceMissing,
    NotFoundError,
    RoleMissing,
    SamePerson,
    StepConflict,
    StepKeyConflict,
    StepNotAllowed,
    StepUnknown,
)
from geogrid.store import cells, events
from tests.build_district import B1, IN_A1, NOW, TOWNSHIP_A, TOWNSHIP_B, VILLAGE_A, VILLAGE_B, profile, publish, report
from tests.build_life import (
    CITIZEN,
    COMMANDER,
    DISPATCHER,
    HANDLER,
    LEADER,
    LEADER_B,
    TO_VILLAGE,
    URBAN,
    VERIFIER,
    WHOLE,
    assert_follows,
    clock_rows,
    event_row,
    live,
    matter_row,
    reported,
    take,
)
from tests.rules.people import person

CELLS = """
SELECT is_open, sum(events)::int AS events FROM (
    SELECT zoom, is_open, events FROM event_cells UNION ALL SELECT zoom, is_open, events FROM event_cell_deltas
) AS c WHERE zoom = :zoom GROUP BY 1 HAVING sum(events) <> 0
"""


def counted(session) -> dict[bool, int]:
    rows = session.execute(text(CELLS), {"zoom": cells.ZOOMS[0]})
    return {row.is_open: row.events for row in rows}


def snapshot(session) -> list:
    tables = ("events", "steps", "matters", "clocks", "assignments")
    return [session.execute(text(f"SELECT t::text FROM {name} AS t ORDER BY 1")).all() for name in tables]


# -- whole lives ------------------------------------------------------------------------------------------------------


def test_a_whole_life_by_distinct_people_is_stored_as_its_steps_say(session, district, tmp_path):
    event_id = reported(session, district)
    assert_follows(session, district, event_id)
    for number, (step, actor, details) in enumerate(WHOLE, start=1):
        done = take(session, district, event_id, step, actor, hours=number, base_seq=number + 1, **details)
        assert (done.taken, done.event.steps[-1].step, done.event.steps[-1].actor) == (True, step, actor.id)
        assert_follows(session, district, event_id)
    event = events.find(session, event_id)
    assert [s.seq for s in event.steps] == list(range(1, 11))
    assert [s.kind for s in event.steps[:2]] == [StepKind.REPORT, StepKind.ASSIGN]
    assert event_row(session, event_id).closed_at == NOW + timedelta(hours=6)  # that it was archived changes nothing
    assert event_row(session, event_id).state == "archived"
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=9), profile=profile()) == []


def test_a_life_with_every_detour_is_stored_as_its_steps_say(session, district, tmp_path):
    """Whistle, supervision, pause by approval, extension, parking, escalation, return, done again."""
    event_id, steps = reported(session, district), 2
    later = (NOW + timedelta(days=30)).isoformat()
    life = [
        ("open", DISPATCHER, {"category": "E01"}),
        ("dispatch", DISPATCHER, TO_VILLAGE),
        ("blow", HANDLER, {"party": "department:urban", "reason": "crowd"}),
        ("answer", URBAN, {}),
        ("note", HANDLER, {"note": "waiting for the department"}),
        ("supervise", COMMANDER, {"note": "report daily"}),
        ("pause", HANDLER, {"pause": "waiting_citizen", "reason": "away"}),
        ("approve", LEADER, {"proposal": 9}),
        ("resume", HANDLER, {}),
        ("extend", HANDLER, {"reason": "parts", "amount": "2wd"}),
        ("refuse", LEADER, {"proposal": 12, "reason": "enough time"}),
        ("escalate", LEADER, {"reason": "too large for a village"}),
        ("park", LEADER, {"reason": "winter", "until": later}),
        ("unpark", SYSTEM, {}),
        ("handle", LEADER, {"note": "done"}),
        ("redo", VERIFIER, {"reason": "half done"}),
        ("handle", LEADER, {"note": "done now"}),
        ("verify", VERIFIER, {"note": "seen"}),
        ("close", DISPATCHER, {}),
    ]
    for step, actor, details in life:
        steps += 1
        take(session, district, event_id, step, actor, hours=steps * 0.05, base_seq=steps - 1, **details)
        assert_follows(session, district, event_id)
        assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=steps * 0.05), profile=profile()) == []
    stored = matter_row(session, event_id)
    assert (stored.level, stored.owner, stored.first_owner) == ("township", f"unit:{TOWNSHIP_A}", f"unit:{VILLAGE_A}")
    assert stored.supervised
    assert stored.assisting == ["department:urban"]


def test_every_step_stands_in_the_audit(session, district):
    event_id = reported(session, district)
    take(session, district, event_id, "open", DISPATCHER, hours=1, category="E01")
    row = session.execute(text("SELECT * FROM audit WHERE action = 'step.take'")).mappings().one()
    assert (row.actor, row.object_kind, row.object_id, row.at) == (
        DISPATCHER.id,
        "event",
        str(event_id),
        NOW + timedelta(hours=1),
    )
    assert row.details == {"step": "open", "kind": "open", "seq": 3, "number": events.find(session, event_id).number}


def test_counts_of_open_events_follow(session, district):
    one, _ = reported(session, district), reported(session, district)
    assert counted(session) == {True: 2}
    live(session, district, one, upto="verify")
    assert counted(session) == {True: 2}
    take(session, district, one, "close", DISPATCHER, hours=5)
    assert counted(session) == {True: 1, False: 1}
    assert cells.wrong(session) == []


def test_what_is_declined_is_closed_at_that_time(session, district, tmp_path):
    """It is closed without having been handled, by a step of another name."""
    event_id = reported(session, district)
    take(session, district, event_id, "decline", DISPATCHER, hours=1, reason="not ours")
    assert (event_row(session, event_id).state, event_row(session, event_id).closed_at) == ("closed", NOW + timedelta(hours=1))
    assert_follows(session, district, event_id)
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=2), profile=profile()) == []


# -- refused ----------------------------------------------------------------------------------------------------------


def test_what_is_refused_writes_nothing(session, district):
    event_id = reported(session, district)
    live(session, district, event_id, upto="take_on")
    before = snapshot(session)
    refused = [
        (EvidenceMissing, "handle", HANDLER, {}),
        (EvidenceMissing, "note", HANDLER, {}),
        (EvidenceInvalid, "assist", DISPATCHER, {"party": "urban"}),
        (EvidenceInvalid, "handle", HANDLER, {"note": "x", "post": {"role": "commander"}}),
        (EvidenceInvalid, "escalate", HANDLER, {"reason": "x", "units": [["township", "999902000000"]]}),
        (EvidenceInvalid, "handle", HANDLER, {"note": "a\x00b"}),
        (EvidenceInvalid, "handle", HANDLER, {"note": "a\ud800b"}),
        (EvidenceInvalid, "handle", HANDLER, {"note": "x", "amount": float("nan")}),
        (EvidenceInvalid, "handle", HANDLER, {"note": "x", "who": {1, 2}}),
        (RoleMissing, "handle", LEADER_B, {"note": "x"}),
        (RoleMissing, "supervise", HANDLER, {"note": "x"}),
        (StepNotAllowed, "verify", VERIFIER, {"note": "x"}),
        (StepUnknown, "fly", HANDLER, {}),
    ]
    for error, step, actor, details in refused:
        with pytest.raises(error):
            take(session, district, event_id, step, actor, hours=3, **details)
        assert snapshot(session) == before, step
    for odd in ({"base_seq": 99}, {"base_seq": -1}, {"key": ""}, {"key": "a\x00"}, {"key": "x" * 201}):
        with pytest.raises(EvidenceInvalid):
            take(session, district, event_id, "handle", HANDLER, hours=3, note="x", **odd)
    with pytest.raises(NotFoundError):
        take(session, district, uuid4(), "handle", HANDLER, note="x")
    assert snapshot(session) == before


def test_who_handled_it_does_not_verify_it(session, district):
    event_id = reported(session, district)
    hours = live(session, district, event_id, upto="handle")
    with pytest.raises(SamePerson):
        take(session, district, event_id, "verify", HANDLER, hours=hours, note="seen")


def test_a_clock_of_the_machine_that_was_set_back_puts_no_step_before_the_one_it_follows(session, district):
    event_id = reported(session, district)
    take(session, district, event_id, "open", DISPATCHER, hours=2)
    done = take(session, district, event_id, "dispatch", DISPATCHER, hours=1, **TO_VILLAGE)
    assert done.event.steps[-1].at == NOW + timedelta(hours=2)
    assert_follows(session, district, event_id)


# -- two at once ------------------------------------------------------------------------------------------------------


def test_who_saw_an_older_state_is_told_what_happened_and_nothing_is_overwritten(session, district):
    event_id = reported(session, district)
    take(session, district, event_id, "open", DISPATCHER, hours=1, base_seq=2)
    before = snapshot(session)
    with pytest.raises(StepConflict) as caught:
        take(session, district, event_id, "decline", COMMANDER, hours=1, base_seq=2, reason="not ours")
    assert snapshot(session) == before
    assert "Open (06-18 16:00)" in str(caught.value)
    assert [(s["seq"], s["step"], s["actor"]) for s in caught.value.where["steps"]] == [(3, "open", DISPATCHER.id)]


def test_a_key_that_came_with_another_step_is_refused(session, district):
    one, other = reported(session, district), reported(session, district)
    take(session, district, one, "open", DISPATCHER, key="k", category="E01")
    for event_id, step, actor, details in (
        (other, "open", DISPATCHER, {"category": "E01"}),
        (one, "decline", DISPATCHER, {"reason": "x"}),
        (one, "open", person(Role.DISPATCHER, "another"), {"category": "E01"}),
        (one, "open", DISPATCHER, {"category": "E02"}),
    ):
        with pytest.raises(StepKeyConflict):
            take(session, district, event_id, step, actor, key="k", **details)
    assert not take(session, district, one, "open", DISPATCHER, key="k", category="E01").taken


def test_a_request_and_its_answer_sent_twice_are_taken_once(session, district):
    event_id = reported(session, district)
    hours = live(session, district, event_id, upto="take_on")
    for _ in range(2):
        asked = take(session, district, event_id, "extend", HANDLER, hours=hours, key="ask", reason="parts", amount="2wd")
    (waiting,) = asked.matter.proposals
    for _ in range(2):
        done = take(session, district, event_id, "approve", LEADER, hours=hours, key="yes", proposal=waiting.seq)
    assert not done.taken
    assert [s.kind for s in done.event.steps[-2:]] == [StepKind.ASK, StepKind.APPROVE]
    assert_follows(session, district, event_id)


# -- where a matter lies ----------------------------------------------------------------------------------------------


def test_a_matter_placed_by_hand_lies_there_from_then_on(session, district, tmp_path):
    """It belongs to the district until then; who answers for it stays until somebody hands it over."""
    from geogrid.actions.accept import accept_report

    event_id = accept_report(session, report(None), now=NOW, district=district, actor="x").event.id
    assert matter_row(session, event_id).owner == "unit:999901000000"
    place_event(session, event_id, B1, now=NOW + timedelta(hours=1), district=district, actor="desk")
    assert [unit for _, unit in matter_row(session, event_id).units] == [VILLAGE_B, TOWNSHIP_B, "999901000000"]
    assert_follows(session, district, event_id)
    take(session, district, event_id, "open", LEADER_B, hours=2)
    done = take(session, district, event_id, "send_down", DISPATCHER, hours=3, reason="to the township")
    assert (done.matter.level, done.matter.owner.code) == ("township", TOWNSHIP_B)
    assert_follows(session, district, event_id)
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=4), profile=profile()) == []


def test_an_escalation_goes_to_the_territory_of_its_day_whatever_comes_later(session, district, tmp_path):
    """A matter near the border is escalated, then the border moves: the step keeps to whom it went."""
    from geogrid.domain.grids import GeographyKind
    from tests.build_district import geography, grids

    event_id = reported(session, district)
    live(session, district, event_id, upto="dispatch")
    take(session, district, event_id, "escalate", LEADER, hours=2, reason="too large")
    frames = geography()
    moved = grids()
    moved["village_code"] = [VILLAGE_B if code == VILLAGE_A else VILLAGE_A for code in moved["village_code"]]
    frames[GeographyKind.BASE_GRIDS] = moved
    publish(session, "swapped", frames, now=NOW + timedelta(hours=3), accept_faults=True, accept_moved=True)
    assert matter_row(session, event_id).owner == f"unit:{TOWNSHIP_A}"
    assert [unit for _, unit in matter_row(session, event_id).units][:2] == [VILLAGE_B, TOWNSHIP_B]
    take(session, district, event_id, "note", DISPATCHER, hours=4, note="the grid moved")
    assert_follows(session, district, event_id)
    down = take(session, district, event_id, "send_down", DISPATCHER, hours=5, reason="yours now")
    assert down.matter.owner.code == VILLAGE_B
    assert_follows(session, district, event_id)


def test_a_matter_that_is_opened_again_lies_in_the_grids_of_its_day(session, district, tmp_path):
    """Closed under one edition, opened again under the next: an open event never lies in an edition that is gone."""
    from tests.actions.test_matters import NEXT, changed, under
    from tests.build_district import geography

    again = ('from = ["handled", "verified"]\nto = "dispatched"', 'from = ["handled", "verified", "closed"]\nto = "dispatched"')
    here = under(district, changed(tmp_path, NEXT, again))
    event_id = reported(session, here)
    hours = live(session, here, event_id, upto="close")
    publish(session, "second", geography(), now=NOW + timedelta(hours=3))
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=4), profile=profile(), programmes=here.programmes) == []
    take(session, here, event_id, "redo", COMMANDER, hours=5, reason="it is back")
    event = events.find(session, event_id)
    assert ([s.step for s in event.steps[-2:]], event.state.is_open) == (["redo", "assign"], True)
    assert event_row(session, event_id).closed_at is None
    assert_follows(session, here, event_id)
    live_on = [("handle", HANDLER, {"note": "again"}), ("verify", VERIFIER, {"note": "seen"}), ("close", DISPATCHER, {})]
    for number, (step, actor, details) in enumerate(live_on, start=6):
        take(session, here, event_id, step, actor, hours=number, **details)
        assert_follows(session, here, event_id)
    assert event_row(session, event_id).closed_at == NOW + timedelta(hours=8) > NOW + timedelta(hours=hours)
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=9), profile=profile(), programmes=here.programmes) == []


# -- what others hang on ----------------------------------------------------------------------------------------------


def test_a_step_leaves_alarms_that_nobody_told_of_to_the_tick(session, district):
    """The clock was soon due, and then it was stopped before the tick looked: the tick must still look at it."""
    event_id = reported(session, district)
    (accept,) = clock_rows(session, event_id)
    take(session, district, event_id, "open", DISPATCHER, now=accept.next_at + timedelta(minutes=1))
    stopped = clock_rows(session, event_id)[0]
    assert (stopped.stopped_at is not None, stopped.next_at, stopped.told_until) == (True, accept.next_at, None)
    other = reported(session, district)
    session.execute(text("UPDATE clocks SET told_until = next_at WHERE event_id = :id"), {"id": other})
    take(session, district, other, "open", DISPATCHER, now=accept.next_at + timedelta(minutes=1))
    assert clock_rows(session, other)[0].next_at is None


def test_clocks_that_did_not_change_are_not_written(session, district):
    event_id = reported(session, district)
    live(session, district, event_id, upto="dispatch")
    before = session.execute(text("SELECT run, xmin::text, ctid::text FROM clocks ORDER BY run")).all()
    take(session, district, event_id, "supervise", COMMANDER, hours=1, note="look")
    assert session.execute(text("SELECT run, xmin::text, ctid::text FROM clocks ORDER BY run")).all() == before


def test_an_imported_event_goes_on_under_its_programme(session, district, tmp_path):
    sent = report(IN_A1)
    kinds = [StepKind.REPORT, StepKind.OPEN, StepKind.DISPATCH]
    history = [(kind, NOW - timedelta(hours=5 - i)) for i, kind in enumerate(kinds)]
    accept_batch(session, [sent], [history], now=NOW, district=district)
    assert_follows(session, district, sent.id)
    assert [(c.clock, c.told_until) for c in clock_rows(session, sent.id)] == [("accept", NOW), ("handle", NOW)]
    take(session, district, sent.id, "handle", HANDLER, hours=1, note="done")
    assert_follows(session, district, sent.id)
    assert sent.kind is EventKind.FACILITY
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=2), profile=profile()) == []


def test_a_citizen_rates_what_is_closed(session, district):
    event_id = reported(session, district)
    hours = live(session, district, event_id, upto="close")
    take(session, district, event_id, "rate", CITIZEN, hours=hours, rating=2)
    assert matter_row(session, event_id).rating == 2
