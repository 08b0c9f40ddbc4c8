"""Requests that wait for approval, whistles one by one, what a sender may not say: what the matter comes to in odd orders."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geogrid.domain.clocks import Phase
from geogrid.domain.events import StepKind
from geogrid.domain.matters import Territory
from geogrid.domain.people import SYSTEM, Actor, Post, Role
from geogrid.domain.programmes import Party, PartyKind, StationChoice
from geogrid.errors import EvidenceInvalid, EvidenceMissing, ProposalGone, ProposalWaits, RoleMissing, SamePerson, WithinPassed
from geogrid.rules.deadlines import read_clock
from geogrid.rules.ownership import proposed_party
from geogrid.rules.workflow import Command, Past, begin, fold, possible, take
from tests.rules.clocks import TIME
from tests.rules.people import DISTRICT, TERRITORY, TOWNSHIP, VILLAGE, at, matter, person
from tests.rules.test_workflow import COMMANDER, DISPATCHER, HANDLER, HULAN, LEADER, URBAN, after, in_hand

POLICE = person(Role.DEPARTMENT, "police", department="police")
GRID_LEADER = person(Role.GRID_LEADER)


def run_of(found, clock="handle"):
    return [run for run in found.clocks if run.clock == clock][-1]


# -- requests ---------------------------------------------------------------------------------------------------------


def asked_to_extend(amount="3wd"):
    return after(in_hand(), ("extend", HANDLER, {"reason": "parts", "amount": amount}), when="2025-06-19T09:00")


def test_the_same_step_is_not_asked_for_twice_at_once():
    with pytest.raises(ProposalWaits):
        after(asked_to_extend(), ("extend", HANDLER, {"reason": "more", "amount": "2wd"}), when="2025-06-19T10:00")


def test_a_waiting_extension_needs_the_higher_level_when_somebody_extended_meanwhile():
    """Else two extensions would pass with the approval of the first level."""
    once = after(asked_to_extend(), ("extend", LEADER, {"reason": "mine", "amount": "1wd"}), when="2025-06-19T10:00")
    waiting = {"proposal": once.proposals[0].seq}
    with pytest.raises(RoleMissing):
        after(once, ("approve", LEADER, waiting), when="2025-06-19T11:00")
    twice = after(once, ("approve", COMMANDER, waiting), when="2025-06-19T11:00")
    assert run_of(twice).extensions == 2


def test_a_clock_that_ran_out_while_its_extension_waited_runs_again():
    """Timed: due on 23 June 17:00. Asked on the 19th, approved on the 24th: three more working days, to the 26th."""
    asked = asked_to_extend()
    waiting = {"proposal": asked.proposals[0].seq}
    run, now = run_of(asked), at("2025-06-24T09:00")
    assert read_clock(HULAN.clock("handle"), run.limit, run.marks, now=now, time=TIME).phase == Phase.OVERDUE
    run = run_of(after(asked, ("approve", LEADER, waiting), when="2025-06-24T09:00"))
    reading = read_clock(HULAN.clock("handle"), run.limit, run.marks, now=now, time=TIME)
    assert (reading.phase, reading.due_at) == (Phase.RUNNING, at("2025-06-26T17:00"))


def test_a_request_for_a_clock_lapses_when_that_run_of_it_has_stopped():
    """The clock ran out, the matter was escalated, a new clock runs: nobody asked for more time on that one."""
    escalated = after(asked_to_extend(), ("escalate", SYSTEM, {"reason": "ran out"}), when="2025-06-24T09:00")
    assert escalated.proposals == ()
    with pytest.raises(ProposalGone):
        after(escalated, ("approve", LEADER, {"proposal": 5}), when="2025-06-24T10:00")


def test_a_request_lapses_when_its_step_is_no_longer_possible():
    handled = after(asked_to_extend(), ("handle", HANDLER, {"note": "done"}), when="2025-06-19T10:00")
    assert handled.proposals == ()


def test_a_return_lapses_when_the_matter_was_given_to_somebody_else():
    asked = after(in_hand(), ("return", HANDLER, {"reason": "not ours"}), when="2025-06-19T09:00")
    given = {"party": "department:police", "reason": "theirs"}
    assert after(asked, ("transfer", DISPATCHER, given), when="2025-06-19T10:00").proposals == ()


def test_who_asked_for_a_step_counts_as_its_taker():
    """A handler whose step is carried out by an approver's word must not verify it either."""
    with_approver = replace(HULAN.step("handle"), approver=Role.TOWNSHIP_LEADER)
    steps = tuple(with_approver if step.code == "handle" else step for step in HULAN.steps)
    strict = replace(HULAN, steps=steps)
    both = Actor("person:both", "both", (*HANDLER.posts, Post(Role.VERIFIER, TOWNSHIP)))
    start, now = in_hand(), at("2025-06-18T11:00")
    asked = take(strict, start, Command("handle", both, {"note": "done"}), now=now, time=TIME).matter
    approve = Command("approve", LEADER, {"proposal": asked.proposals[0].seq})
    handled = take(strict, asked, approve, now=now, time=TIME).matter
    assert handled.state == "handled"
    with pytest.raises(SamePerson):
        take(strict, handled, Command("verify", both, {"note": "seen"}), now=now, time=TIME)
    assert "verify" not in {step.code for step in possible(strict, handled, both)}


# -- whistles ---------------------------------------------------------------------------------------------------------


def test_every_whistle_has_a_clock_of_its_own():
    """The first to answer must not silence the clock of the second."""
    blown = after(in_hand("E01"), ("blow", GRID_LEADER, {"party": "department:police", "reason": "crowd"}))
    blown = after(blown, ("blow", GRID_LEADER, {"party": str(URBAN), "reason": "rubbish"}), when="2025-06-18T10:20")
    answered = after(blown, ("answer", POLICE, {}), when="2025-06-18T10:25")
    first, second = [run for run in answered.clocks if run.clock == "whistle"]
    assert (first.is_running, second.is_running) == (False, True)
    reading = read_clock(HULAN.clock("whistle"), second.limit, second.marks, now=at("2025-06-18T10:51"), time=TIME)
    assert (reading.phase, reading.due_at) == (Phase.OVERDUE, at("2025-06-18T10:50"))
    done = after(answered, ("handle", GRID_LEADER, {"note": "gone"}), when="2025-06-18T10:52")
    assert not any(run.is_running for run in done.clocks if run.clock == "whistle")


# -- clocks in odd orders ---------------------------------------------------------------------------------------------


def test_what_stood_still_before_it_was_parked_stands_still_after():
    pause = {"pause": "third_party_report", "reason": "survey"}
    park = {"reason": "winter", "until": "2025-07-18T09:00+08:00"}
    parked = after(in_hand("E01"), ("pause", LEADER, pause), ("park", LEADER, park))
    again = after(parked, ("unpark", SYSTEM, {}), when="2025-07-18T09:00")
    assert run_of(again).is_paused
    assert not run_of(after(again, ("resume", LEADER, {}), when="2025-07-18T10:00")).is_paused


def test_a_matter_handled_while_its_clock_stands_still_is_done_in_time():
    paused = after(in_hand("E01"), ("pause", LEADER, {"pause": "waiting_citizen", "reason": "away"}))
    run = run_of(after(paused, ("handle", LEADER, {"note": "done"}), when="2025-07-10T10:00"))
    reading = read_clock(HULAN.clock("handle"), run.limit, run.marks, now=at("2025-08-01T10:00"), time=TIME)
    assert (reading.phase, reading.paused) == (Phase.DONE_IN_TIME, False)


def test_a_clock_that_stands_still_can_be_extended():
    paused = after(in_hand("E01"), ("pause", LEADER, {"pause": "waiting_citizen", "reason": "away"}))
    extended = after(paused, ("extend", LEADER, {"reason": "long", "amount": "2wd"}), when="2025-06-19T10:00")
    resumed = run_of(after(extended, ("resume", LEADER, {}), when="2025-06-20T10:00"))
    reading = read_clock(HULAN.clock("handle"), resumed.limit, resumed.marks, now=at("2025-06-20T10:00"), time=TIME)
    assert [day.isoformat() for day in reading.days] == ["2025-06-23", "2025-06-24", "2025-06-25"]


def test_the_two_days_for_a_return_count_from_when_the_matter_was_handed_over():
    later = after(
        in_hand(), ("transfer", DISPATCHER, {"party": "department:police", "reason": "theirs"}), when="2025-06-27T10:00"
    )
    assert after(later, ("return", POLICE, {"reason": "not ours"}), when="2025-06-30T10:00").proposals
    taken_on = after(in_hand(), ("take_on", HANDLER, {}), when="2025-06-20T10:00")
    with pytest.raises(WithinPassed):  # taking it on does not begin them anew
        after(taken_on, ("return", HANDLER, {"reason": "not ours"}), when="2025-06-23T10:00")


# -- who owns it ------------------------------------------------------------------------------------------------------


def test_a_territory_of_nobody_cannot_be():
    with pytest.raises(ValueError, match="unit or a district"):
        Territory(())
    with pytest.raises(ValueError, match="unit or a district"):
        Territory((("village", ""),))
    nowhere = begin(HULAN, Territory((), (), DISTRICT), None, channel="hotline", asked=None, at=at("2025-06-18T09:00"), actor="x")
    assert (nowhere.owner, nowhere.level) == (Party(PartyKind.UNIT, DISTRICT), "district")


def test_who_was_asked_first_is_kept_also_where_he_does_not_own_it():
    loose = replace(HULAN, responsibility=replace(HULAN.responsibility, first_asked=False))
    asked = Party(PartyKind.UNIT, TOWNSHIP)
    found = begin(loose, TERRITORY, None, channel="hotline", asked=asked, at=at("2025-06-18T09:00"), actor="x")
    assert (found.owner, found.first_owner) == (Party(PartyKind.UNIT, VILLAGE), asked)


def test_a_dispute_is_proposed_to_the_station_that_the_programme_puts_first():
    serving_first = replace(HULAN, responsibility=replace(HULAN.responsibility, station=StationChoice.SERVING))
    category = {category.code: category for category in HULAN.categories}
    owner, stations = matter(HULAN, "D01").owner, {"home_station": "P001", "serving_station": "P002"}
    assert str(proposed_party(HULAN, category["D01"], owner, **stations)) == "station:P001"
    assert str(proposed_party(serving_first, category["D01"], owner, **stations)) == "station:P002"
    assert str(proposed_party(HULAN, category["D01"], owner, serving_station="P002")) == "station:P002"
    assert proposed_party(HULAN, category["D01"], owner) == owner
    assert proposed_party(HULAN, category["C01"], owner, **stations) == URBAN
    assert proposed_party(HULAN, None, owner, **stations) == owner


def test_a_sender_cannot_say_in_whose_territory_a_matter_climbs():
    """What is kept with a step is what was carried out: details of the platform's own are not taken from outside."""
    start = in_hand("E01")
    details = {"reason": "up", "units": [["township", "999902001000"]], "post": {"role": "commander"}}
    now = at("2025-06-18T12:00")
    outcome = take(HULAN, start, Command("escalate", COMMANDER, details), now=now, time=TIME)
    assert outcome.matter.owner == Party(PartyKind.UNIT, TOWNSHIP)
    past = Past(outcome.matter.taken[-1].seq, outcome.kind, outcome.step, COMMANDER.id, now, outcome.details)
    assert fold(HULAN, start, [past]) == outcome.matter


def test_an_assignment_to_other_grids_moves_the_territory_also_when_steps_are_followed_again():
    start = in_hand("E01")
    units = [["village", "999901002003"], ["township", "999901002000"], ["district", DISTRICT]]
    assigned = Past(
        start.taken[-1].seq + 1, StepKind.ASSIGN, "assign", "system:geogrid", at("2025-06-18T12:00"), {"units": units}
    )
    moved = fold(HULAN, start, [assigned])
    assert moved.units == tuple((level, unit) for level, unit in units)
    assert moved.owner == start.owner


def test_a_note_is_for_those_who_have_to_do_with_the_matter():
    stranger = person(Role.GRID_LEADER, "far", unit="999902001001")
    with pytest.raises(RoleMissing):
        after(in_hand("E01"), ("note", stranger, {"note": "seen"}))
    assert after(in_hand("E01"), ("note", GRID_LEADER, {"note": "seen"})).taken[-1].step == "note"


def test_a_category_brings_its_handling_type_unless_another_is_named():
    start = matter(HULAN)
    assert after(start, ("open", DISPATCHER, {"category": "D01"})).handling == "promised"
    assert after(start, ("open", DISPATCHER, {"category": "D01", "handling": "agent"})).handling == "agent"


@pytest.mark.parametrize("party", ["department: ", "department:", ":urban", "nobody:x", ""])
def test_a_party_without_a_name_is_refused(party):
    opened = after(matter(HULAN, "E01"), ("open", DISPATCHER, {}))
    with pytest.raises((EvidenceInvalid, EvidenceMissing), match="party"):
        after(opened, ("dispatch", DISPATCHER, {"party": party}))
