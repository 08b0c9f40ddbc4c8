"""Events as JSON and as GeoJSON (RFC 7946), and assignments in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import url_for

from geogrid.domain.events import Event, Report
from geogrid.domain.grids import Assignment, AssignmentRule
from geogrid.domain.masking import mask_text
from geogrid.domain.places import Datum
from webmap.language import label, say

SURE = 0.8  # below this share of the accuracy disc an assignment is called uncertain


def event_body(event: Event, *, edition: str, names: Mapping[str, str], photos_there: Iterable[str] = ()) -> dict[str, Any]:
    """Return the full form of one event.

    ``edition`` is the name of its assignment's edition, ``names`` those of the codes in it, ``photos_there`` the SHA-256s
    that have come.
    """
    report = event.report
    accuracy_m = report.point.accuracy_m if report.point else None
    assigned = event.assignment
    told = assignment_body(assigned, edition=edition, names=names, accuracy_m=accuracy_m) if assigned else None
    return {
        "id": str(event.id),
        "number": event.number,
        "state": event.state.value,
        "channel": report.channel.value,
        "kind": report.kind.value,
        "text": mask_text(report.words),
        "address": mask_text(report.address),
        "observed_at": instant(report.observed_at),
        "reported_at": instant(event.reported_at),
        "synthetic": report.synthetic,
        "mock_location": report.mock_location,
        "point": _point(event.point_lonlat),
        "reported_point": _reported_point(event),
        "assignment": _with_notes(told, report) if told else None,
        "photos": photo_bodies(event, photos_there),
        "links": event_links(str(event.id)),
    }


def _with_notes(told: dict[str, Any], report: Report) -> dict[str, Any]:
    """Return an assignment's body whose explanation says too what the report itself leaves to be known of its point."""
    notes = []
    if report.mock_location:
        notes.append(say("The device says that its position is simulated (mock location); somebody should confirm."))
    if report.point is not None and report.point.z_dropped:
        notes.append(say("The height (z) of the point was not kept: places are flat here."))
    return {**told, "explanation": [*told["explanation"], *notes]}


def event_links(event_id: str) -> dict[str, str]:
    """Return the addresses of an event: itself, where its photos go, and its place on the map."""
    itself = url_for("api.get_event", event_id=event_id)
    return {"self": itself, "photos": f"{itself}/photos/{{sha256}}", "map": f"/?event={event_id}"}


def photo_bodies(event: Event, photos_there: Iterable[str]) -> list[dict[str, Any]]:
    """Return each promised or received photo with its state: ``pending`` until its bytes are safe, then ``received``."""
    there = set(photos_there)
    wanted = [*event.report.photo_sha256s, *sorted(there - set(event.report.photo_sha256s))]
    return [photo_body(str(event.id), sha256, received=sha256 in there) for sha256 in wanted]


def photo_body(event_id: str, sha256: str, *, received: bool) -> dict[str, Any]:
    """Return what is told of one photo."""
    link = url_for("api.get_photo", event_id=event_id, sha256=sha256)
    return {"sha256": sha256, "state": "received" if received else "pending", "link": link}


def _said(row: Mapping[str, Any]) -> dict[str, str]:
    return {"address": mask_text(row["address"]), "text": mask_text(row["words"])}


def instant(value: datetime) -> str:
    """Return an aware time as ISO 8601 with its offset."""
    return value.isoformat()


def _point(lonlat: tuple[float, float] | None) -> dict[str, Any] | None:
    return None if lonlat is None else {"lon": lonlat[0], "lat": lonlat[1], "datum": Datum.CGCS2000.value}


def _reported_point(event: Event) -> dict[str, Any] | None:
    point = event.report.point
    return None if point is None else {**asdict(point), "datum": point.datum.value}


def feature(event: dict[str, Any]) -> dict[str, Any]:
    """Return the GeoJSON feature of an event's body: its point (WGS 84 and CGCS2000 are one at this accuracy) and the rest."""
    point = event["point"]
    geometry = None if point is None else {"type": "Point", "coordinates": [point["lon"], point["lat"]]}
    properties = {name: value for name, value in event.items() if name not in {"id", "point"}}
    return {"type": "Feature", "id": event["id"], "geometry": geometry, "properties": properties}


def listed_feature(row: dict[str, Any]) -> dict[str, Any]:
    """Return the GeoJSON feature of one row of ``layers.event_pages``: the short form of an event."""
    lonlat = row["point_lonlat"]
    shown = {name: value for name, value in row.items() if name not in {"id", "point_lonlat", "words"}}
    times = {name: instant(value) for name, value in shown.items() if isinstance(value, datetime)}
    return {
        "type": "Feature",
        "id": str(row["id"]),
        "geometry": None if lonlat is None else {"type": "Point", "coordinates": list(lonlat)},
        "properties": {
            **shown,
            **times,
            "address": mask_text(row["address"]),
            "text": mask_text(row["words"]),
            "links": event_links(str(row["id"])),
        },
    }


def assignment_body(
    assignment: Assignment, *, edition: str, names: Mapping[str, str], accuracy_m: float | None = None
) -> dict[str, Any]:
    """Return an assignment with its explanation in the request's language; distances in metres, minutes of travel."""
    return {
        "edition": edition,
        "rule": assignment.rule.value,
        "grid_code": assignment.grid_code,
        "department_codes": list(assignment.department_codes),
        "confidence": round(assignment.confidence, 4),
        "uncertain": assignment.confidence < SURE,
        "candidates": [{"grid_code": c.grid_code, "share": round(c.share, 4)} for c in assignment.candidates],
        "nearest_station": assignment.nearest_station,
        "distance_m": _rounded(assignment.distance_m),
        "home_station": assignment.home_station,
        "station_by_time": assignment.station_by_time,
        "minutes": _rounded(assignment.minutes),
        "nearest_grid_code": assignment.nearest_grid_code,
        "nearest_grid_m": _rounded(assignment.nearest_grid_m, 3),
        "place": _confirmed(assignment),
        "names": dict(names),
        "explanation": explanation(assignment, edition, accuracy_m, names),
    }


def _confirmed(assignment: Assignment) -> dict[str, Any] | None:
    place = assignment.place
    if place is None:
        return None
    lon, lat = place.point_lonlat
    told = {"name": place.name, "point": {"lon": lon, "lat": lat}, "precision": place.precision.value}
    return {**told, "radius_m": place.radius_m, "confidence": place.confidence, "reason": list(place.reason)}


def _by_words(assignment: Assignment) -> list[str]:
    place = assignment.place
    if place is None:
        return []
    values = {"name": place.name, "precision": label(place.precision), "metres": place.radius_m}
    return [say("Placed by words, confirmed by a person: {name} ({precision}, within {metres:.0f} m).", **values)]


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(float(value), digits)


def explanation(assignment: Assignment, edition: str, accuracy_m: float | None, names: Mapping[str, str]) -> list[str]:
    """Return sentences that say which grid, by which rule and edition, how sure, and which stations; by name where known."""
    return [
        _rule_in_words(assignment, names),
        *_by_words(assignment),
        say("Edition of the grids: {edition}.", edition=edition),
        *_doubts(assignment, accuracy_m, names),
        *_stations(assignment, names),
    ]


def _doubts(assignment: Assignment, accuracy_m: float | None, names: Mapping[str, str]) -> list[str]:
    """Return what the position leaves open, and who else may answer for it."""
    found = []
    if accuracy_m is not None and assignment.candidates:
        shares = ", ".join(f"{called(c.grid_code, names)} {percent(c.share)}" for c in assignment.candidates)
        values = {"metres": accuracy_m, "shares": shares}
        found.append(say("The position is good to {metres:.0f} m, so by share of that disc: {shares}.", **values))
    if assignment.grid_code is None or assignment.confidence >= SURE:
        return found
    if assignment.rule is AssignmentRule.OVERLAP:
        return [
            *found,
            say("Uncertain: the grids that overlap here have one claim as good as the other; somebody should confirm."),
        ]
    doubt = "Uncertain: only {share} of the disc lies in this grid; somebody should confirm."
    return [*found, say(doubt, share=percent(assignment.confidence))]


def _stations(assignment: Assignment, names: Mapping[str, str]) -> list[str]:
    found = []
    if assignment.nearest_station is not None and assignment.distance_m is not None:
        values: dict[str, Any] = {"station": called(assignment.nearest_station, names), "metres": assignment.distance_m}
        found.append(say("Nearest station: {station}, {metres:.0f} m in a straight line.", **values))
    if assignment.station_by_time is not None and assignment.minutes is not None:
        values = {"station": called(assignment.station_by_time, names), "minutes": assignment.minutes}
        found.append(say("Soonest reached on the roads: {station}, {minutes:.0f} min.", **values))
    if assignment.home_station is not None:
        home = called(assignment.home_station, names)
        found.append(say("Home station, the point of the village: {station}.", station=home))
    return found


def called(code: str | None, names: Mapping[str, str]) -> str:
    """Return the name of a code with the code behind it: people know names, and two things may share one."""
    if code is None:
        return "-"
    return say("{name} ({code})", name=names[code], code=code) if names.get(code) else code


def percent(share: float) -> str:
    """Return a share in percents with one decimal, cut and never rounded up to what it is not."""
    tenths = math.floor(share * 1000 + 1e-9)
    return "< 0.1 %" if share > 0.0 and tenths == 0 else f"{tenths // 10}.{tenths % 10} %"


_RULES = {
    AssignmentRule.INSIDE: "The point lies inside grid {grid}.",
    AssignmentRule.BORDER: "The point lies on a border between grids: the lowest code has it, {grid}.",
    AssignmentRule.GAP: "The point lies in a gap between grids, {metres:.1f} m from {grid}, the nearest: within the tolerance.",
    AssignmentRule.OVERLAP: "Grids overlap at the point, a fault of the data: the lowest code has it, {grid}.",
}
_UNPLACED = {
    AssignmentRule.GAP: "The point lies in a gap, farther from every grid than the tolerance: somebody has to place it. "
    "Nearest: {grid}, {metres:.1f} m.",
    AssignmentRule.UNLOCATED: "The report came without a position: somebody has to place it.",
    AssignmentRule.OUTSIDE: "The point lies outside the district: somebody has to place it. Nearest: {grid}, {metres:.1f} m.",
}


def _rule_in_words(assignment: Assignment, names: Mapping[str, str]) -> str:
    nearest = {"grid": called(assignment.nearest_grid_code, names), "metres": assignment.nearest_grid_m or 0.0}
    if assignment.grid_code is None:
        return say(_UNPLACED.get(assignment.rule, "{rule}"), rule=label(assignment.rule), **nearest)
    values = {**nearest, "grid": called(assignment.grid_code, names)}
    return say(_RULES.get(assignment.rule, "{rule}"), rule=label(assignment.rule), **values)
