"""Points in, assignments out: the index, the road network and the district's rules put together. Used by every action."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from geogrid.actions.district import District, Geography
from geogrid.domain.grids import Assignment, AssignmentRule
from geogrid.domain.places import ReportedPoint
from geogrid.domain.stations import TravelMode
from geogrid.errors import CoordFar
from geogrid.space.crs import geodesic_m, snap, to_record

Units = tuple[str | None, str | None]


def answers(district: District, edition_id: int, lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike) -> list[Assignment]:
    """Return the assignment of each point under an edition.

    Parameters
    ----------
    lon, lat : arrays of degrees on the datum of record; NaN where an event has no position: its answer is UNLOCATED
    accuracy_m : array of metres, NaN where none was given
    """
    lons, lats, radii = (np.atleast_1d(np.asarray(values, float)) for values in (lon, lat, accuracy_m))
    geography = district.geography_for(edition_id)
    found: list[Assignment] = [unlocated(edition_id)] * len(lons)
    here = np.flatnonzero(np.isfinite(lons) & np.isfinite(lats))
    if not len(here):
        return found
    given = geography.index.assign(lons[here], lats[here], radii[here])
    for position, i in enumerate(here):
        found[i] = given.one(position, edition_id)
    near = np.array([i for i in here if not is_far(district, found[i])], dtype=np.int64)
    _add_times(geography, district, found, near, lons, lats)
    return found


def answer(district: District, edition_id: int, lon: float, lat: float, accuracy_m: float | None) -> Assignment:
    """Return what :func:`answers` returns, for one point: NaN where the event has no position, None without an accuracy."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return unlocated(edition_id)
    from geogrid.space.one_point import assign_one

    geography = district.geography_for(edition_id)
    found = assign_one(geography.index, lon, lat, accuracy_m, edition_id)
    if geography.network is None or not len(geography.station_codes) or is_far(district, found):
        return found
    village = geography.units_of.get(found.grid_code or "", (None, None))[0] or ""
    mode = geography.mode_of.get(village, TravelMode(district.profile.travel_mode_country))
    minutes, rank = geography.network.soonest(geography.flood(mode), lon, lat)
    if rank < 0:
        return found
    return replace(found, station_by_time=str(geography.station_codes[rank]), minutes=minutes)


def unlocated(edition_id: int) -> Assignment:
    """Return the assignment of an event without a position."""
    return Assignment(edition_id, None, (), AssignmentRule.UNLOCATED, 0.0, (), None, None, None)


def _add_times(
    geography: Geography, district: District, found: list[Assignment], here: np.ndarray, lons: np.ndarray, lats: np.ndarray
) -> None:
    if geography.network is None or not len(geography.station_codes):
        return
    country = TravelMode(district.profile.travel_mode_country)
    villages = [geography.units_of.get(found[i].grid_code or "", (None, None))[0] for i in here]
    modes = np.array([geography.mode_of.get(village or "", country).value for village in villages])
    for mode in np.unique(modes):
        chosen = here[modes == mode]
        codes, minutes = geography.station_by_time(lons[chosen], lats[chosen], TravelMode(str(mode)))
        for i, code, time in zip(chosen, codes, minutes, strict=True):
            if code is not None and np.isfinite(time):
                found[i] = replace(found[i], station_by_time=str(code), minutes=float(time))


def units_of(district: District, assignment: Assignment) -> Units:
    """Return the codes of the village and the township of an assignment's grid, None where there are none."""
    if assignment.grid_code is None:
        return None, None
    return district.geography_for(assignment.edition_id).units_of.get(assignment.grid_code, (None, None))


def on_record(points: Sequence[ReportedPoint | None]) -> tuple[np.ndarray, np.ndarray]:
    """Return lon and lat (degrees) on the datum of record, snapped to the store's grid; NaN where there is no point."""
    lon, lat = np.full(len(points), np.nan), np.full(len(points), np.nan)
    by_datum: dict[str, list[int]] = {}
    for i, point in enumerate(points):
        if point is not None:
            by_datum.setdefault(point.datum, []).append(i)
    for datum, chosen in by_datum.items():
        stated = [points[i] for i in chosen]
        lons, lats = to_record([p.lon for p in stated if p], [p.lat for p in stated if p], datum)
        lon[chosen], lat[chosen] = snap(lons, lats)
    return lon, lat


def is_far(district: District, assignment: Assignment) -> bool:
    """Whether the place is so far from the district that it is refused instead of queued.

    A place without a distance to the nearest grid lies so far away that the district's metric zone cannot hold it.
    """
    if assignment.rule is not AssignmentRule.OUTSIDE:
        return False
    return assignment.nearest_grid_m is None or assignment.nearest_grid_m > district.profile.far_m


def far_error(district: District, lon: float, lat: float, assignment: Assignment) -> CoordFar:
    """Return the error that says how far away the place (degrees of record) is: from a grid, or else from the centre."""
    away_m = assignment.nearest_grid_m
    if away_m is None:
        away_m = float(geodesic_m(lon, lat, *district.profile.centre_lonlat))
    kilometres = round(away_m / 1000.0)
    return CoordFar(lon=round(lon, 6), lat=round(lat, 6), distance_km=kilometres, where={"lonlat": [lon, lat]})
