"""``/unplaced``: the queue of open events that no grid covers, each with the places that its words could mean.

A person confirms one of them with a key or a tap, or names a grid by hand. The candidates are asked for by the page, row by
row as it comes into view: the first look-up after a start compiles the gazetteer, and the queue must not wait for that.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, render_template

from geogrid.domain.events import Channel, EventKind
from geogrid.domain.grids import AssignmentRule
from geogrid.domain.masking import mask_text
from geogrid.domain.places import PlacePrecision
from layers.event_pages import EventFilter, count_unplaced, read_page
from layers.synthetic import holds_synthetic
from webmap.cards import distance_text
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import mark
from webmap.officer import MAP_CSS, MAP_JS, TILES, TILES_JS
from webmap.reading import current_scope, reading
from webmap.roles import READERS, roles
from webmap.static_files import FOLDER

blueprint = Blueprint("unplaced", __name__)

MOST_SHOWN = 200

# What the page's script says.
WORDS = {
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "placed": "Placed in {grid}",
    "offline": "No connection. Nothing was changed; try again.",
    "need_grid": "Write the code of a grid.",
    "finding": "Looking for the places that the words could mean …",
    "none": "The words name no place that is known here. Name a grid by hand.",
    "not_found": "The places could not be looked up.",
    "again": "Try again",
    "candidate": "{precision}, within {metres} m · {percent} % sure",
    "below": "below {percent} %: please check",
    "confirm": "Confirm",
    "confirmed": "Placed in {grid}: {name}",
    "comma": ", ",
}
MOST_CANDIDATES = 5
LONGEST_SAID = 500  # characters of a report that are looked at for a place


@blueprint.get("/unplaced")
@roles(READERS)
def queue() -> str:
    """Send the queue, the newest first."""
    here = installation()
    with reading() as session:
        rows, more = read_page(session, EventFilter(grid_code="", is_open=True), scope=current_scope(), limit=MOST_SHOWN)
        total = count_unplaced(session)
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    words = {name: say(message) for name, message in WORDS.items()}
    has_map = (FOLDER / MAP_JS).is_file()
    return render_template(
        "unplaced.html",
        rows=[_shown(row) for row in rows],
        total=total,
        more=more is not None,
        synthetic=synthetic,
        config=_config(words),
        has_map=has_map,
        map_js=MAP_JS,
        map_css=MAP_CSS,
        tiles_js=TILES_JS if (FOLDER / TILES_JS).is_file() else "",
    )


def _config(words: dict[str, str]) -> dict[str, Any]:
    profile = installation().district.profile
    return {
        "language": current_language(),
        "mark": mark(),
        "words": words,
        "most": MOST_CANDIDATES,
        "least": profile.words_confidence,
        "centre": profile.centre_lonlat,
        "tiles": TILES,
        "precisions": {one.value: label(one) for one in PlacePrecision},
    }


@blueprint.get("/unplaced/count")
@roles(READERS)
def count() -> Response:
    """Send how many wait: the map asks again when something has happened."""
    with reading() as session:
        return jsonify({"count": count_unplaced(session)})


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "number": row["number"],
        "kind": label(EventKind(row["kind"])),
        "channel": label(Channel(row["channel"])),
        "words": mask_text(row["words"]),
        "address": mask_text(row["address"]),
        "said": mask_text((row["address"] or row["words"])[:LONGEST_SAID]),
        "reported": _local(row["reported_at"]),
        "why": label(AssignmentRule(row["rule"])),
        "nearest": row["nearest_grid_code"] or "",
        "distance": "" if row["nearest_grid_m"] is None else distance_text(row["nearest_grid_m"]),
        "located": row["point_lonlat"] is not None,
    }


def _local(at: datetime) -> str:
    return at.astimezone(ZoneInfo(installation().district.profile.timezone)).strftime("%m-%d %H:%M")
