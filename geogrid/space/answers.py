"""What the index answers: numbers as it finds them, codes and texts when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geogrid.domain.grids import Assignment, AssignmentRule, Candidate
from geogrid.space.cover import MetricPolygons, candidates_of

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Objects = NDArray[np.object_]

RULES = tuple(rule.value for rule in AssignmentRule)
UNDECIDED = 255  # no rule: the plain way has not answered yet
NO_DEPARTMENTS, NO_STATION = np.int32(0), np.int32(-1)


def number_of(rule: AssignmentRule) -> int:
    """Return the number that stands for a rule in ``Numbers.rule``."""
    return RULES.index(rule.value)


FREE = (number_of(AssignmentRule.OUTSIDE), number_of(AssignmentRule.GAP))


@dataclass(frozen=True)
class Numbers:
    """Answers for n points, to be written into: positions in the tables of :class:`Tables`, -1 for none.

    A column that cannot be written to is the same for every point and takes no memory.
    """

    grid: Int32s
    rule: NDArray[np.uint8]
    departments: Int32s
    station: Int32s
    distance_m: Floats

    @classmethod
    def undecided(cls, count: int, *, departments: bool = True, stations: bool = True) -> Numbers:
        """Return answers that are still to be written; without departments or stations those columns are, and stay, none."""
        return cls(
            grid=np.empty(count, dtype=np.int32),
            rule=np.empty(count, dtype=np.uint8),
            departments=np.empty(count, dtype=np.int32) if departments else np.broadcast_to(NO_DEPARTMENTS, count),
            station=np.empty(count, dtype=np.int32) if stations else np.broadcast_to(NO_STATION, count),
            distance_m=np.empty(count) if stations else np.broadcast_to(np.float64(np.nan), count),
        )


@dataclass(frozen=True)
class Tables:
    """What the numbers stand for; each table ends with what stands for none, so that -1 finds it."""

    grid_codes: Objects
    alone: Objects  # for each grid the candidates of a point that is surely in it
    home_stations: Objects
    station_codes: Objects

    @classmethod
    def of(cls, grid_codes: Objects, home_stations: Objects, station_codes: Objects) -> Tables:
        """Return the tables for codes in the order of the index."""
        alone = np.empty(len(grid_codes) + 1, dtype=object)
        alone[:] = [*((Candidate(code, 1.0),) for code in grid_codes), ()]
        return cls(_ended(grid_codes), alone, _ended(home_stations), _ended(station_codes))


def _ended(values: Objects) -> Objects:
    return np.append(values, np.array([None], dtype=object))


@dataclass(frozen=True)
class Weighed:
    """Points (by position) that may lie in several grids, with their candidates, made when asked for.

    ``shares`` are (point, as a place in ``position``; polygon; share of its disc), ``given`` the grid given to each point,
    ``grid_codes`` the codes of the polygons. Points of ``named`` were on several grids at once.
    """

    position: Int64s
    given: Int64s
    shares: tuple[Int64s, Int64s, Floats]
    grid_codes: Objects
    named_position: Int64s
    named: Objects

    @cached_property
    def candidates(self) -> Objects:
        return candidates_of(self.given, self.grid_codes, self.shares)

    def write(self, found: Objects) -> None:
        """Put the candidates in their places among those of all points."""
        found[self.position] = self.candidates
        found[self.named_position] = self.named


@dataclass(frozen=True)
class Assignments:
    """The answers for n points under one set of grids, in the order asked; columns of length n, made when asked for.

    Attributes
    ----------
    grid_code : object, str or None where unplaced
    department_codes : object, tuple of str, sorted
    station_code : object, str or None; the nearest station, geodesic
    distance_m : float, geodesic metres to it, NaN where there is none
    home_station : object, str or None; the point of the covering grid's village
    rule : object, str: a code of AssignmentRule
    confidence : float, 0 to 1: the share of the accuracy disc in the grid given, or, for an unplaced point, in no grid;
        1.0 where no accuracy was given. Where n grids overlap at the point it is at most 1/n: the lowest code decides there,
        and nothing speaks for it more than for the others
    candidates : object, tuple of Candidate from 1 % up, falling, the grid given always among them; without accuracy the
        grid given alone, or all that overlap at the point
    nearest_grid_code, nearest_grid_m : the suggestion for points that no grid covers (geodesic metres), else None, NaN
    numbers, tables, department_sets : the same as numbers, and what they stand for
    """

    numbers: Numbers
    tables: Tables
    department_sets: Objects
    confidence: Floats
    weighed: Weighed
    free: Int64s  # positions of points that no grid covers
    free_lonlat: Floats
    metric: MetricPolygons

    def __len__(self) -> int:
        return len(self.numbers.grid)

    @property
    def distance_m(self) -> Floats:
        return self.numbers.distance_m

    @cached_property
    def grid_code(self) -> Objects:
        return self.tables.grid_codes[self.numbers.grid]

    @cached_property
    def department_codes(self) -> Objects:
        return self.department_sets[self.numbers.departments]

    @cached_property
    def station_code(self) -> Objects:
        return self.tables.station_codes[self.numbers.station]

    @cached_property
    def home_station(self) -> Objects:
        return self.tables.home_stations[self.numbers.grid]

    @cached_property
    def rule(self) -> Objects:
        return np.array(RULES, dtype=object)[self.numbers.rule]

    @cached_property
    def candidates(self) -> Objects:
        found = self.tables.alone[self.numbers.grid]
        self.weighed.write(found)
        return found

    @cached_property
    def nearest_grid_code(self) -> Objects:
        found = np.full(len(self), None, dtype=object)
        found[self.free] = self.tables.grid_codes[self._nearest[0]]
        return found

    @cached_property
    def nearest_grid_m(self) -> Floats:
        found = np.full(len(self), np.nan)
        found[self.free] = self._nearest[1]
        return found

    @cached_property
    def _nearest(self) -> tuple[Int64s, Floats]:
        if not len(self.free):
            return np.empty(0, dtype=np.int64), np.empty(0)
        return self.metric.nearest(*self.free_lonlat)

    def one(self, i: int, edition_id: int) -> Assignment:
        """Return the answer for point ``i`` as the domain's value, under the edition the index was built from."""
        return Assignment(
            edition_id=edition_id,
            grid_code=self.grid_code[i],
            department_codes=self.department_codes[i],
            rule=AssignmentRule(self.rule[i]),
            confidence=float(self.confidence[i]),
            candidates=self.candidates[i],
            nearest_station=self.station_code[i],
            distance_m=_metres(self.distance_m[i]),
            home_station=self.home_station[i],
            nearest_grid_code=self.nearest_grid_code[i],
            nearest_grid_m=_metres(self.nearest_grid_m[i]),
        )


def _metres(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
