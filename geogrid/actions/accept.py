"""Accept reports: one from a phone, or tens of thousands from a file. Sent twice, stored once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.answers import answer, far_error, is_far, on_record, units_of
from geogrid.actions.district import District
from geogrid.actions.matters import opened, rows_of, spans_for
from geogrid.actions.notices import tell_opening
from geogrid.domain.events import Event, Report, StepKind
from geogrid.domain.notices import About
from geogrid.errors import ReportIdConflict
from geogrid.store import cells, editions, events, locks, reports

ASSIGNER = "geogrid"


@dataclass(frozen=True)
class Accepted:
    """The event of a report, and whether this call created it (False: it was stored already, the same answer again)."""

    event: Event
    created: bool


def accept_report(
    session: Session,
    report: Report,
    *,
    now: datetime,
    district: District,
    actor: str,
    asked: str = "",
    programme: str = "",
    category: str = "",
) -> Accepted:
    """Store a report as an event with its assignment under the edition in force; the same report again gives the same event.

    ``actor`` is who reports, ``asked`` the party that was asked first ("unit:999901001001"; "": the owner by the rules).
    ``programme`` and ``category`` are codes ("": the district's own programme, the category of the report's kind). The
    shared edition lock is taken before the edition in force is read, and held until the transaction ends, so that no edition can
    be retired between the assignment and its commit.

    Raises
    ------
    ReportIdConflict
        where another report is stored under this id; the first is kept.
    CoordFar
        where the place cannot belong to the district.
    EditionNotInForce
        before the first edition is activated.
    """
    if reports.is_stored(session, report.id):
        return _again(session, report)
    locks.share_edition(session)
    edition = editions.in_force(session)
    lon, lat = (float(values[0]) for values in on_record([report.point]))
    assignment = answer(district, edition.id, lon, lat, report.point.accuracy_m if report.point else None)
    if is_far(district, assignment):
        raise far_error(district, lon, lat, assignment)
    point_lonlat = None if report.point is None else (lon, lat)
    units = units_of(district, assignment)
    district.programmes.keep(now=now)
    number = reports.add(
        session,
        report,
        point_lonlat,
        assignment,
        units,
        reported_at=now,
        assigned_at=editions.not_before(edition, now),
        local_day=now.astimezone(ZoneInfo(district.profile.timezone)),
    )
    if number is None:
        return _again(session, report)
    cells.add(session, [report.id])
    begun = opened(
        _begins(now, actor),
        report.kind,
        report.channel,
        units,
        district=district,
        asked=asked,
        programme_code=programme,
        category_code=category,
    )
    spans = spans_for(report.id, report.words, begun.matter, district=district)
    reports.add_matter(session, *rows_of(report.id, begun.matter, now=now, district=district), spans)
    about = About(report.id, number, report.kind, begun.matter, begun.programme)
    tell_opening(session, about, begun.steps, now=now, district=district)
    events.add_steps(session, report.id, begun.steps)  # last, so that ids of steps soon follow their commits
    return Accepted(reports.as_stored(report, number, point_lonlat, assignment, now, begun.steps), True)


def _begins(now: datetime, actor: str) -> list[tuple[StepKind, datetime, str]]:
    """Return the steps that every event begins with."""
    return [(StepKind.REPORT, now, actor), (StepKind.ASSIGN, now, ASSIGNER)]


def _again(session: Session, report: Report) -> Accepted:
    stored = events.find(session, report.id)
    if stored is None:
        raise RuntimeError(f"event {report.id} was neither inserted nor found")
    if stored.report.body_hash != report.body_hash:
        raise ReportIdConflict(id=str(report.id))
    return Accepted(stored, False)
