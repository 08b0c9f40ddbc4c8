"""Base grids: thin lines; exclusive grids with a faint fill, because they are cut out for somebody."""

from __future__ import annotations

from sqlalchemy import Select

from geogrid.domain.grids import ExclusiveKind, GridKind
from layers.layer import Group, Layer, PopupField, Rule, Shape, Symbol
from layers.shapes import areas
from layers.view import View

LINE_BY_ZOOM = ((9, 0.3), (11, 0.5), (13, 0.9), (16, 1.4))


def select_base_grids(view: View) -> Select:
    """Base grids in the view; see ``areas`` for its indexes."""
    return areas(view, "base_grids", "name", "kind")


LAYER = Layer(
    name="base_grids",
    title="Base grids",
    group=Group.BASE,
    rules=(
        Rule(
            GridKind.EXCLUSIVE.label,
            Symbol(Shape.AREA, stroke="grid-exclusive", widths=LINE_BY_ZOOM, fill="grid-exclusive", fill_opacity=0.16),
            {"kind": GridKind.EXCLUSIVE.value},
            context="GridKind",
        ),
        Rule(GridKind.ORDINARY.label, Symbol(Shape.AREA, stroke="grid", widths=LINE_BY_ZOOM), context="GridKind"),
    ),
    popup=(
        PopupField("code", "Code"),
        PopupField("kind", "Kind of grid", GridKind),
        PopupField("exclusive_kind", "Cut out for", ExclusiveKind),
        PopupField("village", "Village or community"),
        PopupField("township", "Township or street"),
        PopupField("leader", "Grid leader"),
        PopupField("households", "Households"),
        PopupField("area_km2", "Area (km²)"),
        PopupField("open_events", "Open events"),
        PopupField("events", "Events in all"),
    ),
    select=select_base_grids,
    from_zoom=9,
    label="name",
    label_from_zoom=14,
    pick=True,
)
