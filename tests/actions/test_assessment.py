"""Assessing months over lives in the store: every point opens its event, nothing is counted twice, appeals take what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from geogrid.actions.assessment import appeal, assess, close_month, decide, read_sheet
from geogrid.actions.district import district_of
from geogrid.domain.assessment import AppealState, LineKind, Outcome, Subject
from geogrid.domain.people import Role
from geogrid.errors import AccessForbidden, AppealLate, AppealSamePerson, AppealThere, MonthClosed, MonthInvalid, TextEmpty
from geogrid.rules.assessment import month_of, scores
from geogrid.settings import ROOT
from geogrid.store import assessment
from tests.build_district import NOW, TOWNSHIP_A, profile, publish
from tests.build_life import COMMANDER, HANDLER, LEADER, WHOLE, live, reported, take
from tests.rules.people import person

ZONE = "Asia/Shanghai"
MONTH = month_of(NOW, ZONE)
SHEET = read_sheet(ROOT / "data")
LATER = NOW + timedelta(days=2)
BY = {"sheet": SHEET, "timezone": ZONE, "by": "person:x"}


@pytest.fixture
def district(session):
    publish(session)
    return district_of(profile(), session)


@pytest.fixture
def lived(session, district):
    event_id = reported(session, district)
    live(session, district, event_id)
    return event_id


def sums(session, kind=Subject.WORKER) -> dict[tuple[str, str], float]:
    return {(subject, rule): points for subject, rule, points, _ in assessment.sums(session, MONTH, kind)}


def test_a_closed_matter_scores_its_handler_and_its_township(session, lived):
    assert assess(session, MONTH, now=LATER, **BY) == 4
    assert sums(session) == {(HANDLER.id, "in_time"): 0.5, (HANDLER.id, "rated_well"): 1.0}
    assert sums(session, Subject.TOWNSHIP) == {(TOWNSHIP_A, "in_time"): 0.5, (TOWNSHIP_A, "rated_well"): 1.0}
    lines = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id)
    assert {line.key.event_id for line in lines} == {lived}


def test_a_report_alone_scores_nobody(session, district):
    for _ in range(3):
        reported(session, district)
    assert assess(session, MONTH, now=LATER, **BY) == 0


def test_counted_again_nothing_is_added(session, lived):
    assess(session, MONTH, now=LATER, **BY)
    assert assess(session, MONTH, now=LATER, **BY) == 0


def test_what_changes_in_the_record_is_a_correction_and_no_edit(session, lived):
    assess(session, MONTH, now=LATER, **BY)
    session.execute(text("UPDATE clocks SET is_late = true WHERE clock = 'handle'"))
    assert assess(session, MONTH, now=LATER, **BY) == 4  # in time taken back, late written: worker and township
    assert sums(session)[HANDLER.id, "in_time"] == 0
    assert sums(session)[HANDLER.id, "late"] == -2
    kinds = [line.kind for line in assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id, rule="in_time")]
    assert kinds == [LineKind.EARNED, LineKind.CORRECTION]


def test_an_appeal_changes_the_score_and_leaves_its_history(session, lived):
    session.execute(text("UPDATE clocks SET is_late = true WHERE clock = 'handle'"))
    assess(session, MONTH, now=LATER, **BY)
    (line,) = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id, rule="late")
    made = appeal(session, line.id, "等第三方报告", sheet=SHEET, actor=HANDLER, now=LATER)
    assert [(one.id, of.id) for one, of in assessment.waiting(session)] == [(made.id, line.id)]
    decided = decide(session, made.id, granted=True, why="属实", sheet=SHEET, actor=COMMANDER, now=LATER)
    assert (decided.state, decided.decided_by) == (AppealState.GRANTED, COMMANDER.id)
    assert sums(session)[HANDLER.id, "late"] == 0
    assert assess(session, MONTH, now=LATER, **BY) == 0, "counting again undoes no decision"
    kinds = [one.kind for one in assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id, rule="late")]
    assert kinds == [LineKind.EARNED, LineKind.APPEAL]
    (score,) = scores(SHEET, assessment.sums(session, MONTH, Subject.WORKER))
    assert score.points == 101


def test_what_was_given_back_is_not_given_back_twice(session, lived):
    """The appeal was granted, then the record was mended as well: the points come back once, and the mended outcome counts."""
    session.execute(text("UPDATE clocks SET is_late = true WHERE clock = 'handle'"))
    assess(session, MONTH, now=LATER, **BY)
    (line,) = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id, rule="late")
    made = appeal(session, line.id, "等第三方报告", sheet=SHEET, actor=HANDLER, now=LATER)
    decide(session, made.id, granted=True, why="属实", sheet=SHEET, actor=COMMANDER, now=LATER)
    session.execute(text("UPDATE clocks SET is_late = false WHERE clock = 'handle'"))
    assess(session, MONTH, now=LATER, **BY)
    assert sums(session)[HANDLER.id, "late"] == 0
    assert sums(session)[HANDLER.id, "in_time"] == 0.5
    (score,) = scores(SHEET, assessment.sums(session, MONTH, Subject.WORKER))
    assert (score.points, score.outcomes) == (101.5, 2), "what was taken away again is no outcome"


def test_a_correction_can_be_appealed_and_a_decision_cannot(session, lived):
    assess(session, MONTH, now=LATER, **BY)
    session.execute(text("UPDATE clocks SET is_late = true WHERE clock = 'handle'"))
    assess(session, MONTH, now=LATER, **BY)
    earned, correction = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id, rule="in_time")
    assert correction.kind is LineKind.CORRECTION
    made = [appeal(session, one.id, "记录有误", sheet=SHEET, actor=HANDLER, now=LATER) for one in (earned, correction)]
    for one in made:
        decide(session, one.id, granted=True, why="属实", sheet=SHEET, actor=COMMANDER, now=LATER)
    assert sums(session)[HANDLER.id, "in_time"] == 0, "two appeals about one thing take no more than there is"
    decided = [one for one in assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id) if one.kind is LineKind.APPEAL]
    with pytest.raises(AccessForbidden):
        appeal(session, decided[0].id, "再申诉", sheet=SHEET, actor=HANDLER, now=LATER)


def test_a_correction_that_is_taken_back_gives_back_what_it_took(session, lived):
    """Whoever wins against a correction stands as before it, and counting again does not correct it anew."""
    assess(session, MONTH, now=LATER, **BY)
    session.execute(text("UPDATE clocks SET is_late = true WHERE clock = 'handle'"))
    assess(session, MONTH, now=LATER, **BY)
    earned, correction = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id, rule="in_time")
    (late,) = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id, rule="late")

    def granted(line) -> None:
        made = appeal(session, line.id, "记录有误", sheet=SHEET, actor=HANDLER, now=LATER)
        decide(session, made.id, granted=True, why="属实", sheet=SHEET, actor=COMMANDER, now=LATER)

    granted(correction)
    assert sums(session)[HANDLER.id, "in_time"] == 0.5
    granted(late)
    assert assess(session, MONTH, now=LATER, **BY) == 0
    (score,) = scores(SHEET, assessment.sums(session, MONTH, Subject.WORKER))
    assert (score.points, score.outcomes) == (101.5, 2)
    granted(earned)
    assert sums(session)[HANDLER.id, "in_time"] == 0, "what was earned is taken away with all that followed it"


def test_nobody_decides_for_his_own_unit_or_department(session, lived):
    """Whose street the line is about leads it: he may appeal, he does not decide."""
    assess(session, MONTH, now=LATER, **BY)
    (line, *_) = assessment.lines_of(session, MONTH, Subject.TOWNSHIP, TOWNSHIP_A)
    made = appeal(session, line.id, "有异议", sheet=SHEET, actor=LEADER, now=LATER)
    own = person(Role.COMMANDER, "of that street", unit=TOWNSHIP_A)
    with pytest.raises(AppealSamePerson):
        decide(session, made.id, granted=True, why="mine", sheet=SHEET, actor=own, now=LATER)
    assert (
        decide(session, made.id, granted=False, why="按规则", sheet=SHEET, actor=COMMANDER, now=LATER).decided_by == COMMANDER.id
    )


def test_after_the_closing_what_was_closed_can_still_be_read(session, lived):
    """Nothing that was written changes; what comes later stands beside it, and an appeal is heard within its days."""
    over = NOW + timedelta(days=40)
    close_month(session, MONTH, sheet=SHEET, timezone=ZONE, actor=COMMANDER, now=over)
    at_closing = assessment.sums(session, MONTH, Subject.WORKER, written_until=over)
    session.execute(text("UPDATE clocks SET is_late = true WHERE clock = 'handle'"))
    later = over + timedelta(days=1)
    assess(session, MONTH, now=later, **BY)
    assert assessment.sums(session, MONTH, Subject.WORKER) != at_closing
    assert assessment.sums(session, MONTH, Subject.WORKER, written_until=over) == at_closing
    (line,) = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id, rule="late")
    made = appeal(session, line.id, "等第三方报告", sheet=SHEET, actor=HANDLER, now=later)
    decide(session, made.id, granted=True, why="属实", sheet=SHEET, actor=COMMANDER, now=later)
    assert sums(session)[HANDLER.id, "late"] == 0
    assert assessment.sums(session, MONTH, Subject.WORKER, written_until=over) == at_closing


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_however_many_report_however_often_nobody_scores(session, district, steps):
    """A report, opened and dispatched by whom it may, is no work yet: no rule that a sheet can hold counts it."""
    for _ in range(5):
        event_id = reported(session, district)
        for step, actor, details in WHOLE[:steps]:
            take(session, district, event_id, step, actor, **details)
    all_rules = tuple(replace(rule, kinds=(), handling=(), subjects=tuple(Subject)) for rule in SHEET.rules)
    assert {rule.outcome for rule in all_rules} == set(Outcome)
    everything = {**BY, "sheet": replace(SHEET, rules=all_rules)}
    assert assess(session, MONTH, now=LATER, **everything) == 0


def test_a_refused_appeal_changes_nothing(session, lived):
    assess(session, MONTH, now=LATER, **BY)
    line = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id)[0]
    made = appeal(session, line.id, "应加分更多", sheet=SHEET, actor=HANDLER, now=LATER)
    before = sums(session)
    decide(session, made.id, granted=False, why="按规则", sheet=SHEET, actor=COMMANDER, now=LATER)
    assert sums(session) == before
    with pytest.raises(AppealThere) as refused:
        decide(session, made.id, granted=True, why="again", sheet=SHEET, actor=person(Role.COMMANDER, "another"), now=LATER)
    assert "refused" not in refused.value.message("zh"), "how it stands is told in the reader's language"
    with pytest.raises(AppealThere):
        appeal(session, line.id, "once more", sheet=SHEET, actor=LEADER, now=LATER)


def test_who_may_appeal_and_who_may_decide(session, lived):
    assess(session, MONTH, now=LATER, **BY)
    line = assessment.lines_of(session, MONTH, Subject.WORKER, HANDLER.id)[0]
    with pytest.raises(AccessForbidden):
        appeal(session, line.id, "not mine", sheet=SHEET, actor=person(Role.OFFICER, "another"), now=LATER)
    with pytest.raises(TextEmpty):
        appeal(session, line.id, "  ", sheet=SHEET, actor=HANDLER, now=LATER)
    with pytest.raises(AppealLate):
        appeal(session, line.id, "too late", sheet=SHEET, actor=HANDLER, now=LATER + timedelta(days=16))
    by_commander = appeal(session, line.id, "for them", sheet=SHEET, actor=COMMANDER, now=LATER)
    with pytest.raises(AppealSamePerson):
        decide(session, by_commander.id, granted=True, why="mine", sheet=SHEET, actor=COMMANDER, now=LATER)
    with pytest.raises(AccessForbidden):
        decide(session, by_commander.id, granted=True, why="no post", sheet=SHEET, actor=LEADER, now=LATER)


def test_a_month_is_closed_once_when_it_is_over(session, lived):
    month = {"sheet": SHEET, "timezone": ZONE, "actor": COMMANDER}
    with pytest.raises(MonthInvalid):
        close_month(session, MONTH, now=LATER, **month)
    over = NOW + timedelta(days=40)
    assert close_month(session, MONTH, now=over, **month) == 4
    with pytest.raises(MonthClosed):
        close_month(session, MONTH, now=over, **month)
    with pytest.raises(AccessForbidden):
        close_month(session, MONTH, sheet=SHEET, timezone=ZONE, actor=LEADER, now=over)


@pytest.mark.parametrize("month", ["2026-13", "x", "2099-01"])
def test_no_month_no_line(session, month):
    with pytest.raises(MonthInvalid):
        assess(session, month, now=LATER, **BY)
