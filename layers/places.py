"""Names of settlements and landmarks."""

from __future__ import annotations

from sqlalchemy import Select, select

from geogrid.domain.places import PlaceKind
from geogrid.store.tables.geography import places
from layers.layer import Group, Layer, Rule, Shape, Symbol
from layers.shapes import in_force, mercator
from layers.view import View

SHOWN_FROM_ZOOM = {PlaceKind.SETTLEMENT: 12, PlaceKind.LANDMARK: 14}


def select_places(view: View) -> Select:
    """Settlements and landmarks in force in the view, those of its zoom. Rides ``idx_places_geom`` (GiST)."""
    kinds = [kind.value for kind, from_zoom in SHOWN_FROM_ZOOM.items() if view.zoom >= from_zoom]
    return (
        select(places.c.code, mercator(places.c.geom).label("geom"), places.c.name, places.c.kind)
        .where(places.c.kind.in_(kinds), in_force(places), places.c.geom.op("&&")(view.envelope()))
        .order_by(places.c.code)
        .limit(view.most)
    )


LAYER = Layer(
    name="places",
    title="Places",
    group=Group.BASE,
    rules=tuple(
        Rule(
            kind.label,
            Symbol(Shape.TEXT, fill="place", radius_px=radius),
            {"kind": kind.value},
            context="PlaceKind",
            from_zoom=SHOWN_FROM_ZOOM[kind],
        )
        for kind, radius in ((PlaceKind.SETTLEMENT, 2.0), (PlaceKind.LANDMARK, 1.5))
    ),
    select=select_places,
    at_once=False,
    from_zoom=min(SHOWN_FROM_ZOOM.values()),
    label="name",
    label_from_zoom=min(SHOWN_FROM_ZOOM.values()),
)
