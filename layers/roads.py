"""Roads of the base map: quiet, wider by class, small ones only near."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, Text, case, cast, func, select

from geogrid.store.tables.geography import roads
from layers.layer import Group, Layer, Rule, Shape, Symbol
from layers.shapes import in_force, mercator
from layers.view import View

# (legend, classes, the zoom from which they are drawn, token, widths): OpenStreetMap's values of highway=*
CLASSES = (
    ("Main road", ("motorway", "trunk", "primary"), 8, "road-main", ((9, 0.9), (12, 1.8), (14, 3.5), (17, 8.0))),
    ("Secondary road", ("secondary",), 10, "road-second", ((10, 0.6), (12, 1.2), (14, 2.6), (17, 6.0))),
    ("Local road", ("tertiary",), 12, "road-third", ((12, 0.8), (14, 2.0), (17, 5.0))),
)
SMALL_FROM_ZOOM = 14


def _classes_at(zoom: int) -> list[str]:
    """Return the classes of highway drawn at ``zoom``, with their links."""
    named = [name for _, names, from_zoom, _, _ in CLASSES if zoom >= from_zoom for name in names]
    return [*named, *(f"{name}_link" for name in named)]


def _rank() -> ColumnElement[int]:
    """SQL of the rank that rules go by: 0 main, 1 secondary, 2 local, 3 small."""
    ranks = [
        (roads.c.road_class.in_([*names, *(f"{n}_link" for n in names)]), rank) for rank, (_, names, *_) in enumerate(CLASSES)
    ]
    return case(*ranks, else_=len(CLASSES))


def select_roads(view: View) -> Select:
    """Roads in force in the view, of the classes of its zoom, merged to one feature a rank: a tile needs no single ones.

    Rides ``idx_roads_geom`` (GiST).
    """
    found = select(_rank().label("rank"), roads.c.geom).where(in_force(roads), roads.c.geom.op("&&")(view.envelope()))
    if view.zoom < SMALL_FROM_ZOOM:
        found = found.where(roads.c.road_class.in_(_classes_at(view.zoom)))
    near = found.limit(view.most).subquery()
    merged = mercator(func.ST_LineMerge(func.ST_Collect(near.c.geom)))
    return select(cast(near.c.rank, Text).label("code"), merged.label("geom"), near.c.rank).group_by(near.c.rank)


def _rules() -> tuple[Rule, ...]:
    named = tuple(
        Rule(label, Symbol(Shape.LINE, stroke=token, widths=widths), {"rank": rank}, from_zoom=from_zoom)
        for rank, (label, _, from_zoom, token, widths) in enumerate(CLASSES)
    )
    small = Symbol(Shape.LINE, stroke="road-small", widths=((14, 0.8), (17, 3.0)))
    return (*named, Rule("Small road", small, {"rank": len(CLASSES)}, from_zoom=SMALL_FROM_ZOOM))


LAYER = Layer(name="roads", title="Roads", group=Group.BASE, rules=_rules(), select=select_roads, from_zoom=8)
