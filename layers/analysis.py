"""What analyses leave for the map beside their areas: when they were drawn, and figures."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.store.tables.geography import shapes

# Layers, and tile sets of the same names, whose rows change without an event or an edition.
ANALYSES = frozenset({"service_circles", "uncovered", "hotspots"})


def analysis_version(session: Session, kind: str) -> str:
    """Return when an analysis was last drawn, as text for the version of a tile; empty before. Rides the primary key."""
    return session.scalar(select(shapes.c.properties["made_at"].astext).where(shapes.c.kind == kind).limit(1)) or ""


def percent(part: int, whole: int, decimals: int = 2) -> str:
    """Return ``part`` of ``whole`` in percent, cut off and never rounded up: 1,031 of 1,069 is 96.44; "-" of nothing."""
    if whole <= 0:
        return "-"
    units = part * 100 * 10**decimals // whole
    digits = str(units).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
