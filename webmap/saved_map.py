"""One self-contained page of the map: for a report or a notebook, opened from a file, asking nobody for anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.domain.profiles import Profile
from geogrid.store.editions import find_in_force
from layers.cards import grid_facts
from layers.catalog import layer_named
from layers.events import all_points
from layers.extent import district_extent
from layers.formats import geojson, geojson_names
from layers.synthetic import holds_synthetic
from layers.view import View
from webmap.bundles import bundle
from webmap.folium_map import single_page
from webmap.map_frame import chrome, described_layers, district_name, map_frame

DRAWN = ("district", "water", "roads", "base_grids", "townships", "places", "stations")
NAMED = ("base_grids", "townships", "water")
DRAWN_FOR_ZOOM = 14  # of the copies of areas, and of the classes of roads
DIGITS = 5  # about a metre
MOST_EVENTS = 100_000
AROUND_DEG = 0.05


def saved_map(session: Session, profile: Profile, language: str, *, now: datetime) -> str:
    """Return the page as HTML: grids, stations, events (the latest ``MOST_EVENTS``), names, legend, and the ribbon.

    Parameters
    ----------
    now : said on the page, in the district's zone
    """
    bounds = district_extent(session, profile.centre_lonlat)
    edition = find_in_force(session)
    markup = chrome(
        language,
        name=district_name(profile, language),
        edition=edition.name if edition else "",
        synthetic=profile.synthetic or holds_synthetic(session),
        searchable=False,
        live=False,
        saved_at=now.astimezone(ZoneInfo(profile.timezone)).strftime("%Y-%m-%d %H:%M"),
    )
    layers = described_layers(session, language, on_demand=False)
    frame = map_frame(profile, language, bounds=bounds, markup=markup, layers=layers, config={"inline": _data(session, bounds)})
    scripts = {"vendor_js": bundle("vendor.js").text, "map_js": bundle("map.js").text, "map_css": bundle("map.css").text}
    return single_page(frame, **scripts)


def _data(session: Session, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    west, south, east, north = bounds
    view = View((west - AROUND_DEG, south - AROUND_DEG, east + AROUND_DEG, north + AROUND_DEG), DRAWN_FOR_ZOOM)
    drawn = {name: geojson(session, layer_named(name), view, digits=DIGITS) for name in DRAWN}
    facts = grid_facts(session)
    for feature in drawn["base_grids"]["features"]:
        feature["properties"] |= facts.get(feature["id"], {})
    names = {f"{name}-label": geojson_names(session, layer_named(name), view, digits=DIGITS) for name in NAMED}
    return {"layers": drawn | names, "events": all_points(session, most=MOST_EVENTS)}
