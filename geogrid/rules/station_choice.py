"""Which station mediates a dispute, and why: the home station, or the capable and open one, as the programme says.

DOMAIN: the point of the covering village mediates first; the township's station coordinates, the centre takes what neither can.
At a level of the three-level filter the home station is that of the unit which has the matter there. A home station that does not
take this kind of dispute gives way to a serving one; that it is closed at the moment does not, since sessions are by appointment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from geogrid.domain.disputes import StationWay
from geogrid.domain.opening import Fitness, Need, fit, next_opening
from geogrid.domain.programmes import StationChoice
from geogrid.domain.stations import StationLevel
from geogrid.errors.family import Reason

LADDER = tuple(StationLevel)  # from the centre down


@dataclass(frozen=True)
class StationOffer:
    """A station as it is looked at: what it states, how far it is from the dispute (None: unknown), its open disputes."""

    code: str
    name: str
    level: StationLevel
    industries: tuple[str, ...] = ()
    hours: str = ""
    capacity: int = 0
    distance_m: float | None = None
    open_matters: int = 0

    def row(self) -> dict[str, object]:
        """Return what :func:`geogrid.domain.opening.fit` looks at."""
        return {"level": self.level, "industries": list(self.industries), "hours": self.hours, "capacity": self.capacity}


@dataclass(frozen=True)
class StationChosen:
    """The station chosen (None: there is none), how, and why in words; ``opens_at`` where it is closed now."""

    code: str | None
    way: StationWay
    reason: Reason
    opens_at: datetime | None = None


@dataclass(frozen=True)
class _Looked:
    offer: StationOffer
    fitness: Fitness

    @property
    def capable(self) -> bool:
        """Whether it takes this kind of dispute at this level, open or not."""
        return self.fitness not in {Fitness.OTHER_LEVEL, Fitness.OTHER_INDUSTRY, Fitness.NO_CAPACITY}

    def order(self) -> tuple[bool, float, float, str]:
        """Return the place in the row: open ones, then the nearest, then the least laden, then the lowest code."""
        far = inf if self.offer.distance_m is None else self.offer.distance_m
        load = self.offer.open_matters / max(self.offer.capacity, 1)
        return self.fitness is not Fitness.FIT, far, load, self.offer.code


def choose_station(offers: Sequence[StationOffer], need: Need, *, way: StationChoice, home: str | None) -> StationChosen:
    """Return the station that mediates.

    Parameters
    ----------
    offers : every station there is, in any order
    need : levels of the filter, kind of dispute, the instant; see :class:`~geogrid.domain.opening.Need`
    way : which goes first, as the programme says
    home : code of the home station at this level; None where the dispute lies in no unit that has one
    """
    looked = _look(offers, need)
    at_home = next((one for one in looked if one.offer.code == home), None)
    if way is StationChoice.HOME and at_home is not None and at_home.capable:
        return _chosen(at_home, StationWay.HOME, _home_words(at_home), need)
    capable = sorted((one for one in looked if one.capable), key=_Looked.order)
    if capable:
        return _chosen(capable[0], StationWay.SERVING, _serving_words(capable, at_home, way), need)
    above = _above(offers, need)
    if above:
        words = Reason("No station of this level takes this kind of dispute; {station} does.", station=above[0].offer.name)
        return _chosen(above[0], StationWay.SERVING, words, need)
    if at_home is not None:
        words = Reason("No station takes this kind of dispute; the home station {station} does what it can.", station=home)
        return _chosen(at_home, StationWay.HOME, words, need)
    return StationChosen(None, StationWay.SERVING, Reason("No station takes this kind of dispute."))


def explained(offers: Sequence[StationOffer], need: Need) -> list[tuple[StationOffer, Fitness]]:
    """Return the stations with why each is fit or not, in the order in which they would be chosen."""
    looked = sorted(_look(offers, need), key=lambda one: (not one.capable, *one.order()))
    return [(one.offer, one.fitness) for one in looked]


def _look(offers: Sequence[StationOffer], need: Need) -> list[_Looked]:
    found = fit([offer.row() for offer in offers], need)
    return [_Looked(offer, fitness) for offer, fitness in zip(offers, found.fitness, strict=True)]


def _above(offers: Sequence[StationOffer], need: Need) -> list[_Looked]:
    """Return the capable stations of higher levels, those of the next level first."""
    highest = min(LADDER.index(level) for level in need.levels)
    looked = _look(offers, replace(need, levels=frozenset(LADDER[:highest])))
    return sorted((one for one in looked if one.capable), key=lambda one: (-LADDER.index(one.offer.level), *one.order()))


def _chosen(one: _Looked, way: StationWay, words: Reason, need: Need) -> StationChosen:
    opens = next_opening(one.offer.hours, need) if one.fitness is Fitness.CLOSED else None
    return StationChosen(one.offer.code, way, words, opens)


def _home_words(one: _Looked) -> Reason:
    if one.fitness is Fitness.FIT:
        return Reason("The home station {station} goes first, takes this kind of dispute and is open.", station=one.offer.name)
    return Reason(
        "The home station {station} goes first and takes this kind of dispute; it is not open now.", station=one.offer.name
    )


def _serving_words(capable: Sequence[_Looked], home: _Looked | None, way: StationChoice) -> Reason:
    first = capable[0]
    told = {"station": first.offer.name, "metres": _metres(first.offer.distance_m), "others": len(capable) - 1}
    if way is StationChoice.HOME and home is not None:
        told["home"] = home.offer.name
        return Reason(
            "The home station {home} does not take this kind of dispute; {station} does, {metres} away ({others} others do too).",
            **told,
        )
    if first.fitness is Fitness.FIT:
        return Reason(
            "{station} takes this kind of dispute, is open and the nearest of those: {metres} ({others} others).", **told
        )
    return Reason(
        "None that takes this kind of dispute is open now; {station} is the nearest: {metres} ({others} others).", **told
    )


def _metres(distance_m: float | None) -> str:
    if distance_m is None:
        return "?"
    return f"{distance_m / 1000:.1f} km" if distance_m >= 1000 else f"{distance_m:.0f} m"
