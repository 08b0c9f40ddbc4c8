"""Reading the areas that analyses leave for the map, and the figures that go with them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from geogrid.store.tables.geography import shapes
from layers.shapes import copy_for, edition_shown
from layers.view import View

# Layers, and tile sets of the same names, whose rows change without an event or an edition.
ANALYSES = frozenset({"service_circles", "hotspots"})


def analysis_areas(view: View, kind: str, *columns: ColumnElement) -> Select:
    """Return the bounded SELECT of the areas of an analysis in the view, with ``columns`` of their properties.

    Rides ``idx_shapes_geom_mercator`` (GiST) for the box.
    """
    return (
        select(shapes.c.code, shapes.c.geom_mercator.label("geom"), *columns)
        .where(
            shapes.c.kind == kind,
            shapes.c.edition_id == edition_shown(kind),
            shapes.c.zoom == copy_for(kind, view.zoom),
            shapes.c.geom_mercator.op("&&")(view.envelope_mercator()),
        )
        .order_by(shapes.c.code)
        .limit(view.most)
    )


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
