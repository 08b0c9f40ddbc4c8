"""What became of what: two generations of areas laid over each other. Topology in lon/lat, areas in the metric zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space.crs import to_metric

SLIVER_M2 = 1.0  # common areas up to this are noise of borders drawn twice

Codes = NDArray[np.object_]
Areas = NDArray[np.object_]


@dataclass(frozen=True)
class Common:
    """An old and a new area that overlap: their common area and its shares of both (0 to 1)."""

    old_code: str
    new_code: str
    area_m2: float
    share_of_old: float
    share_of_new: float


def common_areas(old_codes: Codes, old: Areas, new_codes: Codes, new: Areas, *, metric_srid: int) -> list[Common]:
    """Return every overlapping pair of an old and a new area (both EPSG:4490), by codes.

    An area that is the same in both generations, code and vertices, is its own successor alone: the areas of a generation
    do not overlap, so that nothing else needs to be laid over it.
    """
    before = dict(zip(old_codes, to_metric(old, metric_srid), strict=True))
    after = dict(zip(new_codes, to_metric(new, metric_srid), strict=True))
    same = {code for code in before.keys() & after.keys() if shapely.equals_exact(before[code], after[code], 0.0)}
    found = [Common(code, code, float(before[code].area), 1.0, 1.0) for code in same]
    return sorted([*found, *_overlaps(_without(before, same), _without(after, same))], key=lambda c: (c.old_code, c.new_code))


def _without(areas: dict[str, shapely.Geometry], left_out: set[str]) -> dict[str, shapely.Geometry]:
    return {code: area for code, area in areas.items() if code not in left_out}


def _overlaps(before: dict[str, shapely.Geometry], after: dict[str, shapely.Geometry]) -> list[Common]:
    old_codes, new_codes = list(before), list(after)
    old, new = np.array(list(before.values()), dtype=object), np.array(list(after.values()), dtype=object)
    if not len(old) or not len(new):
        return []
    i, j = shapely.STRtree(new).query(old, predicate="intersects")
    common_m2 = shapely.area(shapely.intersection(old[i], new[j]))
    old_m2, new_m2 = shapely.area(old)[i], shapely.area(new)[j]
    return [
        Common(
            old_codes[i[k]],
            new_codes[j[k]],
            float(common_m2[k]),
            float(common_m2[k] / old_m2[k]),
            float(common_m2[k] / new_m2[k]),
        )
        for k in np.flatnonzero(common_m2 > SLIVER_M2)
    ]


def moved_away(old_codes: Codes, old: Areas, new_codes: Codes, new: Areas) -> list[str]:
    """Return the codes of both generations whose old and new areas share no area: most likely a mistake of the file."""
    before, after = dict(zip(old_codes, old, strict=True)), dict(zip(new_codes, new, strict=True))
    both = sorted(before.keys() & after.keys())
    old_areas, new_areas = (np.array([areas[code] for code in both], dtype=object) for areas in (before, after))
    touching = shapely.relate_pattern(old_areas, new_areas, "T********") if both else []
    return [code for code, shares in zip(both, touching, strict=True) if not shares]


def shares_of_points(
    pairs: list[Common], old_codes: Codes, old: Areas, new_codes: Codes, new: Areas, points: Areas
) -> dict[tuple[str, str], float]:
    """Return, for each pair of codes, the share of the points in the old area that lie in the new one (0 to 1).

    Only areas that changed are counted; an unchanged one keeps all. A point on a border counts to the lowest code. An old
    area without points has no share.
    """
    shares = {(p.old_code, p.new_code): 1.0 for p in pairs if p.share_of_old == 1.0 and p.share_of_new == 1.0}
    asked = sorted({p.old_code for p in pairs if (p.old_code, p.new_code) not in shares})
    if not asked or not len(points):
        return shares
    chosen = np.isin(old_codes.astype(str), asked)
    old_of = _lowest_cover(old_codes[chosen], old[chosen], points)
    inside = np.flatnonzero(old_of != "")
    new_of = _lowest_cover(new_codes, new, points[inside])
    pairs_found, counts = np.unique(np.stack([old_of[inside], new_of], axis=1).astype(str), axis=0, return_counts=True)
    totals: dict[str, int] = {}
    for (old_code, _), count in zip(pairs_found, counts, strict=True):
        totals[old_code] = totals.get(old_code, 0) + int(count)
    return shares | {(str(o), str(n)): int(c) / totals[o] for (o, n), c in zip(pairs_found, counts, strict=True) if n}


def _lowest_cover(codes: Codes, areas: Areas, points: Areas) -> NDArray[np.str_]:
    order = np.argsort(codes.astype(str), kind="stable")
    shapely.prepare(areas)
    i, j = shapely.STRtree(points).query(areas[order], predicate="covers")
    lowest = np.full(len(points), len(codes))
    np.minimum.at(lowest, j, i)
    return np.append(codes[order].astype(str), "")[lowest]
