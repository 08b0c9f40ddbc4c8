"""``/officer``: report an event from a phone.

The page holds no data of the district. It sends with the token of its link's fragment, which no server ever sees, and
keeps what is typed on the phone until it is delivered.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from geogrid.domain.events import EventKind
from webmap.follow import follow_address, follow_qr
from webmap.installation import installation
from webmap.language import current_language, say
from webmap.login import caller_if_reachable
from webmap.roles import PUBLIC, roles
from webmap.signed_in import signed_in
from webmap.static_files import FOLDER

blueprint = Blueprint("officer", __name__)

MAP_JS, MAP_CSS = "vendor/leaflet/dist/leaflet.js", "vendor/leaflet/dist/leaflet.css"
TILES_JS = "vendor/leaflet.vectorgrid/dist/Leaflet.VectorGrid.bundled.min.js"
TILES = "/tiles/base/{z}/{x}/{y}.mvt"

# What the page's script says.
WORDS = {
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "about": "About {distance}",
    "metres": "{n} m",
    "kilometres": "{n} km",
    "comma": ", ",
    "good": "good",
    "fair": "fair",
    "poor": "poor",
    "vague": "{fix}. The position is vague: tap your place on the map.",
    "pinned": "Place chosen on the map",
    "finding": "Finding your position …",
    "denied": "Position not allowed. Tap your place on the map, or allow it in the browser's settings and locate again.",
    "unavailable": "No position yet. Go outdoors and locate again, or tap your place on the map.",
    "no_map": "The map is not installed here; only the phone's position can be used.",
    "grid": "Grid {grid}",
    "station": "Station {station}, {distance}",
    "may_be": "It could also be: {candidates}",
    "outside": "Outside the district: somebody will place it. Nearest grid: {grid}, {distance}",
    "offline": "No connection. What you typed is kept here; send again when there is one.",
    "need_place": "Choose the place first: wait for a position or tap the map.",
    "need_kind": "Choose what it is.",
    "need_words": "Say it in words or take a photo.",
    "no_token": "Log in first, or open this page from the link that set-up printed: without it nothing can be sent.",
    "session_over": "Your session is over. Log in again in another tab, then send: what you typed is kept.",
    "bad_token": "The permission of this link is not valid any more. Open the page from a new link.",
    "sending": "Sending …",
    "waiting": "To be sent: 1",
    "attention": "Needs attention",
    "saved": "Kept on this phone",
    "not_saved": "This phone has no room left: what you type is lost when the page closes.",
    "busy": "The service is busy. What you typed is kept; send again in a moment.",
    "photo_bad": "This file is no picture that can be read. Take another.",
    "photo_most": "At most {most} photos.",
    "photo_waiting": "The report is delivered; its photos are not yet.",
    "photo_kb": "{kb} kB",
    "remove": "Remove this photo",
    "changed": "The unchanged report arrived before, as number {number}. Send again to deliver the changed one as a new report.",
    "label_grid": "Grid",
    "label_station": "Nearest station",
    "label_home": "Home station",
    "label_sure": "Certainty",
    "label_candidates": "Candidates",
    "unplaced": "to be placed",
    "number_waits": "as soon as it is delivered",
    "code_ended": "The code of this report is not valid: another was given since. A window or the hotline gives a new one.",
}


@blueprint.get("/officer")
@roles(PUBLIC)
def page() -> str:
    """Return the page."""
    has_map = (FOLDER / MAP_JS).is_file()
    caller_if_reachable()
    return render_template(
        "officer.html",
        kinds=list(EventKind),
        synthetic=installation().district.profile.synthetic,
        config=_config(),
        follow_address=follow_address(""),
        has_map=has_map,
        map_js=MAP_JS,
        map_css=MAP_CSS,
        tiles_js=TILES_JS if (FOLDER / TILES_JS).is_file() else "",
    )


def _config() -> dict[str, Any]:
    here = installation()
    return {
        "language": current_language(),
        "mark": found.mark if (found := signed_in()) else "",
        "now": here.now().isoformat(),
        "centre": here.district.profile.centre_lonlat,
        "tiles": TILES,
        "follow_qr": follow_qr(""),
        "words": {name: say(message) for name, message in WORDS.items()},
    }
