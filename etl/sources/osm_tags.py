"""What OpenStreetMap's tags of a way say about travel: by whom, how fast, in which direction.

Key and value meanings follow the OpenStreetMap wiki (Key:highway, Key:access, Key:oneway, Key:maxspeed). Speeds are those
assumed for driving where a way states none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

KMH_PER_MPH = 1.609344
WALKING_PACE_KMH = 5.0
SLOWEST_KMH, FASTEST_KMH = 5.0, 130.0


@dataclass(frozen=True)
class RoadClass:
    """What a value of ``highway`` means where no other tag says otherwise."""

    walk: bool
    ebike: bool
    car: bool
    speed_car_kmh: float


CLASSES: dict[str, RoadClass] = {
    "motorway": RoadClass(False, False, True, 100.0),
    "motorway_link": RoadClass(False, False, True, 60.0),
    "trunk": RoadClass(True, True, True, 80.0),
    "trunk_link": RoadClass(True, True, True, 50.0),
    "primary": RoadClass(True, True, True, 60.0),
    "primary_link": RoadClass(True, True, True, 40.0),
    "secondary": RoadClass(True, True, True, 50.0),
    "secondary_link": RoadClass(True, True, True, 40.0),
    "tertiary": RoadClass(True, True, True, 40.0),
    "tertiary_link": RoadClass(True, True, True, 30.0),
    "unclassified": RoadClass(True, True, True, 30.0),
    "residential": RoadClass(True, True, True, 30.0),
    "living_street": RoadClass(True, True, True, 15.0),
    "road": RoadClass(True, True, True, 30.0),
    "service": RoadClass(True, True, True, 15.0),
    "track": RoadClass(True, True, True, 15.0),
    "cycleway": RoadClass(True, True, False, 15.0),
    "path": RoadClass(True, True, False, WALKING_PACE_KMH),
    "pedestrian": RoadClass(True, False, False, WALKING_PACE_KMH),
    "footway": RoadClass(True, False, False, WALKING_PACE_KMH),
    "steps": RoadClass(True, False, False, WALKING_PACE_KMH),
    "bridleway": RoadClass(True, False, False, WALKING_PACE_KMH),
    "corridor": RoadClass(True, False, False, WALKING_PACE_KMH),
}

# The tags that bind each mode, the closest first.
KEYS = {
    "walk": ("foot", "access"),
    "ebike": ("bicycle", "vehicle", "access"),
    "car": ("motorcar", "motor_vehicle", "vehicle", "access"),
}
OPEN = frozenset({"yes", "designated", "official", "permissive", "destination", "customers", "delivery", "residents"})
CLOSED = frozenset({"no", "private", "use_sidepath", "dismount", "agricultural", "forestry", "military", "emergency", "permit"})


def modes_of(tags: Mapping[str, str]) -> dict[str, bool]:
    """Return whether a way may be walked, ridden by e-bike and driven, as ``{"walk": ..., "ebike": ..., "car": ...}``."""
    usual = CLASSES[tags["highway"]]
    found = {mode: _allowed(tags, keys, bool(getattr(usual, mode))) for mode, keys in KEYS.items()}
    if tags.get("motorroad") == "yes":
        found |= {"walk": False, "ebike": False}
    return found


def _allowed(tags: Mapping[str, str], keys: tuple[str, ...], usual: bool) -> bool:
    for key in keys:
        value = tags.get(key, "")
        if value in CLOSED:
            return False
        if value in OPEN:
            # A general "yes" opens nothing that the class closes: a footway with access=yes stays a footway.
            return usual if key == "access" else True
    return usual


# The tags that say in which direction each mode may travel, the closest first.
ONEWAY_KEYS = {
    "walk": ("oneway:foot",),
    "ebike": ("oneway:bicycle",),
    "car": ("oneway:motorcar", "oneway:motor_vehicle"),
}
OPPOSITE = frozenset({"opposite", "opposite_lane", "opposite_track", "opposite_share_busway"})


def directions_of(tags: Mapping[str, str]) -> dict[str, int]:
    """Return for each mode 1 where it goes along the way only, -1 against it only, 0 both ways.

    ``oneway`` binds cars and e-bikes, never walkers; a closer key, or a cycle lane against the traffic, counts before it.
    """
    general = direction_of(tags)
    usual = {"walk": 0, "ebike": general, "car": general}
    if any(tags.get(key) in OPPOSITE for key in ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")):
        usual["ebike"] = 0
    return {mode: _stated(tags, keys, usual[mode]) for mode, keys in ONEWAY_KEYS.items()}


def _stated(tags: Mapping[str, str], keys: tuple[str, ...], usual: int) -> int:
    for key in keys:
        value = tags.get(key, "")
        if value in DIRECTIONS:
            return DIRECTIONS[value]
    return usual


DIRECTIONS = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1, "no": 0, "false": 0, "0": 0}
CHANGING = frozenset({"reversible", "alternating"})  # the direction changes with the hour: taken as both ways


def direction_of(tags: Mapping[str, str]) -> int:
    """Return 1 where traffic goes along the way only, -1 against it only, 0 both ways."""
    value = tags.get("oneway", "")
    if value in DIRECTIONS:
        return DIRECTIONS[value]
    implied = tags.get("junction") in {"roundabout", "circular"} or tags["highway"] in {"motorway", "motorway_link"}
    return int(implied and value not in CHANGING)


def speed_of(tags: Mapping[str, str]) -> float:
    """Return the speed of cars in km/h: the limit that the way states (the lowest of several), else its class's."""
    stated = [_kmh(text) for text in re.split(r"[;|,]", tags.get("maxspeed", ""))]
    known = [speed for speed in stated if speed is not None]
    return min(max(min(known), SLOWEST_KMH), FASTEST_KMH) if known else CLASSES[tags["highway"]].speed_car_kmh


def _kmh(text: str) -> float | None:
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?\s*", text)
    if found:
        return float(found[1]) * (KMH_PER_MPH if found[2] == "mph" else 1.0)
    return WALKING_PACE_KMH if text.strip() == "walk" else None


def is_bridge(tags: Mapping[str, str]) -> bool:
    """Whether the way lies on a bridge."""
    return tags.get("bridge", "no") != "no"
