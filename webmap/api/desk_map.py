"""The desk's map over HTTP: the staff light of every open matter in a box, under the filters of the queue."""

from __future__ import annotations

from typing import Any

from flask import Response

from geogrid.domain.events import EventKind
from layers.queue import looked_for
from layers.queue_map import Cell, Pin, read_lights
from webmap.api.base import blueprint
from webmap.api.bodies import instant
from webmap.api.desk_bodies import of_enum, programme_named, titled
from webmap.api.desk_query import MapQuery
from webmap.api.desk_views import with_view
from webmap.api.events import answer
from webmap.api.list_query import parse_bbox
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.reading import current_scope, reading
from webmap.roles import READERS, roles


@blueprint.get("/desk/map", tags=[DESK], summary="The lights of the queue's matters in a box of the map")
@roles(READERS)
def get_desk_map(query: MapQuery) -> Response:
    """Return each open matter with a place in the box as a pin with its light, or counted by one cell where they are many.

    It is what the queue lists under the same filters at this moment (``as_of``); of closed matters nothing is shown.
    """
    query = with_view(query)
    bbox, chosen, scope, now = parse_bbox(query.bbox), query.chosen(), current_scope(), installation().now()
    with reading() as session:
        chosen = looked_for(session, chosen, now=now, scope=scope)
        found = read_lights(session, chosen, bbox, query.zoom, now=now, scope=scope)
    return answer(
        {
            "pins": [_pin(one) for one in found.pins],
            "cells": [_cell(one) for one in found.cells],
            "total": found.total,
            "as_of": instant(now),
        }
    )


def _pin(one: Pin) -> dict[str, Any]:
    """A matter as a pin: no words of the report and no person, so that nothing of it needs masking."""
    return {
        "id": str(one.event_id),
        "number": one.number,
        "kind": of_enum(EventKind(one.kind)),
        "category": titled(programme_named(one.programme, one.version), "categories", one.category),
        "light": one.light.value,
        "danger": one.danger,
        "point_lonlat": list(one.point_lonlat),
    }


def _cell(one: Cell) -> dict[str, Any]:
    return {
        "counts": {light.value: count for light, count in one.by_light.items()},
        "light": one.worst.value,
        "danger": one.danger,
        "point_lonlat": list(one.point_lonlat),
    }
