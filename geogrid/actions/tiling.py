"""Are the grids of an edition a tiling? Asked before it comes into force, and again by ``geogrid fsck``: one rule for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geogrid.domain.profiles import Profile
from geogrid.space import coverage

if TYPE_CHECKING:
    import geopandas as gpd

    from geogrid.space.coverage import CoverageFault
    from geogrid.store.geography import EditionFrames


@dataclass(frozen=True)
class TilingFaults:
    """Overlaps and gaps above the profile's ``coverage_tolerance_m2``, each kind by falling area."""

    overlaps: tuple[CoverageFault, ...]
    gaps: tuple[CoverageFault, ...]

    @property
    def all(self) -> tuple[CoverageFault, ...]:
        """Overlaps, which always give wrong answers, before gaps, which give none."""
        return (*self.overlaps, *self.gaps)


def base_grid_faults(frames: EditionFrames, profile: Profile) -> TilingFaults:
    """Return where base grids overlap, and where they leave a gap in the district.

    Only a district's polygon can tell a gap from what is no district's ground: without one, the water between precincts and
    the hole of another town are no gaps.
    """
    if frames.grids.empty:
        return TilingFaults((), ())
    report = coverage.check(
        frames.grids["code"].to_numpy(),
        np.asarray(frames.grids.geometry.array, dtype=object),
        within=frames.district,
        metric_srid=profile.metric_srid,
        tolerance_m2=profile.coverage_tolerance_m2,
    )
    return TilingFaults(report.overlaps, () if frames.district is None else report.gaps)


def department_overlaps(departments: gpd.GeoDataFrame, profile: Profile) -> tuple[CoverageFault, ...]:
    """Return where grids of one department overlap; those of several departments lie over each other, and may leave gaps."""
    found: list[CoverageFault] = []
    for _, grids in departments.groupby("department"):
        found += coverage.check(
            grids["code"].to_numpy(),
            np.asarray(grids.geometry.array, dtype=object),
            metric_srid=profile.metric_srid,
            tolerance_m2=profile.coverage_tolerance_m2,
        ).overlaps
    return tuple(found)


def place_of(fault: CoverageFault) -> str:
    """Return the fault as text: codes, area, and a place in it."""
    lon, lat = fault.point_lonlat
    return f"{' '.join(fault.codes)} ({fault.area_m2:.1f} m², {lon:.6f} {lat:.6f})"
