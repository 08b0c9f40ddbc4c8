"""Reading areas for the map: copies in EPSG:3857, simplified for each zoom as one coverage."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, Select, Table, func, select

from geogrid.space.crs import SRID_WEB_MERCATOR
from geogrid.store.tables.editions import editions
from geogrid.store.tables.geography import shapes
from layers.view import View


def edition_shown(kind: str) -> ScalarSelect:
    """Return the SQL of the edition whose copies of ``kind`` are in force: the one activated last that brought some.

    An edition replaces some kinds and leaves the others; the copies of those stay with the edition that brought them.
    Rides the primary key of ``shapes``.
    """
    brought = select(shapes.c.code).where(shapes.c.kind == kind, shapes.c.edition_id == editions.c.id).exists()
    return (
        select(editions.c.id)
        .where(editions.c.activated_at.is_not(None), brought)
        .order_by(editions.c.activated_at.desc(), editions.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def copy_for(kind: str, zoom: int) -> ScalarSelect:
    """Return the SQL of the copy's zoom to draw at map ``zoom``: the least that is good for it, else the finest there is.

    Rides the primary key of ``shapes`` (kind, edition, zoom, code).
    """
    mine = (shapes.c.kind == kind, shapes.c.edition_id == edition_shown(kind))
    fine_enough = select(shapes.c.zoom).where(*mine, shapes.c.zoom >= zoom).order_by(shapes.c.zoom).limit(1)
    finest = select(shapes.c.zoom).where(*mine).order_by(shapes.c.zoom.desc()).limit(1)
    return select(func.coalesce(fine_enough.scalar_subquery(), finest.scalar_subquery())).scalar_subquery()


def areas(view: View, kind: str, *names: str) -> Select:
    """Return the SELECT of the areas of ``kind`` in the view, with the named properties that activation kept beside them."""
    return copies(view, kind, *(said(name) for name in names))


def copies(view: View, kind: str, *columns: ColumnElement) -> Select:
    """Return the bounded SELECT of the copies of ``kind`` in the view, with ``columns`` of their properties.

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


def said(name: str) -> ColumnElement[str]:
    """Return the property ``name`` of a copy as SQL, labelled by its name."""
    return shapes.c.properties[name].astext.label(name)


def in_force(table: Table) -> ColumnElement[bool]:
    """Return the condition that a row of geography is in force; an edition only loaded has empty ranges."""
    return func.upper_inf(table.c.valid) & ~func.isempty(table.c.valid)


def mercator(geom: ColumnElement) -> ColumnElement:
    """Return ``geom`` as SQL in EPSG:3857, for drawing alone."""
    return func.ST_Transform(geom, SRID_WEB_MERCATOR)
