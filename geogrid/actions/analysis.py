"""Draw what takes too long for a page: service circles of an edition, hotspots of the last days. A job calls :func:`refresh`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.domain.grids import GeographyKind
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.space.circles import households_within, service_circles
from geogrid.space.copies import to_mercator, tolerance_m
from geogrid.space.hotspots import Cluster, contiguity, density, ranked
from geogrid.store import analysis, editions, events
from geogrid.store.analysis import HOTSPOTS, SERVICE_CIRCLES, Drawn

CIRCLE_MINUTES = 10.0
CIRCLE_ZOOMS = (10, 12, 24)  # the largest map zoom each copy is good for, as of other areas
HOTSPOT_DAYS = 30
USUAL_DAYS = 360  # the time before, from which the usual is taken
HOTSPOT_AGE = timedelta(minutes=10)
BANDWIDTH_M, CELL_M = 500.0, 100.0
# Events per square kilometre in HOTSPOT_DAYS: the same for every day, so that maps of two days can be compared.
BANDS = (1.0, 3.0, 10.0, 30.0, 100.0)


def refresh(session: Session, *, now: datetime, district: District) -> bool:
    """Draw what is missing or old; return whether anything was drawn. Nothing happens before an edition is in force."""
    edition = editions.find_in_force(session)
    if edition is None:
        return False
    changed = False
    circles = analysis.said(session, SERVICE_CIRCLES)
    if circles is None or circles[0] != edition.id:
        changed = draw_circles(session, now=now, district=district)
    spots = analysis.said(session, HOTSPOTS)
    if spots is None or spots[0] != edition.id or _is_old(session, spots[1], now):
        changed |= draw_hotspots(session, now=now, district=district)
    if changed:
        events.tell_reload(session)
    return changed


def _is_old(session: Session, said: dict[str, Any], now: datetime) -> bool:
    """Whether something happened since; what was made after ``now`` is old too: the clock was set back, as a demo's is."""
    is_young = timedelta(0) <= now - datetime.fromisoformat(said["made_at"]) < HOTSPOT_AGE
    return not is_young and said["step"] != analysis.last_step(session)


# -- service circles --------------------------------------------------------------------------------------------------


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
        drawn += _copies(shape, mode.value, {"mode": mode.value, "minutes": minutes})
    whole = {"households": len(homes), "reached": int(reached.sum()), "modes": modes, "made_at": now.isoformat()}
    rows = [Drawn(d.zoom, d.code, d.properties | whole, d.mercator) for d in drawn]
    analysis.replace(session, SERVICE_CIRCLES, edition.id, rows)
    return True


def _copies(shape: shapely.Geometry, code: str, properties: dict[str, Any]) -> Iterator[Drawn]:
    """Give every part of a shape (lon/lat) for every zoom, so that a tile reads only the parts that it shows."""
    parts = to_mercator(shapely.get_parts(shape))
    for zoom in CIRCLE_ZOOMS:
        simple = parts if zoom == CIRCLE_ZOOMS[-1] else shapely.simplify(parts, tolerance_m(zoom))
        for i, part in enumerate(simple):
            yield Drawn(zoom, f"{code}-{i:05d}", properties, part)


# -- hotspots ---------------------------------------------------------------------------------------------------------


def draw_hotspots(session: Session, *, now: datetime, district: District, days: int = HOTSPOT_DAYS) -> bool:
    """Draw bands of density of the last ``days`` and clusters of grids that stand out, with their ratio to the usual."""
    edition = editions.in_force(session)
    start = now - timedelta(days=days)
    whole = {"made_at": now.isoformat(), "days": days, "step": analysis.last_step(session)}
    drawn = [
        *_bands(analysis.events_lonlat(session, start, now), district.profile.metric_srid, days, whole),
        *_clusters(session, edition, start, now, whole),
    ]
    analysis.replace(session, HOTSPOTS, edition.id, drawn)
    return bool(drawn)


def _bands(lonlat: np.ndarray, metric_srid: int, days: int, whole: dict[str, Any]) -> Iterator[Drawn]:
    field = density(lonlat[:, 0], lonlat[:, 1], metric_srid=metric_srid, bandwidth_m=BANDWIDTH_M, cell_m=CELL_M)
    to_days = days / HOTSPOT_DAYS
    for i, low in enumerate(BANDS):
        high = BANDS[i + 1] if i + 1 < len(BANDS) else np.inf
        shape = field.band(low * to_days, high * to_days)
        yield from _copies(shape, f"band-{i + 1}", {"band": i + 1, **whole})


def _clusters(
    session: Session, edition: editions.Edition, start: datetime, now: datetime, whole: dict[str, Any]
) -> Iterator[Drawn]:
    from geogrid.store.geography import frame_of

    grids = frame_of(session, GeographyKind.BASE_GRIDS, edition)
    first = analysis.first_reported_at(session)
    if grids.empty or first is None:
        return
    before = max(first, start - timedelta(days=USUAL_DAYS))
    share = (now - start) / (start - before) if before < start else 0.0
    codes = grids["code"].to_numpy(dtype=object)
    counts = analysis.events_by_grid(session, start, now)
    earlier = analysis.events_by_grid(session, before, start)
    areas = np.asarray(grids.geometry.array, dtype=object)
    found = ranked(codes, [counts.get(c, 0) for c in codes], [earlier.get(c, 0) * share for c in codes], contiguity(areas))
    area_of = dict(zip(codes, areas, strict=True))
    for cluster in found:
        shape = shapely.coverage_union_all([area_of[code] for code in cluster.codes])
        yield from _copies(shape, f"cluster-{cluster.rank:03d}", {**_said_of(cluster), **whole})


def _said_of(cluster: Cluster) -> dict[str, Any]:
    ratio = None if cluster.ratio is None else round(cluster.ratio, 2)
    said = {"rank": cluster.rank, "grids": list(cluster.codes), "events": cluster.events, "z": round(cluster.z, 2)}
    return said | {"usual": round(cluster.usual, 1), "ratio": ratio}
