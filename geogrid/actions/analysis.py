"""Draw what takes too long for a page: service circles of an edition, hotspots of the last days. A job calls :func:`refresh`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from geogrid.actions.circles import draw_circles, season_at
from geogrid.actions.district import District
from geogrid.actions.hotspots import draw_hotspots
from geogrid.store import analysis, editions, events
from geogrid.store.analysis import HOTSPOTS, SERVICE_CIRCLES

HOTSPOT_AGE = timedelta(minutes=10)


def refresh(session: Session, *, now: datetime, district: District) -> bool:
    """Draw what is missing or old; return whether anything was drawn. Nothing happens before an edition is in force."""
    edition = editions.find_in_force(session)
    if edition is None:
        return False
    changed = False
    circles = analysis.said(session, SERVICE_CIRCLES)
    if circles is None or circles[0] != edition.id or circles[1].get("season") != season_at(now, district).value:
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
