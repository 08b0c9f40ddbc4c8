"""Words to places, without any service: a text names units, a street or settlement and a number; which point is meant?

A text is not parsed from left to right. Every name known is looked for in it (:mod:`.place_names`); each thing found is a
candidate, and its score is the share of what the text names that agrees with it: missing parts do no harm, a wrong
township costs its weight, words around the address count nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geogrid.domain.places import Level, MatchedPart, NameMatch, PlaceCandidate, PlacePrecision
from geogrid.space.crs import default_metric_srid, lonlat_of, metric_xy
from geogrid.space.house_numbers import Floats, Reach
from geogrid.space.place_names import NameIndex, Spot
from geogrid.space.place_text import HouseNumber, bare_number, house_numbers, normalised, unknown_district
from geogrid.space.place_things import Part, Thing, Units, gather

# What a part of an address says about where it is. Our choice; a text that names one part alone is explained by that alone.
WEIGHT = {PlacePrecision.TOWNSHIP: 0.15, PlacePrecision.VILLAGE: 0.3, None: 0.05}
ANCHOR_WEIGHT, NUMBER_WEIGHT, FOREIGN_WEIGHT = 0.45, 0.1, 0.15
UNITS = (PlacePrecision.TOWNSHIP, PlacePrecision.VILLAGE)
NUMBERED = (PlacePrecision.STREET, PlacePrecision.SETTLEMENT, PlacePrecision.LANDMARK)
NUMBER_TRUST = {NameMatch.EXACT: 1.0, NameMatch.BETWEEN: 0.9, NameMatch.NEAREST: 0.5}
AROUND = ("周边", "附近", "一带", "旁", "对面", "周围", "门口")
AROUND_RADIUS_M = 250.0
CROSSING_M = 300.0  # two things named together are neighbours up to here
MOST_GAP = 4  # characters between a street and its number
RIVALRY = 14  # exponent: how quickly a lower score stops being a rival
NEAR_M, NEAR_SHARE = 2000.0, 0.05
MOST_RIVALS = 40


@dataclass(frozen=True)
class _Choice:
    """One part of one thing as the meaning of a text."""

    thing: Thing
    part: Part
    xy: Floats
    radius_m: float
    precision: PlacePrecision
    score: float
    name: str
    reason: tuple[MatchedPart, ...]


class Gazetteer:
    """Names and addresses of a district, compiled for look-ups; immutable, safe to share between threads."""

    def __init__(self, things: Sequence[Thing], units: Units, srid: int) -> None:
        self._things, self._units, self._srid = tuple(things), units, srid
        self._index = NameIndex([thing.name for thing in things], [thing.old_names for thing in things])
        self._reach = {
            precision: Reach(
                part.numbers for thing in things if thing.precision is precision for part in thing.parts if part.numbers
            )
            for precision in NUMBERED
        }

    @classmethod
    def from_frames(
        cls, units: Any = None, places: Any = None, roads: Any = None, *, metric_srid: int | None = None
    ) -> Gazetteer:
        """Compile a gazetteer from GeoDataFrames in EPSG:4490, any of them None.

        Parameters
        ----------
        units : ``code name level parent_code`` with polygons
        places : ``name kind address`` (``kind`` of PlaceKind; address points carry a house number); columns ``old_name``,
            ``old_names``, ``alt_name``, parted by ``;``, are names as well
        roads : ``name`` with lines
        metric_srid : the zone to measure in; without, that of the first frame's middle
        """
        frames = [frame for frame in (units, places, roads) if frame is not None and len(frame)]
        west, south, east, north = frames[0].total_bounds if frames else (0.0, 0.0, 0.0, 0.0)
        srid = metric_srid or default_metric_srid((west + east) / 2, (south + north) / 2)
        return cls(*gather(units, places, roads, srid), srid)

    def find(self, text: str, *, near_lonlat: tuple[float, float] | None = None, most: int = 10) -> tuple[PlaceCandidate, ...]:
        """Return at most ``most`` places that ``text`` could mean, the likeliest first; empty where it names nothing known.

        ``near_lonlat`` (degrees of record) decides between places that fit alike. The same text has always the same answer.
        """
        words = normalised(text)
        spots = self._index.spots(words)
        near = None if near_lonlat is None else np.array(metric_xy(*near_lonlat, self._srid), dtype=float).reshape(2)
        choices = _Reading(words, spots, self._things, self._units, self._reach).choices()
        if near is not None:
            choices = [replace(one, score=one.score * _nearness(one.xy, near)) for one in choices]
        choices.sort(key=_order)
        sure = _sureness(choices[:MOST_RIVALS])
        ranked = sorted(
            zip(choices, sure, strict=False), key=lambda one: (-round(one[0].score, 9), -round(one[1], 9), _order(one[0]))
        )
        return tuple(self._candidate(choice, confidence) for choice, confidence in ranked[:most])

    def _candidate(self, choice: _Choice, confidence: float) -> PlaceCandidate:
        lon, lat = lonlat_of(choice.xy[:1], choice.xy[1:], self._srid)
        return PlaceCandidate(
            name=choice.name,
            point_lonlat=(round(float(lon[0]), 9), round(float(lat[0]), 9)),
            precision=choice.precision,
            radius_m=round(choice.radius_m, 1),
            confidence=round(confidence, 4),
            village_code=choice.part.village or None,
            reason=choice.reason,
        )


class _Reading:
    """One text, read: the names in it by span, the house number of each span."""

    def __init__(
        self, text: str, spots: Sequence[Spot], things: Sequence[Thing], units: Units, reach: dict[PlacePrecision, Reach]
    ) -> None:
        self._text, self._things, self._units, self._reach = text, things, units, reach
        self._spans: dict[tuple[int, int], list[Spot]] = {}
        for spot in spots:
            self._spans.setdefault((spot.start, spot.end), []).append(spot)
        self._house = self._houses()
        first = min((start for start, _ in self._spans), default=0)
        self._foreign = unknown_district(text, first)
        loose = len(house_numbers(text)) > 0 and not self._house
        self._extra = FOREIGN_WEIGHT * bool(self._foreign) + NUMBER_WEIGHT * loose

    def choices(self) -> list[_Choice]:
        """Return every part of every thing named, the best reading of each."""
        best: dict[tuple[int, str], _Choice] = {}
        for span, spots in self._spans.items():
            for spot in spots:
                thing = self._things[spot.thing]
                for part in thing.readings if thing.precision is not None else ():
                    choice = self._choice(span, spot, thing, part)
                    known = best.get((spot.thing, part.village))
                    if known is None or choice.score > known.score:
                        best[spot.thing, part.village] = choice
        return list(best.values())

    def _choice(self, span: tuple[int, int], spot: Spot, thing: Thing, part: Part) -> _Choice:
        assert thing.precision is not None
        xy, radius_m, precision, name = part.xy, part.radius_m, thing.precision, thing.name
        numbered: list[MatchedPart] = []
        house = self._house.get(span)
        total, agreed = self._extra, 0.0
        if house is not None:
            total += NUMBER_WEIGHT
            if part.numbers is not None and thing.precision in NUMBERED:
                found = part.numbers.at(house.number, self._reach[thing.precision])
                xy, radius_m = found.xy, found.radius_m
                exact = found.match is NameMatch.EXACT
                precision = PlacePrecision.ADDRESS if exact else PlacePrecision.INTERPOLATED
                agreed += NUMBER_WEIGHT * NUMBER_TRUST[found.match]
                name = f"{name}{house.number}号"
                known = "–".join(str(number) for number in sorted(set(found.between)))
                numbered = [MatchedPart(precision, f"{house.number}", known, found.match)]
        elif self._text.startswith(AROUND, span[1]) and precision is PlacePrecision.LANDMARK:
            radius_m = max(radius_m, AROUND_RADIUS_M)
        reason = []
        for other in sorted(self._spans):
            weight, trust, why = self._agreement(other, span, spot, part, xy)
            total += weight
            agreed += weight * trust
            reason += [why] if why is not None and self._counts(why, precision) else []
        whole = self._units.full_name(part.village, part.township, name)
        score = agreed / total if total else 0.0
        return _Choice(thing, part, xy, radius_m, precision, score, whole, (*reason, *numbered, *self._elsewhere()))

    def _agreement(
        self, other: tuple[int, int], own: tuple[int, int], spot: Spot, part: Part, xy: Floats
    ) -> tuple[float, float, MatchedPart | None]:
        """Return weight of a span, the trust with which it agrees with a choice (0: it does not), and the reason in parts."""
        spots = self._spans[other]
        weight = max(_weight(self._things[one.thing]) for one in spots)
        anchored = self._things[spot.thing].precision not in UNITS
        agreeing = [one for one in spots if _fits(self._things[one.thing], part, xy, anchored=anchored)]
        fitting = [spot] if other == own else agreeing
        said = self._text[slice(*other)]
        if fitting:
            best = max(fitting, key=lambda one: one.trust)
            thing = self._things[best.thing]
            if thing.precision is None:
                return weight, best.trust, None
            return weight, best.trust, MatchedPart(thing.precision, said, thing.name, best.match)
        thing = self._things[spots[0].thing]
        why = None if thing.precision is None else MatchedPart(thing.precision, said, thing.name, NameMatch.ELSEWHERE)
        return weight, 0.0, why

    @staticmethod
    def _counts(why: MatchedPart, precision: PlacePrecision) -> bool:
        """A finer part that a unit does not explain is no contradiction: it is only not used."""
        return why.match is not NameMatch.ELSEWHERE or precision not in UNITS or why.part is precision

    def _elsewhere(self) -> tuple[MatchedPart, ...]:
        if not self._foreign:
            return ()
        return (MatchedPart(Level.DISTRICT, self._foreign, "", NameMatch.ELSEWHERE),)

    def _houses(self) -> dict[tuple[int, int], HouseNumber]:
        """Return the house number that belongs to each span: the next one within a few characters, no other name between."""
        marked = house_numbers(self._text)
        found: dict[tuple[int, int], HouseNumber] = {}
        for span in self._spans:
            following = [other[0] for other in self._spans if other[0] >= span[1]]
            limit = min([span[1] + MOST_GAP, *following])
            near = [one for one in marked if span[1] <= one.start <= limit]
            bare = bare_number(self._text, span[1])
            house = near[0] if near else bare
            precisions = {self._things[spot.thing].precision for spot in self._spans[span]}
            if house is not None and precisions & {*NUMBERED}:
                found[span] = house
        return found


def _weight(thing: Thing) -> float:
    return WEIGHT.get(thing.precision, ANCHOR_WEIGHT)


def _fits(thing: Thing, part: Part, xy: Floats, *, anchored: bool) -> bool:
    """Whether another thing named in the text agrees with a place: the unit it lies in, or a neighbour."""
    if thing.precision is None:
        return thing.code[:6] == (part.village or part.township or thing.code)[:6]
    if thing.precision is PlacePrecision.TOWNSHIP:
        return thing.code == part.township
    if thing.precision is PlacePrecision.VILLAGE:
        return thing.code == part.village
    if not anchored or not part.village:
        return False
    if thing.precision is PlacePrecision.STREET:
        return any(one.village == part.village for one in thing.parts)
    return any(float(np.hypot(*(one.xy - xy))) <= CROSSING_M + one.radius_m for one in thing.parts)


def _nearness(xy: Floats, near: Floats) -> float:
    return float(1 - NEAR_SHARE * (1 - np.exp(-np.hypot(*(xy - near)) / NEAR_M)))


def _sureness(choices: Sequence[_Choice]) -> list[float]:
    """Return the confidence of each choice: its score, shared with those that fit as well and lie elsewhere."""
    if not choices:
        return []
    xy = np.array([one.xy for one in choices])
    radius, score = (np.array([getattr(one, name) for one in choices]) for name in ("radius_m", "score"))
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) > np.maximum(radius[:, None], radius[None])
    power = score**RIVALRY
    rivals = (apart * power[None]).sum(axis=1)
    return (score * power / np.maximum(power + rivals, 1e-300)).tolist()


def _order(choice: _Choice) -> tuple[Any, ...]:
    precisions = list(PlacePrecision)
    return (-round(choice.score, 9), precisions.index(choice.precision), choice.name, choice.part.village, *choice.xy.tolist())
