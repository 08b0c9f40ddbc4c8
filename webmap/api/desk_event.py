"""One event on the desk over HTTP, and reports that may tell of the same matter."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request
from sqlalchemy.orm import Session

from geogrid.domain.events import Event, EventState
from geogrid.domain.masking import mask_text
from geogrid.domain.programmes import PartyKind
from geogrid.errors import NotFoundError
from geogrid.rules.duplicates import Reason
from geogrid.rules.ownership import proposed_party
from geogrid.store import editions
from geogrid.store import events as stored_events
from geogrid.store.matter_views import MatterView, of_event
from layers.desk_duplicates import Duplicate, duplicates
from layers.desk_event import Beside, beside
from layers.desk_names import Names, numbers_of, of_rows
from layers.names import names_of
from layers.queue_rows import QueueRow, read_rows
from webmap.api.base import blueprint
from webmap.api.bodies import assignment_body, instant, photo_bodies
from webmap.api.desk_bodies import dangers, moment, of_enum, party_body, row_body, short
from webmap.api.desk_event_bodies import (
    approval_body,
    clock_body,
    parties_body,
    possible_body,
    triage_body,
)
from webmap.api.desk_history import history_body, mentioned
from webmap.api.events import EventPath, answer
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.language import current_language, say
from webmap.login import current_actor
from webmap.reading import current_scope, reading
from webmap.roles import READERS, roles

MOST_RELATED = 5


@blueprint.get("/desk/events/<uuid:event_id>", tags=[DESK], summary="One event with all that the desk needs of it")
@roles(READERS)
def get_desk_event(path: EventPath) -> Response:
    """Return the row of the queue with clocks, history, what is possible next, what waits, and what belongs to it."""
    with reading() as session:
        return answer(event_page(session, path.event_id))


def event_page(session: Session, event_id: UUID) -> dict[str, Any]:
    """Return all of one event for its reader; raises NotFoundError where he sees none. To be called within ``reading()``."""
    here, scope = installation(), current_scope()
    now = here.now()
    rows = read_rows(session, [event_id], now=now, scope=scope)
    event = stored_events.find(session, event_id) if rows else None
    if event is None:
        raise NotFoundError(what=str(event_id), where={"path": request.path})
    view = of_event(session, event_id, now=max(now, event.steps[-1].at), district=here.district)
    more = beside(session, event_id)
    alike = duplicates(session, event_id, metric_srid=here.district.profile.metric_srid, scope=scope) or []
    near = [one.event_id for one in alike[:MOST_RELATED]]
    other = {row.event_id: row for row in read_rows(session, list({*more.children, *near}), now=now, scope=scope)}
    children, related = ([other[one] for one in ids if one in other] for ids in (more.children, near))
    names = _names(session, event, view, [*rows, *other.values()])
    parents = {UUID(step.details["parent"]) for step in event.steps if step.details.get("parent")}
    numbers = numbers_of(session, parents, scope)
    return {
        **row_body(rows[0], names),
        "words": mask_text(event.report.words),
        "address": mask_text(event.report.address),
        **_danger(rows[0]),
        "photos": _photos(session, event),
        "assignment": _assignment(session, event),
        **(_of_matter(view, event, names) if view else _without_matter()),
        "history": history_body(event.steps, view.programme if view else None, names, numbers),
        "children": [{**row_body(row, names)} for row in children],
        "related": [row_body(row, names) for row in related],
        **_beside(more),
        "as_of": instant(now),
    }


def _names(session: Session, event: Event, view: MatterView | None, rows: list[QueueRow]) -> Names:
    parties, codes = mentioned(event.steps, view.matter if view else None)
    if view is not None:
        parties.add(_proposed(view, event))
    return of_rows(session, rows, parties, codes)


def _danger(row: QueueRow) -> dict[str, Any]:
    """What of the report means danger to life, and the sentence that is said first."""
    found = dangers(row)
    sentence = installation().district.danger.sentence.text(current_language()) if found else ""
    return {"danger_words": list(found), "danger_sentence": sentence}


def _photos(session: Session, event: Event) -> list[dict[str, Any]]:
    received, _ = stored_events.photos_of(session, event.id)
    return [{**photo, "url": photo["link"]} for photo in photo_bodies(event, received)]


def _assignment(session: Session, event: Event) -> dict[str, Any] | None:
    assigned = event.assignment
    if assigned is None:
        return None
    accuracy_m = event.report.point.accuracy_m if event.report.point else None
    edition = editions.by_id(session, assigned.edition_id).name
    body = assignment_body(assigned, edition=edition, names=names_of(session, assigned), accuracy_m=accuracy_m)
    return {**body, "accuracy_m": accuracy_m}


def _of_matter(view: MatterView, event: Event, names: Names) -> dict[str, Any]:
    programme, matter = view.programme, view.matter
    title = {"code": programme.code, "version": matter.version, "title": programme.title.text(current_language())}
    return {
        "programme": title,
        **parties_body(matter, names),
        "amount_yuan": matter.amount_yuan,
        "outcome": matter.outcome,
        "rating": matter.rating,
        "parked_until": moment(matter.parked_until),
        "clocks": [clock_body(clock) for clock in view.clocks],
        "possible": possible_body(view, current_actor()),
        "proposal": {**triage_body(view), **_party(view, event, names)},
        "approvals": [approval_body(one, view, names, current_actor()) for one in matter.proposals],
    }


def _without_matter() -> dict[str, Any]:
    return {"programme": None, "clocks": [], "possible": [], "proposal": None, "approvals": []}


def _proposed(view: MatterView, event: Event) -> str:
    """Return whom the rules propose to give the matter to."""
    at = event.assignment
    home, serving = (at.home_station or "", at.station_by_time or at.nearest_station or "") if at else ("", "")
    category = next((found for found in view.programme.categories if found.code == view.matter.category), None)
    return str(proposed_party(view.programme, category, view.matter.owner, home_station=home, serving_station=serving))


def _party(view: MatterView, event: Event, names: Names) -> dict[str, Any]:
    proposed = _proposed(view, event)
    kind = proposed.partition(":")[0]
    if kind == PartyKind.STATION:
        reason = say("A dispute goes to a station, the one that the programme puts first.")
    elif proposed != str(view.matter.owner):
        reason = say("The department that answers for this class of matters.")
    else:
        reason = say("No other rule applies: it stays with its owner.")
    return {"party": party_body(proposed, names), "party_reason": reason}


def _beside(more: Beside) -> dict[str, Any]:
    return {
        "milestones": [milestone_body(one) for one in more.milestones],
        "hotline": None if more.outside is None else _plain(more.outside),
        "dispute": None if more.dispute is None else _plain(more.dispute),
    }


def milestone_body(row: Any) -> dict[str, Any]:
    """Return a milestone: what by when, and whether it is done."""
    done = row["done_at"] is not None
    told = {
        "id": row["id"],
        "event_id": str(row["event_id"]),
        "title": mask_text(row["title"]),
        "due_on": row["due_on"].isoformat(),
    }
    here = installation()
    today = here.now().astimezone(ZoneInfo(here.district.profile.timezone)).date()
    late = not done and row["due_on"] < today
    return {**told, "done": done, "late": late, "done_at": moment(row["done_at"]), "note": mask_text(row["note"])}


def _plain(row: Any) -> dict[str, Any]:
    values = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    return {name: mask_text(value) if isinstance(value, str) else value for name, value in values.items()}


# -- duplicates -------------------------------------------------------------------------------------------------------


@blueprint.get("/desk/events/<uuid:event_id>/duplicates", tags=[DESK], summary="Reports that may tell of the same matter")
@roles(READERS)
def get_duplicates(path: EventPath) -> Response:
    """Return reports of its kind that are near in place and time and alike in words, the most alike first, each with reasons."""
    here, scope = installation(), current_scope()
    with reading() as session:
        found = duplicates(session, path.event_id, metric_srid=here.district.profile.metric_srid, scope=scope)
        if found is None:
            raise NotFoundError(what=str(path.event_id), where={"path": request.path})
        rows = {row.event_id: row for row in read_rows(session, [one.event_id for one in found], now=here.now(), scope=scope)}
    return answer({"rows": [duplicate_body(one, rows[one.event_id]) for one in found if one.event_id in rows]})


def duplicate_body(one: Duplicate, row: QueueRow) -> dict[str, Any]:
    """Return a report that is like another, side by side with what of it is alike."""
    values = one.values
    return {
        "id": str(one.event_id),
        "number": values["number"],
        "seq": row.seq,
        "kind": values["kind"],
        "words": short(values["words"]),
        "address": mask_text(values["address"]),
        "reported_at": instant(values["reported_at"]),
        "point_lonlat": None if one.point_lonlat is None else list(one.point_lonlat),
        "distance_m": None if one.distance_m is None else round(one.distance_m, 1),
        "minutes_apart": round(one.minutes_apart),
        "score": one.likeness.score,
        "reasons": [_reason(reason, one) for reason in one.likeness.reasons],
        "state": of_enum(EventState(values["state"])),
        "open": EventState(values["state"]).is_open,
        "parent": str(row.parent[0]) if row.parent else None,
        "light": row.light.value,
    }


def _reason(reason: Reason, one: Duplicate) -> str:
    if reason is Reason.NEAR:
        return say("{metres:.0f} m away", metres=one.distance_m)
    if reason is Reason.SOON:
        return _apart(one.minutes_apart)
    if reason is Reason.WORDS:
        return say("words alike to {percent:.0f} %", percent=100 * one.likeness.words)
    return say("the same kind") if reason is Reason.KIND else say("a like address")


def _apart(minutes: float) -> str:
    if minutes < 120:
        return say("{minutes:.0f} min apart", minutes=minutes)
    if minutes < 2880:
        return say("{hours:.0f} h apart", hours=minutes / 60)
    return say("{days:.0f} days apart", days=minutes / 1440)
