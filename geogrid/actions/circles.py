"""Draw the service circles of the edition in force: too long for a page, so a job draws them."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.drawn_copies import copies_of
from geogrid.domain.grids import GeographyKind
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.space.circles import households_within, service_circles
from geogrid.store import analysis, editions
from geogrid.store.analysis import SERVICE_CIRCLES, Drawn

CIRCLE_MINUTES = 10.0


def draw_circles(session: Session, *, now: datetime, district: District, minutes: float = CIRCLE_MINUTES) -> bool:
    """Draw from where a station is reached in time, by each station's own mode, and count households that reach one.

    The mode is that of the station's unit (town on foot, countryside by e-bike: the profile). A household counts once, when
    it reaches any of the stations by that station's mode. False where the edition has no roads or no stations.
    """
    from geogrid.store.geography import frame_of

    edition = editions.in_force(session)
    geography = district.geography_for(edition.id)
    stations = frame_of(session, GeographyKind.STATIONS, edition)
    stations = stations[stations["level"] != StationLevel.CENTRE]
    if geography.network is None or stations.empty:
        return False
    mode_of = stations["unit_code"].map(geography.mode_of).fillna(district.profile.travel_mode_country)
    homes = analysis.homes_lonlat(session)
    water = analysis.water_areas(session)
    reached, modes, drawn = np.zeros(len(homes), dtype=bool), [], []
    for mode in TravelMode:
        own = stations[mode_of.to_numpy() == mode.value].geometry
        if own.empty:
            continue
        places = np.column_stack([own.x, own.y])
        served = households_within(geography.network, homes, places, minutes, mode).reached
        reached |= served
        modes.append({"mode": mode.value, "stations": len(own), "households": int(served.sum())})
        shape = service_circles(geography.network, places, minutes, mode, water=water).shapes[0]
        drawn += copies_of(shape, mode.value, {"mode": mode.value, "minutes": minutes})
    whole = {"households": len(homes), "reached": int(reached.sum()), "modes": modes, "made_at": now.isoformat()}
    rows = [Drawn(d.zoom, d.code, d.properties | whole, d.mercator) for d in drawn]
    analysis.replace(session, SERVICE_CIRCLES, edition.id, rows)
    return True
