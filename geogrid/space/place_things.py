"""What the gazetteer knows, gathered from frames: units, streets, settlements, landmarks, each with its parts by village."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.domain.places import FormerName, Level, NamedKind, PlaceKind, PlacePrecision
from geogrid.space.columns import texts_of
from geogrid.space.crs import lonlat_of, metric_xy, to_metric
from geogrid.space.house_numbers import LEAST_RADIUS_M, HouseNumbers, spread_m
from geogrid.space.place_crossings import Crossings
from geogrid.space.place_names import Names
from geogrid.space.place_text import address_number, normalised

Floats = NDArray[np.float64]
MoreNames = tuple[tuple[str, ...], tuple[str, ...]]  # former names, other names
_UNIT_NAMES = re.compile(r"^.*(?:区|县|街道|镇|乡|村)(?=[^街路]..)")  # where no unit is known, by the words for them

OLD_NAME_COLUMNS = ("old_name", "old_names")  # several are parted by ";"
OTHER_NAME_COLUMNS = ("alt_name", "other_names")
STREET_ENDINGS = ("路", "街", "道", "巷", "胡同", "弄")
LANDMARK_RADIUS_M = 100.0
SETTLEMENT_RADIUS_M = 300.0
LEAST_CODE = 6
ENOUGH_ADDRESSES = 5  # from here on a street or settlement is where its addresses are
WHOLE_STREET_M = 5000.0  # beyond, streets of one name are different streets
SAMPLE_M = 60.0  # between the points by which a street is shared out to villages


@dataclass(frozen=True)
class Part:
    """What of a thing lies in one village ("" where none is known): its middle and nine-tenths radius in metres, its numbers."""

    village: str
    township: str
    xy: Floats
    radius_m: float
    numbers: HouseNumbers | None = None


@dataclass(frozen=True)
class Thing:
    """A named thing; ``code`` is a unit's. A district (``precision`` None) is no place, but tells right from wrong."""

    name: str
    precision: PlacePrecision | None
    parts: tuple[Part, ...]
    code: str = ""
    old_names: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    former: tuple[FormerName, ...] = ()

    @property
    def names(self) -> Names:
        """What it goes by; a grid by its name in full or its code, because names of grids are much alike."""
        is_grid = self.precision is PlacePrecision.GRID
        codes = (self.code,) if len(self.code) >= LEAST_CODE else ()
        old = (*self.old_names, *(one.old_name for one in self.former))
        return Names(self.name, old, (*self.other_names, *(codes if is_grid else ())), exact=is_grid)

    def years_of(self, said: str) -> str:
        """Return when it was called ``said`` (normalised), "" where that is not known."""
        return next((one.years for one in self.former if one.years and normalised(one.old_name) == said), "")

    @cached_property
    def readings(self) -> tuple[Part, ...]:
        """The parts, and after them, of a street through several villages, the whole of it."""
        if self.precision is not PlacePrecision.STREET or len(self.parts) < 2:
            return self.parts
        points = np.array([part.xy for part in self.parts])
        middle = _medoid(points)
        radius_m = max(float(np.hypot(*(part.xy - middle))) + part.radius_m for part in self.parts)
        townships = {part.township for part in self.parts}
        whole = Part("", townships.pop() if len(townships) == 1 else "", middle, radius_m)
        return (*self.parts, whole) if radius_m <= WHOLE_STREET_M else self.parts


@dataclass
class Units:
    """The tree of units: names and parents by code; village polygons to ask where a point is."""

    names: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    villages: list[str] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    tree: shapely.STRtree | None = None

    def village_at(self, points: NDArray[np.object_]) -> list[str]:
        """Return the code of the village that covers each point (degrees), the lowest on a shared border; "" for none."""
        found = [""] * len(points)
        if self.tree is not None and len(points):
            at, village = self.tree.query(points, predicate="covered_by")
            for row, code in sorted(zip(at.tolist(), (self.villages[v] for v in village), strict=True), reverse=True):
                found[row] = code
        return found

    def village_of(self, xy: Floats, srid: int) -> str:
        """Return the code of the village that covers one place (2,) in metres of the zone ``srid``, "" for none."""
        return self.village_at(shapely.points(*lonlat_of(xy[:1], xy[1:], srid)))[0]

    def township_of(self, village: str) -> str:
        """Return the code of the township of a village, "" where it has none."""
        return self.parents.get(village, "")

    def full_name(self, village: str, township: str, name: str) -> str:
        """Return ``name`` behind the names of its units."""
        whole = "".join(self.names.get(code, "") for code in (township, village))
        return whole if whole.endswith(name) else whole + name


@dataclass(frozen=True)
class Known:
    """All that a gazetteer knows: things, the tree of units, where streets meet."""

    things: tuple[Thing, ...]
    units: Units
    crossings: Crossings


def gather(units: Any, places: Any, roads: Any, grids: Any, former: Sequence[FormerName], srid: int) -> Known:
    """Return what is known from frames (GeoDataFrames in EPSG:4490, or None), measured in the zone ``srid``."""
    tree = units_of(units, srid)
    sightings = _Sightings(tree, srid)
    if places is not None and len(places):
        sightings.places(places)
    if roads is not None and len(roads):
        names = texts_of(roads, "name")
        if names is not None:
            sightings.streets(names, roads.geometry.to_numpy(), _more_names(roads))
    if places is not None and len(places):
        sightings.addresses(places)
    things = [*tree.things, *grids_of(grids, tree, srid), *sightings.things()]
    codes = {NamedKind.ROAD: _named_codes(roads), NamedKind.PLACE: _named_codes(places)}
    return Known(tuple(with_former_names(things, former, codes)), tree, sightings.crossings)


def grids_of(grids: Any, tree: Units, srid: int) -> Iterator[Thing]:
    """Yield the base grids of a frame (``code name village_code`` with polygons)."""
    if grids is None or not len(grids):
        return
    codes, names, villages = (_texts(grids, column) for column in ("code", "name", "village_code"))
    for code, name, village, shape in zip(codes, names, villages, to_metric(grids.geometry.to_numpy(), srid), strict=True):
        yield Thing(name, PlacePrecision.GRID, (Part(village, tree.township_of(village), *_middle(shape)),), code)


def _named_codes(frame: Any) -> dict[str, str]:
    if frame is None or not len(frame) or "code" not in frame.columns:
        return {}
    return dict(zip(_texts(frame, "code"), _texts(frame, "name"), strict=True))


def units_of(units: Any, srid: int) -> Units:
    """Return the tree of a frame of units (``code name level``, ``parent_code`` where there is one)."""
    tree = Units()
    if units is None or not len(units):
        return tree
    codes, names, levels = (_texts(units, column) for column in ("code", "name", "level"))
    tree.names = dict(zip(codes, names, strict=True))
    tree.parents = dict(zip(codes, _texts(units, "parent_code"), strict=True))
    shapes = units.geometry.to_numpy()
    metric = to_metric(shapes, srid)
    for code, name, level, shape, more in zip(codes, names, levels, metric, _more_names(units), strict=True):
        village = code if level == Level.VILLAGE else ""
        township = tree.parents[code] if village else code if level == Level.TOWNSHIP else ""
        precision = PlacePrecision(level) if level != Level.DISTRICT else None
        tree.things.append(Thing(name, precision, (Part(village, township, *_middle(shape)),), code, *more))
    is_village = np.array(levels, dtype=object) == Level.VILLAGE
    order = sorted(np.flatnonzero(is_village).tolist(), key=lambda at: codes[at])
    tree.villages = [codes[at] for at in order]
    tree.tree = shapely.STRtree(shapes[order])
    return tree


def _middle(shape: Any) -> tuple[Floats, float]:
    """Return a point inside an area (metres) and how far its farthest vertex is."""
    centre = shape.centroid
    inside = centre if shape.covers(centre) else shape.representative_point()
    xy = np.array([inside.x, inside.y])
    return xy, float(np.hypot(*(shapely.get_coordinates(shape) - xy).T).max())


class _Sightings:
    """Points at which streets, settlements and landmarks were seen, by name and village."""

    def __init__(self, tree: Units, srid: int) -> None:
        self._tree, self._srid = tree, srid
        self._seen: dict[tuple[str, PlacePrecision], dict[str, list[Floats]]] = defaultdict(lambda: defaultdict(list))
        self._numbers: dict[tuple[str, PlacePrecision], dict[str, list[tuple[int, Floats]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._shown: dict[tuple[str, PlacePrecision], str] = {}
        self._more: dict[tuple[str, PlacePrecision], MoreNames] = {}
        self.crossings = Crossings()
        self._unit_names = set(tree.names.values())

    def places(self, places: Any) -> None:
        """Take in settlements, landmarks, waters, streets by name; a settlement named as its unit is that unit's seat."""
        names, kinds, more = _texts(places, "name"), np.array(_texts(places, "kind"), object), _more_names(places)
        shapes = places.geometry.to_numpy()
        is_street = kinds == PlaceKind.ROAD_NAME
        self.streets(np.array(names, object)[is_street], shapes[is_street], [more[at] for at in np.flatnonzero(is_street)])
        rest = np.flatnonzero(~is_street & (kinds != PlaceKind.ADDRESS))
        points = shapely.point_on_surface(shapes[rest])
        for at, village, xy in zip(rest.tolist(), self._tree.village_at(points), self._metric(points), strict=True):
            precision = PlacePrecision.SETTLEMENT if kinds[at] == PlaceKind.SETTLEMENT else PlacePrecision.LANDMARK
            if names[at] and names[at] not in self._unit_names:
                self._add(names[at], precision, village, xy, more[at])

    def streets(self, names: Any, shapes: NDArray[np.object_], more: list[MoreNames]) -> None:
        """Take in streets: every stretch of at most ``SAMPLE_M`` counts for the village it lies in."""
        named = np.flatnonzero(np.array([bool(name) for name in names], dtype=bool))
        if not len(named):
            return
        self.crossings.add(names, shapes, self._srid)
        dense = shapely.segmentize(shapes[named], SAMPLE_M / 80_000)  # degrees: only how densely points are taken
        lonlat, line = shapely.get_coordinates(dense, return_index=True)
        points = shapely.points(lonlat)
        xy = self._metric(points)
        keys = {at: self._known(str(names[at]), PlacePrecision.STREET, more[at]) for at in named.tolist()}
        for place, village, at in zip(xy, self._tree.village_at(points), named[line].tolist(), strict=True):
            self._seen[keys[at]][village].append(place)

    def addresses(self, places: Any) -> None:
        """Take in address points: their street or settlement gets the number."""
        names, kinds, words = _texts(places, "name"), _texts(places, "kind"), _texts(places, "address")
        rows = [at for at, kind in enumerate(kinds) if kind == PlaceKind.ADDRESS]
        points = shapely.point_on_surface(places.geometry.to_numpy()[rows])
        read = lru_cache(maxsize=None)(self._stem)
        for at, lies_in, xy in zip(rows, self._tree.village_at(points), self._metric(points), strict=True):
            text = normalised(words[at] or names[at])
            number = address_number(text)
            village, block = read(text[: number.start] if number else text, lies_in)
            key = self._key(block, village)
            if key is not None and number:
                self._numbers[key][village].append((number.number, xy))
            elif key is not None:
                self._seen[key][village].append(xy)

    def _stem(self, text: str, lies_in: str) -> tuple[str, str]:
        """Return the village that an address without its number names (else the one it lies in) and what follows it."""
        tree = self._tree
        named = [code for code in tree.villages if tree.names[code] in text]
        village = lies_in if lies_in in named or not named else named[0]
        for code in (village, tree.township_of(village), tree.township_of(tree.township_of(village))):
            name = tree.names.get(code, "")
            if name and name in text:
                return village, text[text.rindex(name) + len(name) :]
        return village, _UNIT_NAMES.sub("", text)

    def _key(self, block: str, village: str) -> tuple[str, PlacePrecision] | None:
        if not block:
            return (self._tree.names[village], PlacePrecision.VILLAGE) if village else None
        kinds = (PlacePrecision.SETTLEMENT, PlacePrecision.STREET, PlacePrecision.LANDMARK)
        known = [kind for kind in kinds if (block, kind) in self._seen]
        ending = PlacePrecision.STREET if block.endswith(STREET_ENDINGS) else PlacePrecision.SETTLEMENT
        return block, (known or [ending])[0]

    def things(self) -> Iterator[Thing]:
        """Yield what was seen, each thing once; numbers in a village without street or settlement belong to the village."""
        for key in sorted({*self._seen, *self._numbers}):
            name, precision = key
            if precision is not PlacePrecision.VILLAGE:
                villages = sorted({*self._seen[key], *self._numbers[key]})
                parts = tuple(self._part(key, code) for code in villages)
                yield Thing(self._shown.get(key, name), precision, parts, "", *self._more.get(key, ((), ())))
                continue
            for village in sorted(self._numbers[key]):
                yield Thing(name, PlacePrecision.SETTLEMENT, (self._part(key, village),))

    def _part(self, key: tuple[str, PlacePrecision], village: str) -> Part:
        numbered = self._numbers[key].get(village, [])
        numbers = HouseNumbers([n for n, _ in numbered], np.array([xy for _, xy in numbered])) if numbered else None
        seen = self._seen[key].get(village, [])
        use = [xy for _, xy in numbered] if len(numbered) >= ENOUGH_ADDRESSES or not seen else seen
        points = np.array(use)
        nearest = _medoid(points)
        return Part(village, self._tree.township_of(village), nearest, _radius(key[1], nearest, points), numbers)

    def _add(self, name: str, precision: PlacePrecision, village: str, xy: Floats, more: MoreNames) -> None:
        self._seen[self._known(name, precision, more)][village].append(xy)

    def _known(self, name: str, precision: PlacePrecision, more: MoreNames) -> tuple[str, PlacePrecision]:
        """Keep how a thing is shown and what else it is called; return the key it is kept under."""
        key = normalised(name), precision
        self._shown[key] = min(name, self._shown.get(key, name))
        if any(more):
            known = self._more.get(key, ((), ()))
            old, other = (tuple(sorted({*had, *has})) for had, has in zip(known, more, strict=True))
            self._more[key] = old, other
        return key

    def _metric(self, points: NDArray[np.object_]) -> Floats:
        return np.column_stack(metric_xy(shapely.get_x(points), shapely.get_y(points), self._srid))


def _medoid(points: Floats) -> Floats:
    """Return the one of ``points`` (n, 2) nearest their median, to the millimetre; of several the most western."""
    far = np.round(np.hypot(*(points - np.median(points, axis=0)).T), 3)
    return points[np.lexsort((points[:, 1], points[:, 0], far))[0]]


def _radius(precision: PlacePrecision, middle: Floats, points: Floats) -> float:
    least = {PlacePrecision.LANDMARK: LANDMARK_RADIUS_M, PlacePrecision.SETTLEMENT: SETTLEMENT_RADIUS_M}
    few = least.get(precision, LEAST_RADIUS_M) if len(points) < ENOUGH_ADDRESSES else LEAST_RADIUS_M
    return max(few, spread_m(middle, points))


def _texts(frame: Any, column: str) -> list[str]:
    values = texts_of(frame, column)
    return [""] * len(frame) if values is None else values.tolist()


def _more_names(frame: Any) -> list[MoreNames]:
    """Return the former names and the other names of every row."""
    return list(zip(_parted(frame, OLD_NAME_COLUMNS), _parted(frame, OTHER_NAME_COLUMNS), strict=True))


def _parted(frame: Any, wanted: tuple[str, ...]) -> list[tuple[str, ...]]:
    columns = [_texts(frame, column) for column in wanted if column in frame.columns]
    rows: Any = zip(*columns, strict=True) if columns else [()] * len(frame)
    return [tuple(part.strip() for cell in row for part in cell.split(";") if part.strip()) for row in rows]


def with_former_names(
    things: Sequence[Thing], former: Sequence[FormerName], codes: dict[NamedKind, dict[str, str]]
) -> Iterator[Thing]:
    """Yield the things, each with its former names; ``codes`` name the things that have no code of their own here."""
    by_code: dict[tuple[NamedKind, str], list[FormerName]] = defaultdict(list)
    by_name: dict[tuple[NamedKind, str], list[FormerName]] = defaultdict(list)
    for one in former:
        name = one.name or codes.get(one.kind, {}).get(one.code, "")
        if one.code and one.kind in _CODED:
            by_code[one.kind, one.code].append(one)
        elif name:
            by_name[one.kind, normalised(name)].append(one)
    for thing in things:
        kind = _KIND_OF.get(thing.precision, NamedKind.PLACE)
        own = [*by_code.get((kind, thing.code), ()), *by_name.get((kind, normalised(thing.name)), ())]
        yield replace(thing, former=tuple(own)) if own else thing


_CODED = (NamedKind.UNIT, NamedKind.GRID)
_KIND_OF: dict[PlacePrecision | None, NamedKind] = {
    None: NamedKind.UNIT,
    PlacePrecision.TOWNSHIP: NamedKind.UNIT,
    PlacePrecision.VILLAGE: NamedKind.UNIT,
    PlacePrecision.GRID: NamedKind.GRID,
    PlacePrecision.STREET: NamedKind.ROAD,
}
