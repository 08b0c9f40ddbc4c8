"""Cards of grids, stations and events in the reader's language: labels and values as plain text, never as markup."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from geogrid.domain.grids import Assignment
from geogrid.domain.labelled import LabelledEnum
from layers.cards import Card
from layers.catalog import layer_named
from layers.layer import PopupField
from webmap.api.bodies import percent
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.matter_rows import matter_rows
from webmap.opening_hours import hours_text

TYPES = {
    "unit": "Unit",
    "grid": "Base grid",
    "station": "Station",
    "department_grid": "Department grid",
    "place": "Place",
    "event": "Event",
}
MOST_CANDIDATES = 4
METRES_PER_KM = 1000


def type_label(type_name: str) -> str:
    """Return what a thing found is called."""
    return say(TYPES[type_name])


def card_body(card: Card, type_name: str) -> dict[str, Any]:
    """Return a card as the map's module takes it: ``kind``, ``title``, ``rows`` of label and value, ``notes``, ``bbox``."""
    layer = layer_named(card.layer)
    rows = [{"label": say(field.label), "value": text} for field in layer.popup if (text := shown(field, card.values))]
    if card.matter is not None:
        rows += matter_rows(card.matter, card.names, installation().district.profile.timezone)
    rows += _placing(card, card.assignment) if card.assignment else []
    kind = type_label("department_grid" if card.layer == "department_grids" else type_name)
    links = [{"title": say(title), "href": href} for title, href in _links(card)]
    return {"kind": kind, "title": card.title, "rows": rows, "notes": [], "bbox": card.bbox, "links": links}


def _links(card: Card) -> list[tuple[str, str]]:
    """Return where more of a card's thing stands: of an event its own page."""
    return [("The event's own page", f"/events/{card.title}")] if card.layer == "events" else []


def shown(field: PopupField, values: dict[str, Any]) -> str:
    """Return the value of a field as text: codes of enums in words, times in the district's zone; empty where there is none."""
    value = values.get(field.prop)
    if value is None or value == "":
        return ""
    if isinstance(value, list | tuple):
        return say(", ").join(_word(field.kind, str(one)) for one in value)
    if field.kind is not None:
        return _word(field.kind, str(value))
    if isinstance(value, datetime):
        zone = ZoneInfo(installation().district.profile.timezone)
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if field.prop == "hours":
        return hours_text(str(value), current_language())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _word(kind: type[LabelledEnum] | None, value: str) -> str:
    """Return the word for a code; what no enum knows, such as a trade that somebody loaded, stands as it is."""
    return label(kind(value)) if kind is not None and value in kind.codes() else value


def distance_text(metres: float) -> str:
    """Return a length as people say it: metres up to a kilometre, then kilometres."""
    if metres < METRES_PER_KM:
        return say("{n} m", n=f"{metres:,.0f}")
    digits = 1 if metres < 10 * METRES_PER_KM else 0
    return say("{n} km", n=f"{metres / METRES_PER_KM:,.{digits}f}")


def _placing(card: Card, assignment: Assignment) -> list[dict[str, str]]:
    """Return how the event got its grid and stations: names first, for people; codes beside them, for programs."""

    def named(code: str) -> str:
        return f"{card.names[code]} ({code})" if code in card.names else code

    grid = assignment.grid_code or assignment.nearest_grid_code
    rows = [
        (say("Grid") if assignment.grid_code else say("Unplaced, nearest grid"), named(grid) if grid else "—"),
        (say("How it was placed"), label(assignment.rule)),
        (say("Certainty"), percent(assignment.confidence)),
    ]
    if len(assignment.candidates) > 1:
        shares = [f"{named(one.grid_code)} {percent(one.share)}" for one in assignment.candidates[:MOST_CANDIDATES]]
        rows.append((say("Candidates"), "\n".join(shares)))
    if assignment.nearest_station:
        distance = f" · {distance_text(assignment.distance_m)}" if assignment.distance_m is not None else ""
        rows.append((say("Nearest station"), f"{named(assignment.nearest_station)}{distance}"))
    if assignment.home_station:
        rows.append((say("Home station"), named(assignment.home_station)))
    rows.append((say("Edition"), card.edition))
    return [{"label": name, "value": value} for name, value in rows]
