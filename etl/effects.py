"""Effects of changes on files: which stations close, move or open, winter, opening hours; who gains and who loses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from etl.circles import grid_of, lonlat_of
from etl.errors import StationUnknown
from geogrid.domain.speeds import Season
from geogrid.domain.stations import TravelMode
from geogrid.space.crs import SRID_STORED, default_metric_srid

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from geogrid.space.effects import Effect

Place = tuple[float, float]


@dataclass(frozen=True)
class Asked:
    """What is asked: codes of stations to close, places (degrees) to move stations to and to open at, winter, an instant."""

    closed: tuple[str, ...] = ()
    moved: tuple[tuple[str, Place], ...] = ()
    opened: tuple[Place, ...] = ()
    season: Season | None = None
    at: datetime | None = None


def effect_on(
    stations: GeoDataFrame, roads: GeoDataFrame, homes: GeoDataFrame, asked: Asked, minutes: float, mode: TravelMode
) -> tuple[Effect, list[str]]:
    """Return the effect of all that is asked together, and the codes of the stations (opened ones: ``+1``, ``+2`` ...).

    Raises StationUnknown where a code is none of the file's.
    """
    from geogrid.space.effects import BANDS, Change, Effect, effect_of, reached_by
    from geogrid.space.network import RoadNetwork
    from geogrid.space.reach_counts import PointsOnEdges

    codes, places, homes_lonlat = stations["code"].astype(str).tolist(), lonlat_of(stations), lonlat_of(homes)
    network = RoadNetwork.from_frame(roads, metric_srid=default_metric_srid(*places.mean(axis=0)))
    position = {code: i for i, code in enumerate(codes)}
    for code in (*asked.closed, *(code for code, _ in asked.moved)):
        if code not in position:
            raise StationUnknown(code=code)
    closed = {position[code] for code in asked.closed} | _shut(stations, asked.at)
    change = Change(sorted(closed), {position[code]: place for code, place in asked.moved}, asked.opened)
    snapped = network.snap(homes_lonlat[:, 0], homes_lonlat[:, 1], mode)
    before = reached_by(network, places, PointsOnEdges.of(snapped, len(network.modes[mode].rows)), mode, max(minutes, BANDS[-1]))
    if asked.season is not None:
        network = network.under(replace(network.conditions, season=asked.season))
        snapped = network.snap(homes_lonlat[:, 0], homes_lonlat[:, 1], mode)
    points = PointsOnEdges.of(snapped, len(network.modes[mode].rows))
    found = effect_of(network, places, points, mode, minutes, change, before=None if asked.season else before)
    return Effect(before, found.after, minutes, found.stations), [*codes, *(f"+{i + 1}" for i in range(len(asked.opened)))]


def _shut(stations: GeoDataFrame, at: datetime | None) -> set[int]:
    """Return the positions of the stations that are not open at an instant."""
    from geogrid.domain.opening import LEVELS, Need, fit

    if at is None:
        return set()
    rows = [{"level": "point", "industries": "", "capacity": 0, "hours": hours} for hours in stations["hours"].fillna("")]
    return {i for i, is_open in enumerate(fit(rows, Need(LEVELS, at=at)).mask) if not is_open}


def by_grid(effect: Effect, grids: GeoDataFrame, homes: GeoDataFrame) -> GeoDataFrame:
    """Return the grids whose households gain or lose, with ``code households reached_before reached_after gained lost``."""
    grid = grid_of(grids, homes)
    gained, lost = effect.by_group(grid, len(grids))
    inside = grid >= 0
    counted = {
        "households": np.bincount(grid[inside], minlength=len(grids)),
        "reached_before": np.bincount(grid[inside & effect.before.within(effect.minutes)], minlength=len(grids)),
        "reached_after": np.bincount(grid[inside & effect.after.within(effect.minutes)], minlength=len(grids)),
        "gained": gained,
        "lost": lost,
    }
    return grids[["code", "geometry"]].assign(**counted)[(gained > 0) | (lost > 0)].reset_index(drop=True)


def changed_homes(effect: Effect, codes: list[str], homes: GeoDataFrame) -> GeoDataFrame:
    """Return the households that gain or lose, with minutes and station before and after."""
    import geopandas as gpd

    rows = np.sort(np.concatenate([effect.gained, effect.lost]))
    columns: dict[str, object] = {"change": np.where(np.isin(rows, effect.gained), "gained", "lost")}
    names = np.array([*codes, ""], dtype=object)
    for when, found in (("before", effect.before), ("after", effect.after)):
        minutes = found.minutes[rows]
        columns |= {f"minutes_{when}": np.where(np.isfinite(minutes), minutes.round(2), np.nan)}
        columns |= {f"station_{when}": names[found.station[rows]]}
    if "code" in homes:
        columns = {"code": homes["code"].to_numpy()[rows], **columns}
    return gpd.GeoDataFrame(columns, geometry=homes.geometry.to_numpy()[rows], crs=SRID_STORED)
