"""Water of the base map: pale, under everything."""

from __future__ import annotations

from sqlalchemy import Select, select

from geogrid.domain.places import PlaceKind
from geogrid.store.tables.geography import places
from layers.layer import Group, Layer, Rule, Shape, Symbol
from layers.shapes import in_force, mercator
from layers.view import View


def select_water(view: View) -> Select:
    """Water in force in the view, areas and lines. Rides ``idx_places_geom`` (GiST)."""
    return (
        select(places.c.code, mercator(places.c.geom).label("geom"), places.c.name)
        .where(places.c.kind == PlaceKind.WATER.value, in_force(places), places.c.geom.op("&&")(view.envelope()))
        .order_by(places.c.code)
        .limit(view.most)
    )


LAYER = Layer(
    name="water",
    title="Water",
    group=Group.BASE,
    rules=(
        Rule(
            "River, lake or canal",
            Symbol(Shape.AREA, stroke="water-line", widths=((9, 0.8), (12, 1.4), (16, 3.0)), fill="water"),
        ),
    ),
    select=select_water,
    label="name",
    label_from_zoom=12,
)
