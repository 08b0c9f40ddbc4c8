"""The townships in force as drawings: paths of one simplified coverage, in metres of the web map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.domain.places import Level
from geogrid.space.crs import SRID_STORED, SRID_WEB_MERCATOR, transformer
from geogrid.store.tables.geography import shapes
from layers.shapes import copy_for, edition_shown, said

DRAWN_ZOOM = 10


@dataclass(frozen=True)
class Outline:
    """A township: code, name, path (SVG, y down), box (west, top, east, bottom), where its name stands; in metres of the path."""

    code: str
    name: str
    path: str
    box: tuple[float, float, float, float]
    heart: tuple[float, float]


def outlines(session: Session) -> list[Outline]:
    """Return the townships in force by code. Rides the primary key of ``shapes``."""
    geom, heart = shapes.c.geom_mercator, func.ST_PointOnSurface(shapes.c.geom_mercator)
    box = (func.ST_XMin(geom), -func.ST_YMax(geom), func.ST_XMax(geom), -func.ST_YMin(geom))
    query = select(
        shapes.c.code, said("name"), func.ST_AsSVG(geom, 0, 0), *box, func.ST_X(heart), -func.ST_Y(heart)
    ).where(
        shapes.c.kind == "units",
        shapes.c.edition_id == edition_shown("units"),
        shapes.c.zoom == copy_for("units", DRAWN_ZOOM),
        said("level").element == Level.TOWNSHIP.value,
    )  # fmt: skip
    rows = session.execute(query.order_by(shapes.c.code))
    return [Outline(code, name or code, path, (w, t, e, b), (x, y)) for code, name, path, w, t, e, b, x, y in rows]


def stretch(drawn: Sequence[Outline]) -> float:
    """Return how many metres of the drawing stand for one on the ground, in the middle of what is drawn."""
    boxes = [one.box for one in drawn]
    x, y = (min(b[0] for b in boxes) + max(b[2] for b in boxes)) / 2, -(min(b[1] for b in boxes) + max(b[3] for b in boxes)) / 2
    _, lat = transformer(SRID_WEB_MERCATOR, SRID_STORED).transform(x, y)
    return 1.0 / math.cos(math.radians(lat))
