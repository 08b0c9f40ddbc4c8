"""Many reports with their histories: up to now, in order, once; refused rows are named and the others stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.accept_batch import accept_batch
from geogrid.actions.fsck import fsck
from geogrid.domain.events import EventState, StepKind
from geogrid.store import cells, events
from tests.build_district import A1, IN_A1, IN_B1, IN_B2, NOW, profile, report

WHOLE = [StepKind.REPORT, StepKind.OPEN, StepKind.DISPATCH, StepKind.HANDLE, StepKind.VERIFY, StepKind.CLOSE]


def history(first_hours, kinds=WHOLE):
    """``kinds`` an hour apart, the first of them so many hours before now."""
    return [(kind, NOW - timedelta(hours=first_hours - i)) for i, kind in enumerate(kinds)]


def accept(session, district, reports, histories, **options):
    return accept_batch(session, reports, histories, now=options.pop("now", NOW), district=district, **options)


def test_steps_up_to_now_are_stored_and_what_comes_later_is_not(session, district, tmp_path):
    reports = [report(place) for place in (IN_A1, IN_B1, IN_B2, None)]
    done = accept(session, district, reports, [history(24), history(2.5), history(-1), history(0)])
    assert (done.accepted, done.known, done.later, done.refused) == (3, 0, 1, ())
    states = [found.state if (found := events.find(session, r.id)) else None for r in reports]
    assert states == [EventState.CLOSED, EventState.DISPATCHED, None, EventState.REPORTED]
    closed = events.find(session, reports[0].id)
    assert [s.kind for s in closed.steps] == [WHOLE[0], StepKind.ASSIGN, *WHOLE[1:]]
    assert [s.seq for s in closed.steps] == list(range(1, 8))
    assert closed.reported_at == NOW - timedelta(hours=24)
    assert closed.assignment.grid_code == A1
    assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []


def test_a_batch_answers_as_single_reports_do(session, district):
    places = [IN_A1, (126.605, 45.91), (126.595, 45.905), (126.61, 45.9099), None]
    singles = [report(place, accuracy_m=30.0 if place else None) for place in places]
    batch = [replace(report(place, accuracy_m=30.0 if place else None)) for place in places]
    one_by_one = [accept_report(session, r, now=NOW, district=district, actor="x").event for r in singles]
    accept(session, district, batch, [history(0, WHOLE[:1])] * len(batch))
    together = [events.find(session, r.id) for r in batch]
    assert [e.assignment for e in together] == [e.assignment for e in one_by_one]
    assert [e.point_lonlat for e in together] == [e.point_lonlat for e in one_by_one]
    assert len({e.number for e in [*together, *one_by_one]}) == 2 * len(places)
    rows = session.execute(text("SELECT id, cell_x, cell_y, township_code, village_code FROM events")).all()
    told = {row[0]: tuple(row[1:]) for row in rows}
    assert [told[r.id] for r in batch] == [told[r.id] for r in singles]


def test_the_same_batch_again_changes_nothing(session, district):
    reports, histories = [report(IN_A1), report(IN_B1)], [history(5), history(2)]
    accept(session, district, reports, histories)
    before = session.execute(text("SELECT * FROM steps ORDER BY id")).all()
    again = accept(session, district, reports, histories)
    assert (again.accepted, again.known, again.refused) == (0, 2, ())
    assert session.execute(text("SELECT * FROM steps ORDER BY id")).all() == before
    assert cells.total(session, cells.ZOOMS[0]) == 2


def test_rows_that_cannot_be_stored_are_named_and_the_others_stored(session, district):
    good, far, beyond = report(IN_A1), report((120.0, 40.0)), report((36.0, 0.0))  # the metric zone cannot hold the last
    doubled = report(IN_B1, id=good.id, words="同号不同文")
    backwards = [(StepKind.REPORT, NOW - timedelta(hours=1)), (StepKind.OPEN, NOW - timedelta(hours=2))]
    jumping = [(StepKind.REPORT, NOW - timedelta(hours=2)), (StepKind.CLOSE, NOW - timedelta(hours=1))]
    reports = [far, good, doubled, report(), report(), good, beyond]
    done = accept(session, district, reports, [history(1), history(1), history(1), backwards, jumping, history(1), history(1)])
    assert [(r.row, r.error.code) for r in done.refused] == [
        (0, "coord.far"),
        (2, "report.id_conflict"),
        (3, "time.order"),
        (4, "step.not_allowed"),
        (6, "coord.far"),
    ]
    assert (done.accepted, done.known) == (1, 1)
    assert cells.wrong(session) == []


@pytest.mark.parametrize("rebuild", [True, False])
def test_cells_are_rebuilt_once_for_several_batches(session, district, rebuild):
    accept(session, district, [report(IN_A1)], [history(1)], rebuild_cells=rebuild)
    assert (cells.wrong(session) == []) is rebuild
    cells.rebuild(session)
    assert cells.wrong(session) == []


def test_an_empty_batch_is_nothing(session, district):
    done = accept(session, district, [], [])
    assert (done.accepted, done.known, done.later, done.refused) == (0, 0, 0, ())
