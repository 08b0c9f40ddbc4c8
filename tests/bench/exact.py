"""``./run bench exact``: nothing differs, on millions of points and on points made to mislead.

Base grids of 10 M scattered events and 0.5 M adversarial points against PostGIS; sets of department grids and geodesic
stations of 1 M against PostGIS; 200,000 points against every edge of every polygon; the compiled against the plain way on the
adversarial points. Where two witnesses disagree, rational numbers judge: PostGIS tells the side of an edge in doubles alone.
A portion at a time, so that memory stays small.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np

from geogrid.domain.grids import AssignmentRule
from geogrid.space.answers import Assignments, number_of
from geogrid.space.crs import GEOD
from geogrid.space.index import AssignmentIndex
from tests.bench import brute_force
from tests.bench.adversarial import Lines, adversarial
from tests.bench.exact_postgis import Witness, witness
from tests.bench.grounds import Ground, ground_of, made_twin
from tests.bench.harness import Gate, exact, machine, on_what, points_option, prepare, report, small_option

POINTS, SMALL_POINTS, PORTION = 10_000_000, 20_000, 500_000
METRES = 1e-5  # two computations of a geodesic agree far better
LAST_DIGIT_M = 1.5e-6
UNCOVERED = tuple(number_of(rule) for rule in (AssignmentRule.GAP, AssignmentRule.OUTSIDE))
INSIDE, BORDER, OVERLAP = (number_of(getattr(AssignmentRule, name)) for name in ("INSIDE", "BORDER", "OVERLAP"))
STATIONS_BY_HAND = 20_000  # every station is measured for each of these


@dataclass
class Tally:
    """How many points were asked of a witness, how often it differed, and which of the two was wrong then."""

    points: int = 0
    differences: int = 0
    index_wrong: int = 0

    def add(self, points: int, differences: int, wrong: int) -> None:
        self.points += points
        self.differences += differences
        self.index_wrong += wrong


@dataclass(frozen=True)
class Trial:
    """The index in both ways, the polygons in its order, and what was found so far."""

    compiled: AssignmentIndex
    plain: AssignmentIndex
    tallies: dict[str, Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, ground: Ground) -> Trial:
        return cls(ground.index(compiled=True, everything=True), ground.index(compiled=False, everything=True))

    def add(self, name: str, points: int, differences: int, wrong: int | None = None) -> None:
        """Count; ``wrong``: how often the index was, where something could judge."""
        told = self.tallies.setdefault(name, Tally())
        told.add(points, differences, differences if wrong is None else wrong)
        click.echo(f"{time.strftime('%H:%M:%S')} {name}: {told.points:,} points, {told.differences} differences", err=True)


@click.command()
@points_option(POINTS)
@small_option
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the figures go. Without: var/bench/exact.json.")
def main(points: int, small: bool, out: Path | None) -> None:
    """Compare the index with PostGIS, with every edge of every polygon, and with its plain way."""
    prepare()
    start, points = time.perf_counter(), min(points, SMALL_POINTS) if small else points
    twin, profile = made_twin(small)
    ground = ground_of(twin, profile, 1, np.random.default_rng(1))
    trial, began = Trial.of(ground), machine()
    tried = adversarial(_lines(trial.compiled), max(points // 20, 8), np.random.default_rng(2))
    compare_ways(trial, tried)
    compare_by_hand(trial, ground_of(twin, profile, points // 100, np.random.default_rng(3)), tried[: points // 100])
    with witness(trial.compiled.grids.shapes, _departments(trial), _stations(trial)) as postgis:
        compare_postgis(trial, postgis, tried, "adversarial points", everything=True)
        for part, begin in enumerate(range(0, points, PORTION)):
            count = min(PORTION, points - begin)
            events = ground_of(twin, profile, count, np.random.default_rng([4, part]))
            lonlat = np.column_stack([events.lon, events.lat])
            compare_postgis(trial, postgis, lonlat, "scattered events", everything=begin < points // 10)
    found = {"machine": began, "seconds": round(time.perf_counter() - start), "grids": len(ground.grids)}
    found["compared"] = {name: vars(told) for name, told in trial.tallies.items()}
    report("exact", found, gates(trial), lines=table(found), small=small, out=out)


def _lines(index: AssignmentIndex) -> Lines:
    areas = [index.grids.shapes] + ([index.departments.shapes] if index.departments else [])
    return Lines.of(np.concatenate(areas), index.district)


def _departments(trial: Trial) -> np.ndarray:
    areas = trial.compiled.departments
    return areas.shapes if areas else np.empty(0, dtype=object)


def _stations(trial: Trial) -> np.ndarray:
    return np.column_stack([trial.compiled.stations.lon, trial.compiled.stations.lat])


# -- the plain way ----------------------------------------------------------------------------------------------------


def compare_ways(trial: Trial, lonlat: np.ndarray) -> None:
    one, other = trial.compiled.assign(*lonlat.T), trial.plain.assign(*lonlat.T)
    wrong = (one.numbers.grid != other.numbers.grid) | (one.numbers.rule != other.numbers.rule)
    wrong |= one.numbers.station != other.numbers.station
    wrong |= ~(np.abs(one.distance_m - other.distance_m) <= LAST_DIGIT_M)
    wrong |= np.array([a != b for a, b in zip(one.department_codes, other.department_codes, strict=True)])
    wrong |= np.array([a != b for a, b in zip(one.nearest_grid_code, other.nearest_grid_code, strict=True)])
    trial.add("plain way, all answers: adversarial points", len(lonlat), int(wrong.sum()))


# -- every edge of every polygon --------------------------------------------------------------------------------------


def compare_by_hand(trial: Trial, events: Ground, tried: np.ndarray) -> None:
    lonlat = np.concatenate([np.column_stack([events.lon, events.lat]), tried])
    found = trial.compiled.assign(*lonlat.T)
    told = brute_force.ask(trial.compiled.grids.shapes, lonlat)
    rule = np.where(~told.interior, BORDER, np.where(told.covering == 1, INSIDE, OVERLAP))
    covered = told.grid >= 0
    wrong = (_covering(found) != told.grid) | (covered & (found.numbers.rule != rule))
    trial.add("every edge of every polygon: grid and rule", len(lonlat), int(wrong.sum()))
    pairs = brute_force.ask(_departments(trial), lonlat).pairs
    trial.add("every edge of every polygon: department grids", len(lonlat), _unequal(_pairs(trial, found), pairs))
    few = np.random.default_rng(5).choice(len(lonlat), min(STATIONS_BY_HAND, len(lonlat)), replace=False)
    trial.add("every station measured", len(few), _farther(trial, found, lonlat, few))


def _covering(found: Assignments) -> np.ndarray:
    """Return the grid that covers each point, -1 for none: in a gap the index gives the nearest, which covers nothing."""
    return np.where(np.isin(found.numbers.rule, UNCOVERED), -1, found.numbers.grid)


def _pairs(trial: Trial, found: Assignments) -> np.ndarray:
    """Return (point, department) of every set of department grids, ascending."""
    areas = trial.compiled.departments
    if areas is None:
        return np.empty((0, 2), dtype=np.int64)
    position = {code: i for i, code in enumerate(areas.codes)}
    sets = [np.array([position[code] for code in codes], dtype=np.int64) for codes in found.department_sets]
    sizes = np.array([len(codes) for codes in sets])[found.numbers.departments]
    members = [sets[number] for number in found.numbers.departments.tolist()]
    return np.column_stack([np.repeat(np.arange(len(found)), sizes), np.concatenate(members)])


def _unequal(one: np.ndarray, other: np.ndarray) -> int:
    """Return in how many points two ascending lists of (point, department) differ."""
    a, b = (np.asarray(pairs)[:, 0] * 2**20 + np.asarray(pairs)[:, 1] for pairs in (one, other))
    return len(np.unique(np.setxor1d(a, b) >> 20))


def _farther(trial: Trial, found: Assignments, lonlat: np.ndarray, few: np.ndarray) -> int:
    """Return for how many points another station is nearer than the one given, or the distance is another."""
    stations = trial.compiled.stations
    wrong = 0
    for point in few.tolist():
        lon, lat = (np.full(len(stations.codes), value) for value in lonlat[point])
        metres = GEOD.inv(lon, lat, stations.lon, stations.lat)[2]
        given = found.numbers.station[point]
        wrong += not (metres[given] <= metres.min() + METRES and abs(metres[given] - found.distance_m[point]) <= METRES)
    return wrong


# -- PostGIS ----------------------------------------------------------------------------------------------------------


def compare_postgis(trial: Trial, postgis: Witness, lonlat: np.ndarray, what: str, *, everything: bool) -> None:
    found = trial.compiled.assign(*lonlat.T)
    postgis.hold(lonlat)
    told, ours = postgis.grids(len(lonlat)), _covering(found)
    other = np.flatnonzero(told != ours)
    trial.add(f"PostGIS, base grid: {what}", len(lonlat), len(other), _index_wrong(trial, lonlat[other], ours[other]))
    if not everything:
        return
    pairs, theirs = _pairs(trial, found), postgis.departments()
    trial.add(f"PostGIS, department grids: {what}", len(lonlat), *_judged(trial, lonlat, pairs, theirs))
    station, metres = postgis.stations()
    wrong = (station != found.numbers.station) | (np.abs(metres - found.distance_m) > METRES)
    trial.add(f"PostGIS, nearest station: {what}", len(lonlat), int(wrong.sum()))


def _index_wrong(trial: Trial, lonlat: np.ndarray, ours: np.ndarray) -> int:
    return int((brute_force.ask(trial.compiled.grids.shapes, lonlat).grid != ours).sum()) if len(lonlat) else 0


def _judged(trial: Trial, lonlat: np.ndarray, pairs: np.ndarray, theirs: np.ndarray) -> tuple[int, int]:
    """Return in how many points the sets of departments differ, and in how many of those the index is wrong."""
    a, b = (found[:, 0] * 2**20 + found[:, 1] for found in (pairs, theirs))
    points = np.unique(np.setxor1d(a, b) >> 20)
    if not len(points):
        return 0, 0
    exactly = brute_force.ask(_departments(trial), lonlat[points]).pairs
    mine = pairs[np.isin(pairs[:, 0], points)]
    return len(points), _unequal(np.column_stack([np.searchsorted(points, mine[:, 0]), mine[:, 1]]), exactly)


# -- what it shows ----------------------------------------------------------------------------------------------------


def gates(trial: Trial) -> list[Gate]:
    """Return the gates: the index is never wrong, and scattered events do not even differ."""
    held = []
    for name, told in trial.tallies.items():
        judged = "adversarial" in name and name.startswith("PostGIS")
        held += exact(f"wrong: {name}" if judged else f"differences: {name}", told.index_wrong if judged else told.differences)
    return held


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    rows = [
        f"| {name} | {told['points']:,} | {told['differences']:,} | {told['index_wrong']:,} |"
        for name, told in found["compared"].items()
    ]
    says = f"{found['grids']:,} grids; {found['seconds'] / 60:.0f} minutes; {on_what(found)}."
    return [says, "", "| witness | points | differences | the index wrong |", "|---|--:|--:|--:|", *rows]


if __name__ == "__main__":
    main()
