"""Hotspots of a period from its events and grids: found, joined, named, ranked; against another period where one is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.domain.events import EventKind
from geogrid.domain.hotspots import Change, Hotspot, HotspotKind
from geogrid.space.crs import lonlat_of, metric_xy, to_metric
from geogrid.space.hotspot_change import changes
from geogrid.space.hotspot_hearts import ONE_PEAK_M, hearts, one_a_peak
from geogrid.space.hotspot_names import PlaceNames
from geogrid.space.hotspot_rates import Rates, locally_smoothed_rates, smoothed_rate
from geogrid.space.hotspot_scan import Zone, rising, standing, usual_of, zones
from geogrid.space.hotspots import ALPHA, contiguity

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Objects = NDArray[np.object_]
M2_PER_KM2 = 1e6


@dataclass(frozen=True, eq=False)
class Ground:
    """Grids to look for hotspots in: codes, names, names of their villages ("" for none), areas (lon/lat), households."""

    codes: Objects
    names: Objects
    villages: Objects
    shapes: Objects
    households: Floats
    area_km2: Floats
    middles_m: Floats
    metric_srid: int

    @classmethod
    def from_frames(cls, grids: GeoDataFrame, units: GeoDataFrame | None = None, *, metric_srid: int) -> Ground:
        """Build from ``grids`` (``code``; optionally ``name village_code households``) and ``units`` (``code name``)."""
        shapes = np.asarray(grids.geometry.array, dtype=object)
        metric = to_metric(shapes, metric_srid)
        middles = shapely.centroid(metric)
        unit_names = {} if units is None else dict(zip(units["code"], units["name"], strict=True))
        homes = np.array([_number(value) for value in _column(grids, "households")], float)
        return cls(
            codes=grids["code"].to_numpy(dtype=object),
            names=np.array([value if isinstance(value, str) else "" for value in _column(grids, "name")], dtype=object),
            villages=np.array([unit_names.get(code) or "" for code in _column(grids, "village_code")], dtype=object),
            shapes=shapes,
            households=homes,
            area_km2=np.asarray(shapely.area(metric), float) / M2_PER_KM2,
            middles_m=np.column_stack([shapely.get_x(middles), shapely.get_y(middles)]),
            metric_srid=metric_srid,
        )

    def numbers(self, codes: Objects) -> Ints:
        """Return the number of the grid of each code, -1 for none and for codes not here."""
        number_of = {code: number for number, code in enumerate(self.codes)}
        return np.array([number_of.get(code, -1) for code in codes], np.int64)

    def counted(self, codes: Objects) -> Ints:
        """Return how many of ``codes`` are each grid's (n,)."""
        numbers = self.numbers(codes)
        return np.bincount(numbers[numbers >= 0], minlength=len(self.codes))

    def outline(self, codes: Collection[str]) -> shapely.Geometry:
        """Return the area (lon/lat) of some grids together."""
        return shapely.coverage_union_all(self.shapes[np.isin(self.codes.astype(str), list(codes))])

    @property
    def exposures(self) -> Floats:
        """What the usual of a grid is learnt from: households, square kilometres, being a grid."""
        return np.column_stack([self.households, self.area_km2, np.ones(len(self.codes))])


def _column(frame: GeoDataFrame, name: str) -> list[Any]:
    return frame[name].tolist() if name in frame else [None] * len(frame)


def _number(value: Any) -> float:
    return float(value) if value is not None and np.isfinite(float(value)) and float(value) > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Happened:
    """Events of the period: grid code (None for none), place in degrees (NaN for none), kind, address in words."""

    grid_codes: Objects
    lonlat: Floats
    kinds: Objects
    words: Objects


@dataclass(frozen=True, eq=False)
class Report:
    """Hotspots in their order; of each grid the events, the usual and the rates; how many events lie in no grid."""

    hotspots: tuple[Hotspot, ...]
    counts: Ints
    expected: Floats
    rates: Rates
    without_grid: int
    before: int | None = None


def find_hotspots(
    ground: Ground,
    happened: Happened,
    names: PlaceNames,
    *,
    days: float,
    before: Ints | None = None,
    days_before: float | None = None,
    alpha: float = ALPHA,
    dependent: bool = False,
    seed: int = 1,
) -> Report:
    """Return where events of a period gather, ranked by how many there are beyond the usual.

    Parameters
    ----------
    days : length of the period
    before, days_before : (n,) events by grid of the period compared with, and its length; also finds what has risen
    alpha : the probability that a district without hotspots shows any; shared between what stands out and what rose
    dependent : how changes are adjusted, see :func:`~geogrid.space.hotspot_change.changes`
    seed : of the play of chance
    """
    grid, counts = ground.numbers(happened.grid_codes), ground.counted(happened.grid_codes)
    usual = usual_of(counts, ground.exposures)
    near = zones(ground.middles_m)
    xy_m = np.full(happened.lonlat.shape, np.nan)
    here = np.isfinite(happened.lonlat).all(axis=1)
    lon, lat = happened.lonlat[here].T
    xy_m[here] = np.column_stack(metric_xy(lon, lat, ground.metric_srid))

    def peaks(found: tuple[Zone, ...]) -> tuple[tuple[Zone, ...], Floats]:
        return one_a_peak(found, hearts(found, grid, xy_m, ground.middles_m))

    compared = before is not None and bool(before.any())  # of a period without records nothing can be told
    share = alpha / 2 if compared else alpha
    stands, at = peaks(standing(counts, usual, near, alpha=share, seed=seed))
    found = [(HotspotKind.STANDING, zone, heart) for zone, heart in zip(stands, at, strict=True)]
    if before is not None and compared:
        rose = zip(*peaks(rising(counts, before, near, alpha=share, seed=seed)), strict=True)
        found += [(HotspotKind.RISING, zone, heart) for zone, heart in rose if _is_new(zone, heart, stands, at)]
    found.sort(key=lambda one: (one[1].usual - one[1].events, min(ground.codes[list(one[1].areas)])))
    told = [_told(ground, happened, names, grid, counts, *one) for one in found]
    if before is not None and compared and days_before:
        told = _compared(told, counts, before, found, days, days_before, dependent)
    rates = locally_smoothed_rates(counts, ground.households, contiguity(ground.shapes))
    total = None if before is None else int(before.sum())
    return Report(_apart(told, ground), counts, usual.expected, rates, int((grid < 0).sum()), total)


def _is_new(zone: Zone, heart: Floats, stands: tuple[Zone, ...], at: Floats) -> bool:
    """Whether something that rose is not a hotspot already told of, whose change says the same."""
    taken = {area for one in stands for area in one.areas}
    far = not len(at) or float(np.hypot(*(at - heart).T).min()) > ONE_PEAK_M
    return far and zone.areas[0] not in taken


def _told(
    ground: Ground, happened: Happened, names: PlaceNames, grid: Ints, counts: Ints, kind: HotspotKind, zone: Zone, heart: Floats
) -> Hotspot:
    areas = list(zone.areas)
    own = np.isin(grid, areas)
    lon, lat = lonlat_of(heart[:1], heart[1:], ground.metric_srid)
    heart_lonlat = (round(float(lon[0]), 6), round(float(lat[0]), 6))
    first = areas[int(np.argmax(counts[areas]))]
    others = (ground.villages[first], ground.names[first], ground.codes[first])
    kinds = Counter(one for one in happened.kinds[own] if one in EventKind.codes()).most_common(1)
    homes = float(ground.households[areas].sum())
    smoothed = smoothed_rate(zone.events, homes, (counts, ground.households))
    return Hotspot(
        rank=0,
        kind=kind,
        name=names.of(heart_lonlat, happened.words[own].tolist(), others),
        codes=tuple(ground.codes[areas]),
        events=zone.events,
        usual=zone.usual,
        ratio=zone.ratio,
        p=zone.p,
        households=int(homes),
        per_1000=zone.events / homes * 1000 if homes else None,
        smoothed_per_1000=None if smoothed is None else smoothed * 1000,
        prevailing=EventKind(kinds[0][0]) if kinds else None,
        prevailing_events=kinds[0][1] if kinds else 0,
        heart_lonlat=heart_lonlat,
    )


def _compared(
    told: list[Hotspot],
    counts: Ints,
    before: Ints,
    found: list[tuple[HotspotKind, Zone, Floats]],
    days: float,
    days_before: float,
    dependent: bool,
) -> list[Hotspot]:
    areas = [list(zone.areas) for _, zone, _ in found]
    sums = [[int(of[own].sum()) for own in areas] for of in (counts, before)]
    found_changes: tuple[Change, ...] = changes(*sums, days=days, days_before=days_before, dependent=dependent)
    return [replace(one, change=change) for one, change in zip(told, found_changes, strict=True)]


def _apart(told: list[Hotspot], ground: Ground) -> tuple[Hotspot, ...]:
    """Number the hotspots; of two with one name each gets its grid's name too."""
    often = Counter(one.name for one in told)
    name_of = dict(zip(ground.codes, ground.names, strict=True))
    ranked = []
    for rank, one in enumerate(told, 1):
        name = one.name
        if often[name] > 1:
            name = f"{name} ({name_of[one.codes[0]] or one.codes[0]})"
        ranked.append(replace(one, rank=rank, name=name))
    return tuple(ranked)
