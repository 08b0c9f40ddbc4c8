"""Places of an OpenStreetMap file: settlements, water, address points, and what has a name and a use.

Keys and values follow the OpenStreetMap wiki (Key:addr:*, Names, Key:place). One thing may be two places: a shop with a house
number is a landmark by its name and an address by its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from geogrid.domain.places import PlaceKind

if TYPE_CHECKING:
    import pandas as pd

SETTLEMENTS = frozenset(
    {"city", "town", "suburb", "quarter", "neighbourhood", "village", "hamlet", "isolated_dwelling", "locality"}
)
WATER_LINES = frozenset({"river", "canal", "stream", "ditch", "drain"})
USES = ("amenity", "shop", "office", "tourism", "leisure", "healthcare", "historic", "public_transport")
STATIONS = frozenset({"station", "halt", "tram_stop", "subway_entrance"})
NO_LANDMARKS = frozenset({"bench", "parking_space", "waste_basket", "vending_machine", "bicycle_parking"})
OTHER_NAMES = ("alt_name", "short_name", "official_name", "loc_name", "int_name")
LANGUAGES = ("zh", "zh-Hans", "zh-Hant", "en", "ru", "fi", "sv", "de", "fr", "es", "ja", "ko", "mn")
COLUMNS = ("code", "name", "kind", "address", "old_names", "other_names")
KEYS = ("place", "waterway", "natural", "addr:housenumber", "railway", "building", *USES)
MOST_NAMES = 20


def more_names(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the former and the other names of a thing, each joined by ``;``, without the name it has."""
    name = tags.get("name", "")
    old = _joined([tags.get("old_name", "")], name)
    keys = (*OTHER_NAMES, *(f"name:{language}" for language in LANGUAGES))
    return {"old_names": old, "other_names": _joined([tags.get(key, "") for key in keys], name)}


def _joined(values: list[str], name: str) -> str:
    parts = (part.strip() for value in values for part in value.split(";"))
    return ";".join([part for part in dict.fromkeys(parts) if part and part != name][:MOST_NAMES])


def places_of(path: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the places of a file (``code name kind address old_names other_names``) and their geometries (WGS 84)."""
    import osmium
    import pandas as pd
    import shapely

    factory = osmium.geom.WKBFactory()
    rows: list[dict[str, str]] = []
    shapes: list[str] = []
    wanted = osmium.filter.KeyFilter(*KEYS)
    for thing in osmium.FileProcessor(path).with_locations().with_areas(wanted).with_filter(wanted):
        found = list(_places(thing, {tag.k: tag.v for tag in thing.tags}))
        wkb = _drawn(thing, factory) if found else None
        if wkb is not None:
            rows += found
            shapes += [wkb] * len(found)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    drawn = np.asarray(shapely.from_wkb(np.array(shapes, dtype=object)), dtype=object)
    inside = (frame["kind"] != PlaceKind.WATER).to_numpy()
    if inside.any():  # a building is where it stands: one point inside
        drawn[inside] = shapely.point_on_surface(drawn[inside])
    return frame, drawn


def _places(thing: Any, tags: dict[str, str]) -> Iterator[dict[str, str]]:
    name, code = tags.get("name", ""), _code(thing)
    row = {"code": code, "name": name, "address": "", **more_names(tags)}
    kind = _kind(thing, tags)
    if kind is not None:
        yield {**row, "kind": kind.value}
    address = _address(tags)
    if address and (thing.is_node() or thing.is_area()):
        yield {**row, "code": f"{code}-a", "name": address, "kind": PlaceKind.ADDRESS.value, "address": address, **more_names({})}


def _kind(thing: Any, tags: dict[str, str]) -> PlaceKind | None:
    if thing.is_way():
        return PlaceKind.WATER if tags.get("waterway") in WATER_LINES else None
    if thing.is_area() and (tags.get("natural") == "water" or tags.get("waterway") == "riverbank"):
        return PlaceKind.WATER
    if "name" not in tags:
        return None
    if tags.get("place") in SETTLEMENTS:
        return PlaceKind.SETTLEMENT if thing.is_node() else None
    used = any(tags.get(key, "no") != "no" and tags[key] not in NO_LANDMARKS for key in USES)
    is_station = tags.get("railway") in STATIONS
    return PlaceKind.LANDMARK if used or is_station or tags.get("building", "no") != "no" else None


def _address(tags: dict[str, str]) -> str:
    """Return street (else place) and number: 12号 where the street is Chinese, 12 else; "" where one is missing."""
    street = tags.get("addr:street") or tags.get("addr:place", "")
    number = tags.get("addr:housenumber", "").strip()
    if not street or not number[:1].isdigit():
        return ""
    if street.isascii() or not any("一" <= character <= "鿿" for character in street):
        return f"{street} {number}"
    return f"{street}{number.removesuffix('号')}号"


def _code(thing: Any) -> str:
    if thing.is_area():
        return f"{'w' if thing.from_way() else 'r'}{thing.orig_id()}"
    return f"{'n' if thing.is_node() else 'w'}{thing.id}"


def _drawn(thing: Any, factory: Any) -> str | None:
    """Return the geometry as WKB; None for what cannot be drawn: the file lacks a node, or a ring does not close."""
    from osmium import InvalidLocationError

    try:
        if thing.is_node():
            return str(factory.create_point(thing))
        return str(factory.create_linestring(thing) if thing.is_way() else factory.create_multipolygon(thing))
    except (RuntimeError, InvalidLocationError):
        return None
