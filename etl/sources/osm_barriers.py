"""What OpenStreetMap's tags of a barrier on a way say: whom it stops.

Values follow the OpenStreetMap wiki (Key:barrier, Key:access). A tag of access counts before what the kind of barrier
usually lets through; a gate that is locked stops all whom no tag lets through.
"""

from __future__ import annotations

from collections.abc import Mapping

from etl.sources.osm_tags import CLOSED, KEYS, OPEN

NOBODY: frozenset[str] = frozenset()
CARS, WHEELS, ALL = frozenset({"car"}), frozenset({"car", "ebike"}), frozenset({"car", "ebike", "walk"})
# Whom a kind of barrier stops where no other tag says so; one that is not named here stops nobody.
STOPS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("bollard", "block", "chain", "cycle_barrier", "jersey_barrier", "log", "planter", "rope", "debris"), CARS),
    **dict.fromkeys(("bus_trap", "sump_buster", "barrier_board", "horse_stile"), CARS),
    **dict.fromkeys(("stile", "kissing_gate", "turnstile", "full-height_turnstile", "hampshire_gate"), WHEELS),
    **dict.fromkeys(("wall", "fence", "hedge", "city_wall", "retaining_wall", "ditch"), ALL),
}
GATES = frozenset({"gate", "lift_gate", "swing_gate", "sliding_gate", "sliding_beam", "wicket_gate"})


def stopped_by(tags: Mapping[str, str]) -> str:
    """Return the modes that a barrier stops, joined by ``;`` in the order walk, ebike, car; empty where it stops nobody."""
    kind = tags.get("barrier", "no")
    if kind == "no":  # tags of access at a crossing or an entrance are about something else
        return ""
    usual = ALL if kind in GATES and tags.get("locked") == "yes" else STOPS.get(kind, NOBODY)
    return ";".join(mode for mode, keys in KEYS.items() if _is_stopped(tags, keys, mode in usual))


def _is_stopped(tags: Mapping[str, str], keys: tuple[str, ...], usual: bool) -> bool:
    for key in keys:
        value = tags.get(key, "")
        if value in CLOSED:
            return value != "dismount"  # pushed through, an e-bike is not stopped
        if value in OPEN:
            return usual if key == "access" else False
    return usual
