"""One text, read: which thing each name in it means, which house number belongs to which, what the words around say.

The score of a choice is the share of what the text names that agrees with it: missing parts do no harm, a wrong township
costs its weight, words around the address count nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np

from geogrid.domain.places import Level, MatchedPart, NameMatch, PlacePrecision
from geogrid.space.house_numbers import Floats, Reach
from geogrid.space.place_names import Spot
from geogrid.space.place_phrases import around_m, meet, offset_at, stretches
from geogrid.space.place_text import HouseNumber, bare_number, house_numbers, is_latin, unknown_district
from geogrid.space.place_things import Known, Part, Thing

# What a part of an address says about where it is. Our choice; a text that names one part alone is explained by that alone.
WEIGHT = {PlacePrecision.TOWNSHIP: 0.15, PlacePrecision.VILLAGE: 0.3, None: 0.05}
ANCHOR_WEIGHT, NUMBER_WEIGHT, FOREIGN_WEIGHT = 0.45, 0.1, 0.15
UNITS = (PlacePrecision.TOWNSHIP, PlacePrecision.VILLAGE)
NUMBERED = (PlacePrecision.STREET, PlacePrecision.SETTLEMENT, PlacePrecision.LANDMARK)
MOVABLE = (
    PlacePrecision.ADDRESS,
    PlacePrecision.INTERPOLATED,
    PlacePrecision.LANDMARK,
    PlacePrecision.CROSSING,
    PlacePrecision.SETTLEMENT,
)
NUMBER_TRUST = {NameMatch.EXACT: 1.0, NameMatch.BETWEEN: 0.9, NameMatch.NEAREST: 0.5}
CROSSING_M = 300.0  # two things named together are neighbours up to here
MOST_GAP = 4  # characters between a street and its number
Span = tuple[int, int]


@dataclass(frozen=True)
class Choice:
    """One place as the meaning of a text: metres, radius, how exact, the score, and the village it lies in."""

    xy: Floats
    radius_m: float
    precision: PlacePrecision
    score: float
    name: str
    reason: tuple[MatchedPart, ...]
    village: str


@dataclass(frozen=True)
class _Anchor:
    """What a choice stands on: the spots by span that it explains by itself, its place, and where its words end."""

    own: dict[Span, Spot]
    part: Part
    precision: PlacePrecision
    end: int
    numbered: tuple[MatchedPart, ...] = ()


class Reading:
    """One normalised text with the names seen in it."""

    def __init__(
        self,
        text: str,
        spots: Sequence[Spot],
        known: Known,
        reach: dict[PlacePrecision, Reach],
        village_of: Callable[[Floats], str],
    ) -> None:
        self._text, self._things, self._units, self._reach = text, known.things, known.units, reach
        self._crossings, self._village_of = known.crossings, village_of
        self._spans: dict[Span, list[Spot]] = {}
        for spot in spots:
            self._spans.setdefault((spot.start, spot.end), []).append(spot)
        self._house = self._houses()
        first = min((start for start, _ in self._spans), default=0)
        self._foreign = unknown_district(text, first)
        loose = len(house_numbers(text)) > 0 and not self._house
        self._extra = FOREIGN_WEIGHT * bool(self._foreign) + NUMBER_WEIGHT * loose

    def choices(self) -> list[Choice]:
        """Return every part of every thing named, the best reading of each; of streets that meet, where they do."""
        meeting, used = self._meeting()
        best: dict[tuple[int, str], Choice] = {}
        for span, spots in self._spans.items():
            for spot in () if span in used else spots:
                thing = self._things[spot.thing]
                for part in thing.readings if thing.precision is not None else ():
                    choice = self._choice(span, spot, thing, part)
                    known = best.get((spot.thing, part.village))
                    if known is None or choice.score > known.score:
                        best[spot.thing, part.village] = choice
        return [*meeting, *best.values()]

    # -- one thing ----------------------------------------------------------------------------------------------------

    def _choice(self, span: Span, spot: Spot, thing: Thing, part: Part) -> Choice:
        assert thing.precision is not None
        house = self._house.get(span)
        total, agreed, numbered, end = 0.0, 0.0, [], span[1]
        xy, radius_m, precision, name = part.xy, part.radius_m, thing.precision, thing.name
        if house is not None:
            total += NUMBER_WEIGHT
            if part.numbers is not None and thing.precision in NUMBERED:
                found = part.numbers.at(house.number, self._reach[thing.precision])
                xy, radius_m, end = found.xy, found.radius_m, house.end
                exact = found.match is NameMatch.EXACT
                precision = PlacePrecision.ADDRESS if exact else PlacePrecision.INTERPOLATED
                agreed += NUMBER_WEIGHT * NUMBER_TRUST[found.match]
                name = f"{name} {house.number}" if is_latin(name) else f"{name}{house.number}号"
                known = "–".join(str(number) for number in sorted(set(found.between)))
                numbered = [MatchedPart(precision, f"{house.number}", known, found.match)]
        elif precision is PlacePrecision.LANDMARK:
            radius_m = max(radius_m, around_m(self._text, span[1]))
        placed = replace(part, xy=xy, radius_m=radius_m)
        anchor = _Anchor({span: spot}, placed, precision, end, tuple(numbered))
        return self._placed(anchor, name, total, agreed)

    def _placed(self, anchor: _Anchor, name: str, total: float, agreed: float) -> Choice:
        """Return the choice that an anchor makes: score, reasons and name; moved where the words say how far and where to."""
        part, precision = anchor.part, anchor.precision
        total += self._extra
        reason = []
        for other in sorted(self._spans):
            weight, trust, why = self._agreement(other, anchor)
            total += weight
            agreed += weight * trust
            reason += [why] if why is not None and _counts(why, precision) else []
        whole = self._units.full_name(part.village, part.township, name)
        score = agreed / total if total else 0.0
        reason += [*anchor.numbered, *self._elsewhere()]
        found = Choice(part.xy, part.radius_m, precision, score, whole, tuple(reason), part.village)
        return self._moved(found, anchor) if precision in MOVABLE else found

    def _moved(self, found: Choice, anchor: _Anchor) -> Choice:
        offset = offset_at(self._text, min(start for start, _ in anchor.own), anchor.end)
        if offset is None:
            return found
        xy = found.xy + np.array([offset.east_m, offset.north_m])
        why = MatchedPart(PlacePrecision.OFFSET, offset.said, "", NameMatch.EXACT)
        return replace(
            found,
            xy=xy,
            radius_m=float(np.hypot(found.radius_m, offset.more_m)),
            precision=PlacePrecision.OFFSET,
            name=found.name + (f" ({offset.said})" if offset.said.isascii() else offset.said),
            reason=(*found.reason, why),
            village=self._village_of(xy) or found.village,
        )

    # -- streets that meet --------------------------------------------------------------------------------------------

    def _meeting(self) -> tuple[list[Choice], set[Span]]:
        """Return crossings and stretches that the text names, and the spans that they explain."""
        found: list[Choice] = []
        used: set[Span] = set()
        streets = [span for span, spots in sorted(self._spans.items()) if any(self._is_street(spot) for spot in spots)]
        for street, first, second in zip(streets, streets[1:], streets[2:], strict=False):
            if stretches(self._text, street, first, second):
                found += self._between(street, first, second)
                used |= {street, first, second} if found else set()
        for first, second in pairwise(streets):
            if not used & {first, second} and meet(self._text, first, second):
                made = self._crossing(first, second)
                found += made
                used |= {first, second} if made else set()
        return found, used

    def _crossing(self, first: Span, second: Span) -> list[Choice]:
        found: list[Choice] = []
        for one, two in product(self._streets(first), self._streets(second)):
            names = self._things[one.thing].name, self._things[two.thing].name
            said = MatchedPart(PlacePrecision.CROSSING, "–".join(names), "", NameMatch.EXACT)
            for xy, radius_m in self._crossings.of(*names):
                anchor = self._anchor({first: one, second: two}, xy, radius_m, PlacePrecision.CROSSING, said)
                found.append(self._placed(anchor, _joined(names), 0.0, 0.0))
        return found

    def _between(self, street: Span, first: Span, second: Span) -> list[Choice]:
        found: list[Choice] = []
        for own in product(self._streets(street), self._streets(first), self._streets(second)):
            names = [self._things[spot.thing].name for spot in own]
            said = MatchedPart(PlacePrecision.BETWEEN, "–".join(names[1:]), "", NameMatch.EXACT)
            for xy, radius_m in self._crossings.stretch(*names):
                by_span = dict(zip((street, first, second), own, strict=True))
                anchor = self._anchor(by_span, xy, radius_m, PlacePrecision.BETWEEN, said)
                found.append(self._placed(anchor, f"{names[0]} ({names[1]}–{names[2]})", 0.0, 0.0))
        return found

    def _anchor(
        self, own: dict[Span, Spot], xy: Floats, radius_m: float, precision: PlacePrecision, said: MatchedPart
    ) -> _Anchor:
        village = self._village_of(xy)
        part = Part(village, self._units.township_of(village), xy, radius_m)
        end = max(end for _, end in own)
        sign = self._text.find("口", end, end + 5)
        return _Anchor(own, part, precision, end if sign < 0 else sign + 1, (said,))

    def _is_street(self, spot: Spot) -> bool:
        return self._things[spot.thing].precision is PlacePrecision.STREET

    def _streets(self, span: Span) -> Iterator[Spot]:
        return (spot for spot in self._spans[span] if self._is_street(spot))

    # -- agreement ----------------------------------------------------------------------------------------------------

    def _agreement(self, other: Span, anchor: _Anchor) -> tuple[float, float, MatchedPart | None]:
        """Return weight of a span, the trust with which it agrees with a choice (0: it does not), and the reason in parts."""
        spots, said = self._spans[other], self._text[slice(*other)]
        weight = max(_weight(self._things[one.thing]) for one in spots)
        anchored = anchor.precision not in UNITS
        if other in anchor.own:
            fitting = [anchor.own[other]]
        else:
            fitting = [one for one in spots if _fits(self._things[one.thing], anchor.part, anchored=anchored)]
        if fitting:
            best = max(fitting, key=lambda one: one.trust)
            thing = self._things[best.thing]
            if thing.precision is None:
                return weight, best.trust, None
            years = thing.years_of(said) if best.match is NameMatch.OLD_NAME else ""
            return weight, best.trust, MatchedPart(thing.precision, said, thing.name, best.match, years)
        thing = self._things[spots[0].thing]
        why = None if thing.precision is None else MatchedPart(thing.precision, said, thing.name, NameMatch.ELSEWHERE)
        return weight, 0.0, why

    def _elsewhere(self) -> tuple[MatchedPart, ...]:
        if not self._foreign:
            return ()
        return (MatchedPart(Level.DISTRICT, self._foreign, "", NameMatch.ELSEWHERE),)

    def _houses(self) -> dict[Span, HouseNumber]:
        """Return the house number that belongs to each span: the next one within a few characters, no other name between."""
        marked = house_numbers(self._text)
        found: dict[Span, HouseNumber] = {}
        for span in self._spans:
            following = [other[0] for other in self._spans if other[0] >= span[1]]
            limit = min([span[1] + MOST_GAP, *following])
            near = [one for one in marked if span[1] <= one.start <= limit]
            house = near[0] if near else bare_number(self._text, span[1])
            precisions = {self._things[spot.thing].precision for spot in self._spans[span]}
            if house is not None and precisions & {*NUMBERED}:
                found[span] = house
        return found


def _joined(names: tuple[str, str]) -> str:
    return " / ".join(names) if is_latin("".join(names)) else f"{names[0]}与{names[1]}交叉口"


def _counts(why: MatchedPart, precision: PlacePrecision) -> bool:
    """A finer part that a unit does not explain is no contradiction: it is only not used."""
    return why.match is not NameMatch.ELSEWHERE or precision not in UNITS or why.part is precision


def _weight(thing: Thing) -> float:
    return WEIGHT.get(thing.precision, ANCHOR_WEIGHT)


def _fits(thing: Thing, part: Part, *, anchored: bool) -> bool:
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
    return any(float(np.hypot(*(one.xy - part.xy))) <= CROSSING_M + one.radius_m for one in thing.parts)
