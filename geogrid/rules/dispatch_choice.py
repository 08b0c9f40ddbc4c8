"""Whom to give a matter to: who could take it, in an order that is explained, each with the reason that put him there.

Nobody is left out: who dispatches may know better. What is known counts in this order: whose place or matter it is, whether he
is there now, how far he is, how much he has to do. Among equals the code decides, so that the list is the same for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LOAD_WEIGHT_M = 500.0  # an open matter in hand counts like so many metres of way; an assumption of ours


class Why(StrEnum):
    """Why a candidate stands where it stands: the first that holds."""

    PROPOSED = "proposed"  # the rules of the programme name it
    ON_DUTY_HERE = "on_duty_here"  # the worker of the very grid
    HOME = "home"  # the station of the village, the worker of the village
    LEADS = "leads"  # the department that leads such matters here by the lists
    COVERS = "covers"  # a grid of it lies there
    NEAREST = "nearest"  # nobody of its sort is nearer
    ASSISTS = "assists"  # the lists call it in for such matters
    NEAR = "near"
    OTHER = "other"


ORDER = tuple(Why)


@dataclass(frozen=True)
class Candidate:
    """Who could take a matter.

    Parameters
    ----------
    party : "kind:code"
    load : open matters that are owned by it or given to it
    distance_m : from the matter's place; None: not known, or of no meaning
    minutes : by road; None: not known
    is_open : at this time; None: states no hours
    claims : what of ``Why`` holds of it
    """

    party: str
    load: int = 0
    distance_m: float | None = None
    minutes: float | None = None
    is_open: bool | None = None
    claims: frozenset[Why] = frozenset()


@dataclass(frozen=True)
class Chosen:
    """A candidate in its place of the list, with the reason; ``proposed``: the first, unless it is closed now."""

    candidate: Candidate
    why: Why
    proposed: bool


def ordered(candidates: Iterable[Candidate]) -> tuple[Chosen, ...]:
    """Return candidates, the best first, each party once: the one with the most reasons.

    Who is known to be closed comes after all others.
    """
    by_party: dict[str, Candidate] = {}
    for one in candidates:
        known = by_party.get(one.party)
        by_party[one.party] = one if known is None else _joined(known, one)
    placed = _with_nearest(list(by_party.values()))
    row = sorted(placed, key=_place)
    return tuple(Chosen(one, _why(one), proposed=i == 0 and one.is_open is not False) for i, one in enumerate(row))


def _joined(one: Candidate, other: Candidate) -> Candidate:
    distances = [found for found in (one.distance_m, other.distance_m) if found is not None]
    minutes = [found for found in (one.minutes, other.minutes) if found is not None]
    said = {one.is_open, other.is_open}
    is_open = True if True in said else False if False in said else None
    claims = one.claims | other.claims
    return Candidate(
        one.party, max(one.load, other.load), min(distances, default=None), min(minutes, default=None), is_open, claims
    )


def _with_nearest(candidates: list[Candidate]) -> list[Candidate]:
    """Name the nearest of those whose distance is known; several where they are equally far."""
    least = min((one.distance_m for one in candidates if one.distance_m is not None), default=None)
    if least is None:
        return candidates
    return [_claiming(one, Why.NEAREST if one.distance_m == least else Why.NEAR) for one in candidates]


def _claiming(one: Candidate, why: Why) -> Candidate:
    if one.distance_m is None:
        return one
    return Candidate(one.party, one.load, one.distance_m, one.minutes, one.is_open, one.claims | {why})


def _why(one: Candidate) -> Why:
    return next((why for why in ORDER if why in one.claims), Why.OTHER)


def _place(one: Candidate) -> tuple[bool, int, float, str]:
    """Return where a candidate belongs: open before closed, by claim, then by way and load together, then by code."""
    rank = ORDER.index(Why.NEAR if _why(one) is Why.NEAREST else _why(one))
    way = one.distance_m if one.distance_m is not None else 0.0
    return one.is_open is False, rank, way + LOAD_WEIGHT_M * one.load, one.party
