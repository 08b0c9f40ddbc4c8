"""Borders and names of townships, drawn over the grids as the frame that people know."""

from __future__ import annotations

from sqlalchemy import Select

from geogrid.domain.places import Level
from layers.layer import Group, Layer, Rule, Shape, Symbol
from layers.shapes import areas, said
from layers.view import View


def select_townships(view: View) -> Select:
    """Townships in the view. See ``areas`` for its indexes."""
    return areas(view, "units", "name").where(said("level").element == Level.TOWNSHIP.value)


LAYER = Layer(
    name="townships",
    title="Townships and streets",
    group=Group.BASE,
    rules=(
        Rule(
            "Township or street border",
            Symbol(Shape.AREA, stroke="township", widths=((8, 0.8), (11, 1.4), (16, 2.4))),
        ),
    ),
    select=select_townships,
    label="name",
    label_from_zoom=9,
)
