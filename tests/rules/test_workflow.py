"""Steps of Hulan's programme: who may take them, what they need, what becomes of the matter and its clocks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from geogrid.domain.events import StepKind
from geogrid.domain.matters import MarkKind, Matter
from geogrid.domain.people import SYSTEM, Role
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import (
    EvidenceInvalid,
    EvidenceMissing,
    ExtensionSpent,
    GeogridError,
    ProposalGone,
    RoleMissing,
    SamePerson,
    StepNotAllowed,
    StepUnknown,
    WithinPassed,
)
from geogrid.rules.workflow import Command, possible, take
from tests.rules.clocks import TIME
from tests.rules.people import DISTRICT, TOWNSHIP, VILLAGE, at, matter, person, programme

HULAN = programme()
URBAN = Party(PartyKind.DEPARTMENT, "urban")
DISPATCHER, HANDLER = person(Role.DISPATCHER), person(Role.DEPARTMENT, department="urban")
LEADER, COMMANDER = person(Role.TOWNSHIP_LEADER), person(Role.COMMANDER)


def after(start: Matter, *steps, when: str = "2025-06-18T10:00") -> Matter:
    """Take (step, actor, details) one after another, a minute apart."""
    now = at(when)
    for step, actor, details in steps:
        start = take(HULAN, start, Command(step, actor, details), now=now, time=TIME).matter
        now += timedelta(minutes=1)
    return start


def in_hand(category: str = "C01") -> Matter:
    given = {"party": "department:urban"}
    return after(matter(HULAN, category), ("open", DISPATCHER, {}), ("dispatch", DISPATCHER, given))


def test_a_matter_goes_its_whole_way_and_every_clock_stops():
    done = after(
        in_hand(),
        ("take_on", HANDLER, {}),
        ("handle", HANDLER, {"note": "replaced"}),
        ("verify", person(Role.VERIFIER), {"note": "seen on site"}),
        ("close", DISPATCHER, {}),
        ("rate", person(Role.CITIZEN), {"rating": 5}),
        ("archive", SYSTEM, {}),
    )
    assert (done.state, done.owner, done.rating) == ("archived", URBAN, 5)
    assert [run.clock for run in done.clocks] == ["accept", "handle", "verify"]
    assert not any(run.is_running for run in done.clocks)
    assert [taken.seq for taken in done.taken] == list(range(1, 10))


def test_a_component_belongs_to_its_department_and_an_event_to_its_territory():
    assert matter(HULAN, "C01").owner == URBAN
    assert matter(HULAN, "E01").owner == Party(PartyKind.UNIT, VILLAGE)
    assert matter(HULAN).owner == Party(PartyKind.UNIT, VILLAGE)


def test_who_was_asked_first_owns_it_until_it_is_handed_over():
    window = Party(PartyKind.UNIT, TOWNSHIP)
    first = matter(HULAN, "C01", asked=window)
    assert (first.owner, first.first_owner) == (window, window)
    given = after(first, ("open", DISPATCHER, {}), ("dispatch", DISPATCHER, {"party": str(URBAN)}))
    assert (given.owner, given.first_owner, given.lead) == (URBAN, window, URBAN)


def test_who_handled_it_does_not_verify_it():
    leader = person(Role.GRID_LEADER)
    solved = after(matter(HULAN, "E01"), ("solve", leader, {"note": "cleared"}))
    with pytest.raises(SamePerson):
        after(solved, ("verify", leader, {"note": "seen"}))
    other = person(Role.GRID_LEADER, "another")
    assert after(solved, ("verify", other, {"note": "seen"})).state == "verified"


def test_a_step_needs_its_role_here_its_state_and_its_evidence():
    start = matter(HULAN, "C01")
    refused = [
        (RoleMissing, "open", HANDLER, {}),
        (RoleMissing, "open", person(Role.DISPATCHER, unit="999902000000"), {}),
        (StepNotAllowed, "handle", HANDLER, {"note": "x"}),
        (StepUnknown, "fly", DISPATCHER, {}),
        (EvidenceMissing, "decline", DISPATCHER, {"reason": ""}),
        (EvidenceInvalid, "open", DISPATCHER, {"category": "Z99"}),
        (EvidenceInvalid, "open", DISPATCHER, {"amount_yuan": float("nan")}),
    ]
    for error, step, actor, details in refused:
        with pytest.raises(error):
            after(start, (step, actor, details))
    with pytest.raises(EvidenceInvalid):
        after(start, ("open", DISPATCHER, {}), ("dispatch", DISPATCHER, {"party": "urban"}))


def test_a_refusal_names_steps_states_roles_and_evidence_in_the_readers_language():
    start = matter(HULAN, "C01")
    refused = {
        "事件处于“已上报”状态，不允许执行“处置”。": ("handle", HANDLER, {"note": "x"}),
        "步骤 立案 只能由": ("open", HANDLER, {}),
        "派遣员": ("open", HANDLER, {}),
        "理由": ("decline", DISPATCHER, {"reason": ""}),
    }
    for words, (step, actor, details) in refused.items():
        with pytest.raises(GeogridError) as refusal:
            after(start, (step, actor, details))
        told = refusal.value.message("zh")
        assert words in told
        assert not re.search(r"[A-Za-z]{3,}", told), f"a code in the words of a refusal: {told}"
        assert not re.search(r"[\u4e00-\u9fff]", refusal.value.message("en"))


def test_a_pause_waits_for_its_approver_and_counts_from_the_time_it_was_asked():
    asked = after(in_hand(), ("pause", HANDLER, {"pause": "third_party_report", "reason": "survey"}), when="2025-06-19T09:00")
    assert [run.is_paused for run in asked.clocks] == [False, False]
    (waiting,) = asked.proposals
    with pytest.raises(RoleMissing):
        after(asked, ("approve", HANDLER, {"proposal": waiting.seq}))
    approved = after(asked, ("approve", LEADER, {"proposal": waiting.seq}), when="2025-06-20T15:00")
    paused = next(run for run in approved.clocks if run.clock == "handle")
    assert (paused.is_paused, paused.marks[-1].at) == (True, at("2025-06-19T09:00"))
    assert approved.proposals == ()
    with pytest.raises(ProposalGone):
        after(approved, ("approve", LEADER, {"proposal": waiting.seq}))
    refused = after(asked, ("refuse", LEADER, {"proposal": waiting.seq, "reason": "not needed"}))
    assert not any(run.is_paused for run in refused.clocks)


def test_who_holds_the_approvers_post_needs_nobody_else():
    paused = after(in_hand("E01"), ("pause", LEADER, {"pause": "waiting_citizen", "reason": "away"}))
    assert next(run for run in paused.clocks if run.clock == "handle").is_paused


def test_nobody_approves_what_he_asked_for():
    asked = after(in_hand(), ("extend", HANDLER, {"reason": "parts", "amount": "3wd"}))
    promoted = replace(HANDLER, posts=LEADER.posts)
    with pytest.raises(SamePerson):
        after(asked, ("approve", promoted, {"proposal": asked.proposals[0].seq}))


def test_a_second_extension_needs_a_higher_level_and_there_is_no_third():
    once = after(in_hand(), ("extend", LEADER, {"reason": "parts", "amount": "3wd"}))
    asked = after(once, ("extend", LEADER, {"reason": "again", "amount": "5wd"}))
    assert [p.approver for p in asked.proposals] == [Role.COMMANDER]
    twice = after(asked, ("approve", COMMANDER, {"proposal": asked.proposals[0].seq}))
    run = next(run for run in twice.clocks if run.clock == "handle")
    assert [str(mark.amount) for mark in run.marks if mark.kind is MarkKind.EXTEND] == ["3wd", "5wd"]
    for details in (
        {"reason": "thrice", "amount": "1wd"},
        {"reason": "much", "amount": "6wd"},
        {"reason": "unit", "amount": "5h"},
    ):
        with pytest.raises(ExtensionSpent):
            after(twice if details["reason"] == "thrice" else once, ("extend", LEADER, details))


def test_a_return_within_two_working_days_bounces_it_back_and_is_counted():
    start = in_hand("E01")
    returned = after(start, ("return", DISPATCHER_AND_HANDS, {"reason": "not ours"}), when="2025-06-20T16:59")
    assert (returned.state, returned.bounces, returned.owner) == ("opened", 1, Party(PartyKind.UNIT, VILLAGE))
    with pytest.raises(WithinPassed):
        after(start, ("return", DISPATCHER_AND_HANDS, {"reason": "not ours"}), when="2025-06-20T17:01")


DISPATCHER_AND_HANDS = replace(LEADER, id="person:both", posts=(*LEADER.posts, *DISPATCHER.posts))


def test_escalation_climbs_the_ladder_and_stays_on_top():
    climbed = in_hand("E01")
    for level, unit in (("township", TOWNSHIP), ("district", DISTRICT), ("district", DISTRICT)):
        climbed = after(climbed, ("escalate", COMMANDER, {"reason": "more than we can do"}))
        assert (climbed.level, climbed.owner) == (level, Party(PartyKind.UNIT, unit))
    down = after(climbed, ("send_down", COMMANDER, {"reason": "yours"}))
    assert (down.level, down.owner.code) == ("township", TOWNSHIP)


def test_a_whistle_has_its_own_clock_and_is_answered_by_whom_it_was_blown_for():
    blown = after(in_hand("E01"), ("blow", person(Role.GRID_LEADER), {"party": "department:police", "reason": "crowd"}))
    assert [run.clock for run in blown.clocks if run.is_running] == ["handle", "whistle"]
    with pytest.raises(EvidenceInvalid):
        after(blown, ("answer", HANDLER, {}))
    answered = after(blown, ("answer", person(Role.DEPARTMENT, "p", department="police"), {}))
    assert not next(run for run in answered.clocks if run.clock == "whistle").is_running
    assert Party(PartyKind.DEPARTMENT, "police") in answered.assisting


def test_parking_needs_a_day_of_review_and_stops_the_clocks_until_it_is_taken_up_again():
    parked = after(in_hand("E01"), ("park", LEADER, {"reason": "winter", "until": "2025-07-18T09:00+08:00"}))
    assert (parked.state, parked.parked_until) == ("parked", at("2025-07-18T09:00"))
    assert next(run for run in parked.clocks if run.clock == "handle").is_paused
    again = after(parked, ("unpark", SYSTEM, {}), when="2025-07-18T09:00")
    assert (again.state, next(run for run in again.clocks if run.clock == "handle").is_paused) == ("dispatched", False)
    with pytest.raises(EvidenceInvalid):
        after(in_hand("E01"), ("park", LEADER, {"reason": "winter", "until": "2025-06-01T09:00+08:00"}))


def test_only_what_is_possible_is_offered():
    offered = {step.code for step in possible(HULAN, matter(HULAN, "E01"), person(Role.GRID_LEADER))}
    assert offered == {"open", "solve"}
    assert {step.code for step in possible(HULAN, matter(HULAN, "C01"), person(Role.GRID_LEADER))} == {"open"}


def test_a_clock_is_stopped_and_set_going_only_where_there_is_one_to_be():
    """Else the desk offers to resume what is not paused, and refuses it when it is pressed."""
    moves = {"pause", "resume"}
    running = in_hand("E01")
    assert moves & {step.code for step in possible(HULAN, running)} == {"pause"}
    still = after(running, ("pause", LEADER, {"pause": "waiting_citizen", "reason": "away"}), when="2025-06-18T11:00")
    assert moves & {step.code for step in possible(HULAN, still)} == {"resume"}
    again = after(still, ("resume", LEADER, {}), when="2025-06-18T12:00")
    assert moves & {step.code for step in possible(HULAN, again)} == {"pause"}
    parked = after(in_hand("E01"), ("park", LEADER, {"reason": "winter", "until": "2025-07-18T09:00+08:00"}))
    assert moves & {step.code for step in possible(HULAN, parked)} == set()


def test_a_request_is_stored_as_a_request():
    outcome = take(
        HULAN, in_hand(), Command("extend", HANDLER, {"reason": "parts", "amount": "3wd"}), now=at("2025-06-19T09:00"), time=TIME
    )
    assert (outcome.kind, outcome.step, outcome.details["approver"]) == (StepKind.ASK, "extend", "township_leader")
