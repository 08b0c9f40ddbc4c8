"""Which grid of another edition is the sole heir of a grid, if any: what a person said of the old one then holds for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geogrid.domain.readings import NoHeir
from geogrid.space.lineage import SLIVER_M2, Common, common_areas

Objects = NDArray[np.object_]

LOST_SHARE = 1e-6  # of the old area; with SLIVER_M2, what borders drawn twice may lose


@dataclass(frozen=True)
class Heir:
    """What became of a grid: ``code`` of the one grid that it went to wholly, or None and the ``reason``; ``all`` it went to."""

    code: str | None
    reason: NoHeir | None
    all: tuple[str, ...]


def heirs_of(old_codes: Objects, old: Objects, new_codes: Objects, new: Objects, *, metric_srid: int) -> dict[str, Heir]:
    """Return the heir of each old grid (EPSG:4490) among new ones that do not overlap; by old code.

    A grid went wholly to another where what of it lies elsewhere is at most a sliver: 1 m2 or a millionth of its area. A grid
    of the same code is its heir only if its ground says so.
    """
    parts: dict[str, list[Common]] = defaultdict(list)
    for pair in common_areas(old_codes, old, new_codes, new, metric_srid=metric_srid):
        parts[pair.old_code].append(pair)
    return {code: _heir(parts[code]) for code in old_codes}


def _heir(parts: list[Common]) -> Heir:
    kept = [part for part in parts if part.area_m2 > _tolerance_m2(part)]
    codes = tuple(part.new_code for part in kept)
    if not kept:
        return Heir(None, NoHeir.GONE, ())
    whole_m2 = kept[0].area_m2 / kept[0].share_of_old
    if len(kept) > 1:
        return Heir(None, NoHeir.DIVIDED, codes)
    if whole_m2 - kept[0].area_m2 > _tolerance_m2(kept[0]):
        return Heir(None, NoHeir.PARTLY, codes)
    return Heir(codes[0], None, codes)


def _tolerance_m2(part: Common) -> float:
    return max(SLIVER_M2, LOST_SHARE * part.area_m2 / part.share_of_old)
