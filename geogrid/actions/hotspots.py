"""Find the hotspots of any period, and draw those of the last days: too long for a page, so a job draws them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.actions.drawn_copies import copies_of
from geogrid.domain.events import EventKind
from geogrid.domain.grids import EditionState, GeographyKind
from geogrid.domain.hotspots import Against, Change, Hotspot, HotspotKind, Period
from geogrid.space.hotspot_names import PlaceNames
from geogrid.space.hotspot_report import Ground, Happened, Report, find_hotspots
from geogrid.space.hotspot_words import cut, label
from geogrid.space.hotspots import ALPHA, density
from geogrid.store import analysis, editions
from geogrid.store.analysis import HOTSPOTS, Drawn

HOTSPOT_DAYS = 30
BANDWIDTH_M, CELL_M = 500.0, 100.0
# Events per square kilometre in HOTSPOT_DAYS: the same for every day, so that maps of two days can be compared.
BANDS = (1.0, 3.0, 10.0, 30.0, 100.0)


def hotspots_between(
    session: Session,
    period: Period,
    *,
    district: District,
    compared: Period | None = None,
    edition: editions.Edition | None = None,
    kinds: Collection[str] = (),
    alpha: float = ALPHA,
    dependent: bool = False,
    seed: int = 1,
) -> tuple[Report, Ground]:
    """Return the hotspots of ``period``, and the grids they were looked for in.

    Parameters
    ----------
    compared : the period to compare with; also finds what has risen
    edition : grids of this edition (in force, where None). Events keep the grid they were assigned to under the one in force;
        those of grids it does not have, and all under another edition, are assigned anew by their place.
    kinds : codes of events to look at; all where empty
    alpha, dependent, seed : see :func:`~geogrid.space.hotspot_report.find_hotspots`
    """
    from geogrid.store.geography import frame_of

    edition = edition or editions.in_force(session)
    units = frame_of(session, GeographyKind.UNITS, edition)
    srid = district.profile.metric_srid
    ground = Ground.from_frames(frame_of(session, GeographyKind.BASE_GRIDS, edition), units, metric_srid=srid)
    names = PlaceNames.from_frames(*analysis.names_on_the_ground(session, edition), units, metric_srid=srid)
    happened = _happened(session, period, ground, edition, district, kinds)
    before = None if compared is None else _happened(session, compared, ground, edition, district, kinds)
    report = find_hotspots(
        ground,
        happened,
        names,
        days=period.days,
        before=None if before is None else ground.counted(before.grid_codes),
        days_before=None if compared is None else compared.days,
        alpha=alpha,
        dependent=dependent,
        seed=seed,
    )
    return report, ground


def _happened(
    session: Session, period: Period, ground: Ground, edition: editions.Edition, district: District, kinds: Collection[str]
) -> Happened:
    rows = analysis.events_between(session, period.start, period.end, kinds)
    codes = rows.grid_codes.copy()
    anew = np.isfinite(rows.lonlat).all(axis=1)
    if edition.state is EditionState.IN_FORCE:
        anew &= ~np.isin(codes.astype(str), ground.codes.astype(str)) & (codes != np.array(None))
    if anew.any():
        codes[anew] = district.geography_for(edition.id).index.assign(*rows.lonlat[anew].T).grid_code
    return Happened(codes, rows.lonlat, rows.kinds, rows.words)


# -- for the map ------------------------------------------------------------------------------------------------------


def draw_hotspots(session: Session, *, now: datetime, district: District, days: int = HOTSPOT_DAYS) -> bool:
    """Draw bands of density of the last ``days``, and the hotspots with what is said of them, compared with as long before."""
    edition = editions.in_force(session)
    period = Period(now - timedelta(days=days), now)
    whole = {"made_at": now.isoformat(), "days": days, "step": analysis.last_step(session)}
    lonlat = analysis.events_lonlat(session, period.start, period.end)
    drawn = [*_bands(lonlat, district.profile.metric_srid, days, whole), *_clusters(session, period, district, whole)]
    analysis.replace(session, HOTSPOTS, edition.id, drawn)
    return bool(drawn)


def _bands(lonlat: np.ndarray, metric_srid: int, days: int, whole: dict[str, Any]) -> Iterator[Drawn]:
    field = density(lonlat[:, 0], lonlat[:, 1], metric_srid=metric_srid, bandwidth_m=BANDWIDTH_M, cell_m=CELL_M)
    to_days = days / HOTSPOT_DAYS
    for i, low in enumerate(BANDS):
        high = BANDS[i + 1] if i + 1 < len(BANDS) else np.inf
        shape = field.band(low * to_days, high * to_days)
        yield from copies_of(shape, f"band-{i + 1}", {"band": i + 1, **whole})


def _clusters(session: Session, period: Period, district: District, whole: dict[str, Any]) -> Iterator[Drawn]:
    report, ground = hotspots_between(session, period, district=district, compared=period.compared(Against.PREVIOUS))
    for hotspot in report.hotspots:
        shape = ground.outline(hotspot.codes)
        yield from copies_of(shape, f"cluster-{hotspot.rank:03d}", {**said_of(hotspot), **whole})


SAID = (
    *("rank", "stands", "name", "label", "grids", "events", "usual", "ratio", "p", "prevailing", "prevailing_events"),
    *("households", "per_1000", "smoothed_per_1000", "lon", "lat", "before", "change", "change_p", "change_q"),
)  # the names of what is said, in their order


def said_of(hotspot: Hotspot) -> dict[str, Any]:
    """Return what is said of a hotspot as plain values: numbers cut off as they are shown, words by their codes."""
    change = hotspot.change
    return {
        "rank": hotspot.rank,
        "stands": hotspot.kind.value,
        "name": hotspot.name,
        "label": label(hotspot),
        "grids": list(hotspot.codes),
        "events": hotspot.events,
        "usual": _cut(hotspot.usual, 1),
        "ratio": _cut(hotspot.ratio, 1),
        "p": hotspot.p,
        "prevailing": None if hotspot.prevailing is None else hotspot.prevailing.value,
        "prevailing_events": hotspot.prevailing_events,
        "households": hotspot.households,
        "per_1000": _cut(hotspot.per_1000, 1),
        "smoothed_per_1000": _cut(hotspot.smoothed_per_1000, 1),
        "lon": hotspot.heart_lonlat[0],
        "lat": hotspot.heart_lonlat[1],
        "before": None if change is None else change.before,
        "change": None if change is None else _cut(change.ratio, 2),
        "change_p": None if change is None else change.p,
        "change_q": None if change is None else change.q,
    }


def _cut(value: float | None, decimals: int) -> float | None:
    return None if value is None else float(cut(value, decimals))


def hotspot_of(said: dict[str, Any]) -> Hotspot:
    """Return the hotspot that plain values (:func:`said_of`) tell of."""
    change = None
    if said["before"] is not None:
        change = Change(said["before"], said["change"], said["change_p"], said["change_q"])
    same = ("rank", "name", "events", "usual", "ratio", "p", "households", "per_1000", "smoothed_per_1000", "prevailing_events")
    return Hotspot(
        **{name: said[name] for name in same},
        kind=HotspotKind(said["stands"]),
        codes=tuple(said["grids"]),
        prevailing=None if said["prevailing"] is None else EventKind(said["prevailing"]),
        heart_lonlat=(said["lon"], said["lat"]),
        change=change,
    )
