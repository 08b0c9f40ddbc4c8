"""What a card says of an event's matter: where it stands in its programme, who answers for it, and how its time runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from geogrid.domain.clocks import Audience, Light
from geogrid.domain.grids import Department
from geogrid.domain.programmes import Party, PartyKind
from geogrid.store.matter_views import ClockView, MatterView
from webmap.language import current_language, label, say

# A light is a colour to nobody who sees none: each has its shape, and its word beside it.
SHAPES = {Light.GREEN: "●", Light.AMBER: "▲", Light.RED: "■", Light.GREY: "○"}


def matter_rows(view: MatterView, names: Mapping[str, str], timezone: str) -> list[dict[str, str]]:
    """Return label and value of what a matter says; ``names`` are those of units and stations by code.

    A row whose value begins with the shape of a light names its colour as ``light``.
    """
    matter, language = view.matter, current_language()
    rows = [
        (say("Progress"), view.programme.state(matter.state).title.text(language)),
        (say("Answers for it"), party_words(matter.owner, names)),
    ]
    if matter.first_owner != matter.owner:
        rows.append((say("Was asked first"), party_words(matter.first_owner, names)))
    if matter.lead is not None and matter.lead != matter.owner:
        rows.append((say("Leads"), party_words(matter.lead, names)))
    told = [{"label": name, "value": value} for name, value in rows]
    urgent = view.urgent()
    if urgent is not None:
        light = urgent.lights[Audience.STAFF].value
        told.append({"label": say("Time limit"), "value": clock_words(urgent, timezone), "light": light})
    return told


def party_words(party: Party, names: Mapping[str, str]) -> str:
    """Return who is meant: the name of a unit, station or department, never a person's."""
    if party.kind is PartyKind.DEPARTMENT and party.code in Department.codes():
        return label(Department(party.code))
    if party.kind is PartyKind.PERSON:
        return label(party.kind)
    named = names.get(party.code)
    return f"{named} ({party.code})" if named else f"{label(party.kind)} {party.code}"


def clock_words(view: ClockView, timezone: str) -> str:
    """Return the light as shape and word, whose limit it is, and when it ends; no end while it stands still."""
    light = view.lights[Audience.STAFF]
    told = f"{SHAPES[light]} {label(light)} · {view.rule.title.text(current_language())}"
    if view.reading.paused:
        return told
    told += f" · {_local(view.reading.due_at, timezone)}"
    return f"{told} ({say('provisional: holidays not published yet')})" if view.reading.provisional else told


def _local(at: datetime, timezone: str) -> str:
    return at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")
