"""Accept reports: one from a phone, or tens of thousands from a file. Sent twice, stored once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.answers import answer, far_error, is_far, on_record, units_of
from geogrid.actions.district import District
from geogrid.actions.matters import opened, write_matter
from geogrid.actions.notices import About, tell_opening
from geogrid.domain.events import Event, Report, StepKind
from geogrid.errors import ReportIdConflict
from geogrid.store import cells, editions, events, locks

ASSIGNER = "geogrid"


@dataclass(frozen=True)
class Accepted:
    """The event of a report, and whether this call created it (False: it was stored already, the same answer again)."""

    event: Event
    created: bool


def accept_report(
    session: Session, report: Report, *, now: datetime, district: District, actor: str, asked: str = ""
) -> Accepted:
    """Store a report as an event with its assignment under the edition in force; the same report again gives the same event.

    ``actor`` is who reports, ``asked`` the party that was asked first ("unit:999901001001"; "": the owner by the rules). The
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
    known = events.find(session, report.id)
    if known is not None:
        return _again(known, report)
    locks.share_edition(session)
    edition = editions.in_force(session)
    lon, lat = (float(values[0]) for values in on_record([report.point]))
    assignment = answer(district, edition.id, lon, lat, report.point.accuracy_m if report.point else None)
    if is_far(district, assignment):
        raise far_error(district, lon, lat, assignment)
    point_lonlat = None if report.point is None else (lon, lat)
    number = events.next_number(session, now.astimezone(ZoneInfo(district.profile.timezone)))
    values = events.event_values(report, number, point_lonlat, assignment, units_of(district, assignment), now)
    district.programmes.keep(now=now)
    created = events.add(session, values, point_lonlat)
    if created:
        events.add_assignment(session, report.id, assignment, now=editions.not_before(edition, now))
        cells.add(session, [report.id])
        units = units_of(district, assignment)
        begun = opened(_begins(now, actor), report.kind, report.channel, units, district=district, asked=asked)
        write_matter(session, report.id, begun.matter, now=now, district=district)
        about = About(report.id, number, report.kind, begun.matter, begun.programme)
        tell_opening(session, about, begun.steps, now=now, district=district)
        events.add_steps(session, report.id, begun.steps)  # last, so that ids of steps soon follow their commits
    stored = events.find(session, report.id)
    if stored is None:
        raise RuntimeError(f"event {report.id} was neither inserted nor found")
    return Accepted(stored, True) if created else _again(stored, report)


def _begins(now: datetime, actor: str) -> list[tuple[StepKind, datetime, str]]:
    """Return the steps that every event begins with."""
    return [(StepKind.REPORT, now, actor), (StepKind.ASSIGN, now, ASSIGNER)]


def _again(event: Event, report: Report) -> Accepted:
    if event.report.body_hash != report.body_hash:
        raise ReportIdConflict(id=str(report.id))
    return Accepted(event, False)
