"""Hotspots of the last 30 days: bands of density, and the grids that stand out, ranked by what is beyond the usual."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Select, cast, select
from sqlalchemy.orm import Session

from geogrid.domain.events import EventKind
from geogrid.store.analysis import HOTSPOTS
from geogrid.store.tables.geography import shapes
from layers.layer import Group, Layer, PopupField, Rule, Shape, Symbol
from layers.shapes import copies, copy_for, edition_shown
from layers.view import View

BANDS = (
    "1-3",
    "3-10",
    "10-30",
    "30-100",
    "Over 100",
)
FINEST_ZOOM = 24


def select_hotspots(view: View) -> Select:
    """The bands (``band``) and hotspots (``rank name label ...``) in the view. See ``copies`` for its index."""
    said = shapes.c.properties
    numbers = [cast(said[name].astext, Integer).label(name) for name in ("band", "rank", "events", "before", "households")]
    words = [said[name].astext.label(name) for name in ("name", "label", "usual", "ratio", "prevailing", "smoothed_per_1000")]
    return copies(view, HOTSPOTS, *numbers, *words)


def clusters(session: Session, *, most: int = 20) -> list[dict[str, Any]]:
    """Return the hotspots in their order, as ``actions.hotspots.said_of`` tells of them, with ``days`` and ``made_at``.

    ``grids`` are codes; ``ratio`` is events to the usual, None where nothing was usual. Rides the primary key of ``shapes``.
    """
    mine = (shapes.c.kind == HOTSPOTS, shapes.c.edition_id == edition_shown(HOTSPOTS))
    rows = session.scalars(
        select(shapes.c.properties)
        .where(*mine, shapes.c.zoom == copy_for(HOTSPOTS, FINEST_ZOOM), shapes.c.code.like("cluster-%-00000"))
        .order_by(shapes.c.code)
        .limit(most)
    )
    return [dict(row) for row in rows]


def _band(number: int, label: str) -> Rule:
    symbol = Symbol(Shape.AREA, fill=f"heat-{number}", fill_opacity=0.4 + 0.09 * number)
    return Rule(label, symbol, {"band": number})


OUTLINE = Symbol(Shape.AREA, stroke="heat-outline", width_px=5.0, fill="heat-outline", fill_opacity=0.0)

LAYER = Layer(
    name="hotspots",
    title="Hotspots",
    note="Events per km² in 30 days",
    group=Group.ANALYSIS,
    rules=(
        *(_band(i + 1, label) for i, label in enumerate(BANDS)),
        Rule("Hotspots: grids with far more than usual, by rank", OUTLINE),
    ),
    popup=(
        PopupField("rank", "Rank"),
        PopupField("name", "Name"),
        PopupField("ratio", "Times the usual"),
        PopupField("events", "Events in 30 days"),
        PopupField("usual", "Usual in 30 days"),
        PopupField("prevailing", "Mostly", EventKind),
        PopupField("before", "Events in the 30 days before"),
        PopupField("households", "Households"),
        PopupField("smoothed_per_1000", "Events per 1,000 households, smoothed"),
    ),
    select=select_hotspots,
    at_once=False,
    label="label",
    label_from_zoom=10,
    pick=True,
)
