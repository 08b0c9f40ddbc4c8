"""What stands around a map and what its modules are told: the same for the served page and for the saved one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader
from sqlalchemy.orm import Session

from geogrid.domain.profiles import Profile
from geogrid.texts import languages, translate
from layers.catalog import CATALOG, set_on_demand
from layers.service_circles import notes as circle_notes
from layers.uncovered import notes as uncovered_notes
from webmap.folium_map import Frame
from webmap.map_words import map_words
from webmap.navigation import in_line, is_here
from webmap.tiles import FIRST_ZOOM, LAST_ZOOM

Box = tuple[float, float, float, float]
NOTES_BY_CHOICE = {"service_circles": circle_notes, "uncovered": uncovered_notes}


def chrome(language: str, **values: Any) -> str:
    """Return the page's own HTML (panel, search, ribbon) in ``language``; every value is escaped."""
    templates = Environment(loader=PackageLoader("webmap"), autoescape=True)
    templates.globals.update(own_links=lambda: values.get("links", ()), in_line=in_line, is_here=is_here)
    return templates.get_template("map.html").render(
        say=lambda message: translate(message, language), language=language, languages=languages(), **values
    )


def district_name(profile: Profile, language: str) -> str:
    """Return the district's name in ``language``."""
    return profile.name if language == "zh" else profile.name_en


def described_layers(session: Session, language: str, *, on_demand: bool = True) -> list[dict[str, Any]]:
    """Return the layers as the map's modules take them; without ``on_demand`` only those of the first view."""
    layers = [layer for layer in CATALOG if on_demand or set_on_demand(layer) is None]
    described = [{**layer.described(language), "set": set_on_demand(layer)} for layer in layers]
    for layer in described:
        if on_demand and layer["name"] in NOTES_BY_CHOICE:
            layer["notesBy"] = NOTES_BY_CHOICE[layer["name"]](session, language)
    return described


def map_frame(
    profile: Profile, language: str, *, bounds: Box, markup: str, layers: list[dict[str, Any]], config: Mapping[str, Any]
) -> Frame:
    """Return the frame of a map page of the district; ``config`` are the lines that differ between the two kinds of page."""
    told = {
        "language": language,
        "words": map_words(language),
        "bounds": [round(side, 5) for side in bounds],
        "firstZoom": FIRST_ZOOM,
        "lastZoom": LAST_ZOOM,
        "layers": layers,
        **config,
    }
    name = district_name(profile, language)
    return Frame(f"{name} · geogrid", language, bounds, markup, told, FIRST_ZOOM, LAST_ZOOM)
