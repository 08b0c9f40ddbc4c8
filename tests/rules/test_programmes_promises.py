"""What every shipped programme keeps: sound, open ways out, nobody's own word, nothing closed by time; when its clocks end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geogrid.domain.clocks import Audience, Light
from geogrid.domain.conditions import Complexity
from geogrid.domain.events import Channel, EventKind, StepKind
from geogrid.domain.matters import Mark, MarkKind, Matter
from geogrid.domain.people import SYSTEM, Actor, Role
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import GeogridError
from geogrid.rules.deadlines import Facts, light_of, limit_for, read_clock
from geogrid.rules.programme import parse_programme, read
from geogrid.rules.programme_check import HANDLING, check
from geogrid.rules.workflow import Command, Past, fold, possible, step_of, take
from geogrid.settings import ROOT
from tests.rules.lives import (
    BOTH,
    CITIZEN,
    CLERK,
    CODES,
    COMMANDER,
    DISPATCHER,
    MEDIATOR,
    VERIFIER,
    WHOLE,
    agreed,
    begun,
    defusing,
    live,
    no_clock_runs,
    shipped,
    time_of,
)  # fmt: skip
from tests.rules.people import TOWNSHIP, at


@pytest.mark.parametrize("code", CODES)
def test_every_programme_is_sound(code):
    assert check(shipped(code)) == ()
    assert shipped(code).code == code


@pytest.mark.parametrize("code", CODES)
def test_a_whole_life_ends_in_the_archive_and_was_not_closed_by_who_handled(code):
    done = live(begun(code, ""), *WHOLE[code][1])
    assert (shipped(code).state(done.state).final, no_clock_runs(done)) == (True, True)
    handled = {taken.actor for taken in done.taken if shipped_kind(code, taken.step) in HANDLING}
    closed = {taken.actor for taken in done.taken if shipped_kind(code, taken.step) is StepKind.CLOSE}
    assert handled and closed and not handled & closed


def shipped_kind(code: str, step: str) -> StepKind | None:
    return None if step == "report" else shipped(code).step(step).kind


MEDIATING = ("dongmaopu_form", "hulunbuir_five", "hulunbuir_mediation", "jinan_court")


@pytest.mark.parametrize("code", MEDIATING)
def test_either_side_withdraws_or_goes_to_court_at_any_time(code):
    """Once it is decided (rated, confirmed) nothing is left to leave; at court one is already."""
    of = shipped(code)
    still_open = {state.code for state in of.states if state.stage.is_open} - {"rated", "confirmed"}
    for step, there in (("withdraw", set()), ("to_court", {"at_court"})):
        rule = of.step(step)
        assert still_open - there <= set(rule.from_states)
        assert (rule.roles, rule.requires, rule.approver, rule.within) == ((Role.CITIZEN,), (), None, None)


def test_an_agreement_that_does_not_hold_settles_nothing():
    assert agreed().outcome == "settled"
    rejected = live(agreed(), ("request_confirmation", CITIZEN, BOTH), ("reject", VERIFIER, {"reason": "void"}))
    assert (rejected.state, rejected.outcome) == ("sorted", "")
    assert live(agreed(), ("to_court", CITIZEN)).outcome == ""


def test_who_diverts_elsewhere_gains_no_time():
    moved = live(defusing(), ("redivert", DISPATCHER, {"party": "station:property", "reason": "theirs"}))
    (run,) = (run for run in moved.clocks if run.clock == "defuse")
    assert (run.is_running, len(run.marks)) == (True, 1)


def test_a_way_out_ends_the_mediation_at_once():
    for step, outcome in (("withdraw", "withdrawn"), ("to_court", "transferred")):
        left = live(defusing(), (step, CITIZEN), ("revisit", VERIFIER, {"note": "by phone"}), ("archive", SYSTEM))
        assert (left.outcome, no_clock_runs(left)) == (outcome, True)
    assert live(agreed(), ("to_court", CITIZEN)).state == "at_court"
    assert live(agreed(), ("withdraw", CITIZEN)).outcome == "withdrawn"


@pytest.mark.parametrize("code", MEDIATING)
def test_nobody_is_mediated_without_the_consent_of_both_sides(code):
    of = shipped(code)
    begins = [step for step in of.steps if step.code in {"defuse", "defuse_at_once", "defuse_together", "mediate"}]
    assert begins
    assert all({"consent", "consent_other_side"} <= set(step.requires) for step in begins)
    assert all("agreement" in step.requires for step in of.steps if "settle" in step.does)


@pytest.mark.parametrize("code", CODES)
def test_what_runs_out_of_time_stays_open_and_goes_on(code):
    """A dispute escalates and never closes by itself: the platform's own steps lead from open states to open ones.

    What was merged into another matter ends with that one, on which people decided.
    """
    of = shipped(code)
    assert any(category.kind is EventKind.DISPUTE for category in of.categories)
    for step in (step for step in of.steps if Role.SYSTEM in step.roles and step.to and "follow" not in step.does):
        if not of.state(step.to).stage.is_open:
            assert not any(of.state(state).stage.is_open for state in step.from_states)
    for clock in of.clocks:
        if clock.time_out_step:
            assert of.state(of.step(clock.time_out_step).to).stage.is_open


@pytest.mark.parametrize("complexity", [c.value for c in Complexity])
def test_an_overdue_dispute_goes_up_a_level_and_its_clock_begins_anew(complexity):
    late = live(defusing(complexity), ("escalate", SYSTEM, {"reason": "overdue"}), when="2025-08-01T00:00")
    assert (late.state, late.level, late.owner) == ("diverted", "township", Party(PartyKind.UNIT, TOWNSHIP))
    assert sum(run.clock == "defuse" for run in late.clocks) == 2


def handler_alone(code: str, found: Matter, who: Actor) -> set[str]:
    """The closed states that ``who`` alone could bring a matter to, with every evidence at hand."""
    of, everything = shipped(code), {"note": "x", "reason": "x", "why": "performed", **BOTH}
    seen, waiting, closed = {found.state}, [found], set[str]()
    while waiting:
        current = waiting.pop()
        for step in possible(of, current, who):
            try:
                after = take(
                    of, current, Command(step.code, who, everything), now=at("2025-06-19T09:00"), time=time_of(of)
                ).matter
            except GeogridError:
                continue
            if not of.state(after.state).stage.is_open:
                closed.add(step.code)
            elif after.state not in seen:
                seen.add(after.state)
                waiting.append(after)
    return closed


@pytest.mark.parametrize("code", ["hulunbuir_mediation", "jinan_court"])
def test_who_reached_the_agreement_does_not_close_it(code):
    everyone = Actor(
        MEDIATOR.id, "all posts", tuple(p for who in (MEDIATOR, CLERK, DISPATCHER, VERIFIER, COMMANDER) for p in who.posts)
    )
    start = live(defusing(), ("agree", everyone, {"agreement": "paper 3"})) if code == "hulunbuir_mediation" else agreed()
    assert handler_alone(code, start, everyone) == set()
    by_clerk = handler_alone(code, start, CLERK)  # who records for a citizen that he withdraws or goes to court, which files it
    own = {step for step in by_clerk if not step.startswith(("record_", "file_"))}
    assert own == {"close" if code == "hulunbuir_mediation" else "close_unconfirmed"}


@pytest.mark.parametrize("code", ["hulan", "kulun_hotline", "lixia_command"])
def test_histories_of_plainer_systems_are_steps_of_a_programme_of_events(code):
    """What is loaded in bulk was opened, dispatched, handled, verified, closed elsewhere, for every kind of matter."""
    of = shipped(code)
    kinds = ("open", "dispatch", "handle", "verify", "close", "archive")
    for category in ["", *(category.code for category in of.categories)]:
        start = found = begun(code, category, channel="hotline")
        for seq, kind in enumerate(kinds, start=2):
            rule = step_of(of, found, StepKind(kind))
            assert rule is not None, (category, kind)
            found = fold(of, found, [Past(seq, rule.kind, rule.code, "import", start.taken[0].at, {})])
        assert of.state(found.state).final


# -- clocks, worked by hand -------------------------------------------------------------------------------------------
# 18 June 2025 is a Wednesday. Free: 28 January to 4 February, 31 May to 2 June, 1 to 8 October. Worked: Saturday 8 February,
# Sunday 28 September, Saturday 11 October. Days count from the day after; natural days end at midnight, working days at 17:00.

GRID = Facts(level="grid", complexity=Complexity.SIMPLE)
SIMPLE, GENERAL = Facts(complexity=Complexity.SIMPLE), Facts(complexity=Complexity.GENERAL)
COMPLEX, ANY = Facts(complexity=Complexity.COMPLEX), Facts()
DUE = [
    ("kulun_hotline", "accept", ANY, "2025-10-01T23:50", "2025-10-02T00:05"),
    ("kulun_hotline", "answer", Facts(handling="consultation"), "2025-09-30T20:30", "2025-10-01T08:30"),
    ("kulun_hotline", "close", Facts(handling="immediate"), "2025-10-07T16:00", "2025-10-08T16:00"),
    ("kulun_hotline", "report_up", Facts(handling="agent"), "2025-06-18T22:00", "2025-06-19T10:00"),
    ("kulun_hotline", "handle", ANY, "2025-09-29T10:00", "2025-10-13T17:00"),  # 30; 9, 10, 11, 13
    ("kulun_hotline", "verify", ANY, "2025-06-13T15:00", "2025-06-17T17:00"),  # 16, 17
    ("lixia_command", "open", ANY, "2025-06-18T11:00", "2025-06-18T14:30"),  # an hour before noon, one after half past one
    ("lixia_command", "assign", ANY, "2025-06-20T16:30", "2025-06-23T10:00"),  # half an hour on Friday
    ("lixia_command", "arrive", Facts(category="F01"), "2025-01-28T23:45", "2025-01-29T00:15"),
    ("lixia_command", "handle", Facts(handling="immediate"), "2025-06-20T09:00", "2025-06-23T17:00"),
    ("lixia_command", "handle", Facts(handling="timed"), "2025-06-18T09:00", "2025-06-23T17:00"),  # 19, 20, 23
    ("lixia_command", "handle", Facts(handling="agent"), "2025-06-18T09:00", "2025-06-25T17:00"),
    ("lixia_command", "whistle", ANY, "2025-06-18T16:50", "2025-06-18T17:20"),
    ("lixia_command", "verify", ANY, "2025-05-29T10:00", "2025-06-03T17:00"),  # 30 May, 3 June
    ("hulunbuir_mediation", "gather", ANY, "2025-06-18T10:00", "2025-06-18T15:30"),
    ("hulunbuir_mediation", "divert", ANY, "2025-06-20T10:00", "2025-06-23T17:00"),
    ("hulunbuir_mediation", "defuse", SIMPLE, "2025-06-18T10:00", "2025-06-22T00:00"),
    ("hulunbuir_mediation", "defuse", GENERAL, "2025-06-18T10:00", "2025-07-04T00:00"),
    ("hulunbuir_mediation", "defuse", COMPLEX, "2025-06-18T10:00", "2025-07-19T00:00"),
    ("hulunbuir_mediation", "transfer", ANY, "2025-06-18T10:00", "2025-06-26T00:00"),
    ("hulunbuir_mediation", "close", ANY, "2025-06-18T10:00", "2025-06-20T17:00"),
    ("hulunbuir_mediation", "revisit", ANY, "2025-01-10T10:00", "2025-02-10T00:00"),
    ("hulunbuir_five", "take", ANY, "2025-06-18T15:00", "2025-06-19T10:30"),  # two hours, then two from half past eight
    ("hulunbuir_five", "divert", ANY, "2025-09-30T10:00", "2025-10-09T17:00"),
    ("hulunbuir_five", "defuse", SIMPLE, "2025-09-30T10:00", "2025-10-04T00:00"),
    ("hulunbuir_five", "defuse", COMPLEX, "2025-09-30T10:00", "2025-10-31T00:00"),
    ("hulunbuir_five", "close", ANY, "2025-10-10T10:00", "2025-10-13T17:00"),  # Saturday 11 is worked
    ("dongmaopu_form", "sort", ANY, "2025-01-27T10:00", "2025-02-05T17:00"),
    ("dongmaopu_form", "handle", GRID, "2025-01-27T10:00", "2025-02-07T17:00"),
    ("dongmaopu_form", "handle", ANY, "2025-01-27T10:00", "2025-02-12T17:00"),  # 5, 6, 7, 8, 10, 11, 12
    ("dongmaopu_form", "rate", ANY, "2025-06-20T10:00", "2025-06-25T17:00"),
    ("jinan_enterprise", "record", ANY, "2025-06-20T10:00", "2025-06-23T17:00"),
    ("jinan_enterprise", "handle", Facts(handling="self"), "2025-06-18T10:00", "2025-06-25T17:00"),
    ("jinan_enterprise", "handle", Facts(handling="joint"), "2025-06-18T10:00", "2025-07-02T17:00"),
    ("jinan_enterprise", "handle", Facts(handling="transfer"), "2025-06-18T10:00", "2025-07-09T17:00"),
    ("jinan_enterprise", "office", ANY, "2025-06-18T10:00", "2025-06-23T17:00"),
    ("jinan_enterprise", "milestone", ANY, "2025-09-01T10:00", "2025-09-22T17:00"),
    ("jinan_enterprise", "verify", ANY, "2025-06-18T10:00", "2025-06-23T17:00"),
    ("jinan_court", "sort", ANY, "2025-06-18T10:00", "2025-06-20T17:00"),
    ("jinan_court", "mediate", ANY, "2025-09-15T10:00", "2025-10-16T00:00"),
    ("jinan_court", "request", ANY, "2025-06-18T10:00", "2025-07-19T00:00"),
    ("jinan_court", "request", ANY, "2025-09-05T10:00", "2025-10-10T00:00"),  # the thirtieth day is 5 October, free until the 9th
    ("jinan_court", "confirm", ANY, "2025-06-18T10:00", "2025-07-04T00:00"),
    ("jinan_court", "file", ANY, "2025-09-30T10:00", "2025-10-10T00:00"),  # the seventh day is 7 October
]


@pytest.mark.parametrize(("code", "clock", "facts", "start", "due"), DUE)
def test_a_clock_ends_when_it_was_worked_out_to_end(code, clock, facts, start, due):
    rule = shipped(code).clock(clock)
    limit = limit_for(rule, facts)
    assert limit is not None
    reading = read_clock(rule, limit, [Mark(MarkKind.START, at(start))], now=at(start), time=time_of(shipped(code)))
    assert reading.due_at == at(due)


def test_every_clock_is_worked_out():
    """Hulan's are in test_deadlines and test_workflow."""
    there = {(code, clock.code) for code in CODES if code != "hulan" for clock in shipped(code).clocks}
    assert there == {(code, clock) for code, clock, *_ in DUE}


def test_kulun_runs_its_four_clocks_for_the_matters_they_are_for():
    clocks = {clock: shipped("kulun_hotline").clock(clock) for clock in ("answer", "close", "report_up")}
    for handling, runs in (("consultation", "answer"), ("immediate", "close"), ("agent", "report_up"), ("timed", "")):
        assert [code for code, rule in clocks.items() if limit_for(rule, Facts(handling=handling))] == ([runs] if runs else [])


def test_staff_see_the_due_day_red_and_the_public_sees_it_in_progress():
    """Kulun: from Wednesday 18 June five working days are 19, 20, 23, 24, 25: amber from the 23rd, red on the 25th."""
    rule = shipped("kulun_hotline").clock("handle")
    seen = {}
    for day in (20, 23, 25, 26):
        marks = [Mark(MarkKind.START, at("2025-06-18T10:00"))]
        reading = read_clock(rule, rule.limits[0], marks, now=at(f"2025-06-{day}T12:00"), time=time_of(shipped("kulun_hotline")))
        seen[day] = light_of(rule, Audience.STAFF, reading), light_of(rule, Audience.PUBLIC, reading)
    green, amber, red = Light.GREEN, Light.AMBER, Light.RED
    assert seen == {20: (green, amber), 23: (amber, amber), 25: (red, amber), 26: (red, red)}


@pytest.mark.parametrize("code", CODES)
def test_channels_are_those_of_the_platform_and_every_kind_of_matter_gets_a_clock(code):
    of = shipped(code)
    assert {channel.code for channel in of.channels} <= set(Channel.codes())
    for category in of.categories:
        facts = Facts(handling=category.handling, category=category.code, complexity=category.complexity)
        assert any(limit_for(clock, facts) for clock in of.clocks if "report" in clock.starts_on)
        assert any(limit_for(clock, facts) for clock in of.clocks if clock.time_out_step)


# -- what a file may not say ------------------------------------------------------------------------------------------


def text_of(code: str) -> str:
    return (ROOT / "data" / "programmes" / f"{code}.toml").read_text("utf-8")


def test_an_amount_may_be_named_by_a_setting_and_by_nothing_else():
    changed = text_of("jinan_court").replace("small_claims_below_yuan = 50000.01", "small_claims_below_yuan = 60000.01")
    moved = parse_programme(changed, "jinan_court.toml")
    assert {step.when.amount_yuan for step in moved.steps} >= {(0.0, 60_000.01), (60_000.01, 100_000.01)}
    _, faults = read(text_of("jinan_court").replace("by_choice_below_yuan = 1", "other = 1"), "jinan_court.toml")
    assert {fault.reason for fault in faults} == {
        "'by_choice_below_yuan' is no amount, and no setting of this programme that is one"
    }
    assert all(fault.line > 1 for fault in faults)


def test_a_place_calls_its_roles_by_its_own_names():
    court = shipped("jinan_court")
    named = court.role_title(Role.DISPATCHER)
    assert named is not None and named.text("zh") == "程序分流员"
    assert court.role_title(Role.OFFICER) is None
    twice = text_of("jinan_court").replace('[[roles]]\ncode = "window_clerk"', '[[roles]]\ncode = "dispatcher"')
    assert [fault.path for fault in read(twice)[1]] == ["roles[1].code"]


@pytest.mark.parametrize("code", CODES)
def test_a_file_in_which_the_platform_closes_a_dispute_is_refused(code):
    step = next(step for step in shipped(code).steps if step.code == "decline")
    steps = tuple(replace(one, roles=(*one.roles, Role.SYSTEM)) if one is step else one for one in shipped(code).steps)
    (finding,) = check(replace(shipped(code), steps=steps))
    assert finding.reason == "decline would close a matter that nobody decided: system may not take it"
