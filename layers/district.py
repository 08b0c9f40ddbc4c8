"""The district itself: its land under everything, its border."""

from __future__ import annotations

from sqlalchemy import Select, func, select

from geogrid.domain.places import Level
from geogrid.space.copies import tolerance_m
from geogrid.store.tables.geography import units
from layers.layer import Group, Layer, Rule, Shape, Symbol
from layers.shapes import in_force, mercator
from layers.view import View


def select_district(view: View) -> Select:
    """The district's outline, where the view touches it. Rides ``idx_units_geom`` (GiST)."""
    outline = func.ST_SimplifyPreserveTopology(mercator(units.c.geom), tolerance_m(view.zoom) / 2)
    district = (units.c.level == Level.DISTRICT.value) & in_force(units)
    return (
        select(units.c.code, outline.label("geom"), units.c.name)
        .where(district, units.c.geom.op("&&")(view.envelope()))
        .limit(view.most)
    )


LAYER = Layer(
    name="district",
    title="District",
    group=Group.BASE,
    rules=(Rule("District border", Symbol(Shape.AREA, stroke="district", widths=((8, 1.6), (12, 2.6), (16, 3.2)), fill="land")),),
    select=select_district,
    switch=False,
)
