"""The district itself: its land under everything, its border."""

from __future__ import annotations

from sqlalchemy import Select

from geogrid.domain.places import Level
from geogrid.store.tables.geography import units
from layers.layer import Group, Layer, Rule, Shape, Symbol
from layers.shapes import areas
from layers.view import View


def select_district(view: View) -> Select:
    """The district where the view touches it. See ``areas`` for its indexes."""
    return areas(view, "units", units, units.c.name).where(units.c.level == Level.DISTRICT.value)


LAYER = Layer(
    name="district",
    title="District",
    group=Group.BASE,
    rules=(Rule("District border", Symbol(Shape.AREA, stroke="district", widths=((8, 1.6), (12, 2.6), (16, 3.2)), fill="land")),),
    select=select_district,
)
