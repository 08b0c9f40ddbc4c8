"""Cards of grids, stations and events in the reader's language: labels and values as plain text, never as markup."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from geogrid.domain.grids import AssignmentRule
from geogrid.domain.labelled import LabelledEnum
from layers.cards import Card
from layers.catalog import layer_named
from layers.layer import PopupField
from webmap.installation import installation
from webmap.language import label, say

TYPES = {
    "unit": "Unit",
    "grid": "Base grid",
    "station": "Station",
    "department_grid": "Department grid",
    "place": "Place",
    "event": "Event",
}
UNSURE_BELOW = 0.995


def type_label(type_name: str) -> str:
    """Return what a thing found is called."""
    return say(TYPES[type_name])


def card_body(card: Card, type_name: str) -> dict[str, Any]:
    """Return a card as the map's module takes it: ``kind``, ``title``, ``rows`` of label and value, ``notes``, ``bbox``."""
    layer = layer_named(card.layer)
    rows = [{"label": say(field.label), "value": text} for field in layer.popup if (text := shown(field, card.values))]
    rows += _placing(card.assignment) if card.assignment else []
    kind = type_label("department_grid" if card.layer == "department_grids" else type_name)
    return {"kind": kind, "title": card.title, "rows": rows, "notes": [], "bbox": card.bbox}


def shown(field: PopupField, values: dict[str, Any]) -> str:
    """Return the value of a field as text: codes of enums in words, times in the district's zone; empty where there is none."""
    value = values.get(field.prop)
    if value is None or value == "":
        return ""
    if field.kind is not None:
        return label(_member(field.kind, str(value)))
    if isinstance(value, datetime):
        zone = ZoneInfo(installation().district.profile.timezone)
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    return f"{value:,}" if isinstance(value, int) else str(value)


def _member(kind: type[LabelledEnum], value: str) -> LabelledEnum:
    return kind(value)


def _placing(assignment: dict[str, Any]) -> list[dict[str, str]]:
    """Return how the event got its grid and station."""
    grid = assignment["grid_code"] or assignment["nearest_grid_code"]
    rows = [
        (say("Grid") if assignment["grid_code"] else say("Unplaced, nearest grid"), grid or "—"),
        (say("How it was placed"), label(AssignmentRule(assignment["rule"]))),
    ]
    if assignment["confidence"] < UNSURE_BELOW:
        shares = [f"{code} {int(share * 100)} %" for code, share in assignment["candidates"][:4]]
        rows.append((say("Candidates"), "\n".join(shares)))
    if assignment["nearest_station"]:
        distance = f" · {assignment['distance_m']:,.0f} m" if assignment["distance_m"] is not None else ""
        rows.append((say("Nearest station"), f"{assignment['nearest_station']}{distance}"))
    if assignment["home_station"]:
        rows.append((say("Home station"), assignment["home_station"]))
    return [{"label": name, "value": value} for name, value in rows]
