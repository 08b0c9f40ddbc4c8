"""Enterprises, visits and the plan as pages and the API show them: words in the reader's language, texts masked."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.actions.enterprises import place_all, read_rules
from geogrid.domain.enterprises import DueVisit, EnterpriseRules
from geogrid.domain.masking import mask_text
from geogrid.domain.programmes import Party, PartyKind
from geogrid.store import editions
from geogrid.store.enterprises import Enterprise, StoredVisit
from geogrid.store.session import session_scope
from geogrid.store.tables.enterprises import enterprises
from layers.enterprises import EnterpriseEvent, EnterpriseFilter, ListedEnterprise
from layers.visit_plan import DayPlan
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.matter_rows import party_words
from webmap.staff_names import staff_name

LONGEST = 60
KEY_LISTED = "key_listed"
BETWEEN_NAMES = re.compile(r"\s*[、,，;；/\s]\s*")


def rules() -> EnterpriseRules:
    """Return the classes of enterprises and how often each is visited."""
    return read_rules(installation().settings.data_dir)


def local_now() -> datetime:
    """Return the platform's time in the district."""
    here = installation()
    return here.now().astimezone(ZoneInfo(here.district.profile.timezone))


def placed() -> None:
    """Place the enterprises that were not placed under the edition in force yet: after a load, or a new edition."""
    here = installation()
    with session_scope(here.engine) as session:
        edition = editions.find_in_force(session)
        elsewhere = enterprises.c.edition_id.is_distinct_from(edition.id if edition else None)
        if edition and session.scalar(select(enterprises.c.id).where(elsewhere).limit(1)) is not None:
            place_all(session, district=here.district)


def chosen(values: Any) -> EnterpriseFilter:
    """Return the filter that a query names."""
    fields = {"class_code": "class", "township": "township", "grid": "grid", "text": "q", "after": "after"}
    told = {ours: (values.get(theirs) or "").strip()[:LONGEST] for ours, theirs in fields.items()}
    return EnterpriseFilter(**told, key_listed=values.get("only") == KEY_LISTED)


def class_title(code: str) -> str:
    """Return what a class is called; its code where the file has none of that name."""
    found = rules().of(code)
    return found.title.text(current_language()) if found else code


def body_words(body: str, names: dict[str, str]) -> str:
    """Return whose visit it was: a department, a unit, a team."""
    kind, _, code = body.partition(":")
    return party_words(Party(PartyKind(kind), code), names) if kind in PartyKind.codes() else body


def enterprise_body(one: Enterprise, names: dict[str, str]) -> dict[str, Any]:
    """Return an enterprise."""
    return {
        "id": str(one.id),
        "code": one.code,
        "name": one.name,
        "class": {"code": one.class_code, "title": class_title(one.class_code)},
        "address": mask_text(one.address),
        "point_lonlat": list(one.point_lonlat),
        "grid_code": one.grid_code,
        "village": names.get(one.village_code or "", ""),
        "township_code": one.township_code,
        "township": names.get(one.township_code or "", ""),
        "synthetic": one.synthetic,
    }


def listed_body(one: ListedEnterprise, names: dict[str, str]) -> dict[str, Any]:
    """Return an enterprise of a list with its figures."""
    figures = {name: getattr(one, name) for name in ("visits", "problems", "solved", "disputes", "key_listed")}
    return {**enterprise_body(one.enterprise, names), "last_visit": one.last_on and one.last_on.isoformat(), **figures}


def visit_body(one: StoredVisit, names: dict[str, str]) -> dict[str, Any]:
    """Return a visit; what was written is masked."""
    told = {"id": one.id, "kind": {"code": one.kind.value, "title": label(one.kind)}, "date": one.on_date.isoformat()}
    body = {"code": one.body, "title": body_words(one.body, names)}
    return {**told, "body": body, "visitors": _visitors(one.visitors), "seen": mask_text(one.seen)}


def _visitors(written: str) -> str:
    """Return who came, each name as the reader may read a colleague's."""
    names = [name for name in BETWEEN_NAMES.split(mask_text(written)) if name]
    return say(", ").join(staff_name(name) for name in names)


def event_body(one: EnterpriseEvent) -> dict[str, Any]:
    """Return an event of an enterprise with its milestones."""
    steps = [
        {"title": mask_text(m.title), "due_on": m.due_on.isoformat(), "done_at": m.done_at and m.done_at.isoformat()}
        for m in one.milestones
    ]
    return {
        "id": str(one.event_id),
        "number": one.number,
        "kind": {"code": one.kind.value, "title": label(one.kind)},
        "handling": {"code": one.handling.value, "title": label(one.handling)} if one.handling else None,
        "words": mask_text(one.words),
        "state": {"code": one.state.value, "title": label(one.state)},
        "reported_at": one.reported_at.isoformat(),
        "closed_at": one.closed_at.isoformat() if one.closed_at else None,
        "key_listed": one.key_listed,
        "outcome": mask_text(one.outcome),
        "milestones": steps,
    }


def due_body(one: DueVisit, names: dict[str, str]) -> dict[str, Any]:
    """Return somebody who is due for a visit."""
    return {
        "id": str(one.enterprise_id),
        "name": one.name,
        "class": {"code": one.class_code, "title": class_title(one.class_code)},
        "grid_code": one.grid_code,
        "township": names.get(one.township_code or "", ""),
        "point_lonlat": list(one.point_lonlat),
        "last_visit": one.last_on and one.last_on.isoformat(),
        "due_on": one.due_on and one.due_on.isoformat(),
        "days_over": one.days_over,
    }


def plan_body(plan: DayPlan, names: dict[str, str]) -> dict[str, Any]:
    """Return the plan: who is due, and the day's round with the minutes of each way."""
    legs = [round(minutes, 1) for minutes in plan.leg_minutes]
    stops = [{**due_body(one, names), "minutes": legs[i], "by_road": plan.by_road[i]} for i, one in enumerate(plan.stops)]
    start = {"name": plan.start, "point_lonlat": list(plan.start_lonlat)} if plan.start_lonlat else None
    return {
        "day": plan.day.isoformat(),
        "days": [{"day": one.day.isoformat(), "visits": len(one.stops), "due": len(one.pressing)} for one in plan.days],
        "total": plan.total,
        "due": [due_body(one, names) for one in plan.pressing],
        "start": start,
        "stops": stops,
        "back_minutes": legs[-1] if legs else None,
        "minutes": round(sum(plan.leg_minutes), 1),
        "is_exact": plan.is_exact,
    }


def unit_names_of(session: Session) -> dict[str, str]:
    """Return the names of the units in force."""
    from layers.unit_names import unit_names

    return unit_names(session)
