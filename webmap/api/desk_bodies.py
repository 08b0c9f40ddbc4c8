"""Rows of the desk as JSON: in the reader's language, free text masked, every code with its title."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geogrid.domain.conditions import Complexity
from geogrid.domain.events import Channel, EventKind, EventState
from geogrid.domain.grids import Department
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.masking import mask_text
from geogrid.domain.programmes import PartyKind, Programme
from geogrid.errors import GeogridError
from layers.desk_names import Names
from layers.queue_rows import QueueRow
from webmap.api.bodies import instant
from webmap.installation import installation
from webmap.language import current_language, label
from webmap.staff_names import staff_name

MOST_WORDS = 120
Coded = dict[str, str]


def row_body(row: QueueRow, names: Names) -> dict[str, Any]:
    """Return a row of the queue as ``docs/guides/desk.md`` describes it."""
    values, programme = row.values, programme_of(row)
    return {
        "id": str(row.event_id),
        "number": values["number"],
        "seq": row.seq,
        "kind": of_enum(EventKind(values["kind"])),
        "category": titled(programme, "categories", values["category"]),
        "channel": _channel(programme, values["channel"]),
        "state": state_body(row, programme),
        "stage": values["stage"],
        "level": titled(programme, "levels", values["level"]),
        "handling": titled(programme, "handling_types", values["handling"]),
        "complexity": of_enum(Complexity(values["complexity"])) if values["complexity"] else None,
        "light": row.light.value,
        "clock": _clock(row, programme),
        "owner": party_body(values["owner"], names),
        "lead": party_body(values["lead"], names),
        **_place(row, names),
        "words": short(values["words"]),
        "reported_at": instant(values["reported_at"]),
        "closed_at": None if values["closed_at"] is None else instant(values["closed_at"]),
        **_marks(row),
    }


def _place(row: QueueRow, names: Names) -> dict[str, Any]:
    values = row.values
    found: dict[str, Any] = {}
    for name in ("township", "village", "grid"):
        found |= {f"{name}_code": values[f"{name}_code"], name: names.of(values[f"{name}_code"])}
    place = mask_text(values["address"]) or found["village"]
    return {**found, "place": place, "point_lonlat": None if row.point_lonlat is None else list(row.point_lonlat)}


def _marks(row: QueueRow) -> dict[str, Any]:
    values = row.values
    return {
        "unplaced": values["grid_code"] is None,
        "border": row.is_border,
        "danger": bool(dangers(row)),
        "supervised": bool(values["supervised"]),
        "urged": values["urged"] or 0,
        "bounces": values["bounces"] or 0,
        "key_listed": bool(values["key_listed"]),
        "parent": {"id": str(row.parent[0]), "number": row.parent[1]} if row.parent else None,
        "children": row.children,
        "synthetic": values["synthetic"],
    }


def dangers(row: QueueRow) -> tuple[str, ...]:
    """Return what of a matter means danger to life."""
    values = row.values
    return installation().district.danger.found(values["words"], values["programme"] or "", values["category"] or "")


def programme_of(row: QueueRow) -> Programme | None:
    """Return the programme of a row, None for an event that has none, or whose rules are not kept."""
    return programme_named(row.values["programme"], row.values["programme_version"])


def programme_named(code: str | None, version: int | None) -> Programme | None:
    """Return the programme of this code and version, None where none is named or its rules are not kept."""
    if code is None or version is None:
        return None
    try:
        return installation().district.programmes.of(code, version)
    except GeogridError:
        return None


def state_body(row: QueueRow, programme: Programme | None) -> Coded:
    """Return the state of a matter as its programme calls it; that of the event where it has none."""
    code = row.values["state"]
    if programme is None or code is None:
        return of_enum(EventState(row.values["stage"]))
    return {"code": code, "title": programme.state(code).title.text(current_language())}


def of_enum(member: LabelledEnum) -> Coded:
    """Return code and title of an enum's member."""
    return {"code": member.value, "title": label(member)}


def titled(programme: Programme | None, of: str, code: str | None) -> Coded | None:
    """Return code and title of what a programme has under this code; None where the matter has none."""
    if not code:
        return None
    found = next((one for one in getattr(programme, of, ()) if one.code == code), None)
    return {"code": code, "title": found.title.text(current_language()) if found else code}


def _channel(programme: Programme | None, code: str) -> Coded:
    found = titled(programme, "channels", code)
    return of_enum(Channel(code)) if found is None or found["title"] == code else found


def _clock(row: QueueRow, programme: Programme | None) -> dict[str, Any] | None:
    if row.clock is None:
        return None
    code, due_at, paused, late, provisional = row.clock
    title = programme.clock(code).title.text(current_language()) if programme and code in programme.by_code["clocks"] else code
    return {"code": code, "title": title, "due_at": instant(due_at), "paused": paused, "late": late, "provisional": provisional}


def party_body(party: str | None, names: Names) -> dict[str, str] | None:
    """Return a party with what it is called: a department by its label, a colleague by ``staff_name``, others by name or code."""
    if not party:
        return None
    kind, _, code = party.partition(":")
    if kind == PartyKind.DEPARTMENT and code in Department.codes():
        return {"party": party, "title": label(Department(code))}
    if kind == PartyKind.PERSON:
        return {"party": party, "title": staff_name(names.people.get(code, "")) or label(PartyKind.PERSON)}
    return {"party": party, "title": names.of(code)}


def short(words: str) -> str:
    """Return words masked and cut: masked first, so that no number is cut into one that is not known as such."""
    masked = mask_text(words)
    return masked if len(masked) <= MOST_WORDS else masked[: MOST_WORDS - 1] + "…"


def moment(value: datetime | None) -> str | None:
    """Return an instant as text, None where there is none."""
    return None if value is None else instant(value)
