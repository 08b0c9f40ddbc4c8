"""The queue of a station's counter: the desk's own queue of disputes, with station, mediator and consent of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.domain.disputes import DisputeOutcome
from geogrid.domain.events import EventKind
from geogrid.domain.masking import mask_names, mask_text
from geogrid.store import disputes as stored
from geogrid.store import disputes_people
from geogrid.store.tables.disputes import dispute_parties, disputes
from layers.queue import read_queue, sort_of
from layers.queue_filters import QueueFilter
from layers.queue_rows import QueueRow, read_rows
from webmap.api.disputes_bodies import coded, kind_body
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor
from webmap.reading import current_scope

MOST, MOST_MINE = 200, 5_000
CUT = 80


def queue_rows(session: Session, *, mine: bool = False, is_open: bool = True, limit: int = 60) -> list[dict[str, Any]]:
    """Return disputes in the reader's scope, the most urgent first (closed ones: the latest first)."""
    now, scope = installation().now(), current_scope()
    me = current_actor().id.removeprefix("person:")
    chosen = QueueFilter(is_open=is_open, kind=EventKind.DISPUTE.value, among=_mediated_by(session, me) if mine else None)
    found, _ = read_queue(session, chosen, now=now, sort=sort_of(chosen, None), limit=min(limit, MOST), scope=scope)
    rows = read_rows(session, [one.event_id for one in found], now=now, scope=scope)
    kept = _kept(session, [row.event_id for row in rows])
    ids = [told["mediator"] for told in kept.values() if told["mediator"]]
    names = disputes_people.names_of(session, ids)
    parties = _parties(session, [row.event_id for row in rows])
    shown = [_row(row, kept.get(row.event_id), names, me) for row in rows]
    return [{**one, "words": mask_names(one["words"], parties.get(one["id"], ()))[:CUT]} for one in shown]


def _mediated_by(session: Session, me: str) -> tuple[UUID, ...]:
    """Return the events of the disputes that the caller mediates; a program mediates none."""
    try:
        return tuple(stored.of_mediator(session, UUID(me), most=MOST_MINE))
    except ValueError:
        return ()


def _parties(session: Session, ids: list[UUID]) -> dict[str, list[str]]:
    """Return the names of the parties of disputes, by the id of the event as text."""
    found: dict[str, list[str]] = {}
    query = select(dispute_parties.c.event_id, dispute_parties.c.name).where(dispute_parties.c.event_id == func.any(ids))
    for row in session.execute(query):
        found.setdefault(str(row.event_id), []).append(row.name)
    return found


def _kept(session: Session, ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    columns = [disputes.c[name] for name in ("event_id", "kind", "station", "mediator", "outcome")]
    rows = session.execute(select(*columns).where(disputes.c.event_id == func.any(ids)))
    return {row.event_id: dict(row._mapping) for row in rows}


def _row(row: QueueRow, kept: dict[str, Any] | None, names: dict[UUID, str], me: str) -> dict[str, Any]:
    values, told, language = row.values, kept or {}, current_language()
    programme = installation().district.programmes.of(values["programme"], values["programme_version"])
    category = next((one for one in programme.categories if one.code == values["category"]), None)
    outcome = DisputeOutcome(told["outcome"]) if told.get("outcome") else None
    return {
        "id": str(row.event_id),
        "number": values["number"],
        "light": {"code": row.light.value, "title": label(row.light)},
        "due": due_words(row),
        "due_at": row.clock[1].isoformat() if row.clock else None,
        "words": mask_text(values["words"]),
        "state": programme.state(values["state"]).title.text(language),
        "category": category.title.text(language) if category else "",
        "kind": kind_body(told.get("kind", "")),
        "station": told.get("station", ""),
        "mediator": names.get(told.get("mediator"), "") if told.get("mediator") else "",
        "mine": str(told.get("mediator")) == me,
        "outcome": coded(outcome),
        "synthetic": values["synthetic"],
    }


def due_words(row: QueueRow) -> str:
    """Return in words when the most urgent clock of a matter is due."""
    if row.clock is None:
        return ""
    _, due_at, paused, late, _ = row.clock
    zone = ZoneInfo(installation().district.profile.timezone)
    if paused:
        return say("Clock paused")
    now = installation().now()
    left = abs(due_at - now)
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    length = (
        say("{days} d {hours} h", days=hours // 24, hours=hours % 24) if hours >= 24 else say("{h} h {m} min", h=hours, m=minutes)
    )
    due = due_at.astimezone(zone)
    at = f"{due:%m-%d %H:%M}" if due.year == now.astimezone(zone).year else f"{due:%Y-%m-%d %H:%M}"
    return say("{length} overdue ({at})", length=length, at=at) if late else say("due in {length} ({at})", length=length, at=at)
