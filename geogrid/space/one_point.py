"""One point answered without columns: what ingest asks for, report by report.

The compiled loops are asked about one point, and what numpy does for many is done in plain floats, the same operations in the
same order: the answers are those of ``AssignmentIndex.assign``, bit for bit. What is not simply inside a grid or on a border,
and whatever the compiled way leaves to the plain way, is asked of ``assign`` itself.
"""

from __future__ import annotations

import math

import numpy as np

from geogrid.domain.grids import Assignment, AssignmentRule, Candidate
from geogrid.space import cover as rules
from geogrid.space.answers import Numbers, number_of
from geogrid.space.crs import metric_one
from geogrid.space.index import MOST_ACCURACY_M, AssignmentIndex

Placed = tuple[float, tuple[Candidate, ...]]

SIMPLE = {number_of(rule): rule for rule in (AssignmentRule.INSIDE, AssignmentRule.BORDER)}
INSIDE = number_of(AssignmentRule.INSIDE)
SIX_DECIMALS = 1e6


def assign_one(index: AssignmentIndex, lon: float, lat: float, accuracy_m: float | None, edition_id: int) -> Assignment:
    """Return the answer for one point (degrees of record) under the edition the index was built from.

    ``accuracy_m`` is in metres, None where none was given. Raises what ``AssignmentIndex.assign`` raises.
    """
    found = _simply(index, lon, lat, accuracy_m, edition_id)
    if found is not None:
        return found
    return index.assign([lon], [lat], None if accuracy_m is None else [accuracy_m]).one(0, edition_id)


def _simply(index: AssignmentIndex, lon: float, lat: float, accuracy_m: float | None, edition_id: int) -> Assignment | None:
    """Return the answer where the compiled way is sure of all of it, else None."""
    fast, tables = index.fast, index.tables
    if fast is None or not (accuracy_m is None or 0.0 < accuracy_m <= MOST_ACCURACY_M):
        return None
    numbers = Numbers.undecided(1, departments=len(fast.departments) > 0, stations=len(index.stations.codes) > 0)
    found = fast.find(np.array([lon], dtype=float), np.array([lat], dtype=float), numbers, 0, 1)
    rule = int(numbers.rule[0])
    if found is None or len(found[1]) or rule not in SIMPLE:
        return None
    grid, station = int(numbers.grid[0]), int(numbers.station[0])
    placed = _weighed(index, lon, lat, accuracy_m, grid, rule)
    if placed is None:
        return None
    return Assignment(
        edition_id=edition_id,
        grid_code=tables.grid_codes[grid],
        department_codes=fast.sets[numbers.departments[0]],
        rule=SIMPLE[rule],
        confidence=placed[0],
        candidates=placed[1],
        nearest_station=tables.station_codes[station],
        distance_m=None if station < 0 else float(numbers.distance_m[0]),
        home_station=tables.home_stations[grid],
    )


def _weighed(index: AssignmentIndex, lon: float, lat: float, accuracy_m: float | None, grid: int, rule: int) -> Placed | None:
    """Return the confidence in the grid and the candidates; None where the plain way has to weigh the disc."""
    alone: Placed = 1.0, index.tables.alone[grid]
    if accuracy_m is None or index.fast is None:
        return alone
    radius_m = max(accuracy_m * rules.disc_factor(index.accuracy_share), rules.LEAST_RADIUS_M)
    if rule == INSIDE and radius_m < index.fast.clear_m(lon, lat):
        return alone
    x_m, y_m = metric_one(lon, lat, index.metric.srid)
    parts = index.discs.shares_of_one(x_m, y_m, radius_m, grid if rule == INSIDE else rules.NOWHERE)
    if parts is None:
        return None
    shares = {polygon: _cut(share) for polygon, share in parts}
    own = shares.setdefault(grid, 0.0)
    named = sorted((-share, polygon) for polygon, share in shares.items() if polygon == grid or share >= rules.LEAST_SHARE)
    codes = index.tables.grid_codes
    return _rounded(own), tuple(Candidate(codes[polygon], -share) for share, polygon in named)


def _cut(share: float) -> float:
    """Return what ``cover.shares_cut`` returns."""
    share = min(max(share, 0.0), 1.0)
    return _rounded(math.floor((share + rules.SHARE_STEP * 1e-3) / rules.SHARE_STEP) * rules.SHARE_STEP)


def _rounded(share: float) -> float:
    """Round to six decimals as numpy does."""
    return round(share * SIX_DECIMALS) / SIX_DECIMALS
