"""The roads of an edition as they are on a day: who gets where then, and who reaches no station that can take the matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike
from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.domain.grids import GeographyKind
from geogrid.domain.opening import Fit, Need, fit
from geogrid.domain.stations import TravelMode
from geogrid.space.network import RoadNetwork
from geogrid.space.network_closures import on_day
from geogrid.space.network_unreached import UnreachedPoints, unreached
from geogrid.store.closures import closed_on

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


@dataclass(frozen=True, eq=False)
class Soonest:
    """For each point the station reached soonest among those that are capable and open; arrays of equal length.

    ``codes`` are None and ``minutes`` NaN where no station can take the matter; ``straight`` marks estimates along the straight
    line. ``stations`` says of every station of the edition, by code, why not, and when the next one opens.
    """

    codes: np.ndarray
    minutes: np.ndarray
    straight: np.ndarray
    stations: Fit


def roads_on(session: Session, edition_id: int, day: date, *, district: District) -> RoadNetwork | None:
    """Return the roads of an edition on a day in the district's time; None where it has none.

    What an event is assigned rests on the roads in summer and without closures: a place belongs to a station whatever the day
    on which it is asked. Whoever asks how to get there today asks here.
    """
    network = district.geography_for(edition_id).network
    return None if network is None else on_day(network, closed_on(session, day), day)


def able_stations(session: Session, edition_id: int, need: Need) -> tuple[GeoDataFrame, Fit]:
    """Return the stations of an edition that are capable and open, by code, and what was found of each of all."""
    from geogrid.store.editions import by_id
    from geogrid.store.geography import frame_of

    stations = frame_of(session, GeographyKind.STATIONS, by_id(session, edition_id))
    found = fit(stations.drop(columns="geometry").to_dict("records"), need)
    return stations[found.mask], found


def soonest(
    session: Session,
    edition_id: int,
    lon: ArrayLike,
    lat: ArrayLike,
    mode: TravelMode,
    need: Need,
    day: date,
    *,
    district: District,
) -> Soonest | None:
    """Return the station that each point (degrees) reaches soonest on a day, of those that fit the need; None without roads."""
    network = roads_on(session, edition_id, day, district=district)
    if network is None:
        return None
    able, found = able_stations(session, edition_id, need)
    answers = network.station_by_time(lon, lat, able["code"].to_numpy(dtype=object), _lonlat(able), mode)
    return Soonest(*answers, found)


def unreached_homes(
    session: Session, edition_id: int, mode: TravelMode, need: Need, day: date, *, district: District
) -> tuple[GeoDataFrame, UnreachedPoints] | None:
    """Return the households of an edition and which of them reach no station on a day, and why; None without roads."""
    from geogrid.store.editions import by_id
    from geogrid.store.geography import frame_of

    network = roads_on(session, edition_id, day, district=district)
    if network is None:
        return None
    homes = frame_of(session, GeographyKind.HOUSEHOLDS, by_id(session, edition_id))
    able, _ = able_stations(session, edition_id, need)
    return homes, unreached(network, _lonlat(able), _lonlat(homes), mode)


def day_of(need: Need) -> date | None:
    """Return the day, in the district's time, on which a need is asked; None where it names no instant."""
    return None if need.at is None else need.at.astimezone(ZoneInfo(need.timezone)).date()


def _lonlat(points: GeoDataFrame) -> np.ndarray:
    return np.column_stack([points.geometry.x, points.geometry.y])
